//! Tests of `strict_json`.

use super::*;

/// An object whose innermost value sits below `levels` containers, the object included.
fn nested(levels: usize) -> String {
    format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
}

#[test]
fn ordinary_json_means_what_serde_json_says() {
    let text = r#" {"a":1,"b":-2,"c":1.5,"d":"é\n","e":[true,null,{"f":[]}],"g":18446744073709551615} "#;
    assert_eq!(parse_object(text.as_bytes()).map(Value::Object), serde_json::from_str(text).ok());
}

#[test]
fn duplicate_members_are_refused_at_any_depth_and_in_any_spelling() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"alg":"none","\u0061lg":"RS256"}"#,
        r#"{"a":{"b":1,"c":2,"b":3}}"#,
        r#"{"a":[{"b":1,"b":1}]}"#,
    ] {
        assert_eq!(parse_object(text.as_bytes()), None, "{text}");
    }
    assert!(parse_object(br#"{"a":{"a":{"a":1}}}"#).is_some());
}

#[test]
fn nesting_is_accepted_to_the_cap_and_refused_beyond_it() {
    // The scalar at the bottom does not count as a level.
    assert!(parse_object(nested(MAX_DEPTH).as_bytes()).is_some());
    assert_eq!(parse_object(nested(MAX_DEPTH + 1).as_bytes()), None);
    let around = |inner: &str| format!("{}{inner}{}", "{\"a\":".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
    for empty in ["{}", "[]"] {
        assert_eq!(
            parse_object(around(empty).as_bytes()),
            None,
            "a container is a level even with nothing in it: {empty}"
        );
    }
    assert_eq!(parse_object("{\"a\":".repeat(5000).as_bytes()), None);
    assert_eq!(parse_object(format!("{{\"a\":{}", "[".repeat(10_000)).as_bytes()), None);
}

#[test]
fn what_is_not_one_clean_object_is_refused() {
    let corpus: [&[u8]; 16] = [
        b"",
        b"null",
        b"[]",
        b"\"a\"",
        b"1",
        b"{",
        b"{}{}",
        b"{} x",
        b"{,}",
        b"{\"a\":1,}",
        b"{a:1}",
        b"{\"a\":1e999}",
        b"{\"a\":\"\\u0000\"}",
        b"{\"\\u0000\":1}",
        b"{\"a\":\"\xFF\"}",
        b"\xEF\xBB\xBF{}",
    ];
    for bytes in corpus {
        assert_eq!(parse_object(bytes), None, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(parse_object(br#"{"a":"\ud800"}"#), None, "a lone surrogate");
}
