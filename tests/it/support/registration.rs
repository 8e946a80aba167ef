//! Programs that register themselves: the policy that lets them, the request, and what must be true
//! of the answer.

use serde_json::{Value, json};
use symbolon::{
    domain::oauth::{DocumentMode, RegistrationMode},
    service::admin::registration::{self, PolicyChanges},
};

use super::{Answer, Credentials, RelyingParty, Request, TestApp};

/// A registration, with what belongs to it.
pub struct Registered {
    /// The answer's members.
    pub members: Value,
    /// `registration_client_uri`, as a path.
    pub path: String,
    /// `registration_access_token`.
    pub token: String,
}

impl TestApp {
    /// Changes the registration policy.
    pub async fn registration_policy(&self, changes: PolicyChanges) {
        registration::update_policy(&self.cx(), changes).await.expect("a policy");
    }

    /// Lets anybody register, at once and without limit.
    pub async fn open_registration(&self) {
        self.registration_policy(PolicyChanges {
            registration: Some(RegistrationMode::Open),
            quarantine: Some(false),
            per_network: Some(0),
            ..PolicyChanges::default()
        })
        .await;
    }

    /// Accepts metadata documents from anywhere, at once.
    pub async fn open_documents(&self) {
        self.registration_policy(PolicyChanges {
            documents: Some(DocumentMode::Any),
            quarantine: Some(false),
            ..PolicyChanges::default()
        })
        .await;
    }

    /// An initial access token for so many clients, for an hour.
    pub async fn initial_access_token(&self, uses: i64) -> String {
        let made = registration::create_token(&self.cx(), "test", 3600, uses).await.expect("a token");
        made.1.expose().clone()
    }

    /// Registers without a token.
    pub async fn register(&self, metadata: &Value) -> Answer {
        self.send(register(metadata)).await
    }

    /// Registers with a token.
    pub async fn register_with(&self, token: &str, metadata: &Value) -> Answer {
        self.send(register(metadata).header("Authorization", format!("Bearer {token}"))).await
    }

    /// A request to the address of a registration.
    pub async fn manage(&self, method: &str, registered: &Registered, body: Option<&Value>) -> Answer {
        self.manage_with(&registered.token, method, &registered.path, body).await
    }

    /// The same with any token.
    pub async fn manage_with(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::new(method, path).header("Authorization", format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        self.send(request).await
    }

    /// The app of a registration.
    pub fn app_of(&self, registered: &Registered) -> RelyingParty {
        let members = &registered.members;
        let text = |name: &str| members[name].as_str().unwrap_or_default();
        let credentials = match (members["client_secret"].as_str(), text("token_endpoint_auth_method")) {
            (Some(secret), "client_secret_post") => Credentials::Post(secret.to_owned()),
            (Some(secret), "client_secret_jwt") => Credentials::SecretJwt(secret.to_owned()),
            (Some(secret), _) => Credentials::Basic(secret.to_owned()),
            (None, _) => Credentials::Public,
        };
        let redirect_uri = members["redirect_uris"][0].as_str().unwrap_or_default();
        RelyingParty::known(self, text("client_id"), redirect_uri, credentials)
    }
}

/// The request of a program that registers.
pub fn register(metadata: &Value) -> Request {
    Request::new("POST", "/oauth2/register").header("Content-Type", "application/json").body(metadata.to_string())
}

impl Answer {
    /// A registration was made (RFC 7591 §3.2.1; behaviours 104 and 105).
    pub async fn registered(&self) -> Registered {
        if self.response.status != 201 {
            panic!("expected 201\n{}", self.explained().await);
        }
        self.registration().await
    }

    /// What a registration answers, new or not.
    pub async fn registration(&self) -> Registered {
        let response = &self.response;
        assert!(matches!(response.status, 200 | 201), "{}", self.explained().await);
        assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
        let members = response.json();
        let text = |name: &str| members[name].as_str().unwrap_or_else(|| panic!("no {name}: {response}")).to_owned();
        if members.get("client_secret").is_some() {
            assert_eq!(members["client_secret_expires_at"], json!(0), "{response}");
        }
        assert!(members["client_id_issued_at"].is_i64(), "{response}");
        let path = text("registration_client_uri");
        let path = path.find("/oauth2/").and_then(|at| path.get(at..)).expect("a path").to_owned();
        assert!(path.ends_with(&text("client_id")), "{response}");
        Registered { token: text("registration_access_token"), path, members }
    }
}
