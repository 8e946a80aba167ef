//! What is not exchanged, and what ends exchanged tokens.

use symbolon::domain::{
    entity::{AccessTokenFormat, ExchangeMode, UserState},
    oauth::GrantType,
};

use super::{ACCESS, API, GRANT, ID, REFRESH, allow, exchange, service};
use crate::support::{ClientSpec, Grant, GrantSpec, Person, RelyingParty, TestApp, Tokens};

struct Setting {
    app: TestApp,
    web: RelyingParty,
    orders: RelyingParty,
    alice: Person,
    grant: Grant,
    tokens: Tokens,
}

async fn setting(app: TestApp) -> Setting {
    let (web, orders) = (app.client(ClientSpec::web("web")).await, app.client(service("orders")).await);
    let alice = app.person("alice").await;
    allow(&app, &orders, &web, &[API, "https://b.example"], ExchangeMode::Delegation).await;
    let grant = app.grant(&alice, &web, GrantSpec::scope("openid email profile")).await;
    let tokens = web.exchange(&grant).await.ok().await;
    Setting { app, web, orders, alice, grant, tokens }
}

both! {
    async fn without_a_policy_for_the_very_pair_nothing_is_exchanged(app) {
        let s = setting(app).await;
        let other = s.app.client(service("other")).await;
        let to = [("audience", API)];
        exchange(&other, &s.tokens.access_token, ACCESS, &to).await.refused("invalid_request", "AS-1175").await;
        // Nor one's own, nor those of another app, nor the other way round.
        let own = s.app.client(ClientSpec::web("own").set(crate::token_exchange::with_grant)).await;
        let grant = s.app.grant(&s.alice, &own, GrantSpec::scope("openid")).await;
        let tokens = own.exchange(&grant).await.ok().await;
        exchange(&own, &tokens.access_token, ACCESS, &to).await.refused("invalid_request", "AS-1175").await;
        exchange(&s.orders, &tokens.access_token, ACCESS, &to).await.refused("invalid_request", "AS-1175").await;
        let id = s.orders.client_id.clone();
        s.app.change_client(&s.web, |client| client.settings.grant_types.push(GrantType::TokenExchange)).await;
        let given = exchange(&s.orders, &s.tokens.access_token, ACCESS, &to).await.ok().await;
        exchange(&s.web, &given.access_token, ACCESS, &to).await.refused("invalid_request", "AS-1175").await;
        let web = s.web.client_id.clone();
        s.app.write(move |tx| symbolon::store::exchange_policy::delete(tx, &id, &web)).await;
        exchange(&s.orders, &s.tokens.access_token, ACCESS, &to).await.refused("invalid_request", "AS-1175").await;
    }

    async fn the_grant_is_for_clients_that_are_allowed_it(app) {
        let s = setting(app).await;
        exchange(&s.web, &s.tokens.access_token, ACCESS, &[]).await.refused("unauthorized_client", "AS-1102").await;
    }

    async fn scope_and_audience_never_grow(app) {
        let s = setting(app).await;
        let ask = async |more: &[(&str, &str)]| exchange(&s.orders, &s.tokens.access_token, ACCESS, more).await;
        ask(&[]).await.refused("invalid_target", "AS-1177").await;
        ask(&[("audience", "https://c.example")]).await.refused("invalid_target", "AS-1176").await;
        for more in [[("audience", API), ("audience", "https://c.example")], [("resource", API), ("resource", "https://c.example")]] {
            ask(&more).await.refused("invalid_target", "AS-1176").await;
        }
        let to = ("audience", API);
        ask(&[to, ("scope", "api.read")]).await.refused("invalid_scope", "AS-1129").await;
        ask(&[to, ("scope", "openid profile")]).await.refused("invalid_scope", "AS-1010").await;
        ask(&[to, ("authorization_details", "[]")]).await.refused("invalid_request", "AS-1028").await;
    }

    async fn what_is_no_live_token_about_a_person_is_not_exchanged(app) {
        let s = setting(app).await;
        let to = [("audience", API)];
        let own = s.orders.token(&[("grant_type", "client_credentials"), ("scope", "api.read")]).await.ok().await;
        let refresh = s.tokens.refresh();
        for (token, kind) in [
            ("x", ACCESS),
            ("x", REFRESH),
            ("x", ID),
            (own.access_token.as_str(), ACCESS),
            // Each kind by its own name only.
            (s.tokens.id(), ACCESS),
            (refresh, ACCESS),
            (&s.tokens.access_token, ID),
            (&s.tokens.access_token, REFRESH),
        ] {
            exchange(&s.orders, token, kind, &to).await.refused("invalid_request", "AS-1174").await;
        }
        s.orders.token(&[("grant_type", GRANT), ("subject_token_type", ACCESS)]).await.refused("invalid_request", "AS-1170").await;
        exchange(&s.orders, &s.tokens.access_token, "jwt", &to).await.refused("invalid_request", "AS-1171").await;
        let wanted = [to[0], ("requested_token_type", ID)];
        exchange(&s.orders, &s.tokens.access_token, ACCESS, &wanted).await.refused("invalid_request", "AS-1172").await;
        // A rotated refresh token, and tokens that have expired.
        s.web.refresh(refresh).await.ok().await;
        exchange(&s.orders, refresh, REFRESH, &to).await.refused("invalid_request", "AS-1174").await;
        s.app.clock.advance(601);
        for (token, kind) in [(s.tokens.access_token.as_str(), ACCESS), (s.tokens.id(), ID)] {
            exchange(&s.orders, token, kind, &to).await.refused("invalid_request", "AS-1174").await;
        }
    }

    async fn an_actor_token_must_be_the_clients_own(app) {
        let s = setting(app).await;
        let other = s.app.client(service("other")).await;
        let actor = other.token(&[("grant_type", "client_credentials"), ("scope", "api.read")]).await.ok().await;
        for (token, kind) in [(actor.access_token.as_str(), ACCESS), ("x", ACCESS), (&actor.access_token, ID)] {
            let more = [("audience", API), ("actor_token", token), ("actor_token_type", kind)];
            exchange(&s.orders, &s.tokens.access_token, ACCESS, &more).await.refused("invalid_request", "AS-1173").await;
        }
    }

    async fn a_chain_that_is_too_long_ends(app) {
        let s = setting(app).await;
        allow(&s.app, &s.orders, &s.web, &[API], ExchangeMode::Delegation).await;
        allow(&s.app, &s.orders, &s.orders, &[API], ExchangeMode::Delegation).await;
        let mut token = s.tokens.access_token.clone();
        for _ in 0..5 {
            token = exchange(&s.orders, &token, ACCESS, &[]).await.ok().await.access_token;
        }
        exchange(&s.orders, &token, ACCESS, &[]).await.refused("invalid_request", "AS-1178").await;
    }

    async fn whatever_ends_the_old_token_ends_the_new_one(database: Database) {
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            for change in 0..10 {
                let s = setting(TestApp::new(database).await).await;
                s.app.change_client(&s.orders, move |client| client.settings.access_token_format = format).await;
                let watcher = s.app.client(ClientSpec::web("watcher").set(|s| s.may_introspect = true)).await;
                let given = exchange(&s.orders, &s.tokens.access_token, ACCESS, &[("audience", API)]).await.ok().await;
                assert!(watcher.introspect(&given.access_token).await.active().await);
                s.app.clock.advance(2);
                let now = s.app.now();
                match change {
                    0 => s.app.revoke_authorization(&s.grant.authorization).await,
                    1 => s.app.end_session(&s.grant.session).await,
                    2 => s.app.change_person(&s.alice, |user| user.state = UserState::Disabled).await,
                    3 => s.app.change_person(&s.alice, move |user| user.not_before = Some(now)).await,
                    4 => s.app.change_client(&s.web, |client| client.enabled = false).await,
                    5 => s.app.change_client(&s.orders, |client| client.enabled = false).await,
                    6 => s.app.change_client(&s.orders, move |client| client.not_before = Some(now)).await,
                    7 => s.app.change_client(&s.web, |client| client.settings.quarantined = true).await,
                    8 => s.app.change_client(&s.orders, |client| client.settings.quarantined = true).await,
                    _ => s.app.delete_client(&s.web).await,
                }
                assert!(!watcher.introspect(&given.access_token).await.active().await, "{change} {format:?}");
                watcher.userinfo(&given.access_token).await.refused("invalid_token", "AS-1151").await;
            }
        }
    }
}
