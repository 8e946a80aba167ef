//! The endpoints that programs call.

pub mod access_token;
pub mod backchannel_authentication;
pub mod conformance;
pub mod device;
pub mod form;
pub mod metadata;
pub mod possession;
pub mod pushed_authorization_request;
pub mod registration;
pub mod token;
pub mod userinfo;
