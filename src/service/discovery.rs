//! The metadata documents, computed from the tables that dispatch (OIDC Discovery 1.0, RFC 8414).

pub(super) mod rendered;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Services, apis::Registry, authorization, client_authentication, possession, registration, sign_up, token};
use crate::{
    crypto::token::digest,
    domain::{
        Issuer,
        entity::{AuthMethod, SubjectType, TokenDeliveryMode},
        jose::{ContentEncryption, KeyManagementAlgorithm, RequestObjectAlgorithm, SigningAlgorithm},
        oauth::{GrantType, Prompt, ResponseMode, ResponseType},
        oidc::{
            acr,
            claims::{claims_supported, scopes_supported},
            discovery::{Capabilities, Endpoint, oauth_authorization_server, openid_configuration},
        },
    },
};

use rendered::Sources;
pub use rendered::{Document, DocumentCache, Rendered};

/// The document as text: rendered when something that it tells was read anew. `endpoints`: each endpoint
/// with the path that it is routed at. `registry`: what else is told of.
pub fn rendered(
    services: &Services,
    document: Document,
    endpoints: fn() -> Vec<(Endpoint, &'static str)>,
    registry: &Arc<Registry>,
) -> Arc<Rendered> {
    let sources = Sources {
        keyring: services.keyring.load_full(),
        registration: registration::policy::known(services),
        sign_up: sign_up::policy::known(services),
        registry: registry.clone(),
    };
    if let Some(kept) = services.documents.find(document, &sources) {
        return kept;
    }
    let text = Value::Object(compute(services, document, &endpoints(), &sources)).to_string();
    services.documents.keep(document, Rendered { tag: entity_tag(&text), text: text.into_bytes().into(), sources })
}

fn compute(
    services: &Services,
    document: Document,
    endpoints: &[(Endpoint, &str)],
    sources: &Sources,
) -> Map<String, Value> {
    let Sources { keyring, registration: policy, sign_up, registry } = sources;
    let mut grant_types: Vec<GrantType> = token::GRANTS.iter().map(|grant| grant.grant_type).collect();
    grant_types.push(GrantType::Implicit);
    let (response_types, response_modes) = (ResponseType::ALL.map(ResponseType::name), ResponseMode::supported());
    let mut algorithms: Vec<SigningAlgorithm> = keyring.algorithms().collect();
    algorithms.sort_unstable();
    // The endpoint is named while it lets somebody in.
    let endpoints: Vec<(Endpoint, &str)> = endpoints
        .iter()
        .filter(|(endpoint, _)| *endpoint != Endpoint::Registration || policy.offers_registration())
        .copied()
        .collect();
    let prompts = Prompt::ALL.iter().filter(|prompt| prompt.is_offered(sign_up.mode)).map(|prompt| prompt.name());
    let prompts: Vec<&str> = prompts.collect();
    let signed = authorization::REQUEST_OBJECT_ALGORITHMS.iter().map(|algorithm| algorithm.name());
    let request_objects: Vec<&str> = signed.chain([RequestObjectAlgorithm::Unsigned.name()]).collect();
    let (claims, mut scopes) = (claims_supported(), scopes_supported());
    let of_apis = registry.apis.iter().flat_map(|api| api.settings.scopes.iter().map(|scope| scope.name.as_str()));
    for scope in of_apis {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let resources: Vec<&str> = registry.apis.iter().map(|api| api.resource.as_str()).collect();
    let details_types: Vec<&str> = registry.details_types.iter().map(String::as_str).collect();
    let mtls = services.policy.mtls.as_ref();
    let seen = services.policy.certificates();
    let usable = |methods: &[AuthMethod]| -> Vec<AuthMethod> {
        methods.iter().copied().filter(|method| method.works_with(seen)).collect()
    };
    let token_methods = usable(client_authentication::METHODS);
    let confidential_methods = usable(client_authentication::CONFIDENTIAL_METHODS);
    let capabilities = Capabilities {
        issuer: services.issuer.as_str(),
        endpoints: &endpoints,
        grant_types: &grant_types,
        response_types: &response_types,
        response_modes: &response_modes,
        token_auth_methods: &token_methods,
        introspection_auth_methods: &confidential_methods,
        revocation_auth_methods: &token_methods,
        client_assertion_algs: client_authentication::ASSERTION_ALGORITHMS,
        mtls_base: mtls.map(Issuer::as_str),
        dpop_algs: possession::PROOF_ALGORITHMS,
        authorization_algs: &algorithms,
        request_object_algs: &request_objects,
        delivery_modes: &TokenDeliveryMode::ALL,
        backchannel_request_algs: &SigningAlgorithm::ALL,
        id_token_algs: &algorithms,
        userinfo_algs: &algorithms,
        introspection_algs: &algorithms,
        encryption_algs: &KeyManagementAlgorithm::ALL,
        content_encryptions: &ContentEncryption::ALL,
        subject_types: &SubjectType::ALL,
        scopes: &scopes,
        protected_resources: &resources,
        authorization_details_types: &details_types,
        claims: &claims,
        prompt_values: &prompts,
        acr_values: acr::SUPPORTED,
        ui_locales: &["en"],
        client_id_metadata_documents: policy.offers_documents(),
        documentation: Some("/docs/errors"),
    };
    match document {
        Document::OpenidConfiguration => openid_configuration(&capabilities),
        Document::OauthAuthorizationServer => oauth_authorization_server(&capabilities),
    }
}

/// The published keys (RFC 7517 §5), as JSON.
pub fn key_set(services: &Services) -> String {
    services.keyring.load().public_jwks_text().to_owned()
}

/// A validator that changes with the document (RFC 9110 §8.8.3).
pub fn entity_tag(document: &str) -> String {
    format!("\"{}\"", content_hash(document.as_bytes(), 12))
}

/// The first `bytes` bytes of the SHA-256 of some public content, in hexadecimal.
pub fn content_hash(content: &[u8], bytes: usize) -> String {
    digest(content).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
