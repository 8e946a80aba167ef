//! A strict little HTML reader for the tests. It knows only what our templates may write
//! (double-quoted attributes, no comments, no inline script) and panics on everything else.

/// One start tag with its decoded attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) tag: String,
    pub(super) attributes: Vec<(String, String)>,
    /// Decoded text up to the next tag.
    pub(super) text: String,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Tag and attribute names: what an attacker must not be able to change.
    pub(super) fn shape(&self) -> (String, Vec<String>) {
        (self.tag.clone(), self.attributes.iter().map(|(name, _)| name.clone()).collect())
    }
}

pub(super) fn read(html: &str) -> Vec<Element> {
    let mut rest = html.strip_prefix("<!doctype html>").expect("a doctype comes first");
    let mut elements = Vec::new();
    let mut opened = None;
    while let Some(at) = rest.find('<') {
        let text = decode(&rest[..at]);
        if let Some(element) = opened.take().and_then(|index: usize| elements.get_mut(index)) {
            let element: &mut Element = element;
            element.text = text;
        }
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('/') {
            rest = &after[after.find('>').expect("an end tag ends") + 1..];
            continue;
        }
        let (element, after) = start_tag(rest);
        opened = Some(elements.len());
        elements.push(element);
        rest = after;
    }
    assert!(!rest.contains('>'), "stray > in {rest:?}");
    elements
}

pub(super) fn by_id(elements: &[Element], id: &str) -> Element {
    let found: Vec<_> = elements.iter().filter(|element| element.attribute("id") == Some(id)).collect();
    assert_eq!(found.len(), 1, "elements with the id {id}");
    found[0].clone()
}

fn start_tag(source: &str) -> (Element, &str) {
    let end = source.find(|c: char| !c.is_ascii_alphanumeric()).expect("a tag ends");
    let (tag, mut rest) = source.split_at(end);
    assert!(!tag.is_empty(), "not a tag: <{source:.40}");
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            return (Element { tag: tag.to_owned(), attributes, text: String::new() }, after);
        }
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':')).expect("an attribute name ends");
        assert!(end > 0, "not an attribute: {rest:.60}");
        let (name, after) = rest.split_at(end);
        rest = after;
        let mut value = "";
        if let Some(after) = rest.strip_prefix("=\"") {
            let close = after.find('"').expect("a value ends");
            value = &after[..close];
            rest = &after[close + 1..];
        }
        attributes.push((name.to_owned(), decode(value)));
    }
}

fn decode(text: &str) -> String {
    assert!(!text.contains('\0'), "NUL in {text:?}");
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        let end = rest[at..].find(';').expect("an entity ends") + at;
        decoded.push(match &rest[at..=end] {
            "&lt;" => '<',
            "&gt;" => '>',
            "&amp;" => '&',
            "&quot;" => '"',
            "&#39;" => '\'',
            "&#13;" => '\r',
            other => panic!("unknown entity {other}"),
        });
        rest = &rest[end + 1..];
    }
    assert!(!rest.contains('<'));
    decoded.push_str(rest);
    decoded
}
