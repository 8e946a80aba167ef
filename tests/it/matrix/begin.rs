//! What is begun before the change.

use serde_json::json;
use symbolon::{
    domain::{
        entity::{AccessTokenFormat, ExchangeMode, SubjectMapping, TrustedIssuer},
        oauth::ResponseType,
    },
    store::trusted_issuer,
};

use super::{Cell, Part, SCOPE, Use};
use crate::{
    ciba, device, jwt_bearer,
    support::{Authorize, Browser, ClientKey, Grant, GrantSpec, PASSWORD, Page, RelyingParty, Tokens},
    token_exchange,
};

/// What is at hand when the change comes.
pub enum Begun<'a> {
    /// Nothing but the client and the person.
    Nothing,
    /// A browser that is signed in.
    Browser(Browser<'a>),
    /// A page that is open, and the request that it is about.
    Page(Browser<'a>, Page, Authorize),
    /// A reference to a pushed request.
    Pushed(Browser<'a>, Authorize, String),
    /// A page about a device, or the page where its code is typed.
    Device(Browser<'a>, Option<Page>, device::Device),
    /// A page about a request over the back channel, or the list of them.
    Ciba(Browser<'a>, Option<Page>, String),
    /// A code.
    Code(Grant),
    /// Tokens.
    Tokens(Tokens),
    /// Tokens, and who exchanges them.
    Exchange(RelyingParty, Tokens),
    /// A request of a device, allowed.
    Allowed(device::Device),
    /// The same over the back channel.
    AllowedId(String),
    /// An assertion of a trusted issuer.
    Assertion(String),
    /// A browser that is signed in, and the ID token that came of it.
    SignedIn(Browser<'a>, Tokens),
}

impl<'a> Cell<'a> {
    /// What the client asks for.
    pub fn request(&self) -> Authorize {
        Authorize::new(&self.rp, SCOPE)
    }

    /// For this response type.
    pub fn request_for(&self, response_type: ResponseType) -> Authorize {
        self.request().with("response_type", response_type.name())
    }

    /// A browser in which the person is signed in, and has agreed to what this client asks for.
    async fn signed_in(&self) -> Browser<'a> {
        let mut browser = self.app.browser();
        browser.grant(&self.person, &self.request()).await;
        browser
    }

    /// A page about this request, in a browser that is signed in.
    async fn page(&self, request: Authorize, path: &str) -> Begun<'a> {
        let mut browser = self.signed_in().await;
        let page = browser.authorize(&request).await.page(path);
        Begun::Page(browser, page, request)
    }

    async fn pushed(&self) -> (Browser<'a>, Authorize, String) {
        let (browser, request) = (self.signed_in().await, self.request());
        let reference = self.rp.push(&request).await.pushed().await;
        (browser, request, reference)
    }

    async fn tokens(&self, scope: &str) -> Tokens {
        let granted = self.app.grant(&self.person, &self.rp, GrantSpec::scope(scope)).await;
        self.rp.exchange(&granted).await.ok().await
    }

    async fn asked(&self) -> String {
        ciba::begin(&self.rp, &[("scope", SCOPE), ("login_hint", &self.person.username)]).await
    }

    /// Trusts an issuer of its own, and has it vouch for the person.
    async fn vouched(&self) -> String {
        let (app, key) = (self.app, ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::ES256));
        let row = TrustedIssuer {
            issuer: format!("https://{}.example", app.fresh("idp")),
            jwks: Some(key.jwks()),
            jwks_uri: None,
            audience: None,
            subject: SubjectMapping::Username,
            clients: vec![self.rp.client_id.clone()],
            scope: SCOPE.split(' ').map(str::to_owned).collect(),
            created_at: app.now(),
        };
        let idp = jwt_bearer::Idp { key };
        let claims = idp.claims(app, &self.person.username).claim("iss", json!(row.issuer));
        app.write(move |tx| trusted_issuer::insert(tx, &row)).await;
        jwt_bearer::agree(app, &self.person, &self.rp, &["openid", "roles"]).await;
        idp.key.sign(&claims.0)
    }

    /// Another client that may do everything.
    async fn other(&self, format: AccessTokenFormat) -> RelyingParty {
        let spec = self.world.spec(&self.app.fresh("other"), format);
        self.app.client(spec).await.with(self.rp.credentials.clone())
    }

    /// Who may exchange what the person granted to whom.
    async fn exchangeable(&self, part: Part, format: AccessTokenFormat) -> (RelyingParty, Tokens) {
        let app = self.app;
        let (requester, grantor) = match part {
            Part::Both => (self.rp.clone(), self.rp.clone()),
            Part::Requester => (self.rp.clone(), self.other(format).await),
            Part::Grantor => (self.other(format).await, self.rp.clone()),
        };
        token_exchange::allow(app, &requester, &grantor, &[app.issuer()], ExchangeMode::Delegation).await;
        let granted = app.grant(&self.person, &grantor, GrantSpec::scope(SCOPE)).await;
        (requester, grantor.exchange(&granted).await.ok().await)
    }

    /// Begins what is finished after the change.
    pub async fn begin(&self, of: Use) -> Begun<'a> {
        let (app, rp, person) = (self.app, &self.rp, &self.person);
        match of {
            Use::Authorize(_) | Use::Silent => Begun::Browser(self.signed_in().await),
            Use::SignIn => {
                // Agreed to in another browser.
                self.signed_in().await;
                let (mut browser, request) = (app.browser(), self.request());
                let page = browser.authorize(&request).await.page("/sign-in/");
                Begun::Page(browser, page, request)
            }
            Use::Consent(kind) => self.page(self.request_for(kind).with("prompt", "consent"), "/consent/").await,
            Use::SignUp => {
                let (mut browser, request) = (app.browser(), self.request());
                let page = browser.authorize(&request.clone().with("prompt", "create")).await.page("/sign-up/");
                Begun::Page(browser, page, request)
            }
            Use::Chooser => self.page(self.request().with("prompt", "select_account"), "/accounts/").await,
            Use::Pushed => {
                let (browser, request, reference) = self.pushed().await;
                Begun::Pushed(browser, request, reference)
            }
            Use::PushedConsent => {
                let mut browser = self.signed_in().await;
                let request = self.request().with("prompt", "consent");
                let reference = rp.push(&request).await.pushed().await;
                let page = browser.open(&rp.by_reference(&reference)).await.page("/consent/");
                Begun::Page(browser, page, request)
            }
            Use::Push | Use::DeviceBegin | Use::CibaBegin | Use::ClientCredentials => {
                // Somebody whom the client knows.
                self.signed_in().await;
                Begun::Nothing
            }
            Use::DeviceEntry => Begun::Device(self.signed_in().await, None, device::begin(rp, SCOPE).await),
            Use::DevicePage => {
                let (mut browser, begun) = (self.signed_in().await, device::begin(rp, SCOPE).await);
                let page = device::card(&mut browser, person, &begun.user_code).await;
                Begun::Device(browser, Some(page), begun)
            }
            Use::CibaList => Begun::Ciba(self.signed_in().await, None, self.asked().await),
            Use::CibaPage => {
                let (mut browser, id) = (self.signed_in().await, self.asked().await);
                let page = ciba::card(&mut browser).await;
                Begun::Ciba(browser, Some(page), id)
            }
            Use::Code => Begun::Code(app.grant(person, rp, GrantSpec::scope(SCOPE)).await),
            Use::Refresh | Use::Userinfo(_) | Use::Watched(_) | Use::Revoke => Begun::Tokens(self.tokens(SCOPE).await),
            Use::RefreshOffline => Begun::Tokens(self.tokens(&format!("{SCOPE} offline_access")).await),
            Use::DevicePoll => {
                let begun = device::begin(rp, SCOPE).await;
                device::approve(app, person, &begun).await;
                Begun::Allowed(begun)
            }
            Use::CibaPoll => {
                let id = self.asked().await;
                ciba::answer(app, person, "approve-allow").await;
                Begun::AllowedId(id)
            }
            Use::JwtBearer => Begun::Assertion(self.vouched().await),
            Use::Exchange(part, _) => {
                let (requester, tokens) = self.exchangeable(part, AccessTokenFormat::Jwt).await;
                Begun::Exchange(requester, tokens)
            }
            Use::UserinfoExchanged(part, format) | Use::WatchedExchanged(part, format) => {
                let (requester, tokens) = self.exchangeable(part, format).await;
                let (token, kind) = (tokens.access_token.as_str(), token_exchange::ACCESS);
                Begun::Tokens(token_exchange::exchange(&requester, token, kind, &[]).await.ok().await)
            }
            Use::WatchedOwn(_) => Begun::Tokens(rp.machine_token().await.ok().await),
            Use::Introspect(format) => {
                // Another client's token, on the same person.
                let other = self.other(format).await;
                let granted = app.grant(person, &other, GrantSpec::scope(SCOPE)).await;
                Begun::Tokens(other.exchange(&granted).await.ok().await)
            }
            Use::AppStart | Use::Registration | Use::Replace | Use::Unregister => Begun::Nothing,
            Use::SignOut => {
                let (mut browser, request) = (app.browser(), self.request());
                let granted = browser.grant(person, &request).await;
                Begun::SignedIn(browser, rp.exchange(&granted).await.ok().await)
            }
        }
    }

    /// Types the person's password on this page.
    pub async fn type_password(&self, browser: &mut Browser<'a>, page: &Page) -> crate::support::Stop {
        browser.sign_in(page, &self.person.username, PASSWORD).await
    }
}
