//! Turns a page context into HTML: strict about missing values, always escaping, and with the
//! headers that keep a page out of frames, caches and referrers.

use std::fmt;
use std::path::Path;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, context};
use serde::Serialize;

use super::context::Layout;
use super::{assets, icons};

/// Where the forms of a page may end, which decides its `form-action` and opener rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// A step on the way to a client: its form can end, after redirects, at any address. Browsers
    /// hold `form-action` against the whole redirect chain, so the directive is left out, and a
    /// client may have opened the page as a popup that must be able to answer its opener.
    Interaction,
    /// A page whose forms stay on this origin.
    SameOrigin,
    /// A page without anything to press, made for frames of other origins.
    Framed,
}

/// A typed page context.
pub trait Page: Serialize {
    /// File name below `templates/`.
    const TEMPLATE: &'static str;
    /// Which headers the page needs.
    const KIND: PageKind;

    /// HTTP status of the response.
    fn status(&self) -> u16 {
        200
    }

    /// The origins that frames on this very page come from; all others are kept out.
    fn frame_origins(&self) -> &[String] {
        &[]
    }

    /// What the template sees as `page`.
    fn values(&self) -> Value {
        Value::from(Serde(self))
    }
}

/// A template that cannot be read, parsed or filled. A fault of ours (or of an override), never
/// of the request.
#[derive(Debug)]
pub struct RenderError {
    template: String,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Template(Error),
    Io(std::io::Error),
    UnknownOverride,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Template(error) => write!(f, "template {}: {error:#}", self.template),
            Cause::Io(error) => write!(f, "template {}: {error}", self.template),
            Cause::UnknownOverride => {
                write!(f, "template {}: overrides nothing; the templates are {}", self.template, names().join(", "))
            }
        }
    }
}

impl std::error::Error for RenderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Template(error) => Some(error),
            Cause::Io(error) => Some(error),
            Cause::UnknownOverride => None,
        }
    }
}

/// Every template of the product, parsed once at start.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
}

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        const TEMPLATES: &[(&str, &str)] = &[$(($name, include_str!(concat!("templates/", $name)))),*];
    };
}

templates!(
    "_asked.html",
    "_brand.html",
    "_client_avatar.html",
    "_command.html",
    "_form_errors.html",
    "_input.html",
    "_mark.html",
    "_person.html",
    "_unverified.html",
    "answered.html",
    "approve.html",
    "app_start.html",
    "base.html",
    "card.html",
    "check_session.html",
    "choose_account.html",
    "consent.html",
    "dev_home.html",
    "dev_result.html",
    "device.html",
    "docs_error.html",
    "docs_errors.html",
    "error.html",
    "form_post.html",
    "home.html",
    "reading.html",
    "requests.html",
    "setup.html",
    "setup_done.html",
    "sign_in.html",
    "sign_out.html",
    "sign_up.html",
    "signed_out.html",
);

impl Pages {
    /// Parses the built-in templates, each replaced by the file of the same name in `overrides`
    /// where there is one. `base_path` is the path of the issuer without a trailing slash, and
    /// stands before every address that a template makes itself.
    ///
    /// # Errors
    /// When an override cannot be read or parsed, or has a name that overrides nothing.
    pub fn new(base_path: &str, overrides: Option<&Path>) -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(write_value);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(
            syntax.map_err(|error| RenderError { template: "syntax".to_owned(), cause: Cause::Template(error) })?,
        );
        environment.add_global("base_path", base_path.to_owned());
        let base = base_path.to_owned();
        environment.add_function("asset", move |name: String| asset_address(&base, &name));
        environment.add_function("icon", |name: String| draw_icon(&name));
        for (name, source) in TEMPLATES {
            let broken = |error| RenderError { template: (*name).to_owned(), cause: Cause::Template(error) };
            environment.add_template(name, source).map_err(broken)?;
        }
        if let Some(folder) = overrides {
            add_overrides(&mut environment, folder)?;
        }
        Ok(Self { environment })
    }

    /// The HTML of a page.
    ///
    /// # Errors
    /// When the template names a value that the context does not have.
    pub fn render<P: Page>(&self, page: &P, layout: &Layout) -> Result<String, RenderError> {
        let broken = |error| RenderError { template: P::TEMPLATE.to_owned(), cause: Cause::Template(error) };
        let template = self.environment.get_template(P::TEMPLATE).map_err(broken)?;
        template.render(context! { layout => Value::from(Serde(layout)), page => page.values() }).map_err(broken)
    }

    /// The whole response: status, headers and HTML. A template that fails is logged, and the
    /// person gets a plain 500 with the same headers.
    pub fn respond<P: Page>(&self, page: &P, layout: &Layout) -> HttpResponse {
        let (status, content_type, body) = match self.render(page, layout) {
            Ok(html) => {
                let status = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, "text/html; charset=utf-8", html)
            }
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                let body = "This page could not be shown. The fault is ours; please try again.\n".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", body)
            }
        };
        let mut response = HttpResponse::build(status);
        for (name, value) in page_headers(P::KIND) {
            match (name, page.frame_origins()) {
                ("Content-Security-Policy", [_, ..]) => {
                    let origins = page.frame_origins().join(" ");
                    response.insert_header((name, format!("{value}; frame-src {origins}")));
                }
                // Where any page may frame this one, the header that only knows how to refuse is left out.
                ("X-Frame-Options", _) if P::KIND == PageKind::Framed => {}
                _ => {
                    response.insert_header((name, value));
                }
            }
        }
        response.content_type(content_type).body(body)
    }
}

/// The security headers of a page, as name and value.
pub fn page_headers(kind: PageKind) -> [(&'static str, &'static str); 8] {
    // The policies differ in their last directives only; see `PageKind`.
    let (policy, opener) = match kind {
        PageKind::Framed => (
            "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors *; form-action 'none'",
            "unsafe-none",
        ),
        PageKind::Interaction => (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
            "unsafe-none",
        ),
        PageKind::SameOrigin => (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
            "same-origin",
        ),
    };
    [
        ("Content-Security-Policy", policy),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        ("Cross-Origin-Opener-Policy", opener),
        ("Cross-Origin-Resource-Policy", if matches!(kind, PageKind::Framed) { "cross-origin" } else { "same-origin" }),
        (
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), \
             publickey-credentials-create=(self), publickey-credentials-get=(self)",
        ),
    ]
}

fn names() -> Vec<&'static str> {
    TEMPLATES.iter().map(|(name, _)| *name).collect()
}

fn add_overrides(environment: &mut Environment<'static>, folder: &Path) -> Result<(), RenderError> {
    let unreadable = |error| RenderError { template: folder.display().to_string(), cause: Cause::Io(error) };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fault = |cause| RenderError { template: path.display().to_string(), cause };
        if !TEMPLATES.iter().any(|(known, _)| *known == name) {
            return Err(fault(Cause::UnknownOverride));
        }
        let source = std::fs::read_to_string(&path).map_err(|error| fault(Cause::Io(error)))?;
        environment.add_template_owned(name, source).map_err(|error| fault(Cause::Template(error)))?;
    }
    Ok(())
}

fn asset_address(base_path: &str, name: &str) -> Result<Value, Error> {
    match assets::asset_url(name) {
        Some(path) => Ok(Value::from(format!("{base_path}{path}"))),
        None => Err(Error::new(ErrorKind::InvalidOperation, format!("there is no asset {name:?}"))),
    }
}

fn draw_icon(name: &str) -> Result<Value, Error> {
    let Some(drawing) = icons::find(name) else {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("there is no icon {name:?}")));
    };
    Ok(Value::from_safe_string(format!(
        r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{drawing}</svg>"#
    )))
}

/// Prints text and numbers, escaped for elements and quoted attributes alike. Anything else
/// (nothing at all, a list, a struct) is a mistake in the template and stops the page.
fn write_value(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_safe() {
        return Ok(out.write_str(value.as_str().unwrap_or_default())?);
    }
    if let Some(text) = value.as_str() {
        return write_escaped(out, text);
    }
    if value.is_number() {
        return Ok(out.write_str(&value.to_string())?);
    }
    Err(Error::new(ErrorKind::InvalidOperation, format!("a template prints a value of kind {}", value.kind())))
}

/// Like the usual HTML escape, and further: a slash stays (addresses remain readable), NUL becomes
/// the replacement character as in every HTML parser, and a carriage return survives the parser's
/// line-break rules, since `state` must come back as it was sent.
fn write_escaped(out: &mut Output, text: &str) -> Result<(), Error> {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '"', '\'', '\r', '\0']) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        let mut characters = special.chars();
        out.write_str(match characters.next() {
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('&') => "&amp;",
            Some('"') => "&quot;",
            Some('\'') => "&#39;",
            Some('\r') => "&#13;",
            _ => "\u{FFFD}",
        })?;
        rest = characters.as_str();
    }
    Ok(out.write_str(rest)?)
}
