//! Audiences that are registered APIs: an exchanged token for them is like any other token of theirs.

use symbolon::domain::{
    entity::{AccessTokenFormat, ExchangeMode, Owner},
    jose::SigningAlgorithm,
};

use super::{ACCESS, allow, exchange, service};
use crate::support::{ClientSpec, GrantSpec, RelyingParty, TestApp, Tokens};

const STOCK: &str = "https://stock.example.com";
const MAIL: &str = "https://mail.example.com/v1";
/// An audience that nobody registered.
const UNKNOWN: &str = "printer";

struct Setting {
    web: RelyingParty,
    orders: RelyingParty,
    tokens: Tokens,
}

/// A service that may use both APIs.
fn orders(client_id: &str) -> ClientSpec {
    service(client_id).set(|settings| settings.scope.extend(["stock.read", "mail.send"].map(str::to_owned)))
}

async fn setting(app: &TestApp) -> Setting {
    let web = app
        .client(ClientSpec::web("web").set(|settings| {
            settings.scope.extend(["stock.read", "mail.send", "api.read"].map(str::to_owned));
        }))
        .await;
    let (orders, alice) = (app.client(orders("orders")).await, app.person("alice").await);
    allow(app, &orders, &web, &[STOCK, MAIL, UNKNOWN], ExchangeMode::Delegation).await;
    let grant = app.grant(&alice, &web, GrantSpec::scope("email stock.read mail.send api.read")).await;
    let tokens = web.exchange(&grant).await.ok().await;
    Setting { web, orders, tokens }
}

both! {
    async fn a_token_for_one_api_keeps_no_scope_of_another(app) {
        let s = setting(&app).await;
        app.api(STOCK, &["stock.read", "stock.write"]).await;
        app.api(MAIL, &["mail.send"]).await;
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            app.change_client(&s.orders, move |client| client.settings.access_token_format = format).await;
            for (audiences, scope) in [
                (&[STOCK][..], "email stock.read"),
                (&[MAIL], "email mail.send"),
                (&[STOCK, MAIL], "email stock.read mail.send"),
                // Nor with the help of an audience of which nothing is known.
                (&[STOCK, UNKNOWN], "email stock.read"),
                (&[UNKNOWN], "email stock.read mail.send api.read"),
            ] {
                let to: Vec<(&str, &str)> = audiences.iter().map(|one| ("audience", *one)).collect();
                let given = exchange(&s.orders, &s.tokens.access_token, ACCESS, &to).await.ok().await;
                assert_eq!(given.scope.as_deref(), Some(scope), "{audiences:?}");
                let told = s.orders.introspect(&given.access_token).await.json().await;
                assert_eq!(told["scope"], scope, "{audiences:?} {format:?}");
            }
            for kind in ["audience", "resource"] {
                let other = [(kind, STOCK), ("scope", "mail.send")];
                let answer = exchange(&s.orders, &s.tokens.access_token, ACCESS, &other).await;
                answer.refused("invalid_scope", "AS-1073").await;
            }
        }
    }

    async fn an_api_that_the_client_may_not_target_is_refused_whatever_the_policy_says(app) {
        let s = setting(&app).await;
        let other = app.client(service("other")).await;
        let stranger = app.client(orders("stranger").owned(Owner::Dcr)).await;
        for rp in [&other, &stranger] {
            // In the spelling of the policy, or in that of the registry.
            allow(&app, rp, &s.web, &[STOCK, "https://stock.example.com/", UNKNOWN], ExchangeMode::Delegation).await;
            for resource in [STOCK, "https://stock.example.com/"] {
                exchange(rp, &s.tokens.access_token, ACCESS, &[("audience", resource)]).await.ok().await;
            }
        }
        app.api(STOCK, &["stock.read"]).await;
        for rp in [&other, &stranger] {
            for more in [
                &[("audience", STOCK)][..],
                &[("resource", STOCK)],
                &[("audience", "https://stock.example.com/")],
                &[("audience", STOCK), ("audience", UNKNOWN)],
            ] {
                let answer = exchange(rp, &s.tokens.access_token, ACCESS, more).await;
                answer.refused("invalid_target", "AS-1071").await;
            }
            exchange(rp, &s.tokens.access_token, ACCESS, &[("audience", UNKNOWN)]).await.ok().await;
        }
        app.delete_api(STOCK).await;
        app.api_with(STOCK, &["stock.read"], |settings| settings.allow_self_registered = true).await;
        exchange(&stranger, &s.tokens.access_token, ACCESS, &[("audience", STOCK)]).await.ok().await;
    }

    async fn form_signature_and_life_are_the_apis_own(app) {
        let s = setting(&app).await;
        app.ensure_key(SigningAlgorithm::ES256).await;
        app.api_with(STOCK, &["stock.read"], |settings| {
            settings.access_token_signed_response_alg = Some(SigningAlgorithm::ES256);
            settings.access_token_lifetime = Some(60);
        })
        .await;
        app.api_with(MAIL, &[], |settings| {
            settings.access_token_format = Some(AccessTokenFormat::Opaque);
            settings.access_token_lifetime = Some(86_400);
        })
        .await;
        let ask = async |more: &[(&str, &str)]| exchange(&s.orders, &s.tokens.access_token, ACCESS, more).await.ok().await;
        let stock = ask(&[("audience", STOCK)]).await;
        assert_eq!((app.verified(&stock.access_token).await.0["alg"].as_str(), stock.expires_in), (Some("ES256"), 60));
        let mail = ask(&[("audience", MAIL)]).await;
        assert!(mail.access_token.starts_with("sym_at_"), "{}", mail.access_token);
        assert_eq!(mail.expires_in, s.tokens.expires_in, "never longer than the old one");
        // For several, as the client has it, and no longer than each of them allows.
        for several in [&[("audience", STOCK), ("audience", MAIL)], &[("audience", STOCK), ("audience", UNKNOWN)]] {
            let given = ask(several).await;
            assert_eq!((app.verified(&given.access_token).await.0["alg"].as_str(), given.expires_in), (Some("RS256"), 60));
        }
    }

    async fn an_api_is_named_as_it_is_registered(app) {
        let s = setting(&app).await;
        allow(&app, &s.orders, &s.web, &["https://stock.example.com/", STOCK], ExchangeMode::Delegation).await;
        app.api(STOCK, &["stock.read"]).await;
        for more in [
            &[("audience", "https://stock.example.com/")][..],
            &[("audience", "https://stock.example.com/"), ("audience", STOCK)],
        ] {
            let answer = exchange(&s.orders, &s.tokens.access_token, ACCESS, more).await;
            let claims = app.verified(&answer.ok().await.access_token).await.1;
            assert_eq!((claims["aud"].as_str(), claims["scope"].as_str()), (Some(STOCK), Some("email stock.read")));
            let trace = answer.trace_id().to_owned();
            let told = app.read(move |tx| symbolon::store::event::by_trace(tx, &trace, 10)).await;
            let facts = &told.last().expect("an event").facts;
            assert!(facts.contains("\"audience\":\"https://stock.example.com\""), "{facts}");
        }
    }
}
