//! Request objects that are signed and then encrypted to this server (RFC 9101 §6.1, RFC 7516).

use josekit::{
    jwe::{ECDH_ES_A128KW, ECDH_ES_A256KW, JweEncrypter, JweHeader, serialize_compact},
    jwk::Jwk,
};
use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::ClientSettings,
        jose::{ContentEncryption, KeyManagementAlgorithm, SigningAlgorithm},
    },
    service::keys,
};

use super::{by_value, none, signing, unsigned_allowed};
use crate::support::{Authorize, ClientKey, ClientSpec, ReaderKey, Request, TestApp};

const ALG: KeyManagementAlgorithm = KeyManagementAlgorithm::EcdhEsA256Kw;

/// Registered for one way of encrypting.
fn encrypting(settings: &mut ClientSettings) {
    settings.request_object_encryption_alg = Some(ALG);
    settings.request_object_encryption_enc = Some(ContentEncryption::A256Gcm);
}

/// The key with which clients encrypt, as they find it in the key set.
async fn published(app: &TestApp) -> Value {
    keys::ensure(&app.cx(), ALG).await.expect("a key is made");
    let set = app.document("/oauth2/jwks").await;
    set["keys"].as_array().expect("keys").iter().find(|key| key["use"] == "enc").expect("a key to encrypt to").clone()
}

fn jwk(key: &Value) -> Jwk {
    Jwk::from_map(key.as_object().expect("an object").clone()).expect("a key")
}

fn sealed(encrypter: &dyn JweEncrypter, enc: &str, inside: &str) -> String {
    let mut header = JweHeader::new();
    header.set_content_encryption(enc);
    header.set_content_type("oauth-authz-req+jwt");
    serialize_compact(inside.as_bytes(), &header, encrypter).expect("a token")
}

/// Encrypted as registered, to this key.
fn encrypted(key: &Value, inside: &str) -> String {
    sealed(&ECDH_ES_A256KW.encrypter_from_jwk(&jwk(key)).expect("an encrypter"), "A256GCM", inside)
}

/// Refused on a page and at the push, for this reason.
async fn refused(app: &TestApp, rp: &crate::support::RelyingParty, object: &str, reason: &str) {
    app.send(Request::get(by_value(rp, object))).await.refused_page(400, reason).await;
    let error = if reason == "AS-1052" { "request_not_supported" } else { "invalid_request_object" };
    rp.post("/oauth2/par", &[("request", object)]).await.refused(error, reason).await;
}

both! {
    async fn what_is_signed_and_then_encrypted_is_read(app) {
        let (key, ours) = (ClientKey::generate(SigningAlgorithm::ES256), published(&app).await);
        let rp = app.client(ClientSpec::web("web").set(signing(&key)).set(encrypting)).await;
        let alice = app.person("alice").await;
        let request = Authorize::new(&rp, "openid");
        let object = encrypted(&ours, &key.sign(&request.claims(&app)));
        let grant = app.browser().grant_at(&by_value(&rp, &object), &alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["nonce"], "nonce-1");
        rp.post("/oauth2/par", &[("request", &object)]).await.pushed().await;
        // Also under a key that was replaced in the meantime.
        keys::rotate(&app.cx(), ALG).await.expect("it rotates");
        rp.post("/oauth2/par", &[("request", &object)]).await.pushed().await;
    }

    async fn a_client_without_a_signature_may_still_encrypt(app) {
        let ours = published(&app).await;
        let rp = app.client(ClientSpec::web("web").set(unsigned_allowed).set(encrypting)).await;
        let object = encrypted(&ours, &none(&Authorize::new(&rp, "openid").claims(&app)));
        app.browser().open(&by_value(&rp, &object)).await.page("/sign-in/");
    }

    async fn what_was_encrypted_for_somebody_else_or_in_another_way_is_refused(app) {
        let (key, ours) = (ClientKey::generate(SigningAlgorithm::ES256), published(&app).await);
        let rp = app.client(ClientSpec::web("web").set(signing(&key)).set(encrypting)).await;
        let signed = key.sign(&Authorize::new(&rp, "openid").claims(&app));
        let stranger = ReaderKey::generate(ALG);
        let mut pretended = stranger.jwk();
        pretended["kid"] = ours["kid"].clone();
        let other_alg = ECDH_ES_A128KW.encrypter_from_jwk(&jwk(&ours)).expect("an encrypter");
        let other_enc = ECDH_ES_A256KW.encrypter_from_jwk(&jwk(&ours)).expect("an encrypter");
        let good = encrypted(&ours, &signed);
        let (begin, tag) = good.rsplit_once('.').expect("five parts");
        let turned = if tag.starts_with('A') { 'B' } else { 'A' };
        for object in [
            encrypted(&stranger.jwk(), &signed),
            encrypted(&pretended, &signed),
            sealed(&other_alg, "A256GCM", &signed),
            sealed(&other_enc, "A128GCM", &signed),
            format!("{begin}.{turned}{}", &tag[1..]),
            "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMjU2R0NNIn0.x.x.x.x".to_owned(),
            "....".to_owned(),
        ] {
            refused(&app, &rp, &object, "AS-1711").await;
        }
        rp.post("/oauth2/par", &[("request", &good)]).await.pushed().await;
    }

    async fn encryption_is_no_signature(app) {
        let (key, ours) = (ClientKey::generate(SigningAlgorithm::ES256), published(&app).await);
        let stranger = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::web("web").set(signing(&key)).set(encrypting)).await;
        let claims = Authorize::new(&rp, "openid").claims(&app);
        refused(&app, &rp, &encrypted(&ours, &none(&claims)), "AS-1052").await;
        refused(&app, &rp, &encrypted(&ours, &claims.to_string()), "AS-1049").await;
        refused(&app, &rp, &encrypted(&ours, &stranger.sign(&claims)), "AS-1050").await;
        // Nor is what is encrypted twice ever opened twice.
        refused(&app, &rp, &encrypted(&ours, &encrypted(&ours, &key.sign(&claims))), "AS-1049").await;
    }

    async fn who_registered_an_encryption_may_use_it_and_nobody_else_may(app) {
        let (key, ours) = (ClientKey::generate(SigningAlgorithm::ES256), published(&app).await);
        let open = app.client(ClientSpec::web("open").set(signing(&key))).await;
        let object = key.sign(&Authorize::new(&open, "openid").claims(&app));
        refused(&app, &open, &encrypted(&ours, &object), "AS-1053").await;
        let closed = app.client(ClientSpec::web("closed").set(signing(&key)).set(encrypting)).await;
        let object = key.sign(&Authorize::new(&closed, "openid").claims(&app));
        closed.post("/oauth2/par", &[("request", &object)]).await.pushed().await;
        app.browser().open(&by_value(&closed, &object)).await.page("/sign-in/");
        closed.post("/oauth2/par", &[("request", &encrypted(&ours, &object))]).await.pushed().await;
        // In the open it is judged as every other.
        let stranger = ClientKey::generate(SigningAlgorithm::ES256);
        let forged = stranger.sign(&Authorize::new(&closed, "openid").claims(&app));
        refused(&app, &closed, &forged, "AS-1050").await;
    }

    async fn who_must_encrypt_is_not_heard_in_the_open(app) {
        let (key, ours) = (ClientKey::generate(SigningAlgorithm::ES256), published(&app).await);
        let must = |settings: &mut ClientSettings| settings.require_encrypted_request_object = true;
        let rp = app.client(ClientSpec::web("web").set(signing(&key)).set(encrypting).set(must)).await;
        let object = key.sign(&Authorize::new(&rp, "openid").claims(&app));
        refused(&app, &rp, &object, "AS-1710").await;
        refused(&app, &rp, &none(&Authorize::new(&rp, "openid").claims(&app)), "AS-1710").await;
        refused(&app, &rp, "a.b.c.d", "AS-1710").await;
        rp.post("/oauth2/par", &[("request", &encrypted(&ours, &object))]).await.pushed().await;
        // Nor is it opened because its setting was taken away beside this one.
        app.change_client(&rp, |client| client.settings.request_object_encryption_alg = None).await;
        refused(&app, &rp, &object, "AS-1710").await;
    }

    async fn metadata_lists_how_objects_may_be_encrypted(app) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let metadata = app.document(path).await;
            let listed = |what: &str| metadata[format!("request_object_encryption_{what}_values_supported")].clone();
            assert_eq!(listed("alg"), json!(["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]));
            assert_eq!(listed("enc"), json!(["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"]));
        }
    }
}
