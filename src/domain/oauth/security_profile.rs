//! Security profiles: one name for a set of rules that a client keeps to, whatever else it is registered
//! for. The rules are data; settings, requests and tokens are judged by the same table (OAuth 2.1, FAPI 1.0
//! Advanced 5.2.2 and 8.6, FAPI 2.0 Security Profile 5.3 and 5.4, FAPI 2.0 Message Signing 5.3 and 5.4,
//! FAPI-CIBA 5.2.2, MCP Authorization).

use serde::{Deserialize, Serialize};

use super::{AssertionAlgorithm, ErrorCode, GrantType, OAuthError, ResponseMode, ResponseType, SettingsRule};
use crate::{
    entity::{AssertionAudience, AuthMethod, Client, ClientSettings},
    jose::{RequestObjectAlgorithm, SigningAlgorithm},
    trace::Reason,
};

/// The name of a set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SecurityProfile {
    /// OAuth 2.1: codes with PKCE.
    #[serde(rename = "oauth2.1")]
    OAuth21,
    /// FAPI 1.0 Advanced: signed requests, signed or detached-signed answers, tokens bound to a certificate.
    #[serde(rename = "fapi1-advanced")]
    Fapi1Advanced,
    /// FAPI 2.0 Security Profile: pushed requests, PKCE, tokens bound to a key.
    #[serde(rename = "fapi2-security")]
    Fapi2Security,
    /// FAPI 2.0 Message Signing: the same, and requests and answers are signed.
    #[serde(rename = "fapi2-message-signing")]
    Fapi2MessageSigning,
    /// FAPI-CIBA: signed requests over the back channel, tokens bound to a certificate.
    #[serde(rename = "fapi-ciba")]
    FapiCiba,
    /// Clients of the Model Context Protocol.
    #[serde(rename = "mcp")]
    Mcp,
    /// Nothing beyond what every client keeps to: said on purpose.
    #[serde(rename = "legacy")]
    Legacy,
}

/// How a client's requests may come in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestObjects {
    /// Or not; signed or, where it is registered, unsigned.
    Any,
    /// Or not, but signed if they do.
    Signed,
    /// Always, signed.
    Required,
}

/// Whether answers of the authorization endpoint are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedResponses {
    /// As the request wants.
    Optional,
    /// Always, as JARM or by the ID token that comes with the code.
    OrIdToken,
    /// Always, as JARM.
    Required,
}

/// What tokens are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderConstraint {
    /// To what the client shows, if it shows something.
    Optional,
    /// To a key or a certificate.
    KeyOrCertificate,
    /// To a certificate.
    Certificate,
}

/// What becomes of a refresh token that is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokens {
    /// It is replaced.
    Rotated,
    /// It stays, where a thief could not use it.
    Kept,
}

/// The rules of a profile. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileRules {
    /// How clients may authenticate, preferred first. Public clients are allowed where `none` is.
    pub auth_methods: &'static [AuthMethod],
    /// What may sign anything that comes from the client or goes to it, preferred first.
    pub algorithms: &'static [SigningAlgorithm],
    /// What may come back from the authorization endpoint, preferred first.
    pub response_types: &'static [ResponseType],
    /// Codes need PKCE, also of confidential clients.
    pub pkce: bool,
    /// Codes need it at least where the request is pushed.
    pub pkce_when_pushed: bool,
    /// Requests are pushed.
    pub pushed_requests: bool,
    /// Requests in objects.
    pub request_objects: RequestObjects,
    /// Request objects may be fetched from the client's addresses.
    pub requests_by_reference: bool,
    /// The longest life of request objects, which then must name it.
    pub longest_request_object: Option<i64>,
    /// What a bad request object is answered with.
    pub bad_request_object: ErrorCode,
    /// Signed answers.
    pub signed_responses: SignedResponses,
    /// What tokens are bound to.
    pub sender_constraint: SenderConstraint,
    /// The audience of client assertions, if there is a rule.
    pub assertion_audience: Option<AssertionAudience>,
    /// What becomes of refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// The longest life of codes.
    pub longest_code: Option<i64>,
}

const LEGACY: ProfileRules = ProfileRules {
    auth_methods: &AuthMethod::ALL,
    algorithms: &SigningAlgorithm::ALL,
    response_types: &ResponseType::ALL,
    pkce: false,
    pkce_when_pushed: false,
    pushed_requests: false,
    request_objects: RequestObjects::Any,
    requests_by_reference: true,
    longest_request_object: None,
    bad_request_object: ErrorCode::InvalidRequestObject,
    signed_responses: SignedResponses::Optional,
    sender_constraint: SenderConstraint::Optional,
    assertion_audience: None,
    refresh_tokens: RefreshTokens::Rotated,
    longest_code: None,
};

const OAUTH_2_1: ProfileRules = ProfileRules {
    response_types: &[ResponseType::Code],
    pkce: true,
    request_objects: RequestObjects::Signed,
    ..LEGACY
};

const MCP: ProfileRules = ProfileRules { requests_by_reference: false, ..OAUTH_2_1 };

const FAPI_1: ProfileRules = ProfileRules {
    auth_methods: &[AuthMethod::PrivateKeyJwt, AuthMethod::TlsClientAuth, AuthMethod::SelfSignedTlsClientAuth],
    algorithms: &[SigningAlgorithm::ES256, SigningAlgorithm::PS256],
    response_types: &[ResponseType::Code, ResponseType::CodeIdToken],
    pkce: false,
    // FAPI 1.0 Advanced 5.2.2-18.
    pkce_when_pushed: true,
    pushed_requests: false,
    request_objects: RequestObjects::Required,
    requests_by_reference: true,
    longest_request_object: Some(3600),
    bad_request_object: ErrorCode::InvalidRequestObject,
    signed_responses: SignedResponses::OrIdToken,
    sender_constraint: SenderConstraint::Certificate,
    assertion_audience: Some(AssertionAudience::Any),
    refresh_tokens: RefreshTokens::Rotated,
    longest_code: Some(60),
};

const FAPI_CIBA: ProfileRules =
    ProfileRules { requests_by_reference: false, bad_request_object: ErrorCode::InvalidRequest, ..FAPI_1 };

const FAPI_2: ProfileRules = ProfileRules {
    auth_methods: &[AuthMethod::PrivateKeyJwt, AuthMethod::TlsClientAuth, AuthMethod::SelfSignedTlsClientAuth],
    algorithms: &[SigningAlgorithm::ES256, SigningAlgorithm::PS256, SigningAlgorithm::EdDSA],
    response_types: &[ResponseType::Code],
    pkce: true,
    pkce_when_pushed: true,
    pushed_requests: true,
    request_objects: RequestObjects::Signed,
    requests_by_reference: false,
    longest_request_object: Some(3600),
    bad_request_object: ErrorCode::InvalidRequestObject,
    signed_responses: SignedResponses::Optional,
    sender_constraint: SenderConstraint::KeyOrCertificate,
    assertion_audience: Some(AssertionAudience::Issuer),
    refresh_tokens: RefreshTokens::Kept,
    longest_code: Some(60),
};

const FAPI_2_SIGNED: ProfileRules =
    ProfileRules { request_objects: RequestObjects::Required, signed_responses: SignedResponses::Required, ..FAPI_2 };

impl SecurityProfile {
    /// Every profile.
    pub const ALL: [Self; 7] = [
        Self::OAuth21,
        Self::Fapi1Advanced,
        Self::Fapi2Security,
        Self::Fapi2MessageSigning,
        Self::FapiCiba,
        Self::Mcp,
        Self::Legacy,
    ];

    /// The name in settings and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OAuth21 => "oauth2.1",
            Self::Fapi1Advanced => "fapi1-advanced",
            Self::Fapi2Security => "fapi2-security",
            Self::Fapi2MessageSigning => "fapi2-message-signing",
            Self::FapiCiba => "fapi-ciba",
            Self::Mcp => "mcp",
            Self::Legacy => "legacy",
        }
    }

    /// The profile of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Its rules.
    pub const fn rules(self) -> &'static ProfileRules {
        match self {
            Self::OAuth21 => &OAUTH_2_1,
            Self::Fapi1Advanced => &FAPI_1,
            Self::Fapi2Security => &FAPI_2,
            Self::Fapi2MessageSigning => &FAPI_2_SIGNED,
            Self::FapiCiba => &FAPI_CIBA,
            Self::Mcp => &MCP,
            Self::Legacy => &LEGACY,
        }
    }

    /// Whether a refusal for this reason is what one of the rules wants: the record then names the profile.
    pub fn wants(self, reason: Reason) -> bool {
        let rules = self.rules();
        let limits_algorithms = rules.limits_algorithms();
        match reason {
            Reason::ProfileAlgorithm | Reason::ApiAlgorithm => limits_algorithms,
            Reason::ProfileAudience => rules.assertion_audience == Some(AssertionAudience::Issuer),
            Reason::ClientMethodMismatch => rules.auth_methods.len() < AuthMethod::ALL.len(),
            Reason::ResponseTypeUnsupported => rules.response_types.len() < ResponseType::ALL.len(),
            Reason::PkceRequired => rules.pkce,
            Reason::PkceRequiredInPush => rules.pkce_when_pushed,
            Reason::PushedRequestRequired => rules.pushed_requests,
            Reason::SignedRequestRequired | Reason::BackchannelRequestUnsigned => {
                rules.request_objects == RequestObjects::Required
            }
            Reason::RequestObjectUnsigned => rules.request_objects != RequestObjects::Any,
            Reason::RequestUriNotRegistered => !rules.requests_by_reference,
            Reason::RequestObjectClaims => rules.longest_request_object.is_some(),
            Reason::ResponseModeNotAllowed => rules.signed_responses != SignedResponses::Optional,
            Reason::DpopProofMissing => rules.sender_constraint == SenderConstraint::KeyOrCertificate,
            Reason::CertificateMissing => rules.sender_constraint != SenderConstraint::Optional,
            Reason::CodeExpired => rules.longest_code.is_some(),
            Reason::RegistrationProfile => self != Self::Legacy,
            _ => false,
        }
    }

    /// The settings of a client that may not choose otherwise: what it said keeps to the profile, and what
    /// it left open is as the profile has it.
    ///
    /// # Errors
    /// The first thing that it `said` which breaks a rule.
    pub(super) fn impose(
        self,
        settings: ClientSettings,
        said: impl Fn(&str) -> bool,
    ) -> Result<ClientSettings, SettingsRule> {
        let rules = self.rules();
        match DEMANDS.iter().find(|(field, _, fits)| said(field) && !fits(rules, &settings)) {
            Some((field, rule, _)) => Err(SettingsRule { field: in_profile(field, self), rule }),
            None => Ok(self.apply(settings)),
        }
    }

    /// The settings that keep to the profile and differ least from these: what is allowed stays.
    #[must_use]
    pub fn apply(self, mut settings: ClientSettings) -> ClientSettings {
        let rules = self.rules();
        settings.security_profile = Some(self);
        prefer(&mut settings.token_endpoint_auth_method, rules.auth_methods);
        if !assertion_algorithm_fits(rules, &settings) {
            settings.token_endpoint_auth_signing_alg = None;
        }
        settings.client_assertion_audience = rules.assertion_audience.unwrap_or(settings.client_assertion_audience);
        for stored in [
            &mut settings.id_token_signed_response_alg,
            &mut settings.authorization_signed_response_alg,
            &mut settings.access_token_signed_response_alg,
        ] {
            prefer(stored, rules.algorithms);
        }
        if let Some(stored) = &mut settings.userinfo_signed_response_alg {
            prefer(stored, rules.algorithms);
        }
        if !rules.algorithms.contains(&introspection_algorithm(&settings)) {
            settings.introspection_signed_response_alg = rules.algorithms.first().copied();
        }
        if !request_object_algorithm_fits(rules, &settings) {
            settings.request_object_signing_alg = None;
        }
        if !backchannel_algorithm_fits(rules, &settings) {
            settings.backchannel_authentication_request_signing_alg = rules.algorithms.first().copied();
        }
        if !rules.requests_by_reference {
            settings.request_uris.clear();
        }
        settings.require_pkce |= rules.pkce;
        match rules.sender_constraint {
            SenderConstraint::Optional => {}
            SenderConstraint::KeyOrCertificate => {
                settings.dpop_bound_access_tokens |= !settings.tls_client_certificate_bound_access_tokens;
            }
            SenderConstraint::Certificate => settings.tls_client_certificate_bound_access_tokens = true,
        }
        if is_redirected(&settings) {
            apply_to_redirects(rules, &mut settings);
        }
        settings
    }
}

/// Those of these algorithms that the client's security profile allows it.
pub fn allowed_algorithms(
    client: &Client,
    offered: impl IntoIterator<Item = SigningAlgorithm>,
) -> Vec<SigningAlgorithm> {
    let rules = client.profile_rules();
    offered.into_iter().filter(|one| rules.is_none_or(|rules| rules.algorithms.contains(one))).collect()
}

/// Whether a DPoP proof of a client of this profile may be signed with this algorithm.
///
/// # Errors
/// `invalid_dpop_proof`.
pub fn check_proof_algorithm(profile: Option<SecurityProfile>, algorithm: SigningAlgorithm) -> Result<(), OAuthError> {
    match profile {
        Some(profile) if !profile.rules().algorithms.contains(&algorithm) => {
            Err(OAuthError::new(ErrorCode::InvalidDpopProof, Reason::ProfileAlgorithm))
        }
        _ => Ok(()),
    }
}

/// Why something of the client's is refused that is signed with an algorithm it may not use: because of its
/// profile, where that limits them.
pub fn algorithm_reason(client: &Client, otherwise: Reason) -> Reason {
    match client.profile_rules() {
        Some(rules) if rules.limits_algorithms() => Reason::ProfileAlgorithm,
        _ => otherwise,
    }
}

impl ProfileRules {
    /// Whether some algorithm that this server knows is not allowed.
    pub const fn limits_algorithms(&self) -> bool {
        self.algorithms.len() < SigningAlgorithm::ALL.len()
    }

    /// The refusal of a request object, as clients of the profile expect it.
    #[must_use]
    pub fn told(&self, error: OAuthError) -> OAuthError {
        match error.code {
            ErrorCode::InvalidRequestObject => OAuthError { code: self.bad_request_object, ..error },
            _ => error,
        }
    }
}

/// What concerns clients that have an authorization endpoint to go to.
fn apply_to_redirects(rules: &ProfileRules, settings: &mut ClientSettings) {
    settings.response_types.retain(|one| rules.response_types.contains(one));
    if settings.response_types.is_empty() {
        settings.response_types.extend(rules.response_types.first());
    }
    settings.require_pushed_authorization_requests |= rules.pushed_requests;
    settings.require_signed_request_object |= rules.request_objects == RequestObjects::Required;
    if !response_modes_fit(rules, settings) {
        settings.response_modes.retain(|mode| mode.is_signed());
        if settings.response_modes.is_empty() {
            settings.response_modes = ResponseMode::ALL.into_iter().filter(|mode| mode.is_signed()).collect();
        }
    }
}

fn prefer<T: Copy + PartialEq>(stored: &mut T, allowed: &[T]) {
    if let Some(first) = allowed.first().filter(|_| !allowed.contains(stored)) {
        *stored = *first;
    }
}

fn is_redirected(settings: &ClientSettings) -> bool {
    let redirected = [GrantType::AuthorizationCode, GrantType::Implicit];
    settings.grant_types.iter().any(|grant| redirected.contains(grant))
}

fn assertion_algorithm_fits(rules: &ProfileRules, settings: &ClientSettings) -> bool {
    match settings.token_endpoint_auth_signing_alg {
        None => true,
        // It goes with its method alone, which has a rule of its own.
        Some(AssertionAlgorithm::Secret) => rules.auth_methods.contains(&AuthMethod::ClientSecretJwt),
        Some(AssertionAlgorithm::Signature(algorithm)) => rules.algorithms.contains(&algorithm),
    }
}

fn request_object_algorithm_fits(rules: &ProfileRules, settings: &ClientSettings) -> bool {
    match settings.request_object_signing_alg {
        None => true,
        Some(RequestObjectAlgorithm::Unsigned) => rules.request_objects == RequestObjects::Any,
        Some(RequestObjectAlgorithm::Signed(algorithm)) => rules.algorithms.contains(&algorithm),
    }
}

/// Whoever asks over the back channel signs wherever requests are signed (FAPI-CIBA 5.2.2).
fn backchannel_algorithm_fits(rules: &ProfileRules, settings: &ClientSettings) -> bool {
    match settings.backchannel_authentication_request_signing_alg {
        None => rules.request_objects != RequestObjects::Required || !settings.grant_types.contains(&GrantType::Ciba),
        Some(algorithm) => rules.algorithms.contains(&algorithm),
    }
}

fn response_modes_fit(rules: &ProfileRules, settings: &ClientSettings) -> bool {
    let needed = match rules.signed_responses {
        SignedResponses::Optional => false,
        SignedResponses::OrIdToken => settings.response_types.iter().any(|one| !one.has_id_token()),
        SignedResponses::Required => true,
    };
    let modes = &settings.response_modes;
    !needed || (!modes.is_empty() && modes.iter().all(|mode| mode.is_signed()))
}

/// RS256 is what an introspection answer is signed with if nothing is registered (RFC 9701 §6).
fn introspection_algorithm(settings: &ClientSettings) -> SigningAlgorithm {
    settings.introspection_signed_response_alg.unwrap_or(SigningAlgorithm::RS256)
}

type Fits = fn(&ProfileRules, &ClientSettings) -> bool;

const ALGORITHM: &str = "Use an algorithm of the profile.";

/// What a profile demands of the settings: the setting, the rule in one sentence, and whether it is kept.
const DEMANDS: &[(&str, &str, Fits)] = &[
    ("token_endpoint_auth_method", "Use a method of authentication of the profile.", |rules, settings| {
        rules.auth_methods.contains(&settings.token_endpoint_auth_method)
    }),
    ("token_endpoint_auth_signing_alg", ALGORITHM, assertion_algorithm_fits),
    ("client_assertion_audience", "Assertions are for the audience that the profile names.", |rules, settings| {
        rules.assertion_audience.is_none_or(|audience| settings.client_assertion_audience == audience)
    }),
    ("response_types", "Use response types of the profile.", |rules, settings| {
        settings.response_types.iter().all(|one| rules.response_types.contains(one))
    }),
    ("response_modes", "Answers are signed: allow only modes that end in jwt.", |rules, settings| {
        !is_redirected(settings) || response_modes_fit(rules, settings)
    }),
    ("require_pkce", "PKCE is required.", |rules, settings| !rules.pkce || settings.require_pkce),
    ("require_pushed_authorization_requests", "Requests are pushed.", |rules, settings| {
        !rules.pushed_requests || !is_redirected(settings) || settings.require_pushed_authorization_requests
    }),
    ("require_signed_request_object", "Requests are signed.", |rules, settings| {
        rules.request_objects != RequestObjects::Required
            || !is_redirected(settings)
            || settings.require_signed_request_object
    }),
    (
        "request_object_signing_alg",
        "Request objects are signed, with an algorithm of the profile.",
        |rules, settings| request_object_algorithm_fits(rules, settings),
    ),
    (
        "backchannel_authentication_request_signing_alg",
        "Requests over the back channel are signed, with an algorithm of the profile.",
        |rules, settings| backchannel_algorithm_fits(rules, settings),
    ),
    ("request_uris", "Request objects are not fetched: remove the addresses.", |rules, settings| {
        rules.requests_by_reference || settings.request_uris.is_empty()
    }),
    ("dpop_bound_access_tokens", "Tokens are bound to a key or a certificate.", |rules, settings| {
        rules.sender_constraint != SenderConstraint::KeyOrCertificate
            || settings.dpop_bound_access_tokens
            || settings.tls_client_certificate_bound_access_tokens
    }),
    ("tls_client_certificate_bound_access_tokens", "Tokens are bound to a certificate.", |rules, settings| {
        rules.sender_constraint != SenderConstraint::Certificate || settings.tls_client_certificate_bound_access_tokens
    }),
    ("id_token_signed_response_alg", ALGORITHM, |rules, settings| {
        rules.algorithms.contains(&settings.id_token_signed_response_alg)
    }),
    ("authorization_signed_response_alg", ALGORITHM, |rules, settings| {
        rules.algorithms.contains(&settings.authorization_signed_response_alg)
    }),
    ("access_token_signed_response_alg", ALGORITHM, |rules, settings| {
        rules.algorithms.contains(&settings.access_token_signed_response_alg)
    }),
    ("userinfo_signed_response_alg", ALGORITHM, |rules, settings| {
        settings.userinfo_signed_response_alg.is_none_or(|algorithm| rules.algorithms.contains(&algorithm))
    }),
    ("introspection_signed_response_alg", ALGORITHM, |rules, settings| {
        rules.algorithms.contains(&introspection_algorithm(settings))
    }),
];

/// The first demand of the client's profile that its settings do not meet.
pub(super) fn find_broken(settings: &ClientSettings) -> Option<SettingsRule> {
    let profile = settings.security_profile?;
    let (field, rule, _) = DEMANDS.iter().find(|(_, _, fits)| !fits(profile.rules(), settings))?;
    Some(SettingsRule { field: in_profile(field, profile), rule })
}

/// A setting, and whose rule it breaks.
fn in_profile(field: &str, profile: SecurityProfile) -> String {
    format!("{field} (security profile {})", profile.name())
}

#[cfg(test)]
mod tests;
