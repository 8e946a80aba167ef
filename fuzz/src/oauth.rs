//! What a stranger sends to an OAuth endpoint: forms, queries, credentials, client metadata.

use symbolon_domain::{
    Timestamp,
    entity::{Client, ClientKind, ClientSettings, DeferredKind, Owner},
    ids::ClientId,
    oauth::{
        self, BackchannelRequest, ClientCredentialsRequest, CodeExchange, ExchangeRequest, GrantType, Granted,
        JwtBearerRequest, Narrowing, Params, Presented, RefreshRequest, ResponseType, SafeRedirect, check_assertion,
        check_registrable, check_settings, parse_deferred_code, parse_grant_type, parse_scope, validate,
    },
    oidc::{claims::ClaimsRequest, sign_up::SignUpMode},
};

/// A client that may do much.
pub fn client(redirect_uris: Vec<String>) -> Client {
    let mut settings = ClientSettings::of_kind(ClientKind::Web);
    settings.redirect_uris = redirect_uris;
    settings.grant_types.push(GrantType::Implicit);
    settings.response_types = ResponseType::ALL.to_vec();
    Client {
        client_id: ClientId::new("web"),
        name: "Web".to_owned(),
        kind: ClientKind::Web,
        enabled: true,
        settings,
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// Forms and queries: no name comes twice but those that may, and none is empty.
pub fn params(data: &[u8]) {
    if let Ok(params) = Params::parse(data) {
        let exchange = params.find("grant_type") == Some(GrantType::TokenExchange.name());
        let may_repeat = |name: &str| name == "resource" || (exchange && name == "audience");
        let mut names: Vec<&str> = params.names().filter(|name| !may_repeat(name)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| !name.is_empty()));
    }
}

/// The authorization endpoint: whatever is redirected goes to the registered address.
pub fn authorization_request(data: &[u8]) {
    const REGISTERED: &str = "https://web.example/callback?a=b";
    let mut encoded = b"client_id=web&redirect_uri=https%3A%2F%2Fweb.example%2Fcallback%3Fa%3Db&".to_vec();
    encoded.extend_from_slice(data);
    let client = client(vec![REGISTERED.to_owned()]);
    let Ok(params) = Params::parse(&encoded) else { return };
    match validate(&params, Some(&client), SignUpMode::Open) {
        Ok(valid) => {
            assert_eq!(valid.redirect.as_str(), REGISTERED);
            let request = &valid.request;
            assert!(!(request.response_type.has_tokens() && request.response_mode.is_in_query()));
            let granted = Granted { code: Some("code"), ..Granted::default() };
            let parameters = oauth::success(&granted, request.state.as_deref());
            drop(parameters.plain(&valid.redirect, request.response_mode, "https://id.example"));
        }
        Err(oauth::AuthorizeError::Redirect(refused)) => assert_eq!(refused.to.as_str(), REGISTERED),
        Err(oauth::AuthorizeError::Page(_)) => {}
    }
}

/// The Authorization header, then a line break, then the form.
pub fn client_credentials(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, form) = data.split_at(end);
    let Ok(params) = Params::parse(form.get(1..).unwrap_or_default()) else { return };
    let header = text(header);
    drop(Presented::parse((!header.is_empty()).then_some(header), &params));
}

/// The claims of an assertion whose signature held.
pub fn client_assertion(data: &[u8]) {
    drop(oauth::unverified_subject(text(data)));
    let Ok(serde_json::Value::Object(claims)) = serde_json::from_slice(data) else { return };
    let now = Timestamp::from_seconds(1_700_000_000);
    drop(check_assertion(&ClientId::new("web"), &claims, &["https://id.example".to_owned()], now));
}

/// A client's metadata as a document.
pub fn client_settings(data: &[u8]) {
    let Ok(settings) = serde_json::from_slice::<ClientSettings>(data) else { return };
    for kind in ClientKind::ALL {
        if check_settings(kind, &settings).is_ok() {
            for uri in &settings.redirect_uris {
                assert!(check_registrable(kind, uri).is_ok());
            }
        }
    }
}

/// Redirect URIs at registration and when they are used: what is registered is matched by itself alone.
pub fn redirect_uri(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (registered, rest) = data.split_at(end);
    let (registered, sent) = (text(registered), text(rest.get(1..).unwrap_or_default()));
    if check_registrable(ClientKind::Web, registered).is_err() {
        return;
    }
    let client = client(vec![registered.to_owned()]);
    assert!(SafeRedirect::matched(&client, Some(registered)).is_ok());
    if let Ok(redirect) = SafeRedirect::matched(&client, Some(sent)) {
        assert_eq!(redirect.as_str(), registered);
        let answered = redirect.with_query(&[("code", sent), ("state", "a b")]);
        assert!(answered.starts_with(registered) && answered.is_ascii());
    }
}

/// A scope parameter.
pub fn scope(data: &[u8]) {
    if let Ok(scopes) = parse_scope(text(data)) {
        assert!(scopes.iter().all(|scope| !scope.is_empty() && !scope.contains(' ')));
    }
}

/// The claims parameter.
pub fn claims_request(data: &[u8]) {
    if let Ok(request) = ClaimsRequest::parse(text(data)) {
        drop((request.scope(), request.requested_subject()));
    }
}

/// What a client asks for over the back channel: what is shown is short and plain.
pub fn backchannel_request(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let mut client = client(Vec::new());
    client.settings.grant_types.push(GrantType::Ciba);
    if let Ok(request) = BackchannelRequest::parse(&params, &client) {
        let shown = request.binding_message.unwrap_or_default();
        assert!(shown.len() <= 64 && shown.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        assert!((1..=3600).contains(&request.lifetime));
    }
}

/// The forms of the token endpoint.
pub fn token_request(data: &[u8]) {
    let Ok(params) = Params::parse(data) else { return };
    let _ = parse_grant_type(&params, &client(Vec::new()));
    drop(CodeExchange::parse(&params));
    drop(RefreshRequest::parse(&params));
    drop(ClientCredentialsRequest::parse(&params));
    drop(ExchangeRequest::parse(&params));
    drop(JwtBearerRequest::parse(&params));
    drop(Narrowing::parse(&params));
    for kind in [DeferredKind::Device, DeferredKind::Backchannel] {
        drop(parse_deferred_code(&params, kind));
    }
}
