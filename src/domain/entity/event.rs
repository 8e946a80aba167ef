//! The append-only event stream: each fact is told once, in the transaction that made it true.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Timestamp, ids::EventId, trace::Reason, trace::TraceId};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stored name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

event_kinds! {
    /// A person signed in.
    SignedIn = "sign_in.succeeded",
    /// A sign-in was refused.
    SignInRefused = "sign_in.refused",
    /// A session ended.
    SessionEnded = "session.ended",
    /// Another server was told what it had to be told.
    DeliverySucceeded = "delivery.succeeded",
    /// Another server could not be told, and is not tried again.
    DeliveryFailed = "delivery.failed",
    /// A client was authorized; its code was issued.
    AuthorizationGranted = "authorization.granted",
    /// An authorization and all that came from it was revoked.
    AuthorizationRevoked = "authorization.revoked",
    /// A client asked for an authorization that a person grants on another device.
    DeferredRequested = "deferred_authorization.requested",
    /// A client used a value again that it has to make anew for each request.
    ValueRepeated = "client.value_repeated",
    /// A person agreed to a client's scopes.
    ConsentGranted = "consent.granted",
    /// A consent was taken back.
    ConsentWithdrawn = "consent.withdrawn",
    /// A person declined.
    ConsentDenied = "consent.denied",
    /// Tokens were issued.
    TokenIssued = "token.issued",
    /// A token was issued in exchange for another one.
    TokenExchanged = "token.exchanged",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
    /// A code or refresh token was used again.
    TokenReplayed = "token.replayed",
    /// A user was created.
    UserCreated = "user.created",
    /// A user was changed.
    UserUpdated = "user.updated",
    /// A user was deleted.
    UserDeleted = "user.deleted",
    /// A password was set.
    PasswordChanged = "user.password_changed",
    /// A client was created.
    ClientCreated = "client.created",
    /// A client was changed.
    ClientUpdated = "client.updated",
    /// A client was deleted.
    ClientDeleted = "client.deleted",
    /// A client that registered itself was let in.
    ClientReleased = "client.released",
    /// Who may register clients was changed.
    RegistrationPolicyChanged = "registration.policy_changed",
    /// Who may create an account was changed.
    SignUpPolicyChanged = "sign_up.policy_changed",
    /// An initial access token was made.
    RegistrationTokenCreated = "registration.token_created",
    /// An initial access token was removed.
    RegistrationTokenDeleted = "registration.token_deleted",
    /// A client secret was added.
    ClientSecretCreated = "client.secret_created",
    /// A client secret was removed.
    ClientSecretDeleted = "client.secret_deleted",
    /// Clients were allowed to exchange tokens of others.
    ExchangeAllowed = "exchange_policy.allowed",
    /// They no longer are.
    ExchangeForbidden = "exchange_policy.deleted",
    /// An issuer of assertions was trusted.
    TrustedIssuerCreated = "trusted_issuer.created",
    /// It no longer is.
    TrustedIssuerDeleted = "trusted_issuer.deleted",
    /// A group was created.
    GroupCreated = "group.created",
    /// A group was changed, or its members were.
    GroupUpdated = "group.updated",
    /// A group was deleted.
    GroupDeleted = "group.deleted",
    /// A role was created.
    RoleCreated = "role.created",
    /// A role was changed.
    RoleUpdated = "role.updated",
    /// A role was deleted.
    RoleDeleted = "role.deleted",
    /// A role was given.
    RoleGranted = "role.granted",
    /// A role was taken away.
    RoleRevoked = "role.revoked",
    /// An API was registered.
    ApiCreated = "api.created",
    /// An API was changed.
    ApiUpdated = "api.updated",
    /// An API was deleted.
    ApiDeleted = "api.deleted",
    /// A type of authorization details was registered.
    DetailsTypeCreated = "authorization_details_type.created",
    /// A type of authorization details was changed.
    DetailsTypeUpdated = "authorization_details_type.updated",
    /// A type of authorization details was deleted.
    DetailsTypeDeleted = "authorization_details_type.deleted",
    /// A signing key was made.
    KeyCreated = "key.created",
    /// A signing key changed its state.
    KeyStateChanged = "key.state_changed",
    /// A setup link was made.
    SetupLinkCreated = "setup.link_created",
    /// The first administrator was created.
    SetupCompleted = "setup.completed",
}

/// Personal data inside an event, sealed under the subject's own key: destroying that key erases
/// it and leaves the log verifiable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedData(pub Vec<u8>);

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The identifier: time-ordered.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Under which trace.
    pub trace_id: TraceId,
    /// Who did it: `user:…`, `client:…`, `cli`, `system`.
    pub actor: String,
    /// The person it is about.
    pub user_id: Option<String>,
    /// The client it is about.
    pub client_id: Option<String>,
    /// The session in the lineage.
    pub session_id: Option<String>,
    /// The authorization in the lineage.
    pub authorization_id: Option<String>,
    /// The object: a token's `jti`, a group's id, a key's `kid`.
    pub object_id: Option<String>,
    /// The reason code, when it tells a refusal.
    pub reason: Option<Reason>,
    /// Facts without personal data, as JSON text.
    pub facts: String,
    /// Personal data, sealed.
    pub sealed: Option<SealedData>,
}

impl Event {
    /// The leaf of the Merkle log: SHA-256 over a 0x00 byte and every field, each preceded by its
    /// length, so that no two events share an encoding (RFC 9162 §2.1.1 for the prefix).
    pub fn leaf_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([0]);
        let mut field = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => {
                hash.update([1]);
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            }
            None => hash.update([0]),
        };
        field(Some(self.id.as_str().as_bytes()));
        field(Some(&self.at.millis().to_be_bytes()));
        field(Some(self.kind.name().as_bytes()));
        field(Some(self.trace_id.as_str().as_bytes()));
        field(Some(self.actor.as_bytes()));
        for optional in [&self.user_id, &self.client_id, &self.session_id, &self.authorization_id, &self.object_id] {
            field(optional.as_deref().map(str::as_bytes));
        }
        field(self.reason.map(|reason| reason.code().as_bytes()));
        field(Some(self.facts.as_bytes()));
        field(self.sealed.as_ref().map(|sealed| sealed.0.as_slice()));
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            id: EventId::new("e"),
            at: Timestamp::from_seconds(1),
            kind: EventKind::TokenIssued,
            trace_id: TraceId::from_bytes([2; 16]),
            actor: "client:a".into(),
            user_id: None,
            client_id: Some("a".into()),
            session_id: None,
            authorization_id: None,
            object_id: Some("j".into()),
            reason: None,
            facts: "{}".into(),
            sealed: None,
        }
    }

    #[test]
    fn every_field_moves_the_leaf_hash() {
        let base = event().leaf_hash();
        let changes: [fn(&mut Event); 8] = [
            |e| e.id = EventId::new("f"),
            |e| e.at = Timestamp::from_millis(1001),
            |e| e.kind = EventKind::TokenRevoked,
            |e| e.actor = "client:b".into(),
            |e| e.user_id = Some("a".into()),
            |e| e.reason = Some(Reason::CodeReplayed),
            |e| e.facts = "{ }".into(),
            |e| e.sealed = Some(SealedData(Vec::new())),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = event();
            change(&mut changed);
            assert_ne!(changed.leaf_hash(), base, "change {index}");
        }
    }

    #[test]
    fn a_value_moved_to_the_next_field_moves_the_leaf_hash() {
        let mut moved = event();
        moved.session_id = moved.client_id.take();
        assert_ne!(moved.leaf_hash(), event().leaf_hash());
    }
}
