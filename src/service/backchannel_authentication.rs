//! The client's side of authentication over the back channel (OpenID Connect CIBA Core 1.0 §7): a
//! request about a person whom the client names; and the ping once they answered (§10.2).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Broken, Cx, Failure, apis,
    authorization::check_hint,
    client_authentication::{self, DirectRequest, Freshness},
    client_keys::{self, NotVerified},
    clients::ClientView,
    events::Draft,
    failure::{keep, undo},
    guessing::Guesses,
    outbox::{self, Letter, Unsendable},
    subjects,
};
use crate::{
    crypto::{
        compact::VerifyError,
        token::{SecretKind, hash_of, mint},
    },
    domain::{
        Secret, Timestamp,
        entity::{
            Client, Deferred, DeferredKind, DeferredState, Delivery, DeliveryKind, EventKind, TokenDeliveryMode, User,
        },
        ids::DeferredId,
        oauth::{
            BackchannelRequest, Carried, ErrorCode, GrantType, MOST_WAITING, OAuthError, POLL_INTERVAL, Params,
            PersonHint, SignedRequest, algorithm_reason, check_carrier, check_grant, check_signed_request,
            check_waiting, signed_parameters, unverified_issuer,
        },
        trace::Reason,
    },
    store::{Abort, Read, StoreError, Write, assertion_replay, deferred, session, user},
};

/// The purpose under which what a client is told with is sealed.
const NOTIFICATION_PURPOSE: &str = "backchannel-notification";

/// What a client is told (§7.3).
#[derive(Debug)]
pub struct BackchannelReply {
    /// What the client holds.
    pub auth_req_id: Secret<String>,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// Seconds between two questions.
    pub interval: i64,
}

/// A request that was read: what it asks, and what makes it one of a kind, if it is signed.
#[derive(Clone)]
struct Asked {
    request: BackchannelRequest,
    signed: Option<SignedRequest>,
}

/// Answers a backchannel authentication request.
///
/// # Errors
/// CIBA §13, or the server's own failure.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>) -> Result<BackchannelReply, Failure> {
    let mut freshness = Freshness::Recent;
    loop {
        let client = client_authentication::authenticate(cx, request, freshness).await?;
        let noted = |error: &OAuthError| cx.refused("backchannel_authentication", &[], error.reason);
        check_grant(client.client(), GrantType::Ciba).inspect_err(noted)?;
        let asked = read(cx, request.params, client.view()).await.inspect_err(noted)?;
        let context = cx.clone().acting_as(format!("client:{}", client.client().client_id));
        match make(&context, client.view(), asked).await {
            Ok(Some(reply)) => return Ok(reply),
            // The client changed meanwhile. An assertion cannot be used twice.
            Ok(None) if freshness == Freshness::Recent && !client.method().is_assertion() => {
                freshness = Freshness::Current;
            }
            Ok(None) => {
                return Err(Broken::Unavailable { retry_after: 1, why: "the client is being changed".into() }.into());
            }
            Err(Failure::Refused(error)) => {
                noted(&error);
                return Err(error.into());
            }
            Err(broken) => return Err(broken),
        }
    }
}

async fn read(cx: &Cx, params: &Params, view: &ClientView) -> Result<Asked, OAuthError> {
    let client = &view.client;
    let (object, allowed) = match check_carrier(params, client)? {
        Carried::Plain => return Ok(Asked { request: BackchannelRequest::parse(params, client)?, signed: None }),
        Carried::Signed(object, allowed) => (object, allowed),
    };
    let verified = client_keys::verify(cx, view, object, &allowed)
        .await
        .map_err(|error| if is_foreign(object, client) { not_the_sender() } else { not_signed(client, error) })?;
    let issuer = cx.services.issuer.as_str();
    let signed = check_signed_request(&verified.header, &verified.claims, client, issuer, cx.now())?;
    let inside = signed_parameters(&verified.claims)?;
    let alg = verified.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    cx.passed("request_object", &[("alg", alg)]);
    Ok(Asked { request: BackchannelRequest::parse(&inside, client)?, signed: Some(signed) })
}

/// Whether an object that the client's keys do not verify says itself that it is another client's.
fn is_foreign(object: &str, client: &Client) -> bool {
    unverified_issuer(object).is_some_and(|issuer| issuer != client.client_id.as_str())
}

/// Nothing is wrong with another client's request but who sends it (FAPI-CIBA 5.2.2): the sender has
/// not authenticated as the client that asks.
fn not_the_sender() -> OAuthError {
    OAuthError::invalid_client(Reason::RequestObjectMismatch)
}

/// Whatever is wrong with a signed request is `invalid_request` (§13).
fn not_signed(client: &Client, error: NotVerified) -> OAuthError {
    OAuthError::invalid_request(match error {
        NotVerified::KeysUnavailable => Reason::ClientKeysUnavailable,
        NotVerified::Token(VerifyError::BadSignature | VerifyError::KeyNotFound | VerifyError::KeyAmbiguous) => {
            Reason::RequestObjectSignature
        }
        NotVerified::Token(VerifyError::AlgorithmNotAllowed) => {
            algorithm_reason(client, Reason::RequestObjectAlgorithm)
        }
        NotVerified::Token(_) => Reason::RequestObjectMalformed,
    })
}

/// `None`: the client changed since it was authenticated.
async fn make(cx: &Cx, view: &std::sync::Arc<ClientView>, asked: Asked) -> Result<Option<BackchannelReply>, Failure> {
    let Asked { request, signed } = asked;
    let client_id = view.client.client_id.clone();
    let asked = apis::registered(cx, &view.client, request.asked.clone()).await?;
    let code = mint(SecretKind::AuthReqId, cx.random());
    let id = DeferredId::new(cx.fresh_id());
    let notification = request.notification_token.as_ref().map(|token| {
        let told = json!({ "auth_req_id": code.text.expose(), "token": token.expose() }).to_string();
        cx.services.sealer.seal(NOTIFICATION_PURPOSE, id.as_str(), told.as_bytes(), cx.random())
    });
    let mut row = Deferred {
        id,
        kind: DeferredKind::Backchannel,
        code_hash: code.hash.as_bytes().to_vec(),
        user_code: None,
        client_id,
        request: serde_json::to_string(&asked).map_err(Failure::internal)?,
        state: DeferredState::Pending,
        authorization_id: None,
        interval: POLL_INTERVAL,
        polled_at: None,
        created_at: cx.now(),
        expires_at: cx.now().plus_seconds(request.lifetime),
        subject: None,
        binding_message: request.binding_message.clone(),
        notification,
        network: None,
        address: None,
    };
    let (context, view, lifetime) = (cx.clone(), view.clone(), request.lifetime);
    let made = cx
        .services
        .store
        .write(move |tx| {
            if !super::token::issue::client_stands(tx, &view)? {
                return Ok::<_, Abort<Failure>>(false);
            }
            if let Some(signed) = &signed {
                use_once(tx, &view.client, signed)?;
            }
            let person = find_person(&context, tx, &view.client, &request.person)?;
            check_room(&context, tx, &view.client, &person)?;
            row.subject = Some(person.id.clone());
            if !deferred::insert(tx, &row)? {
                return Err(Failure::internal("a secret was drawn twice").into());
            }
            let event = Draft::new(EventKind::DeferredRequested).client(&row.client_id).user(&person.id);
            let event = event.object(row.id.as_str()).fact("kind", row.kind.name());
            event.fact("scope", asked.scope.join(" ")).append(&context, tx)?;
            Ok(true)
        })
        .await?;
    Ok(made.then_some(BackchannelReply { auth_req_id: code.text, expires_in: lifetime, interval: POLL_INTERVAL }))
}

/// Whether one more request may wait for this person. Whoever asks waits here for whoever asks: the bound
/// is exact, where there is one.
fn check_room(cx: &Cx, tx: &mut Write<'_>, client: &Client, person: &User) -> Result<(), Abort<Failure>> {
    if !user::lock(tx, &person.id)? {
        return Err(undo(unknown()));
    }
    if !cx.services.policy.limit_waiting {
        return Ok(());
    }
    let most = i64::try_from(MOST_WAITING).unwrap_or(i64::MAX);
    let waiting = deferred::clients_waiting(tx, &person.id, cx.now(), most)?;
    check_waiting(&waiting, &client.client_id).map_err(undo)
}

/// A signed request is used once. Its `jti` has a space of its own, beside those of client assertions.
fn use_once(tx: &mut Write<'_>, client: &Client, signed: &SignedRequest) -> Result<(), Abort<Failure>> {
    let jti = hash_of(&format!("backchannel request {}", signed.jti.expose()));
    match assertion_replay::consume(tx, &client.client_id, jti.as_bytes(), signed.expires_at)? {
        true => Ok(()),
        false => Err(undo(OAuthError::invalid_request(Reason::BackchannelRequestReplayed))),
    }
}

const fn unknown() -> OAuthError {
    OAuthError::new(ErrorCode::UnknownUserId, Reason::BackchannelPersonUnknown)
}

fn find_person(cx: &Cx, tx: &mut Write<'_>, client: &Client, hint: &PersonHint) -> Result<User, Abort<Failure>> {
    match hint {
        PersonHint::Login(login) => find_named(cx, tx, client, login),
        PersonHint::IdToken(token) => {
            find_hinted(cx, tx, client, token)?.filter(User::is_active).ok_or_else(|| undo(unknown()))
        }
    }
}

/// Whom a username or an address names. That somebody is not here has to be told (§13), and says who is: a client
/// that names too many such people waits, and learns nothing meanwhile. That others are here pays for none of them.
fn find_named(cx: &Cx, tx: &mut Write<'_>, client: &Client, login: &Secret<String>) -> Result<User, Abort<Failure>> {
    let guesses = Guesses::of_login_hints(cx, &client.client_id);
    let counters = guesses.lock(tx, cx.now())?;
    if counters.check(cx.now()).is_err() {
        return Err(undo(OAuthError::new(ErrorCode::AccessDenied, Reason::BackchannelThrottled)));
    }
    if let Some(person) = user::find_by_login(tx, login.expose())?.filter(User::is_active) {
        return Ok(person);
    }
    guesses.count_failure(tx, &counters, cx.now())?;
    Err(keep(unknown()))
}

/// Whom an ID token is about, which was issued to this very client. A pairwise client's is followed by
/// its session.
fn find_hinted(
    cx: &Cx,
    tx: &mut Read<'_>,
    client: &Client,
    token: &Secret<String>,
) -> Result<Option<User>, Abort<Failure>> {
    let hint = check_hint(cx, token.expose()).map_err(undo)?;
    if !hint.client_ids.contains(&client.client_id) {
        return Err(undo(OAuthError::invalid_request(Reason::IdTokenHintInvalid)));
    }
    let person = match hint.sid {
        Some(sid) if client.settings.is_pairwise() => session::find(tx, &sid)?.map(|session| session.user_id),
        _ => Some(hint.subject.clone()),
    };
    let person = person.filter(|person| subjects::told(cx, client, person) == hint.subject.as_str());
    Ok(match person {
        Some(person) => user::find(tx, &person)?,
        None => None,
    })
}

/// Writes down the ping about a request that was just answered, allowed or denied, if its client wants
/// one.
///
/// # Errors
/// When the database fails.
pub(super) fn announce(cx: &Cx, tx: &mut Write<'_>, id: &DeferredId) -> Result<(), StoreError> {
    let Some(row) = deferred::find(tx, id)? else { return Ok(()) };
    let Some(sealed) = &row.notification else { return Ok(()) };
    let payload = json!({
        "request": row.id,
        "sealed": STANDARD.encode(sealed),
        "expires_at": row.expires_at.seconds(),
    });
    outbox::write(cx, tx, DeliveryKind::BackchannelPing, Some(&row.client_id), &payload)
}

/// Where a client is told. A disabled client is not spoken to.
fn address(client: &Client) -> Option<&str> {
    let settings = &client.settings;
    let told = client.enabled && settings.token_delivery_mode() == TokenDeliveryMode::Ping;
    settings.backchannel_client_notification_endpoint.as_deref().filter(|_| told)
}

/// The ping: which request, and nothing else (§10.2).
pub(super) fn compose(cx: &Cx, delivery: &Delivery, client: Option<&Client>) -> Result<Letter, Unsendable> {
    let client = client.ok_or(Unsendable::Pointless("the client is gone"))?;
    let address = address(client).ok_or(Unsendable::Pointless("the client is not pinged any more"))?;
    let damaged = || Unsendable::Pointless("the payload is damaged");
    let payload: Value = serde_json::from_str(&delivery.payload).map_err(|_| damaged())?;
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let expires_at = payload.get("expires_at").and_then(Value::as_i64).map(Timestamp::from_seconds);
    let (Some(id), Some(sealed), Some(expires_at)) = (text("request"), text("sealed"), expires_at) else {
        return Err(damaged());
    };
    if cx.now() >= expires_at {
        return Err(Unsendable::Pointless("the request has expired"));
    }
    let sealed = STANDARD.decode(sealed).map_err(|_| damaged())?;
    let opened = cx.services.sealer.open(NOTIFICATION_PURPOSE, id, &sealed);
    let opened = opened.map_err(|error| Unsendable::Later(error.to_string()))?;
    let told: Value = serde_json::from_slice(opened.expose()).map_err(|_| damaged())?;
    let told = |name: &str| told.get(name).and_then(Value::as_str);
    let (Some(auth_req_id), Some(token)) = (told("auth_req_id"), told("token")) else { return Err(damaged()) };
    Ok(Letter {
        address: address.to_owned(),
        content_type: "application/json",
        bearer: Some(Secret::from(token)),
        body: json!({ "auth_req_id": auth_req_id }).to_string(),
    })
}
