//! What an authorization request asks, understood: its hints verified, its claims read; and what
//! the stored facts say about it.

use super::{Browser, account, pending::Pending};
use crate::{
    domain::{
        Timestamp,
        entity::{Client, Consent, ConsentMode, Ending, Session, User},
        ids::UserId,
        oauth::{
            AuthorizationRequest, OAuthError, SafeRedirect, check_allowed, check_grant, check_released,
            check_response_allowed, check_source_allowed, consent_to_resource,
        },
        oidc::{
            acr,
            claims::{ClaimsRequest, SubjectMismatch},
            id_token::{Hint, check_own_id_token_hint},
            interaction::{Decision, Progress, Prompts, Situation, decide},
        },
        trace::Reason,
    },
    service::{Cx, subjects},
    store::{Read, StoreError, consent},
};

/// A request whose hints hold.
#[derive(Clone)]
pub(super) struct Asked {
    pub request: AuthorizationRequest,
    /// Who must be signed in, as the client knows them.
    pub hinted_subject: Option<UserId>,
    /// The scopes, with those of the claims that are asked for one by one, and the resources: all that
    /// consent is about and can be remembered.
    pub scope: Vec<String>,
    /// The classes of authentication that would do.
    acr_values: Vec<String>,
    /// How the dialogue ends when it is granted.
    pub ending: Ending,
    prompts: Prompts,
}

/// Reads an `id_token_hint`: one of our own ID tokens, expired or not.
///
/// # Errors
/// `Reason::IdTokenHintInvalid`.
pub(in crate::service) fn check_hint(cx: &Cx, text: &str) -> Result<Hint, OAuthError> {
    let keyring = cx.services.keyring.load();
    let (_, claims) =
        keyring.verify_own(text, &["JWT"]).map_err(|_| OAuthError::invalid_request(Reason::IdTokenHintInvalid))?;
    check_own_id_token_hint(&claims, cx.services.issuer.as_str())
}

impl Asked {
    /// # Errors
    /// `invalid_request` for a hint that is not ours or claims that are malformed;
    /// `login_required` if hint and claims demand two different people. Neither goes with `prompt=create`.
    pub fn understand(cx: &Cx, request: AuthorizationRequest) -> Result<Self, OAuthError> {
        Self::ending(cx, request, Ending::Redirect)
    }

    /// What a dialogue is about.
    ///
    /// # Errors
    /// As [`Self::understand`].
    pub fn of(cx: &Cx, pending: &Pending) -> Result<Self, OAuthError> {
        Self::ending(cx, pending.request.clone(), pending.interaction.ending.clone())
    }

    /// A request with what it ends in.
    ///
    /// # Errors
    /// As [`Self::understand`].
    pub fn ending(cx: &Cx, request: AuthorizationRequest, ending: Ending) -> Result<Self, OAuthError> {
        let hint = request.id_token_hint.as_deref().map(|hint| check_hint(cx, hint)).transpose()?;
        let claims = request.claims.as_deref().map(ClaimsRequest::parse).transpose()?.unwrap_or_default();
        let hinted_subject = match (hint.map(|hint| hint.subject), claims.requested_subject()) {
            (Some(hinted), Some(demanded)) if hinted != demanded => return Err(SubjectMismatch.into()),
            (Some(one), _) | (None, Some(one)) => Some(one),
            (None, None) => match &ending {
                Ending::Deferred { subject, .. } => subject.clone(),
                Ending::Redirect => None,
            },
        };
        let mut scope = request.scope.clone();
        scope.extend(claims.scope().into_iter().map(str::to_owned));
        scope.extend(request.resource.iter().map(|resource| consent_to_resource(resource)));
        scope.sort_unstable();
        scope.dedup();
        let prompts = Prompts::from_names(request.prompt.iter().map(|prompt| prompt.name()))
            .ok_or(OAuthError::invalid_request(Reason::PromptUnknown))?;
        if prompts.contains(Prompts::CREATE) && hinted_subject.is_some() {
            return Err(OAuthError::invalid_request(Reason::PromptCreateHinted));
        }
        let acr_values = acr::wanted(&claims, &request.acr_values);
        Ok(Self { request, hinted_subject, scope, acr_values, ending, prompts })
    }

    /// Whether the client, as registered now, may still have what it was found to be allowed when
    /// the dialogue began.
    ///
    /// # Errors
    /// The rule that it no longer meets.
    pub fn check_still_allowed(&self, client: &Client) -> Result<(), OAuthError> {
        check_released(client)?;
        match &self.ending {
            Ending::Redirect => {
                check_response_allowed(client, &self.request)?;
                check_source_allowed(client, &self.request)?;
            }
            Ending::Deferred { kind, .. } => check_grant(client, kind.grant_type())?,
        }
        check_allowed(client, &self.request.scope)
    }

    /// What is asked for in detail is asked each time, where people are asked at all: no earlier consent
    /// was about it (RFC 9396 §12).
    fn prompts_for(&self, client: &Client) -> Prompts {
        match client.settings.consent {
            ConsentMode::Once | ConsentMode::Always if !self.request.authorization_details.is_empty() => {
                self.prompts.with(Prompts::CONSENT)
            }
            _ => self.prompts,
        }
    }

    /// Whether the person authenticated in the way that the claims parameter demands.
    ///
    /// # Errors
    /// `unmet_authentication_requirements`.
    pub fn check_acr(&self, session: &Session) -> Result<(), OAuthError> {
        let claims = self.request.claims.as_deref().map(ClaimsRequest::parse).transpose()?.unwrap_or_default();
        acr::check_reached(&claims, &session.context.acr)
    }

    /// The redirect URI, matched again with what is registered now.
    ///
    /// # Errors
    /// `Reason::RedirectUriNotRegistered`, never to be redirected.
    pub fn redirect(&self, client: &Client) -> Result<SafeRedirect, OAuthError> {
        SafeRedirect::restored(client, &self.request.redirect_uri)
    }
}

/// What the database says about the browser's person.
pub(super) struct Facts {
    /// The session that the request is about, of those that the browser holds.
    pub session: Option<(Session, User)>,
    /// Whether the person has to say which account it is.
    pub unsure: bool,
    pub consent: Option<Consent>,
    pub progress: Progress,
    started_at: Timestamp,
}

impl Facts {
    /// Reads them; `pending` if a dialogue has begun.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read(
        cx: &Cx,
        tx: &mut Read<'_>,
        asked: &Asked,
        client: &Client,
        browser: &Browser,
        pending: Option<&Pending>,
    ) -> Result<Self, StoreError> {
        let (session, unsure) = account::choose(cx, tx, asked, client, browser, pending)?;
        let consent = match &session {
            Some((_, user)) => consent::find(tx, &user.id, &client.client_id)?,
            None => None,
        };
        let progress =
            pending.map(|pending| pending.progress(session.as_ref().map(|(session, _)| session))).unwrap_or_default();
        let started_at = pending.map_or(cx.now(), |pending| pending.interaction.created_at);
        Ok(Self { session, unsure, consent, progress, started_at })
    }

    /// What happens next.
    pub fn decide(&self, cx: &Cx, asked: &Asked, client: &Client) -> Decision {
        let hinted = asked.hinted_subject.as_ref().map(|sub| match &self.session {
            Some((_, user)) => subjects::meant(cx, client, sub, &user.id),
            None => sub.clone(),
        });
        decide(&Situation {
            prompts: asked.prompts_for(client),
            max_age: asked.request.max_age,
            acr_values: &asked.acr_values,
            requested_scope: &asked.scope,
            client,
            session: self.session.as_ref().map(|(session, user)| (session, user)),
            unsure: self.unsure,
            hinted_subject: hinted.as_ref(),
            consent: self.consent.as_ref(),
            progress: &self.progress,
            started_at: self.started_at,
            now: cx.now(),
        })
    }
}
