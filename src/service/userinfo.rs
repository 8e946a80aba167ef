//! The UserInfo endpoint (OIDC Core 5.3).

use serde_json::{Map, Value};

use super::{Broken, Cx, Failure, bearer, people};
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
/// `invalid_token` or `insufficient_scope` (RFC 6750 §3.1).
pub async fn respond(cx: &Cx, access_token: &str) -> Result<Map<String, Value>, Failure> {
    let recognized = bearer::recognize(cx, access_token);
    let context = cx.clone();
    let told: Result<Map<String, Value>, OAuthError> =
        cx.services.store.read(move |tx| tell(&context, tx, &recognized)).await.map_err(Broken::from)?;
    told.map_err(|error| {
        cx.refused("access_token", &[], error.reason);
        Failure::Refused(error)
    })
}

fn tell(
    cx: &Cx,
    tx: &mut Read<'_>,
    recognized: &bearer::Recognized,
) -> Result<Result<Map<String, Value>, OAuthError>, StoreError> {
    let invalid = OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid);
    let Some(live) = bearer::find_access(cx, tx, recognized, None)? else { return Ok(Err(invalid)) };
    cx.note_client(live.client.client.client_id.as_str());
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
            Err(_) => return Ok(Err(invalid)),
        }
    }
    Ok(Ok(claims))
}
