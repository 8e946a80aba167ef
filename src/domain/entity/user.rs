//! People, the groups they are in, and the roles they hold.

use serde::{Deserialize, Serialize};

use super::Owner;
use crate::{
    Timestamp,
    ids::{GroupId, RoleId, UserId},
};

/// Whether an account may sign in and receive tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// In use.
    Active,
    /// Switched off by an administrator: no sign-in, no token.
    Disabled,
}

impl UserState {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// From the stored name; an unknown name is no state.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled].into_iter().find(|state| state.name() == name)
    }
}

/// The standard claims of OIDC Core 5.1 beyond name, username and email. All personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserProfile {
    /// Given name or first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Surname or last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// URL of the profile page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// URL of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// URL of the web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// IANA time zone name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// BCP 47 language tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Telephone number, E.164 recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the telephone number was verified.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phone_number_verified: bool,
    /// Postal address (OIDC Core 5.1.1): member name to text.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub address: std::collections::BTreeMap<String, String>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// The `sub`.
    pub id: UserId,
    /// As the person writes it.
    pub username: String,
    /// The address, if any.
    pub email: Option<String>,
    /// Whether the address was verified; always present with `email`.
    pub email_verified: bool,
    /// The full name as shown.
    pub name: Option<String>,
    /// The other standard claims.
    pub profile: UserProfile,
    /// Whether the account may be used.
    pub state: UserState,
    /// Tokens and sessions from before this are dead.
    pub not_before: Option<Timestamp>,
    /// Who owns the definition.
    pub owner: Owner,
    /// Grows with every change; the ETag.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed (`updated_at` claim).
    pub updated_at: Timestamp,
}

impl User {
    /// The form in which names and addresses are compared: lower case, trimmed.
    pub fn canonical(name: &str) -> String {
        name.trim().to_lowercase()
    }

    /// The address in the form in which addresses are compared, if it stands for this account: then it signs
    /// in, and nobody else can have it. What somebody types who creates their own account does not, until
    /// it was verified. So it neither keeps its owner from using it, nor tells who has an account.
    pub fn claimed_email(&self) -> Option<String> {
        let vouched = self.email_verified || self.owner != Owner::Person;
        self.email.as_deref().filter(|_| vouched).map(Self::canonical)
    }

    /// Whether the account may sign in and receive tokens.
    pub fn is_active(&self) -> bool {
        self.state == UserState::Active
    }
}

/// A group of users; its name is the claim value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The stable identifier.
    pub id: GroupId,
    /// The value in the `groups` claim.
    pub name: String,
    /// For people.
    pub description: String,
    /// Who owns the definition.
    pub owner: Owner,
    /// Grows with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A role; its name is the claim value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// The stable identifier.
    pub id: RoleId,
    /// The value in the `roles` claim.
    pub name: String,
    /// For people.
    pub description: String,
    /// Who owns the definition; system roles cannot be deleted.
    pub owner: Owner,
    /// Grows with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Role {
    /// The built-in role that may do everything.
    pub const OWNER: &'static str = "owner";
}
