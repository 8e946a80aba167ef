//! What an assertion brings.

use symbolon::domain::entity::{AccessTokenFormat, SubjectMapping};

use super::{IDP, Idp, agree, first_party, present, with_grant};
use crate::support::ClientSpec;

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
            app.write(|tx| symbolon::store::trusted_issuer::delete(tx, IDP)).await;
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
}
