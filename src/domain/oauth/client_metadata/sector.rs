//! The sector of a pairwise client (OIDC Core 8.1): clients of one sector know a person by the same
//! `sub`, clients of different sectors cannot compare.

use serde_json::Value;
use url::Url;

use super::{SettingsRule, rule};
use crate::entity::ClientSettings;

/// The sector identifier: the host of `sector_identifier_uri`, else the one host of every redirect
/// URI.
///
/// # Errors
/// When the redirect URIs name no host, or more than one, and nothing else tells.
pub fn find(settings: &ClientSettings) -> Result<String, SettingsRule> {
    const ONE_HOST: &str = "Pairwise subjects need one host for all redirect addresses, or a sector_identifier_uri.";
    if let Some(uri) = &settings.sector_identifier_uri {
        return match host(uri) {
            Some(host) => Ok(host),
            None => rule("sector_identifier_uri", "Give the whole https address, without fragment or user name."),
        };
    }
    let mut hosts = settings.redirect_uris.iter().map(|uri| host(uri));
    let Some(Some(first)) = hosts.next() else { return rule("subject_type", ONE_HOST) };
    if hosts.all(|other| other.as_ref() == Some(&first)) { Ok(first) } else { rule("subject_type", ONE_HOST) }
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().filter(|host| !host.is_empty()).map(str::to_ascii_lowercase)
}

/// Whether the document at `sector_identifier_uri` lists every redirect URI, character by character.
///
/// # Errors
/// When it is not an array of addresses, or leaves one out.
pub fn lists_all(document: &Value, settings: &ClientSettings) -> Result<(), SettingsRule> {
    let listed: Option<Vec<&str>> = document.as_array().and_then(|entries| entries.iter().map(Value::as_str).collect());
    match listed {
        None => rule("sector_identifier_uri", "The document there is not a JSON array of addresses."),
        Some(listed) if settings.redirect_uris.iter().all(|uri| listed.contains(&uri.as_str())) => Ok(()),
        Some(_) => rule("sector_identifier_uri", "The document there does not list every redirect address."),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::{ClientKind, SubjectType};

    fn settings(redirect_uris: &[&str], sector: Option<&str>) -> ClientSettings {
        let mut settings = ClientSettings::of_kind(ClientKind::Web);
        settings.subject_type = SubjectType::Pairwise;
        settings.redirect_uris = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
        settings.sector_identifier_uri = sector.map(str::to_owned);
        settings
    }

    #[test]
    fn the_sector_is_the_host_that_all_redirect_uris_share() {
        let one = ["https://App.example/a", "https://app.example:8443/b"];
        assert_eq!(find(&settings(&one, None)).unwrap(), "app.example");
    }

    #[test]
    fn several_hosts_or_none_need_a_sector_identifier_uri() {
        let several = ["https://a.example/cb", "https://b.example/cb"];
        for uris in [&several[..], &[], &["com.example.app:/cb"]] {
            assert_eq!(find(&settings(uris, None)).unwrap_err().field, "subject_type");
            assert_eq!(find(&settings(uris, Some("https://sector.example/list"))).unwrap(), "sector.example");
        }
    }

    #[test]
    fn the_document_must_list_every_redirect_uri() {
        let settings = settings(&["https://a.example/cb", "https://b.example/cb"], Some("https://sector.example/"));
        let listed = json!(["https://b.example/cb", "https://a.example/cb", "https://c.example/"]);
        assert_eq!(lists_all(&listed, &settings), Ok(()));
        for document in [
            json!(["https://a.example/cb"]),
            json!(["https://a.example/cb", "https://b.example/cb/"]),
            json!([]),
            json!({ "redirect_uris": ["https://a.example/cb", "https://b.example/cb"] }),
            json!(["https://a.example/cb", "https://b.example/cb", 1]),
            json!(null),
        ] {
            assert_eq!(lists_all(&document, &settings).unwrap_err().field, "sector_identifier_uri", "{document}");
        }
    }
}
