//! What the server does by the clock: sees new signing keys, rotates them, deletes what expired.
//! A failure is logged and tried again at the next turn.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::trace::Transaction,
    service::{Cx, Failure, Services, admin::maintenance, delivery, keys},
};

/// Another node's new key is seen after this long at most; it is published a day before it signs.
const RELOAD: Duration = Duration::from_secs(5);
/// What another server has to be told waits this long at most.
const DELIVER: Duration = Duration::from_secs(1);
/// Rotation and cleaning need not be more punctual than this.
const MAINTAIN: Duration = Duration::from_secs(600);

/// The running jobs; they end when this is dropped.
#[derive(Debug)]
pub struct Jobs(Vec<JoinHandle<()>>);

impl Drop for Jobs {
    fn drop(&mut self) {
        for job in &self.0 {
            job.abort();
        }
    }
}

/// Starts the jobs. Must be called inside a runtime.
pub fn spawn(services: &Arc<Services>) -> Jobs {
    Jobs(vec![
        every(RELOAD, services.clone(), |services| async move {
            if let Err(failure) = keys::reload(&services).await {
                log("keys.reload", &failure);
            }
        }),
        every(DELIVER, services.clone(), |services| async move {
            if let Err(failure) = delivery::deliver_due(&services).await {
                log("delivery", &failure);
            }
        }),
        every(MAINTAIN, services.clone(), |services| async move {
            let cx = Cx::local(services, Transaction::Admin, "system");
            if let Err(failure) = keys::maintain(&cx).await {
                log("keys.maintain", &failure);
            }
        }),
        every(MAINTAIN, services.clone(), |services| async move {
            let cx = Cx::local(services, Transaction::Admin, "system");
            match maintenance::delete_expired(&cx).await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "deleted what had expired"),
                Err(error) => tracing::error!(%error, job = "cleanup", "a job failed; it is tried again"),
            }
        }),
    ])
}

fn every<F>(
    period: Duration,
    services: Arc<Services>,
    turn: impl Fn(Arc<Services>) -> F + Send + 'static,
) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send,
{
    tokio::spawn(async move {
        let mut ticks = interval(period);
        // After a suspended night one turn is enough.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            turn(services.clone()).await;
        }
    })
}

fn log(job: &str, failure: &Failure) {
    match failure {
        Failure::Broken(error) => tracing::error!(%error, job, "a job failed; it is tried again"),
        Failure::Refused(error) => tracing::error!(code = error.reason.code(), job, "a job was refused"),
    }
}
