//! One assertion, many requests, two nodes: one goes on.

use serde_json::json;
use symbolon::domain::{entity::AuthMethod, jose::SigningAlgorithm};

use crate::support::{
    ClientKey, ClientSpec, RelyingParty, SECRET, TestApp, all_but, at_once, outcome, signed_with_secret,
};

/// Presents one assertion many times, at two nodes in turn.
async fn one_goes_on(app: &TestApp, rp: &RelyingParty, assertion: String) {
    let node = app.second_node().await;
    let nodes = [rp.clone(), rp.at(&node)];
    let answers = at_once(async move |number| nodes[number % 2].token_with_assertion(&assertion).await).await;
    let (winners, refusals) = outcome(&answers, app).await;
    assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1215")));
}

both! {
    async fn of_a_hundred_requests_with_one_client_assertion_on_two_nodes_one_goes_on(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&key)).await;
        one_goes_on(&app, &rp, key.sign(&rp.assertion().0)).await;
    }

    async fn of_a_hundred_requests_with_one_assertion_under_a_secret_on_two_nodes_one_goes_on(app) {
        let spec = ClientSpec::machine("service").set(|settings| {
            settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
        });
        let rp = app.client(spec).await;
        let assertion = signed_with_secret(&json!({ "alg": "HS256" }), &rp.assertion().0, SECRET);
        one_goes_on(&app, &rp, assertion).await;
    }
}
