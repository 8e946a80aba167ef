//! The server-rendered pages: plain HTML forms that work without JavaScript.
//!
//! A handler fills one typed context (`context`), hands it to `Pages`, and gets a response with
//! the headers every page must carry (RFC 9700 section 4.16, OAuth 2.1 section 7.10).

pub mod accounts;
pub mod app_start;
pub mod approve;
pub mod assets;
pub mod authorize;
pub mod check_session;
pub mod consent;
pub mod context;
pub mod dev;
pub mod device;
pub mod dialogue;
pub mod docs;
pub mod home;
mod icons;
mod render;
pub mod requests;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
mod text;

#[cfg(test)]
mod tests;

pub use assets::{Asset, asset, asset_url};
pub use context::{Layout, Theme};
pub use render::{Page, PageKind, Pages, RenderError, page_headers};
