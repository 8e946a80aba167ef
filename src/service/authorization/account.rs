//! Which of the browser's accounts a request is about.

use super::{Browser, DialogueFailure, Page, asked::Asked, pending::Pending};
use crate::{
    domain::{
        entity::{Client, Session, User},
        ids::{InteractionId, UserId},
        oidc::account_choice::{Choice, Clues, choose as choose_account},
    },
    service::{
        Cx,
        sessions::{self, Held},
        subjects,
    },
    store::{Read, StoreError, session_client},
};

/// The session that a request is about, and whether the person has to be asked.
///
/// # Errors
/// When the database fails.
pub(super) fn choose(
    cx: &Cx,
    tx: &mut Read<'_>,
    asked: &Asked,
    client: &Client,
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
    // Whom the client means by its own name for them; a stranger matches nobody.
    let subject = asked.hinted_subject.as_ref().map(|sub| {
        let named = held.iter().map(|held| subjects::meant(cx, client, sub, &held.user.id));
        named
            .zip(&held)
            .find(|(meant, held)| *meant == held.user.id)
            .map_or_else(|| UserId::new(""), |(meant, _)| meant)
    });
    let clues = Clues {
        dialogue: pending.and_then(|pending| pending.interaction.session_id.as_ref()),
        subject: subject.as_ref(),
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
    Ok(choose(cx, tx, &asked, &pending.client, browser, Some(pending))?.0)
}

/// Whether the client means somebody who has an account, by `id_token_hint` or the claims parameter; a
/// `login_hint` is but a guess.
///
/// # Errors
/// When a hint no longer verifies.
pub(in crate::service) fn is_about_somebody(cx: &Cx, pending: &Pending) -> Result<bool, DialogueFailure> {
    Ok(Asked::of(cx, pending)?.hinted_subject.is_some())
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
