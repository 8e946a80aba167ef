//! 188 and 189: what TLS may be spoken (BCP 195), looked at from outside, with handshakes of rustls and with the first
//! message of clients that rustls cannot be.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, SignatureScheme, SupportedProtocolVersion,
    client::ResolvesClientCert,
    pki_types::ServerName,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use symbolon::tls::ServerTls;

use crate::{
    mtls::listener::{authority, listening, listening_as, listening_with},
    support::{Request, Response, TestApp},
};

/// The versions that a server may speak.
pub static BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
/// A document that everybody may read.
pub const METADATA: &str = "/.well-known/openid-configuration";

/// The suites of TLS 1.2 with ephemeral keys and authenticated encryption.
const GOOD: [(&str, [u8; 2]); 6] = [
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", [0xc0, 0x2b]),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", [0xc0, 0x2c]),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", [0xc0, 0x2f]),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", [0xc0, 0x30]),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", [0xcc, 0xa8]),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", [0xcc, 0xa9]),
];
/// Without one of both: CBC (four for ECDSA keys and four for RSA keys), the key exchange of RSA, and DHE.
const BAD: [[u8; 2]; 15] = [
    [0xc0, 0x09],
    [0xc0, 0x0a],
    [0xc0, 0x23],
    [0xc0, 0x24],
    [0xc0, 0x13],
    [0xc0, 0x14],
    [0xc0, 0x27],
    [0xc0, 0x28],
    [0x00, 0x2f],
    [0x00, 0x35],
    [0x00, 0x9c],
    [0x00, 0x9d],
    [0x00, 0x9e],
    [0x00, 0x9f],
    [0xcc, 0xaa],
];
const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;

/// What a client saw of a connection.
pub struct Seen {
    /// The version that was agreed on.
    pub version: ProtocolVersion,
    /// The name of the suite that was agreed on.
    pub suite: String,
    /// How often it was asked for a certificate.
    pub asked: u32,
    /// What it got.
    pub response: Response,
}

/// Counts how often a client is asked for its certificate; it has none.
#[derive(Debug, Default)]
struct Counting(AtomicU32);

impl ResolvesClientCert for Counting {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A client of these versions fetches something.
pub async fn seen(
    app: &TestApp,
    address: SocketAddr,
    versions: &[&'static SupportedProtocolVersion],
    path: &str,
) -> Seen {
    let counting = Arc::new(Counting::default());
    let config = ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(authority())
        .with_client_cert_resolver(counting.clone());
    let bytes = Request::get(path).bytes(&app.wire.host);
    let exchange = tokio::task::spawn_blocking(move || {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
        let mut socket = TcpStream::connect(address).expect("a connection");
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        stream.write_all(&bytes).expect("a handshake");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Seen {
            version: connection.protocol_version().expect("a version"),
            suite: format!("{:?}", connection.negotiated_cipher_suite().expect("a suite").suite()),
            asked: counting.0.load(Ordering::Relaxed),
            response: Response::parse(&answer, false).expect("an HTTP answer"),
        }
    });
    exchange.await.expect("an answer")
}

/// A ClientHello whose highest version is 3.`minor`, with these suites of TLS 1.2 and before.
fn client_hello(minor: u8, suites: &[[u8; 2]]) -> Vec<u8> {
    let short = |length: usize| u8::try_from(length).expect("a short message");
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, short(suites.len() * 2)]);
    body.extend(suites.concat());
    body.extend([1, 0]);
    #[rustfmt::skip]
    let extensions = [
        0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: secp256r1
        0, 11, 0, 2, 1, 0, // ec_point_formats: uncompressed
        0, 13, 0, 6, 0, 4, 4, 3, 8, 4, // signature_algorithms: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256
        0, 23, 0, 0, // extended_master_secret
    ];
    body.extend([0, short(extensions.len())]);
    body.extend(extensions);
    let mut hello = vec![1, 0, 0, short(body.len())];
    hello.extend(body);
    let mut record = vec![HANDSHAKE, 3, 1, 0, short(hello.len())];
    record.extend(hello);
    record
}

/// The first seven bytes of the answer to a first message; fewer, if the server hung up.
async fn answer_to(address: SocketAddr, hello: Vec<u8>) -> Vec<u8> {
    let exchange = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("a connection");
        socket.write_all(&hello).expect("it can be sent");
        let mut answer = Vec::new();
        let _ = socket.take(7).read_to_end(&mut answer);
        answer
    });
    exchange.await.expect("an answer")
}

/// The server hung up, or said with a fatal alert of this number why not (RFC 8446 §6.2).
fn is_refused(answer: &[u8], number: u8) -> bool {
    answer.is_empty() || matches!(answer, [ALERT, _, _, _, _, 2, why] if *why == number)
}

/// Older versions and weaker suites are refused, whatever key the host has.
async fn refuses_what_is_old_or_weak(address: SocketAddr) {
    let good: Vec<[u8; 2]> = GOOD.iter().map(|(_, number)| *number).collect();
    for minor in [1, 2] {
        let answer = answer_to(address, client_hello(minor, &[good.as_slice(), &BAD].concat())).await;
        assert!(is_refused(&answer, 70), "TLS 1.{}: {answer:?}", minor - 1);
    }
    // The same message for TLS 1.2 is answered, so that nothing else was wrong with it.
    let answer = answer_to(address, client_hello(3, &good)).await;
    assert_eq!(answer.first(), Some(&HANDSHAKE), "{answer:?}");
    for suites in BAD.iter().map(std::slice::from_ref).chain([BAD.as_slice()]) {
        let answer = answer_to(address, client_hello(3, suites)).await;
        assert!(is_refused(&answer, 40), "{suites:x?}: {answer:?}");
    }
}

/// All that is asked of a host.
async fn speaks_only_modern_tls(app: &TestApp, address: SocketAddr, path: &str, status: u16) {
    refuses_what_is_old_or_weak(address).await;
    let older = seen(app, address, &[&TLS12], path).await;
    assert_eq!((older.version, older.response.status), (ProtocolVersion::TLSv1_2, status), "{}", older.response);
    assert!(GOOD.iter().any(|(name, _)| *name == older.suite), "{}", older.suite);
    for versions in [BOTH.as_slice(), &[&TLS13]] {
        let newer = seen(app, address, versions, path).await;
        assert_eq!((newer.version, newer.response.status), (ProtocolVersion::TLSv1_3, status), "{}", newer.response);
    }
}

both! {
    async fn b188_tls_is_1_3_or_1_2_with_ephemeral_keys_and_authenticated_encryption(database: Database) {
        let (app, address) = listening_with(database, ServerTls::server_config).await;
        speaks_only_modern_tls(&app, address, METADATA, 200).await;
        // Half of the weak suites need an RSA key: a host that has one refuses them too, and takes the good ones.
        let (_app, address) = listening_as("server-rsa", database, ServerTls::server_config).await;
        refuses_what_is_old_or_weak(address).await;
        for (name, number) in GOOD {
            let answer = answer_to(address, client_hello(3, &[number])).await;
            match name.contains("_RSA_") {
                true => assert_eq!(answer.first(), Some(&HANDSHAKE), "{name}: {answer:?}"),
                false => assert!(is_refused(&answer, 40), "{name}: {answer:?}"),
            }
        }
    }

    async fn b189_the_host_for_certificates_and_the_resource_speak_no_other_tls(database: Database) {
        let (app, address) = listening(database).await;
        speaks_only_modern_tls(&app, address, METADATA, 200).await;
        speaks_only_modern_tls(&app, address, "/oauth2/userinfo", 401).await;
    }
}
