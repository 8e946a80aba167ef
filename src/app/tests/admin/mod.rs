//! Management against real databases. Refusals are told apart by their literal codes.

mod client;
mod group_and_role;
mod user;

use crate::service::admin::AdminFailure;

/// The code of a refusal.
#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T, AdminFailure>) -> &'static str {
    match result {
        Err(AdminFailure::Refused { reason, .. }) => reason.code(),
        other => panic!("not refused: {other:?}"),
    }
}

/// The sentence of a refusal.
#[track_caller]
fn told<T: std::fmt::Debug>(result: Result<T, AdminFailure>) -> String {
    match result {
        Err(failure @ AdminFailure::Refused { .. }) => failure.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}
