//! One assertion, many requests, two nodes: one goes on.

use symbolon::domain::jose::SigningAlgorithm;

use crate::support::{ClientKey, ClientSpec, all_but, at_once, outcome};

both! {
    async fn of_a_hundred_requests_with_one_client_assertion_on_two_nodes_one_goes_on(app) {
        let node = app.second_node().await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&key)).await;
        let assertion = key.sign(&rp.assertion().0);
        let nodes = [rp.clone(), rp.at(&node)];
        let answers = at_once(async move |number| nodes[number % 2].token_with_assertion(&assertion).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1215")));
    }
}
