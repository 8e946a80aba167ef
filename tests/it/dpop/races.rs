//! One proof, many requests, two nodes: one goes on, wherever proofs are taken.

use super::{TOKEN, bound};
use crate::support::{Authorize, ClientSpec, DpopKey, RelyingParty, Request, TestApp, all_but, at_once, outcome};

/// Sends one request many times, to two nodes in turn.
async fn one_goes_on(app: &TestApp, rp: &RelyingParty, request: Request) {
    let node = app.second_node().await;
    let nodes = [rp.clone(), rp.at(&node)];
    let answers = at_once(async move |number| nodes[number % 2].send(&request).await).await;
    let (winners, refusals) = outcome(&answers, app).await;
    assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1223")));
}

both! {
    /// Behaviour 170.
    async fn of_a_hundred_requests_with_one_proof_on_two_nodes_one_goes_on(app) {
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        let request = rp.request(TOKEN, &[("grant_type", "client_credentials")]);
        one_goes_on(&app, &rp, request.header("DPoP", key.sign(&key.proof(&app, TOKEN)))).await;
    }

    async fn of_a_hundred_pushed_requests_with_one_proof_on_two_nodes_one_is_kept(app) {
        let (rp, key) = (app.client(ClientSpec::web("web")).await, DpopKey::new());
        let request = rp.request("/oauth2/par", &Authorize::new(&rp, "openid").pushed());
        one_goes_on(&app, &rp, request.header("DPoP", key.sign(&key.proof(&app, "/oauth2/par")))).await;
    }

    async fn of_a_hundred_questions_to_userinfo_with_one_proof_on_two_nodes_one_is_answered(app) {
        let key = DpopKey::new();
        let (rp, tokens) = bound(&app, ClientSpec::web("web"), &key).await;
        one_goes_on(&app, &rp, key.userinfo(&app, &tokens.access_token)).await;
    }
}
