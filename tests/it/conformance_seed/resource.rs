//! The test resource: whoever may ask UserInfo may ask it, and nobody else.

use serde_json::json;
use symbolon::domain::{entity::ClientSettings, oauth::GrantType};

use super::hooked;
use crate::{
    mtls::support::{ALIAS, told, with_authority, with_proxy},
    support::{Answer, ClientSpec, DpopKey, GrantSpec, Request, TestApp},
};

const RESOURCE: &str = "/resource";
const INTERACTION: &str = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";

fn bearer(token: &str) -> Request {
    Request::get(RESOURCE).header("Authorization", format!("Bearer {token}"))
}

/// Asks with a bound token and a proof of this method and address.
async fn with_proof(app: &TestApp, key: &DpopKey, token: &str, htu: &str) -> Answer {
    let proof = key.proof_of(app, "GET", RESOURCE).with_token(token).claim("htu", json!(htu));
    let request = Request::get(RESOURCE).header("Authorization", format!("DPoP {token}"));
    app.send(request.header("DPoP", key.sign(&proof))).await
}

both! {
    async fn without_a_live_access_token_it_tells_nothing(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await).await.ok().await;
        app.send(Request::get(RESOURCE)).await.refused("invalid_token", "AS-1150").await;
        for other in ["x", tokens.refresh(), tokens.id()] {
            app.send(bearer(other)).await.refused("invalid_token", "AS-1151").await;
        }
        let in_query = format!("{RESOURCE}?access_token={}", tokens.access_token);
        app.send(Request::get(in_query)).await.refused("invalid_request", "AS-1152").await;
        let elsewhere = |settings: &mut ClientSettings| settings.access_token_audience = vec!["elsewhere".to_owned()];
        let service = app.client(ClientSpec::machine("service").set(elsewhere)).await;
        let for_others = service.machine_token().await.ok().await.access_token;
        app.send(bearer(&for_others)).await.refused("invalid_token", "AS-1155").await;
        app.send(bearer(&tokens.access_token)).await.json().await;
        rp.revoke(tokens.refresh()).await.accepted().await;
        app.send(bearer(&tokens.access_token)).await.refused("invalid_token", "AS-1151").await;
    }

    /// Behaviours 202 and 210.
    async fn it_answers_in_json_and_names_the_interaction(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope("openid")).await).await.ok().await;
        let asked = || bearer(&tokens.access_token).header("x-fapi-auth-date", "Sun, 10 Sep 2017 19:43:31 UTC");
        let answer = app.send(asked().header("x-fapi-interaction-id", INTERACTION)).await;
        assert_eq!(answer.json().await, json!({ "client_id": "web", "sub": alice.id, "scope": "openid" }));
        let response = &answer.response;
        assert_eq!(response.header("x-fapi-interaction-id"), Some(INTERACTION), "{response}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{response}");
        assert!(response.header("date").is_some(), "{response}");

        // One of its own for whoever sends none.
        let mut made = Vec::new();
        for _ in 0..2 {
            let response = app.send(asked()).await.response;
            made.push(response.header("x-fapi-interaction-id").expect("one").to_owned());
        }
        assert!(made.iter().all(|id| id.len() == 36 && id != INTERACTION), "{made:?}");
        assert_ne!(made[0], made[1]);
        let refused = app.send(Request::get(RESOURCE).header("x-fapi-interaction-id", INTERACTION)).await;
        assert_eq!(refused.response.header("x-fapi-interaction-id"), Some(INTERACTION));
    }

    /// Behaviour 178.
    async fn the_interaction_comes_back_as_it_was_sent_or_not_at_all(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope("openid")).await).await.ok().await;
        let name = "x-fapi-interaction-id";
        let (longest, too_long) = ("~".repeat(128), "~".repeat(129));
        for sent in [INTERACTION, &INTERACTION.to_uppercase(), "1", "no_uuid!", "urn:x:<a>&\"b\"", &longest] {
            let response = app.send(bearer(&tokens.access_token).header(name, sent)).await.response;
            assert_eq!((response.status, response.header(name)), (200, Some(sent)), "{response}");
        }
        for unsafe_text in [b"".as_slice(), b"a b", b"a\tb", b"\xc3\xa9", b"\xff", too_long.as_bytes()] {
            let response = app.send(bearer(&tokens.access_token).header(name, unsafe_text)).await.response;
            assert_eq!((response.status, response.header(name)), (200, None), "{unsafe_text:?}: {response}");
        }
        // Of two nobody knows which is meant.
        let twice = bearer(&tokens.access_token).header(name, INTERACTION).header(name, "1");
        let response = app.send(twice).await.response;
        assert_eq!((response.status, response.header(name)), (200, None), "{response}");
    }

    /// Behaviours 168 and 172.
    async fn a_token_that_is_bound_to_a_key_needs_a_proof_for_this_very_resource(database: Database) {
        let app = TestApp::with(database, |options| {
            options.test_hooks = true;
            with_authority(options);
        })
        .await;
        let key = DpopKey::new();
        let spec = ClientSpec::machine("machine").set(|settings| settings.dpop_bound_access_tokens = true);
        let rp = app.client(spec).await;
        let form = rp.request("/oauth2/token", &[("grant_type", GrantType::ClientCredentials.name())]);
        let proof = key.sign(&key.proof(&app, "/oauth2/token"));
        let token = rp.send(&form.header("DPoP", proof)).await.ok_as("DPoP").await.access_token;
        app.send(bearer(&token)).await.refused("invalid_token", "AS-1228").await;
        let other = DpopKey::new();
        let here = format!("{}{RESOURCE}", app.issuer());
        with_proof(&app, &other, &token, &here).await.challenged("invalid_token", "AS-1228").await;
        let userinfo = format!("{}/oauth2/userinfo", app.issuer());
        with_proof(&app, &key, &token, &userinfo).await.challenged("invalid_dpop_proof", "AS-1221").await;
        // Under either name of this server.
        for address in [here, format!("{ALIAS}{RESOURCE}")] {
            let told = with_proof(&app, &key, &token, &address).await.json().await;
            assert_eq!(told["client_id"], "machine");
        }
    }

    /// Behaviour 172.
    async fn a_token_that_is_bound_to_a_certificate_needs_it(database: Database) {
        let app = TestApp::with(database, |options| {
            options.test_hooks = true;
            with_proxy(options);
        })
        .await;
        let spec =
            ClientSpec::machine("machine").set(|settings| settings.tls_client_certificate_bound_access_tokens = true);
        let rp = app.client(spec).await;
        let form = rp.request("/oauth2/token", &[("grant_type", GrantType::ClientCredentials.name())]);
        let token = rp.send(&told(form, "client.pem")).await.ok().await.access_token;
        app.send(bearer(&token)).await.refused("invalid_token", "AS-1228").await;
        app.send(told(bearer(&token), "other.pem")).await.refused("invalid_token", "AS-1228").await;
        app.send(told(bearer(&token), "client.pem")).await.json().await;
        let posted = Request::form(RESOURCE, &[]).header("Authorization", format!("Bearer {token}"));
        app.send(told(posted, "client.pem")).await.json().await;
    }

    async fn a_sign_in_that_is_too_old_or_too_weak_is_told_what_to_ask_for(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope("openid")).await).await.ok().await;
        let asked = |query: &str, token: &str| {
            Request::get(format!("{RESOURCE}?{query}")).header("Authorization", format!("Bearer {token}"))
        };
        let token = tokens.access_token.as_str();
        app.send(asked("max_age=300&acr_values=9+1", token)).await.json().await;
        app.clock.advance(301);
        for query in ["max_age=300", "acr_values=9", "max_age=0&acr_values=9+8"] {
            let answer = app.send(asked(query, token)).await;
            answer.refused("insufficient_user_authentication", "AS-1800").await;
        }
        let answer = app.send(asked("max_age=300&acr_values=1", token)).await;
        let challenge = answer.response.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer ") && challenge.ends_with(", acr_values=\"1\", max_age=\"300\""), "{challenge}");
        // A token that lives no more is refused for that, whatever is demanded.
        app.send(asked("max_age=300", "x")).await.refused("invalid_token", "AS-1151").await;
        app.send(asked("max_age=-1", token)).await.refused("invalid_request", "AS-1013").await;
        app.send(asked("acr_values=%22", token)).await.refused("invalid_request", "AS-1005").await;

        let machine = app.client(ClientSpec::machine("machine")).await.machine_token().await.ok().await.access_token;
        app.send(asked("max_age=300", &machine)).await.refused("insufficient_user_authentication", "AS-1800").await;
        app.send(asked("", &machine)).await.json().await;
    }
}
