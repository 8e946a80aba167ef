//! Tests of `mcp`.

use serde_json::{Map, Value, json};

use super::*;

fn server(text: &str) -> ServerAddress {
    ServerAddress::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("no object: {other}"),
    }
}

fn verdict(findings: &[Finding], check: &str) -> Verdict {
    let found = findings.iter().find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("{check} is not in {findings:?}")).verdict
}

fn refusal<'a>(status: u16, challenges: &'a [&'a str]) -> Refusal<'a> {
    Refusal { status, challenges, location: None }
}

#[test]
fn a_server_is_https_or_on_this_machine() {
    for text in
        ["https://mcp.example.com", "https://mcp.example.com/a?tenant=1", "http://127.0.0.1:3000/mcp", "http://[::1]/"]
    {
        assert!(ServerAddress::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "mcp.example.com",
        "http://mcp.example.com/mcp",
        "http://10.0.0.1/mcp",
        "http://localhost.example.com/",
        "ftp://127.0.0.1/",
        "https://user@mcp.example.com/",
        "https://:secret@mcp.example.com/",
        "https://mcp.example.com/#mcp",
    ] {
        assert!(ServerAddress::parse(text).is_err(), "{text}");
    }
    assert!(server("http://localhost:1/").is_loopback() && !server("https://localhost.example/").is_loopback());
    assert_eq!(server("https://mcp.example.com:8443/").host_name(), Some("mcp.example.com"));
    assert_eq!(server("https://10.0.0.1/").host_name(), None);
}

#[test]
fn metadata_are_looked_for_where_the_rfcs_put_them() {
    assert_eq!(
        resource_metadata_addresses(&server("https://a.example:8443/public/mcp?x=1")),
        [
            "https://a.example:8443/.well-known/oauth-protected-resource/public/mcp?x=1",
            "https://a.example:8443/.well-known/oauth-protected-resource"
        ]
    );
    assert_eq!(
        resource_metadata_addresses(&server("https://a.example/")),
        ["https://a.example/.well-known/oauth-protected-resource"]
    );
    assert_eq!(
        server_metadata_addresses("https://id.example/tenant"),
        [
            "https://id.example/.well-known/oauth-authorization-server/tenant",
            "https://id.example/.well-known/openid-configuration/tenant",
            "https://id.example/tenant/.well-known/openid-configuration"
        ]
    );
    for issuer in ["https://id.example", "https://id.example/"] {
        assert_eq!(
            server_metadata_addresses(issuer),
            [
                "https://id.example/.well-known/oauth-authorization-server",
                "https://id.example/.well-known/openid-configuration"
            ]
        );
    }
    assert!(server_metadata_addresses("id").is_empty());
}

#[test]
fn a_refusal_without_a_token_leads_to_the_metadata() {
    let led = |challenges: &[&str]| {
        let (findings, address) = judge_unauthenticated(refusal(401, challenges));
        assert_eq!(verdict(&findings, "unauthenticated_request"), Verdict::Ok);
        (verdict(&findings, "www_authenticate"), address)
    };
    let there = "https://a.example/.well-known/oauth-protected-resource";
    let named = format!("Bearer resource_metadata=\"{there}\"");
    assert_eq!(led(&[&named]), (Verdict::Ok, Some(there.to_owned())));
    assert_eq!(led(&["Basic realm=\"x\"", &named]), (Verdict::Ok, Some(there.to_owned())));
    assert_eq!(led(&[&named.replace("Bearer", "DPoP algs=\"ES256\",")]), (Verdict::Ok, Some(there.to_owned())));
    assert_eq!(led(&["Bearer"]), (Verdict::Warning, None));
    assert_eq!(led(&["Basic realm=\"x\""]), (Verdict::Warning, None));
    assert_eq!(led(&[]), (Verdict::Warning, None));
    for header in [
        "Bearer resource_metadata=https://a.example/",
        "Bearer resource_metadata=\"http://a.example/\"",
        "Bearer resource_metadata=\"/.well-known/oauth-protected-resource\"",
        "Bearer resource_metadata=\"\"",
        "resource_metadata=\"https://a.example/\"",
    ] {
        assert_eq!(led(&[header]), (Verdict::Failed, None), "{header}");
    }
}

#[test]
fn any_other_answer_than_401_ends_the_way() {
    let there = ["Bearer resource_metadata=\"https://a.example/\""];
    for status in [200, 202, 301, 307, 400, 403, 404, 405, 406, 500, 503] {
        let (findings, address) = judge_unauthenticated(refusal(status, &there));
        assert_eq!((findings.len(), findings[0].verdict, address), (1, Verdict::Failed, None), "{status}");
        assert!(findings[0].next.is_some());
    }
}

#[test]
fn a_token_that_nobody_issued_is_refused_as_one() {
    let judged = |status, challenges: &[&str]| judge_invalid_token(refusal(status, challenges)).verdict;
    assert_eq!(judged(401, &["Bearer error=\"invalid_token\""]), Verdict::Ok);
    for challenges in [&["Bearer"][..], &["Bearer error=\"invalid_request\""], &["Bearer error=\""], &[]] {
        assert_eq!(judged(401, challenges), Verdict::Warning, "{challenges:?}");
    }
    for status in [200, 202, 400, 403, 404, 500] {
        assert_eq!(judged(status, &["Bearer error=\"invalid_token\""]), Verdict::Failed, "{status}");
    }
}

fn resource_document() -> Map<String, Value> {
    object(json!({
        "resource": "https://a.example/mcp",
        "authorization_servers": ["https://id.example"],
        "scopes_supported": ["tools.call", "tools.list"],
        "bearer_methods_supported": ["header"],
    }))
}

#[test]
fn the_metadata_of_a_resource_are_of_this_server() {
    let (findings, resource) = judge_resource(&server("https://a.example/mcp"), &resource_document());
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok), "{findings:?}");
    assert_eq!(resource.authorization_servers, ["https://id.example"]);
    assert_eq!(resource.scopes, ["tools.call", "tools.list"]);

    let judged = |server_text: &str, resource: Value| {
        let mut document = resource_document();
        document.insert("resource".to_owned(), resource);
        verdict(&judge_resource(&server(server_text), &document).0, "resource")
    };
    // Programs write a bare host with a slash, and people without.
    assert_eq!(judged("https://a.example", json!("https://a.example")), Verdict::Ok);
    assert_eq!(judged("https://a.example", json!("https://a.example/")), Verdict::Ok);
    for above in ["https://a.example", "https://a.example/", "https://a.example/mcp", "https://a.example/mcp/"] {
        assert_eq!(judged("https://a.example/mcp/tools", json!(above)), Verdict::Warning, "{above}");
    }
    for other in [
        json!("https://b.example/mcp/tools"),
        json!("http://a.example/mcp/tools"),
        json!("https://a.example:8443/mcp/tools"),
        json!("https://a.example/mc"),
        json!("https://a.example/mcp/tools/more"),
        json!("https://a.example/?tenant=1"),
        json!("tools"),
        json!(""),
        json!(["https://a.example/mcp/tools"]),
        Value::Null,
    ] {
        assert_eq!(judged("https://a.example/mcp/tools", other.clone()), Verdict::Failed, "{other}");
    }
}

#[test]
fn the_metadata_of_a_resource_say_who_issues_tokens_and_how_they_are_sent() {
    let judged = |name: &str, value: Value| {
        let mut document = resource_document();
        document.insert(name.to_owned(), value);
        verdict(&judge_resource(&server("https://a.example/mcp"), &document).0, name)
    };
    for issuers in [
        json!([]),
        json!("https://id.example"),
        json!([1]),
        json!(["id.example"]),
        json!(["http://id.example"]),
        json!(["https://id.example", "http://other.example"]),
        json!(["https://id.example/#x"]),
        Value::Null,
    ] {
        assert_eq!(judged("authorization_servers", issuers.clone()), Verdict::Failed, "{issuers}");
    }
    assert_eq!(judged("authorization_servers", json!(["http://127.0.0.1:8080"])), Verdict::Ok);
    assert_eq!(judged("bearer_methods_supported", json!(["body", "header"])), Verdict::Ok);
    for methods in [json!([]), json!(["query"]), json!("header")] {
        assert_eq!(judged("bearer_methods_supported", methods.clone()), Verdict::Failed, "{methods}");
    }
    assert_eq!(judged("scopes_supported", json!([])), Verdict::Warning);
}

fn server_document() -> Map<String, Value> {
    object(json!({
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/authorize",
        "token_endpoint": "https://id.example/token",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "protected_resources": ["https://a.example/mcp"],
        "scopes_supported": ["openid", "tools.call", "tools.list"],
    }))
}

fn judged_server(change: impl FnOnce(&mut Map<String, Value>)) -> Vec<Finding> {
    let mut document = server_document();
    change(&mut document);
    let (_, resource) = judge_resource(&server("https://a.example/mcp"), &resource_document());
    judge_authorization_server("https://id.example", &document, &resource)
}

#[test]
fn an_authorization_server_that_clients_can_use_passes() {
    let findings = judged_server(|_| {});
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok && finding.next.is_none()), "{findings:?}");
    // What has a default need not be told.
    assert_eq!(
        verdict(&judged_server(|document| _ = document.remove("grant_types_supported")), "grant_types_supported"),
        Verdict::Ok
    );
    // Neither list has to be there.
    for name in ["protected_resources", "scopes_supported"] {
        let findings = judged_server(|document| _ = document.remove(name));
        assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok), "{findings:?}");
    }
}

#[test]
fn what_a_client_needs_of_an_authorization_server_fails_if_it_is_missing_or_wrong() {
    for (name, values) in [
        ("issuer", vec![json!("https://id.example/"), json!("https://ID.example"), json!(1)]),
        ("authorization_endpoint", vec![json!("http://id.example/authorize"), json!("/authorize"), json!(true)]),
        ("token_endpoint", vec![json!("http://id.example/token"), json!("")]),
        ("response_types_supported", vec![json!(["id_token"]), json!("code"), json!([])]),
        ("code_challenge_methods_supported", vec![json!(["plain"]), json!("S256"), json!([])]),
    ] {
        assert_eq!(verdict(&judged_server(|document| _ = document.remove(name)), name), Verdict::Failed, "{name}");
        for value in values {
            let findings = judged_server(|document| _ = document.insert(name.to_owned(), value.clone()));
            assert_eq!(verdict(&findings, name), Verdict::Failed, "{name} {value}");
        }
    }
    let findings =
        judged_server(|document| _ = document.insert("grant_types_supported".to_owned(), json!(["implicit"])));
    assert_eq!(verdict(&findings, "grant_types_supported"), Verdict::Failed);
}

#[test]
fn what_only_some_clients_miss_is_a_warning() {
    for (name, check) in [
        ("client_id_metadata_document_supported", "client_registration"),
        ("token_endpoint_auth_methods_supported", "token_endpoint_auth_methods_supported"),
        ("authorization_response_iss_parameter_supported", "authorization_response_iss_parameter_supported"),
    ] {
        assert_eq!(verdict(&judged_server(|document| _ = document.remove(name)), check), Verdict::Warning, "{name}");
    }
    let registration = |documents: Value| {
        let findings = judged_server(|document| {
            document.insert("registration_endpoint".to_owned(), json!("https://id.example/register"));
            document.insert("client_id_metadata_document_supported".to_owned(), documents);
        });
        verdict(&findings, "client_registration")
    };
    assert_eq!(registration(json!(true)), Verdict::Ok);
    assert_eq!(registration(json!("true")), Verdict::Warning);
    for (name, value, check) in [
        ("protected_resources", json!(["https://a.example"]), "protected_resources"),
        ("protected_resources", json!([]), "protected_resources"),
        ("scopes_supported", json!(["openid", "tools.call"]), "scopes_known"),
    ] {
        let findings = judged_server(|document| _ = document.insert(name.to_owned(), value));
        assert_eq!(verdict(&findings, check), Verdict::Warning);
    }
}

#[test]
fn keys_are_counted() {
    assert_eq!(judge_keys("https://id.example/jwks", Some(&json!({ "keys": [{}, {}] }))).verdict, Verdict::Ok);
    for document in [None, Some(json!({ "keys": [] })), Some(json!({})), Some(json!([]))] {
        assert_eq!(judge_keys("https://id.example/jwks", document.as_ref()).verdict, Verdict::Warning, "{document:?}");
    }
}
