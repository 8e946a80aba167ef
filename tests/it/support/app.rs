//! The application under test: the real server on a real port, its services within reach.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, OnceLock, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use arc_swap::ArcSwap;
use symbolon::{
    crypto::{
        keyring::Keyring,
        pairwise::PairwiseKey,
        password::{PasswordHasher, PasswordSettings},
        random::SystemRandom,
        seal::{KeyEncryptionKey, Sealer},
        verifier::PublicKeySet,
    },
    domain::{
        Issuer, Timestamp,
        entity::SigningKeyRecord,
        jose::SigningAlgorithm,
        trace::{DecisionRecord, Transaction},
    },
    http::{Binding, HttpOptions, Vouches, serve},
    net::fetcher::{DangerExceptions, Fetcher, Reach},
    service::{
        Clock, Cx, Policy, Services, apis::RegistryCache, client_keys::FetchedKeys, clients::ClientCache,
        discovery::DocumentCache, keys, recorder::Recorder, registration::Registrations, remembered::Remembered,
    },
    store::{Abort, Read, Store, StoreError, Write, decision_record, signing_key},
};
use tokio::sync::OnceCell;

use super::{Answer, Database, ManualClock, Request, Response, Wire, database::TestDatabase};

/// What a test may choose.
pub struct Options {
    /// The instance's rules.
    pub policy: Policy,
    /// The issuer, if it is not where the server listens: behind a proxy that ends TLS.
    pub issuer: Option<String>,
    /// What the server may fetch.
    pub reach: Reach,
    /// What it may fetch beyond that.
    pub exceptions: DangerExceptions,
    /// Connections to the database.
    pub connections: usize,
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// Whether whoever connects is a declared proxy.
    pub trusted: bool,
    /// Whether declared proxies tell the certificates of clients.
    pub client_cert_header: bool,
    /// Whether what a run of a conformance suite needs is served.
    pub test_hooks: bool,
    /// Whether an authority vouches for a certificate.
    pub vouches: Vouches,
    /// Where clients with certificates are listened for.
    pub mutual: Option<(TcpListener, rustls::ServerConfig)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            issuer: None,
            reach: Reach::Public,
            exceptions: DangerExceptions::default(),
            connections: 4,
            max_body_bytes: 64 * 1024,
            trusted: false,
            client_cert_header: false,
            test_hooks: false,
            vouches: Arc::new(|_, _, _| false),
            mutual: None,
        }
    }
}

/// A running server with a database of its own.
pub struct TestApp {
    /// The services, as the server uses them.
    pub services: Arc<Services>,
    /// The server's clock.
    pub clock: Arc<ManualClock>,
    /// The way to it.
    pub wire: Wire,
    server: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
    // Last, so that it goes when nothing uses it any more.
    database: Option<TestDatabase>,
    reach: Reach,
}

impl TestApp {
    /// Starts one with the default policy.
    pub async fn new(database: Database) -> Self {
        Self::with(database, |_| {}).await
    }

    /// Starts one after `change` had its way with the options.
    pub async fn with(database: Database, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let origin = options.issuer.clone().unwrap_or_else(|| format!("http://localhost:{}", address.port()));
        let database = TestDatabase::create(database, options.connections);
        let (services, clock) = services(database.store.clone(), &options, &origin);
        for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::ES256] {
            insert_key(&services, algorithm).await;
        }
        Self::start(services, clock, listener, Some(database), options)
    }

    /// One more node of the same cluster: services, a server, and connections to the same database of
    /// its own.
    pub async fn second_node(&self) -> Self {
        let options = Options { policy: self.services.policy.clone(), reach: self.reach, ..Options::default() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let database = self.database.as_ref().expect("nodes are added to the first one");
        let (services, clock) = services(database.open_again(), &options, self.issuer());
        keys::reload(&services).await.expect("keys are read");
        Self::start(services, clock, listener, None, options)
    }

    fn start(
        services: Arc<Services>,
        clock: Arc<ManualClock>,
        listener: TcpListener,
        database: Option<TestDatabase>,
        options: Options,
    ) -> Self {
        let address = listener.local_addr().expect("an address");
        let reach = options.reach;
        let (sender, receiver) = mpsc::channel();
        let served = services.clone();
        let thread = std::thread::spawn(move || {
            let options = HttpOptions {
                services: served,
                binding: Binding { listener, tls: None },
                workers: 2,
                max_body_bytes: options.max_body_bytes,
                request_timeout: Duration::from_secs(5),
                trusts: Arc::new(move |_| options.trusted),
                mutual: options.mutual,
                vouches: options.vouches,
                client_cert_header: options.client_cert_header,
                playground: false,
                test_hooks: options.test_hooks,
                handle_signals: false,
            };
            actix_web::rt::System::new().block_on(async move {
                let server = serve(options).expect("the server starts");
                sender.send(server.handle()).expect("the test waits");
                server.await.expect("the server ends well");
            });
        });
        let server = receiver.recv().expect("the server starts");
        let wire = Wire { address, host: format!("localhost:{}", address.port()) };
        Self { services, clock, wire, server, thread: Some(thread), database, reach }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        self.services.issuer.as_str()
    }

    /// The time as the server sees it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A context for use cases that the test calls itself.
    pub fn cx(&self) -> Cx {
        Cx::local(self.services.clone(), Transaction::Admin, "test")
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Answer {
        Answer::new(self.wire.send(&request).await, self.services.clone(), self.wire.clone())
    }

    /// A page or document.
    pub async fn get(&self, path: &str) -> Response {
        self.wire.send(&Request::get(path)).await
    }

    /// A JSON document, which must be there.
    pub async fn document(&self, path: &str) -> serde_json::Value {
        let response = self.get(path).await;
        assert_eq!(response.status, 200, "{response}");
        response.json()
    }

    /// Reads from the database.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Read<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.services.store.read(f).await.expect("the database can be read")
    }

    /// Writes to the database.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Write<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.services.store.write(|tx| f(tx).map_err(Abort::Undo)).await.expect("the database can be written")
    }

    /// The decision record that was kept last under a trace id.
    pub async fn record(&self, trace_id: &str) -> Option<DecisionRecord> {
        record_of(&self.services, trace_id).await
    }

    /// Makes sure that a key of this algorithm signs.
    pub async fn ensure_key(&self, algorithm: SigningAlgorithm) {
        if self.services.keyring.load().signer(algorithm).is_none() {
            insert_key(&self.services, algorithm).await;
        }
    }

    /// Verifies a JWT with the keys that the server publishes now; its header and claims.
    pub async fn verified(&self, compact: &str) -> (serde_json::Value, serde_json::Value) {
        let keys = PublicKeySet::parse(&self.document("/oauth2/jwks").await).expect("the published keys parse");
        let verified =
            keys.verify_compact(compact, &SigningAlgorithm::ALL).unwrap_or_else(|error| panic!("{error:?}: {compact}"));
        (super::assertion::header_of(compact), serde_json::Value::Object(verified.claims))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is sent by the call; only its answer would have to be awaited.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

/// The last record under a trace id.
pub async fn record_of(services: &Services, trace_id: &str) -> Option<DecisionRecord> {
    let trace_id = trace_id.to_owned();
    let records: Result<_, StoreError> =
        services.store.read(move |tx| decision_record::by_trace(tx, &trace_id, 100)).await;
    records.expect("the records can be read").pop().map(|(_, record)| record)
}

fn services(store: Store, options: &Options, origin: &str) -> (Arc<Services>, Arc<ManualClock>) {
    symbolon::tls::install_crypto_provider();
    let clock = Arc::new(ManualClock::default());
    let cheap = PasswordSettings { threads: 1, memory_kib: 64, iterations: 1, ..PasswordSettings::default() };
    let services = Services {
        store,
        passwords: PasswordHasher::new(cheap).expect("a pool of one thread"),
        sealer: Sealer::new(&key_encryption_key()),
        keyring: ArcSwap::from_pointee(Keyring::new("none", Vec::new(), Vec::new()).expect("an empty ring")),
        pairwise: PairwiseKey::generate(&SystemRandom),
        clients: ClientCache::default(),
        registry: RegistryCache::default(),
        documents: DocumentCache::default(),
        fetched_keys: FetchedKeys::default(),
        registrations: Registrations::default(),
        seen_values: std::sync::Mutex::default(),
        sign_up: Remembered::default(),
        fetcher: Fetcher::danger_with(options.reach, options.exceptions.clone()).expect("a fetcher"),
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        issuer: Issuer::parse(origin).expect("an issuer"),
        policy: options.policy.clone(),
        recorder: Recorder::default(),
    };
    (Arc::new(services), clock)
}

/// One for all tests: the signing keys of every application are made once, and copied sealed.
fn key_encryption_key() -> KeyEncryptionKey {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| KeyEncryptionKey::generate(&SystemRandom).text().expose().clone());
    KeyEncryptionKey::parse(text).expect("its own text")
}

/// One key of each algorithm, as an application made them.
async fn made_keys() -> &'static [SigningKeyRecord] {
    static KEYS: OnceCell<Vec<SigningKeyRecord>> = OnceCell::const_new();
    KEYS.get_or_init(|| async {
        let database = TestDatabase::create(Database::Sqlite, 1);
        let (services, _) = services(database.store.clone(), &Options::default(), "http://localhost");
        let cx = Cx::local(services.clone(), Transaction::Admin, "test");
        keys::maintain(&cx).await.expect("keys are made");
        for algorithm in SigningAlgorithm::ALL {
            keys::ensure(&cx, algorithm).await.expect("a key is made");
        }
        keys::list(&services).await.expect("keys are listed")
    })
    .await
}

async fn insert_key(services: &Services, algorithm: SigningAlgorithm) {
    let key = made_keys().await.iter().find(|key| key.algorithm == algorithm).expect("one of each").clone();
    services
        .store
        .write(move |tx| signing_key::insert(tx, &key).map_err(Abort::<StoreError>::Undo))
        .await
        .expect("a key is inserted");
    keys::reload(services).await.expect("keys are read");
}
