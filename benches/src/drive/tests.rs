//! Tests of `drive`.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::LocalSet,
};

use super::*;
use crate::http::get;

/// Asks a fixed number of times; 200 is done, 503 refused, the rest failed.
struct Times(u32);

impl Exchange for Times {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(left) = self.0.checked_sub(1) else { return false };
        self.0 = left;
        out.extend_from_slice(&get("h", "/", ""));
        true
    }

    fn response(&mut self, response: &Response<'_>) -> Outcome {
        match response.status {
            200 => Outcome::Done,
            204 => Outcome::Setup,
            503 => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }
}

/// Answers every request with `status`, after `delay`.
async fn server(status: u16, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn_local(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            spawn_local(async move {
                let mut buffer = [0u8; 1024];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    sleep(delay).await;
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    address
}

async fn stretch(status: u16, delay: Duration, asked: u32, pace: Pace, until: Until) -> Stretch {
    LocalSet::new()
        .run_until(async move {
            let address = server(status, delay).await;
            let exchanges: Exchanges = vec![Box::new(Times(asked)), Box::new(Times(asked))];
            measure(address, exchanges, pace, until, &Watch::this()).await.unwrap()
        })
        .await
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn every_answer_is_counted_once_by_what_it_was() {
    let run = |status| stretch(status, Duration::ZERO, 5, Pace::Closed, Until::Exhausted(SECOND));
    let done = run(200).await;
    assert_eq!((done.tally.done.len(), done.tally.refused.len(), done.tally.failed), (10, 0, 0));
    let refused = run(503).await.tally;
    assert_eq!((refused.done.len(), refused.refused.len(), refused.failed), (0, 10, 0));
    let failed = run(500).await.tally;
    assert_eq!((failed.done.len(), failed.failed, failed.statuses.get(&500)), (0, 10, Some(&10)));
    let setup = run(204).await.tally;
    assert_eq!((setup.done.len(), setup.failed, setup.statuses.len()), (0, 0, 0));
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error_not_a_silence() {
    let stretch = LocalSet::new()
        .run_until(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            spawn_local(async move { while listener.accept().await.is_ok() {} });
            let exchanges: Exchanges = vec![Box::new(Times(3))];
            measure(address, exchanges, Pace::Closed, Until::Exhausted(SECOND), &Watch::this()).await.unwrap()
        })
        .await;
    assert_eq!((stretch.tally.done.len(), stretch.tally.failed), (0, 3));
}

#[tokio::test]
async fn an_open_loop_counts_the_wait_that_a_slow_server_causes() {
    let pace = Pace::Open(200.0);
    let slow = stretch(200, Duration::from_millis(50), 20, pace, Until::Exhausted(SECOND * 5)).await;
    // Each connection is due every 10 ms and gets an answer every 50 ms: the twentieth waits for about 800 ms.
    assert!(slow.tally.done.max() > 600_000_000, "{} ns", slow.tally.done.max());
    let quick = stretch(200, Duration::ZERO, 20, pace, Until::Exhausted(SECOND * 5)).await;
    assert!(quick.elapsed >= Duration::from_millis(180), "it may not run ahead of its rate");
}

#[tokio::test]
async fn a_conversation_that_hangs_is_given_up_and_counted() {
    let hung = stretch(200, SECOND * 60, 1, Pace::Closed, Until::Exhausted(Duration::from_millis(100))).await;
    assert_eq!((hung.tally.done.len(), hung.tally.failed), (0, 2));
}
