//! Tests of `end_session`.

use crate::{
    crypto::signer::sign_compact,
    domain::{entity::ConsentMode, jose::SigningAlgorithm, trace::Transaction},
    service::{
        authorization::DialogueFailure,
        end_session::{self, SignOut, SignOutView},
        sessions,
        test_support::{TestBrowser, TestServices, form, refused_page},
    },
};

const PASSWORD: &str = "correct horse battery";
const HOME: &str = "https://app.example/";

async fn signed_in(test: &TestServices) -> TestBrowser<'_> {
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    browser
}

async fn with_alice() -> TestServices {
    let test = TestServices::with_keys().await;
    test.add_client("app", |client| client.settings.consent = ConsentMode::Skip).await;
    test.add_user("alice", PASSWORD).await;
    test
}

/// The ID token of the browser's session.
async fn id_token(test: &TestServices, browser: &TestBrowser<'_>) -> String {
    let cx = browser.cx();
    let (session, user) = sessions::current(&cx, browser.cookies.session.as_ref()).await.unwrap().unwrap();
    let keyring = test.services.keyring.load();
    let claims = serde_json::json!({
        "iss": "https://id.example", "sub": user.id.as_str(), "aud": "app", "exp": 1_700_000_000,
        "iat": 1_699_999_000, "auth_time": 1_699_999_000, "sid": session.id.as_str()
    });
    sign_compact(keyring.signer(SigningAlgorithm::RS256).unwrap(), "JWT", &claims).unwrap()
}

async fn start(browser: &TestBrowser<'_>, pairs: &[(&str, &str)]) -> Result<SignOut, DialogueFailure> {
    end_session::start(&browser.cx(), form(pairs).as_bytes(), &browser.cookies).await
}

async fn confirm(browser: &mut TestBrowser<'_>, view: &SignOutView, token: &str) -> Result<SignOut, DialogueFailure> {
    let mut pairs: Vec<(&str, &str)> =
        view.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("csrf", token));
    browser.cookies.secret = view.browser_cookie.clone().or(browser.cookies.secret.take());
    end_session::confirm(&browser.cx(), form(&pairs).as_bytes(), &browser.cookies).await
}

fn asked(result: Result<SignOut, DialogueFailure>) -> SignOutView {
    match result {
        Ok(SignOut::Confirm(view)) => *view,
        Ok(SignOut::Done(done)) => panic!("signed out, to {:?}", done.redirect),
        Err(failure) => panic!("{failure:?}"),
    }
}

fn done(result: Result<SignOut, DialogueFailure>) -> Option<String> {
    match result {
        Ok(SignOut::Done(done)) => done.redirect,
        Ok(SignOut::Confirm(_)) => panic!("asked first"),
        Err(failure) => panic!("{failure:?}"),
    }
}

async fn is_signed_in(browser: &TestBrowser<'_>) -> bool {
    sessions::current(&browser.cx(), browser.cookies.session.as_ref()).await.unwrap().is_some()
}

#[tokio::test]
async fn the_apps_own_id_token_ends_the_session_at_once_and_state_comes_back_exactly() {
    let test = with_alice().await;
    let browser = signed_in(&test).await;
    let hint = id_token(&test, &browser).await;
    let state = r#"a"b'<>{}|\^%&=#`~!@$*()[]?/:,.-_"#;
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", HOME), ("state", state)];
    let location = done(start(&browser, &pairs).await).unwrap();
    let (address, query) = location.split_once('?').unwrap();
    assert_eq!(address, HOME);
    let sent: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(sent, [("state".to_owned(), state.to_owned())]);
    assert!(!is_signed_in(&browser).await);
    let kinds = test.event_kinds().await;
    assert_eq!(kinds[kinds.len() - 2..], ["session.ended", "authorization.revoked"]);
}

#[tokio::test]
async fn without_state_nothing_is_added() {
    let test = with_alice().await;
    let browser = signed_in(&test).await;
    let hint = id_token(&test, &browser).await;
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", HOME)];
    assert_eq!(done(start(&browser, &pairs).await).as_deref(), Some(HOME));
}

#[tokio::test]
async fn an_address_that_is_not_registered_ends_nothing_and_redirects_nowhere() {
    let test = with_alice().await;
    let browser = signed_in(&test).await;
    let hint = id_token(&test, &browser).await;
    for uri in ["https://evil.example/", "https://app.example/?x=1", "https://app.example"] {
        let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri)];
        assert_eq!(refused_page(start(&browser, &pairs).await), "AS-1501", "{uri}");
    }
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_hint_that_was_altered_or_belongs_to_another_client_is_refused() {
    let test = with_alice().await;
    test.add_client("other", |_| {}).await;
    let browser = signed_in(&test).await;
    let hint = id_token(&test, &browser).await;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).unwrap());
    let bad = format!("{}AAAA", &hint[..hint.len() - 4]);
    for wrong in [unsigned.as_str(), &bad, "x"] {
        let pairs = [("id_token_hint", wrong), ("post_logout_redirect_uri", HOME)];
        assert_eq!(refused_page(start(&browser, &pairs).await), "AS-1502", "{wrong}");
    }
    let pairs = [("id_token_hint", hint.as_str()), ("client_id", "other")];
    assert_eq!(refused_page(start(&browser, &pairs).await), "AS-1503");
    assert_eq!(refused_page(start(&browser, &[("post_logout_redirect_uri", HOME)]).await), "AS-1504");
    assert_eq!(
        refused_page(start(&browser, &[("client_id", "nobody"), ("post_logout_redirect_uri", HOME)]).await),
        "AS-1501"
    );
    let twice = end_session::start(&browser.cx(), b"state=1&state=2", &browser.cookies).await;
    assert_eq!(refused_page(twice), "AS-1004");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_then_goes_where_the_app_said() {
    let test = with_alice().await;
    let mut browser = signed_in(&test).await;
    let pairs = [("client_id", "app"), ("post_logout_redirect_uri", HOME), ("state", "s t")];
    let cx = browser.cx();
    let view = asked(end_session::start(&cx, form(&pairs).as_bytes(), &browser.cookies).await);
    assert_eq!(cx.record().transaction, Transaction::Logout);
    assert_eq!(view.app.as_ref().map(|app| app.name.as_str()), Some("The App"));
    assert_eq!(view.account.as_ref().map(|account| account.username.as_str()), Some("alice"));
    assert!(is_signed_in(&browser).await);
    let token = view.form_token.clone();
    let location = done(confirm(&mut browser, &view, &token).await);
    assert_eq!(location.as_deref(), Some("https://app.example/?state=s%20t"));
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_person_signs_out_by_hand_and_lands_on_the_signed_out_page() {
    let test = with_alice().await;
    let mut browser = signed_in(&test).await;
    let view = asked(start(&browser, &[]).await);
    assert!(view.app.is_none() && view.fields.is_empty());
    let token = view.form_token.clone();
    assert_eq!(done(confirm(&mut browser, &view, &token).await), None);
    assert!(!is_signed_in(&browser).await);
    assert_eq!(done(start(&browser, &[]).await), None, "nobody is signed in, nobody is asked");
}

#[tokio::test]
async fn a_confirmation_from_elsewhere_ends_nothing() {
    let test = with_alice().await;
    let mut browser = signed_in(&test).await;
    let view = asked(start(&browser, &[]).await);
    let stranger = signed_in(&test).await;
    let foreign = asked(start(&stranger, &[]).await).form_token;
    for token in ["", "x", &foreign] {
        assert_eq!(refused_page(confirm(&mut browser, &view, token).await), "AS-1023", "{token}");
    }
    let mut fresh = test.browser();
    fresh.cookies.session = browser.cookies.session.clone();
    let token = view.form_token.clone();
    assert_eq!(refused_page(confirm(&mut fresh, &view, &token).await), "AS-1023", "another browser secret");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_confirmation_is_for_the_session_that_the_page_named() {
    let test = with_alice().await;
    test.add_user("bob", PASSWORD).await;
    let mut browser = signed_in(&test).await;
    let view = asked(start(&browser, &[]).await);
    browser.code("bob", PASSWORD, &[("prompt", "login")]).await;
    let token = view.form_token.clone();
    assert_eq!(refused_page(confirm(&mut browser, &view, &token).await), "AS-1023");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn the_confirmed_form_is_verified_again() {
    let test = with_alice().await;
    let mut browser = signed_in(&test).await;
    let mut view = asked(start(&browser, &[("client_id", "app"), ("post_logout_redirect_uri", HOME)]).await);
    for (_, value) in view.fields.iter_mut().filter(|(name, _)| name == "post_logout_redirect_uri") {
        *value = "https://evil.example/".to_owned();
    }
    let token = view.form_token.clone();
    assert_eq!(refused_page(confirm(&mut browser, &view, &token).await), "AS-1501");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn the_id_token_of_another_session_ends_this_one_only_if_the_person_agrees() {
    let test = with_alice().await;
    let elsewhere = signed_in(&test).await;
    let mut browser = signed_in(&test).await;
    let hint = id_token(&test, &elsewhere).await;
    let view = asked(start(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", HOME)]).await);
    assert!(is_signed_in(&browser).await);
    let token = view.form_token.clone();
    assert_eq!(done(confirm(&mut browser, &view, &token).await).as_deref(), Some(HOME));
    assert!(!is_signed_in(&browser).await);
    assert!(is_signed_in(&elsewhere).await, "the other browser stays signed in");
}

#[tokio::test]
async fn after_a_logout_prompt_none_finds_nobody() {
    let test = with_alice().await;
    let mut browser = signed_in(&test).await;
    let hint = id_token(&test, &browser).await;
    done(start(&browser, &[("id_token_hint", &hint)]).await);
    let refused = crate::service::test_support::refused_answer(browser.authorize(&[("prompt", "none")]).await);
    assert_eq!(refused, ("login_required".to_owned(), "AS-1017".to_owned()));
}
