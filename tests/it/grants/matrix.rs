//! Every extension grant against every state of client and person, by generation: no cell issues a
//! token (design rules D1 and D10).

use symbolon::{
    domain::entity::{ExchangeMode, SubjectMapping, UserState},
    store::session,
};

use crate::{
    ciba, device, jwt_bearer,
    support::{Answer, ClientSpec, Database, GrantSpec, Person, RelyingParty, TestApp},
    token_exchange,
};

/// The client that asks at last.
#[derive(Clone, Copy, Debug)]
enum Client {
    Same,
    Disabled,
    Deleted,
    Other,
}

/// What happened to the person meanwhile.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    UserDisabled,
    UserNotBefore,
    ConsentWithdrawn,
    SessionEnded,
}

const CLIENTS: [Client; 4] = [Client::Same, Client::Disabled, Client::Deleted, Client::Other];
const CHANGES: [Change; 5] =
    [Change::Nothing, Change::UserDisabled, Change::UserNotBefore, Change::ConsentWithdrawn, Change::SessionEnded];

/// The grants.
#[derive(Clone, Copy, Debug)]
enum Grant {
    Device,
    ExchangeAccess,
    ExchangeRefresh,
    ExchangeId,
    JwtBearer,
    Ciba,
}

const GRANTS: [Grant; 6] =
    [Grant::Device, Grant::ExchangeAccess, Grant::ExchangeRefresh, Grant::ExchangeId, Grant::JwtBearer, Grant::Ciba];

/// What is about to be redeemed.
enum Ready {
    Device(device::Device),
    /// An `auth_req_id`.
    Ciba(String),
    /// A subject token and its type.
    Exchange(String, &'static str),
    /// An assertion that is not used yet.
    Assertion(String),
}

struct Setting {
    app: TestApp,
    rp: RelyingParty,
    other: RelyingParty,
    person: Person,
    ready: Ready,
}

async fn setting(database: Database, grant: Grant) -> Setting {
    let app = TestApp::new(database).await;
    let person = app.person("alice").await;
    match grant {
        Grant::Device => {
            let rp = app.client(ClientSpec::web("client").set(device::with_grant)).await;
            let other = app.client(ClientSpec::web("other").set(device::with_grant)).await;
            let begun = device::begin(&rp, "openid").await;
            device::approve(&app, &person, &begun).await;
            Setting { app, rp, other, person, ready: Ready::Device(begun) }
        }
        Grant::Ciba => {
            let rp = app.client(ClientSpec::web("client").set(ciba::with_grant)).await;
            let other = app.client(ClientSpec::web("other").set(ciba::with_grant)).await;
            let begun = ciba::begin(&rp, &[]).await;
            ciba::answer(&app, &person, "approve-allow").await;
            Setting { app, rp, other, person, ready: Ready::Ciba(begun) }
        }
        Grant::ExchangeAccess | Grant::ExchangeRefresh | Grant::ExchangeId => {
            let rp = app.client(ClientSpec::web("client").set(token_exchange::with_grant)).await;
            let other = app.client(ClientSpec::web("other").set(token_exchange::with_grant)).await;
            token_exchange::allow(&app, &rp, &rp, &[token_exchange::API], ExchangeMode::Delegation).await;
            let granted = app.grant(&person, &rp, GrantSpec::scope("openid")).await;
            let tokens = rp.exchange(&granted).await.ok().await;
            let (token, kind) = match grant {
                Grant::ExchangeRefresh => (tokens.refresh(), token_exchange::REFRESH),
                Grant::ExchangeId => (tokens.id(), token_exchange::ID),
                _ => (tokens.access_token.as_str(), token_exchange::ACCESS),
            };
            Setting { ready: Ready::Exchange(token.to_owned(), kind), app, rp, other, person }
        }
        Grant::JwtBearer => {
            let rp = app.client(ClientSpec::web("client").set(jwt_bearer::with_grant)).await;
            let other = app.client(ClientSpec::web("other").set(jwt_bearer::with_grant)).await;
            let idp = jwt_bearer::Idp::trusted(&app, SubjectMapping::Username, &[&rp]).await;
            jwt_bearer::agree(&app, &person, &rp, &["openid"]).await;
            Setting { ready: Ready::Assertion(idp.vouch(&app, "alice")), app, rp, other, person }
        }
    }
}

impl Ready {
    async fn redeem(&self, rp: &RelyingParty) -> Answer {
        match self {
            Self::Device(begun) => device::poll(rp, begun).await,
            Self::Ciba(begun) => ciba::poll(rp, begun).await,
            Self::Assertion(assertion) => jwt_bearer::present(rp, assertion, Some("openid")).await,
            Self::Exchange(token, kind) => token_exchange::exchange(rp, token, kind, &[]).await,
        }
    }
}

async fn apply(s: &Setting, change: Change) {
    s.app.clock.advance(2);
    let now = s.app.now();
    match change {
        Change::Nothing => {}
        Change::UserDisabled => s.app.change_person(&s.person, |user| user.state = UserState::Disabled).await,
        Change::UserNotBefore => s.app.change_person(&s.person, move |user| user.not_before = Some(now)).await,
        Change::ConsentWithdrawn => s.app.withdraw_consent(&s.person, &s.rp).await,
        Change::SessionEnded => {
            let id = s.person.id.clone();
            s.app.write(move |tx| session::end_all_of_user(tx, &id, now)).await;
        }
    }
}

both! {
    async fn no_cell_of_the_matrix_issues_a_token(database: Database) {
        for grant in GRANTS {
            for client in CLIENTS {
                for change in CHANGES {
                    let s = setting(database, grant).await;
                    // Whatever the server remembers of the client is warm.
                    s.rp.introspect("x").await.active().await;
                    apply(&s, change).await;
                    match client {
                        Client::Disabled => s.app.change_client(&s.rp, |client| client.enabled = false).await,
                        Client::Deleted => s.app.delete_client(&s.rp).await,
                        Client::Same | Client::Other => {}
                    }
                    let asking = if matches!(client, Client::Other) { &s.other } else { &s.rp };
                    let answer = s.ready.redeem(asking).await;
                    let issued = answer.response.status == 200;
                    // An assertion is about now: it needs no session, and is younger than any limit.
                    let untouched = match grant {
                        Grant::JwtBearer => {
                            matches!(change, Change::Nothing | Change::SessionEnded | Change::UserNotBefore)
                        }
                        _ => matches!(change, Change::Nothing),
                    };
                    let nothing_happened = matches!(client, Client::Same) && untouched;
                    assert_eq!(issued, nothing_happened, "{grant:?} {client:?} {change:?}\n{}", answer.explained().await);
                    assert!(matches!(answer.response.status, 200 | 400 | 401), "{}", answer.response);
                }
            }
        }
    }
}
