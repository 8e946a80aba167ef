//! The cookies of this server: two secrets, readable by nobody but us (ASVS 3.3, NIST SP 800-63B-4
//! §5.1.1), and one that is made for a script to read and says nothing (OIDC Session Management 1.0
//! §3.2). On https they are `__Host-`; on loopback http browsers refuse that prefix.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
};

use crate::{
    domain::Secret,
    service::{Cx, authorization::Browser, session_state::browser_state},
};

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// Who is signed in.
    Session,
    /// Which browser a dialogue belongs to.
    Browser,
    /// A value that changes when who is signed in changes.
    State,
}

impl Name {
    const fn text(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-symbolon_session",
            (Self::Session, false) => "symbolon_session",
            (Self::Browser, true) => "__Host-symbolon_browser",
            (Self::Browser, false) => "symbolon_browser",
            (Self::State, true) => "__Host-symbolon_state",
            (Self::State, false) => "symbolon_state",
        }
    }
}

/// What the browser presents. Two cookies of one name are none: one of them was planted.
pub fn browser(cx: &Cx, request: &HttpRequest) -> Browser {
    let https = cx.services.issuer.is_https();
    let read = |name: Name| {
        let jar = request.cookies().ok()?;
        let mut found = jar.iter().filter(|cookie| cookie.name() == name.text(https));
        match (found.next(), found.next()) {
            (Some(cookie), None) => Some(Secret::from(cookie.value())),
            _ => None,
        }
    };
    Browser { session: read(Name::Session), secret: read(Name::Browser) }
}

/// Sets the secret that binds forms and dialogues to this browser, where it is new.
pub fn set_browser(cx: &Cx, response: &mut HttpResponse, secret: Option<&Secret<String>>) {
    if let Some(secret) = secret {
        set(cx, response, Name::Browser, secret);
    }
}

/// Sets a cookie that ends with the browser; the server's own limits end it sooner or later.
fn set(cx: &Cx, response: &mut HttpResponse, name: Name, value: &Secret<String>) {
    add(response, build(cx, name, value.expose().clone()));
}

/// Sets or removes the session cookie, and the state with it.
pub fn keep_session(cx: &Cx, response: &mut HttpResponse, session: Option<&Secret<String>>) {
    match session {
        Some(session) => set(cx, response, Name::Session, session),
        None => clear(cx, response, Name::Session),
    }
    keep_state(cx, response, session);
}

/// Sets the state again where it is missing or belongs to another session: the answer that goes out
/// with it carries the `session_state` of this one.
pub fn refresh_state(cx: &Cx, request: &HttpRequest, response: &mut HttpResponse, session: Option<&Secret<String>>) {
    let known = request.cookie(Name::State.text(cx.services.issuer.is_https()));
    let known = known.as_ref().map(|cookie| cookie.value()).unwrap_or_default();
    if known != browser_state(session) {
        keep_state(cx, response, session);
    }
}

/// The name of the cookie that the check_session_iframe reads.
pub fn name_of_state(cx: &Cx) -> &'static str {
    Name::State.text(cx.services.issuer.is_https())
}

fn keep_state(cx: &Cx, response: &mut HttpResponse, session: Option<&Secret<String>>) {
    match session {
        Some(_) => add(response, build(cx, Name::State, browser_state(session))),
        None => clear(cx, response, Name::State),
    }
}

/// Removes a cookie.
fn clear(cx: &Cx, response: &mut HttpResponse, name: Name) {
    let mut cookie = build(cx, name, String::new());
    cookie.set_max_age(Duration::ZERO);
    add(response, cookie);
}

fn build(cx: &Cx, name: Name, value: String) -> Cookie<'static> {
    let https = cx.services.issuer.is_https();
    Cookie::build(name.text(https), value)
        .path("/")
        .http_only(name != Name::State)
        .secure(https)
        // An app asks by POST, or in a frame whether anybody is signed in, and the state is read in one; the routes
        // refuse what else comes from other sites. Browsers take None with Secure only.
        .same_site(if https { SameSite::None } else { SameSite::Lax })
        .finish()
}

fn add(response: &mut HttpResponse, cookie: Cookie<'static>) {
    if let Err(error) = response.add_cookie(&cookie) {
        tracing::error!(%error, "a cookie could not be set");
    }
}
