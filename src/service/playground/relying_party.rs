//! The relying party's conversation with the server, over HTTP like anybody's: discovery, the code
//! exchange, the ID token's verification (OIDC Core 3.1.3.7, 12.2), userinfo and introspection.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AsyncHttpClient, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, ErrorResponse, HttpRequest, HttpResponse,
    IssuerUrl, LogoutProviderMetadata, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl, RefreshToken, RequestTokenError, Scope, SubjectIdentifier,
    UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGrantType, CoreIdToken, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
        CoreTokenResponse, CoreUserInfoClaims,
    },
    http,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fault, Refusal, ServerError, SignIn, Tokens, browser::Pending, sample};
use crate::{
    domain::{Issuer, Timestamp},
    net::fetcher::{Answer, FetchError, Fetcher},
};

/// Clocks may differ by this much, in seconds.
const SKEW: i64 = 60;

/// The members of the metadata that the library does not know.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Extra {
    introspection_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    LogoutProviderMetadata<Extra>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The library's HTTP client over the one fetcher. It keeps the last answer, of which the library
/// would hide the trace id and the members that it does not know.
struct Wire<'a> {
    fetcher: &'a Fetcher,
    last: Mutex<Option<Answer>>,
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let answer = self.fetcher.send(head.method, &head.uri.to_string(), head.headers, body).await?;
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.clone());
            let mut response = http::Response::new(answer.body);
            (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
            Ok(response)
        })
    }
}

impl Wire<'_> {
    fn last<T>(&self, read: impl FnOnce(&Answer) -> Option<T>) -> Option<T> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(read)
    }

    fn last_trace_id(&self) -> Option<String> {
        self.last(|answer| answer.headers.get("x-trace-id")?.to_str().ok().map(str::to_owned))
    }

    fn last_json(&self) -> Option<Value> {
        self.last(|answer| serde_json::from_slice(&answer.body).ok())
    }
}

/// What an ID token is held against, besides issuer, audience, signature and time.
enum Expected<'a> {
    /// The one of a sign-in: it carries the nonce, and is as fresh as was asked for.
    First { nonce: &'a str, max_age: Option<i64> },
    /// A later one: of the same person, and without another nonce (OIDC Core 12.2).
    Later { nonce: &'a str, subject: Option<&'a str> },
}

/// The server as its discovery document describes it.
pub(super) struct Provider<'a> {
    metadata: Metadata,
    wire: Wire<'a>,
}

impl<'a> Provider<'a> {
    /// Reads the discovery document and the keys. The document must name the very issuer that was
    /// asked for (OIDC Discovery 4.3).
    pub async fn discover(fetcher: &'a Fetcher, issuer: &Issuer) -> Result<Self, Fault> {
        let url = IssuerUrl::new(issuer.as_str().to_owned()).map_err(|error| unreachable(&error))?;
        let wire = Wire { fetcher, last: Mutex::new(None) };
        let metadata = Metadata::discover_async(url, &wire).await.map_err(|error| unreachable(&error))?;
        Ok(Self { metadata, wire })
    }

    /// Whether the server said that its answers name it (RFC 9207 §3).
    pub fn announces_issuer(&self) -> bool {
        self.metadata.additional_metadata().additional_metadata.authorization_response_iss_parameter_supported
    }

    fn client(&self, client: &sample::SampleClient, issuer: &Issuer) -> Result<Client, Fault> {
        let secret = client.confidential.then(|| ClientSecret::new(sample::SECRET.to_owned()));
        let made = Client::from_provider_metadata(self.metadata.clone(), ClientId::new(client.id.to_owned()), secret);
        let redirect_uri = client.redirect_uri(issuer).unwrap_or_default();
        // The scope is what the form says, with or without `openid`.
        Ok(made
            .set_redirect_uri(RedirectUrl::new(redirect_uri).map_err(|error| unreachable(&error))?)
            .disable_openid_scope())
    }

    /// Where the browser goes to sign in.
    pub fn authorize_url(&self, pending: &Pending, wish: &SignIn, issuer: &Issuer) -> Result<String, Fault> {
        let client = self.client(pending.client, issuer)?;
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(pending.verifier.expose().clone()));
        let (state, nonce) = (pending.state.clone(), pending.nonce.expose().clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(wish.scope.split(' ').filter(|scope| !scope.is_empty()).map(|scope| Scope::new(scope.into())))
            .set_pkce_challenge(challenge);
        // As typed, even if wrong: what the server says to it is what one wants to see.
        for (name, value) in [
            ("prompt", &wish.prompt),
            ("response_mode", &wish.response_mode),
            ("max_age", &wish.max_age),
            ("login_hint", &wish.login_hint),
        ] {
            if let Some(value) = value {
                request = request.add_extra_param(name, value.clone());
            }
        }
        Ok(request.url().0.to_string())
    }

    /// Redeems the code and verifies what comes back.
    pub async fn exchange(
        &self,
        pending: &Pending,
        code: String,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Tokens, Fault> {
        let client = self.client(pending.client, issuer)?;
        let response = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| unreachable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.expose().clone()))
            .request_async(&self.wire)
            .await
            .map_err(|error| self.token_fault(error))?;
        let expected = Expected::First { nonce: pending.nonce.expose(), max_age: pending.max_age };
        let subject = match response.extra_fields().id_token() {
            Some(id_token) => Some(verify(&client, id_token, response.access_token(), &expected, now)?),
            None if pending.openid => return Err(Refusal::IdTokenInvalid("none came".to_owned()).into()),
            None => None,
        };
        Ok(tokens(&response, subject, pending.nonce.expose(), None))
    }

    /// Redeems the refresh token and verifies what comes back.
    pub async fn refresh(
        &self,
        client: &'static sample::SampleClient,
        held: &Tokens,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Tokens, Fault> {
        let Some(refresh_token) = &held.refresh_token else { return Err(Refusal::NothingToUse.into()) };
        let client = self.client(client, issuer)?;
        let response = client
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose().clone()))
            .map_err(|error| unreachable(&error))?
            .request_async(&self.wire)
            .await
            .map_err(|error| self.token_fault(error))?;
        let expected = Expected::Later { nonce: held.nonce.expose(), subject: held.subject.as_deref() };
        let subject = match response.extra_fields().id_token() {
            Some(id_token) => Some(verify(&client, id_token, response.access_token(), &expected, now)?),
            None => held.subject.clone(),
        };
        Ok(tokens(&response, subject, held.nonce.expose(), Some(held)))
    }

    /// What userinfo says, as sent. It must be about the person of the ID token (OIDC Core 5.3.2).
    pub async fn userinfo(
        &self,
        client: &'static sample::SampleClient,
        held: &Tokens,
        issuer: &Issuer,
    ) -> Result<Option<Value>, Fault> {
        let Some(subject) = &held.subject else { return Ok(None) };
        let access_token = AccessToken::new(held.access_token.expose().clone());
        let asked = self.client(client, issuer)?;
        let Ok(request) = asked.user_info(access_token, Some(SubjectIdentifier::new(subject.clone()))) else {
            return Ok(None);
        };
        let answer: Result<CoreUserInfoClaims, _> = request.request_async(&self.wire).await;
        match answer {
            Ok(_) => Ok(self.wire.last_json()),
            Err(UserInfoError::Response(..)) => Err(self.server_said_no()),
            Err(UserInfoError::Request(error)) => Err(unreachable(&error)),
            Err(error) => Err(Refusal::UserinfoInvalid(chain(&error)).into()),
        }
    }

    /// What introspection says of the access token, as sent (RFC 7662 §2).
    pub async fn introspect(&self, client: &sample::SampleClient, held: &Tokens) -> Result<Value, Fault> {
        let endpoint = self.metadata.additional_metadata().additional_metadata.introspection_endpoint.as_deref();
        let (Some(endpoint), true) = (endpoint, client.confidential) else { return Err(Refusal::NothingToUse.into()) };
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", held.access_token.expose())
            .append_pair("token_type_hint", "access_token")
            .finish();
        let request = http::Request::post(endpoint)
            .header("authorization", basic(client.id, sample::SECRET))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body.into_bytes())
            .map_err(|error| unreachable(&error))?;
        let answer = self.wire.call(request).await.map_err(|error| unreachable(&error))?;
        match self.wire.last_json() {
            Some(json) if answer.status().is_success() => Ok(json),
            _ => Err(self.server_said_no()),
        }
    }

    /// Where the browser goes to sign out, if the server has such a place.
    pub fn end_session_url(
        &self,
        client: &sample::SampleClient,
        held: Option<&Tokens>,
        issuer: &Issuer,
        state: &str,
    ) -> Option<String> {
        let endpoint = self.metadata.additional_metadata().end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::new(issuer.join("/dev")).ok()?;
        let mut request = LogoutRequest::from(endpoint)
            .set_client_id(ClientId::new(client.id.to_owned()))
            .set_post_logout_redirect_uri(back)
            .set_state(CsrfToken::new(state.to_owned()));
        let hint = held.and_then(|tokens| tokens.id_token.as_ref()?.expose().parse::<CoreIdToken>().ok());
        if let Some(hint) = &hint {
            request = request.set_id_token_hint(hint);
        }
        Some(request.http_get_url().to_string())
    }

    fn token_fault<T>(&self, error: RequestTokenError<FetchError, T>) -> Fault
    where
        T: ErrorResponse + TokenError + 'static,
    {
        match error {
            RequestTokenError::ServerResponse(answer) => {
                Fault::Server(ServerError { trace_id: self.wire.last_trace_id(), ..answer.described() })
            }
            RequestTokenError::Request(error) => unreachable(&error),
            error => Refusal::AnswerUnreadable(chain(&error)).into(),
        }
    }

    /// The refusal in the last answer.
    fn server_said_no(&self) -> Fault {
        let body = self.wire.last_json().unwrap_or_default();
        let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
        let status = self.wire.last(|answer| Some(answer.status.to_string()));
        Fault::Server(ServerError {
            code: text("error").or(status).unwrap_or_default(),
            description: text("error_description"),
            uri: text("error_uri"),
            trace_id: self.wire.last_trace_id(),
        })
    }
}

/// The error answers of the library, as ours.
trait TokenError {
    fn described(&self) -> ServerError;
}

impl TokenError for openidconnect::StandardErrorResponse<CoreErrorResponseType> {
    fn described(&self) -> ServerError {
        ServerError {
            code: self.error().as_ref().to_owned(),
            description: self.error_description().cloned(),
            uri: self.error_uri().cloned(),
            trace_id: None,
        }
    }
}

/// Verifies an ID token and gives its subject.
fn verify(
    client: &Client,
    id_token: &CoreIdToken,
    access_token: &AccessToken,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<String, Fault> {
    let invalid = |error: &dyn std::error::Error| Fault::from(Refusal::IdTokenInvalid(chain(error)));
    let clock = Duration::from_millis(u64::try_from(now.millis()).unwrap_or_default());
    let mut verifier = client.id_token_verifier().set_time_fn(move || (UNIX_EPOCH + clock).into());
    if let Expected::First { max_age: Some(max_age), .. } = *expected {
        verifier = verifier.set_auth_time_verifier_fn(move |time| match time {
            Some(time) if now.seconds().saturating_sub(time.timestamp()) <= max_age.saturating_add(SKEW) => Ok(()),
            Some(_) => Err("the sign-in is older than max_age".to_owned()),
            None => Err("max_age was sent, and auth_time is missing".to_owned()),
        });
    }
    let claims = match expected {
        Expected::First { nonce, .. } => id_token.claims(&verifier, &Nonce::new((*nonce).to_owned())),
        Expected::Later { nonce, .. } => id_token.claims(&verifier, |sent: Option<&Nonce>| match sent {
            Some(sent) if sent.secret() != nonce => Err("nonce mismatch".to_owned()),
            _ => Ok(()),
        }),
    }
    .map_err(|error| invalid(&error))?;
    if let Some(hash) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| invalid(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| invalid(&error))?;
        let computed = AccessTokenHash::from_token(access_token, algorithm, key).map_err(|error| invalid(&error))?;
        if computed != *hash {
            return Err(Refusal::IdTokenInvalid("at_hash does not belong to the access token".to_owned()).into());
        }
    }
    let subject = claims.subject().as_str();
    match expected {
        Expected::Later { subject: Some(before), .. } if *before != subject => {
            Err(Refusal::IdTokenInvalid("it is about another person than before".to_owned()).into())
        }
        _ => Ok(subject.to_owned()),
    }
}

/// What is held after an answer; what it leaves out stays as it was (RFC 6749 §6).
fn tokens(response: &CoreTokenResponse, subject: Option<String>, nonce: &str, before: Option<&Tokens>) -> Tokens {
    let scope = response.scopes().map(|scopes| {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        names.join(" ")
    });
    Tokens {
        access_token: response.access_token().secret().clone().into(),
        refresh_token: response
            .refresh_token()
            .map(|token| token.secret().clone().into())
            .or_else(|| before.and_then(|before| before.refresh_token.clone())),
        id_token: response
            .extra_fields()
            .id_token()
            .map(|token| token.to_string().into())
            .or_else(|| before.and_then(|before| before.id_token.clone())),
        expires_in: response.expires_in().and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok()),
        scope: scope.or_else(|| before.and_then(|before| before.scope.clone())),
        subject,
        nonce: nonce.into(),
    }
}

/// `client_secret_basic`: both halves form-encoded (RFC 6749 §2.3.1).
fn basic(id: &str, secret: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

fn unreachable(error: &dyn std::error::Error) -> Fault {
    Fault::Unreachable(chain(error))
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
