//! What the tests stand on: the application under test, its actors, and the assertions that print
//! what happened when they fail.

mod answer;
mod answering;
mod app;
mod assertion;
mod browser;
mod clock;
mod database;
mod dpop;
mod encryption;
mod html;
mod jwks_server;
mod logout_receiver;
mod people;
mod race;
mod received;
mod registration;
mod registry;
mod relying_party;
mod secure;
mod wire;

pub use answer::{Answer, Tokens};
pub use answering::{Button, Settled, answer_at_once};
pub use app::{Options, TestApp};
pub use assertion::{Assertion, ClientKey, signed_with_secret, unsigned};
pub use browser::{Authorize, Away, Browser, Page, Stop};
pub use clock::ManualClock;
pub use database::Database;
pub use dpop::DpopKey;
pub use encryption::ReaderKey;
pub use jwks_server::JwksServer;
pub use logout_receiver::LogoutReceiver;
pub use people::{Grant, GrantSpec, PASSWORD, Person};
pub use race::{MANY, all_but, at_once, outcome};
pub use received::Received;
pub use registration::Registered;
pub use relying_party::{ClientSpec, Credentials, RelyingParty, SECRET, basic, signed_with};
pub use secure::reach_secure;
pub use wire::{Request, Response, Wire, form_encode};

/// Defines tests that run on both databases.
///
/// `async fn name(app) { … }` is handed a fresh application with the default policy;
/// `async fn name(database: Database) { … }` is handed the database, to start its own.
macro_rules! both {
    () => {};
    ($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block $($rest:tt)*) => {
        mod $name {
            #[allow(unused_imports, reason = "not every test names everything that its module imports")]
            use super::*;
            async fn scenario($database: $crate::support::Database) $body
            $(#[$meta])* #[tokio::test]
            async fn sqlite() {
                scenario($crate::support::Database::Sqlite).await;
            }
            $(#[$meta])* #[tokio::test]
            async fn postgres() {
                scenario($crate::support::Database::Postgres).await;
            }
        }
        both! { $($rest)* }
    };
    ($(#[$meta:meta])* async fn $name:ident($app:ident) $body:block $($rest:tt)*) => {
        mod $name {
            #[allow(unused_imports, reason = "not every test names everything that its module imports")]
            use super::*;
            async fn scenario($app: $crate::support::TestApp) $body
            $(#[$meta])* #[tokio::test]
            async fn sqlite() {
                scenario($crate::support::TestApp::new($crate::support::Database::Sqlite).await).await;
            }
            $(#[$meta])* #[tokio::test]
            async fn postgres() {
                scenario($crate::support::TestApp::new($crate::support::Database::Postgres).await).await;
            }
        }
        both! { $($rest)* }
    };
}
