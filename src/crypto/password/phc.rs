//! The PHC string of an Argon2id hash, read without tolerance: a stored hash that we would not
//! have written is broken, and parameters above the caps would let one row stop the server.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// The parameters that decide how long a hash takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) iterations: u32,
    pub(super) parallelism: u32,
}

impl Cost {
    /// The caps in words.
    pub(super) const LIMITS: &'static str = "1 to 16 lanes, 1 to 16 iterations, and 8 KiB a lane to 256 MiB of memory";

    /// `None` outside the caps.
    pub(super) fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Option<Self> {
        let sane = (1..=16).contains(&parallelism)
            && (1..=16).contains(&iterations)
            && (8 * parallelism..=256 * 1024).contains(&memory_kib);
        sane.then_some(Self { memory_kib, iterations, parallelism })
    }
}

/// A stored hash. `Display` writes the PHC string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phc {
    pub(super) cost: Cost,
    /// 8 to 64 bytes.
    pub(super) salt: Vec<u8>,
    /// 16 to 64 bytes.
    pub(super) hash: Vec<u8>,
}

impl Phc {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$m=")?;
        let (memory_kib, rest) = rest.split_once(",t=")?;
        let (iterations, rest) = rest.split_once(",p=")?;
        let (parallelism, rest) = rest.split_once('$')?;
        let (salt, hash) = rest.split_once('$')?;
        let cost = Cost::new(number(memory_kib)?, number(iterations)?, number(parallelism)?)?;
        let salt = STANDARD_NO_PAD.decode(salt).ok().filter(|salt| (8..=64).contains(&salt.len()))?;
        let hash = STANDARD_NO_PAD.decode(hash).ok().filter(|hash| (16..=64).contains(&hash.len()))?;
        Some(Self { cost, salt, hash })
    }
}

/// Decimal digits without sign or leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Phc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { memory_kib, iterations, parallelism } = self.cost;
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.hash));
        write!(f, "$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${hash}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn a_phc_string_reads_and_writes_itself() {
        let phc = Phc::parse(GOOD).unwrap();
        assert_eq!(phc.cost, Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 });
        assert_eq!((phc.salt.as_slice(), phc.hash.len()), (b"somesaltsomesalt".as_slice(), 32));
        assert_eq!(phc.to_string(), GOOD);
    }

    #[test]
    fn strings_that_we_would_not_write_are_refused() {
        for (from, to) in [
            ("$argon2id", "argon2id"),
            ("$argon2id", "$argon2i"),
            ("$argon2id", "$ARGON2ID"),
            ("v=19", "v=16"),
            ("$v=19", ""),
            ("m=19456,t=2,p=1", "t=2,m=19456,p=1"),
            ("m=19456", "m=019456"),
            ("m=19456", "m=+19456"),
            ("m=19456", "m= 19456"),
            ("m=19456", "m="),
            ("m=19456", "m=99999999999"),
            (",p=1", ",p=1,keyid=AA"),
            (",p=1", ""),
            ("$c29tZXNhbHRzb21lc2FsdA", "$"),
            ("c29tZXNhbHRzb21lc2FsdA", "c29tZQ"),
            ("c29tZXNhbHRzb21lc2FsdA", "c29tZXNhbHRzb21lc2FsdA=="),
            ("c29tZXNhbHRzb21lc2FsdA", "c29tZXNhbHRzb21lc2FsdB"),
            ("/uIPnA4", "_uIPnA4"),
            ("$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", ""),
            ("$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "$nf65EOgLrQMR"),
            ("Gi/4", "Gi/4$"),
            ("Gi/4", "Gi/4\n"),
        ] {
            let changed = GOOD.replacen(from, to, 1);
            assert_ne!(changed, GOOD, "{from}");
            assert_eq!(Phc::parse(&changed), None, "{changed}");
        }
        for text in ["", "$", "$$$$$", "$2b$12$abcdefghijklmnopqrstuv", "password"] {
            assert_eq!(Phc::parse(text), None, "{text}");
        }
    }

    #[test]
    fn costs_outside_the_caps_are_refused() {
        for (memory_kib, iterations, parallelism) in
            [(256 * 1024 + 1, 2, 1), (7, 2, 1), (31, 2, 4), (0, 2, 1), (19_456, 17, 1), (19_456, 0, 1), (19_456, 2, 17)]
        {
            assert_eq!(Cost::new(memory_kib, iterations, parallelism), None);
            let text = GOOD.replace("m=19456,t=2,p=1", &format!("m={memory_kib},t={iterations},p={parallelism}"));
            assert_eq!(Phc::parse(&text), None, "{text}");
        }
        assert_eq!(Cost::new(19_456, 2, 0), None);
        assert_eq!(Cost::new(u32::MAX, u32::MAX, u32::MAX), None);
        assert!(Cost::new(256 * 1024, 16, 16).is_some() && Cost::new(8, 1, 1).is_some());
    }
}
