//! 190 to 196 and 204: requests over the back channel (OpenID Connect CIBA Core 1.0, FAPI-CIBA). Answers to them are among
//! the tokens of CIBA.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use symbolon::domain::{
    entity::ClientSettings,
    jose::SigningAlgorithm,
    oauth::{GrantType, RegistrationMode, SecurityProfile},
};
use symbolon::{
    crypto::token::digest,
    service::{admin::registration::PolicyChanges, delivery::deliver_due},
};

use super::{
    fapi2::{USERINFO, with_key},
    is_unguessable, list, metadata, refused_with,
    request_object::with,
};
use crate::{
    ciba::{ENDPOINT, GRANT, NOTIFICATION_TOKEN, answer, fields, poll, with_grant},
    mtls::support::{certificate, key_of, told, with_proxy},
    support::{
        Answer, ClientKey, ClientSpec, Credentials, LogoutReceiver, RelyingParty, Request, TestApp, reach_secure,
        unsigned,
    },
};

const INVALID: [&str; 1] = ["invalid_request"];

/// A client of the profile: its key signs whatever it sends.
#[derive(Clone)]
pub struct Party {
    /// The app; it authenticates with its key.
    pub rp: RelyingParty,
    /// What it signs with.
    pub key: ClientKey,
}

impl Party {
    /// One with a key of this algorithm, which also signs its ID tokens.
    pub async fn with(
        app: &TestApp,
        id: &str,
        algorithm: SigningAlgorithm,
        change: impl FnOnce(&mut ClientSettings),
    ) -> Self {
        let key = ClientKey::generate(algorithm);
        let spec = ClientSpec::web(id).set(with_grant).keyed(&key).set(|settings| {
            settings.backchannel_authentication_request_signing_alg = Some(algorithm);
            settings.id_token_signed_response_alg = algorithm;
            change(settings);
        });
        Self { rp: app.client(spec).await.with(Credentials::Key(key.clone())), key }
    }

    /// One like most.
    pub async fn new(app: &TestApp, id: &str) -> Self {
        Self::with(app, id, SigningAlgorithm::ES256, |_| {}).await
    }

    /// All that a good request about alice says.
    pub fn claims(&self, app: &TestApp) -> Value {
        let now = app.now().seconds();
        json!({
            "iss": self.rp.client_id.as_str(), "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300,
            "jti": app.fresh("jti"), "scope": "openid", "login_hint": "alice",
        })
    }

    /// A request that says this.
    pub async fn ask(&self, claims: &Value) -> Answer {
        self.send(&self.key.sign(claims)).await
    }

    /// A request of the test's own making.
    pub async fn send(&self, object: &str) -> Answer {
        self.rp.post(ENDPOINT, &[("request", object)]).await
    }

    /// A good request, with this besides. Gives the `auth_req_id`.
    pub async fn begin(&self, app: &TestApp, more: &[(&str, Value)]) -> String {
        let claims = more.iter().fold(self.claims(app), |all, (name, value)| with(all, name, value.clone()));
        auth_req_id(&self.ask(&claims).await.json().await)
    }
}

/// The `auth_req_id` of an answer.
pub fn auth_req_id(body: &Value) -> String {
    body["auth_req_id"].as_str().unwrap_or_else(|| panic!("no auth_req_id: {body}")).to_owned()
}

both! {
    async fn b190_metadata_says_what_is_offered_over_the_back_channel(app) {
        let document = metadata(&app).await;
        assert_eq!(document["backchannel_authentication_endpoint"], format!("{}{ENDPOINT}", app.issuer()));
        for mode in ["poll", "ping"] {
            assert!(list(&document, "backchannel_token_delivery_modes_supported").contains(&mode), "{mode}");
        }
        assert!(list(&document, "grant_types_supported").contains(&GRANT), "{document}");
        for algorithm in ["PS256", "ES256"] {
            let offered = list(&document, "backchannel_authentication_request_signing_alg_values_supported");
            assert!(offered.contains(&algorithm), "{offered:?}");
        }
        assert!(document["backchannel_user_code_parameter_supported"].is_boolean(), "{document}");
    }

    async fn b191_a_request_is_acknowledged_with_an_id_that_nobody_guesses(app) {
        let one = Party::new(&app, "one").await;
        app.person("alice").await;
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let body = one.ask(&one.claims(&app)).await.json().await;
            let id = auth_req_id(&body);
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{id}");
            assert!(is_unguessable(&id) && id.len() * 6 >= 160, "{id}");
            assert!(body["expires_in"].as_i64().is_some_and(|seconds| seconds > 0), "{body}");
            assert!(body["interval"].as_i64().is_some_and(|seconds| seconds > 0), "{body}");
            ids.insert(id);
        }
        assert_eq!(ids.len(), 5);
    }

    async fn b192_a_request_is_signed_and_whatever_is_wrong_with_it_is_an_invalid_request(app) {
        let (one, two) = (Party::new(&app, "one").await, Party::new(&app, "two").await);
        app.person("alice").await;
        refused_with(&one.rp.post(ENDPOINT, &fields(&[])).await, &INVALID);
        let now = app.now().seconds();
        for (name, value) in [
            ("aud", Value::Null),
            ("iss", Value::Null),
            ("exp", Value::Null),
            ("iat", Value::Null),
            ("nbf", Value::Null),
            ("jti", Value::Null),
            ("aud", json!("https://elsewhere.example")),
            ("iss", json!("two")),
            ("exp", json!(now - 300)),
            ("exp", json!(now + 70 * 60)),
            ("nbf", json!(now + 10 * 60)),
            ("nbf", json!(now - 70 * 60)),
        ] {
            refused_with(&one.ask(&with(one.claims(&app), name, value)).await, &INVALID);
        }
        // Two hints, and none.
        refused_with(&one.ask(&with(one.claims(&app), "id_token_hint", json!("a.b.c"))).await, &INVALID);
        refused_with(&one.ask(&with(one.claims(&app), "login_hint", Value::Null)).await, &INVALID);
        let claims = one.claims(&app);
        // In the object and beside it, twice, and within another one.
        let object = one.key.sign(&one.claims(&app));
        for beside in [("login_hint", "alice"), ("scope", "openid"), ("request", object.as_str())] {
            refused_with(&one.rp.post(ENDPOINT, &[("request", object.as_str()), beside]).await, &INVALID);
        }
        refused_with(&one.ask(&with(one.claims(&app), "request", json!(object))).await, &INVALID);
        let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &claims));
        let unknown = format!("{}.AAAA", unsigned(&json!({ "alg": "XS999", "kid": one.key.jwk()["kid"] }), &claims));
        for object in [none, unknown, two.key.sign(&claims), "a.b.c".to_owned()] {
            refused_with(&one.send(&object).await, &INVALID);
        }
        one.ask(&claims).await.json().await;
        // The key is the client's: nothing but its algorithm is wrong, by what is registered or by the profile.
        let rs256 = ClientKey::generate(SigningAlgorithm::RS256);
        let open = |settings: &mut ClientSettings| with_key(settings, &rs256);
        let strict = |settings: &mut ClientSettings| {
            with_key(settings, &rs256);
            *settings = SecurityProfile::FapiCiba.apply(settings.clone());
        };
        for (party, reason) in [
            (Party::with(&app, "open", SigningAlgorithm::PS256, open).await, "AS-1051"),
            (Party::with(&app, "strict", SigningAlgorithm::PS256, strict).await, "AS-1700"),
        ] {
            party.send(&rs256.sign(&party.claims(&app))).await.refused("invalid_request", reason).await;
            party.ask(&party.claims(&app)).await.json().await;
        }
    }

    async fn b193_one_hint_is_given_and_a_short_binding_message_is_accepted(app) {
        let (one, alice) = (Party::new(&app, "one").await, app.person("alice").await);
        let id = one.begin(&app, &[("binding_message", json!("1234"))]).await;
        answer(&app, &alice, "approve-allow").await;
        let tokens = poll(&one.rp, &id).await.ok().await;
        let both = with(one.claims(&app), "id_token_hint", json!(tokens.id()));
        refused_with(&one.ask(&both).await, &INVALID);
        one.ask(&with(both, "login_hint", Value::Null)).await.json().await;
    }

    async fn b194_a_binding_message_that_cannot_be_shown_is_refused(app) {
        let one = Party::new(&app, "one").await;
        app.person("alice").await;
        let long = "1234 ".repeat(40);
        for message in [long.as_str(), "1234 \u{1f44d}\u{1f3ff}", "\u{4f60}\u{597d} 1234"] {
            let answer = one.ask(&with(one.claims(&app), "binding_message", json!(message))).await;
            refused_with(&answer, &["invalid_binding_message"]);
        }
    }

    async fn b195_whoever_asks_before_there_is_an_answer_is_told_to_wait(app) {
        let one = Party::new(&app, "one").await;
        app.person("alice").await;
        let body = one.ask(&one.claims(&app)).await.json().await;
        let id = auth_req_id(&body);
        refused_with(&poll(&one.rp, &id).await, &["authorization_pending"]);
        app.clock.advance(body["interval"].as_i64().expect("a number").max(5));
        refused_with(&poll(&one.rp, &id).await, &["authorization_pending"]);
        for _ in 0..20 {
            refused_with(&poll(&one.rp, &id).await, &["authorization_pending", "slow_down"]);
        }
    }

    async fn b196_a_request_lives_for_as_long_as_its_client_wishes(app) {
        let one = Party::new(&app, "one").await;
        app.person("alice").await;
        for wish in [json!(10), json!("10")] {
            let body = one.ask(&with(one.claims(&app), "requested_expiry", wish)).await.json().await;
            assert_eq!(body["expires_in"], 10);
            let id = auth_req_id(&body);
            app.clock.advance(9);
            refused_with(&poll(&one.rp, &id).await, &["authorization_pending"]);
            app.clock.advance(2);
            refused_with(&poll(&one.rp, &id).await, &["expired_token"]);
        }
    }

    async fn b204_a_program_registers_itself_for_the_back_channel(database: Database) {
        let app = TestApp::with(database, |options| {
            with_proxy(options);
            reach_secure(options);
        })
        .await;
        let receiver = LogoutReceiver::start_secure(rustls::ALL_VERSIONS).await;
        app.ensure_key(SigningAlgorithm::PS256).await;
        app.registration_policy(PolicyChanges {
            registration: Some(RegistrationMode::Open),
            quarantine: Some(false),
            per_network: Some(0),
            grant_types: Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Ciba]),
            ..PolicyChanges::default()
        })
        .await;
        let alice = app.person("alice").await;
        let key = ClientKey::generate(SigningAlgorithm::PS256);
        let mut shown = key_of("self.pem");
        shown["x5c"] = json!([STANDARD.encode(certificate("self.pem"))]);
        shown["kid"] = json!("certificate");
        let ways = ["private_key_jwt", "self_signed_tls_client_auth"].map(|method| [(method, "poll"), (method, "ping")]);
        for (method, mode) in ways.into_iter().flatten() {
            let mut metadata = json!({
                "grant_types": [GRANT],
                "response_types": [],
                "token_endpoint_auth_method": method,
                "backchannel_authentication_request_signing_alg": "PS256",
                "id_token_signed_response_alg": "PS256",
                "tls_client_certificate_bound_access_tokens": true,
                "jwks": { "keys": [key.jwk(), shown] },
                "backchannel_token_delivery_mode": mode,
                "backchannel_client_notification_endpoint": receiver.uri,
            });
            if method == "private_key_jwt" {
                metadata["token_endpoint_auth_signing_alg"] = json!("PS256");
            }
            let registered = app.register(&metadata).await.registered().await;
            for (name, value) in metadata.as_object().expect("an object") {
                assert_eq!(&registered.members[name], value, "{name}: {}", registered.members);
            }
            let id = registered.members["client_id"].as_str().expect("a name");
            let credentials = match method {
                "private_key_jwt" => Credentials::Key(key.clone()),
                _ => Credentials::Public,
            };
            let one = Party { rp: RelyingParty::known(&app, id, "", credentials), key: key.clone() };
            let mut claims = one.claims(&app);
            if mode == "ping" {
                claims["client_notification_token"] = json!(NOTIFICATION_TOKEN);
            }
            let object = key.sign(&claims);
            let asked = one.rp.send(&told(one.rp.request(ENDPOINT, &[("request", &object)]), "self.pem")).await;
            let asked = auth_req_id(&asked.json().await);
            let before = receiver.posted().len();
            answer(&app, &alice, "approve-allow").await;
            deliver_due(&app.services).await.expect("delivered");
            let pings: Vec<String> = receiver.posted()[before..].iter().map(|ping| ping.body.clone()).collect();
            let expected = if mode == "ping" { vec![json!({ "auth_req_id": asked }).to_string()] } else { Vec::new() };
            assert_eq!(pings, expected, "{method} {mode}");
            let polled = || one.rp.request("/oauth2/token", &[("grant_type", GRANT), ("auth_req_id", &asked)]);
            refused_with(&one.rp.send(&polled()).await, &["invalid_request", "invalid_client", "invalid_grant"]);
            let tokens = one.rp.send(&told(polled(), "self.pem")).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.0["alg"], "PS256");
            let bound = &app.verified(&tokens.access_token).await.1["cnf"];
            assert_eq!(*bound, json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&certificate("self.pem"))) }));
            let asked = Request::get(USERINFO).header("Authorization", format!("Bearer {}", tokens.access_token));
            assert_eq!(app.send(asked.clone()).await.response.status, 401);
            assert_eq!(app.send(told(asked, "self.pem")).await.json().await["sub"], alice.id.as_str());
        }
    }
}
