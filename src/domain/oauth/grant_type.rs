//! The grant types by name (RFC 6749 §4, §6 and §4.5). The service's table of grants answers to this list, but
//! for `implicit`, whose tokens come from the authorization endpoint.

use serde::{Deserialize, Serialize};

/// A `grant_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.2: no grant of the token endpoint, but what a client is registered for that may be
    /// answered with tokens through the browser.
    Implicit,
    /// RFC 8628 §3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 7523 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    /// OpenID Connect CIBA Core 1.0 §10.1.
    #[serde(rename = "urn:openid:params:grant-type:ciba")]
    Ciba,
}

impl GrantType {
    /// Every grant type.
    pub const ALL: [Self; 8] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::Implicit,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
        Self::Ciba,
    ];

    /// The `grant_type` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::Ciba => "urn:openid:params:grant-type:ciba",
        }
    }

    /// What people may type instead of the whole name, where they configure clients.
    pub const fn alias(self) -> &'static str {
        match self {
            Self::DeviceCode => "device_code",
            Self::TokenExchange => "token_exchange",
            Self::JwtBearer => "jwt_bearer",
            Self::Ciba => "ciba",
            other => other.name(),
        }
    }

    /// The grant type of this name; unknown names are refused, never guessed.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }

    /// Whether the token endpoint answers to it.
    pub const fn is_for_token_endpoint(self) -> bool {
        !matches!(self, Self::Implicit)
    }

    /// As [`Self::from_name`], by its alias.
    pub fn from_alias(alias: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.alias() == alias)
    }

    /// Whether only a client that proves who it is may use the grant.
    pub const fn needs_confidential_client(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::TokenExchange | Self::JwtBearer | Self::Ciba)
    }

    /// Whether a person's authorization begins with this grant, so that it can be continued by
    /// refresh tokens.
    pub const fn begins_authorization(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::DeviceCode | Self::Ciba)
    }
}

#[cfg(test)]
mod tests {
    use super::GrantType;

    #[test]
    fn a_grant_type_is_stored_under_its_registered_name() {
        for grant in GrantType::ALL {
            assert_eq!(serde_json::to_value(grant).unwrap(), grant.name());
            assert_eq!(serde_json::from_value::<GrantType>(grant.name().into()).unwrap(), grant);
            assert_eq!(GrantType::from_name(grant.name()), Some(grant));
            assert_eq!(GrantType::from_alias(grant.alias()), Some(grant));
        }
    }

    #[test]
    fn an_alias_is_no_name_on_the_wire() {
        for grant in GrantType::ALL.into_iter().filter(|grant| grant.name().starts_with("urn:")) {
            assert_eq!(GrantType::from_name(grant.alias()), None, "{}", grant.alias());
        }
    }
}
