//! What is issued through the browser, from the authorization endpoint (OIDC Core 3.2.2.5 and 3.3.2.5):
//! an access token, an ID token that vouches for the rest of the response, or both.

use super::{Unsigned, signing::told_scope};
use crate::{
    domain::{
        Secret,
        entity::IdTokenClaims,
        oauth::{AnsweredToken, ResponseType},
    },
    service::{Cx, Failure},
};

/// What the response to an authorization request carries besides tokens.
#[derive(Clone)]
pub struct FrontChannel {
    /// What was asked for.
    pub response_type: ResponseType,
    /// The nonce of the request.
    pub nonce: Option<String>,
    /// The code that goes with the tokens.
    pub code: Option<Secret<String>>,
    /// The state of the request.
    pub state: Option<String>,
}

impl FrontChannel {
    /// An ID token tells the claims of the scopes only where no access token could ask for them (OIDC
    /// Core 5.4): what passes through a browser is kept small.
    pub(super) const fn id_token_claims(&self) -> IdTokenClaims {
        if self.response_type.leads_to_access_token() { IdTokenClaims::Lean } else { IdTokenClaims::Fat }
    }

    /// The code, for `c_hash`.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_ref().map(|code| code.expose().as_str())
    }

    /// The state, for `s_hash`: an ID token next to a code is a signature over the response (FAPI 1.0
    /// Advanced §5.2.2.1).
    pub(super) fn signed_state(&self) -> Option<&str> {
        self.state.as_deref().filter(|_| self.code.is_some())
    }
}

/// What is handed out through the browser. A secret, so it has no `Debug`.
pub struct FrontChannelTokens {
    access_token: Option<Secret<String>>,
    expires_in: i64,
    scope: Option<Vec<String>>,
    id_token: Option<Secret<String>>,
}

impl Unsigned {
    /// Signs what has to be signed, of what comes back through the browser.
    ///
    /// # Errors
    /// When the server fails.
    pub(in crate::service) fn sign_front_channel(self, cx: &Cx) -> Result<FrontChannelTokens, Failure> {
        let Some(front) = &self.front_channel else {
            return Err(Failure::internal("tokens of the token endpoint do not go through a browser"));
        };
        let access_token = if front.response_type.has_access_token() { Some(self.access_token(cx)?) } else { None };
        let with = access_token.as_ref().map(|token| token.expose().as_str());
        let id_token = match self.id_token {
            Some(draft) => Some(draft.sign(cx, with, Some(front))?),
            None => None,
        };
        Ok(FrontChannelTokens {
            expires_in: self.claims.expires_at.seconds_since(self.claims.issued_at),
            scope: told_scope(self.asked, self.claims.scope),
            access_token,
            id_token,
        })
    }
}

impl FrontChannelTokens {
    /// The access token as it is answered.
    pub(in crate::service) fn access_token(&self) -> Option<AnsweredToken<'_>> {
        let answered = |token| AnsweredToken { text: token, expires_in: self.expires_in, scope: self.scope.as_deref() };
        self.access_token.as_ref().map(|token| answered(token.expose()))
    }

    /// The ID token.
    pub(in crate::service) fn id_token(&self) -> Option<&str> {
        self.id_token.as_ref().map(|token| token.expose().as_str())
    }
}
