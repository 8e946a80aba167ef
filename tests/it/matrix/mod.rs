//! Every endpoint against every state of client and person, by generation (design rules D1 and D10):
//! something happens between what was begun and what is asked, and no cell gives what it should not.
//! What a cell gives is a rule (`rule.rs`), and where it still gives, that is demanded too.
//!
//! What each grant answers in detail is pinned in `token/matrix.rs` and `grants/matrix.rs`.

mod begin;
mod finish;
mod rule;

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};
use symbolon::{
    domain::{
        authn::throttle::{account_key, familiar_key, network_key},
        entity::{AccessTokenFormat, Owner, Role, UserState},
        ids::RoleId,
        jose::SigningAlgorithm,
        oauth::{GrantType, ResponseType, SecurityProfile},
    },
    service::admin::consent,
    store::{
        role, session,
        throttle::{self, ThrottleRow},
    },
};

use crate::{
    support::{ClientKey, ClientSpec, Credentials, Person, Registered, RelyingParty, TestApp},
    token_exchange,
};

use rule::Expected;

/// What every request asks for, so that tokens would tell of roles.
const SCOPE: &str = "openid roles";
/// The role that everybody here holds.
const ROLE: &str = "auditor";
/// Where people go after signing out.
const BACK: &str = "https://suite.example/back";

/// Where apps are started.
const START: &str = "https://suite.example/start";

/// What happened meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    ClientDisabled,
    ClientDeleted,
    /// A client that registered itself waits for an administrator, again.
    ClientQuarantined,
    /// A security profile now forbids how the client has worked until then.
    ProfileSet,
    UserDisabled,
    UserDeleted,
    /// Too many wrong passwords: nobody signs in to the account for now.
    UserLocked,
    ConsentRevoked,
    RoleRemoved,
    SessionEnded,
}

const CHANGES: [Change; 11] = [
    Change::Nothing,
    Change::ClientDisabled,
    Change::ClientDeleted,
    Change::ClientQuarantined,
    Change::ProfileSet,
    Change::UserDisabled,
    Change::UserDeleted,
    Change::UserLocked,
    Change::ConsentRevoked,
    Change::RoleRemoved,
    Change::SessionEnded,
];

/// What is asked after the change; all that comes before it was begun earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// An authorization request, in a browser that is signed in and has agreed before.
    Authorize(ResponseType),
    /// The same without any page.
    Silent,
    /// The password, on a page that is open.
    SignIn,
    /// The agreement, on a page that is open.
    Consent(ResponseType),
    /// The choice of an account, on a page that is open.
    Chooser,
    /// A new account of somebody else, on a page that is open.
    SignUp,
    /// The link that starts the app.
    AppStart,
    /// A push.
    Push,
    /// The reference to what was pushed.
    Pushed,
    /// The agreement to what was pushed, on a page that is open.
    PushedConsent,
    /// A device asks.
    DeviceBegin,
    /// The code of a device is typed.
    DeviceEntry,
    /// The agreement for a device, on a page that is open.
    DevicePage,
    /// A request over the back channel.
    CibaBegin,
    /// The list of requests.
    CibaList,
    /// The agreement to one of them, on a page that is open.
    CibaPage,
    Code,
    Refresh,
    /// With a refresh token that was to outlive the session.
    RefreshOffline,
    ClientCredentials,
    DevicePoll,
    CibaPoll,
    JwtBearer,
    /// A token of this kind is exchanged.
    Exchange(Part, &'static str),
    /// The access token, at UserInfo.
    Userinfo(AccessTokenFormat),
    /// The access token, looked at by a service.
    Watched(AccessTokenFormat),
    /// The client's own token, looked at by a service.
    WatchedOwn(AccessTokenFormat),
    /// A token that came of an exchange, at UserInfo.
    UserinfoExchanged(Part, AccessTokenFormat),
    /// A token that came of an exchange, looked at by a service.
    WatchedExchanged(Part, AccessTokenFormat),
    /// Another client's token, looked at by the client.
    Introspect(AccessTokenFormat),
    /// The client revokes its own token.
    Revoke,
    /// A client that registered itself reads its registration.
    Registration,
    /// It replaces it.
    Replace,
    /// It takes itself out.
    Unregister,
    /// The person signs out at the wish of the app, and comes back to it.
    SignOut,
}

const FORMATS: [AccessTokenFormat; 2] = [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque];

/// The part of the client, which something happens to, in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It exchanges a token of its own.
    Both,
    /// It exchanges another client's token.
    Requester,
    /// Another client exchanges its token.
    Grantor,
}

const PARTS: [Part; 3] = [Part::Both, Part::Requester, Part::Grantor];

/// What the request gave.
#[derive(Debug)]
enum Outcome {
    /// What it is there for; with the claims of the tokens that came of it.
    Gave(Vec<Value>),
    /// A page of the dialogue, where a person would have to do something first.
    Page(String),
    /// A refusal with this error; `page` where only a person is told, `hidden` where nothing is shown.
    Refused(String),
    /// A token that is alive no more.
    Dead,
}

/// One application for many cells, with what they share.
struct World<'a> {
    app: &'a TestApp,
    key: ClientKey,
    role: RoleId,
    /// A service that may look at every token.
    watcher: RelyingParty,
}

/// A client and a person of their own.
struct Cell<'a> {
    world: &'a World<'a>,
    app: &'a TestApp,
    rp: RelyingParty,
    person: Person,
    /// What the client was told when it registered itself.
    registered: Option<Registered>,
}

impl<'a> World<'a> {
    async fn new(app: &'a TestApp) -> Self {
        app.open_registration().await;
        app.open_sign_up().await;
        let watcher = app.client(ClientSpec::web("watcher").set(|settings| settings.may_introspect = true)).await;
        let role = Role {
            id: RoleId::new(app.fresh("role")),
            name: ROLE.to_owned(),
            description: String::new(),
            owner: Owner::Cli,
            version: 1,
            created_at: app.now(),
            updated_at: app.now(),
        };
        let id = role.id.clone();
        app.write(move |tx| role::insert(tx, &role)).await;
        Self { app, key: ClientKey::generate(SigningAlgorithm::ES256), role: id, watcher }
    }

    /// A client that may do everything, and keeps its secret in a key.
    fn spec(&self, id: &str, format: AccessTokenFormat) -> ClientSpec {
        ClientSpec::web(id).keyed(&self.key).hybrid().set(|settings| {
            settings.grant_types = GrantType::ALL.to_vec();
            settings.may_introspect = true;
            settings.id_token_signed_response_alg = SigningAlgorithm::ES256;
            settings.access_token_signed_response_alg = SigningAlgorithm::ES256;
            settings.access_token_format = format;
            settings.post_logout_redirect_uris = vec![BACK.to_owned()];
            settings.initiate_login_uri = Some(START.to_owned());
        })
    }

    async fn cell(&'a self, of: Use) -> Cell<'a> {
        let app = self.app;
        let person = app.person(&app.fresh("person")).await;
        let (role, user) = (self.role.clone(), person.id.clone());
        app.write(move |tx| role::grant_to_user(tx, &role, &user)).await;
        let format = match of {
            Use::Userinfo(format) | Use::Watched(format) | Use::WatchedOwn(format) => format,
            Use::UserinfoExchanged(_, format) | Use::WatchedExchanged(_, format) => format,
            _ => AccessTokenFormat::Jwt,
        };
        let registered = match of {
            Use::Registration | Use::Replace | Use::Unregister => {
                let metadata = json!({ "redirect_uris": ["https://suite.example/callback"] });
                Some(app.register(&metadata).await.registered().await)
            }
            _ => None,
        };
        let rp = match &registered {
            Some(registered) => app.app_of(registered),
            None => {
                let spec = self.spec(&app.fresh("client"), format);
                app.client(spec).await.with(Credentials::Key(self.key.clone()))
            }
        };
        Cell { world: self, app, rp, person, registered }
    }
}

impl Cell<'_> {
    async fn apply(&self, change: Change) {
        let (app, person) = (self.app, &self.person);
        // Whatever the server remembers of the client is warm; and what follows is later.
        self.rp.introspect("x").await;
        app.clock.advance(2);
        let (id, now) = (person.id.clone(), app.now());
        match change {
            Change::Nothing => {}
            Change::ClientDisabled => app.change_client(&self.rp, |client| client.enabled = false).await,
            Change::ClientDeleted => app.delete_client(&self.rp).await,
            Change::ClientQuarantined => {
                app.change_client(&self.rp, |client| client.settings.quarantined = true).await;
            }
            Change::ProfileSet => {
                let profile = SecurityProfile::Fapi2Security;
                app.change_client(&self.rp, move |client| client.settings = profile.apply(client.settings.clone()))
                    .await;
            }
            Change::UserDisabled => app.change_person(person, |user| user.state = UserState::Disabled).await,
            Change::UserDeleted => app.delete_person(person).await,
            Change::UserLocked => self.lock().await,
            // Of somebody who has agreed to nothing yet, there is nothing to take back.
            Change::ConsentRevoked => {
                drop(consent::revoke(&app.cx(), &person.username, self.rp.client_id.as_str()).await);
            }
            Change::RoleRemoved => {
                let role = self.world.role.clone();
                assert!(app.write(move |tx| role::revoke_from_user(tx, &role, &id)).await, "the role was held");
            }
            Change::SessionEnded => {
                app.write(move |tx| session::end_all_of_user(tx, &id, now)).await;
            }
        }
    }

    /// As after too many wrong passwords from everywhere.
    async fn lock(&self) {
        let network = network_key(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let keys = [account_key(&self.person.id), familiar_key(&self.person.id, &network)];
        let now = self.app.now();
        let row = ThrottleRow {
            failures: 40,
            window_started_at: now.millis(),
            blocked_until: now.plus_seconds(300).millis(),
        };
        self.app
            .write(move |tx| {
                for key in &keys {
                    throttle::lock(tx, key, row)?;
                    throttle::put(tx, key, row)?;
                }
                Ok(())
            })
            .await;
    }
}

/// Goes through all cells of these rows, and reports every one that is wrong.
async fn check(app: &TestApp, uses: &[Use]) {
    let world = World::new(app).await;
    let mut wrong = Vec::new();
    for of in uses {
        for change in CHANGES {
            let cell = world.cell(*of).await;
            let begun = cell.begin(*of).await;
            cell.apply(change).await;
            let outcome = cell.finish(*of, begun, change).await;
            let expected = rule::expected(*of, change);
            let tells = |claims: &Value| claims["roles"].as_array().is_some_and(|roles| roles.contains(&ROLE.into()));
            let right = match (&outcome, &expected) {
                (Outcome::Gave(tokens), Expected::Works) => {
                    tokens.iter().any(tells) == (rule::tells_roles(*of, change))
                }
                (Outcome::Page(path), Expected::Page(prefix)) => path.starts_with(prefix),
                (Outcome::Refused(error), Expected::Refused(allowed)) => error == allowed,
                (Outcome::Dead, Expected::Dead) => true,
                _ => false,
            };
            if !right {
                wrong.push(format!("{of:?} after {change:?}: expected {expected:?}, got {outcome:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

both! {
    async fn no_answer_of_the_authorization_endpoint_brings_what_it_should_not(app) {
        let uses: Vec<Use> = ResponseType::ALL.into_iter().map(Use::Authorize).chain([Use::Silent]).collect();
        check(&app, &uses).await;
    }

    async fn a_page_that_is_open_meanwhile_grants_nothing_that_it_should_not(app) {
        let uses = [
            Use::SignIn,
            Use::Consent(ResponseType::Code),
            Use::Consent(ResponseType::IdToken),
            Use::Consent(ResponseType::CodeIdTokenToken),
            Use::Chooser,
            Use::SignUp,
            Use::AppStart,
            Use::Push,
            Use::Pushed,
            Use::PushedConsent,
        ];
        check(&app, &uses).await;
    }

    async fn no_request_of_another_device_or_over_the_back_channel_goes_further_than_it_should(app) {
        let uses =
            [Use::DeviceBegin, Use::DeviceEntry, Use::DevicePage, Use::CibaBegin, Use::CibaList, Use::CibaPage];
        check(&app, &uses).await;
    }

    async fn no_grant_gives_a_token_that_it_should_not(app) {
        let uses = [
            Use::Code,
            Use::Refresh,
            Use::RefreshOffline,
            Use::ClientCredentials,
            Use::DevicePoll,
            Use::CibaPoll,
            Use::JwtBearer,
        ];
        check(&app, &uses).await;
    }

    async fn no_exchange_gives_a_token_that_it_should_not_whichever_side_something_happened_to(app) {
        let kinds = [token_exchange::ACCESS, token_exchange::REFRESH, token_exchange::ID];
        let uses: Vec<Use> = PARTS.into_iter().flat_map(|part| kinds.map(|kind| Use::Exchange(part, kind))).collect();
        check(&app, &uses).await;
    }

    async fn nothing_is_told_for_an_exchanged_token_that_should_be_dead(app) {
        let mut uses = Vec::new();
        for format in FORMATS {
            for part in PARTS {
                uses.extend([Use::UserinfoExchanged(part, format), Use::WatchedExchanged(part, format)]);
            }
        }
        check(&app, &uses).await;
    }

    async fn nothing_is_told_or_done_for_a_token_that_should_be_dead(app) {
        let of_both = |of: fn(AccessTokenFormat) -> Use| FORMATS.map(of);
        let looked_at = [Use::Userinfo, Use::Watched, Use::WatchedOwn, Use::Introspect].map(of_both);
        let others = [Use::Revoke, Use::Registration, Use::Replace, Use::Unregister, Use::SignOut];
        check(&app, &[looked_at.as_flattened(), &others].concat()).await;
    }
}
