//! The answer in the place of the person: the road of the page that asks.

use symbolon::{
    domain::entity::{EventKind, UserState},
    service::admin::event,
};
use tokio::task::JoinSet;

use super::hooked;
use crate::{
    ciba::{ask, begin, poll, till, with_grant},
    support::{Answer, ClientSpec, Request, TestApp},
};

const MANY: usize = 20;

/// Calls the hook.
pub async fn press(app: &TestApp, query: &str) -> Answer {
    app.send(Request::new("POST", format!("/test/ciba?{query}")).body("")).await
}

async fn answered(app: &TestApp, id: &str, action: &str) -> Answer {
    press(app, &format!("auth_req_id={id}&action={action}")).await
}

both! {
    async fn a_call_that_says_too_little_or_nonsense_changes_nothing(database: Database) {
        let app = hooked(database).await;
        let rp = app.client(till()).await;
        app.person("alice").await;
        let id = begin(&rp, &[]).await;
        for query in ["", "action=allow", &format!("auth_req_id={id}"), &format!("auth_req_id={id}&action=Allow"),
            &format!("auth_req_id={id}&action="), &format!("auth_req_id={id}&action=approve")] {
            press(&app, query).await.refused("invalid_request", "AS-1005").await;
        }
        let twice = format!("auth_req_id={id}&action=deny&action=allow");
        press(&app, &twice).await.refused("invalid_request", "AS-1004").await;
        let got = app.send(Request::get(format!("/test/ciba?auth_req_id={id}&action=allow"))).await;
        got.refused_as(405, "invalid_request", "AS-5002").await;
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn only_a_request_that_waits_is_answered_and_only_once(database: Database) {
        let app = hooked(database).await;
        let rp = app.client(till()).await;
        app.person("alice").await;
        for unknown in ["x", "sym_ar_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA000000"] {
            answered(&app, unknown, "allow").await.refused("invalid_request", "AS-1603").await;
        }
        let id = begin(&rp, &[]).await;
        assert_eq!(answered(&app, &id, "deny").await.response.status, 204);
        answered(&app, &id, "allow").await.refused("invalid_request", "AS-1603").await;
        poll(&rp, &id).await.refused("access_denied", "AS-1020").await;

        let late = begin(&rp, &[("requested_expiry", "10")]).await;
        app.clock.advance(11);
        answered(&app, &late, "allow").await.refused("invalid_request", "AS-1603").await;
    }

    async fn whoever_may_not_sign_in_cannot_be_answered_for(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[]).await;
        app.change_person(&alice, |user| user.state = UserState::Disabled).await;
        answered(&app, &id, "allow").await.refused("invalid_request", "AS-1127").await;
        app.change_person(&alice, |user| user.state = UserState::Active).await;
        app.change_client(&rp, |client| client.enabled = false).await;
        answered(&app, &id, "allow").await.refused("invalid_request", "AS-1603").await;
        app.change_client(&rp, |client| client.enabled = true).await;
        assert_eq!(answered(&app, &id, "allow").await.response.status, 204);
        poll(&rp, &id).await.ok().await;
    }

    async fn a_plan_may_leave_any_number_of_requests_unanswered(database: Database) {
        let app = hooked(database).await;
        app.person("alice").await;
        let (rp, other) = (app.client(till()).await, app.client(ClientSpec::web("other").set(with_grant)).await);
        let mut ids = Vec::new();
        for _ in 0..25 {
            ids.push(begin(&rp, &[]).await);
        }
        let last = begin(&other, &[]).await;
        for id in [&ids[0], &ids[24]] {
            assert_eq!(answered(&app, id, "allow").await.response.status, 204);
            poll(&rp, id).await.ok().await;
        }
        assert_eq!(answered(&app, &last, "deny").await.response.status, 204);
        poll(&other, &last).await.refused("access_denied", "AS-1020").await;
        poll(&rp, &ids[1]).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn a_person_who_is_not_there_is_not_asked_there_either(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        ask(&rp, &[("login_hint", "nobody")]).await.refused("unknown_user_id", "AS-1191").await;
        app.change_person(&alice, |user| user.state = UserState::Disabled).await;
        ask(&rp, &[]).await.refused("unknown_user_id", "AS-1191").await;
    }

    async fn of_many_answers_at_once_one_counts(database: Database) {
        let app = hooked(database).await;
        let rp = app.client(till()).await;
        app.person("alice").await;
        let id = begin(&rp, &[]).await;
        let local = tokio::task::LocalSet::new();
        let shared = std::rc::Rc::new(app);
        let statuses = local
            .run_until(async move {
                let mut tasks = JoinSet::new();
                for number in 0..MANY {
                    let (app, id) = (shared.clone(), id.clone());
                    let action = if number % 2 == 0 { "allow" } else { "deny" };
                    tasks.spawn_local(async move { answered(&app, &id, action).await.response.status });
                }
                tasks.join_all().await
            })
            .await;
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [204, 400].contains(status)), "{statuses:?}");
    }

    async fn it_leaves_the_events_of_a_person_who_signed_in_and_allowed(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[("scope", "openid offline_access")]).await;
        assert_eq!(answered(&app, &id, "allow").await.response.status, 204);
        let tokens = poll(&rp, &id).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], alice.id.as_str());
        rp.refresh(tokens.refresh()).await.ok().await;
        let events = event::list(&app.cx(), 0, 1000).await.expect("events");
        for kind in [EventKind::SignedIn, EventKind::ConsentGranted, EventKind::AuthorizationGranted] {
            let told = events.iter().filter(|event| event.kind == kind.name()).count();
            assert_eq!(told, 1, "{}: {events:?}", kind.name());
        }
    }
}
