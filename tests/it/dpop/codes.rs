//! Codes that are bound to a key before they are issued (RFC 9449 §10 and §10.1).

use super::{redeem, refresh};
use symbolon::domain::{
    jose::{RequestObjectAlgorithm, SigningAlgorithm},
    oauth::ResponseType,
};

use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, DpopKey, Grant, RelyingParty, TestApp};

const PAR: &str = "/oauth2/par";

async fn bound_code(app: &TestApp, spec: ClientSpec, key: &DpopKey) -> (RelyingParty, Grant) {
    let (rp, alice) = (app.client(spec).await, app.person("alice").await);
    let request = Authorize::new(&rp, "openid").and("dpop_jkt", &key.thumbprint());
    let grant = app.browser().grant(&alice, &request).await;
    (rp, grant)
}

both! {
    /// Behaviour 167.
    async fn a_code_bound_by_its_request_is_redeemed_with_that_key_only(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (rp, grant) = bound_code(&app, ClientSpec::web("web"), &key).await;
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1227").await;
        redeem(&app, &rp, &grant, &other).await.refused("invalid_grant", "AS-1227").await;
        // It was not used up by them.
        let tokens = redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
        // A confidential client may change its key from then on.
        refresh(&app, &rp, tokens.refresh(), &other).await.ok_as("DPoP").await;
    }

    /// Behaviour 167.
    async fn a_proof_at_the_pushed_request_binds_the_code(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let pushed = rp.request(PAR, &request.pushed()).header("DPoP", key.sign(&key.proof(&app, PAR)));
        let target = rp.by_reference(&rp.send(&pushed).await.pushed().await);
        let grant = app.browser().grant_at(&target, &alice, &request).await;
        redeem(&app, &rp, &grant, &other).await.refused("invalid_grant", "AS-1227").await;
        redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
    }

    /// Behaviour 167.
    async fn thumbprint_and_proof_of_a_pushed_request_name_one_key(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let rp = app.client(ClientSpec::web("web")).await;
        let request = Authorize::new(&rp, "openid").and("dpop_jkt", &key.thumbprint());
        let push = |signer: &DpopKey| {
            rp.request(PAR, &request.pushed()).header("DPoP", signer.sign(&signer.proof(&app, PAR)))
        };
        rp.send(&push(&other)).await.refused("invalid_request", "AS-1230").await;
        rp.send(&push(&key)).await.pushed().await;
        rp.push(&Authorize::new(&rp, "openid").and("dpop_jkt", "x")).await.refused("invalid_request", "AS-1229").await;
        let wrong = rp.request(PAR, &request.pushed()).header("DPoP", key.sign(&key.proof(&app, "/oauth2/token")));
        rp.send(&wrong).await.refused("invalid_dpop_proof", "AS-1221").await;
    }

    /// Behaviours 167 and 186.
    async fn a_proof_binds_the_code_also_when_only_what_is_signed_counts(app) {
        let (key, other, signer) = (DpopKey::new(), DpopKey::new(), ClientKey::generate(SigningAlgorithm::PS256));
        let signing = ClientSpec::web("signing").keyed(&signer).set(|settings| {
            settings.require_signed_request_object = true;
            settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::PS256));
        });
        let rp = app.client(signing).await.with(Credentials::Key(signer.clone()));
        let (alice, request) = (app.person("alice").await, Authorize::new(&rp, "openid"));
        let object = |request: &Authorize| signer.sign(&request.claims(&app));
        let push = |object: &str, outside: &[(&str, &str)], proving: &DpopKey| {
            let fields: Vec<_> = [("request", object)].iter().chain(outside).copied().collect();
            rp.request(PAR, &fields).header("DPoP", proving.sign(&proving.proof(&app, PAR)))
        };
        // What is outside does not count, whatever it is.
        let outside = [("dpop_jkt", "x")];
        let reference = rp.send(&push(&object(&request), &outside, &key)).await.pushed().await;
        let grant = app.browser().grant_at(&rp.by_reference(&reference), &alice, &request).await;
        redeem(&app, &rp, &grant, &other).await.refused("invalid_grant", "AS-1227").await;
        redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;

        let named = request.and("dpop_jkt", &key.thumbprint());
        rp.send(&push(&object(&named), &[], &other)).await.refused("invalid_request", "AS-1230").await;
        rp.send(&push(&object(&named), &[], &key)).await.pushed().await;
        let lax = app.client(ClientSpec::web("lax").keyed(&signer)).await.with(Credentials::Key(signer.clone()));
        let named = Authorize::new(&lax, "openid").and("dpop_jkt", &key.thumbprint());
        let object = signer.sign(&named.claims(&app));
        let proof = other.sign(&other.proof(&app, PAR));
        let pushed = lax.request(PAR, &[("request", &object)]).header("DPoP", proof);
        lax.send(&pushed).await.refused("invalid_request", "AS-1230").await;
    }

    async fn no_key_is_named_for_an_access_token_that_comes_unbound_through_the_browser(app) {
        let key = DpopKey::new();
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        for response_type in ResponseType::ALL {
            let request = Authorize::new(&rp, "openid").with("response_type", response_type.name());
            let named = request.clone().and("dpop_jkt", &key.thumbprint());
            let away = app.browser().arrive(&alice, &named).await;
            let proving = rp.request(PAR, &request.pushed()).header("DPoP", key.sign(&key.proof(&app, PAR)));
            if response_type.has_access_token() {
                away.refused(&app, "invalid_request", "AS-1028").await;
                rp.push(&named).await.refused("invalid_request", "AS-1028").await;
                rp.send(&proving).await.refused("invalid_request", "AS-1028").await;
                // Without a key there is one, and nobody takes it for bound.
                let parameters = app.browser().arrive(&alice, &request).await.parameters();
                assert_eq!(parameters["token_type"], "Bearer", "{response_type:?}");
                continue;
            }
            assert!(!away.parameters().contains_key("access_token"), "{response_type:?}");
            if response_type.has_code() {
                let grant = away.grant(&named);
                rp.exchange(&grant).await.refused("invalid_grant", "AS-1227").await;
                redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
            }
            rp.push(&named).await.pushed().await;
            rp.send(&proving).await.pushed().await;
        }
    }

    async fn tokens_of_a_public_client_are_bound_with_its_code(app) {
        let key = DpopKey::new();
        let (rp, grant) = bound_code(&app, ClientSpec::spa("spa"), &key).await;
        let tokens = redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1227").await;
    }
}
