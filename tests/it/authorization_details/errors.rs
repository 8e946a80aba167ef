//! What is refused: malformed, unknown, not allowed, not of the schema, or more than was granted.

use serde_json::{Value, json};

use super::{allow, payment, text, world};
use crate::support::{Authorize, ClientSpec, GrantSpec};

const ERROR: &str = "invalid_authorization_details";

/// What is wrong with the whole of it.
fn malformed() -> Vec<String> {
    let deep = (0..12).fold(json!(1), |inner, _| json!([inner]));
    vec![
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "payment".to_owned(),
        payment(5).to_string(),
        text(&[json!("payment")]),
        text(&[json!({"amount": 5})]),
        text(&[json!({"type": 5})]),
        text(&[json!({"type": ""})]),
        text(&[json!({"type": "pay\u{0}ment"})]),
        text(&[json!({"type": "payment", "amount": payment(5)["amount"], "to": "a\u{0}b"})]),
        text(&[payment(5), json!(null)]),
        text(&[json!({"type": "payment", "x": deep})]),
        text(&vec![payment(5); 17]),
        text(&[json!({"type": "payment", "to": "x".repeat(9000)})]),
    ]
}

/// What is wrong with one object.
fn unacceptable() -> Vec<(Value, &'static str)> {
    let with = |name: &str, value: Value| {
        let mut object = payment(5);
        object[name] = value;
        object
    };
    vec![
        (with("type", json!("unheard_of")), "AS-1081"),
        (with("type", json!("Payment")), "AS-1081"),
        (json!({"type": "other"}), "AS-1082"),
        (json!({"type": "payment"}), "AS-1083"),
        (with("amount", json!(5)), "AS-1083"),
        (with("amount", json!({"value": 0, "currency": "EUR"})), "AS-1083"),
        (with("amount", json!({"value": 5, "currency": "USD"})), "AS-1083"),
        (with("amount", json!({"value": 5, "currency": "EUR", "x": 1})), "AS-1083"),
        (with("to", json!("x".repeat(41))), "AS-1083"),
        (with("to", json!(["Bob"])), "AS-1083"),
        (with("unknown", json!(true)), "AS-1083"),
    ]
}

both! {
    async fn malformed_details_are_refused_at_both_endpoints(app) {
        let (rp, _) = world(&app).await;
        for text in malformed() {
            let request = Authorize::new(&rp, "openid").and("authorization_details", &text);
            app.browser().authorize(&request).await.away().refused(&app, ERROR, "AS-1080").await;
            let fields = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("authorization_details", text.as_str())];
            rp.token(&fields).await.refused(ERROR, "AS-1080").await;
        }
    }

    async fn an_object_that_is_not_understood_whole_is_refused_whole(app) {
        let (rp, _) = world(&app).await;
        let service = app
            .client(ClientSpec::machine("service").set(|settings| allow(&mut settings.authorization_details_types)))
            .await;
        for (object, reason) in unacceptable() {
            for details in [text(std::slice::from_ref(&object)), text(&[payment(5), object.clone()])] {
                let request = Authorize::new(&rp, "openid").and("authorization_details", &details);
                app.browser().authorize(&request).await.away().refused(&app, ERROR, reason).await;
                let fields = [("grant_type", "client_credentials"), ("authorization_details", details.as_str())];
                service.token(&fields).await.refused(ERROR, reason).await;
            }
        }
    }

    async fn a_token_request_cannot_ask_for_more_than_was_granted(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(5)]));
        let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        let mut less = payment(5);
        less.as_object_mut().expect("an object").remove("to");
        for more in [vec![payment(6)], vec![payment(5), payment(6)], vec![less], vec![json!({"type": "other"})]] {
            let details = text(&more);
            let fields =
                [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("authorization_details", details.as_str())];
            rp.token(&fields).await.refused(ERROR, "AS-1084").await;
        }
        // Where none were granted, none can be had.
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let details = text(&[payment(5)]);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
            ("code_verifier", grant.verifier.as_deref().expect("a verifier")),
            ("authorization_details", details.as_str()),
        ];
        rp.token(&fields).await.refused(ERROR, "AS-1084").await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn without_a_page_nothing_is_granted_in_detail(app) {
        let (rp, alice) = world(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(5)]));
        browser.grant(&alice, &request).await;
        let silent = request.and("prompt", "none");
        browser.authorize(&silent).await.away().refused(&app, "consent_required", "AS-1018").await;
    }

    async fn a_right_that_is_lost_during_the_dialogue_is_not_granted(app) {
        let (rp, _) = world(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(5)]));
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", crate::support::PASSWORD).await.page("/consent/");
        app.change_client(&rp, |client| client.settings.authorization_details_types.clear()).await;
        browser.press(&page, "consent-allow", &[]).await.away().refused(&app, ERROR, "AS-1082").await;
    }

    async fn it_is_still_one_parameter_that_comes_once(app) {
        let (rp, _) = world(&app).await;
        let details = text(&[payment(5)]);
        let request =
            Authorize::new(&rp, "openid").and("authorization_details", &details).and("authorization_details", &details);
        app.browser().authorize(&request).await.page("/oauth2/authorize").answer.refused_page(400, "AS-1004").await;
    }
}
