//! The `claims` parameter: its shape, before anything is read from it (OIDC Core 5.5).

use serde_json::Value;

use super::OAuthError;
use crate::trace::Reason;

/// The longest text, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
/// The deepest nesting; checked before parsing.
const MAX_DEPTH: usize = 32;

/// The text is a JSON object whose members `userinfo` and `id_token`, where present, map claim
/// names to null or to an object with a Boolean `essential` and an array `values`. Other members
/// are ignored, as the specification asks.
///
/// # Errors
/// `invalid_request`.
pub(super) fn check_claims_parameter(text: &str) -> Result<(), OAuthError> {
    let well_formed = text.len() <= MAX_LENGTH
        && depth(text) <= MAX_DEPTH
        && serde_json::from_str::<Value>(text).is_ok_and(|value| is_request(&value));
    if well_formed { Ok(()) } else { Err(OAuthError::invalid_request(Reason::ClaimsMalformed)) }
}

fn is_request(value: &Value) -> bool {
    value.as_object().is_some_and(|request| {
        ["userinfo", "id_token"]
            .into_iter()
            .filter_map(|place| request.get(place))
            .all(|place| place.as_object().is_some_and(|claims| claims.values().all(is_claim_request)))
    })
}

fn is_claim_request(value: &Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(|member| {
            member.get("essential").is_none_or(Value::is_boolean) && member.get("values").is_none_or(Value::is_array)
        })
}

/// How deep brackets nest outside of strings. A text that is not JSON gets some number; the
/// parser refuses it afterwards.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                open = open.saturating_add(1);
                deepest = deepest.max(open);
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::check_claims_parameter;

    #[test]
    fn the_example_of_the_specification_is_accepted() {
        // OIDC Core 5.5
        let text = r#"{"userinfo": {"given_name": {"essential": true}, "nickname": null,
            "http://example.info/claims/groups": null}, "id_token": {"auth_time": {"essential": true},
            "acr": {"values": ["urn:mace:incommon:iap:silver"]}}, "future": 1}"#;
        assert_eq!(check_claims_parameter(text), Ok(()));
        assert_eq!(check_claims_parameter("{}"), Ok(()));
        assert_eq!(check_claims_parameter(r#"{"id_token":{"sub":{"value":"[[[{\"{{"}}}"#), Ok(()));
    }

    #[test]
    fn anything_of_another_shape_is_refused() {
        let deep = format!("{{\"future\":{}{}}}", "[".repeat(32), "]".repeat(32));
        let bottomless = "[".repeat(8000);
        let long = format!("{{\"future\":\"{}\"}}", "x".repeat(9000));
        for text in [
            "",
            "null",
            "[]",
            "1",
            "{",
            "{}x",
            r#"{"userinfo":null}"#,
            r#"{"userinfo":[]}"#,
            r#"{"id_token":"sub"}"#,
            r#"{"id_token":{"sub":"x"}}"#,
            r#"{"id_token":{"sub":true}}"#,
            r#"{"id_token":{"sub":{"essential":1}}}"#,
            r#"{"id_token":{"sub":{"values":"x"}}}"#,
            deep.as_str(),
            bottomless.as_str(),
            long.as_str(),
        ] {
            let refusal = check_claims_parameter(text).expect_err(text);
            assert_eq!((refusal.code.name(), refusal.reason.code()), ("invalid_request", "AS-1026"), "{text}");
        }
    }
}
