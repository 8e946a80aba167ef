//! The claims of a logout token (OIDC Back-Channel Logout 1.0 §2.4): who is signed out of which
//! session, for one client, soon.

use serde_json::{Map, Value, json};

use crate::{
    Timestamp,
    ids::{ClientId, SessionId, UserId},
};

/// The `typ` of a logout token.
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";
/// The member of `events`.
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A logout token is believed this long; two minutes at most are advised (§2.4).
const LIFETIME_SECONDS: i64 = 120;

/// What a logout token says.
#[derive(Clone, Copy, Debug)]
pub struct LogoutTokenFacts<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`.
    pub client_id: &'a ClientId,
    /// `sub`.
    pub subject: &'a UserId,
    /// `sid`.
    pub sid: &'a SessionId,
    /// `jti`: of this token, new for every try.
    pub jti: &'a str,
    /// `iat`.
    pub issued_at: Timestamp,
}

impl LogoutTokenFacts<'_> {
    /// The claims set. There is never a `nonce`: an ID token is no logout token, nor the other way round.
    pub fn claims(&self) -> Map<String, Value> {
        let claims = json!({
            "iss": self.issuer,
            "aud": self.client_id.as_str(),
            "iat": self.issued_at.seconds(),
            "exp": self.issued_at.plus_seconds(LIFETIME_SECONDS).seconds(),
            "jti": self.jti,
            "events": { LOGOUT_EVENT: {} },
            "sub": self.subject.as_str(),
            "sid": self.sid.as_str(),
        });
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::id_token::check_own_id_token_hint;

    fn claims() -> Map<String, Value> {
        let (client_id, subject, sid) = (ClientId::new("web"), UserId::new("alice"), SessionId::new("s1"));
        let facts = LogoutTokenFacts {
            issuer: "https://id.example",
            client_id: &client_id,
            subject: &subject,
            sid: &sid,
            jti: "j1",
            issued_at: Timestamp::from_seconds(1000),
        };
        facts.claims()
    }

    #[test]
    fn it_carries_exactly_what_the_specification_lists_and_no_nonce() {
        let expected = json!({
            "iss": "https://id.example", "aud": "web", "iat": 1000, "exp": 1120, "jti": "j1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            "sub": "alice", "sid": "s1",
        });
        assert_eq!(Value::Object(claims()), expected);
    }

    #[test]
    fn it_never_passes_for_an_id_token() {
        let mut claims = claims();
        assert!(check_own_id_token_hint(&claims, "https://id.example").is_err());
        claims.insert("auth_time".into(), 1.into());
        assert!(check_own_id_token_hint(&claims, "https://id.example").is_err());
    }
}
