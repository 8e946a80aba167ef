//! An assertion of a trusted issuer as a grant (RFC 7523 §2.1): for a person who has allowed the
//! client what it asks for, or for the client itself. It is used once, and brings an access token and
//! nothing that outlives it.

use super::{
    Stop,
    issue::{self, Chain, Drafts, Wanted},
    redemption::redeem,
};
use crate::{
    crypto::{compact::VerifyError, token::hash_of, verifier::PublicKeySet},
    domain::{
        entity::{
            AuthenticationContext, Authorization, Bounds, Client, ConsentMode, EventKind, SubjectMapping,
            TrustedIssuer, User,
        },
        ids::{AuthorizationId, ClientId, SessionId, UserId},
        jose::SigningAlgorithm,
        oauth::{
            BearerFacts, JwtBearerRequest, OAuthError, algorithm_reason, allowed_algorithms, bearer_scope,
            check_bearer_assertion, check_bearer_kind, check_may_vouch, unverified_issuer,
        },
        trace::Reason,
    },
    service::{
        Cx, Failure,
        client_authentication::{AuthenticatedClient, DirectRequest},
        client_keys::{self, NotVerified},
        events::Draft,
        failure::undo,
    },
    store::{Abort, Read, StoreError, Write, assertion_replay, authorization, consent, trusted_issuer, user},
};

pub(super) async fn respond(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    let request = JwtBearerRequest::parse(direct.params)?;
    let named = unverified_issuer(request.assertion.expose());
    let named = named.ok_or(OAuthError::invalid_grant(Reason::BearerAssertionSignature))?;
    let issuer = cx.services.store.read(move |tx| trusted_issuer::find(tx, &named)).await;
    let issuer = issuer.map_err(|error: StoreError| Failure::from(error))?;
    let issuer = issuer.ok_or(OAuthError::invalid_grant(Reason::BearerAssertionIssuer))?;
    check_may_vouch(&issuer, client.client())?;
    let scope = bearer_scope(&issuer, client.client(), request.scope.as_deref())?;
    let facts = verify(cx, client.client(), &issuer, request.assertion.expose()).await?;
    if issuer.subject == SubjectMapping::Client {
        return for_client(cx, client, issuer, facts, scope).await;
    }
    redeem(cx, client, move |cx, tx, view, drafts| {
        use_once(tx, &issuer, &facts)?;
        let person = find_person(tx, issuer.subject, &facts.subject)?;
        let person = person.ok_or(undo(OAuthError::invalid_grant(Reason::BearerSubjectUnknown)))?;
        check_consent(tx, &view.client, &person, &scope)?;
        let granted = grant(cx, tx, &view.client, &person, &issuer, scope)?;
        issue::for_person(cx, tx, view, &granted, Wanted::of(Chain::Single, drafts))
    })
    .await
}

/// What the assertion says, if a key of its issuer signed it, with an algorithm that the client's security
/// profile allows: its rules are about everything that a token of the client's stands on.
async fn verify(cx: &Cx, client: &Client, issuer: &TrustedIssuer, assertion: &str) -> Result<BearerFacts, OAuthError> {
    let unverified = OAuthError::invalid_grant(Reason::BearerAssertionSignature);
    let keys = match &issuer.jwks {
        Some(jwks) => Some(PublicKeySet::parse(jwks).map_err(|_| unverified)?),
        None => None,
    };
    let uri = issuer.jwks_uri.as_deref();
    let allowed = allowed_algorithms(client, SigningAlgorithm::ALL);
    let verified = match client_keys::verify_with(cx, keys.as_ref(), uri, assertion, &allowed).await {
        Ok(verified) => verified,
        Err(NotVerified::Token(VerifyError::AlgorithmNotAllowed)) => {
            return Err(OAuthError::invalid_grant(algorithm_reason(client, Reason::BearerAssertionSignature)));
        }
        Err(_) => return Err(unverified),
    };
    check_bearer_kind(&verified.header, &verified.claims)?;
    let ours = [cx.services.issuer.as_str().to_owned(), cx.services.issuer.join("/oauth2/token")];
    check_bearer_assertion(issuer, &verified.claims, &ours, cx.now())
}

/// The issuer must still be the one whose keys verified the assertion; the assertion is used up.
fn use_once(tx: &mut Write<'_>, issuer: &TrustedIssuer, facts: &BearerFacts) -> Result<(), Abort<Failure>> {
    if trusted_issuer::find(tx, &issuer.issuer)?.as_ref() != Some(issuer) {
        return Err(undo(OAuthError::invalid_grant(Reason::BearerAssertionIssuer)));
    }
    // No client_id holds a space: an issuer's identifiers and a client's never meet.
    let owner = ClientId::new(format!("issuer {}", issuer.issuer));
    if assertion_replay::consume(tx, &owner, hash_of(&facts.jti).as_bytes(), facts.expires_at)? {
        Ok(())
    } else {
        Err(undo(OAuthError::invalid_grant(Reason::BearerAssertionReplayed)))
    }
}

/// The assertion is about the client that sends it: a token of its own. What is refused, or has to be
/// decided again because the client changed, does not use the assertion up.
async fn for_client(
    cx: &Cx,
    client: &AuthenticatedClient,
    issuer: TrustedIssuer,
    facts: BearerFacts,
    scope: Vec<String>,
) -> Result<issue::TokenReply, Stop> {
    if facts.subject != client.client().client_id.as_str() {
        return Err(OAuthError::invalid_grant(Reason::BearerSubjectUnknown).into());
    }
    let (context, view) = (cx.clone(), client.view().clone());
    let drafts = Drafts::prepare(cx, &view.client, client.proved().clone());
    let write = move |tx: &mut Write<'_>| -> Result<Option<issue::Unsigned>, Abort<Failure>> {
        let issued = issue::for_machine_within(&context, tx, &view, scope, drafts)?;
        if issued.is_some() {
            use_once(tx, &issuer, &facts)?;
        }
        Ok(issued)
    };
    let issued = cx.services.store.write(write).await?;
    issued.ok_or(Stop::ClientChanged)?.sign(cx)
}

fn find_person(tx: &mut Read<'_>, mapping: SubjectMapping, subject: &str) -> Result<Option<User>, StoreError> {
    let found = match mapping {
        SubjectMapping::UserId => user::find(tx, &UserId::new(subject))?,
        // An address is no username, though people may sign in with it.
        SubjectMapping::Username => {
            user::find_by_login(tx, subject)?.filter(|user| User::canonical(&user.username) == User::canonical(subject))
        }
        SubjectMapping::Client => None,
    };
    Ok(found.filter(User::is_active))
}

/// Nobody can be asked here: the client needs no consent, or one that is remembered.
fn check_consent(tx: &mut Read<'_>, client: &Client, person: &User, scope: &[String]) -> Result<(), Abort<Failure>> {
    let agreed = match client.settings.consent {
        ConsentMode::Skip => true,
        ConsentMode::Always => false,
        ConsentMode::Once => consent::find(tx, &person.id, &client.client_id)?
            .is_some_and(|consent| scope.iter().all(|scope| consent.scope.contains(scope))),
    };
    if agreed { Ok(()) } else { Err(undo(OAuthError::invalid_grant(Reason::BearerConsentMissing))) }
}

/// The parent of the token: it stands without a session, for as long as the token lives.
fn grant(
    cx: &Cx,
    tx: &mut Write<'_>,
    client: &Client,
    person: &User,
    issuer: &TrustedIssuer,
    scope: Vec<String>,
) -> Result<Authorization, Abort<Failure>> {
    let lifetime = client.settings.access_token_lifetime.unwrap_or(cx.services.policy.access_token_seconds);
    let end = cx.now().plus_seconds(lifetime);
    let granted = Authorization {
        id: AuthorizationId::new(cx.fresh_id()),
        client_id: client.client_id.clone(),
        user_id: person.id.clone(),
        session_id: SessionId::new(""),
        scope,
        context: AuthenticationContext { auth_time: cx.now(), amr: Vec::new(), acr: "0".to_owned() },
        claims: None,
        bounds: Bounds { without_session_until: Some(end), ..Bounds::default() },
        created_at: cx.now(),
        revoked_at: None,
    };
    authorization::insert(tx, &granted, end)?;
    let event = Draft::new(EventKind::AuthorizationGranted).authorization(&granted);
    event.fact("scope", granted.scope.join(" ")).fact("trusted_issuer", issuer.issuer.as_str()).append(cx, tx)?;
    Ok(granted)
}
