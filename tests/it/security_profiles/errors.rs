//! What a profile refuses: each missing piece, with its reason, and the profile in the record.

use serde_json::json;
use symbolon::domain::{jose::SigningAlgorithm, oauth::SecurityProfile};

use super::{PAR, Party, SCOPE, TOKEN, blames, redemption, refused, spec};
use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, DpopKey, TestApp, unsigned};

const FAPI2: &str = "fapi2-security";

both! {
    /// Behaviour 145.
    async fn plain_parameters_without_a_push_are_refused(app) {
        let party = Party::fapi2(&app).await;
        let away = app.browser().authorize(&Authorize::new(&party.rp, SCOPE)).await.away();
        away.refused(&app, "invalid_request", "AS-1045").await;
        blames(&app, away.answer.trace_id(), Some(FAPI2)).await;
    }

    /// Behaviours 138 and 149.
    async fn a_push_without_pkce_or_for_tokens_is_refused(app) {
        let party = Party::fapi2(&app).await;
        let bare = Authorize::new(&party.rp, SCOPE).without("code_challenge").without("code_challenge_method");
        refused(&app, party.post(&app, PAR, &bare.pushed()).await, "invalid_request", "AS-1301", FAPI2).await;
        for response_type in ["code id_token", "id_token", "code token"] {
            let request = Authorize::new(&party.rp, SCOPE).with("response_type", response_type);
            let answer = party.post(&app, PAR, &request.pushed()).await;
            refused(&app, answer, "unsupported_response_type", "AS-1007", FAPI2).await;
        }
    }

    /// Behaviours 77 and 159.
    async fn an_assertion_is_for_the_issuer_alone(app) {
        let party = Party::fapi2(&app).await;
        let (token, par) = (format!("{}{TOKEN}", app.issuer()), format!("{}{PAR}", app.issuer()));
        for audience in [
            json!(token),
            json!(par),
            json!([app.issuer()]),
            json!([app.issuer(), token]),
            json!(format!("{}/", app.issuer())),
            json!("https://other.example"),
            json!(null),
        ] {
            let assertion = party.key.sign(&party.rp.assertion().claim("aud", audience).0);
            let answer = party.rp.token_with_assertion(&assertion).await;
            refused(&app, answer, "invalid_client", "AS-1701", FAPI2).await;
        }
    }

    /// Behaviour 160.
    async fn a_bad_assertion_is_refused_for_what_is_wrong_with_it(app) {
        let es = ClientKey::generate(SigningAlgorithm::ES256);
        let rs = ClientKey::generate(SigningAlgorithm::RS256);
        let jwks = json!({ "keys": [es.jwk(), rs.jwk()] });
        let rp = app.client(spec("fapi2", SecurityProfile::Fapi2Security, jwks)).await.with(Credentials::Key(es.clone()));
        let rsa_signed = rp.token_with_assertion(&rs.sign(&rp.assertion().0)).await;
        refused(&app, rsa_signed, "invalid_client", "AS-1700", FAPI2).await;
        let now = app.now().seconds();
        for (name, value, reason) in
            [("exp", json!(now - 300), "AS-1214"), ("sub", json!(null), "AS-1001"), ("iss", json!("x"), "AS-1213")]
        {
            let assertion = rp.assertion().claim(name, value);
            let answer = rp.token_with_assertion(&es.sign(&assertion.0)).await;
            // Without a subject nobody is named whose assertion it could be.
            answer.refused("invalid_client", if name == "sub" { "AS-1211" } else { reason }).await;
            blames(&app, answer.trace_id(), None).await;
        }
        let without = rp.with(Credentials::Public).machine_token().await;
        refused(&app, without, "invalid_client", "AS-1205", FAPI2).await;
    }

    /// Behaviour 168.
    async fn a_token_request_without_a_proof_is_refused_and_uses_nothing_up(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let grant = party.grant(&app, &alice, &Authorize::new(&party.rp, SCOPE).without("nonce")).await;
        let bare = party.rp.post(TOKEN, &redemption(&grant)).await;
        bare.refused("invalid_grant", "AS-1227").await;
        let tokens = party.redeem(&app, &grant).await.ok_as("DPoP").await;
        let bare = party.rp.refresh(tokens.refresh()).await;
        refused(&app, bare, "invalid_request", "AS-1226", FAPI2).await;
        party.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
    }

    /// Behaviour 154.
    async fn a_code_lives_for_a_minute_whatever_the_instance_says(database: Database) {
        let app = TestApp::with(database, |options| options.policy.code_seconds = 600).await;
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let grant = party.grant(&app, &alice, &Authorize::new(&party.rp, SCOPE)).await;
        app.clock.advance(62);
        refused(&app, party.redeem(&app, &grant).await, "invalid_grant", "AS-1112", FAPI2).await;
        let web = app.client(ClientSpec::web("web")).await;
        let grant = app.browser().grant(&alice, &Authorize::new(&web, SCOPE)).await;
        app.clock.advance(62);
        web.exchange(&grant).await.ok().await;
    }

    /// Behaviours 182 and 185.
    async fn a_request_object_of_a_fapi_2_client_is_signed_with_an_algorithm_of_the_profile(app) {
        let es = ClientKey::generate(SigningAlgorithm::ES256);
        let rs = ClientKey::generate(SigningAlgorithm::RS256);
        let jwks = json!({ "keys": [es.jwk(), rs.jwk()] });
        let rp = app.client(spec("fapi2", SecurityProfile::Fapi2Security, jwks)).await.with(Credentials::Key(es.clone()));
        let party = Party { rp, key: es, dpop: DpopKey::new() };
        let claims = Authorize::new(&party.rp, SCOPE).claims(&app);
        let send = async |object: &str| party.post(&app, PAR, &[("request", object)]).await;
        refused(&app, send(&rs.sign(&claims)).await, "invalid_request_object", "AS-1700", FAPI2).await;
        let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &claims));
        refused(&app, send(&none).await, "request_not_supported", "AS-1052", FAPI2).await;
        for name in ["nbf", "exp"] {
            let mut without = claims.clone();
            without.as_object_mut().expect("an object").remove(name);
            refused(&app, send(&party.key.sign(&without)).await, "invalid_request_object", "AS-1055", FAPI2).await;
        }
        send(&party.key.sign(&claims)).await.pushed().await;
        let by_reference = [("client_id", "fapi2"), ("request_uri", "https://fapi2.example/r")];
        let target = format!("/oauth2/authorize?{}", crate::support::form_encode(&by_reference));
        let answer = app.send(crate::support::Request::get(&target)).await;
        answer.refused_page(400, "AS-1045").await;
        blames(&app, answer.trace_id(), Some(FAPI2)).await;
    }

    /// Behaviours 181, 184 and 187.
    async fn message_signing_refuses_what_is_not_signed(app) {
        const PROFILE: &str = "fapi2-message-signing";
        let party = Party::of(&app, "signing", SecurityProfile::Fapi2MessageSigning).await;
        let request = Authorize::new(&party.rp, SCOPE);
        let plain = party.post(&app, PAR, &request.pushed()).await;
        refused(&app, plain, "invalid_request", "AS-1059", PROFILE).await;
        for request in [request.clone(), request.and("response_mode", "form_post")] {
            let object = party.key.sign(&request.claims(&app));
            let answer = party.post(&app, PAR, &[("request", &object)]).await;
            refused(&app, answer, "invalid_request", "AS-1033", PROFILE).await;
        }
    }

    /// Behaviour 192.
    async fn a_bad_request_object_of_a_ciba_client_is_an_invalid_request(app) {
        const PROFILE: &str = "fapi-ciba";
        let party = Party::of(&app, "ciba", SecurityProfile::FapiCiba).await;
        let request = Authorize::new(&party.rp, SCOPE).and("response_mode", "jwt");
        let mut claims = request.claims(&app);
        claims["exp"] = json!(app.now().seconds() + 3601);
        let answer = party.rp.post(PAR, &[("request", &party.key.sign(&claims))]).await;
        refused(&app, answer, "invalid_request", "AS-1055", PROFILE).await;
        let answer = party.rp.post(PAR, &[("request", "a.b.c")]).await;
        answer.refused("invalid_request", "AS-1049").await;
    }

    /// Behaviours 207 and 208.
    async fn fapi_1_wants_a_signed_request_a_signed_answer_and_a_certificate(app) {
        const PROFILE: &str = "fapi1-advanced";
        let party = Party::of(&app, "fapi1", SecurityProfile::Fapi1Advanced).await;
        let request = Authorize::new(&party.rp, SCOPE);
        let away = app.browser().authorize(&request).await.away();
        away.refused(&app, "invalid_request", "AS-1059").await;
        blames(&app, away.answer.trace_id(), Some(PROFILE)).await;
        let object = party.key.sign(&request.claims(&app));
        let answer = party.rp.post(PAR, &[("request", &object)]).await;
        refused(&app, answer, "invalid_request", "AS-1033", PROFILE).await;
        // Behaviour 209.
        app.change_client(&party.rp, |client| client.settings.require_pkce = false).await;
        let bare = request.and("response_mode", "jwt").without("code_challenge").without("code_challenge_method");
        let object = party.key.sign(&bare.claims(&app));
        let answer = party.rp.post(PAR, &[("request", &object)]).await;
        refused(&app, answer, "invalid_request", "AS-1307", PROFILE).await;
        let target = format!("/oauth2/authorize?client_id=fapi1&response_type=code&scope=openid&request={object}");
        app.browser().open(&target).await.page("/sign-in/");
        let service = ClientKey::generate(SigningAlgorithm::ES256);
        let spec = ClientSpec::machine("service").set(|settings| {
            *settings = SecurityProfile::Fapi1Advanced.apply(settings.clone());
            settings.jwks = Some(service.jwks());
        });
        let service = app.client(spec).await.with(Credentials::Key(service));
        refused(&app, service.machine_token().await, "invalid_request", "AS-1231", PROFILE).await;
    }

    async fn a_client_without_a_profile_is_nobodys_to_blame(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let bare = Authorize::new(&rp, SCOPE).without("code_challenge").without("code_challenge_method");
        let answer = rp.push(&bare).await;
        answer.refused("invalid_request", "AS-1301").await;
        blames(&app, answer.trace_id(), None).await;
        let mcp = ClientSpec::spa("mcp").set(|settings| *settings = SecurityProfile::Mcp.apply(settings.clone()));
        let rp = app.client(mcp).await;
        let bare = Authorize::new(&rp, SCOPE).without("code_challenge").without("code_challenge_method");
        refused(&app, rp.push(&bare).await, "invalid_request", "AS-1301", "mcp").await;
    }
}
