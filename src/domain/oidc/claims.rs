//! What is told about a person: by scope (OIDC Core 5.4) and by the claims parameter (5.5). What is
//! not held is absent; a claim is never null, empty, or the word null (OIDC Core 5.3.2).

mod request;
mod scopes;

use serde_json::{Map, Value};

use crate::entity::User;

pub use request::{ClaimRequest, ClaimsRequest, SubjectMismatch, Target, requested_claims};
pub use scopes::{SCOPES, ScopeDescription, claims_supported, describe_scope, scopes_supported};

/// A person with what is told about group and role membership.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The account.
    pub user: &'a User,
    /// The `sub` that the client knows them by.
    pub subject: &'a str,
    /// The names of the person's groups.
    pub groups: &'a [String],
    /// The names of the person's roles in effect.
    pub roles: &'a [String],
}

/// The claims of the granted scopes. `sub` is always among them; unknown scopes add nothing.
pub fn claims_for_scope(person: &Person<'_>, scope: &[String]) -> Map<String, Value> {
    let granted = SCOPES.iter().filter(|known| scope.iter().any(|granted| granted == known.scope));
    std::iter::once("sub")
        .chain(granted.flat_map(|known| known.claims.iter().copied()))
        .filter_map(|claim| claim_value(person, claim).map(|value| (claim.to_owned(), value)))
        .collect()
}

/// The value of one claim, if this server holds it.
fn claim_value(person: &Person<'_>, claim: &str) -> Option<Value> {
    let user = person.user;
    let profile = &user.profile;
    match claim {
        "sub" => text(Some(person.subject)),
        "name" => text(user.name.as_deref()),
        "family_name" => text(profile.family_name.as_deref()),
        "given_name" => text(profile.given_name.as_deref()),
        "middle_name" => text(profile.middle_name.as_deref()),
        "nickname" => text(profile.nickname.as_deref()),
        "preferred_username" => text(Some(&user.username)),
        "profile" => text(profile.profile.as_deref()),
        "picture" => text(profile.picture.as_deref()),
        "website" => text(profile.website.as_deref()),
        "gender" => text(profile.gender.as_deref()),
        "birthdate" => text(profile.birthdate.as_deref()),
        "zoneinfo" => text(profile.zoneinfo.as_deref()),
        "locale" => text(profile.locale.as_deref()),
        "updated_at" => Some(user.updated_at.seconds().into()),
        "email" => text(user.email.as_deref()),
        // Always a boolean next to the value, never alone: some applications fail without it.
        "email_verified" => text(user.email.as_deref()).map(|_| user.email_verified.into()),
        "phone_number" => text(profile.phone_number.as_deref()),
        "phone_number_verified" => text(profile.phone_number.as_deref()).map(|_| profile.phone_number_verified.into()),
        "address" => address(person),
        // Always arrays: an application that reads a list must not meet a string or nothing.
        "groups" => Some(list(person.groups)),
        "roles" => Some(list(person.roles)),
        _ => None,
    }
}

/// A text that says something. Only the exact word `null` is meant to be a missing value: Null is a
/// family name.
fn text(value: Option<&str>) -> Option<Value> {
    value.filter(|text| !text.trim().is_empty() && *text != "null").map(Value::from)
}

/// The address claim (OIDC Core 5.1.1) with the members that are held.
fn address(person: &Person<'_>) -> Option<Value> {
    const MEMBERS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];
    let held = &person.user.profile.address;
    let members: Map<String, Value> = MEMBERS
        .into_iter()
        .filter_map(|name| text(held.get(name).map(String::as_str)).map(|value| (name.to_owned(), value)))
        .collect();
    (!members.is_empty()).then_some(Value::Object(members))
}

fn list(names: &[String]) -> Value {
    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.trim().is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names.into()
}

#[cfg(test)]
mod tests;
