//! Unsecured JWTs (RFC 7519 §6): claims that anybody can have written. A type of their own, so that
//! they are never taken for verified ones.

use serde_json::{Map, Value};

use super::compact::{MAX_COMPACT_LENGTH, VerifyError, decode};
use crate::domain::strict_json;

/// A JWT that is not signed, and says so.
#[derive(Clone, Debug, PartialEq)]
pub struct UnsecuredJwt {
    /// The header.
    pub header: Map<String, Value>,
    /// The payload: nobody vouches for it.
    pub danger_claims: Map<String, Value>,
}

impl UnsecuredJwt {
    /// Parses a JWT whose `alg` is exactly `none`; `None` if it is another, to be verified.
    ///
    /// # Errors
    /// [`VerifyError`] if it is no JWT, or says `none` and carries a signature.
    pub fn parse(text: &str) -> Result<Option<Self>, VerifyError> {
        if text.len() > MAX_COMPACT_LENGTH {
            return Err(VerifyError::TooLarge);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(VerifyError::Malformed);
        };
        let header = strict_json::parse_object(&decode(header)?).ok_or(VerifyError::Malformed)?;
        if header.get("alg").and_then(Value::as_str) != Some("none") {
            return Ok(None);
        }
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(VerifyError::UnsupportedHeader);
        }
        if !signature.is_empty() {
            return Err(VerifyError::Malformed);
        }
        let danger_claims = strict_json::parse_object(&decode(payload)?).ok_or(VerifyError::Malformed)?;
        Ok(Some(Self { header, danger_claims }))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn jwt(header: &str, payload: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn only_none_and_nothing_after_the_last_dot_is_unsecured() {
        let read = UnsecuredJwt::parse(&jwt(r#"{"alg":"none"}"#, r#"{"state":"s"}"#, ""));
        assert_eq!(read.unwrap().unwrap().danger_claims["state"], "s");
        for header in [r#"{"alg":"None"}"#, r#"{"alg":"RS256"}"#, r#"{"alg":null}"#, "{}"] {
            assert_eq!(UnsecuredJwt::parse(&jwt(header, "{}", "")), Ok(None), "{header}");
        }
        for (header, payload, signature) in [
            (r#"{"alg":"none"}"#, "{}", "AAAA"),
            (r#"{"alg":"none"}"#, "[]", ""),
            (r#"{"alg":"none"}"#, r#"{"a":1,"a":2}"#, ""),
            (r#"{"alg":"none","alg":"RS256"}"#, "{}", ""),
            ("[]", "{}", ""),
        ] {
            assert_eq!(UnsecuredJwt::parse(&jwt(header, payload, signature)), Err(VerifyError::Malformed), "{header}");
        }
        let critical = jwt(r#"{"alg":"none","crit":["x"]}"#, "{}", "");
        assert_eq!(UnsecuredJwt::parse(&critical), Err(VerifyError::UnsupportedHeader));
        for text in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "=.=.", "e30=.e30."] {
            assert_eq!(UnsecuredJwt::parse(text), Err(VerifyError::Malformed), "{text}");
        }
        assert_eq!(UnsecuredJwt::parse(&"a".repeat(MAX_COMPACT_LENGTH + 1)), Err(VerifyError::TooLarge));
    }
}
