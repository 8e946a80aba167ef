//! What an authorization request needs before it can be granted: a sign-in, a new or another account,
//! consent, or nothing (OIDC Core 3.1.2.1, 3.1.2.3, 3.1.2.4; Initiating User Registration 4). Decided from stored facts each time,
//! at the start of the dialogue and after each of its pages.

use crate::{
    Timestamp,
    entity::{Client, Consent, ConsentMode, Session, User},
    ids::UserId,
    oauth::{ErrorCode, OAuthError},
    oidc::acr,
    trace::Reason,
};

/// The values of `prompt`, as a set (OIDC Core 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Prompts(u8);

impl Prompts {
    /// No value was sent.
    pub const EMPTY: Self = Self(0);
    /// `none`: no page may be shown.
    pub const NONE: Self = Self(1);
    /// `login`: the person authenticates again.
    pub const LOGIN: Self = Self(2);
    /// `consent`: the person is asked again.
    pub const CONSENT: Self = Self(4);
    /// `select_account`: the person chooses the account.
    pub const SELECT_ACCOUNT: Self = Self(8);
    /// `create`: the person creates an account.
    pub const CREATE: Self = Self(16);

    /// Each value with its name, in the order in which metadata lists them.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::NONE, "none"),
        (Self::LOGIN, "login"),
        (Self::CONSENT, "consent"),
        (Self::SELECT_ACCOUNT, "select_account"),
        (Self::CREATE, "create"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every value of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set of these names; `None` if one of them is unknown.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().try_fold(Self::EMPTY, |set, name| {
            Self::NAMES.iter().find(|(_, known)| *known == name).map(|(value, _)| set.with(*value))
        })
    }
}

/// What the person has done in this very dialogue. Consent and choice name the account that made
/// them, so that neither passes to another account that signs in before the dialogue ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// When the person proved who they are in this dialogue.
    pub authenticated_at: Option<Timestamp>,
    /// Who allowed the client what it asks for.
    pub consented_by: Option<UserId>,
    /// Which account was chosen to go on with.
    pub account_chosen: Option<UserId>,
}

/// Everything that decides what happens next.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// `prompt`.
    pub prompts: Prompts,
    /// `max_age` in seconds; falls back to the client's `default_max_age`.
    pub max_age: Option<i64>,
    /// The classes of authentication that would do; none: any.
    pub acr_values: &'a [String],
    /// The scopes asked for, with those of [`ClaimsRequest::scope`](super::claims::ClaimsRequest::scope).
    pub requested_scope: &'a [String],
    /// Who asks.
    pub client: &'a Client,
    /// The browser's session and its person, live or not.
    pub session: Option<(&'a Session, &'a User)>,
    /// Several accounts are signed in, or another one than the one hinted at: the person says which.
    pub unsure: bool,
    /// The subject of a valid `id_token_hint`, or the `sub` that the claims parameter demands.
    pub hinted_subject: Option<&'a UserId>,
    /// What the session's person agreed to before.
    pub consent: Option<&'a Consent>,
    /// What was done in this dialogue.
    pub progress: &'a Progress,
    /// When the dialogue began.
    pub started_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is missing: issue the code.
    Grant,
    /// The sign-in page, for whichever account; also when another account than the hinted is there.
    SignIn,
    /// The sign-up page.
    SignUp,
    /// The sign-in page for the session's own account.
    Reauthenticate,
    /// The account chooser.
    SelectAccount,
    /// The consent page.
    Consent,
    /// The answer to the client.
    Refuse(OAuthError),
}

/// What is missing.
#[derive(Clone, Copy)]
enum Need {
    Nothing,
    SignIn,
    SignUp,
    HintedAccount,
    AccountChoice,
    Reauthentication,
    Consent,
}

/// Decides what happens next. With `prompt=none` the answer is never a page.
pub fn decide(situation: &Situation<'_>) -> Decision {
    if !situation.client.enabled {
        return Decision::Refuse(OAuthError::new(ErrorCode::UnauthorizedClient, Reason::ClientUnknown));
    }
    let need = first_need(situation);
    if situation.prompts.contains(Prompts::NONE) { without_pages(need) } else { with_pages(need) }
}

const fn with_pages(need: Need) -> Decision {
    match need {
        Need::Nothing => Decision::Grant,
        Need::SignIn | Need::HintedAccount => Decision::SignIn,
        Need::SignUp => Decision::SignUp,
        Need::AccountChoice => Decision::SelectAccount,
        Need::Reauthentication => Decision::Reauthenticate,
        Need::Consent => Decision::Consent,
    }
}

/// Core 3.1.2.1 names `login_required` for a hint of somebody else; the reason keeps the difference.
const fn without_pages(need: Need) -> Decision {
    let (code, reason) = match need {
        Need::Nothing => return Decision::Grant,
        Need::SignIn | Need::SignUp | Need::Reauthentication => (ErrorCode::LoginRequired, Reason::LoginRequired),
        Need::HintedAccount => (ErrorCode::LoginRequired, Reason::AccountSelectionRequired),
        Need::AccountChoice => (ErrorCode::AccountSelectionRequired, Reason::AccountSelectionRequired),
        Need::Consent => (ErrorCode::ConsentRequired, Reason::ConsentRequired),
    };
    Decision::Refuse(OAuthError::new(code, reason))
}

/// In the order in which a person meets the pages.
fn first_need(situation: &Situation<'_>) -> Need {
    let wants_account = situation.prompts.contains(Prompts::CREATE);
    let Some((session, user)) = live_session(situation) else {
        return if wants_account { Need::SignUp } else { Need::SignIn };
    };
    let fresh = authenticated_in_dialogue(situation, session);
    if wants_account && !fresh && !has_chosen(situation, user) {
        Need::SignUp
    } else if situation.hinted_subject.is_some_and(|hinted| *hinted != user.id) {
        Need::HintedAccount
    } else if needs_account_choice(situation, user) && !fresh {
        Need::AccountChoice
    } else if needs_reauthentication(situation, session) && !fresh {
        Need::Reauthentication
    } else if needs_consent(situation, user) {
        Need::Consent
    } else {
        Need::Nothing
    }
}

/// The session, if it stands and belongs to an active account. Anything odd is no session.
fn live_session<'a>(situation: &Situation<'a>) -> Option<(&'a Session, &'a User)> {
    situation.session.filter(|(session, user)| {
        user.is_active() && session.user_id == user.id && session.is_live(situation.now, user.not_before)
    })
}

/// Whether this session's person authenticated after the dialogue began. The session's own
/// `auth_time` must agree: a dialogue cannot lend its sign-in to another, older session.
fn authenticated_in_dialogue(situation: &Situation<'_>, session: &Session) -> bool {
    session.context.auth_time >= situation.started_at
        && situation.progress.authenticated_at.is_some_and(|at| at >= situation.started_at)
}

/// Typing an account's credentials in this dialogue is a choice too; the caller of this checks that.
fn needs_account_choice(situation: &Situation<'_>, user: &User) -> bool {
    let asks = situation.prompts.contains(Prompts::SELECT_ACCOUNT) || situation.unsure;
    asks && !has_chosen(situation, user)
}

/// Whether the person said in this dialogue that it is this account. Whoever is asked to create one may
/// say so too: they have one already.
fn has_chosen(situation: &Situation<'_>, user: &User) -> bool {
    situation.progress.account_chosen.as_ref() == Some(&user.id)
}

/// `prompt=login`, or an authentication older than `max_age`; `max_age=0` is `prompt=login`. Whoever
/// authenticated in this dialogue is not asked again, however long the other pages take.
fn needs_reauthentication(situation: &Situation<'_>, session: &Session) -> bool {
    let too_old = |max_age: i64| max_age <= 0 || session.context.auth_time.plus_seconds(max_age) < situation.now;
    situation.prompts.contains(Prompts::LOGIN)
        || situation.max_age.or(situation.client.settings.default_max_age).is_some_and(too_old)
        || needs_another_class(situation, session)
}

/// A class of authentication that this session has not reached, and a sign-in can (RFC 9470 §5). Where
/// no page may be shown a wish gives way: it is never an error (OIDC Core 3.1.2.1). What is demanded is
/// checked again at the end.
fn needs_another_class(situation: &Situation<'_>, session: &Session) -> bool {
    !situation.prompts.contains(Prompts::NONE) && acr::is_worth_a_sign_in(situation.acr_values, &session.context.acr)
}

/// `prompt=consent` asks even for clients that are otherwise never asked for: the client wants the
/// person to see the page (OIDC Core 3.1.2.1), and a first-party client that does not want it need
/// not send it.
fn needs_consent(situation: &Situation<'_>, user: &User) -> bool {
    if situation.progress.consented_by.as_ref() == Some(&user.id) {
        return false;
    }
    if situation.prompts.contains(Prompts::CONSENT) {
        return true;
    }
    match situation.client.consent_mode() {
        ConsentMode::Skip => false,
        ConsentMode::Always => true,
        ConsentMode::Once => !situation.consent.is_some_and(|consent| {
            consent.user_id == user.id
                && consent.client_id == situation.client.client_id
                && situation.requested_scope.iter().all(|scope| consent.scope.contains(scope))
        }),
    }
}

#[cfg(test)]
mod tests;
