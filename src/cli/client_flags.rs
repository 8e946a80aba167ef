//! The settings of a client as flags: the same for create and update. A flag that is not given
//! leaves the default, or what is stored.

use std::path::PathBuf;

use clap::Args;

use super::{CliFailure, values};
use crate::{
    config::{DiskFiles, Files as _},
    domain::{
        entity::{
            AccessTokenFormat, AssertionAudience, AuthMethod, ClientSettings, ConsentMode, IdTokenClaims, SubjectType,
            TokenDeliveryMode,
        },
        jose::{ContentEncryption, KeyManagementAlgorithm, RequestObjectAlgorithm, SigningAlgorithm},
        oauth::{AssertionAlgorithm, GrantType, ResponseMode, ResponseType, SecurityProfile},
    },
};

/// Everything that can be set on a client.
#[derive(Debug, Default, Args)]
pub struct ClientFlags {
    /// The security profile, whose rules then hold: oauth2.1, fapi1-advanced, fapi2-security,
    /// fapi2-message-signing, fapi-ciba, mcp or legacy. What it demands is filled in; `none` ends it.
    #[arg(long = "profile", value_name = "PROFILE", value_parser = optional_profile)]
    security_profile: Option<Setting<SecurityProfile>>,
    /// An address that codes may be sent to, exactly; repeat for more. Replaces the list.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// An address that a browser may be sent to after sign-out; repeat for more. Replaces the list.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Where the client hears from this server that a session ended (https); empty removes it.
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// The client needs the session id there.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    backchannel_logout_session_required: Option<bool>,
    /// What browsers load in a frame when a session ends; empty removes it.
    #[arg(long, value_name = "URI")]
    frontchannel_logout_uri: Option<String>,
    /// The client needs issuer and session id there.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    frontchannel_logout_session_required: Option<bool>,
    /// A scope that the client may ask for; repeat, or separate by spaces. Replaces the list.
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// A grant that the client may use; repeat for more. Replaces the list.
    #[arg(long = "grant-type", value_parser = values::grant_type)]
    grant_types: Vec<GrantType>,
    /// What may come back from the authorization endpoint: "code", "code id_token"; repeat for more.
    /// Replaces the list.
    #[arg(long = "response-type", value_name = "TYPE", value_parser = values::response_type)]
    response_types: Vec<ResponseType>,
    /// A way that answers of the authorization endpoint may take; repeat for more. Replaces the list;
    /// any if there is none.
    #[arg(long = "response-mode", value_name = "MODE", value_parser = values::response_mode)]
    response_modes: Vec<ResponseMode>,
    /// How the client authenticates.
    #[arg(long, value_parser = values::auth_method)]
    auth_method: Option<AuthMethod>,
    /// The one algorithm of the client's assertions.
    #[arg(long, value_parser = values::assertion_algorithm)]
    auth_signing_alg: Option<AssertionAlgorithm>,
    /// The audience of the client's assertions: any, or issuer (as FAPI 2.0 wants).
    #[arg(long, value_parser = values::assertion_audience)]
    assertion_audience: Option<AssertionAudience>,
    /// The subject of the client's certificate (RFC 4514), for tls_client_auth; empty removes it.
    #[arg(long, value_name = "NAME")]
    tls_subject_dn: Option<String>,
    /// A host that the client's certificate is for; empty removes it.
    #[arg(long, value_name = "HOST")]
    tls_san_dns: Option<String>,
    /// A URI that the client's certificate is for; empty removes it.
    #[arg(long, value_name = "URI")]
    tls_san_uri: Option<String>,
    /// A network address that the client's certificate is for; empty removes it.
    #[arg(long, value_name = "ADDRESS")]
    tls_san_ip: Option<String>,
    /// A mailbox that the client's certificate is for; empty removes it.
    #[arg(long, value_name = "EMAIL")]
    tls_san_email: Option<String>,
    /// A file with the client's public keys (a JWK set).
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks_file: Option<PathBuf>,
    /// Where the client publishes its public keys; empty removes it.
    #[arg(long, value_name = "URI")]
    jwks_uri: Option<String>,
    /// Whether people are asked: skip, once or always.
    #[arg(long, value_parser = values::consent)]
    consent: Option<ConsentMode>,
    /// The algorithm of ID tokens.
    #[arg(long, value_parser = values::algorithm)]
    id_token_alg: Option<SigningAlgorithm>,
    /// Encrypt ID tokens for the client's key with this; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_alg)]
    id_token_encryption_alg: Option<Setting<KeyManagementAlgorithm>>,
    /// The content encryption of ID tokens.
    #[arg(long, value_name = "ENC", value_parser = optional_enc)]
    id_token_encryption_enc: Option<Setting<ContentEncryption>>,
    /// Sign UserInfo answers with this, instead of plain JSON; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_signing)]
    userinfo_signed_response_alg: Option<Setting<SigningAlgorithm>>,
    /// Encrypt UserInfo answers with this; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_alg)]
    userinfo_encryption_alg: Option<Setting<KeyManagementAlgorithm>>,
    /// The content encryption of UserInfo answers.
    #[arg(long, value_name = "ENC", value_parser = optional_enc)]
    userinfo_encryption_enc: Option<Setting<ContentEncryption>>,
    /// The client encrypts request objects to this server with this; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_alg)]
    request_object_encryption_alg: Option<Setting<KeyManagementAlgorithm>>,
    /// The content encryption of request objects.
    #[arg(long, value_name = "ENC", value_parser = optional_enc)]
    request_object_encryption_enc: Option<Setting<ContentEncryption>>,
    /// Encrypt signed authorization answers with this; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_alg)]
    authorization_encryption_alg: Option<Setting<KeyManagementAlgorithm>>,
    /// The content encryption of authorization answers.
    #[arg(long, value_name = "ENC", value_parser = optional_enc)]
    authorization_encryption_enc: Option<Setting<ContentEncryption>>,
    /// Sign introspection answers that are asked for as JWTs with this; `none`: the default.
    #[arg(long, value_name = "ALG", value_parser = optional_signing)]
    introspection_signed_response_alg: Option<Setting<SigningAlgorithm>>,
    /// Encrypt them with this; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_alg)]
    introspection_encryption_alg: Option<Setting<KeyManagementAlgorithm>>,
    /// Their content encryption.
    #[arg(long, value_name = "ENC", value_parser = optional_enc)]
    introspection_encryption_enc: Option<Setting<ContentEncryption>>,
    /// What the client knows people by: public (one sub everywhere) or pairwise (one for each sector).
    #[arg(long, value_parser = values::subject_type)]
    subject_type: Option<SubjectType>,
    /// Where the redirect addresses of a pairwise client's sector are listed (https); empty removes it.
    #[arg(long, value_name = "URI")]
    sector_identifier_uri: Option<String>,
    /// The algorithm of signed authorization responses.
    #[arg(long, value_parser = values::algorithm)]
    authorization_response_alg: Option<SigningAlgorithm>,
    /// The algorithm of access tokens.
    #[arg(long, value_parser = values::algorithm)]
    access_token_alg: Option<SigningAlgorithm>,
    /// The form of access tokens: jwt or opaque.
    #[arg(long, value_parser = values::token_format)]
    access_token_format: Option<AccessTokenFormat>,
    /// An audience of access tokens; repeat for more. Replaces the list.
    #[arg(long = "audience")]
    audiences: Vec<String>,
    /// A type of authorization details that the client may use; repeat for more. Replaces the list.
    #[arg(long = "authorization-details-type", value_name = "TYPE")]
    authorization_details_types: Vec<String>,
    /// Do not require PKCE: for confidential clients that cannot.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    no_pkce: Option<bool>,
    /// Authorization requests must be pushed (PAR).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_par: Option<bool>,
    /// Tokens only with a proof of the key that they are bound to (DPoP).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dpop_bound: Option<bool>,
    /// Tokens only over a client certificate, and bound to it (mTLS).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    certificate_bound: Option<bool>,
    /// The algorithm of request objects, or none for a client that cannot sign.
    #[arg(long, value_parser = values::request_object_algorithm)]
    request_object_alg: Option<RequestObjectAlgorithm>,
    /// Parameters count only inside of a signed request object (JAR).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_signed_request_object: Option<bool>,
    /// An address that request objects may be fetched from; repeat for more. Replaces the list.
    #[arg(long = "request-uri", value_name = "URI")]
    request_uris: Vec<String>,
    /// May introspect tokens of other clients.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    may_introspect: Option<bool>,
    /// ID tokens carry the protocol's claims only.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    lean_id_token: Option<bool>,
    /// How the client hears of answers over the back channel (CIBA): poll or ping.
    #[arg(long, value_name = "MODE", value_parser = values::token_delivery_mode)]
    backchannel_token_delivery_mode: Option<TokenDeliveryMode>,
    /// Where it is told of them (https); empty removes it.
    #[arg(long, value_name = "URI")]
    backchannel_client_notification_endpoint: Option<String>,
    /// Its requests over the back channel must be signed with this; `none` stops it.
    #[arg(long, value_name = "ALG", value_parser = optional_signing)]
    backchannel_authentication_request_signing_alg: Option<Setting<SigningAlgorithm>>,
    /// Where the app lives; empty removes it.
    #[arg(long, value_name = "URI")]
    client_uri: Option<String>,
    /// The app's logo (https); empty removes it.
    #[arg(long, value_name = "URI")]
    logo_uri: Option<String>,
    /// What the app does with people's data (https); empty removes it.
    #[arg(long, value_name = "URI")]
    policy_uri: Option<String>,
    /// The app's terms (https); empty removes it.
    #[arg(long, value_name = "URI")]
    tos_uri: Option<String>,
    /// Who is responsible for the app; repeat for more. Replaces the list.
    #[arg(long = "contact")]
    contacts: Vec<String>,
    /// Where a sign-in that begins here is started at the app (https); empty removes it.
    #[arg(long, value_name = "URI")]
    initiate_login_uri: Option<String>,
    /// Ask people to sign in again after this long, if the request says nothing.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    default_max_age: Option<i64>,
    /// A class of authentication that it wishes for, if the request says nothing; repeat for more.
    #[arg(long = "default-acr-value", value_name = "ACR")]
    default_acr_values: Vec<String>,
    /// The life of access tokens: 600, 10m.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    access_token_lifetime: Option<i64>,
    /// The life of ID tokens.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    id_token_lifetime: Option<i64>,
    /// The life of a refresh token that is not used.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    refresh_token_lifetime: Option<i64>,
}

impl ClientFlags {
    /// `settings` with what the flags say.
    pub(super) fn apply(&self, mut settings: ClientSettings) -> Result<ClientSettings, CliFailure> {
        // Before everything else, so that what the other flags say is refused if it breaks the profile.
        match self.security_profile {
            None => {}
            Some(Setting::Removed) => settings.security_profile = None,
            Some(Setting::Given(profile)) => settings = profile.apply(settings),
        }
        replace(&mut settings.redirect_uris, &self.redirect_uris);
        replace(&mut settings.post_logout_redirect_uris, &self.post_logout_redirect_uris);
        put(&mut settings.backchannel_logout_uri, self.backchannel_logout_uri.as_ref());
        set(&mut settings.backchannel_logout_session_required, self.backchannel_logout_session_required);
        put(&mut settings.frontchannel_logout_uri, self.frontchannel_logout_uri.as_ref());
        set(&mut settings.frontchannel_logout_session_required, self.frontchannel_logout_session_required);
        let scopes: Vec<String> =
            self.scopes.iter().flat_map(|text| text.split_ascii_whitespace()).map(str::to_owned).collect();
        replace(&mut settings.scope, &scopes);
        replace(&mut settings.grant_types, &self.grant_types);
        replace(&mut settings.response_types, &self.response_types);
        replace(&mut settings.response_modes, &self.response_modes);
        replace(&mut settings.access_token_audience, &self.audiences);
        replace(&mut settings.authorization_details_types, &self.authorization_details_types);
        set(&mut settings.token_endpoint_auth_method, self.auth_method);
        if self.auth_method.is_some() {
            settings.token_endpoint_auth_signing_alg = None;
            // Names of a certificate mean nothing to another method, and are not kept for later.
            settings.tls_client_auth_subject_dn = None;
            settings.tls_client_auth_san_dns = None;
            settings.tls_client_auth_san_uri = None;
            settings.tls_client_auth_san_ip = None;
            settings.tls_client_auth_san_email = None;
        }
        if self.auth_signing_alg.is_some() {
            settings.token_endpoint_auth_signing_alg = self.auth_signing_alg;
        }
        set(&mut settings.client_assertion_audience, self.assertion_audience);
        set(&mut settings.consent, self.consent);
        set(&mut settings.id_token_signed_response_alg, self.id_token_alg);
        set(&mut settings.authorization_signed_response_alg, self.authorization_response_alg);
        set(&mut settings.access_token_signed_response_alg, self.access_token_alg);
        set(&mut settings.access_token_format, self.access_token_format);
        set(&mut settings.require_pkce, self.no_pkce.map(|no_pkce| !no_pkce));
        set(&mut settings.require_pushed_authorization_requests, self.require_par);
        set(&mut settings.dpop_bound_access_tokens, self.dpop_bound);
        set(&mut settings.tls_client_certificate_bound_access_tokens, self.certificate_bound);
        set(&mut settings.require_signed_request_object, self.require_signed_request_object);
        settings.request_object_signing_alg = self.request_object_alg.or(settings.request_object_signing_alg);
        replace(&mut settings.request_uris, &self.request_uris);
        set(&mut settings.may_introspect, self.may_introspect);
        set(
            &mut settings.id_token_claims,
            self.lean_id_token.map(|lean| if lean { IdTokenClaims::Lean } else { IdTokenClaims::Fat }),
        );
        self.apply_encryption(&mut settings);
        self.apply_backchannel(&mut settings);
        set(&mut settings.subject_type, self.subject_type);
        put(&mut settings.sector_identifier_uri, self.sector_identifier_uri.as_ref());
        put(&mut settings.tls_client_auth_subject_dn, self.tls_subject_dn.as_ref());
        put(&mut settings.tls_client_auth_san_dns, self.tls_san_dns.as_ref());
        put(&mut settings.tls_client_auth_san_uri, self.tls_san_uri.as_ref());
        put(&mut settings.tls_client_auth_san_ip, self.tls_san_ip.as_ref());
        put(&mut settings.tls_client_auth_san_email, self.tls_san_email.as_ref());
        put(&mut settings.client_uri, self.client_uri.as_ref());
        put(&mut settings.logo_uri, self.logo_uri.as_ref());
        put(&mut settings.policy_uri, self.policy_uri.as_ref());
        put(&mut settings.tos_uri, self.tos_uri.as_ref());
        put(&mut settings.initiate_login_uri, self.initiate_login_uri.as_ref());
        replace(&mut settings.contacts, &self.contacts);
        replace(&mut settings.default_acr_values, &self.default_acr_values);
        for (stored, given) in [
            (&mut settings.default_max_age, self.default_max_age),
            (&mut settings.access_token_lifetime, self.access_token_lifetime),
            (&mut settings.id_token_lifetime, self.id_token_lifetime),
            (&mut settings.refresh_token_lifetime, self.refresh_token_lifetime),
        ] {
            *stored = given.or(*stored);
        }
        if let Some(path) = &self.jwks_file {
            let read = |why: &dyn std::fmt::Display| CliFailure::usage(format!("{}: {why}", path.display()));
            let text = DiskFiles.read(path).map_err(|error| read(&error))?;
            settings.jwks = Some(serde_json::from_str(&text).map_err(|error| read(&error))?);
            settings.jwks_uri = None;
        }
        if self.jwks_uri.is_some() {
            put(&mut settings.jwks_uri, self.jwks_uri.as_ref());
            settings.jwks = None;
        }
        Ok(settings)
    }

    fn apply_backchannel(&self, settings: &mut ClientSettings) {
        settings.backchannel_token_delivery_mode =
            self.backchannel_token_delivery_mode.or(settings.backchannel_token_delivery_mode);
        let endpoint = self.backchannel_client_notification_endpoint.as_ref();
        put(&mut settings.backchannel_client_notification_endpoint, endpoint);
        let algorithm = self.backchannel_authentication_request_signing_alg.map(Setting::value);
        set(&mut settings.backchannel_authentication_request_signing_alg, algorithm);
    }

    fn apply_encryption(&self, settings: &mut ClientSettings) {
        for (stored, given) in [
            (&mut settings.userinfo_signed_response_alg, self.userinfo_signed_response_alg),
            (&mut settings.introspection_signed_response_alg, self.introspection_signed_response_alg),
        ] {
            set(stored, given.map(Setting::value));
        }
        for (alg, given_alg, enc, given_enc) in [
            (
                &mut settings.id_token_encrypted_response_alg,
                self.id_token_encryption_alg,
                &mut settings.id_token_encrypted_response_enc,
                self.id_token_encryption_enc,
            ),
            (
                &mut settings.userinfo_encrypted_response_alg,
                self.userinfo_encryption_alg,
                &mut settings.userinfo_encrypted_response_enc,
                self.userinfo_encryption_enc,
            ),
            (
                &mut settings.request_object_encryption_alg,
                self.request_object_encryption_alg,
                &mut settings.request_object_encryption_enc,
                self.request_object_encryption_enc,
            ),
            (
                &mut settings.authorization_encrypted_response_alg,
                self.authorization_encryption_alg,
                &mut settings.authorization_encrypted_response_enc,
                self.authorization_encryption_enc,
            ),
            (
                &mut settings.introspection_encrypted_response_alg,
                self.introspection_encryption_alg,
                &mut settings.introspection_encrypted_response_enc,
                self.introspection_encryption_enc,
            ),
        ] {
            set(alg, given_alg.map(Setting::value));
            set(enc, given_enc.map(Setting::value));
            // `none` ends the encryption altogether.
            if alg.is_none() && given_alg.is_some() && given_enc.is_none() {
                *enc = None;
            }
        }
    }
}

/// A setting that can be taken back.
#[derive(Clone, Copy, Debug)]
enum Setting<T> {
    Removed,
    Given(T),
}

impl<T> Setting<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Removed => None,
            Self::Given(value) => Some(value),
        }
    }
}

fn or_none<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Setting<T>, String> {
    if text == "none" { Ok(Setting::Removed) } else { parse(text).map(Setting::Given) }
}

fn optional_profile(text: &str) -> Result<Setting<SecurityProfile>, String> {
    or_none(text, values::security_profile)
}

fn optional_signing(text: &str) -> Result<Setting<SigningAlgorithm>, String> {
    or_none(text, values::algorithm)
}

fn optional_alg(text: &str) -> Result<Setting<KeyManagementAlgorithm>, String> {
    or_none(text, values::encryption_alg)
}

fn optional_enc(text: &str) -> Result<Setting<ContentEncryption>, String> {
    or_none(text, values::encryption_enc)
}

fn set<T: Copy>(stored: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *stored = given;
    }
}

fn replace<T: Clone>(stored: &mut Vec<T>, given: &[T]) {
    if !given.is_empty() {
        *stored = given.to_vec();
    }
}

/// Empty removes.
fn put(stored: &mut Option<String>, given: Option<&String>) {
    if let Some(text) = given {
        *stored = (!text.is_empty()).then(|| text.clone());
    }
}
