//! The policy of registration, as the database has it.

use std::sync::Arc;

use crate::{
    domain::oauth::RegistrationPolicy,
    service::Services,
    store::{Read, StoreError, Write, instance},
};

/// Its name among the facts about this installation.
pub(in crate::service) const NAME: &str = "registration_policy";

/// The policy; closed if none was ever set.
///
/// # Errors
/// When the database fails, or holds a policy of another version of this server.
pub(in crate::service) fn read(tx: &mut Read<'_>) -> Result<RegistrationPolicy, StoreError> {
    parse(instance::find(tx, NAME)?.as_deref())
}

/// The policy, which does not change before the transaction ends.
///
/// # Errors
/// As [`read`].
pub(in crate::service) fn lock(tx: &mut Write<'_>) -> Result<RegistrationPolicy, StoreError> {
    parse(instance::lock(tx, NAME)?.as_deref())
}

pub(in crate::service) fn parse(stored: Option<&str>) -> Result<RegistrationPolicy, StoreError> {
    let Some(text) = stored else { return Ok(RegistrationPolicy::default()) };
    serde_json::from_str(text).map_err(|error| StoreError::Broken(format!("the registration policy: {error}")))
}

/// The policy, perhaps a moment old. While the database is away, the one that was read last.
pub async fn current(services: &Services) -> Arc<RegistrationPolicy> {
    services.registrations.policy.current(services, read).await
}

/// The policy that was read last; closed if none was.
pub fn known(services: &Services) -> Arc<RegistrationPolicy> {
    services.registrations.policy.known()
}

/// Reads it again at the next question.
pub fn forget(services: &Services) {
    services.registrations.policy.forget();
}
