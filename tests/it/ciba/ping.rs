//! The ping (CIBA Core 1.0 §10.2): the client hears that there is an answer, and asks for it.

use symbolon::{domain::entity::DeliveryState, net::fetcher::Reach, service::delivery::deliver_due, store::delivery};

use super::{NOTIFICATION_TOKEN, answer, ask, begin, pinged, poll};
use crate::support::{Database, LogoutReceiver, TestApp};

/// An application that tells receivers on this machine.
pub async fn reaching(database: Database) -> TestApp {
    TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await
}

both! {
    /// Behaviours 197 and 199.
    async fn the_client_is_pinged_when_the_person_allows_and_when_they_deny(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(pinged(&receiver)).await, app.person("alice").await);
        let long = "Aa0-._~+/".repeat(113);
        for (count, (button, token)) in [("approve-allow", NOTIFICATION_TOKEN), ("approve-deny", &long)].into_iter().enumerate() {
            let id = begin(&rp, &[("client_notification_token", token)]).await;
            assert_eq!(deliver_due(&app.services).await.expect("nothing yet"), 0);
            answer(&app, &alice, button).await;
            let written = app.read(|tx| delivery::list(tx, None, None, 1000)).await;
            assert!(written.iter().all(|row| !row.payload.contains(token) && !row.payload.contains(&id)), "sealed");
            assert_eq!(deliver_due(&app.services).await.expect("delivered"), 1);
            let posted = receiver.posted();
            assert_eq!(posted.len(), count + 1);
            let ping = &posted[count];
            assert_eq!(ping.line, "POST /backchannel HTTP/1.1");
            assert!(ping.head.to_ascii_lowercase().contains("content-type: application/json"));
            assert!(ping.head.contains(&format!("Bearer {token}")), "{}", ping.head);
            let body: serde_json::Value = serde_json::from_str(&ping.body).expect("JSON");
            assert_eq!(body, serde_json::json!({ "auth_req_id": id }));
            match button {
                "approve-allow" => drop(poll(&rp, &id).await.ok().await),
                _ => poll(&rp, &id).await.refused("access_denied", "AS-1020").await,
            }
        }
    }

    /// Behaviour 199.
    async fn a_ping_that_is_refused_is_not_repeated_and_a_redirect_leads_nowhere(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(pinged(&receiver)).await, app.person("alice").await);
        for (count, status) in [401, 403, 301, 400].into_iter().enumerate() {
            receiver.answer(status);
            let id = begin(&rp, &[("client_notification_token", NOTIFICATION_TOKEN)]).await;
            answer(&app, &alice, "approve-allow").await;
            assert_eq!(deliver_due(&app.services).await.expect("tried"), 0, "{status}");
            app.clock.advance(120);
            assert_eq!(deliver_due(&app.services).await.expect("nothing is left"), 0, "{status}");
            assert_eq!(receiver.posted().len(), count + 1, "{status}");
            poll(&rp, &id).await.ok().await;
        }
        let settled = app.read(|tx| delivery::list(tx, None, None, 1000)).await;
        assert!(settled.iter().all(|row| row.state == DeliveryState::Failed));
    }

    async fn a_receiver_that_is_down_is_tried_again_while_the_request_lives(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(pinged(&receiver)).await, app.person("alice").await);
        receiver.answer(503);
        begin(&rp, &[("client_notification_token", NOTIFICATION_TOKEN)]).await;
        answer(&app, &alice, "approve-allow").await;
        assert_eq!(deliver_due(&app.services).await.expect("tried"), 0);
        app.clock.advance(10);
        assert_eq!(deliver_due(&app.services).await.expect("tried"), 0);
        assert_eq!(receiver.posted().len(), 2);
        receiver.answer(204);
        app.clock.advance(600);
        assert_eq!(deliver_due(&app.services).await.expect("too late"), 0);
        assert_eq!(receiver.posted().len(), 2);
    }

    async fn a_client_that_is_pinged_sends_a_token(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let rp = app.client(pinged(&receiver)).await;
        app.person("alice").await;
        let too_long = "a".repeat(1025);
        for token in ["", "a b", "a,b", &too_long] {
            let refused = ask(&rp, &[("client_notification_token", token)]).await;
            refused.refused("invalid_request", "AS-1194").await;
        }
    }

    async fn a_client_that_is_disabled_is_not_spoken_to(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(pinged(&receiver)).await, app.person("alice").await);
        begin(&rp, &[("client_notification_token", NOTIFICATION_TOKEN)]).await;
        answer(&app, &alice, "approve-allow").await;
        app.change_client(&rp, |client| client.enabled = false).await;
        assert_eq!(deliver_due(&app.services).await.expect("nothing"), 0);
        assert_eq!(receiver.posted().len(), 0);
    }
}
