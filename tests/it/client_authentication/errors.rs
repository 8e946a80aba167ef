//! What does not prove who a client is. Outside, every cause reads the same.

use symbolon::domain::{entity::AuthMethod, jose::SigningAlgorithm};

use crate::support::{ClientKey, ClientSpec, Credentials, Request, SECRET, basic};

const DIRECT: [&str; 3] = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"];
const FIELDS: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("token", "x")];

both! {
    async fn nobody_is_refused_at_every_direct_endpoint(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for path in DIRECT {
            rp.with(Credentials::Nothing).post(path, &FIELDS).await.refused("invalid_client", "AS-1200").await;
            let fields = [("grant_type", "client_credentials"), ("token", "x"), ("client_secret", SECRET)];
            rp.with(Credentials::Nothing).post(path, &fields).await.refused("invalid_client", "AS-1200").await;
        }
    }

    async fn a_wrong_secret_an_unknown_client_and_a_disabled_one_read_the_same(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let disabled = app.client(ClientSpec::machine("disabled")).await;
        app.change_client(&disabled, |client| client.enabled = false).await;
        let mut unknown = rp.clone();
        unknown.client_id = symbolon::domain::ids::ClientId::new("nobody");
        let wrong = [
            (rp.with(Credentials::Basic("wrong".to_owned())), "AS-1203"),
            (rp.with(Credentials::Basic(SECRET.to_uppercase())), "AS-1203"),
            (rp.with(Credentials::Basic(format!("{SECRET} "))), "AS-1203"),
            (rp.with(Credentials::Post("wrong".to_owned())), "AS-1203"),
            (unknown, "AS-1001"),
            (disabled, "AS-1001"),
        ];
        for path in DIRECT {
            let mut heard = Vec::new();
            for (client, reason) in &wrong {
                let answer = client.post(path, &FIELDS).await;
                answer.refused("invalid_client", reason).await;
                let body = answer.response.json();
                heard.push((body["error_description"].clone(), body["error_uri"].clone(), answer.response.status));
            }
            assert!(heard.windows(2).all(|pair| pair[0] == pair[1]), "{heard:?}");
        }
    }

    async fn a_refusal_names_the_scheme_that_could_be_used(app) {
        // Behaviour 78.
        let rp = app.client(ClientSpec::machine("service")).await;
        let answer = rp.with(Credentials::Basic("wrong".to_owned())).machine_token().await;
        let challenge = answer.response.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
    }

    async fn a_secret_past_its_end_is_refused(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        rp.machine_token().await.ok().await;
        app.rotate_secret(&rp, "another-secret").await;
        for path in DIRECT {
            rp.post(path, &FIELDS).await.refused("invalid_client", "AS-1204").await;
        }
    }

    async fn malformed_basic_credentials_are_refused(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let encode =
            |text: &[u8]| format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text));
        let long = encode(&b"x".repeat(20_000));
        for header in [
            "Basic".to_owned(),
            "Basic ".to_owned(),
            "Basic !!!".to_owned(),
            "Bearer x".to_owned(),
            "Digest x".to_owned(),
            encode(b"service"),
            encode(b":secret"),
            encode(b"service:%00"),
            encode(b"\x00:x"),
            encode(b"service:\xff"),
            encode(b"service:%ff"),
            encode(b"service:%f"),
            encode(b"\xff:x"),
            long,
            format!(" {}", encode(b"service")),
            format!("{}=", basic("service", SECRET)),
            format!("{} x", basic("service", SECRET)),
        ] {
            for path in DIRECT {
                let request = Request::form(path, &FIELDS).header("Authorization", &header);
                rp.send(&request).await.refused("invalid_client", "AS-1202").await;
            }
        }
    }

    async fn an_empty_secret_proves_nothing_of_a_client_that_has_to_prove_something(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let method = |method| move |settings: &mut symbolon::domain::entity::ClientSettings| {
            settings.token_endpoint_auth_method = method;
        };
        for spec in [
            ClientSpec::machine("basic"),
            ClientSpec::machine("post").set(method(AuthMethod::ClientSecretPost)),
            ClientSpec::machine("jwt").set(method(AuthMethod::ClientSecretJwt)),
            ClientSpec::machine("keyed").keyed(&key),
        ] {
            let rp = app.client(spec).await;
            for path in DIRECT {
                let nothing = rp.with(Credentials::Basic(String::new()));
                nothing.post(path, &FIELDS).await.refused("invalid_client", "AS-1205").await;
            }
        }
        let nobody = Request::form("/oauth2/token", &FIELDS).header("Authorization", basic("nobody", ""));
        app.send(nobody).await.refused("invalid_client", "AS-1001").await;
    }

    async fn a_secret_of_a_public_client_is_refused_and_so_are_two_names(app) {
        let rp = app.client(ClientSpec::spa("spa")).await;
        app.client(ClientSpec::spa("other")).await;
        for secret in ["x", " ", SECRET] {
            rp.with(Credentials::Basic(secret.to_owned())).refresh("x").await.refused("invalid_client", "AS-1205").await;
        }
        let nothing = rp.with(Credentials::Basic(String::new()));
        for (name, value) in [("client_id", "other"), ("client_secret", "x"), ("client_assertion", "a.b.c")] {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", "x"), (name, value)];
            nothing.token(&fields).await.refused("invalid_request", "AS-1201").await;
        }
        // Where public clients are nobody in particular, the header changes nothing.
        nothing.introspect("x").await.refused("invalid_client", "AS-1141").await;
    }

    async fn an_authorization_header_that_is_not_text_is_refused(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let request = Request::form("/oauth2/token", &FIELDS).header("Authorization", b"Basic \xff\xfe");
        rp.send(&request).await.refused("invalid_client", "AS-1202").await;
    }

    async fn two_methods_at_once_are_refused(app) {
        // RFC 6749 §2.3: not more than one.
        let rp = app.client(ClientSpec::machine("service")).await;
        let header = basic("service", SECRET);
        let assertion = rp.assertion();
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let assertion = key.sign(&assertion.0);
        let kind = symbolon::domain::oauth::CLIENT_ASSERTION_TYPE;
        for path in DIRECT {
            for extra in [
                &[("client_secret", SECRET)][..],
                &[("client_id", "service"), ("client_secret", SECRET)],
                &[("client_assertion_type", kind), ("client_assertion", assertion.as_str())],
                &[("client_assertion_type", kind)],
                &[("client_id", "another")],
            ] {
                let fields = [&FIELDS[..], extra].concat();
                let request = Request::form(path, &fields).header("Authorization", &header);
                rp.send(&request).await.refused("invalid_request", "AS-1201").await;
            }
            let fields =
                [&FIELDS[..], &[("client_id", "service"), ("client_secret", SECRET), ("client_assertion", "x")]]
                    .concat();
            rp.send(&Request::form(path, &fields)).await.refused("invalid_request", "AS-1201").await;
        }
    }

    async fn two_authorization_headers_are_refused(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let header = basic("service", SECRET);
        for second in [header.as_str(), "Bearer x", ""] {
            let request = Request::form("/oauth2/token", &FIELDS)
                .header("Authorization", &header)
                .header("Authorization", second);
            rp.send(&request).await.refused("invalid_client", "AS-1201").await;
        }
    }

    async fn another_method_than_the_registered_one_is_refused(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let secret = app.client(ClientSpec::machine("secret")).await;
        let keyed = app.client(ClientSpec::machine("keyed").keyed(&key)).await;
        let public = app.client(ClientSpec::spa("public")).await;
        let basic = || Credentials::Basic(SECRET.to_owned());
        for client in [
            secret.with(Credentials::Public),
            secret.with(Credentials::Key(key.clone())),
            keyed.with(basic()),
            keyed.with(Credentials::Public),
            public.with(basic()),
            public.with(Credentials::Post(SECRET.to_owned())),
            public.with(Credentials::Key(key.clone())),
        ] {
            for path in DIRECT {
                client.post(path, &FIELDS).await.refused("invalid_client", "AS-1205").await;
            }
        }
    }

    async fn credentials_are_looked_at_before_the_grant(app) {
        // RFC 6749 §5.2: who does not authenticate learns nothing about grants.
        let rp = app.client(ClientSpec::machine("service")).await;
        for fields in [&[][..], &[("grant_type", "password")], &[("grant_type", "authorization_code"), ("code", "x")]] {
            rp.with(Credentials::Nothing).token(fields).await.refused("invalid_client", "AS-1200").await;
        }
    }

    async fn a_method_that_was_changed_counts_at_once(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        rp.machine_token().await.ok().await;
        app.change_client(&rp, |client| client.settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt).await;
        rp.machine_token().await.refused("invalid_client", "AS-1205").await;
    }
}
