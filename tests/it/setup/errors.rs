//! What does not make an administrator.

use symbolon::{
    crypto::{
        random::SystemRandom,
        token::{SecretKind, mint},
    },
    service::setup,
};
use tokio::task::JoinSet;

use super::ok::{STRONG, code, form};
use crate::support::{Answer, Request, TestApp};

async fn shown_again(app: &TestApp, answer: &Answer, reason: &str) {
    let record = app.record(answer.trace_id()).await.and_then(|record| record.reason());
    assert_eq!(answer.response.status, 422, "{}", answer.explained().await);
    assert_eq!(record.map(|reason| reason.code()), Some(reason), "{}", answer.explained().await);
}

both! {
    async fn a_code_that_is_not_ours_is_refused(app) {
        let good = code(&app).await;
        let never_issued = mint(SecretKind::SetupLink, &SystemRandom).text.expose().clone();
        let session = mint(SecretKind::Session, &SystemRandom).text.expose().clone();
        for wrong in ["", "x", &never_issued, &session, &good.to_uppercase(), &format!("{good}0")] {
            let answer = app.send(form(wrong, "root", STRONG)).await;
            shown_again(&app, &answer, "AS-2010").await;
        }
        assert!(!setup::has_administrator(&app.cx()).await.expect("answers"));
    }

    async fn a_link_expires(app) {
        let code = code(&app).await;
        app.clock.advance(app.services.policy.setup_link_seconds);
        let answer = app.send(form(&code, "root", STRONG)).await;
        shown_again(&app, &answer, "AS-2010").await;
    }

    async fn a_link_works_once(app) {
        let code = code(&app).await;
        assert_eq!(app.send(form(&code, "root", STRONG)).await.response.status, 200);
        let answer = app.send(form(&code, "other", STRONG)).await;
        shown_again(&app, &answer, "AS-2010").await;
        app.send(Request::get("/setup")).await.refused_page(410, "AS-2010").await;
        assert!(setup::create_link(&app.cx()).await.expect("answers").is_none());
    }

    async fn wrong_values_do_not_use_the_link_up(app) {
        let code = code(&app).await;
        app.person("taken").await;
        let long = "x".repeat(1025);
        for (username, password, reason) in [
            ("root", "", "AS-2006"),
            ("root", "short", "AS-2011"),
            ("root", "password1234", "AS-2011"),
            ("root", long.as_str(), "AS-2004"),
            ("a\tb", STRONG, "AS-2012"),
            ("taken", STRONG, "AS-3001"),
        ] {
            let answer = app.send(form(&code, username, password)).await;
            shown_again(&app, &answer, reason).await;
        }
        let fields = [("code", code.as_str()), ("username", "root"), ("email", "no address"), ("password", STRONG)];
        let answer = app.send(Request::form("/setup", &fields)).await;
        shown_again(&app, &answer, "AS-2013").await;
        assert!(!answer.response.text().contains(STRONG), "a password never comes back");
        assert_eq!(app.send(form(&code, "root", STRONG)).await.response.status, 200);
    }

    async fn of_a_hundred_completions_one_wins(app) {
        // Security requirements, peers' defect 3.
        let code = code(&app).await;
        let local = tokio::task::LocalSet::new();
        let wire = app.wire.clone();
        let statuses = local
            .run_until(async move {
                let mut tasks = JoinSet::new();
                for number in 0..100 {
                    let (wire, request) = (wire.clone(), form(&code, &format!("root{number}"), STRONG));
                    tasks.spawn_local(async move { wire.send(&request).await.status });
                }
                tasks.join_all().await
            })
            .await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        let holders = app
            .read(|tx| {
                let owner =
                    symbolon::store::role::find_by_name(tx, symbolon::domain::entity::Role::OWNER)?.expect("built in");
                symbolon::store::role::active_holders(tx, &owner.id)
            })
            .await;
        assert_eq!(holders.len(), 1);
        let people = app.read(|tx| symbolon::store::user::list(tx, None, 1000)).await;
        assert_eq!(people.len(), 1, "the losers left nothing behind");
    }

    async fn another_content_type_or_malformed_text_is_refused(app) {
        code(&app).await;
        let json = Request::new("POST", "/setup").header("Content-Type", "application/json").body("{}");
        app.send(json).await.refused_page(400, "AS-5004").await;
        for body in [&b"code=%00"[..], b"username=%ff", b"username=\xff", b"x=%"] {
            app.send(Request::new("POST", "/setup").form_body(body)).await.refused_page(400, "AS-1005").await;
        }
    }
}
