//! Turns what the playground knows into what its pages show.

use crate::{
    domain::{Issuer, trace::Reason},
    http::{
        context::RequestContext,
        pages::context::{
            Command, DevAction, DevClient, DevError, DevHome, DevRefused, DevResult, DevUser, Href, TokenView,
        },
    },
    service::playground::{
        BrowserKey, Fault, Refusal, ServerError, Shown, Tokens, sample,
        token::{Decoded, in_words},
    },
};

/// `/dev`.
pub(super) fn home(context: &RequestContext, key: &BrowserKey, signed_out: bool) -> DevHome {
    let issuer = &context.state.services.issuer;
    DevHome {
        issuer: issuer.as_str().to_owned(),
        discovery_url: Href::below(issuer, "/.well-known/openid-configuration"),
        docs_url: Href::below(issuer, "/docs/errors"),
        sign_in_url: issuer.join("/dev/sign-in"),
        notice: signed_out.then(|| "Signed out.".to_owned()),
        csrf: key.csrf(),
        default_scope: sample::DEFAULT_SCOPE.to_owned(),
        prompts: texts(&["login", "consent", "select_account", "none"]),
        // Not fragment: a fragment never reaches a server, and this page runs no scripts.
        response_modes: texts(&["query", "form_post"]),
        clients: sample::CLIENTS.iter().map(|client| describe(client, issuer)).collect(),
        users: sample::PEOPLE
            .iter()
            .map(|person| DevUser::new(person.username, person.email, sample::PASSWORD))
            .collect(),
        samples: samples(issuer),
    }
}

fn describe(client: &sample::SampleClient, issuer: &Issuer) -> DevClient {
    let elsewhere = client.elsewhere.iter().map(|uri| (*uri).to_owned());
    let redirect_uris: Vec<String> = client.redirect_uri(issuer).into_iter().chain(elsewhere).collect();
    let authentication = match (client.confidential, redirect_uris.is_empty()) {
        (true, true) => "its secret (client_secret_basic)",
        (true, false) => "its secret (client_secret_basic) and PKCE",
        (false, _) => "PKCE only",
    };
    DevClient {
        id: client.id.to_owned(),
        kind: client.kind.to_owned(),
        secret: client.confidential.then(|| sample::SECRET.to_owned()),
        authentication: authentication.to_owned(),
        redirect_uris,
        scope: Some(client.scope.to_owned()),
        can_sign_in: client.callback.is_some(),
    }
}

fn samples(issuer: &Issuer) -> Vec<Command> {
    let command = |what: &str, command: String| Command { what: what.to_owned(), command };
    let secret = sample::SECRET;
    vec![
        command(
            "An access token for a machine",
            format!(
                "curl -s {} -u demo-m2m:{secret} -d grant_type=client_credentials -d scope=demo.read",
                issuer.join("/oauth2/token"),
            ),
        ),
        command(
            "What a token is worth",
            format!("curl -s {} -u demo-web:{secret} -d token=ACCESS_TOKEN", issuer.join("/oauth2/introspect")),
        ),
        command(
            "Who a token is about",
            format!("curl -s {} -H 'Authorization: Bearer ACCESS_TOKEN'", issuer.join("/oauth2/userinfo")),
        ),
        command("The discovery document", format!("curl -s {}", issuer.join("/.well-known/openid-configuration"))),
    ]
}

/// `/dev/result`.
pub(super) fn result(context: &RequestContext, key: &BrowserKey, shown: &Shown) -> DevResult {
    let issuer = &context.state.services.issuer;
    let tokens = shown.tokens.as_ref();
    DevResult {
        heading: heading(shown),
        home_url: issuer.join("/dev"),
        csrf: key.csrf(),
        client_id: shown.client.id.to_owned(),
        scope: tokens.and_then(|tokens| tokens.scope.clone()),
        error: shown.error.as_ref().map(|error| server_error(issuer, error)),
        actions: tokens.map(|tokens| actions(issuer, shown.client, tokens)).unwrap_or_default(),
        id_token: tokens.and_then(|tokens| tokens.id_token.as_ref()).map(|token| signed(token.expose(), None)),
        access_token: tokens.map(|tokens| signed(tokens.access_token.expose(), tokens.expires_in)),
        refresh_token: tokens.and_then(|tokens| tokens.refresh_token.as_ref()).map(|token| TokenView {
            raw: token.expose().clone(),
            header: None,
            claims: None,
            note: Some("opaque, used once".to_owned()),
        }),
        userinfo: shown.userinfo.as_ref().map(pretty),
        introspection: shown.introspection.as_ref().map(pretty),
    }
}

fn heading(shown: &Shown) -> String {
    let Some(tokens) = &shown.tokens else { return "The server said no".to_owned() };
    let claimed = |claim: &str| {
        let of_userinfo = shown.userinfo.as_ref().and_then(|json| json.get(claim)?.as_str().map(str::to_owned));
        let of_id_token = || Decoded::read(tokens.id_token.as_ref()?.expose())?.text(claim).map(str::to_owned);
        of_userinfo.or_else(of_id_token)
    };
    match claimed("preferred_username").or_else(|| claimed("sub")) {
        Some(name) => format!("Signed in as {name}"),
        None => "Signed in, without an ID token".to_owned(),
    }
}

fn actions(issuer: &Issuer, client: &sample::SampleClient, tokens: &Tokens) -> Vec<DevAction> {
    let post = |id, label, path: &str| DevAction::post(id, label, &issuer.join(path), Vec::new());
    let mut actions = Vec::new();
    if tokens.refresh_token.is_some() {
        actions.push(post("dev-refresh", "Refresh", "/dev/refresh"));
    }
    // Introspection is for those that can authenticate (RFC 7662 §2.1).
    if client.confidential {
        actions.push(post("dev-introspect", "Introspect", "/dev/introspect"));
    }
    actions.push(post("dev-sign-out", "Sign out", "/dev/sign-out"));
    actions
}

fn signed(raw: &str, expires_in: Option<i64>) -> TokenView {
    let decoded = Decoded::read(raw);
    let lifetime = expires_in.or_else(|| decoded.as_ref()?.lifetime()).map(in_words);
    let note = match (&decoded, lifetime) {
        (None, Some(lifetime)) => Some(format!("opaque, {lifetime}")),
        (None, None) => Some("opaque".to_owned()),
        (Some(_), lifetime) => lifetime,
    };
    TokenView {
        raw: raw.to_owned(),
        header: decoded.as_ref().map(|decoded| pretty(&decoded.header)),
        claims: decoded.as_ref().map(|decoded| pretty(&decoded.claims)),
        note,
    }
}

pub(super) fn server_error(issuer: &Issuer, error: &ServerError) -> DevError {
    // Only pages of this server are linked; what a browser brought along may name any other.
    let own = |uri: &&String| uri.starts_with(&issuer.join("/docs/errors/"));
    let docs_url = error.uri.as_ref().filter(own).and_then(|uri| Href::parse(uri)).or_else(|| {
        let code = error.description.as_deref()?.split_once(':')?.0;
        Reason::from_code(code).map(|reason| Href::below(issuer, &format!("/docs/errors/{}", reason.code())))
    });
    DevError {
        code: error.code.clone(),
        description: error.description.clone(),
        trace_id: error.trace_id.clone(),
        docs_url,
    }
}

/// The page of a fault: a refusal of the playground is the caller's (4xx), silence is not (502).
pub(super) fn refused(context: &RequestContext, fault: &Fault) -> DevRefused {
    let issuer = &context.state.services.issuer;
    let own = |code: &str, description: String| DevError {
        code: code.to_owned(),
        description: Some(description),
        trace_id: Some(context.cx.trace_id().as_str().to_owned()),
        docs_url: None,
    };
    let (status, heading, error) = match fault {
        Fault::Refused(refusal) => {
            let (code, description) = in_short(refusal);
            (400, "The playground does not accept this", own(code, description))
        }
        Fault::Server(error) => (400, "The server said no", server_error(issuer, error)),
        Fault::Unreachable(why) => {
            (502, "The server did not answer", own("unreachable", format!("The playground asked the server: {why}.")))
        }
    };
    let result = DevResult {
        heading: heading.to_owned(),
        home_url: issuer.join("/dev"),
        client_id: "the playground".to_owned(),
        error: Some(error),
        ..DevResult::default()
    };
    DevRefused { result, status }
}

fn in_short(refusal: &Refusal) -> (&'static str, String) {
    match refusal {
        Refusal::ClientNotPlayed => {
            ("client_not_played", "The playground signs in as demo-web or demo-spa only.".to_owned())
        }
        Refusal::StateUnknown => (
            "state_unknown",
            "No sign-in of this browser waits for this answer: it was answered before, took longer than an hour, \
             began in another browser, or the cookie is missing."
                .to_owned(),
        ),
        Refusal::IssuerMissing => (
            "iss_missing",
            "The answer does not name its issuer, although the metadata announces that it would (RFC 9207).".to_owned(),
        ),
        Refusal::IssuerMismatch => {
            ("iss_mismatch", "The answer names another issuer than the one that was asked (RFC 9207).".to_owned())
        }
        Refusal::AnswerMalformed => {
            ("answer_malformed", "The answer must carry either a code or an error, each parameter once.".to_owned())
        }
        Refusal::AnswerUnreadable(why) => ("answer_unreadable", format!("The token answer cannot be used: {why}.")),
        Refusal::IdTokenInvalid(why) => ("id_token_invalid", format!("The ID token does not hold: {why}.")),
        Refusal::UserinfoInvalid(why) => ("userinfo_invalid", format!("The userinfo answer does not hold: {why}.")),
        Refusal::NothingToUse => {
            ("no_token", "This browser holds no token for that here; begin with a sign-in.".to_owned())
        }
    }
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}
