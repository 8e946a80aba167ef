//! Many at once: a request is answered once, an `auth_req_id` is redeemed once, and a signed request is
//! used once, on both databases.

use symbolon::domain::jose::SigningAlgorithm;

use super::{ENDPOINT, answer, ask, begin, card, poll, signed, signed_in, till};
use crate::support::{
    Button, ClientKey, MANY, RelyingParty, Settled, TestApp, all_but, answer_at_once, at_once, outcome,
};

/// Answers one request with these buttons in turn, many times at once.
async fn race(app: &TestApp, buttons: &[Button]) -> Settled {
    let (rp, alice) = (app.client(till()).await, app.person("alice").await);
    let id = begin(&rp, &[("scope", "openid offline_access")]).await;
    let mut browser = signed_in(app, &alice).await;
    let press = async |button: Button| {
        let page = card(&mut browser).await;
        browser.pressing(&page, button.name(), &[])
    };
    let asking = rp.clone();
    answer_at_once((app, &rp, &alice), buttons, press, async move |_| poll(&asking, &id).await).await
}

both! {
    async fn of_a_hundred_who_allow_one_request_one_does_and_one_token_comes_of_it(app) {
        assert_eq!(race(&app, &[Button::Allow]).await, Settled::Allowed);
    }

    async fn of_a_hundred_who_deny_one_request_one_does_and_no_token_comes_of_it(app) {
        assert_eq!(race(&app, &[Button::Deny]).await, Settled::Denied);
    }

    async fn of_a_hundred_who_allow_and_deny_one_request_one_is_heard(app) {
        race(&app, &[Button::Allow, Button::Deny]).await;
    }

    async fn however_many_ask_at_once_who_is_here_no_more_are_told_than_may_be(app) {
        let rp = app.client(till()).await;
        let asking = async |rp: &RelyingParty, from: usize| {
            let rp = rp.clone();
            let ask = async move |number| ask(&rp, &[("login_hint", &format!("nobody{}", from + number))]).await;
            let answers = at_once(ask).await;
            answers.iter().filter(|answer| answer.response.status == 400).count()
        };
        assert_eq!(asking(&rp, 0).await, MANY);
        assert_eq!(asking(&rp, MANY).await, 1);
        assert_eq!(asking(&rp, 2 * MANY).await, 0);
    }

    /// Behaviour 198.
    async fn of_a_hundred_redemptions_one_wins(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[("scope", "openid offline_access")]).await;
        answer(&app, &alice, "approve-allow").await;
        let asking = rp.clone();
        let answers = at_once(async move |_| poll(&asking, &id).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1163")));
        rp.refresh(winners[0].ok().await.refresh()).await.ok().await;
    }

    async fn of_a_hundred_requests_with_one_signed_object_on_two_nodes_one_goes_on(app) {
        let (node, key) = (app.second_node().await, ClientKey::generate(SigningAlgorithm::ES256));
        let rp = signed::signing(&app, "till", &key).await;
        app.person("alice").await;
        let object = key.sign(&signed::claims(&app, &rp, "j"));
        let nodes: [RelyingParty; 2] = [rp.clone(), rp.at(&node)];
        let answers =
            at_once(async move |number| nodes[number % 2].post(ENDPOINT, &[("request", &object)]).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1198")));
    }
}
