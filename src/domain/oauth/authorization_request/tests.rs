//! Tests of `authorization_request`.

use super::*;
use crate::oauth::GrantType;
use crate::{
    entity::ClientKind,
    oauth::fixtures::{client, codes, strings, web},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A parameter to set, or to remove.
type Change = (&'static str, Option<&'static str>);

/// A good request of [`web`], with these parameters set, or removed by `None`.
fn params(changes: &[Change]) -> Params {
    let mut pairs = vec![
        ("client_id", "app"),
        ("redirect_uri", "https://app.example/callback"),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| (*name, value)));
    }
    Params::from_pairs(&pairs).expect("well-formed")
}

/// Where nobody can sign up.
fn validate(params: &Params, client: Option<&Client>) -> Result<ValidRequest, AuthorizeError> {
    super::validate(params, client, SignUpMode::Off)
}

fn granted(changes: &[Change]) -> AuthorizationRequest {
    validate(&params(changes), Some(&web())).unwrap_or_else(|error| panic!("{error:?}")).request
}

fn redirected(result: Result<ValidRequest, AuthorizeError>) -> RedirectError {
    match result {
        Err(AuthorizeError::Redirect(error)) => *error,
        Err(AuthorizeError::Page(error)) => panic!("a page: {error:?}"),
        Ok(_) => panic!("granted"),
    }
}

fn paged(result: Result<ValidRequest, AuthorizeError>) -> OAuthError {
    match result {
        Err(AuthorizeError::Page(error)) => error,
        Err(AuthorizeError::Redirect(error)) => panic!("a redirect: {error:?}"),
        Ok(_) => panic!("granted"),
    }
}

#[test]
fn a_good_request_is_read_completely_and_survives_storage() {
    let changes = [
        ("prompt", Some("login consent login")),
        ("max_age", Some("0")),
        ("response_mode", Some("form_post")),
        ("acr_values", Some("1  2")),
        ("login_hint", Some("buffy@id.example")),
        ("ui_locales", Some("se x-nonsense")),
        ("display", Some("holographic")),
        ("id_token_hint", Some("a.b.c")),
        ("claims", Some(r#"{"userinfo":{"name":{"essential":true}}}"#)),
        ("extra", Some("foobar")),
    ];
    let valid = validate(&params(&changes), Some(&web())).unwrap_or_else(|error| panic!("{error:?}"));
    let request = valid.request;
    assert_eq!(valid.redirect.as_str(), "https://app.example/callback");
    assert_eq!((request.client_id.as_str(), request.redirect_uri.as_str()), ("app", "https://app.example/callback"));
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!((request.state.as_deref(), request.nonce.as_deref()), (Some("st"), Some("no")));
    assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    assert_eq!(request.prompt, [Prompt::Login, Prompt::Consent]);
    assert!(request.has_prompt(Prompt::Login) && !request.has_prompt(Prompt::None));
    assert_eq!(request.max_age, Some(0));
    assert_eq!(request.acr_values, ["1", "2"]);
    assert_eq!(request.login_hint.as_deref(), Some("buffy@id.example"));
    assert_eq!(request.ui_locales.as_deref(), Some("se x-nonsense"));
    assert_eq!(request.display.as_deref(), Some("holographic"));
    assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));
    assert!(request.claims.is_some() && request.is_openid());
    let stored = serde_json::to_string(&request).expect("serializable");
    assert!(serde_json::from_str::<AuthorizationRequest>(&stored).is_ok_and(|restored| restored == request));
}

#[test]
fn an_unknown_a_disabled_and_a_mixed_up_client_get_the_same_page() {
    let mut disabled = web();
    disabled.enabled = false;
    let mut other = web();
    other.client_id = ClientId::new("other");
    for client in [None, Some(&disabled), Some(&other)] {
        assert_eq!(codes(&paged(validate(&params(&[]), client))), ("invalid_request", "AS-1001"));
    }
}

#[test]
fn nothing_is_redirected_before_client_and_address_are_certain() {
    let table: [(&[Change], &str); 5] = [
        (&[("client_id", None)], "AS-1000"),
        (&[("redirect_uri", None)], "AS-1002"),
        (&[("redirect_uri", Some("https://app.example/callback/x"))], "AS-1003"),
        (&[("redirect_uri", Some("https://app.example/callback?x=1")), ("response_type", None)], "AS-1003"),
        (&[("redirect_uri", Some("javascript:alert(1)")), ("request", Some("x"))], "AS-1003"),
    ];
    for (changes, reason) in table {
        let error = paged(validate(&params(changes), Some(&web())));
        assert_eq!(codes(&error), ("invalid_request", reason));
        assert_eq!(error.code.status(), 400);
    }
}

#[test]
fn every_other_refusal_is_redirected_with_the_state() {
    for (name, value, code, reason, rule) in [
        ("request", Some("eyJ"), "invalid_request_object", "AS-1056", "request_object"),
        ("request_uri", Some("urn:x"), "invalid_request_object", "AS-1056", "request_object"),
        ("registration", Some("{}"), "registration_not_supported", "AS-1027", "request_object"),
        ("response_type", None, "invalid_request", "AS-1006", "response_type"),
        ("response_type", Some("none"), "unsupported_response_type", "AS-1007", "response_type"),
        ("response_type", Some("code code"), "unsupported_response_type", "AS-1007", "response_type"),
        ("response_type", Some("Code"), "unsupported_response_type", "AS-1007", "response_type"),
        ("response_type", Some("id_token"), "unsupported_response_type", "AS-1007", "response_type"),
        ("response_mode", Some("web_message"), "invalid_request", "AS-1008", "response_mode"),
        ("code_challenge", None, "invalid_request", "AS-1301", "pkce"),
        ("code_challenge", Some("short"), "invalid_request", "AS-1303", "pkce"),
        ("code_challenge_method", None, "invalid_request", "AS-1302", "pkce"),
        ("code_challenge_method", Some("plain"), "invalid_request", "AS-1302", "pkce"),
        ("prompt", Some("create"), "invalid_request", "AS-1011", "prompt"),
        ("prompt", Some("None"), "invalid_request", "AS-1011", "prompt"),
        ("prompt", Some("none login"), "invalid_request", "AS-1012", "prompt"),
        ("max_age", Some("-1"), "invalid_request", "AS-1013", "max_age"),
        ("max_age", Some("+1"), "invalid_request", "AS-1013", "max_age"),
        ("max_age", Some("1.5"), "invalid_request", "AS-1013", "max_age"),
        ("max_age", Some("99999999999999999999"), "invalid_request", "AS-1013", "max_age"),
        ("scope", Some("openid,email"), "invalid_scope", "AS-1009", "scope"),
        ("scope", Some("openid admin"), "invalid_scope", "AS-1010", "scope"),
        ("resource", Some("api"), "invalid_target", "AS-1070", "resource"),
        ("resource", Some("https://api.example/#x"), "invalid_target", "AS-1070", "resource"),
        ("authorization_details", Some("[]"), "invalid_authorization_details", "AS-1080", "authorization_details"),
        ("dpop_jkt", Some("x"), "invalid_request", "AS-1229", "dpop_jkt"),
        ("claims", Some("[]"), "invalid_request", "AS-1026", "claims"),
    ] {
        let error = redirected(validate(&params(&[(name, value)]), Some(&web())));
        assert_eq!(codes(&error.error), (code, reason), "{name}={value:?}");
        let mode = if value == Some("id_token") { ResponseMode::Fragment } else { ResponseMode::Query };
        assert_eq!((error.state.as_deref(), error.mode, error.rule), (Some("st"), mode, rule), "{name}");
        assert_eq!(error.to.as_str(), "https://app.example/callback");
        assert!(rules().any(|known| known == rule));
    }
}

#[test]
fn a_client_without_the_code_grant_is_refused() {
    let mut client = web();
    client.settings.grant_types = vec![GrantType::ClientCredentials];
    let error = redirected(validate(&params(&[]), Some(&client)));
    assert_eq!(codes(&error.error), ("unauthorized_client", "AS-1024"));
    assert_eq!(AuthorizeError::Redirect(Box::new(error)).error().reason.code(), "AS-1024");
}

#[test]
fn a_refusal_honours_the_response_mode_or_the_default_of_the_type_asked_for() {
    for (changes, mode) in [
        ([("response_type", Some("token")), ("extra", None)], ResponseMode::Fragment),
        ([("response_type", Some("code id_token")), ("extra", None)], ResponseMode::Fragment),
        ([("response_type", Some("token")), ("response_mode", Some("form_post"))], ResponseMode::FormPost),
        ([("prompt", Some("x")), ("response_mode", Some("form_post"))], ResponseMode::FormPost),
        ([("prompt", Some("x")), ("response_mode", Some("fragment"))], ResponseMode::Fragment),
        ([("response_type", None), ("response_mode", Some("fragment"))], ResponseMode::Fragment),
        ([("prompt", Some("x")), ("response_mode", Some("nonsense"))], ResponseMode::Query),
        ([("prompt", Some("x")), ("response_mode", Some("jwt"))], ResponseMode::QueryJwt),
        ([("response_type", None), ("response_mode", Some("jwt"))], ResponseMode::QueryJwt),
        ([("response_type", Some("id_token")), ("response_mode", Some("jwt"))], ResponseMode::FragmentJwt),
        ([("response_type", Some("code token")), ("response_mode", Some("query"))], ResponseMode::Fragment),
        ([("response_type", Some("id_token")), ("response_mode", Some("query.jwt"))], ResponseMode::FragmentJwt),
        ([("response_type", Some("id_token")), ("response_mode", Some("form_post.jwt"))], ResponseMode::FormPostJwt),
    ] {
        assert_eq!(redirected(validate(&params(&changes), Some(&web()))).mode, mode, "{changes:?}");
    }
}

#[test]
fn a_state_that_cannot_come_back_byte_by_byte_is_refused_and_not_echoed() {
    let longest: &'static str = Box::leak("s".repeat(4096).into_boxed_str());
    let too_long: &'static str = Box::leak("s".repeat(4097).into_boxed_str());
    assert_eq!(granted(&[("state", Some(longest))]).state.as_deref(), Some(longest));
    assert_eq!(granted(&[("state", Some("x"))]).state.as_deref(), Some("x"));
    assert_eq!(granted(&[("state", None)]).state, None);
    for state in [too_long, "a\r\nb", "a\tb"] {
        let error = redirected(validate(&params(&[("state", Some(state)), ("response_type", None)]), Some(&web())));
        assert_eq!((codes(&error.error), error.state), (("invalid_request", "AS-1005"), None));
    }
}

#[test]
fn a_nonce_is_refused_rather_than_cut() {
    let longest: &'static str = Box::leak("n".repeat(1024).into_boxed_str());
    let too_long: &'static str = Box::leak("n".repeat(1025).into_boxed_str());
    assert_eq!(granted(&[("nonce", Some(longest))]).nonce.as_deref(), Some(longest));
    assert_eq!(granted(&[("nonce", None)]).nonce, None);
    let error = redirected(validate(&params(&[("nonce", Some(too_long))]), Some(&web())));
    assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1005"), "nonce"));
}

#[test]
fn without_openid_what_only_openid_means_is_ignored() {
    let request = granted(&[("scope", Some("email")), ("claims", Some("not json"))]);
    assert!(!request.is_openid());
    assert_eq!((request.nonce, request.claims), (None, None));
    assert_eq!(granted(&[("scope", None)]).scope, Vec::<String>::new());
}

#[test]
fn offline_access_is_kept_where_it_has_an_effect_and_otherwise_dropped_never_refused() {
    let request = params(&[("scope", Some("openid offline_access"))]);
    let scope_for =
        |client: &Client| validate(&request, Some(client)).unwrap_or_else(|e| panic!("{e:?}")).request.scope;
    assert_eq!(scope_for(&web()), ["openid", "offline_access"]);
    let mut without_grant = web();
    without_grant.settings.grant_types = vec![GrantType::AuthorizationCode];
    assert_eq!(scope_for(&without_grant), ["openid"]);
    let mut without_scope = web();
    without_scope.settings.scope = strings(&["openid"]);
    assert_eq!(scope_for(&without_scope), ["openid"]);
}

#[test]
fn the_first_broken_rule_wins() {
    let all = [("request", Some("x")), ("response_type", None), ("prompt", Some("x")), ("scope", Some("a,b"))];
    let reasons =
        (0..all.len()).map(|from| redirected(validate(&params(&all[from..]), Some(&web()))).error.reason.code());
    assert_eq!(reasons.collect::<Vec<_>>(), ["AS-1056", "AS-1006", "AS-1011", "AS-1009"]);
}

#[test]
fn a_native_client_is_answered_at_the_port_it_sent() {
    let native = client(ClientKind::Native, &["http://127.0.0.1/cb"]);
    let request = params(&[("redirect_uri", Some("http://127.0.0.1:51004/cb"))]);
    let valid = validate(&request, Some(&native)).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(valid.request.redirect_uri, "http://127.0.0.1:51004/cb");
    assert_eq!(SafeRedirect::restored(&native, &valid.request.redirect_uri), Ok(valid.redirect));
}

#[test]
fn the_default_age_of_the_client_stands_unless_the_request_names_one() {
    let mut client = web();
    client.settings.default_max_age = Some(300);
    let age = |changes| validate(&params(changes), Some(&client)).unwrap_or_else(|e| panic!("{e:?}")).request.max_age;
    assert_eq!(age(&[]), Some(300));
    assert_eq!(age(&[("max_age", Some("15000"))]), Some(15000));
    assert_eq!(granted(&[]).max_age, None);
    client.settings.default_acr_values = vec!["1".to_owned()];
    let acr = |changes| {
        validate(&params(changes), Some(&client)).unwrap_or_else(|e| panic!("{e:?}")).request.acr_values.join(" ")
    };
    assert_eq!(acr(&[]), "1");
    assert_eq!(acr(&[("acr_values", Some("9 8"))]), "9 8");
    assert!(granted(&[]).acr_values.is_empty());
}

#[test]
fn an_account_can_be_asked_for_where_people_may_create_one() {
    let open = |prompt| super::validate(&params(&[("prompt", Some(prompt))]), Some(&web()), SignUpMode::Open);
    let prompts = |prompt| open(prompt).unwrap_or_else(|error| panic!("{error:?}")).request.prompt;
    assert_eq!(prompts("create"), [Prompt::Create]);
    assert_eq!(prompts("login create create"), [Prompt::Login, Prompt::Create]);
    assert_eq!(codes(&redirected(open("none create")).error), ("invalid_request", "AS-1012"));
    for unknown in ["Create", "create,login", "created"] {
        assert_eq!(codes(&redirected(open(unknown)).error), ("invalid_request", "AS-1011"), "{unknown}");
    }
    // Before anything that is checked later, as any value that is not known.
    for prompt in ["create", "login create", "none create"] {
        let error = redirected(validate(&params(&[("prompt", Some(prompt)), ("max_age", Some("x"))]), Some(&web())));
        assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1011"), "prompt"), "{prompt}");
    }
    assert!(Prompt::ALL.iter().all(|prompt| prompt.is_offered(SignUpMode::Open)));
    assert!(!Prompt::Create.is_offered(SignUpMode::Off) && Prompt::Login.is_offered(SignUpMode::Off));
}

#[test]
fn the_names_of_the_prompts_are_found_again() {
    for prompt in Prompt::ALL {
        assert_eq!(Prompt::from_name(prompt.name()), Some(prompt));
        assert_eq!(serde_json::to_value(prompt).expect("a string"), prompt.name());
    }
}

/// [`web`], registered for everything.
fn hybrid() -> Client {
    let mut client = web();
    client.settings.grant_types.push(GrantType::Implicit);
    client.settings.response_types = ResponseType::ALL.to_vec();
    client
}

#[test]
fn no_key_is_named_for_an_access_token_through_the_browser() {
    const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    for response_type in ResponseType::ALL {
        let changes = [("response_type", Some(response_type.name())), ("dpop_jkt", Some(THUMBPRINT))];
        let result = validate(&params(&changes), Some(&hybrid()));
        if response_type.has_access_token() {
            let error = redirected(result);
            assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1028"), "dpop_jkt"));
            assert_eq!(error.mode, ResponseMode::Fragment, "{response_type:?}");
        } else {
            let Ok(valid) = result else { panic!("{response_type:?}") };
            assert_eq!(valid.request.dpop_jkt.as_deref(), Some(THUMBPRINT), "{response_type:?}");
        }
    }
}

/// Behaviours 32 and 33.
#[test]
fn a_nonce_is_required_where_an_id_token_comes_through_the_browser() {
    for response_type in ResponseType::ALL {
        let changes = [("response_type", Some(response_type.name())), ("nonce", None)];
        let result = validate(&params(&changes), Some(&hybrid()));
        if response_type.has_id_token() {
            let error = redirected(result);
            assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1030"), "nonce"));
            assert_eq!(error.mode, ResponseMode::Fragment);
            let changes = [("response_type", Some(response_type.name())), ("nonce", Some(""))];
            assert_eq!(redirected(validate(&params(&changes), Some(&hybrid()))).error.reason.code(), "AS-1030");
        } else {
            assert!(result.is_ok_and(|valid| valid.request.nonce.is_none()), "{response_type:?}");
        }
    }
}

#[test]
fn an_id_token_needs_the_scope_openid() {
    for response_type in ResponseType::ALL {
        for scope in [None, Some("email")] {
            let changes = [("response_type", Some(response_type.name())), ("scope", scope)];
            let result = validate(&params(&changes), Some(&hybrid()));
            if response_type.has_id_token() {
                let error = redirected(result);
                assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1031"), "scope"));
            } else {
                assert!(result.is_ok(), "{response_type:?}");
            }
        }
    }
}

/// Behaviours 51 and 208.
#[test]
fn tokens_never_go_into_a_query() {
    for response_type in ResponseType::ALL {
        for mode in ResponseMode::ALL {
            let changes = [("response_type", Some(response_type.name())), ("response_mode", Some(mode.name()))];
            let result = validate(&params(&changes), Some(&hybrid()));
            if response_type.has_tokens() && mode.is_in_query() {
                let error = redirected(result);
                assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1032"), "response_mode"));
                assert_eq!(error.mode, mode.kept_out_of_query());
            } else {
                assert!(result.is_ok_and(|valid| valid.request.response_mode == mode), "{response_type:?} {mode:?}");
            }
        }
        let valid = validate(&params(&[("response_type", Some(response_type.name()))]), Some(&hybrid()));
        let request = valid.unwrap_or_else(|error| panic!("{error:?}")).request;
        assert_eq!(request.response_type, response_type);
        assert_eq!(request.response_mode, ResponseMode::default_for(response_type.has_tokens()));
    }
}

/// Behaviour 208: a client may be held to signed answers.
#[test]
fn a_client_may_be_held_to_some_response_modes() {
    let mut client = hybrid();
    client.settings.response_modes = vec![ResponseMode::QueryJwt, ResponseMode::Fragment];
    for (response_type, mode, allowed) in [
        ("code", None, false),
        ("code", Some("query"), false),
        ("code", Some("form_post.jwt"), false),
        ("code", Some("jwt"), true),
        ("code", Some("query.jwt"), true),
        ("code id_token", None, true),
        ("code id_token", Some("jwt"), false),
    ] {
        let changes = [("response_type", Some(response_type)), ("response_mode", mode)];
        match validate(&params(&changes), Some(&client)) {
            Ok(_) => assert!(allowed, "{response_type} {mode:?}"),
            Err(AuthorizeError::Redirect(error)) => {
                assert_eq!((codes(&error.error), error.rule), (("invalid_request", "AS-1033"), "response_mode"));
                assert!(!allowed, "{response_type} {mode:?}");
            }
            Err(AuthorizeError::Page(error)) => panic!("a page: {error:?}"),
        }
    }
}

#[test]
fn each_response_type_needs_its_registration_and_its_grants() {
    for response_type in ResponseType::ALL {
        let request = params(&[("response_type", Some(response_type.name()))]);
        let mut client = hybrid();
        client.settings.response_types.retain(|known| *known != response_type);
        let error = redirected(validate(&request, Some(&client)));
        assert_eq!(codes(&error.error), ("unsupported_response_type", "AS-1007"), "{response_type:?}");
        for grant in [GrantType::AuthorizationCode, GrantType::Implicit] {
            let mut client = hybrid();
            client.settings.grant_types.retain(|known| *known != grant);
            let result = validate(&request, Some(&client));
            if response_type.grant_types().any(|needed| needed == grant) {
                assert_eq!(codes(&redirected(result).error), ("unauthorized_client", "AS-1024"), "{response_type:?}");
            } else {
                assert!(result.is_ok(), "{response_type:?} without {grant:?}");
            }
        }
    }
}

#[test]
fn without_a_code_there_is_no_challenge_and_no_offline_access() {
    let mut client = hybrid();
    client.settings.scope = strings(&["openid", "offline_access"]);
    for response_type in ResponseType::ALL {
        let named = Some(response_type.name());
        let without = params(&[
            ("response_type", named),
            ("scope", Some("openid offline_access")),
            ("code_challenge", None),
            ("code_challenge_method", None),
        ]);
        let result = validate(&without, Some(&client));
        if response_type.has_code() {
            assert_eq!(codes(&redirected(result).error), ("invalid_request", "AS-1301"), "{response_type:?}");
        } else {
            let request = result.unwrap_or_else(|error| panic!("{error:?}")).request;
            assert_eq!((request.scope, request.code_challenge), (strings(&["openid"]), None));
            // Junk that means nothing is not looked at.
            let junk = params(&[("response_type", named), ("scope", Some("openid")), ("code_challenge", Some("x"))]);
            assert!(validate(&junk, Some(&client)).is_ok());
        }
    }
}

#[test]
fn what_a_client_may_no_longer_be_answered_with_is_refused_at_the_end_too() {
    let changes = [("response_type", Some("code id_token")), ("response_mode", Some("form_post"))];
    let request = validate(&params(&changes), Some(&hybrid())).unwrap_or_else(|error| panic!("{error:?}")).request;
    assert_eq!(check_response_allowed(&hybrid(), &request), Ok(()));
    let mut without_challenge = request.clone();
    without_challenge.code_challenge = None;
    let refused = |change: fn(&mut Client)| {
        let mut client = hybrid();
        change(&mut client);
        codes(&check_response_allowed(&client, &request).expect_err("refused")).1
    };
    assert_eq!(refused(|client| client.settings.response_types = vec![ResponseType::Code]), "AS-1007");
    assert_eq!(refused(|client| client.settings.response_modes = vec![ResponseMode::Fragment]), "AS-1033");
    assert_eq!(refused(|client| client.settings.grant_types = vec![GrantType::AuthorizationCode]), "AS-1024");
    let error = check_response_allowed(&hybrid(), &without_challenge).expect_err("refused");
    assert_eq!(codes(&error).1, "AS-1301");
}

#[test]
fn a_class_of_authentication_that_is_never_reached_is_refused_before_any_page() {
    let demanded = Some(r#"{"id_token":{"acr":{"essential":true,"values":["9"]}}}"#);
    let error = redirected(validate(&params(&[("claims", demanded)]), Some(&web())));
    assert_eq!((codes(&error.error), error.rule), (("unmet_authentication_requirements", "AS-1034"), "claims"));
    for wished in
        [r#"{"id_token":{"acr":{"essential":true,"values":["9","1"]}}}"#, r#"{"id_token":{"acr":{"values":["9"]}}}"#]
    {
        assert!(granted(&[("claims", Some(wished)), ("acr_values", Some("9"))]).claims.is_some());
    }
}

#[test]
fn a_dialogue_that_began_before_there_was_a_choice_is_about_a_code() {
    let mut stored = serde_json::to_value(granted(&[])).expect("an object");
    assert_eq!(stored["response_mode"], "query");
    stored.as_object_mut().expect("an object").remove("response_type");
    let restored: AuthorizationRequest = serde_json::from_value(stored).expect("readable");
    assert_eq!(restored.response_type, ResponseType::Code);
}

#[test]
fn what_a_client_may_no_longer_send_in_the_open_is_refused_at_the_end_too() {
    let request = granted(&[]);
    let refused = |request: &AuthorizationRequest, change: fn(&mut Client)| {
        let mut client = web();
        change(&mut client);
        check_source_allowed(&client, request).err().map(|error| codes(&error).1)
    };
    let pushes: fn(&mut Client) = |client| client.settings.require_pushed_authorization_requests = true;
    let signs: fn(&mut Client) = |client| client.settings.require_signed_request_object = true;
    assert_eq!(check_source_allowed(&web(), &request), Ok(()));
    assert_eq!(refused(&request, pushes), Some("AS-1045"));
    assert_eq!(refused(&request, signs), Some("AS-1059"));
    let signed = AuthorizationRequest { signed: true, ..request.clone() };
    assert_eq!((refused(&signed, signs), refused(&signed, pushes)), (None, Some("AS-1045")));
    let pushed = AuthorizationRequest { pushed_request: Some(PushedRequestId::new("p")), ..request };
    assert_eq!((refused(&pushed, signs), refused(&pushed, pushes)), (None, None));
}
