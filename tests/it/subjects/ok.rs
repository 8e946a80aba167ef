//! Pairwise subjects, wherever a person is told.

use serde_json::Value;
use symbolon::domain::entity::{AccessTokenFormat, SubjectType};

use crate::support::{ClientSpec, GrantSpec, Person, RelyingParty, TestApp};

async fn pairwise(app: &TestApp, id: &str, host: &str, format: AccessTokenFormat) -> RelyingParty {
    let uri = format!("https://{host}/{id}");
    app.client(ClientSpec::web(id).set(|settings| {
        settings.redirect_uris = vec![uri];
        settings.subject_type = SubjectType::Pairwise;
        settings.access_token_format = format;
    }))
    .await
}

/// The `sub` that a client is told, everywhere the same; the person's own id is nowhere.
async fn subject(app: &TestApp, person: &Person, rp: &RelyingParty) -> String {
    let grant = app.grant(person, rp, GrantSpec::scope("openid profile offline_access")).await;
    let tokens = rp.exchange(&grant).await.ok().await;
    let (_, id_token) = app.verified(tokens.id()).await;
    let told = id_token["sub"].as_str().expect("a sub").to_owned();
    let mut answers = vec![
        id_token,
        rp.userinfo(&tokens.access_token).await.json().await,
        rp.introspect(&tokens.access_token).await.json().await,
        rp.introspect(tokens.refresh()).await.json().await,
    ];
    if tokens.access_token.contains('.') {
        answers.push(app.verified(&tokens.access_token).await.1);
    }
    let refreshed = rp.refresh(tokens.refresh()).await.ok().await;
    answers.push(app.verified(refreshed.id()).await.1);
    for answer in &answers {
        assert_eq!(answer["sub"], told.as_str(), "{answer}");
        assert!(!answer.to_string().contains(person.id.as_str()), "{answer}");
    }
    told
}

both! {
    /// Behaviour 61.
    async fn a_sector_shares_a_subject_and_sectors_cannot_compare(app) {
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let one = pairwise(&app, "one", "a.example", AccessTokenFormat::Jwt).await;
        let two = pairwise(&app, "two", "a.example", AccessTokenFormat::Opaque).await;
        let other = pairwise(&app, "other", "b.example", AccessTokenFormat::Jwt).await;
        let known = subject(&app, &alice, &one).await;
        assert_eq!(subject(&app, &alice, &one).await, known);
        assert_eq!(subject(&app, &alice, &two).await, known);
        assert_ne!(subject(&app, &alice, &other).await, known);
        assert_ne!(subject(&app, &bob, &one).await, known);
        assert!(known.len() <= 255 && known.is_ascii() && known != alice.id.as_str());
    }

    async fn a_pairwise_client_is_not_told_the_login_name_by_introspection(app) {
        let alice = app.person("alice").await;
        let rp = pairwise(&app, "one", "a.example", AccessTokenFormat::Opaque).await;
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let told = rp.introspect(&tokens.access_token).await.json().await;
        assert_eq!((&told["active"], &told["username"]), (&Value::Bool(true), &Value::Null));
    }
}
