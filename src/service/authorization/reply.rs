//! The reply to an authorization request: decided inside a unit of work, written out after its commit,
//! because that is when signatures are made (RFC 6749 §4.1.2, OIDC Core 3.3.2.5, JARM).

use crate::{
    crypto::signer::sign_compact,
    domain::{
        Secret,
        entity::Client,
        oauth::{
            Answer, AuthorizationRequest, Granted, OAuthError, RedirectError, ResponseMode, ResponseParameters,
            SafeRedirect, failure, signed, success,
        },
    },
    service::{Broken, Cx, Failure, client_keys, token::issue},
};

/// `typ` of signed responses. JARM names none of its own.
const RESPONSE_TYPE: &str = "JWT";

/// An answer to the client, not yet written out.
#[must_use]
pub(in crate::service) struct Reply {
    client: Client,
    redirect: SafeRedirect,
    mode: ResponseMode,
    state: Option<String>,
    session_state: Option<String>,
    outcome: Outcome,
}

enum Outcome {
    Refused(OAuthError),
    Granted { code: Option<Secret<String>>, tokens: Option<Box<issue::Unsigned>> },
}

impl Reply {
    /// A refusal of a request that passed every check.
    pub fn refused(client: &Client, redirect: SafeRedirect, request: &AuthorizationRequest, error: OAuthError) -> Self {
        Self::to(client, redirect, request, Outcome::Refused(error))
    }

    /// A refusal by one of the checks.
    pub fn refused_early(client: &Client, refused: RedirectError) -> Self {
        let RedirectError { to, mode, state, error, .. } = refused;
        let outcome = Outcome::Refused(error);
        Self { client: client.clone(), redirect: to, mode, state, session_state: None, outcome }
    }

    /// What was asked for.
    pub fn granted(
        client: &Client,
        redirect: SafeRedirect,
        request: &AuthorizationRequest,
        code: Option<Secret<String>>,
        tokens: Option<issue::Unsigned>,
    ) -> Self {
        Self::to(client, redirect, request, Outcome::Granted { code, tokens: tokens.map(Box::new) })
    }

    fn to(client: &Client, redirect: SafeRedirect, request: &AuthorizationRequest, outcome: Outcome) -> Self {
        let (mode, state) = (request.response_mode, request.state.clone());
        Self { client: client.clone(), redirect, mode, state, session_state: None, outcome }
    }

    /// With the state of the browser, for pages that ask whether it changed (OIDC Session Management 1.0 §2).
    pub fn with_session_state(self, session_state: Option<String>) -> Self {
        Self { session_state, ..self }
    }

    /// Writes the reply out, signing what has to be signed.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn write_out(self, cx: &Cx) -> Result<Answer, Broken> {
        let Self { client, redirect, mode, state, session_state, outcome } = self;
        let parameters = match outcome {
            Outcome::Refused(error) => failure(&error, &super::error_uri(cx, error.reason), state.as_deref()),
            Outcome::Granted { code, tokens } => {
                let tokens = tokens.map(|tokens| tokens.sign_front_channel(cx)).transpose().map_err(broken)?;
                let granted = Granted {
                    code: code.as_ref().map(|code| code.expose().as_str()),
                    access_token: tokens.as_ref().and_then(issue::FrontChannelTokens::access_token),
                    id_token: tokens.as_ref().and_then(issue::FrontChannelTokens::id_token),
                    session_state: session_state.as_deref(),
                };
                success(&granted, state.as_deref())
            }
        };
        if mode.is_signed() {
            // Fetched a moment ago where something was granted; a refusal fetches here.
            client_keys::prepare(cx, &client, client.settings.authorization_encryption()).await;
            let response = finish_signed(cx, &client, parameters)?;
            Ok(signed(response.expose(), &redirect, mode))
        } else {
            Ok(parameters.plain(&redirect, mode, cx.services.issuer.as_str()))
        }
    }
}

/// The one JWT of a signed response (JARM §2.1), as the client is registered to read it.
fn finish_signed(cx: &Cx, client: &Client, parameters: ResponseParameters) -> Result<Secret<String>, Broken> {
    let algorithm = client.settings.authorization_signed_response_alg;
    let claims = parameters.claims(cx.services.issuer.as_str(), &client.client_id, cx.now());
    let keyring = cx.services.keyring.load();
    let signer = keyring.signer(algorithm).ok_or_else(|| Broken::Internal(format!("no key signs {algorithm}")))?;
    let jwt = sign_compact(signer, RESPONSE_TYPE, &claims).map_err(|error| Broken::Internal(error.to_string()))?;
    match client_keys::recipient(cx, client, client.settings.authorization_encryption()).map_err(broken)? {
        Some(recipient) => recipient.nest(cx, &jwt).map(Secret::new).map_err(broken),
        None => Ok(Secret::new(jwt)),
    }
}

/// Nothing is refused any more when tokens are signed.
fn broken(failure: Failure) -> Broken {
    match failure {
        Failure::Broken(broken) => broken,
        Failure::Refused(error) => Broken::Internal(format!("a signature was refused: {}", error.reason.code())),
    }
}
