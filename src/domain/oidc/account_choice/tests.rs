//! Tests of `account_choice`.

use super::*;
use crate::{
    Timestamp,
    oidc::fixtures::{session, user},
};

/// The choice among these people, who are all signed in.
fn among(names: &[&str], clues: &Clues<'_>) -> Choice {
    let pairs: Vec<(Session, User)> = names
        .iter()
        .map(|name| {
            let mut person = user(name);
            person.email = Some(format!("{name}@Example.com"));
            (session(&format!("s-{name}"), &person, Timestamp::from_seconds(5)), person)
        })
        .collect();
    choose(&pairs.iter().map(|(session, user)| (session, user)).collect::<Vec<_>>(), clues)
}

#[test]
fn nobody_is_nobody_whatever_is_hinted() {
    let subject = UserId::new("alice");
    let clues = Clues { subject: Some(&subject), login_hint: Some("alice"), ..Clues::default() };
    assert_eq!(among(&[], &clues), Choice::Nobody);
}

#[test]
fn the_only_account_is_not_asked_about_and_one_of_several_is() {
    assert_eq!(among(&["alice"], &Clues::default()), Choice::Sure(0));
    assert_eq!(among(&["alice", "bob"], &Clues::default()), Choice::Unsure(0));
}

#[test]
fn the_dialogues_own_session_goes_before_everything_else() {
    let (dialogue, subject, last) = (SessionId::new("s-carol"), UserId::new("bob"), SessionId::new("s-bob"));
    let clues = Clues {
        dialogue: Some(&dialogue),
        subject: Some(&subject),
        last_of_client: Some(&last),
        login_hint: Some("bob"),
    };
    assert_eq!(among(&["alice", "bob", "carol"], &clues), Choice::Sure(2));
    // It ended meanwhile: the hint decides.
    assert_eq!(among(&["alice", "bob"], &clues), Choice::Sure(1));
}

#[test]
fn a_hinted_person_is_found_among_several_and_never_guessed() {
    let subject = UserId::new("bob");
    let clues = Clues { subject: Some(&subject), login_hint: Some("alice"), ..Clues::default() };
    assert_eq!(among(&["alice", "bob"], &clues), Choice::Sure(1));
    // Whoever is chosen instead is told apart afterwards; no choice of the person helps here.
    assert_eq!(among(&["alice", "carol"], &clues), Choice::Sure(0));
}

#[test]
fn a_login_hint_is_a_username_or_an_address() {
    for hint in ["bob", "BOB", "bob@example.com", "Bob@EXAMPLE.com"] {
        let clues = Clues { login_hint: Some(hint), ..Clues::default() };
        assert_eq!(among(&["alice", "bob"], &clues), Choice::Sure(1), "{hint}");
    }
}

#[test]
fn a_login_hint_of_nobody_here_asks_until_somebody_went_on() {
    let last = SessionId::new("s-alice");
    for hint in ["dora", "bo", "@example.com"] {
        let clues = Clues { login_hint: Some(hint), ..Clues::default() };
        assert_eq!(among(&["alice"], &clues), Choice::Unsure(0), "{hint}");
        let met = Clues { last_of_client: Some(&last), ..clues };
        assert_eq!(among(&["alice"], &met), Choice::Sure(0), "{hint}");
        assert_eq!(among(&["bob", "alice"], &met), Choice::Sure(1), "{hint}");
    }
    assert_eq!(among(&["alice"], &Clues { login_hint: Some(""), ..Clues::default() }), Choice::Sure(0));
}

#[test]
fn a_client_comes_back_to_the_account_that_it_was_given_last() {
    let last = SessionId::new("s-bob");
    let clues = Clues { last_of_client: Some(&last), ..Clues::default() };
    assert_eq!(among(&["alice", "bob"], &clues), Choice::Sure(1));
    assert_eq!(among(&["alice", "carol"], &clues), Choice::Unsure(0), "that session is gone");
}
