//! An IP network in CIDR form, for the list of proxies whose `X-Forwarded-*` headers are believed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: an address whose host bits are zero, and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Parses `10.0.0.0/8`, `fd00::/8` or a single address.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the value, with the fix.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let malformed = || "is not an address or network. Write it as 10.0.0.0/8 or 192.0.2.7".to_owned();
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= width).ok_or_else(malformed)?
            }
            Some(_) => return Err(malformed()),
        };
        if prefix == 0 {
            return Err("would let every client forge its address. List only the proxies in front of Symbolon".into());
        }
        let network = Self { address: masked(address, prefix), prefix };
        if network.address != address {
            return Err(format!("has bits set after its prefix. Write it as {network}"));
        }
        Ok(network)
    }

    /// Whether `address` lies within. An IPv4 address that arrives mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// `address` with everything after the first `prefix` bits cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("192.0.2.7", "192.0.2.7"));
        assert!(!contains("192.0.2.7", "192.0.2.8"));
        assert!(contains("fd00::/8", "fdff::1"));
        assert!(!contains("fd00::/8", "fe80::1"));
        assert!(!contains("::1", "127.0.0.1"));
        assert!(contains("2001:db8::/128", "2001:db8::"));
    }

    #[test]
    fn a_mapped_ipv4_peer_is_judged_as_ipv4() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("10.0.0.0/8", "::ffff:192.0.2.1"));
    }

    #[test]
    fn malformed_and_universal_networks_are_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "proxy", "fd00::/129", "10.0.0.0/8/8"] {
            assert!(Network::parse(text).unwrap_err().contains("10.0.0.0/8"), "{text}");
        }
        for text in ["0.0.0.0/0", "::/0"] {
            assert!(Network::parse(text).unwrap_err().contains("forge"), "{text}");
        }
    }

    #[test]
    fn host_bits_are_refused_with_the_network_that_was_meant() {
        assert!(Network::parse("10.0.0.5/8").unwrap_err().contains("10.0.0.0/8"));
    }
}
