//! Resources behind an access token: whose it is, that it lives, that it is for this server, and that
//! whoever sends it may use it (RFC 6750, RFC 9068 §4, RFC 9449 §7, RFC 8705 §3). Every endpoint that takes an access token asks here.

use super::{
    Broken, Cx, Failure,
    bearer::{self, Live, Recognized},
    possession::{self, Possession},
};
use crate::{
    domain::{
        Secret,
        jose::dpop,
        oauth::{ErrorCode, OAuthError, TokenScheme},
        trace::Reason,
    },
    store::{Read, StoreError},
};

/// An access token as it was sent.
#[derive(Debug)]
pub struct SentToken {
    /// How it was sent.
    pub scheme: TokenScheme,
    /// The token.
    pub text: Secret<String>,
    /// What the request shows of its sender's keys.
    pub possession: Possession,
}

/// Answers with what `tell` finds in the unit of work in which the token was found alive.
///
/// # Errors
/// `invalid_token`; `invalid_dpop_proof` or `use_dpop_nonce`; or what `tell` refuses.
pub async fn admit<T: Send + 'static>(
    cx: &Cx,
    sent: &SentToken,
    tell: impl FnOnce(&Cx, &mut Read<'_>, Live) -> Result<Result<T, OAuthError>, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let noted = |error: OAuthError| {
        cx.refused("access_token", &[], error.reason);
        Failure::Refused(error)
    };
    let recognized = bearer::recognize(cx, sent.text.expose());
    if matches!(recognized, Recognized::Unknown | Recognized::Refresh(_)) {
        return Err(noted(invalid()));
    }
    let proof = match sent.scheme {
        // A proof next to a bearer token proves nothing that the token asks for.
        TokenScheme::Bearer => None,
        TokenScheme::Dpop => {
            let proof = possession::check(cx, &sent.possession, Some(sent.text.expose()))?;
            Some(proof.ok_or_else(|| noted(dpop::refused(Reason::DpopProofMissing)))?)
        }
    };
    let (context, scheme, proved) = (cx.clone(), sent.scheme, sent.possession.proved(proof.as_ref()));
    let (told, profile) = cx
        .services
        .store
        .read(move |tx| {
            let Some(live) = bearer::find_access(&context, tx, &recognized, None)? else { return Ok(Err(invalid())) };
            context.note_client(live.client.client.client_id.as_str());
            context.note_profile(&live.client.client);
            let profile = live.client.client.settings.security_profile;
            let token = &live.token;
            let usable = token.check_audience(context.services.issuer.as_str());
            match usable.and_then(|()| token.confirmation.check_use(scheme, &proved)) {
                Ok(()) => Ok(tell(&context, tx, live)?.map(|told| (told, profile))),
                Err(error) => Ok(Err(error)),
            }
        })
        .await
        .map_err(|error: StoreError| Broken::from(error))?
        .map_err(noted)?;
    possession::consume(cx, proof.as_ref(), profile).await?;
    Ok(told)
}

const fn invalid() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid)
}
