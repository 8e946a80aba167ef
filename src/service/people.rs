//! What tokens and pages tell about a person's place: groups, and roles in effect.

use crate::{
    domain::{
        access::{GroupRoles, effective_roles, role_names},
        ids::UserId,
    },
    store::{Read, StoreError, group, role},
};

/// The groups that a person is in, and the roles in effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Names of groups, sorted.
    pub groups: Vec<String>,
    /// Names of roles, sorted.
    pub roles: Vec<String>,
}

/// A person's membership, if a token or an answer of this scope, or with these single claims, tells
/// it; otherwise nothing is read.
///
/// # Errors
/// When the database fails.
pub fn membership_told(
    tx: &mut Read<'_>,
    user: &UserId,
    scope: &[String],
    claims: Option<&str>,
) -> Result<Membership, StoreError> {
    let told = claims.is_some() || scope.iter().any(|scope| scope == "groups" || scope == "roles");
    if told { membership(tx, user) } else { Ok(Membership::default()) }
}

/// Reads a person's membership.
///
/// # Errors
/// When the database fails.
pub fn membership(tx: &mut Read<'_>, user: &UserId) -> Result<Membership, StoreError> {
    let direct = role::direct_names_of_user(tx, user)?;
    let by_group = role::names_by_group_of_user(tx, user)?;
    let given: Vec<GroupRoles<'_>> =
        by_group.iter().map(|(group, role)| GroupRoles { group, roles: std::slice::from_ref(role) }).collect();
    let roles = role_names(&effective_roles(&direct, &given));
    Ok(Membership { groups: group::names_of_user(tx, user)?, roles })
}
