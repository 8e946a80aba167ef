//! What UserInfo refuses (RFC 6750 §3.1).

use symbolon::domain::entity::{AccessTokenFormat, ClientSettings};

use crate::support::{ClientSpec, GrantSpec, RelyingParty, Request, TestApp, Tokens};

async fn signed_in(app: &TestApp, scope: &str) -> (RelyingParty, Tokens) {
    let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
    let grant = app.grant(&alice, &rp, GrantSpec::scope(scope)).await;
    let tokens = rp.exchange(&grant).await.ok().await;
    (rp, tokens)
}

both! {
    async fn without_a_token_only_the_scheme_is_named(app) {
        for request in [
            Request::get("/oauth2/userinfo"),
            Request::form("/oauth2/userinfo", &[]),
            Request::form("/oauth2/userinfo", &[("access_token", "")]),
        ] {
            let answer = app.send(request).await;
            answer.refused("invalid_token", "AS-1150").await;
            assert_eq!(answer.response.header("www-authenticate"), Some("Bearer realm=\"symbolon\", DPoP algs=\"PS256 ES256 EdDSA\""));
        }
    }

    async fn what_is_no_access_token_of_ours_is_refused_with_a_challenge(app) {
        // Behaviour 89.
        let (rp, tokens) = signed_in(&app, "openid").await;
        let (header, claims) = app.verified(&tokens.access_token).await;
        let stranger = crate::support::ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::RS256);
        let forged = stranger.sign_with_header(&header, &claims);
        let unsigned =
            format!("{}.", crate::support::unsigned(&serde_json::json!({ "alg": "none", "typ": "at+jwt" }), &claims));
        let changed = format!("{}x", tokens.access_token);
        for token in ["x", "a.b.c", tokens.refresh(), tokens.id(), &forged, &unsigned, &changed, "sym_at_x"] {
            let answer = rp.userinfo(token).await;
            answer.refused("invalid_token", "AS-1151").await;
            let challenge = answer.response.header("www-authenticate").expect("a challenge");
            assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
    }

    async fn another_scheme_or_a_malformed_header_is_refused(app) {
        let (_, tokens) = signed_in(&app, "openid").await;
        let two = format!("Bearer {0} {0}", tokens.access_token);
        for header in ["Basic eDp4", "Bearer", "Bearer ", "bearertoken", "", "DPoP x", &two] {
            let answer = app.send(Request::get("/oauth2/userinfo").header("Authorization", header)).await;
            answer.refused("invalid_token", "AS-1151").await;
        }
        let answer = app.send(Request::get("/oauth2/userinfo").header("Authorization", b"Bearer \xff")).await;
        answer.refused("invalid_token", "AS-1151").await;
    }

    async fn an_expired_token_is_refused(app) {
        let (rp, tokens) = signed_in(&app, "openid").await;
        app.clock.advance_millis(599_999);
        rp.userinfo(&tokens.access_token).await.json().await;
        app.clock.advance_millis(1);
        rp.userinfo(&tokens.access_token).await.refused("invalid_token", "AS-1151").await;
    }

    async fn a_token_in_the_address_is_refused_even_if_it_is_good(app) {
        // RFC 9700 §4.3.2.
        let (_, tokens) = signed_in(&app, "openid").await;
        let target = format!("/oauth2/userinfo?access_token={}", tokens.access_token);
        app.send(Request::get(&target)).await.refused("invalid_request", "AS-1152").await;
        let bearer = format!("Bearer {}", tokens.access_token);
        app.send(Request::get(&target).header("Authorization", &bearer))
            .await
            .refused("invalid_request", "AS-1152")
            .await;
        app.send(Request::form(&target, &[])).await.refused("invalid_request", "AS-1152").await;
    }

    async fn a_token_in_two_places_is_refused(app) {
        let (_, tokens) = signed_in(&app, "openid").await;
        let bearer = format!("Bearer {}", tokens.access_token);
        let form = Request::form("/oauth2/userinfo", &[("access_token", &tokens.access_token)]);
        app.send(form.header("Authorization", &bearer)).await.refused("invalid_request", "AS-1153").await;
        let twice = Request::get("/oauth2/userinfo").header("Authorization", &bearer).header("Authorization", &bearer);
        app.send(twice).await.refused("invalid_request", "AS-1153").await;
        let form = [("access_token", tokens.access_token.as_str()), ("access_token", tokens.access_token.as_str())];
        app.send(Request::form("/oauth2/userinfo", &form)).await.refused("invalid_request", "AS-1004").await;
    }

    async fn a_token_without_openid_does_not_reach_this(app) {
        let (rp, tokens) = signed_in(&app, "profile email").await;
        rp.userinfo(&tokens.access_token).await.refused("insufficient_scope", "AS-1154").await;
        let service = app.client(ClientSpec::machine("service")).await;
        let tokens = service.machine_token().await.ok().await;
        service.userinfo(&tokens.access_token).await.refused("insufficient_scope", "AS-1154").await;
    }

    async fn a_token_that_is_for_others_does_not_reach_this(app) {
        const OWN: &str = "https://api.example";
        const OTHER: &str = "https://other.example";
        app.api(OTHER, &[]).await;
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            let name = format!("{format:?}").to_lowercase();
            let own = |settings: &mut ClientSettings| {
                settings.access_token_audience = vec![OWN.to_owned()];
                settings.access_token_format = format;
            };
            let rp = app.client(ClientSpec::web(&format!("web-{name}")).set(own)).await;
            let alice = app.person(&format!("alice-{name}")).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("profile email")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            assert_eq!(rp.introspect(&tokens.access_token).await.json().await["aud"], OWN);
            let answer = rp.userinfo(&tokens.access_token).await;
            answer.refused("invalid_token", "AS-1155").await;
            let challenge = answer.response.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            let service = app.client(ClientSpec::machine(&format!("service-{name}")).set(own)).await;
            let machine = service.machine_token().await.ok().await.access_token;
            let fields = [("grant_type", "client_credentials"), ("resource", OTHER)];
            let resource = service.token(&fields).await.ok().await.access_token;
            for token in [machine, resource] {
                service.userinfo(&token).await.refused("invalid_token", "AS-1155").await;
            }
            // A refresh with openid brings one that is; one without, none.
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid email")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            rp.userinfo(&tokens.access_token).await.json().await;
            let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("scope", "email")];
            let narrowed = rp.token(&fields).await.ok().await;
            rp.userinfo(&narrowed.access_token).await.refused("invalid_token", "AS-1155").await;
            let again = rp.refresh(narrowed.refresh()).await.ok().await;
            rp.userinfo(&again.access_token).await.json().await;
        }
    }

    async fn malformed_text_is_refused(app) {
        for target in
            ["/oauth2/userinfo?x=%00", "/oauth2/userinfo?x=%ff", "/oauth2/userinfo?%00=1", "/oauth2/userinfo?x=%"]
        {
            app.send(Request::get(target)).await.refused("invalid_request", "AS-1005").await;
        }
        for body in [&b"access_token=%00"[..], b"access_token=\xff", b"%00=1"] {
            let request = Request::new("POST", "/oauth2/userinfo").form_body(body);
            app.send(request).await.refused("invalid_request", "AS-1005").await;
        }
    }
}
