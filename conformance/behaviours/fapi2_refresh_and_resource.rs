//! 175 to 180: refreshing, the protected resource, details and claims, for clients of FAPI 2.0.

use serde_json::{Map, Value, json};
use symbolon::domain::jose::SigningAlgorithm;

use super::{
    fapi2::{self, Fapi, TOKEN, USERINFO},
    id_claims, is_unguessable, list, metadata, parties, refused_with, signed_in,
};
use crate::{
    conformance_seed::hooked,
    mtls::support::{behind_proxy, told},
    support::{Authorize, ClientSpec, Credentials, DpopKey, Request},
};

const SCOPE: &str = "openid offline_access";
/// The resource of a server that is made for a run.
const RESOURCE: &str = "/resource";
/// What is about the token, and not about the person (OIDC Core 2): UserInfo has none of it.
const OF_ID_TOKENS: [&str; 11] =
    ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash"];

both! {
    async fn b175_a_refresh_needs_its_client_and_a_proof_of_any_key_of_it(database: Database) {
        let app = behind_proxy(database).await;
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

        // Bound to a certificate, a refresh needs one.
        let third = fapi2::client_with(&app, "three", SigningAlgorithm::ES256, |settings| {
            settings.dpop_bound_access_tokens = false;
            settings.tls_client_certificate_bound_access_tokens = true;
        })
        .await;
        let grant = third.grant(&mut app.browser(), &alice, &Authorize::new(&third.rp, SCOPE)).await;
        let redemption = third.rp.request(TOKEN, &Fapi::redemption(&grant));
        let tokens = third.rp.send(&told(redemption, "client.pem")).await.ok().await;
        let bare = third.rp.refresh(tokens.refresh()).await;
        refused_with(&bare, &["invalid_request", "invalid_grant", "invalid_client"]);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
        let next = third.rp.send(&told(third.rp.request(TOKEN, &fields), "client.pem")).await.ok().await;
        let userinfo = || Request::get(USERINFO).header("Authorization", format!("Bearer {}", next.access_token));
        app.send(told(userinfo(), "client.pem")).await.json().await;
        assert_eq!(app.send(userinfo()).await.response.status, 401);
    }

    async fn b176_the_refresh_token_of_a_lost_answer_works_half_a_minute_later(app) {
        let alice = app.person("alice").await;
        // The profile keeps the token: there is no earlier one, and no window that could close.
        let kept = fapi2::client(&app, "kept").await;
        let tokens = kept.signed_in(&app, &alice, SCOPE).await;
        for seconds in [0, 0, 30, 30, 300] {
            app.clock.advance(seconds);
            let again = kept.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
            assert_eq!(again.refresh(), tokens.refresh(), "it is not rotated");
            kept.userinfo(&app, &again.access_token).await.json().await;
        }
        // Elsewhere it is rotated; the lost answer comes again, as often as it is asked for in its time.
        let plain = fapi2::client_with(&app, "plain", SigningAlgorithm::ES256, |settings| {
            settings.security_profile = None;
        })
        .await;
        let tokens = plain.signed_in(&app, &alice, SCOPE).await;
        let lost = plain.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
        assert_ne!(lost.refresh(), tokens.refresh(), "it is rotated");
        for seconds in [0, 30, 20] {
            app.clock.advance(seconds);
            let again = plain.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
            assert_eq!(again.refresh(), lost.refresh(), "one successor, and no other");
            plain.userinfo(&app, &again.access_token).await.json().await;
            // Nothing was taken for a theft.
            plain.userinfo(&app, &lost.access_token).await.json().await;
        }
        let next = plain.refresh(&app, lost.refresh()).await.ok_as("DPoP").await;
        plain.refresh(&app, next.refresh()).await.ok_as("DPoP").await;
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
        assert_ne!(first.access_token, second.access_token);
        let (before, after) = (id_claims(&app, &first).await, id_claims(&app, &second).await);
        for same in ["iss", "sub", "aud", "azp", "auth_time"] {
            assert!(before.get(same).is_some_and(|value| !value.is_null()), "{same}: {before}");
            assert_eq!(before[same], after[same], "{same}");
        }
        for told in [&before, &after] {
            assert!(told["iat"].is_i64() && told["exp"].as_i64() > told["iat"].as_i64(), "{told}");
        }
        assert_ne!(before["iat"], after["iat"]);
        assert!(after.get("nonce").is_none_or(|nonce| *nonce == before["nonce"]), "{after}");
        // Plain OAuth: none comes, first or later.
        let plain = one.signed_in(&app, &alice, "profile offline_access").await;
        let again = one.refresh(&app, plain.refresh()).await.ok_as("DPoP").await;
        assert!(plain.id_token.is_none() && again.id_token.is_none());
    }

    async fn b178_the_resource_tells_the_date_and_takes_a_token_in_the_header_alone(database: Database) {
        let app = hooked(database).await;
        let (rp, alice) = parties(&app).await;
        let token = signed_in(&app, &rp, &alice, "openid").await.access_token;
        let odd = "text/html;q=0.1, application/json;charset=utf-8";
        for resource in [USERINFO, RESOURCE] {
            for scheme in ["Bearer", "bEARER", "bearer"] {
                for (accept, id) in [
                    ("application/json", "93bac548-d2de-4546-b106-880a5018460d"),
                    ("*/*", "no-uuid_but~unchanged!"),
                    (odd, "93BAC548-D2DE-4546-B106-880A5018460D"),
                    ("image/png", "1"),
                ] {
                    let request = Request::get(resource).header("Authorization", format!("{scheme} {token}"));
                    let request = request.header("Accept", accept).header("x-fapi-interaction-id", id);
                    let response = app.send(request).await.response;
                    assert_eq!(response.status, 200, "{scheme} {accept}: {response}");
                    assert_eq!(response.header("content-type"), Some("application/json"));
                    let date = response.header("date").expect("a date");
                    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
                    let told = response.header("x-fapi-interaction-id");
                    assert!(told.is_none_or(|told| told == id), "{response}");
                    assert_eq!(told.is_some(), resource == RESOURCE, "{response}");
                }
            }
            let response = app.send(Request::get(format!("{resource}?access_token={token}"))).await.response;
            assert!([400, 401, 414].contains(&response.status), "{response}");
        }
    }

    async fn b179_details_of_a_known_type_come_back_with_the_token(app) {
        app.details_type("payment", json!({ "type": "object" })).await;
        let one = fapi2::client_with(&app, "one", SigningAlgorithm::ES256, |settings| {
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
        let of_people: Vec<&str> = claims.iter().filter(|name| !OF_ID_TOKENS.contains(name)).copied().collect();
        assert!(of_people.len() > 15, "{of_people:?}");
        let mut all: Map<String, Value> =
            claims.iter().map(|name| ((*name).to_owned(), json!({ "essential": true }))).collect();
        all.insert("unheard_of".to_owned(), json!({ "essential": true }));
        let other: Map<String, Value> = [("unheard_of".to_owned(), json!({ "essential": true }))].into_iter().collect();
        // The scope asks for nothing: a claim is told where the parameter asks for it.
        for (in_id_token, in_userinfo) in [(&all, &all), (&all, &other), (&other, &all)] {
            let asked = json!({ "id_token": in_id_token, "userinfo": in_userinfo }).to_string();
            let request = Authorize::new(&rp, "openid").with("claims", &asked);
            let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
            let id_token = id_claims(&app, &tokens).await;
            let told = rp.userinfo(&tokens.access_token).await.json().await;
            for (name, asked, document, told_there) in
                [("id_token", in_id_token, &id_token, &claims), ("userinfo", in_userinfo, &told, &of_people)]
            {
                let missing: Vec<&&str> = told_there
                    .iter()
                    .filter(|claim| asked.contains_key(**claim))
                    .filter(|claim| document.get(**claim).is_none_or(Value::is_null))
                    .collect();
                assert!(missing.is_empty(), "{name}: {missing:?}");
                assert!(document.get("unheard_of").is_none(), "{document}");
                let unasked = of_people.iter().filter(|claim| **claim != "sub" && !asked.contains_key(**claim));
                let told: Vec<&&str> = unasked.filter(|claim| document.get(**claim).is_some()).collect();
                assert!(told.is_empty(), "{name}: {told:?}");
            }
        }
    }
}
