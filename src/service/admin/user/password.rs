//! New passwords: held against the policy, and hashed before any transaction begins.

use crate::{
    crypto::{password::PasswordError, random::random_bytes},
    domain::{
        Secret,
        authn::password_policy::{PasswordPolicy, check_new_password},
        trace::Reason,
    },
    service::{Broken, Cx, admin::AdminFailure},
};

/// The hash of a password that may be set for somebody with these names.
pub(crate) async fn hash_checked(
    cx: &Cx,
    password: &Secret<String>,
    personal: &[Option<&str>],
) -> Result<String, AdminFailure> {
    if password.expose().is_empty() {
        return Err(super::password_missing());
    }
    let mut words: Vec<&str> = personal.iter().flatten().copied().collect();
    words.extend([cx.services.issuer.host(), cx.services.policy.instance_name.as_str()]);
    let policy = PasswordPolicy::at_least(cx.services.policy.password_min_length);
    check_new_password(password.expose(), &words, &policy)
        .map_err(|rule| AdminFailure::refused(rule.reason(), format!("password: {}", rule.sentence())))?;
    hash(cx, password.clone()).await
}

/// The hash of any password.
pub(super) async fn hash(cx: &Cx, password: Secret<String>) -> Result<String, AdminFailure> {
    Ok(cx.services.passwords.hash(password, random_bytes(cx.random())).await?)
}

impl From<PasswordError> for AdminFailure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooLong => Self::refused(Reason::PasswordTooLong, format!("password: {error}")),
            PasswordError::Empty => super::password_missing(),
            PasswordError::Busy { retry_after_seconds } => Self::Broken(Broken::Unavailable {
                retry_after: u32::try_from(retry_after_seconds).unwrap_or(u32::MAX),
                why: error.to_string(),
            }),
            PasswordError::Malformed | PasswordError::Unavailable => Self::Broken(Broken::Internal(error.to_string())),
        }
    }
}
