//! Who may create an account for themselves.

use super::{AdminFailure, change};
use crate::{
    domain::{
        entity::EventKind,
        oidc::sign_up::{SignUpMode, SignUpPolicy, check_sign_up_policy},
    },
    service::{Cx, events::Draft, sign_up::policy},
    store::instance,
};

/// What is to be changed about the policy. `None` leaves a field as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignUpChanges {
    /// Who may create an account.
    pub mode: Option<SignUpMode>,
    /// Accounts an hour from one network.
    pub per_network: Option<i64>,
}

/// The policy as it is stored.
///
/// # Errors
/// When the database fails.
pub async fn find_policy(cx: &Cx) -> Result<SignUpPolicy, AdminFailure> {
    cx.services.store.read(|tx| Ok(policy::read(tx)?)).await
}

/// Changes the policy. Gives it as it is now.
///
/// # Errors
/// `AS-3003`, `AS-3005`; broken.
pub async fn update_policy(cx: &Cx, changes: SignUpChanges) -> Result<SignUpPolicy, AdminFailure> {
    let changed = change(cx, "sign_up.policy", move |cx, tx| {
        let stored = instance::find(tx, policy::NAME)?;
        let mut changed = policy::parse(stored.as_deref())?;
        changed.mode = changes.mode.unwrap_or(changed.mode);
        changed.per_network = changes.per_network.unwrap_or(changed.per_network);
        check_sign_up_policy(&changed).map_err(|broken| AdminFailure::value(&broken.field, broken.rule))?;
        let text = serde_json::to_string(&changed).map_err(|error| AdminFailure::value("policy", error))?;
        if stored.as_deref() == Some(text.as_str()) {
            return Ok(changed);
        }
        if !instance::replace(tx, policy::NAME, stored.as_deref(), &text)? {
            return Err(AdminFailure::changed("policy", "sign-up").into());
        }
        Draft::new(EventKind::SignUpPolicyChanged)
            .fact("mode", changed.mode.name())
            .fact("per_network", changed.per_network)
            .append(cx, tx)?;
        Ok(changed)
    })
    .await;
    policy::forget(&cx.services);
    changed
}
