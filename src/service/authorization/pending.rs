//! A pending dialogue, found again: only in the browser that began it, only while it lives, and
//! only until it is answered.

use super::{Browser, DialogueFailure};
use crate::{
    crypto::token::SecretHash,
    domain::{
        Timestamp,
        entity::{Client, Session},
        ids::InteractionId,
        oauth::{AuthorizationRequest, OAuthError},
        oidc::interaction::Progress,
        trace::Reason,
    },
    service::{Broken, Cx},
    store::{
        Read, client,
        interaction::{self, Interaction},
    },
};

/// A dialogue with what it is about.
pub(in crate::service) struct Pending {
    /// The row.
    pub interaction: Interaction,
    /// What was asked.
    pub request: AuthorizationRequest,
    /// Who asked, as registered now.
    pub client: Client,
}

/// The dialogue with this id.
///
/// # Errors
/// `Reason::InteractionElsewhere` in another browser, which learns nothing more;
/// `Reason::InteractionExpired` if there is none any more; `Reason::ClientUnknown`.
pub(in crate::service) fn find(
    cx: &Cx,
    tx: &mut Read<'_>,
    id: &InteractionId,
    browser: &Browser,
) -> Result<Pending, DialogueFailure> {
    // The id comes from an address. None of ours holds control characters, and one database refuses NUL in any text.
    let known = if id.as_str().contains(char::is_control) { None } else { interaction::find(tx, id)? };
    let Some(interaction) = known else {
        cx.refused("interaction", &[], Reason::InteractionExpired);
        return Err(OAuthError::invalid_request(Reason::InteractionExpired).into());
    };
    let facts = [("authorization_trace", interaction.trace_id.as_str())];
    cx.note_client(interaction.client_id.as_str());
    let refuse = |reason| {
        cx.refused("interaction", &facts, reason);
        DialogueFailure::from(OAuthError::invalid_request(reason))
    };
    let begun_by = SecretHash::from_slice(&interaction.browser_hash);
    match (browser.hash(), begun_by) {
        (Some(presented), Some(begun_by)) if presented.matches(&begun_by) => {}
        _ => return Err(refuse(Reason::InteractionElsewhere)),
    }
    let client = client::find(tx, &interaction.client_id)?.filter(|client| client.enabled);
    let client = client.ok_or_else(|| refuse(Reason::ClientUnknown))?;
    // What people were shown before that is not what they would allow now.
    let outdated = client.not_before.is_some_and(|limit| interaction.created_at < limit);
    if interaction.finished_at.is_some() || cx.now() >= interaction.expires_at || outdated {
        return Err(refuse(Reason::InteractionExpired).with_app(&client));
    }
    let request = serde_json::from_str(&interaction.request)
        .map_err(|error| Broken::Internal(format!("interaction {id} holds no request: {error}")))?;
    Ok(Pending { interaction, request, client })
}

impl Pending {
    /// Notes which dialogue goes on: once a request, however often it is read.
    pub(in crate::service) fn note(&self, cx: &Cx) {
        cx.note_profile(&self.client);
        cx.passed("interaction", &[("authorization_trace", self.interaction.trace_id.as_str())]);
    }

    /// What was done in this dialogue, by this session. What another session did does not count.
    pub(in crate::service) fn progress(&self, session: Option<&Session>) -> Progress {
        let Some(session) = session.filter(|session| self.interaction.session_id.as_ref() == Some(&session.id)) else {
            return Progress::default();
        };
        let by = |at: Option<Timestamp>| at.map(|_| session.user_id.clone());
        Progress {
            authenticated_at: self.interaction.authenticated_at,
            consented_by: by(self.interaction.consented_at),
            account_chosen: by(self.interaction.account_chosen_at),
        }
    }

    /// From here on the dialogue is this session's: what another one did in it is forgotten.
    pub(in crate::service) fn bind(&mut self, session: &Session) {
        if self.interaction.session_id.as_ref() != Some(&session.id) {
            self.forget_progress();
            self.interaction.session_id = Some(session.id.clone());
        }
    }

    /// As if the dialogue had just begun.
    pub(in crate::service) fn forget_progress(&mut self) {
        self.interaction.session_id = None;
        self.interaction.authenticated_at = None;
        self.interaction.consented_at = None;
        self.interaction.account_chosen_at = None;
    }

    /// What is said when another tab, or another click, was first.
    pub(in crate::service) fn expired(&self) -> DialogueFailure {
        DialogueFailure::from(OAuthError::invalid_request(Reason::InteractionExpired)).with_app(&self.client)
    }
}
