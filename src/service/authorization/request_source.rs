//! Where the parameters of an authorization request come from: the request itself, or what the
//! client pushed before (RFC 9126 §4). Whatever is validated has passed here.

use super::note_validation;
use crate::{
    crypto::token::{SecretKind, parse},
    domain::{
        entity::Client,
        ids::PushedRequestId,
        oauth::{AuthorizeError, OAuthError, Params, ValidRequest, check_pushed, pushed_reference, refuse, validate},
        trace::Reason,
    },
    service::{Broken, Cx, clients::ClientView},
    store::pushed_authorization_request,
};

/// The parameters that count.
pub(super) struct Source {
    params: Params,
    /// What the answer uses up.
    pushed: Option<PushedRequestId>,
}

/// A request whose parameters do not count.
pub(in crate::service) struct SourceRefusal {
    /// The rule that refused.
    rule: &'static str,
    /// What is wrong.
    pub error: OAuthError,
    /// The parameters that say where the refusal may go; none if they are in doubt themselves.
    known: Option<Params>,
}

/// Why there are no parameters.
pub(in crate::service) enum SourceFailure {
    /// A rule said no.
    Refused(Box<SourceRefusal>),
    /// The server could not decide.
    Broken(Broken),
}

impl From<Broken> for SourceFailure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// A refusal that nothing tells where to send: a page.
fn in_doubt(rule: &'static str, error: OAuthError) -> SourceFailure {
    SourceFailure::Refused(Box::new(SourceRefusal { rule, error, known: None }))
}

/// A refusal that may go where these parameters say.
fn known(rule: &'static str, error: OAuthError, params: Params) -> SourceFailure {
    SourceFailure::Refused(Box::new(SourceRefusal { rule, error, known: Some(params) }))
}

/// What an authorization request asks, valid or refused.
///
/// # Errors
/// When the server could not decide.
pub(super) async fn read(
    cx: &Cx,
    params: Params,
    view: Option<&ClientView>,
) -> Result<Result<ValidRequest, AuthorizeError>, Broken> {
    // Without a client nothing else is looked at: the first check says so.
    let source = match view.filter(|view| view.client.enabled) {
        None => Source { params, pushed: None },
        Some(view) => match resolve(cx, params, view).await {
            Ok(source) => source,
            Err(SourceFailure::Broken(broken)) => return Err(broken),
            Err(SourceFailure::Refused(refusal)) => return Ok(Err(answerable(cx, *refusal, &view.client))),
        },
    };
    let mut valid = validate(&source.params, view.map(|view| &view.client));
    note_validation(cx, &source.params, &valid);
    if let Ok(valid) = &mut valid {
        valid.request.pushed_request = source.pushed;
    }
    Ok(valid)
}

/// Whether a request may be pushed, and what to keep of it.
///
/// # Errors
/// What the authorization endpoint would refuse it for.
pub(in crate::service) async fn check_pushable(
    cx: &Cx,
    params: Params,
    view: &ClientView,
) -> Result<Params, SourceFailure> {
    let valid = validate(&params, Some(&view.client));
    note_validation(cx, &params, &valid);
    match valid {
        Ok(_) => Ok(params),
        Err(refused) => Err(in_doubt("request", *refused.error())),
    }
}

async fn resolve(cx: &Cx, params: Params, view: &ClientView) -> Result<Source, SourceFailure> {
    if let Some(reference) = params.find("request_uri").and_then(pushed_reference) {
        return find_pushed(cx, reference, &view.client).await;
    }
    if view.client.settings.require_pushed_authorization_requests {
        return Err(known("request_uri", OAuthError::invalid_request(Reason::PushedRequestRequired), params));
    }
    Ok(Source { params, pushed: None })
}

/// What was pushed counts, and nothing that stands next to the reference.
async fn find_pushed(cx: &Cx, reference: &str, client: &Client) -> Result<Source, SourceFailure> {
    let found = match parse(SecretKind::PushedRequest, reference) {
        None => None,
        Some(hash) => cx
            .services
            .store
            .read(move |tx| pushed_authorization_request::find(tx, hash.as_bytes()))
            .await
            .map_err(Broken::from)?,
    };
    let pushed = check_pushed(found, &client.client_id, cx.now()).map_err(|error| in_doubt("request_uri", error))?;
    let params = Params::parse(pushed.parameters.as_bytes())
        .map_err(|_| Broken::Internal(format!("pushed request {} holds no parameters", pushed.id)))?;
    cx.passed("request_uri", &[("pushed", pushed.id.as_str())]);
    Ok(Source { params, pushed: Some(pushed.id) })
}

/// The refusal with the only channel that it may take.
fn answerable(cx: &Cx, refusal: SourceRefusal, client: &Client) -> AuthorizeError {
    cx.refused(refusal.rule, &[], refusal.error.reason);
    match &refusal.known {
        Some(params) => refuse(params, client, refusal.rule, refusal.error),
        None => AuthorizeError::Page(refusal.error),
    }
}
