//! Tests of `administrators`.

use super::*;

fn check(holders: &[(&UserId, UserState)], losing: &[UserId]) -> Result<(), &'static str> {
    let holders: Vec<_> = holders.iter().map(|(user_id, state)| RoleHolder { user_id, state: *state }).collect();
    check_administrators_remain(&holders, losing).map_err(Reason::code)
}

#[test]
fn the_last_administrator_stays() {
    let (a, b) = (UserId::new("a"), UserId::new("b"));
    assert_eq!(check(&[(&a, UserState::Active)], std::slice::from_ref(&a)), Err("AS-3004"));
    let both = [(&a, UserState::Active), (&b, UserState::Active)];
    assert_eq!(check(&both, &[a.clone(), b.clone()]), Err("AS-3004"));
    assert_eq!(check(&both, std::slice::from_ref(&a)), Ok(()));
}

#[test]
fn a_disabled_administrator_does_not_count() {
    let (a, b) = (UserId::new("a"), UserId::new("b"));
    let holders = [(&a, UserState::Active), (&b, UserState::Disabled)];
    assert_eq!(check(&holders, std::slice::from_ref(&a)), Err("AS-3004"));
    assert_eq!(check(&holders, std::slice::from_ref(&b)), Ok(()));
}

#[test]
fn a_server_without_administrators_can_still_be_changed() {
    let (a, b) = (UserId::new("a"), UserId::new("b"));
    assert_eq!(check(&[], std::slice::from_ref(&a)), Ok(()));
    assert_eq!(check(&[(&a, UserState::Disabled)], std::slice::from_ref(&a)), Ok(()));
    assert_eq!(check(&[(&a, UserState::Active)], std::slice::from_ref(&b)), Ok(()));
}
