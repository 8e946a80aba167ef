//! Assertions that bring nothing.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::{AccessTokenFormat, ConsentMode, SubjectMapping, UserState},
        jose::SigningAlgorithm,
    },
    store::trusted_issuer,
};

use super::{GRANT, IDP, Idp, agree, first_party, present, with_grant};
use crate::support::{ClientKey, ClientSpec, DpopKey, Person, RelyingParty, TestApp, unsigned};

const TOKEN: &str = "/oauth2/token";

struct Setting {
    app: TestApp,
    rp: RelyingParty,
    alice: Person,
    idp: Idp,
}

async fn setting(app: TestApp) -> Setting {
    let rp = app.client(first_party("notes")).await;
    let alice = app.person("alice").await;
    let idp = Idp::trusted(&app, SubjectMapping::Username, &[&rp]).await;
    Setting { app, rp, alice, idp }
}

both! {
    async fn what_is_not_signed_by_a_trusted_issuer_is_refused(app) {
        let s = setting(app).await;
        s.rp.token(&[("grant_type", GRANT)]).await.refused("invalid_request", "AS-1180").await;
        for junk in ["x", "a.b.c", "e30.e30.", "e30.e30.e30.e30.e30"] {
            present(&s.rp, junk, None).await.refused("invalid_grant", "AS-1182").await;
        }
        let claims = s.idp.claims(&s.app, "alice").0;
        let other = ClientKey::generate(SigningAlgorithm::ES256);
        present(&s.rp, &other.sign(&claims), None).await.refused("invalid_grant", "AS-1182").await;
        let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &claims));
        present(&s.rp, &none, None).await.refused("invalid_grant", "AS-1182").await;
        let stranger = s.idp.claims(&s.app, "alice").claim("iss", json!("https://other.example")).0;
        present(&s.rp, &s.idp.key.sign(&stranger), None).await.refused("invalid_grant", "AS-1181").await;
        s.app.write(|tx| trusted_issuer::delete(tx, IDP)).await;
        present(&s.rp, &s.idp.vouch(&s.app, "alice"), None).await.refused("invalid_grant", "AS-1181").await;
    }

    async fn claims_that_do_not_hold_are_refused(app) {
        let s = setting(app).await;
        let now = s.app.now().seconds();
        for (name, value, code) in [
            ("aud", json!("https://other.example"), "AS-1183"),
            ("aud", Value::Null, "AS-1183"),
            ("sub", Value::Null, "AS-1183"),
            ("jti", Value::Null, "AS-1183"),
            ("exp", Value::Null, "AS-1183"),
            ("exp", json!(now + 4000), "AS-1183"),
            ("exp", json!(now), "AS-1184"),
            ("iat", json!(now + 120), "AS-1184"),
        ] {
            let claims = s.idp.claims(&s.app, "alice").claim(name, value).0;
            present(&s.rp, &s.idp.key.sign(&claims), None).await.refused("invalid_grant", code).await;
        }
    }

    async fn what_the_issuer_signed_for_something_else_brings_nothing(app) {
        let s = setting(app).await;
        let typed = |typ: &str| json!({ "alg": "ES256", "kid": s.idp.key.jwk()["kid"], "typ": typ });
        for typ in ["logout+jwt", "secevent+jwt", "at+jwt", "client-authentication+jwt", "dpop+jwt"] {
            let assertion = s.idp.key.sign_with_header(&typed(typ), &s.idp.claims(&s.app, "alice").0);
            present(&s.rp, &assertion, None).await.refused("invalid_grant", "AS-1179").await;
        }
        // A logout token of an issuer that does not type its own says whom it is about as well.
        let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        let logout = s.idp.claims(&s.app, "alice").claim("events", events).0;
        present(&s.rp, &s.idp.key.sign(&logout), None).await.refused("invalid_grant", "AS-1179").await;
        for typ in ["authorization-grant+jwt", "application/authorization-grant+jwt", "JWT"] {
            let assertion = s.idp.key.sign_with_header(&typed(typ), &s.idp.claims(&s.app, "alice").0);
            present(&s.rp, &assertion, None).await.ok().await;
        }
        let untyped = json!({ "alg": "ES256", "kid": s.idp.key.jwk()["kid"] });
        let assertion = s.idp.key.sign_with_header(&untyped, &s.idp.claims(&s.app, "alice").0);
        present(&s.rp, &assertion, None).await.ok().await;
    }

    async fn an_assertion_is_used_once_even_by_many_at_once(app) {
        let s = setting(app).await;
        let assertion = s.idp.vouch(&s.app, "alice");
        let answers = {
            let local = tokio::task::LocalSet::new();
            let (rp, assertion) = (s.rp.clone(), assertion.clone());
            local
                .run_until(async move {
                    let mut tasks = tokio::task::JoinSet::new();
                    for _ in 0..100 {
                        let (rp, assertion) = (rp.clone(), assertion.clone());
                        tasks.spawn_local(async move { present(&rp, &assertion, None).await });
                    }
                    tasks.join_all().await
                })
                .await
        };
        assert_eq!(answers.iter().filter(|answer| answer.response.status == 200).count(), 1);
        present(&s.rp, &assertion, None).await.refused("invalid_grant", "AS-1185").await;
        present(&s.rp, &s.idp.vouch(&s.app, "alice"), None).await.ok().await;
    }

    async fn the_subject_is_an_active_account_by_the_registered_name(app) {
        let s = setting(app).await;
        for subject in ["nobody", s.alice.id.as_str(), "alice@example.com", "notes"] {
            present(&s.rp, &s.idp.vouch(&s.app, subject), None).await.refused("invalid_grant", "AS-1186").await;
        }
        s.app.change_person(&s.alice, |user| user.state = UserState::Disabled).await;
        present(&s.rp, &s.idp.vouch(&s.app, "alice"), None).await.refused("invalid_grant", "AS-1186").await;
    }

    async fn an_assertion_about_another_client_is_none_about_this_one(app) {
        let rp = app.client(ClientSpec::machine("service").set(with_grant)).await;
        let idp = Idp::trusted(&app, SubjectMapping::Client, &[&rp]).await;
        app.person("alice").await;
        for subject in ["other", "alice"] {
            present(&rp, &idp.vouch(&app, subject), None).await.refused("invalid_grant", "AS-1186").await;
        }
    }

    async fn what_brings_no_token_does_not_use_the_assertion_up(app) {
        let (rp, key) = (app.client(first_party("bound").set(|s| s.scope.push("api.read".to_owned()))).await, DpopKey::new());
        let alice = app.person("alice").await;
        for subject in [SubjectMapping::Username, SubjectMapping::Client] {
            app.write(|tx| trusted_issuer::delete(tx, IDP)).await;
            let idp = Idp::trusted(&app, subject, &[&rp]).await;
            let about = if subject == SubjectMapping::Client { rp.client_id.as_str() } else { &alice.username };
            let assertion = idp.vouch(&app, about);
            app.change_client(&rp, |client| client.settings.dpop_bound_access_tokens = true).await;
            present(&rp, &assertion, Some("api.read")).await.refused("invalid_request", "AS-1226").await;
            let fields = [("grant_type", GRANT), ("assertion", assertion.as_str()), ("scope", "api.read")];
            let proving = || rp.request(TOKEN, &fields).header("DPoP", key.sign(&key.proof(&app, TOKEN)));
            rp.send(&proving()).await.ok_as("DPoP").await;
            rp.send(&proving()).await.refused("invalid_grant", "AS-1185").await;
            app.change_client(&rp, |client| client.settings.dpop_bound_access_tokens = false).await;
        }
    }

    async fn a_client_that_changed_meanwhile_is_decided_on_again_with_the_same_assertion(app) {
        let rp = app.client(ClientSpec::machine("service").set(with_grant)).await;
        let idp = Idp::trusted(&app, SubjectMapping::Client, &[&rp]).await;
        for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
            // The server remembers the client as it was.
            present(&rp, &idp.vouch(&app, "service"), None).await.ok().await;
            app.change_client(&rp, move |client| client.settings.access_token_format = format).await;
            let token = present(&rp, &idp.vouch(&app, "service"), None).await.ok().await.access_token;
            assert_eq!(token.starts_with("sym_at_"), format == AccessTokenFormat::Opaque, "{token}");
        }
        app.change_client(&rp, |client| client.enabled = false).await;
        present(&rp, &idp.vouch(&app, "service"), None).await.refused("invalid_client", "AS-1001").await;
    }

    async fn only_clients_that_are_named_send_assertions_and_within_their_scopes(app) {
        let s = setting(app).await;
        let other = s.app.client(first_party("other")).await;
        let assertion = s.idp.vouch(&s.app, "alice");
        present(&other, &assertion, None).await.refused("unauthorized_client", "AS-1187").await;
        let without = s.app.client(ClientSpec::web("without")).await;
        present(&without, &assertion, None).await.refused("unauthorized_client", "AS-1102").await;
        present(&s.rp, &assertion, Some("profile")).await.refused("invalid_scope", "AS-1010").await;
        present(&s.rp, &assertion, Some("api.read")).await.refused("invalid_scope", "AS-1010").await;
        // None of these used it up.
        present(&s.rp, &assertion, None).await.ok().await;
    }

    async fn without_a_consent_that_covers_it_nothing_is_issued(app) {
        let rp = app.client(ClientSpec::web("notes").set(with_grant)).await;
        let alice = app.person("alice").await;
        let idp = Idp::trusted(&app, SubjectMapping::Username, &[&rp]).await;
        let ask = async |scope: &str| present(&rp, &idp.vouch(&app, "alice"), Some(scope)).await;
        ask("email").await.refused("invalid_grant", "AS-1188").await;
        agree(&app, &alice, &rp, &["openid"]).await;
        ask("openid email").await.refused("invalid_grant", "AS-1188").await;
        agree(&app, &alice, &rp, &["openid", "email"]).await;
        ask("openid email").await.ok().await;
        // Who wants to be asked each time cannot be asked here.
        app.change_client(&rp, |client| client.settings.consent = ConsentMode::Always).await;
        ask("openid email").await.refused("invalid_grant", "AS-1188").await;
    }

    async fn tokens_die_with_account_client_and_limits(app) {
        for change in 0..4 {
            let rp = app.client(first_party(&format!("app-{change}"))).await;
            let person = app.person(&format!("person-{change}")).await;
            app.write(|tx| trusted_issuer::delete(tx, IDP)).await;
            let idp = Idp::trusted(&app, SubjectMapping::UserId, &[&rp]).await;
            let watcher = app.client(ClientSpec::web(&format!("w-{change}")).set(|s| s.may_introspect = true)).await;
            let token = present(&rp, &idp.vouch(&app, person.id.as_str()), None).await.ok().await.access_token;
            assert!(watcher.introspect(&token).await.active().await);
            app.clock.advance(2);
            let now = app.now();
            match change {
                0 => app.change_person(&person, |user| user.state = UserState::Disabled).await,
                1 => app.change_person(&person, move |user| user.not_before = Some(now)).await,
                2 => app.change_client(&rp, |client| client.enabled = false).await,
                _ => app.change_client(&rp, move |client| client.not_before = Some(now)).await,
            }
            assert!(!watcher.introspect(&token).await.active().await, "{change}");
        }
    }
}
