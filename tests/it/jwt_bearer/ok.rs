//! What an assertion brings.

use symbolon::{
    domain::entity::{AccessTokenFormat, SubjectMapping},
    net::fetcher::Reach,
    store::trusted_issuer,
};

use super::{IDP, Idp, agree, first_party, present, with_grant};
use crate::support::{ClientSpec, JwksServer, TestApp};

both! {
    async fn an_assertion_about_a_person_brings_an_access_token_and_nothing_else(app) {
        for (format, mapping) in [
            (AccessTokenFormat::Jwt, SubjectMapping::Username),
            (AccessTokenFormat::Opaque, SubjectMapping::UserId),
        ] {
            let name = format!("{mapping:?}").to_lowercase();
            let rp = app.client(first_party(&name).set(|settings| settings.access_token_format = format)).await;
            let alice = app.person(&format!("alice-{name}")).await;
            let clients = [&rp];
            app.write(|tx| trusted_issuer::delete(tx, IDP)).await;
            let idp = Idp::trusted(&app, mapping, &clients).await;
            let subject = if mapping == SubjectMapping::UserId { alice.id.as_str() } else { &alice.username };
            let tokens = present(&rp, &idp.vouch(&app, subject), Some("openid email offline_access")).await.ok().await;
            assert_eq!((tokens.refresh_token, tokens.id_token), (None, None));
            assert_eq!(tokens.scope.as_deref(), Some("openid email"));
            let told = rp.introspect(&tokens.access_token).await.json().await;
            assert_eq!((&told["sub"], &told["active"]), (&alice.id.as_str().into(), &true.into()));
            // Nobody signed in here.
            assert!(told.get("auth_time").is_none() && told.get("acr").is_none(), "{told}");
            assert_eq!(rp.userinfo(&tokens.access_token).await.json().await["sub"], alice.id.as_str());
            if format == AccessTokenFormat::Jwt {
                let (_, claims) = app.verified(&tokens.access_token).await;
                assert!(claims.get("sid").is_none() && claims.get("auth_time").is_none(), "{claims}");
            }
            app.clock.advance(600);
            assert!(!rp.introspect(&tokens.access_token).await.active().await);
        }
    }

    async fn a_remembered_consent_that_covers_the_scope_is_enough(app) {
        let rp = app.client(ClientSpec::web("notes").set(with_grant)).await;
        let alice = app.person("alice").await;
        let idp = Idp::trusted(&app, SubjectMapping::Username, &[&rp]).await;
        agree(&app, &alice, &rp, &["openid", "email"]).await;
        let tokens = present(&rp, &idp.vouch(&app, "alice"), Some("email")).await.ok().await;
        assert!(rp.introspect(&tokens.access_token).await.active().await);
    }

    async fn an_assertion_about_the_client_itself_brings_a_token_of_its_own(app) {
        let spec = ClientSpec::machine("service").set(with_grant);
        let rp = app.client(spec).await;
        let idp = Idp::trusted(&app, SubjectMapping::Client, &[&rp]).await;
        let tokens = present(&rp, &idp.vouch(&app, "service"), None).await.ok().await;
        assert_eq!(tokens.scope.as_deref(), Some("api.read"));
        assert_eq!(app.verified(&tokens.access_token).await.1["sub"], "service");
    }

    async fn the_keys_of_an_issuer_may_be_fetched(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let rp = app.client(first_party("notes")).await;
        app.person("alice").await;
        let idp = Idp::trusted(&app, SubjectMapping::Username, &[&rp]).await;
        let server = JwksServer::start(&idp.key.jwks()).await;
        let uri = server.uri.clone();
        app.write(move |tx| {
            let mut row = trusted_issuer::find(tx, IDP)?.expect("trusted");
            (row.jwks, row.jwks_uri) = (None, Some(uri));
            trusted_issuer::delete(tx, IDP)?;
            trusted_issuer::insert(tx, &row)
        })
        .await;
        present(&rp, &idp.vouch(&app, "alice"), None).await.ok().await;
        present(&rp, &idp.vouch(&app, "alice"), None).await.ok().await;
        assert_eq!(server.asked(), 1);
        server.answer(500, "");
        app.clock.advance(61);
        present(&rp, &idp.vouch(&app, "alice"), None).await.refused("invalid_grant", "AS-1182").await;
    }
}
