//! How many requests may wait for one person: nobody is asked until they give in.

use serde_json::json;
use symbolon::domain::jose::SigningAlgorithm;

use super::{ENDPOINT, answer, ask, begin, card, poll, signed_in, till, with_grant};
use crate::support::{Answer, ClientKey, ClientSpec, Credentials, RelyingParty, TestApp, all_but, at_once, outcome};

const OF_CLIENT: usize = 10;
const OF_PERSON: usize = 20;

async fn client(app: &TestApp, id: &str) -> RelyingParty {
    app.client(ClientSpec::web(id).set(with_grant)).await
}

/// Denied before anybody is asked (CIBA Core 1.0 §13).
fn denied(answer: &Answer) {
    let response = &answer.response;
    assert_eq!((response.status, &response.json()["error"]), (403, &json!("access_denied")), "{response}");
    assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
    let description = response.json()["error_description"].to_string();
    assert!(description.contains("AS-1707"), "{response}");
}

both! {
    async fn a_client_may_have_so_many_waiting_for_a_person(app) {
        let (rp, other) = (app.client(till()).await, client(&app, "other").await);
        app.person("alice").await;
        app.person("bob").await;
        for _ in 0..OF_CLIENT {
            begin(&rp, &[]).await;
        }
        let refused = ask(&rp, &[]).await;
        denied(&refused);
        let record = app.record(refused.trace_id()).await.expect("a record");
        assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-1707"));
        // Somebody else, and another client, are another matter.
        begin(&rp, &[("login_hint", "bob")]).await;
        begin(&other, &[]).await;
        denied(&ask(&rp, &[]).await);
    }

    async fn all_clients_together_may_have_so_many(app) {
        app.person("alice").await;
        for id in ["one", "two"] {
            let rp = client(&app, id).await;
            for _ in 0..OF_CLIENT {
                begin(&rp, &[]).await;
            }
        }
        denied(&ask(&client(&app, "three").await, &[]).await);
    }

    async fn an_answer_or_the_end_of_time_makes_room(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        for _ in 1..OF_CLIENT {
            begin(&rp, &[("requested_expiry", "60")]).await;
        }
        app.clock.advance(1);
        let last = begin(&rp, &[]).await;
        for button in ["approve-deny", "approve-allow"] {
            denied(&ask(&rp, &[]).await);
            answer(&app, &alice, button).await;
            app.clock.advance(1);
            begin(&rp, &[]).await;
        }
        poll(&rp, &last).await.refused("access_denied", "AS-1020").await;
        denied(&ask(&rp, &[]).await);
        app.clock.advance(60);
        begin(&rp, &[]).await;
        // All that wait are on the list.
        let mut browser = signed_in(&app, &alice).await;
        card(&mut browser).await;
    }

    async fn a_request_that_is_denied_uses_nothing_up(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let spec = ClientSpec::web("till").set(with_grant).keyed(&key).set(|settings| {
            settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
        });
        let (rp, alice) = (app.client(spec).await.with(Credentials::Key(key.clone())), app.person("alice").await);
        let signed = |jti: &str| {
            let now = app.now().seconds();
            key.sign(&json!({ "iss": "till", "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300,
                              "jti": jti, "scope": "openid", "login_hint": "alice" }))
        };
        for number in 0..OF_CLIENT {
            rp.post(ENDPOINT, &[("request", &signed(&number.to_string()))]).await.json().await;
        }
        let late = signed("late");
        denied(&rp.post(ENDPOINT, &[("request", &late)]).await);
        answer(&app, &alice, "approve-deny").await;
        rp.post(ENDPOINT, &[("request", &late)]).await.json().await;
        rp.post(ENDPOINT, &[("request", &late)]).await.refused("invalid_request", "AS-1198").await;
    }

    async fn of_a_hundred_at_once_as_many_are_accepted_as_may_wait(app) {
        app.person("alice").await;
        let rp = app.client(till()).await;
        let answers = at_once(async move |_| ask(&rp, &[]).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (OF_CLIENT, all_but(OF_CLIENT, "AS-1707")));
    }

    async fn of_a_hundred_of_many_clients_as_many_are_accepted_as_may_wait_for_one_person(app) {
        app.person("alice").await;
        let mut rps = Vec::new();
        for id in ["a", "b", "c", "d", "e"] {
            rps.push(client(&app, id).await);
        }
        let answers = at_once(async move |number| ask(&rps[number % rps.len()], &[]).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (OF_PERSON, all_but(OF_PERSON, "AS-1707")));
    }
}
