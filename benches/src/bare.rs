//! The limits: actix handlers that do only the named work, with the settings of the real server (one worker, default
//! keep-alive, no TLS). No client authentication, no policy, no headers, no log: what is left is the cost of the work.

mod jose;
mod password;
mod postgres;
mod sqlite;
mod store;

use std::{io, net::SocketAddr, sync::Arc};

use actix_web::{
    App, HttpResponse, HttpServer, Responder,
    http::header::CONTENT_TYPE,
    rt,
    web::{Data, Form, get, post},
};
use serde::{Deserialize, Serialize};

use self::{
    jose::Keys,
    password::Hasher,
    store::{Access, Store, Write},
};
use crate::Database;

/// Every field that any of the forms has.
#[derive(Deserialize)]
struct Fields {
    token: Option<String>,
    refresh_token: Option<String>,
    code: Option<String>,
    password: Option<String>,
    kind: Option<String>,
    count: Option<usize>,
    /// How many ES256 signatures a rotation or an exchange also makes.
    signatures: Option<usize>,
}

/// A token response (RFC 6749 section 5.1).
#[derive(Serialize, Default)]
struct TokenReply {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signed: Vec<String>,
}

/// An introspection response (RFC 7662 section 2.2).
#[derive(Serialize)]
struct Introspection {
    active: bool,
    #[serde(flatten)]
    access: Option<Access>,
}

struct State {
    keys: Keys,
    store: Store,
    hasher: Hasher,
    discovery: String,
}

/// Serves the handlers until the process is ended.
///
/// # Errors
/// The address is taken, the database cannot be opened or keys cannot be made.
pub fn serve(bind: SocketAddr, database: &Database) -> io::Result<()> {
    if !bind.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the bare handlers are for loopback only"));
    }
    let state = Arc::new(State {
        keys: Keys::generate()?,
        store: Store::open(database)?,
        hasher: Hasher::start()?,
        discovery: discovery(bind),
    });
    rt::System::new().block_on(async move {
        HttpServer::new(move || {
            App::new()
                .app_data(Data::from(Arc::clone(&state)))
                .route("/healthz", get().to(|| async { "ok" }))
                .route("/discovery", get().to(discovered))
                .route("/form", post().to(plain))
                .route("/token/es256", post().to(es256))
                .route("/token/rs256", post().to(rs256))
                .route("/token/opaque", post().to(opaque))
                .route("/introspect", post().to(introspect))
                .route("/introspect/jwt", post().to(introspect_jwt))
                .route("/rotate", post().to(rotate))
                .route("/redeem", post().to(redeem))
                .route("/password", post().to(password))
                .route("/seed", post().to(seed))
        })
        .workers(1)
        .bind(bind)?
        .run()
        .await
    })
}

/// A document of the usual size (OpenID Connect Discovery 1.0 section 3), made once.
fn discovery(bind: SocketAddr) -> String {
    let issuer = format!("http://{bind}");
    let endpoint = |name: &str| format!("{issuer}/oauth2/{name}");
    serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": endpoint("authorize"), "token_endpoint": endpoint("token"),
        "userinfo_endpoint": endpoint("userinfo"), "introspection_endpoint": endpoint("introspect"),
        "revocation_endpoint": endpoint("revoke"), "end_session_endpoint": endpoint("logout"),
        "jwks_uri": endpoint("jwks"),
        "response_types_supported": ["code"], "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"], "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "EdDSA"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "email", "email_verified"],
        "authorization_response_iss_parameter_supported": true,
    })
    .to_string()
}

fn token(access_token: String) -> TokenReply {
    TokenReply { access_token, token_type: "Bearer", expires_in: 3600, scope: "demo.read", ..TokenReply::default() }
}

fn broken(error: &io::Error) -> HttpResponse {
    HttpResponse::InternalServerError().body(error.to_string())
}

fn refused() -> HttpResponse {
    HttpResponse::BadRequest().content_type("application/json").body(r#"{"error":"invalid_grant"}"#)
}

async fn discovered(state: Data<State>) -> impl Responder {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(state.discovery.clone())
}

async fn plain(_: Form<Fields>) -> impl Responder {
    HttpResponse::Ok().json(token("sym_at_0123456789012345678901234567890123456789012abcdef".to_owned()))
}

async fn es256(_: Form<Fields>, state: Data<State>) -> impl Responder {
    match state.keys.es256() {
        Ok(jwt) => HttpResponse::Ok().json(token(jwt)),
        Err(error) => broken(&error),
    }
}

async fn rs256(_: Form<Fields>, state: Data<State>) -> impl Responder {
    match state.keys.rs256() {
        Ok(jwt) => HttpResponse::Ok().json(token(jwt)),
        Err(error) => broken(&error),
    }
}

async fn opaque(_: Form<Fields>, state: Data<State>) -> impl Responder {
    let written = async {
        let secret = jose::random_text()?;
        let won = state.store.write(Write::Issue { access: jose::hash(&secret) }).await?;
        io::Result::Ok(won.then_some(secret))
    };
    match written.await {
        Ok(Some(secret)) => HttpResponse::Ok().json(token(secret)),
        Ok(None) => refused(),
        Err(error) => broken(&error),
    }
}

async fn introspect(fields: Form<Fields>, state: Data<State>) -> impl Responder {
    let presented = fields.token.as_deref().unwrap_or_default();
    match state.store.find(jose::hash(presented)).await {
        Ok(access) => HttpResponse::Ok().json(Introspection { active: access.is_some(), access }),
        Err(error) => broken(&error),
    }
}

async fn introspect_jwt(fields: Form<Fields>, state: Data<State>) -> impl Responder {
    let access = state.keys.verify_es256(fields.token.as_deref().unwrap_or_default());
    HttpResponse::Ok().json(Introspection { active: access.is_some(), access })
}

async fn rotate(fields: Form<Fields>, state: Data<State>) -> impl Responder {
    let fields = fields.into_inner();
    let written = async {
        let (new, access) = (jose::random_text()?, jose::random_text()?);
        let used = jose::hash(fields.refresh_token.as_deref().unwrap_or_default());
        let signed = state.keys.sign_many(fields.signatures.unwrap_or_default())?;
        let won = state.store.write(Write::Rotate { used, new: jose::hash(&new) }).await?;
        io::Result::Ok(won.then(|| TokenReply { refresh_token: Some(new), signed, ..token(access) }))
    };
    match written.await {
        Ok(Some(reply)) => HttpResponse::Ok().json(reply),
        Ok(None) => refused(),
        Err(error) => broken(&error),
    }
}

async fn redeem(fields: Form<Fields>, state: Data<State>) -> impl Responder {
    let fields = fields.into_inner();
    let written = async {
        let (refresh, access) = (jose::random_text()?, jose::random_text()?);
        let code = jose::hash(fields.code.as_deref().unwrap_or_default());
        let signed = state.keys.sign_many(fields.signatures.unwrap_or_default())?;
        let won = state.store.write(Write::Redeem { code, refresh: jose::hash(&refresh) }).await?;
        io::Result::Ok(won.then(|| TokenReply { refresh_token: Some(refresh), signed, ..token(access) }))
    };
    match written.await {
        Ok(Some(reply)) => HttpResponse::Ok().json(reply),
        Ok(None) => refused(),
        Err(error) => broken(&error),
    }
}

async fn password(fields: Form<Fields>, state: Data<State>) -> impl Responder {
    match state.hasher.verify(fields.into_inner().password.unwrap_or_default()).await {
        Ok(true) => HttpResponse::Ok().json(token(String::new())),
        Ok(false) => refused(),
        Err(error) => broken(&error),
    }
}

/// Makes rows to work on; answers their secrets.
async fn seed(fields: Form<Fields>, state: Data<State>) -> impl Responder {
    let made = async {
        let mut secrets = Vec::new();
        for _ in 0..fields.count.unwrap_or(1).min(10_000) {
            let secret = jose::random_text()?;
            let hash = jose::hash(&secret);
            let write = match fields.kind.as_deref() {
                Some("refresh") => Write::SeedRefresh { refresh: hash },
                Some("code") => Write::SeedCode { code: hash },
                _ => Write::Issue { access: hash },
            };
            secrets.push((secret, state.store.begin(write)?));
        }
        let mut ready = Vec::with_capacity(secrets.len());
        for (secret, written) in secrets {
            if written.await.map_err(io::Error::other)? {
                ready.push(secret);
            }
        }
        io::Result::Ok(ready)
    };
    match made.await {
        Ok(secrets) => HttpResponse::Ok().json(secrets),
        Err(error) => broken(&error),
    }
}
