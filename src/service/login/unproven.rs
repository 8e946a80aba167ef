//! A sign-in that nobody proved: in the place of a person, in a run of a conformance suite. It is the end of an ordinary
//! sign-in, with its session and its event.

use super::authenticate;
use crate::{
    domain::{
        Secret,
        ids::{InteractionId, UserId},
        oauth::OAuthError,
        trace::Reason,
    },
    service::{
        Cx,
        authorization::{Browser, DialogueFailure, find_pending},
    },
    store::{Abort, user},
};

/// Signs this person in in a dialogue, as if they had typed their password. Gives the session cookie.
///
/// # Errors
/// `UserNotActive`; as [`crate::service::authorization::resume`].
pub(in crate::service) async fn danger_sign_in_unproven(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    person: &UserId,
) -> Result<Secret<String>, DialogueFailure> {
    let (context, id, browser, person) = (cx.clone(), id.clone(), browser.clone(), person.clone());
    cx.services
        .store
        .write(move |tx| {
            user::lock(tx, &person)?;
            let Some(person) = user::find(tx, &person)?.filter(|person| person.is_active()) else {
                context.refused("person", &[], Reason::UserNotActive);
                return Err(Abort::from(DialogueFailure::from(OAuthError::invalid_request(Reason::UserNotActive))));
            };
            let pending = find_pending(&context, tx, &id, &browser)?;
            let cx = context.acting_as(format!("user:{}", person.id));
            Ok(authenticate(&cx, tx, &person, Some(pending), &browser)?)
        })
        .await
}
