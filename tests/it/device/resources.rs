//! What a device asks for beside scopes: APIs (RFC 8707) and details (RFC 9396), by the same rules as an
//! app with a browser.

use serde_json::{Value, json};
use symbolon::domain::entity::{ClientSettings, Owner};

use super::{GRANT, card, television, type_code, with_grant};
use crate::{
    authorization_details::{allow, payment, schema, text},
    support::{Answer, Authorize, ClientSpec, PASSWORD, Page, Person, RelyingParty, TestApp},
};

/// Two APIs that know nothing of each other.
pub const INVOICES: &str = "https://invoices.example.com/v1";
pub const MCP: &str = "https://mcp.example.com";
/// One that this client may not ask for.
pub const LEDGER: &str = "https://ledger.example.com";
/// The refusal of details.
pub const DETAILS: &str = "invalid_authorization_details";

/// What an administrator registered, and somebody to ask.
pub async fn registry(app: &TestApp) -> Person {
    app.api(INVOICES, &["invoices.read", "invoices.write"]).await;
    app.api(MCP, &["tools.call"]).await;
    app.api(LEDGER, &["ledger.read"]).await;
    app.details_type("payment", schema()).await;
    app.details_type("other", json!({})).await;
    app.person("alice").await
}

/// What this client may ask for.
pub fn with_rights(settings: &mut ClientSettings) {
    settings.scope.extend(["invoices.read", "invoices.write", "tools.call"].map(str::to_owned));
    allow(&mut settings.authorization_details_types);
}

/// What is refused at once, wherever it is asked for, with code and reason.
pub fn refusals() -> Vec<((&'static str, String), &'static str, &'static str)> {
    let mut wrong = payment(5);
    wrong["amount"] = json!(5);
    let target = |resource: &str| ("resource", resource.to_owned());
    let details = |details: &[Value]| ("authorization_details", text(details));
    vec![
        (target("api"), "invalid_target", "AS-1070"),
        (target("https://mcp.example.com#x"), "invalid_target", "AS-1070"),
        (target("https://unknown.example.com"), "invalid_target", "AS-1016"),
        (target("https://mcp.example.com/x"), "invalid_target", "AS-1016"),
        (target(LEDGER), "invalid_target", "AS-1071"),
        (details(&[]), DETAILS, "AS-1080"),
        (("authorization_details", "{".to_owned()), DETAILS, "AS-1080"),
        (details(&[json!({"amount": 5})]), DETAILS, "AS-1080"),
        (details(&[json!({"type": "unheard_of"})]), DETAILS, "AS-1081"),
        (details(&[json!({"type": "other"})]), DETAILS, "AS-1082"),
        (details(&[payment(5), wrong]), DETAILS, "AS-1083"),
    ]
}

/// What a token request may not ask for, if [`INVOICES`] and a payment of 5 were granted.
pub fn wider() -> Vec<((&'static str, String), &'static str, &'static str)> {
    let mut less = payment(5);
    less.as_object_mut().expect("an object").remove("to");
    vec![
        (("resource", MCP.to_owned()), "invalid_target", "AS-1072"),
        (("resource", LEDGER.to_owned()), "invalid_target", "AS-1071"),
        (("resource", "https://unknown.example.com".to_owned()), "invalid_target", "AS-1016"),
        (("authorization_details", text(&[payment(6)])), DETAILS, "AS-1084"),
        (("authorization_details", text(&[payment(5), payment(6)])), DETAILS, "AS-1084"),
        (("authorization_details", text(&[less])), DETAILS, "AS-1084"),
        (("authorization_details", text(&[json!({"type": "other"})])), DETAILS, "AS-1084"),
        (("authorization_details", "[]".to_owned()), DETAILS, "AS-1080"),
    ]
}

/// The sections of the page, as people see them: APIs by name, details by value.
pub fn shows_all(page: &Page) {
    let html = page.answer.response.text();
    for shown in [
        &format!("data-resource=\"{INVOICES}\""),
        &format!("At The API {INVOICES}, "),
        "Do invoices.read for you",
        "The type payment",
        "amount.value",
        "<dd>5</dd>",
        "Bob &lt;b&gt; &amp; sons",
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    assert!(!html.contains("invoices.write") && !html.contains(MCP), "{html}");
}

async fn ask(rp: &RelyingParty, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("scope", "openid invoices.read offline_access")];
    fields.extend(more);
    rp.post("/oauth2/device_authorization", &fields).await
}

/// A request for [`INVOICES`] and a payment; gives both codes.
async fn begin(rp: &RelyingParty) -> (String, String) {
    let details = text(&[payment(5)]);
    let body = ask(rp, &[("resource", INVOICES), ("authorization_details", &details)]).await.json().await;
    let code = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned();
    (code("device_code"), code("user_code"))
}

async fn redeem(rp: &RelyingParty, device_code: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", GRANT), ("device_code", device_code)];
    fields.extend(more);
    rp.token(&fields).await
}

async fn allowed(app: &TestApp, person: &Person, user_code: &str) {
    let mut browser = app.browser();
    let page = card(&mut browser, person, user_code).await;
    browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
}

both! {
    async fn what_is_not_registered_or_not_allowed_is_refused_before_a_code_is_shown(app) {
        registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        for ((name, value), error, reason) in refusals() {
            ask(&tv, &[(name, value.as_str())]).await.refused(error, reason).await;
        }
        let both = [("resource", INVOICES), ("resource", LEDGER)];
        ask(&tv, &both).await.refused("invalid_target", "AS-1071").await;
        let twice = [("authorization_details", "[]"), ("authorization_details", "[]")];
        ask(&tv, &twice).await.refused("invalid_request", "AS-1004").await;
        // Who registered itself may ask where the API says so, and nowhere else.
        let stranger = app.client(ClientSpec::spa("stranger").native().set(with_grant).set(with_rights).owned(Owner::Dcr)).await;
        ask(&stranger, &[("resource", INVOICES)]).await.refused("invalid_target", "AS-1071").await;
    }

    async fn a_token_request_asks_for_no_more_than_the_page_showed(app) {
        let alice = registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        let (device_code, user_code) = begin(&tv).await;
        allowed(&app, &alice, &user_code).await;
        for ((name, value), error, reason) in wider() {
            redeem(&tv, &device_code, &[(name, value.as_str())]).await.refused(error, reason).await;
        }
        // Nothing was used up by that.
        let tokens = redeem(&tv, &device_code, &[]).await.ok().await;
        for ((name, value), error, reason) in wider() {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), (name, value.as_str())];
            tv.token(&fields).await.refused(error, reason).await;
        }
    }

    async fn without_details_or_resources_in_the_request_none_can_be_had(app) {
        let alice = registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        let body = ask(&tv, &[]).await.json().await;
        let code = |name: &str| body[name].as_str().expect("a code").to_owned();
        allowed(&app, &alice, &code("user_code")).await;
        let details = text(&[payment(5)]);
        redeem(&tv, &code("device_code"), &[("authorization_details", &details)]).await.refused(DETAILS, "AS-1084").await;
        redeem(&tv, &code("device_code"), &[("resource", MCP)]).await.refused("invalid_target", "AS-1072").await;
        // As for an app with a browser: one of this API's scopes was granted.
        let tokens = redeem(&tv, &code("device_code"), &[("resource", INVOICES)]).await.ok().await;
        assert_eq!(app.verified(&tokens.access_token).await.1["aud"], json!([INVOICES, app.issuer()]));
    }

    async fn a_right_that_is_lost_meanwhile_is_not_granted(app) {
        registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        let (device_code, user_code) = begin(&tv).await;
        let mut browser = app.browser();
        let page = type_code(&mut browser, &user_code).await;
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/approve/");
        app.change_client(&tv, |client| client.settings.authorization_details_types.clear()).await;
        let stopped = browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/approve/");
        stopped.answer.refused_page(400, "AS-1082").await;
        redeem(&tv, &device_code, &[]).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn an_api_that_is_deleted_meanwhile_gets_no_token(app) {
        let alice = registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        let (device_code, user_code) = begin(&tv).await;
        allowed(&app, &alice, &user_code).await;
        app.delete_api(INVOICES).await;
        redeem(&tv, &device_code, &[]).await.refused("invalid_target", "AS-1016").await;
    }

    async fn the_page_shows_apis_and_details_and_the_tokens_are_bound_to_them(app) {
        let alice = registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        let (device_code, user_code) = begin(&tv).await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &user_code).await;
        shows_all(&page);
        browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
        let answer = redeem(&tv, &device_code, &[]).await;
        let told: Value = answer.json().await;
        assert_eq!(told["authorization_details"], json!([payment(5)]));
        let tokens = answer.ok().await;
        for tokens in [tv.refresh(tokens.refresh()).await.ok().await, tokens] {
            let claims = app.verified(&tokens.access_token).await.1;
            assert_eq!(claims["aud"], json!([INVOICES, app.issuer()]));
            assert_eq!(claims["authorization_details"], json!([payment(5)]));
            assert_eq!(claims["scope"], "openid invoices.read offline_access");
        }
        // What was allowed here is remembered as what an app with a browser was allowed, but for details.
        app.change_client(&tv, |client| client.settings.redirect_uris = vec!["https://tv.example/callback".to_owned()]).await;
        app.services.clients.forget(&tv.client_id);
        let request = Authorize::new(&tv, "openid invoices.read").and("resource", INVOICES);
        browser.authorize(&request).await.away();
        browser.authorize(&request.and("resource", MCP)).await.page("/consent/");
    }

    async fn a_token_request_keeps_some_of_it(app) {
        let alice = registry(&app).await;
        let tv = app.client(television().set(with_rights)).await;
        let details = text(&[payment(1), payment(2)]);
        let fields = [
            ("scope", "openid invoices.read tools.call"),
            ("resource", INVOICES),
            ("resource", "https://mcp.example.com/"),
            ("authorization_details", details.as_str()),
        ];
        let body = tv.post("/oauth2/device_authorization", &fields).await.json().await;
        let code = |name: &str| body[name].as_str().expect("a code").to_owned();
        allowed(&app, &alice, &code("user_code")).await;
        let one = text(&[payment(2)]);
        let answer = redeem(&tv, &code("device_code"), &[("resource", MCP), ("authorization_details", &one)]).await;
        assert_eq!(answer.json().await["authorization_details"], json!([payment(2)]));
        let claims = app.verified(&answer.ok().await.access_token).await.1;
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!([MCP, app.issuer()]), &json!("openid tools.call")));
    }

    async fn who_was_not_checked_by_anybody_is_called_unverified(app) {
        let alice = registry(&app).await;
        for (owner, unverified) in [(Owner::Cli, false), (Owner::Dcr, true)] {
            let spec = ClientSpec::spa(&format!("tv-{}", owner.name())).native().set(with_grant).owned(owner);
            let tv = app.client(spec).await;
            let device = crate::device::begin(&tv, "openid").await;
            let page = card(&mut app.browser(), &alice, &device.user_code).await;
            assert_eq!(page.answer.response.text().contains("Unverified app"), unverified, "{owner:?}");
        }
    }
}
