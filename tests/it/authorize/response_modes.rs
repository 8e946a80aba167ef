//! Which way an answer takes: whatever it says, and whatever it refuses.

use symbolon::domain::oauth::{ResponseMode, ResponseType};

use crate::support::{Authorize, Away, ClientSpec, PASSWORD, TestApp};

/// The parameters of an answer that came this way: where else it could stand, nothing stands.
async fn answered(app: &TestApp, away: &Away, mode: ResponseMode) -> serde_json::Value {
    let name = mode.name();
    assert_eq!(away.url.contains('?'), name.starts_with("query"), "{name}: {}", away.url);
    assert_eq!(away.url.contains('#'), name.starts_with("fragment"), "{name}: {}", away.url);
    assert_eq!(away.form.is_some(), name.starts_with("form_post"), "{name}: {}", away.url);
    let parameters = away.parameters();
    if mode.is_signed() {
        assert_eq!(parameters.keys().collect::<Vec<_>>(), ["response"], "{name}");
        app.verified(&parameters["response"]).await.1
    } else {
        serde_json::to_value(parameters).expect("text")
    }
}

both! {
    /// Behaviours 51, 55 and 58.
    async fn every_answer_takes_the_mode_of_its_request(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        for response_type in ResponseType::ALL {
            let base = Authorize::new(&rp, "openid").with("response_type", response_type.name());
            let modes = ResponseMode::ALL.into_iter().filter(|mode| !(response_type.has_tokens() && mode.is_in_query()));
            for mode in modes {
                let request = base.clone().with("response_mode", mode.name());
                let granted = answered(&app, &browser.authorize(&request).await.away(), mode).await;
                assert_eq!(granted.get("code").is_some(), response_type.has_code(), "{response_type:?} {mode:?}");
                assert_eq!(granted.get("id_token").is_some(), response_type.has_id_token());
                assert_eq!(granted.get("access_token").is_some(), response_type.has_access_token());
                assert_eq!((&granted["iss"], &granted["state"]), (&app.issuer().into(), &"state-1".into()));
                let away = app.browser().authorize(&request.with("prompt", "none")).await.away();
                let refused = answered(&app, &away, mode).await;
                assert_eq!((&refused["error"], &refused["state"]), (&"login_required".into(), &"state-1".into()));
                assert_eq!(refused["iss"], app.issuer());
                assert!(refused.get("code").is_none() && refused.get("id_token").is_none(), "{refused}");
            }
            // Without a mode.
            let mode = ResponseMode::default_for(response_type.has_tokens());
            answered(&app, &browser.authorize(&base).await.away(), mode).await;
            let away = app.browser().authorize(&base.with("prompt", "none")).await.away();
            assert_eq!(answered(&app, &away, mode).await["error"], "login_required");
        }
    }

    /// Behaviours 51 and 208.
    async fn tokens_never_go_into_a_query_and_neither_does_the_refusal(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        for response_type in ResponseType::ALL.into_iter().filter(|one| one.has_tokens()) {
            let base = Authorize::new(&rp, "openid").with("response_type", response_type.name());
            let away = browser.authorize(&base.clone().with("response_mode", "query")).await.away();
            answered(&app, &away, ResponseMode::Fragment).await;
            away.refused(&app, "invalid_request", "AS-1032").await;
            let away = browser.authorize(&base.with("response_mode", "query.jwt")).await.away();
            let refused = answered(&app, &away, ResponseMode::FragmentJwt).await;
            assert_eq!(refused["error"], "invalid_request");
            assert!(refused["error_uri"].as_str().is_some_and(|uri| uri.ends_with("/AS-1032")), "{refused}");
        }
    }

    /// Behaviour 52.
    async fn a_person_who_cancels_or_denies_is_heard_of_in_the_mode_of_the_request(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        app.person("alice").await;
        for (response_type, mode) in [
            ("code", ResponseMode::Query),
            ("code id_token", ResponseMode::Fragment),
            ("id_token", ResponseMode::FormPost),
            ("code", ResponseMode::QueryJwt),
            ("code token", ResponseMode::FragmentJwt),
            ("id_token token", ResponseMode::FormPostJwt),
        ] {
            let base = Authorize::new(&rp, "openid").with("response_type", response_type);
            let request = base.with("response_mode", mode.name());
            let mut browser = app.browser();
            let page = browser.authorize(&request).await.page("/sign-in/");
            let cancelled = browser.press(&page, "login-cancel", &[]).await.away();
            let page = browser.authorize(&request).await.page("/sign-in/");
            let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
            let denied = browser.press(&page, "consent-deny", &[]).await.away();
            for away in [cancelled, denied] {
                let refused = answered(&app, &away, mode).await;
                assert_eq!((&refused["error"], &refused["state"]), (&"access_denied".into(), &"state-1".into()));
                assert_eq!(refused["iss"], app.issuer());
            }
        }
    }

    /// Behaviour 208.
    async fn a_client_may_be_held_to_some_modes(app) {
        let spec = ClientSpec::web("web").hybrid();
        let spec = spec.set(|settings| settings.response_modes = vec![ResponseMode::QueryJwt, ResponseMode::Fragment]);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let mut browser = app.browser();
        for (response_type, mode) in [("code", Some("jwt")), ("code", Some("query.jwt")), ("code id_token", None)] {
            let mut request = Authorize::new(&rp, "openid").with("response_type", response_type);
            if let Some(mode) = mode {
                request = request.with("response_mode", mode);
            }
            let parameters = browser.arrive(&alice, &request).await.parameters();
            assert!(parameters.contains_key("response") || parameters.contains_key("code"), "{parameters:?}");
        }
        for (response_type, mode) in [("code", None), ("code", Some("query")), ("id_token", Some("form_post"))] {
            let mut request = Authorize::new(&rp, "openid").with("response_type", response_type);
            if let Some(mode) = mode {
                request = request.with("response_mode", mode);
            }
            browser.authorize(&request).await.away().refused(&app, "invalid_request", "AS-1033").await;
        }
    }

    async fn what_is_known_by_no_name_is_refused(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        for (response_type, mode) in [("code", "web_message"), ("code", "JWT"), ("id_token", "fragment.jws")] {
            let request = Authorize::new(&rp, "openid").with("response_type", response_type);
            let away = app.browser().authorize(&request.with("response_mode", mode)).await.away();
            assert_eq!(away.url.contains('#'), response_type == "id_token", "{}", away.url);
            away.refused(&app, "invalid_request", "AS-1008").await;
        }
    }
}
