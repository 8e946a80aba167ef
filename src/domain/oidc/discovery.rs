//! The metadata documents, computed from what is registered (OIDC Discovery 1.0 §3, RFC 8414 §2).
//! A member that does not apply is left out; booleans whose defaults mislead are stated.

use serde_json::{Map, Value};

use crate::{
    entity::{AuthMethod, SubjectType, TokenDeliveryMode},
    jose::{ContentEncryption, KeyManagementAlgorithm, SigningAlgorithm},
    oauth::{AssertionAlgorithm, GrantType},
};

/// The endpoints that metadata knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// RFC 6749 §3.1.
    Authorization,
    /// RFC 6749 §3.2.
    Token,
    /// OIDC Core 5.3.
    Userinfo,
    /// RFC 7517 §5.
    Jwks,
    /// RFC 7662.
    Introspection,
    /// RFC 7009.
    Revocation,
    /// RFC 9126.
    PushedAuthorizationRequest,
    /// OIDC RP-Initiated Logout 1.0.
    EndSession,
    /// OIDC Session Management 1.0.
    CheckSession,
    /// RFC 7591, while clients may register themselves.
    Registration,
    /// RFC 8628 §4.
    DeviceAuthorization,
    /// OpenID Connect CIBA Core 1.0 §4.
    BackchannelAuthentication,
}

impl Endpoint {
    /// The metadata member.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Authorization => "authorization_endpoint",
            Self::Token => "token_endpoint",
            Self::Userinfo => "userinfo_endpoint",
            Self::Jwks => "jwks_uri",
            Self::Introspection => "introspection_endpoint",
            Self::Revocation => "revocation_endpoint",
            Self::PushedAuthorizationRequest => "pushed_authorization_request_endpoint",
            Self::EndSession => "end_session_endpoint",
            Self::CheckSession => "check_session_iframe",
            Self::Registration => "registration_endpoint",
            Self::DeviceAuthorization => "device_authorization_endpoint",
            Self::BackchannelAuthentication => "backchannel_authentication_endpoint",
        }
    }

    /// Whether the endpoint exists only for OpenID Connect.
    const fn is_openid(self) -> bool {
        matches!(self, Self::Userinfo | Self::EndSession | Self::CheckSession | Self::BackchannelAuthentication)
    }
}

/// What this server can do, from its own tables. An empty list leaves its member out.
#[derive(Clone, Debug, Default)]
pub struct Capabilities<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// Each endpoint that is served, with its path from `/`.
    pub endpoints: &'a [(Endpoint, &'a str)],
    /// The grants of the token endpoint, and `implicit`.
    pub grant_types: &'a [GrantType],
    /// `response_types_supported`.
    pub response_types: &'a [&'a str],
    /// `response_modes_supported`.
    pub response_modes: &'a [&'a str],
    /// How clients authenticate at the token endpoint.
    pub token_auth_methods: &'a [AuthMethod],
    /// How clients authenticate at the introspection endpoint: never `none`.
    pub introspection_auth_methods: &'a [AuthMethod],
    /// How clients authenticate at the revocation endpoint.
    pub revocation_auth_methods: &'a [AuthMethod],
    /// The algorithms accepted in client assertions.
    pub client_assertion_algs: &'a [AssertionAlgorithm],
    /// Where clients with certificates go: another name of this server.
    pub mtls_base: Option<&'a str>,
    /// The algorithms accepted in DPoP proofs.
    pub dpop_algs: &'a [SigningAlgorithm],
    /// The algorithms that authorization responses are signed with (JARM).
    pub authorization_algs: &'a [SigningAlgorithm],
    /// The algorithms accepted in request objects, `none` where a client may register it; empty if
    /// there are no request objects.
    pub request_object_algs: &'a [&'a str],
    /// How clients hear of answers over the back channel.
    pub delivery_modes: &'a [TokenDeliveryMode],
    /// The algorithms that requests over the back channel may be signed with.
    pub backchannel_request_algs: &'a [SigningAlgorithm],
    /// The algorithms that ID tokens are signed with.
    pub id_token_algs: &'a [SigningAlgorithm],
    /// The algorithms that UserInfo responses are signed with; empty if they are plain JSON only.
    pub userinfo_algs: &'a [SigningAlgorithm],
    /// The algorithms that introspection answers are signed with, when asked for as JWTs.
    pub introspection_algs: &'a [SigningAlgorithm],
    /// `alg` of what is encrypted for clients, and for this server.
    pub encryption_algs: &'a [KeyManagementAlgorithm],
    /// `enc` of what is encrypted for clients, and for this server.
    pub content_encryptions: &'a [ContentEncryption],
    /// `subject_types_supported`.
    pub subject_types: &'a [SubjectType],
    /// `scopes_supported`.
    pub scopes: &'a [&'a str],
    /// `protected_resources` (RFC 9728 §4).
    pub protected_resources: &'a [&'a str],
    /// `authorization_details_types_supported` (RFC 9396 §10).
    pub authorization_details_types: &'a [&'a str],
    /// `claims_supported`.
    pub claims: &'a [&'a str],
    /// `prompt_values_supported`.
    pub prompt_values: &'a [&'a str],
    /// `acr_values_supported`.
    pub acr_values: &'a [&'a str],
    /// `ui_locales_supported`, BCP 47.
    pub ui_locales: &'a [&'a str],
    /// A `client_id` may be the address of a metadata document.
    pub client_id_metadata_documents: bool,
    /// `service_documentation`: a path from `/`.
    pub documentation: Option<&'a str>,
}

/// The document at `/.well-known/oauth-authorization-server` (RFC 8414).
pub fn oauth_authorization_server(capabilities: &Capabilities<'_>) -> Map<String, Value> {
    let c = capabilities;
    let mut document = Document(Map::new());
    document.put("issuer", c.issuer.into());
    for (endpoint, path) in c.endpoints.iter().filter(|(endpoint, _)| !endpoint.is_openid()) {
        document.put(endpoint.member(), address(c.issuer, path));
    }
    document.list("grant_types_supported", c.grant_types.iter().map(|grant| grant.name()));
    document.list("response_types_supported", c.response_types.iter().copied());
    document.list("response_modes_supported", c.response_modes.iter().copied());
    // JARM, whose members RFC 8414's registry has too.
    document.list("authorization_signing_alg_values_supported", c.authorization_algs.iter().map(|alg| alg.name()));
    document.encryption("authorization", c);
    document.list("scopes_supported", c.scopes.iter().copied());
    document.list("protected_resources", c.protected_resources.iter().copied());
    document.list("authorization_details_types_supported", c.authorization_details_types.iter().copied());
    document.list("ui_locales_supported", c.ui_locales.iter().copied());
    document.list("code_challenge_methods_supported", ["S256"].into_iter());
    for (endpoint, methods) in [
        (Endpoint::Token, c.token_auth_methods),
        (Endpoint::Introspection, c.introspection_auth_methods),
        (Endpoint::Revocation, c.revocation_auth_methods),
    ] {
        if c.endpoints.iter().any(|(served, _)| *served == endpoint) {
            document.authentication(endpoint.member(), methods, c.client_assertion_algs);
        }
    }
    // RFC 9701 §7.
    if c.endpoints.iter().any(|(served, _)| *served == Endpoint::Introspection) {
        document.list("introspection_signing_alg_values_supported", c.introspection_algs.iter().map(|alg| alg.name()));
        document.encryption("introspection", c);
    }
    if c.endpoints.iter().any(|(served, _)| *served == Endpoint::PushedAuthorizationRequest) {
        // Of all clients; a client of its own may be required to (RFC 9126 §5 and §6).
        document.put("require_pushed_authorization_requests", false.into());
    }
    if let Some(base) = c.mtls_base {
        document.put("tls_client_certificate_bound_access_tokens", true.into());
        document.put("mtls_endpoint_aliases", aliases(c, base, |endpoint| !endpoint.is_openid()));
    }
    document.list("dpop_signing_alg_values_supported", c.dpop_algs.iter().map(|alg| alg.name()));
    // The default of the second one is true (OIDC Discovery 1.0 §3).
    for member in ["request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"]
    {
        document.put(member, (!c.request_object_algs.is_empty()).into());
    }
    document.list("request_object_signing_alg_values_supported", c.request_object_algs.iter().copied());
    if !c.request_object_algs.is_empty() {
        document.encryption("request_object", c);
    }
    document.put("authorization_response_iss_parameter_supported", true.into());
    if c.client_id_metadata_documents {
        document.put("client_id_metadata_document_supported", true.into());
    }
    if let Some(path) = c.documentation {
        document.put("service_documentation", address(c.issuer, path));
    }
    document.0
}

/// The document at `/.well-known/openid-configuration` (OIDC Discovery 1.0): all of the other, and
/// what is OpenID Connect's own.
pub fn openid_configuration(capabilities: &Capabilities<'_>) -> Map<String, Value> {
    let c = capabilities;
    let mut document = Document(oauth_authorization_server(c));
    for (endpoint, path) in c.endpoints.iter().filter(|(endpoint, _)| endpoint.is_openid()) {
        document.put(endpoint.member(), address(c.issuer, path));
    }
    if let Some(base) = c.mtls_base {
        document.put("mtls_endpoint_aliases", aliases(c, base, |_| true));
    }
    document.list("subject_types_supported", c.subject_types.iter().map(|kind| kind.name()));
    document.list("id_token_signing_alg_values_supported", c.id_token_algs.iter().map(|alg| alg.name()));
    document.list("userinfo_signing_alg_values_supported", c.userinfo_algs.iter().map(|alg| alg.name()));
    document.encryption("id_token", c);
    document.encryption("userinfo", c);
    document.list("claim_types_supported", ["normal"].into_iter());
    document.list("claims_supported", c.claims.iter().copied());
    document.list("display_values_supported", ["page"].into_iter());
    document.list("prompt_values_supported", c.prompt_values.iter().copied());
    document.list("acr_values_supported", c.acr_values.iter().copied());
    document.put("claims_parameter_supported", true.into());
    if c.endpoints.iter().any(|(served, _)| *served == Endpoint::BackchannelAuthentication) {
        let algs = c.backchannel_request_algs.iter().map(|alg| alg.name());
        document.list("backchannel_token_delivery_modes_supported", c.delivery_modes.iter().map(|mode| mode.name()));
        document.list("backchannel_authentication_request_signing_alg_values_supported", algs);
        document.put("backchannel_user_code_parameter_supported", false.into());
    }
    for channel in ["backchannel", "frontchannel"] {
        document.put(&format!("{channel}_logout_supported"), true.into());
        document.put(&format!("{channel}_logout_session_supported"), true.into());
    }
    document.0
}

/// The endpoints that a program calls, under the other name (RFC 8705 §5).
fn aliases(c: &Capabilities<'_>, base: &str, wanted: impl Fn(Endpoint) -> bool) -> Value {
    use Endpoint::{Authorization, CheckSession, EndSession, Jwks};
    let elsewhere = [Authorization, EndSession, CheckSession, Jwks];
    let served = c.endpoints.iter().filter(|(endpoint, _)| !elsewhere.contains(endpoint) && wanted(*endpoint));
    served.map(|(endpoint, path)| (endpoint.member().to_owned(), address(base, path))).collect::<Map<_, _>>().into()
}

/// The issuer's own string is never changed; only the join avoids a double slash.
fn address(issuer: &str, path: &str) -> Value {
    format!("{}{path}", issuer.strip_suffix('/').unwrap_or(issuer)).into()
}

struct Document(Map<String, Value>);

impl Document {
    fn put(&mut self, member: &str, value: Value) {
        self.0.insert(member.to_owned(), value);
    }

    fn list<'a>(&mut self, member: &str, values: impl Iterator<Item = &'a str>) {
        let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
        if !values.is_empty() {
            self.put(member, values.into());
        }
    }

    /// What answers of this kind are encrypted with.
    fn encryption(&mut self, kind: &str, c: &Capabilities<'_>) {
        self.list(&format!("{kind}_encryption_alg_values_supported"), c.encryption_algs.iter().map(|alg| alg.name()));
        self.list(
            &format!("{kind}_encryption_enc_values_supported"),
            c.content_encryptions.iter().map(|enc| enc.name()),
        );
    }

    /// The algorithms are required next to a method that signs, and meaningless without one.
    fn authentication(&mut self, endpoint: &str, methods: &[AuthMethod], algs: &[AssertionAlgorithm]) {
        self.list(&format!("{endpoint}_auth_methods_supported"), methods.iter().map(|method| method.name()));
        let member = format!("{endpoint}_auth_signing_alg_values_supported");
        self.list(&member, algs.iter().filter(|alg| methods.contains(&alg.method())).map(|alg| alg.name()));
    }
}

#[cfg(test)]
mod tests;
