//! Authentication by certificate (RFC 8705 §2).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use symbolon::{
    domain::{
        entity::{AuthMethod, ClientSettings},
        jose::SigningAlgorithm,
    },
    net::fetcher::Reach,
};

use super::support::{
    ALIAS, behind_proxy, certificate, key_of, named, request, self_signed, told, with_authority, with_proxy,
};
use crate::support::{ClientKey, ClientSpec, JwksServer, Request, TestApp};

type Naming = (&'static str, fn(&mut ClientSettings));

/// The names of `client.pem`.
const OWN: [Naming; 6] = [
    ("dn", |s| s.tls_client_auth_subject_dn = text("CN=service,O=Example GmbH,C=DE")),
    ("case", |s| s.tls_client_auth_subject_dn = text("cn=Service,o=example gmbh,c=de")),
    ("dns", |s| s.tls_client_auth_san_dns = text("Service.example")),
    ("uri", |s| s.tls_client_auth_san_uri = text("https://service.example/id")),
    ("ip", |s| s.tls_client_auth_san_ip = text("192.0.2.7")),
    ("email", |s| s.tls_client_auth_san_email = text("ops@service.example")),
];
/// Names that it does not have.
const OTHER: [Naming; 9] = [
    ("part", |s| s.tls_client_auth_subject_dn = text("CN=service")),
    ("organization", |s| s.tls_client_auth_subject_dn = text("CN=service,O=Example,C=DE")),
    ("order", |s| s.tls_client_auth_subject_dn = text("C=DE,O=Example GmbH,CN=service")),
    ("unknown", |s| s.tls_client_auth_subject_dn = text("nickname=service")),
    ("domain", |s| s.tls_client_auth_san_dns = text("example")),
    ("wildcard", |s| s.tls_client_auth_san_dns = text("*.example")),
    ("uri", |s| s.tls_client_auth_san_uri = text("https://service.example/")),
    ("ip", |s| s.tls_client_auth_san_ip = text("192.0.2.8")),
    ("email", |s| s.tls_client_auth_san_email = text("service.example")),
];

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

both! {
    /// Behaviour 163.
    async fn a_certificate_is_recognized_by_its_one_registered_name(database: Database) {
        let app = behind_proxy(database).await;
        for (id, name) in OWN {
            let rp = app.client(named(id, name)).await;
            rp.send(&told(request(&rp), "client.pem")).await.ok().await;
            rp.send(&request(&rp)).await.refused("invalid_client", "AS-1231").await;
            rp.send(&told(request(&rp), "other.pem")).await.refused("invalid_client", "AS-1232").await;
        }
    }

    /// Behaviour 163.
    async fn a_certificate_of_another_name_is_refused(database: Database) {
        let app = behind_proxy(database).await;
        for (id, name) in OTHER {
            let rp = app.client(named(id, name)).await;
            rp.send(&told(request(&rp), "client.pem")).await.refused("invalid_client", "AS-1232").await;
        }
    }

    /// Behaviour 163.
    async fn a_name_counts_only_where_an_authority_vouches_for_it(database: Database) {
        let app = behind_proxy(database).await;
        // Its own subject is the registered one; but it says so itself.
        let rp = app.client(named("dn", |s| s.tls_client_auth_subject_dn = text("CN=service"))).await;
        rp.send(&told(request(&rp), "self.pem")).await.refused("invalid_client", "AS-1233").await;
        let rp = app.client(named("expired", |s| s.tls_client_auth_san_dns = text("service.example"))).await;
        rp.send(&told(request(&rp), "expired.pem")).await.refused("invalid_client", "AS-1233").await;
        let app = TestApp::with(database, |options| {
            (options.trusted, options.client_cert_header) = (true, true);
        })
        .await;
        let rp = app.client(named("dns", |s| s.tls_client_auth_san_dns = text("service.example"))).await;
        rp.send(&told(request(&rp), "client.pem")).await.refused("invalid_client", "AS-1233").await;
    }

    /// Behaviour 163.
    async fn a_self_signed_certificate_is_recognized_by_its_key_or_by_itself(database: Database) {
        let app = behind_proxy(database).await;
        let rp = app.client(self_signed(&key_of("self.pem"))).await;
        rp.send(&told(request(&rp), "self.pem")).await.ok().await;
        for other in ["client.pem", "other.pem", "self-rsa.pem", "self-ed25519.pem"] {
            rp.send(&told(request(&rp), other)).await.refused("invalid_client", "AS-1232").await;
        }
        rp.send(&request(&rp)).await.refused("invalid_client", "AS-1231").await;
        let register = |whole: String| {
            app.change_client(&rp, move |client| {
                let mut jwk = key_of("self.pem");
                jwk["x5c"] = json!([whole]);
                client.settings.jwks = Some(json!({ "keys": [jwk] }));
            })
        };
        register(STANDARD.encode(certificate("self.pem"))).await;
        rp.send(&told(request(&rp), "self.pem")).await.ok().await;
        register(STANDARD.encode(certificate("client.pem"))).await;
        rp.send(&told(request(&rp), "self.pem")).await.refused("invalid_client", "AS-1232").await;
    }

    async fn a_self_signed_certificate_has_its_time(database: Database) {
        let app = behind_proxy(database).await;
        let rp = app.client(self_signed(&key_of("self-expired.pem"))).await;
        rp.send(&told(request(&rp), "self-expired.pem")).await.refused("invalid_client", "AS-1232").await;
    }

    async fn the_keys_of_self_signed_certificates_are_fetched_from_the_clients_address(database: Database) {
        let app = TestApp::with(database, |options| {
            with_authority(options);
            (options.trusted, options.client_cert_header) = (true, true);
            options.reach = Reach::DangerLoopback;
        })
        .await;
        let server = JwksServer::start(&json!({ "keys": [key_of("client.pem")] })).await;
        let uri = server.uri.clone();
        let spec = ClientSpec::machine("by-reference").set(|settings| {
            settings.token_endpoint_auth_method = AuthMethod::SelfSignedTlsClientAuth;
            settings.jwks_uri = Some(uri);
        });
        let rp = app.client(spec).await;
        for _ in 0..3 {
            rp.send(&told(request(&rp), "client.pem")).await.ok().await;
            rp.send(&told(request(&rp), "self.pem")).await.refused("invalid_client", "AS-1232").await;
        }
        assert_eq!(server.asked(), 1);
        server.answer(200, &json!({ "keys": [key_of("self.pem")] }).to_string());
        app.clock.advance(5);
        rp.send(&told(request(&rp), "self.pem")).await.ok().await;
        rp.send(&told(request(&rp), "client.pem")).await.refused("invalid_client", "AS-1232").await;
        server.answer(500, "");
        app.clock.advance(60);
        rp.send(&told(request(&rp), "self.pem")).await.refused("invalid_client", "AS-1216").await;
    }

    async fn the_header_of_a_stranger_is_nothing(database: Database) {
        // Nobody is trusted here.
        let app = TestApp::with(database, |options| {
            with_authority(options);
            options.client_cert_header = true;
        })
        .await;
        let rp = app.client(self_signed(&key_of("self.pem"))).await;
        rp.send(&told(request(&rp), "self.pem")).await.refused("invalid_client", "AS-1231").await;
        let forwarded = told(request(&rp), "self.pem").header("X-Forwarded-For", "127.0.0.1");
        rp.send(&forwarded).await.refused("invalid_client", "AS-1231").await;
    }

    async fn the_header_of_a_proxy_that_was_not_said_to_tell_certificates_is_nothing(database: Database) {
        let app = TestApp::with(database, |options| {
            with_authority(options);
            options.trusted = true;
        })
        .await;
        let rp = app.client(self_signed(&key_of("self.pem"))).await;
        rp.send(&told(request(&rp), "self.pem")).await.refused("invalid_client", "AS-1231").await;
    }

    async fn a_header_that_is_no_certificate_is_none(database: Database) {
        let app = behind_proxy(database).await;
        let rp = app.client(self_signed(&key_of("self.pem"))).await;
        let der = certificate("self.pem");
        let (good, longer) = (STANDARD.encode(&der), STANDARD.encode([der.as_slice(), &[0]].concat()));
        let huge = STANDARD.encode(vec![0x30; 20_000]);
        let garbage = [
            String::new(),
            "x".to_owned(),
            "::".to_owned(),
            ":!:".to_owned(),
            ":AAAA:".to_owned(),
            good.clone(),
            format!(":{good}"),
            format!("{good}:"),
            format!("\"{good}\""),
            format!(":{good}:;a=1"),
            format!(":{good}:, :{good}:"),
            format!(": {good}:"),
            format!(":{longer}:"),
            format!(":{huge}:"),
            format!(":{}:", &good[..good.len() - 4]),
            format!("-----BEGIN CERTIFICATE----- {good} -----END CERTIFICATE-----"),
        ];
        for text in garbage {
            let sent = request(&rp).header("Client-Cert", &text);
            rp.send(&sent).await.refused("invalid_client", "AS-1231").await;
        }
        let not_text = request(&rp).header("Client-Cert", [b':', 0xff, b':']);
        rp.send(&not_text).await.refused("invalid_client", "AS-1231").await;
        // Which of two it is nobody can tell, even if they are the same.
        for second in ["self.pem", "client.pem"] {
            let twice = told(told(request(&rp), "self.pem"), second);
            rp.send(&twice).await.refused("invalid_client", "AS-1231").await;
        }
        rp.send(&told(request(&rp), "self.pem")).await.ok().await;
    }

    async fn a_chain_is_read_as_strictly(database: Database) {
        let app = behind_proxy(database).await;
        let rp = app.client(named("dns", |s| s.tls_client_auth_san_dns = text("service.example"))).await;
        let authority = format!(":{}:", STANDARD.encode(certificate("ca.pem")));
        let with_chain = |chain: &str| told(request(&rp), "client.pem").header("Client-Cert-Chain", chain);
        rp.send(&with_chain(&authority)).await.ok().await;
        rp.send(&with_chain(&format!("{authority}, {authority}"))).await.ok().await;
        for bad in ["x", ":!:", ",", &authority[1..]] {
            rp.send(&with_chain(bad)).await.refused("invalid_client", "AS-1231").await;
        }
    }

    async fn a_certificate_is_no_other_proof_and_no_other_proof_is_a_certificate(database: Database) {
        let app = behind_proxy(database).await;
        let rp = app.client(named("dns", |s| s.tls_client_auth_san_dns = text("service.example"))).await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let secret = Request::form("/oauth2/token", &[("grant_type", "client_credentials")])
            .header("Authorization", crate::support::basic("dns", "x"));
        rp.send(&told(secret, "client.pem")).await.refused("invalid_client", "AS-1205").await;
        let with_secret = rp.request("/oauth2/token", &[("grant_type", "client_credentials"), ("client_secret", "x")]);
        rp.send(&told(with_secret, "client.pem")).await.refused("invalid_client", "AS-1205").await;
        let service = app.client(ClientSpec::machine("service").keyed(&key)).await;
        let bare = Request::form("/oauth2/token", &[("grant_type", "client_credentials"), ("client_id", "service")]);
        service.send(&told(bare, "client.pem")).await.refused("invalid_client", "AS-1205").await;
        let nobody = Request::form("/oauth2/token", &[("grant_type", "client_credentials")]);
        rp.send(&told(nobody, "client.pem")).await.refused("invalid_client", "AS-1200").await;
    }

    /// Behaviour 200.
    async fn every_direct_endpoint_takes_the_certificate_of_its_client_only(database: Database) {
        let app = behind_proxy(database).await;
        let spec = ClientSpec::web("web").set(|settings| {
            settings.token_endpoint_auth_method = AuthMethod::TlsClientAuth;
            settings.tls_client_auth_san_dns = text("service.example");
        });
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, crate::support::GrantSpec::scope("openid")).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
            ("code_verifier", grant.verifier.as_deref().expect("a verifier")),
        ];
        let tokens = rp.send(&told(rp.request("/oauth2/token", &redeem), "client.pem")).await.ok().await;
        let pushed = crate::support::Authorize::new(&rp, "openid");
        let pushed = pushed.pushed();
        for (path, fields, status) in [
            ("/oauth2/par", pushed.as_slice(), 201),
            ("/oauth2/introspect", &[("token", tokens.access_token.as_str())], 200),
            ("/oauth2/revoke", &[("token", tokens.access_token.as_str())], 200),
        ] {
            let form = || rp.request(path, fields);
            rp.send(&form()).await.refused("invalid_client", "AS-1231").await;
            rp.send(&told(form(), "other.pem")).await.refused("invalid_client", "AS-1232").await;
            let answer = rp.send(&told(form(), "client.pem")).await;
            assert_eq!(answer.response.status, status, "{path}\n{}", answer.explained().await);
        }
    }

    /// Behaviours 77, 200 and 205.
    async fn an_assertion_may_be_for_the_other_address(database: Database) {
        let app = behind_proxy(database).await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&key)).await;
        for audience in [json!(format!("{ALIAS}/oauth2/token")), json!([format!("{ALIAS}/oauth2/token")])] {
            rp.token_with_assertion(&key.sign(&rp.assertion().claim("aud", audience).0)).await.ok().await;
        }
        for audience in [ALIAS.to_owned(), format!("{ALIAS}/oauth2/userinfo"), format!("{ALIAS}.evil/oauth2/token")] {
            let assertion = key.sign(&rp.assertion().claim("aud", json!(audience)).0);
            rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1213").await;
        }
        let plain = TestApp::new(database).await;
        let rp = plain.client(ClientSpec::machine("service").keyed(&key)).await;
        let assertion = key.sign(&rp.assertion().claim("aud", json!(format!("{ALIAS}/oauth2/token"))).0);
        rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1213").await;
    }

    /// Behaviours 131 and 132.
    async fn metadata_names_the_methods_and_the_other_addresses(database: Database) {
        let app = behind_proxy(database).await;
        let document = app.document("/.well-known/openid-configuration").await;
        assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
        for name in ["token", "userinfo", "introspection", "revocation", "pushed_authorization_request"] {
            let alias = document["mtls_endpoint_aliases"][format!("{name}_endpoint")].as_str().expect("an alias");
            assert!(alias.starts_with(&format!("{ALIAS}/oauth2/")), "{alias}");
        }
        for endpoint in ["token", "introspection", "revocation"] {
            let methods = document[format!("{endpoint}_endpoint_auth_methods_supported")].to_string();
            assert!(methods.contains("\"tls_client_auth\""), "{methods}");
            assert!(methods.contains("\"self_signed_tls_client_auth\""), "{methods}");
        }
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let plain = TestApp::new(database).await.document(path).await;
            assert!(plain.get("mtls_endpoint_aliases").is_none(), "{plain}");
            assert!(plain.get("tls_client_certificate_bound_access_tokens").is_none(), "{plain}");
            assert!(!plain.to_string().contains("tls_client_auth"), "{plain}");
        }
    }

    /// Behaviour 131: what nobody vouches for is not offered.
    async fn a_method_that_needs_an_authority_is_offered_only_where_there_is_one(database: Database) {
        let app = TestApp::with(database, |options| {
            with_proxy(options);
            options.policy.mtls_authority = false;
        })
        .await;
        app.open_registration().await;
        let document = app.document("/.well-known/openid-configuration").await;
        assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
        for endpoint in ["token", "introspection", "revocation"] {
            let methods = document[format!("{endpoint}_endpoint_auth_methods_supported")].to_string();
            assert!(!methods.contains("\"tls_client_auth\""), "{methods}");
            assert!(methods.contains("\"self_signed_tls_client_auth\""), "{methods}");
        }
        let mut asked = json!({
            "redirect_uris": ["https://app.example/callback"],
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": "app.example",
        });
        app.register(&asked).await.refused("invalid_client_metadata", "AS-1413").await;
        asked["token_endpoint_auth_method"] = json!("self_signed_tls_client_auth");
        asked["jwks"] = json!({ "keys": [key_of("self.pem")] });
        asked.as_object_mut().expect("an object").remove("tls_client_auth_san_dns");
        asked["tls_client_certificate_bound_access_tokens"] = json!(true);
        app.register(&asked).await.registered().await;
    }
}
