//! People, groups, roles and clients.

use super::Shell;

const GOOD: &str = "correct horse battery staple\n";
const QUICK: &str = "--id-token-alg ES256 --access-token-alg ES256 --authorization-response-alg ES256";

#[test]
fn a_user_goes_from_creation_to_deletion() {
    for shell in Shell::each() {
        let made = shell
            .pipe("user create alice --email a@example.com --name Alice~Example --password-stdin --json", GOOD)
            .json();
        assert_eq!((&made["username"], &made["state"]), (&"alice".into(), &"active".into()));
        shell.call("group create staff").ok();
        shell.call("role create editor").ok();
        shell.call("role grant editor --group staff").ok();
        shell.call("group add-member staff a@example.com").ok();
        let found = shell.call(&format!("user get {} --json", made["id"].as_str().expect("id"))).json();
        assert_eq!(found["groups"][0], "staff");
        assert_eq!(found["roles"][0], serde_json::json!({"name": "editor", "sources": ["group:staff"]}));
        assert_eq!(found["has_password"], true);
        let text = shell.call("user get alice").ok();
        assert!(text.contains("editor (group:staff)"), "{text}");
        shell.call("user update alice --claim locale=de-CH --claim address.country=CH --email-verified").ok();
        let found = shell.call("user get alice --json").json();
        assert_eq!((&found["profile"]["locale"], &found["email_verified"]), (&"de-CH".into(), &true.into()));
        assert_eq!(found["version"], 2);
        shell.call("user update alice --disable").ok();
        assert_eq!(shell.call("user get alice --json").json()["state"], "disabled");
        shell.call("user unlock alice").ok();
        shell.call("user delete alice").fails(2, "--yes");
        shell.call("user delete alice --yes").ok();
        shell.call("user get alice").fails(3, "AS-3002 there is no user alice. symbolon user list");
    }
}

#[test]
fn every_refusal_has_code_cause_next_command_and_exit_code() {
    for shell in Shell::each() {
        shell.call("user create alice --email a@example.com").ok();
        shell.call("user create alice").fails(5, "AS-3001 the username alice is taken. symbolon user get alice\n");
        shell
            .call("user create al --email A@example.com")
            .fails(5, "AS-3001 the email A@example.com is taken. symbolon user list\n");
        shell.call("user create a@b").fails(2, "AS-2012 ");
        shell.call("user create bob --email bob").fails(2, "AS-2013 ");
        shell.call("user update alice --claim nonsense=1").fails(2, "AS-3003 profile");
        shell.pipe("user set-password alice --password-stdin", "short\n").fails(2, "AS-2011 ");
        shell.pipe("user set-password alice --password-stdin", "").fails(2, "standard input has no password");
        shell.pipe("user set-password bob --password-stdin", GOOD).fails(3, "AS-3002 ");
        shell.call("role grant owner --user alice").ok();
        shell.call("user delete alice --yes").fails(4, "AS-3004 ");
        shell.call("user update alice --disable").fails(4, "AS-3004 ");
        shell.call("role revoke owner --user alice").fails(4, "AS-3004 ");
        shell.call("role delete owner --yes").fails(2, "AS-3003 ");
        shell.call("role grant nothing --user alice").fails(3, "AS-3002 there is no role nothing. symbolon role list");
        shell.call("role grant owner --user bob").fails(3, "AS-3002 there is no user bob. symbolon user list");
        shell.call("group get nothing").fails(3, "AS-3002 there is no group nothing. symbolon group list");
        shell.call("client get nothing").fails(3, "AS-3002 there is no client nothing. symbolon client list");
        let json = shell.call("user create alice --json");
        let error: serde_json::Value = serde_json::from_str(&json.err).expect("JSON on standard error");
        assert_eq!(error["error"]["code"], "AS-3001");
        assert_eq!(error["error"]["next"], "symbolon user get alice");
    }
}

#[test]
fn an_exchange_policy_names_two_clients_and_the_audiences() {
    for shell in Shell::each() {
        shell.call(&format!("client create --kind machine --name S --client-id orders {QUICK}")).ok();
        shell.call(&format!("client create --kind machine --name F --client-id front {QUICK}")).ok();
        let allow = "exchange-policy allow --client orders --subject-client front --audience https://api.example";
        shell.call(allow).fails(2, "AS-3003 client: allow the client the grant token_exchange first");
        shell.call("client update orders --grant-type client_credentials --grant-type token_exchange").ok();
        let made = shell.call(&format!("{allow} --audience https://b.example --impersonation --json")).json();
        assert_eq!((&made["mode"], &made["audiences"][1]), (&"impersonation".into(), &"https://b.example".into()));
        assert_eq!(shell.call(&format!("{allow} --json")).json()["mode"], "delegation", "it replaces the one before");
        let listed = shell.call("exchange-policy list --client orders --json").json();
        assert_eq!(listed.as_array().map(Vec::len), Some(1));
        assert_eq!(listed[0]["audiences"], serde_json::json!(["https://api.example"]));
        assert_eq!(shell.call("exchange-policy list --client front --json").json(), serde_json::json!([]));
        shell.call("exchange-policy allow --client orders --subject-client nobody --audience a").fails(3, "AS-3002");
        shell.call(&allow.replace("https://api.example", "a~b")).fails(2, "AS-3003 audience");
        shell.call("exchange-policy delete --client orders --subject-client front").fails(2, "--yes");
        shell.call("exchange-policy delete --client orders --subject-client front --yes").ok();
        let gone = shell.call("exchange-policy delete --client orders --subject-client front --yes");
        gone.fails(3, "symbolon exchange-policy list");
    }
}

#[test]
fn a_trusted_issuer_names_its_keys_its_clients_and_its_scopes() {
    for shell in Shell::each() {
        shell.call(&format!("client create --kind machine --name S --client-id orders {QUICK}")).ok();
        let create = "trusted-issuer create https://idp.example --jwks-uri https://idp.example/jwks --client orders";
        let made = shell.call(&format!("{create} --subject username --scope openid~email --json")).json();
        assert_eq!((&made["subject"], &made["scope"]), (&"username".into(), &"openid email".into()));
        assert_eq!(made["clients"], serde_json::json!(["orders"]));
        shell.call(create).fails(5, "AS-3001 the trusted issuer https://idp.example is taken");
        assert_eq!(shell.call("trusted-issuer get https://idp.example --json").json(), made);
        assert_eq!(shell.call("trusted-issuer list --json").json()[0], made);
        let other = create.replace("https://idp.example", "https://two.example");
        shell.call(&other.replace("--client orders", "--client nobody")).fails(3, "AS-3002");
        shell.call(&other.replace("https://two.example/jwks", "http://two.example/jwks")).fails(2, "AS-3003 jwks_uri");
        shell.call("trusted-issuer create urn:x --client orders").fails(2, "AS-3003 jwks");
        shell.call("trusted-issuer delete https://idp.example").fails(2, "--yes");
        shell.call("trusted-issuer delete https://idp.example --yes").ok();
        shell.call("trusted-issuer get https://idp.example").fails(3, "symbolon trusted-issuer list");
    }
}

#[test]
fn a_client_is_described_in_the_words_of_rfc_7591() {
    for shell in Shell::each() {
        let made = shell
            .call(
                &format!(
                    "client create --kind web --name My~App --client-id app --redirect-uri https://app.example/cb \
                 --redirect-uri https://app.example/cb2 --post-logout-redirect-uri https://app.example/ \
                 --scope openid~email --scope demo.read --auth-method client_secret_post --consent skip {QUICK} \
                 --access-token-format opaque --audience https://api.example --no-pkce --may-introspect \
                 --lean-id-token --access-token-lifetime 5m --json"
                )
                .replace("                 ", ""),
            )
            .json();
        let secret = made["client_secret"].as_str().expect("a secret").to_owned();
        assert!(secret.starts_with("sym_cs_"), "{secret}");
        for (field, value) in [
            ("client_id", "app"),
            ("client_name", "My App"),
            ("scope", "openid email demo.read"),
            ("token_endpoint_auth_method", "client_secret_post"),
            ("id_token_signed_response_alg", "ES256"),
            ("access_token_format", "opaque"),
            ("consent", "skip"),
            ("id_token_claims", "lean"),
        ] {
            assert_eq!(made[field], value, "{field}");
        }
        assert_eq!(made["redirect_uris"].as_array().map(Vec::len), Some(2));
        assert_eq!((&made["require_pkce"], &made["may_introspect"]), (&false.into(), &true.into()));
        assert_eq!(made["access_token_lifetime"], 300);

        let found = shell.call("client get app --json").json();
        assert!(!found.to_string().contains(&secret), "a secret is shown once");
        assert_eq!(found["client_secrets"].as_array().map(Vec::len), Some(1));

        let changed = shell.call("client update app --no-pkce=false --scope openid --disable --json").json();
        assert_eq!((&changed["require_pkce"], &changed["enabled"]), (&true.into(), &false.into()));
        assert_eq!((&changed["scope"], &changed["consent"]), (&"openid".into(), &"skip".into()));
        assert!(changed.get("client_secret").is_none());
        assert_eq!(shell.call("client update app --enable --json").json()["enabled"], true);
    }
}

#[test]
fn what_a_client_may_be_answered_with_is_listed_by_its_usual_names() {
    for shell in Shell::each() {
        let made = shell
            .call(&format!(
                "client create --kind web --name App --client-id app --redirect-uri https://app.example/cb {QUICK} \
                 --grant-type authorization_code --grant-type implicit --response-type code \
                 --response-type id_token~code --response-mode fragment --response-mode query.jwt --json"
            ))
            .json();
        assert_eq!(made["response_types"], serde_json::json!(["code", "code id_token"]));
        assert_eq!(made["response_modes"], serde_json::json!(["fragment", "query.jwt"]));
        assert_eq!(made["authorization_signed_response_alg"], "ES256");
        let shown = shell.call("client get app").ok();
        assert!(shown.contains("code, code id_token"), "{shown}");
        shell.call("client update app --response-type code").fails(2, "AS-3003 response_types: ");
        shell.call("client update app --response-type token").fails(2, "id_token token");
        shell.call("client update app --response-mode jwt").fails(2, "form_post.jwt");
        let changed =
            shell.call("client update app --response-type code --grant-type authorization_code --json").json();
        assert_eq!(changed["response_types"], serde_json::json!(["code"]));
    }
}

#[test]
fn a_secret_is_rotated_listed_and_removed() {
    for shell in Shell::each() {
        shell.call(&format!("client create --kind machine --name Service --client-id service {QUICK}")).ok();
        let rotated = shell.call("client rotate-secret service --overlap 1h --json").json();
        assert!(rotated["client_secret"].as_str().is_some_and(|secret| secret.starts_with("sym_cs_")));
        let listed = shell.call("client secret list service --json").json();
        assert_eq!(listed.as_array().map(Vec::len), Some(2));
        let first = listed[0]["id"].as_str().expect("id").to_owned();
        assert!(listed[0]["expires_at"].is_string() && listed[1]["expires_at"].is_null());
        shell.call(&format!("client secret delete service {first}")).fails(2, "--yes");
        shell.call(&format!("client secret delete service {first} --yes")).ok();
        shell.call(&format!("client secret delete service {first} --yes")).fails(3, "AS-3002 ");
        let given = "my-own-secret-0123456789-abcdefgh";
        let answer = shell.pipe("client rotate-secret service --secret-stdin --overlap 0", given);
        assert!(!answer.out.contains(given), "what was piped in is not printed back");
        answer.ok();
        shell.pipe("client rotate-secret service --secret-stdin", "weak").fails(2, "AS-3003 client_secret");
        shell.call("client rotate-secret nothing").fails(3, "AS-3002 ");
    }
}

#[test]
fn what_a_client_may_not_be_is_a_usage_error_with_the_field() {
    let shell = Shell::sqlite();
    shell
        .call("client create --kind web --name App --redirect-uri http://app.example/")
        .fails(2, "AS-3003 redirect_uris[0]: ");
    shell
        .call("client create --kind spa --name App --redirect-uri https://a.example/ --no-pkce")
        .fails(2, "AS-3003 require_pkce: ");
    shell.call("client create --kind desktop --name App").fails(2, "web, spa, native, machine, agent");
    shell.call("client create --kind web").fails(2, "--name");
    shell.call("client create --kind web --name App --id-token-alg none").fails(2, "RS256");
    shell.call("client create --kind web --name App --jwks-file /nonexistent").fails(2, "/nonexistent");
    shell.call("client create --kind web --name App --secret hunter2").fails(2, "--secret");
    shell.call(&format!("client create --kind machine --name M --client-id m {QUICK}")).ok();
    shell
        .call(&format!("client create --kind machine --name M --client-id m {QUICK}"))
        .fails(5, "AS-3001 the client_id m is taken. symbolon client get m\n");
}

#[test]
fn lists_are_tables_for_people_and_arrays_for_programs() {
    let shell = Shell::sqlite();
    for name in ["alice", "bob"] {
        shell.call(&format!("user create {name} --name A~B")).ok();
    }
    let text = shell.call("user list").ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("USERNAME  NAME  EMAIL  STATE   ID"), "{text}");
    assert!(lines[1].starts_with("alice     A B          active  "), "{text}");
    let page = shell.call("user list --after alice --json").json();
    assert_eq!(page.as_array().map(Vec::len), Some(1));
    assert_eq!(page[0]["username"], "bob");
    shell.call("user list --limit 0").fails(2, "0");
    assert_eq!(shell.call("role list --json").json()[0]["name"], "owner");
}

#[test]
fn sessions_consents_and_deliveries_are_listed_and_what_is_not_there_is_said() {
    for shell in Shell::each() {
        shell.call("user create alice").ok();
        shell.call(&format!("client create --kind web --name App --client-id app --redirect-uri https://app.example/cb --backchannel-logout-uri https://app.example/back --backchannel-logout-session-required --frontchannel-logout-uri https://app.example/front --frontchannel-logout-session-required {QUICK}")).ok();
        let client = shell.call("client get app --json").json();
        assert_eq!(client["backchannel_logout_uri"], "https://app.example/back");
        assert_eq!(client["backchannel_logout_session_required"], true);
        assert_eq!(client["frontchannel_logout_uri"], "https://app.example/front");
        assert_eq!(client["frontchannel_logout_session_required"], true);
        shell.call("client update app --backchannel-logout-uri=").ok();
        assert!(shell.call("client get app --json").json().get("backchannel_logout_uri").is_none());
        shell
            .call("client update app --frontchannel-logout-uri https://evil.example/")
            .fails(2, "AS-3003 frontchannel");
        for list in ["session list alice", "consent list alice", "delivery list", "delivery list --state failed"] {
            assert_eq!(shell.call(&format!("{list} --json")).json(), serde_json::json!([]), "{list}");
            assert_eq!(shell.call(list).ok().lines().count(), 1, "{list}");
        }
        shell.call("session list nobody").fails(3, "AS-3002 ");
        shell.call("session end nothing").fails(2, "--yes");
        shell.call("session end nothing --yes").fails(3, "AS-3002 ");
        shell.call("consent revoke alice app").fails(2, "--yes");
        shell.call("consent revoke alice app --yes").fails(3, "AS-3002 ");
        shell.call("delivery retry nothing").fails(3, "AS-3002 there is no delivery nothing. symbolon delivery list");
        shell.call("delivery list --state lost").fails(2, "use one of: pending, delivered, failed");
    }
}

#[test]
fn a_security_profile_fills_in_what_it_demands_and_holds_the_client_to_it() {
    for shell in Shell::each() {
        let create = "client create --kind web --name F --client-id fapi --profile fapi2-security \
            --redirect-uri https://fapi.example/callback --jwks-uri https://fapi.example/jwks";
        shell
            .call(&format!("{create} --no-pkce"))
            .fails(2, "AS-3003 require_pkce (security profile fapi2-security): PKCE is required.");
        let made = shell.call(&format!("{create} --json")).json();
        assert_eq!(made["security_profile"], "fapi2-security");
        assert_eq!(made["token_endpoint_auth_method"], "private_key_jwt");
        assert_eq!(made["client_assertion_audience"], "issuer");
        assert_eq!(made["require_pushed_authorization_requests"], true);
        assert_eq!(made["dpop_bound_access_tokens"], true);
        assert_eq!(made["id_token_signed_response_alg"], "ES256");
        shell
            .call("client update fapi --id-token-alg RS256")
            .fails(2, "AS-3003 id_token_signed_response_alg (security");
        shell.call("client update fapi --require-par=false").fails(2, "(security profile fapi2-security)");
        shell.call("client update fapi --profile legacy --require-par=false").ok();
        shell.call("client update fapi --profile fapi3").fails(2, "fapi2-message-signing");
        shell.call("client update fapi --profile none").ok();
        assert!(shell.call("client get fapi --json").json().get("security_profile").is_none());
    }
}

#[test]
fn an_agent_is_made_with_one_command_and_kept_to_the_rules_of_mcp() {
    for shell in Shell::each() {
        let create = "client create --kind agent --name Agent --client-id agent --redirect-uri http://127.0.0.1/callback \
            --scope openid --scope tools.call";
        shell.call(&format!("{create} --no-pkce")).fails(2, "AS-3003 require_pkce");
        let made = shell.call(&format!("{create} --json")).json();
        assert_eq!((&made["kind"], &made["security_profile"]), (&"agent".into(), &"mcp".into()));
        assert_eq!((&made["token_endpoint_auth_method"], made.get("client_secret")), (&"none".into(), None));
        assert_eq!(made["scope"], "openid tools.call");
        assert!(shell.call("client list").ok().contains("agent"));
        shell.call("client update agent --redirect-uri http://agent.example/").fails(2, "AS-3003 redirect_uris[0]");
        shell.call("client update agent --redirect-uri cursor://anysphere.cursor-mcp/oauth/callback").ok();
    }
}
