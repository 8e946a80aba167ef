//! Token exchange (RFC 8693): what services get for the tokens of others.

mod errors;
mod ok;
mod registered;

use symbolon::{
    domain::{
        entity::{ClientSettings, ExchangeMode, ExchangePolicy},
        oauth::GrantType,
    },
    store::exchange_policy,
};

use crate::support::{Answer, ClientSpec, RelyingParty, TestApp};

/// The `grant_type`.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of access tokens.
pub const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The type of refresh tokens.
pub const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
/// The type of ID tokens.
pub const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
/// For whom tokens are exchanged.
pub const API: &str = "https://api.example";

/// Lets a client use the grant.
pub fn with_grant(settings: &mut ClientSettings) {
    settings.grant_types.push(GrantType::TokenExchange);
}

/// A service that exchanges tokens.
pub fn service(client_id: &str) -> ClientSpec {
    ClientSpec::machine(client_id).set(|settings| {
        with_grant(settings);
        settings.scope = ["openid", "email", "groups", "api.read"].map(str::to_owned).to_vec();
    })
}

/// Allows a pair.
pub async fn allow(
    app: &TestApp,
    client: &RelyingParty,
    subject: &RelyingParty,
    audiences: &[&str],
    mode: ExchangeMode,
) {
    let policy = ExchangePolicy {
        client_id: client.client_id.clone(),
        subject_client_id: subject.client_id.clone(),
        audiences: audiences.iter().map(|audience| (*audience).to_owned()).collect(),
        mode,
        updated_at: app.now(),
    };
    app.write(move |tx| exchange_policy::put(tx, &policy)).await;
}

/// Exchanges a token, with more parameters.
pub async fn exchange(rp: &RelyingParty, token: &str, kind: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", GRANT), ("subject_token", token), ("subject_token_type", kind)];
    fields.extend_from_slice(more);
    rp.token(&fields).await
}
