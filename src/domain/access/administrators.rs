//! The server is never left without somebody who can administer it (see `Role::OWNER`).

use crate::{entity::UserState, ids::UserId, trace::Reason};

/// Somebody who holds the administrator role in effect, directly or through a group.
#[derive(Clone, Copy, Debug)]
pub struct RoleHolder<'a> {
    /// Who.
    pub user_id: &'a UserId,
    /// Only active accounts count: a disabled administrator can administer nothing.
    pub state: UserState,
}

/// Refuses a change after which no active account holds the administrator role. `holders` are those
/// before the change, `losing` those whom the change deprives of the role, disables or deletes.
///
/// A server that has no active administrator yet is not made worse, so nothing is refused there:
/// setup would otherwise be impossible.
///
/// # Errors
/// `Reason::LastAdministrator`.
pub fn check_administrators_remain(holders: &[RoleHolder<'_>], losing: &[UserId]) -> Result<(), Reason> {
    let mut active = holders.iter().filter(|holder| holder.state == UserState::Active).peekable();
    if active.peek().is_none() || active.any(|holder| !losing.contains(holder.user_id)) {
        return Ok(());
    }
    Err(Reason::LastAdministrator)
}

#[cfg(test)]
mod tests;
