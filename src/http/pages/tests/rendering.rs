//! Every template renders in every state; what is missing stops it.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::html::read;
use super::samples::{FRIENDLY, all, pages, sign_in_page};
use crate::http::pages::context::{Href, Layout};
use crate::http::pages::{Page, PageKind, Pages};

#[test]
fn every_page_template_has_a_sample() {
    let seen: BTreeSet<_> = all(&FRIENDLY).iter().map(|sample| sample.template).collect();
    let written: BTreeSet<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/pages/templates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('_') && !["base.html", "card.html", "reading.html"].contains(&name.as_str()))
        .collect();
    assert_eq!(seen.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), written);
}

#[test]
fn every_page_has_a_language_a_title_a_main_and_one_heading() {
    for sample in all(&FRIENDLY) {
        let elements = read(&sample.html);
        let count = |tag: &str| elements.iter().filter(|element| element.tag == tag).count();
        let title = elements.iter().find(|element| element.tag == "title").unwrap();
        assert_eq!(elements[0].attribute("lang"), Some("en"), "{}", sample.name);
        assert!(
            title.text.ends_with(" · Acme") && title.text.len() > " · Acme".len() + 2,
            "{}: {}",
            sample.name,
            title.text
        );
        assert_eq!((count("h1"), count("main")), (1, 1), "{}", sample.name);
    }
}

#[test]
fn no_page_carries_inline_script_or_style() {
    for sample in all(&FRIENDLY) {
        for element in read(&sample.html) {
            assert_ne!(element.tag, "style", "{}", sample.name);
            if element.tag == "script" {
                assert!(element.attribute("src").is_some_and(|src| src.starts_with("/assets/")), "{}", sample.name);
                assert_eq!(element.text.trim(), "", "{}", sample.name);
            }
            for (name, _) in &element.attributes {
                assert!(name != "style" && !name.starts_with("on"), "{}: {name}", sample.name);
            }
        }
    }
}

#[test]
fn ids_are_unique_and_every_reference_finds_its_element() {
    for sample in all(&FRIENDLY) {
        let elements = read(&sample.html);
        let ids: Vec<_> = elements.iter().filter_map(|element| element.attribute("id")).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}: {ids:?}", sample.name);
        for reference in ["for", "aria-describedby", "aria-labelledby"] {
            for element in elements.iter().filter_map(|element| element.attribute(reference)) {
                for id in element.split_whitespace() {
                    assert!(ids.contains(&id), "{}: {reference} names {id}", sample.name);
                }
            }
        }
    }
}

#[test]
fn a_name_that_the_context_lacks_stops_the_page() {
    #[derive(Serialize)]
    struct Hollow {
        action_url: &'static str,
    }
    impl Page for Hollow {
        const TEMPLATE: &'static str = "sign_in.html";
        const KIND: PageKind = PageKind::Interaction;
    }
    let error = pages().render(&Hollow { action_url: "/" }, &Layout::new("Acme")).unwrap_err();
    assert!(error.to_string().contains("sign_in.html"), "{error}");
}

#[test]
fn printing_nothing_stops_the_page_instead_of_showing_none() {
    let folder = scratch("prints-nothing");
    std::fs::write(folder.join("signed_out.html"), "<p>{{ page.client_name }}</p>").unwrap();
    let pages = Pages::new("", Some(&folder)).unwrap();
    let error = pages.render(&super::super::context::SignedOut::new(None, None), &Layout::new("Acme")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}

#[test]
fn an_unknown_asset_or_icon_stops_the_page() {
    for template in ["{{ asset('nothing.css') }}", "{{ icon('nothing') }}"] {
        let folder = scratch(&format!("unknown-{}", template.len()));
        std::fs::write(folder.join("signed_out.html"), template).unwrap();
        let pages = Pages::new("", Some(&folder)).unwrap();
        let page = super::super::context::SignedOut::new(None, None);
        assert!(pages.render(&page, &Layout::new("Acme")).is_err(), "{template}");
    }
}

#[test]
fn an_override_replaces_one_template_and_keeps_escaping() {
    let folder = scratch("override");
    std::fs::write(
        folder.join("_brand.html"),
        "{% autoescape false %}<b>{{ layout.instance_name }}</b>{% endautoescape %}",
    )
    .unwrap();
    let html = Pages::new("", Some(&folder)).unwrap().render(&sign_in_page(&FRIENDLY), &Layout::new("<i>")).unwrap();
    assert!(html.contains("<b>&lt;i&gt;</b>") && html.contains("id=\"login-submit\""));
}

#[test]
fn an_override_that_overrides_nothing_is_refused_with_the_names_that_exist() {
    let folder = scratch("misspelt");
    std::fs::write(folder.join("signin.html"), "").unwrap();
    let error = Pages::new("", Some(&folder)).unwrap_err().to_string();
    assert!(error.contains("signin.html") && error.contains("sign_in.html"), "{error}");
}

#[test]
fn an_override_with_a_syntax_error_is_refused_at_start() {
    let folder = scratch("broken");
    std::fs::write(folder.join("sign_in.html"), "{% if %}").unwrap();
    assert!(Pages::new("", Some(&folder)).unwrap_err().to_string().contains("sign_in.html"));
}

#[test]
fn an_override_folder_that_does_not_exist_is_refused() {
    assert!(Pages::new("", Some(&scratch("gone").join("nowhere"))).is_err());
}

#[test]
fn the_path_of_the_issuer_stands_before_every_asset() {
    let html = Pages::new("/idp", None).unwrap().render(&sign_in_page(&FRIENDLY), &Layout::new("Acme")).unwrap();
    assert!(html.contains("href=\"/idp/assets/") && !html.contains("href=\"/assets/"));
}

#[test]
fn only_web_addresses_and_local_paths_become_links() {
    let refused = [
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://",
        "http:///",
        "com.example.app:/callback",
        "relative",
        "https://a.example/\0",
    ];
    for address in refused {
        assert_eq!(Href::parse(address), None, "{address:?}");
    }
    for address in ["https://a.example/x?y=1#z", "http://127.0.0.1:3000/", "/", "/docs/errors/AS-1003"] {
        assert_eq!(Href::parse(address).unwrap().as_str(), address);
    }
}

/// A folder that goes away with the test.
pub(super) struct Scratch(PathBuf);

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) fn scratch(name: &str) -> Scratch {
    let folder = std::env::temp_dir().join(format!("symbolon-pages-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Scratch(folder)
}
