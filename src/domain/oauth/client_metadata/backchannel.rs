//! What a client may register about authentication over the back channel (OpenID Connect CIBA Core
//! 1.0 §4): whoever is to be told says where, and whoever signs has keys.

use super::{SettingsRule, is_https, rule};
use crate::entity::{ClientSettings, TokenDeliveryMode};

/// # Errors
/// The first setting that breaks a rule.
pub(super) fn check(settings: &ClientSettings) -> Result<(), SettingsRule> {
    let endpoint = &settings.backchannel_client_notification_endpoint;
    if endpoint.as_ref().is_some_and(|uri| !is_https(uri)) {
        return rule(
            "backchannel_client_notification_endpoint",
            "Give the whole https address, without fragment or user name.",
        );
    }
    if settings.token_delivery_mode() == TokenDeliveryMode::Ping && endpoint.is_none() {
        return rule("backchannel_client_notification_endpoint", "The mode ping needs the address that is told.");
    }
    let signs = settings.backchannel_authentication_request_signing_alg.is_some();
    if signs && settings.jwks.is_none() && settings.jwks_uri.is_none() {
        return rule(
            "backchannel_authentication_request_signing_alg",
            "Signed requests need the client's public keys: jwks or jwks_uri.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entity::{AuthMethod, ClientKind},
        jose::SigningAlgorithm,
        oauth::{GrantType, check_settings},
    };

    fn broken(change: impl FnOnce(&mut ClientSettings)) -> Option<String> {
        let mut settings = ClientSettings::of_kind(ClientKind::Machine);
        settings.grant_types = vec![GrantType::Ciba, GrantType::RefreshToken];
        change(&mut settings);
        check_settings(ClientKind::Machine, &settings).err().map(|broken| broken.field)
    }

    #[test]
    fn a_client_is_told_at_an_https_address() {
        assert_eq!(broken(|_| ()), None);
        assert_eq!(broken(|s| s.backchannel_token_delivery_mode = Some(TokenDeliveryMode::Poll)), None);
        let field = Some("backchannel_client_notification_endpoint".to_owned());
        assert_eq!(broken(|s| s.backchannel_token_delivery_mode = Some(TokenDeliveryMode::Ping)), field);
        for (uri, verdict) in [
            ("https://app.example/ciba", None),
            ("http://app.example/ciba", field.clone()),
            ("https://app.example/#x", field.clone()),
            ("", field),
        ] {
            let pinged = |s: &mut ClientSettings| {
                s.backchannel_token_delivery_mode = Some(TokenDeliveryMode::Ping);
                s.backchannel_client_notification_endpoint = Some(uri.to_owned());
            };
            assert_eq!(broken(pinged), verdict, "{uri}");
        }
    }

    #[test]
    fn whoever_signs_has_keys_and_whoever_asks_is_confidential() {
        let signs = |s: &mut ClientSettings| {
            s.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::PS256);
        };
        assert_eq!(broken(signs).as_deref(), Some("backchannel_authentication_request_signing_alg"));
        assert_eq!(broken(|s| s.token_endpoint_auth_method = AuthMethod::None).as_deref(), Some("grant_types"));
    }
}
