//! A delivery: something that another server has to be told, written in the transaction of the fact
//! and sent afterwards until it arrives or is given up.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ClientId, trace::TraceId};

/// What is delivered. Each kind has its own payload and its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryKind {
    /// A logout token (OIDC Back-Channel Logout 1.0).
    BackchannelLogout,
    /// That a request over the back channel was answered (CIBA Core 1.0 §10.2).
    BackchannelPing,
}

impl DeliveryKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::BackchannelLogout, Self::BackchannelPing];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackchannelLogout => "backchannel_logout",
            Self::BackchannelPing => "backchannel_ping",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is sent when its time comes.
    Pending,
    /// It arrived.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The identifier.
    pub id: String,
    /// What is delivered.
    pub kind: DeliveryKind,
    /// To which client, if it is for one.
    pub client_id: Option<ClientId>,
    /// What the kind needs, as JSON text; never a secret.
    pub payload: String,
    /// The trace of the fact.
    pub trace_id: TraceId,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried, the try under way included.
    pub attempts: i64,
    /// When it is tried next; while somebody tries, the end of their lease.
    pub next_attempt_at: Timestamp,
    /// What the last try ended with, if not well.
    pub last_error: Option<String>,
    /// When the fact happened.
    pub created_at: Timestamp,
    /// When it arrived or was given up.
    pub settled_at: Option<Timestamp>,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// `backchannel_token_delivery_mode` (CIBA Core 1.0 §4): how the client hears that a person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDeliveryMode {
    /// It asks.
    Poll,
    /// It is told, and asks then.
    Ping,
}

impl TokenDeliveryMode {
    /// Every mode, in the order in which metadata lists them.
    pub const ALL: [Self; 2] = [Self::Poll, Self::Ping];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Ping => "ping",
        }
    }
}
