//! 132, 163 and 172 to 174: clients with certificates (RFC 8705), over TLS connections of their own.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use symbolon::{crypto::token::digest, domain::entity::AccessTokenFormat, tls::ServerTls};

use super::{
    fapi2::{Fapi, PAR, TOKEN, USERINFO},
    list, metadata, refused_with,
    tls::{BOTH, METADATA, seen},
};
use crate::{
    mtls::{
        listener::{listening, listening_with, send},
        support::{ALIAS, certificate, key_of, named, request, self_signed},
    },
    support::{Answer, Authorize, ClientSpec, DpopKey, GrantSpec, Person, RelyingParty, Request, TestApp},
};

const REFUSED: [&str; 2] = ["invalid_client", "invalid_request"];

/// A client whose tokens are bound to its certificate.
fn bound(id: &str) -> ClientSpec {
    ClientSpec::web(id).set(|settings| settings.tls_client_certificate_bound_access_tokens = true)
}

/// A good code of somebody, and the request that redeems it.
async fn redemption(app: &TestApp, person: &Person, rp: &RelyingParty) -> Request {
    let grant = app.grant(person, rp, GrantSpec::scope("openid")).await;
    rp.request(TOKEN, &Fapi::redemption(&grant))
}

fn userinfo(token: &str) -> Request {
    Request::get(USERINFO).header("Authorization", format!("Bearer {token}"))
}

fn thumbprint(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&certificate(name)))
}

fn is_unauthorized(answer: &Answer) {
    assert_eq!(answer.response.status, 401, "{}", answer.response);
}

both! {
    async fn b132_metadata_says_how_tokens_are_bound_and_where_certificates_are_taken(database: Database) {
        let (app, address) = listening(database).await;
        let document = metadata(&app).await;
        assert!(list(&document, "dpop_signing_alg_values_supported").contains(&"ES256"), "{document}");
        assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
        let path_of = |name: &str| {
            let there = document["mtls_endpoint_aliases"][name].as_str().expect("an alias");
            let path = there.strip_prefix(ALIAS).unwrap_or_else(|| panic!("elsewhere: {there}"));
            assert_eq!(document[name], format!("{}{path}", app.issuer()), "{name}");
            path.to_owned()
        };
        for name in ["introspection_endpoint", "revocation_endpoint", "backchannel_authentication_endpoint"] {
            path_of(name);
        }
        // What is told is so: the client's first three calls of a plan, each with its certificate.
        let (rp, alice) = (app.client(bound("web")).await, app.person("alice").await);
        let pushed = Authorize::new(&rp, "openid");
        let path = path_of("pushed_authorization_request_endpoint");
        assert_eq!(path, PAR);
        send(&app, address, &rp.request(&path, &pushed.pushed()), Some("client")).await.pushed().await;
        assert_eq!(path_of("token_endpoint"), TOKEN);
        let tokens = send(&app, address, &redemption(&app, &alice, &rp).await, Some("client")).await.ok().await;
        assert_eq!(path_of("userinfo_endpoint"), USERINFO);
        send(&app, address, &userinfo(&tokens.access_token), Some("client")).await.json().await;
        // A proof names the address that it is sent to: the alias is one.
        let rp = app.client(ClientSpec::web("dpop").set(|settings| settings.dpop_bound_access_tokens = true)).await;
        let key = DpopKey::new();
        let at = |base: &str, path: &str| json!(format!("{base}{path}"));
        let redeem = redemption(&app, &alice, &rp).await;
        let proof = |htu| key.sign(&key.proof(&app, TOKEN).claim("htu", htu));
        let astray = redeem.clone().header("DPoP", proof(at("https://elsewhere.example", TOKEN)));
        refused_with(&send(&app, address, &astray, Some("client")).await, &["invalid_dpop_proof"]);
        let proven = redeem.header("DPoP", proof(at(ALIAS, TOKEN)));
        let token = send(&app, address, &proven, Some("client")).await.ok_as("DPoP").await.access_token;
        for (base, status) in [(ALIAS, 200), (app.issuer(), 200), ("https://elsewhere.example", 401)] {
            let proof = key.proof_of(&app, "GET", USERINFO).with_token(&token).claim("htu", at(base, USERINFO));
            let asked = Request::get(USERINFO).header("Authorization", format!("DPoP {token}"));
            let answer = send(&app, address, &asked.header("DPoP", key.sign(&proof)), Some("client")).await;
            assert_eq!(answer.response.status, status, "{base}: {}", answer.response);
        }
    }

    async fn b163_a_certificate_is_the_registered_one_by_name_or_by_itself(database: Database) {
        let (app, address) = listening(database).await;
        let by_subject = named("subject", |settings| {
            settings.tls_client_auth_subject_dn = Some("CN=service,O=Example GmbH,C=DE".to_owned());
        });
        let text = |value: &str| Some(value.to_owned());
        let by_host = named("host", |settings| settings.tls_client_auth_san_dns = text("service.example"));
        let by_uri = named("uri", |settings| settings.tls_client_auth_san_uri = text("https://service.example/id"));
        let by_ip = named("ip", |settings| settings.tls_client_auth_san_ip = text("192.0.2.7"));
        let by_email = named("email", |settings| settings.tls_client_auth_san_email = text("ops@service.example"));
        let mut key = key_of("self.pem");
        key["x5c"] = json!([STANDARD.encode(certificate("self.pem"))]);
        for (spec, own) in [
            (by_subject, "client"),
            (by_host, "client"),
            (by_uri, "client"),
            (by_ip, "client"),
            (by_email, "client"),
            (self_signed(&key), "self"),
        ] {
            let rp = app.client(spec).await;
            send(&app, address, &request(&rp), Some(own)).await.ok().await;
            for other in ["client", "other", "self"].into_iter().filter(|other| *other != own) {
                refused_with(&send(&app, address, &request(&rp), Some(other)).await, &["invalid_client"]);
            }
            refused_with(&send(&app, address, &request(&rp), None).await, &REFUSED);
        }
    }

    async fn b172_a_bound_token_is_of_no_use_with_another_certificate_or_none(database: Database) {
        let (app, address) = listening(database).await;
        let alice = app.person("alice").await;
        let mut tokens = Vec::new();
        for own in ["client", "other"] {
            let spec = bound(own).set(|settings| settings.access_token_format = AccessTokenFormat::Jwt);
            let rp = app.client(spec).await;
            refused_with(&send(&app, address, &redemption(&app, &alice, &rp).await, None).await, &REFUSED);
            let redeemed = send(&app, address, &redemption(&app, &alice, &rp).await, Some(own)).await.ok().await;
            let claims = app.verified(&redeemed.access_token).await.1;
            assert_eq!(claims["cnf"], json!({ "x5t#S256": thumbprint(&format!("{own}.pem")) }), "{claims}");
            tokens.push((own, redeemed.access_token));
        }
        for (own, token) in &tokens {
            send(&app, address, &userinfo(token), Some(own)).await.json().await;
            for other in ["client", "other", "self"].into_iter().filter(|other| other != own) {
                is_unauthorized(&send(&app, address, &userinfo(token), Some(other)).await);
            }
            is_unauthorized(&send(&app, address, &userinfo(token), None).await);
            is_unauthorized(&app.send(userinfo(token)).await);
        }
    }

    async fn b173_a_handshake_tolerates_a_certificate_that_nobody_vouches_for(database: Database) {
        let (app, address) = listening(database).await;
        for shown in [Some("client"), Some("other"), Some("self"), None] {
            let answer = send(&app, address, &Request::get(METADATA), shown).await;
            assert_eq!(answer.json().await["issuer"], app.issuer(), "{shown:?}");
        }
        // It is good enough to bind a token.
        let (rp, alice) = (app.client(bound("web")).await, app.person("alice").await);
        let tokens = send(&app, address, &redemption(&app, &alice, &rp).await, Some("self")).await.ok().await;
        send(&app, address, &userinfo(&tokens.access_token), Some("self")).await.json().await;
    }

    async fn b174_certificates_are_asked_for_where_browsers_do_not_go(database: Database) {
        let (app, main) = listening_with(database, ServerTls::server_config).await;
        let document = metadata(&app).await;
        for name in ["authorization_endpoint", "end_session_endpoint", "check_session_iframe"] {
            assert!(document["mtls_endpoint_aliases"].get(name).is_none(), "{name}");
            assert!(!document[name].to_string().contains(ALIAS), "{name}");
        }
        let (other_app, mutual) = listening(database).await;
        for version in BOTH {
            let browsers = seen(&app, main, &[version], METADATA).await;
            assert_eq!((browsers.asked, browsers.response.status), (0, 200), "{}", browsers.response);
            let programs = seen(&other_app, mutual, &[version], METADATA).await;
            assert_eq!((programs.asked, programs.response.status), (1, 200), "{}", programs.response);
        }
    }
}
