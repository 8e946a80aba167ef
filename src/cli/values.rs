//! How values are written on the command line.

use crate::domain::{
    entity::{
        AccessTokenFormat, AssertionAudience, AuthMethod, ClientKind, ConsentMode, DeliveryState, KeyAlgorithm,
        SubjectMapping, SubjectType, TokenDeliveryMode,
    },
    jose::{ContentEncryption, KeyManagementAlgorithm, RequestObjectAlgorithm, SigningAlgorithm},
    oauth::{
        AssertionAlgorithm, DocumentMode, GrantType, RegistrationMode, ResponseMode, ResponseType, SecurityProfile,
    },
    oidc::sign_up::SignUpMode,
};

/// `key=value`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

/// `90`, `90s`, `15m`, `24h` or `7d`, in seconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    let wrong = || "write a number of seconds, or 15m, 24h, 7d".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let well_formed = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let count = digits.parse::<i64>().ok().filter(|_| well_formed).ok_or_else(wrong)?;
    count.checked_mul(factor).ok_or_else(wrong)
}

fn one_of<T>(found: Option<T>, names: impl Iterator<Item = &'static str>) -> Result<T, String> {
    found.ok_or_else(|| format!("use one of: {}", names.collect::<Vec<_>>().join(", ")))
}

pub(super) fn kind(text: &str) -> Result<ClientKind, String> {
    one_of(ClientKind::from_name(text), ClientKind::ALL.iter().map(|kind| kind.name()))
}

pub(super) fn auth_method(text: &str) -> Result<AuthMethod, String> {
    one_of(AuthMethod::from_name(text), AuthMethod::ALL.iter().map(|method| method.name()))
}

pub(super) fn delivery_state(text: &str) -> Result<DeliveryState, String> {
    one_of(DeliveryState::from_name(text), DeliveryState::ALL.iter().map(|state| state.name()))
}

pub(super) fn grant_type(text: &str) -> Result<GrantType, String> {
    let found = GrantType::from_name(text).or_else(|| GrantType::from_alias(text));
    one_of(found, GrantType::ALL.iter().map(|grant| grant.alias()))
}

pub(super) fn subject_type(text: &str) -> Result<SubjectType, String> {
    one_of(SubjectType::from_name(text), SubjectType::ALL.iter().map(|kind| kind.name()))
}

pub(super) fn token_delivery_mode(text: &str) -> Result<TokenDeliveryMode, String> {
    let modes = TokenDeliveryMode::ALL;
    one_of(modes.into_iter().find(|mode| mode.name() == text), modes.iter().map(|mode| mode.name()))
}

pub(super) fn encryption_alg(text: &str) -> Result<KeyManagementAlgorithm, String> {
    one_of(text.parse().ok(), KeyManagementAlgorithm::ALL.iter().map(|algorithm| algorithm.name()))
}

pub(super) fn encryption_enc(text: &str) -> Result<ContentEncryption, String> {
    one_of(text.parse().ok(), ContentEncryption::ALL.iter().map(|algorithm| algorithm.name()))
}

pub(super) fn key_algorithm(text: &str) -> Result<KeyAlgorithm, String> {
    let signing = SigningAlgorithm::ALL.iter().map(|algorithm| algorithm.name());
    one_of(text.parse().ok(), signing.chain(KeyAlgorithm::ENCRYPTION.iter().map(|algorithm| algorithm.name())))
}

pub(super) fn response_type(text: &str) -> Result<ResponseType, String> {
    one_of(ResponseType::from_name(text), ResponseType::ALL.iter().map(|response_type| response_type.name()))
}

pub(super) fn response_mode(text: &str) -> Result<ResponseMode, String> {
    one_of(ResponseMode::from_name(text), ResponseMode::ALL.iter().map(|mode| mode.name()))
}

pub(super) fn algorithm(text: &str) -> Result<SigningAlgorithm, String> {
    one_of(text.parse().ok(), SigningAlgorithm::ALL.iter().map(|algorithm| algorithm.name()))
}

pub(super) fn registration(text: &str) -> Result<RegistrationMode, String> {
    let found = RegistrationMode::ALL.into_iter().find(|mode| mode.name() == text);
    one_of(found, RegistrationMode::ALL.iter().map(|mode| mode.name()))
}

pub(super) fn sign_up(text: &str) -> Result<SignUpMode, String> {
    let modes = SignUpMode::ALL;
    one_of(modes.into_iter().find(|mode| mode.name() == text), modes.iter().map(|mode| mode.name()))
}

pub(super) fn documents(text: &str) -> Result<DocumentMode, String> {
    let found = DocumentMode::ALL.into_iter().find(|mode| mode.name() == text);
    one_of(found, DocumentMode::ALL.iter().map(|mode| mode.name()))
}

pub(super) fn assertion_algorithm(text: &str) -> Result<AssertionAlgorithm, String> {
    one_of(AssertionAlgorithm::from_name(text), AssertionAlgorithm::ALL.iter().map(|algorithm| algorithm.name()))
}

pub(super) fn assertion_audience(text: &str) -> Result<AssertionAudience, String> {
    let known = [("any", AssertionAudience::Any), ("issuer", AssertionAudience::Issuer)];
    one_of(known.iter().find(|(name, _)| *name == text).map(|(_, one)| *one), known.iter().map(|(name, _)| *name))
}

pub(super) fn security_profile(text: &str) -> Result<SecurityProfile, String> {
    one_of(SecurityProfile::from_name(text), SecurityProfile::ALL.iter().map(|profile| profile.name()))
}

pub(super) fn request_object_algorithm(text: &str) -> Result<RequestObjectAlgorithm, String> {
    let names = SigningAlgorithm::ALL.iter().map(|algorithm| algorithm.name());
    one_of(text.parse().ok(), names.chain([RequestObjectAlgorithm::Unsigned.name()]))
}

pub(super) fn consent(text: &str) -> Result<ConsentMode, String> {
    let modes = [("skip", ConsentMode::Skip), ("once", ConsentMode::Once), ("always", ConsentMode::Always)];
    one_of(modes.iter().find(|(name, _)| *name == text).map(|(_, mode)| *mode), modes.iter().map(|(name, _)| *name))
}

pub(super) fn subject_mapping(text: &str) -> Result<SubjectMapping, String> {
    one_of(SubjectMapping::from_name(text), SubjectMapping::ALL.iter().map(|mapping| mapping.name()))
}

pub(super) fn token_format(text: &str) -> Result<AccessTokenFormat, String> {
    let formats = [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)];
    let found = formats.iter().find(|(name, _)| *name == text).map(|(_, format)| *format);
    one_of(found, formats.iter().map(|(name, _)| *name))
}

#[cfg(test)]
mod tests {
    use super::{duration, pair};

    #[test]
    fn a_duration_is_a_whole_number_with_one_unit() {
        for (text, seconds) in [("0", 0), ("90", 90), ("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "h", "-1", "+1", "1w", "1.5h", "1 h", "1hh", "99999999999999999d", "24H"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pair_needs_a_key() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(pair("=b").is_err());
        assert!(pair("ab").is_err());
    }
}
