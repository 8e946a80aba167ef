//! Many at once: a document that nobody knew yet is fetched once by a node, and becomes one client.

use symbolon::{
    domain::entity::EventKind,
    service::admin::registration::PolicyChanges,
    store::{client, event, registration},
};

use super::Published;
use crate::support::{Answer, Authorize, Request, TestApp, at_once};

/// Whoever is sent on to the sign-in page, of many who ask at two nodes in turn.
async fn sent_on(published: &Published, node: &TestApp) -> (Vec<Answer>, usize) {
    let target = Authorize::new(&published.rp, "openid").target();
    let nodes = [published.rp.clone(), published.rp.at(node)];
    let answers = at_once(async move |number| nodes[number % 2].send(&Request::get(&target)).await).await;
    let went = |answer: &&Answer| {
        answer.response.status == 303 && answer.response.header("location").is_some_and(|at| at.contains("/sign-in/"))
    };
    let count = answers.iter().filter(went).count();
    (answers, count)
}

both! {
    async fn of_a_hundred_who_bring_an_unknown_document_one_a_node_fetches_it(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        let node = app.second_node().await;
        app.open_documents().await;
        // The last place is one place, however many want to take it for the same client.
        app.registration_policy(PolicyChanges { max_clients: Some(1), ..PolicyChanges::default() }).await;
        let (answers, went_on) = sent_on(&published, &node).await;
        for answer in &answers {
            assert_eq!(answer.response.status, 303, "{}", answer.explained().await);
        }
        assert_eq!(went_on, answers.len());
        assert!((1..=2).contains(&published.server.asked()), "{}", published.server.asked());
        let stored = app.read(|tx| Ok((client::list(tx, None, 10)?, registration::count(tx)?))).await;
        assert_eq!((stored.0.len(), stored.1), (1, 1));
        let told = app.read(|tx| event::list(tx, 0, 1000)).await;
        let created = told.iter().filter(|told| told.kind == EventKind::ClientCreated.name()).count();
        assert_eq!(created, 1);
    }

    async fn of_a_hundred_who_bring_a_document_that_cannot_be_had_one_a_node_asks_for_it(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        let node = app.second_node().await;
        app.open_documents().await;
        published.server.answer(404, "{}");
        let (answers, went_on) = sent_on(&published, &node).await;
        assert_eq!(went_on, 0);
        for answer in &answers {
            answer.refused_page(400, "AS-1442").await;
        }
        assert!((1..=2).contains(&published.server.asked()), "{}", published.server.asked());
        assert_eq!(app.read(|tx| client::list(tx, None, 10)).await.len(), 0);
        // When it is there again, it is fetched again.
        published.publish(|_| {});
        app.clock.advance(30);
        app.browser().authorize(&Authorize::new(&published.rp, "openid")).await.page("/sign-in/");
    }

    async fn of_a_hundred_who_find_a_document_too_old_one_a_node_fetches_it(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        let node = app.second_node().await;
        app.open_documents().await;
        app.browser().authorize(&Authorize::new(&published.rp, "openid")).await.page("/sign-in/");
        assert_eq!(published.server.asked(), 1);
        published.publish(|document| document["client_name"] = "Renamed".into());
        for each in [app, &node] {
            each.clock.advance(86_400);
        }
        let (answers, went_on) = sent_on(&published, &node).await;
        assert_eq!(went_on, answers.len());
        assert!((2..=3).contains(&published.server.asked()), "{}", published.server.asked());
        let id = published.rp.client_id.clone();
        let stored = app.read(move |tx| client::find(tx, &id)).await.expect("a client");
        assert_eq!((stored.name.as_str(), stored.version), ("Renamed", 2));
    }
}
