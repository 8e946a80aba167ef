//! Tests of `playground`.

use super::{
    Refusal, ServerError, Shown,
    browser::{BrowserKey, Browsers, LIFETIME, MAX_BROWSERS, MAX_PENDING, Pending, random_text},
    callback::{Answer, check_issuer, read},
    sample::{CLIENTS, SampleClient},
    token::{Decoded, in_words},
};
use crate::{
    crypto::random::SeededRandom,
    domain::{Timestamp, oauth::Params},
};
use std::sync::Arc;

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ISSUER: &str = "http://localhost:8080";

fn web() -> &'static SampleClient {
    SampleClient::find("demo-web").expect("played")
}

fn pending(state: &str) -> Pending {
    Pending {
        state: state.to_owned(),
        nonce: "n".into(),
        verifier: "v".into(),
        client: web(),
        openid: true,
        max_age: None,
    }
}

fn shown() -> Arc<Shown> {
    Arc::new(Shown { client: web(), tokens: None, error: None, userinfo: None, introspection: None })
}

fn params(pairs: &[(&str, &str)]) -> Params {
    Params::from_pairs(pairs).expect("params")
}

#[test]
fn a_state_is_answered_once_and_only_in_its_own_browser() {
    let random = SeededRandom::danger_from_seed(1);
    let (mine, other) = (BrowserKey::fresh(&random), BrowserKey::fresh(&random));
    let mut browsers = Browsers::default();
    browsers.open(&mine, START).begin(pending("mine"));
    browsers.open(&other, START).begin(pending("other"));
    let browser = browsers.find(&mine, START).expect("known");
    assert!(browser.take("other", "/dev/callback").is_none());
    assert!(browser.take("", "/dev/callback").is_none());
    assert!(browser.take("mine", "/dev/spa").is_none(), "it waits for its answer elsewhere");
    assert!(browser.take("mine", "/dev/callback").is_some());
    assert!(browser.take("mine", "/dev/callback").is_none(), "a second time");
}

#[test]
fn a_browser_never_sees_what_another_one_got() {
    let random = SeededRandom::danger_from_seed(2);
    let (mine, other) = (BrowserKey::fresh(&random), BrowserKey::fresh(&random));
    let mut browsers = Browsers::default();
    browsers.open(&mine, START).shown = Some(shown());
    assert!(browsers.find(&other, START).is_none());
    assert!(browsers.open(&other, START).shown.is_none());
    assert!(browsers.find(&mine, START).expect("known").shown.is_some());
}

#[test]
fn a_browser_is_forgotten_an_hour_after_its_last_sign_in_began() {
    let key = BrowserKey::fresh(&SeededRandom::danger_from_seed(3));
    let mut browsers = Browsers::default();
    browsers.open(&key, START).shown = Some(shown());
    let later = START.plus_seconds(LIFETIME - 1);
    assert!(browsers.find(&key, later).is_some());
    assert!(browsers.find(&key, START.plus_seconds(LIFETIME)).is_none());
    browsers.open(&key, later);
    assert!(browsers.find(&key, START.plus_seconds(LIFETIME)).is_some_and(|browser| browser.shown.is_some()));
    browsers.open(&key, later.plus_seconds(LIFETIME));
    let browser = browsers.find(&key, later.plus_seconds(LIFETIME)).expect("begun anew");
    assert!(browser.shown.is_none(), "what had expired does not come back");
}

#[test]
fn at_the_cap_the_browser_that_was_quiet_longest_goes() {
    let random = SeededRandom::danger_from_seed(4);
    let keys: Vec<BrowserKey> = (0..=MAX_BROWSERS).map(|_| BrowserKey::fresh(&random)).collect();
    let mut browsers = Browsers::default();
    for key in &keys[..MAX_BROWSERS] {
        browsers.open(key, START);
    }
    browsers.open(&keys[0], START);
    assert_eq!(browsers.len(), MAX_BROWSERS, "a known browser takes no second place");
    browsers.open(&keys[MAX_BROWSERS], START);
    assert_eq!(browsers.len(), MAX_BROWSERS);
    assert!(browsers.find(&keys[0], START).is_some(), "it was used again");
    assert!(browsers.find(&keys[1], START).is_none());
}

#[test]
fn of_too_many_tabs_the_oldest_is_forgotten() {
    let key = BrowserKey::fresh(&SeededRandom::danger_from_seed(5));
    let mut browsers = Browsers::default();
    for tab in 0..=MAX_PENDING {
        browsers.open(&key, START).begin(pending(&format!("tab {tab}")));
    }
    let browser = browsers.find(&key, START).expect("known");
    assert!(browser.take("tab 0", "/dev/callback").is_none());
    for tab in 1..=MAX_PENDING {
        assert!(browser.take(&format!("tab {tab}"), "/dev/callback").is_some(), "{tab}");
    }
}

#[test]
fn a_cookie_of_another_form_names_nobody() {
    let good = BrowserKey::fresh(&SeededRandom::danger_from_seed(6)).text().expose().clone();
    assert!(BrowserKey::parse(&good).is_some());
    for text in ["", "x", &good[1..], &format!("{good}x"), &good.replace(&good[..1], "="), &"ä".repeat(43)] {
        assert!(BrowserKey::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_form_is_accepted_with_the_token_of_its_own_browser_only() {
    let random = SeededRandom::danger_from_seed(7);
    let (mine, other) = (BrowserKey::fresh(&random), BrowserKey::fresh(&random));
    assert!(mine.accepts(&mine.csrf()));
    assert!(!mine.accepts(&other.csrf()));
    assert!(!mine.accepts(mine.text().expose()), "the cookie itself is not the token");
    assert!(!mine.accepts(""));
    assert!(!mine.csrf().contains(mine.text().expose().as_str()));
}

#[test]
fn what_must_not_be_guessed_has_256_bits() {
    let random = SeededRandom::danger_from_seed(8);
    let (one, two) = (random_text(&random), random_text(&random));
    assert_eq!(one.len(), 43, "also the shortest verifier that RFC 7636 allows");
    assert_ne!(one, two);
}

#[test]
fn an_answer_of_another_issuer_is_refused() {
    let named = |iss: &str| params(&[("code", "c"), ("iss", iss)]);
    assert_eq!(check_issuer(&named(ISSUER), ISSUER, true), Ok(()));
    for other in ["http://localhost:8080/", "http://LOCALHOST:8080", "http://localhost:8081", "https://evil.example"] {
        assert_eq!(check_issuer(&named(other), ISSUER, true), Err(Refusal::IssuerMismatch), "{other}");
        assert_eq!(check_issuer(&named(other), ISSUER, false), Err(Refusal::IssuerMismatch), "{other}");
    }
}

#[test]
fn a_missing_iss_is_refused_where_it_was_announced() {
    let bare = params(&[("code", "c"), ("iss", "")]);
    assert_eq!(check_issuer(&bare, ISSUER, true), Err(Refusal::IssuerMissing));
    assert_eq!(check_issuer(&bare, ISSUER, false), Ok(()));
}

#[test]
fn an_answer_is_a_code_or_a_refusal_and_never_both() {
    assert_eq!(read(&params(&[("code", "c")])), Ok(Answer::Code("c".to_owned())));
    let refused = params(&[("error", "access_denied"), ("error_description", "AS-1020: no")]);
    let expected = ServerError {
        code: "access_denied".to_owned(),
        description: Some("AS-1020: no".to_owned()),
        uri: None,
        trace_id: None,
    };
    assert_eq!(read(&refused), Ok(Answer::Refused(expected)));
    assert_eq!(read(&params(&[("code", "c"), ("error", "e")])), Err(Refusal::AnswerMalformed));
    assert_eq!(read(&params(&[("code", ""), ("state", "s")])), Err(Refusal::AnswerMalformed));
}

#[test]
fn only_applications_with_a_page_here_are_played() {
    assert!(SampleClient::find("demo-web").is_some() && SampleClient::find("demo-spa").is_some());
    for id in ["demo-cli", "demo-m2m", "", "admin"] {
        assert!(SampleClient::find(id).is_none(), "{id}");
    }
    let mut callbacks: Vec<_> = CLIENTS.iter().filter_map(|client| client.callback).collect();
    callbacks.dedup();
    assert_eq!(callbacks, ["/dev/callback", "/dev/spa"], "each its own, so that answers cannot be mixed up");
}

#[test]
fn a_signed_token_is_decoded_and_nothing_else_is() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImlhdCI6MTAsImV4cCI6NjEwfQ.c2ln";
    let decoded = Decoded::read(token).expect("a compact JWS");
    assert_eq!(decoded.header["alg"], "RS256");
    assert_eq!((decoded.text("sub"), decoded.text("iat"), decoded.text("name")), (Some("alice"), None, None));
    assert_eq!(decoded.lifetime(), Some(600));
    for other in [
        "",
        "sym_at_abc",
        "..",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9",
        "eyJhbGciOiJSUzI1NiJ9.!!.c2ln",
        "eyJhbGciOiJSUzI1NiJ9.WzFd.c2ln",
        "e30.e30.e30.e30.e30",
    ] {
        assert_eq!(Decoded::read(other), None, "{other}");
    }
}

#[test]
fn times_are_told_in_the_largest_unit_that_fits() {
    for (seconds, words) in [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (600, "10 minutes"),
        (3600, "1 hour"),
        (2_592_000, "30 days"),
        (-60, "-60 seconds"),
    ] {
        assert_eq!(in_words(seconds), words);
    }
}
