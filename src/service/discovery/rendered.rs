//! The metadata documents as rendered last, and what tells whether they still hold.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    crypto::keyring::Keyring,
    domain::{oauth::RegistrationPolicy, oidc::sign_up::SignUpPolicy},
    service::apis::Registry,
};

/// Which document is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Document {
    /// `/.well-known/openid-configuration`.
    OpenidConfiguration,
    /// `/.well-known/oauth-authorization-server`.
    OauthAuthorizationServer,
}

/// What a document is computed from. Whatever else it tells does not change while the process runs.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub keyring: Arc<Keyring>,
    pub registration: Arc<RegistrationPolicy>,
    pub sign_up: Arc<SignUpPolicy>,
    pub registry: Arc<Registry>,
}

impl Sources {
    /// Whether these are the very same. Each holds on to its own, so that nothing new can be taken for them.
    fn are(&self, others: &Self) -> bool {
        Arc::ptr_eq(&self.keyring, &others.keyring)
            && Arc::ptr_eq(&self.registration, &others.registration)
            && Arc::ptr_eq(&self.sign_up, &others.sign_up)
            && Arc::ptr_eq(&self.registry, &others.registry)
    }
}

/// A document as text, with what it was computed from.
#[derive(Debug)]
pub struct Rendered {
    /// The JSON.
    pub text: Arc<[u8]>,
    /// A validator that changes with it (RFC 9110 §8.8.3).
    pub tag: String,
    pub(super) sources: Sources,
}

/// The documents as rendered last.
#[derive(Debug, Default)]
pub struct DocumentCache(Mutex<HashMap<Document, Arc<Rendered>>>);

impl DocumentCache {
    /// The document, if it was rendered from these.
    pub(super) fn find(&self, document: Document, sources: &Sources) -> Option<Arc<Rendered>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&document).cloned();
        kept.filter(|kept| kept.sources.are(sources))
    }

    /// Keeps a document until the next one.
    pub(super) fn keep(&self, document: Document, rendered: Rendered) -> Arc<Rendered> {
        let rendered = Arc::new(rendered);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(document, rendered.clone());
        rendered
    }
}
