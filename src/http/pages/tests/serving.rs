//! Headers of pages and files as they leave.

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, body, web};

use super::samples::{FRIENDLY, error_page, pages, sign_in_page};
use crate::http::pages::context::{CheckSession, Home, Layout, SignIn, SignedOut};
use crate::http::pages::{Page, PageKind, asset, asset_url, assets, page_headers};

const BASE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                    base-uri 'none'; frame-ancestors 'none'";

fn header(kind: PageKind, name: &str) -> &'static str {
    page_headers(kind).into_iter().find(|(key, _)| *key == name).unwrap().1
}

#[test]
fn interaction_pages_leave_form_action_out_and_others_keep_it_here() {
    assert_eq!(header(PageKind::Interaction, "Content-Security-Policy"), BASE);
    assert_eq!(header(PageKind::SameOrigin, "Content-Security-Policy"), format!("{BASE}; form-action 'self'"));
}

#[test]
fn no_page_may_be_framed_cached_sniffed_or_named_as_referrer() {
    for kind in [PageKind::Interaction, PageKind::SameOrigin] {
        assert_eq!(header(kind, "X-Frame-Options"), "DENY");
        assert_eq!(header(kind, "Cache-Control"), "no-store");
        assert_eq!(header(kind, "X-Content-Type-Options"), "nosniff");
        assert_eq!(header(kind, "Referrer-Policy"), "no-referrer");
        assert!(header(kind, "Permissions-Policy").contains("publickey-credentials-get=(self)"));
    }
}

#[test]
fn the_page_for_frames_runs_its_script_and_nothing_else() {
    let policy = header(PageKind::Framed, "Content-Security-Policy");
    assert_eq!(policy, "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors *; form-action 'none'");
    let page = CheckSession { cookie: "symbolon_state" };
    let response = pages().respond(&page, &Layout::new("Acme"));
    assert_eq!(response.headers().get("x-frame-options"), None);
    assert_eq!(response.headers().get("cross-origin-resource-policy").unwrap(), "cross-origin");
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
}

#[test]
fn only_the_page_with_frames_lets_frames_in_and_only_those() {
    let policy = |page: &SignedOut| {
        let response = pages().respond(page, &Layout::new("Acme"));
        response.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned()
    };
    let plain = policy(&SignedOut::new(None, None));
    assert!(!plain.contains("frame-src"), "{plain}");
    let frames =
        [("https://a.example/out?sid=x", "https://a.example"), ("javascript:alert(1)", "https://evil.example")];
    let framed = SignedOut::new(None, None).with_apps(["A"], frames);
    assert_eq!(policy(&framed), format!("{plain}; frame-src https://a.example"));
    let html = pages().render(&framed, &Layout::new("Acme")).unwrap();
    assert!(html.contains("https://a.example/out?sid=x") && !html.contains("javascript:"), "{html}");
}

#[test]
fn a_popup_of_a_client_keeps_its_opener_and_no_other_page_does() {
    assert_eq!(header(PageKind::Interaction, "Cross-Origin-Opener-Policy"), "unsafe-none");
    assert_eq!(header(PageKind::SameOrigin, "Cross-Origin-Opener-Policy"), "same-origin");
}

#[actix_web::test]
async fn a_response_has_the_status_of_its_page_and_all_headers() {
    let page = SignIn { status: 503, ..sign_in_page(&FRIENDLY) };
    let response = pages().respond(&page, &Layout::new("Acme"));
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in page_headers(SignIn::KIND) {
        assert_eq!(response.headers().get(name).unwrap(), value);
    }
    assert_eq!(response.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
    let html = body::to_bytes(response.into_body()).await.unwrap();
    assert!(html.starts_with(b"<!doctype html>"));
    assert_eq!(pages().respond(&error_page(&FRIENDLY), &Layout::new("Acme")).status(), StatusCode::BAD_REQUEST);
    assert_eq!(pages().respond(&Home::new("/", None, false, false), &Layout::new("Acme")).status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_page_that_cannot_be_rendered_is_a_plain_500_without_details() {
    #[derive(serde::Serialize)]
    struct Nowhere;
    impl Page for Nowhere {
        const TEMPLATE: &'static str = "nowhere.html";
        const KIND: PageKind = PageKind::SameOrigin;
    }
    let response = pages().respond(&Nowhere, &Layout::new("Acme"));
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
    let text = body::to_bytes(response.into_body()).await.unwrap();
    assert!(!String::from_utf8_lossy(&text).contains("nowhere"));
}

async fn fetch(path: &str) -> (StatusCode, String, Vec<u8>) {
    let app = init_service(App::new().route("/assets/{hash}/{name}", web::get().to(asset))).await;
    let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
    let caching = response.headers().get("cache-control").unwrap().to_str().unwrap().to_owned();
    (response.status(), caching, body::to_bytes(response.into_body()).await.unwrap().to_vec())
}

#[actix_web::test]
async fn a_file_under_its_own_hash_may_be_kept_for_ever() {
    let (status, caching, content) = fetch(&asset_url("app.css").unwrap()).await;
    assert_eq!((status, caching.as_str()), (StatusCode::OK, "public, max-age=31536000, immutable"));
    assert_eq!(content, assets::find_named("app.css").unwrap().content);
}

#[actix_web::test]
async fn a_file_under_the_hash_of_another_version_is_served_but_not_kept() {
    let (status, caching, _) = fetch("/assets/000000000000/app.css").await;
    assert_eq!((status, caching.as_str()), (StatusCode::OK, "no-cache"));
}

#[actix_web::test]
async fn a_file_that_is_not_embedded_is_not_found() {
    for path in ["/assets/000000000000/Cargo.toml", "/assets/000000000000/..%2fapp.css", "/assets/x/app.css%00"] {
        assert_eq!(fetch(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn a_wrong_hash_or_name_finds_nothing() {
    let css = assets::find_named("app.css").unwrap();
    assert_eq!(assets::find(&css.hash, "app.css").unwrap().content, css.content);
    assert!(assets::find("", "app.css").is_none());
    assert!(assets::find(&css.hash, "setup.js").is_none());
    assert_eq!(asset_url("../app.css"), None);
}

#[test]
fn the_hash_is_the_beginning_of_sha_256_in_hex() {
    for asset in assets::all() {
        let hex = crate::service::discovery::content_hash(asset.content, 32);
        assert_eq!(asset.hash, hex[..12], "{}", asset.name);
    }
}

#[test]
fn everything_in_the_static_folder_is_embedded_and_small() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/static");
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, assets::all().iter().map(|asset| asset.name).collect::<Vec<_>>());
    for asset in assets::all().iter().filter(|asset| asset.name.ends_with(".js")) {
        // The one that runs in frames of other origins brings its own SHA-256.
        let limit = if asset.name == "check-session.js" { 4096 } else { 1024 };
        assert!(asset.content.len() < limit, "{} has {} bytes", asset.name, asset.content.len());
    }
}

#[test]
fn the_two_dark_palettes_are_the_same() {
    let css = std::str::from_utf8(assets::find_named("app.css").unwrap().content).unwrap();
    let block = |selector: &str| {
        let start = css.find(selector).unwrap_or_else(|| panic!("{selector}")) + selector.len();
        let end = css[start..].find('}').unwrap() + start;
        css[start..end].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let system = block(":root:not([data-theme=\"light\"]) {");
    assert!(system.contains("--surface: #15151c;"));
    assert_eq!(system, block("\n  :root[data-theme=\"dark\"] {"));
}
