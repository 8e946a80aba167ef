//! What works for everybody.

use crate::support::Request;

both! {
    async fn a_head_is_the_get_without_its_body(app) {
        for path in [
            "/",
            "/healthz",
            "/oauth2/jwks",
            "/.well-known/openid-configuration",
            "/docs/errors",
            "/docs/errors/AS-1003",
        ] {
            let get = app.get(path).await;
            let head = app.wire.send(&Request::new("HEAD", path)).await;
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
            for name in ["content-type", "cache-control", "etag", "content-length"] {
                assert_eq!(head.header(name), get.header(name), "{path} {name}");
            }
        }
    }

    async fn every_reason_has_its_page(app) {
        for reason in symbolon::domain::trace::Reason::ALL {
            let page = app.get(&format!("/docs/errors/{}", reason.code())).await;
            assert_eq!(page.status, 200, "{}", reason.code());
            assert!(page.text().contains(reason.code()));
        }
    }

    async fn the_start_page_names_the_issuer(app) {
        let page = app.get("/").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(app.issuer()), "{page}");
    }

    async fn the_process_says_that_it_lives(app) {
        assert_eq!(app.document("/healthz").await["status"], "ok");
    }
}
