//! Whole flows of clients that are known by a certificate, and whose tokens are bound to it (RFC 8705;
//! FAPI 2.0 Security Profile 5.3.2.1, FAPI 1.0 Advanced 5.2.2).

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use symbolon::{
    crypto::token::digest,
    domain::{
        entity::{AuthMethod, ClientKind, ConsentMode},
        jose::SigningAlgorithm,
        oauth::{SecurityProfile, check_settings},
    },
};

use super::{PAR, Party, SCOPE, TOKEN, blames, redemption, spec};
use crate::{
    mtls::support::{behind_proxy, certificate, key_of, told},
    support::{Answer, Authorize, ClientKey, ClientSpec, DpopKey, Grant, Person, Request, TestApp, Tokens},
};

/// The profiles, the ways to be known by a certificate, and that certificate.
const PARTIES: [(SecurityProfile, AuthMethod, &str); 4] = [
    (SecurityProfile::Fapi2Security, AuthMethod::TlsClientAuth, "client.pem"),
    (SecurityProfile::Fapi2Security, AuthMethod::SelfSignedTlsClientAuth, "self.pem"),
    (SecurityProfile::Fapi1Advanced, AuthMethod::TlsClientAuth, "client.pem"),
    (SecurityProfile::Fapi1Advanced, AuthMethod::SelfSignedTlsClientAuth, "self.pem"),
];

/// An app of a profile, and its certificate.
struct Certified {
    party: Party,
    profile: SecurityProfile,
    certificate: &'static str,
}

impl Certified {
    async fn of(app: &TestApp, (profile, method, name): (SecurityProfile, AuthMethod, &'static str)) -> Self {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let mut shown = key_of("self.pem");
        shown["x5c"] = json!([STANDARD.encode(certificate("self.pem"))]);
        shown["kid"] = json!("certificate");
        let id = format!("{}-{}", profile.name(), method.name().replace('_', "-"));
        let spec = ClientSpec::web(&id).set(|settings| {
            settings.token_endpoint_auth_method = method;
            settings.tls_client_certificate_bound_access_tokens = true;
            settings.consent = ConsentMode::Skip;
            *settings = profile.apply(settings.clone());
            settings.jwks = Some(json!({ "keys": [key.jwk(), shown] }));
            if method == AuthMethod::TlsClientAuth {
                settings.tls_client_auth_san_dns = Some("service.example".to_owned());
            }
            assert_eq!(settings.token_endpoint_auth_method, method, "the profile allows it");
            assert_eq!(check_settings(ClientKind::Web, settings), Ok(()), "a valid client");
        });
        let rp = app.client(spec).await;
        Self { party: Party { rp, key, dpop: DpopKey::new() }, profile, certificate: name }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.party.rp.send(&told(self.party.rp.request(path, fields), self.certificate)).await
    }

    /// What it may ask: FAPI 1 signs requests, and has its answers signed.
    fn request(&self) -> Authorize {
        let request = Authorize::new(&self.party.rp, SCOPE);
        if self.signs() { request.and("response_mode", "jwt") } else { request }
    }

    fn signs(&self) -> bool {
        self.profile == SecurityProfile::Fapi1Advanced
    }

    fn pushed(&self, app: &TestApp, request: &Authorize) -> Vec<(String, String)> {
        if self.signs() {
            return vec![("request".to_owned(), self.party.key.sign(&request.claims(app)))];
        }
        request.pushed().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    async fn grant(&self, app: &TestApp, person: &Person) -> Grant {
        let request = self.request();
        let pushed = self.pushed(app, &request);
        let pushed: Vec<_> = pushed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reference = self.post(PAR, &pushed).await.pushed().await;
        let target = self.party.rp.by_reference(&reference);
        if !self.signs() {
            return app.browser().grant_at(&target, person, &request).await;
        }
        let mut browser = app.browser();
        let page = browser.open(&target).await.page("/sign-in/");
        let away = browser.sign_in(&page, &person.username, crate::support::PASSWORD).await.away();
        let (_, answer) = app.verified(&away.parameters()["response"]).await;
        request.redeem(answer["code"].as_str().expect("a code"))
    }

    async fn tokens(&self, app: &TestApp, person: &Person) -> Tokens {
        let grant = self.grant(app, person).await;
        self.post(TOKEN, &redemption(&grant)).await.ok().await
    }

    fn refresh(&self, token: &str) -> Request {
        self.party.rp.request(TOKEN, &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn cnf(&self) -> Value {
        json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&certificate(self.certificate))) })
    }
}

fn userinfo(token: &str) -> Request {
    Request::get("/oauth2/userinfo").header("Authorization", format!("Bearer {token}"))
}

both! {
    /// Behaviours 163, 172, 175, 176 and 211.
    async fn a_client_with_a_certificate_goes_through_a_whole_flow(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        for party in PARTIES {
            let client = Certified::of(&app, party).await;
            let tokens = client.tokens(&app, &alice).await;
            let (header, claims) = app.verified(&tokens.access_token).await;
            assert_eq!((&header["alg"], &claims["cnf"]), (&json!("ES256"), &client.cnf()), "{party:?}");
            assert_eq!(app.verified(tokens.id()).await.0["alg"], "ES256", "{party:?}");
            let asked = app.send(told(userinfo(&tokens.access_token), client.certificate)).await.json().await;
            assert_eq!(asked["sub"], claims["sub"], "{party:?}");

            let next = client.party.rp.send(&told(client.refresh(tokens.refresh()), client.certificate)).await.ok().await;
            let kept = client.profile == SecurityProfile::Fapi2Security;
            assert_eq!(next.refresh() == tokens.refresh(), kept, "{party:?}");
            assert_eq!(app.verified(&next.access_token).await.1["cnf"], client.cnf(), "{party:?}");
            app.send(told(userinfo(&next.access_token), client.certificate)).await.json().await;
        }
    }

    /// Behaviour 163.
    async fn no_step_goes_without_the_certificate(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        for party in PARTIES {
            let client = Certified::of(&app, party).await;
            let rp = &client.party.rp;
            let pushed = client.pushed(&app, &client.request());
            let pushed: Vec<_> = pushed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let grant = client.grant(&app, &alice).await;
            let tokens = client.tokens(&app, &alice).await;
            for request in [rp.request(PAR, &pushed), rp.request(TOKEN, &redemption(&grant)), client.refresh(tokens.refresh())] {
                rp.send(&request).await.refused("invalid_client", "AS-1231").await;
                rp.send(&told(request, "other.pem")).await.refused("invalid_client", "AS-1232").await;
            }
            // Nothing of that used anything up.
            client.post(TOKEN, &redemption(&grant)).await.ok().await;
            rp.send(&told(client.refresh(tokens.refresh()), client.certificate)).await.ok().await;
        }
    }

    /// Behaviour 172.
    async fn a_token_is_used_with_the_certificate_of_its_client_only(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        for party in PARTIES {
            let client = Certified::of(&app, party).await;
            let tokens = client.tokens(&app, &alice).await;
            let other = if client.certificate == "self.pem" { "client.pem" } else { "self.pem" };
            app.send(userinfo(&tokens.access_token)).await.refused("invalid_token", "AS-1228").await;
            for name in [other, "other.pem"] {
                app.send(told(userinfo(&tokens.access_token), name)).await.refused("invalid_token", "AS-1228").await;
            }
            app.send(told(userinfo(&tokens.access_token), client.certificate)).await.json().await;
        }
    }

    /// Behaviours 156 and 175.
    async fn what_one_client_was_given_another_one_of_its_profile_cannot_use(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        for (one, two) in [(PARTIES[0], PARTIES[1]), (PARTIES[2], PARTIES[3])] {
            let (one, two) = (Certified::of(&app, one).await, Certified::of(&app, two).await);
            let grant = one.grant(&app, &alice).await;
            two.post(TOKEN, &redemption(&grant)).await.refused("invalid_grant", "AS-1113").await;
            let tokens = one.tokens(&app, &alice).await;
            let stolen = told(two.refresh(tokens.refresh()), two.certificate);
            two.party.rp.send(&stolen).await.refused("invalid_grant", "AS-1123").await;
        }
    }

    async fn the_profile_binds_tokens_whatever_the_stored_settings_say(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let spec = spec("keyed", SecurityProfile::Fapi2Security, key.jwks());
        let rp = app.client(spec).await.with(crate::support::Credentials::Key(key.clone()));
        let party = Party { rp, key, dpop: DpopKey::new() };
        let grant = party.grant(&app, &alice, &Authorize::new(&party.rp, SCOPE)).await;
        let tokens = party.redeem(&app, &grant).await.ok_as("DPoP").await;
        app.change_client(&party.rp, |client| client.settings.dpop_bound_access_tokens = false).await;
        app.clock.advance(60);
        let bare = party.rp.refresh(tokens.refresh()).await;
        bare.refused("invalid_request", "AS-1226").await;
        blames(&app, bare.trace_id(), Some("fapi2-security")).await;
        app.change_client(&party.rp, |client| {
            client.settings.security_profile = Some(SecurityProfile::Fapi1Advanced);
        })
        .await;
        app.clock.advance(60);
        let bare = party.rp.refresh(tokens.refresh()).await;
        bare.refused("invalid_request", "AS-1231").await;
        blames(&app, bare.trace_id(), Some("fapi1-advanced")).await;
        // Nor does it forget how its clients authenticate.
        app.change_client(&party.rp, |client| client.settings.token_endpoint_auth_method = AuthMethod::None).await;
        app.clock.advance(60);
        let public = party.rp.with(crate::support::Credentials::Public).refresh(tokens.refresh()).await;
        public.refused("invalid_client", "AS-1205").await;
        blames(&app, public.trace_id(), Some("fapi1-advanced")).await;
    }
}
