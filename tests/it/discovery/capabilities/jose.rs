//! The algorithms: what is signed, encrypted, and accepted.

use josekit::{
    jwe::{ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A256KW, JweEncrypter, JweHeader, RSA_OAEP_256, serialize_compact},
    jwk::Jwk,
};
use serde_json::{Value, json};
use symbolon::domain::{
    entity::ClientSettings,
    jose::{ContentEncryption, KeyManagementAlgorithm, RequestObjectAlgorithm, SigningAlgorithm},
};

use super::Server;
use crate::{
    ciba,
    support::{Authorize, ClientKey, DpopKey, ReaderKey, RelyingParty, form_encode, unsigned},
};

/// Uses the member, if it is one of these.
pub async fn put_to_use(s: &Server, member: &str) -> bool {
    match member {
        "dpop_signing_alg_values_supported" => {
            for name in s.list(member) {
                prove(s, &DpopKey::of(algorithm(&name)), &name).await;
            }
            let (rp, key) = (s.client(|_| {}).await, DpopKey::new());
            let bad = key.proof(&s.app, "/oauth2/token").parameter("alg", json!("HS256"));
            let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
            let refused = rp.send(&request.header("DPoP", key.sign(&bad))).await;
            assert_eq!(refused.response.json()["error"], "invalid_dpop_proof", "{}", refused.response);
        }
        "request_object_signing_alg_values_supported" => {
            for name in s.list(member) {
                let (rp, sign) = signing(s, &name).await;
                accepted(s, &rp, &sign(&object(s, &rp))).await;
            }
            s.unregistrable(&[("request_object_signing_alg", "HS256")]).await;
        }
        "backchannel_authentication_request_signing_alg_values_supported" => {
            for name in s.list(member) {
                let (key, alg) = (ClientKey::generate(algorithm(&name)), algorithm(&name));
                let jwks = key.jwks();
                let rp = s
                    .client(|settings| {
                        settings.jwks = Some(jwks);
                        settings.backchannel_authentication_request_signing_alg = Some(alg);
                    })
                    .await;
                let now = s.app.now().seconds();
                let claims = json!({
                    "iss": rp.client_id.as_str(), "aud": s.app.issuer(), "iat": now, "nbf": now, "exp": now + 300,
                    "jti": s.app.fresh("jti"), "scope": "openid", "login_hint": "alice",
                });
                rp.post(ciba::ENDPOINT, &[("request", &key.sign(&claims))]).await.json().await;
            }
            let secret = [("backchannel_authentication_request_signing_alg", "HS256"), ("grant_types", ciba::GRANT)];
            s.unregistrable(&secret).await;
        }
        _ => return answers(s, member).await,
    }
    true
}

/// What the server signs and encrypts, by what stands before the rest of the name.
async fn answers(s: &Server, member: &str) -> bool {
    const SIGNED: &str = "_signing_alg_values_supported";
    const ALG: &str = "_encryption_alg_values_supported";
    const ENC: &str = "_encryption_enc_values_supported";
    let split = |suffix: &str| member.strip_suffix(suffix).filter(|kind| KINDS.contains(kind));
    if let Some(kind) = split(SIGNED) {
        for name in s.list(member) {
            let alg = algorithm(&name);
            let rp = s.client(|settings| sign_with(settings, kind, alg)).await;
            let (header, _) = s.app.verified(&answer(s, kind, &rp).await).await;
            assert_eq!(header["alg"], name, "{kind}");
        }
        for other in ["none", "HS256"] {
            s.unregistrable(&[(&format!("{kind}_signed_response_alg"), other)]).await;
        }
        return true;
    }
    let fixed = (KeyManagementAlgorithm::EcdhEsA256Kw, ContentEncryption::A256Gcm);
    let (kind, by_alg) = match (split(ALG), split(ENC)) {
        (Some(kind), _) => (kind, true),
        (None, Some(kind)) => (kind, false),
        (None, None) => return false,
    };
    for name in s.list(member) {
        let (alg, enc) = if by_alg { (key_management(&name), fixed.1) } else { (fixed.0, content_encryption(&name)) };
        if kind == REQUEST_OBJECT { sealed(s, alg, enc).await } else { encrypted(s, kind, alg, enc).await }
    }
    let names = match kind {
        REQUEST_OBJECT => ["request_object_encryption_alg".to_owned(), "request_object_encryption_enc".to_owned()],
        _ => ["alg", "enc"].map(|part| format!("{kind}_encrypted_response_{part}")),
    };
    let other = if by_alg { ("RSA1_5", fixed.1.name()) } else { (fixed.0.name(), "A192GCM") };
    // With a signature, which encryption needs for some.
    s.unregistrable(&[(&names[0], other.0), (&names[1], other.1)]).await;
    true
}

const REQUEST_OBJECT: &str = "request_object";
const KINDS: [&str; 5] = ["id_token", "userinfo", "introspection", "authorization", REQUEST_OBJECT];

fn algorithm(name: &str) -> SigningAlgorithm {
    name.parse().unwrap_or_else(|_| panic!("no case uses {name}"))
}

fn key_management(name: &str) -> KeyManagementAlgorithm {
    let known = KeyManagementAlgorithm::ALL.into_iter().find(|known| known.name() == name);
    known.unwrap_or_else(|| panic!("no case uses {name}"))
}

fn content_encryption(name: &str) -> ContentEncryption {
    let known = ContentEncryption::ALL.into_iter().find(|known| known.name() == name);
    known.unwrap_or_else(|| panic!("no case uses {name}"))
}

fn sign_with(settings: &mut ClientSettings, kind: &str, alg: SigningAlgorithm) {
    match kind {
        "id_token" => settings.id_token_signed_response_alg = alg,
        "userinfo" => settings.userinfo_signed_response_alg = Some(alg),
        "introspection" => settings.introspection_signed_response_alg = Some(alg),
        _ => settings.authorization_signed_response_alg = alg,
    }
}

fn encrypt_with(settings: &mut ClientSettings, kind: &str, alg: KeyManagementAlgorithm, enc: ContentEncryption) {
    let (kept_alg, kept_enc) = match kind {
        "id_token" => (&mut settings.id_token_encrypted_response_alg, &mut settings.id_token_encrypted_response_enc),
        "userinfo" => (&mut settings.userinfo_encrypted_response_alg, &mut settings.userinfo_encrypted_response_enc),
        "introspection" => {
            (&mut settings.introspection_encrypted_response_alg, &mut settings.introspection_encrypted_response_enc)
        }
        _ => (&mut settings.authorization_encrypted_response_alg, &mut settings.authorization_encrypted_response_enc),
    };
    (*kept_alg, *kept_enc) = (Some(alg), Some(enc));
}

/// The JWT of this kind that the client is answered with.
async fn answer(s: &Server, kind: &str, rp: &RelyingParty) -> String {
    if kind == "authorization" {
        let request = Authorize::new(rp, "openid").with("response_mode", "jwt");
        return s.app.browser().arrive(&s.alice, &request).await.parameters()["response"].clone();
    }
    let tokens = s.tokens(rp, "openid").await;
    match kind {
        "id_token" => tokens.id().to_owned(),
        "userinfo" => rp.userinfo(&tokens.access_token).await.response.text().to_owned(),
        _ => {
            let request = rp.request("/oauth2/introspect", &[("token", &tokens.access_token)]);
            let answer = rp.send(&request.header("Accept", "application/token-introspection+jwt")).await;
            answer.response.text().to_owned()
        }
    }
}

async fn encrypted(s: &Server, kind: &str, alg: KeyManagementAlgorithm, enc: ContentEncryption) {
    let key = ReaderKey::generate(alg);
    let jwks = key.jwks();
    let rp = s
        .client(|settings| {
            settings.jwks = Some(jwks);
            sign_with(settings, kind, SigningAlgorithm::ES256);
            encrypt_with(settings, kind, alg, enc);
        })
        .await;
    let (header, inside) = key.open(&answer(s, kind, &rp).await);
    assert_eq!((&header["alg"], &header["enc"]), (&json!(alg.name()), &json!(enc.name())), "{kind}");
    assert_eq!(s.app.verified(&inside).await.0["alg"], "ES256", "{kind}");
}

/// A client whose request objects are signed in this way, and how it signs.
async fn signing(s: &Server, name: &str) -> (RelyingParty, Box<dyn Fn(&Value) -> String>) {
    let registered: RequestObjectAlgorithm = name.parse().unwrap_or_else(|_| panic!("no case uses {name}"));
    match registered {
        RequestObjectAlgorithm::Unsigned => {
            let rp = s.client(|settings| settings.request_object_signing_alg = Some(registered)).await;
            (rp, Box::new(|claims| format!("{}.", unsigned(&json!({ "alg": "none" }), claims))))
        }
        RequestObjectAlgorithm::Signed(algorithm) => {
            let key = ClientKey::generate(algorithm);
            let jwks = key.jwks();
            let rp = s
                .client(|settings| {
                    settings.jwks = Some(jwks);
                    settings.request_object_signing_alg = Some(registered);
                })
                .await;
            (rp, Box::new(move |claims| key.sign(claims)))
        }
    }
}

/// All that a good request says.
fn object(s: &Server, rp: &RelyingParty) -> Value {
    let (now, id, request) = (s.app.now().seconds(), rp.client_id.as_str(), Authorize::new(rp, "openid"));
    let mut claims =
        json!({ "client_id": id, "iss": id, "aud": s.app.issuer(), "nbf": now, "iat": now, "exp": now + 300 });
    for (name, value) in request.pushed() {
        claims[name] = value.into();
    }
    claims
}

/// The object leads to the sign-in page.
async fn accepted(s: &Server, rp: &RelyingParty, object: &str) {
    let fields =
        [("client_id", rp.client_id.as_str()), ("response_type", "code"), ("scope", "openid"), ("request", object)];
    s.app.browser().open(&format!("/oauth2/authorize?{}", form_encode(&fields))).await.page("/sign-in/");
}

/// A request object, signed and then encrypted for this server.
async fn sealed(s: &Server, alg: KeyManagementAlgorithm, enc: ContentEncryption) {
    let jwks = s.key.jwks();
    let rp = s
        .client(|settings| {
            settings.jwks = Some(jwks);
            settings.request_object_encryption_alg = Some(alg);
            settings.request_object_encryption_enc = Some(enc);
        })
        .await;
    let set = s.app.document("/oauth2/jwks").await;
    let ours = set["keys"].as_array().expect("keys").iter();
    let ours = ours.clone().find(|key| key["use"] == "enc" && key["alg"] == alg.name()).expect("a key of the server");
    let jwk = Jwk::from_map(ours.as_object().expect("an object").clone()).expect("a key");
    let encrypter: Box<dyn JweEncrypter> = match alg {
        KeyManagementAlgorithm::RsaOaep256 => Box::new(RSA_OAEP_256.encrypter_from_jwk(&jwk).expect("an encrypter")),
        KeyManagementAlgorithm::EcdhEs => Box::new(ECDH_ES.encrypter_from_jwk(&jwk).expect("an encrypter")),
        KeyManagementAlgorithm::EcdhEsA128Kw => {
            Box::new(ECDH_ES_A128KW.encrypter_from_jwk(&jwk).expect("an encrypter"))
        }
        KeyManagementAlgorithm::EcdhEsA256Kw => {
            Box::new(ECDH_ES_A256KW.encrypter_from_jwk(&jwk).expect("an encrypter"))
        }
    };
    let mut header = JweHeader::new();
    header.set_content_encryption(enc.name());
    header.set_content_type("oauth-authz-req+jwt");
    let inside = s.key.sign(&object(s, &rp));
    let sealed = serialize_compact(inside.as_bytes(), &header, encrypter.as_ref()).expect("a token");
    accepted(s, &rp, &sealed).await;
}

async fn prove(s: &Server, key: &DpopKey, name: &str) {
    let rp = s.client(|_| {}).await;
    let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
    let proof = key.sign(&key.proof(&s.app, "/oauth2/token"));
    let tokens = rp.send(&request.header("DPoP", proof)).await.ok_as("DPoP").await;
    assert_eq!(s.app.verified(&tokens.access_token).await.1["cnf"]["jkt"], key.thumbprint(), "{name}");
}
