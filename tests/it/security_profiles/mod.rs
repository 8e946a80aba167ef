//! Clients that keep to a security profile: FAPI 1.0 Advanced, FAPI 2.0, MCP.

mod algorithms;
mod backchannel;
mod certificates;
mod errors;
mod ok;
mod refresh;

use serde_json::Value;
use symbolon::domain::{
    jose::SigningAlgorithm,
    oauth::{SecurityProfile, check_settings},
};

use crate::support::{
    Answer, Authorize, ClientKey, ClientSpec, Credentials, DpopKey, Grant, Person, RelyingParty, Request, TestApp,
    Tokens,
};

const TOKEN: &str = "/oauth2/token";
const PAR: &str = "/oauth2/par";
const SCOPE: &str = "openid email offline_access";

/// An app of a profile, the key that it signs with, and the key that its tokens are bound to.
struct Party {
    rp: RelyingParty,
    key: ClientKey,
    dpop: DpopKey,
}

/// A web application as an administrator registers it: an address, keys, and the profile.
fn spec(id: &str, profile: SecurityProfile, jwks: Value) -> ClientSpec {
    let spec = ClientSpec::web(id);
    spec.set(|settings| {
        *settings = profile.apply(settings.clone());
        settings.jwks = Some(jwks);
        let checked = check_settings(symbolon::domain::entity::ClientKind::Web, settings);
        assert_eq!(checked, Ok(()), "what the profile fills in is a valid client");
    })
}

impl Party {
    async fn of(app: &TestApp, id: &str, profile: SecurityProfile) -> Self {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(spec(id, profile, key.jwks())).await.with(Credentials::Key(key.clone()));
        Self { rp, key, dpop: DpopKey::new() }
    }

    async fn fapi2(app: &TestApp) -> Self {
        Self::of(app, "fapi2", SecurityProfile::Fapi2Security).await
    }

    /// A request with a proof of the key.
    fn proving(&self, app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Request {
        let proof = self.dpop.sign(&self.dpop.proof(app, path));
        self.rp.request(path, fields).header("DPoP", proof)
    }

    async fn post(&self, app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.rp.send(&self.proving(app, path, fields)).await
    }

    /// Pushes a request, signs the person in and returns with the code.
    async fn grant(&self, app: &TestApp, person: &Person, request: &Authorize) -> Grant {
        let reference = self.post(app, PAR, &request.pushed()).await.pushed().await;
        app.browser().grant_at(&self.rp.by_reference(&reference), person, request).await
    }

    async fn redeem(&self, app: &TestApp, grant: &Grant) -> Answer {
        self.post(app, TOKEN, &redemption(grant)).await
    }

    async fn tokens(&self, app: &TestApp, person: &Person) -> Tokens {
        let grant = self.grant(app, person, &Authorize::new(&self.rp, SCOPE)).await;
        self.redeem(app, &grant).await.ok_as("DPoP").await
    }

    async fn refresh(&self, app: &TestApp, token: &str) -> Answer {
        self.post(app, TOKEN, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}

fn redemption(grant: &Grant) -> Vec<(&'static str, &str)> {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", grant.code.as_str()),
        ("redirect_uri", grant.redirect_uri.as_str()),
    ];
    fields.extend(grant.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
    fields
}

/// The record of this trace says whose rule refused; none: nobody's profile.
pub async fn blames(app: &TestApp, trace_id: &str, profile: Option<&str>) {
    let record = app.record(trace_id).await.expect("a record");
    let refused = record.steps.iter().rev().find(|step| step.reason.is_some()).expect("a refused step");
    let named = refused.facts.iter().find(|(name, _)| name == "profile").map(|(_, value)| value.as_str());
    assert_eq!(named, profile, "{record:#?}");
}

/// A refusal that the profile wants.
async fn refused(app: &TestApp, answer: Answer, error: &str, reason: &str, profile: &str) {
    answer.refused(error, reason).await;
    blames(app, answer.trace_id(), Some(profile)).await;
}
