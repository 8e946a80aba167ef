//! One proof, many requests, two nodes: one goes on.

use super::TOKEN;
use crate::support::{ClientSpec, DpopKey, all_but, at_once, outcome};

both! {
    /// Behaviour 170.
    async fn of_a_hundred_requests_with_one_proof_on_two_nodes_one_goes_on(app) {
        let node = app.second_node().await;
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        let proof = key.sign(&key.proof(&app, TOKEN));
        let nodes = [rp.clone(), rp.at(&node)];
        let answers = at_once(async move |number| {
            let rp = &nodes[number % 2];
            rp.send(&rp.request(TOKEN, &[("grant_type", "client_credentials")]).header("DPoP", &proof)).await
        })
        .await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1223")));
    }
}
