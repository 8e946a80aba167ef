//! Tests of `sign_up`: what cannot be provoked from outside.

use std::time::Duration;

use super::{SignUpFailure, SignUpForm, sign_up, view};
use crate::{
    crypto::password::PasswordSettings,
    domain::{
        Secret,
        entity::{ConsentMode, EventKind},
        ids::{InteractionId, UserId},
        oidc::sign_up::SignUpMode,
        trace::Transaction,
    },
    service::{
        admin::sign_up::{SignUpChanges, update_policy},
        authorization::{Next, Page},
        subjects,
        test_support::{TestBrowser, TestServices, refused_page},
    },
    store::{Read, StoreError},
};

const STRONG: &str = "four random unrelated words";

async fn opened(test: &TestServices) {
    test.add_client("app", |client| client.settings.consent = ConsentMode::Skip).await;
    set(test, SignUpMode::Open).await;
}

async fn set(test: &TestServices, mode: SignUpMode) {
    update_policy(&test.cx(), SignUpChanges { mode: Some(mode), per_network: None }).await.unwrap();
}

async fn on_page(test: &TestServices) -> (TestBrowser<'_>, InteractionId) {
    let mut browser = test.browser();
    match browser.authorize(&[("prompt", "create")]).await {
        Ok(Next::Page(Page::SignUp(id))) => (browser, id),
        Ok(Next::Page(page)) => panic!("another page: {page:?}"),
        Ok(Next::Answer(_)) => panic!("answered"),
        Err(failure) => panic!("{failure:?}"),
    }
}

async fn form(browser: &TestBrowser<'_>, id: &InteractionId) -> SignUpForm {
    SignUpForm {
        username: "nora".to_owned(),
        email: "nora@example.com".to_owned(),
        name: None,
        password: Secret::from(STRONG),
        form_token: view(&browser.cx(), id, &browser.cookies).await.map(|view| view.form_token).unwrap(),
    }
}

fn refused<T>(result: Result<T, SignUpFailure>) -> (&'static str, Option<u64>) {
    match result {
        Ok(_) => ("signed up", None),
        Err(SignUpFailure::Refused(refusal)) => (refusal.reason.code(), refusal.retry_after),
        Err(SignUpFailure::Stopped(failure)) => (refused_page::<()>(Err(failure)), None),
    }
}

#[tokio::test]
async fn a_full_queue_answers_at_once_that_the_server_is_busy() {
    let slow = PasswordSettings { threads: 1, queue: 1, memory_kib: 131_072, iterations: 16, parallelism: 1 };
    let test = TestServices::with(|_| {}, slow);
    opened(&test).await;
    let (browser, id) = on_page(&test).await;
    let form = form(&browser, &id).await;
    let before = test.event_kinds().await;
    let hasher = test.services.passwords.clone();
    let check = || {
        tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.verify_nobody(Secret::from("x")).await }
        })
    };
    let running = check();
    tokio::task::yield_now().await;
    while hasher.queued() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let waiting = check();
    tokio::task::yield_now().await;
    assert_eq!(hasher.queued(), 1, "one thread works, one request waits");
    let (reason, retry_after) = refused(sign_up(&browser.cx(), &id, &browser.cookies, form).await);
    assert_eq!(reason, "AS-2003");
    assert!(retry_after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{retry_after:?}");
    assert_eq!(test.event_kinds().await, before, "nothing has happened");
    running.abort();
    waiting.abort();
}

#[tokio::test]
async fn whoever_hashes_while_it_is_closed_gets_no_account() {
    let test = TestServices::new().await;
    opened(&test).await;
    let (browser, id) = on_page(&test).await;
    let cx = browser.cx();
    let mut new = super::NewUser::named("nora", super::Owner::Person);
    new.email = Some("nora@example.com".to_owned());
    let user = super::people::prepare(&cx, &new).unwrap();
    let guesses = super::Guesses::of_usernames(&cx, &browser.cookies);
    set(&test, SignUpMode::Off).await;
    let cookies = browser.cookies.clone();
    let settled = test
        .services
        .store
        .write(move |tx| super::settle(&cx, tx, user, Some("$argon2id$x"), &guesses, &id, &cookies))
        .await;
    assert_eq!(refused(settled).0, "AS-2101");
    assert!(!test.event_kinds().await.contains(&EventKind::UserCreated.name().to_owned()));
}

#[tokio::test]
async fn the_event_of_a_new_account_is_sealed_under_its_own_key() {
    let test = TestServices::with_keys().await;
    opened(&test).await;
    let (browser, id) = on_page(&test).await;
    let form = form(&browser, &id).await;
    let cx = browser.cx();
    let signed_in = sign_up(&cx, &id, &browser.cookies, form).await;
    assert!(matches!(signed_in, Ok(signed_in) if matches!(signed_in.next, Ok(Next::Answer(_)))));
    let created = test.events().await.into_iter().find(|event| event.kind == "user.created").unwrap();
    let user = created.user_id.clone().unwrap();
    assert_eq!(created.actor, format!("user:{user}"));
    let (context, user) = (test.cx(), UserId::new(user));
    let find = move |tx: &mut Read<'_>| {
        subjects::find_key(&context, tx, &user).map_err(|broken| StoreError::Broken(broken.to_string()))
    };
    let key = test.read(find).await.unwrap();
    let opened = key.open(created.id.as_bytes(), &created.sealed.unwrap()).unwrap();
    let personal: serde_json::Value = serde_json::from_slice(opened.expose()).unwrap();
    let expected = serde_json::json!({
        "username": "nora", "email": "nora@example.com", "client.address": "192.0.2.1", "user_agent": "Test/1.0",
    });
    assert_eq!(personal, expected);
}

#[tokio::test]
async fn the_record_of_a_refusal_says_why_and_not_who() {
    let test = TestServices::new().await;
    opened(&test).await;
    test.add_user("nora", STRONG).await;
    let (browser, id) = on_page(&test).await;
    let form = form(&browser, &id).await;
    let cx = browser.cx();
    assert_eq!(refused(sign_up(&cx, &id, &browser.cookies, form).await), ("AS-2102", None));
    let record = cx.record();
    assert_eq!(record.transaction, Transaction::SignUp);
    assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-2102"));
    let text = serde_json::to_string(&record).unwrap();
    assert!(!text.contains("nora") && !text.contains(STRONG), "{text}");
}
