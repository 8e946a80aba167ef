//! Starting an app from a link here: its own sign-in begins at its `initiate_login_uri`, which then
//! sends the browser back with an authorization request (OIDC Core 4).

use actix_web::{HttpRequest, HttpResponse};

use super::{
    context::{AppStart, Href},
    dialogue,
};
use crate::{http::context::RequestContext, service::login_initiation};

/// The path in the route table.
const PATH: &str = "/apps/start";

/// The address of the link that starts an app.
pub fn address(context: &RequestContext, client_id: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("client_id", client_id).finish();
    format!("{}{PATH}?{query}", context.cx.services.issuer.path())
}

/// `GET /apps/start`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let start = match login_initiation::start(&context.cx, request.query_string().as_bytes()).await {
        Ok(start) => start,
        Err(failure) => return dialogue::stop(&context, &request, failure).await,
    };
    let host = url::Url::parse(&start.address).ok().and_then(|url| url.host_str().map(str::to_owned));
    match (start.ask, Href::parse(&start.address)) {
        (true, Some(url)) => {
            let client = dialogue::client_card(&start.app, host.as_deref().unwrap_or_default());
            context.state.pages.respond(&AppStart { client, url }, &context.state.layout(&request))
        }
        _ => dialogue::see_other(&start.address),
    }
}
