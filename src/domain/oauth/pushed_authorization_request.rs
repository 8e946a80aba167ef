//! Pushed authorization requests: what is kept of one, and whether a reference to it may be used
//! (RFC 9126 §2 to §4).

use super::{ErrorCode, OAuthError, Params};
use crate::{
    Timestamp,
    ids::{ClientId, PushedRequestId},
    trace::Reason,
};

/// What every reference begins with (RFC 9126 §2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// A dialogue can begin with a reference for so many seconds.
pub const PUSHED_LIFETIME: i64 = 90;

/// What proves who the client is, and is no part of what it asks.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request that a client pushed, as stored. It has no `Debug`: hints and state may be personal.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// The row's identifier, which is not the reference.
    pub id: PushedRequestId,
    /// Who pushed it.
    pub client_id: ClientId,
    /// The parameters, as [`Params::encoded`] writes them.
    pub parameters: String,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// Until when a dialogue can begin with it.
    pub expires_at: Timestamp,
    /// The network that it came from, while it waits and counts there.
    pub network: Option<String>,
    /// When it was answered.
    pub consumed_at: Option<Timestamp>,
}

/// The part of a `request_uri` that refers to a pushed request; `None` for any other address.
pub fn pushed_reference(request_uri: &str) -> Option<&str> {
    request_uri.strip_prefix(REQUEST_URI_PREFIX)
}

/// What a client asks in the form of a push: without its credentials, and with its name, which not
/// every method of authentication writes into the form.
///
/// # Errors
/// `invalid_request` for a `request_uri` (RFC 9126 §2.1).
pub fn parameters_to_push(form: &Params, client_id: &ClientId) -> Result<Params, OAuthError> {
    if form.find("request_uri").is_some() {
        return Err(OAuthError::invalid_request(Reason::PushedRequestNested));
    }
    let mut pairs: Vec<(&str, &str)> =
        form.pairs().filter(|(name, _)| *name != "client_id" && !CREDENTIALS.contains(name)).collect();
    pairs.push(("client_id", client_id.as_str()));
    Params::from_pairs(&pairs)
}

/// What is kept of one is no larger, in bytes of a form.
pub const MOST_PUSHED: usize = 20 * 1024;

/// The parameters as they are kept.
///
/// # Errors
/// `invalid_request` for more than [`MOST_PUSHED`].
pub fn pushed_text(params: &Params) -> Result<String, OAuthError> {
    let text = params.encoded();
    if text.len() > MOST_PUSHED {
        return Err(OAuthError::invalid_request(Reason::PushedRequestTooLarge));
    }
    Ok(text)
}

/// Whether this client may be answered by this pushed request now.
///
/// # Errors
/// `invalid_request_uri`: unknown, another client's, answered before, or expired.
pub fn check_pushed(
    found: Option<PushedRequest>,
    client_id: &ClientId,
    now: Timestamp,
) -> Result<PushedRequest, OAuthError> {
    let refused = |reason| Err(OAuthError::new(ErrorCode::InvalidRequestUri, reason));
    match found {
        None => refused(Reason::PushedRequestUnknown),
        Some(pushed) if pushed.client_id != *client_id => refused(Reason::PushedRequestOfAnotherClient),
        Some(pushed) if pushed.consumed_at.is_some() => refused(Reason::PushedRequestUsed),
        Some(pushed) if now >= pushed.expires_at => refused(Reason::PushedRequestExpired),
        Some(pushed) => Ok(pushed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::fixtures::{at, codes, refusal};

    fn pushed() -> PushedRequest {
        PushedRequest {
            id: PushedRequestId::new("p1"),
            client_id: ClientId::new("app"),
            parameters: String::new(),
            network: None,
            created_at: at(-10),
            expires_at: at(80),
            consumed_at: None,
        }
    }

    fn checked(change: impl FnOnce(&mut PushedRequest), now: i64) -> (&'static str, &'static str) {
        let mut row = pushed();
        change(&mut row);
        match check_pushed(Some(row), &ClientId::new("app"), at(now)) {
            Ok(_) => ("granted", ""),
            Err(error) => codes(&error),
        }
    }

    #[test]
    fn a_reference_is_good_for_its_client_until_it_expires_or_is_answered() {
        assert_eq!(checked(|_| (), 0), ("granted", ""));
        assert_eq!(checked(|_| (), 79), ("granted", ""));
        assert_eq!(checked(|_| (), 80), ("invalid_request_uri", "AS-1042"));
        assert_eq!(checked(|row| row.consumed_at = Some(at(-1)), 0), ("invalid_request_uri", "AS-1043"));
        assert_eq!(checked(|row| row.consumed_at = Some(at(-1)), 80), ("invalid_request_uri", "AS-1043"));
        assert_eq!(checked(|row| row.client_id = ClientId::new("App"), 0), ("invalid_request_uri", "AS-1044"));
        assert_eq!(
            refusal(check_pushed(None, &ClientId::new("app"), at(0)).map(|_| ())),
            ("invalid_request_uri", "AS-1041")
        );
    }

    #[test]
    fn only_our_own_prefix_refers_to_a_pushed_request() {
        assert_eq!(pushed_reference("urn:ietf:params:oauth:request_uri:x"), Some("x"));
        for other in ["urn:ietf:params:oauth:request_uri", "URN:ietf:params:oauth:request_uri:x", "https://x/", ""] {
            assert_eq!(pushed_reference(other), None, "{other}");
        }
    }

    #[test]
    fn credentials_are_not_kept_and_the_client_is_named() {
        let form = Params::from_pairs(&[
            ("client_secret", "s"),
            ("client_assertion", "a"),
            ("client_assertion_type", "t"),
            ("state", "a b&c=d"),
            ("dpop_jkt", "j"),
        ]);
        let kept = parameters_to_push(&form.expect("well-formed"), &ClientId::new("app")).expect("pushed");
        assert_eq!(kept.pairs().collect::<Vec<_>>(), [("state", "a b&c=d"), ("dpop_jkt", "j"), ("client_id", "app")]);
        let read = Params::parse(kept.encoded().as_bytes()).expect("its own text");
        assert_eq!(read.pairs().collect::<Vec<_>>(), kept.pairs().collect::<Vec<_>>());
    }

    #[test]
    fn so_much_is_kept_of_a_push_and_not_a_byte_more() {
        let push = |text: &str, more: &str| {
            Params::from_pairs(&[("state", text), ("claims", text), ("nonce", more)]).expect("parameters")
        };
        let names = "state=&claims=&nonce=&".len();
        let half = "x".repeat(MOST_PUSHED / 2 - names);
        let rest = "y".repeat(names);
        assert_eq!(pushed_text(&push(&half, &rest)).map(|text| text.len()), Ok(20 * 1024));
        assert_eq!(refusal(pushed_text(&push(&half, &format!("{rest}y")))), ("invalid_request", "AS-1061"));
        assert!(Reason::PushedRequestTooLarge.next_step().contains("20 KiB"));
        // What is sent escaped is larger.
        let escaped = push(&"\u{e9}".repeat(MOST_PUSHED / 12), &rest);
        assert_eq!(refusal(pushed_text(&escaped)), ("invalid_request", "AS-1061"));
    }

    #[test]
    fn a_push_of_a_reference_is_refused() {
        let form = Params::from_pairs(&[("request_uri", "urn:x")]).expect("well-formed");
        let pushed = parameters_to_push(&form, &ClientId::new("app")).map(|_| ());
        assert_eq!(refusal(pushed), ("invalid_request", "AS-1040"));
    }
}
