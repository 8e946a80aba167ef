//! The clients of the plans, as data: who they are, how they authenticate, and by which rules they are judged.

use crate::domain::{
    entity::{AuthMethod, ClientKind, ClientSettings, ConsentMode, IdTokenClaims, TokenDeliveryMode},
    jose::{RequestObjectAlgorithm, SigningAlgorithm},
    oauth::{AssertionAlgorithm, GrantType, ResponseType, SecurityProfile},
};

/// What they may ask for: every claim that metadata lists is of one of these scopes (behaviour 180).
pub(super) const SCOPE: [&str; 8] =
    ["openid", "profile", "email", "address", "phone", "offline_access", "groups", "roles"];

use AuthMethod::{PrivateKeyJwt, SelfSignedTlsClientAuth};
use SigningAlgorithm::{ES256, PS256};

/// A client to be made.
pub(super) struct Planned {
    /// Its name.
    pub id: String,
    /// What kind of program it plays.
    pub kind: ClientKind,
    /// Everything but keys and secrets.
    pub settings: ClientSettings,
    /// The algorithm of its key, if it has one.
    pub algorithm: Option<SigningAlgorithm>,
    /// Whether it is the first or the second of its plan: which certificate it has.
    pub number: u8,
}

/// All of them. `base`: the address of the suite, with the alias.
pub(super) fn planned(base: &str) -> Vec<Planned> {
    let mut all = Vec::new();
    all.extend(openid(base));
    all.extend(logout(base));
    for number in [1, 2] {
        all.extend(fapi2(base, number));
        all.extend(fapi1(base, number));
        all.extend(ciba(base, number));
    }
    all
}

/// What all have in common. People of a run are not asked for consent, but for what is asked on another device. Where
/// there is an access token, the claims of scopes are told at UserInfo alone (behaviours 68 and 87).
fn common(base: &str, method: AuthMethod) -> ClientSettings {
    let callback = format!("{base}/callback");
    ClientSettings {
        redirect_uris: vec![callback.clone(), format!("{callback}?dummy1=lorem&dummy2=ipsum")],
        token_endpoint_auth_method: method,
        scope: SCOPE.iter().map(|scope| (*scope).to_owned()).collect(),
        consent: ConsentMode::Skip,
        id_token_claims: IdTokenClaims::Lean,
        require_pkce: false,
        ..ClientSettings::of_kind(ClientKind::Web)
    }
}

fn new(id: String, settings: ClientSettings, algorithm: Option<SigningAlgorithm>, number: u8) -> Planned {
    Planned { id, kind: ClientKind::Web, settings, algorithm, number }
}

/// OpenID Connect: every response type, but for public clients, whose codes need PKCE.
fn openid(base: &str) -> Vec<Planned> {
    let rows = [
        ("basic", AuthMethod::ClientSecretBasic),
        ("post", AuthMethod::ClientSecretPost),
        ("csj", AuthMethod::ClientSecretJwt),
        ("pkj", PrivateKeyJwt),
        ("mtls", SelfSignedTlsClientAuth),
        ("none", AuthMethod::None),
    ];
    let mut all = Vec::new();
    for (name, method) in rows {
        for number in [1, 2] {
            let public = method == AuthMethod::None;
            let all_types = ClientSettings {
                grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Implicit],
                response_types: ResponseType::ALL.to_vec(),
                ..common(base, method)
            };
            let codes = ClientSettings { require_pkce: true, ..common(base, method) };
            let settings = if public { codes } else { all_types };
            let key = if number == 1 { SigningAlgorithm::RS256 } else { ES256 };
            let key = (method == PrivateKeyJwt).then_some(key);
            let kind = if public { ClientKind::Spa } else { ClientKind::Web };
            all.push(Planned { kind, ..new(format!("oidc-{name}-{number}"), settings, key, number) });
        }
    }
    all
}

/// Sign-out: codes alone, and the addresses at which the suite waits to hear of it.
fn logout(base: &str) -> [Planned; 3] {
    let settings = || ClientSettings {
        post_logout_redirect_uris: vec![format!("{base}/post_logout_redirect")],
        ..common(base, AuthMethod::ClientSecretBasic)
    };
    let by_backchannel = ClientSettings {
        backchannel_logout_uri: Some(format!("{base}/backchannel_logout")),
        backchannel_logout_session_required: true,
        ..settings()
    };
    let by_frontchannel = ClientSettings {
        frontchannel_logout_uri: Some(format!("{base}/frontchannel_logout")),
        frontchannel_logout_session_required: true,
        ..settings()
    };
    [
        new("oidc-logout-1".to_owned(), settings(), None, 1),
        new("oidc-bcl-1".to_owned(), by_backchannel, None, 1),
        new("oidc-fcl-1".to_owned(), by_frontchannel, None, 1),
    ]
}

/// The first of two signs with RSA where that makes the tests with RS256 run, which skip elsewhere.
const fn algorithm(number: u8) -> SigningAlgorithm {
    if number == 1 { PS256 } else { ES256 }
}

/// Signs with the same algorithm whatever it signs, and gets what is signed with it.
fn signing(profile: SecurityProfile, algorithm: SigningAlgorithm, settings: ClientSettings) -> ClientSettings {
    let assertions = settings.token_endpoint_auth_method == PrivateKeyJwt;
    profile.apply(ClientSettings {
        token_endpoint_auth_signing_alg: assertions.then_some(AssertionAlgorithm::Signature(algorithm)),
        request_object_signing_alg: Some(RequestObjectAlgorithm::Signed(algorithm)),
        id_token_signed_response_alg: algorithm,
        authorization_signed_response_alg: algorithm,
        access_token_signed_response_alg: algorithm,
        ..settings
    })
}

const METHODS: [(&str, AuthMethod); 2] = [("pkj", PrivateKeyJwt), ("mtls", SelfSignedTlsClientAuth)];

/// FAPI 2.0, without and with signed messages: each way to authenticate with each way to bind tokens.
fn fapi2(base: &str, number: u8) -> Vec<Planned> {
    let profiles = [
        ("f2", SecurityProfile::Fapi2Security, ES256),
        ("f2ms", SecurityProfile::Fapi2MessageSigning, algorithm(number)),
    ];
    let mut all = Vec::new();
    for (family, profile, algorithm) in profiles {
        for (authenticates, method) in METHODS {
            for (bound, by_key) in [("dpop", true), ("mtls", false)] {
                let settings = ClientSettings {
                    grant_types: vec![
                        GrantType::AuthorizationCode,
                        GrantType::RefreshToken,
                        GrantType::ClientCredentials,
                    ],
                    dpop_bound_access_tokens: by_key,
                    tls_client_certificate_bound_access_tokens: !by_key,
                    ..common(base, method)
                };
                let id = format!("{family}-{authenticates}-{bound}-{number}");
                all.push(new(id, signing(profile, algorithm, settings), Some(algorithm), number));
            }
        }
    }
    all
}

/// FAPI 1.0 Advanced: the ID token as a detached signature, or the whole answer signed.
fn fapi1(base: &str, number: u8) -> Vec<Planned> {
    let mut all = Vec::new();
    for (authenticates, method) in METHODS {
        let hybrid = ClientSettings {
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Implicit],
            response_types: vec![ResponseType::CodeIdToken],
            ..common(base, method)
        };
        for (family, settings) in [("f1", hybrid), ("f1-jarm", common(base, method))] {
            let algorithm = algorithm(number);
            let settings = signing(SecurityProfile::Fapi1Advanced, algorithm, settings);
            all.push(new(format!("{family}-{authenticates}-{number}"), settings, Some(algorithm), number));
        }
    }
    all
}

/// FAPI-CIBA: the client asks, or is told at the suite's address.
fn ciba(base: &str, number: u8) -> [Planned; 2] {
    let algorithm = algorithm(number);
    [("poll", TokenDeliveryMode::Poll), ("ping", TokenDeliveryMode::Ping)].map(|(name, mode)| {
        let told = mode == TokenDeliveryMode::Ping;
        let settings = ClientSettings {
            redirect_uris: Vec::new(),
            response_types: Vec::new(),
            grant_types: vec![GrantType::Ciba, GrantType::RefreshToken],
            backchannel_token_delivery_mode: Some(mode),
            backchannel_client_notification_endpoint: told.then(|| format!("{base}/ciba-notification-endpoint")),
            backchannel_authentication_request_signing_alg: Some(algorithm),
            ..common(base, PrivateKeyJwt)
        };
        let settings = signing(SecurityProfile::FapiCiba, algorithm, settings);
        new(format!("ciba-{name}-pkj-{number}"), settings, Some(algorithm), number)
    })
}
