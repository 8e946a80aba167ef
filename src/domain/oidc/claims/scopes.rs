//! The scopes that this server knows by itself, the claims each gives (OIDC Core 5.4), and the words
//! in which a person is asked.

/// A scope as the consent page and the metadata describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeDescription<'a> {
    /// The scope value.
    pub scope: &'a str,
    /// What the app will be able to do: completes "This app will be able to".
    pub sentence: &'a str,
    /// The particulars, in a sentence of their own.
    pub detail: &'a str,
    /// The claims that the scope gives.
    pub claims: &'a [&'a str],
}

/// The built-in scopes, in the order in which people and metadata see them.
pub const SCOPES: &[ScopeDescription<'static>] = &[
    ScopeDescription {
        scope: "openid",
        sentence: "Know that it is you",
        detail: "An identifier of your account, and when and how you signed in.",
        claims: &["sub"],
    },
    ScopeDescription {
        scope: "profile",
        sentence: "See your profile",
        detail: "Your name, username, picture, birth date, language, time zone, and other details you filled in.",
        claims: &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    },
    ScopeDescription {
        scope: "email",
        sentence: "See your email address",
        detail: "Your email address, and whether it was verified.",
        claims: &["email", "email_verified"],
    },
    ScopeDescription {
        scope: "address",
        sentence: "See your postal address",
        detail: "Your postal address.",
        claims: &["address"],
    },
    ScopeDescription {
        scope: "phone",
        sentence: "See your phone number",
        detail: "Your phone number, and whether it was verified.",
        claims: &["phone_number", "phone_number_verified"],
    },
    ScopeDescription {
        scope: "groups",
        sentence: "See which groups you are in",
        detail: "The names of your groups.",
        claims: &["groups"],
    },
    ScopeDescription {
        scope: "roles",
        sentence: "See which roles you hold",
        detail: "The names of your roles, given to you or to your groups.",
        claims: &["roles"],
    },
    ScopeDescription {
        scope: "offline_access",
        sentence: "Keep access while you are away",
        detail: "The app stays connected after you sign out, until its access is taken back.",
        claims: &[],
    },
];

/// The description of a scope; one that only an API understands is described in general words.
pub fn describe_scope(scope: &str) -> ScopeDescription<'_> {
    SCOPES.iter().find(|known| known.scope == scope).copied().unwrap_or(ScopeDescription {
        scope,
        sentence: "Use an API on your behalf",
        detail: "The API calls this permission by the name shown; this server does not know what it covers.",
        claims: &[],
    })
}

/// `scopes_supported`.
pub fn scopes_supported() -> Vec<&'static str> {
    SCOPES.iter().map(|known| known.scope).collect()
}

/// Claims of an ID token that vouches for what came with it through the browser: nobody is told them for asking.
const OF_THE_FRONT_CHANNEL: &[&str] = &["c_hash", "s_hash"];

/// `claims_supported`: the claims of the scopes, then those that only ID tokens carry. What is listed is told to whoever
/// asks for it, in every flow.
pub fn claims_supported() -> Vec<&'static str> {
    let of_scopes = SCOPES.iter().flat_map(|known| known.claims.iter().copied());
    let of_id_tokens = crate::oidc::id_token::PROTOCOL_CLAIMS.iter().copied();
    of_scopes.chain(of_id_tokens.filter(|claim| !OF_THE_FRONT_CHANNEL.contains(claim))).collect()
}
