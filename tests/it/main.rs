//! The integration suite: the real server in process on a real port, a real database, real HTTP.
//! A folder for each feature, with `ok` and `errors`; every test runs on SQLite and on PostgreSQL.
//!
//! `tests/run it` provides the PostgreSQL server (`SYMBOLON_TEST_POSTGRES`).

#[macro_use]
mod support;

mod architecture;
mod client_authentication;
mod discovery;
mod introspection;
mod revocation;
mod token;
mod userinfo;
