//! What a device and its person come to see.

use super::{GRANT, approve, begin, card, metadata, poll, television, with_grant};
use crate::support::{Browser, ClientKey, ClientSpec, Credentials, PASSWORD, Stop};
use symbolon::domain::{
    entity::{AccessTokenFormat, ConsentMode},
    jose::SigningAlgorithm,
};

both! {
    async fn a_device_gets_tokens_for_the_person_who_typed_its_code(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let answer = tv.post("/oauth2/device_authorization", &[("scope", "openid email offline_access")]).await;
        let body = answer.json().await;
        assert_eq!(answer.response.header("cache-control"), Some("no-store"));
        assert_eq!((&body["expires_in"], &body["interval"]), (&600.into(), &5.into()));
        let user_code = body["user_code"].as_str().expect("a user code");
        assert_eq!(body["verification_uri"], app.services.issuer.join("/device"));
        assert_eq!(
            body["verification_uri_complete"],
            app.services.issuer.join(&format!("/device?user_code={user_code}"))
        );
        assert_eq!((user_code.len(), user_code.as_bytes()[4]), (9, b'-'), "{user_code}");
        let device = crate::device::Device {
            device_code: body["device_code"].as_str().expect("a device code").to_owned(),
            user_code: user_code.to_owned(),
        };
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;

        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        let text = page.answer.response.text();
        for shown in ["The app tv", &device.user_code, "data-scope=\"email\"", "approve-warning", "alice@example.com"] {
            assert!(text.contains(shown), "{shown}");
        }
        let last = browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
        assert!(last.answer.response.text().contains("You can close this page"));

        let tokens = poll(&tv, &device).await.ok().await;
        assert_eq!(tokens.scope.as_deref(), Some("openid email offline_access"));
        let (_, claims) = app.verified(tokens.id()).await;
        assert_eq!((&claims["sub"], &claims["aud"]), (&alice.id.as_str().into(), &"tv".into()));
        assert!(claims.get("nonce").is_none());
        assert_eq!(tv.userinfo(&tokens.access_token).await.json().await["email"], "alice@example.com");
        let next = tv.refresh(tokens.refresh()).await.ok().await;
        assert!(next.refresh_token.is_some());
    }

    async fn a_confidential_client_authenticates_at_both_endpoints(app) {
        let (secret, key) = (ClientSpec::web("kiosk").set(with_grant), ClientKey::generate(SigningAlgorithm::ES256));
        let alice = app.person("alice").await;
        let kiosk = app.client(secret.set(|s| s.access_token_format = AccessTokenFormat::Opaque)).await;
        let keyed = app.client(ClientSpec::web("keyed").set(with_grant).keyed(&key)).await.with(Credentials::Key(key));
        for rp in [kiosk, keyed] {
            let device = begin(&rp, "openid").await;
            approve(&app, &alice, &device).await;
            rp.with(Credentials::Basic("wrong".to_owned())).token(&[("grant_type", GRANT), ("device_code", &device.device_code)])
                .await.response.header("www-authenticate").expect("refused");
            poll(&rp, &device).await.ok().await;
        }
    }

    async fn the_complete_address_fills_the_code_in_and_still_asks(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let typed = device.user_code.to_lowercase().replace('-', "%20");
        let page = browser.open(&format!("/device?user_code={typed}")).await.page("/device");
        assert!(page.answer.response.text().contains(&format!("value=\"{}\"", device.user_code)));
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
        let page = browser.press(&page, "device-continue", &[("user_code", &device.user_code)]).await.page("/sign-in/");
        browser.sign_in(&page, &alice.username, PASSWORD).await.page("/approve/");
    }

    async fn a_code_may_be_typed_in_any_case_with_spaces_and_dashes(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let spaced: String = device.user_code.to_lowercase().chars().flat_map(|letter| [letter, ' ']).collect();
        card(&mut app.browser(), &alice, &spaced).await;
    }

    async fn whoever_is_signed_in_is_asked_at_once_and_each_time(app) {
        let spec = television().set(|settings| settings.consent = ConsentMode::Skip);
        let (tv, alice) = (app.client(spec).await, app.person("alice").await);
        let mut browser = app.browser();
        for _ in 0..2 {
            let device = begin(&tv, "openid").await;
            let page = card(&mut browser, &alice, &device.user_code).await;
            browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
            app.clock.advance(1);
            poll(&tv, &device).await.ok().await;
        }
    }

    async fn the_consent_is_remembered_like_any_other(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid email").await;
        approve(&app, &alice, &device).await;
        let (user, client) = (alice.id.clone(), tv.client_id.clone());
        let consent = app.read(move |tx| symbolon::store::consent::find(tx, &user, &client)).await;
        assert_eq!(consent.expect("remembered").scope, ["email", "openid"]);
    }

    async fn another_account_may_be_chosen(app) {
        let tv = app.client(television()).await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        let page = browser.press(&page, "approve-switch", &[]).await.page("/sign-in/");
        let page = browser.sign_in(&page, &bob.username, PASSWORD).await.page("/approve/");
        browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
        let tokens = poll(&tv, &device).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], bob.id.as_str());
    }

    async fn tokens_of_a_device_end_with_the_session_unless_offline(app) {
        for (scope, lives) in [("openid", false), ("openid offline_access", true)] {
            let tv = app.client(ClientSpec::web(if lives { "kept" } else { "ended" }).set(with_grant)).await;
            let alice = app.person(if lives { "alice" } else { "anna" }).await;
            let device = begin(&tv, scope).await;
            let mut browser = app.browser();
            let page = card(&mut browser, &alice, &device.user_code).await;
            browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
            let tokens = poll(&tv, &device).await.ok().await;
            sign_out(&mut browser).await;
            assert_eq!(tv.introspect(&tokens.access_token).await.active().await, lives, "{scope}");
        }
    }

    /// Metadata is computed: endpoint and grant appear together.
    async fn the_metadata_names_endpoint_and_grant(app) {
        let document = metadata(&app).await;
        assert_eq!(document["device_authorization_endpoint"], app.services.issuer.join("/oauth2/device_authorization"));
        assert!(document["grant_types_supported"].as_array().expect("a list").contains(&GRANT.into()));
    }
}

/// Signs out, as a person does.
pub async fn sign_out(browser: &mut Browser<'_>) {
    let page = browser.open("/sign-out").await.page("/sign-out");
    match browser.press(&page, "logout-confirm", &[]).await {
        Stop::Page(page) => assert_eq!(page.path, "/signed-out"),
        Stop::Away(away) => panic!("away: {}", away.url),
    }
}
