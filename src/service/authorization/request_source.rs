//! Where the parameters of an authorization request come from: the request itself, the request object
//! that it carries or refers to (OIDC Core 6, RFC 9101), or what the client pushed before (RFC 9126
//! §4). Whatever is validated has passed here.

use super::{
    note_validation,
    request_object::{self, RequestObject},
};
use crate::{
    crypto::token::{SecretKind, parse},
    domain::{
        entity::Client,
        ids::PushedRequestId,
        oauth::{
            AuthorizeError, OAuthError, Params, Passing, Prompt, ValidRequest, check_pushed, check_pushed_challenge,
            check_released, check_request_object, pushed_reference, refuse, request_object_parameters, validate,
        },
        oidc::sign_up::SignUpMode,
        trace::Reason,
    },
    service::{Broken, Cx, Failure, apis, clients::ClientView, sign_up},
    store::pushed_authorization_request,
};

/// The parameters that count.
pub(super) struct Source {
    params: Params,
    /// What the answer uses up.
    pushed: Option<PushedRequestId>,
    /// Whether the client signed them.
    signed: bool,
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

impl From<Box<SourceRefusal>> for SourceFailure {
    fn from(refusal: Box<SourceRefusal>) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Broken> for SourceFailure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// A refusal that nothing tells where to send: a page.
fn in_doubt(rule: &'static str, error: OAuthError) -> Box<SourceRefusal> {
    Box::new(SourceRefusal { rule, error, known: None })
}

/// A refusal that may go where these parameters say.
fn known(rule: &'static str, error: OAuthError, params: Params) -> Box<SourceRefusal> {
    Box::new(SourceRefusal { rule, error, known: Some(params) })
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
    // Without a client that may ask nothing else is looked at, let alone fetched: the first checks say so.
    let source = match view.filter(|view| view.client.enabled && check_released(&view.client).is_ok()) {
        None => Source { params, pushed: None, signed: false },
        Some(view) => match resolve(cx, params, view).await {
            Ok(source) => source,
            Err(SourceFailure::Broken(broken)) => return Err(broken),
            Err(SourceFailure::Refused(refusal)) => return Ok(Err(answerable(cx, *refusal, &view.client))),
        },
    };
    let sign_up = sign_up_mode(cx, &source.params).await?;
    let mut valid = validate(&source.params, view.map(|view| &view.client), sign_up);
    note_validation(cx, &source.params, &valid);
    if let Ok(valid) = &mut valid {
        valid.request.pushed_request = source.pushed;
        valid.request.signed = source.signed;
    }
    Ok(valid)
}

/// Whether a request may be pushed, and what to keep of it: the parameters that count, wherever in
/// the request they stood.
///
/// # Errors
/// What the authorization endpoint would refuse it for.
pub(in crate::service) async fn check_pushable(
    cx: &Cx,
    params: Params,
    view: &ClientView,
) -> Result<Params, SourceFailure> {
    let (params, _) = unwrap_object(cx, params, view)
        .await
        .inspect_err(|refusal| cx.refused(refusal.rule, &[], refusal.error.reason))?;
    let valid = validate(&params, Some(&view.client), sign_up_mode(cx, &params).await?);
    note_validation(cx, &params, &valid);
    let request = valid.map_err(|refused| SourceFailure::from(in_doubt("request", *refused.error())))?.request;
    if let Err(error) = check_pushed_challenge(&view.client, &request) {
        cx.refused("pkce", &[], error.reason);
        return Err(in_doubt("pkce", error).into());
    }
    match apis::registered(cx, &view.client, request).await {
        Ok(_) => Ok(params),
        Err(Failure::Refused(error)) => {
            cx.refused("registry", &[], error.reason);
            Err(in_doubt("registry", error).into())
        }
        Err(Failure::Broken(broken)) => Err(broken.into()),
    }
}

/// Who may create an account: read where a request asks for one.
async fn sign_up_mode(cx: &Cx, params: &Params) -> Result<SignUpMode, Broken> {
    let asks = params.find("prompt").is_some_and(|prompt| prompt.split(' ').any(|word| word == Prompt::Create.name()));
    if !asks {
        return Ok(SignUpMode::Off);
    }
    Ok(cx.services.store.read(sign_up::policy::read).await.map_err(Broken::from)?.mode)
}

async fn resolve(cx: &Cx, params: Params, view: &ClientView) -> Result<Source, SourceFailure> {
    if let Some(reference) = params.find("request_uri").and_then(pushed_reference) {
        return find_pushed(cx, reference, &view.client).await;
    }
    if view.client.settings.require_pushed_authorization_requests {
        return Err(known("request_uri", OAuthError::invalid_request(Reason::PushedRequestRequired), params).into());
    }
    let (params, signed) = unwrap_object(cx, params, view).await?;
    Ok(Source { params, pushed: None, signed })
}

/// The parameters themselves, or those of the request object that they carry, and whether the client
/// signed them. What is refused is told
/// as clients of the client's security profile expect it.
async fn unwrap_object(cx: &Cx, params: Params, view: &ClientView) -> Result<(Params, bool), Box<SourceRefusal>> {
    read_object(cx, params, view).await.map_err(|mut refusal| {
        if let Some(rules) = view.client.profile_rules() {
            refusal.error = rules.told(refusal.error);
        }
        refusal
    })
}

async fn read_object(cx: &Cx, params: Params, view: &ClientView) -> Result<(Params, bool), Box<SourceRefusal>> {
    const RULE: &str = "request_object";
    let client = &view.client;
    let (object, passing) = match (params.find("request"), params.find("request_uri")) {
        (None, None) if client.settings.require_signed_request_object => {
            return Err(known(RULE, OAuthError::invalid_request(Reason::SignedRequestRequired), params));
        }
        (None, None) => return Ok((params, false)),
        (Some(_), Some(_)) => {
            return Err(known(RULE, OAuthError::invalid_request(Reason::RequestObjectTwice), params));
        }
        (Some(object), None) => (Ok(object.to_owned()), Passing::ByValue),
        (None, Some(uri)) => (request_object::fetch(cx, client, uri).await, Passing::ByReference),
    };
    let read = match object {
        Ok(object) => request_object::read(cx, view, &object, passing).await,
        Err(error) => Err(error),
    };
    let RequestObject { claims, signed } = match read {
        Ok(object) => object,
        // Nothing was read because of what stands outside, or is missing there: the app may hear it.
        Err(error @ OAuthError { reason: Reason::RequestUriNotRegistered | Reason::RequestObjectUnsigned, .. })
            if !client.settings.require_signed_request_object =>
        {
            return Err(known(RULE, error, params));
        }
        Err(error) => return Err(in_doubt(RULE, error)),
    };
    let inside = request_object_parameters(&claims, &params, client).map_err(|error| in_doubt(RULE, error))?;
    match check_request_object(&claims, &params, client, cx.services.issuer.as_str(), cx.now()) {
        Ok(()) => {
            cx.passed(RULE, &[("by", if passing == Passing::ByReference { "reference" } else { "value" })]);
            Ok((inside, signed))
        }
        Err(error) => Err(known(RULE, error, inside)),
    }
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
    Ok(Source { params, pushed: Some(pushed.id), signed: false })
}

/// The refusal with the only channel that it may take.
fn answerable(cx: &Cx, refusal: SourceRefusal, client: &Client) -> AuthorizeError {
    cx.refused(refusal.rule, &[], refusal.error.reason);
    match &refusal.known {
        Some(params) => refuse(params, client, refusal.rule, refusal.error),
        None => AuthorizeError::Page(refusal.error),
    }
}
