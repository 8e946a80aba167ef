//! What each kind of logout does to each thing that stands at that moment (OIDC Core 11, Back-Channel
//! Logout 1.0 §2.7, ASVS 7.4). One table: the document about signing out is written from it, and a test
//! does each of its cells.

use Effect::{Ends, Rests, Survives};

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Logout {
    /// The person signs out here.
    Own,
    /// An app sends the browser to sign out (RP-Initiated Logout 1.0).
    RelyingParty,
    /// The person signs one of several accounts out in the chooser.
    Removed,
    /// More accounts signed in than a browser holds; this one was unused longest.
    Replaced,
    /// An administrator ends the session.
    Revoked,
    /// A new password was set.
    PasswordChanged,
    /// An administrator disables the account.
    Disabled,
    /// An administrator signs the person out everywhere.
    Everywhere,
}

impl Logout {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Own,
        Self::RelyingParty,
        Self::Removed,
        Self::Replaced,
        Self::Revoked,
        Self::PasswordChanged,
        Self::Disabled,
        Self::Everywhere,
    ];
}

/// What a logout meets. Online is what was granted in the session without `offline_access`; offline is
/// what was granted with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Artefact {
    /// The session that is signed out of.
    Session,
    /// Another account's session in the same browser.
    SiblingSession,
    /// The same person's session in another browser.
    OtherSession,
    /// An app's own session: it is told by back-channel to end it, if it listens.
    AppSession,
    /// A refresh token of an online authorization.
    OnlineRefreshToken,
    /// A refresh token of an offline authorization.
    OfflineRefreshToken,
    /// An opaque access token of an online authorization.
    OnlineOpaqueToken,
    /// An opaque access token of an offline authorization.
    OfflineOpaqueToken,
    /// A JWT of an online authorization, at UserInfo and introspection. Whoever verifies it alone
    /// believes it until it expires.
    OnlineJwt,
    /// The same of an offline authorization.
    OfflineJwt,
    /// A token that another client got in exchange for one of an online authorization (RFC 8693).
    OnlineExchangedToken,
    /// The same of an offline authorization.
    OfflineExchangedToken,
    /// A token that came of a trusted issuer's assertion (RFC 7523): it never was in a session.
    AssertedToken,
    /// A code that was not redeemed yet, of either kind of authorization.
    UnredeemedCode,
    /// A request of a device or over the back channel that was allowed in the session and not redeemed
    /// yet, of either kind of authorization.
    UnredeemedRequest,
    /// A request of a device or over the back channel that nobody answered yet: it waits for whoever is
    /// signed in then.
    PendingRequest,
    /// The reference to a pushed request (RFC 9126): it is about no session.
    PushedReference,
    /// A dialogue that is not answered yet: it goes on with a new sign-in.
    PendingDialogue,
    /// What the person agreed to.
    Consent,
}

impl Artefact {
    /// Every artefact, in the order of the table's columns.
    pub const ALL: [Self; 19] = [
        Self::Session,
        Self::SiblingSession,
        Self::OtherSession,
        Self::AppSession,
        Self::OnlineRefreshToken,
        Self::OfflineRefreshToken,
        Self::OnlineOpaqueToken,
        Self::OfflineOpaqueToken,
        Self::OnlineJwt,
        Self::OfflineJwt,
        Self::OnlineExchangedToken,
        Self::OfflineExchangedToken,
        Self::AssertedToken,
        Self::UnredeemedCode,
        Self::UnredeemedRequest,
        Self::PendingRequest,
        Self::PushedReference,
        Self::PendingDialogue,
        Self::Consent,
    ];
}

/// What a logout does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It ends, in the same write.
    Ends,
    /// It is refused until the account is enabled again.
    Rests,
    /// It stays.
    Survives,
}

/// The table. Access to everything that stays is taken back by revocation, not by logout.
pub const LOGOUT_EFFECTS: [(Logout, [Effect; Artefact::ALL.len()]); Logout::ALL.len()] = [
    (Logout::Own, row(Survives, Survives)),
    (Logout::RelyingParty, row(Survives, Survives)),
    (Logout::Removed, row(Survives, Survives)),
    (Logout::Replaced, row(Survives, Survives)),
    (Logout::Revoked, row(Survives, Survives)),
    (Logout::PasswordChanged, row(Ends, Survives)),
    (Logout::Disabled, row(Ends, Rests)),
    (Logout::Everywhere, row(Ends, Ends)),
];

/// A session ends, with what is online in it and what was not redeemed. Logouts differ in what they do to
/// the person's other sessions, and to the tokens that do not stand on a session.
const fn row(other_session: Effect, lasting: Effect) -> [Effect; Artefact::ALL.len()] {
    [
        Ends,
        Survives,
        other_session,
        Ends, // sessions: this, the sibling's, another, the apps'
        Ends,
        lasting,
        Ends,
        lasting,
        Ends,
        lasting, // refresh tokens, opaque tokens, JWTs: online, offline
        Ends,
        lasting,
        lasting, // exchanged tokens: online, offline; tokens of assertions
        Ends,
        Ends,
        Survives,
        Survives, // codes, requests that were allowed, that wait; pushed references
        Survives,
        Survives, // dialogues, consents
    ]
}

/// What this logout does to this artefact.
pub fn effect(logout: Logout, artefact: Artefact) -> Option<Effect> {
    let (_, row) = LOGOUT_EFFECTS.iter().find(|(known, _)| *known == logout)?;
    Artefact::ALL.iter().zip(row).find(|(known, _)| **known == artefact).map(|(_, effect)| *effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_kind_of_logout_once_and_each_artefact() {
        for logout in Logout::ALL {
            assert_eq!(LOGOUT_EFFECTS.iter().filter(|(known, _)| *known == logout).count(), 1, "{logout:?}");
            for artefact in Artefact::ALL {
                assert!(effect(logout, artefact).is_some(), "{logout:?} {artefact:?}");
            }
        }
    }

    #[test]
    fn every_logout_ends_the_session_what_is_online_in_it_and_tells_the_apps() {
        for logout in Logout::ALL {
            for artefact in [
                Artefact::Session,
                Artefact::AppSession,
                Artefact::OnlineRefreshToken,
                Artefact::OnlineOpaqueToken,
                Artefact::OnlineJwt,
                Artefact::OnlineExchangedToken,
                Artefact::UnredeemedCode,
                Artefact::UnredeemedRequest,
            ] {
                assert_eq!(effect(logout, artefact), Some(Ends), "{logout:?} {artefact:?}");
            }
            for artefact in [
                Artefact::SiblingSession,
                Artefact::Consent,
                Artefact::PendingDialogue,
                Artefact::PendingRequest,
                Artefact::PushedReference,
            ] {
                assert_eq!(effect(logout, artefact), Some(Survives), "{logout:?} {artefact:?}");
            }
        }
    }

    #[test]
    fn what_is_offline_or_never_was_in_a_session_shares_one_fate() {
        for logout in Logout::ALL {
            let fate = effect(logout, Artefact::OfflineRefreshToken);
            assert_eq!(effect(logout, Artefact::OfflineOpaqueToken), fate, "{logout:?}");
            assert_eq!(effect(logout, Artefact::OfflineJwt), fate, "{logout:?}");
            assert_eq!(effect(logout, Artefact::OfflineExchangedToken), fate, "{logout:?}");
            assert_eq!(effect(logout, Artefact::AssertedToken), fate, "{logout:?}");
        }
    }
}
