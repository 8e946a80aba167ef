//! What a libpq connection URI says about host and encryption (PostgreSQL manual, 34.1.1.2). It is
//! read as libpq reads it, several hosts and sockets included, and never printed with a password.

use std::net::IpAddr;

use url::form_urlencoded;

/// A connection URI, taken apart as far as we need it.
pub struct PostgresUrl<'a> {
    text: &'a str,
    scheme: &'a str,
    user: Option<&'a str>,
    hosts: &'a str,
    path: &'a str,
    parameters: Vec<(String, String)>,
}

const SSLMODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/// Parameters whose values are shown; anything else might be a secret.
const SHOWN_PARAMETERS: [&str; 5] = ["sslmode", "sslrootcert", "host", "port", "connect_timeout"];

impl<'a> PostgresUrl<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// The rest of a sentence that begins with "database.url", without any part of the text.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("is not a URL. Write postgres://user@host/name")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user.split_once(':').map_or(user, |(name, _)| name)), hosts),
            None => (None, authority),
        };
        // libpq ends the user information at the first "@": another one would move the host.
        if authority.matches('@').count() > 1 || path.contains('@') {
            return Err("has an @ too many. Write the @ in a password or name as %40 (and a / as %2F)");
        }
        if path.len() <= 1 {
            return Err("names no database. Write postgres://user@host/name");
        }
        let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (index, (name, value)) in parameters.iter().enumerate() {
            if parameters.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err("has a parameter twice. Keep one of them");
            }
            if name == "sslmode" && !SSLMODES.contains(&value.as_str()) {
                return Err("has an unknown sslmode. Write sslmode=verify-full");
            }
            if name == "ssl" || name == "service" {
                return Err(
                    "has a parameter that hides where and how it connects (ssl, service). Use sslmode and host",
                );
            }
        }
        Ok(Self { text, scheme, user, hosts, path, parameters })
    }

    /// The `sslmode` that the URI states.
    pub fn sslmode(&self) -> Option<&str> {
        self.parameter("sslmode")
    }

    /// Whether any host that it names is not this machine.
    pub fn is_remote(&self) -> bool {
        let named = [self.parameter("host"), self.parameter("hostaddr")];
        let listed = self.hosts.split(',').map(without_port);
        named.into_iter().flatten().flat_map(|hosts| hosts.split(',')).chain(listed).any(|host| !is_local(host))
    }

    /// The URI with `mode` as its `sslmode`; for `verify-full` with the system's root certificates
    /// unless it names its own.
    pub fn with_sslmode(&self, mode: Option<&str>) -> String {
        let mut text = self.text.to_owned();
        let mut append = |name: &str, value: &str| {
            text.push(if text.contains('?') { '&' } else { '?' });
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        };
        if let Some(mode) = mode.filter(|_| self.sslmode().is_none()) {
            append("sslmode", mode);
        }
        if mode == Some("verify-full") && self.parameter("sslrootcert").is_none() {
            append("sslrootcert", "system");
        }
        text
    }

    /// The URI for people: without password, and without the value of unfamiliar parameters.
    pub fn redacted(&self) -> String {
        let user = self.user.map(|user| format!("{user}@")).unwrap_or_default();
        let mut text = format!("{}://{user}{}{}", self.scheme, self.hosts, self.path);
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            let value = if SHOWN_PARAMETERS.contains(&name.as_str()) { value } else { "…" };
            text.push_str(&format!("{}{name}={value}", if index == 0 { '?' } else { '&' }));
        }
        text
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// `[::1]:5432` → `::1`, `localhost:5432` → `localhost`.
fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

/// Loopback, or a socket in the file system.
fn is_local(host: &str) -> bool {
    let socket = host.is_empty() || host.starts_with('/') || host.starts_with("%2F") || host.starts_with("%2f");
    socket || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::PostgresUrl;

    fn remote(text: &str) -> bool {
        PostgresUrl::parse(text).unwrap_or_else(|why| panic!("{text} {why}")).is_remote()
    }

    #[test]
    fn only_loopback_and_sockets_are_local() {
        for text in [
            "postgres:///symbolon",
            "postgres://symbolon:pw@localhost/symbolon",
            "postgres://localhost:5433/symbolon",
            "postgres://127.0.0.1/symbolon",
            "postgres://[::1]:5432/symbolon",
            "postgresql://%2Fvar%2Frun%2Fpostgresql/symbolon",
            "postgres:///symbolon?host=/var/run/postgresql",
        ] {
            assert!(!remote(text), "{text}");
        }
        for text in [
            "postgres://db/symbolon",
            "postgres://localhost,db/symbolon",
            "postgres://localhost:5432,10.0.0.1:5432/symbolon",
            "postgres:///symbolon?host=db",
            "postgres:///symbolon?h%6Fst=db",
            "postgres://localhost/symbolon?hostaddr=10.0.0.1",
            "postgres://localhost.example/symbolon",
            "postgres://localhost:pw@db/symbolon",
        ] {
            assert!(remote(text), "{text}");
        }
    }

    #[test]
    fn the_mode_is_appended_once_with_the_roots_it_needs() {
        let with = |text, mode| PostgresUrl::parse(text).unwrap().with_sslmode(mode);
        assert_eq!(
            with("postgres://db/s", Some("verify-full")),
            "postgres://db/s?sslmode=verify-full&sslrootcert=system"
        );
        assert_eq!(
            with("postgres://db/s?sslrootcert=/ca.pem", Some("verify-full")),
            "postgres://db/s?sslrootcert=/ca.pem&sslmode=verify-full"
        );
        assert_eq!(with("postgres://db/s?sslmode=require", Some("require")), "postgres://db/s?sslmode=require");
        assert_eq!(with("postgres://localhost/s", None), "postgres://localhost/s");
    }

    #[test]
    fn a_uri_that_could_be_read_in_two_ways_is_refused() {
        for text in [
            "postgres://u:p@ss@db/s",
            "postgres://u:p/w@db/s",
            "postgres://db/s?sslmode=verify-full&sslmode=disable",
            "postgres://db/s?sslmode=verify-full&ssl%6Dode=disable",
            "postgres://db/s?sslmode=on",
            "postgres://db/s?ssl=true",
            "postgres://db/s?service=other",
            "postgres://db",
            "postgres://db/",
        ] {
            assert!(PostgresUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_password_survives_redaction() {
        let text = "postgres://u:hunter2@db/s?password=hunter2&sslpassword=hunter2&options=hunter2&sslmode=require";
        let shown = PostgresUrl::parse(text).unwrap().redacted();
        assert_eq!(shown, "postgres://u@db/s?password=…&sslpassword=…&options=…&sslmode=require");
    }
}
