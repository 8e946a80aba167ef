//! APIs and types of authorization details.

use super::Shell;

const INVOICES: &str = "https://invoices.example.com";

#[test]
fn an_api_goes_from_registration_to_deletion() {
    for shell in Shell::each() {
        let made = shell
            .call(&format!(
                "api create {INVOICES} --name Invoices --scope invoices.read=See~your~invoices \
                 --access-token-format opaque --access-token-lifetime 5m --public --metadata-path hosted/invoices --json"
            ))
            .json();
        assert_eq!((&made["resource"], &made["version"]), (&INVOICES.into(), &1.into()));
        assert_eq!(made["scopes"], serde_json::json!([{"name": "invoices.read", "sentence": "See your invoices"}]));
        assert_eq!((&made["access_token_lifetime"], &made["allow_self_registered"]), (&300.into(), &false.into()));
        // In the other spelling it is the same.
        assert_eq!(shell.call(&format!("api get {INVOICES}/ --json")).json()["name"], "Invoices");
        let changed = shell.call(&format!("api scope add {INVOICES} invoices.write Change~invoices --json")).json();
        assert_eq!(changed["scopes"].as_array().map(Vec::len), Some(2));
        shell.call(&format!("api scope add {INVOICES} invoices.write Change~them")).ok();
        shell.call(&format!("api scope remove {INVOICES} invoices.read")).ok();
        shell
            .call(&format!("api update {INVOICES} --name Bills --self-registered --metadata-path= --public=false"))
            .ok();
        shell.call(&format!("api update {INVOICES} --max-authentication-age 5m --acr-value 1 --acr-value gold")).ok();
        let found = shell.call(&format!("api get {INVOICES} --json")).json();
        assert_eq!(found["max_authentication_age"], 300);
        assert_eq!(found["acr_values"], serde_json::json!(["1", "gold"]));
        assert_eq!(found["scopes"], serde_json::json!([{"name": "invoices.write", "sentence": "Change them"}]));
        assert_eq!((&found["name"], &found["allow_self_registered"]), (&"Bills".into(), &true.into()));
        assert_eq!((found.get("metadata_path"), &found["public"]), (None, &false.into()));
        assert_eq!(shell.call("api list --json").json().as_array().map(Vec::len), Some(1));
        assert!(shell.call(&format!("api get {INVOICES}")).ok().contains("Change them"));
        shell.call(&format!("api delete {INVOICES}")).fails(2, "--yes");
        shell.call(&format!("api delete {INVOICES} --yes")).ok();
        shell.call(&format!("api get {INVOICES}")).fails(3, "AS-3002 there is no api");
    }
}

#[test]
fn what_an_api_may_not_be_is_refused() {
    for shell in Shell::each() {
        shell.call(&format!("api create {INVOICES} --name Invoices")).ok();
        shell.call(&format!("api create {INVOICES} --name Invoices")).fails(5, "AS-3001 ");
        shell.call(&format!("api create {INVOICES}/ --name Invoices")).fails(5, "AS-3001 ");
        for resource in ["invoices", "https://INVOICES.example.com", "https://a.example/#x", "https://a.example:443"] {
            shell.call(&format!("api create {resource} --name Invoices")).fails(2, "AS-3003 resource");
        }
        for (flags, field) in [
            ("--name \u{202e}x", "name"),
            ("--name x --scope openid=Know~you", "scopes[0]"),
            ("--name x --scope a,b=Words", "scopes[0]"),
            ("--name x --scope a=", "scopes[0].sentence"),
            ("--name x --access-token-lifetime 2d", "access_token_lifetime"),
            ("--name x --max-authentication-age 400d", "max_authentication_age"),
            ("--name x --acr-value 1 --acr-value 1", "acr_values[1]"),
            ("--name x --metadata-path a", "metadata_path"),
            ("--name x --public --metadata-path ../a", "metadata_path"),
        ] {
            shell.call(&format!("api create https://b.example {flags}")).fails(2, &format!("AS-3003 {field}"));
        }
        let hosted = "--public --metadata-path hosted/mcp";
        shell.call(&format!("api create https://one.example --name One {hosted}")).ok();
        let taken = "AS-3001 the metadata_path hosted/mcp is taken";
        shell.call(&format!("api create https://two.example --name Two {hosted}")).fails(5, taken);
        shell.call("api create https://two.example --name Two").ok();
        shell.call(&format!("api update https://two.example {hosted}")).fails(5, taken);
        shell.call("api update https://one.example --metadata-path hosted/one").ok();
        shell.call(&format!("api update https://two.example {hosted}")).ok();
        shell.call("api update https://one.example --metadata-path hosted/mcp").fails(5, taken);
        shell.call("api delete https://two.example --yes").ok();
        shell.call("api update https://one.example --metadata-path hosted/mcp").ok();
        shell.call("api delete https://one.example --yes").ok();
        shell.call("api update https://b.example --name x").fails(3, "AS-3002 ");
        shell.call(&format!("api scope remove {INVOICES} nothing")).fails(3, "AS-3002 there is no scope nothing");
        shell.call("api scope add https://b.example a Words").fails(3, "AS-3002 ");
        shell.call("api delete https://b.example --yes").fails(3, "AS-3002 ");
    }
}

#[test]
fn a_type_of_authorization_details_has_a_schema_that_is_understood() {
    let file = |name: &str, text: &str| {
        let path = std::env::temp_dir().join(format!("symbolon-cli-{}-{name}.json", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let good = file("good", r#"{"type": "object", "properties": {"amount": {"type": "integer"}}}"#);
    let strange = file("strange", r#"{"properties": {"iban": {"pattern": "^DE"}}}"#);
    let broken = file("broken", "{");
    for shell in Shell::each() {
        let verb = "authorization-details-type";
        let made = shell.call(&format!("{verb} create payment --name Payment --schema-file {good} --json")).json();
        assert_eq!((&made["type"], &made["schema"]["type"]), (&"payment".into(), &"object".into()));
        shell.call(&format!("{verb} create payment --name Payment --schema-file {good}")).fails(5, "AS-3001 ");
        shell
            .call(&format!("{verb} create other --name Other --schema-file {strange}"))
            .fails(2, "AS-3003 schema: properties.iban.pattern: this keyword is not supported");
        shell.call(&format!("{verb} create other --name Other --schema-file {broken}")).fails(2, "broken.json");
        shell.call(&format!("{verb} create a~b --name Other --schema-file {good}")).fails(2, "AS-3003 type");
        shell.call(&format!("{verb} update payment --name Transfer")).ok();
        shell.call(&format!("{verb} update payment --schema-file {strange}")).fails(2, "AS-3003 schema");
        let found = shell.call(&format!("{verb} get payment --json")).json();
        assert_eq!((&found["name"], &found["version"]), (&"Transfer".into(), &2.into()));
        assert!(shell.call(&format!("{verb} list")).ok().contains("Transfer"));
        shell.call(&format!("{verb} delete payment")).fails(2, "--yes");
        shell.call(&format!("{verb} delete payment --yes")).ok();
        shell.call(&format!("{verb} get payment")).fails(3, "AS-3002 there is no authorization details type payment");
        shell.call(&format!("{verb} update payment --name x")).fails(3, "AS-3002 ");
    }
}
