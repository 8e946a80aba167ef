//! What a run of a conformance suite needs, on a server that was made for it, and nowhere else.

mod hooks;
mod outbound;
mod resource;

use crate::support::{Database, TestApp};

/// An application with the switch on.
pub async fn hooked(database: Database) -> TestApp {
    TestApp::with(database, |options| {
        options.test_hooks = true;
        options.policy.limit_waiting = false;
    })
    .await
}
