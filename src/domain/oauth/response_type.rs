//! The response types: what comes back through the browser, and which grants a client needs for it
//! (OAuth 2.0 Multiple Response Type Encoding Practices §3 and §5, OIDC Core 3, OIDC Dynamic Client
//! Registration 2). The order of the words means nothing.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::GrantType;

/// A `response_type`. `token` alone is absent: an access token that nothing binds to its request is
/// not offered (RFC 9700 §2.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResponseType {
    /// The authorization code flow.
    #[default]
    Code,
    /// The implicit flow, to know who it is and nothing more.
    IdToken,
    /// The implicit flow, with an access token.
    IdTokenToken,
    /// The hybrid flow; the ID token is a detached signature over the response.
    CodeIdToken,
    /// The hybrid flow without an ID token in the response.
    CodeToken,
    /// The hybrid flow with everything.
    CodeIdTokenToken,
}

impl ResponseType {
    /// Every response type, in the order in which metadata lists them.
    pub const ALL: [Self; 6] =
        [Self::Code, Self::IdToken, Self::IdTokenToken, Self::CodeIdToken, Self::CodeToken, Self::CodeIdTokenToken];

    /// The value as it is registered and listed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// The response type of these words in any order, separated by single spaces (RFC 6749 §3.1.1);
    /// a word twice is unknown like any other text.
    pub fn from_name(name: &str) -> Option<Self> {
        let sorted = |text: &str| {
            let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let asked = sorted(name);
        Self::ALL.into_iter().find(|known| sorted(known.name()) == asked)
    }

    /// Whether a code comes back.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether an ID token comes back through the browser.
    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken)
    }

    /// Whether an access token comes back through the browser.
    pub const fn has_access_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether anything but a code comes back: that must never stand in a query.
    pub const fn has_tokens(self) -> bool {
        self.has_id_token() || self.has_access_token()
    }

    /// Whether an access token can come from it at all: at once, or for the code.
    pub const fn leads_to_access_token(self) -> bool {
        self.has_code() || self.has_access_token()
    }

    /// The grants that a client needs for it (OIDC Dynamic Client Registration 2).
    pub fn grant_types(self) -> impl Iterator<Item = GrantType> {
        let code = self.has_code().then_some(GrantType::AuthorizationCode);
        let tokens = self.has_tokens().then_some(GrantType::Implicit);
        code.into_iter().chain(tokens)
    }
}

/// What a client gets that says nothing (RFC 7591 §2).
pub fn default_response_types() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

impl Serialize for ResponseType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ResponseType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| de::Error::custom("unknown response type"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_the_words_means_nothing() {
        for known in ResponseType::ALL {
            let words: Vec<&str> = known.name().split(' ').collect();
            let reversed = words.iter().rev().copied().collect::<Vec<_>>().join(" ");
            assert_eq!(ResponseType::from_name(known.name()), Some(known));
            assert_eq!(ResponseType::from_name(&reversed), Some(known), "{reversed}");
        }
        assert_eq!(ResponseType::from_name("token code id_token"), Some(ResponseType::CodeIdTokenToken));
    }

    #[test]
    fn anything_else_is_unknown() {
        for name in [
            "",
            " ",
            "none",
            "token",
            "Code",
            "code ",
            " code",
            "code  token",
            "code code",
            "code none",
            "id_token id_token",
            "code,token",
            "code\ttoken",
        ] {
            assert_eq!(ResponseType::from_name(name), None, "{name:?}");
            assert!(serde_json::from_value::<ResponseType>(json!(name)).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_comes_back_and_what_it_needs_follow_from_the_words() {
        for known in ResponseType::ALL {
            let has = |word| known.name().split(' ').any(|one| one == word);
            assert_eq!(known.has_code(), has("code"), "{known:?}");
            assert_eq!(known.has_id_token(), has("id_token"), "{known:?}");
            assert_eq!(known.has_access_token(), has("token"), "{known:?}");
            assert_eq!(known.has_tokens(), known != ResponseType::Code, "{known:?}");
            assert_eq!(known.leads_to_access_token(), known != ResponseType::IdToken, "{known:?}");
            let grants: Vec<GrantType> = known.grant_types().collect();
            assert_eq!(grants.contains(&GrantType::AuthorizationCode), has("code"), "{known:?}");
            assert_eq!(grants.contains(&GrantType::Implicit), known != ResponseType::Code, "{known:?}");
        }
    }

    #[test]
    fn a_registered_name_is_stored_in_its_usual_order() {
        let read: ResponseType = serde_json::from_value(json!("token id_token")).expect("known");
        assert_eq!(serde_json::to_value(read).expect("text"), json!("id_token token"));
    }
}
