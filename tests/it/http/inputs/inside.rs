//! Hostile text inside of what is parsed further: documents, tokens, and parameters that hold JSON. There a
//! NUL comes without an escape that the form would refuse.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::domain::{entity::SubjectMapping, jose::SigningAlgorithm};

use super::{check, everything, send};
use crate::{
    ciba,
    jwt_bearer::{self, Idp},
    support::{Authorize, ClientKey, ClientSpec, Credentials, DpopKey, RelyingParty, Request, TestApp, form_encode},
};

/// As JSON holds it.
const TEXTS: [&str; 9] = [
    "\0",
    "a\0b",
    "\u{1b}[31m",
    "\r\nSet-Cookie: x=y",
    "\u{202e}\u{1f600}",
    "\u{fffe}\u{10ffff}",
    "' OR 1=1--",
    "<script>alert(1)</script>",
    "",
];
/// What is no JSON, or no text in it.
const DOCUMENTS: [&[u8]; 9] = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"{\"client_name\":\"\xff\"}",
    b"{\"client_name\":\"\x00\"}",
    b"{\"client_name\":\"\\ud800\"}",
    b"{\"iss\":\"\\ud800\\udc00\\u0000\",\"sub\":\"\\u0000\"}",
    b"{\"iss\":\"\xed\xa0\x80\"}",
];

/// What a client may say of itself, beside what it is told back.
const METADATA: [&str; 16] = [
    "software_statement",
    "software_id",
    "software_version",
    "contacts",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "request_uris",
    "default_acr_values",
    "initiate_login_uri",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "sector_identifier_uri",
    "authorization_details_types",
];

/// The object with each text in place of each member, and one as the name of a member.
fn spoilt(good: &Value) -> Vec<Value> {
    let mut spoilt = Vec::new();
    for text in TEXTS {
        for name in good.as_object().expect("an object").keys() {
            for value in [json!(text), json!([text]), json!({ text: text })] {
                let mut bad = good.clone();
                bad[name] = value;
                spoilt.push(bad);
            }
        }
        let mut bad = good.clone();
        bad[text] = json!(text);
        spoilt.push(bad);
    }
    spoilt
}

/// Tokens of any content under a header, signed by nobody.
fn forged() -> Vec<String> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(br#"{"alg":"ES256","kid":"x"}"#);
    let mut forged: Vec<String> =
        DOCUMENTS.iter().map(|document| format!("{header}.{}.AA", encode(document))).collect();
    forged.extend(DOCUMENTS.iter().map(|document| format!("{}.{}.AA", encode(document), encode(b"{}"))));
    let nul = json!({ "alg": "ES256", "kid": "a\0b", "typ": "a\0b", "cty": "\0", "crit": ["\0"] }).to_string();
    forged.push(format!("{}.{}.AA", encode(nul.as_bytes()), encode(b"{}")));
    forged.push(format!("{}.AA.AA.AA.AA", encode(br#"{"alg":"ECDH-ES","enc":"A256GCM","kid":"a\u0000b","apu":"AA"}"#)));
    forged
}

/// A client that signs all that it says with this key.
async fn signing(app: &TestApp, key: &ClientKey) -> RelyingParty {
    let spec = ClientSpec::web("signing").keyed(key).set(|settings| {
        ciba::with_grant(settings);
        settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
    });
    app.client(spec).await.with(Credentials::Key(key.clone()))
}

both! {
    async fn hostile_text_in_what_a_client_says_of_itself_is_refused_or_harmless(database: Database) {
        let (app, _) = everything(database).await;
        let good = json!({
            "redirect_uris": ["https://suite.example/callback"], "client_name": "Notes", "scope": "openid",
            "client_name#de": "Notizen",
        });
        let registered = app.register(&good).await.registered().await;
        let mut known = registered.members.clone();
        for name in METADATA.into_iter().chain(["client_name#de"]) {
            known[name] = json!("x");
        }
        let bearer = format!("Bearer {}", registered.token);
        let mut bodies: Vec<Vec<u8>> = DOCUMENTS.map(<[u8]>::to_vec).to_vec();
        for mut bad in spoilt(&known) {
            // All that is not spoilt is as it was sent.
            let members = bad.as_object_mut().expect("an object");
            members.retain(|name, value| known.get(name) != Some(value));
            for (name, value) in good.as_object().expect("an object") {
                members.entry(name.clone()).or_insert_with(|| value.clone());
            }
            members.entry("client_id").or_insert_with(|| registered.members["client_id"].clone());
            bodies.push(bad.to_string().into_bytes());
        }
        for body in bodies {
            let what = String::from_utf8_lossy(&body).into_owned();
            for (method, path) in [("POST", "/oauth2/register"), ("PUT", registered.path.as_str())] {
                let request = Request::new(method, path).header("Content-Type", "application/json").body(&body);
                let request = if method == "PUT" { request.header("Authorization", &bearer) } else { request };
                send(&app, &format!("{method} {what}"), request).await;
            }
        }
        assert_eq!(app.manage("GET", &registered, None).await.response.status, 200);
    }

    async fn hostile_text_in_what_is_signed_is_refused(database: Database) {
        let (app, rp) = everything(database).await;
        app.person("alice").await;
        let (key, proof_key) = (ClientKey::generate(SigningAlgorithm::ES256), DpopKey::new());
        let keyed = signing(&app, &key).await;
        let now = app.now().seconds();
        for bad in spoilt(&keyed.assertion().0) {
            check(&bad.to_string(), &keyed.token_with_assertion(&key.sign(&bad)).await.response);
        }
        for bad in spoilt(&json!({ "alg": "ES256", "typ": "JWT", "kid": "x" })) {
            let answer = keyed.token_with_assertion(&key.sign_with_header(&bad, &keyed.assertion().0)).await;
            check(&bad.to_string(), &answer.response);
        }
        let mut claims = json!({ "iss": "signing", "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300 });
        for (name, value) in [("jti", "x"), ("scope", "openid"), ("login_hint", "alice"), ("binding_message", "1")] {
            claims[name] = json!(value);
        }
        for mut bad in spoilt(&claims) {
            if bad["jti"] == "x" {
                bad["jti"] = json!(app.fresh("jti"));
            }
            let answer = keyed.post(ciba::ENDPOINT, &[("request", &key.sign(&bad))]).await;
            check(&bad.to_string(), &answer.response);
        }
        let mut object = json!({ "client_id": "signing", "iss": "signing", "aud": app.issuer(), "exp": now + 300 });
        for (name, value) in Authorize::new(&keyed, "openid").pushed() {
            object[name] = json!(value);
        }
        object["claims"] = json!({ "id_token": { "sub": { "value": "x" } } });
        object["login_hint"] = json!("alice");
        for bad in spoilt(&object) {
            let answer = keyed.post("/oauth2/par", &[("request", &key.sign(&bad))]).await;
            check(&bad.to_string(), &answer.response);
        }
        let proof = proof_key.proof(&app, "/oauth2/token");
        for bad in spoilt(&proof.claims) {
            let mut signed = proof.clone();
            signed.claims = bad;
            let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
            send(&app, &signed.claims.to_string(), request.header("DPoP", proof_key.sign(&signed))).await;
        }
    }

    async fn hostile_text_in_what_a_trusted_issuer_says_is_refused(database: Database) {
        let (app, rp) = everything(database).await;
        app.person("alice").await;
        for mapping in [SubjectMapping::Username, SubjectMapping::UserId, SubjectMapping::Client] {
            app.write(|tx| symbolon::store::trusted_issuer::delete(tx, jwt_bearer::IDP)).await;
            let idp = Idp::trusted(&app, mapping, &[&rp]).await;
            for mut bad in spoilt(&idp.claims(&app, "alice").0) {
                if bad["jti"].as_str().is_some_and(|jti| jti.starts_with("assertion")) {
                    bad["jti"] = json!(app.fresh("jti"));
                }
                let answer = jwt_bearer::present(&rp, &idp.key.sign(&bad), Some("openid")).await;
                check(&bad.to_string(), &answer.response);
            }
        }
    }

    async fn tokens_of_any_content_are_refused_wherever_they_are_taken(database: Database) {
        let (app, rp) = everything(database).await;
        app.person("alice").await;
        for token in forged() {
            let token = token.as_str();
            let kind = ("subject_token_type", crate::token_exchange::ID);
            for (path, fields) in [
                ("/oauth2/token", vec![("grant_type", jwt_bearer::GRANT), ("assertion", token)]),
                ("/oauth2/token", vec![("grant_type", crate::token_exchange::GRANT), ("subject_token", token), kind]),
                ("/oauth2/introspect", vec![("token", token)]),
                ("/oauth2/revoke", vec![("token", token)]),
                ("/oauth2/par", vec![("request", token)]),
                (ciba::ENDPOINT, vec![("request", token)]),
                (ciba::ENDPOINT, vec![("scope", "openid"), ("id_token_hint", token)]),
            ] {
                check(token, &rp.post(path, &fields).await.response);
            }
            check(token, &rp.token_with_assertion(token).await.response);
            check(token, &rp.userinfo(token).await.response);
            let named = [("client_id", "web"), ("request", token), ("id_token_hint", token)];
            for target in ["/oauth2/authorize", "/oauth2/logout"].map(|path| format!("{path}?{}", form_encode(&named))) {
                send(&app, &target, Request::get(&target)).await;
            }
            let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]).header("DPoP", token);
            send(&app, token, request).await;
        }
    }

    async fn hostile_text_in_parameters_that_hold_json_is_refused_or_harmless(database: Database) {
        let (app, rp) = everything(database).await;
        app.details_type("payment", json!({ "type": "object" })).await;
        app.change_client(&rp, |client| client.settings.authorization_details_types = vec!["payment".to_owned()]).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        for text in TEXTS {
            let request = Authorize::new(&rp, "openid");
            for claims in [
                json!({ text: { text: null } }),
                json!({ "userinfo": { text: null } }),
                json!({ "id_token": { "sub": { "value": text } } }),
                json!({ "id_token": { "acr": { "essential": true, "values": [text] } } }),
                json!({ "userinfo": { "name": { "value": text } } }),
            ] {
                let request = request.clone().with("claims", &claims.to_string());
                check(&claims.to_string(), &rp.push(&request).await.response);
                send(&app, &claims.to_string(), Request::get(request.target())).await;
            }
            for details in [json!([{ "type": text }]), json!([{ text: text }]), json!([{ "type": "payment", "x": [text], text: 1 }])] {
                let request = request.clone().with("authorization_details", &details.to_string());
                check(&details.to_string(), &rp.push(&request).await.response);
                check(&details.to_string(), &app.send(Request::get(request.target())).await.response);
                let fields = [("scope", "openid"), ("authorization_details", &details.to_string())];
                check(&details.to_string(), &rp.post("/oauth2/device_authorization", &fields).await.response);
            }
            // What is taken is shown, stored, and told again.
            let details = json!([{ "type": "payment", "note": text }]);
            let request = request.with("authorization_details", &details.to_string());
            let away = browser.arrive(&alice, &request).await;
            assert_eq!(away.parameters().contains_key("code"), !text.contains('\0'), "{details}");
            if !text.contains('\0') {
                let told = rp.exchange(&away.grant(&request)).await.json().await;
                assert_eq!(told["authorization_details"], details);
                let token = told["access_token"].as_str().expect("a token");
                let introspected = rp.introspect(token).await.json().await;
                assert_eq!(introspected["authorization_details"], details, "{introspected}");
            }
        }
    }
}
