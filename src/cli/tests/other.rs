//! Keys, events, traces, configuration, migrations, setup.

use super::{Shell, call};

#[test]
fn the_trace_of_a_refusal_explains_it() {
    for shell in Shell::each() {
        shell.call("user create alice").ok();
        shell.call("user create alice").fails(5, "AS-3001");
        let events = shell.call("event list --json").json();
        let created = events.as_array().expect("events").iter().find(|event| event["kind"] == "user.created");
        let created = created.expect("told");
        assert_eq!((&created["actor"], &created["personal"]["known"]["username"]), (&"cli".into(), &"alice".into()));
        let trace = created["trace_id"].as_str().expect("a trace id");
        let why = shell.call(&format!("why {} --json", &trace[..8])).json();
        assert_eq!(why["events"][0]["kind"], "user.created");
        let text = shell.call(&format!("why {trace}")).ok();
        assert!(text.contains("user.created"), "{text}");
        shell.call("why 00000000").fails(3, "AS-3002 there is no trace 00000000");
        shell.call("why 123").fails(2, "AS-3003 trace id");
        shell.call("why zzzzzzzzzz").fails(2, "AS-3003 trace id");
    }
}

#[test]
fn a_refused_change_leaves_a_record_with_its_rule_and_code() {
    let shell = Shell::sqlite();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
    shell.call("role delete owner --yes").fails(2, "AS-3003");
    let settings = shell.database.settings();
    let trace = runtime.block_on(async {
        let services = crate::app::open_services(&settings, crate::app::Purpose::Command).await.expect("open");
        let cx = crate::service::Cx::local(services, crate::domain::trace::Transaction::Admin, "cli");
        let refused = crate::service::admin::role::delete(&cx, "owner").await;
        assert!(refused.is_err());
        crate::service::recorder::keep(&cx).await;
        cx.trace_id().as_str().to_owned()
    });
    let text = shell.call(&format!("why {trace}")).ok();
    for part in [trace.as_str(), "admin", "REFUSED  role.delete  AS-3003", "Next: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = shell.call(&format!("why {} --json", &trace[..12])).json();
    assert_eq!(json["records"][0]["code"], "AS-3003");
    assert_eq!(json["records"][0]["steps"][0]["rule"], "role.delete");
}

#[test]
fn keys_are_rotated_and_only_retired_ones_are_deleted() {
    for shell in Shell::each() {
        let first = shell.call("key rotate --alg ES256 --json").json()["kid"].as_str().expect("kid").to_owned();
        let second = shell.call("key rotate --alg ES256 --json").json()["kid"].as_str().expect("kid").to_owned();
        let listed = shell.call("key list --json").json();
        let state = |kid: &str| {
            let key = listed.as_array().expect("keys").iter().find(|key| key["kid"] == kid).expect("listed");
            key["state"].as_str().expect("state").to_owned()
        };
        assert_eq!((state(&first).as_str(), state(&second).as_str()), ("retired", "active"));
        assert!(!listed.to_string().contains("private"));
        shell.call(&format!("key delete {second} --yes")).fails(3, "AS-3002 ");
        shell.call(&format!("key delete {first}")).fails(2, "--yes");
        shell.call(&format!("key delete {first} --yes")).ok();
        for unknown in ["-Yx", "-yes", "--Y-", "_x"] {
            shell.call(&format!("key delete {unknown} --yes")).fails(3, "AS-3002 ");
            shell.call(&format!("key delete --yes {unknown}")).fails(3, "AS-3002 ");
        }
        shell.call("key rotate --alg HS256").fails(2, "RS256");
    }
}

#[test]
fn a_setup_link_is_printed_until_there_is_an_administrator() {
    let shell = Shell::sqlite();
    let link = shell.call("admin setup-link").ok();
    assert!(link.starts_with("http://localhost:8080/setup#k=sym_su_"), "{link}");
    assert_eq!(shell.call("admin setup-link --json").json()["expires_in"], 1800);
    shell.call("user create root").ok();
    shell.call("role grant owner --user root").ok();
    shell.call("admin setup-link").fails(5, "AS-3001 there is an administrator already. symbolon role get owner");
}

#[test]
fn migrations_are_told_and_applied() {
    let shell = Shell::sqlite();
    assert!(shell.call("migrate status --json").json()["applied"].as_array().is_some_and(Vec::is_empty));
    assert!(!shell.call("migrate up").ok().is_empty());
    assert_eq!(shell.call("migrate up").ok(), "nothing was pending\n");
    assert!(shell.call("migrate status").ok().contains("applied"));
}

#[test]
fn the_configuration_is_checked_shown_and_explained_without_secrets() {
    let shell = Shell::sqlite();
    assert!(shell.call("config check").ok().contains("usable"));
    shell.call("config check --set issuer=http://id.lan").fails(1, "AS-4003 ");
    shell.call("config check --set isuer=x").fails(1, "Did you mean issuer?");
    shell.call("config check --set issuer").fails(2, "KEY=VALUE");
    shell.call("user list --set issuer=http://id.lan").fails(1, "AS-4003 ");
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let shown = shell.call(&format!("config show --set secrets.master_key={key}")).ok();
    assert!(shown.contains("http://localhost:8080") && !shown.contains(key), "{shown}");
    assert!(shell.call("config reference").ok().contains("SYMBOLON_DATABASE__URL"));
    assert!(shell.call("config reference --toml").ok().contains("[database]"));
}

#[test]
fn what_is_not_a_command_is_a_usage_error() {
    let plain = |words: &[&str]| call(words.iter().map(Into::into).collect(), "");
    plain(&["symbolon", "usr"]).fails(2, "unrecognized subcommand");
    plain(&["symbolon", "user", "create"]).fails(2, "USERNAME");
    plain(&["symbolon", "user", "create", "alice", "--password", "hunter2"]).fails(2, "--password");
    plain(&["symbolon", "role", "grant", "owner"]).fails(2, "--user");
    plain(&["symbolon", "role", "grant", "owner", "--user", "a", "--group", "b"]).fails(2, "cannot be used with");
    assert_eq!(plain(&["symbolon", "version"]).ok(), concat!("symbolon ", env!("CARGO_PKG_VERSION"), "\n"));
    assert!(plain(&["symbolon", "--help"]).ok().contains("user"));
}

#[test]
fn a_lost_key_fails_every_command_with_its_code() {
    let shell = Shell::sqlite();
    shell.call("user create alice").ok();
    std::fs::remove_file(shell.database.path().join("master.key")).expect("removed");
    shell.call("user list").fails(1, "AS-4021 ");
}
