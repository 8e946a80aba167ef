//! One assertion, many requests, two nodes: one goes on.

use symbolon::domain::entity::SubjectMapping;

use super::{Idp, first_party, present, with_grant};
use crate::support::{ClientSpec, all_but, at_once, outcome};

both! {
    async fn of_a_hundred_requests_with_one_assertion_on_two_nodes_one_goes_on(app) {
        let node = app.second_node().await;
        let rp = app.client(first_party("notes")).await;
        app.person("alice").await;
        let idp = Idp::trusted(&app, SubjectMapping::Username, &[&rp]).await;
        let assertion = idp.vouch(&app, "alice");
        let nodes = [rp.clone(), rp.at(&node)];
        let answers = at_once(async move |number| present(&nodes[number % 2], &assertion, Some("email")).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1185")));
    }

    async fn nor_does_more_than_one_for_the_client_itself(app) {
        let node = app.second_node().await;
        let rp = app.client(ClientSpec::machine("service").set(with_grant)).await;
        let idp = Idp::trusted(&app, SubjectMapping::Client, &[&rp]).await;
        let assertion = idp.vouch(&app, "service");
        let nodes = [rp.clone(), rp.at(&node)];
        let answers = at_once(async move |number| present(&nodes[number % 2], &assertion, None).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1185")));
    }
}
