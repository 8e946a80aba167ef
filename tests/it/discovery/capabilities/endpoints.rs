//! The addresses, and what is said of them.

use serde_json::json;
use symbolon::{
    domain::entity::{AuthMethod, ClientSettings},
    service::delivery::deliver_due,
};

use super::Server;
use crate::{
    ciba, device,
    mtls::support::{ALIAS, told},
    support::{Authorize, GrantSpec, LogoutReceiver, Request, Stop, form_encode},
};

const BACK: &str = "https://suite.example/back";

/// Uses the member, if it is one of these.
pub async fn put_to_use(s: &Server, member: &str) -> bool {
    let app = &s.app;
    match member {
        "issuer" => {
            assert_eq!(s.document["issuer"], app.issuer());
            let rp = s.client(|_| {}).await;
            assert_eq!(app.verified(s.tokens(&rp, "openid").await.id()).await.1["iss"], app.issuer());
        }
        "jwks_uri" => {
            assert!(app.document(s.path(member)).await["keys"].as_array().is_some_and(|keys| !keys.is_empty()));
        }
        "authorization_endpoint" => {
            let rp = s.client(|_| {}).await;
            let target = format!("{}?{}", s.path(member), Authorize::new(&rp, "openid").encoded());
            app.browser().open(&target).await.page("/sign-in/");
        }
        "token_endpoint" => {
            let rp = s.client(|_| {}).await;
            rp.post(s.path(member), &[("grant_type", "client_credentials")]).await.ok().await;
        }
        "userinfo_endpoint" => {
            let rp = s.client(|_| {}).await;
            let tokens = s.tokens(&rp, "openid").await;
            let bearer = format!("Bearer {}", tokens.access_token);
            let answer = app.send(Request::get(s.path(member)).header("Authorization", bearer)).await;
            assert_eq!(answer.json().await["sub"], s.alice.id.as_str());
        }
        "introspection_endpoint" | "revocation_endpoint" => {
            let rp = s.client(|_| {}).await;
            let tokens = s.tokens(&rp, "openid").await;
            let fields = [("token", tokens.access_token.as_str())];
            let answer = rp.post(s.path(member), &fields).await;
            match member {
                "introspection_endpoint" => assert!(answer.active().await),
                _ => {
                    answer.accepted().await;
                    assert!(!rp.introspect(&tokens.access_token).await.active().await);
                }
            }
        }
        "pushed_authorization_request_endpoint" => {
            let rp = s.client(|_| {}).await;
            let request = Authorize::new(&rp, "openid");
            let reference = rp.post(s.path(member), &request.pushed()).await.pushed().await;
            app.browser().open(&rp.by_reference(&reference)).await.page("/sign-in/");
        }
        "require_pushed_authorization_requests" => {
            assert_eq!(s.document[member], false);
            let (open, pushing) = (
                s.client(|_| {}).await,
                s.client(|settings| settings.require_pushed_authorization_requests = true).await,
            );
            app.browser().authorize(&Authorize::new(&open, "openid")).await.page("/sign-in/");
            let refused = app.browser().authorize(&Authorize::new(&pushing, "openid")).await.away();
            refused.refused(app, "invalid_request", "AS-1045").await;
        }
        "device_authorization_endpoint" => {
            let rp = s.client(|_| {}).await;
            let body = rp.post(s.path(member), &[("scope", "openid")]).await.json().await;
            let page = device::type_code(&mut app.browser(), body["user_code"].as_str().expect("a code")).await;
            assert!(page.path.starts_with("/sign-in/"), "{}", page.path);
        }
        "backchannel_authentication_endpoint" => {
            let rp = s.client(|_| {}).await;
            rp.post(s.path(member), &ciba::fields(&[])).await.json().await;
        }
        "backchannel_user_code_parameter_supported" => {
            assert_eq!(s.document[member], false);
            let rp = s.client(|_| {}).await;
            let answer = ciba::ask(&rp, &[("user_code", "1234")]).await;
            answer.refused("invalid_request", "AS-1195").await;
        }
        "registration_endpoint" => {
            let sent = json!({ "redirect_uris": ["https://suite.example/callback"] });
            let request = Request::new("POST", s.path(member)).header("Content-Type", "application/json");
            let registered = app.send(request.body(sent.to_string())).await.registered().await;
            app.manage("DELETE", &registered, None).await;
            let gone = app.manage("GET", &registered, None).await;
            assert_eq!(gone.response.status, 401, "{}", gone.response);
        }
        "end_session_endpoint" => {
            signed_out(s, |_| {}).await.away();
        }
        "check_session_iframe" => {
            let page = app.get(s.path(member)).await;
            assert!(page.status == 200 && page.text().contains("<script"), "{page}");
        }
        "service_documentation" => {
            app.browser().open(s.path(member)).await.page("/docs");
        }
        "backchannel_logout_supported" | "backchannel_logout_session_supported" => {
            assert_eq!(s.document[member], true);
            let receiver = LogoutReceiver::start().await;
            let uri = receiver.uri.clone();
            signed_out(s, move |settings| {
                settings.backchannel_logout_uri = Some(uri);
                settings.backchannel_logout_session_required = true;
            })
            .await
            .away();
            deliver_due(&app.services).await.expect("delivered");
            let (_, claims) = app.verified(&receiver.posted()[0].logout_token()).await;
            assert!(claims["sid"].is_string() && claims["events"].is_object(), "{claims}");
        }
        "frontchannel_logout_supported" | "frontchannel_logout_session_supported" => {
            assert_eq!(s.document[member], true);
            let stop = signed_out(s, |settings| {
                settings.frontchannel_logout_uri = Some("https://suite.example/out".to_owned());
                settings.frontchannel_logout_session_required = true;
            })
            .await;
            let page = stop.page("/oauth2/logout");
            let text = page.answer.response.text();
            assert!(text.contains("src=\"https://suite.example/out?iss=") && text.contains("&amp;sid="), "{text}");
        }
        "mtls_endpoint_aliases" => {
            let aliases = s.document[member].as_object().expect("an object");
            for (name, address) in aliases {
                let path = address.as_str().and_then(|text| text.strip_prefix(ALIAS)).expect("below the other name");
                assert_eq!(path, s.path(name), "{name}: the same place by another name");
                certified(s, name, path).await;
            }
        }
        "tls_client_certificate_bound_access_tokens" => {
            assert_eq!(s.document[member], true);
            let rp = s.client(|settings| settings.tls_client_certificate_bound_access_tokens = true).await;
            let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
            let tokens = rp.send(&told(request.clone(), "client.pem")).await.ok().await;
            assert!(app.verified(&tokens.access_token).await.1["cnf"]["x5t#S256"].is_string());
            rp.send(&request).await.refused("invalid_request", "AS-1231").await;
        }
        _ => return false,
    }
    true
}

/// Alice signs in to an app with these settings, and leaves at its wish.
async fn signed_out(s: &Server, change: impl FnOnce(&mut ClientSettings)) -> Stop {
    let rp = s
        .client(|settings| {
            settings.post_logout_redirect_uris = vec![BACK.to_owned()];
            change(settings);
        })
        .await;
    let mut browser = s.app.browser();
    let tokens = rp.exchange(&browser.grant(&s.alice, &Authorize::new(&rp, "openid")).await).await.ok().await;
    let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
    browser.open(&format!("{}?{}", s.path("end_session_endpoint"), form_encode(&fields))).await
}

/// What a client gets that shows its certificate there; without one it is nobody.
async fn certified(s: &Server, name: &str, path: &str) {
    let by_name = |settings: &mut ClientSettings| {
        settings.token_endpoint_auth_method = AuthMethod::TlsClientAuth;
        settings.tls_client_auth_san_dns = Some("service.example".to_owned());
    };
    let rp = s.client(by_name).await;
    let request = Authorize::new(&rp, "openid");
    let pushed = request.pushed();
    let fields: &[(&str, &str)] = match name {
        "token_endpoint" => &[("grant_type", "client_credentials")],
        "introspection_endpoint" | "revocation_endpoint" => &[("token", "x")],
        "pushed_authorization_request_endpoint" => &pushed,
        "device_authorization_endpoint" => &[("scope", "openid")],
        "backchannel_authentication_endpoint" => &[("scope", "openid"), ("login_hint", "alice")],
        "userinfo_endpoint" => return bound(s, path).await,
        "registration_endpoint" => return registered(s, path).await,
        other => panic!("no case uses the alias of {other}"),
    };
    let sent = rp.request(path, fields);
    let answer = rp.send(&told(sent.clone(), "client.pem")).await;
    assert!(matches!(answer.response.status, 200 | 201), "{name}: {}", answer.explained().await);
    rp.send(&sent).await.refused("invalid_client", "AS-1231").await;
}

/// A token that is bound to a certificate, used there with it, with another one, and with none.
async fn bound(s: &Server, path: &str) {
    let rp = s.client(|settings| settings.tls_client_certificate_bound_access_tokens = true).await;
    let granted = s.app.grant(&s.alice, &rp, GrantSpec::scope("openid")).await;
    let redeemed = rp.request(
        "/oauth2/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", &granted.code),
            ("redirect_uri", &granted.redirect_uri),
            ("code_verifier", granted.verifier.as_deref().expect("a verifier")),
        ],
    );
    let tokens = rp.send(&told(redeemed, "client.pem")).await.ok().await;
    let asked = Request::get(path).header("Authorization", format!("Bearer {}", tokens.access_token));
    let answer = rp.send(&told(asked.clone(), "client.pem")).await;
    assert_eq!(answer.json().await["sub"], s.alice.id.as_str());
    for refused in [asked.clone(), told(asked, "other.pem")] {
        rp.send(&refused).await.refused("invalid_token", "AS-1228").await;
    }
}

/// A client that registers itself there by its certificate, which is who it is from then on.
async fn registered(s: &Server, path: &str) {
    let sent = json!({
        "grant_types": ["client_credentials"], "response_types": [],
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "service.example",
    });
    let request = Request::new("POST", path).header("Content-Type", "application/json").body(sent.to_string());
    let registered = s.app.send(told(request, "client.pem")).await.registered().await;
    let rp = s.app.app_of(&registered);
    let request = rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
    rp.send(&told(request.clone(), "client.pem")).await.ok().await;
    rp.send(&told(request, "other.pem")).await.refused("invalid_client", "AS-1232").await;
}
