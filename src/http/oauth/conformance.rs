//! What a run of a conformance suite calls, on a server that was made for it: an answer in the place of a person, and a
//! protected resource. See [`Permission::ConformanceRun`](crate::http::routes::Permission).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
    web::Bytes,
};

use super::{access_token, token::no_store};
use crate::{
    domain::{
        oauth::{OAuthError, Params},
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
/// The form of a UUID.
const UUID_LENGTH: usize = 36;

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

/// `GET /resource` and `POST /resource`.
pub async fn resource(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    let mut response = access_token::answer(&context, &request, &body, async |sent| {
        Ok(no_store().json(conformance::tell_resource(&context.cx, sent).await?))
    })
    .await;
    let sent = request.headers().get(INTERACTION_ID).filter(|value| is_uuid(value)).cloned();
    if let Some(id) = sent.or_else(|| HeaderValue::from_str(&context.cx.fresh_id()).ok()) {
        response.headers_mut().insert(INTERACTION_ID, id);
    }
    response
}

/// What is sent back is what can only be an identifier.
fn is_uuid(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == UUID_LENGTH && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}
