//! The one write in which a grant decides and issues: whoever redeems something passes here.

use std::sync::Arc;

use super::{
    Stop, TokenReply,
    issue::{self, Drafts, Unsigned},
};
use crate::{
    service::{Cx, Failure, client_authentication::AuthenticatedClient, clients::ClientView},
    store::{Abort, Write},
};

/// Decides and issues for the client, as it was authenticated and as it still stands. What is issued is
/// signed after its commit.
///
/// # Errors
/// [`Stop::ClientChanged`], or the grant's own.
pub(super) async fn redeem<D>(cx: &Cx, client: &AuthenticatedClient, decide: D) -> Result<TokenReply, Stop>
where
    D: FnOnce(&Cx, &mut Write<'_>, &Arc<ClientView>, Drafts) -> Result<Unsigned, Abort<Failure>> + Send + 'static,
{
    let (context, view) = (cx.clone(), client.view().clone());
    let drafts = Drafts::prepare(cx, &view.client, client.proved().clone());
    let issued = cx
        .services
        .store
        .write(move |tx| match issue::client_stands(tx, &view)? {
            true => decide(&context, tx, &view, drafts).map(Some),
            false => Ok(None),
        })
        .await?;
    issued.ok_or(Stop::ClientChanged)?.sign(cx)
}
