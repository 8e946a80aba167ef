//! Rich authorization requests (RFC 9396).

use serde_json::{Value, json};

use crate::support::{ClientSpec, Person, RelyingParty, TestApp};

mod errors;
mod ok;

/// What an app asks for in detail.
pub fn payment(amount: i64) -> Value {
    json!({"type": "payment", "amount": {"value": amount, "currency": "EUR"}, "to": "Bob <b> & sons"})
}

pub fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "amount": {
                "type": "object",
                "properties": { "value": { "type": "integer", "minimum": 1 }, "currency": { "enum": ["EUR"] } },
                "required": ["value", "currency"],
                "additionalProperties": false
            },
            "to": { "type": "string", "maxLength": 40 },
            "locations": { "type": "array", "items": { "type": "string" } }
        },
        "required": ["amount"],
        "additionalProperties": false
    })
}

/// Two types, of which the client may use one; and somebody to ask.
async fn world(app: &TestApp) -> (RelyingParty, Person) {
    app.details_type("payment", schema()).await;
    app.details_type("other", json!({})).await;
    let rp = app.client(ClientSpec::web("web").set(|settings| allow(&mut settings.authorization_details_types))).await;
    (rp, app.person("alice").await)
}

pub fn allow(types: &mut Vec<String>) {
    types.push("payment".to_owned());
}

pub fn text(details: &[Value]) -> String {
    json!(details).to_string()
}
