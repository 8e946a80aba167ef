//! The counters that an attempt touches: which they are, read before the password is looked at,
//! and written under their locks afterwards. The arithmetic is `domain::authn::throttle`.

use std::net::IpAddr;

use crate::{
    crypto::token,
    domain::{
        Timestamp,
        authn::throttle::{
            self, Policy, Throttle, Wait, account_key, after_failure, after_success, check_attempt, familiar_key,
            network_key,
        },
        entity::User,
    },
    store::{
        Read, StoreError, Write,
        throttle::{self as rows, ThrottleRow},
    },
};

/// Longer names cannot be anybody's: they are counted by their hash, so that no key grows.
const MAX_NAME: usize = 254;
/// A familiar network is forgotten after this long without a sign-in from it.
const FAMILIAR_SECONDS: i64 = 90 * 86_400;

/// The keys of an attempt.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    account: String,
    network: Option<String>,
    home: Option<Home>,
}

/// Where an account was last signed in to. Both rows hold the time of that sign-in: a place whose
/// time is not the account's latest is not the familiar one any more.
#[derive(Clone, Debug)]
struct Home {
    latest: String,
    place: String,
    counter: String,
}

/// The counters of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counters {
    account: Throttle,
    familiar: Option<Throttle>,
    network: Throttle,
}

impl Keys {
    /// Of an attempt to sign in as `login`, who may be nobody, from `address`.
    pub fn of(user: Option<&User>, login: &str, address: Option<IpAddr>) -> Self {
        let network = address.map(network_key);
        let account = user.map_or_else(|| unknown_key(login), |user| account_key(&user.id));
        let home = user.zip(network.as_ref()).map(|(user, network)| Home {
            latest: format!("familiar:{}", user.id),
            place: format!("familiar:{}@{network}", user.id),
            counter: familiar_key(&user.id, network),
        });
        Self { account, network, home }
    }

    /// The counters as they are.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read(&self, tx: &mut Read<'_>) -> Result<Counters, StoreError> {
        let mut find = |key: &str| rows::find(tx, key).map(|row| row.map(from_row).unwrap_or_default());
        let account = find(&self.account)?;
        let network = self.network.as_deref().map(&mut find).transpose()?.unwrap_or_default();
        let familiar = match &self.home {
            Some(home) if home.is_familiar(tx)? => Some(read_one(tx, &home.counter)?),
            _ => None,
        };
        Ok(Counters { account, familiar, network })
    }

    /// Takes the locks, then reads the counters: attempts that run side by side count one after the
    /// other. The order is that of the keys, so that no two attempts wait for each other.
    ///
    /// # Errors
    /// When the database fails.
    pub fn lock(&self, tx: &mut Write<'_>, now: Timestamp) -> Result<Counters, StoreError> {
        let mut keys: Vec<&str> = vec![&self.account];
        keys.extend(self.network.as_deref());
        keys.extend(self.home.as_ref().map(|home| home.counter.as_str()));
        keys.sort_unstable();
        for key in keys {
            rows::lock(tx, key, to_row(Throttle::default(), now))?;
        }
        self.read(tx)
    }

    /// Counts a failure: at the familiar network instead of the account, and at the network.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_failure(&self, tx: &mut Write<'_>, counters: &Counters, now: Timestamp) -> Result<(), StoreError> {
        match (&self.home, counters.familiar) {
            (Some(home), Some(familiar)) => {
                let counted = after_failure(familiar, now, &Policy::FAMILIAR);
                rows::put(tx, &home.counter, to_row(counted, now))?;
            }
            _ => {
                let counted = after_failure(counters.account, now, &Policy::ACCOUNT);
                rows::put(tx, &self.account, to_row(counted, now))?;
            }
        }
        if let Some(network) = &self.network {
            rows::put(tx, network, to_row(after_failure(counters.network, now, &Policy::NETWORK), now))?;
        }
        Ok(())
    }

    /// Counts a success: this network becomes the account's familiar one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_success(&self, tx: &mut Write<'_>, counters: &Counters, now: Timestamp) -> Result<(), StoreError> {
        rows::put(tx, &self.account, to_row(after_success(counters.account, &Policy::ACCOUNT), now))?;
        let Some(home) = &self.home else { return Ok(()) };
        let familiar = after_success(counters.familiar.unwrap_or_default(), &Policy::FAMILIAR);
        rows::put(tx, &home.counter, to_row(familiar, now))?;
        let kept_until = now.plus_seconds(FAMILIAR_SECONDS).millis();
        let since = ThrottleRow { failures: 0, window_started_at: now.millis(), blocked_until: kept_until };
        for key in [&home.latest, &home.place] {
            rows::lock(tx, key, since)?;
            rows::put(tx, key, since)?;
        }
        Ok(())
    }
}

impl Home {
    fn is_familiar(&self, tx: &mut Read<'_>) -> Result<bool, StoreError> {
        let (latest, place) = (rows::find(tx, &self.latest)?, rows::find(tx, &self.place)?);
        Ok(latest.zip(place).is_some_and(|(latest, place)| latest.window_started_at == place.window_started_at))
    }
}

impl Counters {
    /// Whether the password may be looked at.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, now: Timestamp) -> Result<(), Wait> {
        check_attempt(&self.account, self.familiar.as_ref(), &self.network, now)
    }
}

fn unknown_key(login: &str) -> String {
    let canonical = User::canonical(login);
    if canonical.len() <= MAX_NAME && !canonical.chars().any(char::is_control) {
        return throttle::unknown_account_key(&canonical);
    }
    let hash = token::hash_of(&canonical);
    let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    throttle::unknown_account_key(&format!("sha256:{hex}"))
}

fn read_one(tx: &mut Read<'_>, key: &str) -> Result<Throttle, StoreError> {
    Ok(rows::find(tx, key)?.map(from_row).unwrap_or_default())
}

/// A stored counter.
pub(in crate::service) fn from_row(row: ThrottleRow) -> Throttle {
    Throttle {
        failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
        window_started: Timestamp::from_millis(row.window_started_at),
        blocked_until: Some(Timestamp::from_millis(row.blocked_until)),
    }
}

/// Requests that run side by side, and nodes that share the database, agree on the time within this.
const SKEW_SECONDS: i64 = 60;

/// A counter that blocks nobody is written as having blocked until a moment ago: cleaning goes by that
/// time, and must not forget a fresh failure; and whoever began before this attempt must not wait for it.
pub(in crate::service) fn to_row(throttle: Throttle, now: Timestamp) -> ThrottleRow {
    let unblocked = now.plus_seconds(-SKEW_SECONDS);
    ThrottleRow {
        failures: i64::from(throttle.failures),
        window_started_at: throttle.window_started.millis(),
        blocked_until: throttle.blocked_until.unwrap_or(unblocked).max(unblocked).millis(),
    }
}
