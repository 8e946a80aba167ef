//! What other sites may make a browser do here (Fetch Metadata): send a person by a link, or by what a protocol has
//! apps send; nothing else, so that cookies which go along act for nobody who did not ask.

use symbolon::http::routes::{Extras, Permission, ROUTES, Route};

use crate::support::{Authorize, ClientSpec, PASSWORD, Request, TestApp};

/// Where apps send people, also by POST or in a frame.
const FOR_APPS: [&str; 2] = ["/oauth2/authorize", "/oauth2/logout"];

fn pages() -> impl Iterator<Item = &'static Route> {
    let with_cookies = |route: &&Route| matches!(route.permission, Permission::Browser | Permission::SetupLink);
    ROUTES.iter().filter(|route| Extras::default().serves(route)).filter(with_cookies)
}

fn told(request: Request, [site, mode, dest]: [&str; 3]) -> Request {
    let fields = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest)];
    fields.into_iter().fold(request, |request, (name, value)| match value {
        "" => request,
        value => request.header(name, value),
    })
}

async fn is_refused(app: &TestApp, route: &Route, method: &str, metadata: [&str; 3]) -> bool {
    let path = route.path.replace("{interaction}", "x");
    let request = Request::new(method, &path).header("Content-Type", "application/x-www-form-urlencoded");
    let answer = app.send(told(request.body(""), metadata)).await;
    let refused = answer.response.status == 403 && answer.response.text().contains("AS-5008");
    if refused {
        answer.refused_page(403, "AS-5008").await;
        assert!(!answer.response.headers.iter().any(|(name, _)| name == "set-cookie"), "{}", answer.response);
    }
    refused
}

both! {
    async fn pages_of_other_sites_may_only_send_people_here(app) {
        for route in pages() {
            let for_apps = FOR_APPS.contains(&route.path);
            for (method, _) in route.methods {
                let method = &method.to_uppercase();
                let reads = method == "GET";
                for (metadata, admitted) in [
                    (["", "", ""], true),
                    (["same-origin", "navigate", "document"], true),
                    (["same-origin", "cors", "empty"], true),
                    (["same-site", "navigate", "document"], true),
                    (["none", "navigate", "document"], true),
                    (["cross-site", "navigate", "document"], reads || for_apps),
                    (["cross-site", "navigate", "iframe"], for_apps),
                    (["cross-site", "navigate", ""], for_apps),
                    (["cross-site", "no-cors", "image"], false),
                    (["cross-site", "no-cors", "document"], false),
                    (["cross-site", "cors", "empty"], false),
                    (["cross-site", "", ""], false),
                    (["another-planet", "cors", "empty"], false),
                    (["Cross-Site", "no-cors", "empty"], false),
                ] {
                    let refused = is_refused(&app, route, method, metadata).await;
                    assert_eq!(refused, !admitted, "{method} {} {metadata:?}", route.path);
                }
            }
        }
    }

    async fn a_form_with_the_right_token_is_worth_nothing_from_another_site(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let typed = [("username", alice.username.as_str()), ("password", PASSWORD)];
        let sent = |site| told(browser.pressing(&page, "login-submit", &typed), [site, "navigate", "document"]);
        let (foreign, own) = (sent("cross-site"), sent("same-origin"));
        app.send(foreign).await.refused_page(403, "AS-5008").await;
        assert_eq!(app.send(own).await.response.status, 303);
    }

    async fn programs_are_asked_nothing_about_it(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
        rp.send(&told(request, ["cross-site", "cors", "empty"])).await.ok().await;
    }
}
