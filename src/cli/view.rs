//! Objects as JSON: stable names, OAuth's own where it has them (RFC 7591 §2), times in RFC 3339.

use serde_json::{Map, Value, json};

use crate::{
    domain::{
        Timestamp,
        access::RoleSource,
        entity::{Api, Client, ClientSecret, DetailsType, Group, Role, SigningKeyRecord, User},
    },
    service::admin::{client::ClientDetail, event::EventView, group::GroupDetail, role::RoleDetail, user::UserDetail},
};

/// A time as people and programs read it.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map_or_else(|_| at.millis().to_string(), |time| time.to_string())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

pub(super) fn user(user: &User) -> Value {
    let mut members = object(json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "state": user.state,
        "owner": user.owner,
        "version": user.version,
        "not_before": user.not_before.map(time),
        "created_at": time(user.created_at),
        "updated_at": time(user.updated_at),
    }));
    members.insert("profile".to_owned(), serde_json::to_value(&user.profile).unwrap_or_default());
    Value::Object(members)
}

pub(super) fn user_detail(detail: &UserDetail) -> Value {
    let mut members = object(user(&detail.user));
    members.insert("groups".to_owned(), json!(detail.groups));
    let roles: Vec<Value> = detail
        .roles
        .iter()
        .map(|role| json!({ "name": role.name, "sources": role.sources.iter().map(source).collect::<Vec<_>>() }))
        .collect();
    members.insert("roles".to_owned(), json!(roles));
    members.insert("sessions".to_owned(), json!(detail.sessions));
    members.insert("has_password".to_owned(), json!(detail.has_password));
    Value::Object(members)
}

/// `direct`, or `group:engineering`.
pub(super) fn source(source: &RoleSource) -> String {
    match source {
        RoleSource::Direct => "direct".to_owned(),
        RoleSource::Group(name) => format!("group:{name}"),
    }
}

pub(super) fn client(client: &Client) -> Value {
    let mut members = object(json!({
        "client_id": client.client_id,
        "client_name": client.name,
        "client_id_issued_at": client.created_at.seconds(),
        "kind": client.kind,
        "enabled": client.enabled,
        "owner": client.owner,
        "version": client.version,
        "not_before": client.not_before.map(time),
        "created_at": time(client.created_at),
        "updated_at": time(client.updated_at),
    }));
    members.extend(object(serde_json::to_value(&client.settings).unwrap_or_default()));
    // RFC 7591 §2: one text, separated by spaces.
    members.insert("scope".to_owned(), json!(client.settings.scope.join(" ")));
    Value::Object(members)
}

pub(super) fn client_detail(detail: &ClientDetail) -> Value {
    let mut members = object(client(&detail.client));
    members.insert("client_secrets".to_owned(), detail.secrets.iter().map(secret).collect());
    members.insert("roles".to_owned(), json!(detail.roles));
    Value::Object(members)
}

pub(super) fn secret(secret: &ClientSecret) -> Value {
    json!({
        "id": secret.id,
        "label": secret.label,
        "created_at": time(secret.created_at),
        "expires_at": secret.expires_at.map(time),
    })
}

pub(super) fn group(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "owner": group.owner,
        "version": group.version,
        "created_at": time(group.created_at),
        "updated_at": time(group.updated_at),
    })
}

pub(super) fn group_detail(detail: &GroupDetail) -> Value {
    let mut members = object(group(&detail.group));
    members.insert("members".to_owned(), json!(detail.members));
    Value::Object(members)
}

pub(super) fn role(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "owner": role.owner,
        "version": role.version,
        "created_at": time(role.created_at),
        "updated_at": time(role.updated_at),
    })
}

pub(super) fn role_detail(detail: &RoleDetail) -> Value {
    let mut members = object(role(&detail.role));
    members.insert("users".to_owned(), json!(detail.holders));
    members.insert("clients".to_owned(), json!(detail.clients));
    Value::Object(members)
}

pub(super) fn api(api: &Api) -> Value {
    let mut members = object(json!({
        "resource": api.resource,
        "name": api.name,
        "description": api.description,
        "owner": api.owner,
        "version": api.version,
        "created_at": time(api.created_at),
        "updated_at": time(api.updated_at),
    }));
    members.extend(object(serde_json::to_value(&api.settings).unwrap_or_default()));
    Value::Object(members)
}

pub(super) fn details_type(known: &DetailsType) -> Value {
    json!({
        "type": known.name,
        "name": known.title,
        "description": known.description,
        "schema": known.schema,
        "owner": known.owner,
        "version": known.version,
        "created_at": time(known.created_at),
        "updated_at": time(known.updated_at),
    })
}

pub(super) fn key(key: &SigningKeyRecord) -> Value {
    json!({
        "kid": key.id,
        "alg": key.algorithm,
        "state": key.state,
        "created_at": time(key.created_at),
        "activated_at": key.activated_at.map(time),
        "retired_at": key.retired_at.map(time),
    })
}

pub(super) fn event(event: &EventView) -> Value {
    let mut members = object(serde_json::to_value(event).unwrap_or_default());
    members.insert("at".to_owned(), json!(time(event.at)));
    Value::Object(members)
}
