//! Sectors that do not hold.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::{ClientKind, Owner, SubjectType},
        oauth::SettingsRule,
    },
    net::fetcher::Reach,
    service::{
        admin::client::{self, NewClient},
        subjects::check_sector,
    },
};

use crate::support::{JwksServer, TestApp};

fn asked(redirect_uris: &[&str], sector: Option<&str>) -> NewClient {
    let mut new = NewClient::of_kind(ClientKind::Web, "Pairwise", Owner::Cli);
    new.settings.subject_type = SubjectType::Pairwise;
    new.settings.redirect_uris = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
    new.settings.sector_identifier_uri = sector.map(str::to_owned);
    new
}

both! {
    /// Behaviour 112.
    async fn the_document_of_a_sector_must_list_every_redirect_uri(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let server = JwksServer::start(&json!(["https://a.example/cb", "https://b.example/cb"])).await;
        let uris = ["https://a.example/cb", "https://b.example/cb"];
        let settings = asked(&uris, Some(&server.uri)).settings;
        assert_eq!(check_sector(&app.cx(), &settings).await, Ok(()));
        let field = |checked: Result<(), SettingsRule>| checked.expect_err("a rule is broken").field;
        for (status, body) in [
            (200, json!(["https://a.example/cb"]).to_string()),
            (200, Value::Null.to_string()),
            (200, "<html>".to_owned()),
            (302, json!(uris).to_string()),
            (404, json!(uris).to_string()),
        ] {
            server.answer(status, &body);
            assert_eq!(field(check_sector(&app.cx(), &settings).await), "sector_identifier_uri", "{status} {body}");
        }
    }

    async fn several_hosts_without_a_sector_are_refused_at_registration(app) {
        let several = asked(&["https://a.example/cb", "https://b.example/cb"], None);
        let refused = client::create(&app.cx(), several).await.expect_err("two hosts");
        assert!(refused.to_string().starts_with("AS-3003 subject_type"), "{refused}");
        let unreachable = asked(&["https://a.example/cb"], Some("https://127.0.0.1/sector"));
        let refused = client::create(&app.cx(), unreachable).await.expect_err("a private address");
        assert!(refused.to_string().starts_with("AS-3003 sector_identifier_uri"), "{refused}");
    }
}
