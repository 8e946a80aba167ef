//! What an administrator may set on an API (RFC 8707, RFC 9728).

use std::collections::HashSet;

use super::{SettingsRule, resource::resource_of_consent, scope::is_scope_token};
use crate::{entity::ApiSettings, oidc::claims::SCOPES};

/// An API has at most this many scopes.
const MAX_SCOPES: usize = 100;
/// The longest life of an access token for an API, in seconds: a day.
pub const MAX_API_TOKEN_SECONDS: i64 = 86_400;
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
    match &settings.metadata_path {
        Some(_) if !settings.public => rule("metadata_path".to_owned(), "Only a public API has metadata."),
        Some(path) if !is_path(path) => {
            rule("metadata_path".to_owned(), "Write segments of letters, digits and - . _ ~ with slashes between.")
        }
        _ => Ok(()),
    }
}

fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    path.len() <= MAX_PATH
        && path.split('/').all(|segment| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::{SettingsRule, check_api_settings};
    use crate::entity::{ApiScope, ApiSettings};

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
}
