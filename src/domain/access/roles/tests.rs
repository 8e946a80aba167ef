//! Tests of `roles`.

use proptest::prelude::*;

use super::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn nobody_holds_a_role_that_was_not_given() {
    assert_eq!(effective_roles(&[], &[]), []);
    let empty = GroupRoles { group: "staff", roles: &[] };
    assert_eq!(effective_roles(&[], &[empty]), []);
}

#[test]
fn a_role_held_in_several_ways_is_one_role_with_every_source() {
    let (direct, staff, ops) = (names(&["owner", "owner"]), names(&["owner", "auditor"]), names(&["owner"]));
    let by_group = [GroupRoles { group: "staff", roles: &staff }, GroupRoles { group: "ops", roles: &ops }];
    let roles = effective_roles(&direct, &by_group);
    assert_eq!(role_names(&roles), ["auditor", "owner"]);
    assert_eq!(roles[0].sources, [RoleSource::Group("staff".into())]);
    assert_eq!(
        roles[1].sources,
        [RoleSource::Direct, RoleSource::Group("ops".into()), RoleSource::Group("staff".into())]
    );
}

#[test]
fn role_names_are_told_apart_by_case() {
    assert_eq!(role_names(&effective_roles(&names(&["Owner", "owner"]), &[])), ["Owner", "owner"]);
}

proptest! {
    #[test]
    fn every_role_has_a_source_and_every_gift_is_found(direct in prop::collection::vec("[a-c]{1,2}", 0..6), given in prop::collection::vec("[a-c]{1,2}", 0..6)) {
        let roles = effective_roles(&direct, &[GroupRoles { group: "g", roles: &given }]);
        for role in &roles {
            prop_assert!(!role.sources.is_empty());
            prop_assert_eq!(role.sources.contains(&RoleSource::Direct), direct.contains(&role.name));
            prop_assert_eq!(role.sources.contains(&RoleSource::Group("g".into())), given.contains(&role.name));
        }
        let held = role_names(&roles);
        prop_assert!(direct.iter().chain(&given).all(|name| held.contains(name)));
        prop_assert!(held.is_sorted_by(|a, b| a < b));
    }
}
