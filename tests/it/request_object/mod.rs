//! Request objects (OIDC Core 6, RFC 9101).

mod by_reference;
mod encrypted;
mod errors;
mod ok;
mod required;

use serde_json::{Value, json};
use symbolon::domain::{entity::ClientSettings, jose::RequestObjectAlgorithm};

use crate::support::{ClientKey, RelyingParty, form_encode, unsigned};

/// The settings of a client that signs with this key, and authenticates otherwise.
fn signing(key: &ClientKey) -> impl FnOnce(&mut ClientSettings) + use<> {
    let jwks = key.jwks();
    move |settings| settings.jwks = Some(jwks)
}

/// The settings of a client that is registered for `none`.
fn unsigned_allowed(settings: &mut ClientSettings) {
    settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Unsigned);
}

/// The claims with this one instead; null removes it.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        claims.as_object_mut().expect("an object").remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

/// An unsecured JWT.
fn none(claims: &Value) -> String {
    format!("{}.", unsigned(&json!({ "alg": "none" }), claims))
}

/// What OAuth wants to see outside in any case, and the object.
fn by_value(rp: &RelyingParty, object: &str) -> String {
    carrying(rp, &[("request", object)])
}

/// What OAuth wants to see outside in any case, and these.
fn carrying(rp: &RelyingParty, more: &[(&str, &str)]) -> String {
    let mut fields = vec![("client_id", rp.client_id.as_str()), ("response_type", "code"), ("scope", "openid")];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend(more);
    format!("/oauth2/authorize?{}", form_encode(&fields))
}
