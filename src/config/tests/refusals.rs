//! Every refusal: its code, its origin, and the fix in the sentence.

use super::{KEY, assert_refused, start};

#[test]
fn plain_http_off_loopback_is_refused_in_these_words() {
    let around = start().env("SYMBOLON_ISSUER", "http://id.lan");
    assert_eq!(
        around.refused(),
        "AS-4003 issuer is http://id.lan: only loopback may use http. Set SYMBOLON_ISSUER=https://... or terminate \
         TLS (docs/tls). [environment SYMBOLON_ISSUER]"
    );
}

#[test]
fn an_issuer_with_query_fragment_or_user_is_refused() {
    for issuer in ["https://id.example.com?x", "https://id.example.com#x", "https://u@id.example.com"] {
        let around = start().toml(&format!("issuer = \"{issuer}\""));
        assert_refused(&around, "AS-4004", &["issuer is ", "Remove ", "[./symbolon.toml:1]"]);
    }
    let around = start().env("SYMBOLON_ISSUER", "https://id.example.com:443");
    assert_refused(&around, "AS-4004", &["https://id.example.com/. Write it in that form"]);
    let around = start().env("SYMBOLON_ISSUER", "");
    assert_refused(&around, "AS-4004", &["Write it as https://id.example.com"]);
}

#[test]
fn a_password_in_the_issuer_is_not_repeated() {
    let around = start().env("SYMBOLON_ISSUER", "https://u:hunter2@id.example.com");
    assert!(!around.refused().contains("hunter2"));
}

#[test]
fn an_issuer_that_cannot_be_derived_must_be_set() {
    let fix = "Set SYMBOLON_ISSUER=https://id.example.com";
    let around = start().env("SYMBOLON_BIND", "0.0.0.0:8080");
    assert_refused(&around, "AS-4009", &["0.0.0.0:8080 is not loopback", fix, "[environment SYMBOLON_BIND]"]);
    let around = start().flag("bind", "127.0.0.1:0");
    assert_refused(&around, "AS-4009", &["port 0", "[flag bind]"]);
}

#[test]
fn plain_http_to_the_network_is_refused() {
    let around = start().env("SYMBOLON_ISSUER", "https://id.example.com").env("SYMBOLON_BIND", "0.0.0.0:8080");
    let fixes = ["tls.certificate_file", "SYMBOLON_TRUSTED_PROXIES=", "127.0.0.1:8080", "[environment SYMBOLON_BIND]"];
    assert_refused(&around, "AS-4007", &fixes);
    let around = start().env("SYMBOLON_ISSUER", "http://localhost:8080").env("SYMBOLON_BIND", "0.0.0.0:8080");
    assert_refused(&around, "AS-4007", &["plain HTTP to the network", "127.0.0.1:8080", "issuer=https://"]);
    let around = around.env("SYMBOLON_TRUSTED_PROXIES", "10.0.0.1");
    assert_refused(&around, "AS-4007", &["plain HTTP to the network"]);
}

#[test]
fn an_http_issuer_contradicts_tls() {
    let around = start()
        .env("SYMBOLON_ISSUER", "http://localhost:8080")
        .env("SYMBOLON_TLS__CERTIFICATE_FILE", "/c")
        .env("SYMBOLON_TLS__KEY_FILE", "/k");
    assert_refused(&around, "AS-4010", &["tls serves https only", "Set issuer=https://"]);
}

#[test]
fn half_a_certificate_pair_is_refused() {
    let around = start().toml("[tls]\ncertificate_file = \"/c\"");
    assert_refused(&around, "AS-4008", &["without tls.key_file", "Set both", "[./symbolon.toml:2]"]);
    let around = start().env("SYMBOLON_TLS__KEY_FILE", "/k");
    assert_refused(&around, "AS-4008", &["without tls.certificate_file", "[environment SYMBOLON_TLS__KEY_FILE]"]);
    let around = start().env("SYMBOLON_TLS__KEY_FILE", "");
    assert_refused(&around, "AS-4004", &["tls.key_file is empty"]);
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known_one() {
    let cases = [
        ("isuer = \"x\"", "isuer", "Did you mean issuer?"),
        ("[databse]\nurl = \"x\"", "databse.url", "Did you mean database.url?"),
        ("[database]\nconections = 1", "database.conections", "Did you mean database.connections?"),
        ("trusted-proxies = []", "trusted-proxies", "Did you mean trusted_proxies?"),
        ("[secrets]\nmaster_keyfile = \"x\"", "secrets.master_keyfile", "Did you mean secrets.master_key_file?"),
        ("connections = 1", "connections", "Did you mean database.connections?"),
        ("zzzzzz = 1", "zzzzzz", "config reference"),
        ("[log]\nlevel.x = 1", "log.level is a table", "write text"),
        ("[clients]", "there is no setting [clients]", "config reference"),
        ("[[clients]]\nid = \"a\"", "clients", "config reference"),
        ("database = \"postgres://u:hunter2@db/x\"", "database is a section", "Write [database]"),
    ];
    for (toml, named, fix) in cases {
        let text = start().toml(toml).refused();
        assert!(text.contains(named) && text.contains(fix) && text.contains("[./symbolon.toml:"), "{toml}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    for (name, fix) in [
        ("SYMBOLON_ISUER", "Did you mean SYMBOLON_ISSUER?"),
        ("SYMBOLON_DATABASE_URL", "Did you mean SYMBOLON_DATABASE__URL?"),
        ("SYMBOLON_DATABASE__URL_FIL", "Did you mean SYMBOLON_DATABASE__URL_FILE?"),
        ("SYMBOLON_DATABASE__CONNECTIONS_FILE", "there is no setting SYMBOLON_DATABASE__CONNECTIONS_FILE"),
        ("SYMBOLON_Log__Level", "Did you mean SYMBOLON_LOG__LEVEL?"),
        ("SYMBOLON_PORT", "there is no setting SYMBOLON_PORT"),
        ("SYMBOLON_", "there is no setting"),
    ] {
        assert_refused(&start().env(name, "8080"), "AS-4002", &[fix, &format!("[environment {name}]")]);
    }
    assert_refused(&start().flag("lg.level", "x"), "AS-4002", &["Did you mean log.level?", "[flag lg.level]"]);
}

#[test]
fn values_of_the_wrong_form_or_range_are_refused() {
    let cases = [
        ("bind = 8080", "bind is 8080: write text"),
        ("bind = \"localhost:8080\"", "such as 127.0.0.1:8080"),
        ("bind = \"127.0.0.1\"", "write an IP address and a port"),
        ("[http]\nworkers = \"four\"", "a whole number between 0 and 1024"),
        ("[http]\nworkers = -1", "http.workers is -1: write a whole number between 0 and 1024"),
        ("[http]\nmax_body_kib = 1000000", "between 4 and 1024"),
        ("[http]\nmax_body_kib = 1.5", "a number with a fraction"),
        ("[http]\nmax_body_kib = 99999999999999999999", "a number too large"),
        ("[tokens]\ncode_seconds = 600", "between 31 and 60"),
        ("[tokens]\naccess_token_seconds = true", "tokens.access_token_seconds is true: write a whole number"),
        ("[passwords]\ndanger_short_passwords = \"yes\"", "write true or false"),
        ("trusted_proxies = \"10.0.0.0/8\"", "write a list of texts"),
        ("trusted_proxies = [1]", "an array of something other than strings"),
        ("trusted_proxies = [\"10.0.0.5/8\"]", "Write it as 10.0.0.0/8"),
        ("trusted_proxies = [\"0.0.0.0/0\"]", "forge"),
        ("[outbound]\ndanger_allowed_hosts = \"suite.example\"", "write a list of texts"),
        ("[outbound]\ndanger_allowed_hosts = [\"*.example\"]", "names \"*.example\": write whole names"),
        ("[outbound]\ndanger_allowed_hosts = [\"suite.example:8443\"]", "without scheme, port or asterisk"),
        ("[outbound]\ndanger_allowed_hosts = [\"https://suite.example\"]", "write whole names"),
        ("[outbound]\ndanger_allowed_hosts = [\"Suite.example\"]", "in lower case"),
        ("[outbound]\ndanger_allowed_hosts = [\"10.0.0.1\"]", "no addresses"),
        ("[outbound]\ndanger_allowed_hosts = [\"[::1]\"]", "no addresses"),
        ("[outbound]\ndanger_allowed_hosts = [\"suite.example.\"]", "write whole names"),
        ("[outbound]\ndanger_ca_file = \"\"", "outbound.danger_ca_file is empty"),
        ("[conformance]\ndanger_test_hooks = \"on\"", "write true or false"),
        ("[log]\nformat = \"jsn\"", "write one of pretty, json. Did you mean json?"),
        ("[log]\nlevel = \"inof\"", "log.level has \"inof\""),
        ("[log]\nlevel = \"\"", "write one of error, warn"),
        ("[log]\nlevel = \"info,a=b=c\"", "Write it like info,symbolon::store=debug"),
        ("[management]\nbind = \"9090\"", "management.bind is \"9090\": write an IP address and a port"),
        ("[database]\nurl = 1", "database.url is something else: write text"),
        ("[database]\nurl = \"mysql://u:hunter2@db/x\"", "Write sqlite:///path/symbolon.db or postgres://"),
        ("[database]\nurl = \"\"", "database.url is empty"),
        ("[database]\nurl = \"sqlite://:memory:\"", "`symbolon dev` is the throw-away server"),
        ("[database]\nurl = \"sqlite:///data/\"", "names no file"),
        ("[database]\nurl = \"sqlite:///a.db?mode=ro\"", "must not have parameters"),
        ("[database]\nurl = \"postgres://u:hunter2@db\"", "names no database"),
        ("[database]\ntls = \"disable\"", "write one of prefer, require, verify-full"),
    ];
    for (toml, part) in cases {
        let text = start().toml(toml).refused();
        assert!(text.starts_with("AS-4004 ") && text.contains(part), "{toml}: {text}");
        assert!(text.contains("[./symbolon.toml:") && !text.contains("hunter2"), "{toml}: {text}");
    }
    assert_refused(&start().env("SYMBOLON_HTTP__WORKERS", ""), "AS-4004", &["http.workers is \"\""]);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let cases = [
        ("[tokens]\nrefresh_idle_seconds = 20000000", "tokens.refresh_idle_seconds is longer"),
        ("[tokens]\nrefresh_absolute_seconds = 7200", "tokens.refresh_idle_seconds is longer"),
        ("[sessions]\nabsolute_seconds = 3600", "sessions.idle_seconds is longer"),
        ("[keys]\noverlap_hours = 1\n[tokens]\nid_token_seconds = 7200", "keys.overlap_hours is shorter"),
        ("[keys]\nrotation_days = 1", "keys.overlap_hours is not shorter"),
        ("[management]\nbind = \"127.0.0.1:8080\"", "taken by bind 127.0.0.1:8080. Choose another port"),
        ("[management]\nbind = \"0.0.0.0:8080\"", "Choose another port"),
        ("[database]\ntls = \"require\"", "SQLite has no connection"),
    ];
    for (toml, part) in cases {
        let text = start().toml(toml).refused();
        assert!(text.starts_with("AS-4010 ") && text.contains(part), "{toml}: {text}");
    }
}

#[test]
fn what_weakens_security_needs_its_danger_switch() {
    let around = start().env("SYMBOLON_PASSWORDS__MIN_LENGTH", "12");
    assert_refused(&around, "AS-4012", &["passwords.min_length is 12", "passwords.danger_short_passwords=true"]);
    for url in ["postgres://u:hunter2@db/s?sslmode=require", "postgres://u:hunter2@db/s?sslmode=disable"] {
        let around = start().env("SYMBOLON_DATABASE__URL", url).env("SYMBOLON_SECRETS__MASTER_KEY", KEY);
        assert_refused(&around, "AS-4012", &["postgres://u@db/s", "database.danger_unverified_tls=true"]);
        assert!(!around.refused().contains("hunter2"));
    }
    let around = start()
        .env("SYMBOLON_DATABASE__URL", "postgres://db/s")
        .env("SYMBOLON_DATABASE__TLS", "prefer")
        .env("SYMBOLON_SECRETS__MASTER_KEY", KEY);
    assert_refused(&around, "AS-4012", &["[environment SYMBOLON_DATABASE__TLS]"]);
}

#[test]
fn two_statements_about_the_database_connection_must_agree() {
    let around = start()
        .env("SYMBOLON_DATABASE__URL", "postgres://localhost/s?sslmode=disable")
        .env("SYMBOLON_DATABASE__TLS", "require");
    assert_refused(&around, "AS-4005", &["database.tls is require", "sslmode=disable", "Keep one"]);
}

#[test]
fn a_shared_database_needs_a_given_master_key() {
    let around = start().env("SYMBOLON_DATABASE__URL", "postgres://u:hunter2@db/s");
    assert_refused(&around, "AS-4009", &["SYMBOLON_SECRETS__MASTER_KEY_FILE", "openssl rand -base64 32"]);
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_every_line_and_without_its_text() {
    let around = start().toml("bind = \n[secrets]\nmaster_key = \"hunter2\nissuer = \"x\"\n");
    let errors = around.load().unwrap_err();
    assert!(errors.0.len() >= 2, "{errors}");
    let text = errors.to_string();
    assert!(text.contains("AS-4001") && text.contains("[./symbolon.toml:1]") && text.contains("[./symbolon.toml:3]"));
    assert!(!text.contains("hunter2"), "{text}");
    let around = start().toml("bind = \"127.0.0.1:1\"\nbind = \"127.0.0.1:2\"");
    assert_refused(&around, "AS-4001", &["duplicate key", "[./symbolon.toml:2]"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let around = start()
        .toml("isuer = \"x\"\n[http]\nworkers = \"x\"")
        .env("SYMBOLON_ISSUER", "http://id.lan")
        .env("SYMBOLON_LOG__FORMAT", "xml")
        .flag("tls.key_file", "/k");
    let errors = around.load().unwrap_err();
    let codes: Vec<_> = errors.0.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, ["AS-4002", "AS-4008", "AS-4003", "AS-4004", "AS-4004"], "{errors}");
    assert_eq!(errors.to_string().lines().count(), 5);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_refused() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let files = std::collections::BTreeMap::new();
    let environment = vec![("SYMBOLON_ISSUER".into(), OsString::from_vec(vec![0xff]))];
    let sources = super::Sources { config_file: None, environment, flags: Vec::new(), files: &files };
    let text = super::Settings::load(&sources).unwrap_err().to_string();
    assert!(text.starts_with("AS-4004 SYMBOLON_ISSUER is not valid UTF-8"), "{text}");
}

#[test]
fn certificates_of_clients_need_an_address_and_a_way() {
    let tls = "[tls]\ncertificate_file = \"/c\"\nkey_file = \"/k\"\n";
    let of = |text: &str| start().toml(text);
    let url = "url = \"https://mtls.id.example\"\n";
    assert_refused(
        &of(&format!("[mtls]\n{url}bind = \"0.0.0.0:8444\"")),
        "AS-4008",
        &["mtls.bind needs the certificate of this server", "tls.certificate_file", "mtls.from_proxy"],
    );
    let around = of(&format!("{tls}[mtls]\nbind = \"0.0.0.0:8444\""));
    assert_refused(&around, "AS-4008", &["mtls.bind is set without mtls.url"]);
    assert_refused(&of("[mtls]\nfrom_proxy = true"), "AS-4008", &["mtls.from_proxy is set without mtls.url"]);
    let nobody = of(&format!("[mtls]\n{url}from_proxy = true"));
    assert_refused(&nobody, "AS-4008", &["mtls.from_proxy", "trusted_proxies"]);
    assert_refused(&of(&format!("[mtls]\n{url}")), "AS-4008", &["mtls.url", "mtls.bind", "mtls.from_proxy"]);
    for wrong in ["http://mtls.id.example", "https://mtls.id.example/other", "mtls.id.example", "https://m/?x=1"] {
        let around = of(&format!("{tls}[mtls]\nbind = \"0.0.0.0:8444\"\nurl = \"{wrong}\""));
        assert_refused(&around, "AS-4004", &["mtls.url must be an https address"]);
    }
    let around = of(&format!("{tls}[mtls]\n{url}bind = \"localhost:8444\""));
    assert_refused(&around, "AS-4004", &["mtls.bind", "127.0.0.1:8444"]);
    let settings = of(&format!("{tls}[mtls]\n{url}bind = \"0.0.0.0:8444\"\nca_file = \"/ca\"")).ok();
    assert_eq!(settings.mtls.bind.map(|bind| bind.port()), Some(8444));
    assert!(settings.mtls.ca_file.is_some() && !settings.mtls.from_proxy);
    let proxied = of(&format!("trusted_proxies = [\"127.0.0.1\"]\n[mtls]\n{url}from_proxy = true")).ok();
    assert!(proxied.mtls.from_proxy && proxied.mtls.url.is_some());
    let none = start().ok();
    assert!(none.mtls.url.is_none() && none.mtls.bind.is_none() && !none.mtls.from_proxy);
}
