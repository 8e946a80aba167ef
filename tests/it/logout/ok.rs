//! Signing out that works.

use crate::support::{Authorize, ClientSpec, Request, Stop, form_encode};

const BACK: &str = "https://web.example/back";

fn spec() -> ClientSpec {
    ClientSpec::web("web").set(|settings| settings.post_logout_redirect_uris = vec![BACK.to_owned()])
}

fn logout(fields: &[(&str, &str)]) -> String {
    format!("/oauth2/logout?{}", form_encode(fields))
}

both! {
    async fn the_apps_own_hint_signs_out_and_goes_back_with_the_state_only(app) {
        // Behaviours 117 and 118.
        let (rp, alice) = (app.client(spec()).await, app.person("alice").await);
        let state: String = (0x21..=0x7e_u8).map(char::from).filter(|c| !"+;".contains(*c)).collect();
        for method in ["GET", "POST"] {
            let mut browser = app.browser();
            let request = Authorize::new(&rp, "openid");
            let tokens = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
            let fields =
                [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("state", state.as_str())];
            let answer = match method {
                "GET" => browser.request(Request::get(logout(&fields))).await,
                _ => browser.request(Request::form("/oauth2/logout", &fields)).await,
            };
            assert_eq!(answer.response.status, 303, "{}", answer.response);
            let url = url::Url::parse(answer.response.header("location").expect("a location")).expect("an address");
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            assert_eq!(pairs, [("state".to_owned(), state.clone())]);
            assert!(url.as_str().starts_with(BACK), "{url}");
            assert!(!browser.cookies.contains_key("symbolon_session"));
            let none = browser.authorize(&request.with("prompt", "none")).await.away();
            none.refused(&app, "login_required", "AS-1017").await;
        }
    }

    async fn without_a_state_nothing_is_appended(app) {
        // Behaviour 119.
        let (rp, alice) = (app.client(spec()).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid")).await).await.ok().await;
        app.clock.advance(700);
        // Behaviour 124: an expired hint is still one of ours.
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("client_id", "web")];
        let away = browser.open(&logout(&fields)).await.away();
        assert_eq!(away.url, BACK);
    }

    async fn a_person_signs_out_after_confirming(app) {
        // Behaviour 123.
        let (rp, alice) = (app.client(spec()).await, app.person("alice").await);
        for target in ["/sign-out".to_owned(), logout(&[]), logout(&[("state", "x")])] {
            let mut browser = app.browser();
            let request = Authorize::new(&rp, "openid");
            let tokens = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
            let stop = browser.open(&target).await;
            let Stop::Page(page) = stop else { panic!("{target} left") };
            assert!(page.has("logout-confirm"), "{target}: {}", page.answer.response);
            let done = browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
            assert!(done.has("signed-out"));
            assert!(!rp.introspect(&tokens.access_token).await.active().await, "online tokens end with the session");
        }
    }

    async fn whoever_stays_stays_signed_in(app) {
        let (rp, alice) = (app.client(spec()).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        let page = browser.open("/sign-out").await.page("/sign-out");
        browser.press(&page, "logout-cancel", &[]).await.page("/");
        browser.authorize(&request.with("prompt", "none")).await.away().grant(&Authorize::new(&rp, "openid"));
    }

    async fn offline_access_outlives_a_sign_out(app) {
        // Security requirements, peers' defect 7: what each logout revokes.
        let (rp, alice) = (app.client(spec()).await, app.person("alice").await);
        let mut browser = app.browser();
        let offline =
            rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid offline_access")).await).await.ok().await;
        let online = rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid")).await).await.ok().await;
        let page = browser.open("/sign-out").await.page("/sign-out");
        browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
        rp.refresh(online.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.refresh(offline.refresh()).await.ok().await;
    }

    async fn signing_out_in_one_browser_leaves_the_other(app) {
        let (rp, alice) = (app.client(spec()).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let (mut one, mut other) = (app.browser(), app.browser());
        one.grant(&alice, &request).await;
        let of_other = rp.exchange(&other.grant(&alice, &request).await).await.ok().await;
        let page = one.open("/sign-out").await.page("/sign-out");
        one.press(&page, "logout-confirm", &[]).await.page("/signed-out");
        rp.refresh(of_other.refresh()).await.ok().await;
        other.authorize(&request.with("prompt", "none")).await.away().grant(&Authorize::new(&rp, "openid"));
    }
}
