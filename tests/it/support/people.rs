//! People, and what they granted: through the store, for tests that are not about the dialogue.

use std::sync::atomic::{AtomicU64, Ordering};

use symbolon::{
    crypto::{
        random::{SystemRandom, random_bytes},
        token::{SecretKind, mint},
    },
    domain::{
        Secret,
        entity::{
            AuthenticationContext, Authorization, AuthorizationCode, Bounds, Consent, Owner, Session, User,
            UserProfile, UserState,
        },
        ids::{AuthorizationId, EventId, SessionId, UserId},
    },
    service::subjects,
    store::{StoreError, authorization, authorization_code, consent, credential, session, user},
};

use super::{RelyingParty, TestApp};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// The `sub`.
    pub id: UserId,
    /// The login name.
    pub username: String,
}

/// What is granted, and how it was asked for.
#[derive(Clone, Debug)]
pub struct GrantSpec {
    scope: Vec<String>,
    nonce: Option<String>,
    pkce: bool,
    claims: Option<String>,
    session: Option<SessionId>,
}

impl GrantSpec {
    /// These scopes, with PKCE, without a nonce, in a session of its own.
    pub fn scope(scope: &str) -> Self {
        let scope = scope.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        Self { scope, nonce: None, pkce: true, claims: None, session: None }
    }

    /// With a nonce.
    #[must_use]
    pub fn nonce(mut self, nonce: &str) -> Self {
        self.nonce = Some(nonce.to_owned());
        self
    }

    /// Without PKCE.
    #[must_use]
    pub fn without_pkce(mut self) -> Self {
        self.pkce = false;
        self
    }

    /// With a claims parameter.
    #[must_use]
    pub fn claims(mut self, claims: &str) -> Self {
        self.claims = Some(claims.to_owned());
        self
    }

    /// In this session.
    #[must_use]
    pub fn session(mut self, id: &SessionId) -> Self {
        self.session = Some(id.clone());
        self
    }
}

/// A code, ready to be redeemed.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The code.
    pub code: String,
    /// Where it went.
    pub redirect_uri: String,
    /// The verifier of its challenge, if it had one.
    pub verifier: Option<String>,
    /// What it stands for.
    pub authorization: AuthorizationId,
    /// The sign-in that it came from.
    pub session: SessionId,
}

impl TestApp {
    /// Makes somebody with a full profile.
    pub async fn person(&self, username: &str) -> Person {
        let mut user = User {
            id: UserId::new(self.fresh("user")),
            username: username.to_owned(),
            email: Some(format!("{username}@example.com")),
            email_verified: true,
            name: Some(format!("{username} Example")),
            profile: full_profile(),
            state: UserState::Active,
            not_before: None,
            owner: Owner::Cli,
            version: 1,
            created_at: self.now(),
            updated_at: self.now(),
        };
        user.profile.nickname = Some(username.to_owned());
        let salt = random_bytes(&SystemRandom);
        let phc = self.services.passwords.hash(Secret::from(PASSWORD), salt).await.expect("a hash");
        let person = Person { id: user.id.clone(), username: username.to_owned() };
        let (cx, credential_id) = (self.cx(), self.fresh("credential"));
        self.write(move |tx| {
            user::insert(tx, &user)?;
            credential::set_password(tx, &credential_id, &user.id, &phc, user.created_at)?;
            subjects::create_key(&cx, tx, &user.id).map_err(|broken| StoreError::Broken(broken.to_string()))
        })
        .await;
        person
    }

    /// Changes an account as an administrator would.
    pub async fn change_person(&self, person: &Person, change: impl FnOnce(&mut User) + Send + 'static) {
        let id = person.id.clone();
        let written = self
            .write(move |tx| {
                let mut found = user::find(tx, &id)?.expect("the person exists");
                change(&mut found);
                user::update(tx, &found)
            })
            .await;
        assert!(written, "somebody else changed the person");
    }

    /// Signs somebody in.
    pub async fn session(&self, person: &Person) -> SessionId {
        let policy = &self.services.policy;
        let row = Session {
            id: SessionId::new(self.fresh("session")),
            user_id: person.id.clone(),
            context: self.context(),
            sign_in_event: EventId::new(self.fresh("event")),
            created_at: self.now(),
            idle_expires_at: self.now().plus_seconds(policy.session_idle_seconds),
            expires_at: self.now().plus_seconds(policy.session_absolute_seconds),
            ended_at: None,
        };
        let hash = mint(SecretKind::Session, &SystemRandom).hash;
        let id = row.id.clone();
        self.write(move |tx| session::insert(tx, &row, hash.as_bytes())).await;
        id
    }

    /// Ends a session.
    pub async fn end_session(&self, id: &SessionId) {
        let (id, now) = (id.clone(), self.now());
        assert!(self.write(move |tx| session::end(tx, &id, now)).await, "the session was live");
    }

    /// Deletes an account.
    pub async fn delete_person(&self, person: &Person) {
        let id = person.id.clone();
        assert!(self.write(move |tx| user::delete(tx, &id)).await, "the person existed");
    }

    /// Takes back what somebody agreed to for a client; nothing is revoked by that alone.
    pub async fn withdraw_consent(&self, person: &Person, rp: &RelyingParty) {
        let none = Consent {
            user_id: person.id.clone(),
            client_id: rp.client_id.clone(),
            scope: Vec::new(),
            granted_at: self.now(),
        };
        self.write(move |tx| consent::put(tx, &none)).await;
    }

    /// Notes that somebody agreed to a client's openid scope.
    pub async fn remember_consent(&self, person: &Person, rp: &RelyingParty) {
        let agreed = Consent {
            user_id: person.id.clone(),
            client_id: rp.client_id.clone(),
            scope: vec!["openid".to_owned()],
            granted_at: self.now(),
        };
        self.write(move |tx| consent::put(tx, &agreed)).await;
    }

    /// Revokes an authorization and all that came from it.
    pub async fn revoke_authorization(&self, id: &AuthorizationId) {
        let (id, now) = (id.clone(), self.now());
        assert!(self.write(move |tx| authorization::revoke(tx, &id, now)).await, "the authorization stood");
    }

    /// Somebody signs in, agrees, and the client is handed a code.
    pub async fn grant(&self, person: &Person, rp: &RelyingParty, spec: GrantSpec) -> Grant {
        let session_id = match &spec.session {
            Some(id) => id.clone(),
            None => self.session(person).await,
        };
        let minted = mint(SecretKind::AuthorizationCode, &SystemRandom);
        let now = self.now();
        let parent = Authorization {
            id: AuthorizationId::new(self.fresh("authorization")),
            client_id: rp.client_id.clone(),
            user_id: person.id.clone(),
            session_id: session_id.clone(),
            scope: spec.scope.clone(),
            context: self.context(),
            claims: spec.claims,
            bounds: Bounds::default(),
            created_at: now,
            revoked_at: None,
        };
        let code = AuthorizationCode {
            code_hash: minted.hash.as_bytes().to_vec(),
            authorization_id: parent.id.clone(),
            client_id: rp.client_id.clone(),
            redirect_uri: rp.redirect_uri.clone(),
            code_challenge: spec.pkce.then(|| CHALLENGE.to_owned()),
            nonce: spec.nonce,
            created_at: now,
            expires_at: now.plus_seconds(self.services.policy.code_seconds),
            consumed_at: None,
        };
        let grant = Grant {
            code: minted.text.expose().clone(),
            redirect_uri: rp.redirect_uri.clone(),
            verifier: spec.pkce.then(|| VERIFIER.to_owned()),
            authorization: parent.id.clone(),
            session: session_id,
        };
        let lives_until = now.plus_seconds(self.services.policy.refresh_absolute_seconds);
        let agreed =
            Consent { user_id: person.id.clone(), client_id: rp.client_id.clone(), scope: spec.scope, granted_at: now };
        self.write(move |tx| {
            consent::put(tx, &agreed)?;
            authorization::insert(tx, &parent, lives_until)?;
            authorization_code::insert(tx, &code)
        })
        .await;
        grant
    }

    /// An identifier that no other row has.
    pub fn fresh(&self, what: &str) -> String {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        format!("{what}-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
    }

    fn context(&self) -> AuthenticationContext {
        AuthenticationContext { auth_time: self.now(), amr: vec!["pwd".to_owned()], acr: "1".to_owned() }
    }
}

/// Every claim of OIDC Core 5.1 (behaviour 85).
fn full_profile() -> UserProfile {
    let text = |value: &str| Some(value.to_owned());
    UserProfile {
        given_name: text("Suite"),
        family_name: text("User"),
        middle_name: text("Q"),
        nickname: text("sq"),
        profile: text("https://example.com/u/suite-user"),
        picture: text("https://example.com/u/suite-user.png"),
        website: text("https://example.com/"),
        gender: text("other"),
        birthdate: text("1990-01-31"),
        zoneinfo: text("Europe/Berlin"),
        locale: text("en-GB"),
        phone_number: text("+49 30 123456"),
        phone_number_verified: true,
        address: [("formatted", "1 Test St\n10115 Berlin"), ("country", "DE")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}
