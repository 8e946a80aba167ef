//! People who create their own accounts (Initiating User Registration via OpenID Connect 1.0).

mod addresses;
mod errors;
mod ok;
mod races;
mod throttle;

use symbolon::{
    domain::{
        entity::User,
        oidc::sign_up::{SignUpMode, SignUpPolicy},
    },
    service::admin::sign_up::{self, SignUpChanges},
    store::user,
};

use crate::support::{Authorize, Browser, Page, RelyingParty, Stop, TestApp};

/// A password that the policy takes.
pub const STRONG: &str = "four random unrelated words";

impl TestApp {
    /// Changes who may create an account.
    pub async fn sign_up_policy(&self, mode: SignUpMode, per_network: i64) -> SignUpPolicy {
        let changes = SignUpChanges { mode: Some(mode), per_network: Some(per_network) };
        sign_up::update_policy(&self.cx(), changes).await.expect("a policy")
    }

    /// Lets anybody create an account, without limit.
    pub async fn open_sign_up(&self) {
        self.sign_up_policy(SignUpMode::Open, 0).await;
    }

    /// Lets nobody create an account.
    pub async fn close_sign_up(&self) {
        self.sign_up_policy(SignUpMode::Off, 0).await;
    }
}

/// Whoever has this username.
pub async fn user_named(app: &TestApp, username: &str) -> Option<User> {
    let username = username.to_owned();
    app.read(move |tx| user::find_by_login(tx, &username)).await
}

/// How many people there are.
pub async fn count_of_people(app: &TestApp) -> usize {
    app.read(|tx| user::list(tx, None, 1000)).await.len()
}

/// A request that asks for an account.
pub fn creating(rp: &RelyingParty) -> Authorize {
    Authorize::new(rp, "openid profile email").with("prompt", "create")
}

/// The sign-up page of a new dialogue.
pub async fn on_page(browser: &mut Browser<'_>, rp: &RelyingParty) -> Page {
    browser.authorize(&creating(rp)).await.page("/sign-up/")
}

/// Fills the form in, and sends it.
pub async fn create(browser: &mut Browser<'_>, page: &Page, username: &str, email: &str, password: &str) -> Stop {
    let typed = [("username", username), ("email", email), ("name", "Nora New"), ("password", password)];
    browser.press(page, "sign-up-submit", &typed).await
}
