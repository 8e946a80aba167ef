//! Tests of `json_schema`.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MAX_DEPTH, Schema};

fn holds(schema: &Value, value: &Value) -> Result<(), String> {
    Schema::parse(schema).expect("a schema").check(value)
}

fn payment() -> Value {
    json!({
        "type": "object",
        "title": "Payment",
        "properties": {
            "amount": {
                "type": "object",
                "properties": { "value": { "type": "integer", "minimum": 1, "maximum": 1000 }, "currency": { "enum": ["EUR", "CHF"] } },
                "required": ["value", "currency"],
                "additionalProperties": false
            },
            "to": { "type": "string", "minLength": 2, "maxLength": 5 },
            "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 2 },
            "kind": { "const": "once" },
            "note": { "type": ["string", "null"] }
        },
        "required": ["amount", "to"],
        "additionalProperties": false
    })
}

#[test]
fn what_keeps_to_the_schema_passes() {
    for value in [
        json!({"amount": {"value": 1, "currency": "EUR"}, "to": "ab"}),
        json!({"amount": {"value": 1000.0, "currency": "CHF"}, "to": "äöüäö", "note": null, "kind": "once"}),
        json!({"amount": {"value": 5, "currency": "CHF"}, "to": "abc", "tags": ["x", "y"], "note": "n"}),
    ] {
        assert_eq!(holds(&payment(), &value), Ok(()), "{value}");
    }
}

#[test]
fn each_keyword_refuses_and_says_where() {
    let with = |name: &str, member: Value| {
        let mut value = json!({"amount": {"value": 1, "currency": "EUR"}, "to": "ab"});
        value[name] = member;
        value
    };
    for (value, at) in [
        (json!([]), ""),
        (json!({"to": "ab"}), ""),
        (with("extra", json!(1)), ""),
        (with("to", json!("a")), "to"),
        (with("to", json!("abcdef")), "to"),
        (with("to", json!(7)), "to"),
        (with("note", json!(7)), "note"),
        (with("kind", json!("twice")), "kind"),
        (with("tags", json!([])), "tags"),
        (with("tags", json!(["a", "b", "c"])), "tags"),
        (with("tags", json!(["a", 1])), "tags.1"),
        (with("amount", json!({"value": 0, "currency": "EUR"})), "amount.value"),
        (with("amount", json!({"value": 1001, "currency": "EUR"})), "amount.value"),
        (with("amount", json!({"value": 1.5, "currency": "EUR"})), "amount.value"),
        (with("amount", json!({"value": "1", "currency": "EUR"})), "amount.value"),
        (with("amount", json!({"value": 1, "currency": "USD"})), "amount.currency"),
        (with("amount", json!({"value": 1})), "amount"),
        (with("amount", json!({"value": 1, "currency": "EUR", "x": 1})), "amount"),
    ] {
        assert_eq!(holds(&payment(), &value), Err(at.to_owned()), "{value}");
    }
}

#[test]
fn large_whole_numbers_are_compared_exactly() {
    let schema = json!({"maximum": 9_007_199_254_740_992_u64});
    assert_eq!(holds(&schema, &json!(9_007_199_254_740_992_u64)), Ok(()));
    assert!(holds(&schema, &json!(9_007_199_254_740_993_u64)).is_err());
    assert!(holds(&json!({"minimum": 0}), &json!(-1)).is_err());
    assert_eq!(holds(&json!({"minimum": -0.5}), &json!(-0.5)), Ok(()));
}

#[test]
fn a_keyword_that_is_not_known_is_refused_at_registration() {
    for keyword in [
        "$ref",
        "$id",
        "$defs",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "pattern",
        "patternProperties",
        "format",
        "uniqueItems",
        "multipleOf",
        "exclusiveMinimum",
        "dependentRequired",
        "contains",
        "prefixItems",
        "minProperties",
        "unevaluatedProperties",
        "Type",
        "",
    ] {
        let nested = json!({"type": "object", "properties": {"a": {"items": {keyword: "x"}}}});
        let error = Schema::parse(&nested).expect_err(keyword);
        assert_eq!(error.rule, "this keyword is not supported", "{keyword}");
        assert!(error.at.starts_with("properties.a.items"), "{error}");
    }
}

#[test]
fn a_malformed_schema_is_refused() {
    for schema in [
        json!(true),
        json!("object"),
        json!({"type": "date"}),
        json!({"type": []}),
        json!({"type": 1}),
        json!({"required": "a"}),
        json!({"required": [1]}),
        json!({"additionalProperties": {}}),
        json!({"enum": []}),
        json!({"enum": "a"}),
        json!({"minItems": -1}),
        json!({"maxLength": 1.5}),
        json!({"minimum": "1"}),
        json!({"items": [{}]}),
        json!({"properties": []}),
        json!({"properties": {"a": 1}}),
        json!({"title": 1}),
    ] {
        assert!(Schema::parse(&schema).is_err(), "{schema}");
    }
}

fn nested_schema(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({"properties": {"a": inner}}))
}

fn nested_value(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}

#[test]
fn depth_and_size_are_bounded() {
    assert!(Schema::parse(&nested_schema(MAX_DEPTH)).is_ok());
    assert_eq!(holds(&nested_schema(MAX_DEPTH), &nested_value(MAX_DEPTH)), Ok(()));
    assert!(Schema::parse(&nested_schema(MAX_DEPTH + 1)).is_err());
    let wide: serde_json::Map<String, Value> = (0..256).map(|n| (n.to_string(), json!({}))).collect();
    assert!(Schema::parse(&json!({"properties": wide})).is_err(), "256 and the whole are too many");
    assert!(Schema::parse(&json!({"enum": vec![1; 257]})).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(schema in "[\\[\\]{}\":,a-z0-9]{0,60}", value in "[\\[\\]{}\":,a-z0-9]{0,40}") {
        if let (Ok(schema), Ok(value)) = (serde_json::from_str(&schema), serde_json::from_str(&value))
            && let Ok(schema) = Schema::parse(&schema) {
            let _ = schema.check(&value);
        }
    }
}
