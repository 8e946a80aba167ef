//! Many at once: a request is answered once, and a code is redeemed once, on both databases.

use std::collections::HashMap;

use symbolon::store::authorization;

use super::{approve, begin, card, poll, television};
use crate::support::{Answer, MANY, Person, RelyingParty, Request, TestApp, all_but, at_once, outcome};

/// What a person presses.
#[derive(Clone, Copy, Debug)]
pub enum Button {
    /// That allows.
    Allow,
    /// That denies.
    Deny,
}

impl Button {
    /// Its id.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "approve-allow",
            Self::Deny => "approve-deny",
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// One allowed it, and there is one authorization with one set of tokens.
    Allowed,
    /// One denied it, and there is nothing.
    Denied,
}

/// Sends every answer of this person at once, and then has the client ask many times at once. One answer
/// is heard, the others are told that they came late, and what the client gets is what that one said.
pub async fn answered_once(
    app: &TestApp,
    rp: &RelyingParty,
    person: &Person,
    presses: Vec<Request>,
    asks: impl AsyncFn(usize) -> Answer + 'static,
) -> Settled {
    let sender = rp.clone();
    let answers = at_once(async move |number| sender.send(&presses[number]).await).await;
    let (mut heard, mut late) = (Vec::new(), HashMap::new());
    for answer in &answers {
        if let Some(place) = answer.response.header("location") {
            heard.push(place.rsplit('/').next().unwrap_or_default().to_owned());
        } else {
            let record = app.record(answer.trace_id()).await.expect("a refusal is recorded");
            *late.entry(record.reason().expect("a reason").code().to_owned()).or_insert(0) += 1;
        }
    }
    assert_eq!((heard.len(), late), (1, all_but(1, "AS-1603")), "{heard:?}");
    let polled = at_once(asks).await;
    let (winners, refusals) = outcome(&polled, app).await;
    let (user, client) = (person.id.clone(), rp.client_id.clone());
    let standing = app.read(move |tx| authorization::standing_of_person(tx, &user, &client)).await;
    if heard[0] == "allowed" {
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1163")));
        assert_eq!(standing.len(), 1, "whoever came late left nothing behind");
        rp.refresh(winners[0].ok().await.refresh()).await.ok().await;
        return Settled::Allowed;
    }
    assert_eq!(heard[0], "denied");
    assert_eq!((winners.len(), refusals), (0, all_but(0, "AS-1020")));
    assert_eq!(standing.len(), 0, "whoever came late left nothing behind");
    Settled::Denied
}

/// Answers one request with these buttons in turn, many times at once.
async fn answer_at_once(app: &TestApp, buttons: &[Button]) -> Settled {
    let (tv, alice) = (app.client(television()).await, app.person("alice").await);
    let device = begin(&tv, "openid offline_access").await;
    let mut browser = app.browser();
    let mut presses = Vec::new();
    for number in 0..MANY {
        let page = card(&mut browser, &alice, &device.user_code).await;
        let button = buttons[number % buttons.len()];
        let typed: &[(&str, &str)] = match button {
            Button::Allow => &[("started_here", "yes")],
            Button::Deny => &[],
        };
        presses.push(browser.pressing(&page, button.name(), typed));
    }
    let asking = tv.clone();
    answered_once(app, &tv, &alice, presses, async move |_| poll(&asking, &device).await).await
}

both! {
    async fn of_a_hundred_who_allow_one_device_one_does_and_one_token_comes_of_it(app) {
        assert_eq!(answer_at_once(&app, &[Button::Allow]).await, Settled::Allowed);
    }

    async fn of_a_hundred_who_deny_one_device_one_does_and_no_token_comes_of_it(app) {
        assert_eq!(answer_at_once(&app, &[Button::Deny]).await, Settled::Denied);
    }

    async fn of_a_hundred_who_allow_and_deny_one_device_one_is_heard(app) {
        answer_at_once(&app, &[Button::Allow, Button::Deny]).await;
    }

    async fn of_a_hundred_redemptions_one_wins(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid offline_access").await;
        approve(&app, &alice, &device).await;
        let asking = tv.clone();
        let answers = at_once(async move |_| poll(&asking, &device).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1163")));
        // A device that asked twice is no thief: the winner keeps what it has.
        tv.refresh(winners[0].ok().await.refresh()).await.ok().await;
    }
}
