//! Bound tokens at a protected resource (RFC 9449 §7).

use serde_json::{Value, json};

use super::bound;
use crate::support::{ClientSpec, DpopKey, GrantSpec, Request};

const USERINFO: &str = "/oauth2/userinfo";

both! {
    /// Behaviours 168 and 171.
    async fn a_bound_token_with_its_proof_is_admitted_under_a_scheme_of_any_case(app) {
        let key = DpopKey::new();
        let (_, tokens) = bound(&app, ClientSpec::web("web"), &key).await;
        let token = &tokens.access_token;
        for scheme in ["DPoP", "dPoP", "dpop", "DPOP"] {
            let proof = key.sign(&key.proof_of(&app, "GET", USERINFO).with_token(token));
            let request = Request::get(USERINFO).header("Authorization", format!("{scheme} {token}"));
            let told = app.send(request.header("dPoP", proof)).await.json().await;
            assert_eq!(told["email"], "alice@example.com");
        }
        let proof = key.sign(&key.proof(&app, USERINFO).with_token(token));
        let request = Request::new("POST", USERINFO).header("Authorization", format!("DPoP {token}")).body("");
        app.send(request.header("DPoP", proof)).await.json().await;
    }

    /// Behaviour 169.
    async fn a_bound_token_is_no_bearer_token(app) {
        let key = DpopKey::new();
        let (rp, tokens) = bound(&app, ClientSpec::web("web"), &key).await;
        let answer = rp.userinfo(&tokens.access_token).await;
        answer.refused("invalid_token", "AS-1228").await;
        let challenge = answer.response.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("DPoP ") && challenge.contains("algs=\"PS256 ES256 EdDSA\""), "{challenge}");
        // Nor with a proof next to it, nor in a form.
        let proof = key.sign(&key.proof_of(&app, "GET", USERINFO).with_token(&tokens.access_token));
        let request = Request::get(USERINFO).header("Authorization", format!("Bearer {}", tokens.access_token));
        app.send(request.header("DPoP", proof)).await.refused("invalid_token", "AS-1228").await;
        let form = Request::form(USERINFO, &[("access_token", &tokens.access_token)]);
        app.send(form).await.refused("invalid_token", "AS-1228").await;
    }

    /// Behaviour 169.
    async fn a_bound_token_without_its_own_proof_is_refused(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (_, tokens) = bound(&app, ClientSpec::web("web"), &key).await;
        let token = &tokens.access_token;
        let plain = || Request::get(USERINFO).header("Authorization", format!("DPoP {token}"));
        let good = || key.proof_of(&app, "GET", USERINFO).with_token(token);
        app.send(plain()).await.challenged("invalid_dpop_proof", "AS-1226").await;
        for (proof, reason) in [
            (good().claim("ath", Value::Null), "AS-1218"),
            (good().with_token("another"), "AS-1224"),
            (good().claim("htm", json!("POST")), "AS-1221"),
            (good().claim("htu", json!(format!("{}/oauth2/token", app.issuer()))), "AS-1221"),
            (good().claim("iat", json!(app.now().seconds() - 3600)), "AS-1222"),
            (good().parameter("typ", json!("JWT")), "AS-1218"),
        ] {
            app.send(plain().header("DPoP", key.sign(&proof))).await.challenged("invalid_dpop_proof", reason).await;
        }
        let two = plain().header("DPoP", key.sign(&good())).header("DPoP", key.sign(&good()));
        app.send(two).await.challenged("invalid_dpop_proof", "AS-1217").await;
        app.send(other.userinfo(&app, token)).await.refused("invalid_token", "AS-1228").await;
        let once = key.userinfo(&app, token);
        app.send(once.clone()).await.json().await;
        app.send(once).await.challenged("invalid_dpop_proof", "AS-1223").await;
    }

    async fn a_token_that_is_not_bound_is_not_sent_with_a_proof(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let key = DpopKey::new();
        app.send(key.userinfo(&app, &tokens.access_token)).await.refused("invalid_token", "AS-1228").await;
        rp.userinfo(&tokens.access_token).await.json().await;
    }

    async fn a_dead_token_is_dead_with_a_proof_as_well(app) {
        let key = DpopKey::new();
        let (rp, tokens) = bound(&app, ClientSpec::web("web"), &key).await;
        rp.revoke(&tokens.access_token).await.accepted().await;
        app.send(key.userinfo(&app, &tokens.access_token)).await.refused("invalid_token", "AS-1151").await;
    }
}
