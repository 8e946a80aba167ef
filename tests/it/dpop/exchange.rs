//! A bound token is not exchanged for one that is bound to nothing, or to somebody else's key.

use symbolon::domain::entity::{AccessTokenFormat, ExchangeMode};

use super::{TOKEN, bound};
use crate::{
    support::{Answer, ClientSpec, DpopKey, GrantSpec, RelyingParty, TestApp},
    token_exchange::{ACCESS, API, GRANT, REFRESH, allow, exchange, service},
};

async fn with_proof(app: &TestApp, rp: &RelyingParty, (token, kind): (&str, &str), key: &DpopKey) -> Answer {
    let fields = [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", kind), ("audience", API)];
    rp.send(&rp.request(TOKEN, &fields).header("DPoP", key.sign(&key.proof(app, TOKEN)))).await
}

both! {
    async fn a_bound_token_is_exchanged_only_by_whoever_proves_its_key(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let orders = app.client(service("orders")).await;
        for (name, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let person = bound_for(&app, name, format, &key).await;
            let (rp, token) = (&person.0, person.1.as_str());
            allow(&app, &orders, rp, &[API], ExchangeMode::Impersonation).await;
            let refused = exchange(&orders, token, ACCESS, &[("audience", API)]).await;
            refused.refused("invalid_request", "AS-1228").await;
            let refused = with_proof(&app, &orders, (token, ACCESS), &other).await;
            refused.refused("invalid_request", "AS-1228").await;
            let exchanged = with_proof(&app, &orders, (token, ACCESS), &key).await.ok_as("DPoP").await;
            assert_eq!(app.verified(&exchanged.access_token).await.1["cnf"]["jkt"], key.thumbprint(), "{name}");
        }
    }

    async fn a_bound_refresh_token_neither(app) {
        let (key, orders) = (DpopKey::new(), app.client(service("orders")).await);
        let (rp, tokens) = bound(&app, ClientSpec::spa("spa"), &key).await;
        allow(&app, &orders, &rp, &[API], ExchangeMode::Impersonation).await;
        let refused = exchange(&orders, tokens.refresh(), REFRESH, &[("audience", API)]).await;
        refused.refused("invalid_request", "AS-1228").await;
        with_proof(&app, &orders, (tokens.refresh(), REFRESH), &key).await.ok_as("DPoP").await;
    }

    async fn nobody_acts_by_a_bound_token_without_proof_of_its_key(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (web, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid email")).await;
        let subject = web.exchange(&grant).await.ok().await.access_token;
        for (name, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let orders = app.client(service(name).set(|settings| settings.access_token_format = format)).await;
            allow(&app, &orders, &web, &[API], ExchangeMode::Impersonation).await;
            let own = orders.request(TOKEN, &[("grant_type", "client_credentials"), ("scope", "api.read")]);
            let own = orders.send(&own.header("DPoP", key.sign(&key.proof(&app, TOKEN)))).await.ok_as("DPoP").await;
            let actor = [("actor_token", own.access_token.as_str()), ("actor_token_type", ACCESS)];
            exchange(&orders, &subject, ACCESS, &actor).await.refused("invalid_request", "AS-1228").await;
            let mut fields = vec![("grant_type", GRANT), ("subject_token", subject.as_str()), ("subject_token_type", ACCESS)];
            fields.extend(actor);
            let proving = |key: &DpopKey| orders.request(TOKEN, &fields).header("DPoP", key.sign(&key.proof(&app, TOKEN)));
            orders.send(&proving(&other)).await.refused("invalid_request", "AS-1228").await;
            let given = orders.send(&proving(&key)).await.ok_as("DPoP").await;
            let told = orders.introspect(&given.access_token).await.json().await;
            assert_eq!(told["act"], serde_json::json!({ "sub": name }));
        }
    }
}

/// A client of its own with a person of its own, and a token of this form that is bound to the key.
async fn bound_for(app: &TestApp, name: &str, format: AccessTokenFormat, key: &DpopKey) -> (RelyingParty, String) {
    let rp = app.client(ClientSpec::web(name).set(|settings| settings.access_token_format = format)).await;
    let person = app.person(&format!("person-{name}")).await;
    let grant = app.grant(&person, &rp, GrantSpec::scope("openid")).await;
    let tokens = super::redeem(app, &rp, &grant, key).await.ok_as("DPoP").await;
    (rp, tokens.access_token)
}
