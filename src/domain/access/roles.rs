//! Which roles a person holds in effect, and where each comes from. Tokens carry the names; the
//! command line and the consoles show the sources.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// The roles that a group gives to its members.
#[derive(Clone, Copy, Debug)]
pub struct GroupRoles<'a> {
    /// The group's name.
    pub group: &'a str,
    /// The names of its roles.
    pub roles: &'a [String],
}

/// Where a role comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleSource {
    /// Given to the person.
    Direct,
    /// Given to a group, by name, that the person is in.
    Group(String),
}

/// A role that a person holds, with every way in which it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectiveRole {
    /// The role's name: the claim value.
    pub name: String,
    /// Direct first, then groups by name; never empty.
    pub sources: Vec<RoleSource>,
}

/// The union of what was given to the person and to the person's groups, by name. The caller hands
/// in only groups that the person is a member of.
pub fn effective_roles(direct: &[String], by_group: &[GroupRoles<'_>]) -> Vec<EffectiveRole> {
    let mut roles: BTreeMap<&str, BTreeSet<RoleSource>> = BTreeMap::new();
    for role in direct {
        roles.entry(role).or_default().insert(RoleSource::Direct);
    }
    for GroupRoles { group, roles: given } in by_group {
        for role in *given {
            roles.entry(role).or_default().insert(RoleSource::Group((*group).to_owned()));
        }
    }
    roles
        .into_iter()
        .map(|(name, sources)| EffectiveRole { name: name.to_owned(), sources: sources.into_iter().collect() })
        .collect()
}

/// The names alone, as the `roles` claim carries them.
pub fn role_names(roles: &[EffectiveRole]) -> Vec<String> {
    roles.iter().map(|role| role.name.clone()).collect()
}

#[cfg(test)]
mod tests;
