//! How values of the rules are written into columns, and read back.

use super::StoreError;
use crate::domain::{Timestamp, entity::AuthenticationContext};

/// Lists of words (scopes, methods) are stored as OAuth writes them: separated by spaces.
pub(super) fn join(words: &[String]) -> String {
    words.join(" ")
}

pub(super) fn split(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

pub(super) fn context(auth_time: i64, amr: &str, acr: String) -> AuthenticationContext {
    AuthenticationContext { auth_time: Timestamp::from_millis(auth_time), amr: split(amr), acr }
}

pub(super) fn time(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

pub(super) fn to_json<T: serde::Serialize>(value: &T, table: &str, column: &str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::corrupt(table, column))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &str,
    column: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::corrupt(table, column))
}

/// A name that must be one this version knows: an unknown one is refused, never guessed.
pub(super) fn known<T>(value: Option<T>, table: &str, column: &str) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::corrupt(table, column))
}
