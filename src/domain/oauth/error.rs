//! The error of the protocol: a public code and description, and the private, stable reason
//! (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OIDC Core 3.1.2.6).

use crate::trace::Reason;

/// The registered `error` values that this server answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is missing, repeating or mangling something.
    InvalidRequest,
    /// Client authentication failed.
    InvalidClient,
    /// The code or refresh token is not valid for this request.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// The grant type is not offered.
    UnsupportedGrantType,
    /// The response type is not offered.
    UnsupportedResponseType,
    /// The scope is malformed or not allowed.
    InvalidScope,
    /// The resource is not known (RFC 8707 §2).
    InvalidTarget,
    /// The authorization details are malformed, unknown or not allowed (RFC 9396 §5).
    InvalidAuthorizationDetails,
    /// A person or a policy said no.
    AccessDenied,
    /// Nobody has answered yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// The client asks too often (RFC 8628 §3.5).
    SlowDown,
    /// Nobody answered in time (RFC 8628 §3.5).
    ExpiredToken,
    /// The request over the back channel is about nobody here (CIBA Core 1.0 §13).
    UnknownUserId,
    /// The binding message cannot be shown (CIBA Core 1.0 §13).
    InvalidBindingMessage,
    /// Nobody is signed in (OIDC Core 3.1.2.6).
    LoginRequired,
    /// Consent is missing (OIDC Core 3.1.2.6).
    ConsentRequired,
    /// Another account is needed (OIDC Core 3.1.2.6).
    AccountSelectionRequired,
    /// A page is needed (OIDC Core 3.1.2.6).
    InteractionRequired,
    /// The person cannot be authenticated as strongly as demanded (OpenID Connect Core Error Code
    /// unmet_authentication_requirements 1.0).
    UnmetAuthenticationRequirements,
    /// This kind of `request` is not offered (OIDC Core 3.1.2.6).
    RequestNotSupported,
    /// `request_uri` is not offered to this client (OIDC Core 3.1.2.6).
    RequestUriNotSupported,
    /// `registration` is not offered (OIDC Core 3.1.2.6).
    RegistrationNotSupported,
    /// The request object is not usable (OIDC Core 3.1.2.6, RFC 9101 §7).
    InvalidRequestObject,
    /// The `request_uri` leads to no usable request (OIDC Core 3.1.2.6, RFC 9126 §2.3).
    InvalidRequestUri,
    /// A redirect URI cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// A member of the client metadata is not acceptable (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// Software statements are not trusted here (RFC 7591 §3.2.2).
    InvalidSoftwareStatement,
    /// The access token is not valid (RFC 6750 §3.1).
    InvalidToken,
    /// The access token does not reach this (RFC 6750 §3.1).
    InsufficientScope,
    /// The sign-in that the token comes from is too old or too weak (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// The proof of possession is not valid (RFC 9449 §5 and §7.1).
    InvalidDpopProof,
    /// The proof needs a nonce of this server (RFC 9449 §8).
    UseDpopNonce,
    /// The server failed.
    ServerError,
    /// The server cannot answer right now.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Every code, for tables and tests.
    pub const ALL: &'static [Self] = &[
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::UnsupportedResponseType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::InvalidAuthorizationDetails,
        Self::AccessDenied,
        Self::AuthorizationPending,
        Self::SlowDown,
        Self::ExpiredToken,
        Self::UnknownUserId,
        Self::InvalidBindingMessage,
        Self::LoginRequired,
        Self::ConsentRequired,
        Self::AccountSelectionRequired,
        Self::InteractionRequired,
        Self::UnmetAuthenticationRequirements,
        Self::RequestNotSupported,
        Self::RequestUriNotSupported,
        Self::RegistrationNotSupported,
        Self::InvalidRequestObject,
        Self::InvalidRequestUri,
        Self::InvalidRedirectUri,
        Self::InvalidClientMetadata,
        Self::InvalidSoftwareStatement,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::InsufficientUserAuthentication,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
        Self::ServerError,
        Self::TemporarilyUnavailable,
    ];

    /// The `error` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::AccessDenied => "access_denied",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::UnknownUserId => "unknown_user_id",
            Self::InvalidBindingMessage => "invalid_binding_message",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::InteractionRequired => "interaction_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status of a direct (not redirected) answer: the one status table.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken | Self::InsufficientUserAuthentication => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// A refusal. It cannot exist without a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// The registered `error` value.
    pub code: ErrorCode,
    /// The `error_description`: public, fixed, printable ASCII without `"` and `\`.
    pub description: &'static str,
    /// The private, stable, searchable cause.
    pub reason: Reason,
}

impl OAuthError {
    /// A refusal whose description is the reason's own sentence.
    pub const fn new(code: ErrorCode, reason: Reason) -> Self {
        Self { code, description: reason.summary(), reason }
    }

    /// `invalid_request`.
    pub const fn invalid_request(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidRequest, reason)
    }

    /// `invalid_client`: every cause reads the same from outside.
    pub const fn invalid_client(reason: Reason) -> Self {
        Self { code: ErrorCode::InvalidClient, description: Reason::ClientAuthenticationFailed.summary(), reason }
    }

    /// The reason as the outside may know it: how a client failed to authenticate stays private.
    pub const fn public_reason(&self) -> Reason {
        match self.code {
            ErrorCode::InvalidClient => Reason::ClientAuthenticationFailed,
            _ => self.reason,
        }
    }

    /// `invalid_grant`.
    pub const fn invalid_grant(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidGrant, reason)
    }

    /// `invalid_scope`.
    pub const fn invalid_scope(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidScope, reason)
    }
}
