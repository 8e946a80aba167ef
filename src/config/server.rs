//! `issuer` and `bind`: who we are and where we listen, and the rule that plain HTTP never leaves
//! the machine unless a declared proxy has ended TLS in front of us.

use std::net::{Ipv4Addr, SocketAddr};

use super::error::Origin;
use super::network::Network;
use super::reader::Reader;
use super::setting::{Kind, Setting};
use super::tls::TlsFiles;
use super::trusted_proxies::TRUSTED_PROXIES;
use crate::domain::{Issuer, IssuerRefusal, trace::StartCode};

/// `issuer`
pub static ISSUER: Setting = Setting::new(
    "issuer",
    Kind::Text,
    "The address by which people and apps reach this server, and the `iss` of every token. Compared byte for \
     byte, so it is used exactly as written: no slash is added or removed. https, or http on loopback. Without \
     it, http://localhost:PORT is derived from a loopback bind (https with tls).",
)
.example("https://id.example.com");

/// `bind`
pub static BIND: Setting = Setting::new(
    "bind",
    Kind::Text,
    "IP address and port to listen on. The default is reachable from this machine only, so that a first start \
     exposes no setup page.",
)
.default("127.0.0.1:8080");

/// `bind`, read.
pub fn read_bind(reader: &mut Reader<'_>) -> SocketAddr {
    let fallback = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
    reader.text(&BIND).map_or(fallback, |text| address(reader, &BIND, &text).unwrap_or(fallback))
}

/// The socket address in `text`, or a refusal with the fix.
pub fn address(reader: &mut Reader<'_>, setting: &'static Setting, text: &str) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        let meant = text.strip_prefix("localhost:").map_or("127.0.0.1:8080".into(), |port| format!("127.0.0.1:{port}"));
        let message = format!("{} is \"{text}\": write an IP address and a port, such as {meant}", setting.name);
        reader.refuse(StartCode::InvalidValue, setting, message);
    }
    address
}

/// `issuer`, read or derived, and checked against how it will be served. `None` after a refusal.
pub fn read_issuer(
    reader: &mut Reader<'_>,
    bind: SocketAddr,
    tls: Option<&TlsFiles>,
    proxies: &[Network],
) -> Option<Issuer> {
    let issuer = match reader.text(&ISSUER) {
        Some(text) => parse(reader, &text),
        None => derive(reader, bind, tls),
    };
    check_transport(reader, issuer.as_ref(), bind, tls, proxies);
    issuer
}

/// The configured issuer, or a refusal in the words of its rule.
fn parse(reader: &mut Reader<'_>, text: &str) -> Option<Issuer> {
    match Issuer::parse(text) {
        Ok(issuer) => Some(issuer),
        Err(IssuerRefusal::NotHttps) => {
            let message = format!(
                "issuer is {text}: only loopback may use http. Set SYMBOLON_ISSUER=https://... or terminate TLS \
                 (docs/tls)."
            );
            reader.refuse(StartCode::IssuerNotHttps, &ISSUER, message);
            None
        }
        Err(IssuerRefusal::Form(why)) => {
            // A user name or password in it must not reach a log, so the text is quoted only without one.
            let quoted = if text.contains('@') { "an address with a user name" } else { text };
            reader.refuse(StartCode::InvalidValue, &ISSUER, format!("issuer is {quoted}: {why}."));
            None
        }
    }
}

/// The issuer of a loopback start.
fn derive(reader: &mut Reader<'_>, bind: SocketAddr, tls: Option<&TlsFiles>) -> Option<Issuer> {
    let fix = "Set SYMBOLON_ISSUER=https://id.example.com, the address that people will open";
    if !bind.ip().is_loopback() {
        let message = format!("issuer is not set, and bind {bind} is not loopback, so it cannot be derived. {fix}");
        reader.refuse(StartCode::Missing, &BIND, message);
        return None;
    }
    if bind.port() == 0 {
        let message = "issuer is not set and cannot be derived from port 0. Set issuer, or bind a fixed port";
        reader.refuse(StartCode::Missing, &BIND, message);
        return None;
    }
    let (scheme, usual) = if tls.is_some() { ("https", 443) } else { ("http", 80) };
    let port = if bind.port() == usual { String::new() } else { format!(":{}", bind.port()) };
    let text = format!("{scheme}://localhost{port}");
    reader.show_from(&ISSUER, text.clone(), Origin::Derived("bind"));
    Issuer::parse(&text).ok()
}

/// Plain HTTP only on loopback, or behind a declared proxy for an https issuer (RFC 6749 §3.1, ASVS 12.2.1).
fn check_transport(
    reader: &mut Reader<'_>,
    issuer: Option<&Issuer>,
    bind: SocketAddr,
    tls: Option<&TlsFiles>,
    proxies: &[Network],
) {
    let https = issuer.map(Issuer::is_https);
    if tls.is_some() {
        if https == Some(false) {
            let message = "issuer is http, but tls serves https only. Set issuer=https://... or remove the tls section";
            reader.refuse(StartCode::Contradiction, &ISSUER, message);
        }
        return;
    }
    if bind.ip().is_loopback() {
        if https == Some(true) && proxies.is_empty() {
            reader.warn(
                &TRUSTED_PROXIES,
                "issuer is https and something in front ends TLS, but trusted_proxies is empty: every client will \
                 seem to have the address of the proxy. Set SYMBOLON_TRUSTED_PROXIES=127.0.0.1",
            );
        }
        return;
    }
    let message = match (https, proxies.is_empty()) {
        (Some(true), false) | (None, _) => return,
        (Some(false), _) => format!(
            "bind is {bind}, which would serve plain HTTP to the network. Set bind to 127.0.0.1:{port}; or, to be \
             reachable, set issuer=https://... with tls.certificate_file and tls.key_file, or with trusted_proxies \
             (docs/tls).",
            port = bind.port()
        ),
        (Some(true), true) => format!(
            "bind is {bind} without TLS, and no proxy is declared that ends TLS. Set tls.certificate_file and \
             tls.key_file, or SYMBOLON_TRUSTED_PROXIES=<address of the proxy>, or bind to 127.0.0.1:{port} \
             (docs/tls).",
            port = bind.port()
        ),
    };
    reader.refuse(StartCode::PlainHttp, &BIND, message);
}
