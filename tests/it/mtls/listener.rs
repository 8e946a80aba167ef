//! The listener that asks for certificates, with real handshakes.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use symbolon::tls::{HttpVersions, ServerTls, TlsError, install_crypto_provider};

use super::support::{fixture, key_of, named, request, self_signed, told, with_authority};
use crate::support::{Answer, ClientSpec, Database, Request, Response, TestApp};

/// An application with a listener for certificates, and the address of that.
pub async fn listening(database: Database) -> (TestApp, SocketAddr) {
    listening_with(database, ServerTls::mutual_config).await
}

/// An application with a listener for TLS that is set up like this, and the address of that.
pub async fn listening_with(
    database: Database,
    configure: fn(&ServerTls, HttpVersions) -> Result<rustls::ServerConfig, TlsError>,
) -> (TestApp, SocketAddr) {
    listening_as("server", database, configure).await
}

/// The same with the server certificate of this name.
pub async fn listening_as(
    certificate: &str,
    database: Database,
    configure: fn(&ServerTls, HttpVersions) -> Result<rustls::ServerConfig, TlsError>,
) -> (TestApp, SocketAddr) {
    install_crypto_provider();
    let file = |kind: &str| fixture(&format!("{certificate}.{kind}"));
    let tls = ServerTls::load(&file("pem"), &file("key")).expect("a certificate");
    let config = configure(&tls, HttpVersions::Http2AndHttp1).expect("a configuration");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let app = TestApp::with(database, |options| {
        with_authority(options);
        options.mutual = Some((listener, config));
    })
    .await;
    (app, address)
}

/// Whom clients believe who the server is.
pub fn authority() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(fixture("ca.pem")).expect("an authority")).expect("an authority");
    roots
}

/// Sends a request over TLS, with the certificate and key of this name.
pub async fn send(app: &TestApp, address: SocketAddr, request: &Request, shown: Option<&str>) -> Answer {
    let builder = ClientConfig::builder().with_root_certificates(authority());
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = vec![CertificateDer::from_pem_file(fixture(&format!("{name}.pem"))).expect("a certificate")];
            let key = PrivateKeyDer::from_pem_file(fixture(&format!("{name}.key"))).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("a pair")
        }
    };
    let bytes = request.bytes(&app.wire.host);
    let answer = tokio::task::spawn_blocking(move || {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
        let mut socket = TcpStream::connect(address).expect("a connection");
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        stream.write_all(&bytes).expect("the handshake is tolerated");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    });
    let response = Response::parse(&answer.await.expect("an answer"), false).expect("an HTTP answer");
    Answer::new(response, app.services.clone(), app.wire.clone())
}

both! {
    /// Behaviours 163, 173 and 174.
    async fn a_client_authenticates_by_the_certificate_of_its_connection(database: Database) {
        let (app, address) = listening(database).await;
        let rp = app.client(named("dns", |s| s.tls_client_auth_san_dns = Some("service.example".to_owned()))).await;
        send(&app, address, &request(&rp), Some("client")).await.ok().await;
        send(&app, address, &request(&rp), Some("other")).await.refused("invalid_client", "AS-1232").await;
        send(&app, address, &request(&rp), Some("self")).await.refused("invalid_client", "AS-1233").await;
        send(&app, address, &request(&rp), None).await.refused("invalid_client", "AS-1231").await;
        // A header is nothing there, next to a certificate or without one.
        let header = told(request(&rp), "client.pem");
        send(&app, address, &header, Some("other")).await.refused("invalid_client", "AS-1232").await;
        send(&app, address, &header, None).await.refused("invalid_client", "AS-1231").await;
        rp.send(&header).await.refused("invalid_client", "AS-1231").await;

        let rp = app.client(self_signed(&key_of("self.pem"))).await;
        send(&app, address, &request(&rp), Some("self")).await.ok().await;
        send(&app, address, &request(&rp), Some("client")).await.refused("invalid_client", "AS-1232").await;
    }

    /// Behaviour 172.
    async fn a_token_is_used_over_a_connection_with_its_certificate(database: Database) {
        let (app, address) = listening(database).await;
        let alice = app.person("alice").await;
        let spec = ClientSpec::web("web").set(|settings| settings.tls_client_certificate_bound_access_tokens = true);
        let rp = app.client(spec).await;
        let grant = app.grant(&alice, &rp, crate::support::GrantSpec::scope("openid")).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", grant.redirect_uri.as_str()),
            ("code_verifier", grant.verifier.as_deref().expect("a verifier")),
        ];
        let tokens = send(&app, address, &rp.request("/oauth2/token", &redeem), Some("client")).await.ok().await;
        let asked =
            Request::get("/oauth2/userinfo").header("Authorization", format!("Bearer {}", tokens.access_token));
        send(&app, address, &asked, Some("client")).await.json().await;
        for other in [Some("other"), Some("self"), None] {
            send(&app, address, &asked, other).await.refused("invalid_token", "AS-1228").await;
        }
        // The main address knows no certificates.
        app.send(asked).await.refused("invalid_token", "AS-1228").await;
    }

    /// Behaviour 174.
    async fn people_without_a_certificate_are_served_there_too(database: Database) {
        let (app, address) = listening(database).await;
        let answer = send(&app, address, &Request::get("/.well-known/openid-configuration"), None).await;
        assert_eq!(answer.json().await["issuer"], app.issuer());
    }
}
