//! Grants, response types and modes, and how clients say who they are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use symbolon::domain::{
    entity::{AuthMethod, ConsentMode, ExchangeMode, SubjectMapping, TokenDeliveryMode},
    jose::SigningAlgorithm,
};

use super::Server;
use crate::{
    ciba, device, jwt_bearer,
    mtls::support::{key_of, told},
    support::{
        Authorize, ClientKey, ClientSpec, Credentials, GrantSpec, LogoutReceiver, RelyingParty, SECRET, unsigned,
    },
    token_exchange,
};

/// Uses the member, if it is one of these.
pub async fn put_to_use(s: &Server, member: &str) -> bool {
    match member {
        "grant_types_supported" => {
            for grant in s.list(member) {
                use_grant(s, &grant).await;
            }
            let rp = s.client(|_| {}).await;
            rp.token(&[("grant_type", "password")]).await.refused("unsupported_grant_type", "AS-1101").await;
            s.unregistrable(&[("grant_types", "password")]).await;
        }
        "response_types_supported" | "response_modes_supported" => {
            let (rp, mut browser) = (s.client(|_| {}).await, s.app.browser());
            let request = Authorize::new(&rp, "openid");
            for response_type in s.list("response_types_supported") {
                for mode in s.list("response_modes_supported") {
                    // What brings tokens never comes in a query.
                    if response_type == "code" || !mode.starts_with("query") {
                        let asked = request.clone().with("response_type", &response_type);
                        let away = browser.arrive(&s.alice, &asked.with("response_mode", &mode)).await;
                        came(s, &response_type, away.parameters()).await;
                    }
                }
            }
            let other = browser.authorize(&request.clone().with("response_type", "token")).await.away();
            other.refused(&s.app, "unsupported_response_type", "AS-1007").await;
            let other = browser.authorize(&request.with("response_mode", "web_message")).await.away();
            other.refused(&s.app, "invalid_request", "AS-1008").await;
            s.unregistrable(&[("response_types", "token")]).await;
        }
        "token_endpoint_auth_methods_supported"
        | "introspection_endpoint_auth_methods_supported"
        | "revocation_endpoint_auth_methods_supported" => {
            let endpoint = member.trim_end_matches("_auth_methods_supported");
            for method in s.list(member) {
                let rp = authenticating(s, &method).await;
                authenticated(s, endpoint, &rp, &method).await;
            }
            if !s.list(member).contains(&"none".to_owned()) {
                let nobody = s.app.client(ClientSpec::spa(&s.app.fresh("spa"))).await;
                let answer = nobody.post(s.path(endpoint), &[("token", "x")]).await;
                assert_eq!(answer.response.status, 401, "{}", answer.response);
            }
            s.unregistrable(&[("token_endpoint_auth_method", "client_secret_hmac")]).await;
        }
        "token_endpoint_auth_signing_alg_values_supported"
        | "introspection_endpoint_auth_signing_alg_values_supported"
        | "revocation_endpoint_auth_signing_alg_values_supported" => {
            let endpoint = member.trim_end_matches("_auth_signing_alg_values_supported");
            for name in s.list(member) {
                let rp = match name.parse::<SigningAlgorithm>() {
                    Ok(algorithm) => keyed(s, &ClientKey::generate(algorithm)).await,
                    Err(_) => authenticating(s, "client_secret_jwt").await,
                };
                authenticated(s, endpoint, &rp, &name).await;
            }
            let rp = keyed(s, &s.key).await.with(Credentials::Nothing);
            let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &rp.assertion().0));
            rp.token_with_assertion(&none).await.refused("invalid_client", "AS-1211").await;
            let signs =
                [("token_endpoint_auth_method", "private_key_jwt"), ("token_endpoint_auth_signing_alg", "none")];
            s.unregistrable(&signs).await;
        }
        "backchannel_token_delivery_modes_supported" => {
            for mode in s.list(member) {
                deliver(s, &mode).await;
            }
            let pushed = [("backchannel_token_delivery_mode", "push"), ("grant_types", ciba::GRANT)];
            s.unregistrable(&pushed).await;
        }
        _ => return false,
    }
    true
}

async fn use_grant(s: &Server, grant: &str) {
    let (app, rp) = (&s.app, s.client(|settings| settings.consent = ConsentMode::Skip).await);
    match grant {
        "authorization_code" => drop(s.tokens(&rp, "openid").await),
        "refresh_token" => {
            let tokens = s.tokens(&rp, "openid").await;
            rp.refresh(tokens.refresh()).await.ok().await;
        }
        "client_credentials" => drop(rp.machine_token().await.ok().await),
        "implicit" => {
            let request = Authorize::new(&rp, "openid").with("response_type", "id_token");
            let arrived = app.browser().arrive(&s.alice, &request).await.parameters();
            app.verified(&arrived["id_token"]).await;
        }
        device::GRANT => {
            let begun = device::begin(&rp, "openid").await;
            device::approve(app, &s.alice, &begun).await;
            device::poll(&rp, &begun).await.ok().await;
        }
        ciba::GRANT => {
            let begun = ciba::begin(&rp, &[]).await;
            ciba::answer(app, &s.alice, "approve-allow").await;
            ciba::poll(&rp, &begun).await.ok().await;
        }
        token_exchange::GRANT => {
            token_exchange::allow(app, &rp, &rp, &[token_exchange::API], ExchangeMode::Delegation).await;
            let tokens = s.tokens(&rp, "openid").await;
            let exchanged = token_exchange::exchange(&rp, &tokens.access_token, token_exchange::ACCESS, &[]).await;
            exchanged.ok().await;
        }
        jwt_bearer::GRANT => {
            let idp = jwt_bearer::Idp::trusted(app, SubjectMapping::Username, &[&rp]).await;
            jwt_bearer::present(&rp, &idp.vouch(app, "alice"), Some("openid")).await.ok().await;
        }
        other => panic!("no case uses the grant {other}"),
    }
}

/// What came back is what the words of the response type say.
async fn came(s: &Server, response_type: &str, parameters: BTreeMap<String, String>) {
    let answer = match parameters.get("response") {
        Some(signed) => s.app.verified(signed).await.1,
        None => json!(parameters),
    };
    for (word, member) in [("code", "code"), ("id_token", "id_token"), ("token", "access_token")] {
        let asked = response_type.split(' ').any(|asked| asked == word);
        assert_eq!(answer.get(member).is_some(), asked, "{response_type}: {answer}");
    }
}

async fn keyed(s: &Server, key: &ClientKey) -> RelyingParty {
    let jwks = key.jwks();
    let rp = s
        .client(|settings| {
            settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
            settings.jwks = Some(jwks);
        })
        .await;
    rp.with(Credentials::Key(key.clone()))
}

/// A client that authenticates in this way.
async fn authenticating(s: &Server, method: &str) -> RelyingParty {
    let known = AuthMethod::from_name(method).unwrap_or_else(|| panic!("no case uses {method}"));
    let rp = match known {
        AuthMethod::PrivateKeyJwt => return keyed(s, &s.key).await,
        AuthMethod::None => return s.app.client(ClientSpec::spa(&s.app.fresh("spa"))).await,
        AuthMethod::SelfSignedTlsClientAuth => {
            let jwks = json!({ "keys": [key_of("self.pem")] });
            s.client(|settings| {
                settings.token_endpoint_auth_method = known;
                settings.jwks = Some(jwks);
            })
            .await
        }
        _ => {
            s.client(|settings| {
                settings.token_endpoint_auth_method = known;
                settings.tls_client_auth_san_dns =
                    (known == AuthMethod::TlsClientAuth).then(|| "service.example".to_owned());
            })
            .await
        }
    };
    let credentials = match known {
        AuthMethod::ClientSecretBasic => Credentials::Basic(SECRET.to_owned()),
        AuthMethod::ClientSecretPost => Credentials::Post(SECRET.to_owned()),
        AuthMethod::ClientSecretJwt => Credentials::SecretJwt(SECRET.to_owned()),
        _ => Credentials::Public,
    };
    rp.with(credentials)
}

/// The endpoint does what it is there for, for a client that has authenticated so.
async fn authenticated(s: &Server, endpoint: &str, rp: &RelyingParty, how: &str) {
    let shown = match how {
        "tls_client_auth" => Some("client.pem"),
        "self_signed_tls_client_auth" => Some("self.pem"),
        _ => None,
    };
    let granted = s.app.grant(&s.alice, rp, GrantSpec::scope("openid")).await;
    let fields: Vec<(&str, &str)> = match (endpoint, how) {
        ("token_endpoint", "none") => vec![
            ("grant_type", "authorization_code"),
            ("code", &granted.code),
            ("redirect_uri", &granted.redirect_uri),
            ("code_verifier", granted.verifier.as_deref().expect("a verifier")),
        ],
        ("token_endpoint", _) => vec![("grant_type", "client_credentials")],
        _ => vec![("token", "x")],
    };
    let request = rp.request(s.path(endpoint), &fields);
    let answer = rp.send(&shown.map_or(request.clone(), |name| told(request, name))).await;
    assert_eq!(answer.response.status, 200, "{endpoint} {how}: {}", answer.explained().await);
}

async fn deliver(s: &Server, mode: &str) {
    let receiver = LogoutReceiver::start().await;
    let known = TokenDeliveryMode::ALL.into_iter().find(|known| known.name() == mode);
    let (known, uri) = (known.unwrap_or_else(|| panic!("no case uses {mode}")), receiver.uri.clone());
    let rp = s
        .client(|settings| {
            settings.backchannel_token_delivery_mode = Some(known);
            settings.backchannel_client_notification_endpoint = Some(uri);
        })
        .await;
    let pinged = known == TokenDeliveryMode::Ping;
    let token = ("client_notification_token", ciba::NOTIFICATION_TOKEN);
    let id = ciba::begin(&rp, if pinged { std::slice::from_ref(&token) } else { &[] }).await;
    ciba::answer(&s.app, &s.alice, "approve-allow").await;
    symbolon::service::delivery::deliver_due(&s.app.services).await.expect("delivered");
    let bodies: Vec<Value> =
        receiver.posted().iter().map(|posted| serde_json::from_str(&posted.body).expect("JSON")).collect();
    assert_eq!(bodies, if pinged { vec![json!({ "auth_req_id": id })] } else { Vec::new() }, "{mode}");
    ciba::poll(&rp, &id).await.ok().await;
}
