//! The algorithms of a profile, wherever something is signed that no setting of the client names: DPoP
//! proofs, and the access tokens of an API that has an algorithm of its own.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::{ConsentMode, ExchangeMode, SubjectMapping},
        jose::SigningAlgorithm,
        oauth::SecurityProfile,
    },
    store::trusted_issuer,
};

use super::{PAR, Party, SCOPE, TOKEN, blames, refused, spec};
use crate::{
    jwt_bearer,
    support::{Authorize, ClientKey, ClientSpec, Credentials, DpopKey, GrantSpec, Request, TestApp},
    token_exchange,
};

const API: &str = "https://api.example/v1";

/// A client of FAPI 2.0 that may ask for the API.
async fn reader(app: &TestApp) -> Party {
    let key = ClientKey::generate(SigningAlgorithm::ES256);
    let spec = spec("fapi2", SecurityProfile::Fapi2Security, key.jwks());
    let spec = spec.set(|settings| settings.scope.push("read".to_owned()));
    let rp = app.client(spec).await.with(Credentials::Key(key.clone()));
    Party { rp, key, dpop: DpopKey::new() }
}

async fn api(app: &TestApp, algorithm: SigningAlgorithm) {
    app.ensure_key(algorithm).await;
    app.api_with(API, &["read"], |settings| settings.access_token_signed_response_alg = Some(algorithm)).await;
}

fn asked(party: &Party) -> Authorize {
    Authorize::new(&party.rp, "openid read offline_access").and("resource", API)
}

both! {
    /// Behaviours 132, 165 and 169.
    async fn what_metadata_and_challenges_say_of_proofs_is_what_is_accepted(app) {
        let told = ["PS256", "ES256", "EdDSA"];
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            assert_eq!(app.document(path).await["dpop_signing_alg_values_supported"], json!(told), "{path}");
        }
        let challenge = app.send(Request::get("/oauth2/userinfo")).await;
        let challenge = challenge.response.header("www-authenticate").expect("a challenge").to_owned();
        assert!(challenge.contains("algs=\"PS256 ES256 EdDSA\""), "{challenge}");
        let rp = app.client(ClientSpec::machine("machine")).await;
        for algorithm in SigningAlgorithm::ALL {
            let key = DpopKey::of(algorithm);
            let request = rp.request(TOKEN, &[("grant_type", "client_credentials")]);
            let answer = rp.send(&request.header("DPoP", key.sign(&key.proof(&app, TOKEN)))).await;
            if told.contains(&algorithm.name()) {
                answer.ok_as("DPoP").await;
            } else {
                answer.refused("invalid_dpop_proof", "AS-1220").await;
            }
        }
    }

    async fn a_proof_of_another_algorithm_than_the_profiles_is_refused_everywhere(app) {
        const PROFILE: &str = "fapi1-advanced";
        let (fapi2, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let party = Party { dpop: DpopKey::of(SigningAlgorithm::EdDSA), ..fapi2 };
        let tokens = party.tokens(&app, &alice).await;
        app.send(party.dpop.userinfo(&app, &tokens.access_token)).await.json().await;
        // FAPI 1.0 knows ES256 and PS256 only.
        app.change_client(&party.rp, |client| {
            client.settings.security_profile = Some(SecurityProfile::Fapi1Advanced);
        })
        .await;
        app.clock.advance(60);
        let pushed = Authorize::new(&party.rp, SCOPE);
        let answer = party.post(&app, PAR, &pushed.pushed()).await;
        refused(&app, answer, "invalid_dpop_proof", "AS-1700", PROFILE).await;
        let answer = party.refresh(&app, tokens.refresh()).await;
        refused(&app, answer, "invalid_dpop_proof", "AS-1700", PROFILE).await;
        let answer = app.send(party.dpop.userinfo(&app, &tokens.access_token)).await;
        answer.challenged("invalid_dpop_proof", "AS-1700").await;
        blames(&app, answer.trace_id(), Some(PROFILE)).await;
    }

    async fn an_api_that_signs_otherwise_than_the_profile_is_not_for_its_clients(app) {
        api(&app, SigningAlgorithm::RS256).await;
        let (party, alice) = (reader(&app).await, app.person("alice").await);
        let answer = party.post(&app, PAR, &asked(&party).pushed()).await;
        refused(&app, answer, "invalid_target", "AS-1705", "fapi2-security").await;
        // Without a profile it is the API's own affair.
        let web = app.client(ClientSpec::web("web").set(|settings| settings.scope.push("read".to_owned()))).await;
        let request = Authorize::new(&web, "openid read").with("resource", API);
        let tokens = web.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        assert_eq!(app.verified(&tokens.access_token).await.0["alg"], "RS256");
    }

    async fn an_api_with_an_algorithm_of_the_profile_is_served_until_it_changes(app) {
        api(&app, SigningAlgorithm::EdDSA).await;
        let (party, alice) = (reader(&app).await, app.person("alice").await);
        let grant = party.grant(&app, &alice, &asked(&party)).await;
        let tokens = party.redeem(&app, &grant).await.ok_as("DPoP").await;
        assert_eq!(app.verified(&tokens.access_token).await.0["alg"], "EdDSA");
        app.delete_api(API).await;
        api(&app, SigningAlgorithm::RS256).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("resource", API)];
        let answer = party.post(&app, TOKEN, &fields).await;
        refused(&app, answer, "invalid_target", "AS-1705", "fapi2-security").await;
        let answer: Value = party.refresh(&app, tokens.refresh()).await.response.json();
        assert_eq!(answer["error"], "invalid_target", "nor is a token for nothing in particular handed out: {answer}");
    }

    async fn nor_is_such_an_api_reached_by_an_exchange(app) {
        let (party, alice) = (reader(&app).await, app.person("alice").await);
        app.change_client(&party.rp, |client| token_exchange::with_grant(&mut client.settings)).await;
        let web = app.client(ClientSpec::web("web").set(|settings| settings.scope.push("read".to_owned()))).await;
        token_exchange::allow(&app, &party.rp, &web, &[API], ExchangeMode::Delegation).await;
        let tokens = web.exchange(&app.grant(&alice, &web, GrantSpec::scope("email read")).await).await.ok().await;
        let fields = [
            ("grant_type", token_exchange::GRANT),
            ("subject_token", tokens.access_token.as_str()),
            ("subject_token_type", token_exchange::ACCESS),
        ];
        for algorithm in SigningAlgorithm::ALL {
            api(&app, algorithm).await;
            let answer = party.post(&app, TOKEN, &fields).await;
            if algorithm == SigningAlgorithm::RS256 {
                refused(&app, answer, "invalid_target", "AS-1705", "fapi2-security").await;
            } else {
                let given = answer.ok_as("DPoP").await.access_token;
                assert_eq!(app.verified(&given).await.0["alg"], algorithm.name());
            }
            app.delete_api(API).await;
        }
    }

    async fn another_issuers_assertion_is_signed_as_the_clients_profile_wants(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        app.change_client(&party.rp, |client| {
            jwt_bearer::with_grant(&mut client.settings);
            client.settings.consent = ConsentMode::Skip;
        })
        .await;
        let web = app.client(jwt_bearer::first_party("web")).await;
        for algorithm in SigningAlgorithm::ALL {
            app.write(|tx| trusted_issuer::delete(tx, jwt_bearer::IDP)).await;
            let clients = [&party.rp, &web];
            let idp = jwt_bearer::Idp::signing(algorithm, &app, SubjectMapping::Username, &clients).await;
            let assertion = idp.vouch(&app, &alice.username);
            let answer = party.post(&app, TOKEN, &[("grant_type", jwt_bearer::GRANT), ("assertion", &assertion)]).await;
            if algorithm == SigningAlgorithm::RS256 {
                refused(&app, answer, "invalid_grant", "AS-1700", "fapi2-security").await;
                // It is used up by nobody, and without a profile it is good.
                jwt_bearer::present(&web, &assertion, None).await.ok().await;
            } else {
                answer.ok_as("DPoP").await;
            }
        }
    }
}
