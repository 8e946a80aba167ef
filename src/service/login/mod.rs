//! Signing in with a password (ASVS 6.3, 7.2.4; NIST SP 800-63B-4 §3.2.2): throttle, then hash
//! outside of any transaction, then one write that decides again and counts.

mod occasion;
mod throttling;
mod unproven;
mod view;

pub use occasion::Occasion;
pub use view::{Account, ContinueAs, SignInPurpose, SignInView, view};

use super::{
    Broken, Cx,
    authorization::{self, Browser, DialogueFailure, Form, Next, Pending, decline, find_pending, session_of},
    events::Draft,
    sessions::{self, Held, MOST_ACCOUNTS, SessionEnd},
};
use crate::{
    crypto::{
        password::PasswordError,
        random::random_bytes,
        token::{Minted, SecretKind, mint},
    },
    domain::{
        Secret, Timestamp,
        authn::throttle::Wait,
        entity::{AuthenticationContext, EventKind, Session, User},
        ids::{EventId, InteractionId, SessionId, UserId},
        trace::{Reason, Transaction},
    },
    store::{Abort, Read, StoreError, Write, credential, interaction, session, user},
};
use throttling::{Counters, Keys};

pub(super) use throttling::{from_row, to_row};
pub(super) use unproven::danger_sign_in_unproven;
pub(super) use view::usable_hint;

/// The form of the sign-in page.
pub struct SignInForm {
    /// A username or an email address, as typed.
    pub username: String,
    /// The password, exactly as typed (ASVS 6.2.8).
    pub password: Secret<String>,
    /// The hidden value.
    pub form_token: String,
}

/// Somebody signed in.
pub struct SignedIn {
    /// The session cookie; its first secret is new at every authentication (ASVS 7.2.4). It is to be
    /// set whatever `next` is: the old one no longer works.
    pub session_cookie: Secret<String>,
    /// Where the browser goes.
    pub next: Result<Next, DialogueFailure>,
}

/// The page is shown again, with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInRefusal {
    /// What to say.
    pub reason: Reason,
    /// When to try again, in seconds, for `Retry-After`.
    pub retry_after: Option<u64>,
}

/// Why nobody signed in.
#[derive(Debug)]
pub enum SignInFailure {
    /// Try again on the same page.
    Refused(SignInRefusal),
    /// The dialogue cannot go on.
    Stopped(DialogueFailure),
}

impl<T: Into<DialogueFailure>> From<T> for SignInFailure {
    fn from(error: T) -> Self {
        Self::Stopped(error.into())
    }
}

impl SignInFailure {
    fn refused(cx: &Cx, rule: &str, reason: Reason, retry_after: Option<u64>) -> Self {
        cx.refused(rule, &[], reason);
        Self::Refused(SignInRefusal { reason, retry_after })
    }

    fn throttled(cx: &Cx, wait: Wait) -> Self {
        Self::refused(cx, "throttle", Wait::REASON, u64::try_from(wait.retry_after()).ok())
    }
}

/// What is known before the password is looked at.
struct Attempt {
    user: Option<User>,
    keys: Keys,
    counters: Counters,
    /// The stored hash, only of somebody who may sign in.
    phc: Option<String>,
}

impl Attempt {
    fn read(cx: &Cx, tx: &mut Read<'_>, login: &str) -> Result<Self, StoreError> {
        // No name holds control characters, and one database refuses NUL in any text.
        let nameable = !login.chars().any(char::is_control);
        let user = if nameable { user::find_by_login(tx, login)? } else { None };
        let keys = Keys::of(user.as_ref(), login, cx.peer.address);
        let counters = keys.read(tx)?;
        let phc = match user.as_ref().filter(|user| user.is_active()) {
            Some(user) => credential::find_password(tx, &user.id)?,
            None => None,
        };
        Ok(Self { user, keys, counters, phc })
    }
}

/// Whose password it was, if it was.
struct Proof {
    user_id: UserId,
    phc: String,
    needs_rehash: bool,
}

/// Checks a name and a password, and begins or renews the browser's session.
///
/// # Errors
/// `Refused` with `CredentialsWrong` whoever is meant, `SignInThrottled`, `SignInBusy`, or the field
/// that is missing or too long; `Stopped` as [`authorization::resume`], or `FormTokenInvalid`.
pub async fn sign_in(
    cx: &Cx,
    occasion: &Occasion,
    browser: &Browser,
    form: SignInForm,
) -> Result<SignedIn, SignInFailure> {
    cx.note_transaction(Transaction::SignIn);
    let SignInForm { username, password, form_token } = form;
    let attempt = {
        let (context, occasion, browser, login) = (cx.clone(), occasion.clone(), browser.clone(), username.clone());
        let read = move |tx: &mut Read<'_>| {
            match occasion.find(&context, tx, &browser)? {
                Some(pending) => pending.note(&context),
                None => context.passed("no_app", &[("page", "requests")]),
            }
            occasion.check_token(&context, &browser, &form_token)?;
            Ok::<_, DialogueFailure>(Attempt::read(&context, tx, &login)?)
        };
        cx.services.store.read(read).await?
    };
    if username.trim().is_empty() {
        return Err(SignInFailure::refused(cx, "username", Reason::UsernameMissing, None));
    }
    attempt.counters.check(cx.now()).map_err(|wait| SignInFailure::throttled(cx, wait))?;
    let proof = prove(cx, &attempt, password.clone()).await?;

    let proven = proof.as_ref().map(|proof| (proof.user_id.clone(), proof.phc.clone()));
    let (context, found, presented) = (cx.clone(), occasion.clone(), browser.clone());
    let session_cookie =
        cx.services.store.write(move |tx| settle(&context, tx, &attempt, proven, &found, &presented)).await?;
    if let Some(proof) = proof.filter(|proof| proof.needs_rehash) {
        rehash(cx, proof, password).await;
    }
    let browser = Browser { session: Some(session_cookie.clone()), secret: browser.secret.clone() };
    let next = occasion.go_on(cx, &browser).await;
    Ok(SignedIn { session_cookie, next })
}

/// Whether a form comes from this browser's own page.
///
/// # Errors
/// `FormTokenInvalid`.
pub(super) fn check_token(
    cx: &Cx,
    browser: &Browser,
    form: Form,
    about: &[&str],
    token: &str,
) -> Result<(), DialogueFailure> {
    browser.check_form_token(form, about, token).map_err(|error| {
        cx.refused("form_token", &[], error.reason);
        error.into()
    })
}

/// Compares the password, or does the same work for nobody. No transaction is open meanwhile.
async fn prove(cx: &Cx, attempt: &Attempt, password: Secret<String>) -> Result<Option<Proof>, SignInFailure> {
    let hasher = &cx.services.passwords;
    let verdict = match (&attempt.user, &attempt.phc) {
        (Some(user), Some(phc)) => hasher.verify(password, phc.clone()).await.map(|verdict| {
            verdict.matches.then(|| Proof {
                user_id: user.id.clone(),
                phc: phc.clone(),
                needs_rehash: verdict.needs_rehash,
            })
        }),
        _ => hasher.verify_nobody(password).await.map(|()| None),
    };
    verdict.map_err(|error| match error {
        PasswordError::Busy { retry_after_seconds } => {
            SignInFailure::refused(cx, "password", Reason::SignInBusy, Some(retry_after_seconds))
        }
        PasswordError::TooLong => SignInFailure::refused(cx, "password", Reason::PasswordTooLong, None),
        PasswordError::Empty => SignInFailure::refused(cx, "password", Reason::PasswordMissing, None),
        PasswordError::Malformed => Broken::Internal(error.to_string()).into(),
        PasswordError::Unavailable => Broken::Unavailable { retry_after: 5, why: error.to_string() }.into(),
    })
}

/// The one write: under the locks of the counters, everything is decided again. Gives the text of
/// the session cookie.
fn settle(
    cx: &Cx,
    tx: &mut Write<'_>,
    attempt: &Attempt,
    proven: Option<(UserId, String)>,
    occasion: &Occasion,
    browser: &Browser,
) -> Result<Secret<String>, Abort<SignInFailure>> {
    let stop = |failure: DialogueFailure| Abort::Undo(SignInFailure::Stopped(failure));
    let broken = |error: Broken| Abort::Undo(SignInFailure::from(error));
    let counters = attempt.keys.lock(tx, cx.now())?;
    // Attempts that ran beside this one have counted meanwhile. Whoever has to wait learns nothing,
    // not even that the password was right.
    if let Err(wait) = counters.check(cx.now()) {
        return Err(Abort::Keep(SignInFailure::throttled(cx, wait)));
    }
    let person = match &proven {
        Some((user_id, phc)) => still_proven(tx, user_id, phc)?,
        None => None,
    };
    let pending = occasion.find(cx, tx, browser).map_err(stop)?;
    let Some(person) = person else {
        attempt.keys.count_failure(tx, &counters, cx.now())?;
        let mut event = Draft::new(EventKind::SignInRefused);
        if let Some(pending) = &pending {
            event = event.client(&pending.client.client_id);
        }
        if let Some(user) = &attempt.user {
            event = event.user(&user.id);
        }
        event.reason(Reason::CredentialsWrong).peer(cx).append(cx, tx).map_err(broken)?;
        return Err(Abort::Keep(SignInFailure::refused(cx, "password", Reason::CredentialsWrong, None)));
    };
    let cookie = enter(cx, tx, &person, (&attempt.keys, &counters), pending, browser).map_err(stop)?;
    cx.passed("password", &[("user", person.id.as_str())]);
    Ok(cookie)
}

/// Signs in a person whose password stands. Gives the text of the session cookie.
fn enter(
    cx: &Cx,
    tx: &mut Write<'_>,
    person: &User,
    (keys, counters): (&Keys, &Counters),
    pending: Option<Pending>,
    browser: &Browser,
) -> Result<Secret<String>, DialogueFailure> {
    keys.count_success(tx, counters, cx.now())?;
    credential::touch_password(tx, &person.id, cx.now())?;
    let cx = &cx.clone().acting_as(format!("user:{}", person.id));
    authenticate(cx, tx, person, pending, browser)
}

/// Signs in a person in the transaction that created them with a password. Gives the text of the session
/// cookie.
///
/// # Errors
/// When the dialogue was answered meanwhile, or the server fails.
pub(super) fn enter_new(
    cx: &Cx,
    tx: &mut Write<'_>,
    person: &User,
    pending: Pending,
    browser: &Browser,
) -> Result<Secret<String>, DialogueFailure> {
    let keys = Keys::of(Some(person), &person.username, cx.peer.address);
    let counters = keys.lock(tx, cx.now())?;
    enter(cx, tx, person, (&keys, &counters), Some(pending), browser)
}

/// The person, locked, if still active and still of that password.
fn still_proven(tx: &mut Write<'_>, user_id: &UserId, phc: &str) -> Result<Option<User>, StoreError> {
    user::lock(tx, user_id)?;
    let person = user::find(tx, user_id)?.filter(User::is_active);
    let unchanged = credential::find_password(tx, user_id)?.as_deref() == Some(phc);
    Ok(person.filter(|_| unchanged))
}

/// The session of an authentication: renewed if it was this person's, else a new one beside those of
/// the other accounts in this browser. The ones unused longest make room. `pending`: the dialogue in
/// which it happens, if an app waits for it.
fn authenticate(
    cx: &Cx,
    tx: &mut Write<'_>,
    person: &User,
    pending: Option<Pending>,
    browser: &Browser,
) -> Result<Secret<String>, DialogueFailure> {
    // Another node's clock may have begun the dialogue a moment later than ours reads now.
    let at = pending.as_ref().map_or(cx.now(), |pending| cx.now().max(pending.interaction.created_at));
    let context = AuthenticationContext { auth_time: at, amr: vec!["pwd".to_owned()], acr: "1".to_owned() };
    let cookie = mint(SecretKind::Session, cx.random());
    let held = sessions::all_live(cx, tx, browser.session.as_ref())?;
    let (own, mut others): (Vec<Held>, Vec<Held>) = held.into_iter().partition(|held| held.user.id == person.id);
    while others.len() >= MOST_ACCOUNTS {
        if let Some(last) = others.pop() {
            sessions::end(cx, tx, &last.session, SessionEnd::Replaced)?;
        }
    }
    let renewed = match own.into_iter().next() {
        Some(Held { mut session, .. }) => {
            session.context = context.clone();
            session.idle_expires_at = idle_limit(cx, at);
            session.sign_in_event = tell(cx, tx, &session, pending.as_ref(), true)?;
            session::renew(tx, &session, cookie.hash.as_bytes())?.then_some(session)
        }
        None => None,
    };
    let session = match renewed {
        Some(session) => session,
        None => open(cx, tx, person, context, pending.as_ref(), &cookie)?,
    };
    if let Some(mut pending) = pending {
        pending.bind(&session);
        pending.interaction.authenticated_at = Some(at);
        pending.interaction.account_chosen_at = Some(at);
        if !interaction::update(tx, &pending.interaction)? {
            return Err(pending.expired());
        }
    }
    Ok(sessions::cookie_with(&cookie.text, &others))
}

fn idle_limit(cx: &Cx, at: Timestamp) -> Timestamp {
    at.plus_seconds(cx.services.policy.session_idle_seconds)
}

fn open(
    cx: &Cx,
    tx: &mut Write<'_>,
    person: &User,
    context: AuthenticationContext,
    pending: Option<&Pending>,
    cookie: &Minted,
) -> Result<Session, DialogueFailure> {
    let at = context.auth_time;
    let mut session = Session {
        id: SessionId::new(cx.fresh_id()),
        user_id: person.id.clone(),
        context,
        sign_in_event: EventId::new(""),
        created_at: at,
        idle_expires_at: idle_limit(cx, at),
        expires_at: at.plus_seconds(cx.services.policy.session_absolute_seconds),
        ended_at: None,
    };
    session.sign_in_event = tell(cx, tx, &session, pending, false)?;
    session::insert(tx, &session, cookie.hash.as_bytes())?;
    Ok(session)
}

fn tell(
    cx: &Cx,
    tx: &mut Write<'_>,
    session: &Session,
    pending: Option<&Pending>,
    again: bool,
) -> Result<EventId, Broken> {
    let mut event = Draft::new(EventKind::SignedIn).session(session);
    if let Some(pending) = pending {
        event = event.client(&pending.client.client_id).fact("interaction", pending.interaction.id.as_str());
    }
    event.fact("amr", session.context.amr.clone()).fact("again", again).peer(cx).append(cx, tx)
}

/// Replaces a hash of older parameters. The sign-in stands whether or not this works.
async fn rehash(cx: &Cx, proof: Proof, password: Secret<String>) {
    let hashed = cx.services.passwords.hash(password, random_bytes(cx.random())).await;
    let stored = match hashed {
        Ok(new) => {
            let write = move |tx: &mut Write<'_>| {
                credential::rehash_password(tx, &proof.user_id, &proof.phc, &new).map_err(Abort::<StoreError>::Undo)
            };
            cx.services.store.write(write).await.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = stored {
        tracing::warn!(trace_id = %cx.trace_id(), error, "a password keeps its older hash for now");
    }
}

/// The person gave up: the client hears `access_denied`.
///
/// # Errors
/// As [`authorization::resume`]; `FormTokenInvalid`.
pub async fn cancel(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    cx.note_transaction(Transaction::SignIn);
    give_up(cx, id, browser, Form::SignIn, form_token).await
}

/// The cancel button of a form about nothing but its dialogue.
///
/// # Errors
/// As [`cancel`].
pub(super) async fn give_up(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form: Form,
    form_token: &str,
) -> Result<Next, DialogueFailure> {
    let (context, id, browser, token) = (cx.clone(), id.clone(), browser.clone(), form_token.to_owned());
    let ended = cx
        .services
        .store
        .write(move |tx| {
            let pending = find_pending(&context, tx, &id, &browser)?;
            pending.note(&context);
            check_token(&context, &browser, form, &[id.as_str()], &token)?;
            decline(&context, tx, &pending, &browser)
        })
        .await?;
    Ok(ended.next(cx).await?)
}

/// The person goes on with the account that is signed in (`prompt=select_account`).
///
/// # Errors
/// As [`authorization::resume`]; `FormTokenInvalid`, also if another account is signed in by now.
pub async fn continue_as(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form_token: &str,
) -> Result<Next, DialogueFailure> {
    cx.note_transaction(Transaction::Authorization);
    let (context, dialogue, presented, token) = (cx.clone(), id.clone(), browser.clone(), form_token.to_owned());
    cx.services
        .store
        .write(move |tx| {
            let mut pending = find_pending(&context, tx, &dialogue, &presented)?;
            pending.note(&context);
            let Some((session, _)) = session_of(&context, tx, &pending, &presented)? else { return Ok(()) };
            let about = [dialogue.as_str(), session.id.as_str()];
            check_token(&context, &presented, Form::ContinueAs, &about, &token)?;
            pending.bind(&session);
            pending.interaction.account_chosen_at = Some(context.now());
            match interaction::update(tx, &pending.interaction)? {
                true => Ok(()),
                false => Err(Abort::from(pending.expired())),
            }
        })
        .await?;
    authorization::go_on(cx, id, browser).await
}

#[cfg(test)]
mod tests;
