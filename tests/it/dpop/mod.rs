//! Proof of possession with DPoP (RFC 9449).

mod codes;
mod exchange;
mod nonces;
mod proofs;
mod races;
mod resources;
mod tokens;

use crate::support::{Answer, ClientSpec, DpopKey, Grant, GrantSpec, RelyingParty, Request, TestApp, Tokens};

const TOKEN: &str = "/oauth2/token";

/// The request that redeems a code.
fn redemption(rp: &RelyingParty, grant: &Grant) -> Request {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", grant.code.as_str()),
        ("redirect_uri", grant.redirect_uri.as_str()),
    ];
    fields.extend(grant.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
    rp.request(TOKEN, &fields)
}

/// Redeems a code with a proof of this key.
async fn redeem(app: &TestApp, rp: &RelyingParty, grant: &Grant, key: &DpopKey) -> Answer {
    rp.send(&redemption(rp, grant).header("DPoP", key.sign(&key.proof(app, TOKEN)))).await
}

/// Refreshes with a proof of this key.
async fn refresh(app: &TestApp, rp: &RelyingParty, token: &str, key: &DpopKey) -> Answer {
    let request = rp.request(TOKEN, &[("grant_type", "refresh_token"), ("refresh_token", token)]);
    rp.send(&request.header("DPoP", key.sign(&key.proof(app, TOKEN)))).await
}

/// Somebody's tokens, bound to a key.
async fn bound(app: &TestApp, spec: ClientSpec, key: &DpopKey) -> (RelyingParty, Tokens) {
    let (rp, alice) = (app.client(spec).await, app.person("alice").await);
    let grant = app.grant(&alice, &rp, GrantSpec::scope("openid email offline_access")).await;
    let tokens = redeem(app, &rp, &grant, key).await.ok_as("DPoP").await;
    (rp, tokens)
}
