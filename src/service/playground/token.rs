//! What a token says, for reading: the parts of a compact JWS, and times in words. Nothing is
//! verified here; what must be has been before (`relying_party`).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// The readable parts of a signed token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// JOSE header.
    pub header: Value,
    /// Claims.
    pub claims: Value,
}

impl Decoded {
    /// Reads a compact JWS; `None` for anything else, such as an opaque token.
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let part = |text: &str| {
            let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            value.is_object().then_some(value)
        };
        Some(Self { header: part(header)?, claims: part(claims)? })
    }

    /// A claim that is text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// From issue to expiry, in seconds.
    pub fn lifetime(&self) -> Option<i64> {
        let number = |claim: &str| self.claims.get(claim)?.as_i64();
        number("exp")?.checked_sub(number("iat")?)
    }
}

/// A length of time in words, in the largest unit that divides it: "10 minutes".
pub fn in_words(seconds: i64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let fitting = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds % unit == 0);
    let (unit, name) = fitting.unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}
