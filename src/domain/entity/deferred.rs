//! A request that a person answers elsewhere while the client asks again and again: from a device
//! that has no browser (RFC 8628), or over the back channel (OpenID Connect CIBA Core 1.0).

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{AuthorizationId, ClientId, DeferredId, UserId},
    oauth::GrantType,
};

/// How the request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeferredKind {
    /// From a device, which shows a code to type (RFC 8628).
    Device,
    /// Over the back channel, about a person whom the client names (CIBA).
    Backchannel,
}

impl DeferredKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Device, Self::Backchannel];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Backchannel => "backchannel",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The grant that redeems it.
    pub const fn grant_type(self) -> GrantType {
        match self {
            Self::Device => GrantType::DeviceCode,
            Self::Backchannel => GrantType::Ciba,
        }
    }
}

/// How far it has come. It goes forward only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferredState {
    /// Nobody has answered.
    Pending,
    /// Allowed, and not redeemed yet.
    Approved,
    /// Denied, or what allowed it has ended.
    Denied,
    /// The client has its tokens.
    Redeemed,
}

impl DeferredState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Denied, Self::Redeemed];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Redeemed => "redeemed",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A deferred request, as stored: of the code that the client holds, only the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// The identifier on pages and in events.
    pub id: DeferredId,
    /// How it came.
    pub kind: DeferredKind,
    /// SHA-256 of what the client holds.
    pub code_hash: Vec<u8>,
    /// What the person types, in its canonical form.
    pub user_code: Option<String>,
    /// Who asks.
    pub client_id: ClientId,
    /// What is asked: the same document that a dialogue holds.
    pub request: String,
    /// How far it has come.
    pub state: DeferredState,
    /// What it redeems, once it is approved.
    pub authorization_id: Option<AuthorizationId>,
    /// The client waits so many seconds between two requests.
    pub interval: i64,
    /// When the client asked last.
    pub polled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this nobody can answer, and nothing can be redeemed.
    pub expires_at: Timestamp,
    /// The only person who may answer it, if the request names one.
    pub subject: Option<UserId>,
    /// What the person compares with what the app shows.
    pub binding_message: Option<String>,
    /// What the client is told with, sealed, if it wants to be told of the answer.
    pub notification: Option<Vec<u8>>,
    /// The network that it came from, while it waits and counts there.
    pub network: Option<String>,
    /// The address of a device, sealed, while its request waits, for the person who is asked.
    pub address: Option<Vec<u8>>,
}

/// How a dialogue ends when it is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// With a redirect to the client.
    #[default]
    Redirect,
    /// With a page of ours; the client hears of it when it asks.
    Deferred {
        /// The request.
        id: DeferredId,
        /// How it came.
        kind: DeferredKind,
        /// The only person who may answer it, if the request names one: as the client knows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<UserId>,
    },
}
