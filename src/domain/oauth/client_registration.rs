//! What a program says of itself when it registers, and the settings that this becomes: the one map
//! in both directions (RFC 7591 §2 and §3.2, RFC 7592 §2.2, OIDC Dynamic Registration 1.0 §2).

use serde_json::{Map, Value, json};

use super::{
    ErrorCode, GrantType, OAuthError, RegistrationPolicy, SettingsRule, check_settings, client_metadata::is_line,
    redirect_uri::LOOPBACK_ORIGINS, scope::parse_scope,
};
use crate::{
    entity::{AuthMethod, Client, ClientKind, ClientSettings},
    trace::Reason,
};

/// The settings that a program chooses for itself, by their names in the registry of RFC 7591.
const OWN: &[&str] = &[
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
    "tls_client_certificate_bound_access_tokens",
    "grant_types",
    "response_types",
    "response_modes",
    "scope",
    "jwks",
    "jwks_uri",
    "subject_type",
    "sector_identifier_uri",
    "id_token_signed_response_alg",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "require_signed_request_object",
    "request_uris",
    "default_max_age",
    "default_acr_values",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "contacts",
    "initiate_login_uri",
    "software_id",
    "software_version",
    "backchannel_token_delivery_mode",
    "backchannel_client_notification_endpoint",
    "backchannel_authentication_request_signing_alg",
];

/// The settings that only an administrator chooses; they survive when the program changes its own.
const ADMINISTRATORS: &[&str] = &[
    "id_token_claims",
    "access_token_format",
    "access_token_signed_response_alg",
    "access_token_audience",
    "authorization_details_types",
    "client_assertion_audience",
    "require_pkce",
    "consent",
    "may_introspect",
    "quarantined",
    "access_token_lifetime",
    "id_token_lifetime",
    "refresh_token_lifetime",
    "security_profile",
    "require_encrypted_request_object",
];

/// Members that ask for a protection. Unknown members are ignored (RFC 7591 §2), but who asks to be
/// protected and is not must hear it. Those that this server offers are in [`OWN`].
const PROTECTIONS: &[&str] = &[
    "subject_type",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
];

/// The longest name of an app, in characters.
const MAX_NAME: usize = 128;
/// The name of an app that gives none.
const NAMELESS: &str = "Unnamed app";

/// A program's own description of itself, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What people see.
    pub name: String,
    /// The kind of program.
    pub kind: ClientKind,
    /// Everything else.
    pub settings: ClientSettings,
}

/// Why a description is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRefusal {
    /// The refusal.
    pub error: OAuthError,
    /// The member that is wrong: `redirect_uris[1]`. Ours or a registered name, never free text.
    pub field: String,
}

impl RegistrationRefusal {
    fn new(code: ErrorCode, reason: Reason, field: impl Into<String>) -> Self {
        Self { error: OAuthError::new(code, reason), field: field.into() }
    }

    /// `invalid_client_metadata`.
    pub fn metadata(field: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidClientMetadata, Reason::RegistrationMetadata, field)
    }

    /// A protection that is not offered.
    pub fn protection(broken: SettingsRule) -> Self {
        Self::new(ErrorCode::InvalidClientMetadata, Reason::RegistrationProtection, broken.field)
    }

    /// `invalid_client_metadata`, with the rule.
    fn ruled(field: impl Into<String>, rule: &'static str) -> Self {
        let refusal = Self::metadata(field);
        Self { error: OAuthError { description: rule, ..refusal.error }, ..refusal }
    }
}

/// Understands client metadata. `kept`: the settings of the client that is being replaced, of which
/// the administrator's stay. A new client gets the policy's security profile; whatever profile it has, what it
/// says keeps to it, and what it leaves out is as the profile wants it.
///
/// # Errors
/// `invalid_redirect_uri`, `invalid_client_metadata` or `invalid_software_statement`, with the member.
pub fn parse_metadata(
    members: &Map<String, Value>,
    kept: Option<&ClientSettings>,
    policy: &RegistrationPolicy,
) -> Result<Registration, RegistrationRefusal> {
    // A null says the same as nothing (RFC 7592 §2.2).
    let given = |name: &str| members.get(name).filter(|value| !value.is_null());
    if given("software_statement").is_some() {
        let reason = Reason::SoftwareStatementRefused;
        return Err(RegistrationRefusal::new(ErrorCode::InvalidSoftwareStatement, reason, "software_statement"));
    }
    check_protections(members)?;
    let kind = kind_of(members)?;
    let mut document = object(&start(kind, kept, policy));
    let mut settings = read(&document, "client_metadata")?;
    for name in OWN {
        let Some(value) = given(name) else { continue };
        let value = if *name == "scope" { scope_list(value)? } else { value.clone() };
        document.insert((*name).to_owned(), value);
        settings = read(&document, name)?;
    }
    narrow_scope(&mut settings, given("scope").is_some(), kept, policy)?;
    check_grants(&settings, given("response_types").is_some(), kept, policy)?;
    if !settings.token_endpoint_auth_method.is_confidential() {
        settings.require_pkce = true;
    }
    if let Some(profile) = settings.security_profile {
        settings = profile.impose(settings, |name| given(name).is_some()).map_err(|broken| {
            let (code, reason) = (ErrorCode::InvalidClientMetadata, Reason::RegistrationProfile);
            RegistrationRefusal { error: OAuthError { code, description: broken.rule, reason }, field: broken.field }
        })?;
    }
    check_settings(kind, &settings).map_err(|broken| {
        let (code, reason) = match broken.field.starts_with("redirect_uris") {
            true => (ErrorCode::InvalidRedirectUri, Reason::RegistrationRedirectUri),
            false => (ErrorCode::InvalidClientMetadata, Reason::RegistrationMetadata),
        };
        let error = OAuthError { code, description: broken.rule, reason };
        RegistrationRefusal { error, field: broken.field }
    })?;
    let name = match given("client_name") {
        None => NAMELESS.to_owned(),
        Some(Value::String(name)) if is_line(name, MAX_NAME) => name.clone(),
        Some(_) => {
            return Err(RegistrationRefusal::ruled("client_name", "Use 1 to 128 visible characters on one line."));
        }
    };
    Ok(Registration { name, kind, settings })
}

/// The client as its own program may see it: every member that is stored, with the stored value, and what holds where
/// nothing was said (RFC 7591 §3.2.1).
pub fn describe(client: &Client) -> Map<String, Value> {
    let stored = object(&client.settings);
    let is_something = |value: &Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
    let mut members: Map<String, Value> = OWN
        .iter()
        .filter_map(|name| stored.get(*name).filter(|value| is_something(value)).map(|value| (*name, value)))
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    members.extend(defaults_of(&client.settings).map(|(name, value)| (name.to_owned(), value)));
    members.insert("client_id".to_owned(), json!(client.client_id));
    members.insert("client_id_issued_at".to_owned(), json!(client.created_at.seconds()));
    members.insert("client_name".to_owned(), json!(client.name));
    members.insert("application_type".to_owned(), json!(application_type(client.kind)));
    members.insert("scope".to_owned(), json!(client.settings.scope.join(" ")));
    // Also where there are none.
    members.insert("response_types".to_owned(), json!(client.settings.response_types));
    members
}

/// Members that a stored client lacks where they have their default (OIDC Dynamic Registration 2).
fn defaults_of(settings: &ClientSettings) -> impl Iterator<Item = (&'static str, Value)> {
    let always = [
        ("subject_type", json!(settings.subject_type)),
        ("backchannel_logout_session_required", json!(settings.backchannel_logout_session_required)),
        ("frontchannel_logout_session_required", json!(settings.frontchannel_logout_session_required)),
    ];
    let encrypted = [
        ("id_token_encrypted_response_enc", settings.id_token_encryption()),
        ("userinfo_encrypted_response_enc", settings.userinfo_encryption()),
        ("authorization_encrypted_response_enc", settings.authorization_encryption()),
        ("introspection_encrypted_response_enc", settings.introspection_encryption()),
        ("request_object_encryption_enc", settings.request_object_encryption()),
    ];
    let encrypted = encrypted.into_iter().filter_map(|(name, choice)| Some((name, json!(choice?.enc))));
    always.into_iter().chain(encrypted)
}

const fn application_type(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Native | ClientKind::Agent => "native",
        ClientKind::Web | ClientKind::Spa | ClientKind::Machine => "web",
    }
}

/// The settings before the program had its say: the defaults of RFC 7591 §2, this server's policy,
/// and what an administrator has set on the client before.
fn start(kind: ClientKind, kept: Option<&ClientSettings>, policy: &RegistrationPolicy) -> ClientSettings {
    let defaults = ClientSettings {
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        grant_types: vec![GrantType::AuthorizationCode],
        scope: policy.scope.clone(),
        require_pkce: policy.require_pkce,
        security_profile: policy.profile,
        ..ClientSettings::of_kind(kind)
    };
    let Some(kept) = kept else { return defaults };
    let (mut document, before) = (object(&defaults), object(kept));
    for name in ADMINISTRATORS {
        match before.get(*name) {
            Some(value) => document.insert((*name).to_owned(), value.clone()),
            None => document.remove(*name),
        };
    }
    serde_json::from_value(Value::Object(document)).unwrap_or(defaults)
}

fn object(settings: &ClientSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn read(document: &Map<String, Value>, field: &str) -> Result<ClientSettings, RegistrationRefusal> {
    serde_json::from_value(Value::Object(document.clone())).map_err(|_| RegistrationRefusal::metadata(field))
}

/// A client that names no `application_type` and has an address that only a native app can have is
/// one: command-line tools and editors rarely say so (RFC 8252 §7). Some say `web` all the same, which is the default
/// of the field (OIDC Dynamic Registration 1.0 §2), and list a scheme of their own; the answer tells them what they are.
fn kind_of(members: &Map<String, Value>) -> Result<ClientKind, RegistrationRefusal> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let list = |name: &str| members.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let redirects = list("redirect_uris");
    let redirects_to = |is: fn(&str) -> bool| redirects.iter().filter_map(Value::as_str).any(is);
    match members.get("application_type").filter(|value| !value.is_null()) {
        Some(Value::String(name)) if name == "native" => return Ok(ClientKind::Native),
        Some(Value::String(name)) if name == "web" && redirects_to(has_own_scheme) => return Ok(ClientKind::Native),
        Some(Value::String(name)) if name == "web" => {}
        Some(_) => return Err(RegistrationRefusal::metadata("application_type")),
        None if redirects_to(is_native) => return Ok(ClientKind::Native),
        None => {}
    }
    let only_itself = redirects.is_empty() && list("grant_types") == [json!(GrantType::ClientCredentials.name())];
    Ok(match text("token_endpoint_auth_method") {
        Some("none") => ClientKind::Spa,
        _ if only_itself => ClientKind::Machine,
        _ => ClientKind::Web,
    })
}

fn is_native(uri: &str) -> bool {
    has_own_scheme(uri) || LOOPBACK_ORIGINS.iter().any(|origin| uri.starts_with(origin))
}

fn has_own_scheme(uri: &str) -> bool {
    !uri.starts_with("https:") && !uri.starts_with("http:")
}

fn check_protections(members: &Map<String, Value>) -> Result<(), RegistrationRefusal> {
    for name in PROTECTIONS.iter().filter(|name| !OWN.contains(*name)) {
        let harmless = match members.get(*name) {
            None | Some(Value::Null | Value::Bool(false)) => true,
            Some(Value::String(text)) => *name == "subject_type" && text == "public",
            Some(_) => false,
        };
        if !harmless {
            let (code, reason) = (ErrorCode::InvalidClientMetadata, Reason::RegistrationProtection);
            return Err(RegistrationRefusal::new(code, reason, *name));
        }
    }
    Ok(())
}

/// RFC 7591 §2: one text, separated by spaces; here a list.
fn scope_list(value: &Value) -> Result<Value, RegistrationRefusal> {
    let scope = value.as_str().and_then(|text| parse_scope(text).ok());
    scope.map(|scope| json!(scope)).ok_or_else(|| RegistrationRefusal::metadata("scope"))
}

/// The server may register less than was asked for (RFC 7591 §3.2.1), and says so by its answer.
/// What an administrator has added to the client stays.
fn narrow_scope(
    settings: &mut ClientSettings,
    asked: bool,
    kept: Option<&ClientSettings>,
    policy: &RegistrationPolicy,
) -> Result<(), RegistrationRefusal> {
    let wanted_some = asked && !settings.scope.is_empty();
    let has = |scope: &String| kept.is_some_and(|kept| kept.scope.contains(scope));
    settings.scope.retain(|scope| policy.scope.contains(scope) || has(scope));
    if wanted_some && settings.scope.is_empty() {
        let (code, reason) = (ErrorCode::InvalidClientMetadata, Reason::RegistrationNotAllowed);
        return Err(RegistrationRefusal::new(code, reason, "scope"));
    }
    Ok(())
}

/// Grants within the policy, and response types that fit to them (RFC 7591 §2.1).
fn check_grants(
    settings: &ClientSettings,
    response_types_given: bool,
    kept: Option<&ClientSettings>,
    policy: &RegistrationPolicy,
) -> Result<(), RegistrationRefusal> {
    let has = |grant: &GrantType| kept.is_some_and(|kept| kept.grant_types.contains(grant));
    if settings.grant_types.iter().any(|grant| !policy.grant_types.contains(grant) && !has(grant)) {
        let (code, reason) = (ErrorCode::InvalidClientMetadata, Reason::RegistrationNotAllowed);
        return Err(RegistrationRefusal::new(code, reason, "grant_types"));
    }
    let has_code = settings.response_types.iter().any(|kind| kind.has_code());
    if response_types_given && has_code && !settings.grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(RegistrationRefusal::ruled("response_types", "Response types with code need authorization_code."));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
