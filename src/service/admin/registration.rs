//! Who may register clients: the policy, the initial access tokens, and the release of those that wait.

use super::{AdminFailure, Change, LARGEST_PAGE, change, client, noted, text};
use crate::{
    crypto::token::{SecretKind, mint},
    domain::{
        Secret,
        entity::{Client, EventKind, InitialAccessToken},
        oauth::{DocumentMode, GrantType, RegistrationMode, RegistrationPolicy, SecurityProfile, check_policy},
        trace::Reason,
    },
    service::{Cx, events::Draft, registration::policy},
    store::{instance, registration},
};

/// The longest life of an initial access token: a year.
const LONGEST: i64 = 366 * 86_400;
/// The most clients that one token registers.
const MOST_USES: i64 = 1_000_000;

/// What is to be changed about the policy. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct PolicyChanges {
    /// Who may register.
    pub registration: Option<RegistrationMode>,
    /// Whose metadata documents are fetched.
    pub documents: Option<DocumentMode>,
    /// The hosts whose documents are accepted.
    pub document_hosts: Option<Vec<String>>,
    /// Whether clients that nobody vouched for wait.
    pub quarantine: Option<bool>,
    /// Whether confidential clients need PKCE.
    pub require_pkce: Option<bool>,
    /// The scopes that may be registered.
    pub scope: Option<Vec<String>>,
    /// The grants that may be registered.
    pub grant_types: Option<Vec<GrantType>>,
    /// Registrations an hour from one network.
    pub per_network: Option<i64>,
    /// So many clients may register themselves.
    pub max_clients: Option<i64>,
    /// Deleted when never used for this long.
    pub first_use_seconds: Option<i64>,
    /// Deleted when not used for this long.
    pub unused_seconds: Option<i64>,
    /// The security profile of clients that register; `Some(None)`: none.
    pub profile: Option<Option<SecurityProfile>>,
    /// That of clients with metadata documents; `Some(None)`: none.
    pub document_profile: Option<Option<SecurityProfile>>,
}

impl PolicyChanges {
    fn apply(self, policy: &mut RegistrationPolicy) {
        fn set<T>(stored: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *stored = given;
            }
        }
        set(&mut policy.registration, self.registration);
        set(&mut policy.documents, self.documents);
        set(&mut policy.document_hosts, self.document_hosts);
        set(&mut policy.quarantine, self.quarantine);
        set(&mut policy.require_pkce, self.require_pkce);
        set(&mut policy.scope, self.scope);
        set(&mut policy.grant_types, self.grant_types);
        set(&mut policy.per_network, self.per_network);
        set(&mut policy.max_clients, self.max_clients);
        set(&mut policy.first_use_seconds, self.first_use_seconds);
        set(&mut policy.unused_seconds, self.unused_seconds);
        set(&mut policy.profile, self.profile);
        set(&mut policy.document_profile, self.document_profile);
    }
}

/// The policy as it is stored.
///
/// # Errors
/// When the database fails.
pub async fn find_policy(cx: &Cx) -> Result<RegistrationPolicy, AdminFailure> {
    cx.services.store.read(|tx| Ok(policy::read(tx)?)).await
}

/// Changes the policy. Gives it as it is now.
///
/// # Errors
/// `AS-3003`, `AS-3005`; broken.
pub async fn update_policy(cx: &Cx, changes: PolicyChanges) -> Result<RegistrationPolicy, AdminFailure> {
    let changed = change(cx, "registration.policy", move |cx, tx| {
        let stored = instance::find(tx, policy::NAME)?;
        let mut changed = policy::parse(stored.as_deref())?;
        changes.apply(&mut changed);
        check_policy(&changed).map_err(|broken| AdminFailure::value(&broken.field, broken.rule))?;
        let text = serde_json::to_string(&changed).map_err(|error| AdminFailure::value("policy", error))?;
        if stored.as_deref() == Some(text.as_str()) {
            return Ok(changed);
        }
        if !instance::replace(tx, policy::NAME, stored.as_deref(), &text)? {
            return Err(AdminFailure::changed("policy", "registration").into());
        }
        Draft::new(EventKind::RegistrationPolicyChanged)
            .fact("registration", changed.registration.name())
            .fact("documents", changed.documents.name())
            .fact("quarantine", changed.quarantine)
            .fact("profile", name(changed.profile))
            .fact("document_profile", name(changed.document_profile))
            .append(cx, tx)?;
        Ok(changed)
    })
    .await;
    policy::forget(&cx.services);
    changed
}

fn name(profile: Option<SecurityProfile>) -> &'static str {
    profile.map_or("none", SecurityProfile::name)
}

/// Makes an initial access token. Its text is told this once.
///
/// # Errors
/// `AS-3003`; broken.
pub async fn create_token(
    cx: &Cx,
    label: &str,
    lifetime: i64,
    uses: i64,
) -> Result<(InitialAccessToken, Secret<String>), AdminFailure> {
    noted(cx, "registration.token", check_token(label, lifetime, uses))?;
    let label = label.to_owned();
    change(cx, "registration.create_token", move |cx, tx| {
        let minted = mint(SecretKind::InitialAccess, cx.random());
        let token = InitialAccessToken {
            id: cx.fresh_id(),
            label,
            created_at: cx.now(),
            expires_at: cx.now().plus_seconds(lifetime),
            uses_left: uses,
        };
        registration::insert_token(tx, &token, minted.hash.as_bytes())?;
        Draft::new(EventKind::RegistrationTokenCreated)
            .object(&token.id)
            .fact("label", token.label.as_str())
            .fact("uses", uses)
            .append(cx, tx)?;
        Ok((token, minted.text))
    })
    .await
}

fn check_token(label: &str, lifetime: i64, uses: i64) -> Result<(), AdminFailure> {
    text::check_line("label", label, true)?;
    if !(1..=LONGEST).contains(&lifetime) {
        return Err(AdminFailure::value("expires_in", "use 1 second to 366 days"));
    }
    if !(1..=MOST_USES).contains(&uses) {
        return Err(AdminFailure::value("uses", "use 1 to 1000000"));
    }
    Ok(())
}

/// The initial access tokens, oldest first: never their text.
///
/// # Errors
/// When the database fails.
pub async fn list_tokens(cx: &Cx) -> Result<Vec<InitialAccessToken>, AdminFailure> {
    cx.services.store.read(|tx| Ok(registration::tokens(tx, LARGEST_PAGE)?)).await
}

/// Removes an initial access token. Clients that were registered with it stay.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete_token(cx: &Cx, id: &str) -> Result<(), AdminFailure> {
    let id = id.to_owned();
    change(cx, "registration.delete_token", move |cx, tx| -> Change<()> {
        if id.contains('\0') || !registration::delete_token(tx, &id)? {
            return Err(
                AdminFailure::refused(Reason::ObjectNotFound, "there is no initial access token of this id").into()
            );
        }
        Draft::new(EventKind::RegistrationTokenDeleted).object(&id).append(cx, tx)?;
        Ok(())
    })
    .await
}

/// Lets in a client that waits.
///
/// # Errors
/// `AS-3002`, `AS-3005`; broken.
pub async fn release(cx: &Cx, client_id: &str) -> Result<Client, AdminFailure> {
    let wanted_id = client_id.to_owned();
    let released = change(cx, "registration.release", move |cx, tx| {
        let mut stored = client::wanted(tx, &wanted_id)?;
        if !stored.settings.quarantined {
            return Ok(stored);
        }
        stored.settings.quarantined = false;
        stored.updated_at = cx.now();
        if !crate::store::client::update(tx, &stored)? {
            return Err(AdminFailure::changed("client", &wanted_id).into());
        }
        stored.version += 1;
        Draft::new(EventKind::ClientReleased).client(&stored.client_id).append(cx, tx)?;
        Ok(stored)
    })
    .await;
    cx.services.clients.forget(&crate::domain::ids::ClientId::new(client_id));
    released
}
