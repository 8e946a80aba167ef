//! The UserInfo endpoint (OIDC Core 5.3): JSON, or a JWT that is signed, encrypted, or both, as the
//! client is registered.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Cx, Failure,
    bearer::Live,
    client_keys::{self, Recipient},
    clients::ClientView,
    people,
    protected_resource::{self, SentToken},
    subjects,
    token::issue,
};
use crate::{
    domain::{
        Secret,
        oauth::{ErrorCode, OAuthError},
        oidc::claims::{ClaimsRequest, Person, Target, claims_for_scope, requested_claims},
        trace::Reason,
    },
    store::{Read, StoreError},
};

/// An answer about a person.
#[derive(Clone, Debug)]
pub enum Userinfo {
    /// The claims.
    Claims(Map<String, Value>),
    /// A JWT of them, signed or encrypted.
    Jwt(Secret<String>),
}

/// What is told about the person whose access token this is.
///
/// # Errors
/// `invalid_token` or `insufficient_scope` (RFC 6750 §3.1), or a refused proof (RFC 9449 §7.1);
/// `invalid_request` when the answer would have to be encrypted and the client has no key.
pub async fn respond(cx: &Cx, sent: &SentToken) -> Result<Userinfo, Failure> {
    let (claims, view) = protected_resource::admit(cx, sent, tell).await?;
    let choice = view.client.settings.userinfo_encryption();
    client_keys::prepare(cx, &view.client, choice).await;
    let recipient = client_keys::recipient(cx, &view.client, choice).inspect_err(|failure| {
        if let Failure::Refused(error) = failure {
            cx.refused("encryption", &[], error.reason);
        }
    })?;
    render(cx, &view, claims, recipient.as_ref())
}

/// As the client is registered. What is signed says by and for whom (OIDC Core 5.3.2).
fn render(
    cx: &Cx,
    view: &ClientView,
    mut claims: Map<String, Value>,
    recipient: Option<&Recipient>,
) -> Result<Userinfo, Failure> {
    let Some(algorithm) = view.client.settings.userinfo_signed_response_alg else {
        return match recipient {
            Some(recipient) => recipient.enclose(cx, &claims).map(Secret::new).map(Userinfo::Jwt),
            None => Ok(Userinfo::Claims(claims)),
        };
    };
    claims.insert("iss".to_owned(), cx.services.issuer.as_str().into());
    claims.insert("aud".to_owned(), view.client.client_id.as_str().into());
    let jwt = issue::sign(cx, algorithm, issue::USERINFO_TYPE, &claims)?;
    match recipient {
        Some(recipient) => recipient.nest(cx, jwt.expose()).map(Secret::new).map(Userinfo::Jwt),
        None => Ok(Userinfo::Jwt(jwt)),
    }
}

/// The claims, and the client that they are told to.
type Told = (Map<String, Value>, Arc<ClientView>);

fn tell(cx: &Cx, tx: &mut Read<'_>, live: Live) -> Result<Result<Told, OAuthError>, StoreError> {
    let out_of_scope = OAuthError::new(ErrorCode::InsufficientScope, Reason::OpenidScopeMissing);
    let Some((user, authorization)) = live.person else { return Ok(Err(out_of_scope)) };
    if !live.token.has_scope("openid") {
        return Ok(Err(out_of_scope));
    }
    let asked = authorization.claims_told_to(&live.client.client.client_id);
    let membership = people::membership_told(tx, &user.id, &live.token.scope, asked)?;
    let subject = subjects::told(cx, &live.client.client, &user.id);
    let person = Person { user: &user, subject: &subject, groups: &membership.groups, roles: &membership.roles };
    let mut claims = claims_for_scope(&person, &live.token.scope);
    if let Some(request) = asked.and_then(|text| ClaimsRequest::parse(text).ok()) {
        match requested_claims(&person, &request, Target::Userinfo, &live.client.client.settings.scope) {
            Ok(asked) => claims.extend(asked),
            Err(_) => return Ok(Err(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid))),
        }
    }
    Ok(Ok((claims, live.client)))
}
