//! Assertions under a client's secret: HMAC with SHA-256 (RFC 7518 §3.2, OIDC Core 9
//! `client_secret_jwt`), and nothing else. Here only is a symmetric algorithm understood.

use aws_lc_rs::hmac;

use super::{
    compact::{Parts, VerifyError},
    verifier::Verified,
};
use crate::domain::Secret;

/// The one algorithm.
pub const ALGORITHM: &str = "HS256";

/// What a compact JWS says under one of the secrets, and the position of that secret. Every secret
/// is tried, whether or not an earlier one fitted; each comparison takes constant time.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(compact: &str, secrets: &[Secret<Vec<u8>>]) -> Result<(Verified, usize), VerifyError> {
    let parts = Parts::parse(compact)?;
    if parts.algorithm()? != ALGORITHM {
        return Err(VerifyError::AlgorithmNotAllowed);
    }
    let signature = parts.signature()?;
    let mut found = None;
    for (position, secret) in secrets.iter().enumerate() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        if hmac::verify(&key, parts.signing_input.as_bytes(), &signature).is_ok() {
            found = Some(position);
        }
    }
    let position = found.ok_or(VerifyError::BadSignature)?;
    let claims = parts.claims()?;
    Ok((Verified { header: parts.header, claims }, position))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    fn signed(header: &Value, secret: &[u8]) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(header), encode(&json!({ "sub": "app" })));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    fn secrets(all: &[&[u8]]) -> Vec<Secret<Vec<u8>>> {
        all.iter().map(|secret| Secret::new(secret.to_vec())).collect()
    }

    #[test]
    fn the_example_of_rfc_7515_verifies() {
        // RFC 7515 appendix A.1.
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = Secret::new(URL_SAFE_NO_PAD.decode(key).unwrap());
        let jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                   eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                   dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let (verified, position) = verify(jws, &[key]).unwrap();
        assert_eq!((verified.claims["iss"].as_str(), position), (Some("joe"), 0));
        assert_eq!(verified.header["typ"], "JWT");
    }

    #[test]
    fn any_of_the_secrets_serves_and_no_other() {
        let jws = signed(&json!({ "alg": "HS256" }), SECRET);
        assert_eq!(verify(&jws, &secrets(&[b"x", SECRET])).map(|(_, position)| position), Ok(1));
        for wrong in [secrets(&[]), secrets(&[b"x"]), secrets(&[b""])] {
            assert_eq!(verify(&jws, &wrong).unwrap_err(), VerifyError::BadSignature);
        }
    }

    #[test]
    fn no_other_algorithm_and_no_shortened_tag_passes() {
        for algorithm in ["none", "HS384", "HS512", "RS256", "ES256", "hs256", ""] {
            let jws = signed(&json!({ "alg": algorithm }), SECRET);
            assert_eq!(verify(&jws, &secrets(&[SECRET])).unwrap_err(), VerifyError::AlgorithmNotAllowed, "{algorithm}");
        }
        let jws = signed(&json!({ "alg": "HS256" }), SECRET);
        assert!(verify(&jws[..jws.len() - 4], &secrets(&[SECRET])).is_err());
        assert!(verify(&jws[..jws.rfind('.').unwrap() + 1], &secrets(&[SECRET])).is_err());
    }
}
