//! What is asked after the change, and what came of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{BACK, Cell, Change, Outcome, SCOPE, START, Use, begin::Begun};
use crate::{
    ciba, device, jwt_bearer, sign_up,
    support::{Answer, Authorize, Stop, form_encode},
    token_exchange,
};

/// What no refusal carries.
const SECRETS: [&str; 8] =
    ["code", "access_token", "id_token", "refresh_token", "response", "device_code", "auth_req_id", "request_uri"];

impl<'a> Cell<'a> {
    /// Asks.
    pub async fn finish(&self, of: Use, begun: Begun<'a>, change: Change) -> Outcome {
        let rp = &self.rp;
        match (of, begun) {
            (Use::Authorize(kind), Begun::Browser(mut browser)) => {
                let request = self.request_for(kind);
                self.arrived(browser.authorize(&request).await, &request, change).await
            }
            (Use::Silent, Begun::Browser(mut browser)) => {
                let request = self.request().with("prompt", "none");
                self.arrived(browser.authorize(&request).await, &request, change).await
            }
            (Use::SignIn, Begun::Page(mut browser, page, request)) => {
                let stop = self.type_password(&mut browser, &page).await;
                self.arrived(stop, &request, change).await
            }
            (Use::Chooser, Begun::Page(mut browser, page, request)) => {
                self.arrived(browser.press(&page, "account-1", &[]).await, &request, change).await
            }
            (Use::SignUp, Begun::Page(mut browser, page, request)) => {
                let name = self.app.fresh("newcomer");
                let address = format!("{name}@example.com");
                let stop = match sign_up::create(&mut browser, &page, &name, &address, sign_up::STRONG).await {
                    Stop::Page(page) if page.path.starts_with("/consent/") => {
                        browser.press(&page, "consent-allow", &[]).await
                    }
                    other => other,
                };
                self.arrived(stop, &request, change).await
            }
            (_, Begun::Page(mut browser, page, request)) => {
                self.arrived(browser.press(&page, "consent-allow", &[]).await, &request, change).await
            }
            (_, Begun::Pushed(mut browser, request, reference)) => {
                self.arrived(browser.open(&rp.by_reference(&reference)).await, &request, change).await
            }
            (Use::AppStart, _) => {
                let fields = [("client_id", rp.client_id.as_str())];
                left_for(self.app.browser().open(&format!("/apps/start?{}", form_encode(&fields))).await, START)
            }
            (Use::Push, _) => gave(self.answered(&rp.push(&self.request()).await).await),
            (Use::DeviceBegin, _) => {
                gave(self.answered(&rp.post("/oauth2/device_authorization", &[("scope", SCOPE)]).await).await)
            }
            (Use::CibaBegin, _) => {
                let fields = [("scope", SCOPE), ("login_hint", self.person.username.as_str())];
                gave(self.answered(&rp.post(ciba::ENDPOINT, &fields).await).await)
            }
            (_, Begun::Device(mut browser, Some(page), begun)) => {
                let stop = browser.press(&page, "approve-allow", &[("started_here", "yes")]).await;
                match self.allowed(stop) {
                    Ok(()) => self.redeemed(&device::poll(rp, &begun).await, change).await,
                    Err(outcome) => outcome,
                }
            }
            (_, Begun::Device(mut browser, None, begun)) => {
                card(&device::type_code(&mut browser, &begun.user_code).await.path, "/device")
            }
            (_, Begun::Ciba(mut browser, Some(page), id)) => {
                match self.allowed(browser.press(&page, "approve-allow", &[]).await) {
                    Ok(()) => self.redeemed(&ciba::poll(rp, &id).await, change).await,
                    Err(outcome) => outcome,
                }
            }
            (_, Begun::Ciba(mut browser, None, _)) => {
                let list = browser.open("/requests").await.page("/requests");
                if !list.has("request-1") {
                    return Outcome::Refused("hidden".to_owned());
                }
                card(&browser.press(&list, "request-1", &[]).await.page("/").path, "/requests")
            }
            (Use::ClientCredentials, _) => self.issued(&rp.machine_token().await).await,
            (_, Begun::Code(granted)) => self.issued(&rp.exchange(&granted).await).await,
            (_, Begun::Allowed(begun)) => self.issued(&device::poll(rp, &begun).await).await,
            (_, Begun::AllowedId(id)) => self.issued(&ciba::poll(rp, &id).await).await,
            (_, Begun::Assertion(assertion)) => {
                self.issued(&jwt_bearer::present(rp, &assertion, Some(SCOPE)).await).await
            }
            (Use::Registration | Use::Replace | Use::Unregister, _) => self.managed(of).await,
            (_, Begun::SignedIn(mut browser, tokens)) => {
                let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
                left_for(browser.open(&format!("/oauth2/logout?{}", form_encode(&fields))).await, BACK)
            }
            (Use::Exchange(_, kind), Begun::Exchange(requester, tokens)) => {
                let token = match kind {
                    token_exchange::REFRESH => tokens.refresh(),
                    token_exchange::ID => tokens.id(),
                    _ => &tokens.access_token,
                };
                self.issued(&token_exchange::exchange(&requester, token, kind, &[]).await).await
            }
            (_, Begun::Tokens(tokens)) => {
                let access = tokens.access_token.as_str();
                match of {
                    Use::Refresh | Use::RefreshOffline => self.issued(&rp.refresh(tokens.refresh()).await).await,
                    Use::Userinfo(_) | Use::UserinfoExchanged(..) => {
                        match self.answered(&rp.userinfo(access).await).await {
                            Ok(told) => Outcome::Gave(vec![told]),
                            Err(outcome) => outcome,
                        }
                    }
                    Use::Watched(_) | Use::WatchedOwn(_) | Use::WatchedExchanged(..) => {
                        self.looked_at(&self.world.watcher.introspect(access).await).await
                    }
                    Use::Introspect(_) => self.looked_at(&rp.introspect(access).await).await,
                    _ => {
                        let outcome = gave(self.answered(&rp.revoke(access).await).await);
                        let alive = self.world.watcher.introspect(access).await.active().await;
                        assert!(!alive || matches!(outcome, Outcome::Refused(_)), "revoked, and alive");
                        outcome
                    }
                }
            }
            _ => panic!("{of:?} was begun otherwise"),
        }
    }

    async fn managed(&self, of: Use) -> Outcome {
        let registered = self.registered.as_ref().expect("a registration");
        let sent = json!({
            "client_id": registered.members["client_id"],
            "redirect_uris": ["https://suite.example/callback", "https://suite.example/other"],
        });
        let (method, body) = match of {
            Use::Replace => ("PUT", Some(&sent)),
            Use::Unregister => ("DELETE", None),
            _ => ("GET", None),
        };
        gave(self.answered(&self.app.manage(method, registered, body).await).await)
    }

    /// How a navigation ended. Whatever is refused brings nothing along.
    async fn arrived(&self, stop: Stop, request: &Authorize, change: Change) -> Outcome {
        match stop {
            Stop::Away(away) => {
                let parameters = away.parameters();
                match parameters.get("error") {
                    None => Outcome::Gave(self.brought(&parameters, request, change).await),
                    Some(error) => {
                        assert!(SECRETS.iter().all(|secret| !parameters.contains_key(*secret)), "{parameters:?}");
                        Outcome::Refused(error.clone())
                    }
                }
            }
            Stop::Page(page) if page.has("error-message") => Outcome::Refused("page".to_owned()),
            Stop::Page(page) => Outcome::Page(page.path),
        }
    }

    /// The claims of what came back through the browser, and of what its code is good for.
    async fn brought(&self, parameters: &BTreeMap<String, String>, request: &Authorize, change: Change) -> Vec<Value> {
        let mut told = Vec::new();
        for name in ["access_token", "id_token"] {
            if let Some(token) = parameters.get(name) {
                told.push(self.app.verified(token).await.1);
            }
        }
        if let Some(code) = parameters.get("code") {
            match self.redeemed(&self.rp.exchange(&request.redeem(code)).await, change).await {
                Outcome::Gave(more) => told.extend(more),
                other => panic!("a code that is good for nothing: {other:?}"),
            }
        }
        told
    }

    /// What a code or an agreement, which was given, is good for: of a client with a profile, only what
    /// the profile allows.
    async fn redeemed(&self, answer: &Answer, change: Change) -> Outcome {
        if change == Change::ProfileSet {
            answer.refused("invalid_request", "AS-1226").await;
            return Outcome::Gave(Vec::new());
        }
        self.issued(answer).await
    }

    /// What became of an agreement for another device.
    fn allowed(&self, stop: Stop) -> Result<(), Outcome> {
        match stop {
            Stop::Page(page) if page.path.starts_with("/answered/allowed") => Ok(()),
            Stop::Page(page) if page.has("error-message") => Err(Outcome::Refused("page".to_owned())),
            Stop::Page(page) => Err(Outcome::Page(page.path)),
            Stop::Away(away) => panic!("sent to {}", away.url),
        }
    }

    /// The claims of the tokens of an answer.
    async fn issued(&self, answer: &Answer) -> Outcome {
        let body = match self.answered(answer).await {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        let mut told = Vec::new();
        for name in ["access_token", "id_token"] {
            if let Some(token) = body[name].as_str() {
                told.push(self.app.verified(token).await.1);
            }
        }
        assert!(!told.is_empty(), "{body}");
        Outcome::Gave(told)
    }

    async fn looked_at(&self, answer: &Answer) -> Outcome {
        match self.answered(answer).await {
            Ok(facts) if facts["active"] == true => Outcome::Gave(Vec::new()),
            Ok(facts) => {
                assert_eq!(facts, json!({ "active": false }));
                Outcome::Dead
            }
            Err(outcome) => outcome,
        }
    }

    /// How a program was answered: the body of a success.
    async fn answered(&self, answer: &Answer) -> Result<Value, Outcome> {
        let response = &answer.response;
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let Some(error) = body["error"].as_str() else {
            assert!(matches!(response.status, 200 | 201 | 204), "{}", answer.explained().await);
            return Ok(body);
        };
        assert!(SECRETS.iter().all(|secret| body.get(secret).is_none()), "{body}");
        assert!(matches!(response.status, 400 | 401), "{response}");
        Err(Outcome::Refused(error.to_owned()))
    }
}

/// Where a code or a choice from the list led: to the card, to another page first, or nowhere.
fn card(path: &str, from: &str) -> Outcome {
    if path.starts_with("/approve/") {
        Outcome::Gave(Vec::new())
    } else if path.starts_with(from) {
        Outcome::Refused("page".to_owned())
    } else {
        Outcome::Page(path.to_owned())
    }
}

/// Whether the browser was sent to this place of the app.
fn left_for(stop: Stop, place: &str) -> Outcome {
    match stop {
        Stop::Away(away) => {
            assert_eq!(away.url.split('?').next(), Some(place));
            Outcome::Gave(Vec::new())
        }
        Stop::Page(page) if page.has("error-message") => Outcome::Refused("page".to_owned()),
        Stop::Page(page) => Outcome::Page(page.path),
    }
}

fn gave(answered: Result<Value, Outcome>) -> Outcome {
    match answered {
        Ok(_) => Outcome::Gave(Vec::new()),
        Err(outcome) => outcome,
    }
}
