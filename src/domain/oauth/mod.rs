//! OAuth 2: what is asked, what is allowed, what is answered.

mod access_token;
mod actor;
mod api_metadata;
mod assertion_algorithm;
mod authorization_details;
mod authorization_request;
mod authorization_response;
mod backchannel_authentication;
mod client_authentication;
mod client_id_document;
mod client_metadata;
mod client_registration;
mod confirmation;
mod deferred;
mod encoding;
mod error;
mod grant_type;
mod http_date;
mod introspection;
mod jwt_bearer;
mod network_bound;
mod params;
mod pkce;
mod protected_resource;
mod pushed_authorization_request;
mod redirect_uri;
mod registrable_uri;
mod registration_change;
mod registration_policy;
mod repeated_value;
mod request_object;
mod resource;
mod response_mode;
mod response_type;
mod scope;
mod security_profile;
mod standing;
mod token_exchange;
mod token_request;
mod user_code;

#[cfg(test)]
mod fixtures;

pub use access_token::{AccessTokenClaims, VerifiedAccessToken, check_own_access_token, check_stored_access_token};
pub use actor::Actor;
pub use api_metadata::{MAX_API_TOKEN_SECONDS, check_api_settings, tighten};
pub use assertion_algorithm::AssertionAlgorithm;
pub use authorization_details::{check_details, describe_fields, details_for, narrow_details, parse_details, type_of};
pub use authorization_request::{
    AuthorizationRequest, AuthorizeError, Prompt, RedirectError, ValidRequest, check_may_be_bound,
    check_response_allowed, check_source_allowed, refuse, rules, validate,
};
pub use authorization_response::{
    Answer, AnsweredToken, Granted, ResponseParameters, SIGNED_RESPONSE_SECONDS, failure, signed, success,
};
pub use backchannel_authentication::{
    AUTH_REQ_ID_CLAIM, BackchannelRequest, Carried, PersonHint, SignedRequest, check_carrier, check_signed_request,
    signed_parameters,
};
pub use client_authentication::{
    AssertionFacts, CLIENT_ASSERTION_TYPE, Presented, check_assertion, check_assertion_kind, check_audience_is_text,
    check_client_usable, check_method, unverified_issuer, unverified_subject,
};
pub use client_id_document::{Caching, DocumentAddress, cache_seconds, is_document_id, parse_document};
pub use client_metadata::{SettingsRule, check_certificates, check_settings, find_sector, sector_lists_all};
pub use client_registration::{Registration, RegistrationRefusal, describe, parse_metadata};
pub use confirmation::{Confirmation, TokenScheme};
pub use deferred::{
    DEVICE_LIFETIME, MOST_WAITING, POLL_INTERVAL, Poll, came_from_elsewhere, check_grant, check_waiting, decide_poll,
    parse_deferred_code, parse_device_request,
};
pub use error::{ErrorCode, OAuthError};
pub use grant_type::GrantType;
pub use introspection::{Disclosure, Introspected, check_may_introspect, inactive, introspection_claims};
pub use jwt_bearer::{
    BearerFacts, JwtBearerRequest, bearer_scope, check_bearer_assertion, check_bearer_kind, check_may_vouch,
    check_trusted_issuer,
};
pub use network_bound::{MOST_WAITING_AT_NETWORK, ROOM_AT_NETWORK_AFTER, check_waiting_at_network, counts_at_network};
pub use params::Params;
pub use pkce::{check_pushed_challenge, check_verifier, parse_challenge};
pub use protected_resource::{find_hosted, protected_resource};
pub use pushed_authorization_request::{
    PUSHED_LIFETIME, PushedRequest, REQUEST_URI_PREFIX, check_pushed, parameters_to_push, pushed_reference, pushed_text,
};
pub use redirect_uri::SafeRedirect;
pub use registrable_uri::{RedirectUriRule, check_registrable};
pub use registration_change::is_another_app;
pub use registration_policy::{
    DocumentMode, REGISTRATION_ROOM_AFTER, RegistrationMode, RegistrationPolicy, TooMany, check_policy,
    count_registration,
};
pub use repeated_value::SeenValues;
pub use request_object::{
    Passing, check_may_be_unsigned, check_request_object, check_request_object_type, check_request_uri,
    request_object_algorithms, request_object_parameters,
};
pub use resource::{
    Target, aim, aim_exchanged, check_granted, check_may_target, consent_to_resource, is_registrable_resource,
    parse_resources, resource_key, resource_of_consent,
};
pub use response_mode::ResponseMode;
pub use response_type::{ResponseType, default_response_types};
pub use scope::{check_allowed, narrow, parse_scope};
pub use security_profile::{
    ProfileRules, RefreshTokens, RequestObjects, SecurityProfile, SenderConstraint, SignedResponses, algorithm_reason,
    allowed_algorithms, check_proof_algorithm,
};
pub use standing::{check_released, check_standing};
pub use token_exchange::{ACCESS_TOKEN_URN, ExchangeRequest, ExchangeSubject, Exchanged, SubjectType, decide_exchange};
pub use token_request::{
    ClientCredentialsRequest, CodeExchange, Narrowing, RefreshDecision, RefreshRequest, Refusal, check_redeemable,
    client_credentials_scope, decide_refresh, parse_grant_type,
};
pub use user_code::UserCode;
