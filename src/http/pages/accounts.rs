//! The account chooser.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{context::ChooseAccount, dialogue, sign_in::unknown_action};
use crate::{
    domain::{ids::InteractionId, trace::Transaction},
    http::{context::RequestContext, cookies, oauth::form},
    service::{
        accounts::{self, AccountsView},
        authorization::{Next, Page},
    },
};

/// `GET /accounts/{interaction}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    match accounts::view(&context.cx, &id, &browser).await {
        Ok(Some(view)) => show(&context, &request, view),
        Ok(None) => dialogue::go(&context, &request, Next::Page(Page::SignIn(id))).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// `POST /accounts/{interaction}`.
pub async fn post(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Authorization);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let token = params.find("csrf").unwrap_or_default();
    let next = match (params.find("account"), params.find("remove"), params.find("action")) {
        (Some(session), None, None) => accounts::choose(&context.cx, &id, &browser, token, session).await,
        (None, Some(session), None) => match accounts::remove(&context.cx, &id, &browser, token, session).await {
            Ok(removed) => {
                let mut response = dialogue::go(&context, &request, removed.next).await;
                cookies::keep_session(&context.cx, &mut response, removed.session_cookie.as_ref());
                return response;
            }
            Err(failure) => Err(failure),
        },
        (None, None, Some("cancel")) => accounts::cancel(&context.cx, &id, &browser, token).await,
        _ => Err(unknown_action(&context)),
    };
    match next {
        Ok(next) => dialogue::go(&context, &request, next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

fn show(context: &RequestContext, request: &HttpRequest, view: AccountsView) -> HttpResponse {
    let other_url = dialogue::address(context, &Page::SignIn(view.interaction.clone()));
    let page = ChooseAccount {
        action_url: dialogue::address(context, &Page::Accounts(view.interaction)),
        csrf: view.form_token,
        client: dialogue::client_card(&view.app, ""),
        accounts: view.accounts.iter().map(dialogue::account_choice).collect(),
        other_url,
    };
    context.state.pages.respond(&page, &context.state.layout(request))
}
