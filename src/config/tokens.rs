//! `[tokens]`: how long what we issue lives, unless a client says otherwise.

use super::reader::Reader;
use super::setting::{Kind, Setting};
use super::values::Seconds;
use crate::domain::trace::StartCode;

const DAY: i64 = 86_400;

static ID_TOKEN_SECONDS: Setting = Setting::new(
    "tokens.id_token_seconds",
    Kind::Integer { min: 60, max: DAY },
    "Life of an ID token. Short, because nothing can take it back.",
)
.default("600");

static ACCESS_TOKEN_SECONDS: Setting = Setting::new(
    "tokens.access_token_seconds",
    Kind::Integer { min: 60, max: DAY },
    "Life of an access token. A resource server that checks the signature alone trusts it until then, even after a \
     revocation.",
)
.default("600");

static REFRESH_IDLE_SECONDS: Setting = Setting::new(
    "tokens.refresh_idle_seconds",
    Kind::Integer { min: 3600, max: 365 * DAY },
    "A refresh token that is not used for this long ends (30 days). Each use starts it anew.",
)
.default("2592000");

static REFRESH_ABSOLUTE_SECONDS: Setting = Setting::new(
    "tokens.refresh_absolute_seconds",
    Kind::Integer { min: 3600, max: 730 * DAY },
    "However often it is used, a chain of refresh tokens ends after this (180 days; ASVS 10.4.8).",
)
.default("15552000");

static CODE_SECONDS: Setting = Setting::new(
    "tokens.code_seconds",
    Kind::Integer { min: 31, max: 60 },
    "Life of an authorization code. At most a minute (FAPI 2.0 5.3.2.1), and more than the half minute that slow \
     clients take.",
)
.default("60");

static REFRESH_GRACE_SECONDS: Setting = Setting::new(
    "tokens.refresh_grace_seconds",
    Kind::Integer { min: 0, max: 60 },
    "For how long after its rotation a refresh token may be sent again, for clients that lost the response: they are \
     handed the very same successor. Later, or once the successor was used, a second use revokes the whole chain \
     (RFC 9700 §4.14.2). 0: a second use always does.",
)
.default("60");

static REQUIRE_DPOP_NONCE: Setting = Setting::new(
    "tokens.require_dpop_nonce",
    Kind::Boolean,
    "DPoP proofs need a nonce of this server, which shows that they were not made in advance (RFC 9449 §8). Costs each \
     client one more request every few minutes.",
)
.default("false");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[
    &ID_TOKEN_SECONDS,
    &ACCESS_TOKEN_SECONDS,
    &REFRESH_IDLE_SECONDS,
    &REFRESH_ABSOLUTE_SECONDS,
    &CODE_SECONDS,
    &REFRESH_GRACE_SECONDS,
    &REQUIRE_DPOP_NONCE,
];

/// Lives of what we issue.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Of an ID token.
    pub id_token: Seconds,
    /// Of an access token.
    pub access_token: Seconds,
    /// Of an unused refresh token.
    pub refresh_idle: Seconds,
    /// Of a chain of refresh tokens.
    pub refresh_absolute: Seconds,
    /// Of an authorization code.
    pub code: Seconds,
    /// During which a rotated refresh token is still accepted; zero: never.
    pub refresh_grace: Seconds,
    /// Whether DPoP proofs need a nonce.
    pub require_dpop_nonce: bool,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Tokens {
    let require_dpop_nonce = reader.boolean(&REQUIRE_DPOP_NONCE);
    let mut seconds = |setting| Seconds::new(reader.integer(setting));
    let tokens = Tokens {
        id_token: seconds(&ID_TOKEN_SECONDS),
        access_token: seconds(&ACCESS_TOKEN_SECONDS),
        refresh_idle: seconds(&REFRESH_IDLE_SECONDS),
        refresh_absolute: seconds(&REFRESH_ABSOLUTE_SECONDS),
        code: seconds(&CODE_SECONDS),
        refresh_grace: seconds(&REFRESH_GRACE_SECONDS),
        require_dpop_nonce,
    };
    if tokens.refresh_idle > tokens.refresh_absolute {
        let message = "tokens.refresh_idle_seconds is longer than tokens.refresh_absolute_seconds, which ends the chain \
                       first. Lower it, or raise the other";
        let blamed =
            if reader.is_given(&REFRESH_IDLE_SECONDS) { &REFRESH_IDLE_SECONDS } else { &REFRESH_ABSOLUTE_SECONDS };
        reader.refuse(StartCode::Contradiction, blamed, message);
    }
    tokens
}
