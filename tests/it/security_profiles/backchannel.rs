//! Clients of a profile that ask over the back channel (FAPI-CIBA 5.2.2): what the profile demands of a
//! request, of its client and of the tokens, is demanded there as everywhere else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::{
    crypto::token::digest,
    domain::{
        entity::ClientKind,
        jose::SigningAlgorithm,
        oauth::{SecurityProfile, check_settings},
    },
};

use super::{Party, TOKEN, refused};
use crate::{
    ciba::{ENDPOINT, GRANT, answer, fields, with_grant},
    mtls::support::{behind_proxy, certificate, told},
    support::{Answer, ClientKey, ClientSpec, Credentials, DpopKey, Request, TestApp, unsigned},
};

const PROFILE: &str = "fapi-ciba";

/// An app that asks, with these keys beside its own.
async fn asking(app: &TestApp, id: &str, profile: SecurityProfile, more: &[&ClientKey]) -> Party {
    let key = ClientKey::generate(SigningAlgorithm::ES256);
    let keys: Vec<_> = std::iter::once(&key).chain(more.iter().copied()).map(ClientKey::jwk).collect();
    let spec = ClientSpec::web(id).set(with_grant).set(|settings| {
        *settings = profile.apply(settings.clone());
        settings.jwks = Some(json!({ "keys": keys }));
        assert_eq!(check_settings(ClientKind::Web, settings), Ok(()), "what the profile fills in is a valid client");
    });
    let rp = app.client(spec).await.with(Credentials::Key(key.clone()));
    Party { rp, key, dpop: DpopKey::new() }
}

fn claims(app: &TestApp, party: &Party) -> Value {
    let now = app.now().seconds();
    json!({
        "iss": party.rp.client_id.as_str(), "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300,
        "jti": app.fresh("jti"), "scope": "openid offline_access", "login_hint": "alice",
    })
}

async fn send(party: &Party, object: &str) -> Answer {
    party.rp.post(ENDPOINT, &[("request", object)]).await
}

fn poll(party: &Party, id: &str) -> Request {
    party.rp.request(TOKEN, &[("grant_type", GRANT), ("auth_req_id", id)])
}

fn id_of(body: &Value) -> String {
    body["auth_req_id"].as_str().unwrap_or_else(|| panic!("no auth_req_id: {body}")).to_owned()
}

both! {
    /// Behaviours 192, 200 and 202.
    async fn a_client_of_the_profile_signs_its_request_and_has_its_tokens_bound(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        let party = asking(&app, "till", SecurityProfile::FapiCiba, &[]).await;
        let id = id_of(&send(&party, &party.key.sign(&claims(&app, &party))).await.json().await);
        answer(&app, &alice, "approve-allow").await;
        let bare = party.rp.send(&poll(&party, &id)).await;
        refused(&app, bare, "invalid_request", "AS-1231", PROFILE).await;
        let tokens = party.rp.send(&told(poll(&party, &id), "self.pem")).await.ok().await;
        let (header, told_of) = app.verified(&tokens.access_token).await;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&certificate("self.pem")));
        assert_eq!((&header["alg"], &told_of["cnf"]), (&json!("ES256"), &json!({ "x5t#S256": thumbprint })));
        assert_eq!(app.verified(tokens.id()).await.0["alg"], "ES256");
    }

    /// Behaviour 192.
    async fn a_request_in_the_open_is_refused_for_the_profile(app) {
        app.person("alice").await;
        for profile in [SecurityProfile::FapiCiba, SecurityProfile::Fapi1Advanced, SecurityProfile::Fapi2MessageSigning] {
            let party = asking(&app, profile.name(), profile, &[]).await;
            let plain = party.rp.post(ENDPOINT, &fields(&[])).await;
            refused(&app, plain, "invalid_request", "AS-1196", profile.name()).await;
            // Also where the client was stored before the profile said so.
            app.change_client(&party.rp, |client| {
                client.settings.backchannel_authentication_request_signing_alg = None;
            })
            .await;
            app.clock.advance(60);
            let plain = party.rp.post(ENDPOINT, &fields(&[])).await;
            refused(&app, plain, "invalid_request", "AS-1196", profile.name()).await;
            let mixed = [("request", party.key.sign(&claims(&app, &party))), ("scope", "openid".to_owned())];
            let mixed: Vec<_> = mixed.iter().map(|(name, value)| (*name, value.as_str())).collect();
            party.rp.post(ENDPOINT, &mixed).await.refused("invalid_request", "AS-1199").await;
            send(&party, &party.key.sign(&claims(&app, &party))).await.json().await;
        }
    }

    /// Behaviour 192.
    async fn a_request_is_signed_with_an_algorithm_of_the_profile(app) {
        app.person("alice").await;
        let (rsa, edwards) = (ClientKey::generate(SigningAlgorithm::RS256), ClientKey::generate(SigningAlgorithm::EdDSA));
        let party = asking(&app, "till", SecurityProfile::FapiCiba, &[&rsa, &edwards]).await;
        // Neither the registered algorithm nor its absence widens the profile.
        for registered in [Some(SigningAlgorithm::ES256), Some(SigningAlgorithm::RS256), Some(SigningAlgorithm::EdDSA), None] {
            app.change_client(&party.rp, move |client| {
                client.settings.backchannel_authentication_request_signing_alg = registered;
            })
            .await;
            app.clock.advance(60);
            for key in [&rsa, &edwards] {
                let answer = send(&party, &key.sign(&claims(&app, &party))).await;
                refused(&app, answer, "invalid_request", "AS-1700", PROFILE).await;
            }
            let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &claims(&app, &party)));
            let answer = send(&party, &none).await;
            assert_eq!(answer.response.json()["error"], "invalid_request", "{}", answer.response);
        }
        send(&party, &party.key.sign(&claims(&app, &party))).await.json().await;
    }

    /// Behaviour 192.
    async fn a_request_lives_no_longer_than_the_profile_allows_and_is_for_the_issuer(app) {
        app.person("alice").await;
        let party = asking(&app, "till", SecurityProfile::FapiCiba, &[]).await;
        let now = app.now().seconds();
        for (name, value) in [
            ("exp", json!(now + 3601)),
            ("nbf", json!(now - 3601)),
            ("aud", json!(format!("{}{ENDPOINT}", app.issuer()))),
            ("aud", json!(format!("{}{TOKEN}", app.issuer()))),
            ("exp", Value::Null),
            ("nbf", Value::Null),
        ] {
            let mut bad = claims(&app, &party);
            bad[name] = value;
            let answer = send(&party, &party.key.sign(&bad)).await;
            refused(&app, answer, "invalid_request", "AS-1055", PROFILE).await;
        }
        let mut listed = claims(&app, &party);
        listed["aud"] = json!([app.issuer(), "https://other.example"]);
        send(&party, &party.key.sign(&listed)).await.json().await;
    }

    /// Behaviours 159 and 200.
    async fn its_client_authenticates_as_the_profile_wants(app) {
        app.person("alice").await;
        let rsa = ClientKey::generate(SigningAlgorithm::RS256);
        let party = asking(&app, "till", SecurityProfile::FapiCiba, &[&rsa]).await;
        let object = || party.key.sign(&claims(&app, &party));
        let with = |assertion: String| Request::form(ENDPOINT, &[
            ("request", &object()),
            ("client_assertion_type", symbolon::domain::oauth::CLIENT_ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ]);
        let answer = party.rp.send(&with(rsa.sign(&party.rp.assertion().0))).await;
        refused(&app, answer, "invalid_client", "AS-1700", PROFILE).await;
        for credentials in [Credentials::Public, Credentials::Basic("x".to_owned()), Credentials::Post("x".to_owned())] {
            let answer = party.rp.with(credentials).post(ENDPOINT, &[("request", &object())]).await;
            refused(&app, answer, "invalid_client", "AS-1205", PROFILE).await;
        }
        let elsewhere = party.rp.assertion().claim("aud", json!("https://other.example")).0;
        party.rp.send(&with(party.key.sign(&elsewhere))).await.refused("invalid_client", "AS-1213").await;
        // FAPI 1.0 lets it name the endpoint; FAPI 2.0 the issuer alone.
        let there = format!("{}{ENDPOINT}", app.issuer());
        let named = party.rp.assertion().claim("aud", json!(there.clone())).0;
        party.rp.send(&with(party.key.sign(&named))).await.json().await;
        let second = asking(&app, "second", SecurityProfile::Fapi2Security, &[]).await;
        let named = second.rp.assertion().claim("aud", json!(there)).0;
        let request = Request::form(ENDPOINT, &[
            ("scope", "openid"),
            ("login_hint", "alice"),
            ("client_assertion_type", symbolon::domain::oauth::CLIENT_ASSERTION_TYPE),
            ("client_assertion", &second.key.sign(&named)),
        ]);
        let answer = second.rp.send(&request).await;
        refused(&app, answer, "invalid_client", "AS-1701", "fapi2-security").await;
    }

    async fn a_fapi_2_client_need_not_sign_but_its_tokens_are_bound(app) {
        let alice = app.person("alice").await;
        let party = asking(&app, "till", SecurityProfile::Fapi2Security, &[]).await;
        party.rp.post(ENDPOINT, &[("request", "a.b.c")]).await.refused("invalid_request", "AS-1197").await;
        let id = id_of(&party.rp.post(ENDPOINT, &fields(&[])).await.json().await);
        answer(&app, &alice, "approve-allow").await;
        let bare = party.rp.send(&poll(&party, &id)).await;
        refused(&app, bare, "invalid_request", "AS-1226", "fapi2-security").await;
        party.post(&app, TOKEN, &[("grant_type", GRANT), ("auth_req_id", &id)]).await.ok_as("DPoP").await;
    }
}
