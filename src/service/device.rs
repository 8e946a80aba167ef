//! The device's side and the person's first step (RFC 8628 §3.1 and §3.3): a request is made and
//! shown as a code; the code is typed, and the ordinary dialogue begins. Guessing codes is throttled
//! by network and by browser.

use std::net::IpAddr;

use super::{
    Broken, Cx, Failure, apis,
    authorization::{Browser, DialogueFailure, Form, Started, begin_deferred},
    client_authentication::{self, DirectRequest, Freshness},
    events::Draft,
    guessing::Guesses,
    network_limit::{self, Waiting},
};
use crate::{
    crypto::{
        random::random_bytes,
        token::{SecretKind, mint},
    },
    domain::{
        Secret,
        entity::{Deferred, DeferredKind, DeferredState, Ending, EventKind},
        ids::DeferredId,
        oauth::{AuthorizationRequest, DEVICE_LIFETIME, OAuthError, POLL_INTERVAL, UserCode, parse_device_request},
        trace::{Reason, Transaction},
    },
    store::{Abort, Write, deferred},
};

/// What a device is told (RFC 8628 §3.2).
#[derive(Debug)]
pub struct DeviceReply {
    /// What the device holds.
    pub device_code: Secret<String>,
    /// What the person types.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: String,
    /// Seconds until both codes expire.
    pub expires_in: i64,
    /// Seconds between two questions.
    pub interval: i64,
}

/// The path of the page where codes are typed.
pub const VERIFICATION_PATH: &str = "/device";
/// Two living codes are hardly ever the same; three times in a row, something is broken.
const ATTEMPTS: usize = 3;
/// The codes that wait at a network.
const CODES: Waiting = Waiting { noun: "device", too_many: Reason::DeviceTooMany, count: deferred::count_waiting_from };
/// What the sealed address of a device is for.
const ADDRESS_PURPOSE: &str = "device-address";

/// Answers a device authorization request.
///
/// # Errors
/// RFC 6749 §5.2, or the server's own failure.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>) -> Result<DeviceReply, Failure> {
    let mut freshness = Freshness::Recent;
    loop {
        let client = client_authentication::authenticate(cx, request, freshness).await?;
        let noted = |error: &OAuthError| cx.refused("device_authorization", &[], error.reason);
        let noted_refusal = |failure: &Failure| {
            if let Failure::Refused(error) = failure {
                noted(error);
            }
        };
        let asked = parse_device_request(request.params, client.client()).inspect_err(noted)?;
        let asked = apis::registered(cx, client.client(), asked).await.inspect_err(noted_refusal)?;
        let context = cx.clone().acting_as(format!("client:{}", client.client().client_id));
        match make(&context, client.view(), asked).await.inspect_err(noted_refusal)? {
            Some(reply) => return Ok(reply),
            // The client changed meanwhile. An assertion cannot be used twice.
            None if freshness == Freshness::Recent && !client.method().is_assertion() => {
                freshness = Freshness::Current;
            }
            None => {
                return Err(Broken::Unavailable { retry_after: 1, why: "the client is being changed".into() }.into());
            }
        }
    }
}

async fn make(
    cx: &Cx,
    view: &std::sync::Arc<super::clients::ClientView>,
    asked: AuthorizationRequest,
) -> Result<Option<DeviceReply>, Failure> {
    let client_id = view.client.client_id.clone();
    let request = serde_json::to_string(&asked).map_err(Failure::internal)?;
    for _ in 0..ATTEMPTS {
        let Some(user_code) = UserCode::from_random(&random_bytes::<32>(cx.random())) else { continue };
        let code = mint(SecretKind::DeviceCode, cx.random());
        let mut row = Deferred {
            id: DeferredId::new(cx.fresh_id()),
            kind: DeferredKind::Device,
            code_hash: code.hash.as_bytes().to_vec(),
            user_code: Some(user_code.canonical().to_owned()),
            client_id: client_id.clone(),
            request: request.clone(),
            state: DeferredState::Pending,
            authorization_id: None,
            interval: POLL_INTERVAL,
            polled_at: None,
            created_at: cx.now(),
            expires_at: cx.now().plus_seconds(DEVICE_LIFETIME),
            subject: None,
            binding_message: None,
            notification: None,
            network: None,
            address: None,
        };
        row.address = cx.peer.address.map(|address| seal_address(cx, &row.id, address));
        let (context, view, scope) = (cx.clone(), view.clone(), asked.scope.join(" "));
        let made = cx
            .services
            .store
            .write(move |tx| {
                if !super::token::issue::client_stands(tx, &view)? {
                    return Ok::<_, Abort<Failure>>(None);
                }
                row.network = network_limit::find_room(&context, tx, &view.client, &CODES)?;
                let inserted = deferred::insert(tx, &row)?;
                if inserted {
                    let event = Draft::new(EventKind::DeferredRequested).client(&row.client_id).object(row.id.as_str());
                    event.fact("kind", row.kind.name()).fact("scope", scope).append(&context, tx)?;
                }
                Ok(Some(inserted))
            })
            .await?;
        match made {
            None => return Ok(None),
            Some(false) => {}
            Some(true) => return Ok(Some(reply(cx, code.text, &user_code))),
        }
    }
    Err(Failure::internal("no user code could be found that is not taken"))
}

/// Addresses are kept only sealed.
fn seal_address(cx: &Cx, id: &DeferredId, address: IpAddr) -> Vec<u8> {
    cx.services.sealer.seal(ADDRESS_PURPOSE, id.as_str(), address.to_string().as_bytes(), cx.random())
}

/// Where the device of a waiting request is, as far as its address tells.
///
/// # Errors
/// When what was sealed cannot be opened.
pub(super) fn address_of(cx: &Cx, waiting: &Deferred) -> Result<Option<IpAddr>, Broken> {
    let Some(sealed) = &waiting.address else { return Ok(None) };
    let opened = cx.services.sealer.open(ADDRESS_PURPOSE, waiting.id.as_str(), sealed);
    let opened = opened.map_err(|error| Broken::Internal(error.to_string()))?;
    let text = std::str::from_utf8(opened.expose()).ok().and_then(|text| text.parse().ok());
    text.map(Some).ok_or_else(|| Broken::Internal("a sealed address is none".to_owned()))
}

fn reply(cx: &Cx, device_code: Secret<String>, user_code: &UserCode) -> DeviceReply {
    let verification_uri = cx.services.issuer.join(VERIFICATION_PATH);
    DeviceReply {
        device_code,
        verification_uri_complete: format!("{verification_uri}?user_code={}", user_code.shown()),
        verification_uri,
        user_code: user_code.shown(),
        expires_in: DEVICE_LIFETIME,
        interval: POLL_INTERVAL,
    }
}

/// The page where a code is typed.
pub struct EntryView {
    /// The hidden value of the form.
    pub form_token: String,
    /// The secret that binds the form to this browser, if it must become a cookie.
    pub browser_cookie: Option<Secret<String>>,
}

/// What the page shows.
pub fn entry(cx: &Cx, browser: &Browser) -> EntryView {
    let (browser, browser_cookie) = browser.clone().with_secret(cx);
    EntryView { form_token: browser.form_token(Form::UserCode, &[]), browser_cookie }
}

/// Why a typed code leads nowhere.
pub enum EntryFailure {
    /// The page is shown again, with this reason and perhaps a time to wait, in seconds.
    Again(Reason, Option<u64>),
    /// The dialogue cannot go on.
    Stopped(DialogueFailure),
}

/// Begins the dialogue about the request whose code was typed. What is asked is shown before anything
/// is allowed, whoever filled in the code (RFC 8628 §5.4).
///
/// # Errors
/// `UserCodeUnknown`, `UserCodeThrottled`, `FormTokenInvalid`.
pub async fn begin(cx: &Cx, browser: &Browser, typed: &str, form_token: &str) -> Result<Started, EntryFailure> {
    cx.note_transaction(Transaction::DeferredAuthorization);
    browser.check_form_token(Form::UserCode, &[], form_token).map_err(|error| {
        cx.refused("form_token", &[], error.reason);
        EntryFailure::Stopped(error.into())
    })?;
    let code = UserCode::parse(typed);
    let guesses = Guesses::of_user_codes(cx, browser);
    let context = cx.clone();
    let found = cx.services.store.write(move |tx| find(&context, tx, &guesses, code.as_ref())).await;
    let found = found.map_err(|lost| match lost {
        Lost::Wait(seconds) => {
            cx.refused("throttle", &[], Reason::UserCodeThrottled);
            EntryFailure::Again(Reason::UserCodeThrottled, Some(seconds))
        }
        Lost::Unknown => {
            cx.refused("user_code", &[], Reason::UserCodeUnknown);
            EntryFailure::Again(Reason::UserCodeUnknown, None)
        }
        Lost::Broken(broken) => EntryFailure::Stopped(broken.into()),
    })?;
    cx.passed("user_code", &[("deferred_authorization", found.id.as_str())]);
    let request: AuthorizationRequest = serde_json::from_str(&found.request)
        .map_err(|error| EntryFailure::Stopped(Broken::Internal(error.to_string()).into()))?;
    let ending = Ending::Deferred { id: found.id, kind: found.kind, subject: None };
    begin_deferred(cx, request, ending, browser).await.map_err(EntryFailure::Stopped)
}

/// Why there is no request of a code.
enum Lost {
    Wait(u64),
    Unknown,
    Broken(Broken),
}

impl From<crate::store::StoreError> for Lost {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Broken(error.into())
    }
}

/// Under the locks of the counters: whoever has to wait learns nothing, not even that a code is right.
fn find(cx: &Cx, tx: &mut Write<'_>, guesses: &Guesses, code: Option<&UserCode>) -> Result<Deferred, Abort<Lost>> {
    let counters = guesses.lock(tx, cx.now())?;
    counters
        .check(cx.now())
        .map_err(|wait| Abort::Undo(Lost::Wait(u64::try_from(wait.retry_after()).unwrap_or(u64::MAX))))?;
    let found = match code {
        Some(code) => deferred::find_by_user_code(tx, code.canonical())?,
        None => None,
    };
    let pending = |row: &Deferred| row.state == DeferredState::Pending && cx.now() < row.expires_at;
    match found.filter(pending) {
        Some(row) => Ok(row),
        None => {
            guesses.count_failure(tx, &counters, cx.now())?;
            Err(Abort::Keep(Lost::Unknown))
        }
    }
}
