//! Verbs that work on the database directly, with whatever settings decide which that is.

use std::future::Future;

use super::{CliFailure, Global, Io, settings};
use crate::{
    app::{self, Purpose},
    domain::trace::Transaction,
    service::{Cx, admin::AdminFailure, recorder},
};

/// Opens the database, runs one use case, and keeps the record of a refusal.
pub(super) fn run<T, F>(global: &Global, io: &Io<'_>, use_case: impl FnOnce(Cx) -> F) -> Result<T, CliFailure>
where
    F: Future<Output = Result<T, AdminFailure>>,
{
    let settings = settings(global, io)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliFailure::failed(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let services = app::open_services(&settings, Purpose::Command).await?;
        let cx = Cx::local(services, Transaction::Admin, "cli");
        let result = use_case(cx.clone()).await;
        recorder::keep(&cx).await;
        Ok(result?)
    })
}
