//! What a token request gives when it is right.

use serde_json::json;
use symbolon::domain::{
    entity::{AccessTokenFormat, ConsentMode, IdTokenClaims},
    jose::SigningAlgorithm,
    oauth::GrantType,
};

use crate::support::{ClientSpec, GrantSpec, signed_with};

both! {
    async fn a_code_gives_access_refresh_and_id_token(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid profile email").nonce("n-1")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(tokens.expires_in, 600);
        assert_eq!(tokens.scope.as_deref(), Some("openid profile email"));
        // Behaviours 56 and 92: at least 128 bits; behaviour 95: printable ASCII.
        assert!(tokens.refresh().len() > 43 && tokens.refresh().bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(rp.introspect(&tokens.access_token).await.active().await);
        assert!(rp.introspect(tokens.refresh()).await.active().await);
    }

    async fn an_id_token_says_who_signed_in_when_and_for_whom(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid").nonce("n-1")).await;
        let auth_time = app.now().seconds();
        app.clock.advance(7);
        let tokens = rp.exchange(&grant).await.ok().await;
        let (header, claims) = app.verified(tokens.id()).await;
        // Behaviours 22, 24 and 66.
        assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
        assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
        // Behaviours 2 and 60 to 65.
        let now = app.now().seconds();
        assert_eq!(claims["iss"], app.issuer());
        assert_eq!(claims["sub"], alice.id.as_str());
        assert_eq!(claims["aud"], "web");
        assert_eq!(claims["azp"], "web");
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 600)));
        assert_eq!(claims["auth_time"], auth_time);
        assert_eq!(claims["nonce"], "n-1");
        assert_eq!(claims["acr"], "1");
        assert_eq!(claims["amr"], json!(["pwd"]));
        assert_eq!(claims["sid"], grant.session.as_str());
        // Behaviour 63.
        let half = SigningAlgorithm::RS256.half_hash(&tokens.access_token);
        let hash = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, half);
        assert_eq!(claims["at_hash"], hash);
        assert!(claims.get("c_hash").is_none());
    }

    async fn an_id_token_without_a_nonce_in_the_request_carries_none(app) {
        // Behaviours 32 and 62.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let (_, claims) = app.verified(rp.exchange(&grant).await.ok().await.id()).await;
        assert!(claims.get("nonce").is_none(), "{claims}");
    }

    async fn without_openid_there_is_no_id_token(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("profile")).await;
        assert_eq!(rp.exchange(&grant).await.ok().await.id_token, None);
    }

    async fn a_client_without_the_refresh_grant_gets_no_refresh_token(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.grant_types = vec![GrantType::AuthorizationCode]);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        assert_eq!(rp.exchange(&grant).await.ok().await.refresh_token, None);
    }

    async fn an_access_token_is_a_jwt_of_its_own_type(app) {
        // RFC 9068 §2.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid profile")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let (header, claims) = app.verified(&tokens.access_token).await;
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(claims["iss"], app.issuer());
        assert_eq!(claims["aud"], app.issuer());
        assert_eq!(claims["sub"], alice.id.as_str());
        assert_eq!(claims["client_id"], "web");
        assert_eq!(claims["scope"], "openid profile");
        assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|iat| iat + 600));
        assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
        for personal in ["name", "email", "nonce", "at_hash"] {
            assert!(claims.get(personal).is_none(), "{claims}");
        }
    }

    async fn an_opaque_access_token_says_nothing_by_itself(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.access_token_format = AccessTokenFormat::Opaque);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert!(tokens.access_token.starts_with("sym_at_"), "{}", tokens.access_token);
        assert!(!tokens.access_token.contains('.'));
        assert!(rp.introspect(&tokens.access_token).await.active().await);
        rp.userinfo(&tokens.access_token).await.json().await;
    }

    async fn each_algorithm_signs_for_the_client_that_asked_for_it(app) {
        // Behaviour 63: the hash of at_hash follows the algorithm.
        let alice = app.person("alice").await;
        for algorithm in SigningAlgorithm::ALL {
            let rp = app.client(ClientSpec::web(&format!("web-{algorithm}")).set(signed_with(algorithm))).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            let (header, claims) = app.verified(tokens.id()).await;
            assert_eq!(header["alg"], algorithm.name());
            let half = algorithm.half_hash(&tokens.access_token);
            let hash = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, half);
            assert_eq!(claims["at_hash"], hash, "{algorithm}");
            assert_eq!(app.verified(&tokens.access_token).await.0["alg"], algorithm.name());
        }
    }

    async fn a_fat_id_token_carries_the_claims_of_the_scopes_and_a_lean_one_does_not(app) {
        // Behaviour 68: lean is what the conformance suite wants to see.
        let alice = app.person("alice").await;
        let fat = app.client(ClientSpec::web("fat")).await;
        let lean = ClientSpec::web("lean").set(|settings| settings.id_token_claims = IdTokenClaims::Lean);
        let lean = app.client(lean).await;
        for (rp, told) in [(&fat, true), (&lean, false)] {
            let grant = app.grant(&alice, rp, GrantSpec::scope("openid profile email")).await;
            let (_, claims) = app.verified(rp.exchange(&grant).await.ok().await.id()).await;
            assert_eq!(claims.get("email").is_some(), told, "{claims}");
            assert_eq!(claims.get("name").is_some(), told, "{claims}");
            // Behaviour 70.
            assert!(!told || (claims["updated_at"].is_i64() && claims["email_verified"].is_boolean()), "{claims}");
        }
    }

    async fn a_claim_that_was_asked_for_by_name_is_in_the_id_token(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.id_token_claims = IdTokenClaims::Lean);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let spec = GrantSpec::scope("openid").claims(r#"{"id_token":{"email":{"essential":true}}}"#);
        let grant = app.grant(&alice, &rp, spec).await;
        let (_, claims) = app.verified(rp.exchange(&grant).await.ok().await.id()).await;
        assert_eq!(claims["email"], "alice@example.com");
    }

    async fn a_code_without_pkce_is_redeemed_without_a_verifier(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.require_pkce = false);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid").without_pkce()).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn a_public_client_redeems_with_its_name_and_the_verifier(app) {
        let (rp, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        rp.refresh(tokens.refresh()).await.ok().await;
    }

    async fn a_code_is_good_until_the_end_of_its_lifetime(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        app.clock.advance_millis(59_999);
        rp.exchange(&grant).await.ok().await;
    }

    async fn unknown_parameters_and_a_repeated_client_id_are_tolerated(app) {
        // Behaviour 82.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
            ("code_verifier", grant.verifier.as_deref().expect("PKCE")),
            ("client_id", "web"),
            ("extra", "foobar"),
            ("state", ""),
        ];
        rp.token(&fields).await.ok().await;
    }

    async fn a_service_gets_a_token_about_itself(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        assert_eq!((&tokens.refresh_token, &tokens.id_token), (&None, &None));
        assert_eq!(tokens.scope.as_deref(), Some("api.read api.write"));
        let (header, claims) = app.verified(&tokens.access_token).await;
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("service"), &json!("service")));
        for personal in ["auth_time", "acr", "amr", "sid"] {
            assert!(claims.get(personal).is_none(), "{claims}");
        }
        assert!(rp.introspect(&tokens.access_token).await.active().await);
    }

    async fn a_service_may_ask_for_less_and_in_any_order(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for scope in ["api.read", "api.write api.read"] {
            let fields = [("grant_type", "client_credentials"), ("scope", scope)];
            assert_eq!(rp.token(&fields).await.ok().await.scope.as_deref(), Some(scope));
        }
    }

    async fn an_audience_and_lifetimes_of_the_client_are_used(app) {
        let spec = ClientSpec::machine("service").set(|settings| {
            settings.access_token_audience = vec!["https://api.example".to_owned(), "https://two.example".to_owned()];
            settings.access_token_lifetime = Some(30);
        });
        let rp = app.client(spec).await;
        let tokens = rp.machine_token().await.ok().await;
        assert_eq!(tokens.expires_in, 30);
        let (_, claims) = app.verified(&tokens.access_token).await;
        assert_eq!(claims["aud"], json!(["https://api.example", "https://two.example"]));
        app.clock.advance(30);
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
    }

    async fn beside_an_audience_of_the_client_the_issuer_is_named_for_openid(app) {
        const API: &str = "https://api.example";
        for (format, scope, audience) in [
            (AccessTokenFormat::Jwt, "openid email", json!([API, app.issuer()])),
            (AccessTokenFormat::Opaque, "openid email", json!([API, app.issuer()])),
            (AccessTokenFormat::Jwt, "email", json!(API)),
            (AccessTokenFormat::Opaque, "email", json!(API)),
        ] {
            let name = app.fresh("app");
            let spec = ClientSpec::web(&name).set(|settings| {
                settings.access_token_audience = vec![API.to_owned()];
                settings.access_token_format = format;
            });
            let (rp, alice) = (app.client(spec).await, app.person(&format!("alice-{name}")).await);
            let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope(scope)).await).await.ok().await;
            let refreshed = rp.refresh(tokens.refresh()).await.ok().await;
            for token in [&tokens.access_token, &refreshed.access_token] {
                assert_eq!(rp.introspect(token).await.json().await["aud"], audience, "{format:?} {scope}");
                let reached = rp.userinfo(token).await.response.status == 200;
                assert_eq!(reached, scope.contains("openid"), "{format:?} {scope}");
            }
        }
    }

    async fn a_first_party_client_needs_no_consent(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.consent = ConsentMode::Skip);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        app.withdraw_consent(&alice, &rp).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn a_key_that_was_rotated_still_verifies_what_it_signed(app) {
        // Behaviour 25: a new kid with new material; the old key stays published.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let before = rp.exchange(&grant).await.ok().await;
        symbolon::service::keys::rotate(&app.cx(), SigningAlgorithm::RS256).await.expect("a new key");
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let after = rp.exchange(&grant).await.ok().await;
        let (old, _) = app.verified(before.id()).await;
        let (new, _) = app.verified(after.id()).await;
        assert_ne!(old["kid"], new["kid"]);
        assert!(rp.introspect(&before.access_token).await.active().await);
        let published = app.document("/oauth2/jwks").await;
        let of = |kid: &serde_json::Value| {
            let keys = published["keys"].as_array().expect("keys");
            keys.iter().find(|key| key["kid"] == *kid).map(|key| key["n"].clone()).expect("published")
        };
        assert_ne!(of(&old["kid"]), of(&new["kid"]));
    }
}
