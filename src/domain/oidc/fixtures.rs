//! A person, a client and a session for the tests of this folder.

use crate::{
    Timestamp,
    entity::{AuthenticationContext, Client, ClientKind, ClientSettings, Owner, Session, User, UserProfile, UserState},
    ids::{ClientId, EventId, SessionId, UserId},
};

pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub fn user(id: &str) -> User {
    User {
        id: UserId::new(id),
        username: id.to_owned(),
        email: None,
        email_verified: false,
        name: None,
        profile: UserProfile::default(),
        state: UserState::Active,
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_seconds(1_700_000_000),
    }
}

pub fn client(id: &str) -> Client {
    Client {
        client_id: ClientId::new(id),
        name: id.to_owned(),
        kind: ClientKind::Web,
        enabled: true,
        settings: ClientSettings::of_kind(ClientKind::Web),
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_seconds(1),
    }
}

pub fn session(id: &str, user: &User, auth_time: Timestamp) -> Session {
    Session {
        id: SessionId::new(id),
        user_id: user.id.clone(),
        context: AuthenticationContext { auth_time, amr: names(&["pwd"]), acr: "1".into() },
        sign_in_event: EventId::new("e1"),
        created_at: auth_time,
        idle_expires_at: auth_time.plus_seconds(1_000_000),
        expires_at: auth_time.plus_seconds(1_000_000),
        ended_at: None,
    }
}
