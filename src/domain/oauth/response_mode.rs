//! The response modes: which way an answer takes to the client (OAuth 2.0 Multiple Response Type
//! Encoding Practices §2, Form Post Response Mode, JARM §2.3).

use serde::{Deserialize, Serialize};

/// A `response_mode`, settled: what `jwt` stands for follows from the response type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect: the default of `code`.
    #[serde(rename = "query")]
    Query,
    /// In the fragment of the redirect: never reaches a server's log.
    #[serde(rename = "fragment")]
    Fragment,
    /// In the body of a form that the browser posts.
    #[serde(rename = "form_post")]
    FormPost,
    /// One signed JWT, in the query.
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// One signed JWT, in the fragment.
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// One signed JWT, in a form.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

/// Signed, the usual way of the response type (JARM §2.3.4).
const SIGNED_DEFAULT: &str = "jwt";

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 6] =
        [Self::Query, Self::Fragment, Self::FormPost, Self::QueryJwt, Self::FragmentJwt, Self::FormPostJwt];

    /// The `response_mode` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
        }
    }

    /// `response_modes_supported`.
    pub fn supported() -> Vec<&'static str> {
        let mut names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
        names.push(SIGNED_DEFAULT);
        names
    }

    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// What a request means by this value. `tokens`: whether its response type brings tokens.
    pub fn asked(name: &str, tokens: bool) -> Option<Self> {
        match name {
            SIGNED_DEFAULT if tokens => Some(Self::FragmentJwt),
            SIGNED_DEFAULT => Some(Self::QueryJwt),
            other => Self::from_name(other),
        }
    }

    /// The mode of a request that names none (Multiple Response Types §5).
    pub const fn default_for(tokens: bool) -> Self {
        if tokens { Self::Fragment } else { Self::Query }
    }

    /// Whether the answer is one signed JWT.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }

    /// Whether the answer stands in a query: it reaches logs and the Referer header, so no token may
    /// go this way unless it is encrypted (Multiple Response Types §3, JARM §2.3.1).
    pub const fn is_in_query(self) -> bool {
        matches!(self, Self::Query | Self::QueryJwt)
    }

    /// The same, but in the fragment where it would be the query.
    #[must_use]
    pub const fn kept_out_of_query(self) -> Self {
        match self {
            Self::Query => Self::Fragment,
            Self::QueryJwt => Self::FragmentJwt,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_modes_are_found_again_and_no_others() {
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::from_name(mode.name()), Some(mode));
            assert_eq!(serde_json::to_value(mode).expect("a string"), mode.name());
            for tokens in [false, true] {
                assert_eq!(ResponseMode::asked(mode.name(), tokens), Some(mode));
            }
        }
        for name in ["", "Query", "form-post", "jwt.query", "web_message", "jwt "] {
            assert_eq!(ResponseMode::from_name(name), None, "{name}");
            assert_eq!(ResponseMode::asked(name, false), None, "{name}");
        }
        assert_eq!(ResponseMode::supported().len(), ResponseMode::ALL.len() + 1);
    }

    #[test]
    fn what_jwt_stands_for_and_what_silence_means_follow_from_the_response_type() {
        assert_eq!(ResponseMode::asked("jwt", false), Some(ResponseMode::QueryJwt));
        assert_eq!(ResponseMode::asked("jwt", true), Some(ResponseMode::FragmentJwt));
        assert_eq!(ResponseMode::default_for(false), ResponseMode::Query);
        assert_eq!(ResponseMode::default_for(true), ResponseMode::Fragment);
    }

    #[test]
    fn nothing_that_is_kept_out_of_the_query_stands_in_it_and_signed_stays_signed() {
        for mode in ResponseMode::ALL {
            assert!(!mode.kept_out_of_query().is_in_query());
            assert_eq!(mode.kept_out_of_query().is_signed(), mode.is_signed());
            assert_eq!(mode.is_in_query(), mode.name().starts_with("query"));
            assert_eq!(mode.is_signed(), mode.name().ends_with(".jwt"));
        }
    }
}
