//! Values that a client makes anew for each request, and some clients do not: a constant `code_challenge`
//! or `nonce` protects nobody (RFC 9700 §2.1.1).

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::ids::{ClientId, SessionId};

/// So many values are known at least, and twice as many at most: what came longer ago is forgotten.
const KNOWN_VALUES: usize = 4096;

/// The values that came lately, each with the session it was first used in. Values and sessions are known by
/// a hash.
#[derive(Debug, Default)]
pub struct SeenValues {
    recent: HashMap<Key, Seen>,
    older: HashMap<Key, Seen>,
}

type Key = [u8; 16];

#[derive(Clone, Copy, Debug)]
struct Seen {
    session: Key,
    told: bool,
}

impl SeenValues {
    /// Notes that an authorization was granted in this session for a request with this value. `true`: the
    /// value was used in another session before, and that was not told yet. A page that is loaded again
    /// sends the same request in the same session, which is nothing to tell.
    pub fn note(&mut self, client: &ClientId, parameter: &str, value: &str, session: &SessionId) -> bool {
        let key = hash(&[client.as_str(), parameter, value]);
        let session = hash(&[session.as_str()]);
        let mut seen = self.recent.get(&key).or_else(|| self.older.get(&key)).copied();
        let repeated = seen.as_ref().is_some_and(|seen| seen.session != session && !seen.told);
        if repeated {
            seen = Some(Seen { session, told: true });
        }
        if self.recent.len() >= KNOWN_VALUES {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(key, seen.unwrap_or(Seen { session, told: false }));
        repeated
    }
}

fn hash(parts: &[&str]) -> Key {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(seen: &mut SeenValues, client: &str, value: &str, session: &str) -> bool {
        seen.note(&ClientId::new(client), "nonce", value, &SessionId::new(session))
    }

    #[test]
    fn a_value_in_another_session_is_told_once() {
        let mut seen = SeenValues::default();
        assert!(!note(&mut seen, "app", "n", "s1"));
        assert!(!note(&mut seen, "app", "n", "s1"), "loaded again");
        assert!(note(&mut seen, "app", "n", "s2"));
        assert!(!note(&mut seen, "app", "n", "s3"), "told already");
    }

    #[test]
    fn values_of_other_clients_and_parameters_are_others() {
        let mut seen = SeenValues::default();
        assert!(!note(&mut seen, "app", "n", "s1"));
        assert!(!note(&mut seen, "other", "n", "s2"));
        assert!(!note(&mut seen, "app", "m", "s2"));
        assert!(!seen.note(&ClientId::new("app"), "code_challenge", "n", &SessionId::new("s2")));
        // Where one part ends and the next begins is part of the key.
        assert!(!note(&mut seen, "ap", "pn", "s2"));
    }

    #[test]
    fn memory_is_bounded_and_what_is_in_use_stays() {
        let mut seen = SeenValues::default();
        for count in 0..4 * KNOWN_VALUES {
            assert!(!note(&mut seen, "app", &count.to_string(), "s1"));
            assert!(!note(&mut seen, "app", "kept", "s1"));
            assert!(seen.recent.len() <= KNOWN_VALUES && seen.older.len() <= KNOWN_VALUES);
        }
        assert!(note(&mut seen, "app", "kept", "s2"));
        assert!(!note(&mut seen, "app", "0", "s2"), "forgotten");
    }
}
