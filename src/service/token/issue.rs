//! The one choke point: nothing else mints a token. For a person, everything that the token stands
//! on is read again in the issuing transaction; signatures are made after its commit, so that a
//! slow algorithm never holds the database.

mod front_channel;
mod signing;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::Stop;
use crate::{
    crypto::{
        random::random_bytes,
        token::{Minted, SecretKind, mint},
    },
    domain::{
        Secret,
        entity::{AccessTokenFormat, Api, Authorization, Client, ConsentMode, EventKind, IdTokenClaims, RefreshToken},
        ids::AuthorizationId,
        oauth::{
            AUTH_REQ_ID_CLAIM, AccessTokenClaims, Confirmation, Exchanged, GrantType, Narrowing, OAuthError,
            Target as Aim, TokenScheme, aim, aim_exchanged, check_standing, consent_to_resource, details_for,
            narrow_details,
        },
        oidc::claims::{ClaimsRequest, Person, Target, claims_for_scope, requested_claims},
    },
    service::{
        Broken, Cx, Failure, apis, client_keys,
        clients::ClientView,
        events::{Draft, json_text},
        failure::undo,
        people, sessions, subjects,
    },
    store::{
        self, Abort, Appended, MachineIssue, Read, StoreError, Write, access_token::NewAccessToken,
        authorization::Lineage, client, consent, refresh_token, session, user,
    },
};

pub use front_channel::{FrontChannel, FrontChannelTokens};
use signing::IdTokenDraft;
pub use signing::Unsigned;
pub(in crate::service) use signing::sign;

/// `typ` of JWT access tokens (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// `typ` of ID tokens.
pub const ID_TOKEN_TYPE: &str = "JWT";
/// `typ` of UserInfo answers that are JWTs.
pub const USERINFO_TYPE: &str = "JWT";
/// `typ` of introspection answers that are JWTs (RFC 9701 §5).
pub const INTROSPECTION_TYPE: &str = "token-introspection+jwt";
/// The purpose under which a refresh token's successor is sealed.
pub const SUCCESSOR_PURPOSE: &str = "refresh-successor";

/// The row to which a sealed successor belongs: the token that it replaces.
pub fn successor_row(token_hash: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(token_hash)
}

/// A successful token response (RFC 6749 §5.1).
#[derive(Debug)]
pub struct TokenReply {
    /// The access token.
    pub access_token: Secret<String>,
    /// How it is to be sent.
    pub scheme: TokenScheme,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// What was granted: also that it is nothing, where something was asked for (RFC 6749 §3.3).
    pub scope: Option<Vec<String>>,
    /// The refresh token, if one is due.
    pub refresh_token: Option<Secret<String>>,
    /// The ID token, for `openid`.
    pub id_token: Option<Secret<String>>,
    /// What was granted in detail (RFC 9396 §7).
    pub authorization_details: Vec<Value>,
    /// What was issued, where the request chose (RFC 8693 §2.2.1).
    pub issued_token_type: Option<&'static str>,
}

/// How the tokens continue the chain of an authorization.
pub enum Chain {
    /// The first ones, for a code.
    Begin {
        /// The nonce of the authorization request.
        nonce: Option<String>,
        /// The request over the back channel that they answer.
        auth_req_id: Option<Secret<String>>,
    },
    /// In place of a refresh token, which is replaced.
    Rotate {
        /// The token to replace.
        from: RefreshToken,
    },
    /// With the refresh token that was used, which stays.
    Keep {
        /// The token.
        token: RefreshToken,
        /// Its text.
        refresh_token: Secret<String>,
    },
    /// An access token and nothing else.
    Single,
    /// Again, after a lost response: the refresh token stays.
    Redeliver {
        /// The successor that was handed out before.
        refresh_token: Secret<String>,
    },
    /// Beside it: through the browser, next to a code or instead of one. Never a refresh token.
    FrontChannel(FrontChannel),
}

/// What a response is prepared with before the transaction: its random parts, and the keys that the
/// client proved to hold.
pub struct Drafts {
    access: Option<Minted>,
    refresh: Option<Minted>,
    serial: String,
    proved: Confirmation,
}

impl Drafts {
    /// Draws what a response to this client needs. `proved`: what its tokens can be bound to.
    pub fn prepare(cx: &Cx, client: &Client, proved: Confirmation) -> Self {
        let opaque = client.settings.access_token_format == AccessTokenFormat::Opaque;
        Self {
            access: opaque.then(|| mint(SecretKind::AccessToken, cx.random())),
            refresh: client.allows_grant(GrantType::RefreshToken).then(|| mint(SecretKind::RefreshToken, cx.random())),
            serial: URL_SAFE_NO_PAD.encode(random_bytes::<16>(cx.random())),
            proved,
        }
    }
}

/// What an issuance is asked for, within what the authorization allows.
pub struct Wanted {
    /// Fewer scopes than the authorization's, if only those are wanted.
    pub scope: Option<Vec<String>>,
    /// Resources and details, if only those are wanted.
    pub narrowing: Narrowing,
    /// How the tokens continue the authorization's chain.
    pub chain: Chain,
    /// The random parts.
    pub drafts: Drafts,
    /// What is exchanged, if this is for another client than the authorization's.
    pub exchange: Option<Exchange>,
}

impl Wanted {
    /// All that the authorization allows.
    pub fn of(chain: Chain, drafts: Drafts) -> Self {
        Self { scope: None, narrowing: Narrowing::default(), chain, drafts, exchange: None }
    }
}

/// A token for one client on what another one was allowed (RFC 8693).
pub struct Exchange {
    /// The other client, as it stands in this transaction.
    pub grantor: Arc<ClientView>,
    /// What the new token may say.
    pub exchanged: Exchanged,
}

/// A `jti` names the authorization that it comes from, so that a self-contained token can be
/// followed back to its parent.
pub fn jti(authorization: &AuthorizationId, serial: &str) -> String {
    format!("{authorization}.{serial}")
}

/// The authorization named by a `jti`; none for a client's own token.
pub fn authorization_of_jti(jti: &str) -> Option<AuthorizationId> {
    jti.rsplit_once('.').map(|(authorization, _)| AuthorizationId::new(authorization))
}

/// Whether the client is still the one that was authenticated.
///
/// # Errors
/// When the database fails.
pub fn client_stands(tx: &mut Write<'_>, view: &ClientView) -> Result<bool, StoreError> {
    Ok(client::enabled_version(tx, &view.client.client_id)? == Some(view.client.version))
}

/// Issues for a person, inside the caller's transaction, which has checked [`client_stands`].
///
/// # Errors
/// `invalid_grant` when what the tokens would stand on does not stand any more.
pub(super) fn for_person(
    cx: &Cx,
    tx: &mut Write<'_>,
    view: &ClientView,
    authorization: &Authorization,
    wanted: Wanted,
) -> Result<Unsigned, Abort<Failure>> {
    let lineage = lineage(tx, authorization)?;
    for_lineage(cx, tx, view, &lineage, wanted)
}

/// As [`for_person`], for a caller that has read in this transaction what the authorization stands on.
///
/// # Errors
/// As [`for_person`].
pub(super) fn for_lineage(
    cx: &Cx,
    tx: &mut Write<'_>,
    view: &ClientView,
    lineage: &Lineage,
    wanted: Wanted,
) -> Result<Unsigned, Abort<Failure>> {
    for_authorization(cx, tx, &view.client, lineage, wanted)
}

fn lineage(tx: &mut Read<'_>, authorization: &Authorization) -> Result<Lineage, StoreError> {
    let user = user::find(tx, &authorization.user_id)?;
    let session = session::find(tx, &authorization.session_id)?;
    Ok(Lineage { authorization: authorization.clone(), user, session })
}

/// Issues what comes back through the browser, inside the transaction that grants it and that has
/// read `client`.
///
/// # Errors
/// As [`for_person`].
pub(in crate::service) fn for_front_channel(
    cx: &Cx,
    tx: &mut Write<'_>,
    client: &Client,
    authorization: &Authorization,
    wanted: FrontChannel,
) -> Result<Unsigned, Abort<Failure>> {
    // Nothing that comes through a browser is bound to a key.
    let drafts = Drafts::prepare(cx, client, Confirmation::default());
    let lineage = lineage(tx, authorization)?;
    for_authorization(cx, tx, client, &lineage, Wanted::of(Chain::FrontChannel(wanted), drafts))
}

fn for_authorization(
    cx: &Cx,
    tx: &mut Write<'_>,
    client: &Client,
    lineage: &Lineage,
    wanted: Wanted,
) -> Result<Unsigned, Abort<Failure>> {
    let Lineage { authorization, user, session } = lineage;
    let Wanted { scope, narrowing, chain, drafts, exchange } = wanted;
    let access_wanted = match &chain {
        Chain::FrontChannel(front) => front.response_type.has_access_token(),
        Chain::Begin { .. } => {
            drafts.proved.check_code(authorization.bounds.dpop_jkt.as_deref()).map_err(undo)?;
            true
        }
        Chain::Rotate { .. } | Chain::Keep { .. } | Chain::Redeliver { .. } | Chain::Single => true,
    };
    let confirmation =
        if access_wanted { drafts.proved.for_client(client).map_err(undo)? } else { Confirmation::default() };
    let grantor = exchange.as_ref().map_or(client, |exchange| &exchange.grantor.client);
    let consented = consent_stands(tx, grantor, authorization)?;
    check_standing(user.as_ref(), grantor, authorization, session.as_ref(), consented, cx.now()).map_err(undo)?;
    if let Some(session) = session {
        // Whoever uses an app is not idle, though the browser never comes back here.
        sessions::touch(cx, tx, session)?;
    }
    let Some(person) = user else { return Err(Failure::internal("a standing authorization has no user").into()) };

    let scope = scope.unwrap_or_else(|| authorization.scope.clone());
    let asked = !scope.is_empty();
    let issuer = cx.services.issuer.as_str();
    let (apis, target, granted_details) = match &exchange {
        // For whom the token is, its policy says; and what was granted in detail is not for them.
        Some(Exchange { exchanged, .. }) => {
            let apis = apis::find_audiences(tx, client, &exchanged.audience)?;
            let target = aim_exchanged(client, &apis, &exchanged.audience, scope, issuer);
            (apis, target, [].as_slice())
        }
        None => {
            let apis = apis::find_granted(tx, client, authorization, &narrowing.resource)?;
            let target = aim(client, &apis, scope, issuer);
            (apis, target, authorization.bounds.authorization_details.as_slice())
        }
    };
    let target = target.map_err(undo)?;
    let details = narrow_details(&narrowing.authorization_details, granted_details).map_err(undo)?;
    let scope = target.scope.clone();
    let by_name = authorization.claims_told_to(&client.client_id);
    let membership = people::membership_told(tx, &person.id, &scope, by_name)?;
    let has = |name: &str| scope.iter().any(|scope| scope == name);
    let subject = subjects::told(cx, client, &person.id);
    let mut claims = AccessTokenClaims {
        subject: subject.clone(),
        jti: jti(&authorization.id, &drafts.serial),
        // An assertion says nothing of how the person authenticated.
        context: authorization.session().map(|_| authorization.context.clone()),
        session_id: authorization.session().cloned(),
        roles: has("roles").then(|| membership.roles.clone()),
        groups: has("groups").then(|| membership.groups.clone()),
        authorization_details: if apis.is_empty() { details } else { details_for(details, &target.audience) },
        confirmation,
        ..base_claims(cx, client, &target)
    };
    if let Some(end) = authorization.bounds.without_session_until {
        claims.expires_at = claims.expires_at.min(end);
    }
    let kind = if exchange.is_some() { EventKind::TokenExchanged } else { EventKind::TokenIssued };
    let mut event = Draft::new(kind).authorization(authorization).fact("scope", scope.join(" "));
    if let Some(Exchange { exchanged, .. }) = exchange {
        event = event.fact("to_client", client.client_id.as_str());
        if let Some(actor) = &exchanged.actor {
            event = event.fact("act", actor.claim());
        }
        claims.expires_at = claims.expires_at.min(exchanged.not_after);
        claims.actor = exchanged.actor;
    }
    let (nonce, auth_req_id) = match &chain {
        Chain::Begin { nonce, auth_req_id } => (nonce.clone(), auth_req_id.clone()),
        Chain::FrontChannel(front) => (front.nonce.clone(), None),
        Chain::Rotate { .. } | Chain::Keep { .. } | Chain::Redeliver { .. } | Chain::Single => (None, None),
    };
    let front_channel = match &chain {
        Chain::FrontChannel(front) => Some(front.clone()),
        _ => None,
    };
    let identified = has("openid") && !matches!(chain, Chain::Single);
    let told = front_channel.as_ref().map_or(client.settings.id_token_claims, FrontChannel::id_token_claims);
    let id_token = if identified && front_channel.as_ref().is_none_or(|front| front.response_type.has_id_token()) {
        let person = Person { user: person, subject: &subject, groups: &membership.groups, roles: &membership.roles };
        let mut draft = id_token(cx, client, authorization, &person, &scope, told, nonce)?;
        if let Some(id) = auth_req_id {
            draft.extra.insert(AUTH_REQ_ID_CLAIM.to_owned(), id.expose().as_str().into());
        }
        Some(draft)
    } else {
        None
    };
    let refresh_token = continue_chain(cx, tx, client, authorization, chain, (drafts.refresh, &claims.confirmation))?;
    let opaque = minted_for(cx, &target, drafts.access).filter(|_| access_wanted);
    if let Some(minted) = &opaque {
        store::access_token::insert(tx, &opaque_row(&claims, minted, Some(&authorization.id)))?;
    }
    event = match &front_channel {
        None => event.fact("refresh_token", refresh_token.is_some()),
        Some(front) => event.fact("response_type", front.response_type.name()),
    };
    if access_wanted {
        event = event.object(&claims.jti).fact("audience", claims.audience.join(" "));
    }
    event.append(cx, tx)?;
    Ok(Unsigned {
        claims,
        asked,
        opaque: opaque.map(|minted| minted.text),
        access_algorithm: target.algorithm,
        refresh_token,
        id_token,
        front_channel,
    })
}

/// The text of an opaque token. An API may want another format than the client otherwise has, so that
/// what was drawn beforehand is not needed, or is missing.
fn minted_for(cx: &Cx, target: &Aim, drawn: Option<Minted>) -> Option<Minted> {
    (target.format == AccessTokenFormat::Opaque)
        .then(|| drawn.unwrap_or_else(|| mint(SecretKind::AccessToken, cx.random())))
}

/// Issues to a client on its own behalf.
///
/// # Errors
/// `invalid_target`, `invalid_authorization_details`, `invalid_scope`; when the client changed
/// meanwhile, or the server fails.
pub(super) async fn for_machine(
    cx: &Cx,
    view: &Arc<ClientView>,
    scope: Vec<String>,
    narrowing: Narrowing,
    proved: &Confirmation,
) -> Result<TokenReply, Stop> {
    let drafts = Drafts::prepare(cx, &view.client, proved.clone());
    let details = narrowing.authorization_details.clone();
    let apis = if narrowing == Narrowing::default() {
        Vec::new()
    } else {
        let view = view.clone();
        let read = move |tx: &mut Read<'_>| -> Result<Vec<Api>, Failure> {
            apis::check_details(tx, &view.client, &narrowing.authorization_details)?;
            apis::find_targets(tx, &view.client, &narrowing.resource)
        };
        cx.services.store.read(read).await?
    };
    let (issue, unsigned) = decide_for_machine(cx, view, (scope, details), &apis, drafts)?;
    match cx.services.store.append_machine_issue(issue).await.map_err(Broken::from)? {
        Appended::ClientChanged => Err(Stop::ClientChanged),
        Appended::Written => unsigned.sign(cx),
    }
}

/// As [`for_machine`], inside the caller's transaction. None, and nothing is written: the client changed.
///
/// # Errors
/// As [`for_machine`].
pub(super) fn for_machine_within(
    cx: &Cx,
    tx: &mut Write<'_>,
    view: &ClientView,
    scope: Vec<String>,
    drafts: Drafts,
) -> Result<Option<Unsigned>, Abort<Failure>> {
    let (issue, unsigned) = decide_for_machine(cx, view, (scope, Vec::new()), &[], drafts).map_err(undo)?;
    Ok((issue.write(tx)? == Appended::Written).then_some(unsigned))
}

/// What a client is to get on its own behalf, and what is to be written of it.
fn decide_for_machine(
    cx: &Cx,
    view: &ClientView,
    (scope, details): (Vec<String>, Vec<Value>),
    apis: &[Api],
    drafts: Drafts,
) -> Result<(MachineIssue, Unsigned), OAuthError> {
    let client = &view.client;
    let confirmation = drafts.proved.for_client(client)?;
    let asked = !scope.is_empty();
    let target = aim(client, apis, scope, cx.services.issuer.as_str())?;
    let access = minted_for(cx, &target, drafts.access);
    let claims = AccessTokenClaims {
        subject: client.client_id.as_str().to_owned(),
        jti: drafts.serial,
        roles: (!view.roles.is_empty()).then(|| view.roles.clone()),
        authorization_details: if apis.is_empty() { details } else { details_for(details, &target.audience) },
        confirmation,
        ..base_claims(cx, client, &target)
    };
    let event = Draft::new(EventKind::TokenIssued)
        .client(&client.client_id)
        .object(&claims.jti)
        .fact("scope", claims.scope.join(" "))
        .fact("audience", claims.audience.join(" "))
        .impersonal(cx);
    let issue = MachineIssue {
        client_id: client.client_id.clone(),
        client_version: client.version,
        event,
        token: access.as_ref().map(|minted| opaque_row(&claims, minted, None)),
    };
    let unsigned = Unsigned {
        claims,
        asked,
        opaque: access.map(|minted| minted.text),
        access_algorithm: target.algorithm,
        refresh_token: None,
        id_token: None,
        front_channel: None,
    };
    Ok((issue, unsigned))
}

fn base_claims(cx: &Cx, client: &Client, target: &Aim) -> AccessTokenClaims {
    let lifetime = target.lifetime.unwrap_or(cx.services.policy.access_token_seconds);
    AccessTokenClaims {
        issuer: cx.services.issuer.as_str().to_owned(),
        subject: String::new(),
        audience: target.audience.clone(),
        expires_at: cx.now().plus_seconds(lifetime),
        issued_at: cx.now(),
        not_before: None,
        jti: String::new(),
        client_id: client.client_id.clone(),
        scope: target.scope.clone(),
        context: None,
        session_id: None,
        roles: None,
        groups: None,
        confirmation: Confirmation::default(),
        authorization_details: Vec::new(),
        actor: None,
    }
}

fn opaque_row(claims: &AccessTokenClaims, minted: &Minted, authorization: Option<&AuthorizationId>) -> NewAccessToken {
    NewAccessToken {
        token_hash: minted.hash.as_bytes().to_vec(),
        jti: claims.jti.clone(),
        authorization_id: authorization.cloned(),
        client_id: claims.client_id.clone(),
        claims: json_text(claims),
        issued_at: claims.issued_at,
        expires_at: claims.expires_at,
    }
}

/// A remembered consent must still cover what was granted; first-party clients need none.
fn consent_stands(tx: &mut Write<'_>, client: &Client, authorization: &Authorization) -> Result<bool, StoreError> {
    if client.consent_mode() == ConsentMode::Skip {
        return Ok(true);
    }
    let consent = consent::find(tx, &authorization.user_id, &client.client_id)?;
    Ok(consent.is_some_and(|consent| {
        authorization.scope.iter().all(|scope| consent.scope.contains(scope))
            && authorization.bounds.resource.iter().all(|one| consent.scope.contains(&consent_to_resource(one)))
    }))
}

fn id_token(
    cx: &Cx,
    client: &Client,
    authorization: &Authorization,
    person: &Person<'_>,
    scope: &[String],
    told: IdTokenClaims,
    nonce: Option<String>,
) -> Result<IdTokenDraft, Abort<Failure>> {
    let settings = &client.settings;
    let mut extra = match told {
        IdTokenClaims::Fat => claims_for_scope(person, scope),
        IdTokenClaims::Lean => Map::new(),
    };
    if let Some(text) = authorization.claims_told_to(&client.client_id) {
        let request = ClaimsRequest::parse(text).map_err(undo)?;
        let asked = requested_claims(person, &request, Target::IdToken, &settings.scope);
        extra.extend(asked.map_err(|mismatch| undo(mismatch.into()))?);
    }
    Ok(IdTokenDraft {
        subject: person.subject.to_owned(),
        client_id: client.client_id.clone(),
        lifetime: settings.id_token_lifetime.unwrap_or(cx.services.policy.id_token_seconds),
        algorithm: settings.id_token_signed_response_alg,
        context: authorization.context.clone(),
        nonce,
        sid: authorization.session_id.clone(),
        extra,
        recipient: client_keys::recipient(cx, client, settings.id_token_encryption())?,
    })
}

/// The refresh token that goes with the access token, if the client may refresh.
fn continue_chain(
    cx: &Cx,
    tx: &mut Write<'_>,
    client: &Client,
    authorization: &Authorization,
    chain: Chain,
    (drawn, confirmation): (Option<Minted>, &Confirmation),
) -> Result<Option<Secret<String>>, Abort<Failure>> {
    if !client.allows_grant(GrantType::RefreshToken) {
        return Ok(None);
    }
    let policy = &cx.services.policy;
    let idle = client.settings.refresh_token_lifetime.unwrap_or(policy.refresh_idle_seconds);
    let family_expires_at = match &chain {
        Chain::Begin { .. } => cx.now().plus_seconds(policy.refresh_absolute_seconds),
        Chain::Rotate { from } => from.family_expires_at,
        Chain::Redeliver { refresh_token } => return Ok(Some(refresh_token.clone())),
        Chain::Keep { token, refresh_token } => {
            let expires_at = cx.now().plus_seconds(idle).min(token.family_expires_at);
            if !refresh_token::extend(tx, &token.token_hash, expires_at)? {
                return Err(Failure::internal("a locked refresh token was rotated by somebody else").into());
            }
            return Ok(Some(refresh_token.clone()));
        }
        // RFC 6749 §4.2.2: never through the browser.
        Chain::FrontChannel(_) | Chain::Single => return Ok(None),
    };
    let minted = drawn.unwrap_or_else(|| mint(SecretKind::RefreshToken, cx.random()));
    let token = RefreshToken {
        token_hash: minted.hash.as_bytes().to_vec(),
        authorization_id: authorization.id.clone(),
        client_id: client.client_id.clone(),
        created_at: cx.now(),
        expires_at: cx.now().plus_seconds(idle).min(family_expires_at),
        family_expires_at,
        rotated_at: None,
        confirmation: confirmation.for_refresh(client),
    };
    if let Chain::Rotate { from } = &chain {
        let row = successor_row(&from.token_hash);
        let sealed = cx.services.sealer.seal(SUCCESSOR_PURPOSE, &row, minted.text.expose().as_bytes(), cx.random());
        if !refresh_token::rotate(tx, &from.token_hash, &token.token_hash, &sealed, cx.now())? {
            return Err(Failure::internal("a locked refresh token was rotated by somebody else").into());
        }
    }
    refresh_token::insert(tx, &token)?;
    Ok(Some(minted.text))
}

impl From<Failure> for Abort<Failure> {
    fn from(failure: Failure) -> Self {
        Self::Undo(failure)
    }
}
