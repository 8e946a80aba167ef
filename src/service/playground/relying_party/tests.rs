//! Tests of `relying_party`.

use openidconnect::{
    Audience, AuthUrl, EmptyAdditionalClaims, EndUserUsername, IdTokenClaims, JsonWebKeyId, JsonWebKeySet,
    JsonWebKeySetUrl, PrivateSigningKey, ResponseTypes, StandardClaims,
    core::{CoreEdDsaPrivateSigningKey, CoreIdTokenClaims, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};

use super::*;

const ISSUER: &str = "http://localhost:8080";
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
/// Published in RFC 8410 §10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
/// Another one.
const STRANGER: &str = "-----BEGIN PRIVATE KEY-----\n\
                        MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n\
                        -----END PRIVATE KEY-----\n";

/// What an ID token says; each test makes one thing wrong.
struct Says {
    issuer: &'static str,
    audience: Vec<&'static str>,
    subject: &'static str,
    nonce: Option<&'static str>,
    expires: i64,
    authenticated: Option<i64>,
    hashed: &'static str,
    key: &'static str,
}

impl Default for Says {
    fn default() -> Self {
        Self {
            issuer: ISSUER,
            audience: vec!["demo-web"],
            subject: "alice",
            nonce: Some("nonce"),
            expires: 600,
            authenticated: None,
            hashed: "token",
            key: KEY,
        }
    }
}

fn key(pem: &str) -> CoreEdDsaPrivateSigningKey {
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(pem, Some(JsonWebKeyId::new("k1".to_owned()))).expect("a key")
}

fn provider(fetcher: &Fetcher) -> Provider<'_> {
    let keys: CoreJsonWebKeySet = JsonWebKeySet::new(vec![key(KEY).as_verification_key()]);
    let metadata = Metadata::new(
        IssuerUrl::new(ISSUER.to_owned()).expect("issuer"),
        AuthUrl::new(format!("{ISSUER}/oauth2/authorize")).expect("url"),
        JsonWebKeySetUrl::new(format!("{ISSUER}/oauth2/jwks")).expect("url"),
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        vec![CoreJwsSigningAlgorithm::EdDsa],
        LogoutProviderMetadata { end_session_endpoint: None, additional_metadata: Extra::default() },
    );
    Provider { metadata: metadata.set_jwks(keys), wire: Wire { fetcher, last: Mutex::new(None) } }
}

fn fetcher() -> Fetcher {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Fetcher::new(crate::net::fetcher::Reach::DangerLoopback).expect("fetcher")
}

fn time(offset: i64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW.seconds() + offset).expect("after 1970"))
}

fn judge(says: &Says, expected: &Expected<'_>) -> Result<String, Fault> {
    let audiences = says.audience.iter().map(|name| Audience::new((*name).to_owned())).collect();
    let person = StandardClaims::new(SubjectIdentifier::new(says.subject.to_owned()))
        .set_preferred_username(Some(EndUserUsername::new("alice".to_owned())));
    let claims: CoreIdTokenClaims = IdTokenClaims::new(
        IssuerUrl::new(says.issuer.to_owned()).expect("issuer"),
        audiences,
        time(says.expires).into(),
        time(0).into(),
        person,
        EmptyAdditionalClaims {},
    )
    .set_nonce(says.nonce.map(|nonce| Nonce::new(nonce.to_owned())))
    .set_auth_time(says.authenticated.map(|offset| time(offset).into()));
    let hashed = AccessToken::new(says.hashed.to_owned());
    let id_token = CoreIdToken::new(claims, &key(says.key), CoreJwsSigningAlgorithm::EdDsa, Some(&hashed), None)
        .expect("an ID token");
    let fetcher = fetcher();
    let web = sample::SampleClient::find("demo-web").expect("played");
    let client = provider(&fetcher).client(web, &Issuer::parse(ISSUER).expect("issuer")).expect("client");
    verify(&client, &id_token, &AccessToken::new("token".to_owned()), expected, NOW)
}

const FIRST: Expected<'_> = Expected::First { nonce: "nonce", max_age: None };

fn is_refused(says: &Says, expected: &Expected<'_>) -> bool {
    matches!(judge(says, expected), Err(Fault::Refused(Refusal::IdTokenInvalid(_))))
}

#[test]
fn an_id_token_as_it_should_be_is_accepted() {
    assert_eq!(judge(&Says::default(), &FIRST), Ok("alice".to_owned()));
}

#[test]
fn an_id_token_that_answers_another_sign_in_is_refused() {
    for nonce in [None, Some("other"), Some("")] {
        assert!(is_refused(&Says { nonce, ..Says::default() }, &FIRST), "{nonce:?}");
    }
}

#[test]
fn an_id_token_of_another_issuer_is_refused() {
    for issuer in ["http://localhost:8080/", "http://localhost:8081", "https://evil.example"] {
        assert!(is_refused(&Says { issuer, ..Says::default() }, &FIRST), "{issuer}");
    }
}

#[test]
fn an_id_token_for_another_audience_is_refused() {
    for audience in [vec![], vec!["demo-spa"], vec!["demo-web", "demo-spa"]] {
        assert!(is_refused(&Says { audience: audience.clone(), ..Says::default() }, &FIRST), "{audience:?}");
    }
}

#[test]
fn an_id_token_signed_by_a_stranger_is_refused() {
    assert!(is_refused(&Says { key: STRANGER, ..Says::default() }, &FIRST));
}

#[test]
fn an_expired_id_token_is_refused() {
    assert!(is_refused(&Says { expires: -1, ..Says::default() }, &FIRST));
}

#[test]
fn an_id_token_beside_another_access_token_is_refused() {
    assert!(is_refused(&Says { hashed: "another", ..Says::default() }, &FIRST));
}

#[test]
fn max_age_is_held_against_the_time_of_the_sign_in() {
    let asked = Expected::First { nonce: "nonce", max_age: Some(100) };
    let signed_in = |authenticated| Says { authenticated, ..Says::default() };
    assert_eq!(judge(&signed_in(Some(-100)), &asked), Ok("alice".to_owned()));
    assert!(is_refused(&signed_in(Some(-100 - SKEW - 1)), &asked));
    assert!(is_refused(&signed_in(None), &asked), "then auth_time is required (OIDC Core 2)");
    let never = Expected::First { nonce: "nonce", max_age: Some(i64::MAX) };
    assert_eq!(judge(&signed_in(Some(-100)), &never), Ok("alice".to_owned()), "no overflow");
}

#[test]
fn a_refreshed_id_token_is_of_the_same_person_and_not_of_another_sign_in() {
    let later = Expected::Later { nonce: "nonce", subject: Some("alice") };
    assert_eq!(judge(&Says { nonce: None, ..Says::default() }, &later), Ok("alice".to_owned()));
    assert_eq!(judge(&Says::default(), &later), Ok("alice".to_owned()));
    assert!(is_refused(&Says { subject: "bob", ..Says::default() }, &later));
    assert!(is_refused(&Says { nonce: Some("other"), ..Says::default() }, &later));
    assert!(is_refused(&Says { key: STRANGER, ..Says::default() }, &later));
}

#[test]
fn the_authorization_request_carries_what_was_typed_and_what_protects_it() {
    let fetcher = fetcher();
    let issuer = Issuer::parse(ISSUER).expect("issuer");
    let pending = Pending {
        state: "the-state".to_owned(),
        nonce: "the-nonce".into(),
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        client: sample::SampleClient::find("demo-spa").expect("played"),
        openid: true,
        max_age: None,
    };
    let wish = SignIn {
        client_id: "demo-spa".to_owned(),
        scope: "openid  email".to_owned(),
        max_age: Some("soon".to_owned()),
        ..SignIn::default()
    };
    let text = provider(&fetcher).authorize_url(&pending, &wish, &issuer).expect("url");
    let url = url::Url::parse(&text).expect("url");
    let sent = |name: &str| -> Vec<String> {
        url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    };
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "demo-spa"),
        ("redirect_uri", "http://localhost:8080/dev/spa"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
        // RFC 7636 appendix B.
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        // Wrong on purpose: the server's answer to it is what one wants to see.
        ("max_age", "soon"),
    ] {
        assert_eq!(sent(name), [value], "{name}");
    }
    for name in ["prompt", "response_mode", "login_hint", "code_verifier"] {
        assert!(sent(name).is_empty(), "{name}");
    }
    assert!(!text.contains(pending.verifier.expose().as_str()));
}

#[test]
fn without_openid_no_scope_is_added() {
    let fetcher = fetcher();
    let pending = Pending {
        state: "s".to_owned(),
        nonce: "n".into(),
        verifier: "v".repeat(43).into(),
        client: sample::SampleClient::find("demo-web").expect("played"),
        openid: false,
        max_age: None,
    };
    let wish = SignIn { scope: "demo.read".to_owned(), ..SignIn::default() };
    let issuer = Issuer::parse(ISSUER).expect("issuer");
    let text = provider(&fetcher).authorize_url(&pending, &wish, &issuer).expect("url");
    assert!(text.contains("scope=demo.read") && !text.contains("openid"), "{text}");
}

#[test]
fn both_halves_of_basic_credentials_are_form_encoded() {
    assert_eq!(basic("demo-web", "dev-secret"), "Basic ZGVtby13ZWI6ZGV2LXNlY3JldA==");
    assert_eq!(basic("a:b", "c d"), "Basic YSUzQWI6Yytk");
}
