//! One binary with every fuzz target; `SYMBOLON_FUZZ_TARGET` names the one that runs. `fuzz/run` builds it with
//! instrumentation, runs each for a while from the kept corpus, and stops at the first input that breaks a rule.

#![no_main]

mod documents;
mod jose;
mod oauth;
mod other;
mod presented;
mod requests;

use std::sync::LazyLock;

/// A target: anything may be handed to it, nothing may make it panic.
type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("params", oauth::params),
    ("authorization_request", oauth::authorization_request),
    ("client_credentials", oauth::client_credentials),
    ("client_assertion", oauth::client_assertion),
    ("client_settings", oauth::client_settings),
    ("redirect_uri", oauth::redirect_uri),
    ("scope", oauth::scope),
    ("claims_request", oauth::claims_request),
    ("backchannel_request", oauth::backchannel_request),
    ("token_request", oauth::token_request),
    ("compact_jws", jose::compact_jws),
    ("jwk_set", jose::jwk_set),
    ("request_object", jose::request_object),
    ("own_access_token", jose::own_access_token),
    ("id_token_hint", jose::id_token_hint),
    ("certificate", presented::certificate),
    ("encrypted", presented::encrypted),
    ("decrypted", presented::decrypted),
    ("dpop_proof", presented::dpop_proof),
    ("bearer_assertion", presented::bearer_assertion),
    ("client_metadata", presented::client_metadata),
    ("caching", presented::caching),
    ("challenge", presented::challenge),
    ("request_head", requests::request_head),
    ("authorization_details", requests::authorization_details),
    ("signed_backchannel_request", requests::signed_backchannel_request),
    ("strict_json", documents::strict_json),
    ("fetched_document", documents::fetched_document),
    ("opaque_token", other::opaque_token),
    ("names", other::names),
    ("logout_request", other::logout_request),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("SYMBOLON_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    let Some((_, target)) = found else {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("set SYMBOLON_FUZZ_TARGET to one of: {}", names.join(" "));
        std::process::exit(2);
    };
    *target
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
