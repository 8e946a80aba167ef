//! The token endpoint: authenticate, pick the grant from the table, let it decide, issue
//! (RFC 6749 §3.2).

mod authorization_code;
mod client_credentials;
mod deferred;
pub mod issue;
mod jwt_bearer;
mod redemption;
mod refresh_token;
mod token_exchange;

use std::{future::Future, pin::Pin};

use super::{
    Broken, Cx, Failure,
    client_authentication::{self, AuthenticatedClient, DirectRequest, Freshness},
    client_keys, possession,
};
use crate::domain::oauth::{self, GrantType};

pub use issue::TokenReply;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<TokenReply, Stop>> + 'a>>;

/// One grant: its name, and what decides it.
pub struct Grant {
    /// The `grant_type`.
    pub grant_type: GrantType,
    respond: for<'a> fn(&'a Cx, &'a AuthenticatedClient, &'a DirectRequest<'a>) -> Answer<'a>,
}

/// Every grant. Dispatch, metadata and client validation read this table.
pub const GRANTS: &[Grant] = &[
    Grant {
        grant_type: GrantType::AuthorizationCode,
        respond: |cx, client, request| Box::pin(authorization_code::respond(cx, client, request)),
    },
    Grant {
        grant_type: GrantType::RefreshToken,
        respond: |cx, client, request| Box::pin(refresh_token::respond(cx, client, request)),
    },
    Grant {
        grant_type: GrantType::ClientCredentials,
        respond: |cx, client, request| Box::pin(client_credentials::respond(cx, client, request)),
    },
    Grant {
        grant_type: GrantType::DeviceCode,
        respond: |cx, client, request| Box::pin(deferred::device(cx, client, request)),
    },
    Grant {
        grant_type: GrantType::TokenExchange,
        respond: |cx, client, request| Box::pin(token_exchange::respond(cx, client, request)),
    },
    Grant {
        grant_type: GrantType::JwtBearer,
        respond: |cx, client, request| Box::pin(jwt_bearer::respond(cx, client, request)),
    },
    Grant {
        grant_type: GrantType::Ciba,
        respond: |cx, client, request| Box::pin(deferred::backchannel(cx, client, request)),
    },
];

/// Why a grant did not issue.
pub(super) enum Stop {
    /// The client changed after it was authenticated: authenticate again.
    ClientChanged,
    /// Anything else.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Answers a token request.
///
/// # Errors
/// RFC 6749 §5.2, or the server's own failure.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>) -> Result<TokenReply, Failure> {
    // Before an assertion is used up: who is told to use a nonce sends the same one again.
    let proof = possession::check(cx, request.possession, None)?;
    let mut freshness = Freshness::Recent;
    loop {
        let client = client_authentication::authenticate(cx, request, freshness).await?;
        let profile = client.client().settings.security_profile;
        match freshness {
            Freshness::Recent => possession::consume(cx, proof.as_ref(), profile).await?,
            Freshness::Current => possession::check_profile(cx, proof.as_ref(), profile)?,
        }
        let client = client.having_proved(request.possession.proved(proof.as_ref()));
        let context = cx.clone().acting_as(format!("client:{}", client.client().client_id));
        match grant(&context, &client, request).await {
            Ok(reply) => return Ok(reply),
            Err(Stop::Failed(Failure::Refused(error))) => {
                let named = request.params.find("grant_type").unwrap_or_default();
                cx.refused("grant", &[("grant_type", named)], error.reason);
                return Err(Failure::Refused(error));
            }
            Err(Stop::Failed(broken)) => return Err(broken),
            // Once more with the client as it is now; but an assertion cannot be used twice.
            Err(Stop::ClientChanged) if freshness == Freshness::Recent && !client.method().is_assertion() => {
                freshness = Freshness::Current;
            }
            Err(Stop::ClientChanged) => {
                return Err(Broken::Unavailable { retry_after: 1, why: "the client is being changed".into() }.into());
            }
        }
    }
}

async fn grant(cx: &Cx, client: &AuthenticatedClient, request: &DirectRequest<'_>) -> Result<TokenReply, Stop> {
    let grant_type = oauth::parse_grant_type(request.params, client.client())?;
    let grant = GRANTS
        .iter()
        .find(|grant| grant.grant_type == grant_type)
        .ok_or_else(|| Failure::internal("a grant type without a grant"))?;
    // What is issued may have to be encrypted: its key is fetched before the transaction that issues.
    client_keys::prepare(cx, client.client(), client.client().settings.id_token_encryption()).await;
    let mut reply = (grant.respond)(cx, client, request).await?;
    if request.params.find("scope").is_some() {
        // Also where nothing of it could have been granted, such as `offline_access` in an exchange.
        reply.scope.get_or_insert_default();
    }
    Ok(reply)
}
