//! A client on its own behalf (RFC 6749 §4.4).

use super::{Stop, issue};
use crate::{
    domain::oauth::{self, ClientCredentialsRequest, Narrowing},
    service::{
        Cx,
        client_authentication::{AuthenticatedClient, DirectRequest},
    },
};

pub(super) async fn respond(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    let request = ClientCredentialsRequest::parse(direct.params)?;
    let narrowing = Narrowing::parse(direct.params)?;
    let scope = oauth::client_credentials_scope(client.client(), request.scope.as_deref())?;
    issue::for_machine(cx, client.view(), scope, narrowing, client.proved()).await
}
