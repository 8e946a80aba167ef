//! A client library that nobody here wrote: discovery, PKCE, code exchange, ID token verification
//! and UserInfo with the crate `openidconnect`; the person uses Chromium, with and without scripts.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, UNIX_EPOCH},
};

use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims},
};

use crate::support::{ClientSpec, PASSWORD, Request, SECRET, TestApp, Wire};

/// The library's way to the server: over the tests' own wire.
struct Http(Wire);

#[derive(Debug)]
struct Unreachable;

impl std::fmt::Display for Unreachable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the address could not be asked")
    }
}

impl std::error::Error for Unreachable {}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreachable>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
            let mut sent = Request::new(request.method().as_str(), target);
            for (name, value) in request.headers() {
                sent = sent.header(name.as_str(), value.as_bytes());
            }
            if !request.body().is_empty() {
                sent = sent.body(request.body());
            }
            let answer = self.0.try_send_request(&sent).await.ok_or(Unreachable)?;
            let mut response = openidconnect::http::Response::builder().status(answer.status);
            for (name, value) in &answer.headers {
                response = response.header(name, value);
            }
            response.body(answer.body).map_err(|_| Unreachable)
        })
    }
}

/// The scripts of the browser that the person uses.
#[derive(Clone, Copy, Debug)]
enum Scripts {
    On,
    Off,
}

/// Signs alice in with Debian's Chromium, as `tests/e2e/login.mjs` drives it, and gives what the
/// client was called back with.
async fn sign_in(url: &str, redirect_uri: &str, scripts: Scripts) -> (String, String) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = tokio::process::Command::new("node");
    command.arg(root.join("tests/e2e/login.mjs")).args([url, redirect_uri, "alice", PASSWORD]);
    if matches!(scripts, Scripts::Off) {
        command.arg("--no-js");
    }
    let done = command.output().await.expect("node runs; `tests/run it` provides it");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "Chromium with scripts {scripts:?}: {said}");
    let callback = String::from_utf8(done.stdout).expect("an address");
    let callback = url::Url::parse(callback.trim()).expect("an address");
    let find = |name: &str| {
        callback.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    (find("code"), find("state"))
}

both! {
    async fn the_openidconnect_crate_signs_somebody_in_through_chromium(app) {
        code_flow(&app, Scripts::On).await;
    }

    async fn the_openidconnect_crate_signs_somebody_in_through_chromium_without_scripts(app) {
        code_flow(&app, Scripts::Off).await;
    }
}

async fn code_flow(app: &TestApp, scripts: Scripts) {
    let rp = app.client(ClientSpec::web("web")).await;
    let alice = app.person("alice").await;
    let http = Http(app.wire.clone());
    let issuer = IssuerUrl::new(app.issuer().to_owned()).expect("an issuer");
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.expect("discovery");
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new("web".to_owned()),
        Some(ClientSecret::new(SECRET.to_owned())),
    )
    .set_redirect_uri(RedirectUrl::new(rp.redirect_uri.clone()).expect("an address"));
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, csrf, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let (code, state) = sign_in(url.as_str(), &rp.redirect_uri, scripts).await;
    assert_eq!(&state, csrf.secret());
    let tokens = client
        .exchange_code(AuthorizationCode::new(code))
        .expect("a token endpoint")
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .expect("tokens");
    let now = app.now().seconds();
    let now = Duration::from_secs(u64::try_from(now).expect("after 1970"));
    let time = move || (UNIX_EPOCH + now).into();
    let checker = client.id_token_verifier().set_time_fn(time);
    let id_token = tokens.id_token().expect("an ID token");
    let claims = id_token.claims(&checker, &nonce).expect("the ID token verifies");
    assert_eq!(claims.subject().as_str(), alice.id.as_str());
    let told: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        .expect("a userinfo endpoint")
        .request_async(&http)
        .await
        .expect("userinfo");
    assert_eq!(told.email().map(|email| email.as_str()), Some("alice@example.com"));
    let refresh = tokens.refresh_token().expect("a refresh token");
    let again = client
        .exchange_refresh_token(refresh)
        .expect("a token endpoint")
        .request_async(&http)
        .await
        .expect("refreshed");
    assert_ne!(again.access_token().secret(), tokens.access_token().secret());
}
