//! Discovery and keys: cheap, cacheable, readable from anywhere.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};

use crate::{
    domain::{oauth, trace::Reason},
    http::{HttpState, answer, context::RequestContext, routes},
    service::{
        apis,
        discovery::{self, Document},
        registration, sign_up,
    },
};

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
            let document = discovery::document(services, which, &routes::endpoints(), &registry);
            cacheable(request, serde_json::Value::Object(document).to_string())
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
    let rest = request.uri().path().strip_prefix(routes::RESOURCE_METADATA).unwrap_or_default();
    match oauth::find_hosted(&registry.apis, &services.issuer.origin(), rest) {
        Some(api) => {
            let document = oauth::protected_resource(api, services.issuer.as_str());
            cacheable(&request, serde_json::Value::Object(document).to_string())
        }
        None => {
            let facts = answer::PageFacts::default();
            answer::refused_page(&context, &request, 404, Reason::PathUnknown, facts).await
        }
    }
}

/// `GET /oauth2/jwks`.
pub async fn jwks(state: Data<HttpState>, request: HttpRequest) -> HttpResponse {
    cacheable(&request, discovery::key_set(&state.services))
}

fn cacheable(request: &HttpRequest, body: String) -> HttpResponse {
    let tag = discovery::entity_tag(&body);
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known == Some(tag.as_str()) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(("Cache-Control", "public, max-age=300")).insert_header(("ETag", tag.clone()));
    if known == Some(tag.as_str()) {
        return response.finish();
    }
    response.content_type("application/json").body(body)
}
