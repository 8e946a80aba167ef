//! How fast somebody may guess (ASVS 6.1.1 and 6.3.1, NIST SP 800-63B-4 §3.2.2). Arithmetic per key;
//! storage and clock are the caller's.
//!
//! Guessing must be slow, and yet nobody may lock another person out. So there are three counters:
//! - the *account*, for attempts from anywhere else: short, growing delays, never above five minutes,
//!   until half of NIST's hundred consecutive failures; then it waits for a reset;
//! - the *familiar network*, the one network of the account's latest success: it has a counter of its
//!   own instead of the account's, so that strangers' failures do not delay the owner at home. With one
//!   such network at a time, both together stay within the hundred;
//! - the *network*, whatever the account: it blocks harder, and a success does not clear it, because a
//!   guesser could sign in to an account of their own in between.
//!
//! An attempt that is refused here is not checked, and does not count: waiting times do not grow by
//! knocking.

use std::net::{IpAddr, Ipv6Addr};

use crate::{Timestamp, ids::UserId, trace::Reason};

/// The counter of one key. The default is a key that was never seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// Failures since the last success, or within the window.
    pub failures: u32,
    /// When the first of them was.
    pub window_started: Timestamp,
    /// Until when attempts are refused.
    pub blocked_until: Option<Timestamp>,
}

/// What a success does to the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSuccess {
    /// The counter starts anew.
    Clear,
    /// The counter stays.
    Keep,
}

/// How the counter of a kind of key behaves. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures before the first delay: everybody mistypes.
    pub free_failures: u32,
    /// The first delay; it doubles with each failure.
    pub first_delay: i64,
    /// No delay is longer.
    pub longest_delay: i64,
    /// After this time failures are forgotten; `None`: only a success or a reset clears them.
    pub window: Option<i64>,
    /// At so many failures only a reset helps.
    pub limit: Option<u32>,
    /// What a success does.
    pub on_success: OnSuccess,
}

impl Policy {
    /// For the account, attempted from a network that is not familiar.
    pub const ACCOUNT: Self = Self {
        free_failures: 5,
        first_delay: 1,
        longest_delay: 300,
        window: None,
        limit: Some(50),
        on_success: OnSuccess::Clear,
    };
    /// For the account, attempted from its familiar network.
    pub const FAMILIAR: Self = Self { longest_delay: 60, ..Self::ACCOUNT };
    /// For the network, whichever account is attempted.
    pub const NETWORK: Self = Self {
        free_failures: 20,
        first_delay: 2,
        longest_delay: 3600,
        window: Some(3600),
        limit: None,
        on_success: OnSuccess::Keep,
    };

    /// For whoever types codes that devices show: a network has as many tries as one that guesses
    /// passwords, a browser fewer. A code lives ten minutes and is one of 20^8 (RFC 8628 §5.1).
    pub const USER_CODE: Self = Self { free_failures: 5, ..Self::NETWORK };

    /// For whoever asks which usernames are taken, by signing up: a person tries a few.
    pub const SIGN_UP: Self = Self { free_failures: 10, ..Self::NETWORK };

    /// For clients that name people over the back channel, and the networks that they do it from: a hundred who
    /// are not here are mistakes of many people, and more are somebody who asks who is.
    pub const LOGIN_HINT: Self = Self { free_failures: 100, first_delay: 600, longest_delay: 600, ..Self::NETWORK };

    /// The delay after so many failures.
    fn delay(&self, failures: u32) -> i64 {
        match failures.checked_sub(self.free_failures) {
            None | Some(0) => 0,
            Some(beyond) => {
                let factor = 1_i64.checked_shl(beyond.min(40) - 1).unwrap_or(i64::MAX);
                self.first_delay.saturating_mul(factor).min(self.longest_delay)
            }
        }
    }
}

/// Why an attempt is not even checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// Try again after so many seconds, at least 1.
    Seconds(i64),
    /// Until the password is reset, or an administrator clears the counter.
    UntilReset,
}

impl Wait {
    /// The one reason, however long it takes.
    pub const REASON: Reason = Reason::SignInThrottled;

    /// For `Retry-After`: where only a reset helps, a day.
    pub const fn retry_after(self) -> i64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::UntilReset => 24 * 3600,
        }
    }
}

/// A time that never comes: only a reset ends the block.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// Whether this key may attempt now.
///
/// # Errors
/// How long it has to wait.
pub fn check(throttle: &Throttle, now: Timestamp) -> Result<(), Wait> {
    match throttle.blocked_until {
        Some(NEVER) => Err(Wait::UntilReset),
        Some(until) if now < until => {
            let millis = until.millis().saturating_sub(now.millis());
            Err(Wait::Seconds(millis.saturating_add(999) / 1000))
        }
        _ => Ok(()),
    }
}

/// Whether an attempt may be made that touches several keys. `familiar` is the counter of the account's
/// familiar network if the attempt comes from there; it then stands in for the account's.
///
/// # Errors
/// The longest wait.
pub fn check_attempt(
    account: &Throttle,
    familiar: Option<&Throttle>,
    network: &Throttle,
    now: Timestamp,
) -> Result<(), Wait> {
    let waits = [check(familiar.unwrap_or(account), now).err(), check(network, now).err()];
    waits.into_iter().flatten().max().map_or(Ok(()), Err)
}

/// The counter after one more failure.
#[must_use]
pub fn after_failure(throttle: Throttle, now: Timestamp, policy: &Policy) -> Throttle {
    let forgotten = throttle.blocked_until != Some(NEVER)
        && policy.window.is_some_and(|window| throttle.window_started.plus_seconds(window) <= now);
    let earlier = if forgotten { Throttle::default() } else { throttle };
    let failures = earlier.failures.saturating_add(1);
    let window_started = if earlier.failures == 0 { now } else { earlier.window_started };
    let blocked_until = if policy.limit.is_some_and(|limit| failures >= limit) {
        Some(NEVER)
    } else {
        let delay = policy.delay(failures);
        // A longer block that stands already is not cut short.
        earlier.blocked_until.max((delay > 0).then(|| now.plus_seconds(delay)))
    };
    Throttle { failures, window_started, blocked_until }
}

/// The counter after a success.
#[must_use]
pub fn after_success(throttle: Throttle, policy: &Policy) -> Throttle {
    match policy.on_success {
        OnSuccess::Clear => Throttle::default(),
        OnSuccess::Keep => throttle,
    }
}

/// The key of an account that exists.
pub fn account_key(user_id: &UserId) -> String {
    format!("account:{user_id}")
}

/// The key of a name that nobody has, in the form in which names are compared. It is throttled just
/// like an account, so that the throttle does not tell which names exist.
pub fn unknown_account_key(canonical_name: &str) -> String {
    format!("name:{canonical_name}")
}

/// The key of an account at its familiar network.
pub fn familiar_key(user_id: &UserId, network: &str) -> String {
    format!("account:{user_id}@{network}")
}

/// The key of a network or browser that tries codes shown by devices: another counter than that of
/// its sign-ins.
pub fn user_code_key(of: &str) -> String {
    format!("code:{of}")
}

/// The key of a network or browser that asks which usernames are taken, by signing up: another counter
/// than that of its sign-ins.
pub fn sign_up_key(of: &str) -> String {
    format!("sign-up:{of}")
}

/// The key of a client or network that names people over the back channel.
pub fn login_hint_key(of: &str) -> String {
    format!("login-hint:{of}")
}

/// The key of a network: the address of IPv4, the /64 of IPv6, which is what one subscriber gets.
pub fn network_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("ip4:{address}/32"),
        IpAddr::V6(address) => {
            let prefix = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
            format!("ip6:{prefix}/64")
        }
    }
}

#[cfg(test)]
mod tests;
