//! What a resource demands of the sign-in that a token comes from, and how it says so (RFC 9470 §3): the side of the
//! resource. Only the test resource of a conformance run has such demands; other resources are elsewhere.

use crate::{
    Timestamp,
    oauth::{ErrorCode, OAuthError, Params},
    trace::Reason,
};

/// A demand: nothing, unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// One of these classes, if there are any.
    acr_values: Vec<String>,
    /// At most so many seconds ago.
    max_age: Option<i64>,
}

impl Demand {
    /// The demand that a request's own parameters make: `acr_values` and `max_age`, as in an authorization request.
    ///
    /// # Errors
    /// `MaxAgeMalformed`, `ParameterMalformed`.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        // What comes back in a header is only what a class can be called.
        let is_class = |class: &str| class.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte));
        let acr_values: Vec<String> = params
            .find("acr_values")
            .into_iter()
            .flat_map(str::split_ascii_whitespace)
            .map(|class| is_class(class).then(|| class.to_owned()))
            .collect::<Option<_>>()
            .ok_or(OAuthError::invalid_request(Reason::ParameterMalformed))?;
        let max_age = params.find("max_age").map(|text| {
            let seconds = text.parse().ok().filter(|seconds| (0..=i64::from(i32::MAX)).contains(seconds));
            seconds.ok_or(OAuthError::invalid_request(Reason::MaxAgeMalformed))
        });
        Ok(Self { acr_values, max_age: max_age.transpose()? })
    }

    /// Whether a token of such a sign-in will do. A token that nobody signed in for meets no demand.
    ///
    /// # Errors
    /// `insufficient_user_authentication`.
    pub fn check(&self, acr: Option<&str>, auth_time: Option<Timestamp>, now: Timestamp) -> Result<(), OAuthError> {
        let strong = self.acr_values.is_empty() || acr.is_some_and(|acr| self.acr_values.iter().any(|one| one == acr));
        let fresh = self.max_age.is_none_or(|age| auth_time.is_some_and(|at| now.seconds_since(at) <= age));
        match strong && fresh {
            true => Ok(()),
            false => Err(OAuthError::new(ErrorCode::InsufficientUserAuthentication, Reason::SignInInsufficient)),
        }
    }

    /// What the challenge adds, so that the app knows what to ask for.
    pub fn challenge(&self) -> String {
        let mut text = String::new();
        if !self.acr_values.is_empty() {
            text.push_str(&format!(", acr_values=\"{}\"", self.acr_values.join(" ")));
        }
        if let Some(seconds) = self.max_age {
            text.push_str(&format!(", max_age=\"{seconds}\""));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(query: &str) -> Result<Demand, &'static str> {
        let params = Params::parse(query.as_bytes()).expect("a form");
        Demand::parse(&params).map_err(|error| error.reason.code())
    }

    fn met(query: &str, acr: Option<&str>, age: Option<i64>) -> bool {
        let now = Timestamp::from_seconds(1_000_000);
        let at = age.map(|age| Timestamp::from_seconds(1_000_000 - age));
        let checked = demand(query).expect(query).check(acr, at, now);
        assert!(checked.is_ok() || checked.is_err_and(|error| error.reason.code() == "AS-1800"));
        checked.is_ok()
    }

    #[test]
    fn without_a_demand_any_token_will_do() {
        assert!(met("", None, None) && met("acr_values=", None, None) && met("other=1", Some("0"), Some(9)));
        assert_eq!(demand("").expect("none").challenge(), "");
    }

    #[test]
    fn a_class_and_an_age_are_demanded_alone_and_together() {
        assert!(met("acr_values=9+1", Some("1"), None));
        assert!(!met("acr_values=9", Some("1"), None) && !met("acr_values=1", None, None));
        assert!(met("max_age=60", None, Some(60)));
        assert!(!met("max_age=60", None, Some(61)) && !met("max_age=60", Some("1"), None));
        assert!(
            !met("acr_values=9&max_age=60", Some("1"), Some(1)) && !met("acr_values=1&max_age=60", Some("1"), Some(99))
        );
        let challenge = demand("acr_values=9+1&max_age=0").expect("both").challenge();
        assert_eq!(challenge, ", acr_values=\"9 1\", max_age=\"0\"");
    }

    #[test]
    fn what_is_no_class_or_no_age_is_refused() {
        for age in ["-1", "soon", "1.5", "99999999999999999999"] {
            assert_eq!(demand(&format!("max_age={age}")), Err("AS-1013"), "{age}");
        }
        for class in ["%22", "a%5Cb", "%0d%0a", "%C3%A4"] {
            let refused = demand(&format!("acr_values=x{class}y"));
            assert!(refused == Err("AS-1005") || class == "%0d%0a", "{class}: {refused:?}");
            assert!(!refused.unwrap_or_default().challenge().contains(['\r', '\n']));
        }
    }
}
