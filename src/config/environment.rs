//! The environment layer: `SYMBOLON_SECTION__KEY`, `..._FILE`, and systemd credentials.
//! What Kubernetes injects for a service called "symbolon" is not ours and is left alone.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::error::{ConfigError, Origin};
use super::setting::{self, Form, Kind};
use super::source::{Files, LayerBuilder, Raw};
use crate::domain::trace::StartCode;

/// Variables with our prefix that are not settings.
const NOT_SETTINGS: [&str; 3] = ["SYMBOLON_CONFIG", "SYMBOLON_BIN", "SYMBOLON_PREVIEW_DIR"];
/// The prefix of what only tests read.
const TEST_PREFIX: &str = "SYMBOLON_TEST_";

/// The value of `name` in `environment`.
pub fn variable<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
}

/// The layer of the environment and the credentials directory that it names.
pub fn layer(environment: &[(OsString, OsString)], files: &dyn Files) -> LayerBuilder {
    let mut builder = LayerBuilder::default();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with("SYMBOLON_")) else { continue };
        if NOT_SETTINGS.contains(&name) || name.starts_with(TEST_PREFIX) {
            continue;
        }
        let key = key_of(name);
        if is_service_link(name, value) && !(setting::find(&key).is_some() && is_spelled(name, &key)) {
            continue;
        }
        let origin = Origin::Environment(name.to_owned());
        let Some(text) = value.to_str() else {
            let message = format!("{name} is not valid UTF-8. Set it to plain text");
            builder.errors.push(ConfigError { code: StartCode::InvalidValue, message, origin });
            continue;
        };
        if is_spelled(name, &key) {
            builder.add_named(&key, name, variable_name, Raw::Written(text.to_owned()), origin);
        } else {
            // Lower case is another variable to the shell, and would be one more way to write the same setting.
            builder.refuse_name(&key, name, variable_name, origin);
        }
    }
    credentials(&mut builder, environment, files);
    builder
}

/// `SYMBOLON_DATABASE__URL` → `database.url`.
fn key_of(name: &str) -> String {
    name.trim_start_matches("SYMBOLON_").to_lowercase().replace("__", ".")
}

/// `database.url` → `SYMBOLON_DATABASE__URL`.
fn variable_name(key: &str) -> String {
    format!("SYMBOLON_{}", key.replace('.', "__").to_uppercase())
}

/// Whether `name` is exactly how `key` is spelled in the environment.
fn is_spelled(name: &str, key: &str) -> bool {
    variable_name(key) == name
}

/// systemd's `LoadCredential=`: `$CREDENTIALS_DIRECTORY/<key>` for every secret setting.
fn credentials(builder: &mut LayerBuilder, environment: &[(OsString, OsString)], files: &dyn Files) {
    let Some(directory) = variable(environment, "CREDENTIALS_DIRECTORY") else { return };
    for setting in setting::all().filter(|setting| matches!(setting.kind, Kind::Secret)) {
        let path = Path::new(directory).join(setting.name);
        let missing = files.read(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if !missing {
            let raw = Raw::Written(path.display().to_string());
            builder.add(setting, Form::File, raw, Origin::Credential(path));
        }
    }
}

/// What Kubernetes sets for each service of the namespace (`enableServiceLinks`): `X_SERVICE_HOST`,
/// `X_SERVICE_PORT`, `X_SERVICE_PORT_<NAME>`, `X_PORT=tcp://…` and `X_PORT_<N>_TCP…`.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    let address = value
        .to_str()
        .is_some_and(|value| ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme)));
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    if name.ends_with("_PORT") && address {
        return true;
    }
    name.match_indices("_PORT_").any(|(at, found)| {
        let rest = name.get(at + found.len()..).unwrap_or_default();
        let (port, rest) = rest.split_once('_').unwrap_or((rest, ""));
        let protocol = rest.split_once('_').map_or(rest, |(protocol, _)| protocol);
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && matches!(protocol, "TCP" | "UDP" | "SCTP")
    })
}
