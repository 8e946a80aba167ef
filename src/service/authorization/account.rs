//! Which of the browser's accounts a request is about.

use super::{Browser, DialogueFailure, Page, asked::Asked, pending::Pending};
use crate::{
    domain::{
        entity::{Session, User},
        ids::InteractionId,
        oidc::account_choice::{Choice, Clues, choose as choose_account},
    },
    service::{
        Cx,
        sessions::{self, Held},
        subjects,
    },
    store::{Read, StoreError, client, session_client},
};

/// The session that a request is about, and whether the person has to be asked.
///
/// # Errors
/// When the database fails.
pub(super) fn choose(
    cx: &Cx,
    tx: &mut Read<'_>,
    asked: &Asked,
    browser: &Browser,
    pending: Option<&Pending>,
) -> Result<(Option<(Session, User)>, bool), StoreError> {
    let mut held = sessions::all_live(cx, tx, browser.session.as_ref())?;
    let login_hint = asked.request.login_hint.as_deref();
    // With one account, and nothing that hints at another, there is nothing to look up.
    let last_of_client = if held.len() > 1 || (!held.is_empty() && login_hint.is_some()) {
        let ids: Vec<_> = held.iter().map(|held| &held.session.id).collect();
        session_client::last_of_client(tx, &ids, &asked.request.client_id)?
    } else {
        None
    };
    // A pairwise client knows people by other names than ours.
    let hinted = match &asked.hinted_subject {
        None => None,
        Some(sub) => {
            let client = client::find(tx, &asked.request.client_id)?;
            let is_meant = |held: &&Held| {
                client.as_ref().is_some_and(|client| subjects::told(cx, client, &held.user.id) == sub.as_str())
            };
            Some(held.iter().find(is_meant).map_or_else(|| sub.clone(), |held| held.user.id.clone()))
        }
    };
    let clues = Clues {
        dialogue: pending.and_then(|pending| pending.interaction.session_id.as_ref()),
        subject: hinted.as_ref(),
        login_hint,
        last_of_client: last_of_client.as_ref(),
    };
    let signed_in: Vec<_> = held.iter().map(|held| (&held.session, &held.user)).collect();
    let (place, unsure) = match choose_account(&signed_in, &clues) {
        Choice::Nobody => return Ok((None, false)),
        Choice::Sure(place) => (place, false),
        Choice::Unsure(place) => (place, true),
    };
    let chosen = (place < held.len()).then(|| held.swap_remove(place));
    Ok((chosen.map(|Held { session, user, .. }| (session, user)), unsure))
}

/// The session that a dialogue is about, as it stands now.
///
/// # Errors
/// When the database fails, or a hint no longer verifies.
pub(in crate::service) fn session_of(
    cx: &Cx,
    tx: &mut Read<'_>,
    pending: &Pending,
    browser: &Browser,
) -> Result<Option<(Session, User)>, DialogueFailure> {
    let asked = Asked::of(cx, pending)?;
    Ok(choose(cx, tx, &asked, browser, Some(pending))?.0)
}

/// Where a person goes who wants another account: to the chooser, or to the sign-in page where there is
/// nothing to choose from.
///
/// # Errors
/// When the database fails.
pub(in crate::service) fn page_to_switch(
    cx: &Cx,
    tx: &mut Read<'_>,
    id: InteractionId,
    browser: &Browser,
) -> Result<Page, StoreError> {
    let several = sessions::all_live(cx, tx, browser.session.as_ref())?.len() > 1;
    Ok(if several { Page::Accounts(id) } else { Page::SignIn(id) })
}
