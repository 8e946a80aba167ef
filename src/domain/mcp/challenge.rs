//! `WWW-Authenticate`: the challenges of an answer (RFC 9110 §11.6.1).

/// One challenge: a scheme and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, in lower case.
    pub scheme: String,
    /// Names in lower case, with their values.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the value of one header. `None`: it is not of the grammar, or says a parameter twice.
pub fn parse_challenges(header: &str) -> Option<Vec<Challenge>> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(challenges);
        }
        let (name, after) = token(rest)?;
        if let Some((value, after)) = parameter_value(after) {
            let challenge = challenges.last_mut()?;
            add(challenge, name, value)?;
            rest = end_of_item(after)?;
            continue;
        }
        let mut challenge = Challenge { scheme: name.to_ascii_lowercase(), parameters: Vec::new() };
        rest = first_item(&mut challenge, after)?;
        challenges.push(challenge);
    }
}

/// What follows a scheme up to the next comma: a parameter, a `token68`, or nothing.
fn first_item<'a>(challenge: &mut Challenge, after: &'a str) -> Option<&'a str> {
    let item = after.trim_start_matches([' ', '\t']);
    if item.is_empty() || item.starts_with(',') {
        return Some(item);
    }
    // A scheme and what it says are apart.
    if item.len() == after.len() {
        return None;
    }
    let named = token(item).and_then(|(name, after)| Some((name, parameter_value(after)?)));
    match named {
        Some((name, (value, after))) => {
            add(challenge, name, value)?;
            end_of_item(after)
        }
        None => {
            let is_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
            end_of_item(item.trim_start_matches(is_token68))
        }
    }
}

fn add(challenge: &mut Challenge, name: &str, value: String) -> Option<()> {
    let name = name.to_ascii_lowercase();
    if challenge.find(&name).is_some() {
        return None;
    }
    challenge.parameters.push((name, value));
    Some(())
}

fn end_of_item(after: &str) -> Option<&str> {
    let after = after.trim_start_matches([' ', '\t']);
    (after.is_empty() || after.starts_with(',')).then_some(after)
}

fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !is_token_char(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

const fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-' | '.' | '^' | '_' | '`' | '|' | '~')
}

/// After a name: `=` and a token or a quoted string. A second `=` or the end of the item make a `token68` of it.
fn parameter_value(after: &str) -> Option<(String, &str)> {
    let value = after.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    match value.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted),
        None => token(value).filter(|(_, after)| end_of_item(after).is_some()).map(|(v, after)| (v.to_owned(), after)),
    }
}

fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(index + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Vec<(String, Vec<(String, String)>)> {
        let challenges = parse_challenges(header).unwrap_or_else(|| panic!("not read: {header}"));
        challenges.into_iter().map(|challenge| (challenge.scheme, challenge.parameters)).collect()
    }

    fn one(scheme: &str, parameters: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        (scheme.to_owned(), parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn schemes_and_their_parameters_are_told_apart() {
        assert_eq!(
            read(r#"Bearer error="invalid_token", Resource_Metadata = "https://a.example/m" ,scope="a b""#),
            [one(
                "bearer",
                &[("error", "invalid_token"), ("resource_metadata", "https://a.example/m"), ("scope", "a b")]
            )]
        );
        assert_eq!(
            read(r#"Basic realm="a, b=\"c\"", Negotiate, DPoP algs="ES256", Bearer"#),
            [
                one("basic", &[("realm", "a, b=\"c\"")]),
                one("negotiate", &[]),
                one("dpop", &[("algs", "ES256")]),
                one("bearer", &[])
            ]
        );
        assert_eq!(read("Negotiate YWJj==, Bearer a=b"), [one("negotiate", &[]), one("bearer", &[("a", "b")])]);
        assert_eq!(read(" , ,Bearer , "), [one("bearer", &[])]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn what_is_not_of_the_grammar_is_not_read() {
        for header in [
            "a=b",
            r#"realm="x", Bearer"#,
            r#"Bearer error="x"#,
            r#"Bearer error="x\"#,
            r#"Bearer error="x" scope="y""#,
            r#"Bearer scope="x", scope="y""#,
            r#"Bearer scope="x", SCOPE=y"#,
            r#"Bearer"x""#,
            "Bearer a=b c",
            "\"Bearer\"",
            "Bearer \u{e4}",
            "B\u{e4}rer a=b",
        ] {
            assert_eq!(parse_challenges(header), None, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_read_or_not_but_never_panics(header in ".{0,80}") {
            for challenge in parse_challenges(&header).unwrap_or_default() {
                proptest::prop_assert!(!challenge.scheme.is_empty());
            }
        }

        #[test]
        fn a_quoted_value_comes_out_as_it_went_in(value in "[ -~]{0,40}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let read = parse_challenges(&format!("Bearer a=b, x=\"{quoted}\", c=d")).expect("of the grammar");
            proptest::prop_assert_eq!(read[0].find("x"), Some(value.as_str()));
        }
    }
}
