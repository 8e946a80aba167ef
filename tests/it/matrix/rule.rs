//! What a cell may give: a rule for each change, by what kind of thing is asked.

use super::{Change, Part, Use};

/// What must come of it.
#[derive(Debug)]
pub enum Expected {
    /// What is asked for is given.
    Works,
    /// A page of the dialogue comes first, and nothing is given.
    Page(&'static str),
    /// This error.
    Refused(&'static str),
    /// The token is alive no more.
    Dead,
}

use Expected::{Dead, Page, Refused, Works};

/// Who is in front of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// A browser, about what a client wants.
    Browser,
    /// The client, which authenticates.
    Client,
    /// Somebody with an access token, or who looks at one.
    Bearer,
    /// Somebody who looks at one, and is another client.
    Watcher,
    /// The client, by the token of its registration.
    Registrant,
    /// A browser that leaves.
    Leaver,
}

impl Use {
    const fn asking(self) -> Asking {
        match self {
            Self::Authorize(_) | Self::Silent | Self::SignIn | Self::Consent(_) | Self::Chooser => Asking::Browser,
            Self::SignUp | Self::AppStart => Asking::Browser,
            Self::Pushed | Self::PushedConsent => Asking::Browser,
            Self::DeviceEntry | Self::DevicePage | Self::CibaList | Self::CibaPage => Asking::Browser,
            Self::Userinfo(_) | Self::UserinfoExchanged(..) => Asking::Bearer,
            Self::Watched(_) | Self::WatchedOwn(_) | Self::WatchedExchanged(..) => Asking::Watcher,
            Self::Registration | Self::Replace | Self::Unregister => Asking::Registrant,
            Self::SignOut => Asking::Leaver,
            _ => Asking::Client,
        }
    }

    /// Whether tokens are issued for what was granted before.
    const fn is_grant(self) -> bool {
        matches!(
            self,
            Self::Code
                | Self::Refresh
                | Self::RefreshOffline
                | Self::ClientCredentials
                | Self::DevicePoll
                | Self::CibaPoll
                | Self::JwtBearer
        ) || self.is_exchange()
    }

    const fn is_exchange(self) -> bool {
        matches!(self, Self::Exchange(..))
    }

    /// Whether it is about a token of another client, which the client exchanges or has exchanged: what
    /// the person agreed to is that client's.
    const fn is_on_anothers_grant(self) -> bool {
        use Part::Requester;
        matches!(
            self,
            Self::Exchange(Requester, _) | Self::UserinfoExchanged(Requester, _) | Self::WatchedExchanged(Requester, _)
        )
    }

    /// Whether the person's part in it is over, or never began: only the client is looked at.
    const fn is_about_the_client_alone(self) -> bool {
        matches!(self, Self::Push | Self::DeviceBegin | Self::ClientCredentials | Self::Revoke)
            || matches!(self, Self::SignUp | Self::AppStart | Self::WatchedOwn(_))
            || matches!(self.asking(), Asking::Registrant | Asking::Leaver)
    }

    /// What a dialogue does that is not pushed.
    const fn is_in_the_open(self) -> bool {
        matches!(self, Self::Authorize(_) | Self::Silent | Self::SignIn | Self::Consent(_) | Self::Chooser)
            || matches!(self, Self::SignUp)
    }
}

/// Whether the tokens that come of it, or the answer, tell of the person's role.
pub fn tells_roles(of: Use, change: Change) -> bool {
    let told = match of {
        // A client's own token is about the client.
        Use::ClientCredentials => false,
        Use::DevicePage | Use::CibaPage => true,
        _ if of.is_grant() => true,
        _ => matches!(
            of,
            Use::Authorize(_)
                | Use::Silent
                | Use::SignIn
                | Use::Consent(_)
                | Use::Chooser
                | Use::Pushed
                | Use::PushedConsent
                | Use::Userinfo(_)
                | Use::UserinfoExchanged(..)
        ),
    };
    // What a client with a profile may not redeem tells nothing.
    let redeemed = change != Change::ProfileSet
        || matches!(of, Use::Userinfo(_) | Use::UserinfoExchanged(..) | Use::Exchange(Part::Grantor, _));
    told && redeemed && change != Change::RoleRemoved
}

/// What must come of `of` after `change`.
pub fn expected(of: Use, change: Change) -> Expected {
    match change {
        // A role is no reason for anything but for what is told.
        Change::Nothing | Change::RoleRemoved => Works,
        Change::ClientDisabled | Change::ClientDeleted => without_client(of),
        Change::ClientQuarantined => with_quarantine(of),
        Change::ProfileSet => with_profile(of),
        Change::UserDisabled | Change::UserDeleted => without_person(of, change),
        // Guessing at a password takes nothing from whoever is signed in.
        Change::UserLocked => {
            if of == Use::SignIn {
                Page("/sign-in/")
            } else {
                Works
            }
        }
        Change::ConsentRevoked => without_consent(of),
        Change::SessionEnded => without_session(of),
    }
}

/// A client that is not in use is nobody: wherever it comes from, and whatever was granted to it.
fn without_client(of: Use) -> Expected {
    match of.asking() {
        // Somebody else asks, with a token that is dead.
        _ if matches!(of, Use::Exchange(Part::Grantor, _)) => without_grant(of),
        Asking::Client => Refused("invalid_client"),
        Asking::Bearer | Asking::Registrant => Refused("invalid_token"),
        Asking::Watcher => Dead,
        Asking::Browser if of == Use::CibaList => Refused("hidden"),
        Asking::Browser | Asking::Leaver => Refused("page"),
    }
}

/// A client that waits for an administrator is given nothing, wherever it comes from, and is told why
/// where it says who it is, or where people were on their way to it. What it registered it may look at and
/// change.
fn with_quarantine(of: Use) -> Expected {
    match of {
        Use::SignIn | Use::Consent(_) | Use::Chooser | Use::SignUp | Use::PushedConsent => {
            Refused("unauthorized_client")
        }
        _ if of.asking() == Asking::Registrant => Works,
        _ => match without_client(of) {
            Refused("invalid_client") => Refused("unauthorized_client"),
            other => other,
        },
    }
}

/// The profile wants requests to be pushed, and tokens to be bound to a key. What is asked of nobody's
/// browser, and gives no token, goes on; and what was issued before stays what it is.
fn with_profile(of: Use) -> Expected {
    if of.is_grant() && !matches!(of, Use::Exchange(Part::Grantor, _)) {
        return Refused("invalid_request");
    }
    match of {
        Use::Consent(kind) if kind != symbolon::domain::oauth::ResponseType::Code => {
            Refused("unsupported_response_type")
        }
        _ if of.is_in_the_open() => Refused("invalid_request"),
        // The profile does not allow the secret that it asks to keep.
        Use::Replace => Refused("invalid_client_metadata"),
        _ => Works,
    }
}

/// Nobody is signed in as somebody who is not there; what they granted is worth nothing.
fn without_person(of: Use, change: Change) -> Expected {
    match of {
        _ if of.is_about_the_client_alone() => Works,
        Use::Silent => Refused("login_required"),
        Use::CibaBegin => Refused("unknown_user_id"),
        Use::CibaList => Refused("hidden"),
        // The request went with the person.
        Use::CibaPage if change == Change::UserDeleted => Refused("page"),
        // The page is about accounts that are not there.
        Use::Chooser => Refused("page"),
        _ if of.asking() == Asking::Browser => Page("/sign-in/"),
        _ => without_grant(of),
    }
}

/// The person is asked again; and what came of the old agreement is worth nothing.
fn without_consent(of: Use) -> Expected {
    match of {
        _ if of.is_about_the_client_alone() || of.is_on_anothers_grant() => Works,
        Use::Silent => Refused("consent_required"),
        // What they are about to agree to, they agree to now.
        Use::Consent(_) | Use::PushedConsent => Works,
        Use::DeviceEntry | Use::DevicePage | Use::CibaBegin | Use::CibaList | Use::CibaPage => Works,
        // It is another client's token, and they still agree to that one.
        Use::Introspect(_) => Works,
        _ if of.asking() == Asking::Browser => Page("/consent/"),
        _ => without_grant(of),
    }
}

/// Nobody is signed in; and what lived by the session is worth nothing.
fn without_session(of: Use) -> Expected {
    match of {
        _ if of.is_about_the_client_alone() => Works,
        Use::Silent => Refused("login_required"),
        // Nobody was signed in there; and what needs no session.
        Use::SignIn | Use::CibaBegin | Use::RefreshOffline | Use::JwtBearer => Works,
        Use::CibaList => Refused("hidden"),
        Use::Chooser => Refused("page"),
        _ if of.asking() == Asking::Browser => Page("/sign-in/"),
        _ => without_grant(of),
    }
}

/// What the grant was good for.
const fn without_grant(of: Use) -> Expected {
    match of {
        Use::Userinfo(_) | Use::UserinfoExchanged(..) => Refused("invalid_token"),
        Use::Watched(_) | Use::WatchedExchanged(..) | Use::Introspect(_) => Dead,
        _ if of.is_exchange() => Refused("invalid_request"),
        _ => Refused("invalid_grant"),
    }
}
