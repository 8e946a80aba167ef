//! Tests of the jobs: a node follows what another one did.

use std::{sync::Arc, time::Duration};

use crate::{
    app::{Purpose, build_services, fixture::TestDatabase},
    domain::{jose::SigningAlgorithm, trace::Transaction},
    jobs::spawn,
    service::{Cx, keys},
};

#[tokio::test]
async fn a_key_that_another_node_made_is_seen_and_dropped_jobs_stop() {
    for database in TestDatabase::each() {
        let here = build_services(&database.settings(), Purpose::Serve).await.expect("a node");
        let there = build_services(&database.settings(), Purpose::Serve).await.expect("another node");
        let cx = Cx::local(there, Transaction::Admin, "cli");
        let kid = keys::rotate(&cx, SigningAlgorithm::ES256).await.expect("rotated");
        assert!(!here.keyring.load().public_jwks_text().contains(kid.as_str()));
        let jobs = spawn(&here);
        let seen = async {
            while !here.keyring.load().public_jwks_text().contains(kid.as_str()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), seen).await.expect("the new key is seen");
        drop(jobs);
        let stopped = async {
            while Arc::strong_count(&here) > 1 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), stopped).await.expect("nothing holds the services any more");
    }
}
