//! Every path once, with who may call it. What is not in this table does not exist; a route
//! without a permission does not compile.

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route as ActixRoute,
    dev::Service,
    guard,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
    web,
};

use super::{
    answer,
    context::{RequestContext, RoutedEndpoints},
    cors, oauth,
    oauth::metadata::RESOURCE_METADATA,
    pages,
};
use crate::domain::{oidc::discovery::Endpoint, request_headers::FetchMetadata, trace::Reason};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody: public metadata, assets, documentation.
    Anybody,
    /// A client that authenticates, or a public client that names itself.
    Client,
    /// Whoever holds an access token.
    AccessToken,
    /// Whoever the registration policy lets in, and a client with its registration access token.
    Registration,
    /// A browser in a dialogue that it started here: bound by cookie, and forms by token.
    Browser,
    /// Whoever holds the setup link, while there is no administrator.
    SetupLink,
    /// The playground of a throw-away server.
    Playground,
    /// A run of a conformance suite, on a server that was made for it.
    ConformanceRun,
}

/// Which routes are served that no real server has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    /// The playground.
    pub playground: bool,
    /// What a run of a conformance suite needs.
    pub test_hooks: bool,
}

impl Extras {
    /// Whether a server with these has this route.
    pub const fn serves(self, route: &Route) -> bool {
        match route.permission {
            Permission::Playground => self.playground,
            Permission::ConformanceRun => self.test_hooks,
            _ => true,
        }
    }
}

/// Who may read the answer from another origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Only pages of this origin.
    Same,
    /// Applications in browsers, anywhere.
    Any,
}

/// The name of a method, and what answers it.
pub type Answered = (&'static str, fn() -> ActixRoute);

/// One path.
pub struct Route {
    /// Below the issuer's own path.
    pub path: &'static str,
    /// The methods and what answers them.
    pub methods: &'static [Answered],
    /// Who may call it.
    pub permission: Permission,
    /// Who may read it from another origin.
    pub origins: Origins,
    /// Its name in metadata.
    pub endpoint: Option<Endpoint>,
}

impl Route {
    /// Whether it acts with a browser's cookies.
    const fn uses_cookies(&self) -> bool {
        matches!(self.permission, Permission::Browser | Permission::SetupLink)
    }

    /// Whether it is answered, for all that the browser tells of who made it ask.
    fn admits(&self, method: &Method, headers: &HeaderMap) -> bool {
        // A header that cannot be read is no reassuring one.
        let told = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let metadata =
            FetchMetadata { site: told("sec-fetch-site"), mode: told("sec-fetch-mode"), dest: told("sec-fetch-dest") };
        let invites = matches!(self.endpoint, Some(Endpoint::Authorization | Endpoint::EndSession));
        !self.uses_cookies() || metadata.admits(method.is_safe(), invites)
    }
}

/// What is read by GET is read by HEAD, without its body (RFC 9110 §9.3.2).
fn get() -> ActixRoute {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn post() -> ActixRoute {
    web::post()
}

fn put() -> ActixRoute {
    web::put()
}

fn delete() -> ActixRoute {
    web::delete()
}

macro_rules! methods {
    ($($method:ident => $handler:path),+ $(,)?) => {
        &[$((stringify!($method), || $method().to($handler))),+]
    };
}

/// The table.
pub const ROUTES: &[Route] = &[
    Route {
        path: "/.well-known/openid-configuration",
        methods: methods!(get => oauth::metadata::openid_configuration),
        permission: Permission::Anybody,
        origins: Origins::Any,
        endpoint: None,
    },
    Route {
        path: "/.well-known/oauth-authorization-server",
        methods: methods!(get => oauth::metadata::oauth_authorization_server),
        permission: Permission::Anybody,
        origins: Origins::Any,
        endpoint: None,
    },
    Route {
        path: "/.well-known/oauth-protected-resource/{path}",
        methods: methods!(get => oauth::metadata::oauth_protected_resource),
        permission: Permission::Anybody,
        origins: Origins::Any,
        endpoint: None,
    },
    Route {
        path: "/oauth2/jwks",
        methods: methods!(get => oauth::metadata::jwks),
        permission: Permission::Anybody,
        origins: Origins::Any,
        endpoint: Some(Endpoint::Jwks),
    },
    Route {
        path: "/oauth2/token",
        methods: methods!(post => oauth::token::token),
        permission: Permission::Client,
        origins: Origins::Any,
        endpoint: Some(Endpoint::Token),
    },
    Route {
        path: "/oauth2/device_authorization",
        methods: methods!(post => oauth::device::post),
        permission: Permission::Client,
        origins: Origins::Any,
        endpoint: Some(Endpoint::DeviceAuthorization),
    },
    Route {
        path: "/oauth2/backchannel_authentication",
        methods: methods!(post => oauth::backchannel_authentication::post),
        permission: Permission::Client,
        origins: Origins::Same,
        endpoint: Some(Endpoint::BackchannelAuthentication),
    },
    Route {
        path: "/oauth2/introspect",
        methods: methods!(post => oauth::token::introspect),
        permission: Permission::Client,
        origins: Origins::Same,
        endpoint: Some(Endpoint::Introspection),
    },
    Route {
        path: "/oauth2/revoke",
        methods: methods!(post => oauth::token::revoke),
        permission: Permission::Client,
        origins: Origins::Any,
        endpoint: Some(Endpoint::Revocation),
    },
    Route {
        path: "/oauth2/par",
        methods: methods!(post => oauth::pushed_authorization_request::push),
        permission: Permission::Client,
        origins: Origins::Any,
        endpoint: Some(Endpoint::PushedAuthorizationRequest),
    },
    Route {
        path: "/oauth2/register",
        methods: methods!(post => oauth::registration::register),
        permission: Permission::Registration,
        origins: Origins::Any,
        endpoint: Some(Endpoint::Registration),
    },
    Route {
        path: "/oauth2/register/{client_id}",
        methods: methods!(
            get => oauth::registration::get,
            put => oauth::registration::put,
            delete => oauth::registration::delete,
        ),
        permission: Permission::Registration,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/oauth2/userinfo",
        methods: methods!(get => oauth::userinfo::get, post => oauth::userinfo::post),
        permission: Permission::AccessToken,
        origins: Origins::Any,
        endpoint: Some(Endpoint::Userinfo),
    },
    Route {
        path: "/oauth2/authorize",
        methods: methods!(get => pages::authorize::get, post => pages::authorize::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: Some(Endpoint::Authorization),
    },
    Route {
        path: "/sign-in",
        methods: methods!(get => pages::sign_in::open_for_requests, post => pages::sign_in::post_for_requests),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/sign-in/{interaction}",
        methods: methods!(get => pages::sign_in::get, post => pages::sign_in::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/sign-up/{interaction}",
        methods: methods!(get => pages::sign_up::get, post => pages::sign_up::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/accounts/{interaction}",
        methods: methods!(get => pages::accounts::get, post => pages::accounts::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/consent/{interaction}",
        methods: methods!(get => pages::consent::get, post => pages::consent::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/device",
        methods: methods!(get => pages::device::get, post => pages::device::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/requests",
        methods: methods!(get => pages::requests::get, post => pages::requests::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/approve/{interaction}",
        methods: methods!(get => pages::approve::get, post => pages::approve::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/answered/{answer}",
        methods: methods!(get => pages::approve::answered),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/oauth2/logout",
        methods: methods!(get => pages::sign_out::get, post => pages::sign_out::post),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: Some(Endpoint::EndSession),
    },
    Route {
        path: "/check-session",
        methods: methods!(get => pages::check_session::get),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: Some(Endpoint::CheckSession),
    },
    Route {
        path: "/sign-out",
        methods: methods!(get => pages::sign_out::get, post => pages::sign_out::confirm),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/signed-out",
        methods: methods!(get => pages::sign_out::signed_out),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/",
        methods: methods!(get => pages::home::get),
        permission: Permission::Browser,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/apps/start",
        methods: methods!(get => pages::app_start::get),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/favicon.ico",
        methods: methods!(get => pages::home::favicon),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/setup",
        methods: methods!(get => pages::setup::get, post => pages::setup::post),
        permission: Permission::SetupLink,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/docs/errors",
        methods: methods!(get => pages::docs::index),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/docs/errors/{code}",
        methods: methods!(get => pages::docs::entry),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev",
        methods: methods!(get => pages::dev::home),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/sign-in",
        methods: methods!(post => pages::dev::sign_in),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/callback",
        methods: methods!(get => pages::dev::callback_query, post => pages::dev::callback_form),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/spa",
        methods: methods!(get => pages::dev::callback_query, post => pages::dev::callback_form),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/result",
        methods: methods!(get => pages::dev::result),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/refresh",
        methods: methods!(post => pages::dev::refresh),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/introspect",
        methods: methods!(post => pages::dev::introspect),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/dev/sign-out",
        methods: methods!(post => pages::dev::sign_out),
        permission: Permission::Playground,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/resource",
        methods: methods!(get => oauth::conformance::resource, post => oauth::conformance::resource),
        permission: Permission::ConformanceRun,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/test/ciba",
        methods: methods!(post => oauth::conformance::answer_backchannel),
        permission: Permission::ConformanceRun,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/assets/{hash}/{name}",
        methods: methods!(get => pages::asset),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
    Route {
        path: "/healthz",
        methods: methods!(get => super::health::live),
        permission: Permission::Anybody,
        origins: Origins::Same,
        endpoint: None,
    },
];

/// The endpoints that metadata names, with the paths that they are routed at.
pub(super) fn endpoints() -> RoutedEndpoints {
    ROUTES.iter().filter_map(|route| route.endpoint.map(|endpoint| (endpoint, route.path))).collect()
}

/// Whether programs call the resource that was matched, and hear JSON.
pub(super) fn is_direct(request: &HttpRequest) -> bool {
    let Some(pattern) = request.match_pattern() else { return false };
    ROUTES.iter().any(|route| speaks_json(route) && pattern.ends_with(route.path))
}

/// Whether programs call it: no person sees what it answers.
pub const fn speaks_json(route: &Route) -> bool {
    use Permission::{AccessToken, Client, ConformanceRun, Registration};
    matches!(route.permission, Client | AccessToken | Registration | ConformanceRun)
}

fn is_variable(route: &Route) -> bool {
    route.path.contains('{')
}

/// Routes the table below `base`, the issuer's own path.
pub fn configure(config: &mut web::ServiceConfig, base: &str, extras: Extras) {
    let served = || ROUTES.iter().filter(|route| extras.serves(route));
    // Routes are tried one after the other, and one with a variable part costs more than all the others.
    let (fixed, variable) = (served().filter(|route| !is_variable(route)), served().filter(|route| is_variable(route)));
    for route in fixed.chain(variable) {
        if route.path.starts_with(RESOURCE_METADATA) {
            config.service(resource(route, &format!("{RESOURCE_METADATA}/{{path:.+}}")));
            continue;
        }
        config.service(resource(route, &format!("{base}{}", route.path)));
        // RFC 8414 §3.1 puts the well-known part in front of the issuer's path; OIDC appends it.
        if let Some(name) = route.path.strip_prefix("/.well-known/").filter(|_| !base.is_empty()) {
            config.service(resource(route, &format!("/.well-known/{name}{base}")));
        }
    }
    config.default_service(web::to(not_found));
}

fn resource(
    route: &'static Route,
    path: &str,
) -> Resource<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let mut resource = web::resource(path);
    let mut allowed = Vec::new();
    for (name, make) in route.methods {
        allowed.push(name.to_ascii_uppercase());
        resource = resource
            .route(make().guard(guard::fn_guard(|asked| route.admits(&asked.head().method, asked.head().headers()))));
    }
    if route.methods.iter().any(|(name, _)| *name == "get") {
        allowed.push("HEAD".to_owned());
    }
    let open = route.origins == Origins::Any;
    if open {
        allowed.push("OPTIONS".to_owned());
        resource = resource.route(web::method(Method::OPTIONS).to(cors::preflight));
    }
    let allowed = allowed.join(", ");
    resource
        .default_service(web::to(move |request: HttpRequest, context: RequestContext| {
            let allowed = allowed.clone();
            async move {
                if !route.admits(request.method(), request.headers()) {
                    return cross_site(&context, &request).await;
                }
                method_not_allowed(&context, &request, &allowed).await
            }
        }))
        .wrap_fn(move |request, service| {
            let answer = service.call(request);
            async move { answer.await.map(|response| if open { cors::open(response) } else { response }) }
        })
}

async fn method_not_allowed(context: &RequestContext, request: &HttpRequest, allowed: &str) -> HttpResponse {
    let why = (StatusCode::METHOD_NOT_ALLOWED, Reason::MethodNotAllowed);
    let mut response = answer::refused_early(context, request, is_direct(request), why).await;
    if let Ok(value) = header::HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// The cookies would do what the person never asked for.
async fn cross_site(context: &RequestContext, request: &HttpRequest) -> HttpResponse {
    let why = (StatusCode::FORBIDDEN, Reason::CrossSiteRequest);
    answer::refused_early(context, request, is_direct(request), why).await
}

async fn not_found(request: HttpRequest, context: RequestContext) -> HttpResponse {
    let status = StatusCode::NOT_FOUND.as_u16();
    answer::refused_page(&context, &request, status, Reason::PathUnknown, answer::PageFacts::default()).await
}
