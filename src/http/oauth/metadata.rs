//! Discovery and keys: cheap, cacheable, readable from anywhere.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::{Bytes, Data},
};

use crate::{
    domain::{oauth, trace::Reason},
    http::{HttpState, answer, context::RequestContext},
    service::{
        apis,
        discovery::{self, Document},
        registration, sign_up,
    },
};

/// In front of the path of a resource on this host (RFC 9728 §3.1), whatever the issuer's own path is.
pub(in crate::http) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";

/// `GET /.well-known/openid-configuration`.
pub async fn openid_configuration(context: RequestContext, request: HttpRequest) -> HttpResponse {
    document(&context, &request, Document::OpenidConfiguration).await
}

/// `GET /.well-known/oauth-authorization-server`.
pub async fn oauth_authorization_server(context: RequestContext, request: HttpRequest) -> HttpResponse {
    document(&context, &request, Document::OauthAuthorizationServer).await
}

async fn document(context: &RequestContext, request: &HttpRequest, which: Document) -> HttpResponse {
    let services = &context.cx.services;
    registration::policy::current(services).await;
    sign_up::policy::current(services).await;
    match apis::told(services).await {
        Ok(registry) => {
            let rendered = discovery::rendered(services, which, context.state.endpoints, &registry);
            cacheable(request, &rendered.tag, || Bytes::from_owner(rendered.text.clone()))
        }
        Err(broken) => answer::failure(&context.cx, &broken),
    }
}

/// `GET /.well-known/oauth-protected-resource/{path}` (RFC 9728 §3).
pub async fn oauth_protected_resource(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let services = &context.cx.services;
    let registry = match apis::told(services).await {
        Ok(registry) => registry,
        Err(broken) => return answer::failure(&context.cx, &broken),
    };
    // As it was sent: an escaped slash is not a slash.
    let rest = request.uri().path().strip_prefix(RESOURCE_METADATA).unwrap_or_default();
    match oauth::find_hosted(&registry.apis, &services.issuer.origin(), rest) {
        Some(api) => {
            let document = oauth::protected_resource(api, services.issuer.as_str());
            let text = serde_json::Value::Object(document).to_string();
            cacheable(&request, &discovery::entity_tag(&text), || text.into())
        }
        None => {
            let facts = answer::PageFacts::default();
            answer::refused_page(&context, &request, 404, Reason::PathUnknown, facts).await
        }
    }
}

/// `GET /oauth2/jwks`.
pub async fn jwks(state: Data<HttpState>, request: HttpRequest) -> HttpResponse {
    let text = discovery::key_set(&state.services);
    cacheable(&request, &discovery::entity_tag(&text), || text.into())
}

fn cacheable(request: &HttpRequest, tag: &str, body: impl FnOnce() -> Bytes) -> HttpResponse {
    const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::CACHE_CONTROL, FIVE_MINUTES)).insert_header((header::ETAG, tag));
    if known { response.finish() } else { response.insert_header((header::CONTENT_TYPE, JSON)).body(body()) }
}
