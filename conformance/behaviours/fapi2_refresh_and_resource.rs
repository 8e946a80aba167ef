//! 175 to 180: refreshing, the protected resource, details and claims, for clients of FAPI 2.0.

use serde_json::{Map, Value, json};

use super::{
    fapi2::{self, Fapi, TOKEN, USERINFO},
    id_claims, is_unguessable, list, metadata, parties, refused_with, signed_in,
};
use crate::support::{Authorize, ClientSpec, Credentials, DpopKey, Request};

const SCOPE: &str = "openid offline_access";

both! {
    async fn b175_a_refresh_needs_its_client_and_a_proof_of_any_key_of_it(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let alice = app.person("alice").await;
        let tokens = one.signed_in(&app, &alice, SCOPE).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
        for nobody in [Credentials::Nothing, Credentials::Public] {
            let request = one.rp.with(nobody).request(TOKEN, &fields);
            let request = request.header("DPoP", one.dpop.sign(&one.dpop.proof(&app, TOKEN)));
            refused_with(&one.rp.send(&request).await, &["invalid_client", "invalid_grant", "invalid_request"]);
        }
        let unproven = one.rp.refresh(tokens.refresh()).await;
        assert_eq!(unproven.response.status, 400, "{}", unproven.response);
        refused_with(&unproven, &["invalid_request", "invalid_grant", "invalid_dpop_proof"]);
        refused_with(&two.refresh(&app, tokens.refresh()).await, &["invalid_grant"]);
        let next = one.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
        one.userinfo(&app, &next.access_token).await.json().await;
        // A confidential client may change its key.
        let moved = Fapi { dpop: DpopKey::new(), ..one };
        let next = moved.refresh(&app, next.refresh()).await.ok_as("DPoP").await;
        assert_eq!(app.verified(&next.access_token).await.1["cnf"]["jkt"], moved.dpop.thumbprint());
        moved.userinfo(&app, &next.access_token).await.json().await;
    }

    async fn b176_the_refresh_token_of_a_lost_answer_works_half_a_minute_later(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let tokens = one.signed_in(&app, &alice, SCOPE).await;
        one.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
        app.clock.advance(30);
        let again = one.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
        one.userinfo(&app, &again.access_token).await.json().await;
        one.refresh(&app, again.refresh()).await.ok_as("DPoP").await;
    }

    async fn b177_a_refresh_is_answered_as_well_as_the_first_request(app) {
        assert!(list(&metadata(&app).await, "grant_types_supported").contains(&"refresh_token"));
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let first = one.signed_in(&app, &alice, SCOPE).await;
        app.clock.advance(1);
        let answer = one.refresh(&app, first.refresh()).await;
        assert_eq!(answer.response.header("cache-control"), Some("no-store"));
        let second = answer.ok_as("DPoP").await;
        assert!(is_unguessable(&second.access_token) && is_unguessable(second.refresh()));
        let (before, after) = (id_claims(&app, &first).await, id_claims(&app, &second).await);
        for same in ["iss", "sub", "aud", "azp", "auth_time"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        assert_ne!(before["iat"], after["iat"]);
        assert!(after.get("nonce").is_none_or(|nonce| *nonce == before["nonce"]), "{after}");
    }

    async fn b178_the_resource_tells_the_date_and_takes_a_token_in_the_header_alone(app) {
        let (rp, alice) = parties(&app).await;
        let token = signed_in(&app, &rp, &alice, "openid").await.access_token;
        for scheme in ["Bearer", "bEARER", "bearer"] {
            for accept in ["application/json", "*/*", "text/html;q=0.1, application/json;charset=utf-8", "image/png"] {
                let id = "93bac548-d2de-4546-b106-880a5018460d";
                let request = Request::get(USERINFO).header("Authorization", format!("{scheme} {token}"));
                let request = request.header("Accept", accept).header("x-fapi-interaction-id", id);
                let response = app.send(request).await.response;
                assert_eq!(response.status, 200, "{scheme} {accept}: {response}");
                assert_eq!(response.header("content-type"), Some("application/json"));
                let date = response.header("date").expect("a date");
                assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
                assert!(response.header("x-fapi-interaction-id").is_none_or(|told| told == id), "{response}");
            }
        }
        let response = app.send(Request::get(format!("{USERINFO}?access_token={token}"))).await.response;
        assert!([400, 401, 414].contains(&response.status), "{response}");
    }

    async fn b179_details_of_a_known_type_come_back_with_the_token(app) {
        app.details_type("payment", json!({ "type": "object" })).await;
        let one = fapi2::client_with(&app, "one", symbolon::domain::jose::SigningAlgorithm::ES256, |settings| {
            settings.authorization_details_types.push("payment".to_owned());
        })
        .await;
        let alice = app.person("alice").await;
        let details = json!([{ "type": "payment", "amount": "5.00" }]);
        let request = Authorize::new(&one.rp, "openid").with("authorization_details", &details.to_string());
        let grant = one.grant(&mut app.browser(), &alice, &request).await;
        assert_eq!(one.redeem(&app, &grant).await.json().await["authorization_details"], details);
        assert!(list(&metadata(&app).await, "authorization_details_types_supported").contains(&"payment"));
        let unknown = json!([{ "type": "unheard-of" }]).to_string();
        let request = Authorize::new(&one.rp, "openid").with("authorization_details", &unknown);
        refused_with(&one.rp.push(&request).await, &["invalid_authorization_details"]);
    }

    async fn b180_every_advertised_claim_can_be_asked_for_and_is_told(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let document = metadata(&app).await;
        let claims = list(&document, "claims_supported");
        let all: Map<String, Value> = claims.iter().map(|name| ((*name).to_owned(), json!({ "essential": true }))).collect();
        let mut everywhere = json!({ "id_token": all, "userinfo": all });
        everywhere["id_token"]["unheard_of"] = json!({ "essential": true });
        everywhere["userinfo"]["unheard_of"] = json!({ "essential": true });
        let request = Authorize::new(&rp, "openid profile email address phone").with("claims", &everywhere.to_string());
        let grant = app.browser().grant(&alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let id_token = id_claims(&app, &tokens).await;
        let told = rp.userinfo(&tokens.access_token).await.json().await;
        let missing: Vec<&&str> = claims.iter().filter(|name| id_token.get(**name).or(told.get(**name)).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for document in [&id_token, &told] {
            assert!(document.get("unheard_of").is_none(), "{document}");
        }
    }
}
