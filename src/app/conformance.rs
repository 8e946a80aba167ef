//! A database for runs of the OpenID Foundation's conformance suite: the clients and the user that its plans expect, made
//! by the services that an administrator uses; and the configuration of each plan, with keys and secrets filled in.

mod clients;
mod plans;

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Map, Value, json};

use super::{Purpose, StartError, build_services, error::database};
use crate::{
    config::Settings,
    crypto::{certificate::ClientCertificate, random::random_bytes, signer},
    domain::{
        Secret,
        entity::{AuthMethod, Owner},
        jose::SigningAlgorithm,
        oauth::{GrantType, RegistrationMode},
        trace::{StartCode, Transaction},
    },
    service::{
        Cx,
        admin::{
            AdminFailure,
            client::{self, NewClient},
            registration::{self, PolicyChanges},
            user::{self, NewUser},
        },
    },
    store::instance,
};
use clients::{Planned, SCOPE, planned};
use plans::Values;

/// Who signs in.
const USERNAME: &str = "suite-user";
/// Everybody knows it.
const PASSWORD: &str = "suite-pass";

/// A key.
type Jwk = Map<String, Value>;

/// What a run is about.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where the suite serves its tests, without the alias.
    pub suite: String,
    /// The alias of the plans: a path below that.
    pub alias: String,
    /// Templates of plan configurations.
    pub plans: PathBuf,
    /// `client1.crt`, `client1.key`, `client2.crt` and `client2.key`: P-256, in PEM.
    pub certificates: PathBuf,
    /// Where the filled configurations go.
    pub output: PathBuf,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// The clients.
    pub clients: Vec<String>,
    /// The files with the configurations.
    pub plans: Vec<PathBuf>,
}

/// Fills an empty database, and writes the configurations.
///
/// # Errors
/// [`StartError`] for a database that is for something else, or filled already; when a file cannot be read or written, or
/// a client is not acceptable.
pub async fn seed(settings: &Settings, run: &Run) -> Result<Seeded, StartError> {
    let services = build_services(settings, Purpose::Conformance).await?;
    let empty = services.store.read(instance::is_empty).await.map_err(|error| database(&error))?;
    if !empty {
        let message = "this database is filled already. Serve it, or set database.url to an empty one";
        return Err(StartError::new(StartCode::OtherPurpose, message));
    }
    let mut values = Values::new();
    values.put("issuer", services.issuer.as_str());
    values.put("mtls", services.policy.mtls.as_ref().unwrap_or(&services.issuer).as_str());
    values.put("suite", run.suite.as_str());
    values.put("alias", run.alias.as_str());
    values.put("username", USERNAME);
    values.put("password", PASSWORD);
    let mut certificates = Vec::new();
    for number in [1, 2] {
        certificates.push(read_certificate(&run.certificates, number, &mut values)?);
    }
    let cx = Cx::local(services, Transaction::Setup, "system");
    let made = fill(&cx, run, &certificates, &mut values).await?;
    let plans = plans::fill_all(&run.plans, &run.output, values)?;
    Ok(Seeded { clients: made, plans })
}

/// The public half of a certificate's key; the files themselves become values.
fn read_certificate(directory: &Path, number: u8, values: &mut Values) -> Result<Jwk, StartError> {
    let file = |kind| directory.join(format!("client{number}.{kind}"));
    let unusable = |path: &Path, why: &dyn std::fmt::Display| failed(format!("{}: {why}", path.display()));
    for (name, path) in [("certificate", file("crt")), ("certificate-key", file("key"))] {
        let text = std::fs::read_to_string(&path).map_err(|error| unusable(&path, &error))?;
        values.put(&format!("{name}:{number}"), text);
    }
    let path = file("crt");
    let der = CertificateDer::from_pem_file(&path).map_err(|error| unusable(&path, &error))?;
    let jwk = ClientCertificate::parse(&der).and_then(|certificate| certificate.jwk());
    jwk.ok_or_else(|| unusable(&path, &"it is no certificate with a key for P-256"))
}

fn failed(message: impl Into<String>) -> StartError {
    StartError::new(StartCode::ConformanceData, message)
}

fn refused(failure: AdminFailure) -> StartError {
    failed(failure.to_string())
}

async fn fill(cx: &Cx, run: &Run, certificates: &[Jwk], values: &mut Values) -> Result<Vec<String>, StartError> {
    let person = NewUser {
        email: Some("suite-user@example.com".to_owned()),
        email_verified: true,
        name: Some("Suite User".to_owned()),
        profile: profile(cx),
        ..NewUser::named(USERNAME, Owner::System)
    };
    let phc = user::danger_hash_any_password(cx, Secret::from(PASSWORD)).await.map_err(refused)?;
    user::danger_create_with_hash(cx, person, phc).await.map_err(refused)?;
    registration::update_policy(cx, registration_policy()).await.map_err(refused)?;
    let callback = format!("{}/{}", run.suite, run.alias);
    let mut made = Vec::new();
    for planned in planned(&callback) {
        made.push(planned.id.clone());
        create(cx, planned, certificates, values).await?;
    }
    Ok(made)
}

/// Every standard claim.
fn profile(cx: &Cx) -> Map<String, Value> {
    let own = cx.services.issuer.join("/u/suite-user");
    let profile = json!({
        "given_name": "Suite", "family_name": "User", "middle_name": "Q", "nickname": "sq",
        "profile": own, "picture": format!("{own}.png"), "website": "https://example.com/",
        "gender": "other", "birthdate": "1990-01-31", "zoneinfo": "Europe/Berlin", "locale": "en-GB",
        "phone_number": "+4930123456", "phone_number_verified": true,
        "address": {
            "formatted": "1 Test St\n10115 Berlin", "street_address": "1 Test St", "locality": "Berlin", "region": "BE",
            "postal_code": "10115", "country": "DE",
        },
    });
    profile.as_object().cloned().unwrap_or_default()
}

/// Whoever comes may register, as often as a run needs.
fn registration_policy() -> PolicyChanges {
    PolicyChanges {
        registration: Some(RegistrationMode::Open),
        quarantine: Some(false),
        require_pkce: Some(false),
        scope: Some(SCOPE.iter().map(|scope| (*scope).to_owned()).collect()),
        grant_types: Some(vec![
            GrantType::AuthorizationCode,
            GrantType::Implicit,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::Ciba,
        ]),
        per_network: Some(0),
        max_clients: Some(10_000),
        ..PolicyChanges::default()
    }
}

/// Creates a client with keys, certificate and secret of its own, as it needs them.
async fn create(cx: &Cx, planned: Planned, certificates: &[Jwk], values: &mut Values) -> Result<(), StartError> {
    let Planned { id, kind, mut settings, algorithm, number } = planned;
    let mut keys = Vec::new();
    if let Some(algorithm) = algorithm {
        let (public, private) = key_pair(algorithm)?;
        keys.push(public);
        values.put(&format!("jwks:{id}"), json!({ "keys": [private] }));
    }
    if settings.token_endpoint_auth_method == AuthMethod::SelfSignedTlsClientAuth {
        keys.extend(certificates.get(usize::from(number) - 1).cloned());
    }
    if !keys.is_empty() {
        settings.jwks = Some(json!({ "keys": keys }));
    }
    let secret = settings.token_endpoint_auth_method.needs_secret().then(|| {
        let bytes: [u8; 24] = random_bytes(cx.random());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    if let Some(secret) = &secret {
        values.put(&format!("secret:{id}"), secret.as_str());
    }
    let new = NewClient {
        client_id: Some(id.clone()),
        secret: secret.map(Secret::new),
        settings,
        ..NewClient::of_kind(kind, format!("Conformance suite, {id}"), Owner::System)
    };
    client::create(cx, new).await.map(drop).map_err(|failure| failed(format!("{id}: {failure}")))
}

/// A fresh key pair, as JWKs.
fn key_pair(algorithm: SigningAlgorithm) -> Result<(Jwk, Jwk), StartError> {
    let key = signer::generate(algorithm).map_err(|error| failed(error.to_string()))?;
    let private = key.danger_private_jwk().map_err(|error| failed(error.to_string()))?;
    Ok((key.public_jwk, private))
}

#[cfg(test)]
mod tests;
