//! The classes of authentication that an app may ask for (OIDC Core 5.5.1.1). Voluntary wishes are
//! never an error; a class that is demanded and not reached is (OpenID Connect Core Error Code
//! unmet_authentication_requirements 1.0).

use serde_json::Value;

use super::claims::{ClaimsRequest, Target};
use crate::{
    oauth::{ErrorCode, OAuthError},
    trace::Reason,
};

/// `acr_values_supported`: the classes that a sign-in here can reach. `1`: a password. Whoever did not
/// sign in here has no class: a token that an assertion brought carries no `acr`.
pub const SUPPORTED: &[&str] = &["1"];

/// The classes that would do: those that are demanded, otherwise those that are wished for.
pub fn wanted(claims: &ClaimsRequest, acr_values: &[String]) -> Vec<String> {
    match claims.essential_values(Target::IdToken, "acr") {
        Some(demanded) => demanded.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => acr_values.to_vec(),
    }
}

/// Whether another sign-in could bring one of the classes that would do, and this one brought none of
/// them (RFC 9470 §5). A wish that nobody can fulfil asks nobody for anything.
pub fn is_worth_a_sign_in(wanted: &[String], reached: &str) -> bool {
    let holds = |class: &str| wanted.iter().any(|one| one == class);
    !holds(reached) && SUPPORTED.iter().any(|class| holds(class))
}

/// Whether what is demanded can be reached here at all.
///
/// # Errors
/// `unmet_authentication_requirements`.
pub fn check_reachable(claims: &ClaimsRequest) -> Result<(), OAuthError> {
    check(claims, |demanded| SUPPORTED.contains(&demanded))
}

/// Whether an authentication of class `reached` is what was demanded.
///
/// # Errors
/// `unmet_authentication_requirements`.
pub fn check_reached(claims: &ClaimsRequest, reached: &str) -> Result<(), OAuthError> {
    check(claims, |demanded| demanded == reached)
}

/// One of several demanded classes is enough.
fn check(claims: &ClaimsRequest, holds: impl Fn(&str) -> bool) -> Result<(), OAuthError> {
    match claims.essential_values(Target::IdToken, "acr") {
        Some(demanded) if !demanded.iter().filter_map(Value::as_str).any(&holds) => {
            Err(OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, Reason::AcrUnmet))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(acr: &str) -> ClaimsRequest {
        ClaimsRequest::parse(&format!(r#"{{"id_token":{{"acr":{acr}}}}}"#)).expect("well-formed")
    }

    #[track_caller]
    fn unmet(result: Result<(), OAuthError>) {
        let error = result.expect_err("unmet");
        assert_eq!((error.code.name(), error.reason.code()), ("unmet_authentication_requirements", "AS-1034"));
    }

    #[test]
    fn what_is_demanded_must_be_reached() {
        for acr in [r#"{"essential":true,"value":"1"}"#, r#"{"essential":true,"values":["9","1"]}"#] {
            assert_eq!(check_reachable(&asked(acr)), Ok(()), "{acr}");
            assert_eq!(check_reached(&asked(acr), "1"), Ok(()), "{acr}");
            unmet(check_reached(&asked(acr), "0"));
        }
        for acr in [
            r#"{"essential":true,"value":"9"}"#,
            r#"{"essential":true,"value":1}"#,
            r#"{"essential":true,"values":["8","9"]}"#,
            r#"{"essential":true,"values":[]}"#,
        ] {
            unmet(check_reachable(&asked(acr)));
            unmet(check_reached(&asked(acr), "1"));
        }
    }

    #[test]
    fn a_sign_in_is_asked_for_only_if_it_can_bring_what_is_wanted() {
        let of = |acr: &str, acr_values: &[&str]| {
            let wishes: Vec<String> = acr_values.iter().map(|&class| class.to_owned()).collect();
            wanted(&asked(acr), &wishes)
        };
        for (acr, acr_values) in
            [("null", vec!["1"]), ("null", vec!["9", "1"]), (r#"{"essential":true,"value":"1"}"#, vec!["9"])]
        {
            assert!(is_worth_a_sign_in(&of(acr, &acr_values), "0"), "{acr} {acr_values:?}");
            assert!(!is_worth_a_sign_in(&of(acr, &acr_values), "1"), "{acr} {acr_values:?}");
        }
        for (acr, acr_values) in [
            ("null", vec![]),
            ("null", vec!["9"]),
            ("null", vec!["0", "1"]),
            (r#"{"essential":true,"value":"9"}"#, vec!["1"]),
            (r#"{"essential":true,"values":[1]}"#, vec!["1"]),
        ] {
            assert!(!is_worth_a_sign_in(&of(acr, &acr_values), "0"), "{acr} {acr_values:?}");
        }
    }

    #[test]
    fn a_wish_is_never_an_error() {
        for acr in ["null", r#"{"essential":true}"#, r#"{"value":"9"}"#, r#"{"essential":false,"values":["8","9"]}"#] {
            assert_eq!(check_reachable(&asked(acr)), Ok(()), "{acr}");
            assert_eq!(check_reached(&asked(acr), "1"), Ok(()), "{acr}");
        }
        let elsewhere = ClaimsRequest::parse(r#"{"userinfo":{"acr":{"essential":true,"value":"9"}}}"#).expect("read");
        assert_eq!(check_reachable(&elsewhere), Ok(()));
        assert_eq!(check_reached(&ClaimsRequest::default(), "1"), Ok(()));
    }
}
