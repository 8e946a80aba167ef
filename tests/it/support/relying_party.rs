//! An app that uses the server: one client, its credentials, and the requests that it makes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use symbolon::{
    crypto::token::hash_of,
    domain::{
        entity::{AuthMethod, Client, ClientKind, ClientSecret, ClientSettings, Owner},
        ids::ClientId,
        jose::SigningAlgorithm,
        oauth::{CLIENT_ASSERTION_TYPE, GrantType, ResponseType},
    },
    service::{Services, admin::client::secret::SEALED_PURPOSE},
    store::client,
};

use super::{
    Answer, Assertion, Authorize, ClientKey, Request, TestApp, Wire, assertion::signed_with_secret, form_encode,
    people::Grant,
};

/// The secret of every confidential client in the tests.
pub const SECRET: &str = "sym_cs_test-secret-of-every-client";

/// A client about to be registered.
#[derive(Clone, Debug)]
pub struct ClientSpec {
    client_id: String,
    kind: ClientKind,
    settings: ClientSettings,
    owner: Owner,
}

impl ClientSpec {
    fn of_kind(client_id: &str, kind: ClientKind) -> Self {
        let mut settings = ClientSettings::of_kind(kind);
        if kind != ClientKind::Machine {
            settings.redirect_uris = vec![format!("https://{client_id}.example/callback")];
            settings.scope.extend(["address".to_owned(), "phone".to_owned()]);
        }
        Self { client_id: client_id.to_owned(), kind, settings, owner: Owner::Cli }
    }

    /// A web application with a secret.
    pub fn web(client_id: &str) -> Self {
        Self::of_kind(client_id, ClientKind::Web)
    }

    /// A single-page application, without one.
    pub fn spa(client_id: &str) -> Self {
        Self::of_kind(client_id, ClientKind::Spa)
    }

    /// The same as a native application.
    #[must_use]
    pub fn native(mut self) -> Self {
        self.kind = ClientKind::Native;
        self
    }

    /// A service, for `api.read` and `api.write`.
    pub fn machine(client_id: &str) -> Self {
        Self::of_kind(client_id, ClientKind::Machine)
            .set(|settings| settings.scope = vec!["api.read".to_owned(), "api.write".to_owned()])
    }

    /// Authenticating with a key, by value.
    #[must_use]
    pub fn keyed(self, key: &ClientKey) -> Self {
        let jwks = key.jwks();
        self.set(|settings| {
            settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
            settings.jwks = Some(jwks);
        })
    }

    /// For every response type.
    #[must_use]
    pub fn hybrid(self) -> Self {
        self.set(|settings| {
            settings.grant_types.push(GrantType::Implicit);
            settings.response_types = ResponseType::ALL.to_vec();
        })
    }

    /// As if it had come into being in this way.
    #[must_use]
    pub fn owned(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    /// With other settings.
    #[must_use]
    pub fn set(mut self, change: impl FnOnce(&mut ClientSettings)) -> Self {
        change(&mut self.settings);
        self
    }
}

/// How a client says who it is.
#[derive(Clone)]
pub enum Credentials {
    /// `client_secret_basic`.
    Basic(String),
    /// `client_secret_post`.
    Post(String),
    /// `client_secret_jwt`.
    SecretJwt(String),
    /// `private_key_jwt`.
    Key(ClientKey),
    /// `none`: the name only.
    Public,
    /// Not even that.
    Nothing,
}

/// An app.
#[derive(Clone)]
pub struct RelyingParty {
    /// Its name.
    pub client_id: ClientId,
    /// Where codes go.
    pub redirect_uri: String,
    /// How it authenticates.
    pub credentials: Credentials,
    services: Arc<Services>,
    wire: Wire,
}

impl TestApp {
    /// Registers a client. Confidential ones have [`SECRET`]; one with keys needs
    /// [`RelyingParty::with`] its key.
    pub async fn client(&self, spec: ClientSpec) -> RelyingParty {
        for algorithm in [
            spec.settings.id_token_signed_response_alg,
            spec.settings.access_token_signed_response_alg,
            spec.settings.authorization_signed_response_alg,
        ] {
            self.ensure_key(algorithm).await;
        }
        let row = Client {
            client_id: ClientId::new(spec.client_id.clone()),
            name: format!("The app {}", spec.client_id),
            kind: spec.kind,
            enabled: true,
            settings: spec.settings,
            not_before: None,
            owner: spec.owner,
            version: 1,
            created_at: self.now(),
            updated_at: self.now(),
        };
        let credentials = match row.settings.token_endpoint_auth_method {
            AuthMethod::ClientSecretBasic => Credentials::Basic(SECRET.to_owned()),
            AuthMethod::ClientSecretPost => Credentials::Post(SECRET.to_owned()),
            AuthMethod::ClientSecretJwt => Credentials::SecretJwt(SECRET.to_owned()),
            AuthMethod::PrivateKeyJwt
            | AuthMethod::TlsClientAuth
            | AuthMethod::SelfSignedTlsClientAuth
            | AuthMethod::None => Credentials::Public,
        };
        let rp = RelyingParty {
            client_id: row.client_id.clone(),
            redirect_uri: row.settings.redirect_uris.first().cloned().unwrap_or_default(),
            credentials,
            services: self.services.clone(),
            wire: self.wire.clone(),
        };
        let secret_id = self.fresh("secret");
        let sealed_secret = (row.settings.token_endpoint_auth_method == AuthMethod::ClientSecretJwt).then(|| {
            self.services.sealer.seal(SEALED_PURPOSE, &secret_id, SECRET.as_bytes(), self.services.random.as_ref())
        });
        let secret = ClientSecret {
            id: secret_id,
            client_id: row.client_id.clone(),
            label: "first".to_owned(),
            secret_hash: hash_of(SECRET).as_bytes().to_vec(),
            sealed_secret,
            created_at: self.now(),
            expires_at: None,
        };
        self.write(move |tx| {
            client::insert(tx, &row)?;
            if row.settings.token_endpoint_auth_method.needs_secret() {
                client::insert_secret(tx, &secret)?;
            }
            Ok(())
        })
        .await;
        rp
    }

    /// Changes a client as an administrator would.
    pub async fn change_client(&self, rp: &RelyingParty, change: impl FnOnce(&mut Client) + Send + 'static) {
        let id = rp.client_id.clone();
        let written = self
            .write(move |tx| {
                let mut found = client::find(tx, &id)?.expect("the client exists");
                change(&mut found);
                client::update(tx, &found)
            })
            .await;
        assert!(written, "somebody else changed the client");
    }

    /// Deletes a client.
    pub async fn delete_client(&self, rp: &RelyingParty) {
        let id = rp.client_id.clone();
        assert!(self.write(move |tx| client::delete(tx, &id)).await, "the client existed");
    }

    /// Gives a client another secret; the old ones end at once.
    pub async fn rotate_secret(&self, rp: &RelyingParty, secret: &str) {
        let (id, now) = (rp.client_id.clone(), self.now());
        self.write(move |tx| client::expire_secrets(tx, &id, now)).await;
        self.add_secret(rp, secret).await;
    }

    /// Gives a client one more secret.
    pub async fn add_secret(&self, rp: &RelyingParty, secret: &str) {
        let row = ClientSecret {
            id: self.fresh("secret"),
            client_id: rp.client_id.clone(),
            label: "next".to_owned(),
            secret_hash: hash_of(secret).as_bytes().to_vec(),
            sealed_secret: None,
            created_at: self.now(),
            expires_at: None,
        };
        self.write(move |tx| {
            client::insert_secret(tx, &row)?;
            client::touch(tx, &row.client_id, row.created_at)
        })
        .await;
    }
}

impl RelyingParty {
    /// An app that the server knows already.
    pub fn known(app: &TestApp, client_id: &str, redirect_uri: &str, credentials: Credentials) -> Self {
        Self {
            client_id: ClientId::new(client_id),
            redirect_uri: redirect_uri.to_owned(),
            credentials,
            services: app.services.clone(),
            wire: app.wire.clone(),
        }
    }

    /// The same app with other credentials.
    #[must_use]
    pub fn with(&self, credentials: Credentials) -> Self {
        Self { credentials, ..self.clone() }
    }

    /// The same app, calling another node.
    #[must_use]
    pub fn at(&self, node: &TestApp) -> Self {
        Self { services: node.services.clone(), wire: node.wire.clone(), ..self.clone() }
    }

    /// A POST to a direct endpoint, authenticated.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(&self.request(path, fields)).await
    }

    /// The request that [`Self::post`] would send.
    pub fn request(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let id = self.client_id.as_str();
        let assertion;
        let mut fields = fields.to_vec();
        match &self.credentials {
            Credentials::Basic(secret) => {
                return Request::form(path, &fields).header("Authorization", basic(id, secret));
            }
            Credentials::Post(secret) => fields.extend([("client_id", id), ("client_secret", secret)]),
            Credentials::SecretJwt(_) | Credentials::Key(_) => {
                assertion = match &self.credentials {
                    Credentials::Key(key) => key.sign(&self.assertion().0),
                    Credentials::SecretJwt(secret) => {
                        signed_with_secret(&json!({ "alg": "HS256" }), &self.assertion().0, secret)
                    }
                    _ => String::new(),
                };
                fields.extend([
                    ("client_assertion_type", CLIENT_ASSERTION_TYPE),
                    ("client_assertion", assertion.as_str()),
                ]);
            }
            Credentials::Public => fields.push(("client_id", id)),
            Credentials::Nothing => {}
        }
        Request::form(path, &fields)
    }

    /// Sends a request of its own making.
    pub async fn send(&self, request: &Request) -> Answer {
        Answer::new(self.wire.send(request).await, self.services.clone(), self.wire.clone())
    }

    /// The claims of an assertion that would be accepted now.
    pub fn assertion(&self) -> Assertion {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let jti = format!("jti-{}", COUNTER.fetch_add(1, Ordering::Relaxed));
        let now = self.services.clock.now().seconds();
        Assertion::new(self.client_id.as_str(), self.services.issuer.as_str(), now, &jti)
    }

    /// A token request with an assertion.
    pub async fn token_with_assertion(&self, assertion: &str) -> Answer {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        self.with(Credentials::Nothing).token(&fields).await
    }

    /// A token request.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/oauth2/token", fields).await
    }

    /// Redeems a code.
    pub async fn exchange(&self, grant: &Grant) -> Answer {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
        ];
        fields.extend(grant.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        self.token(&fields).await
    }

    /// Pushes an authorization request.
    pub async fn push(&self, request: &Authorize) -> Answer {
        self.post("/oauth2/par", &request.pushed()).await
    }

    /// Where a browser is sent with a reference.
    pub fn by_reference(&self, request_uri: &str) -> String {
        let fields = [("client_id", self.client_id.as_str()), ("request_uri", request_uri)];
        format!("/oauth2/authorize?{}", form_encode(&fields))
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Asks for a token of its own.
    pub async fn machine_token(&self) -> Answer {
        self.token(&[("grant_type", "client_credentials")]).await
    }

    /// Asks about a token.
    pub async fn introspect(&self, token: &str) -> Answer {
        self.post("/oauth2/introspect", &[("token", token)]).await
    }

    /// Revokes a token.
    pub async fn revoke(&self, token: &str) -> Answer {
        self.post("/oauth2/revoke", &[("token", token)]).await
    }

    /// Asks who an access token is about.
    pub async fn userinfo(&self, token: &str) -> Answer {
        self.send(&Request::get("/oauth2/userinfo").header("Authorization", format!("Bearer {token}"))).await
    }
}

/// An Authorization header (RFC 6749 §2.3.1). Id and secret of the tests need no form encoding.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// The settings of a client that signs with this algorithm.
pub fn signed_with(algorithm: SigningAlgorithm) -> impl FnOnce(&mut ClientSettings) {
    move |settings| {
        settings.id_token_signed_response_alg = algorithm;
        settings.access_token_signed_response_alg = algorithm;
    }
}
