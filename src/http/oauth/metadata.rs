//! Discovery and keys: cheap, cacheable, readable from anywhere.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};

use crate::{
    http::{HttpState, routes},
    service::{
        discovery::{self, Document},
        registration,
    },
};

/// `GET /.well-known/openid-configuration`.
pub async fn openid_configuration(state: Data<HttpState>, request: HttpRequest) -> HttpResponse {
    document(&state, &request, Document::OpenidConfiguration).await
}

/// `GET /.well-known/oauth-authorization-server`.
pub async fn oauth_authorization_server(state: Data<HttpState>, request: HttpRequest) -> HttpResponse {
    document(&state, &request, Document::OauthAuthorizationServer).await
}

async fn document(state: &HttpState, request: &HttpRequest, which: Document) -> HttpResponse {
    registration::policy::current(&state.services).await;
    let document = discovery::document(&state.services, which, &routes::endpoints());
    cacheable(request, serde_json::Value::Object(document).to_string())
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
