//! Reading the authorization response (RFC 6749 §4.1.2, RFC 9207): whose it is and what it says,
//! decided before anything in it is used.

use super::{Refusal, ServerError};
use crate::domain::oauth::Params;

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A code to redeem.
    Code(String),
    /// A refusal.
    Refused(ServerError),
}

/// The answer must name the issuer that was asked, byte for byte, if that issuer said it would; and
/// never another one (RFC 9207 §2.4).
pub(super) fn check_issuer(params: &Params, issuer: &str, announced: bool) -> Result<(), Refusal> {
    match params.find("iss") {
        Some(sent) if sent == issuer => Ok(()),
        Some(_) => Err(Refusal::IssuerMismatch),
        None if announced => Err(Refusal::IssuerMissing),
        None => Ok(()),
    }
}

/// The code or the refusal; both or neither is no answer.
pub(super) fn read(params: &Params) -> Result<Answer, Refusal> {
    match (params.find("code"), params.find("error")) {
        (Some(code), None) => Ok(Answer::Code(code.to_owned())),
        (None, Some(error)) => Ok(Answer::Refused(ServerError {
            code: error.to_owned(),
            description: params.find("error_description").map(str::to_owned),
            uri: params.find("error_uri").map(str::to_owned),
            trace_id: None,
        })),
        _ => Err(Refusal::AnswerMalformed),
    }
}
