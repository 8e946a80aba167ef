//! Who may create an account for themselves: run-time data of an administrator, closed until somebody
//! opens it (Initiating User Registration via OpenID Connect 1.0).

use serde::{Deserialize, Serialize};

use crate::oauth::SettingsRule;

/// Who may create an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUpMode {
    /// Nobody: an administrator creates accounts.
    #[default]
    Off,
    /// Anybody.
    Open,
}

impl SignUpMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Off, Self::Open];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Open => "open",
        }
    }

    /// Whether somebody without an account can have one.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }
}

/// What an administrator lets strangers do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignUpPolicy {
    /// Who may create an account.
    pub mode: SignUpMode,
    /// Accounts an hour from one network; 0: no limit.
    pub per_network: i64,
}

impl Default for SignUpPolicy {
    fn default() -> Self {
        Self { mode: SignUpMode::Off, per_network: 20 }
    }
}

/// Whether a policy makes sense.
///
/// # Errors
/// The setting that breaks a rule.
pub fn check_sign_up_policy(policy: &SignUpPolicy) -> Result<(), SettingsRule> {
    if (0..=1_000_000).contains(&policy.per_network) {
        return Ok(());
    }
    Err(SettingsRule { field: "per_network".to_owned(), rule: "Use 0 (no limit) to 1000000 accounts an hour." })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_signs_up_until_somebody_opens_it() {
        let policy = SignUpPolicy::default();
        assert!(!policy.mode.is_open() && policy.per_network > 0);
        assert_eq!(check_sign_up_policy(&policy), Ok(()));
        assert_eq!(serde_json::from_str::<SignUpPolicy>("{}").expect("the default"), policy);
        let opened: SignUpPolicy = serde_json::from_str(r#"{"mode":"open"}"#).expect("a policy");
        assert!(opened.mode.is_open());
    }

    #[test]
    fn what_is_not_known_is_no_policy() {
        for text in [r#"{"mode":"public"}"#, r#"{"mode":"Open"}"#, r#"{"mode":true}"#, r#"{"invitations":1}"#] {
            assert!(serde_json::from_str::<SignUpPolicy>(text).is_err(), "{text}");
        }
        for mode in SignUpMode::ALL {
            assert_eq!(serde_json::to_value(mode).expect("a string"), mode.name());
        }
        for per_network in [-1, 1_000_001, i64::MIN] {
            let policy = SignUpPolicy { per_network, ..SignUpPolicy::default() };
            assert_eq!(check_sign_up_policy(&policy).expect_err("no policy").field, "per_network");
        }
    }
}
