//! `trusted_proxies`: whose `X-Forwarded-*` headers are believed (RFC 9700 §4.13, ASVS 4.1.3).

use super::network::Network;
use super::reader::Reader;
use super::setting::{Kind, Setting};
use crate::domain::trace::StartCode;

/// `trusted_proxies`
pub static TRUSTED_PROXIES: Setting = Setting::new(
    "trusted_proxies",
    Kind::List,
    "Addresses or networks of the reverse proxies in front. Only their X-Forwarded-* headers are believed; with \
     none, the headers are ignored.",
)
.default("")
.example("10.0.0.0/8,192.0.2.7");

/// Every network, with one refusal for each that is malformed.
pub fn read(reader: &mut Reader<'_>) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in reader.list(&TRUSTED_PROXIES) {
        match Network::parse(&text) {
            Ok(network) => networks.push(network),
            Err(why) => {
                reader.refuse(StartCode::InvalidValue, &TRUSTED_PROXIES, format!("trusted_proxies: \"{text}\" {why}"));
            }
        }
    }
    networks
}
