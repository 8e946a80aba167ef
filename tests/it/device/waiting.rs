//! How many codes may wait for an answer at one network: a stranger who asks without end fills nothing.

use serde_json::json;
use symbolon::domain::entity::Owner;

use super::{approve, begin, card, poll, television, with_grant};
use crate::{
    mtls::support::with_proxy,
    support::{Answer, ClientSpec, RelyingParty, TestApp, all_but, at_once, outcome},
};

const ENDPOINT: &str = "/oauth2/device_authorization";
const AT_NETWORK: usize = 250;

async fn fill(rp: &RelyingParty, count: usize) {
    for _ in 0..count {
        begin(rp, "").await;
    }
}

async fn refused(app: &TestApp, answer: &Answer) {
    let response = &answer.response;
    assert_eq!((response.status, &response.json()["error"]), (429, &json!("temporarily_unavailable")), "{response}");
    assert_eq!(response.header("retry-after"), Some("60"), "{response}");
    assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
    assert!(response.json()["error_description"].to_string().contains("AS-1604"), "{response}");
    let record = app.record(answer.trace_id()).await.expect("a record");
    assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-1604"));
}

async fn ask(rp: &RelyingParty) -> Answer {
    rp.post(ENDPOINT, &[]).await
}

async fn ask_from(rp: &RelyingParty, address: &str) -> Answer {
    rp.send(&rp.request(ENDPOINT, &[]).header("X-Forwarded-For", address)).await
}

both! {
    async fn an_answer_or_the_end_of_time_makes_room_and_polling_does_not(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        fill(&tv, AT_NETWORK - 1).await;
        refused(&app, &ask(&tv).await).await;
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
        refused(&app, &ask(&tv).await).await;
        // What waits is answered as ever.
        approve(&app, &alice, &device).await;
        let other = begin(&tv, "openid").await;
        refused(&app, &ask(&tv).await).await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &other.user_code).await;
        browser.press(&page, "approve-deny", &[]).await.page("/answered/denied");
        poll(&tv, &device).await.ok().await;
        begin(&tv, "").await;
        refused(&app, &ask(&tv).await).await;
        app.clock.advance(600);
        begin(&tv, "").await;
    }

    async fn of_many_at_once_so_many_get_a_code(app) {
        let tv = app.client(television()).await;
        fill(&tv, AT_NETWORK - 7).await;
        let asking = tv.clone();
        let answers = at_once(async move |_| ask(&asking).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (7, all_but(7, "AS-1604")));
    }

    async fn all_clients_of_strangers_count_together_and_those_that_prove_themselves_do_not(app) {
        let tv = app.client(television()).await;
        fill(&tv, AT_NETWORK).await;
        let other = app.client(ClientSpec::spa("cli").native().set(with_grant)).await;
        refused(&app, &ask(&other).await).await;
        let service = app.client(ClientSpec::web("service").set(with_grant)).await;
        begin(&service, "").await;
        let registered = app.client(ClientSpec::web("registered").set(with_grant).owned(Owner::Dcr)).await;
        refused(&app, &ask(&registered).await).await;
    }

    async fn what_is_refused_for_another_reason_counts_nowhere(app) {
        let tv = app.client(television()).await;
        let without = app.client(ClientSpec::spa("spa")).await;
        fill(&tv, AT_NETWORK - 1).await;
        for _ in 0..3 {
            ask(&without).await.refused("unauthorized_client", "AS-1102").await;
            tv.post(ENDPOINT, &[("scope", "unregistered")]).await.refused("invalid_scope", "AS-1010").await;
        }
        begin(&tv, "").await;
        refused(&app, &ask(&tv).await).await;
    }

    async fn networks_are_told_apart(database: Database) {
        let app = TestApp::with(database, with_proxy).await;
        let tv = app.client(television()).await;
        for _ in 0..AT_NETWORK {
            assert_eq!(ask_from(&tv, "2001:db8:1:2::1").await.response.status, 200);
        }
        // The /64 is one subscriber's.
        refused(&app, &ask_from(&tv, "2001:db8:1:2:ffff::2").await).await;
        for elsewhere in ["2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.2"] {
            assert_eq!(ask_from(&tv, elsewhere).await.response.status, 200, "{elsewhere}");
        }
    }
}
