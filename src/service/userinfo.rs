//! The UserInfo endpoint (OIDC Core 5.3).

use serde_json::{Map, Value};

use super::{
    Cx, Failure,
    bearer::Live,
    people,
    protected_resource::{self, SentToken},
};
use crate::{
    domain::{
        oauth::{ErrorCode, OAuthError},
        oidc::claims::{ClaimsRequest, Person, Target, claims_for_scope, requested_claims},
        trace::Reason,
    },
    store::{Read, StoreError},
};

/// What is told about the person whose access token this is.
///
/// # Errors
/// `invalid_token` or `insufficient_scope` (RFC 6750 §3.1), or a refused proof (RFC 9449 §7.1).
pub async fn respond(cx: &Cx, sent: &SentToken) -> Result<Map<String, Value>, Failure> {
    protected_resource::admit(cx, sent, |_, tx, live| tell(tx, live)).await
}

fn tell(tx: &mut Read<'_>, live: Live) -> Result<Result<Map<String, Value>, OAuthError>, StoreError> {
    let out_of_scope = OAuthError::new(ErrorCode::InsufficientScope, Reason::OpenidScopeMissing);
    let Some((user, authorization)) = live.person else { return Ok(Err(out_of_scope)) };
    if !live.token.has_scope("openid") {
        return Ok(Err(out_of_scope));
    }
    let membership = people::membership_told(tx, &user.id, &live.token.scope, authorization.claims.as_deref())?;
    let person = Person { user: &user, groups: &membership.groups, roles: &membership.roles };
    let mut claims = claims_for_scope(&person, &live.token.scope);
    if let Some(request) = authorization.claims.as_deref().and_then(|text| ClaimsRequest::parse(text).ok()) {
        match requested_claims(&person, &request, Target::Userinfo, &live.client.client.settings.scope) {
            Ok(asked) => claims.extend(asked),
            Err(_) => return Ok(Err(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid))),
        }
    }
    Ok(Ok(claims))
}
