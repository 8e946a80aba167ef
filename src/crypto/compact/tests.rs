//! Tests of `compact`.

use super::*;

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn with_header(header: &str) -> String {
    format!("{}.{}.{}", encode(header), encode("{}"), encode("signature"))
}

fn refusal(text: &str) -> VerifyError {
    CompactJws::parse(text).expect_err(text)
}

#[test]
fn a_well_formed_jws_gives_its_parts() {
    let text = with_header(r#"{"alg":"ES256","kid":"k","typ":"JWT"}"#);
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!((jws.algorithm(), jws.key_id()), (SigningAlgorithm::ES256, Some("k")));
    assert_eq!(jws.signature(), b"signature");
    assert_eq!(format!("{}.{}", jws.signing_input(), encode("signature")), text);
    assert_eq!(jws.danger_unverified_claims(), Ok(Map::new()));
}

#[test]
fn algorithms_that_are_not_asymmetric_or_not_known_are_refused() {
    for name in ["none", "None", "nOnE", "HS256", "RS1", "rs256", "RS256\u{200b}", "", "ES384", "RSA-OAEP"] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert_eq!(refusal(&with_header(&header)), VerifyError::AlgorithmNotAllowed, "{name}");
    }
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode("{}"));
    assert_eq!(refusal(&unsigned), VerifyError::AlgorithmNotAllowed);
}

#[test]
fn a_stripped_signature_or_payload_is_malformed() {
    let header = encode(r#"{"alg":"ES256"}"#);
    for text in [format!("{header}.e30."), format!("{header}..AAAA"), format!("{header}.e30"), ".e30.AAAA".to_owned()] {
        assert_eq!(refusal(&text), VerifyError::Malformed, "{text}");
    }
}

#[test]
fn dots_white_space_padding_and_stray_bits_are_malformed() {
    let header = encode(r#"{"alg":"ES256"}"#);
    // `AQ` is the byte 1; `AR` differs in bits that are thrown away.
    assert!(CompactJws::parse(&format!("{header}.e30.AQ")).is_ok());
    let corpus = [
        format!("{header}.e30.AR"),
        format!("{header}.e30.AQ=="),
        format!("{header}.e30.AQ."),
        format!(".{header}.e30.AQ"),
        format!("{header}..e30.AQ"),
        format!("{header}.e30.e30.AQ"),
        format!("{header}.e30.e30.e30.AQ"),
        format!(" {header}.e30.AQ"),
        format!("{header}.e30.AQ\n"),
        format!("{header}.e30.A+"),
        format!("{header}.e30.A/AA"),
        format!("{header}.e30.A"),
        format!("{header}=.e30.AQ"),
        format!("{header}\0.e30.AQ"),
        "..".to_owned(),
        ".".to_owned(),
        String::new(),
        "é.é.é".to_owned(),
    ];
    for text in corpus {
        assert_eq!(refusal(&text), VerifyError::Malformed, "{text:?}");
    }
}

#[test]
fn a_payload_in_another_spelling_of_base64_has_no_claims() {
    let header = encode(r#"{"alg":"ES256"}"#);
    for payload in ["e31", "e30=", "e30 ", "W10", "bnVsbA", "eyJhIjoxLCJhIjoxfQ"] {
        let text = format!("{header}.{payload}.AQ");
        let jws = CompactJws::parse(&text).unwrap();
        assert_eq!(jws.danger_unverified_claims(), Err(VerifyError::Malformed), "{payload}");
    }
}

#[test]
fn critical_and_unencoded_payload_headers_are_refused_whatever_they_hold() {
    for header in [
        r#"{"alg":"ES256","crit":["exp"]}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":null}"#,
        r#"{"alg":"ES256","b64":false}"#,
        r#"{"alg":"ES256","b64":true}"#,
        r#"{"alg":"none","crit":["b64"],"b64":false}"#,
    ] {
        assert_eq!(refusal(&with_header(header)), VerifyError::UnsupportedHeader, "{header}");
    }
}

#[test]
fn headers_that_are_not_clean_objects_are_malformed() {
    let deep = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for header in [
        "[]",
        "null",
        "{}",
        r#"{"alg":1}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"alg":"ES256","kid":null}"#,
        r#"{"alg":"ES256","typ":["JWT"]}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"ES256"}"#,
        r#"{"alg":"ES256"} {}"#,
        &deep,
    ] {
        assert_eq!(refusal(&with_header(header)), VerifyError::Malformed, "{header}");
    }
}

#[test]
fn the_size_cap_is_exact() {
    let header = encode(r#"{"alg":"ES256"}"#);
    let filler = |length: usize| format!("{header}.{}.AQ", "A".repeat(length - header.len() - 4));
    assert!(CompactJws::parse(&filler(MAX_COMPACT_LENGTH)).is_ok());
    assert_eq!(refusal(&filler(MAX_COMPACT_LENGTH + 1)), VerifyError::TooLarge);
}
