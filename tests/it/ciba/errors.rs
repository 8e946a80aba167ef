//! What is refused.

use super::{ENDPOINT, GRANT, answer, ask, begin, card, poll, signed_in, till, with_grant};
use crate::support::{Answer, Authorize, ClientSpec, Credentials, GrantSpec, Request, form_encode};
use symbolon::domain::entity::UserState;

both! {
    /// Behaviours 192 and 193.
    async fn exactly_one_hint_names_a_person_who_is_here(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let other = app.client(ClientSpec::web("other")).await;
        let foreign = other.exchange(&app.grant(&alice, &other, GrantSpec::scope("openid")).await).await.ok().await;
        ask(&rp, &[("login_hint", "")]).await.refused("invalid_request", "AS-1189").await;
        ask(&rp, &[("id_token_hint", foreign.id())]).await.refused("invalid_request", "AS-1189").await;
        ask(&rp, &[("login_hint_token", "x")]).await.refused("invalid_request", "AS-1189").await;
        ask(&rp, &[("login_hint", ""), ("login_hint_token", "x")]).await.refused("invalid_request", "AS-1189").await;
        for hint in [foreign.id(), foreign.access_token.as_str(), "x"] {
            let hinted = ask(&rp, &[("login_hint", ""), ("id_token_hint", hint)]).await;
            hinted.refused("invalid_request", "AS-1025").await;
        }
        ask(&rp, &[("login_hint", "nobody")]).await.refused("unknown_user_id", "AS-1191").await;
        app.change_person(&alice, |user| user.state = UserState::Disabled).await;
        ask(&rp, &[]).await.refused("unknown_user_id", "AS-1191").await;
    }

    async fn a_client_that_names_too_many_who_are_not_here_learns_no_more(app) {
        let (rp, other) = (app.client(till()).await, app.client(ClientSpec::web("other").set(with_grant)).await);
        let alice = app.person("alice").await;
        let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope("openid")).await).await.ok().await;
        let throttled = async |answer: Answer| {
            answer.refused_as(403, "access_denied", "AS-1708").await;
            assert_eq!(answer.response.header("retry-after"), Some("600"));
        };
        let mut missed = 0;
        loop {
            let answered = ask(&rp, &[("login_hint", &format!("nobody{missed}"))]).await;
            if answered.response.status == 403 {
                throttled(answered).await;
                break;
            }
            answered.refused("unknown_user_id", "AS-1191").await;
            missed += 1;
            assert!(missed < 200, "people are guessed without end");
            // That somebody else is here makes up for none.
            if missed % 40 == 0 {
                begin(&rp, &[]).await;
            }
        }
        assert!(missed >= 100, "many people mistype: {missed}");
        // Nor is it told who is here, nor another client of that network.
        throttled(ask(&rp, &[]).await).await;
        throttled(ask(&other, &[]).await).await;
        // Whoever has signed in there can be named by what they brought along.
        begin(&rp, &[("login_hint", ""), ("id_token_hint", tokens.id())]).await;
        app.clock.advance(599);
        throttled(ask(&rp, &[]).await).await;
        app.clock.advance(1);
        begin(&rp, &[]).await;
        // The next miss is one too many again, until the hour is over.
        ask(&rp, &[("login_hint", "nobody")]).await.refused("unknown_user_id", "AS-1191").await;
        throttled(ask(&rp, &[]).await).await;
        app.clock.advance(3600);
        for number in 0..2 {
            ask(&rp, &[("login_hint", &format!("nobody{number}"))]).await.refused("unknown_user_id", "AS-1191").await;
        }
    }

    /// Behaviour 194.
    async fn parameters_that_cannot_be_honoured_are_refused(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        let long = "x".repeat(65);
        for message in [long.as_str(), "\u{1f600}", "\u{4f60}\u{597d}"] {
            ask(&rp, &[("binding_message", message)]).await.refused("invalid_binding_message", "AS-1192").await;
        }
        ask(&rp, &[("scope", "")]).await.refused("invalid_scope", "AS-1190").await;
        ask(&rp, &[("scope", "email")]).await.refused("invalid_scope", "AS-1190").await;
        ask(&rp, &[("scope", "openid root")]).await.refused("invalid_scope", "AS-1010").await;
        ask(&rp, &[("requested_expiry", "soon")]).await.refused("invalid_request", "AS-1193").await;
        ask(&rp, &[("user_code", "1234")]).await.refused("invalid_request", "AS-1195").await;
        ask(&rp, &[("request", "a.b.c")]).await.refused("invalid_request", "AS-1197").await;
        ask(&rp, &[("dpop_jkt", "x")]).await.refused("invalid_request", "AS-1028").await;
        for (name, value) in [
            ("claims", r#"{"id_token":{"acr":{"essential":true,"values":["1"]}}}"#),
            ("claims", r#"{"userinfo":{"sub":{"value":"bob"}}}"#),
            ("prompt", "login"),
            ("prompt", "consent select_account"),
            ("request_uri", "https://till.example/r"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ] {
            ask(&rp, &[(name, value)]).await.refused("invalid_request", "AS-1167").await;
        }
        ask(&rp, &[("claims", "{")]).await.refused("invalid_request", "AS-1026").await;
        let wishes = [("claims", r#"{"id_token":{"acr":null}}"#), ("prompt", "consent"), ("nonce", "n"), ("extra", "x")];
        assert!(ask(&rp, &wishes).await.json().await["auth_req_id"].is_string());
    }

    async fn only_a_confidential_client_with_the_grant_asks(app) {
        app.person("alice").await;
        let without = app.client(ClientSpec::web("without")).await;
        ask(&without, &[]).await.refused("unauthorized_client", "AS-1102").await;
        let rp = app.client(till()).await;
        ask(&rp.with(Credentials::Basic("wrong".to_owned())), &[]).await.refused("invalid_client", "AS-1203").await;
        ask(&rp.with(Credentials::Public), &[]).await.refused("invalid_client", "AS-1205").await;
        ask(&rp.with(Credentials::Nothing), &[]).await.refused("invalid_client", "AS-1200").await;
    }

    /// Behaviour 195.
    async fn whoever_asks_too_often_waits_longer(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        let id = begin(&rp, &[]).await;
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
        poll(&rp, &id).await.refused("slow_down", "AS-1166").await;
        app.clock.advance(6);
        poll(&rp, &id).await.refused("slow_down", "AS-1166").await;
        app.clock.advance(16);
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
    }

    /// Behaviour 196.
    async fn a_request_expires_when_the_client_wished(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let answer = ask(&rp, &[("requested_expiry", "10")]).await.json().await;
        assert_eq!(answer["expires_in"], 10);
        let mut browser = signed_in(&app, &alice).await;
        let page = card(&mut browser).await;
        app.clock.advance(10);
        poll(&rp, answer["auth_req_id"].as_str().expect("text")).await.refused("expired_token", "AS-1164").await;
        let late = browser.press(&page, "approve-allow", &[]).await.page("/approve/");
        late.answer.refused_page(400, "AS-1603").await;
        assert!(!browser.open("/requests").await.page("/requests").has("request-1"));
    }

    /// Behaviour 197.
    async fn a_person_who_denies_is_obeyed(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[]).await;
        answer(&app, &alice, "approve-deny").await;
        poll(&rp, &id).await.refused("access_denied", "AS-1020").await;
        poll(&rp, &id).await.refused("access_denied", "AS-1020").await;
    }

    /// Behaviour 198.
    async fn an_auth_req_id_is_its_clients_and_of_its_kind(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let other = app.client(ClientSpec::web("other").set(with_grant).set(crate::device::with_grant)).await;
        let id = begin(&rp, &[]).await;
        answer(&app, &alice, "approve-allow").await;
        poll(&other, &id).await.refused("invalid_grant", "AS-1162").await;
        let as_device = [("grant_type", crate::device::GRANT), ("device_code", id.as_str())];
        other.token(&as_device).await.refused("invalid_grant", "AS-1161").await;
        poll(&rp, &format!("{id}x")).await.refused("invalid_grant", "AS-1161").await;
        rp.token(&[("grant_type", GRANT)]).await.refused("invalid_request", "AS-1160").await;
        poll(&rp, &id).await.ok().await;
    }

    async fn nobody_else_sees_or_opens_a_request(app) {
        let rp = app.client(till()).await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let id = begin(&rp, &[]).await;
        let mut hers = signed_in(&app, &alice).await;
        let request = hers.open("/requests").await.page("/requests");
        let named = request.filled("request-1", &[]).1;
        let named = named.into_iter().find(|(name, _)| name == "request").expect("a button").1;

        let mut his = signed_in(&app, &bob).await;
        let list = his.open("/requests").await.page("/requests");
        assert!(!list.has("request-1"));
        // His own list, with the token of its form.
        begin(&rp, &[("login_hint", "bob")]).await;
        let list = his.open("/requests").await.page("/requests");
        assert!(list.has("request-1") && !list.has("request-2") && !list.answer.response.text().contains(&named));
        let token = list.answer.response.text();
        let token = token.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
        for (request, csrf, code) in [(named.as_str(), token, "AS-1603"), ("x", token, "AS-1603"), (&named, "x", "AS-1023")] {
            let form = Request::form("/requests", &[("request", request), ("csrf", csrf)]);
            his.request(form).await.refused_page(400, code).await;
        }
        // Her page is in her browser only, and whoever signs in there instead of her answers nothing.
        let page = card(&mut hers).await;
        his.open(&page.path).await.page("/approve/").answer.refused_page(400, "AS-1022").await;
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn nobody_who_is_not_signed_in_sees_anything(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        begin(&rp, &[]).await;
        let list = app.browser().open("/requests").await.page("/requests");
        assert!(list.answer.response.text().contains("Nobody is signed in") && !list.has("request-1"));
    }

    async fn another_account_in_the_same_browser_answers_nothing(app) {
        let rp = app.client(till()).await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let id = begin(&rp, &[]).await;
        let mut browser = signed_in(&app, &alice).await;
        let page = card(&mut browser).await;
        // She signs out, he signs in, and her page is still there.
        let leave = browser.open("/sign-out").await.page("/sign-out");
        browser.press(&leave, "logout-confirm", &[]).await.page("/signed-out");
        let portal = crate::support::RelyingParty::known(
            &app, "portal", "https://portal.example/callback", Credentials::Public,
        );
        browser.grant(&bob, &Authorize::new(&portal, "openid")).await;
        for button in ["approve-allow", "approve-deny"] {
            browser.press(&page, button, &[]).await;
            let again = browser.open(&page.path).await.page("/");
            assert!(!again.has("approve-allow"), "{button}: {}", again.path);
        }
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn nobody_is_asked_for_an_app_that_waits_for_an_administrator(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[]).await;
        let mut browser = signed_in(&app, &alice).await;
        let list = browser.open("/requests").await.page("/requests");
        app.change_client(&rp, |client| client.settings.quarantined = true).await;
        let opened = browser.press(&list, "request-1", &[]).await.page("/requests");
        opened.answer.refused_page(400, "AS-1406").await;
        assert!(!browser.open("/requests").await.page("/requests").has("request-1"));
        poll(&rp, &id).await.refused("unauthorized_client", "AS-1406").await;
        // Who is let in again is listed again.
        app.change_client(&rp, |client| client.settings.quarantined = false).await;
        card(&mut browser).await;
    }

    async fn whoever_deletes_the_person_deletes_the_request(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[]).await;
        app.delete_person(&alice).await;
        poll(&rp, &id).await.refused("invalid_grant", "AS-1161").await;
    }

    async fn parameters_in_the_query_do_not_count(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        let query = form_encode(&[("login_hint", "alice")]);
        let answer = rp.post(&format!("{}?{query}", ENDPOINT), &[("scope", "openid")]).await;
        answer.refused("invalid_request", "AS-1189").await;
    }
}
