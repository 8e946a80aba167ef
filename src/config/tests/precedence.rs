//! Defaults, and which source wins.

use std::path::Path;

use super::super::{DatabaseUrl, LogFormat, MasterKey, Seconds};
use super::{assert_refused, shown, start};

#[test]
fn a_start_without_any_configuration_is_loopback_with_sqlite() {
    let settings = start().ok();
    assert_eq!(settings.issuer.as_str(), "http://localhost:8080");
    assert_eq!(settings.bind.to_string(), "127.0.0.1:8080");
    assert!(settings.trusted_proxies.is_empty() && settings.tls.is_none() && settings.management.bind.is_none());
    assert!(matches!(&settings.database.url, DatabaseUrl::Sqlite(path) if path == Path::new("./data/symbolon.db")));
    assert!(matches!(&settings.master_key, MasterKey::DefaultFile(path) if path == Path::new("./data/master.key")));
    assert_eq!(settings.database.connections, 8);
    assert_eq!(settings.http.max_body_bytes, 64 * 1024);
    assert_eq!(settings.log.format, LogFormat::Pretty);
    assert_eq!(settings.log.level, "info");
    assert_eq!(settings.tokens.id_token, Seconds::new(600));
    assert_eq!(settings.tokens.access_token, Seconds::new(600));
    assert_eq!(settings.tokens.refresh_idle, Seconds::new(30 * 86_400));
    assert_eq!(settings.tokens.code, Seconds::new(60));
    assert_eq!(settings.sessions.absolute, Seconds::new(30 * 86_400));
    assert_eq!(settings.passwords.min_length, 15);
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
    assert_eq!(shown(&settings, "issuer"), ("http://localhost:8080".into(), "derived from bind".into()));
    assert_eq!(shown(&settings, "tokens.id_token_seconds"), ("600".into(), "default".into()));
}

#[test]
fn each_source_overrides_the_one_before() {
    let mut around = start();
    let level = |around: &super::Surroundings| shown(&around.ok(), "log.level");
    assert_eq!(level(&around), ("info".into(), "default".into()));
    around = around.toml("\n[log]\nlevel = \"warn\"\n");
    assert_eq!(level(&around), ("warn".into(), "./symbolon.toml:3".into()));
    around = around.env("SYMBOLON_LOG__LEVEL", "error");
    assert_eq!(level(&around), ("error".into(), "environment SYMBOLON_LOG__LEVEL".into()));
    around = around.flag("log.level", "debug");
    assert_eq!(level(&around), ("debug".into(), "flag log.level".into()));
}

#[test]
fn the_named_file_is_read_instead_of_the_usual_ones() {
    let port = |around: super::Surroundings| around.ok().bind.port();
    let around = || {
        start()
            .file("./symbolon.toml", "bind = \"127.0.0.1:1001\"")
            .file("/etc/symbolon/symbolon.toml", "bind = \"127.0.0.1:1002\"")
            .file("/srv/a.toml", "bind = \"127.0.0.1:1003\"")
            .file("/srv/b.toml", "bind = \"127.0.0.1:1004\"")
    };
    assert_eq!(port(start().file("./symbolon.toml", "bind = \"127.0.0.1:1001\"")), 1001);
    assert_eq!(port(around()), 1002);
    assert_eq!(port(around().env("SYMBOLON_CONFIG", "/srv/a.toml")), 1003);
    assert_eq!(port(around().env("SYMBOLON_CONFIG", "/srv/a.toml").config("/srv/b.toml")), 1004);
}

#[test]
fn a_named_file_that_is_absent_is_refused_and_not_replaced() {
    let around = start().toml("bind = \"127.0.0.1:1001\"").config("/srv/absent.toml");
    assert_refused(&around, "AS-4001", &["cannot be read", "Correct --config", "[/srv/absent.toml]"]);
}

#[test]
fn a_usual_file_that_may_not_be_read_is_not_skipped() {
    let around = start().file("/etc/symbolon/symbolon.toml", "<forbidden>").toml("");
    assert_refused(&around, "AS-4001", &["Make it readable", "[/etc/symbolon/symbolon.toml]"]);
}

#[test]
fn the_derived_issuer_follows_bind_and_tls() {
    let issuer = |around: super::Surroundings| around.ok().issuer.as_str().to_owned();
    assert_eq!(issuer(start().flag("bind", "127.0.0.1:9999")), "http://localhost:9999");
    assert_eq!(issuer(start().flag("bind", "[::1]:9999")), "http://localhost:9999");
    assert_eq!(issuer(start().flag("bind", "127.0.0.1:80")), "http://localhost");
    let tls = || start().env("SYMBOLON_TLS__CERTIFICATE_FILE", "/c").env("SYMBOLON_TLS__KEY_FILE", "/k");
    assert_eq!(issuer(tls()), "https://localhost:8080");
    assert_eq!(issuer(tls().flag("bind", "127.0.0.1:443")), "https://localhost");
}

#[test]
fn the_issuer_is_kept_as_written() {
    for issuer in ["https://id.example.com", "https://id.example.com/", "https://example.com/auth/"] {
        assert_eq!(start().env("SYMBOLON_ISSUER", issuer).ok().issuer.as_str(), issuer);
    }
}

#[test]
fn lists_are_arrays_in_toml_and_commas_in_text() {
    let proxy = "10.1.2.3".parse().unwrap();
    for around in [
        start().toml("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]"),
        start().env("SYMBOLON_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
    ] {
        let settings = around.ok();
        assert_eq!(settings.trusted_proxies.len(), 2);
        assert!(settings.trusts(proxy) && !settings.trusts("192.0.2.1".parse().unwrap()));
    }
    assert!(!start().ok().trusts(proxy));
}

#[test]
fn an_empty_value_overrides_where_empty_means_off() {
    let around = start()
        .toml("trusted_proxies = [\"10.0.0.1\"]\nmanagement.bind = \"127.0.0.1:9090\"")
        .env("SYMBOLON_TRUSTED_PROXIES", "")
        .env("SYMBOLON_MANAGEMENT__BIND", "");
    let settings = around.ok();
    assert!(settings.trusted_proxies.is_empty() && settings.management.bind.is_none());
}

#[test]
fn what_kubernetes_injects_for_a_service_called_symbolon_is_ignored() {
    let around = start()
        .env("SYMBOLON_PORT", "tcp://10.43.0.7:8080")
        .env("SYMBOLON_SERVICE_HOST", "10.43.0.7")
        .env("SYMBOLON_SERVICE_PORT", "8080")
        .env("SYMBOLON_SERVICE_PORT_HTTP", "8080")
        .env("SYMBOLON_PORT_8080_TCP", "tcp://10.43.0.7:8080")
        .env("SYMBOLON_PORT_8080_TCP_PROTO", "tcp")
        .env("SYMBOLON_PORT_8080_TCP_PORT", "8080")
        .env("SYMBOLON_PORT_8080_TCP_ADDR", "10.43.0.7")
        .env("SYMBOLON_POSTGRES_PORT_5432_TCP", "tcp://10.43.0.8:5432")
        .env("SYMBOLON_POSTGRES_SERVICE_HOST", "10.43.0.8");
    assert_eq!(around.ok().issuer.as_str(), "http://localhost:8080");
}

#[test]
fn variables_of_tests_and_tools_are_not_settings() {
    let around = start()
        .env("SYMBOLON_TEST_POSTGRES", "x")
        .env("SYMBOLON_BIN", "x")
        .env("SYMBOLON_PREVIEW_DIR", "x")
        .env("SYMBOLONE", "x")
        .env("PATH", "x");
    around.ok();
}

#[test]
fn zero_threads_follow_the_cores() {
    let settings = start().ok();
    assert_eq!((settings.http.workers(8), settings.http.workers(0)), (8, 1));
    assert_eq!((settings.passwords.threads(8), settings.passwords.threads(1)), (4, 1));
    assert_eq!(settings.passwords.queue(8), 16);
    let settings = start().env("SYMBOLON_PASSWORDS__THREADS", "3").env("SYMBOLON_HTTP__WORKERS", "5").ok();
    assert_eq!((settings.passwords.threads(8), settings.passwords.queue(8), settings.http.workers(8)), (3, 12, 5));
}

#[test]
fn sqlite_paths_are_relative_or_absolute() {
    for (url, path, key) in [
        ("sqlite://./data/symbolon.db", "./data/symbolon.db", "./data/master.key"),
        ("sqlite://a.db", "a.db", "./master.key"),
        ("sqlite:///var/lib/symbolon/a.db", "/var/lib/symbolon/a.db", "/var/lib/symbolon/master.key"),
    ] {
        let settings = start().env("SYMBOLON_DATABASE__URL", url).ok();
        assert!(matches!(&settings.database.url, DatabaseUrl::Sqlite(file) if file == Path::new(path)), "{url}");
        assert!(matches!(&settings.master_key, MasterKey::DefaultFile(file) if file == Path::new(key)), "{url}");
        assert_eq!(shown(&settings, "database.url").0, url);
    }
}

#[test]
fn the_connection_to_another_host_is_verified_by_default() {
    let connection = |url: &str| {
        let around = start().env("SYMBOLON_DATABASE__URL", url).env("SYMBOLON_SECRETS__MASTER_KEY", super::KEY);
        match around.ok().database.url {
            DatabaseUrl::Postgres(url) => url.expose().clone(),
            DatabaseUrl::Sqlite(path) => panic!("{path:?}"),
        }
    };
    assert_eq!(connection("postgres://db/s"), "postgres://db/s?sslmode=verify-full&sslrootcert=system");
    assert_eq!(connection("postgres://localhost/s"), "postgres://localhost/s");
    assert_eq!(connection("postgres://localhost/s?sslmode=disable"), "postgres://localhost/s?sslmode=disable");
}

#[test]
fn a_database_on_this_machine_needs_no_master_key() {
    let settings = start().env("SYMBOLON_DATABASE__URL", "postgres://u:p@127.0.0.1/s").ok();
    assert!(matches!(settings.master_key, MasterKey::DefaultFile(path) if path == Path::new("data/master.key")));
}

#[test]
fn plain_http_behind_a_declared_proxy_is_accepted_for_an_https_issuer() {
    let settings = start()
        .env("SYMBOLON_ISSUER", "https://id.example.com")
        .env("SYMBOLON_BIND", "0.0.0.0:8080")
        .env("SYMBOLON_TRUSTED_PROXIES", "10.0.0.0/8")
        .ok();
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
}

#[test]
fn a_proxy_on_this_machine_that_is_not_declared_is_warned_of() {
    let settings = start().env("SYMBOLON_ISSUER", "https://id.example.com").ok();
    assert_eq!(settings.warnings().len(), 1);
    assert_eq!(settings.warnings()[0].key, "trusted_proxies");
    assert!(settings.warnings()[0].message.contains("SYMBOLON_TRUSTED_PROXIES=127.0.0.1"));
}

#[test]
fn every_danger_that_is_accepted_is_named_at_start() {
    let settings = start()
        .env("SYMBOLON_PASSWORDS__MIN_LENGTH", "8")
        .env("SYMBOLON_PASSWORDS__DANGER_SHORT_PASSWORDS", "true")
        .env("SYMBOLON_DATABASE__URL", "postgres://db/s?sslmode=disable")
        .env("SYMBOLON_DATABASE__DANGER_UNVERIFIED_TLS", "true")
        .env("SYMBOLON_SECRETS__MASTER_KEY", super::KEY)
        .env("SYMBOLON_OUTBOUND__DANGER_ALLOWED_HOSTS", "suite.example,localhost")
        .env("SYMBOLON_OUTBOUND__DANGER_CA_FILE", "suite.pem")
        .env("SYMBOLON_CONFORMANCE__DANGER_TEST_HOOKS", "true")
        .ok();
    let keys: Vec<_> = settings.warnings().iter().map(|warning| warning.key).collect();
    let expected = [
        "database.danger_unverified_tls",
        "outbound.danger_allowed_hosts",
        "outbound.danger_ca_file",
        "passwords.danger_short_passwords",
        "conformance.danger_test_hooks",
    ];
    assert_eq!(keys, expected);
    assert_eq!(settings.outbound.danger_allowed_hosts, ["suite.example", "localhost"]);
    assert_eq!(settings.passwords.min_length, 8);
}

#[test]
fn nothing_dangerous_is_on_by_default() {
    let settings = start().env("SYMBOLON_OUTBOUND__DANGER_ALLOWED_HOSTS", "").ok();
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
    assert!(!settings.conformance.danger_test_hooks && !settings.outbound.danger_loopback);
    assert!(settings.outbound.danger_allowed_hosts.is_empty() && settings.outbound.danger_ca_file.is_none());
}
