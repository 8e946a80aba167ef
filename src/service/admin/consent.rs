//! Consents as an administrator sees them. Whoever takes one back takes back what came from it: every
//! standing authorization of that person for that client, in the same write.

use super::{AdminFailure, Change, change, client, user::wanted};
use crate::{
    domain::entity::{Consent, EventKind},
    service::{Cx, events::Draft},
    store::{authorization, consent, user},
};

/// What a person agreed to, by client.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn list(cx: &Cx, user: &str) -> Result<Vec<Consent>, AdminFailure> {
    let key = user.to_owned();
    cx.services
        .store
        .read(move |tx| {
            let person = wanted(tx, &key)?;
            Ok(consent::of_user(tx, &person.id)?)
        })
        .await
}

/// Takes back what a person allowed a client. Gives how many authorizations were revoked.
///
/// # Errors
/// `AS-3002` if there is no such person or client, or nothing that was allowed; broken.
pub async fn revoke(cx: &Cx, user: &str, client_id: &str) -> Result<usize, AdminFailure> {
    let (key, client_id) = (user.to_owned(), client_id.to_owned());
    change(cx, "consent.revoke", move |cx, tx| -> Change<usize> {
        let person = wanted(tx, &key)?;
        let client = client::wanted(tx, &client_id)?;
        // Lock order: user, session, authorization. A code that is being issued comes before or after.
        user::lock(tx, &person.id)?;
        let forgotten = consent::delete(tx, &person.id, &client.client_id)?;
        let standing = authorization::standing_of_person(tx, &person.id, &client.client_id)?;
        let mut revoked = 0;
        for one in &standing {
            if authorization::revoke(tx, &one.id, cx.now())? {
                let event = Draft::new(EventKind::AuthorizationRevoked).authorization(one);
                event.fact("cause", "consent_withdrawn").append(cx, tx)?;
                revoked += 1;
            }
        }
        if !forgotten && revoked == 0 {
            return Err(AdminFailure::not_found("consent of this user for", &client_id).into());
        }
        let event = Draft::new(EventKind::ConsentWithdrawn).user(&person.id).client(&client.client_id);
        event.fact("authorizations", revoked).append(cx, tx)?;
        Ok(revoked)
    })
    .await
}
