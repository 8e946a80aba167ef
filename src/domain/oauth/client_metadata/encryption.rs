//! What a client may register about encryption (OIDC Dynamic Registration 2, JARM §3, RFC 9701 §6):
//! `enc` means nothing without `alg`, and nothing is encrypted for a client without keys.

use serde_json::Value;

use super::{SettingsRule, rule};
use crate::{
    entity::ClientSettings,
    jose::{ContentEncryption, KeyManagementAlgorithm},
};

type Pair = (&'static str, Option<KeyManagementAlgorithm>, Option<ContentEncryption>);

/// The answers that may be encrypted for the client: the setting without `_alg` and `_enc`.
fn answers(settings: &ClientSettings) -> [Pair; 4] {
    [
        (
            "id_token_encrypted_response",
            settings.id_token_encrypted_response_alg,
            settings.id_token_encrypted_response_enc,
        ),
        (
            "userinfo_encrypted_response",
            settings.userinfo_encrypted_response_alg,
            settings.userinfo_encrypted_response_enc,
        ),
        (
            "authorization_encrypted_response",
            settings.authorization_encrypted_response_alg,
            settings.authorization_encrypted_response_enc,
        ),
        (
            "introspection_encrypted_response",
            settings.introspection_encrypted_response_alg,
            settings.introspection_encrypted_response_enc,
        ),
    ]
}

/// # Errors
/// The first setting that breaks a rule.
pub(super) fn check(settings: &ClientSettings) -> Result<(), SettingsRule> {
    let request_object =
        ("request_object_encryption", settings.request_object_encryption_alg, settings.request_object_encryption_enc);
    for (name, alg, enc) in answers(settings).into_iter().chain([request_object]) {
        if alg.is_none() && enc.is_some() {
            return rule(
                format!("{name}_enc"),
                "Register the alg of the same name as well; enc alone encrypts nothing.",
            );
        }
    }
    if settings.require_encrypted_request_object && settings.request_object_encryption_alg.is_none() {
        return rule("require_encrypted_request_object", "Register request_object_encryption_alg as well.");
    }
    for (name, alg, _) in answers(settings) {
        let Some(alg) = alg else { continue };
        if settings.jwks.is_none() && settings.jwks_uri.is_none() {
            return rule(format!("{name}_alg"), "Encryption needs the client's public keys: jwks or jwks_uri.");
        }
        if settings.jwks.as_ref().is_some_and(|jwks| !has_key_for(jwks, alg)) {
            return rule(
                format!("{name}_alg"),
                "No key of jwks can be used for this: RSA for RSA-OAEP-256, P-256 or \
                X25519 for ECDH-ES, and its use is enc.",
            );
        }
    }
    Ok(())
}

/// Whether a key of the set looks as if it served; whether it really does is seen when it is loaded.
fn has_key_for(jwks: &Value, alg: KeyManagementAlgorithm) -> bool {
    let listed = jwks.get("keys").and_then(Value::as_array);
    listed.is_some_and(|keys| keys.iter().any(|key| serves(key, alg)))
}

fn serves(key: &Value, alg: KeyManagementAlgorithm) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let fits = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => alg == KeyManagementAlgorithm::RsaOaep256,
        (Some("EC"), Some("P-256")) | (Some("OKP"), Some("X25519")) => alg != KeyManagementAlgorithm::RsaOaep256,
        _ => false,
    };
    fits && text("use").is_none_or(|purpose| purpose == "enc") && text("alg").is_none_or(|named| named == alg.name())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::ClientKind;

    fn with(jwks: Option<Value>, change: impl FnOnce(&mut ClientSettings)) -> Result<(), SettingsRule> {
        let mut settings = ClientSettings::of_kind(ClientKind::Web);
        settings.jwks = jwks;
        change(&mut settings);
        check(&settings)
    }

    fn field(result: Result<(), SettingsRule>) -> String {
        result.unwrap_err().field
    }

    fn encrypting(purpose: &str) -> Option<Value> {
        Some(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "use": purpose }] }))
    }

    #[test]
    fn enc_alone_encrypts_nothing() {
        let enc = Some(ContentEncryption::A256Gcm);
        let keys = || encrypting("enc");
        assert_eq!(field(with(keys(), |s| s.id_token_encrypted_response_enc = enc)), "id_token_encrypted_response_enc");
        assert_eq!(field(with(keys(), |s| s.userinfo_encrypted_response_enc = enc)), "userinfo_encrypted_response_enc");
        assert_eq!(
            field(with(keys(), |s| s.authorization_encrypted_response_enc = enc)),
            "authorization_encrypted_response_enc"
        );
        assert_eq!(
            field(with(keys(), |s| s.introspection_encrypted_response_enc = enc)),
            "introspection_encrypted_response_enc"
        );
        assert_eq!(field(with(keys(), |s| s.request_object_encryption_enc = enc)), "request_object_encryption_enc");
    }

    #[test]
    fn an_answer_is_encrypted_only_for_a_key_that_fits() {
        let curve = Some(KeyManagementAlgorithm::EcdhEsA256Kw);
        let rsa = Some(KeyManagementAlgorithm::RsaOaep256);
        let wanted = "id_token_encrypted_response_alg";
        assert_eq!(with(encrypting("enc"), |s| s.id_token_encrypted_response_alg = curve), Ok(()));
        assert_eq!(field(with(None, |s| s.id_token_encrypted_response_alg = curve)), wanted);
        assert_eq!(field(with(encrypting("sig"), |s| s.id_token_encrypted_response_alg = curve)), wanted);
        assert_eq!(field(with(encrypting("enc"), |s| s.id_token_encrypted_response_alg = rsa)), wanted);
        let by_reference = with(None, |s| {
            s.jwks_uri = Some("https://app.example/jwks".to_owned());
            s.userinfo_encrypted_response_alg = rsa;
        });
        assert_eq!(by_reference, Ok(()), "what is at the address is seen when it is fetched");
    }

    #[test]
    fn a_client_that_must_encrypt_has_registered_how() {
        let must = |s: &mut ClientSettings| s.require_encrypted_request_object = true;
        assert_eq!(field(with(None, must)), "require_encrypted_request_object");
        let registered = with(None, |s| {
            must(s);
            s.request_object_encryption_alg = Some(KeyManagementAlgorithm::EcdhEs);
        });
        assert_eq!(registered, Ok(()));
    }

    #[test]
    fn a_request_object_is_encrypted_for_us_so_that_the_client_needs_no_key() {
        assert_eq!(with(None, |s| s.request_object_encryption_alg = Some(KeyManagementAlgorithm::RsaOaep256)), Ok(()));
    }
}
