//! Rich authorization requests: what may be asked for, and what a token request may keep of it
//! (RFC 9396). An object that is not understood whole is refused whole (§5).

use serde_json::{Map, Value};

use super::{ErrorCode, OAuthError, Params};
use crate::{
    entity::{Client, DetailsType},
    json_schema::{MAX_DEPTH, Schema},
    strict_json,
    trace::Reason,
};

/// One request may hold this many objects.
const MAX_DETAILS: usize = 16;
/// The longest type, in bytes.
const MAX_TYPE: usize = 256;
/// The longest `authorization_details`, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// What people are shown of it, in bytes, is at most this long: names are told again with every value below them,
/// so that a few kilobytes could become megabytes.
const MAX_SHOWN: usize = 64 * 1024;

/// The objects of a request, each with its type; none if the parameter was not sent.
///
/// # Errors
/// `invalid_authorization_details`: not a JSON array of objects with a `type`, empty, too long, too
/// many, too deep, too much to show, with a member that comes twice, or with NUL in a text.
pub fn parse_details(params: &Params) -> Result<Vec<Value>, OAuthError> {
    let Some(text) = params.find("authorization_details") else { return Ok(Vec::new()) };
    let malformed = || OAuthError::invalid_authorization_details(Reason::DetailsMalformed);
    if text.len() > MAX_BYTES {
        return Err(malformed());
    }
    let Some(Value::Array(details)) = strict_json::parse(text.as_bytes()) else { return Err(malformed()) };
    // Tokens hold what was understood, which may be longer than how it was written: 1e9.
    if details.iter().map(|object| object.to_string().len()).sum::<usize>() > MAX_BYTES {
        return Err(malformed());
    }
    let well_formed = |object: &Value| type_of(object).is_some() && depth(object) <= MAX_DEPTH;
    let shown = || details.iter().map(|object| shown_length(0, object)).sum::<usize>();
    if !(1..=MAX_DETAILS).contains(&details.len()) || !details.iter().all(well_formed) || shown() > MAX_SHOWN {
        return Err(malformed());
    }
    Ok(details)
}

/// The type of an authorization details object.
pub fn type_of(object: &Value) -> Option<&str> {
    let text = |name: &&str| (1..=MAX_TYPE).contains(&name.len()) && !name.contains(char::is_control);
    object.as_object()?.get("type")?.as_str().filter(text)
}

/// What an object says beside its type, for people: each value with its path, lists in one line.
pub fn describe_fields(object: &Value) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten().filter(|(name, _)| *name != "type") {
        describe(name, value, &mut fields);
    }
    fields
}

/// The depth is bounded by [`parse_details`].
fn describe(path: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                describe(&format!("{path}.{name}"), member, fields);
            }
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(is_plain) => {
            fields.push((path.to_owned(), items.iter().map(plain).collect::<Vec<_>>().join(", ")));
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                describe(&format!("{path}.{}", index + 1), item, fields);
            }
        }
        other => fields.push((path.to_owned(), plain(other))),
    }
}

/// At most so much is what [`describe`] makes of a value whose path is so long.
fn shown_length(path: usize, value: &Value) -> usize {
    /// A dot and an index: a request has room for fewer than ten thousand items.
    const INDEX: usize = 5;
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().map(|(name, member)| shown_length(path + 1 + name.len(), member)).sum()
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().map(|item| shown_length(path + INDEX, item)).sum()
        }
        Value::Array(items) => path + items.iter().map(|item| plain(item).len() + 2).sum::<usize>().max(2),
        other => path + plain(other).len(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Whether the client may ask for these objects, given the registered types.
///
/// # Errors
/// `invalid_authorization_details`: a type that is not registered or not allowed for the client, or
/// an object that does not keep to its type's schema.
pub fn check_details(client: &Client, details: &[Value], types: &[DetailsType]) -> Result<(), OAuthError> {
    let refused = |reason| Err(OAuthError::invalid_authorization_details(reason));
    for object in details {
        let name = type_of(object).unwrap_or_default();
        let Some(known) = types.iter().find(|known| known.name == name) else {
            return refused(Reason::DetailsTypeUnknown);
        };
        if !client.settings.authorization_details_types.iter().any(|allowed| allowed == name) {
            return refused(Reason::DetailsTypeNotAllowed);
        }
        if !keeps_to(object, &known.schema) {
            return refused(Reason::DetailsNotOfSchema);
        }
    }
    Ok(())
}

/// `type` itself was checked; a schema need not mention it.
fn keeps_to(object: &Value, schema: &Value) -> bool {
    let described = schema.get("properties").is_some_and(|properties| properties.get("type").is_some())
        || schema
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|name| name == "type"));
    let members = object.as_object().into_iter().flatten().filter(|(name, _)| described || *name != "type");
    let bare: Map<String, Value> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
    Schema::parse(schema).is_ok_and(|schema| schema.check(&Value::Object(bare)).is_ok())
}

/// What a token request keeps of what was granted: the same objects or fewer; all if it names none
/// (RFC 9396 §6.1).
///
/// # Errors
/// `invalid_authorization_details` for an object that was not granted just so.
pub fn narrow_details(requested: &[Value], granted: &[Value]) -> Result<Vec<Value>, OAuthError> {
    if requested.is_empty() {
        return Ok(granted.to_vec());
    }
    if requested.iter().all(|object| granted.contains(object)) {
        Ok(requested.to_vec())
    } else {
        Err(OAuthError::invalid_authorization_details(Reason::DetailsExceedGrant))
    }
}

/// The objects that concern these audiences: one with `locations` is told only there (RFC 9396 §6.1).
pub fn details_for(details: Vec<Value>, audience: &[String]) -> Vec<Value> {
    let concerns = |object: &Value| match object.get("locations") {
        Some(Value::Array(locations)) => locations
            .iter()
            .filter_map(Value::as_str)
            .any(|location| audience.iter().any(|one| super::resource_key(one) == super::resource_key(location))),
        _ => true,
    };
    details.into_iter().filter(concerns).collect()
}

impl OAuthError {
    /// `invalid_authorization_details`.
    pub const fn invalid_authorization_details(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidAuthorizationDetails, reason)
    }
}

#[cfg(test)]
mod tests;
