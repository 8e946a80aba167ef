//! Who may do what: effective roles with their explanation, and the last administrator.

mod administrators;
mod roles;

pub use administrators::{RoleHolder, check_administrators_remain};
pub use roles::{EffectiveRole, GroupRoles, RoleSource, effective_roles, role_names};
