//! The UserInfo endpoint (OIDC Core 5.3).

mod errors;
mod ok;
