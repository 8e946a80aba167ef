//! Many at once: one reference, one answer, on both databases.

use std::collections::HashMap;

use crate::support::{Authorize, ClientSpec, MANY, RelyingParty, Request, TestApp, all_but, at_once};

/// Sends every request at once. Gives the codes that came back, and how often each refusal did.
async fn outcome(app: &TestApp, rp: &RelyingParty, requests: Vec<Request>) -> (Vec<String>, HashMap<String, usize>) {
    let rp = rp.clone();
    let answers = at_once(async move |number| rp.send(&requests[number]).await).await;
    let (mut codes, mut refusals) = (Vec::new(), HashMap::new());
    for answer in &answers {
        let location = answer.response.header("location").unwrap_or_default();
        match location.split_once("code=") {
            Some((_, rest)) => codes.push(rest.split('&').next().unwrap_or_default().to_owned()),
            None => {
                let record = app.record(answer.trace_id()).await.expect("a refusal is recorded");
                let reason = record.reason().map_or("none", |reason| reason.code()).to_owned();
                *refusals.entry(reason).or_insert(0) += 1;
            }
        }
    }
    (codes, refusals)
}

both! {
    async fn of_a_hundred_dialogues_with_one_reference_one_gets_a_code(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        let request = Authorize::new(&rp, "openid").with("prompt", "consent");
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        let mut presses = Vec::new();
        for _ in 0..MANY {
            let page = browser.open(&target).await.page("/consent/");
            presses.push(browser.pressing(&page, "consent-allow", &[]));
        }
        let (codes, refusals) = outcome(&app, &rp, presses).await;
        assert_eq!((codes.len(), &refusals), (1, &all_but(1, "AS-1043")));
    }

    async fn of_a_hundred_requests_without_a_page_one_gets_a_code(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        let requests = (0..MANY).map(|_| browser.with_cookies(Request::get(&target))).collect();
        let (codes, refusals) = outcome(&app, &rp, requests).await;
        assert_eq!((codes.len(), &refusals), (1, &all_but(1, "AS-1043")));
    }
}
