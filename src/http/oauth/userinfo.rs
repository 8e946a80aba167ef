//! The UserInfo endpoint.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{access_token, token::no_store};
use crate::{
    domain::trace::Transaction,
    http::context::RequestContext,
    service::{self, userinfo::Userinfo},
};

/// `GET /oauth2/userinfo`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    answer(context, request, Bytes::new()).await
}

/// `POST /oauth2/userinfo`.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body).await
}

async fn answer(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Userinfo);
    access_token::answer(&context, &request, &body, async |sent| {
        Ok(match service::userinfo::respond(&context.cx, sent).await? {
            Userinfo::Claims(claims) => no_store().json(claims),
            Userinfo::Jwt(jwt) => no_store().content_type("application/jwt").body(jwt.expose().clone()),
        })
    })
    .await
}
