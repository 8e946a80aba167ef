//! A client finds its way from an API to this server and back.

use serde_json::json;

use crate::support::{Authorize, ClientSpec, Request};

const OPENID: &str = "/.well-known/openid-configuration";

both! {
    async fn an_api_on_this_host_is_described_at_the_place_that_the_rfc_derives(app) {
        let resource = format!("{}/mcp/notes", app.issuer());
        app.api_with(&resource, &["notes.read"], |settings| settings.public = true).await;
        let document = app.document("/.well-known/oauth-protected-resource/mcp/notes").await;
        let expected = json!({
            "resource": resource,
            "authorization_servers": [app.issuer()],
            "resource_name": format!("The API {resource}"),
            "bearer_methods_supported": ["header"],
            "scopes_supported": ["notes.read"],
        });
        assert_eq!(document, expected);
    }

    async fn an_api_elsewhere_is_described_at_its_registered_path(app) {
        app.api_with("https://mcp.example.com", &[], |settings| {
            settings.public = true;
            settings.metadata_path = Some("hosted/mcp".to_owned());
        })
        .await;
        let document = app.document("/.well-known/oauth-protected-resource/hosted/mcp").await;
        assert_eq!(document["resource"], "https://mcp.example.com");
        assert_eq!(document.get("scopes_supported"), None);
    }

    async fn it_is_read_from_anywhere_and_cheap_to_ask_again(app) {
        app.api_with(&format!("{}/mcp", app.issuer()), &[], |settings| settings.public = true).await;
        let path = "/.well-known/oauth-protected-resource/mcp";
        let first = app.wire.send(&Request::get(path).header("Origin", "https://app.example")).await;
        assert_eq!(first.header("access-control-allow-origin"), Some("*"), "{first}");
        let tag = first.header("etag").expect("an entity tag").to_owned();
        assert_eq!(app.wire.send(&Request::get(path).header("If-None-Match", &tag)).await.status, 304);
    }

    async fn the_server_s_own_metadata_tells_of_public_apis_and_their_scopes(app) {
        let before = app.document(OPENID).await;
        assert_eq!(before.get("protected_resources"), None);
        app.api_with("https://public.example.com", &["public.read"], |settings| settings.public = true).await;
        app.api("https://private.example.com", &["private.read"]).await;
        let document = app.document(OPENID).await;
        assert_eq!(document["protected_resources"], json!(["https://public.example.com"]));
        let scopes = document["scopes_supported"].as_array().expect("a list");
        assert!(scopes.contains(&json!("public.read")) && !scopes.contains(&json!("private.read")), "{scopes:?}");
        assert!(scopes.contains(&json!("openid")));
    }

    async fn what_the_metadata_names_is_what_tokens_are_for(app) {
        let resource = format!("{}/mcp", app.issuer());
        app.api_with(&resource, &["notes.read"], |settings| settings.public = true).await;
        let document = app.document("/.well-known/oauth-protected-resource/mcp").await;
        let spec = ClientSpec::web("web").set(|settings| settings.scope.push("notes.read".to_owned()));
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let named = document["resource"].as_str().expect("a resource");
        let request = Authorize::new(&rp, document["scopes_supported"][0].as_str().expect("a scope")).and("resource", named);
        let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        assert_eq!(app.verified(&tokens.access_token).await.1["aud"], named);
    }
}
