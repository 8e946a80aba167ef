//! Clients that register themselves: the policy, tokens, and the release.

use super::Shell;

#[test]
fn the_policy_is_closed_shown_and_changed_field_by_field() {
    for shell in Shell::each() {
        let policy = shell.call("registration policy show --json").json();
        assert_eq!((&policy["registration"], &policy["documents"]), (&"off".into(), &"off".into()));
        let line = "registration policy set --registration token --scope openid~mcp.tools --quarantine=false \
                    --grant-type authorization_code --per-network 0 --max-clients 50 --first-use 24h --unused 30d \
                    --require-pkce=false --documents hosts --document-host agent.example \
                    --profile oauth2.1 --document-profile none --json";
        let changed = shell.call(line).json();
        let expected = serde_json::json!({
            "registration": "token", "documents": "hosts", "document_hosts": ["agent.example"], "quarantine": false,
            "require_pkce": false, "scope": ["openid", "mcp.tools"], "grant_types": ["authorization_code"],
            "per_network": 0, "max_clients": 50, "first_use_seconds": 86_400, "unused_seconds": 2_592_000,
            "profile": "oauth2.1", "document_profile": null,
        });
        assert_eq!(changed, expected);
        shell.call("registration policy set --documents off --profile none --document-profile mcp").ok();
        let shown = shell.call("registration policy show").ok();
        assert!(shown.contains("mcp.tools") && shown.contains("agent.example"), "{shown}");
        let shown = shell.call("registration policy show --json").json();
        assert_eq!((&shown["profile"], &shown["document_profile"]), (&serde_json::Value::Null, &"mcp".into()));
        shell.call("registration policy set --profile fapi3").fails(2, "fapi2-message-signing");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_next_command() {
    let shell = Shell::sqlite();
    shell.call("registration policy set --registration public").fails(2, "off, token, open");
    shell.call("registration policy set --documents all").fails(2, "off, hosts, any");
    shell.call("registration policy set --documents hosts").fails(2, "AS-3003 document_hosts: ");
    shell.call("registration policy set --max-clients 0").fails(2, "AS-3003 max_clients: ");
    shell.call("registration token create --label x --uses 0").fails(2, "AS-3003 uses: ");
    shell.call("registration token create --label x --expires-in 0").fails(2, "AS-3003 expires_in: ");
    shell.call("registration token delete x").fails(2, "--yes");
    shell.call("registration token delete x --yes").fails(3, "symbolon registration token list");
    shell.call("registration release x").fails(3, "AS-3002 there is no client x. symbolon client list");
}

#[test]
fn a_token_is_shown_once_listed_and_deleted() {
    for shell in Shell::each() {
        let made = shell.call("registration token create --label build~server --uses 3 --expires-in 1h --json").json();
        let text = made["initial_access_token"].as_str().expect("a token");
        assert!(text.starts_with("sym_ia_"), "{text}");
        let listed = shell.call("registration token list --json");
        assert!(!listed.out.contains(text), "the token is told once");
        let listed = listed.json();
        assert_eq!((&listed[0]["label"], &listed[0]["uses_left"]), (&"build server".into(), &3.into()));
        let id = made["id"].as_str().expect("an id");
        shell.call(&format!("registration token delete {id} --yes")).ok();
        assert_eq!(shell.call("registration token list --json").json(), serde_json::json!([]));
    }
}

#[test]
fn a_client_that_does_not_wait_is_released_already() {
    let shell = Shell::sqlite();
    let quick = "--id-token-alg ES256 --access-token-alg ES256";
    shell
        .call(&format!(
            "client create --name Notes --client-id notes --redirect-uri https://n.example/cb {quick} \
             --policy-uri https://n.example/policy --tos-uri https://n.example/terms --contact ops@n.example \
             --initiate-login-uri https://n.example/login --default-acr-value 1 --default-max-age 1h"
        ))
        .ok();
    let shown = shell.call("client get notes --json").json();
    assert_eq!((&shown["default_acr_values"], &shown["default_max_age"]), (&serde_json::json!(["1"]), &3600.into()));
    assert_eq!(shown["initiate_login_uri"], "https://n.example/login");
    assert_eq!(shown["contacts"][0], "ops@n.example");
    shell.call("registration release notes").ok();
    shell.call("client update notes --initiate-login-uri http://n.example/").fails(2, "AS-3003 initiate_login_uri: ");
    shell
        .call("client update notes --default-acr-value 1 --default-acr-value 1")
        .fails(2, "AS-3003 default_acr_values[1]: ");
}
