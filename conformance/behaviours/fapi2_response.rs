//! 151 to 158: what comes back to clients of FAPI 2.0, and what their codes are good for.

use std::collections::BTreeMap;

use url::Url;

use super::{
    fapi2::{self, Fapi},
    id_claims, is_unguessable, refused_with,
};
use crate::support::Authorize;

/// The parameters of an address and, apart, its fragment.
fn query(address: &str) -> (BTreeMap<String, String>, Option<String>) {
    let url = Url::parse(address).expect("an address");
    (url.query_pairs().into_owned().collect(), url.fragment().map(str::to_owned))
}

both! {
    async fn b151_the_answer_names_the_issuer_and_holds_nothing_unexpected(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let mut browser = app.browser();
        one.grant(&mut browser, &alice, &Authorize::new(&one.rp, "openid")).await;
        for (request, state) in [
            (Authorize::new(&one.rp, "openid"), Some("state-1".to_owned())),
            (Authorize::new(&one.rp, "openid").without("state"), None),
        ] {
            let away = browser.open(&one.pushed(&request).await).await.away();
            let (parameters, fragment) = query(&away.url);
            assert_eq!(fragment, None);
            assert_eq!(parameters["iss"], app.issuer());
            assert_eq!(parameters.get("state"), state.as_ref());
            let known = ["code", "iss", "session_state", "state"];
            assert!(parameters.keys().all(|name| known.contains(&name.as_str())), "{parameters:?}");
        }
    }

    async fn b152_nonce_and_state_of_any_sensible_length_are_never_cut(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&one.rp, "openid");
        for (nonce, state) in [(None, 10), (Some(64), 10), (Some(384), 1000)] {
            let (nonce, state) = (nonce.map(|length| "n0nce_-~".repeat(length / 8)), "s".repeat(state));
            let request = match &nonce {
                Some(nonce) => base.clone().with("nonce", nonce),
                None => base.clone().without("nonce"),
            };
            let request = request.with("state", &state);
            one.grant(&mut browser, &alice, &request).await;
            let away = browser.open(&one.pushed(&request).await).await.away();
            assert_eq!(away.parameters()["state"], state);
            let tokens = one.redeem(&app, &away.grant(&request)).await.ok_as("DPoP").await;
            assert_eq!(id_claims(&app, &tokens).await.get("nonce").and_then(|value| value.as_str()), nonce.as_deref());
        }
    }

    async fn b153_a_person_who_cancels_is_sent_back_with_the_registered_query_in_place(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let alice = app.person("alice").await;
        for client in [&one, &two] {
            for button in ["login-cancel", "consent-deny"] {
                let mut browser = app.browser();
                let target = client.pushed(&Authorize::new(&client.rp, "openid")).await;
                let mut page = browser.open(&target).await.page("/sign-in/");
                if button == "consent-deny" {
                    page = browser.sign_in(&page, &alice.username, crate::support::PASSWORD).await.page("/consent/");
                }
                let away = browser.press(&page, button, &[]).await.away();
                let (registered, own) = match client.rp.redirect_uri.split_once('?') {
                    Some((_, query)) => (format!("{}&", client.rp.redirect_uri), query),
                    None => (format!("{}?", client.rp.redirect_uri), ""),
                };
                assert!(away.url.starts_with(&registered), "{button}: {}", away.url);
                let (mut parameters, fragment) = query(&away.url);
                assert_eq!(fragment, None);
                for (name, value) in url::form_urlencoded::parse(own.as_bytes()) {
                    assert_eq!(parameters.remove(name.as_ref()).as_deref(), Some(value.as_ref()), "{name}");
                }
                for (name, value) in [("error", "access_denied"), ("state", "state-1"), ("iss", app.issuer())] {
                    assert_eq!(parameters[name], value, "{button} {name}");
                }
                assert!(!parameters.contains_key("code"), "{parameters:?}");
            }
        }
    }

    async fn b154_a_code_is_unguessable_used_once_and_dead_after_a_minute(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&one.rp, "openid");
        let grant = one.grant(&mut browser, &alice, &request).await;
        assert!(is_unguessable(&grant.code));
        one.redeem(&app, &grant).await.ok_as("DPoP").await;
        refused_with(&one.redeem(&app, &grant).await, &["invalid_grant"]);
        let late = one.grant(&mut browser, &alice, &request).await;
        app.clock.advance(62);
        refused_with(&one.redeem(&app, &late).await, &["invalid_grant"]);
    }

    async fn b155_a_code_that_is_used_again_ends_what_it_gave(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let grant = one.grant(&mut app.browser(), &alice, &Authorize::new(&one.rp, "openid")).await;
        let tokens = one.redeem(&app, &grant).await.ok_as("DPoP").await;
        assert_eq!(one.userinfo(&app, &tokens.access_token).await.response.status, 200);
        app.clock.advance(1);
        let again = one.redeem(&app, &grant).await;
        assert_eq!(again.response.status, 400, "{}", again.response);
        refused_with(&again, &["invalid_grant"]);
        assert_eq!(one.userinfo(&app, &tokens.access_token).await.response.status, 401);
    }

    async fn b156_a_code_is_of_no_use_to_another_client(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let alice = app.person("alice").await;
        let grant = one.grant(&mut app.browser(), &alice, &Authorize::new(&one.rp, "openid")).await;
        let answer = two.redeem(&app, &grant).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
        refused_with(&answer, &["invalid_grant"]);
    }

    async fn b157_a_code_needs_its_verifier(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let mut browser = app.browser();
        for verifier in [None, Some("x".repeat(43))] {
            let mut grant = one.grant(&mut browser, &alice, &Authorize::new(&one.rp, "openid")).await;
            grant.verifier = verifier;
            let answer = one.redeem(&app, &grant).await;
            assert_eq!(answer.response.status, 400, "{}", answer.response);
            refused_with(&answer, &["invalid_grant"]);
        }
    }

    async fn b158_the_name_of_another_client_beside_ones_own_assertion_is_refused(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let alice = app.person("alice").await;
        let grant = one.grant(&mut app.browser(), &alice, &Authorize::new(&one.rp, "openid")).await;
        let redemption = Fapi::redemption(&grant);
        let named = [redemption.as_slice(), &[("client_id", two.rp.client_id.as_str())]].concat();
        let answer = one.rp.send(&one.proven(&app, &named, &one.dpop)).await;
        refused_with(&answer, &["invalid_client", "invalid_grant"]);
        let named = [redemption.as_slice(), &[("client_id", one.rp.client_id.as_str())]].concat();
        one.rp.send(&one.proven(&app, &named, &one.dpop)).await.ok_as("DPoP").await;
    }
}
