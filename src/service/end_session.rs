//! Signing out: by the person, or asked for by an app (OIDC RP-Initiated Logout 1.0). What the
//! confirmation page sends back is verified again like the request it came from.

use super::{
    Cx, Failure,
    accounts::SignedInAccount,
    authorization::{App, Browser, DialogueFailure, Form, check_hint},
    frontchannel_logout::{MetApp, apps_of},
    login::Account,
    sessions::{self, Held, SessionEnd},
    subjects,
};
use crate::{
    domain::{
        Secret,
        entity::Client,
        ids::ClientId,
        oauth::{OAuthError, Params},
        oidc::{
            id_token::Hint,
            logout::{LogoutDecision, LogoutRequest, PostLogoutRedirect, SentHint, decide},
        },
        trace::{Reason, Transaction},
    },
    store::{Abort, StoreError, Write, client},
};

/// The parameters that the confirmation page sends back.
const CARRIED: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// The confirmation page.
#[derive(Clone)]
pub struct SignOutView {
    /// The app that asks, if one does.
    pub app: Option<App>,
    /// Who would be signed out, if anybody.
    pub account: Option<Account>,
    /// The other accounts that are signed in here.
    pub others: Vec<SignedInAccount>,
    /// The apps that the account is signed in to: they are signed out as far as they listen.
    pub apps: Vec<String>,
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
    /// The account is signed out.
    Done(SignedOut),
}

/// What is left to do after a sign-out.
#[derive(Default)]
pub struct SignedOut {
    /// Where the browser goes, after the frames; `None`: it stays on the signed-out page.
    pub redirect: Option<String>,
    /// The app that asked.
    pub app: Option<App>,
    /// The session cookie of the accounts that stay; `None`: it is to be removed.
    pub session_cookie: Option<Secret<String>>,
    /// The apps that met what ended.
    pub apps: Vec<MetApp>,
}

/// A logout request, read and verified as far as it goes.
struct Request {
    hint: Option<Result<Hint, OAuthError>>,
    client_id: Option<ClientId>,
    redirect: Option<String>,
    state: Option<String>,
    client: Option<Client>,
    /// The accounts that are signed in here.
    held: Vec<Held>,
    /// Which of them is meant.
    place: usize,
}

/// Which accounts the person signs out.
enum Chosen {
    /// The one that the request is about.
    Meant,
    /// One of the others, by its session.
    Other(String),
    /// All of them.
    All,
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
            held: Vec::new(),
            place: 0,
        };
        let asking = request.logout().asking_client().cloned();
        let (context, cookie) = (cx.clone(), browser.session.clone());
        let read = move |tx: &mut crate::store::Read<'_>| {
            let client = asking.map(|id| client::find(tx, &id)).transpose()?.flatten();
            Ok::<_, StoreError>((client, sessions::all_live(&context, tx, cookie.as_ref())?))
        };
        (request.client, request.held) = cx.services.store.read(read).await?;
        if let Some(Ok(hint)) = &mut request.hint {
            // Whom the client means by its own name for them.
            let named = |held: &Held| match &request.client {
                Some(client) => subjects::meant(cx, client, &hint.subject, &held.user.id),
                None => hint.subject.clone(),
            };
            // The account of the hint, if it is one of several; whether it may be ended is decided afterwards.
            let place = request.held.iter().position(|held| named(held) == held.user.id).unwrap_or_default();
            if let Some(subject) = request.held.get(place).map(named) {
                hint.subject = subject;
            }
            request.place = place;
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
        decide(&self.logout(), self.client.as_ref(), self.meant().map(|held| &held.session))
    }

    /// The account that the request is about.
    fn meant(&self) -> Option<&Held> {
        self.held.get(self.place)
    }

    /// What the confirmation decides on: these sessions, the one that is meant first; or none.
    fn about(&self) -> Vec<&str> {
        let mut about = vec![self.meant().map_or("", |held| held.session.id.as_str())];
        about.extend(self.held.iter().map(|held| held.session.id.as_str()));
        about
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

    async fn sign_out(
        self,
        cx: &Cx,
        redirect: Option<PostLogoutRedirect>,
        chosen: Chosen,
    ) -> Result<SignOut, DialogueFailure> {
        let redirect = redirect.map(|redirect| redirect.location(self.state.as_deref()));
        let app = self.client.as_ref().filter(|client| client.enabled).map(App::from);
        let place = self.place;
        let ends = |index: usize, held: &Held| match &chosen {
            Chosen::Meant => index == place,
            Chosen::Other(id) => held.session.id.as_str() == id,
            Chosen::All => true,
        };
        let (ending, staying): (Vec<_>, Vec<_>) =
            self.held.into_iter().enumerate().partition(|(index, held)| ends(*index, held));
        let session_cookie = sessions::cookie_of(staying.iter().map(|(_, held)| held));
        let context = cx.clone();
        let end = move |tx: &mut Write<'_>| {
            let mut apps = Vec::new();
            for (_, Held { session, user, .. }) in ending {
                let cx = context.clone().acting_as(format!("user:{}", user.id));
                apps.extend(apps_of(&cx, tx, &session)?);
                sessions::end(&cx, tx, &session, SessionEnd::SignedOut)?;
            }
            Ok::<_, Abort<Failure>>(apps)
        };
        let apps = cx.services.store.write(end).await?;
        cx.passed("logout", &[]);
        Ok(SignOut::Done(SignedOut { redirect, app, session_cookie, apps }))
    }

    /// The page that asks.
    async fn ask(&self, cx: &Cx, params: &Params, browser: &Browser) -> Result<SignOutView, DialogueFailure> {
        cx.interaction("logout", &[]);
        let (browser, browser_cookie) = browser.clone().with_secret(cx);
        let apps = match self.meant() {
            Some(meant) => {
                let (context, session) = (cx.clone(), meant.session.clone());
                cx.services.store.read(move |tx| apps_of(&context, tx, &session)).await?
            }
            None => Vec::new(),
        };
        let carried = |name: &str| params.find(name).map(|value| (name.to_owned(), value.to_owned()));
        let others = self.held.iter().enumerate().filter(|(index, _)| *index != self.place);
        Ok(SignOutView {
            app: self.client.as_ref().filter(|client| client.enabled).map(App::from),
            account: self.meant().map(|held| Account::from(&held.user)),
            others: others
                .map(|(_, held)| SignedInAccount {
                    session: held.session.id.clone(),
                    account: Account::from(&held.user),
                })
                .collect(),
            apps: apps.into_iter().map(|app| app.name).collect(),
            fields: CARRIED.into_iter().filter_map(carried).collect(),
            form_token: browser.form_token(Form::SignOut, &self.about()),
            browser_cookie,
        })
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
        LogoutDecision::SignOut => request.sign_out(cx, None, Chosen::Meant).await,
        LogoutDecision::SignOutAndRedirect(redirect) => request.sign_out(cx, Some(redirect), Chosen::Meant).await,
        LogoutDecision::Confirm(_) => Ok(SignOut::Confirm(Box::new(request.ask(cx, &params, browser).await?))),
    }
}

/// The person agreed. `encoded`: the form, with the carried fields and `csrf`.
///
/// # Errors
/// As [`start`]; `FormTokenInvalid`, also if other accounts are signed in by now.
pub async fn confirm(cx: &Cx, encoded: &[u8], browser: &Browser) -> Result<SignOut, DialogueFailure> {
    cx.note_transaction(Transaction::Logout);
    let params = Params::parse(encoded).inspect_err(|error| cx.refused("parameters", &[], error.reason))?;
    let request = Request::read(cx, &params, browser).await?;
    let token = params.find("csrf").unwrap_or_default();
    if browser.check_form_token(Form::SignOut, &request.about(), token).is_err() {
        return Err(request.refuse(cx, OAuthError::invalid_request(Reason::FormTokenInvalid)));
    }
    let chosen = match (params.find("account"), params.find("action")) {
        (Some(session), _) => Chosen::Other(session.to_owned()),
        (None, Some("all")) => Chosen::All,
        (None, _) => Chosen::Meant,
    };
    if let Chosen::Other(session) = &chosen
        && request.held.iter().all(|held| held.session.id.as_str() != session)
    {
        return Err(request.refuse(cx, OAuthError::invalid_request(Reason::ParameterMalformed)));
    }
    match request.decide() {
        LogoutDecision::Refuse(error) => Err(request.refuse(cx, error)),
        LogoutDecision::SignOut => request.sign_out(cx, None, chosen).await,
        LogoutDecision::SignOutAndRedirect(redirect) => request.sign_out(cx, Some(redirect), chosen).await,
        LogoutDecision::Confirm(redirect) => request.sign_out(cx, redirect, chosen).await,
    }
}

#[cfg(test)]
mod tests;
