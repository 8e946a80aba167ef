//! 197 to 202: what comes of a request over the back channel (OpenID Connect CIBA Core 1.0 §10 and §11, FAPI-CIBA).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{ProtocolVersion, version::TLS12};
use serde_json::{Value, json};
use symbolon::{
    crypto::token::digest,
    domain::{
        entity::{AuthMethod, ClientSettings, TokenDeliveryMode},
        jose::SigningAlgorithm,
        oauth::{AssertionAlgorithm, CLIENT_ASSERTION_TYPE},
    },
    service::delivery::deliver_due,
};

use super::{
    ciba::Party,
    fapi2::{TOKEN, USERINFO, with_key},
    refused_with,
};
use crate::{
    ciba::{ENDPOINT, GRANT, NOTIFICATION_TOKEN, answer, ping::reaching, poll},
    conformance_seed::hooked,
    mtls::support::{ALIAS, behind_proxy, certificate, key_of, told},
    support::{Answer, ClientKey, Credentials, LogoutReceiver, Request, TestApp, reach_secure},
};

/// Lets a client be told at this receiver.
fn pinged(receiver: &LogoutReceiver) -> impl FnOnce(&mut ClientSettings) {
    let uri = receiver.uri.clone();
    move |settings| {
        settings.backchannel_token_delivery_mode = Some(TokenDeliveryMode::Ping);
        settings.backchannel_client_notification_endpoint = Some(uri);
    }
}

/// Lets a client be known by a certificate of its own making.
fn shows(name: &str) -> impl FnOnce(&mut ClientSettings) {
    let shown = key_of(name);
    move |settings| {
        settings.token_endpoint_auth_method = AuthMethod::SelfSignedTlsClientAuth;
        let keys = settings.jwks.as_mut().expect("keys");
        keys["keys"].as_array_mut().expect("a list").push(shown);
    }
}

/// Sends whatever is due.
async fn deliver(app: &TestApp) {
    deliver_due(&app.services).await.expect("the deliveries can be read");
}

/// A request with an assertion of the test's own making; none without one.
async fn ask_with(one: &Party, app: &TestApp, assertion: Option<&str>) -> Answer {
    let object = one.key.sign(&one.claims(app));
    let mut fields = vec![("request", object.as_str())];
    if let Some(assertion) = assertion {
        fields.extend([("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", assertion)]);
    }
    one.rp.with(Credentials::Nothing).post(ENDPOINT, &fields).await
}

both! {
    async fn b197_a_person_who_rejects_is_obeyed_and_the_client_hears_of_it(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let alice = app.person("alice").await;
        let polling = Party::new(&app, "polling").await;
        let id = polling.begin(&app, &[]).await;
        answer(&app, &alice, "approve-deny").await;
        let rejected = poll(&polling.rp, &id).await;
        assert_eq!(rejected.response.status, 400, "{}", rejected.response);
        refused_with(&rejected, &["access_denied"]);
        deliver(&app).await;
        assert!(receiver.posted().is_empty());

        let told = Party::with(&app, "told", SigningAlgorithm::ES256, pinged(&receiver)).await;
        let id = told.begin(&app, &[("client_notification_token", json!(NOTIFICATION_TOKEN))]).await;
        answer(&app, &alice, "approve-deny").await;
        deliver(&app).await;
        let posted = receiver.posted();
        assert_eq!(posted.len(), 1);
        assert_eq!(serde_json::from_str::<Value>(&posted[0].body).expect("JSON"), json!({ "auth_req_id": id }));
        refused_with(&poll(&told.rp, &id).await, &["access_denied"]);
    }

    async fn b198_an_auth_req_id_is_good_once_and_for_its_client(app) {
        let (one, two) = (Party::new(&app, "one").await, Party::new(&app, "two").await);
        let alice = app.person("alice").await;
        let id = one.begin(&app, &[]).await;
        answer(&app, &alice, "approve-allow").await;
        refused_with(&poll(&two.rp, &id).await, &["invalid_grant"]);
        poll(&one.rp, &id).await.ok().await;
        refused_with(&poll(&one.rp, &id).await, &["invalid_grant"]);
        refused_with(&poll(&two.rp, &id).await, &["invalid_grant"]);
    }

    async fn b199_a_ping_says_which_request_and_is_sent_once(database: Database) {
        let app = TestApp::with(database, reach_secure).await;
        let receiver = LogoutReceiver::start_secure(rustls::ALL_VERSIONS).await;
        let one = Party::with(&app, "one", SigningAlgorithm::ES256, pinged(&receiver)).await;
        let alice = app.person("alice").await;
        let long = "Aa0-._~+/".repeat(113);
        // A body of any size and kind, that nobody reads.
        let large = "{\"error\":\"invalid_request\"}".repeat(100_000);
        for (count, (status, body, token)) in [
            (200, "", NOTIFICATION_TOKEN),
            (200, "not even JSON", NOTIFICATION_TOKEN),
            (202, &large, NOTIFICATION_TOKEN),
            (204, "", &long),
            (401, "", &long),
            (403, "", NOTIFICATION_TOKEN),
            (301, "", NOTIFICATION_TOKEN),
        ]
        .into_iter()
        .enumerate()
        {
            receiver.answer_with(status, body);
            let id = one.begin(&app, &[("client_notification_token", json!(token))]).await;
            answer(&app, &alice, "approve-allow").await;
            for round in 0..3 {
                let arrived = deliver_due(&app.services).await.expect("the deliveries can be read");
                let taken = round == 0 && (200..300).contains(&status);
                assert_eq!(arrived, usize::from(taken), "{status}");
                app.clock.advance(60);
            }
            let posted = receiver.posted();
            assert_eq!(posted.len(), count + 1, "{status}");
            let ping = &posted[count];
            assert_eq!(ping.tls, Some(ProtocolVersion::TLSv1_3));
            assert!(ping.line.starts_with("POST "), "{}", ping.line);
            assert!(ping.head.contains(&format!("Bearer {token}\r\n")), "{}", ping.head);
            assert!(ping.head.to_ascii_lowercase().contains("content-type: application/json"), "{}", ping.head);
            assert_eq!(serde_json::from_str::<Value>(&ping.body).expect("JSON"), json!({ "auth_req_id": id }));
            poll(&one.rp, &id).await.ok().await;
        }

        // TLS 1.2 is spoken with whoever speaks no other.
        let older = LogoutReceiver::start_secure(&[&TLS12]).await;
        let two = Party::with(&app, "two", SigningAlgorithm::ES256, pinged(&older)).await;
        two.begin(&app, &[("client_notification_token", json!(NOTIFICATION_TOKEN))]).await;
        answer(&app, &alice, "approve-allow").await;
        deliver(&app).await;
        let spoken: Vec<_> = older.posted().iter().map(|ping| ping.tls).collect();
        assert_eq!(spoken, [Some(ProtocolVersion::TLSv1_2)]);
    }

    async fn b200_a_client_says_who_it_is_as_at_the_token_endpoint(database: Database) {
        let app = behind_proxy(database).await;
        app.person("alice").await;
        let rs256 = ClientKey::generate(SigningAlgorithm::RS256);
        let one = Party::with(&app, "one", SigningAlgorithm::PS256, |settings| {
            with_key(settings, &rs256);
            settings.token_endpoint_auth_signing_alg = Some(AssertionAlgorithm::Signature(SigningAlgorithm::PS256));
        })
        .await;
        let issuer = app.issuer();
        for audience in [
            issuer.to_owned(),
            format!("{issuer}{TOKEN}"),
            format!("{ALIAS}{TOKEN}"),
            format!("{issuer}{ENDPOINT}"),
        ] {
            let assertion = one.key.sign(&one.rp.assertion().claim("aud", json!(audience)).0);
            ask_with(&one, &app, Some(&assertion)).await.json().await;
        }
        let weak = rs256.sign(&one.rp.assertion().0);
        for assertion in [Some(weak.as_str()), None] {
            refused_with(&ask_with(&one, &app, assertion).await, &["invalid_client", "invalid_request"]);
        }

        let first = Party::with(&app, "first", SigningAlgorithm::PS256, shows("client.pem")).await;
        let rp = first.rp.with(Credentials::Public);
        let object = first.key.sign(&first.claims(&app));
        for (client, shown) in [(&rp, Some("self.pem")), (&rp, None), (&rp.with(Credentials::Nothing), Some("self.pem"))] {
            let request = client.request(ENDPOINT, &[("request", &object)]);
            let answer = rp.send(&shown.map_or(request.clone(), |name| told(request, name))).await;
            assert_eq!(answer.response.status, 401, "{}", answer.response);
            refused_with(&answer, &["invalid_client"]);
        }
        // The second client is who it says it is, and sends what the first one signed.
        let second = Party::with(&app, "second", SigningAlgorithm::PS256, shows("self.pem")).await;
        let other = second.rp.with(Credentials::Public);
        let answer = other.send(&told(other.request(ENDPOINT, &[("request", &object)]), "self.pem")).await;
        assert_eq!(answer.response.status, 401, "{}", answer.response);
        refused_with(&answer, &["invalid_client"]);
        // What it signed itself in the name of the first one is only a bad request object.
        let forged = second.key.sign(&first.claims(&app));
        let answer = other.send(&told(other.request(ENDPOINT, &[("request", &forged)]), "self.pem")).await;
        refused_with(&answer, &["invalid_request"]);
        let own = second.key.sign(&second.claims(&app));
        other.send(&told(other.request(ENDPOINT, &[("request", &own)]), "self.pem")).await.json().await;
        rp.send(&told(rp.request(ENDPOINT, &[("request", &object)]), "client.pem")).await.json().await;
    }

    async fn b201_an_id_token_says_which_request_it_answers(app) {
        let alice = app.person("alice").await;
        for (name, algorithm) in [("one", SigningAlgorithm::PS256), ("two", SigningAlgorithm::ES256)] {
            let one = Party::with(&app, name, algorithm, |_| {}).await;
            let id = one.begin(&app, &[("acr_values", json!("1"))]).await;
            answer(&app, &alice, "approve-allow").await;
            let tokens = poll(&one.rp, &id).await.ok().await;
            let (header, claims) = app.verified(tokens.id()).await;
            assert_eq!(header["alg"], algorithm.name());
            assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.issuer()), &json!(name)), "{claims}");
            assert_eq!(claims["sub"], alice.id.as_str());
            assert_eq!(claims["urn:openid:params:jwt:claim:auth_req_id"], id);
            assert_eq!(claims["acr"], "1", "{claims}");
            let half = |text: &str| json!(URL_SAFE_NO_PAD.encode(&digest(text.as_bytes())[..16]));
            assert_eq!(claims["at_hash"], half(&tokens.access_token), "{claims}");
            for name in ["rt_hash", "urn:openid:params:jwt:claim:rt_hash"] {
                if let Some(hash) = claims.get(name) {
                    assert_eq!(hash, &half(tokens.refresh()), "{name}");
                }
            }
            for absent in ["c_hash", "s_hash", "nonce"] {
                assert!(claims.get(absent).is_none(), "{absent}: {claims}");
            }
        }
    }

    async fn b202_tokens_are_bound_to_the_certificate_and_to_the_client(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        let bound = |settings: &mut ClientSettings| settings.tls_client_certificate_bound_access_tokens = true;
        let one = Party::with(&app, "one", SigningAlgorithm::PS256, bound).await;
        let two = Party::with(&app, "two", SigningAlgorithm::PS256, bound).await;
        let asked = one.begin(&app, &[("scope", json!("openid offline_access"))]).await;
        answer(&app, &alice, "approve-allow").await;
        let polled = one.rp.request(TOKEN, &[("grant_type", GRANT), ("auth_req_id", &asked)]);
        let tokens = one.rp.send(&told(polled, "client.pem")).await.ok().await;
        let facts = one.rp.introspect(&tokens.access_token).await.json().await;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&certificate("client.pem")));
        assert_eq!(facts["cnf"], json!({ "x5t#S256": thumbprint }), "{facts}");

        let resource = || {
            Request::get(USERINFO)
                .header("Authorization", format!("Bearer {}", tokens.access_token))
                .header("x-fapi-auth-date", "Tue, 11 Sep 2012 19:43:31 GMT")
                .header("x-fapi-customer-ip-address", "198.51.100.119")
                .header("x-fapi-interaction-id", "93bac548-d2de-4546-b106-880a5018460d")
        };
        let answer = app.send(told(resource(), "client.pem")).await;
        assert_eq!(answer.json().await["sub"], alice.id.as_str());
        assert!(answer.response.header("date").is_some_and(|date| date.ends_with("GMT")), "{}", answer.response);
        for other in [told(resource(), "other.pem"), resource()] {
            assert_eq!(app.send(other).await.response.status, 401);
        }

        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
        let stolen = two.rp.send(&told(two.rp.request(TOKEN, &refresh), "client.pem")).await;
        refused_with(&stolen, &["invalid_grant"]);
        one.rp.send(&told(one.rp.request(TOKEN, &refresh), "client.pem")).await.ok().await;
    }

    async fn b203_a_test_endpoint_allows_or_denies_in_the_place_of_the_person(database: Database) {
        let app = hooked(database).await;
        app.person("alice").await;
        let party = Party::new(&app, "till").await;
        for (action, refused) in [("allow", None), ("deny", Some("access_denied"))] {
            let id = party.begin(&app, &[]).await;
            refused_with(&poll(&party.rp, &id).await, &["authorization_pending"]);
            let address = format!("/test/ciba?auth_req_id={id}&action={action}");
            let pressed = app.send(Request::new("POST", address).body("")).await.response;
            assert!((200..300).contains(&pressed.status), "{pressed}");
            app.clock.advance(6);
            let polled = poll(&party.rp, &id).await;
            match refused {
                Some(error) => refused_with(&polled, &[error]),
                None => drop(polled.ok().await),
            }
        }
        // A server that was not made for a run has no such endpoint.
        let real = TestApp::new(database).await;
        let absent = real.send(Request::new("POST", "/test/ciba?auth_req_id=x&action=allow").body("")).await;
        assert_eq!(absent.response.status, 404, "{}", absent.response);
    }
}
