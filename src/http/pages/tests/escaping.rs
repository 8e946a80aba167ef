//! Hostile text in every field that a stranger may choose: the shape of the page stays the same,
//! and the text arrives as text.

use super::html::{by_id, read};
use super::samples::{Words, all_saying, client, pages};
use crate::http::pages::context::*;

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "\" onfocus=\"alert(1)\" x=\"",
    "</textarea></form><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<!-- --><!--[if]>-->",
    "]]><![CDATA[<b>",
    "{{ 7 * 7 }}{% include 'base.html' %}{# x #}",
    "&lt;script&gt;&#x3c;b&#x3e;&amp",
    "a\0<b\0>",
    "a\r\n\tb<\u{2028}>",
    "\u{202E}<gpj.exe\u{200B}\u{FEFF}\u{E0041}",
    "<𝕊𝕔𝕣𝕚𝕡𝕥>ﹸ＜script＞",
    "`${alert(1)}`<",
    "\u{FF1C}img src=x\u{FF1E}<'\"",
];

#[test]
fn hostile_text_never_changes_the_shape_of_a_page() {
    let calm = all_saying("calm");
    for text in HOSTILE {
        for (hostile, calm) in all_saying(text).iter().zip(&calm) {
            let shape = |html: &str| read(html).iter().map(|element| element.shape()).collect::<Vec<_>>();
            assert_eq!(shape(&hostile.html), shape(&calm.html), "{} with {text:?}", hostile.name);
        }
    }
}

#[test]
fn hostile_text_never_reaches_an_address() {
    for text in HOSTILE {
        for sample in all_saying(text) {
            for element in read(&sample.html) {
                for name in ["href", "src", "action", "formaction"] {
                    let Some(address) = element.attribute(name) else { continue };
                    let local = address.starts_with('/') && !address.starts_with("//");
                    let web = address.starts_with("https://") || address.starts_with("http://localhost:8080");
                    assert!(local || web, "{}: {name}={address:?}", sample.name);
                }
            }
        }
    }
}

#[test]
fn no_page_shows_a_control_character_or_a_text_direction_trick_from_a_name() {
    for text in HOSTILE {
        let words = Words { instance: text, app: text, person: text, value: "x" };
        let page = SignIn {
            action_url: "/".to_owned(),
            csrf: String::new(),
            client: Some(client(&words)),
            username: String::new(),
            login_hint: None,
            error: None,
            note: None,
            continue_as: None,
            sign_up_url: None,
            status: 200,
        };
        let html = pages().render(&page, &Layout::new(words.instance)).unwrap();
        for character in html.chars().filter(|&character| character != '\n') {
            assert!(!character.is_control(), "{text:?}");
            assert!(!['\u{202E}', '\u{200B}', '\u{FEFF}', '\u{E0041}'].contains(&character), "{text:?}");
        }
    }
}

#[test]
fn state_comes_back_exactly_as_it_was_sent_save_for_nul() {
    for text in HOSTILE {
        let page = FormPost {
            action: Href::parse("https://a.example/cb").unwrap(),
            fields: vec![("state".to_owned(), (*text).to_owned())],
            client_name: None,
        };
        let elements = read(&pages().render(&page, &Layout::new("Acme")).unwrap());
        let field = elements.iter().find(|element| element.attribute("name") == Some("state")).unwrap();
        assert_eq!(field.attribute("value").unwrap(), text.replace('\0', "\u{FFFD}"));
    }
}

#[test]
fn the_exact_escapes_are_these() {
    let page = SignedOut::new(None, None);
    let html = pages().render(&page, &Layout::new("<a href='x' b=\"y\">&amp;/")).unwrap();
    assert!(
        html.contains("<title>Signed out · &lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;amp;/</title>"),
        "{html}"
    );
}

#[test]
fn what_was_sent_is_shortened_on_the_error_page() {
    let words = Words { instance: "x", app: "x", person: "x", value: &"a".repeat(5_000) };
    let html = pages().render(&super::samples::error_page(&words), &Layout::new("x")).unwrap();
    assert!(html.contains(&format!("<code>{}…</code>", "a".repeat(200))));
    assert!(!html.contains(&"a".repeat(201)));
}

#[test]
fn the_title_of_a_page_with_a_hostile_client_is_text() {
    let words = Words { instance: "x", app: "</title><script>", person: "x", value: "x" };
    let elements = read(&pages().render(&super::samples::consent_page(&words), &Layout::new("x")).unwrap());
    assert!(!elements.iter().any(|element| element.tag == "script"));
    assert!(by_id(&elements, "scopes-heading").text.contains("</title><script>"));
}
