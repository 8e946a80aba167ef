//! The authorization request: which rule wins, and whether a refusal may be redirected
//! (RFC 6749 §4.1.1 and §4.1.2.1, OIDC Core 3.1.2.1, 3.1.2.6, 3.2.2.1 and 3.3.2.1).

use serde::{Deserialize, Serialize};

use super::{
    ErrorCode, OAuthError, Params, ResponseMode, ResponseType, SafeRedirect,
    authorization_details::parse_details,
    pkce::parse_challenge,
    resource::parse_resources,
    scope::{OFFLINE_ACCESS, OPENID, requested_of_person},
    standing::check_released,
};
use crate::{
    entity::Client,
    ids::{ClientId, PushedRequestId},
    jose::dpop,
    oidc::{acr, claims::ClaimsRequest, sign_up::SignUpMode},
    trace::Reason,
};

/// The longest `state`, in bytes.
const MAX_STATE: usize = 4096;
/// The longest `nonce`, in bytes. A longer one is refused: cut, it would never match.
const MAX_NONCE: usize = 1024;

/// A `prompt` value (OIDC Core 3.1.2.1, Initiating User Registration 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page may be shown.
    None,
    /// The person authenticates again.
    Login,
    /// The person is asked again.
    Consent,
    /// The person chooses the account.
    SelectAccount,
    /// The person creates an account.
    Create,
}

impl Prompt {
    /// Every value, as metadata lists them.
    pub const ALL: [Self; 5] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount, Self::Create];

    /// The value as sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }

    /// Whether this can be asked for here.
    pub const fn is_offered(self, sign_up: SignUpMode) -> bool {
        !matches!(self, Self::Create) || sign_up.is_open()
    }

    /// The value of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|prompt| prompt.name() == name)
    }
}

/// A request that passed every check; stored with its interaction. It has no `Debug`: hints and
/// state may be personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes, exactly as sent; [`SafeRedirect::restored`] makes it usable again.
    pub redirect_uri: String,
    /// What the answer brings; a dialogue that began before there was a choice is about a code.
    #[serde(default)]
    pub response_type: ResponseType,
    /// How the answer goes there.
    pub response_mode: ResponseMode,
    /// To be echoed byte by byte.
    pub state: Option<String>,
    /// The scopes; without `openid` this is plain OAuth.
    pub scope: Vec<String>,
    /// For the ID token; only with `openid`.
    pub nonce: Option<String>,
    /// The S256 challenge.
    pub code_challenge: Option<String>,
    /// What the person must be shown, each value once.
    pub prompt: Vec<Prompt>,
    /// The oldest acceptable authentication, in seconds; the client's default if not sent.
    pub max_age: Option<i64>,
    /// Who is probably signing in.
    pub login_hint: Option<String>,
    /// Who must be signed in; not verified yet.
    pub id_token_hint: Option<String>,
    /// Voluntary classes, preferred first.
    pub acr_values: Vec<String>,
    /// Preferred languages.
    pub ui_locales: Option<String>,
    /// The claims parameter: JSON of the right shape; only with `openid`.
    pub claims: Option<String>,
    /// How pages should be laid out.
    pub display: Option<String>,
    /// The key that the code is bound to (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The resources that tokens shall be for (RFC 8707).
    #[serde(default)]
    pub resource: Vec<String>,
    /// What is asked for in detail (RFC 9396).
    #[serde(default)]
    pub authorization_details: Vec<serde_json::Value>,
    /// The pushed request that this came from; its answer uses it up (RFC 9126 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_request: Option<PushedRequestId>,
    /// The parameters came in an object that the client signed.
    #[serde(default)]
    pub signed: bool,
}

impl AuthorizationRequest {
    /// A request that is not answered through the browser: a device's, or one over the back channel.
    /// It has no redirect URI. The person always sees what is asked for.
    pub fn deferred(client_id: ClientId, scope: Vec<String>) -> Self {
        Self {
            client_id,
            redirect_uri: String::new(),
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            state: None,
            scope,
            nonce: None,
            code_challenge: None,
            prompt: vec![Prompt::Consent],
            max_age: None,
            login_hint: None,
            id_token_hint: None,
            acr_values: Vec::new(),
            ui_locales: None,
            claims: None,
            display: None,
            dpop_jkt: None,
            resource: Vec::new(),
            authorization_details: Vec::new(),
            pushed_request: None,
            signed: false,
        }
    }

    /// Whether this is an OpenID Connect request.
    pub fn is_openid(&self) -> bool {
        self.scope.iter().any(|scope| scope == OPENID)
    }

    /// Whether the request asks for this.
    pub fn has_prompt(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }
}

/// A request that may proceed.
#[derive(Clone, PartialEq, Eq)]
pub struct ValidRequest {
    /// What was asked.
    pub request: AuthorizationRequest,
    /// Where the answer goes.
    pub redirect: SafeRedirect,
}

/// A refusal, with the only channel that it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizeError {
    /// Shown to the person; the browser is sent nowhere.
    Page(OAuthError),
    /// Sent to the client.
    Redirect(Box<RedirectError>),
}

impl AuthorizeError {
    /// The refusal itself.
    pub fn error(&self) -> &OAuthError {
        match self {
            Self::Page(error) => error,
            Self::Redirect(redirect) => &redirect.error,
        }
    }
}

/// A refusal that the client may hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectError {
    /// Where to.
    pub to: SafeRedirect,
    /// How.
    pub mode: ResponseMode,
    /// To be echoed; absent if it was itself the cause.
    pub state: Option<String>,
    /// What is wrong.
    pub error: OAuthError,
    /// The rule that refused, one of [`rules`].
    pub rule: &'static str,
}

struct Draft<'a> {
    params: &'a Params,
    client: &'a Client,
    sign_up: SignUpMode,
    request: AuthorizationRequest,
}

type Check = fn(&mut Draft<'_>) -> Result<(), OAuthError>;

/// In the order in which errors win. `client` and `redirect_uri` ran before: nothing earlier than
/// this may redirect. `state` is first because every later refusal echoes it, `scope` comes before
/// what only an OpenID request means.
const CHECKS: &[(&str, Check)] = &[
    ("state", check_state),
    ("request_object", check_request_object),
    ("response_type", check_response_type),
    ("response_mode", check_response_mode),
    ("grant_type", check_grant_type),
    ("pkce", check_pkce),
    ("prompt", check_prompt),
    ("max_age", check_max_age),
    ("scope", check_scope),
    ("resource", check_resource),
    ("dpop_jkt", check_thumbprint),
    ("authorization_details", check_authorization_details),
    ("nonce", check_nonce),
    ("claims", check_claims),
];

/// The names of the rules that run once a refusal may be redirected, in order: for the decision record.
pub fn rules() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

/// Decides whether the request may proceed. `client` is the row of the request's `client_id`, `sign_up`
/// who may create an account here.
///
/// # Errors
/// A page if the client or the redirect URI is in doubt (an unknown and a disabled client read the
/// same); otherwise a redirect with the first refusal.
pub fn validate(params: &Params, client: Option<&Client>, sign_up: SignUpMode) -> Result<ValidRequest, AuthorizeError> {
    let client_id = params.require("client_id", Reason::ClientIdMissing).map_err(AuthorizeError::Page)?;
    let client = client
        .filter(|client| client.enabled && client.client_id.as_str() == client_id)
        .ok_or(AuthorizeError::Page(OAuthError::invalid_request(Reason::ClientUnknown)))?;
    // Nobody has looked at its addresses either: a page, and no redirect.
    check_released(client).map_err(AuthorizeError::Page)?;
    let redirect = SafeRedirect::matched(client, params.find("redirect_uri")).map_err(AuthorizeError::Page)?;

    let mut draft = Draft { params, client, sign_up, request: plain_fields(params, client, &redirect) };
    for (rule, check) in CHECKS {
        if let Err(error) = check(&mut draft) {
            let state = draft.request.state;
            let mode = draft.request.response_mode;
            return Err(AuthorizeError::Redirect(Box::new(RedirectError { to: redirect, mode, state, error, rule })));
        }
    }
    Ok(ValidRequest { request: draft.request, redirect })
}

/// A refusal whose cause lies outside of [`validate`], in where the parameters came from: sent to
/// the client if `params` name an address that it registered, otherwise a page.
pub fn refuse(params: &Params, client: &Client, rule: &'static str, error: OAuthError) -> AuthorizeError {
    let Ok(redirect) = SafeRedirect::matched(client, params.find("redirect_uri")) else {
        return AuthorizeError::Page(error);
    };
    let request = plain_fields(params, client, &redirect);
    let mut draft = Draft { params, client, sign_up: SignUpMode::Off, request };
    // A state that cannot be echoed is left out; the refusal is the other one all the same.
    let state = check_state(&mut draft).ok().and(draft.request.state);
    let mode = draft.request.response_mode;
    AuthorizeError::Redirect(Box::new(RedirectError { to: redirect, mode, state, error, rule }))
}

/// The fields that accept any value; the checks fill in the others.
fn plain_fields(params: &Params, client: &Client, redirect: &SafeRedirect) -> AuthorizationRequest {
    let text = |name: &str| params.find(name).map(str::to_owned);
    AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri: redirect.as_str().to_owned(),
        response_type: ResponseType::Code,
        response_mode: mode_of_errors(params),
        state: None,
        scope: Vec::new(),
        nonce: None,
        code_challenge: None,
        prompt: Vec::new(),
        max_age: None,
        login_hint: text("login_hint"),
        id_token_hint: text("id_token_hint"),
        acr_values: acr_values(params, client),
        ui_locales: text("ui_locales"),
        claims: None,
        display: text("display"),
        dpop_jkt: None,
        resource: Vec::new(),
        authorization_details: Vec::new(),
        pushed_request: None,
        signed: false,
    }
}

/// Until the mode is checked, a refusal goes where the client will look: the mode it asked for, or
/// else the default of the response type it asked for, offered or not (Multiple Response Types §5).
/// Where tokens were asked for, nothing at all goes into the query.
fn mode_of_errors(params: &Params) -> ResponseMode {
    let asked = params.find("response_type").unwrap_or_default();
    let tokens = words(asked).any(|word| matches!(word, "token" | "id_token"));
    let mode = params.find("response_mode").and_then(|name| ResponseMode::asked(name, tokens));
    let mode = mode.unwrap_or(ResponseMode::default_for(tokens));
    if tokens { mode.kept_out_of_query() } else { mode }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// Any text without control characters: HTML forms rewrite line breaks, so those would not come
/// back byte by byte.
fn check_state(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let Some(state) = draft.params.find("state") else {
        return Ok(());
    };
    if state.len() > MAX_STATE || state.contains(char::is_control) {
        return Err(OAuthError::invalid_request(Reason::ParameterMalformed));
    }
    draft.request.state = Some(state.to_owned());
    Ok(())
}

/// Where parameters come from is settled before: what still names another source came out of one,
/// and never counts (RFC 9101 §4). Self-registration is not offered; ignored, it would change the
/// meaning of the request (OIDC Core 7.2.1).
fn check_request_object(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    for (name, code, reason) in [
        ("request", ErrorCode::InvalidRequestObject, Reason::RequestObjectNested),
        ("request_uri", ErrorCode::InvalidRequestObject, Reason::RequestObjectNested),
        ("registration", ErrorCode::RegistrationNotSupported, Reason::RegistrationUnsupported),
    ] {
        if draft.params.find(name).is_some() {
            return Err(OAuthError::new(code, reason));
        }
    }
    Ok(())
}

/// One that is offered, and that the client is registered for.
fn check_response_type(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let name = draft.params.require("response_type", Reason::ResponseTypeMissing)?;
    let response_type = ResponseType::from_name(name).ok_or(response_type_not_offered())?;
    if !draft.client.allows_response_type(response_type) {
        return Err(response_type_not_offered());
    }
    draft.request.response_type = response_type;
    Ok(())
}

const fn response_type_not_offered() -> OAuthError {
    OAuthError::new(ErrorCode::UnsupportedResponseType, Reason::ResponseTypeUnsupported)
}

/// Tokens never stand in a query (Multiple Response Types §3, JARM §2.3.1).
fn check_response_mode(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let tokens = draft.request.response_type.has_tokens();
    let mode = match draft.params.find("response_mode") {
        None => ResponseMode::default_for(tokens),
        Some(name) => {
            ResponseMode::asked(name, tokens).ok_or(OAuthError::invalid_request(Reason::ResponseModeUnsupported))?
        }
    };
    if tokens && mode.is_in_query() {
        return Err(OAuthError::invalid_request(Reason::TokensInQuery));
    }
    draft.request.response_mode = mode;
    check_mode_allowed(draft.client, mode)
}

fn check_mode_allowed(client: &Client, mode: ResponseMode) -> Result<(), OAuthError> {
    if client.allows_response_mode(mode) {
        Ok(())
    } else {
        Err(OAuthError::invalid_request(Reason::ResponseModeNotAllowed))
    }
}

fn check_grant_type(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    check_grants_allowed(draft.client, draft.request.response_type)
}

fn check_grants_allowed(client: &Client, response_type: ResponseType) -> Result<(), OAuthError> {
    if response_type.grant_types().all(|grant| client.allows_grant(grant)) {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, Reason::GrantNotAllowedForClient))
    }
}

/// Whether the client, as registered now, may still be answered with what the request asks for, and
/// in its way: asked again when a dialogue ends.
///
/// # Errors
/// The rule that is no longer met.
pub fn check_response_allowed(client: &Client, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    if !client.allows_response_type(request.response_type) {
        return Err(response_type_not_offered());
    }
    check_mode_allowed(client, request.response_mode)?;
    check_grants_allowed(client, request.response_type)?;
    if request.response_type.has_code() && client.requires_pkce() && request.code_challenge.is_none() {
        return Err(OAuthError::invalid_request(Reason::PkceRequired));
    }
    Ok(())
}

/// Whether the client, as registered now, may still send its parameters in the way that these came:
/// asked again when a dialogue ends. What was pushed was checked a moment before, when it came.
///
/// # Errors
/// `invalid_request`.
pub fn check_source_allowed(client: &Client, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let settings = &client.settings;
    if request.pushed_request.is_some() {
        return Ok(());
    }
    if settings.require_pushed_authorization_requests {
        return Err(OAuthError::invalid_request(Reason::PushedRequestRequired));
    }
    if settings.require_signed_request_object && !request.signed {
        return Err(OAuthError::invalid_request(Reason::SignedRequestRequired));
    }
    Ok(())
}

/// A challenge is about a code; without one there is nothing to prove, and it is ignored.
fn check_pkce(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    if !draft.request.response_type.has_code() {
        return Ok(());
    }
    let (challenge, method) = (draft.params.find("code_challenge"), draft.params.find("code_challenge_method"));
    draft.request.code_challenge = parse_challenge(draft.client, challenge, method)?;
    Ok(())
}

/// `prompt=none` stands alone (OIDC Core 3.1.2.1). `create` goes with the others, though clients do better
/// to send it alone (Initiating User Registration 4); where nobody can sign up it is no value.
fn check_prompt(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let prompt = &mut draft.request.prompt;
    for word in words(draft.params.find("prompt").unwrap_or_default()) {
        let offered = Prompt::from_name(word).filter(|prompt| prompt.is_offered(draft.sign_up));
        let value = offered.ok_or(OAuthError::invalid_request(Reason::PromptUnknown))?;
        if !prompt.contains(&value) {
            prompt.push(value);
        }
    }
    if prompt.contains(&Prompt::None) && prompt.len() > 1 {
        return Err(OAuthError::invalid_request(Reason::PromptNoneCombined));
    }
    Ok(())
}

fn check_max_age(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    draft.request.max_age = parse_max_age(draft.params, draft.client)?;
    Ok(())
}

/// The oldest acceptable authentication, in seconds: the client's default if not sent.
fn parse_max_age(params: &Params, client: &Client) -> Result<Option<i64>, OAuthError> {
    let Some(text) = params.find("max_age") else {
        return Ok(client.settings.default_max_age);
    };
    // `parse` alone would accept a sign.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse::<i64>().ok().filter(|_| digits);
    seconds.map(Some).ok_or(OAuthError::invalid_request(Reason::MaxAgeMalformed))
}

/// The classes that are wished for: the client's default if not sent (OIDC Registration 2).
fn acr_values(params: &Params, client: &Client) -> Vec<String> {
    match params.find("acr_values") {
        Some(sent) => words(sent).map(str::to_owned).collect(),
        None => client.settings.default_acr_values.clone(),
    }
}

/// What a request asks that is answered elsewhere: read as an authorization request is (RFC 8628 §3.1,
/// CIBA §7.1), with resources (RFC 8707 §2), details (RFC 9396 §3) and a sign-in that is fresh enough
/// (RFC 9470 §5). Whether those are registered is found out by the caller, which can look.
///
/// # Errors
/// `invalid_request`, `invalid_scope`, `invalid_target`, `invalid_authorization_details`.
pub(super) fn parse_deferred_request(params: &Params, client: &Client) -> Result<AuthorizationRequest, OAuthError> {
    let max_age = parse_max_age(params, client)?;
    let scope = requested_of_person(client, params.find("scope"))?;
    Ok(AuthorizationRequest {
        max_age,
        acr_values: acr_values(params, client),
        resource: parse_resources(params)?,
        authorization_details: parse_details(params)?,
        ..AuthorizationRequest::deferred(client.client_id.clone(), scope)
    })
}

/// An ID token needs `openid` (OIDC Core 3.2.2.1). Without a code there is nothing to refresh.
fn check_scope(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let mut scope = requested_of_person(draft.client, draft.params.find("scope"))?;
    scope.retain(|scope| draft.request.response_type.has_code() || scope != OFFLINE_ACCESS);
    draft.request.scope = scope;
    if draft.request.response_type.has_id_token() && !draft.request.is_openid() {
        return Err(OAuthError::invalid_request(Reason::OpenidScopeNotRequested));
    }
    Ok(())
}

/// Whether the resources are registered is found out by the caller, which can look.
fn check_resource(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    draft.request.resource = parse_resources(draft.params)?;
    Ok(())
}

fn check_thumbprint(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let thumbprint = draft.params.find("dpop_jkt").map(dpop::parse_thumbprint).transpose()?;
    if thumbprint.is_some() {
        check_may_be_bound(draft.request.response_type)?;
    }
    draft.request.dpop_jkt = thumbprint;
    Ok(())
}

/// A key that is named beforehand binds the code (RFC 9449 §10). No proof comes with an access token through
/// the browser: it would be unbound, and the client believe that it is not.
///
/// # Errors
/// `invalid_request`.
pub fn check_may_be_bound(response_type: ResponseType) -> Result<(), OAuthError> {
    match response_type.has_access_token() {
        true => Err(OAuthError::invalid_request(Reason::RestrictionUnsupported)),
        false => Ok(()),
    }
}

/// Their types are looked up by the caller too.
fn check_authorization_details(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    draft.request.authorization_details = parse_details(draft.params)?;
    Ok(())
}

/// Meaningless without `openid`, and then ignored. An ID token that comes through the browser needs
/// one: nothing else binds it to the request (OIDC Core 3.2.2.1 and 3.3.2.11).
fn check_nonce(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let Some(nonce) = draft.params.find("nonce").filter(|_| draft.request.is_openid()) else {
        if draft.request.response_type.has_id_token() {
            return Err(OAuthError::invalid_request(Reason::NonceMissing));
        }
        return Ok(());
    };
    if nonce.len() > MAX_NONCE {
        return Err(OAuthError::invalid_request(Reason::ParameterMalformed));
    }
    draft.request.nonce = Some(nonce.to_owned());
    Ok(())
}

/// Meaningless without `openid`, and then ignored. A class of authentication that is demanded and
/// never reached here is refused before anybody is asked for anything.
fn check_claims(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let Some(claims) = draft.params.find("claims").filter(|_| draft.request.is_openid()) else {
        return Ok(());
    };
    acr::check_reachable(&ClaimsRequest::parse(claims)?)?;
    draft.request.claims = Some(claims.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests;
