//! The signatures of what was decided, made after its commit (RFC 9068 §2, OIDC Core 3.1.3.6).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{ACCESS_TOKEN_TYPE, FrontChannel, ID_TOKEN_TYPE, TokenReply};
use crate::{
    crypto::signer::sign_compact,
    domain::{
        Secret,
        entity::AuthenticationContext,
        ids::{ClientId, SessionId},
        jose::SigningAlgorithm,
        oauth::AccessTokenClaims,
        oidc::id_token::IdTokenFacts,
    },
    service::{Cx, Failure, client_keys::Recipient, token::Stop},
};

/// Tokens that are decided and recorded, but not yet signed.
pub struct Unsigned {
    pub(super) claims: AccessTokenClaims,
    /// There were scopes to begin with, of which the token may have none.
    pub(super) asked: bool,
    pub(super) opaque: Option<Secret<String>>,
    pub(super) access_algorithm: SigningAlgorithm,
    pub(super) refresh_token: Option<Secret<String>>,
    pub(super) id_token: Option<IdTokenDraft>,
    pub(super) front_channel: Option<FrontChannel>,
}

/// An ID token that is decided, but not yet signed.
pub(super) struct IdTokenDraft {
    pub(super) subject: String,
    pub(super) client_id: ClientId,
    pub(super) lifetime: i64,
    pub(super) algorithm: SigningAlgorithm,
    pub(super) context: AuthenticationContext,
    pub(super) nonce: Option<String>,
    pub(super) sid: SessionId,
    pub(super) extra: Map<String, Value>,
    /// Whom it is encrypted for.
    pub(super) recipient: Option<Recipient>,
}

impl Unsigned {
    /// Signs what has to be signed.
    pub(in crate::service::token) fn sign(self, cx: &Cx) -> Result<TokenReply, Stop> {
        let access_token = self.access_token(cx)?;
        let id_token = match self.id_token {
            Some(draft) => Some(draft.sign(cx, Some(access_token.expose()), None)?),
            None => None,
        };
        Ok(TokenReply {
            scheme: self.claims.confirmation.scheme(),
            expires_in: self.claims.expires_at.seconds_since(self.claims.issued_at),
            scope: told_scope(self.asked, self.claims.scope),
            authorization_details: self.claims.authorization_details,
            access_token,
            refresh_token: self.refresh_token,
            id_token,
            issued_token_type: None,
        })
    }

    pub(super) fn access_token(&self, cx: &Cx) -> Result<Secret<String>, Failure> {
        match &self.opaque {
            Some(text) => Ok(text.clone()),
            None => sign(cx, self.access_algorithm, ACCESS_TOKEN_TYPE, &self.claims),
        }
    }
}

/// The scope of a response (RFC 6749 §3.3 and §5.1): required where it is not what was asked for. Whoever asked for
/// nothing and got nothing is told nothing: an empty text is none that the grammar knows.
pub(super) fn told_scope(asked: bool, granted: Vec<String>) -> Option<Vec<String>> {
    (asked || !granted.is_empty()).then_some(granted)
}

/// Signs with the key in use for this algorithm.
///
/// # Errors
/// When no key signs with it, or the engine fails.
pub(in crate::service) fn sign(
    cx: &Cx,
    algorithm: SigningAlgorithm,
    typ: &str,
    claims: &impl Serialize,
) -> Result<Secret<String>, Failure> {
    let keyring = cx.services.keyring.load();
    let signer = keyring.signer(algorithm).ok_or_else(|| Failure::internal(format!("no key signs {algorithm}")))?;
    sign_compact(signer, typ, claims).map(Secret::new).map_err(Failure::internal)
}

impl IdTokenDraft {
    /// `access_token`: the one that is issued with it. `response`: the response that it comes in, from
    /// the authorization endpoint.
    pub(super) fn sign(
        self,
        cx: &Cx,
        access_token: Option<&str>,
        response: Option<&FrontChannel>,
    ) -> Result<Secret<String>, Failure> {
        let (algorithm, recipient) = (self.algorithm, self.recipient);
        let claims = IdTokenFacts {
            issuer: cx.services.issuer.as_str(),
            subject: &self.subject,
            client_id: &self.client_id,
            issued_at: cx.now(),
            lifetime: self.lifetime,
            algorithm,
            context: &self.context,
            nonce: self.nonce.as_deref(),
            sid: Some(&self.sid),
            access_token,
            code: response.and_then(FrontChannel::code),
            state: response.and_then(FrontChannel::signed_state),
            extra: self.extra,
        }
        .claims();
        let jwt = sign(cx, algorithm, ID_TOKEN_TYPE, &claims)?;
        match recipient {
            Some(recipient) => recipient.nest(cx, jwt.expose()).map(Secret::new),
            None => Ok(jwt),
        }
    }
}
