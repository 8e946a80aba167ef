//! The UserInfo endpoint (OIDC Core 5.3).

mod errors;
mod jwt;
mod ok;
