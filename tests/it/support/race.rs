//! Many at once: what a single-use artefact must stand (security requirements, peers' defects 2 and 3).

use std::{collections::HashMap, rc::Rc};

use tokio::task::{JoinSet, LocalSet};

use super::{Answer, TestApp};

/// How many make a crowd.
pub const MANY: usize = 100;

/// Makes a request many times at once; it is told its number.
pub async fn at_once<T: 'static>(request: impl AsyncFn(usize) -> T + 'static) -> Vec<T> {
    let request = Rc::new(request);
    LocalSet::new()
        .run_until(async move {
            let mut tasks = JoinSet::new();
            for number in 0..MANY {
                let request = request.clone();
                tasks.spawn_local(async move { request(number).await });
            }
            tasks.join_all().await
        })
        .await
}

/// The answers of the winners, and how often each refusal came, by its reason code.
pub async fn outcome<'a>(answers: &'a [Answer], app: &TestApp) -> (Vec<&'a Answer>, HashMap<String, usize>) {
    let (mut winners, mut refusals) = (Vec::new(), HashMap::new());
    for answer in answers {
        if matches!(answer.response.status, 200 | 201) {
            winners.push(answer);
        } else {
            let record = app.record(answer.trace_id()).await.expect("a refusal is recorded");
            *refusals.entry(record.reason().expect("a reason").code().to_owned()).or_insert(0) += 1;
        }
    }
    (winners, refusals)
}

/// One reason for all but so many.
pub fn all_but(winners: usize, code: &str) -> HashMap<String, usize> {
    HashMap::from([(code.to_owned(), MANY - winners)])
}
