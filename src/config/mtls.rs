//! `[mtls]`: clients that show a certificate (RFC 8705). They have an address of their own, so that
//! browsers are never asked for one.

use std::{net::SocketAddr, path::PathBuf};

use super::{
    network::Network,
    reader::Reader,
    server,
    setting::{Kind, Setting},
    tls::TlsFiles,
};
use crate::domain::{Issuer, trace::StartCode};

static URL: Setting = Setting::new(
    "mtls.url",
    Kind::Text,
    "The address by which clients with certificates reach this server, with the path of the issuer. Metadata names its \
     endpoints as mtls_endpoint_aliases. Empty: off.",
)
.default("")
.example("https://mtls.id.example.com");

static BIND: Setting = Setting::new(
    "mtls.bind",
    Kind::Text,
    "IP address and port of the listener that asks clients for a certificate, with the certificate of [tls]. Empty: \
     none, a proxy does it.",
)
.default("")
.example("0.0.0.0:8444");

static CA_FILE: Setting = Setting::new(
    "mtls.ca_file",
    Kind::Text,
    "PEM file with the authorities that vouch for clients: tls_client_auth needs it. Self-signed certificates are \
     registered with their clients, and need none. SIGHUP reads it again.",
)
.example("/etc/symbolon/tls/client-ca.pem");

static FROM_PROXY: Setting = Setting::new(
    "mtls.from_proxy",
    Kind::Boolean,
    "Believe the Client-Cert header (RFC 9440) of trusted_proxies. The proxy must remove the header that a client sends.",
)
.default("false");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&URL, &BIND, &CA_FILE, &FROM_PROXY];

/// Clients that show a certificate.
#[derive(Clone, Debug)]
pub struct Mtls {
    /// Where they reach this server; none: nowhere.
    pub url: Option<Issuer>,
    /// Where it listens for them itself.
    pub bind: Option<SocketAddr>,
    /// The authorities that vouch for them.
    pub ca_file: Option<PathBuf>,
    /// Whether proxies tell their certificates.
    pub from_proxy: bool,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>, issuer: Option<&Issuer>, tls: Option<&TlsFiles>, proxies: &[Network]) -> Mtls {
    let url_text = reader.text(&URL).unwrap_or_default();
    let url = if url_text.is_empty() { None } else { parse(reader, &url_text, issuer) };
    let bind_text = reader.text(&BIND).unwrap_or_default();
    let bind = if bind_text.is_empty() { None } else { server::address(reader, &BIND, &bind_text) };
    let ca_file = reader.path(&CA_FILE);
    let from_proxy = reader.boolean(&FROM_PROXY);
    if bind.is_some() && tls.is_none() {
        let message = "mtls.bind needs the certificate of this server. Set tls.certificate_file and tls.key_file, or let a \
                       proxy ask for certificates (mtls.from_proxy)";
        reader.refuse(StartCode::Incomplete, &BIND, message);
    }
    if from_proxy && !url_text.is_empty() && proxies.is_empty() {
        let message = "mtls.from_proxy is set without trusted_proxies, so nobody would be believed. Set trusted_proxies to \
                       the addresses that the proxy connects from";
        reader.refuse(StartCode::Incomplete, &FROM_PROXY, message);
    }
    if !url_text.is_empty() && bind_text.is_empty() && !from_proxy {
        let message = "mtls.url is set, but nobody asks clients for certificates there. Set mtls.bind, or mtls.from_proxy \
                       where a proxy does";
        reader.refuse(StartCode::Incomplete, &URL, message);
    }
    if url_text.is_empty() && (bind.is_some() || from_proxy) {
        let blamed = if bind.is_some() { &BIND } else { &FROM_PROXY };
        let message = format!("{} is set without mtls.url, so no client would find it. Set mtls.url", blamed.name);
        reader.refuse(StartCode::Incomplete, blamed, message);
    }
    Mtls { url, bind, ca_file, from_proxy }
}

fn parse(reader: &mut Reader<'_>, text: &str, issuer: Option<&Issuer>) -> Option<Issuer> {
    let url = Issuer::parse(text).ok().filter(|url| issuer.is_none_or(|issuer| issuer.path() == url.path()));
    if url.is_none() {
        let message = "mtls.url must be an https address without query, with the very path of the issuer. Write it as \
                       https://mtls.id.example.com";
        reader.refuse(StartCode::InvalidValue, &URL, message);
    }
    url
}
