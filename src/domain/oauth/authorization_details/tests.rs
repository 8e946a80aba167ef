//! Tests of `authorization_details`.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    entity::Owner,
    oauth::fixtures::{at, refusal, strings, web},
};

fn read(text: &str) -> Result<Vec<Value>, OAuthError> {
    parse_details(&Params::from_pairs(&[("authorization_details", text)]).expect("well-formed"))
}

fn payment() -> DetailsType {
    DetailsType {
        name: "payment".to_owned(),
        title: "Payment".to_owned(),
        description: String::new(),
        schema: json!({
            "properties": { "amount": { "type": "integer" }, "locations": { "type": "array" } },
            "required": ["amount"],
            "additionalProperties": false
        }),
        owner: Owner::Cli,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn client() -> Client {
    let mut client = web();
    client.settings.authorization_details_types = strings(&["payment"]);
    client
}

#[test]
fn well_formed_details_are_read() {
    let none = Params::from_pairs(&[]).expect("well-formed");
    assert_eq!(parse_details(&none), Ok(Vec::new()));
    assert_eq!(read(r#"[{"type":"a","x":{"y":[1]}}]"#).map(|details| details.len()), Ok(1));
    let deep = |levels: usize| format!(r#"[{{"type":"a","x":{}1{}}}]"#, "[".repeat(levels), "]".repeat(levels));
    assert!(read(&deep(MAX_DEPTH - 1)).is_ok());
    assert_eq!(refusal(read(&deep(MAX_DEPTH))), ("invalid_authorization_details", "AS-1080"));
}

#[test]
fn what_no_token_could_hold_is_refused() {
    let numbers = |count: usize| format!(r#"[{{"type":"a","x":[{}1]}}]"#, "1e9,".repeat(count));
    assert!(read(&numbers(100)).is_ok());
    assert!(numbers(1500).len() < MAX_BYTES);
    for text in [&numbers(1500), r#"[{"type":"a","x":"\u0000"}]"#, r#"[{"type":"a","x":[{"\u0000":1}]}]"#] {
        assert_eq!(refusal(read(text)), ("invalid_authorization_details", "AS-1080"), "{text}");
    }
}

#[test]
fn what_would_take_pages_to_show_is_refused() {
    let repeated = |name: usize, values: usize| {
        let values = vec!["[]"; values].join(",");
        format!(r#"[{{"type":"a","{}":[{values}]}}]"#, "n".repeat(name))
    };
    let details = read(&repeated(20, 1200)).expect("short names");
    let shown: usize = details.iter().flat_map(describe_fields).map(|(name, value)| name.len() + value.len()).sum();
    assert!(shown <= MAX_SHOWN, "{shown}");
    assert_eq!(refusal(read(&repeated(1200, 1200))), ("invalid_authorization_details", "AS-1080"));
    let inside = format!(
        r#"[{{"type":"a","{}":{{{}}}}}]"#,
        "n".repeat(4000),
        (0..400).map(|at| format!("\"{at}\":1")).collect::<Vec<_>>().join(",")
    );
    assert_eq!(refusal(read(&inside)), ("invalid_authorization_details", "AS-1080"));
}

#[test]
fn the_refusal_names_every_limit() {
    let said = Reason::DetailsMalformed.next_step();
    for limit in [
        format!("1 to {MAX_DETAILS} objects"),
        format!("{} KiB,", MAX_BYTES / 1024),
        format!("{MAX_DEPTH} levels"),
        format!("{} KiB as people are shown it", MAX_SHOWN / 1024),
    ] {
        assert!(said.contains(&limit), "{limit}: {said}");
    }
}

#[test]
fn what_is_not_an_array_of_typed_objects_is_refused() {
    let many = format!("[{}]", vec![r#"{"type":"a"}"#; 17].join(","));
    let long = format!(r#"[{{"type":"a","x":"{}"}}]"#, "x".repeat(8 * 1024));
    let bottomless = "[".repeat(5000);
    for text in [
        "[]",
        "{}",
        r#"{"type":"a"}"#,
        "null",
        "x",
        "[",
        r#"["a"]"#,
        "[{}]",
        r#"[{"type":""}]"#,
        r#"[{"type":1}]"#,
        r#"[{"type":null}]"#,
        r#"[{"Type":"a"}]"#,
        r#"[{"type":"a"},[]]"#,
        r#"[{"type":"a"}]x"#,
        r#"[{"type":"a\u0000b"}]"#,
        r#"[{"type":"a","type":"b"}]"#,
        r#"[{"type":"a","x":{"y":1,"\u0079":2}}]"#,
        &many,
        &long,
        &bottomless,
    ] {
        assert_eq!(refusal(read(text)), ("invalid_authorization_details", "AS-1080"), "{text:.40}");
    }
}

#[test]
fn types_are_registered_allowed_and_kept_to() {
    let check = |client: &Client, object: Value| check_details(client, &[object], &[payment()]);
    assert_eq!(check(&client(), json!({"type": "payment", "amount": 5})), Ok(()));
    assert_eq!(check_details(&web(), &[], &[]), Ok(()));
    for (client, object, reason) in [
        (client(), json!({"type": "other", "amount": 5}), "AS-1081"),
        (client(), json!({"type": "Payment", "amount": 5}), "AS-1081"),
        (web(), json!({"type": "payment", "amount": 5}), "AS-1082"),
        (client(), json!({"type": "payment"}), "AS-1083"),
        (client(), json!({"type": "payment", "amount": "5"}), "AS-1083"),
        (client(), json!({"type": "payment", "amount": 5, "to": "x"}), "AS-1083"),
    ] {
        assert_eq!(refusal(check(&client, object.clone())), ("invalid_authorization_details", reason), "{object}");
    }
}

#[test]
fn a_schema_that_is_none_lets_nothing_through() {
    let broken = DetailsType { schema: json!({"pattern": "x"}), ..payment() };
    let refused = check_details(&client(), &[json!({"type": "payment", "amount": 5})], &[broken]);
    assert_eq!(refusal(refused), ("invalid_authorization_details", "AS-1083"));
}

#[test]
fn a_token_request_keeps_granted_objects_unchanged_or_fewer() {
    let (one, other) = (json!({"type": "a", "x": 1, "y": 2}), json!({"type": "b"}));
    let granted = [one.clone(), other.clone()];
    assert_eq!(narrow_details(&[], &granted), Ok(granted.to_vec()));
    assert_eq!(narrow_details(std::slice::from_ref(&other), &granted), Ok(vec![other]));
    // The order of members means nothing.
    let again: Value = serde_json::from_str(r#"{"y":2,"x":1,"type":"a"}"#).expect("JSON");
    assert_eq!(narrow_details(&[again], &granted), Ok(vec![one]));
    for more in [json!({"type": "a", "x": 1}), json!({"type": "a", "x": 2, "y": 2}), json!({"type": "c"})] {
        assert_eq!(
            refusal(narrow_details(std::slice::from_ref(&more), &granted)),
            ("invalid_authorization_details", "AS-1084"),
            "{more}"
        );
        assert_eq!(refusal(narrow_details(&[more], &[])), ("invalid_authorization_details", "AS-1084"));
    }
}

#[test]
fn an_object_with_locations_is_told_only_there() {
    let here = json!({"type": "a", "locations": ["https://a.example/"]});
    let there = json!({"type": "a", "locations": ["https://b.example"]});
    let anywhere = json!({"type": "a"});
    let told = details_for(vec![here.clone(), there, anywhere.clone()], &strings(&["https://a.example"]));
    assert_eq!(told, vec![here, anywhere]);
}

#[test]
fn a_person_reads_every_value_with_its_path() {
    let object = json!({"type": "a", "to": "Bob", "amount": {"value": 5, "currency": "EUR"}, "tags": ["x", 1], "steps": [{"n": true}, []], "none": null});
    let fields = describe_fields(&object);
    let expected = [
        ("amount.currency", "EUR"),
        ("amount.value", "5"),
        ("none", "null"),
        ("steps.1.n", "true"),
        ("steps.2", "[]"),
        ("tags", "x, 1"),
        ("to", "Bob"),
    ];
    let mut found: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}\":,a-z0-9]{0,80}") {
        if let Ok(params) = Params::from_pairs(&[("authorization_details", &text)]) {
            let _ = parse_details(&params);
        }
    }
}
