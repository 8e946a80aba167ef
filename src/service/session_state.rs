//! What an app's page may know of the state of a browser (OIDC Session Management 1.0 §2, §3): that it
//! changed, and nothing else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use super::{Cx, authorization::Browser};
use crate::{
    crypto::{random::random_bytes, token::digest},
    domain::Secret,
};

/// The value of the cookie that the check_session_iframe reads: a hash of the session cookie, which is
/// made of random secrets. It changes with every sign-in, sign-out and renewal. Empty: nobody is
/// signed in.
pub fn browser_state(session_cookie: Option<&Secret<String>>) -> String {
    session_cookie.map_or_else(String::new, |cookie| {
        let text = Secret::new(format!("symbolon browser state v1\0{}", cookie.expose()));
        URL_SAFE_NO_PAD.encode(digest(text.expose().as_bytes()))
    })
}

/// The `session_state` of an answer to this client at this address; `None` where no page could ask:
/// an app's own scheme has no origin, and without `openid` there is no session.
pub(super) fn session_state(
    cx: &Cx,
    client_id: &str,
    redirect_uri: &str,
    scope: &[String],
    browser: &Browser,
) -> Option<String> {
    if !scope.iter().any(|scope| scope == "openid") {
        return None;
    }
    let origin = Url::parse(redirect_uri).ok()?.origin();
    let origin = origin.is_tuple().then(|| origin.ascii_serialization())?;
    let salt = URL_SAFE_NO_PAD.encode(random_bytes::<16>(cx.random()));
    Some(compute(client_id, &origin, &browser_state(browser.session.as_ref()), &salt))
}

/// As `static/check-session.js` computes it.
fn compute(client_id: &str, origin: &str, state: &str, salt: &str) -> String {
    let hash = digest(format!("{client_id} {origin} {state} {salt}").as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}.{salt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_a_hash_of_the_cookie_and_empty_without_one() {
        let one = browser_state(Some(&Secret::from("sym_se_one")));
        assert_eq!(browser_state(None), "");
        assert_eq!(one.len(), 43);
        assert_eq!(one, browser_state(Some(&Secret::from("sym_se_one"))));
        assert_ne!(one, browser_state(Some(&Secret::from("sym_se_two"))));
        assert!(!one.contains("sym_se"));
    }

    #[test]
    fn every_part_moves_the_session_state() {
        let base = compute("web", "https://app.example", "state", "salt");
        assert_eq!(base, "260ff36bfd8cf8f9c97ae76467485739f390ae0b7f1e65238f3996b5fbb79ce2.salt");
        for (client, origin, state, salt) in [
            ("spa", "https://app.example", "state", "salt"),
            ("web", "https://app.example:8443", "state", "salt"),
            ("web", "https://app.example", "", "salt"),
            ("web", "https://app.example", "state", "other"),
        ] {
            assert_ne!(compute(client, origin, state, salt), base);
        }
    }
}
