//! What every use case is handed: the adapters, the instance's policy, and the request's trace.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock},
};

use arc_swap::ArcSwap;

use super::{
    apis::RegistryCache, client_keys::FetchedKeys, clients::ClientCache, discovery::rendered::DocumentCache,
    recorder::Recorder, registration::Registrations, remembered::Remembered,
};
use crate::{
    crypto::{
        keyring::Keyring,
        pairwise::PairwiseKey,
        password::PasswordHasher,
        random::{Random, random_bytes, uuid_v7},
        seal::Sealer,
    },
    domain::{
        Issuer, Timestamp,
        entity::{Certificates, Client},
        oauth::{SecurityProfile, SeenValues},
        oidc::sign_up::SignUpPolicy,
        trace::{DecisionRecord, Reason, TraceId, Transaction},
    },
    net::fetcher::Fetcher,
    store::Store,
};

/// Where the time comes from. Tests inject their own.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the ambient clock is read")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The instance's rules that are not protocol. All lifetimes in seconds.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Lifetime of an authorization code.
    pub code_seconds: i64,
    /// Lifetime of an access token.
    pub access_token_seconds: i64,
    /// Lifetime of an ID token.
    pub id_token_seconds: i64,
    /// A refresh token dies when it is not used for this long.
    pub refresh_idle_seconds: i64,
    /// A family of refresh tokens dies after this long.
    pub refresh_absolute_seconds: i64,
    /// A lost response can be asked for again for this long.
    pub refresh_grace_seconds: i64,
    /// A session dies when it is not used for this long.
    pub session_idle_seconds: i64,
    /// A session dies after this long.
    pub session_absolute_seconds: i64,
    /// A pending dialogue is given up after this long.
    pub interaction_seconds: i64,
    /// A setup link can be used for this long.
    pub setup_link_seconds: i64,
    /// A decision record is kept for this long.
    pub record_seconds: i64,
    /// A new password has at least this many characters.
    pub password_min_length: usize,
    /// A signing key signs for this long.
    pub key_rotation_seconds: i64,
    /// A new key is published this long before it signs, and a retired one this long after.
    pub key_overlap_seconds: i64,
    /// Where clients with certificates reach this server; none: nowhere.
    pub mtls: Option<Issuer>,
    /// Somebody was named who vouches for clients' certificates.
    pub mtls_authority: bool,
    /// Only a nonce of this server shows that a DPoP proof is fresh.
    pub require_dpop_nonce: bool,
    /// Only so many requests over the back channel may wait for one person. Not for runs of a conformance suite, whose
    /// plans leave any number unanswered.
    pub limit_waiting: bool,
    /// What people see as the name of this place.
    pub instance_name: String,
}

impl Policy {
    /// What this server can learn of clients' certificates.
    pub const fn certificates(&self) -> Certificates {
        match (&self.mtls, self.mtls_authority) {
            (None, _) => Certificates::Unseen,
            (Some(_), false) => Certificates::Shown,
            (Some(_), true) => Certificates::VouchedFor,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            code_seconds: 60,
            access_token_seconds: 600,
            id_token_seconds: 600,
            refresh_idle_seconds: 30 * 86_400,
            refresh_absolute_seconds: 180 * 86_400,
            refresh_grace_seconds: 60,
            session_idle_seconds: 8 * 3600,
            session_absolute_seconds: 30 * 86_400,
            interaction_seconds: 3600,
            setup_link_seconds: 1800,
            record_seconds: 7 * 86_400,
            password_min_length: 12,
            key_rotation_seconds: 90 * 86_400,
            key_overlap_seconds: 86_400,
            mtls: None,
            mtls_authority: false,
            require_dpop_nonce: false,
            limit_waiting: true,
            instance_name: "Symbolon".to_owned(),
        }
    }
}

/// Everything that lives as long as the process.
pub struct Services {
    /// The database.
    pub store: Store,
    /// The bounded pool that hashes passwords.
    pub passwords: PasswordHasher,
    /// Seals what must be read back.
    pub sealer: Sealer,
    /// What pairwise subjects are made with.
    pub pairwise: PairwiseKey,
    /// The signing keys as last read.
    pub keyring: ArcSwap<Keyring>,
    /// The clients as last read.
    pub clients: ClientCache,
    /// What metadata tells of APIs, as last read.
    pub registry: RegistryCache,
    /// The metadata documents as last rendered.
    pub documents: DocumentCache,
    /// The keys of clients as last fetched.
    pub fetched_keys: FetchedKeys,
    /// What is remembered of clients that register themselves.
    pub registrations: Registrations,
    /// What clients sent that has to be new each time.
    pub seen_values: Mutex<SeenValues>,
    /// Who may create an account, as last read.
    pub sign_up: Remembered<SignUpPolicy>,
    /// The one outbound fetcher.
    pub fetcher: Fetcher,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// The issuer, byte for byte.
    pub issuer: Issuer,
    /// The instance's rules.
    pub policy: Policy,
    /// Keeps decision records, within bounds.
    pub recorder: Recorder,
}

/// Who is at the other end: kept only sealed, or as a throttle key.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The address, after trusted proxies.
    pub address: Option<IpAddr>,
    /// The User-Agent header, shortened.
    pub user_agent: Option<String>,
}

/// A trace id of our own making.
pub fn fresh_trace_id(services: &Services) -> TraceId {
    TraceId::from_bytes(random_bytes(services.random.as_ref()))
}

/// The context of one request: the services, and the record of its decisions.
#[derive(Clone)]
pub struct Cx {
    /// The process-wide services.
    pub services: Arc<Services>,
    /// Who is at the other end.
    pub peer: Peer,
    /// Who acts, as events tell it: `user:…`, `client:…`, `cli`, `system`.
    pub actor: String,
    record: Arc<Mutex<DecisionRecord>>,
    profile: Arc<OnceLock<SecurityProfile>>,
    trace_id: TraceId,
    now: Timestamp,
}

impl Cx {
    /// A context for one request. `now` is read once, so that all its decisions agree.
    pub fn new(services: Arc<Services>, trace_id: TraceId, transaction: Transaction, actor: &str) -> Self {
        let now = services.clock.now();
        let record = DecisionRecord::new(trace_id.clone(), transaction, now);
        Self {
            services,
            peer: Peer::default(),
            actor: actor.to_owned(),
            record: Arc::new(std::sync::Mutex::new(record)),
            profile: Arc::default(),
            trace_id,
            now,
        }
    }

    /// A context of the command line or of a job, with a trace id of its own.
    pub fn local(services: Arc<Services>, transaction: Transaction, actor: &str) -> Self {
        let trace_id = fresh_trace_id(&services);
        Self::new(services, trace_id, transaction, actor)
    }

    /// The same request, acted by somebody now known.
    #[must_use]
    pub fn acting_as(mut self, actor: String) -> Self {
        self.actor = actor;
        self
    }

    /// The trace id.
    pub const fn trace_id(&self) -> &TraceId {
        &self.trace_id
    }

    /// The time of this request.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// A fresh, time-ordered identifier.
    pub fn fresh_id(&self) -> String {
        uuid_v7(self.random(), self.now).to_string()
    }

    /// The source of randomness.
    pub fn random(&self) -> &dyn Random {
        self.services.random.as_ref()
    }

    /// Notes a rule that held.
    pub fn passed(&self, rule: &str, facts: &[(&str, &str)]) {
        self.with_record(|record| record.passed(rule, facts));
    }

    /// Notes a rule that refused; with the client's security profile, where that is what wants the rule.
    pub fn refused(&self, rule: &str, facts: &[(&str, &str)], reason: Reason) {
        let profile = self.profile.get().filter(|profile| profile.wants(reason));
        let facts: Vec<_> = facts.iter().copied().chain(profile.map(|profile| ("profile", profile.name()))).collect();
        self.with_record(|record| record.refused(rule, &facts, reason));
    }

    /// Notes a rule that sends a person to a page.
    pub fn interaction(&self, rule: &str, facts: &[(&str, &str)]) {
        self.with_record(|record| record.interaction(rule, facts));
    }

    /// Notes which client asks.
    pub fn note_client(&self, client_id: &str) {
        self.with_record(|record| record.client_id = Some(client_id.chars().take(128).collect()));
    }

    /// Notes whose rules the request is judged by, once the client is known.
    pub fn note_profile(&self, client: &Client) {
        self.note_security_profile(client.settings.security_profile);
    }

    /// The same, where there is no client yet.
    pub fn note_security_profile(&self, profile: Option<SecurityProfile>) {
        if let Some(profile) = profile {
            self.profile.get_or_init(|| profile);
        }
    }

    /// Says what kind of transaction this turned out to be.
    pub fn note_transaction(&self, transaction: Transaction) {
        self.with_record(|record| record.transaction = transaction);
    }

    /// The record so far.
    pub fn record(&self) -> DecisionRecord {
        self.look_at_record(DecisionRecord::clone)
    }

    /// Reads the record so far, without a copy: most requests end without anybody wanting one.
    pub fn look_at_record<T>(&self, look: impl FnOnce(&DecisionRecord) -> T) -> T {
        look(&self.record.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn with_record(&self, change: impl FnOnce(&mut DecisionRecord)) {
        change(&mut self.record.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}
