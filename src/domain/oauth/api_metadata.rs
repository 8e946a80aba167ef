//! What an administrator may set on an API (RFC 8707, RFC 9728).

use std::collections::HashSet;

use super::{
    AuthorizationRequest, SettingsRule, client_metadata::check_acr_values, resource::resource_of_consent,
    scope::is_scope_token,
};
use crate::{
    entity::{Api, ApiSettings},
    oidc::claims::SCOPES,
};

/// An API has at most this many scopes.
const MAX_SCOPES: usize = 100;
/// The longest life of an access token for an API, in seconds: a day.
pub const MAX_API_TOKEN_SECONDS: i64 = 86_400;
/// The longest age of a sign-in that an API may demand, in seconds: a year.
const MAX_AGE: i64 = 31_536_000;
/// The longest path of metadata, in bytes.
const MAX_PATH: usize = 128;

/// Whether an API may be set up like this. Its sentences are checked where people's texts are.
///
/// # Errors
/// The first setting that breaks a rule.
pub fn check_api_settings(settings: &ApiSettings) -> Result<(), SettingsRule> {
    let rule = |field: String, rule: &'static str| Err(SettingsRule { field, rule });
    if settings.scopes.len() > MAX_SCOPES {
        return rule("scopes".to_owned(), "An API has at most 100 scopes.");
    }
    let mut known = HashSet::new();
    for (index, scope) in settings.scopes.iter().enumerate() {
        let name = scope.name.as_str();
        let field = || format!("scopes[{index}]");
        if !is_scope_token(name) {
            return rule(field(), "A scope is printable ASCII without spaces, commas, quotes and backslashes.");
        }
        if SCOPES.iter().any(|built_in| built_in.scope == name) || resource_of_consent(name).is_some() {
            return rule(field(), "This scope has a meaning of its own here; choose another name.");
        }
        if !known.insert(name) {
            return rule(field(), "List each scope once.");
        }
    }
    if settings.access_token_lifetime.is_some_and(|seconds| !(1..=MAX_API_TOKEN_SECONDS).contains(&seconds)) {
        return rule("access_token_lifetime".to_owned(), "A lifetime is 1 to 86400 seconds.");
    }
    if settings.max_authentication_age.is_some_and(|seconds| !(0..=MAX_AGE).contains(&seconds)) {
        return rule("max_authentication_age".to_owned(), "An age is 0 to 31536000 seconds.");
    }
    check_acr_values("acr_values", &settings.acr_values)?;
    match &settings.metadata_path {
        Some(_) if !settings.public => rule("metadata_path".to_owned(), "Only a public API has metadata."),
        Some(path) if !is_path(path) => {
            rule("metadata_path".to_owned(), "Write segments of letters, digits and - . _ ~ with slashes between.")
        }
        _ => Ok(()),
    }
}

/// A request for these APIs asks for a sign-in as fresh as the strictest of them wants it, and for their
/// classes of authentication if it names none (RFC 9470 §5).
pub fn tighten(request: &mut AuthorizationRequest, apis: &[Api]) {
    let demanded = apis.iter().filter_map(|api| api.settings.max_authentication_age);
    request.max_age = demanded.chain(request.max_age).min();
    if request.acr_values.is_empty() {
        for class in apis.iter().flat_map(|api| &api.settings.acr_values) {
            if !request.acr_values.contains(class) {
                request.acr_values.push(class.clone());
            }
        }
    }
}

fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    path.len() <= MAX_PATH
        && path.split('/').all(|segment| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::{SettingsRule, check_api_settings, tighten};
    use crate::{
        Timestamp,
        entity::{Api, ApiScope, ApiSettings, Owner},
        ids::ClientId,
        oauth::AuthorizationRequest,
    };

    fn with(names: &[&str], change: impl FnOnce(&mut ApiSettings)) -> Result<(), SettingsRule> {
        let scope = |name: &&str| ApiScope { name: (*name).to_owned(), sentence: "Read".to_owned() };
        let mut settings = ApiSettings { scopes: names.iter().map(scope).collect(), ..ApiSettings::default() };
        change(&mut settings);
        check_api_settings(&settings)
    }

    #[test]
    fn scopes_are_new_distinct_and_well_formed() {
        assert_eq!(with(&["invoices.read", "https://a.example/write"], |_| ()), Ok(()));
        for names in [
            vec!["a b"],
            vec![""],
            vec!["a,b"],
            vec!["openid"],
            vec!["roles"],
            vec!["a", "a"],
            vec!["resource:x"],
            vec!["a"; 101],
        ] {
            assert!(with(&names, |_| ()).is_err(), "{names:?}");
        }
    }

    #[test]
    fn lifetimes_and_paths_are_bounded() {
        assert_eq!(with(&[], |settings| settings.access_token_lifetime = Some(86_400)), Ok(()));
        for seconds in [0, -1, 86_401, i64::MAX] {
            assert!(with(&[], |settings| settings.access_token_lifetime = Some(seconds)).is_err(), "{seconds}");
        }
        let path = |path: &str, public: bool| {
            with(&[], |settings| (settings.public, settings.metadata_path) = (public, Some(path.to_owned())))
        };
        assert_eq!(path("mcp/v1.0", true), Ok(()));
        assert!(path("mcp", false).is_err());
        for wrong in ["", "/mcp", "mcp/", "a//b", "a/../b", "a b", "ä", "a%2fb", &"x".repeat(129)] {
            assert!(path(wrong, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ages_and_classes_are_bounded() {
        for seconds in [0, 300, 31_536_000] {
            assert_eq!(with(&[], |settings| settings.max_authentication_age = Some(seconds)), Ok(()), "{seconds}");
        }
        for seconds in [-1, 31_536_001, i64::MAX] {
            assert!(with(&[], |settings| settings.max_authentication_age = Some(seconds)).is_err(), "{seconds}");
        }
        let classes = |classes: &[&str]| {
            with(&[], |settings| settings.acr_values = classes.iter().map(|&class| class.to_owned()).collect())
        };
        assert_eq!(classes(&["1", "urn:example:gold"]), Ok(()));
        for wrong in [&["a b"][..], &[""], &["1", "1"], &["ä"], &[&"x".repeat(129)]] {
            assert!(classes(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_strictest_api_says_how_fresh_a_sign_in_is() {
        let api = |age: Option<i64>, classes: &[&str]| Api {
            resource: "https://a.example".to_owned(),
            name: "A".to_owned(),
            description: String::new(),
            settings: ApiSettings {
                max_authentication_age: age,
                acr_values: classes.iter().map(|&class| class.to_owned()).collect(),
                ..ApiSettings::default()
            },
            owner: Owner::Cli,
            version: 1,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        };
        let tightened = |age: Option<i64>, classes: &[&str], apis: &[Api]| {
            let mut request = AuthorizationRequest::deferred(ClientId::new("app"), Vec::new());
            request.max_age = age;
            request.acr_values = classes.iter().map(|&class| class.to_owned()).collect();
            tighten(&mut request, apis);
            (request.max_age, request.acr_values.join(" "))
        };
        let strict = [api(None, &[]), api(Some(300), &["1"]), api(Some(60), &["1", "2"])];
        assert_eq!(tightened(None, &[], &strict), (Some(60), "1 2".to_owned()));
        assert_eq!(tightened(Some(10), &["9"], &strict), (Some(10), "9".to_owned()));
        assert_eq!(tightened(Some(3600), &[], &strict[1..2]), (Some(300), "1".to_owned()));
        assert_eq!(tightened(Some(0), &[], &strict).0, Some(0));
        assert_eq!(tightened(Some(3600), &[], &strict[..1]), (Some(3600), String::new()));
        assert_eq!(tightened(None, &[], &[]), (None, String::new()));
    }
}
