//! A bounded subset of JSON Schema (draft 2020-12) for what administrators register: no references,
//! no patterns, no network, and a cost that is known beforehand. A keyword that it does not know is
//! refused at registration: ignored, it would let through what its author meant to keep out.
//!
//! Known: `type` (one name or several), `properties`, `required`, `additionalProperties` (a boolean),
//! `enum`, `const`, `items` (one schema), `minItems`, `maxItems`, `minimum`, `maximum`, `minLength`,
//! `maxLength`; and for people `$schema`, `$comment`, `title` and `description`.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// A schema may be nested this deep, and so may what it describes.
pub const MAX_DEPTH: usize = 8;
/// A schema has at most this many subschemas.
const MAX_NODES: usize = 256;
/// A list in a schema has at most this many entries.
const MAX_ENTRIES: usize = 256;
/// Whether a value is of a type.
type IsOfType = fn(&Value) -> bool;
/// The types of JSON.
const TYPES: &[(&str, IsOfType)] = &[
    ("null", Value::is_null),
    ("boolean", Value::is_boolean),
    ("object", Value::is_object),
    ("array", Value::is_array),
    ("number", Value::is_number),
    ("integer", is_integer),
    ("string", Value::is_string),
];

/// A schema that can be checked against.
#[derive(Clone, Debug)]
pub struct Schema<'a>(&'a Map<String, Value>);

/// Why something is no schema of this subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRule {
    /// Where, as a path of keywords and names.
    pub at: String,
    /// The rule.
    pub rule: String,
}

impl std::fmt::Display for SchemaRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.at.is_empty() { f.write_str(&self.rule) } else { write!(f, "{}: {}", self.at, self.rule) }
    }
}

impl<'a> Schema<'a> {
    /// Reads a schema.
    ///
    /// # Errors
    /// The first keyword that is unknown or malformed, or a bound that is exceeded.
    pub fn parse(schema: &'a Value) -> Result<Self, SchemaRule> {
        let mut nodes = 0;
        parse_node(schema, &mut Vec::new(), &mut nodes).map(Self)
    }

    /// Whether `value` keeps to the schema.
    ///
    /// # Errors
    /// Where it does not, as a path of names; empty for the whole.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let mut path = Vec::new();
        if check_node(self.0, value, &mut path, 0) { Ok(()) } else { Err(path.join(".")) }
    }
}

fn rule<T>(path: &[String], keyword: &str, rule: &str) -> Result<T, SchemaRule> {
    let mut at = path.to_vec();
    if !keyword.is_empty() {
        at.push(keyword.to_owned());
    }
    Err(SchemaRule { at: at.join("."), rule: rule.to_owned() })
}

fn parse_node<'a>(
    schema: &'a Value,
    path: &mut Vec<String>,
    nodes: &mut usize,
) -> Result<&'a Map<String, Value>, SchemaRule> {
    let Some(keywords) = schema.as_object() else { return rule(path, "", "a schema is an object") };
    *nodes += 1;
    // Each level adds two steps to the path: the keyword and the name.
    if *nodes > MAX_NODES || path.len() > 2 * MAX_DEPTH {
        return rule(path, "", "the schema is too deep or has too many parts");
    }
    for (keyword, value) in keywords {
        let well_formed = match keyword.as_str() {
            "$schema" | "$comment" | "title" | "description" => value.is_string(),
            "type" => is_type(value),
            "required" => is_list(value, Value::is_string),
            "additionalProperties" => value.is_boolean(),
            "enum" => is_list(value, |_| true) && value.as_array().is_some_and(|list| !list.is_empty()),
            "const" => true,
            "minItems" | "maxItems" | "minLength" | "maxLength" => value.as_u64().is_some(),
            "minimum" | "maximum" => value.is_number(),
            "items" => {
                path.push("items".to_owned());
                parse_node(value, path, nodes)?;
                path.pop();
                true
            }
            "properties" => {
                let Some(properties) = value.as_object().filter(|map| map.len() <= MAX_ENTRIES) else {
                    return rule(path, keyword, "give an object of schemas");
                };
                for (name, schema) in properties {
                    path.extend(["properties".to_owned(), name.clone()]);
                    parse_node(schema, path, nodes)?;
                    path.truncate(path.len() - 2);
                }
                true
            }
            _ => return rule(path, keyword, "this keyword is not supported"),
        };
        if !well_formed {
            return rule(path, keyword, "the value of this keyword is malformed");
        }
    }
    Ok(keywords)
}

fn is_type(value: &Value) -> bool {
    let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.iter().any(|(known, _)| *known == name));
    known(value) || (is_list(value, known) && value.as_array().is_some_and(|list| !list.is_empty()))
}

fn is_list(value: &Value, entry: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|list| list.len() <= MAX_ENTRIES && list.iter().all(entry))
}

/// A number without a fraction, however it is written.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// `path` is left where the check failed.
fn check_node(keywords: &Map<String, Value>, value: &Value, path: &mut Vec<String>, depth: usize) -> bool {
    depth <= MAX_DEPTH && keywords.iter().all(|(keyword, wanted)| holds(keywords, keyword, wanted, value, path, depth))
}

/// One keyword says nothing about values of a type that it is not about.
fn holds(
    keywords: &Map<String, Value>,
    keyword: &str,
    wanted: &Value,
    value: &Value,
    path: &mut Vec<String>,
    depth: usize,
) -> bool {
    let at_most = |count: usize| wanted.as_u64().is_some_and(|limit| count as u64 <= limit);
    let at_least = |count: usize| wanted.as_u64().is_some_and(|limit| count as u64 >= limit);
    let order = |number: &Number| wanted.as_number().and_then(|limit| compare(number, limit));
    match (keyword, value) {
        ("$schema" | "$comment" | "title" | "description", _) => true,
        ("type", _) => match wanted {
            Value::Array(names) => names.iter().any(|name| is_of_type(value, name)),
            name => is_of_type(value, name),
        },
        ("enum", _) => wanted.as_array().is_some_and(|list| list.contains(value)),
        ("const", _) => wanted == value,
        ("required", Value::Object(members)) => {
            let mut names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
            names.all(|name| members.contains_key(name))
        }
        ("properties", Value::Object(members)) => members.iter().all(|(name, member)| {
            let schema = wanted.get(name).and_then(Value::as_object);
            schema.is_none_or(|schema| inside(name, path, |path| check_node(schema, member, path, depth + 1)))
        }),
        ("additionalProperties", Value::Object(members)) => {
            let known = keywords.get("properties").and_then(Value::as_object);
            wanted == &Value::Bool(true)
                || members.keys().all(|name| known.is_some_and(|known| known.contains_key(name)))
        }
        ("items", Value::Array(items)) => wanted.as_object().is_some_and(|schema| {
            let mut indexed = items.iter().enumerate();
            indexed
                .all(|(index, item)| inside(&index.to_string(), path, |path| check_node(schema, item, path, depth + 1)))
        }),
        ("minItems", Value::Array(items)) => at_least(items.len()),
        ("maxItems", Value::Array(items)) => at_most(items.len()),
        ("minLength", Value::String(text)) => at_least(text.chars().count()),
        ("maxLength", Value::String(text)) => at_most(text.chars().count()),
        ("minimum", Value::Number(number)) => order(number).is_some_and(Ordering::is_ge),
        ("maximum", Value::Number(number)) => order(number).is_some_and(Ordering::is_le),
        (
            "required"
            | "properties"
            | "additionalProperties"
            | "items"
            | "minItems"
            | "maxItems"
            | "minLength"
            | "maxLength"
            | "minimum"
            | "maximum",
            _,
        ) => true,
        // Unknown keywords do not pass `parse`; one that did would fail here.
        _ => false,
    }
}

/// Checks below a name, which stays on the path only of what failed.
fn inside(name: &str, path: &mut Vec<String>, check: impl FnOnce(&mut Vec<String>) -> bool) -> bool {
    path.push(name.to_owned());
    let held = check(path);
    if held {
        path.pop();
    }
    held
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    name.as_str().is_some_and(|name| TYPES.iter().any(|(known, is)| *known == name && is(value)))
}

/// Exactly where both are whole: a float would round large amounts.
fn compare(number: &Number, limit: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(number), whole(limit)) {
        (Some(number), Some(limit)) => Some(number.cmp(&limit)),
        _ => number.as_f64()?.partial_cmp(&limit.as_f64()?),
    }
}

#[cfg(test)]
mod tests;
