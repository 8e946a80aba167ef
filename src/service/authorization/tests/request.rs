//! What an authorization request gets without a page: an error page, an answer, or a dialogue.

use crate::{
    crypto::signer::sign_compact,
    domain::{
        entity::{ConsentMode, User},
        jose::SigningAlgorithm,
        trace::{Outcome, Transaction},
    },
    service::{
        authorization::DialogueFailure,
        test_support::{TestServices, answer, consent_page, refused_answer, refused_page, sign_in_page},
    },
    store::interaction,
};

const PASSWORD: &str = "correct horse battery";

async fn with_app() -> TestServices {
    let test = TestServices::new().await;
    test.add_client("app", |_| {}).await;
    test
}

#[tokio::test]
async fn doubt_about_client_or_redirect_uri_is_a_page() {
    let test = with_app().await;
    test.add_client("off", |client| client.enabled = false).await;
    let mut browser = test.browser();
    for (changes, reason) in [
        (&[("client_id", "")][..], "AS-1000"),
        (&[("client_id", "nobody")], "AS-1001"),
        (&[("client_id", "off")], "AS-1001"),
        (&[("redirect_uri", "")], "AS-1002"),
        (&[("redirect_uri", "https://app.example/callback/")], "AS-1003"),
        (&[("redirect_uri", "https://evil.example/")], "AS-1003"),
    ] {
        assert_eq!(refused_page(browser.authorize(changes).await), reason, "{changes:?}");
    }
    assert!(test.events().await.is_empty());
}

#[tokio::test]
async fn a_repeated_or_mangled_parameter_is_a_page() {
    let test = with_app().await;
    for (query, reason) in [("client_id=app&client_id=app", "AS-1004"), ("client_id=%zz", "AS-1005")] {
        let started = super::super::start(&test.cx(), query.as_bytes(), &test.browser().cookies).await;
        assert_eq!(refused_page(started), reason, "{query}");
    }
}

#[tokio::test]
async fn a_page_about_a_known_client_names_the_app_and_an_unknown_one_none() {
    let test = with_app().await;
    let mut browser = test.browser();
    for (changes, name) in [(("redirect_uri", "https://evil.example/"), Some("The App")), (("client_id", "x"), None)] {
        match browser.authorize(&[changes]).await {
            Err(DialogueFailure::Refused { app, .. }) => {
                assert_eq!(app.as_ref().map(|app| app.name.as_str()), name);
                assert_eq!(app.and_then(|app| app.uri).as_deref(), name.map(|_| "https://app.example/home"));
            }
            _ => panic!("not refused"),
        }
    }
}

#[tokio::test]
async fn every_other_refusal_goes_to_the_client_with_state_and_issuer() {
    let test = with_app().await;
    let mut browser = test.browser();
    for (change, error, reason) in [
        (("response_type", "other"), "unsupported_response_type", "AS-1007"),
        (("scope", "openid admin"), "invalid_scope", "AS-1010"),
        (("code_challenge_method", "plain"), "invalid_request", "AS-1302"),
        (("prompt", "none login"), "invalid_request", "AS-1012"),
        (("max_age", "-1"), "invalid_request", "AS-1013"),
        (("id_token_hint", "e30.e30.e30"), "invalid_request", "AS-1025"),
        (("prompt", "none"), "login_required", "AS-1017"),
    ] {
        let next = browser.authorize(&[change]).await;
        assert_eq!(answer(next).get("state").map(String::as_str), Some("st"), "{change:?}");
        let (sent, why) = refused_answer(browser.authorize(&[change]).await);
        assert_eq!((sent.as_str(), why.as_str()), (error, reason), "{change:?}");
    }
    assert!(browser.cookies.secret.is_none(), "no dialogue began");
}

#[tokio::test]
async fn prompt_none_is_answered_without_a_page_whatever_is_missing() {
    let test = with_app().await;
    test.add_user("alice", PASSWORD).await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    assert!(answer(browser.authorize(&[("prompt", "none")]).await).contains_key("code"));
    let refused = refused_answer(browser.authorize(&[("prompt", "none"), ("scope", "openid email")]).await);
    assert_eq!(refused, ("consent_required".to_owned(), "AS-1018".to_owned()));
    test.advance(10);
    let refused = refused_answer(browser.authorize(&[("prompt", "none"), ("max_age", "5")]).await);
    assert_eq!(refused, ("login_required".to_owned(), "AS-1017".to_owned()));
    test.advance(9 * 3600);
    let refused = refused_answer(browser.authorize(&[("prompt", "none")]).await);
    assert_eq!(refused, ("login_required".to_owned(), "AS-1017".to_owned()));
}

#[tokio::test]
async fn what_stands_already_is_granted_at_once_and_leaves_no_dialogue() {
    let test = with_app().await;
    test.add_user("alice", PASSWORD).await;
    let mut browser = test.browser();
    let first = browser.code("alice", PASSWORD, &[]).await;
    let second = answer(browser.authorize(&[]).await).remove("code").unwrap();
    assert_ne!(first, second);
    let kinds = test.event_kinds().await;
    assert_eq!(
        kinds,
        ["sign_in.succeeded", "consent.granted", "authorization.granted", "authorization.granted"],
        "consent is told once"
    );
}

#[tokio::test]
async fn a_form_post_answer_carries_code_state_and_issuer_in_its_fields() {
    use crate::{domain::oauth::Answer, service::authorization::Next};
    let test = with_app().await;
    test.add_user("alice", PASSWORD).await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    match browser.authorize(&[("response_mode", "form_post")]).await {
        Ok(Next::Answer(Answer::FormPost { action, fields })) => {
            assert_eq!(action, "https://app.example/callback");
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["code", "session_state", "state", "iss"]);
        }
        _ => panic!("not a form"),
    }
}

/// An ID token for this person, signed by the server's own key.
fn id_token(test: &TestServices, user: &User, typ: &str) -> String {
    let keyring = test.services.keyring.load();
    let signer = keyring.signer(SigningAlgorithm::RS256).unwrap();
    let claims = serde_json::json!({
        "iss": "https://id.example", "sub": user.id.as_str(), "aud": "app",
        "exp": 1_700_000_000, "iat": 1_699_999_000, "auth_time": 1_699_999_000
    });
    sign_compact(signer, typ, &claims).unwrap()
}

#[tokio::test]
async fn a_hint_of_the_same_person_is_granted_and_of_another_is_not() {
    let test = TestServices::with_keys().await;
    test.add_client("app", |client| client.settings.consent = ConsentMode::Skip).await;
    let alice = test.add_user("alice", PASSWORD).await;
    let bob = test.add_user("bob", PASSWORD).await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let (of_alice, of_bob) = (id_token(&test, &alice, "JWT"), id_token(&test, &bob, "JWT"));

    let next = browser.authorize(&[("id_token_hint", &of_alice), ("prompt", "none")]).await;
    assert!(answer(next).contains_key("code"), "an expired hint is still ours");
    let refused = refused_answer(browser.authorize(&[("id_token_hint", &of_bob), ("prompt", "none")]).await);
    assert_eq!(refused, ("login_required".to_owned(), "AS-1019".to_owned()));

    let id = sign_in_page(browser.authorize(&[("id_token_hint", &of_bob)]).await);
    let again = browser.sign_in(&id, "alice", PASSWORD).await;
    assert!(matches!(again, Ok(super::super::Next::Page(super::super::Page::SignIn(_)))), "still not bob");
    let next = browser.sign_in(&id, "bob", PASSWORD).await.map_err(|_| unreachable!());
    assert!(answer(next).contains_key("code"));
}

#[tokio::test]
async fn a_hint_that_is_no_id_token_of_ours_is_refused() {
    let test = TestServices::with_keys().await;
    test.add_client("app", |_| {}).await;
    let alice = test.add_user("alice", PASSWORD).await;
    let good = id_token(&test, &alice, "JWT");
    let access_token = id_token(&test, &alice, "at+jwt");
    let mut altered = good.clone();
    altered.truncate(good.len() - 8);
    altered.push_str("AAAAAAAA");
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    let mut browser = test.browser();
    for hint in [&access_token, &altered, &unsigned, "x"] {
        let refused = refused_answer(browser.authorize(&[("id_token_hint", hint)]).await);
        assert_eq!(refused, ("invalid_request".to_owned(), "AS-1025".to_owned()), "{hint}");
    }
}

#[tokio::test]
async fn hint_and_claims_that_demand_two_people_are_refused() {
    let test = TestServices::with_keys().await;
    test.add_client("app", |_| {}).await;
    let alice = test.add_user("alice", PASSWORD).await;
    let hint = id_token(&test, &alice, "JWT");
    let claims = r#"{"id_token":{"sub":{"value":"somebody-else"}}}"#;
    let refused = refused_answer(test.browser().authorize(&[("id_token_hint", &hint), ("claims", claims)]).await);
    assert_eq!(refused, ("login_required".to_owned(), "AS-1019".to_owned()));
}

#[tokio::test]
async fn claims_asked_for_one_by_one_need_consent_like_their_scope() {
    let test = with_app().await;
    test.add_user("alice", PASSWORD).await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let claims = r#"{"userinfo":{"email":{"essential":true}}}"#;
    let id = consent_page(browser.authorize(&[("claims", claims)]).await);
    assert!(answer(browser.allow(&id).await).contains_key("code"));
    assert!(answer(browser.authorize(&[("claims", claims)]).await).contains_key("code"), "remembered");
}

#[tokio::test]
async fn the_record_names_the_rules_in_their_order_and_the_one_that_refused() {
    let test = with_app().await;
    let mut browser = test.browser();
    let cx = browser.cx();
    let refused = refused_answer(browser.authorize_as(&cx, &[("max_age", "soon")]).await);
    assert_eq!(refused.1, "AS-1013");
    let record = cx.record();
    assert_eq!(record.transaction, Transaction::Authorization);
    assert_eq!(record.client_id.as_deref(), Some("app"));
    let rules: Vec<&str> = record.steps.iter().map(|step| step.rule.as_str()).collect();
    assert_eq!(&rules[..4], ["client_id", "redirect_uri", "state", "request_object"]);
    let last = record.steps.last().unwrap();
    assert_eq!((last.rule.as_str(), last.outcome), ("max_age", Outcome::Refused));
    assert_eq!(last.reason.map(|reason| reason.code()), Some("AS-1013"));
}

#[tokio::test]
async fn a_dialogue_is_stored_under_the_hash_of_the_browsers_secret_only() {
    let test = with_app().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let secret = browser.cookies.secret.clone().unwrap();
    assert!(secret.expose().starts_with("sym_in_"));
    let row = test.read(move |tx| interaction::find(tx, &id)).await.unwrap();
    assert_eq!(row.browser_hash.len(), 32);
    assert!(!row.request.contains(secret.expose().as_str()));
    let second = sign_in_page(browser.authorize(&[]).await);
    assert_eq!(browser.cookies.secret.as_ref().map(|secret| secret.expose().clone()), Some(secret.expose().clone()));
    assert!(super::super::resume(&browser.cx(), &second, &browser.cookies).await.is_ok(), "one secret, two tabs");
}
