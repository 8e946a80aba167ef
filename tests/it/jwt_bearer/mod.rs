//! Assertions of trusted issuers as grants (RFC 7523 §2.1).

mod errors;
mod ok;
mod races;

use serde_json::Value;
use symbolon::{
    domain::{
        entity::{ClientSettings, ConsentMode, SubjectMapping, TrustedIssuer},
        jose::SigningAlgorithm,
        oauth::GrantType,
    },
    store::trusted_issuer,
};

use crate::support::{Answer, Assertion, ClientKey, ClientSpec, Person, RelyingParty, TestApp};

/// The `grant_type`.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The issuer that vouches.
pub const IDP: &str = "https://idp.example";

/// Lets a client use the grant.
pub fn with_grant(settings: &mut ClientSettings) {
    settings.grant_types.push(GrantType::JwtBearer);
}

/// A client of one's own, whom nobody is asked for.
pub fn first_party(client_id: &str) -> ClientSpec {
    ClientSpec::web(client_id).set(|settings| {
        with_grant(settings);
        settings.consent = ConsentMode::Skip;
    })
}

/// Somebody else's identity provider.
pub struct Idp {
    /// Its key.
    pub key: ClientKey,
}

impl Idp {
    /// Trusts one towards these clients.
    pub async fn trusted(app: &TestApp, subject: SubjectMapping, clients: &[&RelyingParty]) -> Self {
        Self::signing(SigningAlgorithm::ES256, app, subject, clients).await
    }

    /// The same with a key of another algorithm.
    pub async fn signing(
        algorithm: SigningAlgorithm,
        app: &TestApp,
        subject: SubjectMapping,
        clients: &[&RelyingParty],
    ) -> Self {
        let idp = Self { key: ClientKey::generate(algorithm) };
        let row = TrustedIssuer {
            issuer: IDP.to_owned(),
            jwks: Some(idp.key.jwks()),
            jwks_uri: None,
            audience: None,
            subject,
            clients: clients.iter().map(|rp| rp.client_id.clone()).collect(),
            scope: ["openid", "email", "api.read", "offline_access"].map(str::to_owned).to_vec(),
            created_at: app.now(),
        };
        app.write(move |tx| trusted_issuer::insert(tx, &row)).await;
        idp
    }

    /// What it says about somebody, good until changed.
    pub fn claims(&self, app: &TestApp, subject: &str) -> Assertion {
        let jti = app.fresh("assertion");
        Assertion::new(IDP, app.issuer(), app.now().seconds(), &jti).claim("sub", Value::from(subject))
    }

    /// A signed assertion.
    pub fn vouch(&self, app: &TestApp, subject: &str) -> String {
        self.key.sign(&self.claims(app, subject).0)
    }
}

/// A token request.
pub async fn present(rp: &RelyingParty, assertion: &str, scope: Option<&str>) -> Answer {
    let mut fields = vec![("grant_type", GRANT), ("assertion", assertion)];
    fields.extend(scope.map(|scope| ("scope", scope)));
    rp.token(&fields).await
}

/// Remembers that somebody agreed.
pub async fn agree(app: &TestApp, person: &Person, rp: &RelyingParty, scope: &[&str]) {
    let consent = symbolon::domain::entity::Consent {
        user_id: person.id.clone(),
        client_id: rp.client_id.clone(),
        scope: scope.iter().map(|scope| (*scope).to_owned()).collect(),
        granted_at: app.now(),
    };
    app.write(move |tx| symbolon::store::consent::put(tx, &consent)).await;
}
