//! Authentication over the back channel (OpenID Connect CIBA Core 1.0, FAPI-CIBA): from the request of
//! a client to its tokens.

mod errors;
mod ok;
pub mod ping;
mod races;
mod resources;
mod signed;

use symbolon::domain::{
    entity::{ClientSettings, TokenDeliveryMode},
    oauth::GrantType,
};

use crate::support::{Answer, Authorize, Browser, ClientSpec, LogoutReceiver, Page, Person, RelyingParty, TestApp};

/// The `grant_type`.
pub const GRANT: &str = "urn:openid:params:grant-type:ciba";
/// The endpoint.
pub const ENDPOINT: &str = "/oauth2/backchannel_authentication";
/// What the client is told with.
pub const NOTIFICATION_TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

/// Lets a client use the grant.
pub fn with_grant(settings: &mut ClientSettings) {
    settings.grant_types.push(GrantType::Ciba);
}

/// A confidential client that asks.
pub fn till() -> ClientSpec {
    ClientSpec::web("till").set(with_grant)
}

/// One that is told.
pub fn pinged(receiver: &LogoutReceiver) -> ClientSpec {
    let uri = receiver.uri.clone();
    till().set(move |settings| {
        settings.backchannel_token_delivery_mode = Some(TokenDeliveryMode::Ping);
        settings.backchannel_client_notification_endpoint = Some(uri);
    })
}

/// The fields of a good request about alice, with these instead or besides; an empty one is left out.
pub fn fields<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("scope", "openid"), ("login_hint", "alice")];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    fields
}

/// A request.
pub async fn ask(rp: &RelyingParty, more: &[(&str, &str)]) -> Answer {
    rp.post(ENDPOINT, &fields(more)).await
}

/// A request that is accepted. Gives the `auth_req_id`.
pub async fn begin(rp: &RelyingParty, more: &[(&str, &str)]) -> String {
    let body = ask(rp, more).await.json().await;
    body["auth_req_id"].as_str().unwrap_or_else(|| panic!("no auth_req_id: {body}")).to_owned()
}

/// The client asks whether the person answered.
pub async fn poll(rp: &RelyingParty, auth_req_id: &str) -> Answer {
    rp.token(&[("grant_type", GRANT), ("auth_req_id", auth_req_id)]).await
}

/// A browser in which this person is signed in.
pub async fn signed_in<'a>(app: &'a TestApp, person: &Person) -> Browser<'a> {
    let portal =
        RelyingParty::known(app, "portal", "https://portal.example/callback", crate::support::Credentials::Public);
    let known = portal.client_id.clone();
    if app.read(move |tx| symbolon::store::client::find(tx, &known)).await.is_none() {
        app.client(ClientSpec::spa("portal")).await;
    }
    let mut browser = app.browser();
    browser.grant(person, &Authorize::new(&portal, "openid")).await;
    browser
}

/// From the list of requests to the page that asks about the newest.
pub async fn card(browser: &mut Browser<'_>) -> Page {
    let page = browser.open("/requests").await.page("/requests");
    browser.press(&page, "request-1", &[]).await.page("/approve/")
}

/// The person answers the newest request with this button.
pub async fn answer(app: &TestApp, person: &Person, button: &str) {
    let mut browser = signed_in(app, person).await;
    let page = card(&mut browser).await;
    browser.press(&page, button, &[]).await.page("/answered/");
}
