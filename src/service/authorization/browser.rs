//! What a browser presents, and the form tokens that come from it. A dialogue belongs to the
//! browser that began it; one secret serves all dialogues of a browser, so that two tabs work.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    crypto::token::{self, SecretHash, SecretKind},
    domain::{Secret, oauth::OAuthError, trace::Reason},
    service::Cx,
};

/// The cookies of a request, as they came: nothing in them is believed yet.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// The session cookie.
    pub session: Option<Secret<String>>,
    /// The cookie that binds dialogues to this browser.
    pub secret: Option<Secret<String>>,
}

/// Which form a token is for: a token of one form is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Username and password; also its cancel button.
    SignIn,
    /// Username and password, where no app waits but the list of requests.
    SignInForRequests,
    /// Creating an account; also its cancel button.
    SignUp,
    /// Going on with the account that is signed in.
    ContinueAs,
    /// Allowing or denying.
    Consent,
    /// Choosing or removing an account.
    Accounts,
    /// Typing the code that a device shows.
    UserCode,
    /// Allowing or denying what another device asks for.
    Approval,
    /// Opening one of the requests that wait.
    Requests,
    /// Signing out.
    SignOut,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignInForRequests => "sign-in-for-requests",
            Self::SignUp => "sign-up",
            Self::ContinueAs => "continue-as",
            Self::Consent => "consent",
            Self::Accounts => "accounts",
            Self::UserCode => "user-code",
            Self::Approval => "approval",
            Self::Requests => "requests",
            Self::SignOut => "sign-out",
        }
    }
}

impl Browser {
    /// The hash of the browser's secret, if it is one.
    pub(in crate::service) fn hash(&self) -> Option<SecretHash> {
        self.secret.as_ref().and_then(|secret| token::parse(SecretKind::Interaction, secret.expose()))
    }

    /// This browser with a secret, and that secret if it is new and must become a cookie.
    pub(in crate::service) fn with_secret(mut self, cx: &Cx) -> (Self, Option<Secret<String>>) {
        if self.hash().is_some() {
            return (self, None);
        }
        let minted = token::mint(SecretKind::Interaction, cx.random());
        self.secret = Some(minted.text.clone());
        (self, Some(minted.text))
    }

    /// The hidden value of a form. `about`: what the form decides on, so that it decides on nothing
    /// else. The secret comes last: nobody can extend the hash.
    pub fn form_token(&self, form: Form, about: &[&str]) -> String {
        self.form_hash(form, about).map(|hash| URL_SAFE_NO_PAD.encode(hash.as_bytes())).unwrap_or_default()
    }

    fn form_hash(&self, form: Form, about: &[&str]) -> Option<SecretHash> {
        self.hash()?;
        let secret = self.secret.as_ref()?;
        let mut text = Secret::new(format!("symbolon form v1\0{}\0{}\0", form.name(), about.join("\0")));
        text = Secret::new(format!("{}{}", text.expose(), secret.expose()));
        Some(token::hash_of(text.expose()))
    }

    /// Compares in constant time.
    ///
    /// # Errors
    /// `Reason::FormTokenInvalid`: the form is another one, about something else, or from elsewhere.
    pub fn check_form_token(&self, form: Form, about: &[&str], presented: &str) -> Result<(), OAuthError> {
        let presented = URL_SAFE_NO_PAD.decode(presented).ok().and_then(|bytes| SecretHash::from_slice(&bytes));
        match (self.form_hash(form, about), presented) {
            (Some(expected), Some(presented)) if expected.matches(&presented) => Ok(()),
            _ => Err(OAuthError::invalid_request(Reason::FormTokenInvalid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(number: u64) -> Browser {
        let random = crate::crypto::random::SeededRandom::danger_from_seed(number);
        Browser { session: None, secret: Some(token::mint(SecretKind::Interaction, &random).text) }
    }

    #[test]
    fn a_form_token_is_good_for_one_form_one_subject_and_one_browser() {
        let (one, other) = (browser(1), browser(2));
        let token = one.form_token(Form::Consent, &["i1", "s1"]);
        let code = |result: Result<(), OAuthError>| result.map_err(|error| error.reason.code());
        assert_eq!(code(one.check_form_token(Form::Consent, &["i1", "s1"], &token)), Ok(()));
        assert_eq!(code(one.check_form_token(Form::SignIn, &["i1", "s1"], &token)), Err("AS-1023"));
        let own = one.form_token(Form::SignInForRequests, &[]);
        assert_eq!(code(one.check_form_token(Form::SignInForRequests, &[], &own)), Ok(()));
        for about in [&[][..], &[""], &["i1"]] {
            assert_eq!(code(one.check_form_token(Form::SignIn, about, &own)), Err("AS-1023"));
        }
        assert_eq!(code(one.check_form_token(Form::Consent, &["i1", "s2"], &token)), Err("AS-1023"));
        assert_eq!(code(one.check_form_token(Form::Consent, &["i1s1"], &token)), Err("AS-1023"));
        assert_eq!(code(other.check_form_token(Form::Consent, &["i1", "s1"], &token)), Err("AS-1023"));
        for bad in ["", "x", "====", &token.to_lowercase(), &token[1..]] {
            assert_eq!(code(one.check_form_token(Form::Consent, &["i1", "s1"], bad)), Err("AS-1023"), "{bad}");
        }
    }

    #[test]
    fn without_a_well_formed_secret_no_form_token_is_good() {
        for secret in [None, Some("sym_in_short"), Some("")] {
            let browser = Browser { session: None, secret: secret.map(Secret::from) };
            let token = browser.form_token(Form::SignIn, &["i1"]);
            assert_eq!(token, "");
            assert!(browser.check_form_token(Form::SignIn, &["i1"], &token).is_err());
        }
    }
}
