//! Certificates of TLS clients (RFC 5280): what is read of them to recognize a client (RFC 8705 §2).
//! Chains are verified by the TLS stack; here a certificate is only taken apart.

use std::net::IpAddr;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use x509_cert::{
    Certificate,
    der::{
        Any, Decode, Encode,
        asn1::{BitString, Null, ObjectIdentifier, UintRef},
    },
    ext::pkix::{SubjectAltName, name::GeneralName},
    name::RdnSequence,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::token::digest;

/// Largest certificate that is looked at, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// rsaEncryption (RFC 3279 §2.3.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// id-Ed25519 (RFC 8410 §3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// The curves (RFC 5480 §2.1.1.1), by their names in a JWK.
const CURVES: [(&str, ObjectIdentifier); 3] = [
    ("P-256", ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")),
    ("P-384", ObjectIdentifier::new_unwrap("1.3.132.0.34")),
    ("P-521", ObjectIdentifier::new_unwrap("1.3.132.0.35")),
];
/// A point with both coordinates (RFC 5480 §2.2).
const UNCOMPRESSED: u8 = 4;

/// A client's certificate, taken apart.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    der: Vec<u8>,
    subject: String,
    alternative: Vec<GeneralName>,
    public_key: SubjectPublicKeyInfoOwned,
    not_before: i64,
    not_after: i64,
}

/// A distinguished name in the form in which two of them are compared: attribute types by one name
/// each, no case (RFC 4514, RFC 4517 §4.2.15). `None` is a text that is none.
pub fn canonical_name(text: &str) -> Option<String> {
    let spelled = Some(without_spaces(text)).filter(|name| has_readable_types(name))?;
    let name: RdnSequence = spelled.parse().ok()?;
    Some(name.to_string().to_lowercase()).filter(|name| !name.is_empty())
}

/// Whether the numbers in attribute types are such as there are: the library that reads them overflows. It
/// takes a separator after a backslash for escaped, whatever stands before that.
fn has_readable_types(name: &str) -> bool {
    const LONGEST: usize = 9;
    let (mut in_type, mut digits, mut escaped) = (true, 0, false);
    for c in name.chars() {
        match c {
            ',' | '+' if !escaped => (in_type, digits) = (true, 0),
            '=' => in_type = false,
            '.' => digits = 0,
            digit if in_type && digit.is_ascii_digit() => digits += 1,
            _ => {}
        }
        if digits > LONGEST {
            return false;
        }
        escaped = c == '\\';
    }
    true
}

/// Tools write spaces between attributes, which RFC 4514 does not: a value that begins with one has it
/// escaped.
fn without_spaces(name: &str) -> String {
    let (mut escaped, mut between) = (false, true);
    let kept = |c: &char| {
        if between && *c == ' ' {
            return false;
        }
        between = !escaped && matches!(c, ',' | '+');
        escaped = !escaped && *c == '\\';
        true
    };
    name.chars().filter(kept).collect()
}

impl ClientCertificate {
    /// Takes a certificate apart. `None` is anything that is not one, in DER, and nothing after it.
    pub fn parse(der: &[u8]) -> Option<Self> {
        if der.len() > MAX_LENGTH {
            return None;
        }
        let parsed = Certificate::from_der(der).ok()?.tbs_certificate;
        let alternative = parsed.get::<SubjectAltName>().ok()?.map(|(_, names)| names.0).unwrap_or_default();
        let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).ok();
        Some(Self {
            der: der.to_vec(),
            subject: parsed.subject.to_string().to_lowercase(),
            alternative,
            public_key: parsed.subject_public_key_info,
            not_before: seconds(parsed.validity.not_before)?,
            not_after: seconds(parsed.validity.not_after)?,
        })
    }

    /// What tokens are bound to: a thumbprint of the whole certificate, base64url (RFC 8705 §3.1).
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&self.der))
    }

    /// Its key with the certificate, as a client registers both (RFC 8705 §2.2.2), if it is a key for P-256.
    pub fn jwk(&self) -> Option<Map<String, Value>> {
        const COORDINATE: usize = 32;
        let point = self.public_key.subject_public_key.raw_bytes().strip_prefix(&[UNCOMPRESSED])?;
        let (x, y) = point.split_at_checked(COORDINATE).filter(|(_, y)| y.len() == COORDINATE)?;
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
            "x5c": [STANDARD.encode(&self.der)], "use": "sig", "kid": self.thumbprint(),
        });
        let members = jwk.as_object()?.clone();
        public_key(&members).is_some_and(|key| key == self.public_key).then_some(members)
    }

    /// Whether the certificate is valid at this time, in seconds.
    pub const fn is_valid_at(&self, seconds: i64) -> bool {
        self.not_before <= seconds && seconds <= self.not_after
    }

    /// Whether its subject is this name (RFC 4514).
    pub fn has_subject(&self, name: &str) -> bool {
        canonical_name(name).is_some_and(|name| name == self.subject)
    }

    /// Whether it is for this host.
    pub fn has_dns_name(&self, wanted: &str) -> bool {
        self.any(|name| matches!(name, GeneralName::DnsName(name) if name.as_str().eq_ignore_ascii_case(wanted)))
    }

    /// Whether it is for this address of a resource.
    pub fn has_uri(&self, wanted: &str) -> bool {
        self.any(|name| matches!(name, GeneralName::UniformResourceIdentifier(name) if name.as_str() == wanted))
    }

    /// Whether it is for this mailbox.
    pub fn has_email(&self, wanted: &str) -> bool {
        self.any(|name| matches!(name, GeneralName::Rfc822Name(name) if name.as_str() == wanted))
    }

    /// Whether it is for this network address.
    pub fn has_address(&self, wanted: IpAddr) -> bool {
        let bytes = match wanted {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        self.any(|name| matches!(name, GeneralName::IpAddress(name) if name.as_bytes() == bytes))
    }

    /// Whether one of these keys is the certificate's, or was registered with it (RFC 8705 §2.2.2).
    pub fn is_of(&self, jwks: &Value) -> bool {
        let keys = jwks.get("keys").and_then(Value::as_array);
        keys.is_some_and(|keys| keys.iter().filter_map(Value::as_object).any(|key| self.is_of_key(key)))
    }

    fn is_of_key(&self, jwk: &Map<String, Value>) -> bool {
        let registered = jwk.get("x5c").and_then(Value::as_array).and_then(|chain| chain.first()?.as_str());
        if let Some(registered) = registered {
            // What was registered with a certificate is that certificate, not another one of its key.
            return STANDARD.decode(registered).is_ok_and(|der| der == self.der);
        }
        public_key(jwk).is_some_and(|key| key == self.public_key)
    }

    fn any(&self, wanted: impl Fn(&GeneralName) -> bool) -> bool {
        self.alternative.iter().any(wanted)
    }
}

/// A public key as certificates carry it (RFC 3279 §2.3.1, RFC 5480 §2, RFC 8410 §3). `None` is one of
/// a kind that no certificate here has.
fn public_key(jwk: &Map<String, Value>) -> Option<SubjectPublicKeyInfoOwned> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let (oid, parameters, key) = match (text("kty")?, text("crv")) {
        ("RSA", None) => {
            let (n, e) = (bytes("n")?, bytes("e")?);
            let numbers = vec![UintRef::new(&n).ok()?, UintRef::new(&e).ok()?];
            (RSA, Some(Any::encode_from(&Null).ok()?), numbers.to_der().ok()?)
        }
        ("EC", Some(curve)) => {
            let curve = CURVES.iter().find(|(name, _)| *name == curve)?.1;
            let point = [[UNCOMPRESSED].as_slice(), &bytes("x")?, &bytes("y")?].concat();
            (EC, Some(Any::encode_from(&curve).ok()?), point)
        }
        ("OKP", Some("Ed25519")) => (ED25519, None, bytes("x")?),
        _ => return None,
    };
    let algorithm = AlgorithmIdentifierOwned { oid, parameters };
    Some(SubjectPublicKeyInfoOwned { algorithm, subject_public_key: BitString::from_bytes(&key).ok()? })
}

#[cfg(test)]
mod tests;
