//! The things Symbolon keeps: structs, their states, and the transitions allowed between them.

mod api;
mod auth_method;
mod authorization;
mod client;
mod deferred;
mod delivery;
mod event;
mod exchange_policy;
mod key;
mod session;
mod trusted_issuer;
mod user;

pub use api::{Api, ApiScope, ApiSettings, DetailsType};
pub use auth_method::{AuthMethod, Certificates};
pub use authorization::{Authorization, AuthorizationCode, Bounds, Consent, RefreshToken};
pub use client::{
    AccessTokenFormat, AssertionAudience, Client, ClientKind, ClientSecret, ClientSettings, ConsentMode, IdTokenClaims,
    InitialAccessToken, SubjectType,
};
pub use deferred::{Deferred, DeferredKind, DeferredState, Ending};
pub use delivery::{Delivery, DeliveryKind, DeliveryState, TokenDeliveryMode};
pub use event::{Event, EventKind, SealedData};
pub use exchange_policy::{ExchangeMode, ExchangePolicy};
pub use key::{KeyAction, KeyAlgorithm, KeyState, RotationSchedule, SigningKeyRecord, plan_rotation};
pub use session::{AuthenticationContext, Session};
pub use trusted_issuer::{SubjectMapping, TrustedIssuer};
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
    /// The program itself, by dynamic registration (RFC 7591).
    Dcr,
    /// The metadata document that the `client_id` is the address of.
    Cimd,
    /// The person themselves, by signing up.
    Person,
}

impl Owner {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::System => "system",
            Self::Ui => "ui",
            Self::Dcr => "dcr",
            Self::Cimd => "cimd",
            Self::Person => "person",
        }
    }

    /// From the stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cli, Self::System, Self::Ui, Self::Dcr, Self::Cimd, Self::Person]
            .into_iter()
            .find(|owner| owner.name() == name)
    }

    /// Whether nobody here has vouched for what the object says of itself.
    pub const fn is_self_registered(self) -> bool {
        matches!(self, Self::Dcr | Self::Cimd)
    }
}
