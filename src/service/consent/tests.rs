//! Tests of `consent`.

use crate::{
    domain::{entity::ConsentMode, ids::InteractionId},
    service::{
        authorization::{Next, Page},
        consent::{self, ConsentView, Shown, host_of},
        test_support::{TestBrowser, TestServices, answer, consent_page, refused_answer, refused_page, sign_in_page},
    },
    store,
};

const PASSWORD: &str = "correct horse battery";

async fn with_people() -> TestServices {
    let test = TestServices::new().await;
    test.add_client("app", |_| {}).await;
    test.add_user("alice", PASSWORD).await;
    test.add_user("bob", PASSWORD).await;
    test
}

/// Alice's browser on the consent page.
async fn asked<'a>(test: &'a TestServices, changes: &[(&str, &str)]) -> (TestBrowser<'a>, InteractionId) {
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(changes).await);
    let id = consent_page(browser.sign_in(&id, "alice", PASSWORD).await);
    (browser, id)
}

async fn page(browser: &TestBrowser<'_>, id: &InteractionId) -> ConsentView {
    match consent::view(&browser.cx(), id, &browser.cookies).await {
        Ok(Shown::Page(view)) => view,
        _ => panic!("no consent page"),
    }
}

#[tokio::test]
async fn the_page_says_who_asks_whom_for_what_and_where_it_goes() {
    let test = with_people().await;
    let (browser, id) = asked(&test, &[("scope", "email groups openid")]).await;
    let view = page(&browser, &id).await;
    assert_eq!(view.app.name, "The App");
    assert_eq!(view.host.as_deref(), Some("app.example"));
    assert_eq!(view.account.username, "alice");
    let scopes: Vec<&str> = view.asked.scopes.iter().map(|asked| asked.scope.as_str()).collect();
    assert_eq!(scopes, ["openid", "email", "groups"]);
    assert_eq!(view.asked.scopes[1].sentence, "See your email address");
}

#[test]
fn only_addresses_elsewhere_have_a_host() {
    for (uri, host) in [
        ("https://app.example/cb", Some("app.example")),
        ("https://app.example:8443/cb", Some("app.example:8443")),
        ("http://127.0.0.1:5000/cb", None),
        ("http://[::1]/cb", None),
        ("http://localhost:1/cb", None),
        ("com.example.app:/cb", None),
    ] {
        assert_eq!(host_of(uri).as_deref(), host, "{uri}");
    }
}

#[tokio::test]
async fn what_was_allowed_is_remembered_and_more_is_asked_again() {
    let test = with_people().await;
    let (mut browser, id) = asked(&test, &[]).await;
    assert!(answer(browser.allow(&id).await).contains_key("code"));
    assert!(answer(browser.authorize(&[]).await).contains_key("code"));
    let id = consent_page(browser.authorize(&[("scope", "openid email")]).await);
    assert!(answer(browser.allow(&id).await).contains_key("code"));
    for scope in ["openid", "openid email", "email"] {
        assert!(answer(browser.authorize(&[("scope", scope)]).await).contains_key("code"), "{scope}");
    }
    let alice = test.read(|tx| store::user::find_by_login(tx, "alice")).await.unwrap().id;
    let client = crate::domain::ids::ClientId::new("app");
    let consent = test.read(move |tx| store::consent::find(tx, &alice, &client)).await.unwrap();
    assert_eq!(consent.scope, ["email", "openid"]);
}

#[tokio::test]
async fn prompt_consent_and_the_mode_always_ask_every_time() {
    let test = with_people().await;
    let (mut browser, id) = asked(&test, &[]).await;
    browser.allow(&id).await.map(drop).unwrap();
    let id = consent_page(browser.authorize(&[("prompt", "consent")]).await);
    assert!(answer(browser.allow(&id).await).contains_key("code"));
    test.change_client("app", |client| client.settings.consent = ConsentMode::Always).await;
    consent_page(browser.authorize(&[]).await);
    consent_page(browser.authorize(&[]).await);
}

#[tokio::test]
async fn one_persons_consent_is_not_anothers() {
    let test = with_people().await;
    let (mut browser, id) = asked(&test, &[]).await;
    browser.allow(&id).await.map(drop).unwrap();
    let id = sign_in_page(browser.authorize(&[("prompt", "login")]).await);
    consent_page(browser.sign_in(&id, "bob", PASSWORD).await);
}

#[tokio::test]
async fn denying_tells_the_client_and_is_final() {
    let test = with_people().await;
    let (mut browser, id) = asked(&test, &[]).await;
    let token = page(&browser, &id).await.form_token;
    let cx = browser.cx();
    let denied = consent::deny(&cx, &id, &browser.cookies, &token).await;
    assert_eq!(refused_answer(denied), ("access_denied".to_owned(), "AS-1020".to_owned()));
    assert_eq!(cx.record().reason().map(|reason| reason.code()), Some("AS-1020"));
    for again in [
        consent::deny(&browser.cx(), &id, &browser.cookies, &token).await,
        consent::allow(&browser.cx(), &id, &browser.cookies, &token).await,
    ] {
        assert_eq!(refused_page(again), "AS-1021");
    }
    let kinds = test.event_kinds().await;
    assert_eq!(kinds, ["sign_in.succeeded", "consent.denied"]);
    consent_page(browser.authorize(&[]).await);
}

#[tokio::test]
async fn a_form_from_elsewhere_allows_and_denies_nothing() {
    let test = with_people().await;
    let (browser, id) = asked(&test, &[]).await;
    let (other, foreign) = asked(&test, &[]).await;
    let foreign_token = page(&other, &foreign).await.form_token;
    for token in ["", "AAAA", &foreign_token] {
        let cx = browser.cx();
        assert_eq!(refused_page(consent::allow(&cx, &id, &browser.cookies, token).await), "AS-1023");
        assert_eq!(refused_page(consent::deny(&cx, &id, &browser.cookies, token).await), "AS-1023");
        assert_eq!(refused_page(consent::switch_account(&cx, &id, &browser.cookies, token).await), "AS-1023");
    }
    let token = page(&browser, &id).await.form_token;
    assert_eq!(refused_page(consent::allow(&other.cx(), &id, &other.cookies, &token).await), "AS-1022");
    test.advance(3600);
    assert_eq!(refused_page(consent::allow(&browser.cx(), &id, &browser.cookies, &token).await), "AS-1021");
    assert!(!test.event_kinds().await.iter().any(|kind| kind.starts_with("consent") || kind.starts_with("authoriz")));
}

#[tokio::test]
async fn a_page_shown_to_one_person_cannot_be_answered_as_another() {
    let test = with_people().await;
    let (mut browser, id) = asked(&test, &[]).await;
    let token_of_alice = page(&browser, &id).await.form_token;
    let tab = sign_in_page(browser.authorize(&[("prompt", "login")]).await);
    let of_bob = consent_page(browser.sign_in(&tab, "bob", PASSWORD).await);
    let refused = consent::allow(&browser.cx(), &of_bob, &browser.cookies, &token_of_alice).await;
    assert_eq!(refused_page(refused), "AS-1023");
    assert_eq!(page(&browser, &id).await.account.username, "alice", "each page is about the account that it names");
}

#[tokio::test]
async fn switching_leads_to_the_sign_in_page_and_to_the_other_persons_consent() {
    let test = with_people().await;
    let (mut browser, id) = asked(&test, &[]).await;
    let token = page(&browser, &id).await.form_token;
    let next = consent::switch_account(&browser.cx(), &id, &browser.cookies, &token).await;
    assert_eq!(sign_in_page(next), id);
    let Ok(view) = browser.sign_in_view(&id).await else { panic!("no page") };
    assert_eq!(
        view.continue_as.map(|choice| choice.account.username).as_deref(),
        Some("alice"),
        "nobody is signed out"
    );
    let id = consent_page(browser.sign_in(&id, "bob", PASSWORD).await);
    assert_eq!(page(&browser, &id).await.account.username, "bob");
}

#[tokio::test]
async fn the_page_is_not_shown_where_it_is_not_what_is_missing() {
    let test = with_people().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    match consent::view(&browser.cx(), &id, &browser.cookies).await {
        Ok(Shown::Elsewhere(Next::Page(Page::SignIn(other)))) => assert_eq!(other, id),
        _ => panic!("not the sign-in page"),
    }
}

#[tokio::test]
async fn a_session_that_ended_on_the_consent_page_allows_nothing() {
    let test = with_people().await;
    let (browser, id) = asked(&test, &[]).await;
    let token = page(&browser, &id).await.form_token;
    let cx = browser.cx();
    let session = crate::service::sessions::current(&cx, browser.cookies.session.as_ref()).await.unwrap().unwrap().0;
    test.write(move |tx| store::session::end(tx, &session.id, cx.now())).await;
    let next = consent::allow(&browser.cx(), &id, &browser.cookies, &token).await;
    assert_eq!(sign_in_page(next), id);
}
