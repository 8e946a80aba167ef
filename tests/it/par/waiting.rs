//! How much of what strangers push may wait at one network, and how large it may be.

use serde_json::json;

use crate::support::{Answer, Authorize, ClientSpec, RelyingParty, TestApp, all_but, at_once, outcome};

const ENDPOINT: &str = "/oauth2/par";
const AT_NETWORK: usize = 250;

async fn push(rp: &RelyingParty) -> Answer {
    rp.post(ENDPOINT, &Authorize::new(rp, "openid").pushed()).await
}

async fn fill(rp: &RelyingParty, count: usize) {
    for _ in 0..count {
        assert_eq!(push(rp).await.response.status, 201);
    }
}

async fn refused(app: &TestApp, answer: &Answer) {
    let response = &answer.response;
    assert_eq!((response.status, &response.json()["error"]), (429, &json!("temporarily_unavailable")), "{response}");
    assert_eq!(response.header("retry-after"), Some("60"), "{response}");
    assert!(response.json()["error_description"].to_string().contains("AS-1060"), "{response}");
    let record = app.record(answer.trace_id()).await.expect("a record");
    assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-1060"));
}

both! {
    async fn an_answer_or_the_end_of_time_makes_room(app) {
        let (spa, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let request = Authorize::new(&spa, "openid");
        let body = push(&spa).await.response.json();
        let pushed = body["request_uri"].as_str().expect("a request_uri").to_owned();
        fill(&spa, AT_NETWORK - 1).await;
        refused(&app, &push(&spa).await).await;
        // Whoever is there is answered as ever, and that makes room.
        let target = format!("/oauth2/authorize?client_id=spa&request_uri={pushed}");
        app.browser().grant_at(&target, &alice, &request).await;
        fill(&spa, 1).await;
        refused(&app, &push(&spa).await).await;
        app.clock.advance(91);
        fill(&spa, 1).await;
    }

    async fn of_many_at_once_so_many_are_kept(app) {
        let spa = app.client(ClientSpec::spa("spa")).await;
        fill(&spa, AT_NETWORK - 7).await;
        let pushing = spa.clone();
        let answers = at_once(async move |_| push(&pushing).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (7, all_but(7, "AS-1060")));
    }

    async fn clients_that_prove_who_they_are_and_were_vouched_for_do_not_count(app) {
        let spa = app.client(ClientSpec::spa("spa")).await;
        fill(&spa, AT_NETWORK).await;
        let web = app.client(ClientSpec::web("web")).await;
        fill(&web, 1).await;
        refused(&app, &push(&app.client(ClientSpec::spa("other")).await).await).await;
    }

    async fn what_is_too_large_to_keep_is_refused_and_what_is_smaller_is_kept(app) {
        let web = app.client(ClientSpec::web("web")).await;
        let with = async |bytes: usize| {
            let part = "x".repeat(bytes / 4);
            let request = ["one", "two", "three", "four"].into_iter().fold(Authorize::new(&web, "openid"), |request, name| request.and(name, &part));
            web.post(ENDPOINT, &request.pushed()).await
        };
        assert_eq!(with(19 * 1024).await.response.status, 201);
        with(20 * 1024).await.refused_as(413, "invalid_request", "AS-1061").await;
    }
}
