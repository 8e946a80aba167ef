//! The first administrator is made once.

use symbolon::service::setup;

use crate::support::{Authorize, ClientSpec, Request, TestApp};

/// A password that the policy takes.
pub const STRONG: &str = "four random unrelated words";

/// The code of a fresh setup link.
pub async fn code(app: &TestApp) -> String {
    setup::ensure_system_roles(&app.cx()).await.expect("the built-in roles");
    let link = setup::create_link(&app.cx()).await.expect("the database answers");
    link.expect("there is no administrator yet").expose().clone()
}

/// The form as the page sends it.
pub fn form(code: &str, username: &str, password: &str) -> Request {
    let fields = [
        ("csrf", ""),
        ("code", code),
        ("username", username),
        ("email", "root@example.com"),
        ("name", "Root"),
        ("password", password),
    ];
    Request::form("/setup", &fields)
}

both! {
    async fn the_link_makes_an_administrator_who_can_sign_in(app) {
        let code = code(&app).await;
        let mut browser = app.browser();
        let page = browser.open("/setup").await.page("/setup");
        assert_eq!(page.answer.response.status, 200);
        let typed = [
            ("code", code.as_str()),
            ("username", "root"),
            ("email", "root@example.com"),
            ("name", "Root"),
            ("password", STRONG),
        ];
        let done = browser.press(&page, "setup-submit", &typed).await.page("/setup");
        assert_eq!(done.answer.response.status, 200, "{}", done.answer.response);
        assert!(done.has("setup-done"), "{}", done.answer.response);
        assert!(setup::has_administrator(&app.cx()).await.expect("answers"));
        let rp = app.client(ClientSpec::web("web")).await;
        let page = browser.authorize(&Authorize::new(&rp, "openid roles")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "root", STRONG).await.page("/consent/");
        let request = Authorize::new(&rp, "openid roles");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        let told = rp.userinfo(&tokens.access_token).await.json().await;
        assert_eq!(told["roles"], serde_json::json!(["owner"]));
    }

    async fn a_new_link_ends_the_older_one(app) {
        let older = code(&app).await;
        let newer = code(&app).await;
        let answer = app.send(form(&older, "root", STRONG)).await;
        assert_eq!(answer.response.status, 422, "{}", answer.response);
        let answer = app.send(form(&newer, "root", STRONG)).await;
        assert_eq!(answer.response.status, 200, "{}", answer.response);
    }
}
