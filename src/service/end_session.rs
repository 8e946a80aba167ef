//! Signing out: by the person, or asked for by an app (OIDC RP-Initiated Logout 1.0). What the
//! confirmation page sends back is verified again like the request it came from.

use super::{
    Cx, Failure,
    authorization::{App, Browser, DialogueFailure, Form, check_hint},
    login::Account,
    sessions::{self, SessionEnd},
    subjects,
};
use crate::{
    domain::{
        Secret,
        entity::{Client, Session, User},
        ids::ClientId,
        oauth::{OAuthError, Params},
        oidc::{
            id_token::Hint,
            logout::{LogoutDecision, LogoutRequest, PostLogoutRedirect, SentHint, decide},
        },
        trace::{Reason, Transaction},
    },
    store::{Abort, StoreError, client},
};

/// The parameters that the confirmation page sends back.
const CARRIED: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// The confirmation page.
#[derive(Clone)]
pub struct SignOutView {
    /// The app that asks, if one does.
    pub app: Option<App>,
    /// Who is signed in, if anybody.
    pub account: Option<Account>,
    /// The hidden fields that carry the request: names and plain values.
    pub fields: Vec<(String, String)>,
    /// The hidden value `csrf`.
    pub form_token: String,
    /// The secret that binds the form to this browser, if it must become a cookie.
    pub browser_cookie: Option<Secret<String>>,
}

/// What happens to a logout request.
pub enum SignOut {
    /// The person is asked.
    Confirm(Box<SignOutView>),
    /// Nobody is signed in here any more: the session cookie is to be removed.
    Done {
        /// Where the browser goes; `None`: to the signed-out page.
        redirect: Option<String>,
    },
}

/// A logout request, read and verified as far as it goes.
struct Request {
    hint: Option<Result<Hint, OAuthError>>,
    client_id: Option<ClientId>,
    redirect: Option<String>,
    state: Option<String>,
    client: Option<Client>,
    session: Option<(Session, User)>,
}

impl Request {
    async fn read(cx: &Cx, params: &Params, browser: &Browser) -> Result<Self, DialogueFailure> {
        let text = |name: &str| params.find(name).map(str::to_owned);
        let mut request = Self {
            hint: params.find("id_token_hint").map(|hint| check_hint(cx, hint)),
            client_id: params.find("client_id").map(ClientId::new),
            redirect: text("post_logout_redirect_uri"),
            state: text("state"),
            client: None,
            session: None,
        };
        let asking = request.logout().asking_client().cloned();
        let (context, cookie) = (cx.clone(), browser.session.clone());
        let read = move |tx: &mut crate::store::Read<'_>| {
            let client = asking.map(|id| client::find(tx, &id)).transpose()?.flatten();
            Ok::<_, StoreError>((client, sessions::find_live(&context, tx, cookie.as_ref())?))
        };
        (request.client, request.session) = cx.services.store.read(read).await?;
        if let (Some(Ok(hint)), Some(client), Some((_, user))) = (&mut request.hint, &request.client, &request.session)
        {
            hint.subject = subjects::meant(cx, client, &hint.subject, &user.id);
        }
        if let Some(client) = &request.client {
            cx.note_client(client.client_id.as_str());
        }
        Ok(request)
    }

    fn logout(&self) -> LogoutRequest<'_> {
        LogoutRequest {
            hint: match &self.hint {
                None => SentHint::Absent,
                Some(Err(_)) => SentHint::Invalid,
                Some(Ok(hint)) => SentHint::Valid(hint),
            },
            client_id: self.client_id.as_ref(),
            post_logout_redirect_uri: self.redirect.as_deref(),
        }
    }

    fn decide(&self) -> LogoutDecision {
        decide(&self.logout(), self.client.as_ref(), self.session.as_ref().map(|(session, _)| session))
    }

    /// What the confirmation decides on: this session, or none.
    fn about(&self) -> [&str; 1] {
        [self.session.as_ref().map_or("", |(session, _)| session.id.as_str())]
    }

    fn refuse(&self, cx: &Cx, error: OAuthError) -> DialogueFailure {
        cx.refused(
            "logout",
            &[("post_logout_redirect_uri", self.redirect.as_deref().unwrap_or_default())],
            error.reason,
        );
        let failure = DialogueFailure::from(error);
        match self.client.as_ref().filter(|client| client.enabled) {
            Some(client) => failure.with_app(client),
            None => failure,
        }
    }

    async fn sign_out(self, cx: &Cx, redirect: Option<PostLogoutRedirect>) -> Result<SignOut, DialogueFailure> {
        if let Some((session, user)) = self.session {
            let context = cx.clone().acting_as(format!("user:{}", user.id));
            let ended = move |tx: &mut crate::store::Write<'_>| {
                sessions::end(&context, tx, &session, SessionEnd::SignedOut).map_err(Abort::<Failure>::from)
            };
            cx.services.store.write(ended).await?;
        }
        cx.passed("logout", &[]);
        let redirect = redirect.map(|redirect| redirect.location(self.state.as_deref()));
        Ok(SignOut::Done { redirect })
    }
}

/// Signs out, or asks first. `encoded`: the query, or the form of a POST; empty when the person came
/// by themselves.
///
/// # Errors
/// Refused: nothing ends and nothing redirects.
pub async fn start(cx: &Cx, encoded: &[u8], browser: &Browser) -> Result<SignOut, DialogueFailure> {
    cx.note_transaction(Transaction::Logout);
    let params = Params::parse(encoded).inspect_err(|error| cx.refused("parameters", &[], error.reason))?;
    let request = Request::read(cx, &params, browser).await?;
    match request.decide() {
        LogoutDecision::Refuse(error) => Err(request.refuse(cx, error)),
        LogoutDecision::SignOut => request.sign_out(cx, None).await,
        LogoutDecision::SignOutAndRedirect(redirect) => request.sign_out(cx, Some(redirect)).await,
        LogoutDecision::Confirm(_) => {
            cx.interaction("logout", &[]);
            let (browser, browser_cookie) = browser.clone().with_secret(cx);
            let carried = |name: &str| params.find(name).map(|value| (name.to_owned(), value.to_owned()));
            Ok(SignOut::Confirm(Box::new(SignOutView {
                app: request.client.as_ref().filter(|client| client.enabled).map(App::from),
                account: request.session.as_ref().map(|(_, user)| Account::from(user)),
                fields: CARRIED.into_iter().filter_map(carried).collect(),
                form_token: browser.form_token(Form::SignOut, &request.about()),
                browser_cookie,
            })))
        }
    }
}

/// The person agreed. `encoded`: the form, with the carried fields and `csrf`.
///
/// # Errors
/// As [`start`]; `FormTokenInvalid`, also if another account is signed in by now.
pub async fn confirm(cx: &Cx, encoded: &[u8], browser: &Browser) -> Result<SignOut, DialogueFailure> {
    cx.note_transaction(Transaction::Logout);
    let params = Params::parse(encoded).inspect_err(|error| cx.refused("parameters", &[], error.reason))?;
    let request = Request::read(cx, &params, browser).await?;
    let token = params.find("csrf").unwrap_or_default();
    if browser.check_form_token(Form::SignOut, &request.about(), token).is_err() {
        return Err(request.refuse(cx, OAuthError::invalid_request(Reason::FormTokenInvalid)));
    }
    match request.decide() {
        LogoutDecision::Refuse(error) => Err(request.refuse(cx, error)),
        LogoutDecision::SignOut => request.sign_out(cx, None).await,
        LogoutDecision::SignOutAndRedirect(redirect) => request.sign_out(cx, Some(redirect)).await,
        LogoutDecision::Confirm(redirect) => request.sign_out(cx, redirect).await,
    }
}

#[cfg(test)]
mod tests;
