//! Many at once: one name, one account, on both databases (security requirements, peers' defect 3).

use std::collections::HashMap;

use tokio::task::JoinSet;

use super::{STRONG, count_of_people, on_page, user_named};
use crate::support::{Answer, Browser, ClientSpec, Page, Request, TestApp, Wire};

const MANY: usize = 100;

/// The form of a page as this browser would send it.
fn form(browser: &Browser<'_>, page: &Page, username: &str) -> Request {
    let typed = [("username", username), ("email", "x@example.com"), ("name", ""), ("password", STRONG)];
    browser.pressing(page, "sign-up-submit", &typed)
}

async fn at_once(app: &TestApp, requests: Vec<Request>) -> Vec<Answer> {
    let local = tokio::task::LocalSet::new();
    let (services, wire) = (app.services.clone(), app.wire.clone());
    local
        .run_until(async move {
            let mut tasks = JoinSet::new();
            for request in requests {
                let (services, wire): (_, Wire) = (services.clone(), wire.clone());
                tasks.spawn_local(async move { Answer::new(wire.send(&request).await, services, wire) });
            }
            tasks.join_all().await
        })
        .await
}

async fn reasons(app: &TestApp, answers: &[Answer]) -> HashMap<String, usize> {
    let mut reasons = HashMap::new();
    for answer in answers.iter().filter(|answer| answer.response.status != 303) {
        let record = app.record(answer.trace_id()).await.expect("a refusal is recorded");
        *reasons.entry(record.reason().expect("a reason").code().to_owned()).or_insert(0) += 1;
    }
    reasons
}

fn went_on(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.response.status == 303).count()
}

both! {
    async fn of_a_hundred_who_want_one_name_one_gets_it(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut requests = Vec::new();
        for _ in 0..MANY {
            let mut browser = app.browser();
            let page = on_page(&mut browser, &rp).await;
            requests.push(form(&browser, &page, "nora"));
        }
        let answers = at_once(&app, requests).await;
        let refused = reasons(&app, &answers).await;
        assert_eq!(went_on(&answers), 1, "{refused:?}");
        // The name is taken; who asks too often has to wait, and where too many ask at once the pool is full.
        let known = ["AS-2102", "AS-2002", "AS-2003"];
        assert!(refused.keys().all(|reason| known.contains(&reason.as_str())), "{refused:?}");
        assert_eq!(refused.values().sum::<usize>(), MANY - 1);
        assert_eq!(count_of_people(&app).await, 1, "the losers left nothing behind");
    }

    async fn one_form_that_is_sent_many_times_makes_one_account(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let requests = vec![form(&browser, &page, "nora"); 20];
        let answers = at_once(&app, requests).await;
        // The form says who it is: whoever sends it again is signed in as the account that it made.
        assert_eq!(went_on(&answers), 20, "{:?}", reasons(&app, &answers).await);
        assert_eq!(count_of_people(&app).await, 1);
        assert!(user_named(&app, "nora").await.is_some());
    }

    async fn one_dialogue_with_many_names_at_once_makes_one_account(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let requests = (0..15).map(|number| form(&browser, &page, &format!("nora{number}"))).collect();
        let answers = at_once(&app, requests).await;
        // All have the password of the one that was made.
        assert_eq!(went_on(&answers), 15, "{:?}", reasons(&app, &answers).await);
        assert_eq!(count_of_people(&app).await, 1);
    }

    async fn many_who_want_a_name_each_all_get_theirs_within_the_limit(app) {
        app.sign_up_policy(symbolon::domain::oidc::sign_up::SignUpMode::Open, 5).await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut requests = Vec::new();
        for number in 0..20 {
            let mut browser = app.browser();
            let page = on_page(&mut browser, &rp).await;
            requests.push(form(&browser, &page, &format!("nora{number}")));
        }
        let answers = at_once(&app, requests).await;
        let refused = reasons(&app, &answers).await;
        assert_eq!(went_on(&answers), 5, "{refused:?}");
        assert_eq!(refused, HashMap::from([("AS-2103".to_owned(), 15)]));
        assert_eq!(count_of_people(&app).await, 5);
    }
}
