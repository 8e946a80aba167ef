//! What people see of an app that registered itself, and how it is started from here.

use serde_json::{Value, json};
use url::Url;

use crate::support::{Authorize, ClientSpec, PASSWORD, Request};

fn talkative() -> Value {
    json!({
        "client_name": "Notes",
        "redirect_uris": ["https://notes.example/callback"],
        "client_uri": "https://notes.example/",
        "logo_uri": "https://notes.example/logo.png",
        "policy_uri": "https://notes.example/policy",
        "tos_uri": "https://notes.example/terms",
        "contacts": ["ops@notes.example", "<script>alert(1)</script>"],
        "initiate_login_uri": "https://notes.example/login",
    })
}

both! {
    /// Behaviour 111.
    async fn the_consent_page_links_to_what_the_app_says_and_calls_it_unverified(app) {
        app.open_registration().await;
        app.person("alice").await;
        let rp = app.app_of(&app.register(&talkative()).await.registered().await);
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let text = page.answer.response.text();
        for shown in [
            "Unverified app",
            "https://notes.example/policy",
            "https://notes.example/terms",
            "https://notes.example/logo.png",
            "ops@notes.example",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        for id in ["consent-app-home", "consent-app-policy", "consent-app-terms", "consent-app-logo"] {
            assert!(page.has(id), "{id}");
        }
        // Nothing is loaded from there, and nothing of it is markup.
        assert!(!text.contains("<img") && !text.contains("<script>alert"), "{text}");
        let csp = page.answer.response.header("content-security-policy").expect("a policy");
        assert!(!csp.contains("notes.example"), "{csp}");
    }

    async fn an_app_of_an_administrator_is_not_called_unverified_and_is_linked_too(app) {
        app.person("alice").await;
        let rp = app
            .client(ClientSpec::web("web").set(|s| s.policy_uri = Some("https://web.example/policy".to_owned())))
            .await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        assert!(page.has("consent-app-policy") && !page.has("consent-app-logo"));
        assert!(!page.answer.response.text().contains("Unverified"));
    }

    async fn an_app_that_somebody_vouched_for_is_started_at_once(app) {
        let spec = ClientSpec::web("web")
            .set(|settings| settings.initiate_login_uri = Some("https://web.example/login?t=1".to_owned()));
        let rp = app.client(spec).await;
        let target = "/apps/start?client_id=web&login_hint=alice&target_link_uri=https%3A%2F%2Fweb.example%2Fnotes";
        let away = app.browser().open(target).await.away();
        let url = Url::parse(&away.url).expect("an address");
        assert_eq!((url.host_str(), url.path()), (Some("web.example"), "/login"));
        let parameters = away.parameters();
        assert_eq!(parameters["iss"], app.issuer());
        assert_eq!(parameters["login_hint"], "alice");
        assert_eq!(parameters["target_link_uri"], "https://web.example/notes");
        assert_eq!(parameters["t"], "1");
        drop(rp);
    }

    /// Behaviour 113: the operator starts the sign-in at an app that registered itself.
    async fn an_app_that_registered_itself_is_started_by_a_link(app) {
        app.open_registration().await;
        let rp = app.app_of(&app.register(&talkative()).await.registered().await);
        let page = app.browser().open(&format!("/apps/start?client_id={}", rp.client_id)).await.page("/apps/start");
        let text = page.answer.response.text();
        assert!(page.has("app-start") && text.contains("Unverified app"), "{text}");
        assert!(text.contains("https://notes.example/login?iss="), "{text}");
    }

    async fn what_is_not_an_app_with_an_address_is_not_started(app) {
        app.client(ClientSpec::web("plain")).await;
        app.client(
            ClientSpec::web("web").set(|settings| settings.initiate_login_uri = Some("https://web.example/in".into())),
        )
        .await;
        for target in ["/apps/start", "/apps/start?client_id=plain", "/apps/start?client_id=unknown", "/apps/start?client_id=https%3A%2F%2Fx.example%2Fc"] {
            app.browser().request(Request::get(target)).await.refused_page(400, "AS-1430").await;
        }
        for elsewhere in ["https%3A%2F%2Fevil.example%2F", "javascript%3Aalert(1)", "%2F%2Fevil.example"] {
            let target = format!("/apps/start?client_id=web&target_link_uri={elsewhere}");
            app.browser().request(Request::get(target)).await.refused_page(400, "AS-1431").await;
        }
        let twice = "/apps/start?client_id=web&client_id=plain";
        app.browser().request(Request::get(twice)).await.refused_page(400, "AS-1004").await;
    }

    async fn an_expired_page_leads_back_to_the_app(app) {
        app.person("alice").await;
        let rp = app
            .client(ClientSpec::web("web").set(|settings| {
                settings.initiate_login_uri = Some("https://web.example/login".to_owned());
            }))
            .await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        app.clock.advance(3601);
        let expired = browser.open(&page.path).await.page("/sign-in/");
        expired.answer.refused_page(400, "AS-1021").await;
        assert!(expired.answer.response.text().contains("/apps/start?client_id=web"), "{}", expired.answer.response);
    }

    async fn an_error_page_does_not_lead_to_an_address_that_nobody_has_looked_at(app) {
        app.open_registration().await;
        let mut silent = talkative();
        silent.as_object_mut().expect("an object").remove("initiate_login_uri");
        let rp = app.app_of(&app.register(&silent).await.registered().await);
        let wrong = Authorize::new(&rp, "openid").with("redirect_uri", "https://notes.example/other");
        let page = app.browser().authorize(&wrong).await.page("/oauth2/authorize");
        page.answer.refused_page(400, "AS-1003").await;
        assert!(!page.has("error-home"), "{}", page.answer.response);
    }
}
