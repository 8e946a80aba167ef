//! A client that does not make its values anew for each request is told of, and served as before.

use symbolon::{domain::entity::EventKind, store::event};

use crate::support::{Authorize, ClientSpec, TestApp};

async fn told(app: &TestApp) -> Vec<String> {
    let told = app.read(|tx| event::list(tx, 0, 1000)).await;
    let told = told.into_iter().filter(|told| told.kind == EventKind::ValueRepeated.name());
    told.map(|told| format!("{} {}", told.client_id.unwrap_or_default(), told.facts)).collect()
}

both! {
    async fn values_that_serve_two_sessions_are_told_once_and_refused_to_nobody(app) {
        let (web, alice, bob) = (app.client(ClientSpec::web("web")).await, app.person("alice").await, app.person("bob").await);
        let request = Authorize::new(&web, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        browser.grant(&alice, &request).await;
        assert_eq!(told(&app).await, [""; 0], "a page that is loaded again");
        for person in [&bob, &bob] {
            app.browser().grant(person, &request).await;
        }
        let each_once = ["code_challenge", "nonce"].map(|name| format!("web {{\"parameter\":\"{name}\"}}"));
        assert_eq!(told(&app).await, each_once);
    }

    async fn values_that_are_new_each_time_and_those_of_other_clients_are_not_told(app) {
        let alice = app.person("alice").await;
        for client in ["one", "two"] {
            let rp = app.client(ClientSpec::web(client)).await;
            app.browser().grant(&alice, &Authorize::new(&rp, "openid")).await;
        }
        let three = app.client(ClientSpec::web("three").set(|settings| settings.require_pkce = false)).await;
        for nonce in ["first", "second"] {
            let request = Authorize::new(&three, "openid").without("code_challenge").without("code_challenge_method").with("nonce", nonce);
            app.browser().arrive(&alice, &request).await;
        }
        assert_eq!(told(&app).await, [""; 0]);
    }
}
