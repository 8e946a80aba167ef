//! Rows to begin with. Times are in seconds; most tests live around `NOW`.

use crate::{
    domain::{
        Timestamp,
        entity::{
            AuthenticationContext, Authorization, AuthorizationCode, Bounds, Client, ClientKind, ClientSettings,
            Ending, Event, EventKind, Group, Owner, RefreshToken, Role, Session, User, UserProfile, UserState,
        },
        ids::{AuthorizationId, ClientId, EventId, GroupId, InteractionId, RoleId, SessionId, UserId},
        trace::TraceId,
    },
    store::{
        Abort, MachineIssue, Write, access_token::NewAccessToken, authorization, client, interaction::Interaction,
        session, user,
    },
};

use super::support::{Failure, TestDb};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(super) fn person(id: &str) -> User {
    User {
        id: UserId::new(id),
        username: id.to_owned(),
        email: Some(format!("{id}@example.org")),
        email_verified: true,
        name: Some(id.to_owned()),
        profile: UserProfile::default(),
        state: UserState::Active,
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn app(id: &str) -> Client {
    Client {
        client_id: ClientId::new(id),
        name: id.to_owned(),
        kind: ClientKind::Web,
        enabled: true,
        settings: ClientSettings::of_kind(ClientKind::Web),
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn group(name: &str) -> Group {
    Group {
        id: GroupId::new(format!("g-{name}")),
        name: name.to_owned(),
        description: String::new(),
        owner: Owner::Cli,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn role(name: &str) -> Role {
    Role {
        id: RoleId::new(format!("r-{name}")),
        name: name.to_owned(),
        description: String::new(),
        owner: Owner::Cli,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn context() -> AuthenticationContext {
    AuthenticationContext { auth_time: NOW, amr: vec!["pwd".into()], acr: "1".into() }
}

pub(super) fn browser(id: &str, user: &str) -> Session {
    Session {
        id: SessionId::new(id),
        user_id: UserId::new(user),
        context: context(),
        sign_in_event: EventId::new("e"),
        created_at: NOW,
        idle_expires_at: NOW.plus_seconds(3600),
        expires_at: NOW.plus_seconds(36_000),
        ended_at: None,
    }
}

pub(super) fn allowed(id: &str, user: &str, client: &str, session: &str) -> Authorization {
    Authorization {
        id: AuthorizationId::new(id),
        client_id: ClientId::new(client),
        user_id: UserId::new(user),
        session_id: SessionId::new(session),
        scope: vec!["openid".into(), "offline_access".into()],
        context: context(),
        claims: None,
        bounds: Bounds::default(),
        created_at: NOW,
        revoked_at: None,
    }
}

pub(super) fn code(hash: &[u8], authorization: &str, client: &str) -> AuthorizationCode {
    AuthorizationCode {
        code_hash: hash.to_vec(),
        authorization_id: AuthorizationId::new(authorization),
        client_id: ClientId::new(client),
        redirect_uri: "https://rp.example/callback".into(),
        code_challenge: Some("challenge".into()),
        nonce: None,
        created_at: NOW,
        expires_at: NOW.plus_seconds(60),
        consumed_at: None,
    }
}

pub(super) fn refresh(hash: &[u8], authorization: &str, client: &str) -> RefreshToken {
    RefreshToken {
        token_hash: hash.to_vec(),
        authorization_id: AuthorizationId::new(authorization),
        client_id: ClientId::new(client),
        created_at: NOW,
        expires_at: NOW.plus_seconds(3600),
        family_expires_at: NOW.plus_seconds(36_000),
        rotated_at: None,
        confirmation: Default::default(),
    }
}

pub(super) fn opaque(hash: &[u8], client: &str) -> NewAccessToken {
    NewAccessToken {
        token_hash: hash.to_vec(),
        jti: format!("jti-{hash:?}"),
        authorization_id: None,
        client_id: ClientId::new(client),
        claims: "{}".into(),
        issued_at: NOW,
        expires_at: NOW.plus_seconds(600),
    }
}

pub(super) fn dialogue(id: &str, client: &str) -> Interaction {
    Interaction {
        id: InteractionId::new(id),
        browser_hash: vec![1; 32],
        client_id: ClientId::new(client),
        request: "{}".into(),
        trace_id: trace(1),
        session_id: None,
        authenticated_at: None,
        consented_at: None,
        account_chosen_at: None,
        created_at: NOW,
        expires_at: NOW.plus_seconds(600),
        finished_at: None,
        ending: Ending::Redirect,
    }
}

pub(super) fn trace(number: u128) -> TraceId {
    TraceId::from_bytes(number.to_be_bytes())
}

pub(super) fn happened(id: &str, number: u128) -> Event {
    Event {
        id: EventId::new(id),
        at: NOW,
        kind: EventKind::TokenIssued,
        trace_id: trace(number),
        actor: "client:rp".into(),
        user_id: None,
        client_id: Some("rp".into()),
        session_id: None,
        authorization_id: None,
        object_id: Some(id.to_owned()),
        reason: None,
        facts: "{}".into(),
        sealed: None,
    }
}

pub(super) fn machine_issue(client: &str, version: i64, number: usize) -> MachineIssue {
    MachineIssue {
        client_id: ClientId::new(client),
        client_version: version,
        event: happened(&format!("issue-{number}"), number as u128 + 1),
        token: Some(opaque(format!("token-{number}").as_bytes(), client)),
    }
}

/// Inserts a person `alice`, a client `rp`, her session `s` and an authorization `a`.
pub(super) fn seed(tx: &mut Write<'_>) -> Result<(), Abort<Failure>> {
    user::insert(tx, &person("alice"))?;
    client::insert(tx, &app("rp"))?;
    session::insert(tx, &browser("s", "alice"), b"session-secret")?;
    authorization::insert(tx, &allowed("a", "alice", "rp", "s"), NOW.plus_seconds(36_000))?;
    Ok(())
}

impl TestDb {
    pub(super) async fn seeded(&self) {
        self.write(seed).await.expect("seeds");
    }
}
