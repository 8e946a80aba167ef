//! Services over a real database in a directory of its own, with clock and randomness injected,
//! and the actors of the tests: a browser with its cookies.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;

use super::{
    Clock, Cx, Policy, Services,
    apis::RegistryCache,
    authorization::{self, Browser, DialogueFailure, Next, Page},
    client_keys::FetchedKeys,
    clients::ClientCache,
    consent,
    discovery::DocumentCache,
    keys,
    login::{self, Occasion, SignInFailure, SignInForm, SignInView},
    recorder::Recorder,
    registration::Registrations,
    remembered::Remembered,
    subjects,
};
use crate::{
    crypto::{
        keyring::Keyring,
        pairwise::PairwiseKey,
        password::{PasswordHasher, PasswordSettings},
        random::{SeededRandom, random_bytes},
        seal::{KeyEncryptionKey, Sealer},
    },
    domain::{
        Issuer, Secret, Timestamp,
        entity::{Client, ClientKind, ClientSettings, Owner, User, UserProfile, UserState},
        ids::{ClientId, InteractionId, UserId},
        oauth::{Answer, Params},
        trace::Transaction,
    },
    net::fetcher::{Fetcher, Reach},
    store::{
        Abort, Location, Read, Schema, Store, StoreError, StoreOptions, Write, client, credential,
        event::{self, StoredEvent},
        user,
    },
};

/// The issuer of every test.
pub const ISSUER: &str = "https://id.example";
/// The redirect URI of [`TestServices::add_client`].
pub const CALLBACK: &str = "https://app.example/callback";
/// An S256 challenge (RFC 7636 appendix B).
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A clock that moves only when told.
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The services of one test.
pub struct TestServices {
    /// The services.
    pub services: Arc<Services>,
    clock: Arc<TestClock>,
    directory: PathBuf,
}

impl Drop for TestServices {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl TestServices {
    /// With the default policy, and without signing keys.
    pub async fn new() -> Self {
        Self::with(|_| {}, PasswordSettings { threads: 1, queue: 64, memory_kib: 64, iterations: 1, parallelism: 1 })
    }

    /// With signing keys; making them takes a moment.
    pub async fn with_keys() -> Self {
        let test = Self::new().await;
        keys::maintain(&test.cx()).await.unwrap();
        test
    }

    /// With another policy, or another password pool.
    pub fn with(change: impl FnOnce(&mut Policy), passwords: PasswordSettings) -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let directory = std::env::temp_dir().join(format!("symbolon-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let options = StoreOptions { connections: 2, ..StoreOptions::default() };
        let location = Location::Sqlite(directory.join("test.db"));
        Schema::open(&location).unwrap().migrate().unwrap();
        let store = Store::open(&location, options).unwrap();
        let random = Arc::new(SeededRandom::danger_from_seed(number));
        let clock = Arc::new(TestClock(AtomicI64::new(1_800_000_000_000)));
        let mut policy = Policy::default();
        change(&mut policy);
        let services = Services {
            store,
            passwords: PasswordHasher::new(passwords).unwrap(),
            sealer: Sealer::new(&KeyEncryptionKey::generate(random.as_ref())),
            keyring: ArcSwap::from_pointee(Keyring::new("", Vec::new(), Vec::new()).unwrap()),
            pairwise: PairwiseKey::generate(random.as_ref()),
            clients: ClientCache::default(),
            registry: RegistryCache::default(),
            documents: DocumentCache::default(),
            fetched_keys: FetchedKeys::default(),
            registrations: Registrations::default(),
            seen_values: std::sync::Mutex::default(),
            sign_up: Remembered::default(),
            fetcher: Fetcher::new(Reach::DangerLoopback).unwrap(),
            clock: clock.clone(),
            random,
            issuer: Issuer::parse(ISSUER).unwrap(),
            policy,
            recorder: Recorder::default(),
        };
        Self { services: Arc::new(services), clock, directory }
    }

    /// The context of a new request.
    pub fn cx(&self) -> Cx {
        Cx::local(self.services.clone(), Transaction::Request, "anonymous")
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Runs a write.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Write<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.services.store.write(move |tx| f(tx).map_err(Abort::<StoreError>::Undo)).await.unwrap()
    }

    /// Runs a read.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Read<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.services.store.read(f).await.unwrap()
    }

    /// A person with a password, and an address `NAME@example.com`.
    pub async fn add_user(&self, username: &str, password: &str) -> User {
        let cx = self.cx();
        let phc = self.services.passwords.hash(Secret::from(password), random_bytes(cx.random())).await.unwrap();
        let person = User {
            id: UserId::new(cx.fresh_id()),
            username: username.to_owned(),
            email: Some(format!("{username}@example.com")),
            email_verified: true,
            name: None,
            profile: UserProfile::default(),
            state: UserState::Active,
            not_before: None,
            owner: Owner::Cli,
            version: 1,
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        let inserted = person.clone();
        let write = move |tx: &mut Write<'_>| {
            user::insert(tx, &inserted)?;
            credential::set_password(tx, &cx.fresh_id(), &inserted.id, &phc, cx.now())?;
            subjects::create_key(&cx, tx, &inserted.id).map_err(|broken| StoreError::Broken(broken.to_string()))
        };
        self.write(write).await;
        person
    }

    /// Changes a person.
    pub async fn change_user(&self, id: &UserId, change: impl FnOnce(&mut User) + Send + 'static) {
        let id = id.clone();
        let write = move |tx: &mut Write<'_>| {
            let mut person = user::find(tx, &id)?.unwrap();
            change(&mut person);
            user::update(tx, &person)
        };
        assert!(self.write(write).await);
    }

    /// A confidential client of this id, with [`CALLBACK`] as its redirect URI.
    pub async fn add_client(&self, id: &str, change: impl FnOnce(&mut Client) + Send + 'static) -> Client {
        let mut settings = ClientSettings::of_kind(ClientKind::Web);
        settings.redirect_uris = vec![CALLBACK.to_owned()];
        settings.post_logout_redirect_uris = vec!["https://app.example/".to_owned()];
        settings.client_uri = Some("https://app.example/home".to_owned());
        let now = self.cx().now();
        let mut client = Client {
            client_id: ClientId::new(id),
            name: "The App".to_owned(),
            kind: ClientKind::Web,
            enabled: true,
            settings,
            not_before: None,
            owner: Owner::Cli,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        change(&mut client);
        let inserted = client.clone();
        self.write(move |tx| client::insert(tx, &inserted)).await;
        client
    }

    /// Changes a client.
    pub async fn change_client(&self, id: &str, change: impl FnOnce(&mut Client) + Send + 'static) {
        let id = ClientId::new(id);
        let write = move |tx: &mut Write<'_>| {
            let mut found = client::find(tx, &id)?.unwrap();
            change(&mut found);
            client::update(tx, &found)
        };
        assert!(self.write(write).await);
    }

    /// The whole event stream.
    pub async fn events(&self) -> Vec<StoredEvent> {
        self.read(|tx| event::list(tx, 0, 10_000)).await
    }

    /// The names of the events, in order.
    pub async fn event_kinds(&self) -> Vec<String> {
        self.events().await.into_iter().map(|event| event.kind).collect()
    }

    /// A browser without cookies.
    pub fn browser(&self) -> TestBrowser<'_> {
        TestBrowser { test: self, cookies: Browser::default(), address: "192.0.2.1".parse().unwrap() }
    }
}

/// A browser: it keeps its cookies.
#[derive(Clone)]
pub struct TestBrowser<'a> {
    test: &'a TestServices,
    /// Its cookies.
    pub cookies: Browser,
    /// Its address.
    pub address: IpAddr,
}

impl TestBrowser<'_> {
    /// The context of a request from here.
    pub fn cx(&self) -> Cx {
        let mut cx = self.test.cx();
        cx.peer.address = Some(self.address);
        cx.peer.user_agent = Some("Test/1.0".to_owned());
        cx
    }

    /// An authorization request of the client `app`; `changes` replace its parameters, an empty
    /// value leaves one out.
    pub async fn authorize(&mut self, changes: &[(&str, &str)]) -> Result<Next, DialogueFailure> {
        self.authorize_as(&self.cx(), changes).await
    }

    /// As [`Self::authorize`], in a context that the test looks at.
    pub async fn authorize_as(&mut self, cx: &Cx, changes: &[(&str, &str)]) -> Result<Next, DialogueFailure> {
        let started = authorization::start(cx, authorization_query(changes).as_bytes(), &self.cookies).await?;
        self.cookies.secret = started.browser_cookie.or(self.cookies.secret.take());
        Ok(started.next)
    }

    /// The sign-in page of a dialogue.
    pub async fn sign_in_view(&self, id: &InteractionId) -> Result<SignInView, DialogueFailure> {
        login::view(&self.cx(), &Occasion::Dialogue(id.clone()), &self.cookies).await
    }

    /// Types a name and a password into the sign-in page.
    pub async fn sign_in(&mut self, id: &InteractionId, name: &str, password: &str) -> Result<Next, SignInFailure> {
        let form_token = self.sign_in_view(id).await?.form_token;
        self.send_sign_in(id, name, password, form_token).await
    }

    /// Sends the form of the sign-in page.
    pub async fn send_sign_in(
        &mut self,
        id: &InteractionId,
        name: &str,
        password: &str,
        form_token: String,
    ) -> Result<Next, SignInFailure> {
        let form = SignInForm { username: name.to_owned(), password: Secret::from(password), form_token };
        let signed_in = login::sign_in(&self.cx(), &Occasion::Dialogue(id.clone()), &self.cookies, form).await?;
        self.cookies.session = Some(signed_in.session_cookie);
        Ok(signed_in.next?)
    }

    /// Presses the button that allows.
    pub async fn allow(&self, id: &InteractionId) -> Result<Next, DialogueFailure> {
        let token = self.consent_token(id).await?;
        consent::allow(&self.cx(), id, &self.cookies, &token).await
    }

    /// The hidden value of the consent page.
    pub async fn consent_token(&self, id: &InteractionId) -> Result<String, DialogueFailure> {
        match consent::view(&self.cx(), id, &self.cookies).await? {
            consent::Shown::Page(view) => Ok(view.form_token),
            consent::Shown::Elsewhere(_) => panic!("the consent page is not shown"),
        }
    }

    /// From the authorization request to the code, whatever pages lie between.
    pub async fn code(&mut self, name: &str, password: &str, changes: &[(&str, &str)]) -> String {
        let mut next = self.authorize(changes).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        for _ in 0..3 {
            next = match next {
                Next::Answer(_) => break,
                Next::Page(Page::SignIn(id)) => {
                    self.sign_in(&id, name, password).await.unwrap_or_else(|failure| panic!("{failure:?}"))
                }
                // Whoever is asked which account it is signs in as the one that is wanted.
                Next::Page(Page::Accounts(id)) => {
                    self.sign_in(&id, name, password).await.unwrap_or_else(|failure| panic!("{failure:?}"))
                }
                Next::Page(Page::Consent(id)) => self.allow(&id).await.unwrap_or_else(|failure| panic!("{failure:?}")),
                Next::Page(page) => panic!("another page: {page:?}"),
            };
        }
        answer(Ok(next)).remove("code").expect("a code")
    }
}

/// The query of an authorization request of the client `app`, changed.
pub fn authorization_query(changes: &[(&str, &str)]) -> String {
    let mut pairs = BTreeMap::from([
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    pairs.extend(changes.iter().copied());
    form(&pairs.into_iter().collect::<Vec<_>>())
}

/// A form as a browser sends it.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    assert!(Params::parse(encoded.as_bytes()).is_ok());
    encoded
}

/// The sign-in page's dialogue.
pub fn sign_in_page(next: Result<Next, DialogueFailure>) -> InteractionId {
    match next {
        Ok(Next::Page(Page::SignIn(id))) => id,
        Ok(Next::Page(page)) => panic!("another page: {page:?}"),
        Ok(Next::Answer(_)) => panic!("answered: {:?}", answer(next)),
        Err(failure) => panic!("{failure:?}"),
    }
}

/// The chooser's dialogue.
pub fn accounts_page(next: Result<Next, DialogueFailure>) -> InteractionId {
    match next {
        Ok(Next::Page(Page::Accounts(id))) => id,
        Ok(Next::Page(page)) => panic!("another page: {page:?}"),
        Ok(Next::Answer(_)) => panic!("answered: {:?}", answer(next)),
        Err(failure) => panic!("{failure:?}"),
    }
}

/// The consent page's dialogue.
pub fn consent_page(next: Result<Next, impl std::fmt::Debug>) -> InteractionId {
    match next {
        Ok(Next::Page(Page::Consent(id))) => id,
        Ok(Next::Page(page)) => panic!("another page: {page:?}"),
        Ok(Next::Answer(_)) => panic!("answered"),
        Err(failure) => panic!("{failure:?}"),
    }
}

/// The parameters of a redirect to [`CALLBACK`].
pub fn answer(next: Result<Next, DialogueFailure>) -> BTreeMap<String, String> {
    match next {
        Ok(Next::Answer(Answer::Redirect(to))) => {
            let (address, query) = to.split_once('?').expect("a query");
            assert_eq!(address, CALLBACK);
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        }
        Ok(Next::Answer(Answer::FormPost { .. })) => panic!("a form"),
        Ok(Next::Page(page)) => panic!("a page: {page:?}"),
        Err(failure) => panic!("{failure:?}"),
    }
}

/// `error` and reason code of an answer that refuses; the reason is the end of `error_uri`.
pub fn refused_answer(next: Result<Next, DialogueFailure>) -> (String, String) {
    let mut answer = answer(next);
    assert_eq!(answer.get("iss").map(String::as_str), Some(ISSUER));
    assert!(!answer.contains_key("code"));
    let uri = answer.remove("error_uri").expect("error_uri");
    let reason = uri.strip_prefix("https://id.example/docs/errors/").expect(&uri).to_owned();
    (answer.remove("error").expect("error"), reason)
}

/// The reason code of a refusal that is shown on a page.
pub fn refused_page<T>(result: Result<T, DialogueFailure>) -> &'static str {
    match result {
        Ok(_) => "granted",
        Err(DialogueFailure::Refused { error, .. }) => error.reason.code(),
        Err(DialogueFailure::Broken(broken)) => panic!("{broken}"),
    }
}

/// The reason code of a refused sign-in, and the wait.
pub fn refused_sign_in<T>(result: Result<T, SignInFailure>) -> (&'static str, Option<u64>) {
    match result {
        Ok(_) => ("signed in", None),
        Err(SignInFailure::Refused(refusal)) => (refusal.reason.code(), refusal.retry_after),
        Err(SignInFailure::Stopped(failure)) => (refused_page::<()>(Err(failure)), None),
    }
}
