//! The dialogue: bound to its browser, answered once, and decided from what is stored now.

use crate::{
    crypto::token::hash_of,
    domain::entity::{ConsentMode, UserState},
    domain::oauth::GrantType,
    service::{
        authorization::{DialogueFailure, Next, Page, resume},
        login::{self, Occasion, SignInPurpose},
        test_support::{
            CHALLENGE, TestServices, accounts_page, answer, consent_page, refused_answer, refused_page,
            refused_sign_in, sign_in_page,
        },
    },
    store::{authorization, authorization_code, session},
};

const PASSWORD: &str = "correct horse battery";

async fn with_alice() -> TestServices {
    let test = TestServices::new().await;
    test.add_client("app", |client| client.settings.consent = ConsentMode::Skip).await;
    test.add_user("alice", PASSWORD).await;
    test
}

#[tokio::test]
async fn the_code_is_bound_to_everything_that_was_asked_and_stored_as_a_hash() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let code = browser.code("alice", PASSWORD, &[("scope", "openid email")]).await;
    assert!(code.starts_with("sym_ac_"));
    let hash = hash_of(&code).as_bytes().to_vec();
    let row = test.write(move |tx| authorization_code::lock(tx, &hash)).await.unwrap();
    assert_eq!(row.client_id.as_str(), "app");
    assert_eq!(row.redirect_uri, "https://app.example/callback");
    assert_eq!(row.code_challenge.as_deref(), Some(CHALLENGE));
    assert_eq!(row.nonce.as_deref(), Some("no"));
    assert_eq!(row.expires_at.seconds_since(row.created_at), 60);
    assert_eq!(row.consumed_at, None);
    let parent = row.authorization_id.clone();
    let granted = test.read(move |tx| authorization::find(tx, &parent)).await.unwrap();
    assert_eq!(granted.scope, ["openid", "email"]);
    assert_eq!((granted.context.amr.as_slice(), granted.context.acr.as_str()), (&["pwd".to_owned()][..], "1"));
    let lineage = granted.session_id.clone();
    assert!(test.read(move |tx| session::find(tx, &lineage)).await.is_some());
}

#[tokio::test]
async fn another_browser_is_refused_and_learns_nothing() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let mut other = test.browser();
    sign_in_page(other.authorize(&[]).await);
    for stranger in [test.browser(), other] {
        let cx = stranger.cx();
        match resume(&cx, &id, &stranger.cookies).await {
            Err(DialogueFailure::Refused { error, app }) => {
                assert_eq!((error.reason.code(), app), ("AS-1022", None));
            }
            _ => panic!("not refused"),
        }
        assert_eq!(refused_page(login::view(&cx, &Occasion::Dialogue(id.clone()), &stranger.cookies).await), "AS-1022");
        assert_eq!(cx.record().reason().map(|reason| reason.code()), Some("AS-1022"));
    }
}

#[tokio::test]
async fn an_old_dialogue_has_expired_and_names_the_app() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    test.advance(3600);
    match resume(&browser.cx(), &id, &browser.cookies).await {
        Err(DialogueFailure::Refused { error, app: Some(app) }) => {
            assert_eq!(error.reason.code(), "AS-1021");
            assert_eq!((app.name.as_str(), app.uri.as_deref()), ("The App", Some("https://app.example/home")));
        }
        _ => panic!("not refused"),
    }
}

#[tokio::test]
async fn a_dialogue_that_never_was_has_expired() {
    let test = with_alice().await;
    let browser = test.browser();
    let id = crate::domain::ids::InteractionId::new("nothing");
    assert_eq!(refused_page(resume(&browser.cx(), &id, &browser.cookies).await), "AS-1021");
}

#[tokio::test]
async fn a_second_click_never_gets_a_second_code() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let token = browser.sign_in_view(&id).await.map(|view| view.form_token).unwrap_or_default();
    let first = browser.clone().send_sign_in(&id, "alice", PASSWORD, token.clone()).await;
    assert!(matches!(first, Ok(Next::Answer(_))));
    let second = browser.send_sign_in(&id, "alice", PASSWORD, token).await;
    assert_eq!(refused_sign_in(second).0, "AS-1021");
    let granted = test.event_kinds().await.into_iter().filter(|kind| kind == "authorization.granted").count();
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn of_many_that_finish_at_once_one_wins() {
    let test = TestServices::new().await;
    test.add_client("app", |_| {}).await;
    test.add_user("alice", PASSWORD).await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let id = consent_page(browser.sign_in(&id, "alice", PASSWORD).await);
    let token = browser.consent_token(&id).await.unwrap_or_default();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (cx, id, cookies, token) = (browser.cx(), id.clone(), browser.cookies.clone(), token.clone());
        running.spawn(async move { crate::service::consent::allow(&cx, &id, &cookies, &token).await });
    }
    let results = running.join_all().await;
    let codes = results.iter().filter(|result| matches!(result, Ok(Next::Answer(_)))).count();
    assert_eq!(codes, 1);
    for result in results.into_iter().filter(Result::is_err) {
        assert_eq!(refused_page(result), "AS-1021");
    }
    let granted = test.event_kinds().await.into_iter().filter(|kind| kind == "authorization.granted").count();
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn an_account_disabled_in_mid_dialogue_gets_no_code() {
    let test = TestServices::new().await;
    test.add_client("app", |_| {}).await;
    let alice = test.add_user("alice", PASSWORD).await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let id = consent_page(browser.sign_in(&id, "alice", PASSWORD).await);
    let token = browser.consent_token(&id).await.unwrap_or_default();
    test.change_user(&alice.id, |alice| alice.state = UserState::Disabled).await;
    let next = crate::service::consent::allow(&browser.cx(), &id, &browser.cookies, &token).await;
    assert_eq!(sign_in_page(next), id, "nobody is signed in");
    assert!(!test.event_kinds().await.contains(&"authorization.granted".to_owned()));
    assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", PASSWORD).await).0, "AS-2001");
}

#[tokio::test]
async fn sessions_from_before_not_before_are_dead() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let alice = test.read(|tx| crate::store::user::find_by_login(tx, "alice")).await.unwrap();
    test.advance(1);
    let now = test.cx().now();
    test.change_user(&alice.id, move |alice| alice.not_before = Some(now)).await;
    assert_eq!(refused_answer(browser.authorize(&[("prompt", "none")]).await).0, "login_required");
}

#[tokio::test]
async fn a_client_disabled_in_mid_dialogue_is_unknown() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    test.change_client("app", |client| client.enabled = false).await;
    assert_eq!(refused_page(resume(&browser.cx(), &id, &browser.cookies).await), "AS-1001");
}

#[tokio::test]
async fn a_redirect_uri_unregistered_in_mid_dialogue_is_never_redirected_to() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let token = browser.sign_in_view(&id).await.map(|view| view.form_token).unwrap_or_default();
    test.change_client("app", |client| client.settings.redirect_uris = vec!["https://app.example/new".to_owned()])
        .await;
    assert_eq!(refused_page(login::cancel(&browser.cx(), &id, &browser.cookies, &token).await), "AS-1003");
    assert_eq!(refused_sign_in(browser.sign_in(&id, "alice", PASSWORD).await).0, "AS-1003");
}

#[tokio::test]
async fn what_the_client_may_no_longer_have_is_refused_to_it() {
    for (change, error, reason) in [
        (
            (|client: &mut crate::domain::entity::Client| client.settings.scope.clear()) as fn(&mut _),
            "invalid_scope",
            "AS-1010",
        ),
        (|client| client.settings.grant_types = vec![GrantType::RefreshToken], "unauthorized_client", "AS-1024"),
    ] {
        let test = with_alice().await;
        let mut browser = test.browser();
        let id = sign_in_page(browser.authorize(&[]).await);
        test.change_client("app", change).await;
        let next = browser.sign_in(&id, "alice", PASSWORD).await.map_err(|_| unreachable!());
        assert_eq!(refused_answer(next), (error.to_owned(), reason.to_owned()));
        assert_eq!(refused_page(resume(&browser.cx(), &id, &browser.cookies).await), "AS-1021", "it is finished");
    }
}

#[tokio::test]
async fn prompt_login_and_max_age_zero_ask_again_and_once() {
    let test = with_alice().await;
    let mut browser = test.browser();
    for again in [("prompt", "login"), ("max_age", "0"), ("max_age", "5")] {
        browser.code("alice", PASSWORD, &[("prompt", "login")]).await;
        test.advance(6);
        let id = sign_in_page(browser.authorize(&[again]).await);
        let view = browser.sign_in_view(&id).await;
        match view {
            Ok(view) => {
                assert_eq!(view.purpose, SignInPurpose::Reauthenticate);
                assert_eq!(view.username.as_deref(), Some("alice"));
                assert!(view.continue_as.is_none(), "no way around");
            }
            Err(failure) => panic!("{failure:?}"),
        }
        let still = resume(&browser.cx(), &id, &browser.cookies).await;
        assert_eq!(sign_in_page(still), id, "nothing else helps");
        assert!(matches!(browser.sign_in(&id, "alice", PASSWORD).await, Ok(Next::Answer(_))), "{again:?}");
    }
}

#[tokio::test]
async fn a_sign_in_of_one_tab_does_not_answer_prompt_login_of_another() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let one = sign_in_page(browser.authorize(&[("prompt", "login")]).await);
    let two = sign_in_page(browser.authorize(&[("prompt", "login")]).await);
    assert!(matches!(browser.sign_in(&one, "alice", PASSWORD).await, Ok(Next::Answer(_))));
    assert_eq!(sign_in_page(resume(&browser.cx(), &two, &browser.cookies).await), two);
}

#[tokio::test]
async fn an_authentication_within_max_age_is_enough() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    test.advance(100);
    assert!(answer(browser.authorize(&[("max_age", "100")]).await).contains_key("code"));
    assert!(matches!(browser.authorize(&[("max_age", "99")]).await, Ok(Next::Page(Page::SignIn(_)))));
}

#[tokio::test]
async fn select_account_goes_on_with_the_account_that_is_signed_in() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let id = accounts_page(browser.authorize(&[("prompt", "select_account")]).await);
    let Ok(view) = browser.sign_in_view(&id).await else { panic!("no page") };
    assert_eq!(view.purpose, SignInPurpose::SelectAccount);
    let choice = view.continue_as.unwrap();
    assert_eq!(choice.account.username, "alice");
    let wrong = login::continue_as(&browser.cx(), &id, &browser.cookies, &view.form_token).await;
    assert_eq!(refused_page(wrong), "AS-1023", "the token of the other form");
    let next = login::continue_as(&browser.cx(), &id, &browser.cookies, &choice.form_token).await;
    assert!(answer(next).contains_key("code"));
}

#[tokio::test]
async fn cancelling_tells_the_client_and_ends_the_dialogue() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[]).await);
    let Ok(view) = browser.sign_in_view(&id).await else { panic!("no page") };
    let refused = refused_page(login::cancel(&browser.cx(), &id, &browser.cookies, "").await);
    assert_eq!(refused, "AS-1023");
    let next = login::cancel(&browser.cx(), &id, &browser.cookies, &view.form_token).await;
    assert_eq!(refused_answer(next), ("access_denied".to_owned(), "AS-1020".to_owned()));
    let again = login::cancel(&browser.cx(), &id, &browser.cookies, &view.form_token).await;
    assert_eq!(refused_page(again), "AS-1021");
    assert_eq!(test.event_kinds().await, ["consent.denied"]);
}

#[tokio::test]
async fn the_login_hint_prefills_and_binds_nobody() {
    let test = with_alice().await;
    test.add_user("bob", PASSWORD).await;
    let mut browser = test.browser();
    let id = sign_in_page(browser.authorize(&[("login_hint", "alice@example.com")]).await);
    let Ok(view) = browser.sign_in_view(&id).await else { panic!("no page") };
    assert_eq!(view.username.as_deref(), Some("alice@example.com"));
    assert!(matches!(browser.sign_in(&id, "bob", PASSWORD).await, Ok(Next::Answer(_))));
}
