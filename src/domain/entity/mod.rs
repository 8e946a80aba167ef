//! The things Symbolon keeps: structs, their states, and the transitions allowed between them.

mod api;
mod authorization;
mod client;
mod deferred;
mod event;
mod exchange_policy;
mod key;
mod session;
mod user;

pub use api::{Api, ApiScope, ApiSettings, DetailsType};
pub use authorization::{Authorization, AuthorizationCode, Bounds, Consent, RefreshToken};
pub use client::{
    AccessTokenFormat, AssertionAudience, AuthMethod, Client, ClientKind, ClientSecret, ClientSettings, ConsentMode,
    IdTokenClaims,
};
pub use deferred::{Deferred, DeferredKind, DeferredState, Ending};
pub use event::{Event, EventKind, SealedData};
pub use exchange_policy::{ExchangeMode, ExchangePolicy};
pub use key::{KeyAction, KeyState, RotationSchedule, SigningKeyRecord, plan_rotation};
pub use session::{AuthenticationContext, Session};
pub use user::{Group, Role, User, UserProfile, UserState};

/// Who owns an object's definition: later, a file or a provisioning service may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The command line.
    Cli,
    /// The product itself: built-in roles, the playground's clients.
    System,
    /// The setup page or a console.
    Ui,
}

impl Owner {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::System => "system",
            Self::Ui => "ui",
        }
    }

    /// From the stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cli, Self::System, Self::Ui].into_iter().find(|owner| owner.name() == name)
    }
}
