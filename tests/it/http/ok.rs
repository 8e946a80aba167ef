//! What works for everybody.

use symbolon::domain::trace::{Reason, StartCode};

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
        for reason in Reason::ALL {
            let page = app.get(&format!("/docs/errors/{}", reason.code())).await;
            assert_eq!(page.status, 200, "{}", reason.code());
            assert!(page.text().contains(reason.code()));
        }
    }

    async fn every_start_code_has_its_page_and_its_place_in_the_list(app) {
        let list = app.get("/docs/errors").await.text().to_owned();
        let heading = list.find("Configuration and start").expect("a heading of their own");
        let end = list[heading..].find("<h2").map_or(list.len(), |at| heading + at);
        for code in StartCode::ALL {
            let page = app.get(&format!("/docs/errors/{code}")).await;
            assert_eq!(page.status, 200, "{code}");
            // What the sentences have of quotes and signs, HTML escapes.
            for text in [code.as_str(), code.summary(), code.next_step()] {
                assert!(page.text().contains(text), "{code}: {text}");
            }
            assert!(page.text().contains("symbolon config check") && !page.text().contains("symbolon why"), "{code}");
            assert!(list[heading..end].contains(&format!("/docs/errors/{code}\">{code}</a>")), "{code}");
            assert!(list[heading..end].contains(code.summary()), "{code}");
        }
        assert_eq!(list[heading..end].matches("/docs/errors/AS-").count(), StartCode::ALL.len());
        let page = app.get("/docs/errors/AS-1003").await;
        assert!(page.text().contains("symbolon why") && !page.text().contains("symbolon config check"));
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
