//! Requests that are pushed, and end with a code.

use std::collections::HashSet;

use symbolon::domain::{entity::AuthMethod, jose::SigningAlgorithm};

use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, PASSWORD, Request, SECRET, basic, form_encode};

both! {
    /// Behaviours 130 and 136.
    async fn the_metadata_names_the_endpoint_and_requires_it_of_nobody(app) {
        for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let document = app.document(document).await;
            assert_eq!(document["pushed_authorization_request_endpoint"], format!("{}/oauth2/par", app.issuer()));
            assert_eq!(document["require_pushed_authorization_requests"], false);
        }
    }

    /// Behaviours 137 and 146.
    async fn a_pushed_request_needs_only_its_reference_and_the_client(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid profile");
        let reference = rp.push(&request).await.pushed().await;
        let secret = reference.strip_prefix("urn:ietf:params:oauth:request_uri:").expect("a URN of RFC 9126");
        assert!(secret.len() >= 43, "256 bits: {reference}");
        let mut browser = app.browser();
        let page = browser.open(&rp.by_reference(&reference)).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        assert_eq!(away.parameters()["state"], "state-1");
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        let (_, claims) = app.verified(tokens.id()).await;
        assert_eq!(claims["nonce"], "nonce-1");
    }

    async fn the_reference_may_be_posted(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let reference = rp.push(&request).await.pushed().await;
        let fields = [("client_id", "web"), ("request_uri", reference.as_str())];
        let answer = browser.request(Request::form("/oauth2/authorize", &fields)).await;
        assert_eq!(answer.response.status, 303, "{}", answer.response);
        assert!(answer.response.header("location").expect("an address").contains("code="), "{}", answer.response);
    }

    /// Behaviour 146.
    async fn what_stands_next_to_the_reference_is_ignored(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let outside = form_encode(&[
            ("state", "outside"),
            ("nonce", "outside"),
            ("scope", "openid admin"),
            ("prompt", "login"),
            ("redirect_uri", "https://evil.example/"),
            ("response_type", "token"),
            ("response_mode", "fragment"),
            ("registration", "{}"),
        ]);
        let reference = rp.push(&request).await.pushed().await;
        let away = browser.open(&format!("{}&{outside}", rp.by_reference(&reference))).await.away();
        assert!(away.url.starts_with("https://web.example/callback?"), "{}", away.url);
        assert_eq!(away.parameters()["state"], "state-1");
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["nonce"], "nonce-1");
        // A state outside only is none at all.
        let reference = rp.push(&request.clone().without("state")).await.pushed().await;
        let away = browser.open(&format!("{}&state=outside", rp.by_reference(&reference))).await.away();
        assert_eq!(away.parameters().get("state"), None, "{}", away.url);
    }

    /// Behaviour 143.
    async fn a_reload_before_the_answer_works_and_the_first_answer_counts(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        let mut browser = app.browser();
        let first = browser.open(&target).await.page("/sign-in/");
        let second = browser.open(&target).await.page("/sign-in/");
        assert_ne!(first.path, second.path);
        let page = browser.sign_in(&second, &alice.username, PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
        // The tab that was left behind.
        let page = browser.open(&first.path).await;
        match page {
            crate::support::Stop::Page(page) if page.path.starts_with("/sign-in/") => {
                assert_eq!(page.answer.response.status, 200, "{}", page.answer.response);
                let again = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/");
                again.answer.refused_page(400, "AS-1043").await;
            }
            other => other.page("/").answer.refused_page(400, "AS-1043").await,
        }
    }

    async fn a_dialogue_that_began_in_time_may_end_after_the_reference_expired(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        let mut browser = app.browser();
        app.clock.advance(80);
        let page = browser.open(&target).await.page("/sign-in/");
        app.clock.advance(600);
        let page = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn every_method_of_authentication_pushes_public_clients_too(app) {
        let alice = app.person("alice").await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        for method in AuthMethod::ALL.into_iter().filter(|method| !method.needs_certificate()) {
            let id = format!("app-{}", method.name());
            let (spec, credentials) = match method {
                AuthMethod::ClientSecretBasic => (ClientSpec::web(&id), Credentials::Basic(SECRET.to_owned())),
                AuthMethod::ClientSecretPost => (ClientSpec::web(&id), Credentials::Post(SECRET.to_owned())),
                AuthMethod::ClientSecretJwt => (ClientSpec::web(&id), Credentials::SecretJwt(SECRET.to_owned())),
                AuthMethod::PrivateKeyJwt => (ClientSpec::web(&id).keyed(&key), Credentials::Key(key.clone())),
                _ => (ClientSpec::spa(&id), Credentials::Public),
            };
            let spec = spec.set(|settings| settings.token_endpoint_auth_method = method);
            let rp = app.client(spec).await.with(credentials);
            let request = Authorize::new(&rp, "openid");
            let target = rp.by_reference(&rp.push(&request).await.pushed().await);
            let grant = app.browser().grant_at(&target, &alice, &request).await;
            rp.exchange(&grant).await.ok().await;
        }
    }

    async fn the_client_id_may_stand_in_the_form_next_to_the_header(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let body = Authorize::new(&rp, "openid").encoded();
        let request = Request::new("POST", "/oauth2/par").form_body(body);
        rp.send(&request.header("Authorization", basic("web", SECRET))).await.pushed().await;
    }

    async fn no_two_references_are_alike_and_none_is_stored(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let mut references = HashSet::new();
        for _ in 0..5 {
            assert!(references.insert(rp.push(&Authorize::new(&rp, "openid")).await.pushed().await));
        }
        let reference = references.into_iter().next().expect("five");
        let secret = reference.rsplit(':').next().expect("a secret").to_owned();
        let hash = symbolon::crypto::token::hash_of(&secret);
        let found = app
            .read(move |tx| symbolon::store::pushed_authorization_request::find(tx, hash.as_bytes()))
            .await
            .expect("found by the hash");
        assert!(!found.parameters.contains(&secret) && !found.parameters.contains("client_secret"));
        assert!(!found.id.as_str().contains(&secret));
    }

    async fn a_client_that_must_push_gets_its_code_that_way(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.require_pushed_authorization_requests = true);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        let grant = app.browser().grant_at(&target, &alice, &request).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn a_refusal_during_the_dialogue_goes_where_the_pushed_request_says(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let request = Authorize::new(&rp, "openid").with("prompt", "none").and("response_mode", "fragment");
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        // Nothing was answered with a code: the reference is still good.
        for _ in 0..2 {
            let away = app.browser().open(&format!("{target}&response_mode=query")).await.away();
            assert!(away.url.starts_with("https://web.example/callback#"), "{}", away.url);
            away.refused(&app, "login_required", "AS-1017").await;
        }
    }
}
