//! OAuth 2: what is asked, what is allowed, what is answered.

mod error;
mod grant_type;

pub use error::{ErrorCode, OAuthError};
pub use grant_type::GrantType;
