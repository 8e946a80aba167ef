//! Sessions and consents by administrators.

use symbolon::{
    service::admin::{AdminFailure, consent, session},
    store::event,
};

use crate::support::{Authorize, ClientSpec, Request, Stop};

fn code(failure: &AdminFailure) -> Option<&'static str> {
    failure.reason().map(|reason| reason.code())
}

both! {
    async fn a_session_is_listed_with_its_clients_and_ended(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let (mut one, mut two) = (app.browser(), app.browser());
        let request = Authorize::new(&rp, "openid");
        let tokens = rp.exchange(&one.grant(&alice, &request).await).await.ok().await;
        two.grant(&alice, &request).await;
        let (_, claims) = app.verified(tokens.id()).await;
        let sid = claims["sid"].as_str().expect("sid").to_owned();
        let listed = session::list(&app.cx(), "alice").await.expect("listed");
        assert_eq!(listed.len(), 2);
        let view = listed.iter().find(|view| view.session.id.as_str() == sid).expect("listed");
        assert_eq!(view.clients, std::slice::from_ref(&rp.client_id));

        session::end(&app.cx(), &sid).await.expect("ended");
        assert_eq!(session::list(&app.cx(), "alice").await.expect("listed").len(), 1);
        one.authorize(&request.clone().with("prompt", "none")).await.away().refused(&app, "login_required", "AS-1017").await;
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
        two.authorize(&request.with("prompt", "none")).await.away().grant(&Authorize::new(&rp, "openid"));
        for id in [sid.as_str(), "nobody", "a\0b", ""] {
            assert_eq!(session::end(&app.cx(), id).await.err().as_ref().and_then(code), Some("AS-3002"), "{id}");
        }
        assert_eq!(session::list(&app.cx(), "nobody").await.err().as_ref().and_then(code), Some("AS-3002"));
    }

    async fn a_withdrawn_consent_takes_back_what_came_from_it_and_is_asked_again(app) {
        let (rp, other) = (app.client(ClientSpec::web("web")).await, app.client(ClientSpec::web("other")).await);
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let (mut browser, mut of_bob) = (app.browser(), app.browser());
        let (request, offline) = (Authorize::new(&rp, "openid"), Authorize::new(&rp, "openid offline_access"));
        let online = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
        let lasting = rp.exchange(&browser.grant(&alice, &offline).await).await.ok().await;
        let code_in_flight = browser.grant(&alice, &request).await;
        let elsewhere = other.exchange(&browser.grant(&alice, &Authorize::new(&other, "openid")).await).await.ok().await;
        let bobs = rp.exchange(&of_bob.grant(&bob, &request).await).await.ok().await;
        let listed = consent::list(&app.cx(), "alice").await.expect("listed");
        let clients: Vec<&str> = listed.iter().map(|consent| consent.client_id.as_str()).collect();
        assert_eq!(clients, ["other", "web"]);

        assert_eq!(consent::revoke(&app.cx(), "alice", "web").await.expect("withdrawn"), 3);
        for tokens in [&online, &lasting] {
            rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
            assert!(!rp.introspect(&tokens.access_token).await.active().await);
            assert_eq!(rp.userinfo(&tokens.access_token).await.response.status, 401);
        }
        assert_eq!(rp.exchange(&code_in_flight).await.response.status, 400);
        other.refresh(elsewhere.refresh()).await.ok().await;
        rp.refresh(bobs.refresh()).await.ok().await;
        let page = match browser.authorize(&request).await {
            Stop::Page(page) => page,
            Stop::Away(away) => panic!("nobody was asked: {}", away.url),
        };
        assert!(page.has("consent-allow"));
        let kinds: Vec<String> =
            app.read(|tx| event::list(tx, 0, 1000)).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "consent.withdrawn").count(), 1);
        assert_eq!(kinds.iter().filter(|kind| *kind == "authorization.revoked").count(), 3);
        for (user, client) in [("alice", "web"), ("alice", "nobody"), ("nobody", "web"), ("alice", "a\0b")] {
            let refused = consent::revoke(&app.cx(), user, client).await.err();
            assert_eq!(refused.as_ref().and_then(code), Some("AS-3002"), "{user} {client}");
        }
        assert_eq!(app.send(Request::get("/")).await.response.status, 200);
    }
}
