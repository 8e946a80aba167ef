//! The kinds of JWT that others sign for this server, by the `typ` in the header (RFC 8725 §3.11): what
//! one was signed for it must not serve for another.

use serde_json::{Map, Value};

/// A kind of JWT. Each is taken without a `typ` and as a mere `JWT` too: what clients send is mostly older
/// than the kind's own type. What cannot be told by the type is told by the claims, where the kinds are
/// checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtKind {
    /// What a client authenticates with (RFC 7523 §3, and its update of 2025).
    ClientAssertion,
    /// What an issuer vouches with (RFC 7523 §2.1, and its update of 2025).
    AuthorizationGrant,
    /// What a client asks with, through the browser or over the back channel (RFC 9101 §10.8, CIBA Core
    /// 1.0 §7.1.1).
    RequestObject,
}

impl JwtKind {
    /// Its own media type, without the `application/` that headers leave out.
    const fn media_type(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client-authentication+jwt",
            Self::AuthorizationGrant => "authorization-grant+jwt",
            Self::RequestObject => "oauth-authz-req+jwt",
        }
    }

    /// Whether a header says nothing that a JWT of this kind would not say.
    pub fn admits(self, header: &Map<String, Value>) -> bool {
        match header.get("typ") {
            None => true,
            Some(Value::String(typ)) => {
                let named = without_prefix(typ);
                ["JWT", self.media_type()].iter().any(|known| known.eq_ignore_ascii_case(named))
            }
            Some(_) => false,
        }
    }
}

/// Media types know no case, and their `application/` may be left out (RFC 7515 §4.1.9).
fn without_prefix(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWN: [(JwtKind, &str); 3] = [
        (JwtKind::ClientAssertion, "client-authentication+jwt"),
        (JwtKind::AuthorizationGrant, "authorization-grant+jwt"),
        (JwtKind::RequestObject, "oauth-authz-req+jwt"),
    ];

    fn admitted(kind: JwtKind, typ: &Value) -> bool {
        kind.admits(json!({ "alg": "ES256", "typ": typ }).as_object().expect("an object"))
    }

    #[test]
    fn each_kind_is_taken_untyped_and_under_its_own_type_in_any_spelling() {
        for (kind, own) in OWN {
            assert!(kind.admits(&Map::new()), "{own}");
            let spellings = [own.to_owned(), own.to_uppercase(), format!("application/{own}")];
            let spellings = spellings.into_iter().chain(["JWT", "jwt", "Application/JWT"].map(str::to_owned));
            for typ in spellings {
                assert!(admitted(kind, &json!(typ)), "{own}: {typ}");
            }
        }
    }

    #[test]
    fn no_kind_is_taken_for_another() {
        for (kind, own) in OWN {
            for (_, other) in OWN.into_iter().filter(|(_, other)| *other != own) {
                assert!(!admitted(kind, &json!(other)), "{own}: {other}");
            }
            for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "JOSE", ""] {
                assert!(!admitted(kind, &json!(typ)), "{own}: {typ}");
            }
            for typ in ["text/JWT", "application/", "application/application/JWT", "JWT ", "äpplication/JWT"] {
                assert!(!admitted(kind, &json!(typ)), "{own}: {typ}");
            }
            for typ in [json!(null), json!(["JWT"]), json!(1)] {
                assert!(!admitted(kind, &typ), "{own}: {typ}");
            }
        }
    }
}
