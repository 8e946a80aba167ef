//! From settings to the instance's rules.

use super::Purpose;
use crate::{config::Settings, service::Policy};

/// The instance's rules as configured, for what the process is started for.
pub fn policy_of(settings: &Settings, purpose: Purpose) -> Policy {
    Policy {
        code_seconds: settings.tokens.code.get(),
        access_token_seconds: settings.tokens.access_token.get(),
        id_token_seconds: settings.tokens.id_token.get(),
        refresh_idle_seconds: settings.tokens.refresh_idle.get(),
        refresh_absolute_seconds: settings.tokens.refresh_absolute.get(),
        refresh_grace_seconds: settings.tokens.refresh_grace.get(),
        mtls: settings.mtls.url.clone(),
        mtls_authority: settings.mtls.ca_file.is_some(),
        require_dpop_nonce: settings.tokens.require_dpop_nonce,
        session_idle_seconds: settings.sessions.idle.get(),
        session_absolute_seconds: settings.sessions.absolute.get(),
        password_min_length: settings.passwords.min_length,
        key_rotation_seconds: settings.keys.rotation.get(),
        key_overlap_seconds: settings.keys.overlap.get(),
        limit_waiting: purpose != Purpose::Conformance,
        ..Policy::default()
    }
}
