//! The adapter to the database: the only place that names Diesel. A unit of work is one closure in
//! one transaction; `Read` and `Write` are different types, so that a read path cannot write.
//!
//! A lookup by a unique key is `get_result`, without LIMIT: SQLite plans a statement whose LIMIT is
//! bound anew at every execution, which costs more than the lookup.

pub mod access_token;
pub mod api;
pub mod assertion_replay;
pub mod authorization;
pub mod authorization_code;
pub mod cleanup;
pub mod client;
pub mod consent;
pub mod credential;
pub mod decision_record;
pub mod deferred;
pub mod delivery;
pub mod details_type;
pub mod dpop_proof;
pub mod event;
pub mod exchange_policy;
pub mod group;
pub mod instance;
pub mod interaction;
pub mod pushed_authorization_request;
pub mod refresh_token;
pub mod registration;
pub mod role;
pub mod session;
pub mod session_client;
pub mod setup_link;
pub mod signing_key;
pub mod throttle;
pub mod trusted_issuer;
pub mod user;

mod conn;
mod dialect;
mod error;
mod machine_issue;
mod migrate;
mod postgres;
mod row;
mod schema;
mod sqlite;
mod unit_of_work;

pub use conn::{Location, Read, Write};
pub use error::StoreError;
pub use machine_issue::{Appended, MachineIssue};
pub use migrate::{MigrationStatus, Schema};
pub use unit_of_work::{Abort, Store, StoreOptions};

#[cfg(test)]
mod tests;
