//! The device authorization grant (RFC 8628): from the code on a device to its tokens.

mod errors;
mod ok;
mod origin;
mod races;
pub mod resources;
mod waiting;

use serde_json::Value;
use symbolon::domain::{entity::ClientSettings, oauth::GrantType};

use crate::support::{Answer, Browser, ClientSpec, PASSWORD, Page, Person, RelyingParty, TestApp};

/// The `grant_type`.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Lets a client use the grant.
pub fn with_grant(settings: &mut ClientSettings) {
    settings.grant_types.push(GrantType::DeviceCode);
}

/// A public client without a browser.
pub fn television() -> ClientSpec {
    ClientSpec::spa("tv").native().set(with_grant)
}

/// What a device was answered.
#[derive(Clone, Debug)]
pub struct Device {
    /// `device_code`.
    pub device_code: String,
    /// `user_code`.
    pub user_code: String,
}

/// A device asks.
pub async fn begin(rp: &RelyingParty, scope: &str) -> Device {
    let body = rp.post("/oauth2/device_authorization", &[("scope", scope)]).await.json().await;
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
    Device { device_code: text("device_code"), user_code: text("user_code") }
}

/// The device asks whether somebody answered.
pub async fn poll(rp: &RelyingParty, device: &Device) -> Answer {
    rp.token(&[("grant_type", GRANT), ("device_code", &device.device_code)]).await
}

/// A person opens the page and types a code; gives the page that follows.
pub async fn type_code(browser: &mut Browser<'_>, code: &str) -> Page {
    let page = browser.open("/device").await.page("/device");
    browser.press(&page, "device-continue", &[("user_code", code)]).await.page("/")
}

/// From the page of the code to the card, signing in on the way if need be.
pub async fn card(browser: &mut Browser<'_>, person: &Person, code: &str) -> Page {
    let page = type_code(browser, code).await;
    if page.path.starts_with("/approve/") {
        return page;
    }
    browser.sign_in(&page, &person.username, PASSWORD).await.page("/approve/")
}

/// A person allows what the device asks for.
pub async fn approve(app: &TestApp, person: &Person, device: &Device) {
    let mut browser = app.browser();
    let page = card(&mut browser, person, &device.user_code).await;
    browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
}

/// The rows of the table that hold this state.
pub async fn metadata(app: &TestApp) -> Value {
    app.document("/.well-known/openid-configuration").await
}
