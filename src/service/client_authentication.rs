//! Client authentication: the one gate in front of every direct endpoint (RFC 6749 §2.3, RFC 7523).

use std::sync::Arc;

use super::{
    Cx, Failure,
    admin::client::secret::SEALED_PURPOSE,
    client_certificate,
    client_keys::{self, NotVerified},
    clients::{self, ClientView},
    possession::{Possession, addresses},
    registration,
};
use crate::{
    crypto::{compact::VerifyError, secret_jwt, token::hash_of, verifier::Verified},
    domain::{
        Secret,
        entity::{AssertionAudience, AuthMethod, Client},
        ids::ClientId,
        jose::SigningAlgorithm,
        oauth::{self, AssertionAlgorithm, Confirmation, OAuthError, Params, Presented},
        trace::Reason,
    },
    store::{Abort, assertion_replay},
};

/// How clients may authenticate at the token and revocation endpoints. Metadata reads this table.
pub const METHODS: &[AuthMethod] = &AuthMethod::ALL;
/// How clients may authenticate at the introspection endpoint: a public client is nobody in particular.
pub const CONFIDENTIAL_METHODS: &[AuthMethod] = &[
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::ClientSecretJwt,
    AuthMethod::PrivateKeyJwt,
    AuthMethod::TlsClientAuth,
    AuthMethod::SelfSignedTlsClientAuth,
];
/// The algorithms accepted in client assertions.
pub const ASSERTION_ALGORITHMS: &[AssertionAlgorithm] = &AssertionAlgorithm::ALL;

/// What a program sent to a direct endpoint, as it came: nothing in it is believed yet.
#[derive(Clone, Copy, Debug)]
pub struct DirectRequest<'a> {
    /// The Authorization header.
    pub authorization: Option<&'a str>,
    /// The form.
    pub params: &'a Params,
    /// What it shows of its sender's keys.
    pub possession: &'a Possession,
}

/// A client that proved who it is, or a public client that named itself.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient {
    view: Arc<ClientView>,
    method: AuthMethod,
    proved: Confirmation,
}

impl AuthenticatedClient {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.view.client
    }

    /// The client with its roles.
    pub fn view(&self) -> &Arc<ClientView> {
        &self.view
    }

    /// The keys that it proved to hold besides: what its tokens can be bound to.
    pub const fn proved(&self) -> &Confirmation {
        &self.proved
    }

    /// The same client, which proved to hold these keys.
    #[must_use]
    pub fn having_proved(mut self, proved: Confirmation) -> Self {
        self.proved = proved;
        self
    }

    /// How it authenticated.
    pub const fn method(&self) -> AuthMethod {
        self.method
    }
}

/// How old a client's data may be while it authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A moment: the caller checks the version where it matters.
    Recent,
    /// None: read it now.
    Current,
}

/// Authenticates the client of a direct request.
///
/// # Errors
/// `invalid_client` whatever the cause, except that doing it twice is `invalid_request`.
pub async fn authenticate(
    cx: &Cx,
    request: &DirectRequest<'_>,
    freshness: Freshness,
) -> Result<AuthenticatedClient, Failure> {
    let presented = Presented::parse(request.authorization, request.params).map_err(|error| refuse(cx, error))?;
    let claimed = match &presented {
        Presented::Assertion { client_id: None, assertion } => oauth::unverified_subject(assertion.expose()),
        other => other.client_id().cloned(),
    };
    let Some(id) = claimed else {
        return Err(refuse(cx, OAuthError::invalid_client(Reason::AssertionMalformed)));
    };
    cx.note_client(id.as_str());
    let attempt = match freshness {
        Freshness::Recent => try_with(cx, clients::find_recent(cx, &id).await?, &presented, request).await,
        Freshness::Current => try_with(cx, clients::find(cx, &id).await?, &presented, request).await,
    };
    let verdict = match attempt {
        // A secret may have been added a moment ago. An assertion is never tried twice: it is used up.
        Err(Failure::Refused(_))
            if freshness == Freshness::Recent && !matches!(presented, Presented::Assertion { .. }) =>
        {
            try_with(cx, clients::find(cx, &id).await?, &presented, request).await
        }
        verdict => verdict,
    };
    // Only whoever has proved to be the client hears that it waits.
    let verdict = verdict.and_then(|authenticated| {
        oauth::check_released(authenticated.client())?;
        Ok(authenticated)
    });
    match verdict {
        Ok(authenticated) => {
            registration::note_use(cx, authenticated.client()).await;
            cx.passed("client_authentication", &[("client_id", id.as_str()), ("method", authenticated.method.name())]);
            Ok(authenticated)
        }
        Err(Failure::Refused(error)) => Err(refuse(cx, error)),
        Err(broken) => Err(broken),
    }
}

fn refuse(cx: &Cx, error: OAuthError) -> Failure {
    cx.refused("client_authentication", &[], error.reason);
    Failure::Refused(error)
}

async fn try_with(
    cx: &Cx,
    view: Option<Arc<ClientView>>,
    presented: &Presented,
    request: &DirectRequest<'_>,
) -> Result<AuthenticatedClient, Failure> {
    let Some(view) = view else {
        return Err(OAuthError::invalid_client(Reason::ClientUnknown).into());
    };
    let client = oauth::check_client_usable(Some(&view.client))?;
    cx.note_profile(client);
    oauth::check_method(client, presented)?;
    match presented {
        Presented::Basic { secret, .. } | Presented::Post { secret, .. } => check_secret(cx, &view, secret)?,
        Presented::Assertion { assertion, .. } => check_assertion(cx, &view, assertion, request).await?,
        Presented::Public { .. } if client.settings.token_endpoint_auth_method.needs_certificate() => {
            client_certificate::check(cx, &view, request.possession).await?;
        }
        Presented::Public { .. } => {}
    }
    let method = match presented {
        Presented::Basic { .. } => AuthMethod::ClientSecretBasic,
        Presented::Post { .. } => AuthMethod::ClientSecretPost,
        Presented::Assertion { .. } | Presented::Public { .. } => client.settings.token_endpoint_auth_method,
    };
    Ok(AuthenticatedClient { view, method, proved: Confirmation::default() })
}

/// Every stored secret is compared, in constant time, whether or not an earlier one matched.
fn check_secret(cx: &Cx, view: &ClientView, secret: &Secret<String>) -> Result<(), OAuthError> {
    let presented = hash_of(secret.expose());
    let mut verdict = Err(OAuthError::invalid_client(Reason::ClientAuthenticationFailed));
    for stored in &view.secrets {
        let matches = crate::crypto::token::SecretHash::from_slice(&stored.secret_hash)
            .is_some_and(|stored| stored.matches(&presented));
        let standing = stored.expires_at.is_none_or(|limit| cx.now() < limit);
        verdict = match (matches, standing) {
            (true, true) => Ok(()),
            (true, false) if verdict.is_err() => Err(OAuthError::invalid_client(Reason::ClientSecretExpired)),
            _ => verdict,
        };
    }
    verdict
}

/// The issuer, and the addresses that clients name in its place: the token endpoint, and the endpoint
/// that they call (RFC 7523 §3, RFC 9126 §2).
fn audiences(cx: &Cx, request: &DirectRequest<'_>) -> Vec<String> {
    let mut audiences = vec![cx.services.issuer.as_str().to_owned()];
    audiences.extend(addresses(cx, "/oauth2/token"));
    if !request.possession.path.is_empty() {
        audiences.extend(request.possession.targets(cx));
    }
    audiences
}

/// An assertion under one of the client's secrets, which are opened for it.
fn verify_with_secret(cx: &Cx, view: &ClientView, assertion: &Secret<String>) -> Result<Verified, Failure> {
    let (mut secrets, mut standing) = (Vec::new(), Vec::new());
    for stored in &view.secrets {
        if let Some(sealed) = &stored.sealed_secret {
            let opened = cx.services.sealer.open(SEALED_PURPOSE, &stored.id, sealed);
            secrets.push(opened.map_err(|error| Failure::internal(error.to_string()))?);
            standing.push(stored.expires_at.is_none_or(|limit| cx.now() < limit));
        }
    }
    let (verified, position) =
        secret_jwt::verify(assertion.expose(), &secrets).map_err(|error| not_the_client(NotVerified::Token(error)))?;
    match standing.get(position) {
        Some(true) => Ok(verified),
        _ => Err(OAuthError::invalid_client(Reason::ClientSecretExpired).into()),
    }
}

/// An assertion under one of the client's keys. The client's security profile may allow
/// fewer algorithms than it is registered for.
async fn verify_with_key(
    cx: &Cx,
    view: &ClientView,
    assertion: &Secret<String>,
    offered: Vec<SigningAlgorithm>,
) -> Result<Verified, OAuthError> {
    let allowed = oauth::allowed_algorithms(&view.client, offered);
    client_keys::verify(cx, view, assertion.expose(), &allowed).await.map_err(|error| match error {
        NotVerified::Token(VerifyError::AlgorithmNotAllowed) => {
            OAuthError::invalid_client(oauth::algorithm_reason(&view.client, Reason::AssertionMalformed))
        }
        error => not_the_client(error),
    })
}

async fn check_assertion(
    cx: &Cx,
    view: &ClientView,
    assertion: &Secret<String>,
    request: &DirectRequest<'_>,
) -> Result<(), Failure> {
    let (client_id, settings) = (&view.client.client_id, &view.client.settings);
    // By the registered method alone, never by what the assertion says of itself: a secret is not a key.
    let Verified { header, claims } = if settings.token_endpoint_auth_method == AuthMethod::ClientSecretJwt {
        verify_with_secret(cx, view, assertion)?
    } else {
        let offered: Vec<SigningAlgorithm> = match settings.token_endpoint_auth_signing_alg {
            None => SigningAlgorithm::ALL.to_vec(),
            Some(AssertionAlgorithm::Signature(only)) => vec![only],
            Some(AssertionAlgorithm::Secret) => Vec::new(),
        };
        verify_with_key(cx, view, assertion, offered).await?
    };
    oauth::check_assertion_kind(&header, &claims)?;
    let audiences = match settings.client_assertion_audience {
        AssertionAudience::Any => audiences(cx, request),
        AssertionAudience::Issuer => {
            oauth::check_audience_is_text(&view.client, &claims, cx.services.issuer.as_str())?;
            vec![cx.services.issuer.as_str().to_owned()]
        }
    };
    let facts = oauth::check_assertion(client_id, &claims, &audiences, cx.now())?;
    let (id, jti): (ClientId, _) = (client_id.clone(), hash_of(&facts.jti));
    let first = cx
        .services
        .store
        .write(move |tx| {
            assertion_replay::consume(tx, &id, jti.as_bytes(), facts.expires_at).map_err(Abort::<Failure>::from)
        })
        .await?;
    if first { Ok(()) } else { Err(OAuthError::invalid_client(Reason::AssertionReplayed).into()) }
}

fn not_the_client(error: NotVerified) -> OAuthError {
    OAuthError::invalid_client(match error {
        NotVerified::KeysUnavailable => Reason::ClientKeysUnavailable,
        NotVerified::Token(VerifyError::BadSignature | VerifyError::KeyNotFound | VerifyError::KeyAmbiguous) => {
            Reason::AssertionSignature
        }
        NotVerified::Token(_) => Reason::AssertionMalformed,
    })
}
