//! What the server does for itself, now and then.

use super::AdminFailure;
use crate::{
    service::{Cx, registration},
    store::{Abort, cleanup},
};

/// Deletes what has expired. Gives the number of rows.
///
/// # Errors
/// When the database fails.
pub async fn delete_expired(cx: &Cx) -> Result<usize, AdminFailure> {
    let now = cx.now();
    let clients = registration::delete_unused(cx).await?;
    let rows: usize = cx
        .services
        .store
        .write(move |tx| cleanup::delete_expired(tx, now).map_err(Abort::<AdminFailure>::from))
        .await?;
    Ok(rows + clients)
}
