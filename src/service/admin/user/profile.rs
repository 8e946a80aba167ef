//! The standard claims beyond name and email (OIDC Core 5.1): patched by name, and checked.

use serde_json::{Map, Value};

use crate::{
    domain::{
        entity::{ClientKind, UserProfile},
        oauth::check_registrable,
    },
    service::{
        Broken,
        admin::{AdminFailure, text},
    },
};

/// The members of an address (OIDC Core 5.1.1).
const ADDRESS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// `profile` after a JSON merge patch (RFC 7396).
pub(super) fn patched(profile: &UserProfile, patch: &Map<String, Value>) -> Result<UserProfile, AdminFailure> {
    if patch.is_empty() {
        return Ok(profile.clone());
    }
    let document =
        serde_json::to_value(profile).map_err(|error| AdminFailure::Broken(Broken::Internal(error.to_string())))?;
    let Value::Object(mut fields) = document else {
        return Err(AdminFailure::Broken(Broken::Internal("a profile is not an object".to_owned())));
    };
    for (name, value) in patch {
        merge(&mut fields, name, value);
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| AdminFailure::value("profile", format!("{error}; the names are those of OIDC Core 5.1")))
}

/// One member. Only `address` has members of its own, so one level below is enough.
fn merge(fields: &mut Map<String, Value>, name: &str, value: &Value) {
    match (value, fields.get_mut(name)) {
        (Value::Null, _) => {
            fields.remove(name);
        }
        (Value::Object(patch), Some(Value::Object(inner))) => {
            for (name, value) in patch {
                if value.is_null() {
                    inner.remove(name);
                } else {
                    inner.insert(name.clone(), value.clone());
                }
            }
        }
        (value, _) => {
            fields.insert(name.to_owned(), value.clone());
        }
    }
}

/// Whether a profile may look like this.
pub(super) fn check(profile: &UserProfile) -> Result<(), AdminFailure> {
    for (field, value) in [
        ("given_name", &profile.given_name),
        ("family_name", &profile.family_name),
        ("middle_name", &profile.middle_name),
        ("nickname", &profile.nickname),
        ("gender", &profile.gender),
    ] {
        if let Some(line) = value {
            text::check_line(field, line, true)?;
        }
    }
    for (field, value) in [("profile", &profile.profile), ("picture", &profile.picture), ("website", &profile.website)]
    {
        // Applications show them as links and pictures: a script must never stand there.
        let is_address = |uri: &String| uri.starts_with("https://") && check_registrable(ClientKind::Web, uri).is_ok();
        if value.as_ref().is_some_and(|uri| !is_address(uri)) {
            return Err(AdminFailure::value(field, "give the whole https address, without fragment or user name"));
        }
    }
    check_form("birthdate", profile.birthdate.as_ref(), is_birthdate, "write YYYY-MM-DD, 0000-MM-DD or YYYY")?;
    check_form("zoneinfo", profile.zoneinfo.as_ref(), is_zone, "write an IANA name, such as Europe/Berlin")?;
    check_form("locale", profile.locale.as_ref(), is_locale, "write a BCP 47 tag, such as de-CH")?;
    check_form("phone_number", profile.phone_number.as_ref(), is_phone, "write it as E.164: +41791234567")?;
    if profile.phone_number_verified && profile.phone_number.is_none() {
        return Err(AdminFailure::value("phone_number_verified", "there is no phone_number"));
    }
    for (member, value) in &profile.address {
        if !ADDRESS.contains(&member.as_str()) {
            return Err(AdminFailure::value("address", format!("its members are {}", ADDRESS.join(", "))));
        }
        // Newlines separate the lines of formatted and street_address (OIDC Core 5.1.1).
        for line in value.split('\n') {
            text::check_line(&format!("address.{member}"), line, false)?;
        }
    }
    Ok(())
}

fn check_form(
    field: &str,
    value: Option<&String>,
    is_form: impl Fn(&str) -> bool,
    rule: &str,
) -> Result<(), AdminFailure> {
    match value {
        Some(text) if !is_form(text) => Err(AdminFailure::value(field, rule)),
        _ => Ok(()),
    }
}

/// A year, or a day that was; the year 0000 keeps a birthday without its year (OIDC Core 5.1).
fn is_birthdate(text: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year] => digits(year, 4) && *year != "0000",
        [year, month, day] => {
            let number = |part: &str| part.parse::<i8>().ok();
            let date = || Some(jiff::civil::Date::new(year.parse().ok()?, number(month)?, number(day)?).is_ok());
            digits(year, 4) && digits(month, 2) && digits(day, 2) && date() == Some(true)
        }
        _ => false,
    }
}

fn is_zone(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-+".contains(&b))
}

/// The language comes first, in letters (RFC 5646 §2.1).
fn is_locale(text: &str) -> bool {
    let language = text.split('-').next().unwrap_or_default();
    text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && text.split('-').all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|rest| {
        (5..=40).contains(&rest.len())
            && rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b" -().;=".contains(&b))
    })
}

#[cfg(test)]
mod tests;
