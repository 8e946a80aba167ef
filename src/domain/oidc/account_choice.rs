//! Which of the accounts that are signed in in one browser a request is about (OIDC Core 3.1.2.1:
//! `id_token_hint`, `login_hint`, and the account that was chosen before).

use crate::{
    entity::{Session, User},
    ids::{SessionId, UserId},
};

/// What tells the accounts apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clues<'a> {
    /// The session that was chosen, or that somebody signed in to, in this very dialogue.
    pub dialogue: Option<&'a SessionId>,
    /// The subject of a valid `id_token_hint`, or the `sub` that the claims parameter demands.
    pub subject: Option<&'a UserId>,
    /// `login_hint`.
    pub login_hint: Option<&'a str>,
    /// The session in which the client was authorized last.
    pub last_of_client: Option<&'a SessionId>,
}

/// Which account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nobody is signed in.
    Nobody,
    /// This one: its place among those that are signed in.
    Sure(usize),
    /// This one unless the person says otherwise: they have to be asked.
    Unsure(usize),
}

/// Chooses. `signed_in`: the live sessions of the browser, the one used last first.
///
/// A hint never makes another account than the hinted one pass for it: that is decided afterwards,
/// of whichever is chosen here.
pub fn choose(signed_in: &[(&Session, &User)], clues: &Clues<'_>) -> Choice {
    let place_of = |session: Option<&SessionId>| {
        session.and_then(|id| signed_in.iter().position(|(session, _)| session.id == *id))
    };
    let usual = match (signed_in, place_of(clues.last_of_client)) {
        ([], _) => return Choice::Nobody,
        (_, Some(place)) => Choice::Sure(place),
        ([_], None) => Choice::Sure(0),
        (_, None) => Choice::Unsure(0),
    };
    if let Some(place) = place_of(clues.dialogue) {
        return Choice::Sure(place);
    }
    if let Some(subject) = clues.subject {
        // A browser holds one session a person.
        return Choice::Sure(signed_in.iter().position(|(_, user)| user.id == *subject).unwrap_or_default());
    }
    let Some(hint) = clues.login_hint.filter(|hint| !hint.is_empty()) else { return usual };
    match signed_in.iter().position(|(_, user)| is_meant(user, hint)) {
        Some(place) => Choice::Sure(place),
        // Somebody who went on here with another account than the hinted one is not asked every time.
        None if clues.last_of_client.is_some_and(|id| signed_in.iter().any(|(session, _)| session.id == *id)) => usual,
        None => match usual {
            Choice::Sure(place) | Choice::Unsure(place) => Choice::Unsure(place),
            Choice::Nobody => Choice::Nobody,
        },
    }
}

/// Whether a `login_hint` names this person: by username or address. Never by `sub`: each client
/// has its own.
fn is_meant(user: &User, hint: &str) -> bool {
    let hint_canonical = User::canonical(hint);
    let same = |name: &str| User::canonical(name) == hint_canonical;
    same(&user.username) || user.email.as_deref().is_some_and(same)
}

#[cfg(test)]
mod tests;
