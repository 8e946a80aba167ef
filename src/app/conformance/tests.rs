//! Tests of the seed: what it makes, and what it refuses.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::*;
use crate::{
    app::{fixture::TestDatabase, open_services},
    config::{DiskFiles, Sources},
    domain::oauth::check_settings,
};

const ISSUER: &str = "https://op.test.local:9443";
const SUITE: &str = "https://localhost.emobix.co.uk:8443/test/a";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Two certificates under the names that the seed expects.
fn run(folder: &Path) -> Run {
    let certificates = folder.join("certificates");
    std::fs::create_dir_all(&certificates).expect("a folder");
    for (name, fixture) in [("client1", "self"), ("client2", "client")] {
        for (here, there) in [("crt", "pem"), ("key", "key")] {
            let from = repository(&format!("tests/it/mtls/fixtures/{fixture}.{there}"));
            std::fs::copy(from, certificates.join(format!("{name}.{here}"))).expect("copied");
        }
    }
    Run {
        suite: SUITE.to_owned(),
        alias: "opx".to_owned(),
        plans: repository("conformance/suite/plans"),
        certificates,
        output: folder.join("plans"),
    }
}

fn settings_of(database: &TestDatabase) -> Settings {
    let mut flags = database.flags();
    let tls = [("certificate_file", "server.pem"), ("key_file", "server.key")].map(|(name, file)| {
        (format!("tls.{name}"), repository(&format!("tests/it/mtls/fixtures/{file}")).display().to_string())
    });
    flags.extend(tls);
    for (name, value) in
        [("issuer", ISSUER), ("mtls.url", "https://mtls.op.test.local:9444"), ("mtls.bind", "127.0.0.1:9444")]
    {
        flags.push((name.to_owned(), value.to_owned()));
    }
    let sources = Sources { config_file: None, environment: Vec::new(), flags, files: &DiskFiles };
    Settings::load(&sources).expect("settings")
}

#[test]
fn every_planned_client_is_acceptable_and_planned_once() {
    let planned = planned("https://suite.example/test/a/opx");
    let names: BTreeSet<&str> = planned.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(names.len(), planned.len());
    for Planned { id, kind, settings, algorithm, .. } in &planned {
        let mut settings = settings.clone();
        let certificate = settings.token_endpoint_auth_method == AuthMethod::SelfSignedTlsClientAuth;
        if algorithm.is_some() || certificate {
            let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
            let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
            settings.jwks = Some(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k" }] }));
        }
        assert_eq!(check_settings(*kind, &settings), Ok(()), "{id}");
    }
    for expected in ["oidc-basic-1", "oidc-none-1", "f2-pkj-dpop-1", "f2ms-mtls-mtls-2", "f1-mtls-2", "ciba-ping-pkj-2"]
    {
        assert!(names.contains(expected), "{expected}");
    }
}

#[tokio::test]
async fn an_empty_database_is_filled_once_and_each_plan_has_its_configuration() {
    let database = TestDatabase::sqlite();
    let (settings, run) = (settings_of(&database), run(database.path()));
    let seeded = seed(&settings, &run).await.expect("filled");
    assert_eq!(seeded.clients.len(), 43);
    assert_eq!(refused_code(seed(&settings, &run).await), "AS-4026", "it is filled already");

    let mut named = BTreeSet::new();
    for file in &seeded.plans {
        let text = std::fs::read_to_string(file).expect("a file");
        assert!(!text.contains("{{"), "{}", file.display());
        let plan: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(plan["alias"], "opx");
        assert!(plan["server"]["discoveryUrl"].as_str().is_some_and(|url| url.starts_with(ISSUER)), "{plan}");
        assert!(plan["browser"].is_array() || plan["automated_ciba_approval_url"].is_string(), "{plan}");
        let runs = plan["runs"].as_array().expect("what to run");
        assert!(!runs.is_empty() && runs.iter().all(|run| run["plan"].is_string() && run["variant"].is_object()));
        for client in ["client", "client2", "client_secret_post"] {
            named.extend(plan[client]["client_id"].as_str().map(str::to_owned));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(file).expect("a file").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} holds keys", file.display());
        }
    }
    let unknown: Vec<_> = named.iter().filter(|id| !seeded.clients.contains(id)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");

    let services = open_services(&settings, Purpose::Conformance).await.expect("it may be served");
    let cx = Cx::local(services, Transaction::Admin, "cli");
    let client = client::find(&cx, "f2-mtls-dpop-1").await.expect("made").client.settings;
    assert!(client.require_pushed_authorization_requests && client.require_pkce && client.dpop_bound_access_tokens);
    let keys = client.jwks.expect("keys")["keys"].as_array().expect("a list").clone();
    assert!(keys.len() == 2 && keys[1]["x5c"].is_array() && keys.iter().all(|key| key.get("d").is_none()));
    let person = user::find(&cx, USERNAME).await.expect("made").user;
    assert_eq!(person.email.as_deref(), Some("suite-user@example.com"));
}

#[tokio::test]
async fn a_database_of_others_and_files_that_are_missing_are_refused() {
    let database = TestDatabase::sqlite();
    let (settings, good) = (settings_of(&database), run(database.path()));
    open_services(&settings, Purpose::Serve).await.expect("a real server");
    assert_eq!(refused_code(seed(&settings, &good).await), "AS-4026");

    let database = TestDatabase::sqlite();
    let (settings, good) = (settings_of(&database), run(database.path()));
    let nowhere = database.path().join("nowhere");
    let bad = Run { certificates: nowhere.clone(), ..good.clone() };
    assert_eq!(refused_code(seed(&settings, &bad).await), "AS-4029");
}

fn refused_code(result: Result<Seeded, StartError>) -> &'static str {
    result.expect_err("refused").code.as_str()
}

#[test]
fn a_template_names_only_what_there_is() {
    let mut values = Values::new();
    values.put("issuer", "https://id.example");
    values.put("keys", json!({ "keys": [] }));
    let fill = |template: Value| values.fill(&template);
    assert_eq!(fill(json!("{{issuer}}/a {{issuer}}")), Ok(json!("https://id.example/a https://id.example")));
    assert_eq!(
        fill(json!({ "jwks": "{{keys}}", "n": [1, null, true] })),
        Ok(json!({ "jwks": { "keys": [] }, "n": [1, null, true] }))
    );
    assert_eq!(fill(json!("{auth_req_id}")), Ok(json!("{auth_req_id}")), "one brace is the suite's own");
    for bad in ["{{nothing}}", "a {{nothing}} b", "a {{keys}}", "{{issuer} x", "x {{issuer"] {
        assert!(fill(json!([bad])).is_err(), "{bad}");
    }
}
