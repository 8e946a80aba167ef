//! What would stop a client is told, step by step.

use super::*;

both! {
    async fn a_server_that_anybody_may_call_fails(app) {
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        server.answer(WITHOUT_TOKEN, 200, &[("Content-Type", "application/json")], "{}");
        check_json(&server).await.failed("unauthenticated_request");
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        // It wants a token, and takes any.
        server.answer(WITH_TOKEN, 200, &[("Content-Type", "application/json")], "{}");
        check_json(&server).await.failed("invalid_token");
    }

    async fn an_answer_that_leads_nowhere_fails(app) {
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        for (status, headers) in [
            (307, &[("Location", "/mcp/")][..]),
            (404, &[]),
            (405, &[]),
            (500, &[]),
        ] {
            server.answer(WITHOUT_TOKEN, status, headers, "");
            check_json(&server).await.failed("unauthenticated_request");
        }
        for challenge in ["Bearer resource_metadata=\"http://mcp.example/\"", "Bearer resource_metadata=\"", "Bearer a=b c=d"] {
            server.answer(WITHOUT_TOKEN, 401, &[("WWW-Authenticate", challenge)], "");
            check_json(&server).await.failed("www_authenticate");
        }
    }

    async fn metadata_that_are_missing_or_of_another_resource_fail(app) {
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        let mut other = server.metadata(app.issuer());
        other["resource"] = json!("http://127.0.0.1:1/mcp");
        server.tell(METADATA, &other);
        let checked = check_json(&server).await;
        checked.failed("resource");
        assert!(checked.ended("ok").contains(&"issuer".to_owned()), "the way goes on: {checked:?}");

        for (status, headers, body) in [
            (404, &[("Content-Type", "application/json")][..], "{}"),
            (200, &[("Content-Type", "text/html")], "{}"),
            (200, &[("Content-Type", "application/json")], "[]"),
            (200, &[("Content-Type", "application/json")], "{"),
        ] {
            server.answer(METADATA, status, headers, body);
            check_json(&server).await.failed("protected_resource_metadata");
        }
    }

    async fn an_issuer_that_is_missing_spelled_otherwise_or_away_fails(app) {
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        server.tell(METADATA, &json!({ "resource": server.resource(), "scopes_supported": [SCOPE] }));
        check_json(&server).await.failed("authorization_servers");
        server.tell(METADATA, &server.metadata(&format!("{}/", app.issuer())));
        check_json(&server).await.failed("issuer");
        server.tell(METADATA, &server.metadata("http://127.0.0.1:1"));
        check_json(&server).await.failed("authorization_server_metadata");
        // A server on this machine may name one on this machine; nobody is led into a network.
        server.tell(METADATA, &server.metadata("https://10.0.0.1"));
        check_json(&server).await.failed("authorization_server_metadata");
    }
}

#[tokio::test]
async fn a_server_that_is_away_fails() {
    let checked = check(&["--json"], "http://127.0.0.1:1/mcp").await;
    checked.failed("unauthenticated_request");
}

#[tokio::test]
async fn an_address_that_no_client_would_use_is_a_mistake_of_the_call() {
    for server in
        ["mcp.example.com", "http://mcp.example.com/mcp", "https://user@mcp.example.com/", "https://a.example/#x"]
    {
        let checked = check(&[], server).await;
        assert_eq!((checked.exit, checked.out.as_str()), (2, ""), "{checked:?}");
        assert!(checked.err.contains("SERVER-URL"), "{checked:?}");
    }
}

#[tokio::test]
async fn what_a_server_says_cannot_drive_the_terminal() {
    let server = McpServer::start("https://id.example\u{1b}[31m").await;
    let mut metadata = server.metadata("http://127.0.0.1:1");
    metadata["resource"] = json!("x\u{1b}[2J\u{202e}\nok  resource");
    metadata["scopes_supported"] = json!(["\u{1b}]0;title\u{7}"]);
    server.tell(METADATA, &metadata);
    let checked = check(&[], &server.resource()).await;
    assert_eq!(checked.exit, 1);
    let printed = |c: char| c.is_control() && c != '\n';
    assert!(!checked.out.contains(printed) && !checked.out.contains('\u{202e}'), "{:?}", checked.out);
    assert!(!checked.out.lines().any(|line| line.starts_with("ok  resource")), "{}", checked.out);
}
