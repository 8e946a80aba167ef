//! One proof, many requests, two nodes: one goes on.

use std::collections::HashMap;

use tokio::task::JoinSet;

use super::TOKEN;
use crate::support::{ClientSpec, DpopKey};

const MANY: usize = 100;

both! {
    /// Behaviour 170.
    async fn of_a_hundred_requests_with_one_proof_on_two_nodes_one_goes_on(app) {
        let node = app.second_node().await;
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        let proof = key.sign(&key.proof(&app, TOKEN));
        let local = tokio::task::LocalSet::new();
        let mut answers = Vec::new();
        local
            .run_until(async {
                let mut tasks = JoinSet::new();
                for number in 0..MANY {
                    let rp = if number % 2 == 0 { rp.clone() } else { rp.at(&node) };
                    let request = rp.request(TOKEN, &[("grant_type", "client_credentials")]).header("DPoP", &proof);
                    tasks.spawn_local(async move { rp.send(&request).await });
                }
                answers = tasks.join_all().await;
            })
            .await;
        let mut outcome = HashMap::new();
        for answer in &answers {
            let body = answer.response.json();
            let told = body["error"].as_str().unwrap_or("issued").to_owned();
            *outcome.entry(told).or_insert(0) += 1;
        }
        let expected = HashMap::from([("issued".to_owned(), 1), ("invalid_dpop_proof".to_owned(), MANY - 1)]);
        assert_eq!(outcome, expected);
    }
}
