//! Style sheet, scripts and icon, embedded in the binary and served under their own hash, so that
//! a browser may keep them for ever and still gets a new one with the next version.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::service::discovery::content_hash;

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// File name, the last segment of its address.
    pub name: &'static str,
    /// Media type with charset.
    pub content_type: &'static str,
    /// The bytes, exactly as in `static/`.
    pub content: &'static [u8],
    /// First 12 hex digits of the SHA-256 of `content`.
    pub hash: String,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        embed("app.css", CSS, include_bytes!("../../../static/app.css")),
        embed("check-session.js", JS, include_bytes!("../../../static/check-session.js")),
        embed("favicon.svg", SVG, include_bytes!("../../../static/favicon.svg")),
        embed("form-post.js", JS, include_bytes!("../../../static/form-post.js")),
        embed("reveal.js", JS, include_bytes!("../../../static/reveal.js")),
        embed("setup.js", JS, include_bytes!("../../../static/setup.js")),
        embed("signed-out.js", JS, include_bytes!("../../../static/signed-out.js")),
    ]
});

/// Every embedded file.
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The file `name` if `hash` is the hash of what this binary carries.
pub fn find(hash: &str, name: &str) -> Option<&'static Asset> {
    find_named(name).filter(|asset| asset.hash == hash)
}

/// The file `name`, whatever its hash.
pub fn find_named(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Path of the file below the issuer: `/assets/<hash>/<name>`. `None` for an unknown name.
pub fn asset_url(name: &str) -> Option<String> {
    find_named(name).map(|asset| format!("/assets/{}/{}", asset.hash, asset.name))
}

/// `GET /assets/{hash}/{name}`.
///
/// A known name with another hash gets the current content, not to be kept: during a rolling
/// upgrade the page may come from one version and the style sheet from the other.
pub async fn asset(path: web::Path<(String, String)>) -> HttpResponse {
    let (hash, name) = path.into_inner();
    let Some(asset) = find_named(&name) else {
        return HttpResponse::NotFound()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .content_type("text/plain; charset=utf-8")
            .body("There is no such file.\n");
    };
    let caching = if asset.hash == hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .content_type(asset.content_type)
        .body(asset.content)
}

fn embed(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Asset {
    let hash = content_hash(content, 6);
    Asset { name, content_type, content, hash }
}
