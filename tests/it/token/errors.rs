//! What a token request is refused for.

use symbolon::{
    crypto::{
        random::SystemRandom,
        token::{SecretKind, mint},
    },
    domain::oauth::GrantType,
};

use crate::support::{ClientSpec, Credentials, GrantSpec, Request, basic};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

both! {
    async fn a_grant_type_is_required(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        rp.token(&[]).await.refused("invalid_request", "AS-1100").await;
        rp.token(&[("grant_type", "")]).await.refused("invalid_request", "AS-1100").await;
    }

    async fn an_unknown_grant_type_is_not_offered(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        for grant_type in ["password", "implicit", "AUTHORIZATION_CODE", "authorization_code ", "urn:x"] {
            rp.token(&[("grant_type", grant_type)]).await.refused("unsupported_grant_type", "AS-1101").await;
        }
    }

    async fn a_grant_that_is_not_registered_is_refused(app) {
        let web = app.client(ClientSpec::web("web")).await;
        web.machine_token().await.refused("unauthorized_client", "AS-1102").await;
        let machine = app.client(ClientSpec::machine("machine")).await;
        let fields = [("grant_type", "authorization_code"), ("code", "x")];
        machine.token(&fields).await.refused("unauthorized_client", "AS-1102").await;
        machine.refresh("x").await.refused("unauthorized_client", "AS-1102").await;
        let public = ClientSpec::spa("spa").set(|settings| settings.grant_types.push(GrantType::ClientCredentials));
        app.client(public).await.machine_token().await.refused("unauthorized_client", "AS-1102").await;
    }

    async fn a_parameter_may_not_come_twice(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let good = [
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in good.into_iter().chain([("client_id", "web"), ("extra", "1"), ("authorization_details", "[]")]) {
            let mut fields = good.to_vec();
            if !good.iter().any(|(known, _)| *known == name) {
                fields.push((name, value));
            }
            fields.push((name, value));
            rp.token(&fields).await.refused("invalid_request", "AS-1004").await;
        }
        rp.exchange(&grant).await.ok().await;
    }

    async fn a_code_is_required(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        for fields in
            [&[("grant_type", "authorization_code")][..], &[("grant_type", "authorization_code"), ("code", "")]]
        {
            rp.token(fields).await.refused("invalid_request", "AS-1110").await;
        }
    }

    async fn what_is_not_a_code_of_ours_is_unknown(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let never_issued = mint(SecretKind::AuthorizationCode, &SystemRandom).text.expose().clone();
        let refresh_token = mint(SecretKind::RefreshToken, &SystemRandom).text.expose().clone();
        let mistyped = format!("{}0", &never_issued[..never_issued.len() - 1]);
        let long = "x".repeat(16_000);
        for code in ["x", "' OR 1=1 --", "\u{1f600}", &never_issued, &mistyped, &refresh_token, &long] {
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", "https://web.example/callback"),
            ];
            rp.token(&fields).await.refused("invalid_grant", "AS-1111").await;
        }
    }

    async fn an_expired_code_is_refused_even_by_a_millisecond(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        app.clock.advance(60);
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1112").await;
    }

    async fn the_code_of_another_client_is_refused_and_survives(app) {
        // Behaviour 81.
        let (rp, other) = (app.client(ClientSpec::web("web")).await, app.client(ClientSpec::web("other")).await);
        let alice = app.person("alice").await;
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        other.exchange(&grant).await.refused("invalid_grant", "AS-1113").await;
        let tokens = rp.exchange(&grant).await.ok().await;
        // A thief with a used code revokes nothing either.
        other.exchange(&grant).await.refused("invalid_grant", "AS-1113").await;
        assert!(rp.introspect(&tokens.access_token).await.active().await);
    }

    async fn a_replayed_code_revokes_the_whole_family(app) {
        // Behaviours 79, 80 and 89.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        app.clock.advance(30);
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1114").await;
        for token in [&first.access_token, &second.access_token, first.refresh(), second.refresh()] {
            assert!(!rp.introspect(token).await.active().await);
        }
        rp.userinfo(&second.access_token).await.refused("invalid_token", "AS-1151").await;
        rp.refresh(second.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1114").await;
    }

    async fn a_code_is_replayed_even_after_its_expiry(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.clock.advance(300);
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1114").await;
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
    }

    async fn the_redirect_uri_is_compared_character_by_character(app) {
        // Behaviour 81.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        for redirect_uri in [
            "",
            "https://web.example/callback/",
            "https://web.example/callback?",
            "https://WEB.example/callback",
            "https://web.example:443/callback",
            "https://web.example/%63allback",
            "https://web.example/callback ",
        ] {
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", grant.code.as_str()),
                ("redirect_uri", redirect_uri),
                ("code_verifier", VERIFIER),
            ];
            rp.token(&fields).await.refused("invalid_grant", "AS-1115").await;
        }
        rp.exchange(&grant).await.ok().await;
    }

    async fn the_verifier_must_fit_the_challenge(app) {
        // Behaviour 81; RFC 7636 §4.6, RFC 9700 §4.8.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let long = "a".repeat(129);
        let other_case = VERIFIER.to_lowercase();
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        for (verifier, reason) in [
            (None, "AS-1304"),
            (Some(""), "AS-1304"),
            (Some("short"), "AS-1305"),
            (Some(&*long), "AS-1305"),
            (Some(&*other_case), "AS-1305"),
            (Some(challenge), "AS-1305"),
        ] {
            grant.verifier = verifier.map(str::to_owned);
            rp.exchange(&grant).await.refused("invalid_grant", reason).await;
        }
        grant.verifier = Some(VERIFIER.to_owned());
        rp.exchange(&grant).await.ok().await;
    }

    async fn a_verifier_without_a_challenge_is_a_downgrade(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.require_pkce = false);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let mut grant = app.grant(&alice, &rp, GrantSpec::scope("openid").without_pkce()).await;
        grant.verifier = Some(VERIFIER.to_owned());
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1306").await;
    }

    async fn a_resource_is_refused_and_not_ignored(app) {
        // RFC 8707 §2.
        let rp = app.client(ClientSpec::machine("service")).await;
        let fields = [("grant_type", "client_credentials"), ("resource", "https://api.example")];
        rp.token(&fields).await.refused("invalid_target", "AS-1016").await;
        let rp = app.client(ClientSpec::web("web")).await;
        for grant_type in ["authorization_code", "refresh_token"] {
            let fields = [("grant_type", grant_type), ("code", "x"), ("refresh_token", "x"), ("resource", "api")];
            rp.token(&fields).await.refused("invalid_target", "AS-1070").await;
        }
    }

    async fn what_would_restrict_the_grant_is_refused_and_not_ignored(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let fields = [("grant_type", "client_credentials"), ("dpop_jkt", "x")];
        rp.token(&fields).await.refused("invalid_request", "AS-1028").await;
    }

    async fn a_service_gets_no_scope_that_it_is_not_registered_for(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for (scope, reason) in [
            ("api.admin", "AS-1010"),
            ("api.read api.admin", "AS-1010"),
            ("API.READ", "AS-1010"),
            ("api.read,api.write", "AS-1009"),
            ("openid", "AS-1130"),
            ("api.read offline_access", "AS-1130"),
            ("api.read  api.write", "AS-1009"),
            ("api.read\tapi.write", "AS-1009"),
            (" api.read", "AS-1009"),
            ("api.\u{e9}", "AS-1009"),
            ("api.\"x\"", "AS-1009"),
        ] {
            let fields = [("grant_type", "client_credentials"), ("scope", scope)];
            rp.token(&fields).await.refused("invalid_scope", reason).await;
        }
    }

    async fn another_content_type_is_refused_before_anything_is_read(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let body = "grant_type=client_credentials";
        for content_type in [
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencodedx",
            "",
            "application/x-www-form-urlencoded\u{ff}",
        ] {
            let request = Request::new("POST", "/oauth2/token")
                .header("Authorization", basic("service", crate::support::SECRET))
                .header("Content-Type", content_type)
                .body(body);
            rp.send(&request).await.refused("invalid_request", "AS-5004").await;
        }
        let untyped = Request::new("POST", "/oauth2/token").body(body);
        rp.send(&untyped).await.refused("invalid_request", "AS-5004").await;
        let twice = Request::form("/oauth2/token", &[]).header("Content-Type", "application/x-www-form-urlencoded");
        rp.send(&twice).await.refused("invalid_request", "AS-5004").await;
    }

    async fn the_media_type_may_be_written_in_any_case_and_with_utf_8(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for content_type in ["Application/X-WWW-Form-Urlencoded", "application/x-www-form-urlencoded;charset=\"UTF-8\""]
        {
            let request = Request::new("POST", "/oauth2/token")
                .header("Authorization", basic("service", crate::support::SECRET))
                .header("Content-Type", content_type)
                .body("grant_type=client_credentials");
            rp.send(&request).await.ok().await;
        }
    }

    async fn parameters_in_the_address_do_not_count(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let target = format!(
            "/oauth2/token?grant_type=client_credentials&client_id=service&client_secret={}",
            crate::support::SECRET
        );
        let answer = rp.with(Credentials::Nothing).post(&target, &[]).await;
        answer.refused("invalid_client", "AS-1200").await;
    }

    async fn malformed_text_is_refused_in_names_and_values(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let long_name = format!("{}=1", "n".repeat(129));
        let long_value = format!("x={}", "v".repeat(16 * 1024 + 1));
        let many: String = (0..65).map(|number| format!("p{number}=1&")).collect();
        for body in [
            &b"grant_type=client_credentials&x=%00"[..],
            b"grant_type=client%00credentials",
            b"%00=1",
            b"x%00=1",
            b"x=\x00",
            b"\x00=1",
            b"x=%ff",
            b"x=\xff",
            b"%ff=1",
            b"\xff=1",
            b"x=%c3%28",
            b"x=%ed%a0%80",
            b"x=%e2%82",
            b"x=%",
            b"x=%1",
            b"x=%zz",
            b"=1",
            b"x=%1b",
            b"x=%7f",
            long_name.as_bytes(),
            long_value.as_bytes(),
            many.as_bytes(),
        ] {
            let request = Request::new("POST", "/oauth2/token")
                .header("Authorization", basic("service", crate::support::SECRET))
                .form_body(body);
            rp.send(&request).await.refused("invalid_request", "AS-1005").await;
        }
        rp.machine_token().await.ok().await;
    }
}
