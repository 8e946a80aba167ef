//! The signing keys when several nodes are at work: of each algorithm one signs, on every node.

use crate::{
    app::{Purpose, build_services, fixture::TestDatabase},
    domain::{
        entity::{KeyAlgorithm, KeyState},
        jose::SigningAlgorithm,
        trace::Transaction,
    },
    service::{Cx, Services, keys},
};

async fn active(services: &Services, algorithm: SigningAlgorithm) -> usize {
    let kept = keys::list(services).await.expect("keys");
    let of = KeyAlgorithm::from(algorithm);
    kept.iter().filter(|key| key.algorithm == of && key.state == KeyState::Active).count()
}

#[tokio::test]
async fn two_nodes_that_start_at_once_on_an_empty_database_sign_with_the_same_keys() {
    for database in TestDatabase::each() {
        let settings = database.settings();
        let (one, other) =
            tokio::join!(build_services(&settings, Purpose::Serve), build_services(&settings, Purpose::Serve));
        let (one, other) = (one.expect("started"), other.expect("started too"));
        let kept = keys::list(&one).await.expect("keys");
        assert_eq!(kept.len(), 2, "a key that was made for nothing is not kept: {kept:?}");
        assert!(kept.iter().all(|key| key.state == KeyState::Active));
        keys::reload(&other).await.expect("read");
        assert_eq!(one.keyring.load().public_jwks_text(), other.keyring.load().public_jwks_text());
    }
}

#[tokio::test]
async fn of_several_rotations_at_once_one_key_signs_and_a_node_starts_afterwards() {
    const ALG: SigningAlgorithm = SigningAlgorithm::ES256;
    for database in TestDatabase::each() {
        let settings = database.settings();
        let node = build_services(&settings, Purpose::Serve).await.expect("a node");
        for _ in 0..3 {
            let cx = || Cx::local(node.clone(), Transaction::Admin, "cli");
            let (one, two, three) = (cx(), cx(), cx());
            let made = tokio::join!(keys::rotate(&one, ALG), keys::rotate(&two, ALG), keys::rotate(&three, ALG));
            assert!(made.0.is_ok() && made.1.is_ok() && made.2.is_ok(), "{made:?}");
            assert_eq!(active(&node, ALG).await, 1);
        }
        build_services(&settings, Purpose::Serve).await.expect("it starts");
    }
}

#[tokio::test]
async fn of_several_that_need_a_key_at_once_one_makes_it() {
    const ALG: SigningAlgorithm = SigningAlgorithm::EdDSA;
    for database in TestDatabase::each() {
        let node = build_services(&database.settings(), Purpose::Serve).await.expect("a node");
        let cx = Cx::local(node.clone(), Transaction::Admin, "cli");
        let made = tokio::join!(keys::ensure(&cx, ALG), keys::ensure(&cx, ALG), keys::ensure(&cx, ALG));
        assert!(made.0.is_ok() && made.1.is_ok() && made.2.is_ok(), "{made:?}");
        assert_eq!(active(&node, ALG).await, 1);
    }
}
