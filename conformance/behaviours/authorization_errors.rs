//! 45 to 53: what the authorization endpoint refuses, and where the refusal goes (RFC 6749 §4.1.2.1).

use serde_json::json;

use super::parties;
use crate::support::{Authorize, ClientSpec, Request};

both! {
    async fn b045_an_unregistered_redirect_uri_is_an_error_page(app) {
        let (rp, _) = parties(&app).await;
        let request = Authorize::new(&rp, "openid").with("redirect_uri", "https://web.example/callback/r4nd0m");
        let page = app.browser().authorize(&request).await.page("/oauth2/authorize");
        page.answer.refused_page(400, "AS-1003").await;
    }

    async fn b046_with_two_registered_addresses_a_missing_redirect_uri_is_an_error_page(app) {
        let spec = ClientSpec::web("web").set(|s| s.redirect_uris.push("https://web.example/other".to_owned()));
        let rp = app.client(spec).await;
        let request = Authorize::new(&rp, "openid").without("redirect_uri");
        let page = app.browser().authorize(&request).await.page("/oauth2/authorize");
        page.answer.refused_page(400, "AS-1002").await;
    }

    async fn b047_an_added_or_changed_query_is_another_address(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let uri = "https://query.example/callback?bar=foo".to_owned();
        let query = app.client(ClientSpec::web("query").set(move |settings| settings.redirect_uris = vec![uri])).await;
        for (rp, sent) in [
            (&rp, "https://web.example/callback?foo=bar"),
            (&query, "https://query.example/callback?bar=foo&x=y"),
            (&query, "https://query.example/callback?bar=other"),
            (&query, "https://query.example/callback"),
        ] {
            let request = Authorize::new(rp, "openid").with("redirect_uri", sent);
            app.browser().authorize(&request).await.page("/oauth2/authorize").answer.refused_page(400, "AS-1003").await;
        }
    }

    async fn b048_a_missing_response_type_is_an_error_to_the_client(app) {
        let (rp, _) = parties(&app).await;
        let away = app.browser().authorize(&Authorize::new(&rp, "openid").without("response_type")).await.away();
        away.refused(&app, "invalid_request", "AS-1006").await;
        let posted = Authorize::new(&rp, "openid").without("response_type").with("response_mode", "form_post");
        let away = app.browser().authorize(&posted).await.away();
        assert!(away.form.is_some() && away.url == rp.redirect_uri, "{}", away.url);
        away.refused(&app, "invalid_request", "AS-1006").await;
        assert_eq!(away.parameters()["state"], "state-1");
    }

    async fn b049_an_error_carries_its_own_members_and_the_state_and_nothing_else(app) {
        let (rp, _) = parties(&app).await;
        for request in [
            Authorize::new(&rp, "openid").with("prompt", "none"),
            Authorize::new(&rp, "openid").with("scope", "openid no_such_scope"),
            Authorize::new(&rp, "openid").with("max_age", "soon"),
        ] {
            let parameters = app.browser().authorize(&request).await.away().parameters();
            let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
            assert_eq!(names, ["error", "error_description", "error_uri", "iss", "state"]);
            assert_eq!(parameters["state"], "state-1");
        }
    }

    async fn b050_a_description_is_printable_ascii_without_quote_and_backslash(app) {
        let (rp, _) = parties(&app).await;
        let request = Authorize::new(&rp, "openid").with("scope", "openid \u{201e}\"quoted\\\u{201c}");
        let parameters = app.browser().authorize(&request).await.away().parameters();
        let odd = "\"\u{e9}\\\r\n\t";
        app.open_registration().await;
        let ciba = app.client(crate::ciba::till()).await;
        let mut texts = vec![parameters["error_description"].clone()];
        for answer in [
            rp.token(&[("grant_type", odd)]).await,
            rp.push(&Authorize::new(&rp, odd)).await,
            rp.push(&Authorize::new(&rp, "openid").with("redirect_uri", odd)).await,
            ciba.post(crate::ciba::ENDPOINT, &[("scope", odd), ("login_hint", odd)]).await,
            ciba.post(crate::ciba::ENDPOINT, &[("scope", "openid"), ("login_hint", "a"), ("binding_message", odd)]).await,
            app.register(&json!({ "redirect_uris": [odd] })).await,
            app.register(&json!({ "redirect_uris": ["https://a.example/"], "client_name": odd })).await,
        ] {
            assert_eq!(answer.response.status, 400, "{}", answer.response);
            texts.push(answer.response.json()["error_description"].as_str().expect("a text").to_owned());
        }
        for text in &texts {
            assert!(text.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'), "{text}");
        }
        let page = app.get(parameters["error_uri"].strip_prefix(app.issuer()).expect("below the issuer")).await;
        assert_eq!(page.status, 200, "{page}");
    }

    async fn b051_the_query_is_for_codes_alone_and_an_error_takes_the_mode_of_its_request(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        for response_type in ["id_token", "id_token token", "code id_token", "code token", "code id_token token"] {
            let request = Authorize::new(&rp, "openid").with("response_type", response_type);
            let granted = browser.arrive(&alice, &request).await;
            let refused = app.browser().authorize(&request.with("prompt", "none")).await.away();
            for away in [granted, refused] {
                assert!(away.url.contains('#') && !away.url.contains('?'), "{}", away.url);
            }
        }
        for response_type in ["code", "code id_token"] {
            let request = Authorize::new(&rp, "openid").with("response_type", response_type).with("prompt", "none");
            let away = app.browser().authorize(&request.with("response_mode", "form_post")).await.away();
            assert_eq!(away.url, rp.redirect_uri);
            away.refused(&app, "login_required", "AS-1017").await;
        }
    }

    async fn b052_a_person_who_cancels_sends_access_denied(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let away = browser.press(&page, "login-cancel", &[]).await.away();
        away.refused(&app, "access_denied", "AS-1020").await;
        assert_eq!(away.parameters()["state"], "state-1");
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, crate::support::PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-deny", &[]).await.away();
        away.refused(&app, "access_denied", "AS-1020").await;
        assert_eq!(away.parameters()["state"], "state-1");
    }

    async fn b053_an_error_page_is_html_with_a_fixed_sentence_and_never_a_500(app) {
        let (rp, _) = parties(&app).await;
        for target in [
            "/oauth2/authorize".to_owned(),
            "/oauth2/authorize?client_id=nobody".to_owned(),
            "/oauth2/authorize?client_id=a&client_id=b".to_owned(),
            "/oauth2/authorize?client_id=%00&redirect_uri=%ff".to_owned(),
            Authorize::new(&rp, "openid").with("redirect_uri", "javascript:alert(1)").target(),
        ] {
            let answer = app.send(Request::get(&target)).await;
            let status = answer.response.status;
            assert!((400..500).contains(&status), "{}", answer.response);
            let reason = app.record(answer.trace_id()).await.and_then(|record| record.reason()).expect("a reason");
            // The one sentence of this reason, whatever was sent.
            answer.refused_page(status, reason.code()).await;
        }
    }
}
