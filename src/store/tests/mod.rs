//! The store suite: the same tests on both databases.
//!
//! PostgreSQL is expected at `SYMBOLON_TEST_POSTGRES`, a superuser's URL; `tests/run` provides it.
//! Each test has a database of its own.

mod aggregates;
mod cleanup;
mod cluster;
mod connections;
mod credentials;
mod fixtures;
mod machine_issue;
mod migrations;
mod outage;
mod outbox;
mod parity;
mod races;
mod stream;
mod support;
mod text;
mod tls;
mod unit_of_work;
