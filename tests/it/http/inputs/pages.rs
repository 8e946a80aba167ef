//! The forms of pages that are open, with hostile text in each of their fields.

use std::collections::BTreeSet;

use super::{ENCODED, RAW, routes::with_text, send};
use crate::{
    ciba, device,
    support::{Authorize, Browser, PASSWORD, Page, RelyingParty, Request, TestApp},
};

/// A page that is open, the button that is pressed, and what is typed.
struct Open<'a> {
    browser: Browser<'a>,
    page: Page,
    button: &'static str,
    typed: Vec<(&'static str, String)>,
}

/// Sends hostile text with the form of every page, and takes the paths where it went out of `left`.
pub(super) async fn send_everywhere(app: &TestApp, rp: &RelyingParty, left: &mut BTreeSet<&'static str>) {
    for open in every(app, rp).await {
        let typed: Vec<(&str, &str)> = open.typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (form, fields) = open.page.filled(open.button, &typed);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let action = form.action.as_str();
        left.retain(|path| {
            let (folder, variable) = path.split_once('{').map_or((*path, false), |(folder, _)| (folder, true));
            !(action == folder || (variable && action.starts_with(folder)))
        });
        for text in ENCODED {
            for place in 0..fields.len() {
                let body = with_text(&fields, place, text);
                let request = open.browser.with_cookies(Request::new("POST", action).form_body(&body));
                send(app, &format!("{action} {body}"), request).await;
            }
        }
        for raw in RAW {
            for (name, _) in &fields {
                let body = [name.as_bytes(), b"=", raw].concat();
                let request = open.browser.with_cookies(Request::new("POST", action).form_body(body));
                send(app, action, request).await;
            }
        }
    }
}

/// One of each page that has a form.
async fn every<'a>(app: &'a TestApp, rp: &RelyingParty) -> Vec<Open<'a>> {
    let code = crate::setup::ok::code(app).await;
    let alice = app.person("alice").await;
    let request = Authorize::new(rp, "openid");
    let mut opened = Vec::new();
    let mut open = |browser: Browser<'a>, page: Page, button: &'static str, typed: &[(&'static str, &str)]| {
        let typed = typed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        opened.push(Open { browser, page, button, typed });
    };

    let mut browser = app.browser();
    let page = browser.authorize(&request).await.page("/sign-in/");
    open(browser, page, "login-submit", &[("username", "alice"), ("password", "wrong")]);

    let mut browser = app.browser();
    let page = browser.authorize(&request.clone().with("prompt", "create")).await.page("/sign-up/");
    let typed = [("username", "nora"), ("email", "nora@example.com"), ("name", "Nora"), ("password", "weak")];
    open(browser, page, "sign-up-submit", &typed);

    let mut browser = app.browser();
    let page = browser.authorize(&request).await.page("/sign-in/");
    let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
    open(browser, page, "consent-allow", &[]);

    let mut browser = app.browser();
    browser.grant(&alice, &request).await;
    let page = browser.authorize(&request.clone().with("prompt", "select_account")).await.page("/accounts/");
    open(browser, page, "account-1", &[]);

    let mut browser = app.browser();
    let begun = device::begin(rp, "openid").await;
    let page = device::card(&mut browser, &alice, &begun.user_code).await;
    open(browser, page, "approve-allow", &[("started_here", "no")]);

    let mut browser = app.browser();
    let page = browser.open("/device").await.page("/device");
    open(browser, page, "device-continue", &[("user_code", "BCDF-GHJK")]);

    let mut browser = ciba::signed_in(app, &alice).await;
    ciba::begin(rp, &[]).await;
    let page = browser.open("/requests").await.page("/requests");
    open(browser, page, "request-1", &[]);

    let mut browser = app.browser();
    let page = browser.open("/sign-in").await.page("/sign-in");
    open(browser, page, "login-submit", &[("username", "alice"), ("password", "wrong")]);

    let mut browser = app.browser();
    browser.grant(&alice, &request).await;
    let page = browser.open("/sign-out").await.page("/sign-out");
    open(browser, page, "logout-confirm", &[]);

    let mut browser = app.browser();
    let page = browser.open("/setup").await.page("/setup");
    let typed =
        [("code", code.as_str()), ("username", "root"), ("email", "root@x.example"), ("name", "R"), ("password", "x")];
    open(browser, page, "setup-submit", &typed);
    opened
}
