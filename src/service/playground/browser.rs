//! What the playground remembers of a browser, found by a random key in its cookie: bounded,
//! expiring, and never shown to another browser.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Shown, sample::SampleClient};
use crate::{
    crypto::{
        SecretHash,
        random::{Random, random_bytes},
        token::hash_of,
    },
    domain::{Secret, Timestamp},
};

/// This many browsers are remembered.
pub(super) const MAX_BROWSERS: usize = 256;
/// This many sign-ins of one browser can be under way: one a tab.
pub(super) const MAX_PENDING: usize = 8;
/// A browser is forgotten this long after its last sign-in began, in seconds.
pub(super) const LIFETIME: i64 = 3600;

/// 256 random bits as base64url text.
pub(super) fn random_text(random: &dyn Random) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>(random))
}

/// The name of one browser: what its cookie holds.
#[derive(Clone)]
pub struct BrowserKey {
    text: Secret<String>,
}

impl BrowserKey {
    /// A name that nobody has.
    pub fn fresh(random: &dyn Random) -> Self {
        Self { text: random_text(random).into() }
    }

    /// The name in a cookie; `None` unless it has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        well_formed.then(|| Self { text: text.into() })
    }

    /// For the cookie.
    pub const fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// The token of this browser's forms: only who knows the cookie can name it.
    pub fn csrf(&self) -> String {
        URL_SAFE_NO_PAD.encode(hash_of(&format!("playground form {}", self.text.expose())).as_bytes())
    }

    /// Whether a form carries this browser's token.
    pub fn accepts(&self, csrf: &str) -> bool {
        Secret::new(self.csrf()).matches(csrf.as_bytes())
    }

    fn hash(&self) -> SecretHash {
        hash_of(self.text.expose())
    }
}

/// A sign-in under way.
#[derive(Clone)]
pub(super) struct Pending {
    pub state: String,
    pub nonce: Secret<String>,
    pub verifier: Secret<String>,
    pub client: &'static SampleClient,
    /// Whether `openid` was asked for, so that an ID token must come.
    pub openid: bool,
    /// What was sent as `max_age`, if it was a number.
    pub max_age: Option<i64>,
}

/// What is remembered of one browser.
pub(super) struct Remembered {
    since: Timestamp,
    order: u64,
    pending: VecDeque<Pending>,
    /// What the last sign-in brought.
    pub shown: Option<Arc<Shown>>,
    /// The state of a sign-out under way.
    pub leaving: Option<String>,
}

impl Remembered {
    /// Remembers a sign-in; the oldest one of too many is forgotten.
    pub fn begin(&mut self, pending: Pending) {
        while self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(pending);
    }

    /// The sign-in that `state` belongs to, once.
    pub fn take(&mut self, state: &str, callback: &str) -> Option<Pending> {
        let of_this = |pending: &Pending| pending.state == state && pending.client.callback == Some(callback);
        let position = self.pending.iter().position(of_this)?;
        self.pending.remove(position)
    }
}

/// The browsers.
#[derive(Default)]
pub(super) struct Browsers {
    known: HashMap<SecretHash, Remembered>,
    order: u64,
}

impl Browsers {
    /// What is remembered of a browser.
    pub fn find(&mut self, key: &BrowserKey, now: Timestamp) -> Option<&mut Remembered> {
        self.known.get_mut(&key.hash()).filter(|browser| now.seconds_since(browser.since) < LIFETIME)
    }

    /// The same, beginning anew where nothing is known, and living on from `now`.
    pub fn open(&mut self, key: &BrowserKey, now: Timestamp) -> &mut Remembered {
        self.known.retain(|_, browser| now.seconds_since(browser.since) < LIFETIME);
        let hash = key.hash();
        if self.known.len() >= MAX_BROWSERS && !self.known.contains_key(&hash) {
            let oldest = self.known.iter().min_by_key(|(_, browser)| browser.order).map(|(hash, _)| *hash);
            oldest.and_then(|hash| self.known.remove(&hash));
        }
        self.order += 1;
        let order = self.order;
        let fresh = || Remembered { since: now, order, pending: VecDeque::new(), shown: None, leaving: None };
        let browser = self.known.entry(hash).or_insert_with(fresh);
        (browser.since, browser.order) = (now, order);
        browser
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.known.len()
    }
}
