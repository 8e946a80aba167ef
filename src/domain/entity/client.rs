//! A client: an app or service that asks for tokens (RFC 6749 §2, RFC 7591 §2 for the names).

use serde::{Deserialize, Serialize};

use super::AuthMethod;
use crate::{
    Timestamp,
    entity::TokenDeliveryMode,
    ids::ClientId,
    jose::{ContentEncryption, EncryptionChoice, KeyManagementAlgorithm, RequestObjectAlgorithm, SigningAlgorithm},
    oauth::{
        AssertionAlgorithm, GrantType, ProfileRules, ResponseMode, ResponseType, SecurityProfile,
        default_response_types,
    },
};

/// What kind of program the client is; decides the defaults and whether it can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// A web application with a server: confidential.
    Web,
    /// A single-page application: public.
    Spa,
    /// A native or command-line application: public, loopback redirects by RFC 8252.
    Native,
    /// A service on its own: client_credentials.
    Machine,
    /// An MCP client or another agent that acts for a person: as a native application, under the security
    /// profile `mcp` (Model Context Protocol, Authorization).
    Agent,
}

impl ClientKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Web, Self::Spa, Self::Native, Self::Machine, Self::Agent];

    /// The name on the command line and in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Native => "native",
            Self::Machine => "machine",
            Self::Agent => "agent",
        }
    }

    /// Whether the program runs where the person is, and hears of answers on a port that it finds free or by
    /// a scheme of its own (RFC 8252 §7).
    pub const fn is_native(self) -> bool {
        matches!(self, Self::Native | Self::Agent)
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a client may name as the audience of its assertions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionAudience {
    /// The issuer, the token endpoint, or the endpoint that it calls; alone or among others.
    #[default]
    Any,
    /// The issuer as a single text (FAPI 2.0 Security Profile 5.3.2.1).
    Issuer,
}

/// Whether and how often a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMode {
    /// Never: a first-party app.
    Skip,
    /// Once, and remembered.
    Once,
    /// Each time.
    Always,
}

/// The form of the client's access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// RFC 9068.
    Jwt,
    /// A reference that only introspection can read.
    Opaque,
}

/// Whether ID tokens carry the claims of the granted scopes or only the protocol's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenClaims {
    /// Profile, email and groups by granted scope: what many applications read.
    Fat,
    /// Only the protocol's claims; the rest is at the UserInfo endpoint.
    Lean,
}

/// `subject_type` (OIDC Core 8): what the client knows people by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same `sub` for every client.
    #[default]
    Public,
    /// A `sub` of its own for each sector, so that clients cannot compare people.
    Pairwise,
}

impl SubjectType {
    /// Every type, in the order in which metadata lists them.
    pub const ALL: [Self; 2] = [Self::Public, Self::Pairwise];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether this is what a setting that is not stored means.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_public(&self) -> bool {
        *self == Self::Public
    }
}

/// Everything an administrator sets on a client. Stored as one document; times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// Exact strings; only the port of a native loopback URI may vary.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Exact strings (OIDC RP-Initiated Logout 1.0 §3.1).
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where the client hears, from this server, that a session ended (OIDC Back-Channel Logout 1.0 §2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// The client needs the `sid` there. It is always sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_required: bool,
    /// What the browser loads in a frame when a session ends (OIDC Front-Channel Logout 1.0 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// The client needs `iss` and `sid` there. They are always sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_session_required: bool,
    /// The one method the client must use.
    pub token_endpoint_auth_method: AuthMethod,
    /// The one algorithm of its assertions; none: any that its method has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// The audience of its assertions.
    #[serde(default)]
    pub client_assertion_audience: AssertionAudience,
    /// The grants the client may use.
    pub grant_types: Vec<GrantType>,
    /// What may come back from the authorization endpoint.
    #[serde(default = "default_response_types")]
    pub response_types: Vec<ResponseType>,
    /// The ways that an answer of the authorization endpoint may take; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_modes: Vec<ResponseMode>,
    /// The scopes the client may ask for.
    pub scope: Vec<String>,
    /// The client's public keys, by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// The client's public keys, by reference (https).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The algorithm of ID tokens.
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// ID tokens are encrypted for the client with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<KeyManagementAlgorithm>,
    /// The content encryption of ID tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// UserInfo answers are JWTs, signed with this; without it they are JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SigningAlgorithm>,
    /// UserInfo answers are encrypted with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<KeyManagementAlgorithm>,
    /// The content encryption of UserInfo answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// Request objects are encrypted to this server with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_alg: Option<KeyManagementAlgorithm>,
    /// The content encryption of request objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_enc: Option<ContentEncryption>,
    /// Request objects that are not encrypted are refused; otherwise a client may encrypt that has registered how
    /// (OIDC Registration 2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_encrypted_request_object: bool,
    /// Authorization answers that are JWTs are encrypted with this (JARM §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<KeyManagementAlgorithm>,
    /// The content encryption of authorization answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<ContentEncryption>,
    /// Introspection answers that are asked for as JWTs are signed with this (RFC 9701 §6); RS256 if
    /// not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<SigningAlgorithm>,
    /// Introspection answers that are JWTs are encrypted with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<KeyManagementAlgorithm>,
    /// The content encryption of introspection answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<ContentEncryption>,
    /// What the client knows people by.
    #[serde(default, skip_serializing_if = "SubjectType::is_public")]
    pub subject_type: SubjectType,
    /// Where the redirect URIs of the client's sector are listed (OIDC Core 8.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Fat or lean ID tokens.
    pub id_token_claims: IdTokenClaims,
    /// The algorithm of signed authorization responses (JARM §3).
    #[serde(default = "default_response_algorithm")]
    pub authorization_signed_response_alg: SigningAlgorithm,
    /// JWT or opaque access tokens.
    pub access_token_format: AccessTokenFormat,
    /// The algorithm of JWT access tokens.
    pub access_token_signed_response_alg: SigningAlgorithm,
    /// The `aud` of access tokens; empty means the issuer.
    #[serde(default)]
    pub access_token_audience: Vec<String>,
    /// PKCE is required. Cannot be switched off for public clients.
    pub require_pkce: bool,
    /// Authorization requests must be pushed (RFC 9126 §6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Tokens are issued only with a proof of the key that they are bound to (RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Tokens are issued only over a client certificate, and bound to it (RFC 8705 §3.4).
    #[serde(default)]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The one algorithm of request objects; none registered means any that signs (OIDC Registration 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<RequestObjectAlgorithm>,
    /// Parameters count only inside of a signed request object (RFC 9101 §10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// Where request objects may be fetched (https); a fragment is kept, and not compared.
    #[serde(default)]
    pub request_uris: Vec<String>,
    /// The subject of its certificate, as RFC 4514 writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A host that its certificate is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI that its certificate is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// A network address that its certificate is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// A mailbox that its certificate is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// Whether people are asked.
    pub consent: ConsentMode,
    /// May introspect tokens of other clients (it is a resource server).
    #[serde(default)]
    pub may_introspect: bool,
    /// Where the app lives, for links on pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The app's logo (https).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// What the app does with people's data (https), for links on pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The app's terms (https), for links on pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Who is responsible for the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Where a sign-in that begins elsewhere is started (https; OIDC Core 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The same for every installation of the software (RFC 7591 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of the software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// The client registered itself and waits for an administrator: it is given nothing until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantined: bool,
    /// Re-authentication after this many seconds, if the request says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// The classes of authentication that it wishes for, if the request says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Overrides the instance's lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// Overrides the instance's lifetime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_lifetime: Option<i64>,
    /// Overrides the instance's idle lifetime of refresh tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<i64>,
    /// How the client hears of answers over the back channel; poll if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_token_delivery_mode: Option<TokenDeliveryMode>,
    /// Where it is told (https).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_client_notification_endpoint: Option<String>,
    /// Its requests over the back channel are signed, with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication_request_signing_alg: Option<SigningAlgorithm>,
    /// The types of authorization details that the client may use (RFC 9396 §10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// The set of rules that all the other settings, and every request, keep to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_profile: Option<SecurityProfile>,
}

/// What a client gets that says nothing (JARM §3).
const fn default_response_algorithm() -> SigningAlgorithm {
    SigningAlgorithm::RS256
}

impl ClientSettings {
    /// The defaults of a kind: the safest that such a program can use.
    pub fn of_kind(kind: ClientKind) -> Self {
        let (method, grants, scope): (_, &[GrantType], &[&str]) = match kind {
            ClientKind::Web => (
                AuthMethod::ClientSecretBasic,
                &[GrantType::AuthorizationCode, GrantType::RefreshToken],
                &["openid", "profile", "email", "groups", "roles", "offline_access"],
            ),
            ClientKind::Spa | ClientKind::Native => (
                AuthMethod::None,
                &[GrantType::AuthorizationCode, GrantType::RefreshToken],
                &["openid", "profile", "email", "groups", "roles", "offline_access"],
            ),
            ClientKind::Machine => (AuthMethod::ClientSecretBasic, &[GrantType::ClientCredentials], &[]),
            ClientKind::Agent => (
                AuthMethod::None,
                &[GrantType::AuthorizationCode, GrantType::RefreshToken],
                &["openid", "profile", "email", "offline_access"],
            ),
        };
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            token_endpoint_auth_method: method,
            token_endpoint_auth_signing_alg: None,
            client_assertion_audience: AssertionAudience::Any,
            grant_types: grants.to_vec(),
            response_types: if kind == ClientKind::Machine { Vec::new() } else { default_response_types() },
            response_modes: Vec::new(),
            scope: scope.iter().map(|s| (*s).to_owned()).collect(),
            jwks: None,
            jwks_uri: None,
            id_token_signed_response_alg: SigningAlgorithm::RS256,
            id_token_encrypted_response_alg: None,
            id_token_encrypted_response_enc: None,
            userinfo_signed_response_alg: None,
            userinfo_encrypted_response_alg: None,
            userinfo_encrypted_response_enc: None,
            request_object_encryption_alg: None,
            request_object_encryption_enc: None,
            require_encrypted_request_object: false,
            authorization_encrypted_response_alg: None,
            authorization_encrypted_response_enc: None,
            introspection_signed_response_alg: None,
            introspection_encrypted_response_alg: None,
            introspection_encrypted_response_enc: None,
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            id_token_claims: IdTokenClaims::Fat,
            authorization_signed_response_alg: default_response_algorithm(),
            access_token_format: AccessTokenFormat::Jwt,
            access_token_signed_response_alg: SigningAlgorithm::RS256,
            access_token_audience: Vec::new(),
            require_pkce: true,
            require_pushed_authorization_requests: false,
            dpop_bound_access_tokens: false,
            tls_client_certificate_bound_access_tokens: false,
            request_object_signing_alg: None,
            require_signed_request_object: false,
            request_uris: Vec::new(),
            tls_client_auth_subject_dn: None,
            tls_client_auth_san_dns: None,
            tls_client_auth_san_uri: None,
            tls_client_auth_san_ip: None,
            tls_client_auth_san_email: None,
            consent: ConsentMode::Once,
            may_introspect: false,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            initiate_login_uri: None,
            software_id: None,
            software_version: None,
            quarantined: false,
            default_max_age: None,
            default_acr_values: Vec::new(),
            access_token_lifetime: None,
            id_token_lifetime: None,
            refresh_token_lifetime: None,
            backchannel_token_delivery_mode: None,
            backchannel_client_notification_endpoint: None,
            backchannel_authentication_request_signing_alg: None,
            authorization_details_types: Vec::new(),
            security_profile: (kind == ClientKind::Agent).then_some(SecurityProfile::Mcp),
        }
    }

    /// How ID tokens are encrypted, if they are.
    pub fn id_token_encryption(&self) -> Option<EncryptionChoice> {
        EncryptionChoice::of(self.id_token_encrypted_response_alg, self.id_token_encrypted_response_enc)
    }

    /// How UserInfo answers are encrypted, if they are.
    pub fn userinfo_encryption(&self) -> Option<EncryptionChoice> {
        EncryptionChoice::of(self.userinfo_encrypted_response_alg, self.userinfo_encrypted_response_enc)
    }

    /// How authorization answers that are JWTs are encrypted, if they are.
    pub fn authorization_encryption(&self) -> Option<EncryptionChoice> {
        EncryptionChoice::of(self.authorization_encrypted_response_alg, self.authorization_encrypted_response_enc)
    }

    /// How introspection answers that are JWTs are encrypted, if they are.
    pub fn introspection_encryption(&self) -> Option<EncryptionChoice> {
        EncryptionChoice::of(self.introspection_encrypted_response_alg, self.introspection_encrypted_response_enc)
    }

    /// How the client encrypts its request objects, if it registered that.
    pub fn request_object_encryption(&self) -> Option<EncryptionChoice> {
        EncryptionChoice::of(self.request_object_encryption_alg, self.request_object_encryption_enc)
    }

    /// How the client hears of answers over the back channel.
    pub fn token_delivery_mode(&self) -> TokenDeliveryMode {
        self.backchannel_token_delivery_mode.unwrap_or(TokenDeliveryMode::Poll)
    }

    /// Whether the client knows people by pairwise identifiers.
    pub fn is_pairwise(&self) -> bool {
        self.subject_type == SubjectType::Pairwise
    }
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// The public identifier.
    pub client_id: ClientId,
    /// What people see.
    pub name: String,
    /// The kind of program.
    pub kind: ClientKind,
    /// A disabled client is unknown to the outside.
    pub enabled: bool,
    /// Everything else.
    pub settings: ClientSettings,
    /// Tokens issued before this are dead.
    pub not_before: Option<Timestamp>,
    /// Who owns the definition.
    pub owner: super::Owner,
    /// Grows with every change; the ETag.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Client {
    /// Whether the client proves who it is.
    pub const fn is_confidential(&self) -> bool {
        self.settings.token_endpoint_auth_method.is_confidential()
    }

    /// Whether people are asked. Nobody here has vouched for a client that registered itself: it is
    /// never left out (RFC 8252 §8.6, RFC 9700 §4.11).
    pub const fn consent_mode(&self) -> ConsentMode {
        match self.settings.consent {
            ConsentMode::Skip if self.owner.is_self_registered() => ConsentMode::Once,
            mode => mode,
        }
    }

    /// Whether the client may use this grant.
    pub fn allows_grant(&self, grant: GrantType) -> bool {
        self.settings.grant_types.contains(&grant)
    }

    /// Whether the client may be answered with this.
    pub fn allows_response_type(&self, response_type: ResponseType) -> bool {
        self.settings.response_types.contains(&response_type)
    }

    /// Whether the client may be answered this way.
    pub fn allows_response_mode(&self, mode: ResponseMode) -> bool {
        let allowed = &self.settings.response_modes;
        allowed.is_empty() || allowed.contains(&mode)
    }

    /// The rules of the client's security profile, if it has one.
    pub fn profile_rules(&self) -> Option<&'static ProfileRules> {
        self.settings.security_profile.map(SecurityProfile::rules)
    }

    /// PKCE is required of public clients always, and of others unless relaxed (RFC 9700 §2.1.1).
    pub const fn requires_pkce(&self) -> bool {
        self.settings.require_pkce || !self.is_confidential()
    }
}

/// One of a client's secrets. Only the hash is kept, unless the client signs with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientSecret {
    /// The row's identifier.
    pub id: String,
    /// Whose secret.
    pub client_id: ClientId,
    /// What an administrator called it.
    pub label: String,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub secret_hash: Vec<u8>,
    /// The secret itself, sealed: of clients whose method needs it read back.
    #[serde(skip)]
    pub sealed_secret: Option<Vec<u8>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// After this it no longer authenticates.
    pub expires_at: Option<Timestamp>,
}

/// A token that lets somebody register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialAccessToken {
    /// The row's identifier.
    pub id: String,
    /// What an administrator called it.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it lets nobody in.
    pub expires_at: Timestamp,
    /// So many more clients may be registered with it.
    pub uses_left: i64,
}
