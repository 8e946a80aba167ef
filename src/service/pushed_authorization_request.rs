//! The pushed authorization request endpoint (RFC 9126): a client authenticates, its request passes
//! the very checks of the authorization endpoint, and it is handed a reference to what it asked.

use super::{
    Cx, Failure,
    authorization::{self, DialogueFailure, SourceFailure},
    client_authentication::{self, DirectRequest, Freshness},
    network_limit::{self, Waiting},
    possession,
};
use crate::{
    crypto::token::{SecretKind, mint},
    domain::{
        Secret,
        ids::PushedRequestId,
        oauth::{
            AuthorizationRequest, ErrorCode, OAuthError, PUSHED_LIFETIME, Params, PushedRequest, REQUEST_URI_PREFIX,
            ResponseType, check_may_be_bound, parameters_to_push, pushed_text,
        },
        trace::Reason,
    },
    store::{Abort, Write, pushed_authorization_request},
};

/// What a client is handed for its request.
pub struct PushReply {
    /// The reference, good for one answer.
    pub request_uri: Secret<String>,
    /// Seconds in which a dialogue can begin with it.
    pub expires_in: i64,
}

/// The pushed requests that wait at a network.
const PUSHES: Waiting = Waiting {
    noun: "push",
    too_many: Reason::PushedRequestTooMany,
    count: pushed_authorization_request::count_waiting_from,
};

/// Answers a push.
///
/// # Errors
/// `invalid_client`, or whatever the authorization endpoint would refuse the request for.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>) -> Result<PushReply, Failure> {
    let proof = possession::check(cx, request.possession, None)?;
    let client = client_authentication::authenticate(cx, request, Freshness::Current).await?;
    let noted = |error: &OAuthError| cx.refused("pushed_authorization_request", &[], error.reason);
    let params = parameters_to_push(request.params, &client.client().client_id).inspect_err(noted)?;
    let params = match authorization::check_pushable(cx, params, client.view()).await {
        Ok(params) => params,
        Err(SourceFailure::Refused(refusal)) => return Err(refusal.error.into()),
        Err(SourceFailure::Broken(broken)) => return Err(broken.into()),
    };
    // Only now it is known which parameters count: those of a request object may be all.
    let profile = client.client().settings.security_profile;
    let binding = possession::code_binding(cx, &params, request.possession, proof.as_ref(), profile).await?;
    let params = bound(params, binding.as_deref()).inspect_err(noted)?;
    let minted = mint(SecretKind::PushedRequest, cx.random());
    let parameters = pushed_text(&params).inspect_err(noted)?;
    let mut pushed = PushedRequest {
        id: PushedRequestId::new(cx.fresh_id()),
        client_id: client.client().client_id.clone(),
        parameters,
        network: None,
        created_at: cx.now(),
        expires_at: cx.now().plus_seconds(PUSHED_LIFETIME),
        consumed_at: None,
    };
    let (context, view, hash) = (cx.clone(), client.view().clone(), minted.hash);
    let stored = cx.services.store.write(move |tx| {
        pushed.network = network_limit::find_room(&context, tx, &view.client, &PUSHES)?;
        pushed_authorization_request::insert(tx, &pushed, hash.as_bytes()).map_err(Abort::<Failure>::from)
    });
    stored.await.inspect_err(|failure| {
        if let Failure::Refused(error) = failure {
            noted(error);
        }
    })?;
    let request_uri = Secret::new(format!("{REQUEST_URI_PREFIX}{}", minted.text.expose()));
    Ok(PushReply { request_uri, expires_in: PUSHED_LIFETIME })
}

/// What the client asks, with the key that the code is to be bound to as a parameter (RFC 9449 §10.1).
fn bound(params: Params, dpop_jkt: Option<&str>) -> Result<Params, OAuthError> {
    match dpop_jkt.filter(|_| params.find("dpop_jkt").is_none()) {
        None => Ok(params),
        Some(thumbprint) => {
            // What is asked for was found good; that it is asked for with a proof was not known there.
            params.find("response_type").and_then(ResponseType::from_name).map_or(Ok(()), check_may_be_bound)?;
            let pairs: Vec<_> = params.pairs().chain([("dpop_jkt", thumbprint)]).collect();
            Params::from_pairs(&pairs)
        }
    }
}

/// Uses up the pushed request that an authorization request came from, in the unit of work that
/// answers it. Of many dialogues with one reference, one is answered.
///
/// # Errors
/// `invalid_request_uri` if another one was.
pub(super) fn answer_once(
    cx: &Cx,
    tx: &mut Write<'_>,
    request: &AuthorizationRequest,
) -> Result<(), Abort<DialogueFailure>> {
    let Some(id) = &request.pushed_request else { return Ok(()) };
    if pushed_authorization_request::consume(tx, id, cx.now())? {
        return Ok(());
    }
    cx.refused("request_uri", &[], Reason::PushedRequestUsed);
    Err(OAuthError::new(ErrorCode::InvalidRequestUri, Reason::PushedRequestUsed).into())
}
