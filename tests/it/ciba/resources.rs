//! What a client asks for over the back channel beside scopes: APIs (RFC 8707) and details (RFC 9396 §3),
//! by the same rules as an app with a browser.

use serde_json::json;
use symbolon::domain::{entity::Owner, jose::SigningAlgorithm};

use super::{ENDPOINT, GRANT, answer, ask, card, poll, signed_in, till};
use crate::{
    authorization_details::{payment, text},
    device::resources::{DETAILS, INVOICES, LEDGER, refusals, registry, shows_all, wider, with_rights},
    support::{Answer, ClientKey, Credentials, RelyingParty},
};

const SCOPE: &str = "openid invoices.read offline_access";

async fn begin(rp: &RelyingParty) -> String {
    let details = text(&[payment(5)]);
    super::begin(rp, &[("scope", SCOPE), ("resource", INVOICES), ("authorization_details", &details)]).await
}

async fn redeem(rp: &RelyingParty, auth_req_id: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", GRANT), ("auth_req_id", auth_req_id)];
    fields.extend(more);
    rp.token(&fields).await
}

both! {
    async fn what_is_not_registered_or_not_allowed_is_refused_before_anybody_is_asked(app) {
        let alice = registry(&app).await;
        let rp = app.client(till().set(with_rights)).await;
        for ((name, value), error, reason) in refusals() {
            ask(&rp, &[(name, value.as_str())]).await.refused(error, reason).await;
        }
        ask(&rp, &[("resource", INVOICES), ("resource", LEDGER)]).await.refused("invalid_target", "AS-1071").await;
        let mut browser = signed_in(&app, &alice).await;
        assert!(!browser.open("/requests").await.page("/requests").has("request-1"), "nothing waits");
    }

    async fn a_token_request_asks_for_no_more_than_the_page_showed(app) {
        let alice = registry(&app).await;
        let rp = app.client(till().set(with_rights)).await;
        let id = begin(&rp).await;
        answer(&app, &alice, "approve-allow").await;
        for ((name, value), error, reason) in wider() {
            redeem(&rp, &id, &[(name, value.as_str())]).await.refused(error, reason).await;
        }
        poll(&rp, &id).await.ok().await;
    }

    async fn what_was_denied_gives_nothing_of_it(app) {
        let alice = registry(&app).await;
        let rp = app.client(till().set(with_rights)).await;
        let id = begin(&rp).await;
        answer(&app, &alice, "approve-deny").await;
        redeem(&rp, &id, &[("resource", INVOICES)]).await.refused("access_denied", "AS-1020").await;
    }

    async fn a_right_that_is_lost_meanwhile_is_not_granted(app) {
        let alice = registry(&app).await;
        let rp = app.client(till().set(with_rights)).await;
        let id = begin(&rp).await;
        let mut browser = signed_in(&app, &alice).await;
        let page = card(&mut browser).await;
        app.delete_api(INVOICES).await;
        let stopped = browser.press(&page, "approve-allow", &[]).await.page("/approve/");
        stopped.answer.refused_page(400, "AS-1016").await;
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn the_page_shows_apis_and_details_and_the_tokens_are_bound_to_them(app) {
        let alice = registry(&app).await;
        let rp = app.client(till().set(with_rights)).await;
        let id = begin(&rp).await;
        let mut browser = signed_in(&app, &alice).await;
        let page = card(&mut browser).await;
        shows_all(&page);
        browser.press(&page, "approve-allow", &[]).await.page("/answered/allowed");
        let tokens = poll(&rp, &id).await.ok().await;
        let told = rp.introspect(&tokens.access_token).await.json().await;
        assert_eq!(told["aud"], json!([INVOICES, app.issuer()]));
        assert_eq!(told["authorization_details"], json!([payment(5)]));
        let narrower = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("scope", "invoices.read")];
        let narrower = rp.token(&narrower).await.ok().await;
        assert_eq!(app.verified(&narrower.access_token).await.1["aud"], INVOICES);
    }

    async fn a_signed_request_carries_them_as_json_and_nothing_stands_beside_it(app) {
        let (alice, key) = (registry(&app).await, ClientKey::generate(SigningAlgorithm::ES256));
        let spec = till().keyed(&key).set(with_rights).set(|settings| {
            settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
        });
        let rp = app.client(spec).await.with(Credentials::Key(key.clone()));
        let now = app.now().seconds();
        let object = |jti: &str, details: serde_json::Value| {
            key.sign(&json!({
                "iss": rp.client_id.as_str(), "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300, "jti": jti,
                "scope": SCOPE, "login_hint": "alice", "resource": [INVOICES], "authorization_details": details,
            }))
        };
        let unknown = object("a", json!([{"type": "unheard_of"}]));
        rp.post(ENDPOINT, &[("request", &unknown)]).await.refused(DETAILS, "AS-1081").await;
        let good = object("b", json!([payment(5)]));
        let beside = [("request", good.as_str()), ("resource", INVOICES)];
        rp.post(ENDPOINT, &beside).await.refused("invalid_request", "AS-1199").await;
        let body = rp.post(ENDPOINT, &[("request", &good)]).await.json().await;
        let page = card(&mut signed_in(&app, &alice).await).await;
        shows_all(&page);
        assert!(body["auth_req_id"].is_string(), "{body}");
    }

    async fn who_was_not_checked_by_anybody_is_called_unverified(app) {
        let alice = registry(&app).await;
        let rp = app.client(till().owned(Owner::Dcr)).await;
        crate::ciba::begin(&rp, &[]).await;
        let page = card(&mut signed_in(&app, &alice).await).await;
        assert!(page.answer.response.text().contains("Unverified app"));
    }
}
