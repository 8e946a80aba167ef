//! How fast somebody may try codes that devices show (RFC 8628 §5.1), or ask which usernames are taken: a
//! counter of the network and one of the browser, of its session, or of the client. The arithmetic is `domain::authn::throttle`.

use super::{
    Cx,
    authorization::Browser,
    login::{from_row, to_row},
    sessions,
};
use crate::{
    crypto::token::SecretHash,
    domain::{
        Timestamp,
        authn::throttle::{
            Policy, Throttle, Wait, after_failure, check, login_hint_key, network_key, sign_up_key, user_code_key,
        },
        ids::ClientId,
    },
    store::{Read, StoreError, Write, throttle},
};

/// The keys of an attempt, each with how it behaves.
#[derive(Clone, Debug)]
pub(super) struct Guesses {
    keys: Vec<(String, Policy)>,
}

/// Their counters, in the same order.
pub(super) struct Counters(Vec<Throttle>);

impl Guesses {
    /// Of codes that devices show.
    pub fn of_user_codes(cx: &Cx, browser: &Browser) -> Self {
        Self::of(cx, browser, user_code_key, Policy::USER_CODE)
    }

    /// Of usernames that are taken.
    pub fn of_usernames(cx: &Cx, browser: &Browser) -> Self {
        Self::of(cx, browser, sign_up_key, Policy::SIGN_UP)
    }

    /// Of people whom a client names over the back channel.
    pub fn of_login_hints(cx: &Cx, client: &ClientId) -> Self {
        let network = cx.peer.address.map(network_key);
        let keys = [Some(format!("client:{client}")), network].into_iter().flatten();
        Self::in_order(keys.map(|key| (login_hint_key(&key), Policy::LOGIN_HINT)).collect())
    }

    /// Of this browser, at its address. A browser that drops its cookies still has its network.
    fn of(cx: &Cx, browser: &Browser, key_of: fn(&str) -> String, policy: Policy) -> Self {
        let hex = |hash: SecretHash| -> String { hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect() };
        // Every session that is presented counts: none buys more attempts by standing behind another.
        let sessions = sessions::cookie_hashes(browser.session.as_ref()).into_iter();
        let sessions = sessions.map(|hash| (Some(format!("session:{}", hex(hash))), policy));
        let browser = browser.hash().map(|hash| format!("browser:{}", hex(hash)));
        let network = cx.peer.address.map(network_key);
        let keys = [(network, Policy::NETWORK), (browser, policy)]
            .into_iter()
            .chain(sessions)
            .filter_map(|(key, policy)| key.map(|key| (key_of(&key), policy)));
        Self::in_order(keys.collect())
    }

    fn in_order(mut keys: Vec<(String, Policy)>) -> Self {
        // The order of the locks is that of the keys, so that no two attempts wait for each other.
        keys.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Self { keys }
    }

    /// The counters as they are.
    ///
    /// # Errors
    /// When the database fails.
    pub fn read(&self, tx: &mut Read<'_>) -> Result<Counters, StoreError> {
        let rows = self.keys.iter().map(|(key, _)| Ok(throttle::find(tx, key)?.map(from_row).unwrap_or_default()));
        Ok(Counters(rows.collect::<Result<_, StoreError>>()?))
    }

    /// Takes the locks, then reads the counters.
    ///
    /// # Errors
    /// When the database fails.
    pub fn lock(&self, tx: &mut Write<'_>, now: Timestamp) -> Result<Counters, StoreError> {
        let fresh = to_row(Throttle::default(), now);
        let rows = self.keys.iter().map(|(key, _)| throttle::lock(tx, key, fresh).map(from_row));
        Ok(Counters(rows.collect::<Result<_, _>>()?))
    }

    /// Counts a code that is none, a name that is taken, or a person who is not here.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_failure(&self, tx: &mut Write<'_>, counters: &Counters, now: Timestamp) -> Result<(), StoreError> {
        for ((key, policy), counter) in self.keys.iter().zip(&counters.0) {
            throttle::put(tx, key, to_row(after_failure(*counter, now, policy), now))?;
        }
        Ok(())
    }
}

impl Counters {
    /// Whether the code, the name or the person may be looked for.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, now: Timestamp) -> Result<(), Wait> {
        self.0.iter().filter_map(|counter| check(counter, now).err()).max().map_or(Ok(()), Err)
    }
}
