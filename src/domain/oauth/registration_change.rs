//! When a client that describes itself anew is another one to those who decided about it: to the people who let it
//! act for them, and to the administrator who released it (RFC 7592 §2.2, RFC 8252 §8.6, RFC 9700 §4.11).

use url::Url;

use crate::entity::{Client, ClientSettings};

/// Whether what was decided about the client as it was says nothing about it as it is: it is answered somewhere
/// else, people see something else, or it proves who it is by something else. What it leaves out does not make it
/// another, nor does a link that stays with its host.
pub fn is_another_app(before: &Client, after: &Client) -> bool {
    let (old, new) = (&before.settings, &after.settings);
    // The kind decides whether the port of an address is compared.
    let elsewhere =
        before.kind != after.kind || new.redirect_uris.iter().any(|address| !old.redirect_uris.contains(address));
    let leads_away = |(old, new): (Option<&String>, Option<&String>)| new.is_some() && host(old) != host(new);
    let looks_different = before.name != after.name || links(old).into_iter().zip(links(new)).any(leads_away);
    elsewhere || looks_different || !proves_the_same(old, new) || !is_told_the_same(old, new)
}

/// The links on the pages that people decide on.
const fn links(settings: &ClientSettings) -> [Option<&String>; 4] {
    let ClientSettings { client_uri, logo_uri, policy_uri, tos_uri, .. } = settings;
    [client_uri.as_ref(), logo_uri.as_ref(), policy_uri.as_ref(), tos_uri.as_ref()]
}

fn host(address: Option<&String>) -> Option<(String, Option<u16>)> {
    let url = Url::parse(address?).ok()?;
    Some((url.host_str()?.to_owned(), url.port()))
}

fn proves_the_same(old: &ClientSettings, new: &ClientSettings) -> bool {
    let keys = |of: &ClientSettings| (of.token_endpoint_auth_method, of.jwks.clone(), of.jwks_uri.clone());
    let certificate = |of: &ClientSettings| {
        [
            &of.tls_client_auth_subject_dn,
            &of.tls_client_auth_san_dns,
            &of.tls_client_auth_san_uri,
            &of.tls_client_auth_san_ip,
            &of.tls_client_auth_san_email,
        ]
        .map(Clone::clone)
    };
    keys(old) == keys(new) && certificate(old) == certificate(new)
}

/// Whether people have the same names at the client (OIDC Core 8).
fn is_told_the_same(old: &ClientSettings, new: &ClientSettings) -> bool {
    old.subject_type == new.subject_type && old.sector_identifier_uri == new.sector_identifier_uri
}

#[cfg(test)]
mod tests;
