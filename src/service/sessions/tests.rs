//! Tests of `sessions`.

use crate::{
    crypto::token::hash_of,
    domain::{
        Secret,
        entity::{ConsentMode, Session},
        oidc::logout_effects::{Artefact, Effect, Logout, effect},
    },
    service::{
        sessions::{self, SessionEnd},
        test_support::{TestBrowser, TestServices},
    },
    store::{Abort, StoreError, authorization, authorization_code},
};

const PASSWORD: &str = "correct horse battery";

async fn with_alice() -> TestServices {
    let test = TestServices::new().await;
    test.add_client("app", |client| client.settings.consent = ConsentMode::Skip).await;
    test.add_user("alice", PASSWORD).await;
    test
}

async fn session_of(browser: &TestBrowser<'_>) -> Option<Session> {
    sessions::current(&browser.cx(), browser.cookies.session.as_ref()).await.unwrap().map(|(session, _)| session)
}

async fn end(browser: &TestBrowser<'_>, session: &Session) -> bool {
    let (cx, session) = (browser.cx(), session.clone());
    let end = move |tx: &mut crate::store::Write<'_>| {
        sessions::end(&cx, tx, &session, SessionEnd::SignedOut)
            .map_err(|broken| Abort::Undo(StoreError::Broken(broken.to_string())))
    };
    browser.cx().services.store.write(end).await.unwrap()
}

/// Whether the authorization of this code stands, and whether the code could be redeemed.
async fn standing(test: &TestServices, code: &str) -> (bool, bool) {
    let (hash, now) = (hash_of(code).as_bytes().to_vec(), test.cx().now());
    let row = test.write(move |tx| authorization_code::lock(tx, &hash)).await.unwrap();
    let redeemable = row.consumed_at.is_none() && now < row.expires_at;
    let parent = test.read(move |tx| authorization::find(tx, &row.authorization_id)).await.unwrap();
    (parent.revoked_at.is_none(), redeemable)
}

async fn redeem(test: &TestServices, code: &str) {
    let (hash, now) = (hash_of(code).as_bytes().to_vec(), test.cx().now());
    assert!(test.write(move |tx| authorization_code::consume(tx, &hash, now)).await);
}

#[tokio::test]
async fn no_other_text_is_a_session_cookie() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let good = browser.cookies.session.clone().unwrap();
    assert!(session_of(&browser).await.is_some());
    let mut typo = good.expose().clone();
    typo.replace_range(20..21, if &typo[20..21] == "A" { "B" } else { "A" });
    let other = test.browser().cookies.secret;
    let of_another_kind = good.expose().replace("sym_se_", "sym_in_");
    for cookie in [other, Some("".into()), Some(typo.into()), Some(of_another_kind.into()), Some(Secret::from("x"))] {
        browser.cookies.session = cookie;
        assert!(session_of(&browser).await.is_none());
    }
}

#[tokio::test]
async fn an_idle_session_dies_and_a_used_one_lives_to_its_absolute_limit() {
    let test = with_alice().await;
    let mut used = test.browser();
    used.code("alice", PASSWORD, &[]).await;
    let mut idle = test.browser();
    idle.code("alice", PASSWORD, &[]).await;
    for _ in 0..2 {
        test.advance(7 * 3600);
        assert!(session_of(&used).await.is_some());
    }
    assert!(session_of(&idle).await.is_none());
    for _ in 0..200 {
        test.advance(7 * 3600);
        session_of(&used).await;
    }
    assert!(session_of(&used).await.is_none(), "thirty days are the end");
}

#[tokio::test]
async fn the_idle_limit_moves_at_most_once_a_minute() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let first = session_of(&browser).await.unwrap().idle_expires_at;
    test.advance(59);
    session_of(&browser).await;
    assert_eq!(session_of(&browser).await.unwrap().idle_expires_at, first);
    test.advance(1);
    session_of(&browser).await;
    assert_eq!(session_of(&browser).await.unwrap().idle_expires_at, first.plus_seconds(60));
}

/// The row of the table that an own sign-out is; every cell is done over HTTP in `tests/it/logout`.
#[tokio::test]
async fn a_logout_ends_what_the_table_says_and_nothing_else() {
    let test = with_alice().await;
    let mut browser = test.browser();
    let online = browser.code("alice", PASSWORD, &[]).await;
    let offline = browser.code("alice", PASSWORD, &[("scope", "openid offline_access")]).await;
    redeem(&test, &online).await;
    redeem(&test, &offline).await;
    let fresh_online = browser.code("alice", PASSWORD, &[]).await;
    let fresh_offline = browser.code("alice", PASSWORD, &[("scope", "openid offline_access")]).await;
    let mut elsewhere = test.browser();
    let theirs = elsewhere.code("alice", PASSWORD, &[]).await;

    let session = session_of(&browser).await.unwrap();
    assert!(end(&browser, &session).await);
    let seen = |artefact: Artefact, ended: bool| {
        assert_eq!(
            effect(Logout::Own, artefact),
            Some(if ended { Effect::Ends } else { Effect::Survives }),
            "{artefact:?}"
        );
    };
    seen(Artefact::Session, session_of(&browser).await.is_none());
    seen(Artefact::OtherSession, session_of(&elsewhere).await.is_none());
    seen(Artefact::OnlineRefreshToken, !standing(&test, &online).await.0);
    seen(Artefact::OfflineRefreshToken, !standing(&test, &offline).await.0);
    assert_eq!(standing(&test, &fresh_online).await, (false, false));
    assert_eq!(standing(&test, &fresh_offline).await, (false, false));
    seen(Artefact::UnredeemedCode, !standing(&test, &fresh_offline).await.1);
    assert_eq!(standing(&test, &theirs).await, (true, true));

    let revoked: Vec<_> =
        test.events().await.into_iter().filter(|event| event.kind == "authorization.revoked").collect();
    assert_eq!(revoked.len(), 3);
    assert!(revoked.iter().all(|event| event.session_id.as_deref() == Some(session.id.as_str())));
}

#[tokio::test]
async fn a_session_ends_once() {
    let test = with_alice().await;
    let mut browser = test.browser();
    browser.code("alice", PASSWORD, &[]).await;
    let session = session_of(&browser).await.unwrap();
    assert!(end(&browser, &session).await);
    assert!(!end(&browser, &session).await);
    let ended = test.event_kinds().await.into_iter().filter(|kind| kind == "session.ended").count();
    assert_eq!(ended, 1);
}
