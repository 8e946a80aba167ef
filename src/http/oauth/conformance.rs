//! What a run of a conformance suite calls, on a server that was made for it: an answer in the place of a person, and a
//! protected resource. See [`Permission::ConformanceRun`](crate::http::routes::Permission).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE},
    web::Bytes,
};

use super::{access_token, token::no_store};
use crate::{
    domain::{
        oauth::{ErrorCode, OAuthError, Params},
        oidc::step_up::Demand,
        trace::Reason,
    },
    http::{
        answer::{Renderer, finish},
        context::RequestContext,
    },
    service::{
        Failure,
        conformance::{self, Answer},
    },
};

/// Says which interaction an answer belongs to (FAPI 1.0 Part 1, 6.2.1).
const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
/// The longest that is sent back.
const LONGEST_INTERACTION_ID: usize = 128;

/// `POST /test/ciba?auth_req_id=…&action=allow|deny`.
pub async fn answer_backchannel(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let answered = answer(&context, &request).await;
    finish(&context, Renderer::OauthJson, answered.map(|()| HttpResponse::NoContent().finish())).await
}

async fn answer(context: &RequestContext, request: &HttpRequest) -> Result<(), Failure> {
    let refused = |error: OAuthError| {
        context.cx.refused("parameters", &[], error.reason);
        Failure::Refused(error)
    };
    let params = Params::parse(request.query_string().as_bytes()).map_err(refused)?;
    let answer = params.find("action").and_then(Answer::from_name);
    let (Some(auth_req_id), Some(answer)) = (params.find("auth_req_id"), answer) else {
        return Err(refused(OAuthError::invalid_request(Reason::ParameterMalformed)));
    };
    conformance::answer_backchannel(&context.cx, auth_req_id, answer).await
}

/// `GET /resource` and `POST /resource`, with what it is to demand of the sign-in: `acr_values`, `max_age`.
pub async fn resource(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    let mut response = tell_resource(&context, &request, &body).await;
    let sent: Vec<&HeaderValue> = request.headers().get_all(INTERACTION_ID).collect();
    let told = match sent.as_slice() {
        [] => HeaderValue::from_str(&context.cx.fresh_id()).ok(),
        [only] if is_safe(only) => Some((*only).clone()),
        // Whatever is told is what was sent; so nothing is.
        _ => None,
    };
    if let Some(id) = told {
        response.headers_mut().insert(INTERACTION_ID, id);
    }
    response
}

async fn tell_resource(context: &RequestContext, request: &HttpRequest, body: &Bytes) -> HttpResponse {
    let demand = match Params::parse(request.query_string().as_bytes()).and_then(|params| Demand::parse(&params)) {
        Ok(demand) => demand,
        Err(error) => {
            context.cx.refused("parameters", &[], error.reason);
            return finish(context, Renderer::Bearer, Err(error.into())).await;
        }
    };
    let challenge = demand.challenge();
    let mut response = access_token::answer(context, request, body, async |sent| {
        Ok(no_store().json(conformance::tell_resource(&context.cx, sent, demand).await?))
    })
    .await;
    // What the sign-in lacks is said in the challenge of this very refusal, and of no other.
    let said = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let insufficient = said.filter(|said| said.contains(ErrorCode::InsufficientUserAuthentication.name()));
    if let Some(Ok(value)) = insufficient.map(|said| HeaderValue::from_str(&format!("{said}{challenge}"))) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

/// What is sent back unchanged is short, and one word of visible characters.
fn is_safe(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=LONGEST_INTERACTION_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}
