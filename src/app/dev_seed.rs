//! What a throw-away server begins with: two people, four clients, and a password that everybody
//! knows. Never on a database that serves people: see [`super::instance`].

use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

use crate::{
    crypto::{PasswordHasher, SystemRandom, password::PasswordError, random::random_bytes},
    domain::{
        Secret,
        entity::{AuthMethod, ClientKind, ClientSettings, ConsentMode, Owner},
        trace::Reason,
    },
    service::{
        Broken, Cx,
        admin::{
            AdminFailure,
            client::{self, ClientChanges, NewClient},
            group,
            user::{self, NewUser},
        },
    },
};

use crate::service::playground::sample::{PASSWORD, SECRET};

/// The hash of the password that everybody has here, made once.
#[derive(Default)]
pub struct DemoPassword {
    begun: Option<JoinHandle<Result<String, PasswordError>>>,
    phc: Option<String>,
}

impl DemoPassword {
    /// Begins to make it. Must be called inside a runtime.
    pub fn begin(passwords: &PasswordHasher) -> Self {
        let passwords = passwords.clone();
        let hash = async move { passwords.hash(Secret::from(PASSWORD), random_bytes(&SystemRandom)).await };
        Self { begun: Some(tokio::spawn(hash)), phc: None }
    }

    async fn phc(&mut self, cx: &Cx) -> Result<String, AdminFailure> {
        if let Some(phc) = &self.phc {
            return Ok(phc.clone());
        }
        let phc = match self.begun.take() {
            Some(begun) => begun.await.map_err(|error| Broken::Internal(error.to_string()))??,
            None => user::danger_hash_any_password(cx, Secret::from(PASSWORD)).await?,
        };
        Ok(self.phc.insert(phc).clone())
    }
}

/// Makes people, groups and clients, or brings the clients in line with the issuer in use.
///
/// # Errors
/// When the database fails, or holds something else under these names.
pub async fn seed(cx: &Cx, password: DemoPassword) -> Result<(), AdminFailure> {
    // At once: each waits for the disk half of its time.
    tokio::try_join!(seed_people(cx, password), seed_clients(cx)).map(drop)
}

async fn seed_people(cx: &Cx, mut password: DemoPassword) -> Result<(), AdminFailure> {
    for (name, description) in [("engineering", "Builds things"), ("admins", "Runs things")] {
        unless_taken(group::create(cx, name, description, Owner::System).await)?;
    }
    create_user(cx, "alice", "Alice Example", alice(), &mut password).await?;
    create_user(cx, "bob", "Bob Example", Map::new(), &mut password).await?;
    for group in ["engineering", "admins"] {
        group::add_member(cx, group, "alice").await?;
    }
    Ok(())
}

async fn seed_clients(cx: &Cx) -> Result<(), AdminFailure> {
    for new in clients(cx) {
        put_client(cx, new).await?;
    }
    Ok(())
}

fn unless_taken<T>(result: Result<T, AdminFailure>) -> Result<(), AdminFailure> {
    match result {
        Ok(_) | Err(AdminFailure::Refused { reason: Reason::NameTaken, .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn create_user(
    cx: &Cx,
    username: &str,
    name: &str,
    profile: Map<String, Value>,
    password: &mut DemoPassword,
) -> Result<(), AdminFailure> {
    // A password is not hashed for somebody who is there already.
    if user::find(cx, username).await.is_ok() {
        return Ok(());
    }
    let new = NewUser {
        email: Some(format!("{username}@example.com")),
        email_verified: true,
        name: Some(name.to_owned()),
        profile,
        ..NewUser::named(username, Owner::System)
    };
    unless_taken(user::danger_create_with_hash(cx, new, password.phc(cx).await?).await)
}

/// Every standard claim, so that what an application reads can be seen.
fn alice() -> Map<String, Value> {
    let profile = json!({
        "given_name": "Alice",
        "family_name": "Example",
        "middle_name": "Quinn",
        "nickname": "Al",
        "profile": "https://example.com/alice",
        "picture": "https://example.com/alice.png",
        "website": "https://alice.example.com",
        "gender": "female",
        "birthdate": "1990-04-01",
        "zoneinfo": "Europe/Zurich",
        "locale": "en-GB",
        "phone_number": "+41791234567",
        "phone_number_verified": true,
        "address": {
            "formatted": "Example Street 1\n8000 Zurich\nSwitzerland",
            "street_address": "Example Street 1",
            "locality": "Zurich",
            "region": "ZH",
            "postal_code": "8000",
            "country": "Switzerland"
        }
    });
    match profile {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn clients(cx: &Cx) -> [NewClient; 4] {
    let issuer = &cx.services.issuer;
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let people = ["openid", "profile", "email", "address", "phone", "groups", "roles", "offline_access", "demo.read"];
    let after_logout = texts(&[&issuer.join("/dev"), "http://localhost:3000/", "http://127.0.0.1:3000/"]);
    let new = |id: &str, name: &str, kind, settings: ClientSettings| NewClient {
        client_id: Some(id.to_owned()),
        secret: settings.token_endpoint_auth_method.is_confidential().then(|| Secret::from(SECRET)),
        settings,
        ..NewClient::of_kind(kind, name, Owner::System)
    };
    let of = |kind, redirects: &[&str], consent| ClientSettings {
        redirect_uris: texts(redirects),
        post_logout_redirect_uris: after_logout.clone(),
        scope: texts(&people),
        consent,
        ..ClientSettings::of_kind(kind)
    };
    let web = ClientSettings {
        may_introspect: true,
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        ..of(
            ClientKind::Web,
            &[&issuer.join("/dev/callback"), "http://localhost:3000/callback", "http://127.0.0.1:3000/callback"],
            ConsentMode::Skip,
        )
    };
    let spa = of(
        ClientKind::Spa,
        &[&issuer.join("/dev/spa"), "http://localhost:5173/callback", "http://127.0.0.1:5173/callback"],
        ConsentMode::Once,
    );
    let native = of(
        ClientKind::Native,
        &["http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback"],
        ConsentMode::Once,
    );
    let machine = ClientSettings { scope: texts(&["demo.read"]), ..ClientSettings::of_kind(ClientKind::Machine) };
    [
        new("demo-web", "Demo web application", ClientKind::Web, web),
        new("demo-spa", "Demo single-page application", ClientKind::Spa, spa),
        new("demo-cli", "Demo command line", ClientKind::Native, native),
        new("demo-m2m", "Demo service", ClientKind::Machine, machine),
    ]
}

/// Creates the client, or gives the existing one these settings: the issuer may have changed.
async fn put_client(cx: &Cx, new: NewClient) -> Result<(), AdminFailure> {
    let (id, settings) = (new.client_id.clone().unwrap_or_default(), new.settings.clone());
    match client::danger_create_with_any_secret(cx, new).await {
        Err(AdminFailure::Refused { reason: Reason::NameTaken, .. }) => {
            let changes = ClientChanges { settings: Some(settings), ..ClientChanges::default() };
            client::update(cx, &id, changes).await.map(drop)
        }
        other => other.map(drop),
    }
}
