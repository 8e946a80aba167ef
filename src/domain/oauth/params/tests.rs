//! Tests of `params`.

use proptest::prelude::*;

use super::*;
use crate::oauth::fixtures::refusal;

#[test]
fn values_are_decoded_and_found_by_their_exact_name() {
    let params = Params::parse(b"a=1+2%2b&%62=%C3%A9&c=x=y&flag&A=other&").expect("well-formed");
    assert_eq!(params.find("a"), Some("1 2+"));
    assert_eq!(params.find("b"), Some("\u{e9}"));
    assert_eq!(params.find("c"), Some("x=y"));
    assert_eq!(params.find("A"), Some("other"));
    assert_eq!(params.find("flag"), None);
    assert_eq!(params.names().collect::<Vec<_>>(), ["a", "b", "c", "A"]);
}

#[test]
fn an_empty_parameter_is_an_absent_one() {
    let params = Params::parse(b"state=&scope").expect("well-formed");
    assert_eq!(params.find("state"), None);
    assert_eq!(refusal(params.require("code", Reason::CodeMissing)), ("invalid_request", "AS-1110"));
    assert_eq!(params.names().count(), 0);
}

#[test]
fn a_parameter_sent_twice_is_refused_even_if_equal_empty_or_escaped() {
    for encoded in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&a=", "a&a", "a=1&%61=1", "x=1&a=1&b=2&a=3"] {
        assert_eq!(refusal(Params::parse(encoded.as_bytes())), ("invalid_request", "AS-1004"), "{encoded}");
    }
}

#[test]
fn an_audience_may_be_repeated_only_where_tokens_are_exchanged() {
    let exchange = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
    for encoded in [format!("audience=a&{exchange}&audience=b"), format!("{exchange}&audience=a&audience=&audience=b")]
    {
        let params = Params::parse(encoded.as_bytes()).expect("well-formed");
        assert_eq!(params.find_all("audience").collect::<Vec<_>>(), ["a", "b"], "{encoded}");
    }
    for encoded in [
        "audience=a&audience=b",
        "audience=a&audience=",
        "audience&audience",
        "grant_type=authorization_code&audience=a&%61udience=a",
        "grant_type=&audience=a&audience=b",
    ] {
        assert_eq!(refusal(Params::parse(encoded.as_bytes())), ("invalid_request", "AS-1004"), "{encoded}");
    }
    assert!(Params::parse(b"audience=a").is_ok());
}

#[test]
fn a_resource_may_be_repeated_and_each_counts_towards_the_cap() {
    let params = Params::parse(b"resource=a&x=1&resource=b&resource=&%72esource=a").expect("well-formed");
    assert_eq!(params.find_all("resource").collect::<Vec<_>>(), ["a", "b", "a"]);
    assert_eq!((params.find("resource"), params.find_all("y").count()), (Some("a"), 0));
    assert!(Params::parse("resource=a&".repeat(64).as_bytes()).is_ok());
    for encoded in ["resource=a&".repeat(65), "resource=&".repeat(65)] {
        assert_eq!(refusal(Params::parse(encoded.as_bytes())), ("invalid_request", "AS-1005"));
    }
    for encoded in
        ["resource=a&scope=1&scope=1", "Resource=a&Resource=b", "resources=a&resources=b", "resource[]=a&resource[]=b"]
    {
        assert_eq!(refusal(Params::parse(encoded.as_bytes())), ("invalid_request", "AS-1004"), "{encoded}");
    }
}

#[test]
fn what_is_not_text_or_not_escaped_properly_is_refused() {
    let bad: [&[u8]; 14] = [
        b"a=%",
        b"a=%4",
        b"a=%zz",
        b"a=%4g",
        b"%=1",
        b"a=%00",
        b"a=\0",
        b"a=%ff",
        b"a=\xff",
        b"a=%c3",
        b"a=%1b%5b31m",
        b"a=%7f",
        b"a%0d%0aSet-Cookie=1",
        b"=1",
    ];
    for encoded in bad {
        assert_eq!(refusal(Params::parse(encoded)), ("invalid_request", "AS-1005"), "{encoded:?}");
    }
    assert_eq!(Params::parse(b"a=%09%0d%0a").expect("line breaks are text").find("a"), Some("\t\r\n"));
}

#[test]
fn the_caps_hold_and_their_limits_are_allowed() {
    let many = |count: usize| (0..count).map(|n| format!("p{n}={}&", n % 2)).collect::<String>();
    let empties = (0..65).map(|n| format!("p{n}=&")).collect::<String>();
    assert!(Params::parse(many(64).as_bytes()).is_ok());
    assert!(Params::parse(format!("{}=1", "n".repeat(128)).as_bytes()).is_ok());
    assert!(Params::parse(format!("a={}", "v".repeat(16 * 1024)).as_bytes()).is_ok());
    assert!(Params::parse(format!("a={}", "%76".repeat(16 * 1024)).as_bytes()).is_ok());
    for encoded in [
        many(65),
        empties,
        format!("{}=1", "n".repeat(129)),
        format!("a={}", "v".repeat(16 * 1024 + 1)),
        format!("a={}", "%76".repeat(16 * 1024 + 1)),
    ] {
        assert_eq!(refusal(Params::parse(encoded.as_bytes())), ("invalid_request", "AS-1005"), "{}", encoded.len());
    }
}

#[test]
fn printing_the_parameters_shows_no_value() {
    let params = Params::from_pairs(&[("client_secret", "hunter2"), ("code", "c0de")]).expect("well-formed");
    let shown = format!("{params:?}");
    assert!(shown.contains("client_secret") && !shown.contains("hunter2") && !shown.contains("c0de"), "{shown}");
}

#[test]
fn what_would_restrict_a_grant_is_never_silently_ignored() {
    let params = |name| Params::from_pairs(&[(name, "x")]).expect("well-formed");
    assert_eq!(refusal(check_restrictions_absent(&params("dpop_jkt"))), ("invalid_request", "AS-1028"));
    assert_eq!(check_restrictions_absent(&params("extra")), Ok(()));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        if let Ok(params) = Params::parse(&bytes) {
            for name in params.names() {
                prop_assert!(params.find(name).is_some_and(|value| !value.is_empty() && !value.contains('\0')));
            }
        }
    }

    #[test]
    fn text_that_looks_like_a_form_does_not_make_it_panic(text in "[a-c%=&+0-9A-F]{0,64}") {
        let _ = Params::parse(text.as_bytes());
    }

    #[test]
    fn what_is_encoded_is_decoded_to_the_same(name in "[a-z_]{1,20}", value in "[^\\p{Cc}]{1,200}") {
        let params = Params::from_pairs(&[(&name, &value)]).expect("well-formed");
        prop_assert_eq!(params.find(&name), Some(value.as_str()));
    }

    #[test]
    fn a_peer_implementation_reads_forms_the_same(value in "[ -~]{1,100}") {
        let encoded: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("v", &value).finish();
        let params = Params::parse(encoded.as_bytes()).expect("well-formed");
        prop_assert_eq!(params.find("v"), Some(value.as_str()));
    }
}
