//! What the page about a device tells of where it is: whoever was sent a code sees that it is not theirs.

use symbolon::{
    domain::{
        entity::{Deferred, DeferredState},
        oauth::UserCode,
    },
    store::deferred,
};

use super::{approve, begin, card, poll, television, with_grant};
use crate::{
    ciba,
    mtls::support::with_proxy,
    support::{ClientSpec, Page, Person, Request, TestApp},
};

const DEVICE: &str = "203.0.113.7";

// The card as a browser at another address gets it.
async fn seen_from(app: &TestApp, person: &Person, code: &str, address: &str) -> Page {
    let mut browser = app.browser();
    let page = card(&mut browser, person, code).await;
    let answer = browser.request(Request::get(&page.path).header("X-Forwarded-For", address)).await;
    assert_eq!(answer.response.status, 200, "{}", answer.response);
    Page { answer, path: page.path }
}

async fn stored(app: &TestApp, code: &str) -> Deferred {
    let code = UserCode::parse(code).expect("a user code");
    app.read(move |tx| deferred::find_by_user_code(tx, code.canonical())).await.expect("a request")
}

fn shows(page: &Page, text: &str) -> bool {
    page.answer.response.text().contains(text)
}

both! {
    async fn the_page_tells_the_address_of_the_device_and_how_long_ago_it_asked(database: Database) {
        let app = TestApp::with(database, with_proxy).await;
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let request = tv.request("/oauth2/device_authorization", &[("scope", "openid")]).header("X-Forwarded-For", DEVICE);
        let body = tv.send(&request).await.json().await;
        let code = body["user_code"].as_str().expect("a user code");
        let page = seen_from(&app, &alice, code, "203.0.113.8").await;
        for shown in [DEVICE, "id=\"approve-elsewhere\"", "just now"] {
            assert!(shows(&page, shown), "{shown}: {}", page.answer.response.text());
        }
        app.clock.advance(150);
        let page = seen_from(&app, &alice, code, DEVICE).await;
        assert!(shows(&page, DEVICE) && shows(&page, "2 min ago"), "{}", page.answer.response.text());
        assert!(!page.has("approve-elsewhere"), "the same network is nothing to warn of");
        // A home has both families.
        let page = seen_from(&app, &alice, code, "2001:db8::1").await;
        assert!(shows(&page, DEVICE) && !page.has("approve-elsewhere"));
        // What a stranger writes there is no address, and never on a page.
        let forged = request.header("X-Forwarded-For", "<b>here</b>");
        let body = tv.send(&forged).await.json().await;
        let page = seen_from(&app, &alice, body["user_code"].as_str().expect("a user code"), DEVICE).await;
        assert!(!shows(&page, "<b>here"));
    }

    async fn the_address_of_a_confidential_client_is_shown_too_and_forgotten_with_the_answer(app) {
        let (service, alice) = (app.client(ClientSpec::web("service").set(with_grant)).await, app.person("alice").await);
        let device = begin(&service, "openid").await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        assert!(shows(&page, "127.0.0.1"), "{}", page.answer.response.text());
        approve(&app, &alice, &device).await;
        poll(&service, &device).await.ok().await;
        let row = stored(&app, &device.user_code).await;
        assert_eq!((row.state, row.address, row.network), (DeferredState::Redeemed, None, None));
        let denied = begin(&service, "openid").await;
        let sealed = stored(&app, &denied.user_code).await.address.expect("while it waits");
        assert!(!sealed.windows(9).any(|part| part == b"127.0.0.1"), "in the clear");
        let page = card(&mut browser, &alice, &denied.user_code).await;
        browser.press(&page, "approve-deny", &[]).await.page("/answered/denied");
        assert_eq!(stored(&app, &denied.user_code).await.address, None);
    }

    async fn a_request_over_the_back_channel_tells_when_and_not_where_the_service_is(app) {
        let (till, alice) = (app.client(ciba::till()).await, app.person("alice").await);
        ciba::begin(&till, &[]).await;
        let mut browser = ciba::signed_in(&app, &alice).await;
        let page = ciba::card(&mut browser).await;
        assert!(page.has("approve-time") && !page.has("approve-address"), "{}", page.answer.response.text());
    }
}
