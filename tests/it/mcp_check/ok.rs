//! A server that clients can use, and this server as who issues the tokens.

use super::*;

both! {
    async fn a_protected_server_that_names_this_issuer_passes_every_check(app) {
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        let checked = check_json(&server).await;
        assert_eq!(checked.exit, 0, "{checked:?}");
        let names = [
            "unauthenticated_request", "www_authenticate", "invalid_token", "protected_resource_metadata", "resource",
            "authorization_servers", "bearer_methods_supported", "scopes_supported", "authorization_server_metadata",
            "issuer", "authorization_endpoint", "token_endpoint", "response_types_supported", "grant_types_supported",
            "code_challenge_methods_supported", "client_registration", "token_endpoint_auth_methods_supported",
            "authorization_response_iss_parameter_supported", "protected_resources", "scopes_known", "jwks_uri",
        ];
        assert_eq!(checked.ended("ok"), names, "{checked:?}");
        assert_eq!(checked.findings().len(), names.len());
    }

    async fn people_read_a_line_for_each_check_and_what_to_do_about_it(app) {
        let server = McpServer::start(app.issuer()).await;
        let checked = check(&[], &server.resource()).await;
        assert_eq!(checked.exit, 0, "{checked:?}");
        // Nothing was registered, and no client gets in by itself.
        assert!(checked.out.contains("warning  client_registration"), "{}", checked.out);
        assert!(checked.out.contains("-> Clients get in only with a client_id that you make for them."), "{}", checked.out);
        assert!(checked.out.contains("warning  scopes_known"), "{}", checked.out);
        assert!(checked.out.ends_with("20 checks: 18 ok, 2 warnings, 0 failed\n"), "{}", checked.out);
    }

    async fn metadata_are_found_where_they_belong_if_the_answer_does_not_say_where(app) {
        let server = McpServer::start(app.issuer()).await;
        make_known(&app, &server).await;
        server.answer(WITHOUT_TOKEN, 401, &[], "");
        let checked = check_json(&server).await;
        assert_eq!((checked.exit, checked.ended("warning")), (0, vec!["www_authenticate".to_owned()]), "{checked:?}");

        server.forget(METADATA);
        server.tell(METADATA_AT_ROOT, &server.metadata(app.issuer()));
        let checked = check_json(&server).await;
        assert_eq!((checked.exit, checked.ended("warning")), (0, vec!["www_authenticate".to_owned()]), "{checked:?}");
    }
}
