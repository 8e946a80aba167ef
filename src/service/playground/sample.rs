//! The applications and people that a throw-away server begins with, as its playground shows and
//! uses them. Names, secrets and addresses are documented: everybody may know them.

use crate::domain::Issuer;

/// The password of every sample person.
pub const PASSWORD: &str = "dev-password";

/// The secret of every sample application that has one.
pub const SECRET: &str = "dev-secret";

/// A sample person.
#[derive(Clone, Copy, Debug)]
pub struct SamplePerson {
    /// What they type.
    pub username: &'static str,
    /// Their address.
    pub email: &'static str,
}

/// The people.
pub const PEOPLE: [SamplePerson; 2] = [
    SamplePerson { username: "alice", email: "alice@example.com" },
    SamplePerson { username: "bob", email: "bob@example.com" },
];

/// A sample application.
#[derive(Debug, PartialEq, Eq)]
pub struct SampleClient {
    /// `client_id`.
    pub id: &'static str,
    /// What it stands for, in a word or two.
    pub kind: &'static str,
    /// Whether it has [`SECRET`].
    pub confidential: bool,
    /// Where the playground itself receives its answers, below the issuer; none for applications
    /// that only others can play.
    pub callback: Option<&'static str>,
    /// Other registered redirect URIs.
    pub elsewhere: &'static [&'static str],
    /// Scopes worth trying.
    pub scope: &'static str,
}

/// What a first sign-in asks for.
pub const DEFAULT_SCOPE: &str = "openid profile email offline_access";

/// The applications; the first is the one that the form offers first.
pub const CLIENTS: [SampleClient; 4] = [
    SampleClient {
        id: "demo-web",
        kind: "web",
        confidential: true,
        callback: Some("/dev/callback"),
        elsewhere: &["http://localhost:3000/callback", "http://127.0.0.1:3000/callback"],
        scope: DEFAULT_SCOPE,
    },
    SampleClient {
        id: "demo-spa",
        kind: "single page",
        confidential: false,
        callback: Some("/dev/spa"),
        elsewhere: &["http://localhost:5173/callback", "http://127.0.0.1:5173/callback"],
        scope: DEFAULT_SCOPE,
    },
    SampleClient {
        id: "demo-cli",
        kind: "command line",
        confidential: false,
        callback: None,
        elsewhere: &["http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback"],
        scope: DEFAULT_SCOPE,
    },
    SampleClient {
        id: "demo-m2m",
        kind: "machine",
        confidential: true,
        callback: None,
        elsewhere: &[],
        scope: "demo.read",
    },
];

impl SampleClient {
    /// The application of this name that the playground can play.
    pub fn find(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id && client.callback.is_some())
    }

    /// Where the playground receives this application's answers.
    pub fn redirect_uri(&self, issuer: &Issuer) -> Option<String> {
        self.callback.map(|path| issuer.join(path))
    }
}
