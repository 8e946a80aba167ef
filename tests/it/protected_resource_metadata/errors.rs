//! What has no metadata here.

use crate::support::Request;

const START: &str = "/.well-known/oauth-protected-resource";

both! {
    async fn what_is_not_public_or_not_here_is_nowhere(app) {
        app.api(&format!("{}/private", app.issuer()), &[]).await;
        app.api_with(&format!("{}/mcp", app.issuer()), &[], |settings| settings.public = true).await;
        app.api_with("https://other.example.com/away", &[], |settings| settings.public = true).await;
        app.document(&format!("{START}/mcp")).await;
        for rest in [
            "", "/", "/private", "/away", "/mcp/", "//mcp", "/MCP", "/mcp/x", "/m%63p", "/x%2fmcp", "/mcp%00", "/oauth2/userinfo",
            "/https://other.example.com/away", ".json",
        ] {
            app.send(Request::get(format!("{START}{rest}"))).await.refused_page(404, "AS-5001").await;
        }
    }

    async fn what_was_deleted_or_made_private_is_gone(app) {
        let resource = format!("{}/mcp", app.issuer());
        let path = format!("{START}/mcp");
        app.api_with(&resource, &[], |settings| settings.public = true).await;
        app.document(&path).await;
        app.delete_api(&resource).await;
        app.send(Request::get(&path)).await.refused_page(404, "AS-5001").await;
        app.api(&resource, &[]).await;
        app.send(Request::get(&path)).await.refused_page(404, "AS-5001").await;
    }

    async fn it_is_only_read(app) {
        app.api_with(&format!("{}/mcp", app.issuer()), &[], |settings| settings.public = true).await;
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let answer = app.send(Request::new(method, format!("{START}/mcp")).body("")).await;
            answer.refused_page(405, "AS-5002").await;
        }
    }

    async fn what_is_sent_along_changes_nothing(app) {
        app.api_with(&format!("{}/mcp", app.issuer()), &[], |settings| settings.public = true).await;
        let plain = app.get(&format!("{START}/mcp")).await;
        let request = Request::get(format!("{START}/mcp?resource=https://evil.example"))
            .header("X-Forwarded-Host", "evil.example")
            .header("Forwarded", "host=evil.example");
        assert_eq!(app.wire.send(&request).await.body, plain.body);
    }
}
