//! The integration suite: the real server in process on a real port, a real database, real HTTP.
//! A folder for each feature, with `ok` and `errors`; every test runs on SQLite and on PostgreSQL.
//!
//! `tests/run it` provides the PostgreSQL server (`SYMBOLON_TEST_POSTGRES`).

// The whole crate is a test, which clippy.toml's allow-…-in-tests does not see: its support may panic too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[macro_use]
mod support;

mod architecture;
mod authorization_details;
mod authorize;
mod ciba;
mod client_authentication;
mod client_id_metadata_document;
#[path = "../../conformance/behaviours/mod.rs"]
mod conformance;
mod conformance_seed;
mod consent;
mod device;
mod discovery;
mod dpop;
mod grants;
mod http;
mod introspection;
mod jwt_bearer;
mod login;
mod logout;
mod matrix;
mod mcp_check;
mod mtls;
mod par;
mod protected_resource_metadata;
mod reasons;
mod registration;
mod request_object;
mod resource_indicators;
mod revocation;
mod security_profiles;
mod sessions;
mod setup;
mod sign_up;
mod step_up;
mod subjects;
mod token;
mod token_exchange;
mod userinfo;
