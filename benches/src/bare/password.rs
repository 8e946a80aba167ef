//! One thread that verifies passwords with Argon2id (19 MiB, two passes), its memory reused: what one core can do.

use std::{io, thread};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::oneshot;

const PASSWORD: &[u8] = b"dev-password";
const SALT: &[u8] = b"0123456789abcdef";

struct Attempt {
    password: String,
    answer: oneshot::Sender<bool>,
}

/// A handle to the hashing thread.
pub struct Hasher {
    attempts: crossbeam_channel::Sender<Attempt>,
}

impl Hasher {
    /// Starts the thread. Its 19 MiB are taken with the first attempt and kept.
    ///
    /// # Errors
    /// The parameters are refused or the thread cannot be made.
    pub fn start() -> io::Result<Self> {
        let params = Params::new(19_456, 2, 1, None).map_err(|error| io::Error::other(error.to_string()))?;
        let (attempts, queue) = crossbeam_channel::unbounded::<Attempt>();
        thread::Builder::new().name("argon2".to_owned()).spawn(move || {
            let mut memory = Vec::new();
            let blocks = params.block_count();
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut hash = |password: &[u8]| {
                let mut out = [0u8; 32];
                memory.resize(blocks, Block::default());
                argon2.hash_password_into_with_memory(password, SALT, &mut out, &mut memory).ok().map(|()| out)
            };
            let mut stored = None;
            for attempt in queue {
                let stored = *stored.get_or_insert_with(|| hash(PASSWORD));
                let computed = hash(attempt.password.as_bytes());
                // The client may have gone: nobody to tell then.
                let _ = attempt.answer.send(computed.is_some() && computed == stored);
            }
        })?;
        Ok(Self { attempts })
    }

    /// Whether this is the password; waits for its turn.
    ///
    /// # Errors
    /// The thread is gone.
    pub async fn verify(&self, password: String) -> io::Result<bool> {
        let (answer, verified) = oneshot::channel();
        self.attempts.send(Attempt { password, answer }).map_err(io::Error::other)?;
        verified.await.map_err(io::Error::other)
    }
}
