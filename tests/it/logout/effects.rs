//! What each kind of logout ends: every cell of the table, by doing it.

use symbolon::{
    domain::{
        entity::{AccessTokenFormat, ConsentMode, ExchangeMode, SubjectMapping, UserState},
        ids::SessionId,
        oauth::GrantType,
        oidc::logout_effects::{Artefact, Effect, Logout, effect},
    },
    service::admin::{self, user::UserChanges},
    store::{consent, delivery, session, trusted_issuer},
};

use crate::{
    ciba,
    device::{self, Device},
    jwt_bearer::{self, Idp},
    support::{
        Answer, Authorize, Browser, ClientSpec, PASSWORD, Page, Person, RelyingParty, Request, Stop, TestApp, Tokens,
    },
    token_exchange,
};

const BACK: &str = "https://jwt.example/back";

/// Everything that stands before the logout.
struct Scene<'a> {
    app: &'a TestApp,
    alice: Person,
    jwt: RelyingParty,
    opaque: RelyingParty,
    browser: Browser<'a>,
    session: SessionId,
    sibling: SessionId,
    other: SessionId,
    online: [Tokens; 2],
    offline: [Tokens; 2],
    codes: [crate::support::Grant; 2],
    dialogue: Page,
    /// Got by the client of opaque tokens for the other one's: online, offline.
    exchanged: [Tokens; 2],
    asserted: Tokens,
    /// Allowed in the session, and not: of a device, and over the back channel.
    allowed: (Device, String),
    pending: (Device, String),
    reference: String,
}

async fn sid(app: &TestApp, tokens: &Tokens) -> SessionId {
    SessionId::new(app.verified(tokens.id()).await.1["sid"].as_str().expect("sid"))
}

/// Somebody signs in beside whoever is signed in.
async fn add(app: &TestApp, browser: &mut Browser<'_>, rp: &RelyingParty, name: &str) -> SessionId {
    let request = Authorize::new(rp, "openid");
    let page = browser.authorize(&request.clone().with("prompt", "login")).await.page("/sign-in/");
    let away = browser.sign_in(&page, name, PASSWORD).await.away();
    sid(app, &rp.exchange(&away.grant(&request)).await.ok().await).await
}

/// What a client gets for another one's token.
async fn exchange(app: &TestApp, requester: &RelyingParty, grantor: &RelyingParty, tokens: &Tokens) -> Tokens {
    token_exchange::allow(app, requester, grantor, &[app.issuer()], ExchangeMode::Delegation).await;
    token_exchange::exchange(requester, &tokens.access_token, token_exchange::ACCESS, &[]).await.ok().await
}

/// What a client gets because a trusted issuer vouches for the person.
async fn vouched(app: &TestApp, rp: &RelyingParty, person: &Person) -> Tokens {
    app.write(|tx| trusted_issuer::delete(tx, jwt_bearer::IDP)).await;
    let idp = Idp::trusted(app, SubjectMapping::Username, &[rp]).await;
    jwt_bearer::present(rp, &idp.vouch(app, &person.username), Some("openid")).await.ok().await
}

/// A device asks, and so does the client over the back channel.
async fn ask(rp: &RelyingParty, person: &Person, scope: &str) -> (Device, String) {
    let asked = [("scope", scope), ("login_hint", person.username.as_str())];
    (device::begin(rp, scope).await, ciba::begin(rp, &asked).await)
}

/// The same, and the person allows both in this browser: of the device without, over the back channel with
/// offline access.
async fn allowed(browser: &mut Browser<'_>, rp: &RelyingParty, person: &Person) -> (Device, String) {
    let begun = device::begin(rp, "openid").await;
    let page = device::type_code(browser, &begun.user_code).await;
    browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
    let asked = [("scope", "openid offline_access"), ("login_hint", person.username.as_str())];
    let id = ciba::begin(rp, &asked).await;
    let page = ciba::card(browser).await;
    browser.press(&page, "approve-allow", &[]).await.page("/answered/allowed");
    (begun, id)
}

/// The `error` of a refusal; empty for a success.
fn error_of(answer: &Answer) -> String {
    answer.response.json()["error"].as_str().unwrap_or_default().to_owned()
}

impl<'a> Scene<'a> {
    async fn new(app: &'a TestApp, name: &str) -> Self {
        let spec = |id: &str, format| {
            let backchannel = format!("https://{id}.example/backchannel");
            ClientSpec::web(&format!("{id}-{name}")).set(move |settings| {
                settings.access_token_format = format;
                settings.consent = ConsentMode::Skip;
                settings.may_introspect = true;
                settings.grant_types = GrantType::ALL.to_vec();
                settings.backchannel_logout_uri = Some(backchannel);
                settings.post_logout_redirect_uris = vec![BACK.to_owned()];
            })
        };
        let jwt = app.client(spec("jwt", AccessTokenFormat::Jwt)).await;
        let opaque = app.client(spec("opaque", AccessTokenFormat::Opaque)).await;
        let (alice, bob) = (app.person(name).await, format!("bob-{name}"));
        app.person(&bob).await;
        let (mut browser, mut elsewhere) = (app.browser(), app.browser());
        let other = add(app, &mut elsewhere, &jwt, name).await;
        let sibling = add(app, &mut browser, &jwt, &bob).await;
        // A moment later: whom an app was given last has no order within a millisecond.
        app.clock.advance(1);
        let session = add(app, &mut browser, &jwt, name).await;
        app.remember_consent(&alice, &jwt).await;
        let mut tokens = Vec::new();
        let mut codes = Vec::new();
        for (rp, scope) in
            [(&jwt, "openid"), (&opaque, "openid"), (&jwt, "openid offline_access"), (&opaque, "openid offline_access")]
        {
            let request = Authorize::new(rp, scope).with("login_hint", name);
            let grant = browser.authorize(&request).await.away().grant(&request);
            tokens.push(rp.exchange(&grant).await.ok().await);
        }
        for scope in ["openid", "openid offline_access"] {
            let request = Authorize::new(&jwt, scope).with("login_hint", name);
            codes.push(browser.authorize(&request).await.away().grant(&request));
        }
        let dialogue =
            browser.authorize(&Authorize::new(&jwt, "openid").with("prompt", "login")).await.page("/sign-in/");
        let exchanged =
            [exchange(app, &opaque, &jwt, &tokens[0]).await, exchange(app, &opaque, &jwt, &tokens[2]).await];
        let (allowed, pending) = (allowed(&mut browser, &jwt, &alice).await, ask(&jwt, &alice, "openid").await);
        let mut tokens = tokens.into_iter();
        let mut two = || [tokens.next().expect("issued"), tokens.next().expect("issued")];
        let (online, offline) = (two(), two());
        let codes = [codes.remove(0), codes.remove(0)];
        assert_eq!(sid(app, &online[0]).await, session);
        let asserted = vouched(app, &jwt, &alice).await;
        let reference = jwt.push(&Authorize::new(&jwt, "openid").with("prompt", "login")).await.pushed().await;
        Self {
            app,
            alice,
            jwt,
            opaque,
            browser,
            session,
            sibling,
            other,
            online,
            offline,
            codes,
            dialogue,
            exchanged,
            asserted,
            allowed,
            pending,
            reference,
        }
    }

    async fn log_out(&mut self, logout: Logout) {
        let (cx, name) = (self.app.cx(), self.alice.username.clone());
        let changes = UserChanges::default();
        match logout {
            Logout::Own => {
                let page = self.browser.open("/sign-out").await.page("/sign-out");
                self.browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
            }
            Logout::RelyingParty => {
                let fields = [("id_token_hint", self.online[0].id()), ("post_logout_redirect_uri", BACK)];
                let target = format!("/oauth2/logout?{}", crate::support::form_encode(&fields));
                assert_eq!(self.browser.open(&target).await.away().url, BACK);
            }
            Logout::Removed => {
                let request = Authorize::new(&self.jwt, "openid").with("prompt", "select_account");
                let page = self.browser.authorize(&request).await.page("/accounts/");
                let text = page.answer.response.text();
                let at = text.find(&format!("<strong>{name} Example")).expect("listed");
                let place = text[..at].matches("class=\"account-pick\"").count();
                self.browser.press(&page, &format!("account-remove-{place}"), &[]).await.page("/accounts/");
            }
            Logout::Replaced => {
                // The sibling is used once more, so that Alice is the one that makes room for the ninth account.
                assert_eq!(add(self.app, &mut self.browser, &self.jwt, &format!("bob-{name}")).await, self.sibling);
                for number in 0..7 {
                    let guest = format!("guest{number}-{name}");
                    self.app.person(&guest).await;
                    add(self.app, &mut self.browser, &self.jwt, &guest).await;
                }
            }
            Logout::Revoked => admin::session::end(&cx, self.session.as_str()).await.expect("ended"),
            Logout::PasswordChanged => {
                let new = "fresh staple horse battery".into();
                assert_eq!(admin::user::set_password(&cx, &name, new, None).await.expect("set"), 2);
            }
            Logout::Disabled => {
                let state = Some(UserState::Disabled);
                admin::user::update(&cx, &name, UserChanges { state, ..changes }).await.expect("disabled");
            }
            Logout::Everywhere => {
                // A moment later: what was granted in this very millisecond would count as later.
                self.app.clock.advance(1);
                let changes = UserChanges { sign_out_everywhere: true, ..changes };
                admin::user::update(&self.app.cx(), &name, changes).await.expect("signed out");
            }
        }
    }

    async fn is_live(&self, id: &SessionId) -> bool {
        let id = id.clone();
        self.app.read(move |tx| session::find(tx, &id)).await.expect("known").ended_at.is_none()
    }

    async fn refreshes(&self, rp: &RelyingParty, tokens: &Tokens) -> bool {
        rp.refresh(tokens.refresh()).await.response.status == 200
    }

    /// At UserInfo and at introspection, which must agree.
    async fn is_accepted(&self, rp: &RelyingParty, tokens: &Tokens) -> bool {
        let active = rp.introspect(&tokens.access_token).await.active().await;
        let told = rp.userinfo(&tokens.access_token).await.response.status == 200;
        assert_eq!(active, told, "introspection and UserInfo agree");
        active
    }

    /// Whether the artefact is as good as before.
    async fn stands(&mut self, artefact: Artefact) -> bool {
        match artefact {
            Artefact::Session => self.is_live(&self.session).await,
            Artefact::SiblingSession => self.is_live(&self.sibling).await,
            Artefact::OtherSession => self.is_live(&self.other).await,
            Artefact::AppSession => {
                let told = self.app.read(|tx| delivery::list(tx, None, None, 1000)).await;
                let of_session =
                    told.iter().filter(|one| one.payload.contains(self.session.as_str())).collect::<Vec<_>>();
                for rp in [&self.jwt, &self.opaque] {
                    let heard = of_session.iter().filter(|one| one.client_id.as_ref() == Some(&rp.client_id)).count();
                    assert!(heard <= 1, "told once");
                }
                of_session.len() != 2
            }
            Artefact::OnlineRefreshToken => {
                let [one, two] = &self.online;
                let both = (self.refreshes(&self.jwt, one).await, self.refreshes(&self.opaque, two).await);
                assert_eq!(both.0, both.1);
                both.0
            }
            Artefact::OfflineRefreshToken => {
                let [one, two] = &self.offline;
                let both = (self.refreshes(&self.jwt, one).await, self.refreshes(&self.opaque, two).await);
                assert_eq!(both.0, both.1);
                both.0
            }
            Artefact::OnlineJwt => self.is_accepted(&self.jwt, &self.online[0]).await,
            Artefact::OnlineOpaqueToken => self.is_accepted(&self.opaque, &self.online[1]).await,
            Artefact::OfflineJwt => self.is_accepted(&self.jwt, &self.offline[0]).await,
            Artefact::OfflineOpaqueToken => self.is_accepted(&self.opaque, &self.offline[1]).await,
            Artefact::UnredeemedCode => {
                let mut redeemed = Vec::new();
                for code in &self.codes {
                    redeemed.push(self.jwt.exchange(code).await.response.status == 200);
                }
                assert_eq!(redeemed[0], redeemed[1]);
                redeemed[0]
            }
            Artefact::OnlineExchangedToken => self.is_accepted(&self.opaque, &self.exchanged[0]).await,
            Artefact::OfflineExchangedToken => self.is_accepted(&self.opaque, &self.exchanged[1]).await,
            Artefact::AssertedToken => self.is_accepted(&self.jwt, &self.asserted).await,
            Artefact::UnredeemedRequest => {
                let (device, id) = &self.allowed;
                let answers = [device::poll(&self.jwt, device).await, ciba::poll(&self.jwt, id).await];
                let [one, two] = answers.each_ref().map(|answer| answer.response.status == 200);
                assert_eq!(one, two, "{} {}", answers[0].response, answers[1].response);
                one
            }
            Artefact::PendingRequest => {
                let (device, id) = &self.pending;
                for answer in [device::poll(&self.jwt, device).await, ciba::poll(&self.jwt, id).await] {
                    if !["authorization_pending", "slow_down"].contains(&error_of(&answer).as_str()) {
                        return false;
                    }
                }
                // A code that is not known keeps the page.
                device::type_code(&mut self.app.browser(), &device.user_code).await.path != "/device"
            }
            Artefact::PushedReference => {
                let stop = self.browser.open(&self.jwt.by_reference(&self.reference)).await;
                matches!(stop, Stop::Page(page) if page.path.starts_with("/sign-in/"))
            }
            Artefact::PendingDialogue => {
                let answer = self.browser.request(Request::get(&self.dialogue.path)).await;
                answer.response.status == 200 && answer.response.text().contains("login-submit")
            }
            Artefact::Consent => {
                let (user, client) = (self.alice.id.clone(), self.jwt.client_id.clone());
                self.app.read(move |tx| consent::find(tx, &user, &client)).await.is_some()
            }
        }
    }
}

both! {
    async fn every_cell_of_the_table_is_what_happens(app) {
        for logout in Logout::ALL {
            let name = format!("{logout:?}").to_lowercase();
            let mut scene = Scene::new(&app, &name).await;
            for artefact in Artefact::ALL {
                let before = match artefact {
                    // These cannot be looked at without being used up.
                    Artefact::UnredeemedCode | Artefact::UnredeemedRequest => true,
                    Artefact::OnlineRefreshToken | Artefact::OfflineRefreshToken => true,
                    _ => scene.stands(artefact).await,
                };
                assert!(before, "{logout:?}: {artefact:?} stands before");
            }
            scene.log_out(logout).await;
            let mut resting = Vec::new();
            for artefact in Artefact::ALL {
                let stands = scene.stands(artefact).await;
                let expected = effect(logout, artefact).expect("in the table");
                assert_eq!(stands, expected == Effect::Survives, "{logout:?}: {artefact:?}");
                if expected == Effect::Rests {
                    resting.push(artefact);
                }
            }
            if logout == Logout::Disabled {
                let changes = UserChanges { state: Some(UserState::Active), ..UserChanges::default() };
                admin::user::update(&app.cx(), &name, changes).await.expect("enabled");
                for artefact in Artefact::ALL {
                    let rests = resting.contains(&artefact);
                    let ended = effect(logout, artefact) == Some(Effect::Ends);
                    assert_eq!(scene.stands(artefact).await, rests || !ended, "{artefact:?} after the account is enabled");
                }
            }
        }
    }
}
