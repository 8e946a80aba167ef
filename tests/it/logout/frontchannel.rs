//! Front-channel logout (OIDC Front-Channel Logout 1.0): the signed-out page, its frames and its policy.

use crate::support::{Authorize, Browser, ClientSpec, Person, RelyingParty, Request, TestApp, Tokens, form_encode};

const BACK: &str = "https://web.example/back";

fn framing(id: &str, path: &str) -> ClientSpec {
    let uri = format!("https://{id}.example{path}");
    ClientSpec::web(id).set(|settings| {
        settings.frontchannel_logout_uri = Some(uri);
        settings.frontchannel_logout_session_required = true;
        settings.post_logout_redirect_uris = vec![BACK.to_owned(), "com.example.app:/out".to_owned()];
    })
}

async fn tokens(browser: &mut Browser<'_>, rp: &RelyingParty, person: &Person) -> Tokens {
    rp.exchange(&browser.grant(person, &Authorize::new(rp, "openid")).await).await.ok().await
}

fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

async fn sid_of(app: &TestApp, tokens: &Tokens) -> String {
    app.verified(tokens.id()).await.1["sid"].as_str().expect("sid").to_owned()
}

both! {
    /// Behaviours 126 and 127.
    async fn the_page_loads_a_frame_for_each_app_and_then_goes_back_with_the_state(app) {
        let (web, other) = (app.client(framing("web", "/out")).await, app.client(framing("other", "/o?a=b")).await);
        let quiet = app.client(ClientSpec::web("quiet")).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        tokens(&mut browser, &other, &alice).await;
        tokens(&mut browser, &quiet, &alice).await;
        let own = tokens(&mut browser, &web, &alice).await;
        let sid = sid_of(&app, &own).await;
        let fields = [("id_token_hint", own.id()), ("post_logout_redirect_uri", BACK), ("state", "a&b\"c")];
        let answer = browser.request(Request::get(format!("/oauth2/logout?{}", form_encode(&fields)))).await;
        assert_eq!(answer.response.status, 200, "{}", answer.response);
        let page = answer.response.text();
        let iss = encoded(app.issuer());
        for address in [
            format!("https://web.example/out?iss={iss}&amp;sid={sid}"),
            format!("https://other.example/o?a=b&amp;iss={iss}&amp;sid={sid}"),
        ] {
            assert!(page.contains(&format!("src=\"{address}\"")), "{address}\n{page}");
        }
        assert_eq!(page.matches("<iframe").count(), 2);
        // On by script when the frames have loaded; without scripts by refresh, which waits for the same; or by hand.
        let location = format!("{BACK}?state=a%26b%22c");
        assert!(page.contains(&format!("<meta http-equiv=\"refresh\" content=\"0; url={location}\">")), "{page}");
        assert!(page.contains(&format!("id=\"signed-out-continue\" href=\"{location}\"")), "{page}");
        assert!(page.contains("/signed-out.js\" defer"), "{page}");
        for name in ["The app web", "The app other", "The app quiet"] {
            assert!(page.contains(name), "{name}");
        }
        let policy = answer.response.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-src https://other.example https://web.example"), "{policy}");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!browser.cookies.contains_key("symbolon_session"));
        // Nothing is left to tell: the same link redirects at once.
        let again = browser.open(&format!("/oauth2/logout?{}", form_encode(&fields))).await.away();
        assert_eq!(again.url, location);
    }

    /// Behaviour 126.
    async fn a_person_who_signs_out_stays_on_the_page_that_loads_the_frames(app) {
        let (web, alice) = (app.client(framing("web", "/out")).await, app.person("alice").await);
        let mut browser = app.browser();
        let own = tokens(&mut browser, &web, &alice).await;
        let sid = sid_of(&app, &own).await;
        let page = browser.open("/sign-out").await.page("/sign-out");
        assert!(page.answer.response.text().contains("The app web"), "what ends is told before");
        assert!(!page.answer.response.header("content-security-policy").expect("a policy").contains("frame-src"));
        let done = browser.press(&page, "logout-confirm", &[]).await.page("/sign-out");
        assert!(done.has("signed-out") && !done.has("signed-out-continue"));
        assert!(done.answer.response.text().contains(&format!("sid={sid}")));
        assert!(!done.answer.response.text().contains("http-equiv"));
    }

    async fn without_such_apps_nothing_is_framed_and_the_redirect_is_immediate(app) {
        // A client of the plain logout hears no unexpected request (behaviour 127).
        let spec = ClientSpec::web("web").set(|settings| settings.post_logout_redirect_uris = vec![BACK.to_owned()]);
        let (web, other) = (app.client(spec).await, app.client(framing("other", "/out")).await);
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let (mut browser, mut elsewhere) = (app.browser(), app.browser());
        tokens(&mut elsewhere, &other, &alice).await;
        tokens(&mut elsewhere, &other, &bob).await;
        let own = tokens(&mut browser, &web, &alice).await;
        let fields = [("id_token_hint", own.id()), ("post_logout_redirect_uri", BACK)];
        let away = browser.open(&format!("/oauth2/logout?{}", form_encode(&fields))).await.away();
        assert_eq!(away.url, BACK);
    }

    async fn a_disabled_app_is_not_loaded(app) {
        let (web, alice) = (app.client(framing("web", "/out")).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &web, &alice).await;
        app.change_client(&web, |client| client.enabled = false).await;
        let page = browser.open("/sign-out").await.page("/sign-out");
        assert!(!page.has("logout-apps"));
        let done = browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
        assert!(!done.answer.response.text().contains("<iframe"));
    }

    async fn an_apps_own_scheme_is_gone_to_at_once(app) {
        let (web, alice) = (app.client(framing("web", "/out")).await, app.person("alice").await);
        let mut browser = app.browser();
        let own = tokens(&mut browser, &web, &alice).await;
        let fields = [("id_token_hint", own.id()), ("post_logout_redirect_uri", "com.example.app:/out")];
        let away = browser.open(&format!("/oauth2/logout?{}", form_encode(&fields))).await.away();
        assert_eq!(away.url, "com.example.app:/out");
    }
}
