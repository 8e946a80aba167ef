//! Tests of `login`.

use std::time::Duration;

use crate::{
    crypto::{
        password::{PasswordHasher, PasswordSettings},
        random::random_bytes,
    },
    domain::{
        Secret,
        entity::{ConsentMode, UserState},
        ids::InteractionId,
        trace::Transaction,
    },
    service::{
        authorization::{Next, Page},
        login::{self, Occasion, SignInForm},
        subjects,
        test_support::{TestBrowser, TestServices, answer, refused_sign_in, sign_in_page},
    },
    store::{StoreError, credential, session},
};

const PASSWORD: &str = "correct horse battery";

async fn with_alice() -> TestServices {
    let test = TestServices::new().await;
    test.add_client("app", |client| client.settings.consent = ConsentMode::Skip).await;
    test.add_user("alice", PASSWORD).await;
    test
}

/// A browser on the sign-in page of a dialogue.
async fn on_page(test: &TestServices) -> (TestBrowser<'_>, InteractionId) {
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    (browser, id)
}

#[tokio::test]
async fn name_and_address_both_sign_in_whatever_their_case() {
    let test = with_alice().await;
    for name in ["alice", " ALICE ", "Alice@Example.com"] {
        let (mut browser, id) = on_page(&test).await;
        assert!(matches!(browser.sign_in(&id, name, PASSWORD).await, Ok(Next::Answer(_))), "{name}");
    }
}

#[tokio::test]
async fn wrong_unknown_disabled_and_passwordless_read_the_same() {
    let test = with_alice().await;
    let gone = test.add_user("gone", PASSWORD).await;
    test.change_user(&gone.id, |user| user.state = UserState::Disabled).await;
    let (mut browser, id) = on_page(&test).await;
    for (name, password) in [
        ("alice", "wrong password"),
        ("alice", "Correct horse battery"),
        ("alice", "correct horse battery "),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("al\0ice", PASSWORD),
        (&"x".repeat(5000), PASSWORD),
    ] {
        assert_eq!(refused_sign_in(browser.sign_in(&id, name, password).await), ("AS-2001", None), "{name}");
    }
    assert!(browser.cookies.session.is_none());
    let events = test.events().await;
    assert!(events.iter().all(|event| event.kind == "sign_in.refused" && event.reason.as_deref() == Some("AS-2001")));
    assert_eq!(events.len(), 7);
}

#[tokio::test]
async fn a_missing_or_endless_field_is_named_and_counts_as_no_attempt() {
    let test = with_alice().await;
    let (mut browser, id) = on_page(&test).await;
    for _ in 0..10 {
        assert_eq!(refused_sign_in(browser.sign_in(&id, " ", PASSWORD).await).0, "AS-2005");
        assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", "").await).0, "AS-2006");
        assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", &"x".repeat(1025)).await).0, "AS-2004");
    }
    assert!(matches!(browser.sign_in(&id, "alice", PASSWORD).await, Ok(Next::Answer(_))));
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused_before_the_password_is_looked_at() {
    let test = with_alice().await;
    let (mut browser, id) = on_page(&test).await;
    let (stranger, other) = on_page(&test).await;
    let foreign = stranger.sign_in_view(&other).await.map(|view| view.form_token).unwrap();
    for token in ["", "x", &foreign] {
        let refused = browser.send_sign_in(&id, "alice", PASSWORD, token.to_owned()).await;
        assert_eq!(refused_sign_in(refused).0, "AS-1023", "{token}");
    }
    assert_eq!(refused_sign_in(browser.send_sign_in(&other, "alice", PASSWORD, foreign).await).0, "AS-1022");
    assert!(test.events().await.is_empty());
}

#[tokio::test]
async fn after_five_failures_attempts_have_to_wait_and_a_right_password_too() {
    let test = with_alice().await;
    let (mut browser, id) = on_page(&test).await;
    for _ in 0..6 {
        assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", "wrong").await), ("AS-2001", None));
    }
    for _ in 0..3 {
        assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", PASSWORD).await), ("AS-2002", Some(1)));
    }
    test.advance(1);
    assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", "wrong").await), ("AS-2001", None));
    assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", PASSWORD).await), ("AS-2002", Some(2)));
    test.advance(2);
    assert!(matches!(browser.sign_in(&id, "alice", PASSWORD).await, Ok(Next::Answer(_))));
}

#[tokio::test]
async fn a_name_that_nobody_has_is_throttled_like_one_that_somebody_has() {
    let test = with_alice().await;
    let (mut browser, id) = on_page(&test).await;
    for name in ["nobody", &"y".repeat(4000)] {
        for _ in 0..6 {
            assert_eq!(refused_sign_in(browser.sign_in(&id, name, "wrong").await), ("AS-2001", None));
        }
        assert_eq!(refused_sign_in(browser.sign_in(&id, name, "wrong").await), ("AS-2002", Some(1)));
    }
}

#[tokio::test]
async fn attempts_side_by_side_cannot_exceed_the_policy() {
    let test = with_alice().await;
    let (browser, id) = on_page(&test).await;
    let token = browser.sign_in_view(&id).await.map(|view| view.form_token).unwrap();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (cx, cookies, form_token) = (browser.cx(), browser.cookies.clone(), token.clone());
        let occasion = Occasion::Dialogue(id.clone());
        let password = Secret::from(format!("guess {number}"));
        running.spawn(async move {
            login::sign_in(&cx, &occasion, &cookies, SignInForm { username: "alice".to_owned(), password, form_token })
                .await
        });
    }
    let codes: Vec<_> = running.join_all().await.into_iter().map(|result| refused_sign_in(result).0).collect();
    assert_eq!(codes.iter().filter(|code| **code == "AS-2001").count(), 6, "five are free, the sixth blocks");
    assert_eq!(codes.iter().filter(|code| **code == "AS-2002").count(), 34);
}

#[tokio::test]
async fn strangers_do_not_delay_the_owner_at_the_familiar_network() {
    let test = with_alice().await;
    test.browser().code("alice", PASSWORD, &[]).await;
    let (mut stranger, id) = on_page(&test).await;
    stranger.address = "203.0.113.9".parse().unwrap();
    for _ in 0..6 {
        assert_eq!(refused_sign_in(stranger.sign_in(&id, "alice", "wrong").await).0, "AS-2001");
    }
    assert_eq!(refused_sign_in(stranger.sign_in(&id, "alice", "wrong").await).0, "AS-2002");
    let (mut owner, id) = on_page(&test).await;
    assert_eq!(refused_sign_in(owner.sign_in(&id, "alice", "mistyped").await).0, "AS-2001");
    assert!(matches!(owner.sign_in(&id, "alice", PASSWORD).await, Ok(Next::Answer(_))));
}

#[tokio::test]
async fn only_the_network_of_the_latest_success_is_familiar() {
    let test = with_alice().await;
    test.browser().code("alice", PASSWORD, &[]).await;
    test.advance(1);
    let mut elsewhere = test.browser();
    elsewhere.address = "198.51.100.7".parse().unwrap();
    elsewhere.code("alice", PASSWORD, &[]).await;
    let (mut stranger, id) = on_page(&test).await;
    stranger.address = "203.0.113.9".parse().unwrap();
    for _ in 0..6 {
        assert_eq!(refused_sign_in(stranger.sign_in(&id, "alice", "wrong").await).0, "AS-2001");
    }
    let (mut before, id) = on_page(&test).await;
    assert_eq!(refused_sign_in(before.sign_in(&id, "alice", PASSWORD).await).0, "AS-2002", "not familiar any more");
}

#[tokio::test]
async fn a_network_is_blocked_whatever_the_account() {
    let test = with_alice().await;
    let (mut browser, id) = on_page(&test).await;
    for number in 0..21 {
        assert_eq!(refused_sign_in(browser.sign_in(&id, &format!("name{number}"), "wrong").await).0, "AS-2001");
    }
    assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", PASSWORD).await), ("AS-2002", Some(2)));
    browser.address = "198.51.100.7".parse().unwrap();
    assert!(matches!(browser.sign_in(&id, "alice", PASSWORD).await, Ok(Next::Answer(_))), "others are not");
}

#[tokio::test]
async fn a_full_queue_answers_at_once_that_the_server_is_busy() {
    let slow = PasswordSettings { threads: 1, queue: 1, memory_kib: 131_072, iterations: 16, parallelism: 1 };
    let test = TestServices::with(|_| {}, slow);
    test.add_client("app", |_| {}).await;
    let (mut browser, id) = on_page(&test).await;
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
    let (reason, retry_after) = refused_sign_in(browser.sign_in(&id, "alice", PASSWORD).await);
    assert_eq!(reason, "AS-2003");
    assert!(retry_after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{retry_after:?}");
    assert!(test.events().await.is_empty(), "no attempt was counted");
    running.abort();
    waiting.abort();
}

#[tokio::test]
async fn every_authentication_gives_a_new_cookie_and_kills_the_old_one() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let before = browser.clone();
    let first =
        crate::service::sessions::current(&test.cx(), before.cookies.session.as_ref()).await.unwrap().unwrap().0;
    test.advance(10);
    browser.code("alice", PASSWORD, &[("prompt", "login")]).await;
    let cx = test.cx();
    assert!(crate::service::sessions::current(&cx, before.cookies.session.as_ref()).await.unwrap().is_none());
    let second = crate::service::sessions::current(&cx, browser.cookies.session.as_ref()).await.unwrap().unwrap().0;
    assert_eq!(first.id, second.id, "the same session, renewed");
    assert_eq!(second.context.auth_time.seconds_since(first.context.auth_time), 10);
    assert_ne!(first.sign_in_event, second.sign_in_event);
}

#[tokio::test]
async fn somebody_else_in_the_same_browser_is_signed_in_beside_whoever_was_there() {
    let test = with_alice().await;
    test.add_user("bob", PASSWORD).await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let old = browser.cookies.session.clone();
    let first = crate::service::sessions::current(&test.cx(), old.as_ref()).await.unwrap().unwrap().0;
    browser.code("bob", PASSWORD, &[("prompt", "login")]).await;
    let still = crate::service::sessions::current(&test.cx(), old.as_ref()).await.unwrap().unwrap().0;
    assert_eq!(still.id, first.id);
    let (cx, cookie) = (test.cx(), browser.cookies.session.clone());
    let held = test.read(move |tx| crate::service::sessions::all_live(&cx, tx, cookie.as_ref())).await;
    let names: Vec<&str> = held.iter().map(|held| held.user.username.as_str()).collect();
    assert_eq!(names, ["bob", "alice"], "the one used last first");
    assert!(!test.event_kinds().await.iter().any(|kind| kind == "session.ended"));
}

#[tokio::test]
async fn a_browser_holds_eight_accounts_and_the_one_unused_longest_makes_room() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let first =
        crate::service::sessions::current(&test.cx(), browser.cookies.session.as_ref()).await.unwrap().unwrap().0;
    for number in 1..=8 {
        let name = format!("user{number}");
        test.add_user(&name, PASSWORD).await;
        let id = first.id.clone();
        assert!(test.read(move |tx| session::find(tx, &id)).await.unwrap().ended_at.is_none(), "{name}");
        browser.code(&name, PASSWORD, &[("prompt", "login")]).await;
    }
    let (cx, cookie) = (test.cx(), browser.cookies.session.clone());
    let held = test.read(move |tx| crate::service::sessions::all_live(&cx, tx, cookie.as_ref())).await;
    assert_eq!(held.len(), 8);
    assert!(held.iter().all(|held| held.user.username != "alice"));
    let ended = test.events().await.into_iter().find(|event| event.kind == "session.ended").unwrap();
    assert_eq!(ended.session_id.as_deref(), Some(first.id.as_str()));
    assert_eq!(ended.facts, r#"{"cause":"replaced"}"#);
    // One secret more than a browser holds is none of our cookies.
    let secret = test.browser().cookies.session;
    assert!(secret.is_none());
    let good = browser.cookies.session.clone().unwrap();
    let one = good.expose().split('.').next().unwrap().to_owned();
    for wrong in [format!("{}.{one}", good.expose()), format!("{one}."), format!(".{one}"), format!("{one},{one}")] {
        let found = crate::service::sessions::current(&test.cx(), Some(&wrong.clone().into())).await.unwrap();
        assert!(found.is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn the_event_of_a_sign_in_seals_the_address_and_names_the_actor() {
    let test = with_alice().await;
    test.browser().code("alice", PASSWORD, &[]).await;
    let event = test.events().await.into_iter().find(|event| event.kind == "sign_in.succeeded").unwrap();
    let user = event.user_id.clone().unwrap();
    assert_eq!(event.actor, format!("user:{user}"));
    assert!(!event.facts.contains("192.0.2.1"));
    let (cx, id) = (test.cx(), crate::domain::ids::UserId::new(user));
    let find = move |tx: &mut crate::store::Read<'_>| {
        subjects::find_key(&cx, tx, &id).map_err(|broken| StoreError::Broken(broken.to_string()))
    };
    let key = test.read(find).await.unwrap();
    let opened = key.open(event.id.as_bytes(), &event.sealed.unwrap()).unwrap();
    let personal: serde_json::Value = serde_json::from_slice(opened.expose()).unwrap();
    assert_eq!(personal, serde_json::json!({"client.address": "192.0.2.1", "user_agent": "Test/1.0"}));
}

#[tokio::test]
async fn a_hash_of_older_parameters_is_replaced_at_the_next_sign_in() {
    let test = with_alice().await;
    let old =
        PasswordHasher::new(PasswordSettings { threads: 1, queue: 4, memory_kib: 32, iterations: 1, parallelism: 1 });
    let cx = test.cx();
    let phc = old.unwrap().hash(Secret::from(PASSWORD), random_bytes(cx.random())).await.unwrap();
    let alice = test.read(|tx| crate::store::user::find_by_login(tx, "alice")).await.unwrap().id;
    let (id, stored) = (alice.clone(), phc.clone());
    test.write(move |tx| credential::set_password(tx, "c", &id, &stored, cx.now())).await;
    test.browser().code("alice", PASSWORD, &[]).await;
    let now = test.read(move |tx| credential::find_password(tx, &alice)).await.unwrap();
    assert_ne!(now, phc);
    assert!(now.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{now}");
    test.browser().code("alice", PASSWORD, &[]).await;
}

#[tokio::test]
async fn the_record_of_a_refused_attempt_says_why_and_not_who() {
    let test = with_alice().await;
    let (browser, id) = on_page(&test).await;
    let cx = browser.cx();
    let form_token = browser.sign_in_view(&id).await.map(|view| view.form_token).unwrap();
    let form = SignInForm { username: "alice".to_owned(), password: Secret::from("wrong guess"), form_token };
    let refused = login::sign_in(&cx, &Occasion::Dialogue(id), &browser.cookies, form).await;
    assert_eq!(refused_sign_in(refused).0, "AS-2001");
    let record = cx.record();
    assert_eq!(record.transaction, Transaction::SignIn);
    assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-2001"));
    let text = serde_json::to_string(&record).unwrap();
    assert!(!text.contains("alice") && !text.contains("wrong guess"), "{text}");
}

#[tokio::test]
async fn a_password_that_was_changed_while_it_was_checked_does_not_sign_in() {
    let test = with_alice().await;
    let (browser, id) = on_page(&test).await;
    let cx = browser.cx();
    let alice = test.read(|tx| crate::store::user::find_by_login(tx, "alice")).await.unwrap();
    let phc = {
        let id = alice.id.clone();
        test.read(move |tx| credential::find_password(tx, &id)).await.unwrap()
    };
    let context = cx.clone();
    let attempt = test.read(move |tx| super::Attempt::read(&context, tx, "alice")).await;
    let (user, now) = (alice.id.clone(), cx.now());
    test.write(move |tx| credential::set_password(tx, "c", &user, "$argon2id$another", now)).await;
    let (cookies, occasion) = (browser.cookies.clone(), Occasion::Dialogue(id));
    let settled = test
        .services
        .store
        .write(move |tx| super::settle(&cx, tx, &attempt, Some((alice.id, phc)), &occasion, &cookies))
        .await;
    assert_eq!(refused_sign_in(settled).0, "AS-2001");
    assert_eq!(test.event_kinds().await, ["sign_in.refused"]);
}

#[tokio::test]
async fn a_sign_in_goes_on_to_consent_where_it_is_missing() {
    let test = TestServices::new().await;
    test.add_client("app", |_| {}).await;
    test.add_user("alice", PASSWORD).await;
    let (mut browser, id) = on_page(&test).await;
    assert!(matches!(browser.sign_in(&id, "alice", PASSWORD).await, Ok(Next::Page(Page::Consent(_)))));
    assert!(answer(browser.allow(&id).await).contains_key("code"));
}

#[tokio::test]
async fn a_sign_in_that_no_app_waits_for_leads_to_the_requests_and_needs_no_dialogue() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let view = login::view(&browser.cx(), &Occasion::Requests, &browser.cookies).await.unwrap();
    assert!(view.app.is_none() && view.sign_up.is_none() && view.continue_as.is_none());
    browser.cookies.secret = view.browser_cookie;
    let again = login::view(&browser.cx(), &Occasion::Requests, &browser.cookies).await.unwrap();
    assert!(again.browser_cookie.is_none() && again.form_token == view.form_token);
    let cx = browser.cx();
    let (username, password) = ("alice".to_owned(), Secret::from(PASSWORD));
    let form = SignInForm { username, password, form_token: view.form_token };
    let signed_in = login::sign_in(&cx, &Occasion::Requests, &browser.cookies, form).await.unwrap();
    assert!(matches!(signed_in.next, Ok(Next::Page(Page::Requests))));
    let record = cx.record();
    assert_eq!(record.transaction, Transaction::SignIn);
    let rules: Vec<_> = record.steps.iter().map(|step| step.rule.as_str()).collect();
    assert_eq!(rules, ["no_app", "password"]);
    assert_eq!(test.event_kinds().await, ["sign_in.succeeded"]);
}
