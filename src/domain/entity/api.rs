//! What tokens are for: the registered APIs (protected resources, RFC 8707), and the types of rich
//! authorization requests (RFC 9396).

use serde::{Deserialize, Serialize};

use super::{AccessTokenFormat, Owner};
use crate::{Timestamp, jose::SigningAlgorithm};

/// One permission at an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiScope {
    /// The scope value.
    pub name: String,
    /// What an app will be able to do, in a person's words: completes "This app will be able to".
    pub sentence: String,
}

/// Everything that an administrator sets on an API beside its name. Stored as one document; what is
/// not set is as the client has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSettings {
    /// Its permissions, in the order in which people see them.
    #[serde(default)]
    pub scopes: Vec<ApiScope>,
    /// JWT or opaque access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// The algorithm of JWT access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_signed_response_alg: Option<SigningAlgorithm>,
    /// The life of access tokens, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// Who authorizes it has signed in at most so many seconds before (RFC 9470).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_authentication_age: Option<i64>,
    /// The classes of authentication that it wishes for, if the request names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// Whether clients that registered themselves may ask for it.
    #[serde(default)]
    pub allow_self_registered: bool,
    /// Whether metadata tells of it.
    #[serde(default)]
    pub public: bool,
    /// Where its metadata is below `/.well-known/oauth-protected-resource/`, beside the place that
    /// RFC 9728 §3.1 derives from an identifier on this host. Only if it is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_path: Option<String>,
}

/// An API that tokens are issued for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Api {
    /// The resource identifier, which is also the `aud` of its tokens.
    pub resource: String,
    /// What people see.
    pub name: String,
    /// For people.
    pub description: String,
    /// Everything else.
    pub settings: ApiSettings,
    /// Who owns the definition.
    pub owner: Owner,
    /// Grows with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Api {
    /// Whether the scope is one of this API's.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.settings.scopes.iter().any(|known| known.name == scope)
    }
}

/// A type of authorization details (RFC 9396 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DetailsType {
    /// The value of the member `type`.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What it means, in a person's words.
    pub description: String,
    /// The schema that its objects keep to, in the subset of JSON Schema that
    /// [`Schema`](crate::json_schema::Schema) knows.
    pub schema: serde_json::Value,
    /// Who owns the definition.
    pub owner: Owner,
    /// Grows with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
