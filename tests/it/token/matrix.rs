//! Every grant against every state of client and person, by generation: no cell issues a token, and
//! what was issued before is dead (design rules D1 and D10).

use symbolon::domain::entity::{AccessTokenFormat, UserState};

use crate::support::{ClientSpec, Grant, GrantSpec, Person, RelyingParty, TestApp, Tokens};

/// What happened between the grant and its use.
#[derive(Clone, Copy, Debug)]
enum Change {
    ClientDisabled,
    ClientDeleted,
    ClientNotBefore,
    SecretRotated,
    UserDisabled,
    UserDeleted,
    UserNotBefore,
    SessionEnded,
    ConsentWithdrawn,
    AuthorizationRevoked,
}

const CHANGES: [Change; 10] = [
    Change::ClientDisabled,
    Change::ClientDeleted,
    Change::ClientNotBefore,
    Change::SecretRotated,
    Change::UserDisabled,
    Change::UserDeleted,
    Change::UserNotBefore,
    Change::SessionEnded,
    Change::ConsentWithdrawn,
    Change::AuthorizationRevoked,
];

/// Which request is made afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Path {
    Code,
    Refresh,
    Redelivery,
    ClientCredentials,
}

impl Change {
    async fn apply(self, app: &TestApp, rp: &RelyingParty, person: &Person, grant: &Grant) {
        // Later than what was granted: a limit is compared in milliseconds, a JWT's iat in seconds.
        app.clock.advance(2);
        let now = app.now();
        match self {
            Self::ClientDisabled => app.change_client(rp, |client| client.enabled = false).await,
            Self::ClientDeleted => app.delete_client(rp).await,
            Self::ClientNotBefore => app.change_client(rp, move |client| client.not_before = Some(now)).await,
            Self::SecretRotated => app.rotate_secret(rp, "another-secret").await,
            Self::UserDisabled => app.change_person(person, |user| user.state = UserState::Disabled).await,
            Self::UserDeleted => app.delete_person(person).await,
            Self::UserNotBefore => app.change_person(person, move |user| user.not_before = Some(now)).await,
            Self::SessionEnded => app.end_session(&grant.session).await,
            Self::ConsentWithdrawn => app.withdraw_consent(person, rp).await,
            Self::AuthorizationRevoked => app.revoke_authorization(&grant.authorization).await,
        }
    }

    /// How the request is refused; none if this change is no reason to.
    const fn refusal(self, path: Path) -> Option<(&'static str, &'static str)> {
        let of_a_person = !matches!(path, Path::ClientCredentials);
        match self {
            Self::ClientDisabled | Self::ClientDeleted => Some(("invalid_client", "AS-1001")),
            Self::SecretRotated => Some(("invalid_client", "AS-1204")),
            Self::UserDisabled if of_a_person => Some(("invalid_grant", "AS-1127")),
            // The rows went with the person.
            Self::UserDeleted if matches!(path, Path::Code) => Some(("invalid_grant", "AS-1111")),
            Self::UserDeleted if of_a_person => Some(("invalid_grant", "AS-1121")),
            Self::ClientNotBefore | Self::UserNotBefore | Self::AuthorizationRevoked if of_a_person => {
                Some(("invalid_grant", "AS-1125"))
            }
            Self::SessionEnded if of_a_person => Some(("invalid_grant", "AS-1126")),
            Self::ConsentWithdrawn if of_a_person => Some(("invalid_grant", "AS-1128")),
            _ => None,
        }
    }

    /// Whether access tokens from before are dead. A rotated secret is about the client's next
    /// requests; a consent is withdrawn together with its authorizations, which is another row.
    const fn kills_issued_tokens(self) -> bool {
        !matches!(self, Self::SecretRotated | Self::ConsentWithdrawn)
    }
}

struct Setting {
    app: TestApp,
    rp: RelyingParty,
    watcher: RelyingParty,
    person: Person,
    grant: Grant,
    tokens: Option<Tokens>,
}

async fn setting(database: crate::support::Database, path: Path, format: AccessTokenFormat) -> Setting {
    let app = TestApp::new(database).await;
    let spec = match path {
        Path::ClientCredentials => ClientSpec::machine("client"),
        _ => ClientSpec::web("client"),
    };
    let rp = app.client(spec.set(|settings| settings.access_token_format = format)).await;
    let watcher = app.client(ClientSpec::web("watcher").set(|settings| settings.may_introspect = true)).await;
    let person = app.person("alice").await;
    let grant = app.grant(&person, &rp, GrantSpec::scope("openid profile")).await;
    let tokens = match path {
        Path::Code => None,
        Path::Refresh => Some(rp.exchange(&grant).await.ok().await),
        Path::Redelivery => {
            let first = rp.exchange(&grant).await.ok().await;
            rp.refresh(first.refresh()).await.ok().await;
            Some(first)
        }
        Path::ClientCredentials => Some(rp.machine_token().await.ok().await),
    };
    Setting { app, rp, watcher, person, grant, tokens }
}

both! {
    async fn no_cell_of_the_matrix_issues_a_token(database: Database) {
        for path in [Path::Code, Path::Refresh, Path::Redelivery, Path::ClientCredentials] {
            for change in CHANGES {
                let s = setting(database, path, AccessTokenFormat::Jwt).await;
                // Whatever the server remembers of the client is warm.
                s.rp.introspect("x").await.active().await;
                change.apply(&s.app, &s.rp, &s.person, &s.grant).await;
                let answer = match (path, &s.tokens) {
                    (Path::Refresh | Path::Redelivery, Some(tokens)) => s.rp.refresh(tokens.refresh()).await,
                    (Path::ClientCredentials, _) => s.rp.machine_token().await,
                    _ => s.rp.exchange(&s.grant).await,
                };
                match change.refusal(path) {
                    Some((error, reason)) => answer.refused(error, reason).await,
                    // About people, or about tokens from before: nothing to a service's next request.
                    None => drop(answer.ok().await),
                }
            }
        }
    }

    async fn tokens_from_before_the_change_are_dead(database: Database) {
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            for change in CHANGES {
                let s = setting(database, Path::Refresh, format).await;
                let tokens = s.tokens.as_ref().expect("issued");
                assert!(s.watcher.introspect(&tokens.access_token).await.active().await);
                change.apply(&s.app, &s.rp, &s.person, &s.grant).await;
                let dead = change.kills_issued_tokens();
                for token in [tokens.access_token.as_str(), tokens.refresh()] {
                    assert_eq!(
                        s.watcher.introspect(token).await.active().await,
                        !dead,
                        "{change:?} {format:?} {token}"
                    );
                }
                let userinfo = s.rp.userinfo(&tokens.access_token).await;
                if dead {
                    userinfo.refused("invalid_token", "AS-1151").await;
                } else {
                    userinfo.json().await;
                }
            }
        }
    }

    async fn a_services_token_dies_with_the_service(database: Database) {
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            for change in [Change::ClientDisabled, Change::ClientDeleted, Change::ClientNotBefore] {
                let s = setting(database, Path::ClientCredentials, format).await;
                let tokens = s.tokens.as_ref().expect("issued");
                assert!(s.watcher.introspect(&tokens.access_token).await.active().await);
                change.apply(&s.app, &s.rp, &s.person, &s.grant).await;
                assert!(!s.watcher.introspect(&tokens.access_token).await.active().await, "{change:?} {format:?}");
            }
        }
    }

    async fn a_change_back_does_not_revive_what_a_limit_ended(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.clock.advance(2);
        let now = app.now();
        app.change_person(&alice, move |user| user.not_before = Some(now)).await;
        // A later sign-in stands.
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let fresh = rp.exchange(&grant).await.ok().await;
        assert!(rp.introspect(&fresh.access_token).await.active().await);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.refresh(fresh.refresh()).await.ok().await;
    }
}
