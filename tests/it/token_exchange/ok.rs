//! What a service gets, and what it says.

use symbolon::domain::entity::{AccessTokenFormat, ExchangeMode};

use super::{ACCESS, API, ID, REFRESH, allow, exchange, service};
use crate::support::{ClientSpec, GrantSpec};

both! {
    async fn a_service_gets_a_token_of_its_own_for_the_same_person(app) {
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            let name = format!("{format:?}").to_lowercase();
            let web = app.client(ClientSpec::web(&format!("web-{name}"))).await;
            let orders = app.client(service(&format!("orders-{name}")).set(|s| s.access_token_format = format)).await;
            let alice = app.person(&format!("alice-{name}")).await;
            allow(&app, &orders, &web, &[API], ExchangeMode::Delegation).await;
            let grant = app.grant(&alice, &web, GrantSpec::scope("openid email profile")).await;
            let tokens = web.exchange(&grant).await.ok().await;
            let answer = exchange(&orders, &tokens.access_token, ACCESS, &[("requested_token_type", ACCESS)]).await;
            let given = answer.ok().await;
            assert_eq!(answer.response.json()["issued_token_type"], ACCESS);
            assert_eq!(given.scope.as_deref(), Some("email"), "profile is not for this service, openid for UserInfo");
            assert_eq!((given.refresh_token, given.id_token), (None, None));

            let told = orders.introspect(&given.access_token).await.json().await;
            assert_eq!((&told["sub"], &told["aud"]), (&alice.id.as_str().into(), &API.into()));
            assert_eq!(told["client_id"], orders.client_id.as_str());
            assert_eq!(told["act"], serde_json::json!({ "sub": orders.client_id.as_str() }));
            // It is for the API, and does not open what the person tells this server's clients.
            orders.userinfo(&given.access_token).await.refused("invalid_token", "AS-1155").await;
            if format == AccessTokenFormat::Jwt {
                let (_, claims) = app.verified(&given.access_token).await;
                assert_eq!((&claims["act"], &claims["aud"]), (&told["act"], &API.into()));
            }
        }
    }

    async fn userinfo_answers_where_the_policy_names_the_issuer(app) {
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            let name = format!("{format:?}").to_lowercase();
            let web = app.client(ClientSpec::web(&format!("web-{name}"))).await;
            let orders = app.client(service(&format!("orders-{name}")).set(|s| s.access_token_format = format)).await;
            let alice = app.person(&format!("alice-{name}")).await;
            allow(&app, &orders, &web, &[API, app.issuer()], ExchangeMode::Delegation).await;
            let grant = app.grant(&alice, &web, GrantSpec::scope("openid email")).await;
            let tokens = web.exchange(&grant).await.ok().await;
            let (api, issuer) = (("audience", API), ("audience", app.issuer()));
            for to in [&[issuer][..], &[api, issuer]] {
                let given = exchange(&orders, &tokens.access_token, ACCESS, to).await.ok().await;
                assert_eq!(given.scope.as_deref(), Some("openid email"), "{to:?}");
                assert_eq!(orders.userinfo(&given.access_token).await.json().await["sub"], alice.id.as_str());
            }
            for scope in [None, Some(("scope", "openid")), Some(("scope", "openid email"))] {
                let more: Vec<(&str, &str)> = [api].into_iter().chain(scope).collect();
                let given = exchange(&orders, &tokens.access_token, ACCESS, &more).await.ok().await;
                assert!(!given.scope.unwrap_or_default().contains("openid"), "{scope:?}");
                orders.userinfo(&given.access_token).await.refused("invalid_token", "AS-1155").await;
            }
        }
    }

    async fn what_another_client_asked_for_by_name_is_not_told_with_a_narrower_token(app) {
        const ASKED: &str = r#"{"userinfo":{"name":null,"email":{"essential":true},"groups":null,"roles":null},
            "id_token":{"nickname":null}}"#;
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            let name = format!("{format:?}").to_lowercase();
            let web = app.client(ClientSpec::web(&format!("web-{name}"))).await;
            let all = ["openid", "email", "profile", "groups", "roles"].map(str::to_owned).to_vec();
            let spec = service(&format!("orders-{name}")).set(|settings| {
                (settings.access_token_format, settings.scope) = (format, all);
            });
            let orders = app.client(spec).await;
            let alice = app.person(&format!("alice-{name}")).await;
            allow(&app, &orders, &web, &[app.issuer()], ExchangeMode::Delegation).await;
            let grant = app.grant(&alice, &web, GrantSpec::scope("openid email").claims(ASKED)).await;
            let tokens = web.exchange(&grant).await.ok().await;
            let own = web.userinfo(&tokens.access_token).await.json().await;
            assert_eq!((&own["name"], own["email"].is_string()), (&format!("alice-{name} Example").into(), true), "{own}");
            for (scope, expected) in [("openid", vec!["sub"]), ("openid email", vec!["email", "email_verified", "sub"])] {
                let given = exchange(&orders, &tokens.access_token, ACCESS, &[("scope", scope)]).await.ok().await;
                assert_eq!(given.scope.as_deref(), Some(scope));
                let told = orders.userinfo(&given.access_token).await.json().await;
                let mut names: Vec<&str> = told.as_object().expect("an object").keys().map(String::as_str).collect();
                names.sort_unstable();
                assert_eq!(names, expected, "{scope}: {told}");
                let seen = orders.introspect(&given.access_token).await.json().await;
                for name in ["name", "email", "groups", "roles", "nickname"] {
                    assert!(seen.get(name).is_none(), "{name}: {seen}");
                }
                if format == AccessTokenFormat::Jwt {
                    let claims = app.verified(&given.access_token).await.1;
                    for name in ["name", "email", "groups", "roles", "nickname"] {
                        assert!(claims.get(name).is_none(), "{name}: {claims}");
                    }
                }
            }
            // The client that asked is told as before.
            assert_eq!(web.userinfo(&tokens.access_token).await.json().await, own);
        }
    }

    async fn every_kind_of_subject_token_is_taken(app) {
        let (web, orders) = (app.client(ClientSpec::web("web")).await, app.client(service("orders")).await);
        let alice = app.person("alice").await;
        allow(&app, &orders, &web, &[API], ExchangeMode::Delegation).await;
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid email")).await;
        let tokens = web.exchange(&grant).await.ok().await;
        for (token, kind) in [(tokens.access_token.as_str(), ACCESS), (tokens.refresh(), REFRESH), (tokens.id(), ID)] {
            let given = exchange(&orders, token, kind, &[("scope", "email")]).await.ok().await;
            assert_eq!(given.scope.as_deref(), Some("email"), "{kind}");
        }
        // Exchanging a refresh token does not use it up.
        web.refresh(tokens.refresh()).await.ok().await;
    }

    async fn the_chain_of_actors_grows_with_each_service(app) {
        let web = app.client(ClientSpec::web("web")).await;
        let (first, second) = (app.client(service("first")).await, app.client(service("second")).await);
        let alice = app.person("alice").await;
        allow(&app, &first, &web, &["first-to-second"], ExchangeMode::Delegation).await;
        allow(&app, &second, &first, &[API], ExchangeMode::Delegation).await;
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid email")).await;
        let tokens = web.exchange(&grant).await.ok().await;
        let one = exchange(&first, &tokens.access_token, ACCESS, &[]).await.ok().await;
        let two = exchange(&second, &one.access_token, ACCESS, &[]).await.ok().await;
        let (_, claims) = app.verified(&two.access_token).await;
        assert_eq!(claims["act"], serde_json::json!({ "sub": "second", "act": { "sub": "first" } }));
        assert_eq!((&claims["sub"], &claims["client_id"]), (&alice.id.as_str().into(), &"second".into()));
        // The whole chain hangs on what the person allowed the app.
        app.revoke_authorization(&grant.authorization).await;
        for (rp, token) in [(&first, &one), (&second, &two)] {
            assert!(!rp.introspect(&token.access_token).await.active().await);
        }
    }

    async fn an_actor_token_names_who_acts(app) {
        let (web, orders) = (app.client(ClientSpec::web("web")).await, app.client(service("orders")).await);
        let alice = app.person("alice").await;
        allow(&app, &orders, &web, &[API], ExchangeMode::Impersonation).await;
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid")).await;
        let tokens = web.exchange(&grant).await.ok().await;
        let actor = orders.token(&[("grant_type", "client_credentials"), ("scope", "api.read")]).await.ok().await;
        let more = [("actor_token", actor.access_token.as_str()), ("actor_token_type", ACCESS)];
        let given = exchange(&orders, &tokens.access_token, ACCESS, &more).await.ok().await;
        assert_eq!(app.verified(&given.access_token).await.1["act"], serde_json::json!({ "sub": "orders" }));
        let plain = exchange(&orders, &tokens.access_token, ACCESS, &[]).await.ok().await;
        assert!(app.verified(&plain.access_token).await.1.get("act").is_none(), "the policy allows impersonation");
    }

    async fn one_token_may_be_for_several_where_the_policy_allows_each(app) {
        let (web, orders) = (app.client(ClientSpec::web("web")).await, app.client(service("orders")).await);
        let alice = app.person("alice").await;
        let (stock, mail) = ("https://stock.example", "mailer");
        allow(&app, &orders, &web, &[API, stock, mail], ExchangeMode::Delegation).await;
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid")).await;
        let tokens = web.exchange(&grant).await.ok().await;
        let several = [("audience", mail), ("resource", API), ("audience", mail), ("audience", API)];
        let given = exchange(&orders, &tokens.access_token, ACCESS, &several).await.ok().await;
        assert_eq!(app.verified(&given.access_token).await.1["aud"], serde_json::json!([API, mail]));
        let told = orders.introspect(&given.access_token).await.json().await;
        assert_eq!(told["aud"], serde_json::json!([API, mail]));
    }

    async fn the_new_token_does_not_outlive_the_old_one(app) {
        let (web, orders) = (app.client(ClientSpec::web("web")).await, app.client(service("orders")).await);
        let alice = app.person("alice").await;
        allow(&app, &orders, &web, &[API], ExchangeMode::Delegation).await;
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid")).await;
        let tokens = web.exchange(&grant).await.ok().await;
        app.clock.advance(400);
        let given = exchange(&orders, &tokens.access_token, ACCESS, &[]).await.ok().await;
        assert_eq!(given.expires_in, tokens.expires_in - 400);
    }

    async fn the_exchange_is_told_with_its_lineage(app) {
        let (web, orders) = (app.client(ClientSpec::web("web")).await, app.client(service("orders")).await);
        let alice = app.person("alice").await;
        allow(&app, &orders, &web, &[API], ExchangeMode::Delegation).await;
        let grant = app.grant(&alice, &web, GrantSpec::scope("openid")).await;
        let tokens = web.exchange(&grant).await.ok().await;
        let answer = exchange(&orders, &tokens.access_token, ACCESS, &[]).await;
        let given = answer.ok().await;
        let jti = app.verified(&given.access_token).await.1["jti"].as_str().expect("a jti").to_owned();
        assert!(jti.starts_with(grant.authorization.as_str()), "{jti}");
        let trace = answer.trace_id().to_owned();
        let told = app.read(move |tx| symbolon::store::event::by_trace(tx, &trace, 10)).await;
        let event = told.last().expect("an event");
        assert_eq!((event.kind.as_str(), event.object_id.as_deref()), ("token.exchanged", Some(jti.as_str())));
        assert_eq!(event.authorization_id.as_deref(), Some(grant.authorization.as_str()));
        for fact in ["\"to_client\":\"orders\"", "\"sub\":\"orders\"", API] {
            assert!(event.facts.contains(fact), "{fact}: {}", event.facts);
        }
    }
}
