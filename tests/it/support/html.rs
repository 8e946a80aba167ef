//! Just enough HTML for a browser without scripts: the forms of a page, with their hidden fields and
//! buttons.

/// A form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Where it is posted.
    pub action: String,
    /// Its hidden fields.
    pub hidden: Vec<(String, String)>,
    /// Names of its other inputs.
    pub inputs: Vec<String>,
    /// Its buttons: id, and name with value.
    pub buttons: Vec<(String, Option<(String, String)>)>,
}

/// The forms of a page, in their order.
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut inside = false;
    for tag in tags(page) {
        let attribute =
            |name: &str| tag.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match tag.name.as_str() {
            "form" => {
                assert_eq!(attribute("method").as_deref(), Some("post"), "every form is posted");
                forms.push(Form { action: attribute("action").expect("an action"), ..Form::default() });
                inside = true;
            }
            "/form" => inside = false,
            "input" | "button" if inside => {
                let form = forms.last_mut().expect("inside a form");
                let (name, value) = (attribute("name"), attribute("value").unwrap_or_default());
                if tag.name == "button" {
                    let id = attribute("id").expect("a button has an id");
                    form.buttons.push((id, name.map(|name| (name, value))));
                } else if attribute("type").as_deref() == Some("hidden") {
                    form.hidden.push((name.expect("a name"), value));
                } else {
                    form.inputs.push(name.expect("a name"));
                }
            }
            _ => {}
        }
    }
    forms
}

/// The text of the element with this id, without tags.
pub fn text_of(page: &str, id: &str) -> Option<String> {
    let at = page.find(&format!("id=\"{id}\""))?;
    let rest = page.get(at..)?;
    let text = rest.get(rest.find('>')? + 1..)?;
    Some(unescape(text.get(..text.find('<')?)?))
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        rest = &rest[open + 1..];
        let Some(end) = end_of_tag(rest) else { break };
        let (inner, after) = rest.split_at(end);
        rest = after;
        let name: String = inner.chars().take_while(|c| !c.is_whitespace()).collect();
        tags.push(Tag { attributes: attributes(&inner[name.len()..]), name: name.to_ascii_lowercase() });
    }
    tags
}

/// Where the tag ends: a `>` outside of quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(index),
            _ => {}
        }
    }
    None
}

fn attributes(mut text: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    loop {
        text = text.trim_start();
        let name: String = text.chars().take_while(|c| !c.is_whitespace() && *c != '=').collect();
        if name.is_empty() {
            return attributes;
        }
        text = &text[name.len()..];
        let value = match text.strip_prefix("=\"") {
            Some(rest) => {
                let end = rest.find('"').expect("a closing quote");
                text = &rest[end + 1..];
                unescape(&rest[..end])
            }
            None => String::new(),
        };
        attributes.push((name.to_ascii_lowercase(), value));
    }
}

fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(entity, character);
    }
    plain
}
