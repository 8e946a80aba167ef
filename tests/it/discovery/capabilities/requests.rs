//! What an authorization request may ask for, and what is told for it.

use serde_json::{Value, json};
use symbolon::domain::{entity::SubjectType, jose::RequestObjectAlgorithm};

use super::{API_SCOPE, DETAILS, Server};
use crate::support::{
    Authorize, Credentials, GrantSpec, JwksServer, PASSWORD, RelyingParty, Request, form_encode, unsigned,
};

/// Uses the member, if it is one of these.
pub async fn put_to_use(s: &Server, member: &str) -> bool {
    let app = &s.app;
    let rp = s.client(|_| {}).await;
    let request = Authorize::new(&rp, "openid");
    match member {
        "scopes_supported" => {
            for scope in s.list(member) {
                let asked = if scope == "openid" { scope.clone() } else { format!("openid {scope}") };
                let request = Authorize::new(&rp, &asked);
                let tokens = rp.exchange(&app.browser().grant(&s.alice, &request).await).await.ok().await;
                let granted = tokens.scope.unwrap_or_default();
                assert!(granted.split(' ').any(|one| one == scope), "{scope}: {granted}");
            }
            refused(s, &request.with("scope", "openid nonsense"), "invalid_scope", "AS-1010").await;
        }
        "claims_supported" => claims(s, &rp, member).await,
        "claims_parameter_supported" => {
            assert_eq!(s.document[member], true);
            let told = asked_for(s, &rp, &json!({ "userinfo": { "nickname": null } })).await;
            assert_eq!(told["nickname"], "alice");
            refused(s, &request.with("claims", "[]"), "invalid_request", "AS-1026").await;
        }
        "claim_types_supported" => {
            assert_eq!(s.list(member), ["normal"]);
            let told = asked_for(s, &rp, &json!({ "userinfo": { "name": null } })).await;
            for other in ["_claim_names", "_claim_sources"] {
                assert!(told.get(other).is_none(), "{told}");
            }
        }
        "code_challenge_methods_supported" => {
            for method in s.list(member) {
                let granted =
                    app.browser().grant(&s.alice, &request.clone().with("code_challenge_method", &method)).await;
                rp.exchange(&granted).await.ok().await;
            }
            refused(s, &request.with("code_challenge_method", "plain"), "invalid_request", "AS-1302").await;
        }
        "prompt_values_supported" => {
            for prompt in s.list(member) {
                prompted(s, &rp, &prompt).await;
            }
            refused(s, &request.with("prompt", "nonsense"), "invalid_request", "AS-1011").await;
        }
        "display_values_supported" | "ui_locales_supported" => {
            let name = member.trim_end_matches("_values_supported").trim_end_matches("_supported");
            // A wish, not a demand: what is not listed is shown in another way.
            for wish in s.list(member).iter().map(String::as_str).chain(["x-nonsense"]) {
                let page = app.browser().authorize(&request.clone().with(name, wish)).await.page("/sign-in/");
                assert_eq!(page.answer.response.status, 200, "{wish}");
                assert!(page.answer.response.text().contains("<html lang=\"en\""), "{wish}: {}", page.answer.response);
            }
        }
        "acr_values_supported" => {
            let demand = |acr: &str| json!({ "id_token": { "acr": { "essential": true, "value": acr } } }).to_string();
            for acr in s.list(member) {
                for request in [request.clone().with("claims", &demand(&acr)), request.clone().with("acr_values", &acr)]
                {
                    let tokens = rp.exchange(&app.browser().grant(&s.alice, &request).await).await.ok().await;
                    assert_eq!(app.verified(tokens.id()).await.1["acr"], acr, "what was asked for is reached");
                }
            }
            let nonsense = request.with("claims", &demand("nonsense"));
            refused(s, &nonsense, "unmet_authentication_requirements", "AS-1034").await;
        }
        "subject_types_supported" => {
            for name in s.list(member) {
                let kind = SubjectType::ALL.into_iter().find(|kind| kind.name() == name);
                let kind = kind.unwrap_or_else(|| panic!("no case uses {name}"));
                let rp = s.client(|settings| settings.subject_type = kind).await;
                let subject = app.verified(s.tokens(&rp, "openid").await.id()).await.1["sub"].clone();
                assert_eq!(subject == s.alice.id.as_str(), kind == SubjectType::Public, "{name}");
            }
            s.unregistrable(&[("subject_type", "ephemeral")]).await;
        }
        "protected_resources" => {
            for resource in s.list(member) {
                let request = Authorize::new(&rp, API_SCOPE).with("resource", &resource);
                let tokens = rp.exchange(&app.browser().grant(&s.alice, &request).await).await.ok().await;
                assert_eq!(app.verified(&tokens.access_token).await.1["aud"], resource);
            }
            refused(s, &request.with("resource", "https://nobody.example"), "invalid_target", "AS-1016").await;
        }
        "authorization_details_types_supported" => {
            let asking =
                |kind: &str| request.clone().with("authorization_details", &json!([{ "type": kind }]).to_string());
            for kind in s.list(member) {
                assert_eq!(kind, DETAILS);
                let answer = rp.exchange(&app.browser().grant(&s.alice, &asking(&kind)).await).await;
                assert_eq!(answer.json().await["authorization_details"], json!([{ "type": kind }]));
            }
            refused(s, &asking("nonsense"), "invalid_authorization_details", "AS-1081").await;
        }
        "authorization_response_iss_parameter_supported" => {
            assert_eq!(s.document[member], true);
            let arrived = app.browser().arrive(&s.alice, &request).await.parameters();
            assert_eq!(arrived["iss"], app.issuer());
        }
        "request_parameter_supported" | "request_uri_parameter_supported" | "require_request_uri_registration" => {
            assert_eq!(s.document[member], true);
            objects(s).await;
        }
        "client_id_metadata_document_supported" => {
            assert_eq!(s.document[member], true);
            documents(s).await;
        }
        _ => return false,
    }
    true
}

/// The app hears that it may not ask for this.
async fn refused(s: &Server, request: &Authorize, error: &str, reason: &str) {
    s.app.browser().authorize(request).await.away().refused(&s.app, error, reason).await;
}

/// What UserInfo tells for this claims parameter.
async fn asked_for(s: &Server, rp: &RelyingParty, claims: &Value) -> Value {
    let spec = GrantSpec::scope("openid").claims(&claims.to_string());
    let tokens = rp.exchange(&s.app.grant(&s.alice, rp, spec).await).await.ok().await;
    rp.userinfo(&tokens.access_token).await.json().await
}

/// Each claim is told to whoever asks for all that there is.
async fn claims(s: &Server, rp: &RelyingParty, member: &str) {
    let scopes: Vec<String> = s.list("scopes_supported").into_iter().filter(|scope| scope != API_SCOPE).collect();
    let spec = GrantSpec::scope(&scopes.join(" ")).nonce("n");
    let tokens = rp.exchange(&s.app.grant(&s.alice, rp, spec).await).await.ok().await;
    let (_, id_token) = s.app.verified(tokens.id()).await;
    let userinfo = rp.userinfo(&tokens.access_token).await.json().await;
    for claim in s.list(member) {
        assert!(id_token.get(&claim).or(userinfo.get(&claim)).is_some(), "{claim}: {id_token} {userinfo}");
    }
    let told = asked_for(s, rp, &json!({ "userinfo": { "shoe_size": { "essential": true } } })).await;
    assert!(told.get("shoe_size").is_none(), "{told}");
}

/// What a person who is signed in, and has agreed before, is shown for this prompt.
async fn prompted(s: &Server, rp: &RelyingParty, prompt: &str) {
    let mut browser = s.app.browser();
    browser.grant(&s.alice, &Authorize::new(rp, "openid")).await;
    let stop = browser.authorize(&Authorize::new(rp, "openid").with("prompt", prompt)).await;
    match prompt {
        "none" => assert!(stop.away().parameters().contains_key("code")),
        "login" => {
            let page = stop.page("/sign-in/");
            browser.sign_in(&page, &s.alice.username, PASSWORD).await.away();
        }
        "consent" => drop(stop.page("/consent/")),
        "select_account" => drop(stop.page("/accounts/")),
        "create" => drop(stop.page("/sign-up/")),
        other => panic!("no case uses the prompt {other}"),
    }
}

/// A request object by value, by a registered reference, and by another one.
async fn objects(s: &Server) {
    let server = JwksServer::start(&Value::Null).await;
    let uri = server.uri.clone();
    let rp = s
        .client(|settings| {
            settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Unsigned);
            settings.request_uris = vec![uri];
        })
        .await;
    let (now, id) = (s.app.now().seconds(), rp.client_id.as_str());
    let mut claims = json!({ "iss": id, "aud": s.app.issuer(), "exp": now + 300 });
    for (name, value) in Authorize::new(&rp, "openid").pushed() {
        claims[name] = value.into();
    }
    let object = format!("{}.", unsigned(&json!({ "alg": "none" }), &claims));
    server.answer(200, &object);
    let outside =
        [("client_id", id), ("response_type", "code"), ("scope", "openid"), ("redirect_uri", &rp.redirect_uri)];
    let target = |carried: (&str, &str)| {
        let fields: Vec<(&str, &str)> = outside.iter().copied().chain([carried]).collect();
        format!("/oauth2/authorize?{}", form_encode(&fields))
    };
    for carried in [("request", object.as_str()), ("request_uri", server.uri.as_str())] {
        s.app.browser().open(&target(carried)).await.page("/sign-in/");
    }
    let asked = server.asked();
    let other = format!("{}/other", server.uri);
    let away = s.app.browser().open(&target(("request_uri", &other))).await.away();
    away.refused(&s.app, "invalid_request_uri", "AS-1046").await;
    assert_eq!(server.asked(), asked, "what is not registered is not fetched");
}

/// An app that publishes itself, and one that does not.
async fn documents(s: &Server) {
    let server = JwksServer::start(&Value::Null).await;
    let id = server.uri.replace("/jwks.json", "/client.json");
    let document = json!({
        "client_id": id, "client_name": "Agent", "redirect_uris": ["https://agent.example/callback"],
        "token_endpoint_auth_method": "none",
    });
    server.answer(200, &document.to_string());
    let rp = RelyingParty::known(&s.app, &id, "https://agent.example/callback", Credentials::Public);
    s.app.browser().authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
    server.answer(404, "{}");
    let rp = RelyingParty::known(&s.app, &id.replace("client", "other"), &rp.redirect_uri, Credentials::Public);
    let answer = s.app.send(Request::get(Authorize::new(&rp, "openid").target())).await;
    answer.refused_page(400, "AS-1442").await;
}
