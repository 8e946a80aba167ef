//! Tokens that come back through the browser: the implicit and hybrid flows (OIDC Core 3.2 and 3.3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::{AccessTokenFormat, IdTokenClaims},
        jose::SigningAlgorithm,
        oauth::{GrantType, ResponseType},
    },
    store::event,
};

use crate::support::{Authorize, Away, ClientSpec, GrantSpec, PASSWORD, RelyingParty, TestApp, signed_with};

/// A request for this response type.
fn request(rp: &RelyingParty, response_type: ResponseType, scope: &str) -> Authorize {
    Authorize::new(rp, scope).with("response_type", response_type.name())
}

/// What came back in the fragment of a redirect, and nothing in its query.
fn fragment(away: &Away) -> std::collections::BTreeMap<String, String> {
    assert!(away.form.is_none() && !away.url.contains('?') && away.url.contains('#'), "{}", away.url);
    away.parameters()
}

fn half_hash(algorithm: &str, value: &str) -> Value {
    let algorithm: SigningAlgorithm = algorithm.parse().expect("a known algorithm");
    json!(URL_SAFE_NO_PAD.encode(algorithm.half_hash(value)))
}

/// The ID token of a response, which vouches for exactly what comes with it.
async fn vouched(app: &TestApp, parameters: &std::collections::BTreeMap<String, String>) -> Value {
    let (header, claims) = app.verified(&parameters["id_token"]).await;
    let algorithm = header["alg"].as_str().expect("alg");
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()), "{header}");
    let hash = |name: &str| parameters.get(name).map_or(Value::Null, |value| half_hash(algorithm, value));
    assert_eq!(claims["at_hash"], hash("access_token"), "{claims}");
    assert_eq!(claims["c_hash"], hash("code"), "{claims}");
    let signed = parameters.contains_key("code") && parameters.contains_key("state");
    assert_eq!(claims["s_hash"], if signed { hash("state") } else { Value::Null }, "{claims}");
    for name in ["at_hash", "c_hash", "s_hash"] {
        assert!(claims.get(name).is_none_or(Value::is_string), "{claims}");
    }
    claims
}

both! {
    /// Behaviours 54, 55, 57, 60 to 65 and 206.
    async fn each_response_type_brings_what_its_words_say(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid profile")).await;
        for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let request = request(&rp, response_type, "openid profile");
            let parameters = fragment(&browser.authorize(&request).await.away());
            let mut expected = vec!["iss", "session_state", "state"];
            if response_type.has_code() {
                expected.push("code");
            }
            if response_type.has_id_token() {
                expected.push("id_token");
            }
            if response_type.has_access_token() {
                expected.extend(["access_token", "expires_in", "scope", "token_type"]);
            }
            expected.sort_unstable();
            let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
            assert_eq!(names, expected, "{response_type:?}");
            assert_eq!((parameters["state"].as_str(), parameters["iss"].as_str()), ("state-1", app.issuer()));
            let mut front = None;
            if response_type.has_id_token() {
                let claims = vouched(&app, &parameters).await;
                assert_eq!((&claims["iss"], &claims["sub"]), (&json!(app.issuer()), &json!(alice.id)));
                assert_eq!((&claims["aud"], &claims["azp"]), (&json!("web"), &json!("web")));
                assert_eq!((&claims["nonce"], &claims["acr"]), (&json!("nonce-1"), &json!("1")));
                let now = app.now().seconds();
                assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 600)));
                assert!(claims["auth_time"].as_i64().is_some_and(|at| at <= now), "{claims}");
                front = Some(claims);
            }
            if response_type.has_access_token() {
                assert_eq!((parameters["token_type"].as_str(), parameters["expires_in"].as_str()), ("Bearer", "600"));
                assert_eq!(parameters["scope"], "openid profile");
                let told = rp.userinfo(&parameters["access_token"]).await.json().await;
                assert_eq!((&told["sub"], &told["name"]), (&json!(alice.id), &json!("alice Example")));
            }
            if response_type.has_code() {
                let tokens = rp.exchange(&request.redeem(&parameters["code"])).await.ok().await;
                assert!(tokens.refresh_token.is_some(), "the code's own tokens are as ever");
                let (_, back) = app.verified(tokens.id()).await;
                for same in ["iss", "sub", "aud", "nonce", "auth_time", "sid"] {
                    assert_eq!(back[same], front.as_ref().map_or(&back, |front| front)[same], "{same}");
                }
                assert_eq!(back["at_hash"], half_hash("RS256", &tokens.access_token));
                assert_ne!(parameters.get("access_token"), Some(&tokens.access_token));
            }
        }
    }

    /// Behaviour 63: the hashes follow the algorithm of the ID token.
    async fn every_algorithm_vouches_for_the_response(app) {
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        for algorithm in SigningAlgorithm::ALL {
            let spec = ClientSpec::web(&format!("web-{algorithm}")).hybrid().set(signed_with(algorithm));
            let rp = app.client(spec).await;
            let away = browser.arrive(&alice, &request(&rp, ResponseType::CodeIdTokenToken, "openid")).await;
            let parameters = fragment(&away);
            let (header, _) = app.verified(&parameters["id_token"]).await;
            assert_eq!(header["alg"], algorithm.name());
            vouched(&app, &parameters).await;
        }
    }

    /// Behaviours 54 and 206.
    async fn without_a_state_nothing_speaks_of_one(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let request = request(&rp, ResponseType::CodeIdToken, "openid").without("state");
        let parameters = fragment(&app.browser().arrive(&alice, &request).await);
        assert!(!parameters.contains_key("state"));
        assert!(vouched(&app, &parameters).await.get("s_hash").is_none());
    }

    async fn the_order_of_the_words_means_nothing(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid").with("response_type", "token id_token code");
        let parameters = fragment(&app.browser().arrive(&alice, &request).await);
        vouched(&app, &parameters).await;
        assert!(parameters.contains_key("code") && parameters.contains_key("access_token"));
    }

    /// Behaviours 68 and 69.
    async fn the_claims_of_scopes_are_in_the_id_token_where_no_access_token_could_ask_for_them(app) {
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        for (id, told) in [("fat", IdTokenClaims::Fat), ("lean", IdTokenClaims::Lean)] {
            let rp = app.client(ClientSpec::web(id).hybrid().set(|settings| settings.id_token_claims = told)).await;
            for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_id_token()) {
                let base = request(&rp, response_type, "openid email groups");
                let claims = vouched(&app, &fragment(&browser.arrive(&alice, &base).await)).await;
                let expected = response_type == ResponseType::IdToken;
                for name in ["email", "email_verified", "groups"] {
                    assert_eq!(claims.get(name).is_some(), expected, "{id} {response_type:?} {name}");
                }
                assert!(claims.get("name").is_none(), "{claims}");
                // What is asked for by name is told in each.
                let named = base.and("claims", r#"{"id_token":{"nickname":{"essential":true}}}"#);
                let claims = vouched(&app, &fragment(&browser.arrive(&alice, &named).await)).await;
                assert_eq!(claims["nickname"], "alice", "{id} {response_type:?}");
            }
        }
    }

    /// Behaviour 42.
    async fn claims_for_userinfo_are_told_there_and_not_in_the_id_token(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        for response_type in [ResponseType::Code, ResponseType::CodeIdTokenToken] {
            let claims = r#"{"userinfo":{"name":{"essential":true},"unheard_of":{"essential":true}}}"#;
            let request = request(&rp, response_type, "openid").and("claims", claims);
            let away = browser.arrive(&alice, &request).await;
            let parameters = away.parameters();
            let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
            for token in [parameters.get("access_token"), Some(&tokens.access_token)].into_iter().flatten() {
                let told = rp.userinfo(token).await.json().await;
                assert_eq!(told["name"], "alice Example", "{told}");
            }
            for token in [parameters.get("id_token"), tokens.id_token.as_ref()].into_iter().flatten() {
                assert!(app.verified(token).await.1.get("name").is_none());
            }
        }
    }

    async fn no_refresh_token_comes_through_the_browser_and_without_a_code_nothing_outlives_the_session(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_access_token()) {
            let request = request(&rp, response_type, "openid offline_access");
            let parameters = fragment(&browser.arrive(&alice, &request).await);
            assert!(!parameters.contains_key("refresh_token"));
            let offline = parameters["scope"].contains("offline_access");
            assert_eq!(offline, response_type.has_code(), "{response_type:?}");
        }
    }

    async fn a_token_of_the_browser_ends_with_the_session_like_any_other(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        let away = browser.arrive(&alice, &request(&rp, ResponseType::IdTokenToken, "openid")).await;
        let token = fragment(&away)["access_token"].clone();
        assert!(rp.introspect(&token).await.active().await);
        let page = browser.open("/sign-out").await.page("/sign-out");
        browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
        assert!(!rp.introspect(&token).await.active().await);
        rp.userinfo(&token).await.refused("invalid_token", "AS-1151").await;
    }

    async fn a_replayed_code_revokes_what_came_with_it(app) {
        for (id, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let spec = ClientSpec::web(id).hybrid().set(|settings| settings.access_token_format = format);
            let (rp, alice) = (app.client(spec).await, app.person(id).await);
            let request = request(&rp, ResponseType::CodeToken, "openid");
            let away = app.browser().arrive(&alice, &request).await;
            let token = fragment(&away)["access_token"].clone();
            assert_eq!(token.starts_with("sym_at_"), format == AccessTokenFormat::Opaque, "{token}");
            rp.exchange(&away.grant(&request)).await.ok().await;
            assert!(rp.introspect(&token).await.active().await);
            rp.exchange(&away.grant(&request)).await.refused("invalid_grant", "AS-1114").await;
            assert!(!rp.introspect(&token).await.active().await);
        }
    }

    async fn a_token_of_the_browser_can_be_revoked_alone(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let request = request(&rp, ResponseType::CodeToken, "openid");
        let away = app.browser().arrive(&alice, &request).await;
        let token = fragment(&away)["access_token"].clone();
        rp.revoke(&token).await.accepted().await;
        assert!(!rp.introspect(&token).await.active().await);
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn what_is_issued_is_written_down_with_what_allowed_it(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        for (response_type, named) in [(ResponseType::CodeIdToken, false), (ResponseType::CodeIdTokenToken, true)] {
            let request = request(&rp, response_type, "openid").with("prompt", "consent");
            let away = browser.arrive(&alice, &request).await;
            let trace = away.answer.trace_id().to_owned();
            let told = app.read(move |tx| event::by_trace(tx, &trace, 10)).await;
            let names: Vec<&str> = told.iter().map(|one| one.kind.as_str()).collect();
            assert_eq!(names, ["consent.granted", "authorization.granted", "token.issued"]);
            let issued = &told[2];
            assert_eq!(issued.object_id.is_some(), named, "only an access token has a name");
            let facts: Value = serde_json::from_str(&issued.facts).expect("JSON");
            assert_eq!(facts["response_type"], response_type.name());
        }
    }

    async fn an_id_token_of_the_browser_is_a_hint_like_any_other(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = request(&rp, ResponseType::CodeIdToken, "openid");
        let parameters = fragment(&browser.arrive(&alice, &base).await);
        let again = base.and("id_token_hint", &parameters["id_token"]).and("prompt", "none");
        vouched(&app, &fragment(&browser.authorize(&again).await.away())).await;
    }

    async fn a_public_client_needs_pkce_for_its_code_and_none_without_one(app) {
        let (rp, alice) = (app.client(ClientSpec::spa("spa").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let request = request(&rp, response_type, "openid").without("code_challenge").without("code_challenge_method");
            let away = browser.arrive(&alice, &request).await;
            if response_type.has_code() {
                fragment(&away);
                away.refused(&app, "invalid_request", "AS-1301").await;
            } else {
                vouched(&app, &fragment(&away)).await;
            }
        }
    }

    /// Behaviours 32 and 33.
    async fn a_nonce_is_required_where_an_id_token_comes_through_the_browser(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_id_token()) {
            let request = request(&rp, response_type, "openid").without("nonce");
            let away = browser.authorize(&request).await.away();
            fragment(&away);
            away.refused(&app, "invalid_request", "AS-1030").await;
        }
        let request = request(&rp, ResponseType::CodeToken, "openid").without("nonce");
        let away = browser.arrive(&alice, &request).await;
        fragment(&away);
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert!(app.verified(tokens.id()).await.1.get("nonce").is_none());
    }

    async fn an_id_token_needs_the_scope_openid_and_an_access_token_does_not(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        let away = browser.authorize(&request(&rp, ResponseType::IdTokenToken, "profile")).await.away();
        fragment(&away);
        away.refused(&app, "invalid_request", "AS-1031").await;
        let parameters = fragment(&browser.arrive(&alice, &request(&rp, ResponseType::CodeToken, "profile")).await);
        rp.userinfo(&parameters["access_token"]).await.refused("insufficient_scope", "AS-1154").await;
    }

    async fn everything_but_a_code_is_off_unless_the_client_is_registered_for_it(app) {
        let plain = app.client(ClientSpec::web("plain")).await;
        let half = app.client(ClientSpec::web("half").set(|s| s.response_types = ResponseType::ALL.to_vec())).await;
        for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let away = app.browser().authorize(&request(&plain, response_type, "openid")).await.away();
            fragment(&away);
            away.refused(&app, "unsupported_response_type", "AS-1007").await;
            // Without the grant type implicit.
            let away = app.browser().authorize(&request(&half, response_type, "openid")).await.away();
            fragment(&away);
            away.refused(&app, "unauthorized_client", "AS-1024").await;
        }
        for unknown in ["token", "none", "code none", "id_token id_token"] {
            let request = Authorize::new(&half, "openid").with("response_type", unknown);
            app.browser().authorize(&request).await.away().refused(&app, "unsupported_response_type", "AS-1007").await;
        }
    }

    async fn implicit_is_no_grant_of_the_token_endpoint(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        rp.token(&[("grant_type", "implicit")]).await.refused("unsupported_grant_type", "AS-1101").await;
    }

    async fn what_the_client_lost_during_the_dialogue_is_not_issued(app) {
        app.person("alice").await;
        for (id, reason) in [("grant", "AS-1024"), ("type", "AS-1007")] {
            let rp = app.client(ClientSpec::web(id).hybrid()).await;
            let mut browser = app.browser();
            let base = request(&rp, ResponseType::CodeIdTokenToken, "openid");
            let page = browser.authorize(&base).await.page("/sign-in/");
            let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
            app.change_client(&rp, move |client| match reason {
                "AS-1024" => client.settings.grant_types.retain(|grant| *grant != GrantType::Implicit),
                _ => client.settings.response_types = vec![ResponseType::Code],
            })
            .await;
            let away = browser.press(&page, "consent-allow", &[]).await.away();
            let parameters = fragment(&away);
            assert!(parameters.contains_key("error") && !parameters.contains_key("access_token"), "{parameters:?}");
            let record = app.record(away.answer.trace_id()).await.and_then(|record| record.reason());
            assert_eq!(record.map(|found| found.code()), Some(reason));
        }
    }

    async fn an_id_token_alone_leaves_nothing_that_opens_anything(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let away = app.browser().arrive(&alice, &request(&rp, ResponseType::IdToken, "openid")).await;
        let id_token = fragment(&away)["id_token"].clone();
        assert!(!rp.introspect(&id_token).await.active().await);
        rp.userinfo(&id_token).await.refused("invalid_token", "AS-1151").await;
        let code = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        rp.exchange(&code).await.ok().await;
    }
}
