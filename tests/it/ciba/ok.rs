//! What a client and the person whom it names come to see.

use symbolon::domain::{entity::SubjectType, jose::SigningAlgorithm};

use super::{ENDPOINT, GRANT, answer, ask, begin, card, fields, poll, signed_in, till, with_grant};
use crate::support::{Authorize, ClientKey, ClientSpec, Credentials};

both! {
    /// Behaviours 191, 193, 195, 198 and 201.
    async fn a_client_gets_tokens_for_the_person_whom_it_names(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let asked = ask(&rp, &[("scope", "openid email offline_access"), ("binding_message", "1234")]).await;
        let body = asked.json().await;
        assert_eq!(asked.response.header("cache-control"), Some("no-store"));
        assert_eq!((&body["expires_in"], &body["interval"]), (&600.into(), &5.into()));
        let id = body["auth_req_id"].as_str().expect("an auth_req_id");
        assert!(id.len() >= 43 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{id}");
        poll(&rp, id).await.refused("authorization_pending", "AS-1165").await;

        let mut browser = signed_in(&app, &alice).await;
        let list = browser.open("/requests").await.page("/requests");
        for shown in ["The app till", "1234", "just now"] {
            assert!(list.answer.response.text().contains(shown), "{shown}");
        }
        let page = card(&mut browser).await;
        let text = page.answer.response.text();
        for shown in ["The app till", "approve-binding-message\">1234", "data-scope=\"email\"", "alice@example.com"] {
            assert!(text.contains(shown), "{shown}");
        }
        assert!(!page.has("started_here") && !page.has("approve-switch"), "nobody typed anything");
        browser.press(&page, "approve-allow", &[]).await.page("/answered/allowed");
        assert!(!browser.open("/requests").await.page("/requests").has("request-1"));

        let tokens = poll(&rp, id).await.ok().await;
        assert_eq!(tokens.scope.as_deref(), Some("openid email offline_access"));
        let (_, claims) = app.verified(tokens.id()).await;
        assert_eq!((&claims["sub"], &claims["aud"]), (&alice.id.as_str().into(), &"till".into()));
        assert_eq!(claims["urn:openid:params:jwt:claim:auth_req_id"], id);
        assert!(claims["at_hash"].is_string() && claims.get("c_hash").is_none() && claims.get("s_hash").is_none());
        poll(&rp, id).await.refused("invalid_grant", "AS-1163").await;
        let next = rp.refresh(tokens.refresh()).await.ok().await;
        let renewed = app.verified(next.id()).await.1;
        assert!(renewed.get("urn:openid:params:jwt:claim:auth_req_id").is_none(), "that answer was another one");
    }

    async fn an_address_names_the_person_too(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[("login_hint", "Alice@Example.com")]).await;
        answer(&app, &alice, "approve-allow").await;
        poll(&rp, &id).await.ok().await;
    }

    async fn an_id_token_names_the_person_also_to_a_pairwise_client(app) {
        let alice = app.person("alice").await;
        for (name, kind) in [("open", SubjectType::Public), ("pair", SubjectType::Pairwise)] {
            let spec = ClientSpec::web(name).set(with_grant).set(|settings| settings.subject_type = kind);
            let rp = app.client(spec).await;
            let mut browser = app.browser();
            let first = rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid")).await).await.ok().await;
            let id = begin(&rp, &[("login_hint", ""), ("id_token_hint", first.id())]).await;
            let page = card(&mut browser).await;
            browser.press(&page, "approve-allow", &[]).await.page("/answered/allowed");
            let tokens = poll(&rp, &id).await.ok().await;
            let (before, after) = (app.verified(first.id()).await.1, app.verified(tokens.id()).await.1);
            assert_eq!(before["sub"], after["sub"], "{name}");
        }
    }

    /// Behaviour 200.
    async fn an_assertion_may_name_the_issuer_or_either_endpoint(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(till().keyed(&key)).await.with(Credentials::Key(key.clone()));
        app.person("alice").await;
        for audience in ["", "/oauth2/token", ENDPOINT] {
            let audience = app.services.issuer.join(audience);
            let assertion = key.sign(&rp.assertion().claim("aud", audience.as_str().into()).0);
            let mut fields = fields(&[]);
            fields.push(("client_assertion_type", symbolon::domain::oauth::CLIENT_ASSERTION_TYPE));
            fields.push(("client_assertion", assertion.as_str()));
            rp.with(Credentials::Nothing).post(ENDPOINT, &fields).await.json().await;
        }
    }

    /// Behaviour 190.
    async fn the_metadata_says_what_is_offered(app) {
        let document = app.document("/.well-known/openid-configuration").await;
        assert_eq!(document["backchannel_authentication_endpoint"], app.services.issuer.join(ENDPOINT));
        assert_eq!(document["backchannel_token_delivery_modes_supported"], serde_json::json!(["poll", "ping"]));
        assert_eq!(document["backchannel_user_code_parameter_supported"], false);
        let algorithms = &document["backchannel_authentication_request_signing_alg_values_supported"];
        for algorithm in ["PS256", "ES256"] {
            assert!(algorithms.as_array().expect("a list").contains(&algorithm.into()), "{algorithm}");
        }
        assert!(document["grant_types_supported"].as_array().expect("a list").contains(&GRANT.into()));
    }

    async fn several_accounts_of_a_browser_see_their_own_requests(app) {
        let rp = app.client(till()).await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let (first, second) = (begin(&rp, &[]).await, begin(&rp, &[("login_hint", "bob")]).await);
        answer(&app, &bob, "approve-allow").await;
        poll(&rp, &first).await.refused("authorization_pending", "AS-1165").await;
        let tokens = poll(&rp, &second).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], bob.id.as_str());
        answer(&app, &alice, "approve-deny").await;
        poll(&rp, &first).await.refused("access_denied", "AS-1020").await;
    }
}
