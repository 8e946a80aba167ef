//! Real handshakes over loopback against certificates made on the spot.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
    SupportedProtocolVersion,
};

use super::{ClientAuthorities, HttpVersions, ServerTls, provider};

/// A directory of its own for each test, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("symbolon-tls-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A self-signed certificate for localhost: `<name>.crt` and `<name>.key`.
    fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = (self.file(&format!("{name}.crt")), self.file(&format!("{name}.key")));
        let (certificate_text, key_text) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        #[rustfmt::skip]
        openssl(&[
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", &format!("/CN={name}"), "-addext", "subjectAltName=DNS:localhost",
            "-addext", "basicConstraints=critical,CA:FALSE", "-out", certificate_text, "-keyout", key_text,
        ]);
        (certificate, key)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().expect("the openssl command makes the certificates");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Serves one connection and echoes one byte; returns the port.
fn serve_once(config: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(config).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let mut byte = [0];
        if stream.read_exact(&mut byte).is_ok() {
            let _ = stream.write_all(&byte);
        }
        // A refused handshake leaves an alert to send.
        let _ = connection.write_tls(&mut socket);
    });
    port
}

/// A finished handshake, as the client saw it.
struct Seen {
    certificate: CertificateDer<'static>,
    version: rustls::ProtocolVersion,
    group: rustls::NamedGroup,
    alpn: Option<Vec<u8>>,
}

fn connect(
    config: ServerConfig,
    trusted: &Path,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&[u8]],
) -> Result<Seen, String> {
    let port = serve_once(Arc::new(config));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let mut client = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    stream.write_all(b"x").map_err(|error| error.to_string())?;
    let mut byte = [0];
    stream.read_exact(&mut byte).map_err(|error| error.to_string())?;
    assert_eq!(&byte, b"x");
    Ok(Seen {
        certificate: connection.peer_certificates().unwrap()[0].clone().into_owned(),
        version: connection.protocol_version().unwrap(),
        group: connection.negotiated_key_exchange_group().unwrap().name(),
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
    })
}

/// The certificate of a client that counts how often it is asked for it.
#[derive(Debug)]
struct Counting(Option<Arc<CertifiedKey>>, AtomicU32);

impl ResolvesClientCert for Counting {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// How often a client was asked, and whether the connection served it.
fn ask(
    config: ServerConfig,
    trusted: &Path,
    shown: Option<(&Path, &Path)>,
    version: &'static SupportedProtocolVersion,
) -> (u32, bool) {
    let shown = shown.map(|(certificate, key)| Arc::new(super::certified_key(certificate, key).unwrap()));
    ask_with(config, trusted, shown, version)
}

fn ask_with(
    config: ServerConfig,
    trusted: &Path,
    shown: Option<Arc<CertifiedKey>>,
    version: &'static SupportedProtocolVersion,
) -> (u32, bool) {
    let port = serve_once(Arc::new(config));
    let mut roots = RootCertStore::empty();
    roots.add(certificate(trusted)).unwrap();
    let resolver = Arc::new(Counting(shown, AtomicU32::new(0)));
    let client = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(resolver.clone());
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    let served = stream.write_all(b"x").and_then(|()| stream.read_exact(&mut [0])).is_ok();
    (resolver.1.load(Ordering::Relaxed), served)
}

const BOTH: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

fn certificate(file: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).unwrap()
}

#[test]
fn the_best_version_and_the_hybrid_exchange_are_agreed() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("one");
    let tls = ServerTls::load(&crt, &key).unwrap();
    let config = || tls.server_config(HttpVersions::Http2AndHttp1).unwrap();
    let seen = connect(config(), &crt, &BOTH, &[b"http/1.1", b"h2"]).unwrap();
    assert_eq!(seen.version, rustls::ProtocolVersion::TLSv1_3);
    assert_eq!(seen.group, rustls::NamedGroup::X25519MLKEM768);
    assert_eq!(seen.alpn.as_deref(), Some(&b"h2"[..]));
    let seen = connect(config(), &crt, &[&rustls::version::TLS12], &[]).unwrap();
    assert_eq!(seen.version, rustls::ProtocolVersion::TLSv1_2);
    assert_eq!(seen.alpn, None);
}

#[test]
fn http2_is_not_promised_by_a_server_that_cannot_speak_it() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("one");
    let config = ServerTls::load(&crt, &key).unwrap().server_config(HttpVersions::Http1).unwrap();
    assert_eq!(
        connect(config.clone(), &crt, &BOTH, &[b"h2", b"http/1.1"]).unwrap().alpn.as_deref(),
        Some(&b"http/1.1"[..])
    );
    assert!(connect(config, &crt, &BOTH, &[b"h2"]).is_err());
}

#[test]
fn a_reload_serves_the_new_certificate_to_new_connections() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("served");
    let (next_crt, next_key) = directory.issue("next");
    let tls = ServerTls::load(&crt, &key).unwrap();
    let config = tls.server_config(HttpVersions::Http1).unwrap();
    let old = certificate(&crt);
    assert_eq!(connect(config.clone(), &crt, &BOTH, &[]).unwrap().certificate, old);

    std::fs::copy(&next_crt, &crt).unwrap();
    std::fs::copy(&next_key, &key).unwrap();
    tls.reload().unwrap();
    let seen = connect(config, &next_crt, &BOTH, &[]).unwrap();
    assert_eq!(seen.certificate, certificate(&next_crt));
    assert_ne!(seen.certificate, old);
}

#[test]
fn after_a_bad_reload_the_old_certificate_stays() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("served");
    let (next_crt, _) = directory.issue("next");
    let tls = ServerTls::load(&crt, &key).unwrap();
    let config = tls.server_config(HttpVersions::Http1).unwrap();
    let (kept, old) = (directory.file("kept.crt"), certificate(&crt));
    std::fs::copy(&crt, &kept).unwrap();

    std::fs::copy(&next_crt, &crt).unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("does not belong"));
    assert_eq!(connect(config.clone(), &kept, &BOTH, &[]).unwrap().certificate, old);
    std::fs::remove_file(&crt).unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("cannot be read"));
    assert_eq!(connect(config, &kept, &BOTH, &[]).unwrap().certificate, old);
}

#[test]
fn versions_before_tls_1_2_are_refused() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("one");
    let tls = ServerTls::load(&crt, &key).unwrap();
    for minor in [1, 2] {
        let port = serve_once(Arc::new(tls.server_config(HttpVersions::Http1).unwrap()));
        let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.write_all(&client_hello(minor)).unwrap();
        let mut answer = [0; 7];
        socket.read_exact(&mut answer).unwrap();
        // Alert, fatal, protocol_version (RFC 8446 §6.2).
        assert_eq!((answer[0], answer[5], answer[6]), (21, 2, 70), "TLS 1.{}: {answer:?}", minor - 1);
    }
    // The same hello for TLS 1.2 does not fail by its version, so the alert above is about the version.
    let port = serve_once(Arc::new(tls.server_config(HttpVersions::Http1).unwrap()));
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.write_all(&client_hello(3)).unwrap();
    let mut answer = [0; 7];
    socket.read_exact(&mut answer).unwrap();
    assert!(answer[0] == 22 || answer[6] != 70, "{answer:?}");
}

/// A ClientHello whose highest version is 3.`minor`, with suites that TLS 1.0 to 1.2 know.
fn client_hello(minor: u8) -> Vec<u8> {
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    // ECDHE_ECDSA_AES_256_GCM_SHA384, ECDHE_ECDSA_AES_256_CBC_SHA, ECDHE_ECDSA_AES_128_CBC_SHA.
    body.extend([0, 6, 0xc0, 0x2c, 0xc0, 0x0a, 0xc0, 0x09]);
    body.extend([1, 0]);
    #[rustfmt::skip]
    let extensions = [
        0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: secp256r1
        0, 11, 0, 2, 1, 0, // ec_point_formats: uncompressed
        0, 13, 0, 4, 0, 2, 4, 3, // signature_algorithms: ecdsa_secp256r1_sha256
        0, 23, 0, 0, // extended_master_secret
    ];
    body.extend([0, extensions.len() as u8]);
    body.extend(extensions);
    let mut hello = vec![1, 0, 0, body.len() as u8];
    hello.extend(body);
    let mut record = vec![22, 3, 1, 0, hello.len() as u8];
    record.extend(hello);
    record
}

#[test]
fn a_key_of_another_certificate_is_refused_by_name() {
    let directory = Directory::new();
    let (crt, _) = directory.issue("one");
    let (_, other) = directory.issue("other");
    let message = ServerTls::load(&crt, &other).unwrap_err().to_string();
    assert!(message.starts_with("AS-4011 tls.key_file"), "{message}");
    for part in ["other.key", "does not belong to tls.certificate_file", "one.crt", "Give the key"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn unusable_files_are_refused_with_what_to_do() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("one");
    let empty = directory.file("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    let encrypted = directory.file("encrypted.key");
    let (from, to) = (key.to_str().unwrap(), encrypted.to_str().unwrap());
    openssl(&["pkcs8", "-topk8", "-in", from, "-out", to, "-passout", "pass:hunter2"]);
    let damaged = directory.file("damaged.crt");
    std::fs::write(&damaged, "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
    let nonsense = directory.file("nonsense.crt");
    std::fs::write(&nonsense, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (crt, key, wanted) in [
        (directory.file("absent.crt"), key.clone(), "cannot be read"),
        (crt.clone(), directory.file("absent.key"), "tls.key_file"),
        (empty.clone(), key.clone(), "has no certificate"),
        (key.clone(), crt.clone(), "has no certificate"),
        (crt.clone(), empty, "has no private key"),
        (crt.clone(), encrypted, "is encrypted. Decrypt it"),
        (damaged, key.clone(), "damaged PEM"),
        (nonsense, key, "invalid certificate"),
    ] {
        let message = ServerTls::load(&crt, &key).unwrap_err().to_string();
        assert!(message.starts_with("AS-4011 ") && message.contains(wanted), "{wanted}: {message}");
    }
}

#[test]
fn the_process_provider_is_installed_once_and_offers_the_hybrid_exchange_first() {
    super::install_crypto_provider();
    super::install_crypto_provider();
    let installed = rustls::crypto::CryptoProvider::get_default().unwrap();
    assert_eq!(installed.kx_groups[0].name(), rustls::NamedGroup::X25519MLKEM768);
}

#[cfg(unix)]
#[test]
fn a_hangup_signal_reloads() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("served");
    let (next_crt, next_key) = directory.issue("next");
    let tls = Arc::new(ServerTls::load(&crt, &key).unwrap());
    std::fs::copy(&next_crt, &crt).unwrap();
    std::fs::copy(&next_key, &key).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let file = directory.file("authorities.pem");
    std::fs::copy(fixture("ca.pem"), &file).unwrap();
    let authorities = Arc::new(ClientAuthorities::load(&file).unwrap());
    std::fs::copy(&next_crt, &file).unwrap();
    runtime.block_on(async {
        let task = super::spawn_reload_on_sighup(Some(Arc::clone(&tls)), Some(Arc::clone(&authorities))).unwrap();
        let this = std::process::id().to_string();
        assert!(Command::new("kill").args(["-HUP", &this]).status().unwrap().success());
        let next = certificate(&next_crt);
        let reloaded = async {
            while tls.current.0.load().cert[0] != next || authorities.vouch(&der("client.pem"), &[], LATER) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), reloaded).await.expect("the signal reloads");
        task.abort();
    });
}

/// Behaviours 173 and 174.
#[test]
fn only_the_listener_for_certificates_asks_and_any_or_none_will_do() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("served");
    let (client_crt, client_key) = directory.issue("client");
    let tls = ServerTls::load(&crt, &key).unwrap();
    for version in BOTH {
        let asked = |config, shown| ask(config, &crt, shown, version);
        let shown = Some((client_crt.as_path(), client_key.as_path()));
        assert_eq!(asked(tls.server_config(HttpVersions::Http1).unwrap(), shown), (0, true));
        assert_eq!(asked(tls.mutual_config(HttpVersions::Http1).unwrap(), shown), (1, true));
        assert_eq!(asked(tls.mutual_config(HttpVersions::Http1).unwrap(), None), (1, true));
    }
}

/// Behaviour 173.
#[test]
fn a_client_holds_the_key_of_the_certificate_that_it_shows() {
    let directory = Directory::new();
    let (crt, key) = directory.issue("served");
    let (client_crt, client_key) = directory.issue("client");
    let (_, other_key) = directory.issue("other");
    let stolen = CertifiedKey::new(
        vec![certificate(&client_crt)],
        super::certified_key(&directory.file("other.crt"), &other_key).unwrap().key,
    );
    let tls = ServerTls::load(&crt, &key).unwrap();
    for version in BOTH {
        assert!(
            ask(tls.mutual_config(HttpVersions::Http1).unwrap(), &crt, Some((&client_crt, &client_key)), version).1
        );
        let config = tls.mutual_config(HttpVersions::Http1).unwrap();
        assert!(!ask_with(config, &crt, Some(Arc::new(stolen.clone())), version).1);
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mtls/fixtures").join(name)
}

fn der(name: &str) -> Vec<u8> {
    certificate(&fixture(name)).to_vec()
}

/// The certificates among the fixtures begin on 2026-11-28; one of them has ended by now.
const LATER: i64 = 1_800_000_000;

#[test]
fn authorities_that_are_read_again_count_at_once_and_bad_ones_change_nothing() {
    let directory = Directory::new();
    let file = directory.file("authorities.pem");
    std::fs::copy(fixture("ca.pem"), &file).unwrap();
    let authorities = ClientAuthorities::load(&file).unwrap();
    let vouched = || authorities.vouch(&der("client.pem"), &[], LATER);
    assert!(vouched());
    let cut = std::fs::read_to_string(fixture("ca.pem")).unwrap().replace("-----END", "");
    let key = std::fs::read_to_string(fixture("client.key")).unwrap();
    for (bad, why) in [("", "no certificate"), ("nonsense", "no certificate"), (&cut, "."), (&key, "no certificate")] {
        std::fs::write(&file, bad).unwrap();
        assert!(authorities.reload().unwrap_err().message().contains(why), "{bad}");
        assert!(vouched(), "{bad}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(authorities.reload().unwrap_err().message().contains("cannot be read"));
    assert!(vouched());
    // Another authority: nobody who was vouched for still is.
    std::fs::copy(directory.issue("other").0, &file).unwrap();
    authorities.reload().unwrap();
    assert!(!vouched());
    std::fs::copy(fixture("ca.pem"), &file).unwrap();
    authorities.reload().unwrap();
    assert!(vouched());
}

#[test]
fn an_authority_vouches_for_its_own_and_in_their_time() {
    let authorities = ClientAuthorities::load(&fixture("ca.pem")).unwrap();
    let (before, within, after) = (1_700_000_000, 1_795_860_000, LATER);
    for (name, now, expected) in [
        ("client.pem", after, true),
        ("other.pem", after, true),
        ("client.pem", before, false),
        ("client.pem", -1, false),
        ("expired.pem", within, true),
        ("expired.pem", after, false),
        ("self.pem", after, false),
        ("self-rsa.pem", after, false),
    ] {
        assert_eq!(authorities.vouch(&der(name), &[], now), expected, "{name} at {now}");
    }
    assert!(!authorities.vouch(&[], &[], after) && !authorities.vouch(b"x", &[der("ca.pem")], after));
    // Who shows its issuer does not become its issuer.
    assert!(!authorities.vouch(&der("self.pem"), &[der("self.pem")], after));
    assert!(ClientAuthorities::load(&fixture("none.pem")).is_err());
    assert!(ClientAuthorities::load(&fixture("self.key")).is_err());
}
