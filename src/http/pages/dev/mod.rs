//! The playground's pages: a relying party at `/dev`, only in a throw-away server. The handlers
//! know the browser by its cookie and its forms by their token; the rest is the service's.

mod browser;
mod view;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HOST, LOCATION},
    web::{Bytes, Data},
};

use crate::{
    domain::{oauth::Params, trace::Reason},
    http::{
        answer::{PageFacts, refused_page},
        context::RequestContext,
        oauth::form,
    },
    service::playground::{BrowserKey, Fault, Playground, Refusal, SignIn},
};

/// `GET /dev`: what there is to try.
pub async fn home(context: RequestContext, request: HttpRequest, playground: Data<Playground>) -> HttpResponse {
    if let Some(address) = browser::elsewhere(&context.state.services.issuer, host(&request)) {
        return see_other(&address);
    }
    let known = browser::find(&request);
    let state = Params::parse(request.query_string().as_bytes()).ok();
    let signed_out = match (&known, state.as_ref().and_then(|params| params.find("state"))) {
        (Some(key), Some(state)) => playground.signed_out(&context.cx, key, state),
        _ => false,
    };
    let fresh = known.is_none();
    let key = known.unwrap_or_else(|| BrowserKey::fresh(context.cx.random()));
    let page = view::home(&context, &key, signed_out);
    let mut response = context.state.pages.respond(&page, &context.state.layout(&request));
    if fresh {
        browser::remember(&mut response, &context.state.services.issuer, &key);
    }
    response
}

/// `POST /dev/sign-in`: off to the authorization endpoint.
pub async fn sign_in(
    context: RequestContext,
    request: HttpRequest,
    playground: Data<Playground>,
    body: Bytes,
) -> HttpResponse {
    let (key, params) = match own_form(&context, &request, &body).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let text = |name: &str| params.find(name).map(str::to_owned);
    let wish = SignIn {
        client_id: text("client_id").unwrap_or_default(),
        scope: text("scope").unwrap_or_default(),
        prompt: text("prompt"),
        response_mode: text("response_mode"),
        max_age: text("max_age"),
        login_hint: text("login_hint"),
    };
    match playground.sign_in(&context.cx, &key, &wish).await {
        Ok(address) => see_other(&address),
        Err(fault) => failed(&context, &request, &fault),
    }
}

/// `GET /dev/callback` and `/dev/spa`: the answer in the query.
pub async fn callback_query(
    context: RequestContext,
    request: HttpRequest,
    playground: Data<Playground>,
) -> HttpResponse {
    receive(&context, &request, &playground, request.query_string().as_bytes()).await
}

/// `POST /dev/callback` and `/dev/spa`: the answer in a form (OAuth 2.0 Form Post Response Mode).
/// It carries no token of ours; the state is what binds it to this browser.
pub async fn callback_form(
    context: RequestContext,
    request: HttpRequest,
    playground: Data<Playground>,
    body: Bytes,
) -> HttpResponse {
    if !form::is_form(&request) {
        return failed(&context, &request, &Refusal::AnswerMalformed.into());
    }
    receive(&context, &request, &playground, &body).await
}

/// `GET /dev/result`: what the last sign-in of this browser brought.
pub async fn result(context: RequestContext, request: HttpRequest, playground: Data<Playground>) -> HttpResponse {
    let found = browser::find(&request).and_then(|key| Some((playground.shown(&context.cx, &key)?, key)));
    match found {
        Some((shown, key)) => {
            let page = view::result(&context, &key, &shown);
            context.state.pages.respond(&page, &context.state.layout(&request))
        }
        None => see_other(&context.state.services.issuer.join("/dev")),
    }
}

/// `POST /dev/refresh`: new tokens for the refresh token.
pub async fn refresh(
    context: RequestContext,
    request: HttpRequest,
    playground: Data<Playground>,
    body: Bytes,
) -> HttpResponse {
    match own_form(&context, &request, &body).await {
        Ok((key, _)) => after(&context, &request, playground.refresh(&context.cx, &key).await),
        Err(response) => response,
    }
}

/// `POST /dev/introspect`: what the server says of the access token.
pub async fn introspect(
    context: RequestContext,
    request: HttpRequest,
    playground: Data<Playground>,
    body: Bytes,
) -> HttpResponse {
    match own_form(&context, &request, &body).await {
        Ok((key, _)) => after(&context, &request, playground.introspect(&context.cx, &key).await),
        Err(response) => response,
    }
}

/// `POST /dev/sign-out`: forgets the tokens, and off to the end-session endpoint.
pub async fn sign_out(
    context: RequestContext,
    request: HttpRequest,
    playground: Data<Playground>,
    body: Bytes,
) -> HttpResponse {
    let key = match own_form(&context, &request, &body).await {
        Ok((key, _)) => key,
        Err(response) => return response,
    };
    let home = || context.state.services.issuer.join("/dev");
    match playground.sign_out(&context.cx, &key).await {
        Ok(address) => see_other(&address.unwrap_or_else(home)),
        // Signed out in another tab, or long ago.
        Err(Fault::Refused(Refusal::NothingToUse)) => see_other(&home()),
        Err(fault) => failed(&context, &request, &fault),
    }
}

async fn receive(
    context: &RequestContext,
    request: &HttpRequest,
    playground: &Playground,
    encoded: &[u8],
) -> HttpResponse {
    let Ok(params) = Params::parse(encoded) else {
        return failed(context, request, &Refusal::AnswerMalformed.into());
    };
    let Some(key) = browser::find(request) else {
        return failed(context, request, &Refusal::StateUnknown.into());
    };
    let path = request.path();
    let path = path.strip_prefix(context.state.services.issuer.path()).unwrap_or(path);
    after(context, request, playground.receive(&context.cx, &key, path, &params).await)
}

/// A form of a page of ours: from the browser that the page was made for.
async fn own_form(
    context: &RequestContext,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<(BrowserKey, Params), HttpResponse> {
    let key = browser::find(request);
    let params = form::params(&context.cx, request, body).ok();
    match (key, params) {
        (Some(key), Some(params)) if params.find("csrf").is_some_and(|csrf| key.accepts(csrf)) => Ok((key, params)),
        _ => Err(refused_page(context, request, 403, Reason::FormTokenInvalid, PageFacts::default()).await),
    }
}

/// On to the result, so that a reload shows it again and sends nothing again.
fn after(context: &RequestContext, request: &HttpRequest, done: Result<(), Fault>) -> HttpResponse {
    match done {
        Ok(()) => see_other(&context.state.services.issuer.join("/dev/result")),
        Err(fault) => failed(context, request, &fault),
    }
}

fn failed(context: &RequestContext, request: &HttpRequest, fault: &Fault) -> HttpResponse {
    tracing::info!(trace_id = %context.cx.trace_id(), ?fault, "the playground did not go on");
    context.state.pages.respond(&view::refused(context, fault), &context.state.layout(request))
}

fn host(request: &HttpRequest) -> &str {
    request.headers().get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, address)).insert_header(("Cache-Control", "no-store")).finish()
}

#[cfg(test)]
mod tests;
