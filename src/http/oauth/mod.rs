//! The endpoints that programs call.

pub mod device;
pub mod form;
pub mod metadata;
pub mod token;
pub mod userinfo;
