//! People who create their own accounts: the policy.

use super::Shell;

#[test]
fn the_policy_is_closed_shown_and_changed_field_by_field() {
    for shell in Shell::each() {
        let closed = serde_json::json!({ "mode": "off", "per_network": 20 });
        assert_eq!(shell.call("sign-up policy show --json").json(), closed);
        let opened = shell.call("sign-up policy set --mode open --json").json();
        assert_eq!(opened, serde_json::json!({ "mode": "open", "per_network": 20 }));
        shell.call("sign-up policy set --per-network 0").ok();
        let shown = shell.call("sign-up policy show").ok();
        assert!(shown.contains("open") && shown.contains('0'), "{shown}");
        let events = shell.call("event list --json").out;
        assert_eq!(events.matches("sign_up.policy_changed").count(), 2, "{events}");
        // What stands already is no change.
        shell.call("sign-up policy set --mode open").ok();
        let events = shell.call("event list --json").out;
        assert_eq!(events.matches("sign_up.policy_changed").count(), 2, "{events}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_next_command() {
    let shell = Shell::sqlite();
    shell.call("sign-up policy set --mode public").fails(2, "off, open");
    shell.call("sign-up policy set --mode token").fails(2, "off, open");
    shell.call("sign-up policy set --per-network -1").fails(2, "");
    shell.call("sign-up policy set --per-network 1000001").fails(2, "AS-3003 per_network: ");
    shell.call("sign-up policy set --per-network 1000001").fails(2, "symbolon sign-up policy set --help");
    assert_eq!(shell.call("sign-up policy show --json").json()["mode"], "off");
}
