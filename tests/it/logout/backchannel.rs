//! Back-channel logout (OIDC Back-Channel Logout 1.0), and the outbox that carries it.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::{Delivery, DeliveryState, EventKind},
        jose::SigningAlgorithm,
    },
    net::fetcher::Reach,
    service::{admin, delivery::deliver_due, keys},
    store::{client, delivery, event},
};

use crate::support::{
    Authorize, Browser, ClientSpec, Database, LogoutReceiver, Person, RelyingParty, TestApp, Tokens, signed_with,
};

const BACK: &str = "https://web.example/back";

async fn reaching(database: Database) -> TestApp {
    TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await
}

fn hearing(id: &str, receiver: &LogoutReceiver) -> ClientSpec {
    let uri = receiver.uri.clone();
    ClientSpec::web(id).set(move |settings| {
        settings.backchannel_logout_uri = Some(uri);
        settings.post_logout_redirect_uris = vec![BACK.to_owned()];
    })
}

async fn tokens(browser: &mut Browser<'_>, rp: &RelyingParty, person: &Person) -> Tokens {
    rp.exchange(&browser.grant(person, &Authorize::new(rp, "openid")).await).await.ok().await
}

async fn sign_out(browser: &mut Browser<'_>) {
    let page = browser.open("/sign-out").await.page("/sign-out");
    browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
}

async fn deliveries(app: &TestApp) -> Vec<Delivery> {
    app.read(|tx| delivery::list(tx, None, None, 1000)).await
}

async fn only(app: &TestApp) -> Delivery {
    let mut found = deliveries(app).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

async fn told(app: &TestApp, kind: EventKind) -> usize {
    let events = app.read(|tx| event::list(tx, 0, 1000)).await;
    events.iter().filter(|event| event.kind == kind.name()).count()
}

both! {
    /// Behaviours 114 and 125.
    async fn each_client_of_the_session_hears_who_was_signed_out(database: Database) {
        let app = reaching(database).await;
        let (one, two) = (LogoutReceiver::start().await, LogoutReceiver::start().await);
        let first = app.client(hearing("first", &one)).await;
        let second = app.client(hearing("second", &two).set(signed_with(SigningAlgorithm::ES256))).await;
        let deaf = app.client(ClientSpec::web("deaf")).await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let (mut browser, mut elsewhere) = (app.browser(), app.browser());
        let ids = [
            tokens(&mut browser, &first, &alice).await,
            tokens(&mut browser, &second, &alice).await,
        ];
        tokens(&mut browser, &deaf, &alice).await;
        tokens(&mut browser, &first, &alice).await;
        tokens(&mut elsewhere, &first, &bob).await;
        sign_out(&mut browser).await;
        assert_eq!(deliver_due(&app.services).await.expect("delivered"), 2);
        for ((receiver, rp), tokens) in [(&one, &first), (&two, &second)].into_iter().zip(&ids) {
            let posted = receiver.posted();
            assert_eq!(posted.len(), 1, "once, however often it was authorized");
            assert_eq!(posted[0].line, "POST /backchannel HTTP/1.1");
            assert!(posted[0].head.to_ascii_lowercase().contains("content-type: application/x-www-form-urlencoded"));
            let (header, claims) = app.verified(&posted[0].logout_token()).await;
            let (id_header, id_claims) = app.verified(tokens.id()).await;
            assert_eq!((&header["alg"], &header["kid"]), (&id_header["alg"], &id_header["kid"]), "as the ID token");
            assert_eq!(header["typ"], "logout+jwt");
            let mut names: Vec<&str> = claims.as_object().expect("claims").keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and no nonce");
            assert_eq!(claims["iss"], app.issuer());
            assert_eq!(claims["aud"], rp.client_id.as_str());
            assert_eq!((&claims["sub"], &claims["sid"]), (&id_claims["sub"], &id_claims["sid"]));
            assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
            assert_eq!(claims["iat"], app.now().seconds());
            assert_eq!(claims["exp"], app.now().seconds() + 120);
            assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() > 20));
        }
        assert!(deliveries(&app).await.iter().all(|found| found.state == DeliveryState::Delivered));
        assert_eq!(told(&app, EventKind::DeliverySucceeded).await, 2);
        assert_eq!(deliver_due(&app.services).await.expect("nothing is left"), 0);
        assert_eq!(one.posted().len(), 1);
    }

    /// Behaviour 127.
    async fn an_apps_logout_redirects_and_its_own_back_channel_is_called(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = tokens(&mut browser, &rp, &alice).await;
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("state", "s")];
        let target = format!("/oauth2/logout?{}", crate::support::form_encode(&fields));
        assert_eq!(browser.open(&target).await.away().url, format!("{BACK}?state=s"));
        assert_eq!(deliver_due(&app.services).await.expect("delivered"), 1);
        // The session is gone: the same link tells nobody again.
        browser.open(&target).await.away();
        assert_eq!(deliver_due(&app.services).await.expect("nothing"), 0);
        assert_eq!(receiver.posted().len(), 1);
    }

    /// Behaviour 125.
    async fn every_way_to_end_a_session_tells(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let rp = app.client(hearing("web", &receiver)).await;
        for (index, way) in ["revoked", "everywhere", "disabled", "password", "deleted"].into_iter().enumerate() {
            let person = app.person(way).await;
            let mut browser = app.browser();
            let tokens = tokens(&mut browser, &rp, &person).await;
            let (_, claims) = app.verified(tokens.id()).await;
            let cx = app.cx();
            let changes = admin::user::UserChanges::default();
            match way {
                "revoked" => admin::session::end(&cx, claims["sid"].as_str().expect("sid")).await.expect("ended"),
                "everywhere" => {
                    let changes = admin::user::UserChanges { sign_out_everywhere: true, ..changes };
                    drop(admin::user::update(&cx, way, changes).await.expect("changed"));
                }
                "disabled" => {
                    let state = Some(symbolon::domain::entity::UserState::Disabled);
                    drop(admin::user::update(&cx, way, admin::user::UserChanges { state, ..changes }).await.expect("x"));
                }
                "password" => {
                    let new = "fresh staple horse battery".into();
                    assert_eq!(admin::user::set_password(&cx, way, new, None).await.expect("set"), 1);
                }
                _ => admin::user::delete(&cx, way).await.expect("deleted"),
            }
            assert_eq!(deliver_due(&app.services).await.expect("delivered"), 1, "{way}");
            let posted = receiver.posted();
            assert_eq!(posted.len(), index + 1, "{way}");
            let (_, logout) = app.verified(&posted[index].logout_token()).await;
            assert_eq!((&logout["sub"], &logout["sid"]), (&claims["sub"], &claims["sid"]), "{way}");
        }
    }

    async fn a_receiver_that_fails_is_tried_again_later_and_later_with_a_fresh_token(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        sign_out(&mut browser).await;
        for (tries, status) in [(1, 500), (2, 404), (3, 302)] {
            receiver.answer(status);
            assert_eq!(deliver_due(&app.services).await.expect("tried"), 0);
            assert_eq!(receiver.posted().len(), tries);
            let waiting = only(&app).await;
            assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Pending, i64::try_from(tries).expect("few")));
            assert_eq!(waiting.last_error.as_deref(), Some(format!("the answer was {status}").as_str()));
            assert!(waiting.next_attempt_at > app.now());
            deliver_due(&app.services).await.expect("not yet");
            assert_eq!(receiver.posted().len(), tries, "it waits");
            app.clock.advance(waiting.next_attempt_at.seconds_since(app.now()) + 1);
        }
        // A key that was rotated meanwhile signs what is sent now.
        let kid = keys::rotate(&app.cx(), SigningAlgorithm::RS256).await.expect("rotated");
        receiver.answer(204);
        assert_eq!(deliver_due(&app.services).await.expect("delivered"), 1);
        assert_eq!(only(&app).await.state, DeliveryState::Delivered);
        let posted = receiver.posted();
        let (header, claims) = app.verified(&posted[3].logout_token()).await;
        assert_eq!((&header["kid"], &claims["iat"]), (&Value::from(kid.as_str()), &json!(app.now().seconds())));
        let mut jtis: Vec<String> = Vec::new();
        for one in &posted {
            let (_, claims) = app.verified(&one.logout_token()).await;
            jtis.push(claims["jti"].as_str().expect("jti").to_owned());
        }
        jtis.sort_unstable();
        jtis.dedup();
        assert_eq!(jtis.len(), 4, "no token is sent twice");
    }

    async fn a_receiver_that_refuses_is_not_asked_again_until_somebody_says_so(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        sign_out(&mut browser).await;
        receiver.answer(400);
        deliver_due(&app.services).await.expect("tried");
        let failed = only(&app).await;
        assert_eq!((failed.state, failed.attempts), (DeliveryState::Failed, 1));
        assert_eq!(told(&app, EventKind::DeliveryFailed).await, 1);
        app.clock.advance(86_400);
        deliver_due(&app.services).await.expect("nothing");
        assert_eq!(receiver.posted().len(), 1);
        receiver.answer(200);
        let code = |failure: admin::AdminFailure| failure.reason().map(|reason| reason.code());
        assert_eq!(admin::delivery::retry(&app.cx(), "nothing\0").await.map_err(code).err(), Some(Some("AS-3002")));
        admin::delivery::retry(&app.cx(), &failed.id).await.expect("pending again");
        assert_eq!(admin::delivery::retry(&app.cx(), &failed.id).await.map_err(code).err(), Some(Some("AS-3003")));
        assert_eq!(deliver_due(&app.services).await.expect("delivered"), 1);
        assert_eq!(admin::delivery::retry(&app.cx(), &failed.id).await.map_err(code).err(), Some(Some("AS-3003")));
    }

    async fn trying_ends(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        sign_out(&mut browser).await;
        receiver.answer(503);
        for _ in 0..20 {
            deliver_due(&app.services).await.expect("tried");
            app.clock.advance(3601);
        }
        assert_eq!(receiver.posted().len(), 14);
        assert_eq!(only(&app).await.state, DeliveryState::Failed);
        app.clock.advance(8 * 86_400);
        admin::maintenance::delete_expired(&app.cx()).await.expect("cleaned");
        assert!(deliveries(&app).await.is_empty(), "and it is forgotten");
    }

    async fn private_addresses_and_plain_http_are_never_called(app) {
        // The reach of a real server: public addresses, https.
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        sign_out(&mut browser).await;
        assert_eq!(deliver_due(&app.services).await.expect("tried"), 0);
        assert!(receiver.posted().is_empty());
        let waiting = only(&app).await;
        assert_eq!(waiting.last_error.as_deref(), Some("only https may be fetched"));
    }

    async fn a_client_that_is_gone_disabled_or_deaf_by_now_is_given_up(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let mut parties = Vec::new();
        for id in ["disabled", "deaf", "gone"] {
            let rp = app.client(hearing(id, &receiver)).await;
            tokens(&mut browser, &rp, &alice).await;
            parties.push(rp);
        }
        sign_out(&mut browser).await;
        assert_eq!(deliveries(&app).await.len(), 3);
        app.change_client(&parties[0], |client| client.enabled = false).await;
        app.change_client(&parties[1], |client| client.settings.backchannel_logout_uri = None).await;
        app.delete_client(&parties[2]).await;
        assert_eq!(deliver_due(&app.services).await.expect("tried"), 0);
        assert!(receiver.posted().is_empty());
        let left = deliveries(&app).await;
        assert_eq!(left.len(), 2);
        assert!(left.iter().all(|found| found.state == DeliveryState::Failed), "{left:?}");
    }

    async fn a_client_whose_authorization_was_cleaned_still_hears(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let spec = hearing("web", &receiver)
            .set(|settings| settings.grant_types = vec![symbolon::domain::oauth::GrantType::AuthorizationCode]);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        // Without refresh tokens an authorization is forgotten within the hour; the session lives on.
        app.clock.advance(2 * 3600);
        admin::maintenance::delete_expired(&app.cx()).await.expect("cleaned");
        sign_out(&mut browser).await;
        assert_eq!(deliver_due(&app.services).await.expect("delivered"), 1);
    }

    async fn of_many_nodes_one_sends(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        sign_out(&mut browser).await;
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let services = app.services.clone();
            nodes.spawn(async move { deliver_due(&services).await.expect("no failure") });
        }
        assert_eq!(nodes.join_all().await.into_iter().sum::<usize>(), 1);
        assert_eq!(receiver.posted().len(), 1);
    }

    async fn a_node_that_died_while_sending_is_replaced_after_its_lease(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        sign_out(&mut browser).await;
        let row = only(&app).await;
        let (claimed, lease) = (row.clone(), app.now().plus_seconds(60));
        assert!(app.write(move |tx| delivery::claim(tx, &claimed, lease)).await);
        let again = row.clone();
        assert!(!app.write(move |tx| delivery::claim(tx, &again, lease)).await, "claimed once");
        assert_eq!(deliver_due(&app.services).await.expect("it is held"), 0);
        app.clock.advance(60);
        assert_eq!(deliver_due(&app.services).await.expect("taken over"), 1);
        // The dead node comes back and has nothing to say.
        let late = Delivery { attempts: 1, state: DeliveryState::Failed, ..row };
        assert!(!app.write(move |tx| delivery::settle(tx, &late)).await);
        assert_eq!(only(&app).await.state, DeliveryState::Delivered);
    }

    async fn the_story_is_read_under_the_trace_of_the_sign_out(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        tokens(&mut browser, &rp, &alice).await;
        let page = browser.open("/sign-out").await.page("/sign-out");
        let (form, fields) = page.filled("logout-confirm", &[]);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.request(crate::support::Request::form(&form.action, &fields)).await;
        deliver_due(&app.services).await.expect("delivered");
        let trace = answer.trace_id().to_owned();
        let events = app.read(move |tx| event::by_trace(tx, &trace, 100)).await;
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["session.ended", "authorization.revoked", "delivery.succeeded"]);
    }

    async fn a_session_that_stays_tells_nobody(database: Database) {
        let app = reaching(database).await;
        let receiver = LogoutReceiver::start().await;
        let (rp, alice) = (app.client(hearing("web", &receiver)).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = tokens(&mut browser, &rp, &alice).await;
        rp.revoke(tokens.refresh()).await.accepted().await;
        admin::consent::revoke(&app.cx(), "alice", "web").await.expect("withdrawn");
        app.read(|tx| client::list(tx, None, 10)).await;
        assert_eq!(deliver_due(&app.services).await.expect("nothing"), 0);
        assert!(receiver.posted().is_empty());
    }
}
