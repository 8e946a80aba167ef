//! The claims that any JWT may carry (RFC 7519 §4.1): read exactly here, judged by whoever asks.

use serde_json::{Map, Value};

use crate::Timestamp;

/// A claim is not of the JSON type that RFC 7519 gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

/// A NumericDate, if the claim is there. It may have a fraction (RFC 7519 §2), which is cut.
///
/// # Errors
/// When the claim is not a number.
pub fn numeric_date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, WrongType> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    #[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    seconds.map(Timestamp::from_seconds).map(Some).ok_or(WrongType)
}

/// Whether `aud`, one text or a list of texts, names one of `accepted`.
pub fn names_audience(aud: Option<&Value>, accepted: &[String]) -> bool {
    let is_accepted = |text: &str| accepted.iter().any(|audience| audience == text);
    match aud {
        Some(Value::String(audience)) => is_accepted(audience),
        Some(Value::Array(audiences)) => {
            audiences.iter().all(Value::is_string) && audiences.iter().filter_map(Value::as_str).any(is_accepted)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_date_is_a_number_and_nothing_else() {
        let read = |value: Value| numeric_date(json!({ "exp": value }).as_object().expect("an object"), "exp");
        assert_eq!(numeric_date(&Map::new(), "exp"), Ok(None));
        assert_eq!(read(json!(10)), Ok(Some(Timestamp::from_seconds(10))));
        assert_eq!(read(json!(10.9)), Ok(Some(Timestamp::from_seconds(10))));
        for wrong in [json!("10"), json!(null), json!(true), json!([10])] {
            assert_eq!(read(wrong.clone()), Err(WrongType), "{wrong}");
        }
    }

    #[test]
    fn an_audience_is_a_text_or_a_list_of_texts() {
        let accepted = ["https://id.example".to_owned()];
        for (aud, named) in [
            (json!("https://id.example"), true),
            (json!(["https://other.example", "https://id.example"]), true),
            (json!("https://id.example/"), false),
            (json!(["https://id.example", 1]), false),
            (json!([]), false),
            (json!({ "https://id.example": 1 }), false),
        ] {
            assert_eq!(names_audience(Some(&aud), &accepted), named, "{aud}");
        }
        assert!(!names_audience(None, &accepted));
    }
}
