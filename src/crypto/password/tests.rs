//! Tests of `password`.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use super::*;

/// As cheap as Argon2 gets.
const CHEAP: PasswordSettings = PasswordSettings { threads: 1, queue: 2, memory_kib: 8, iterations: 1, parallelism: 1 };

fn hasher(settings: PasswordSettings) -> PasswordHasher {
    PasswordHasher::new(settings).unwrap()
}

/// Polls once, so that the request is in the queue.
fn start<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_password_matches_its_own_hash_and_no_other_password_does() {
    let hasher = hasher(CHEAP);
    let phc = hasher.hash("correct horse".into(), [7; 16]).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{phc}");
    let matched = Verdict { matches: true, needs_rehash: false };
    assert_eq!(hasher.verify("correct horse".into(), phc.clone()).await, Ok(matched));
    for other in ["correct hors", "correct horse ", "Correct horse", "correct\0horse", "correct horse\0", " "] {
        let verdict = hasher.verify(other.into(), phc.clone()).await.unwrap();
        assert_eq!(verdict, Verdict { matches: false, needs_rehash: false }, "{other:?}");
    }
}

#[tokio::test]
async fn hashes_of_the_reference_implementation_match_and_ask_for_a_rehash() {
    // test.c of the reference implementation, version 0x13, Argon2id.
    let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4".to_owned();
    let hasher = hasher(CHEAP);
    let matched = Verdict { matches: true, needs_rehash: true };
    assert_eq!(hasher.verify("password".into(), phc.clone()).await, Ok(matched));
    let refused = Verdict { matches: false, needs_rehash: false };
    assert_eq!(hasher.verify("differentpassword".into(), phc).await, Ok(refused), "a stranger learns nothing");
}

#[tokio::test]
async fn reused_memory_does_not_change_a_hash() {
    let one = hasher(CHEAP);
    let fresh = one.hash("first".into(), [1; 16]).await.unwrap();
    let costly = hasher(PasswordSettings { memory_kib: 64, ..CHEAP }).hash("b".into(), [2; 16]).await.unwrap();
    assert!(one.verify("b".into(), costly).await.unwrap().matches, "needs more memory than usual");
    assert_eq!(one.hash("first".into(), [1; 16]).await.unwrap(), fresh);
    assert_ne!(one.hash("first".into(), [2; 16]).await.unwrap(), fresh, "the salt counts");
}

#[tokio::test]
async fn a_changed_parameter_asks_for_a_rehash() {
    let phc = hasher(CHEAP).hash("p".into(), [1; 16]).await.unwrap();
    for settings in [PasswordSettings { iterations: 2, ..CHEAP }, PasswordSettings { memory_kib: 16, ..CHEAP }] {
        let verdict = hasher(settings).verify("p".into(), phc.clone()).await.unwrap();
        assert_eq!(verdict, Verdict { matches: true, needs_rehash: true });
    }
}

#[tokio::test]
async fn lengths_are_checked_before_any_work_and_alike_for_nobody() {
    // No thread serves this pool: an answer means that nothing was queued.
    let (hasher, _jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let long = "x".repeat(MAX_PASSWORD_LENGTH + 1);
    for (password, error) in [("", PasswordError::Empty), (long.as_str(), PasswordError::TooLong)] {
        assert_eq!(hasher.hash(password.into(), [0; 16]).await, Err(error));
        assert_eq!(hasher.verify(password.into(), phc.to_owned()).await, Err(error));
        assert_eq!(hasher.verify_nobody(password.into()).await, Err(error));
    }
    assert_eq!(hasher.queued(), 0);
    let multibyte = "é".repeat(MAX_PASSWORD_LENGTH / 2 + 1);
    assert_eq!(hasher.verify_nobody(multibyte.into()).await, Err(PasswordError::TooLong), "bytes, not characters");
}

#[tokio::test]
async fn the_longest_and_the_shortest_password_are_hashed_whole() {
    let hasher = hasher(CHEAP);
    for length in [1, 64, 72, 73, MAX_PASSWORD_LENGTH] {
        let password = "x".repeat(length);
        let phc = hasher.hash(password.as_str().into(), [1; 16]).await.unwrap();
        assert!(hasher.verify(password.as_str().into(), phc.clone()).await.unwrap().matches);
        let changed = format!("{}y", &password[1..]);
        assert!(!hasher.verify(changed.into(), phc).await.unwrap().matches, "{length}");
    }
}

#[tokio::test]
async fn a_malformed_stored_hash_is_not_a_wrong_password() {
    let hasher = hasher(CHEAP);
    for phc in ["", "plain", "$argon2id$v=19$m=4294967295,t=2,p=1$c29tc2FsdHNvbWU$nf65EOgLrQMR/uIPnA4rEg"] {
        assert_eq!(hasher.verify("p".into(), phc.to_owned()).await, Err(PasswordError::Malformed), "{phc}");
    }
}

#[test]
fn a_full_queue_answers_busy_at_once() {
    let (hasher, jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let mut first = pin!(hasher.hash("a".into(), [0; 16]));
    let mut second = pin!(hasher.verify_nobody("b".into()));
    assert!(start(first.as_mut()).is_pending() && start(second.as_mut()).is_pending());
    assert_eq!(hasher.queued(), 2);
    let busy = PasswordError::Busy { retry_after_seconds: 1 };
    let mut third = pin!(hasher.verify_nobody("c".into()));
    assert_eq!(start(third.as_mut()), Poll::Ready(Err(busy)));
    // One place free again, and the first caller has the answer.
    let mut worker = Worker::new(jobs, &hasher);
    assert!(worker.serve_one());
    assert!(start(first.as_mut()).is_ready());
    let mut fourth = pin!(hasher.verify_nobody("d".into()));
    assert!(start(fourth.as_mut()).is_pending());
}

#[test]
fn the_time_to_retry_grows_with_the_queue_and_is_capped() {
    let (hasher, _jobs) = PasswordHasher::without_threads(PasswordSettings { queue: 3, threads: 2, ..CHEAP }).unwrap();
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(hasher.verify_nobody("a".into()))).collect();
    for future in &mut waiting {
        assert!(start(future.as_mut()).is_pending());
    }
    for (micros, seconds) in [(0, 1), (400_000, 1), (500_000, 2), (1_600_000, 4), (u64::MAX, 60)] {
        hasher.last_micros.store(micros, Ordering::Relaxed);
        assert_eq!(hasher.retry_after_seconds(), seconds, "{micros}");
    }
}

#[test]
fn a_request_whose_caller_has_gone_is_not_hashed() {
    let (hasher, jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let mut worker = Worker::new(jobs, &hasher);
    {
        let mut gone = pin!(hasher.hash("a".into(), [0; 16]));
        assert!(start(gone.as_mut()).is_pending());
    }
    assert!(worker.serve_one());
    assert!(worker.blocks.is_empty(), "no memory was touched");
    let mut present = pin!(hasher.hash("a".into(), [0; 16]));
    assert!(start(present.as_mut()).is_pending());
    assert!(worker.serve_one());
    assert_eq!(worker.blocks.len(), 8);
    assert!(matches!(start(present.as_mut()), Poll::Ready(Ok(_))));
}

#[test]
fn a_thread_gives_back_the_memory_of_an_unusual_hash() {
    let (hasher, jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let mut worker = Worker::new(jobs, &hasher);
    let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4".to_owned();
    let mut verify = pin!(hasher.verify("password".into(), phc));
    assert!(start(verify.as_mut()).is_pending());
    assert!(worker.serve_one());
    assert!(matches!(start(verify.as_mut()), Poll::Ready(Ok(Verdict { matches: true, .. }))));
    assert_eq!((worker.blocks.len(), worker.blocks.capacity()), (8, 8));
}

#[test]
fn nobody_costs_the_same_work_as_somebody() {
    let (hasher, jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let phc = Phc { cost: hasher.cost, salt: vec![9; SALT_LENGTH], hash: vec![1; HASH_LENGTH] }.to_string();
    let mut nobody = pin!(hasher.verify_nobody("a".into()));
    let mut somebody = pin!(hasher.verify("a".into(), phc));
    assert!(start(nobody.as_mut()).is_pending() && start(somebody.as_mut()).is_pending());
    let (nobody, somebody) = (jobs.recv().unwrap(), jobs.recv().unwrap());
    assert_eq!(nobody.cost, somebody.cost);
    assert_eq!((nobody.length, nobody.salt.len()), (somebody.length, somebody.salt.len()));
    assert_eq!(nobody.password.expose(), somebody.password.expose());
}

#[test]
fn a_stopped_pool_says_so_instead_of_hanging() {
    let (hasher, jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let mut queued = pin!(hasher.verify_nobody("a".into()));
    assert!(start(queued.as_mut()).is_pending());
    drop(jobs.recv().unwrap());
    assert_eq!(start(queued.as_mut()), Poll::Ready(Err(PasswordError::Unavailable)), "its thread died");
    drop(jobs);
    let mut late = pin!(hasher.verify_nobody("a".into()));
    assert_eq!(start(late.as_mut()), Poll::Ready(Err(PasswordError::Unavailable)));
}

#[test]
fn threads_end_with_the_last_handle() {
    let (hasher, jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let mut worker = Worker::new(jobs, &hasher);
    let thread = thread::spawn(move || while worker.serve_one() {});
    drop(hasher.clone());
    drop(hasher);
    thread.join().unwrap();
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for settings in [
        PasswordSettings { threads: 0, ..CHEAP },
        PasswordSettings { memory_kib: 0, ..CHEAP },
        PasswordSettings { memory_kib: u32::MAX, ..CHEAP },
        PasswordSettings { iterations: 0, ..CHEAP },
        PasswordSettings { parallelism: 0, ..CHEAP },
        PasswordSettings { parallelism: 2, ..CHEAP },
    ] {
        assert!(matches!(PasswordHasher::new(settings), Err(PasswordPoolError::Settings)), "{settings:?}");
    }
}

#[tokio::test]
async fn the_default_cost_is_the_owasp_floor() {
    let hasher = hasher(PasswordSettings { threads: 1, ..PasswordSettings::default() });
    let phc = hasher.hash("p".into(), [1; 16]).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    assert_eq!(hasher.verify("p".into(), phc).await, Ok(Verdict { matches: true, needs_rehash: false }));
}

#[test]
fn the_hasher_does_not_print_passwords() {
    let (hasher, _jobs) = PasswordHasher::without_threads(CHEAP).unwrap();
    let mut waiting = pin!(hasher.verify_nobody("hunter2".into()));
    assert!(start(waiting.as_mut()).is_pending());
    assert!(!format!("{hasher:?}").contains("hunter2"));
}
