//! Creating one's own account in a dialogue (Initiating User Registration via OpenID Connect 1.0; ASVS
//! 6.3.8): the values and the throttle first, then the hash outside of any transaction, then one write
//! in which the account comes to be and signs in. The dialogue goes on as after every sign-in.
//!
//! A username that is taken has to be told, and is throttled as guesses are. An address is nobody's
//! until it was verified, so that none is ever taken: `User::claimed_email`.

pub mod policy;
mod view;

pub use view::{SignUpView, view};

use super::{
    Broken, Cx,
    admin::{
        AdminFailure,
        user::{self as people, NewUser},
    },
    authorization::{self, Browser, DialogueFailure, Form, Next, Pending, find_pending},
    guessing::Guesses,
    login::{self, Occasion, SignInFailure, SignInForm, SignedIn},
    network_limit,
};
use crate::{
    domain::{
        Secret,
        authn::throttle::Wait,
        entity::{Owner, User},
        ids::InteractionId,
        oauth::{ErrorCode, OAuthError},
        oidc::sign_up::SignUpPolicy,
        trace::{Reason, Transaction},
    },
    store::{Abort, Read, StoreError, Write, session, user},
};

/// The form of the sign-up page.
pub struct SignUpForm {
    /// The name to sign in with.
    pub username: String,
    /// The address.
    pub email: String,
    /// The full name, if given.
    pub name: Option<String>,
    /// The password, exactly as typed.
    pub password: Secret<String>,
    /// The hidden value.
    pub form_token: String,
}

/// The page is shown again, with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUpRefusal {
    /// Why.
    pub reason: Reason,
    /// The field and the rule, in the words of management.
    pub message: String,
    /// When to try again, in seconds, for `Retry-After`.
    pub retry_after: Option<u64>,
}

/// Why there is no account.
#[derive(Debug)]
pub enum SignUpFailure {
    /// Try again on the same page.
    Refused(SignUpRefusal),
    /// The dialogue cannot go on.
    Stopped(DialogueFailure),
}

impl<T: Into<DialogueFailure>> From<T> for SignUpFailure {
    fn from(error: T) -> Self {
        Self::Stopped(error.into())
    }
}

impl SignUpFailure {
    fn refused(cx: &Cx, rule: &str, reason: Reason, retry_after: Option<i64>) -> Self {
        cx.refused(rule, &[], reason);
        let retry_after = retry_after.map(|seconds| u64::try_from(seconds).unwrap_or_default());
        Self::Refused(SignUpRefusal { reason, message: reason.summary().to_owned(), retry_after })
    }

    fn throttled(cx: &Cx, wait: Wait) -> Self {
        Self::refused(cx, "throttle", Wait::REASON, Some(wait.retry_after()))
    }

    /// A value that management would refuse too.
    fn value(cx: &Cx, rule: &str, failure: AdminFailure) -> Self {
        match failure {
            AdminFailure::Refused { reason, message } => {
                cx.refused(rule, &[], reason);
                Self::Refused(SignUpRefusal { reason, message, retry_after: None })
            }
            AdminFailure::Broken(broken) => broken.into(),
        }
    }
}

/// What became of the form.
enum Settled {
    /// There is an account; the text of the session cookie.
    Created(Secret<String>),
    /// This dialogue has made an account, of this name: it makes no other.
    MadeBefore(String),
}

/// The refusal where nobody can sign up.
const fn closed() -> OAuthError {
    OAuthError::new(ErrorCode::AccessDenied, Reason::SignUpClosed)
}

fn check_open(cx: &Cx, policy: &SignUpPolicy, pending: &Pending) -> Result<(), DialogueFailure> {
    if policy.mode.is_open() {
        return Ok(());
    }
    cx.refused("sign_up", &[], Reason::SignUpClosed);
    Err(DialogueFailure::from(closed()).with_app(&pending.client))
}

/// Creates an account and signs it in, beside the accounts that this browser has.
///
/// # Errors
/// `Refused` with `UsernameTaken`, the value that is not acceptable, `SignInThrottled`, `SignUpTooMany` or
/// `SignInBusy`; `Stopped` with `SignUpClosed`, `FormTokenInvalid`, or as
/// [`authorization::resume`].
pub async fn sign_up(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form: SignUpForm,
) -> Result<SignedIn, SignUpFailure> {
    cx.note_transaction(Transaction::SignUp);
    let SignUpForm { username, email, name, password, form_token } = form;
    let mut new = NewUser::named(username.as_str(), Owner::Person);
    (new.email, new.name) = (Some(email), name);
    let prepared = people::prepare(cx, &new);
    // A name with characters that none has is looked up nowhere: one database refuses NUL in any text.
    let wanted = prepared.as_ref().ok().map(|user| user.username.clone());
    let guesses = Guesses::of_usernames(cx, browser);
    let taken = {
        let (context, id, browser, guesses) = (cx.clone(), id.clone(), browser.clone(), guesses.clone());
        let read = move |tx: &mut Read<'_>| -> Result<bool, SignUpFailure> {
            let pending = find_pending(&context, tx, &id, &browser)?;
            pending.note(&context);
            login::check_token(&context, &browser, Form::SignUp, &[id.as_str()], &form_token)?;
            check_open(&context, &policy::read(tx)?, &pending)?;
            let counters = guesses.read(tx)?;
            counters.check(context.now()).map_err(|wait| SignUpFailure::throttled(&context, wait))?;
            Ok(match &wanted {
                Some(username) => user::is_taken(tx, username)?,
                None => false,
            })
        };
        cx.services.store.read(read).await?
    };
    let new = prepared.map_err(|failure| SignUpFailure::value(cx, "values", failure))?;
    // Nothing costly is done for a name that will not do.
    let phc = if taken { None } else { Some(hash(cx, &new, &password).await?) };
    let (context, dialogue, presented) = (cx.clone(), id.clone(), browser.clone());
    let settled = cx
        .services
        .store
        .write(move |tx| settle(&context, tx, new, phc.as_deref(), &guesses, &dialogue, &presented))
        .await?;
    match settled {
        Settled::Created(session_cookie) => {
            let browser = Browser { session: Some(session_cookie.clone()), secret: browser.secret.clone() };
            let next = authorization::go_on(cx, id, &browser).await;
            Ok(SignedIn { session_cookie, next })
        }
        Settled::MadeBefore(made) => sign_in_again(cx, id, browser, made, &username, password).await,
    }
}

/// The hash of a password that the policy takes. Whoever finds the pool full is told so on the page.
async fn hash(cx: &Cx, new: &User, password: &Secret<String>) -> Result<String, SignUpFailure> {
    let personal = [Some(new.username.as_str()), new.email.as_deref(), new.name.as_deref()];
    people::hash_checked(cx, password, &personal).await.map_err(|failure| match failure {
        AdminFailure::Broken(Broken::Unavailable { retry_after, .. }) => {
            SignUpFailure::refused(cx, "password", Reason::SignInBusy, Some(retry_after.into()))
        }
        other => SignUpFailure::value(cx, "password", other),
    })
}

/// The one write: under the locks of the counters and of the policy, everything is decided again.
fn settle(
    cx: &Cx,
    tx: &mut Write<'_>,
    new: User,
    phc: Option<&str>,
    guesses: &Guesses,
    id: &InteractionId,
    browser: &Browser,
) -> Result<Settled, Abort<SignUpFailure>> {
    let stop = |failure: DialogueFailure| Abort::Undo(SignUpFailure::Stopped(failure));
    let counters = guesses.lock(tx, cx.now())?;
    // Whoever has to wait learns nothing, not even that the name is free.
    if let Err(wait) = counters.check(cx.now()) {
        return Err(Abort::Keep(SignUpFailure::throttled(cx, wait)));
    }
    // Whoever signs up waits here for whoever signs up: of one name there is one winner.
    let policy = policy::lock(tx)?;
    let pending = find_pending(cx, tx, id, browser).map_err(stop)?;
    check_open(cx, &policy, &pending).map_err(stop)?;
    if let Some(made) = made_before(tx, &pending)? {
        return Ok(Settled::MadeBefore(made.username));
    }
    let (Some(phc), false) = (phc, user::is_taken(tx, &new.username)?) else {
        guesses.count_failure(tx, &counters, cx.now())?;
        return Err(Abort::Keep(SignUpFailure::refused(cx, "username", Reason::UsernameTaken, None)));
    };
    if let Err(too_many) = network_limit::count(cx, tx, "sign-up", policy.per_network)? {
        let retry_after = Some(too_many.retry_after);
        return Err(Abort::Undo(SignUpFailure::refused(cx, "sign_up", Reason::SignUpTooMany, retry_after)));
    }
    let cx = &cx.clone().acting_as(format!("user:{}", new.id));
    let person = people::insert(cx, tx, new, Some(phc)).map_err(|abort| lost(cx, abort))?;
    let cookie = login::enter_new(cx, tx, &person, pending, browser).map_err(stop)?;
    cx.passed("sign_up", &[("user", person.id.as_str())]);
    Ok(Settled::Created(cookie))
}

/// The account that this very dialogue has made, whatever name is asked for now: one form, one account.
fn made_before(tx: &mut Read<'_>, pending: &Pending) -> Result<Option<User>, StoreError> {
    let Some(id) = &pending.interaction.session_id else { return Ok(None) };
    let Some(session) = session::find(tx, id)? else { return Ok(None) };
    let person = user::find(tx, &session.user_id)?;
    Ok(person.filter(|person| person.owner == Owner::Person && person.created_at >= pending.interaction.created_at))
}

/// An administrator, who does not wait for whoever signs up, took the name a moment ago.
fn lost(cx: &Cx, abort: Abort<AdminFailure>) -> Abort<SignUpFailure> {
    let (Abort::Keep(failure) | Abort::Undo(failure)) = abort;
    Abort::Undo(match failure.reason() {
        Some(Reason::NameTaken) => SignUpFailure::refused(cx, "username", Reason::UsernameTaken, None),
        _ => SignUpFailure::value(cx, "values", failure),
    })
}

/// The second of two forms signs in with what the first one set, to the account that it made. Whoever knows the
/// dialogue but not the password gets nothing.
async fn sign_in_again(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    made: String,
    typed: &str,
    password: Secret<String>,
) -> Result<SignedIn, SignUpFailure> {
    let form_token = browser.form_token(Form::SignIn, &[id.as_str()]);
    let occasion = Occasion::Dialogue(id.clone());
    let same = User::canonical(&made) == User::canonical(typed);
    let form = SignInForm { username: made, password, form_token };
    let signed_in = login::sign_in(cx, &occasion, browser, form).await;
    signed_in.map_err(|failure| match failure {
        SignInFailure::Stopped(failure) => SignUpFailure::Stopped(failure),
        SignInFailure::Refused(refusal) => {
            let reason = match refusal.reason {
                Reason::CredentialsWrong if same => Reason::UsernameTaken,
                Reason::CredentialsWrong => Reason::SignUpDone,
                other => other,
            };
            let message = reason.summary().to_owned();
            SignUpFailure::Refused(SignUpRefusal { reason, message, retry_after: refusal.retry_after })
        }
    })
}

/// The person gave up: the client hears `access_denied`.
///
/// # Errors
/// As [`authorization::resume`]; `FormTokenInvalid`.
pub async fn cancel(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    cx.note_transaction(Transaction::SignUp);
    login::give_up(cx, id, browser, Form::SignUp, form_token).await
}

#[cfg(test)]
mod tests;
