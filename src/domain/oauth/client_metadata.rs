//! What an administrator may set on a client: one place for the console, the API and the command
//! line (RFC 7591 §2 and §5, RFC 9700 §2, OIDC Dynamic Registration 2).

use std::collections::HashSet;

use serde_json::Value;

use super::{
    GrantType, ResponseType, check_registrable, request_object::without_fragment, resource::resource_of_consent,
    scope::is_scope_token, security_profile,
};
use crate::{
    entity::{AuthMethod, Certificates, ClientKind, ClientSettings},
    jose::{PRIVATE_MEMBERS, RequestObjectAlgorithm},
};

/// A year, in seconds: the longest lifetime of anything.
const MAX_LIFETIME: i64 = 31_536_000;
/// The longest list of addresses, scopes, audiences or keys.
const MAX_ITEMS: usize = 100;
/// The longest audience, in bytes.
const MAX_AUDIENCE: usize = 512;
/// The longest type of authorization details, in bytes.
const MAX_TYPE: usize = 256;
/// The longest contact, in characters: an address of mail has no more.
const MAX_CONTACT: usize = 254;
/// The longest name or version of a software, in characters.
const MAX_SOFTWARE: usize = 128;
/// The longest class of authentication, in bytes.
const MAX_ACR: usize = 128;
/// The longest `request_uri`, in bytes (OIDC Core 6.2).
const MAX_REQUEST_URI: usize = 512;

/// A setting that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsRule {
    /// The path of the setting: `redirect_uris[1]`; and the security profile whose rule it is, if it is one's.
    pub field: String,
    /// The rule, as one public sentence.
    pub rule: &'static str,
}

impl std::fmt::Display for SettingsRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

impl std::error::Error for SettingsRule {}

/// Whether a client of this kind may be set up like this. The algorithms of tokens need no rule: their
/// type has no `none` and nothing symmetric.
///
/// # Errors
/// The first setting that breaks a rule.
pub fn check_settings(kind: ClientKind, settings: &ClientSettings) -> Result<(), SettingsRule> {
    check_grants(settings)?;
    check_responses(settings)?;
    check_addresses(kind, settings)?;
    check_keys(settings)?;
    check_request_objects(settings)?;
    backchannel::check(settings)?;
    encryption::check(settings)?;
    check_sector(settings)?;
    check_certificate(settings)?;
    check_names(settings)?;
    check_lifetimes(settings)?;
    check_profile(settings)
}

/// Whether the client can do with what this server learns of certificates (RFC 8705 §2 and §3).
///
/// # Errors
/// The setting that asks for more.
pub fn check_certificates(settings: &ClientSettings, seen: Certificates) -> Result<(), SettingsRule> {
    let method = settings.token_endpoint_auth_method;
    if !method.works_with(seen) {
        let wanted = match method {
            AuthMethod::TlsClientAuth => {
                "This server asks nobody who vouches for certificates: set mtls.url and mtls.ca_file."
            }
            _ => "This server sees no certificates: set mtls.url.",
        };
        return rule("token_endpoint_auth_method", wanted);
    }
    if settings.tls_client_certificate_bound_access_tokens && seen == Certificates::Unseen {
        let field = "tls_client_certificate_bound_access_tokens";
        return rule(field, "This server sees no certificates: set mtls.url.");
    }
    Ok(())
}

pub(super) fn rule<T>(field: impl Into<String>, rule: &'static str) -> Result<T, SettingsRule> {
    Err(SettingsRule { field: field.into(), rule })
}

fn check_profile(settings: &ClientSettings) -> Result<(), SettingsRule> {
    security_profile::find_broken(settings).map_or(Ok(()), Err)
}

fn check_grants(settings: &ClientSettings) -> Result<(), SettingsRule> {
    let has = |grant| settings.grant_types.contains(&grant);
    let public = !settings.token_endpoint_auth_method.is_confidential();
    if settings.grant_types.is_empty() {
        return rule("grant_types", "Allow at least one grant type.");
    }
    if settings.grant_types.iter().collect::<HashSet<_>>().len() < settings.grant_types.len() {
        return rule("grant_types", "List each grant type once.");
    }
    if has(GrantType::RefreshToken) && !settings.grant_types.iter().any(|grant| grant.begins_authorization()) {
        return rule("grant_types", "refresh_token continues a grant of a person, such as authorization_code.");
    }
    if public && settings.grant_types.iter().any(|grant| grant.needs_confidential_client()) {
        return rule("grant_types", "A public client cannot use this grant: it cannot prove who it is.");
    }
    if public && !settings.require_pkce {
        return rule("require_pkce", "A public client always needs PKCE.");
    }
    if settings.require_pushed_authorization_requests && !has(GrantType::AuthorizationCode) {
        return rule(
            "require_pushed_authorization_requests",
            "Only the authorization_code grant has a request to push.",
        );
    }
    if public && settings.may_introspect {
        return rule("may_introspect", "A public client cannot introspect: it cannot prove who it is.");
    }
    Ok(())
}

/// Grants and response types fit together (OIDC Dynamic Client Registration 2). `code` may stand
/// alone: it is what a client gets that says nothing (RFC 7591 §2), and without its grant it is
/// refused at each request.
fn check_responses(settings: &ClientSettings) -> Result<(), SettingsRule> {
    let has = |grant| settings.grant_types.contains(&grant);
    let types = &settings.response_types;
    if types.iter().collect::<HashSet<_>>().len() < types.len() {
        return rule("response_types", "List each response type once.");
    }
    if types.iter().any(|one| one.has_tokens() && !one.grant_types().all(has)) {
        return rule(
            "response_types",
            "id_token and token need the grant type implicit, and together with code also authorization_code.",
        );
    }
    if has(GrantType::AuthorizationCode) && !types.iter().any(|one| one.has_code()) {
        return rule("response_types", "The authorization_code grant needs a response type with code.");
    }
    if has(GrantType::Implicit) && !types.iter().any(|one| one.has_tokens()) {
        return rule("response_types", "The implicit grant needs a response type with id_token or token.");
    }
    let bound = settings.dpop_bound_access_tokens || settings.tls_client_certificate_bound_access_tokens;
    if bound && types.iter().any(|one| one.has_access_token()) {
        return rule("response_types", "An access token that comes through the browser cannot be bound to a key.");
    }
    let modes = &settings.response_modes;
    if modes.iter().collect::<HashSet<_>>().len() < modes.len() {
        return rule("response_modes", "List each response mode once.");
    }
    let reachable = |one: &ResponseType| modes.iter().any(|mode| !(one.has_tokens() && mode.is_in_query()));
    if !modes.is_empty() && !types.iter().all(reachable) {
        return rule("response_modes", "Allow a mode other than query and query.jwt: tokens never go into a query.");
    }
    Ok(())
}

fn check_addresses(kind: ClientKind, settings: &ClientSettings) -> Result<(), SettingsRule> {
    let redirected = [GrantType::AuthorizationCode, GrantType::Implicit];
    if redirected.iter().any(|grant| settings.grant_types.contains(grant)) && settings.redirect_uris.is_empty() {
        return rule("redirect_uris", "The grants authorization_code and implicit need at least one address.");
    }
    for (field, uris) in
        [("redirect_uris", &settings.redirect_uris), ("post_logout_redirect_uris", &settings.post_logout_redirect_uris)]
    {
        check_list(field, uris)?;
        for (index, uri) in uris.iter().enumerate() {
            if let Err(broken) = check_registrable(kind, uri) {
                return rule(format!("{field}[{index}]"), broken.sentence());
            }
        }
    }
    check_logout_addresses(settings)?;
    // These are shown as links and pictures; a script must never stand there.
    if settings.client_uri.as_ref().is_some_and(|uri| check_registrable(ClientKind::Web, uri).is_err()) {
        return rule("client_uri", "Give the whole https address, without fragment or user name.");
    }
    for (field, uri) in [
        ("logo_uri", &settings.logo_uri),
        ("policy_uri", &settings.policy_uri),
        ("tos_uri", &settings.tos_uri),
        ("initiate_login_uri", &settings.initiate_login_uri),
    ] {
        if uri.as_ref().is_some_and(|uri| !is_https(uri)) {
            return rule(field, "Give the whole https address, without fragment or user name.");
        }
    }
    Ok(())
}

/// A front-channel address shares scheme, host and port with a redirect address (OIDC Front-Channel
/// Logout 1.0 §2): whoever owns the one owns the other.
fn check_logout_addresses(settings: &ClientSettings) -> Result<(), SettingsRule> {
    if settings.backchannel_logout_uri.as_ref().is_some_and(|uri| !is_https(uri)) {
        return rule("backchannel_logout_uri", "Give the whole https address, without fragment or user name.");
    }
    let Some(uri) = &settings.frontchannel_logout_uri else { return Ok(()) };
    if let Err(broken) = check_registrable(ClientKind::Web, uri) {
        return rule("frontchannel_logout_uri", broken.sentence());
    }
    let origin = |uri: &str| url::Url::parse(uri).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    let own = origin(uri);
    if own.is_none() || !settings.redirect_uris.iter().any(|redirect| origin(redirect) == own) {
        return rule("frontchannel_logout_uri", "Use the scheme, host and port of one of the redirect_uris.");
    }
    Ok(())
}

fn check_keys(settings: &ClientSettings) -> Result<(), SettingsRule> {
    if settings.token_endpoint_auth_signing_alg.is_some_and(|alg| alg.method() != settings.token_endpoint_auth_method) {
        return rule(
            "token_endpoint_auth_signing_alg",
            "HS256 goes with client_secret_jwt, every other algorithm with private_key_jwt.",
        );
    }
    match (&settings.jwks, &settings.jwks_uri) {
        (Some(_), Some(_)) => return rule("jwks_uri", "Give the keys by value or by reference, not both."),
        (None, None) if settings.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt => {
            return rule("jwks", "private_key_jwt needs the client's public keys: jwks or jwks_uri.");
        }
        _ => {}
    }
    if settings.jwks_uri.as_ref().is_some_and(|uri| !is_https(uri)) {
        return rule("jwks_uri", "Give the whole https address, without fragment or user name.");
    }
    settings.jwks.as_ref().map_or(Ok(()), check_key_set)
}

/// Public keys, and nothing but public keys.
pub(super) fn check_key_set(jwks: &Value) -> Result<(), SettingsRule> {
    let keys = jwks.get("keys").and_then(Value::as_array).filter(|keys| (1..=MAX_ITEMS).contains(&keys.len()));
    let Some(keys) = keys else {
        return rule("jwks", "Give a JWK set: an object whose member keys lists 1 to 100 keys.");
    };
    for (index, key) in keys.iter().enumerate() {
        let asymmetric = matches!(key.get("kty").and_then(Value::as_str), Some("RSA" | "EC" | "OKP"));
        if PRIVATE_MEMBERS.iter().any(|member| key.get(member).is_some()) {
            return rule(
                format!("jwks.keys[{index}]"),
                "This is a private or symmetric key. Give public keys only, and replace this one.",
            );
        }
        if !asymmetric {
            return rule(format!("jwks.keys[{index}]"), "Give a public key of type RSA, EC or OKP.");
        }
    }
    Ok(())
}

/// How requests may come in an object (OIDC Dynamic Registration 2, RFC 9101 §10.5).
fn check_request_objects(settings: &ClientSettings) -> Result<(), SettingsRule> {
    let has_keys = settings.jwks.is_some() || settings.jwks_uri.is_some();
    let unsigned = settings.request_object_signing_alg == Some(RequestObjectAlgorithm::Unsigned);
    if settings.require_signed_request_object && unsigned {
        return rule(
            "request_object_signing_alg",
            "A client that must sign its requests cannot be registered for none.",
        );
    }
    if settings.require_signed_request_object && !has_keys {
        return rule(
            "require_signed_request_object",
            "Signed requests need the client's public keys: jwks or jwks_uri.",
        );
    }
    if settings.request_object_signing_alg.is_some() && !unsigned && !has_keys {
        return rule("request_object_signing_alg", "Signed requests need the client's public keys: jwks or jwks_uri.");
    }
    check_list("request_uris", &settings.request_uris)?;
    match settings.request_uris.iter().position(|uri| !is_https(without_fragment(uri)) || uri.len() > MAX_REQUEST_URI) {
        Some(index) => {
            rule(format!("request_uris[{index}]"), "Give the whole https address, without user name, in 512 bytes.")
        }
        None => Ok(()),
    }
}

fn check_sector(settings: &ClientSettings) -> Result<(), SettingsRule> {
    if settings.sector_identifier_uri.as_ref().is_some_and(|uri| !is_https(uri)) {
        return rule("sector_identifier_uri", "Give the whole https address, without fragment or user name.");
    }
    if settings.is_pairwise() { sector::find(settings).map(drop) } else { Ok(()) }
}

/// Exactly one name tells a certificate by (RFC 8705 §2.1.2).
fn check_certificate(settings: &ClientSettings) -> Result<(), SettingsRule> {
    let names = [
        ("tls_client_auth_subject_dn", &settings.tls_client_auth_subject_dn),
        ("tls_client_auth_san_dns", &settings.tls_client_auth_san_dns),
        ("tls_client_auth_san_uri", &settings.tls_client_auth_san_uri),
        ("tls_client_auth_san_ip", &settings.tls_client_auth_san_ip),
        ("tls_client_auth_san_email", &settings.tls_client_auth_san_email),
    ];
    let given: Vec<_> = names.into_iter().filter_map(|(field, name)| name.as_ref().map(|name| (field, name))).collect();
    let method = settings.token_endpoint_auth_method;
    match (method, given.as_slice()) {
        (AuthMethod::TlsClientAuth, [(field, name)]) if name.trim().is_empty() => {
            return rule(*field, "An empty name would be anybody's.");
        }
        (AuthMethod::TlsClientAuth, [("tls_client_auth_subject_dn", name)]) if !is_name_of_subject(name) => {
            return rule(
                "tls_client_auth_subject_dn",
                "Write the subject as RFC 4514 does: CN=service,O=Example,C=DE.",
            );
        }
        (AuthMethod::TlsClientAuth, [_]) => {}
        (AuthMethod::TlsClientAuth, _) => {
            return rule("tls_client_auth_subject_dn", "tls_client_auth needs exactly one name of the certificate.");
        }
        (_, [(field, _), ..]) => return rule(*field, "Only tls_client_auth tells a certificate by its name."),
        (_, []) => {}
    }
    let address = settings.tls_client_auth_san_ip.as_ref();
    if address.is_some_and(|text| text.parse::<std::net::IpAddr>().is_err()) {
        return rule("tls_client_auth_san_ip", "Give one IPv4 or IPv6 address.");
    }
    if method == AuthMethod::SelfSignedTlsClientAuth && settings.jwks.is_none() && settings.jwks_uri.is_none() {
        return rule("jwks", "self_signed_tls_client_auth needs the certificate or its key: jwks or jwks_uri.");
    }
    Ok(())
}

/// Attributes with values, at least one. Whether each is known is seen when it is compared.
fn is_name_of_subject(name: &str) -> bool {
    !name.contains(char::is_control)
        && name.split_once('=').is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
}

fn check_names(settings: &ClientSettings) -> Result<(), SettingsRule> {
    check_list("scope", &settings.scope)?;
    for (index, scope) in settings.scope.iter().enumerate() {
        if !is_scope_token(scope) {
            return rule(
                format!("scope[{index}]"),
                "A scope is printable ASCII without spaces, commas, quotes and backslashes.",
            );
        }
        if resource_of_consent(scope).is_some() {
            return rule(format!("scope[{index}]"), "A scope does not begin with resource: (that names a resource).");
        }
    }
    check_list("authorization_details_types", &settings.authorization_details_types)?;
    for (index, name) in settings.authorization_details_types.iter().enumerate() {
        if !(1..=MAX_TYPE).contains(&name.len()) || name.contains(char::is_control) {
            return rule(
                format!("authorization_details_types[{index}]"),
                "A type has 1 to 256 bytes without control characters.",
            );
        }
    }
    check_acr_values("default_acr_values", &settings.default_acr_values)?;
    check_list("contacts", &settings.contacts)?;
    if let Some(index) = settings.contacts.iter().position(|contact| !is_line(contact, MAX_CONTACT)) {
        return rule(format!("contacts[{index}]"), "A contact is 1 to 254 visible characters on one line.");
    }
    for (field, text) in [("software_id", &settings.software_id), ("software_version", &settings.software_version)] {
        if text.as_ref().is_some_and(|text| !is_line(text, MAX_SOFTWARE)) {
            return rule(field, "Use 1 to 128 visible characters on one line.");
        }
    }
    check_list("access_token_audience", &settings.access_token_audience)?;
    for (index, audience) in settings.access_token_audience.iter().enumerate() {
        let field = || format!("access_token_audience[{index}]");
        if !(1..=MAX_AUDIENCE).contains(&audience.len()) || audience.contains(char::is_control) {
            return rule(field(), "An audience is a text of 1 to 512 bytes without control characters.");
        }
        // RFC 7519 §2 StringOrURI: what holds a colon is a URI.
        if audience.contains(':') && url::Url::parse(audience).is_err() {
            return rule(field(), "An audience with a colon is an absolute URI.");
        }
    }
    Ok(())
}

fn check_lifetimes(settings: &ClientSettings) -> Result<(), SettingsRule> {
    for (field, seconds) in [
        ("access_token_lifetime", settings.access_token_lifetime),
        ("id_token_lifetime", settings.id_token_lifetime),
        ("refresh_token_lifetime", settings.refresh_token_lifetime),
    ] {
        if seconds.is_some_and(|seconds| !(1..=MAX_LIFETIME).contains(&seconds)) {
            return rule(field, "A lifetime is 1 to 31536000 seconds.");
        }
    }
    if settings.default_max_age.is_some_and(|seconds| !(0..=MAX_LIFETIME).contains(&seconds)) {
        return rule("default_max_age", "An age is 0 to 31536000 seconds.");
    }
    Ok(())
}

/// Classes of authentication. One that is not reached here stays a wish: nothing fails by it.
pub(super) fn check_acr_values(field: &str, classes: &[String]) -> Result<(), SettingsRule> {
    check_list(field, classes)?;
    let is_class = |class: &String| (1..=MAX_ACR).contains(&class.len()) && class.bytes().all(|b| b.is_ascii_graphic());
    match classes.iter().position(|class| !is_class(class)) {
        Some(index) => rule(format!("{field}[{index}]"), "A class is 1 to 128 visible ASCII characters."),
        None => Ok(()),
    }
}

fn check_list(field: &str, items: &[String]) -> Result<(), SettingsRule> {
    if items.len() > MAX_ITEMS {
        return rule(field, "A list has at most 100 entries.");
    }
    let mut known = HashSet::new();
    match items.iter().position(|item| !known.insert(item)) {
        Some(index) => rule(format!("{field}[{index}]"), "List each entry once."),
        None => Ok(()),
    }
}

/// A line for people, of at most `longest` characters: nothing that controls, reorders or hides text.
pub(super) fn is_line(text: &str, longest: usize) -> bool {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    !text.trim().is_empty() && text.chars().count() <= longest && !text.contains(hides)
}

pub(super) fn is_https(uri: &str) -> bool {
    uri.starts_with("https://") && check_registrable(ClientKind::Web, uri).is_ok()
}

mod backchannel;
mod encryption;
mod sector;

pub use sector::{find as find_sector, lists_all as sector_lists_all};

#[cfg(test)]
mod tests;
