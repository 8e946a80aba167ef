//! Tests of questions that are asked once.

use std::{
    future::{pending, poll_fn},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use tokio::sync::oneshot;

use super::*;

type Flights = SingleFlight<&'static str, Result<usize, &'static str>>;

/// Counts that it was asked, and says that it failed when it is let.
async fn fail(asked: &AtomicUsize, let_go: oneshot::Receiver<()>) -> Result<usize, &'static str> {
    asked.fetch_add(1, Ordering::SeqCst);
    let_go.await.expect("let go");
    Err("failed")
}

async fn never_asked() -> Result<usize, &'static str> {
    panic!("somebody else asks")
}

/// Goes as far as it can without waiting.
async fn begin<T>(mut one: std::pin::Pin<&mut impl Future<Output = T>>) {
    poll_fn(|context| {
        assert!(one.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn who_comes_while_one_asks_hears_the_same_and_who_comes_after_asks_anew() {
    let (flights, asked) = (Flights::default(), AtomicUsize::new(0));
    let (release, let_go) = oneshot::channel();
    let mut first = pin!(flights.join(&"a", fail(&asked, let_go)));
    begin(first.as_mut()).await;
    let mut waiting: Vec<_> = (0..20).map(|_| Box::pin(flights.join(&"a", never_asked()))).collect();
    for one in &mut waiting {
        begin(one.as_mut()).await;
    }
    assert_eq!(flights.join(&"b", async { Ok(2) }).await, Ok(2), "another name is another question");
    release.send(()).expect("somebody asks");
    assert_eq!(first.await, Err("failed"));
    // Not even while others have yet to hear of the failure is it told to whoever comes now.
    assert_eq!(flights.join(&"a", async { Ok(3) }).await, Ok(3));
    for one in waiting {
        assert_eq!(one.await, Err("failed"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn when_whoever_asks_is_gone_the_next_one_asks() {
    let flights = Flights::default();
    let mut first = Box::pin(flights.join(&"a", pending()));
    begin(first.as_mut()).await;
    let mut second = Box::pin(flights.join(&"a", async { Ok(1) }));
    begin(second.as_mut()).await;
    drop(first);
    assert_eq!(second.await, Ok(1));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_forgotten() {
    let flights = SingleFlight::<usize, usize>::default();
    for number in 0..100 {
        assert_eq!(flights.join(&number, async { number }).await, number);
    }
    assert_eq!(flights.flights.lock().expect("not poisoned").len(), 1);
}
