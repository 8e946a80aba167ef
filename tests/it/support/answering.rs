//! Many answers at once to one request that waits for a person: of a device, or over the back channel.

use std::collections::HashMap;

use symbolon::store::authorization;

use super::{Answer, MANY, Person, RelyingParty, Request, TestApp, all_but, at_once, outcome};

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

/// A person answers one request with these buttons in turn, many times at once, and then the client asks many times
/// at once. One answer is heard, the others are told that they came late, and what the client gets is what that one
/// said. `press` opens the page that asks and gives what the button would send.
pub async fn answer_at_once(
    (app, rp, person): (&TestApp, &RelyingParty, &Person),
    buttons: &[Button],
    mut press: impl AsyncFnMut(Button) -> Request,
    asks: impl AsyncFn(usize) -> Answer + 'static,
) -> Settled {
    let mut presses = Vec::new();
    for button in buttons.iter().cycle().take(MANY) {
        presses.push(press(*button).await);
    }
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
