//! Clients, people and what they allowed, for the tests of this folder.

use super::OAuthError;
use crate::{
    Timestamp,
    entity::{
        AuthenticationContext, Authorization, Bounds, Client, ClientKind, ClientSettings, Owner, Session, User,
        UserProfile, UserState,
    },
    ids::{AuthorizationId, ClientId, EventId, SessionId, UserId},
};

/// The present of every test, in seconds.
pub(super) const NOW: i64 = 1_800_000_000;

pub(super) fn at(seconds_from_now: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + seconds_from_now)
}

pub(super) fn client(kind: ClientKind, redirect_uris: &[&str]) -> Client {
    let mut settings = ClientSettings::of_kind(kind);
    settings.redirect_uris = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
    Client {
        client_id: ClientId::new("app"),
        name: "App".to_owned(),
        kind,
        enabled: true,
        settings,
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: at(-10_000),
        updated_at: at(-10_000),
    }
}

pub(super) fn web() -> Client {
    client(ClientKind::Web, &["https://app.example/callback"])
}

pub(super) fn user() -> User {
    User {
        id: UserId::new("u1"),
        username: "alice".to_owned(),
        email: None,
        email_verified: false,
        name: None,
        profile: UserProfile::default(),
        state: UserState::Active,
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: at(-10_000),
        updated_at: at(-10_000),
    }
}

pub(super) fn context() -> AuthenticationContext {
    AuthenticationContext { auth_time: at(-100), amr: vec!["pwd".to_owned()], acr: "1".to_owned() }
}

pub(super) fn session() -> Session {
    Session {
        id: SessionId::new("s1"),
        user_id: UserId::new("u1"),
        context: context(),
        sign_in_event: EventId::new("e1"),
        created_at: at(-100),
        idle_expires_at: at(100),
        expires_at: at(1000),
        ended_at: None,
    }
}

pub(super) fn authorization(scope: &[&str]) -> Authorization {
    Authorization {
        id: AuthorizationId::new("a1"),
        client_id: ClientId::new("app"),
        user_id: UserId::new("u1"),
        session_id: SessionId::new("s1"),
        scope: strings(scope),
        context: context(),
        claims: None,
        bounds: Bounds::default(),
        created_at: at(-50),
        revoked_at: None,
    }
}

pub(super) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The public code and the reason of a refusal, to compare with literals.
pub(super) fn codes(error: &OAuthError) -> (&'static str, &'static str) {
    (error.code.name(), error.reason.code())
}

/// [`codes`] of a result that must be a refusal.
pub(super) fn refusal<T>(result: Result<T, OAuthError>) -> (&'static str, &'static str) {
    match result {
        Ok(_) => ("granted", ""),
        Err(error) => codes(&error),
    }
}
