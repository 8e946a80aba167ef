//! Identifiers as types of their own, so that one cannot be handed in for another.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the stored text of the identifier.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as stored and as sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A person. Also the `sub` of public subjects: opaque, stable, never reused.
    UserId,
    /// The OAuth `client_id` (RFC 6749 §2.2). Immutable, and the key of the client's row.
    ClientId,
    /// A sign-in of one browser; the `sid` claim.
    SessionId,
    /// What one person, or one service, allowed one client: the parent of codes and tokens.
    AuthorizationId,
    /// A pending dialogue between an authorization request and its answer.
    InteractionId,
    /// A request that a person answers elsewhere, while the client asks again and again.
    DeferredId,
    /// A pushed authorization request: what its answer uses up.
    PushedRequestId,
    /// One fact in the event stream.
    EventId,
    /// A group of users.
    GroupId,
    /// A role.
    RoleId,
    /// A signing key; the `kid` of its JWK.
    KeyId,
}
