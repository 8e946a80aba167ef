//! Tests of `browser`.

use super::*;
use crate::http;

const PERSON: Person = Person { username: "alice", password: "dev-password" };

fn party() -> RelyingParty {
    RelyingParty {
        host: "127.0.0.1:9".to_owned(),
        client_id: "demo-web".to_owned(),
        redirect_uri: "http://127.0.0.1:9/dev/callback".to_owned(),
        scope: "openid".to_owned(),
        more: String::new(),
    }
}

fn step(answer: &str) -> Step {
    http::with_answer(answer.as_bytes(), |response| next_step(response, "/sign-in/i1", &party(), PERSON))
}

fn page(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 303 See Other\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn a_sign_in_form_is_filled_with_its_hidden_fields() {
    let html = r#"<form method="get" action="/lang"><input name="l" value="de"></form>
        <form method=post action="/sign-in/i1"><input type="hidden" name="csrf" value="a&amp;b&#x2f;">
        <input id="username" name="username"><input type="password" name="password" data-name="x">
        <button id="login-submit" name="action" value="sign-in">Sign in</button>
        <button id="login-cancel" name="action" value="cancel">Cancel</button></form>"#;
    let body = "csrf=a%26b%2F&username=alice&password=dev-password&action=sign-in".to_owned();
    assert_eq!(step(&page(html)), Step::SignIn { path: "/sign-in/i1".to_owned(), body });
}

#[test]
fn a_form_without_action_goes_to_its_own_page() {
    let html = r#"<form method="post"><input type="hidden" name="csrf" value="c"><button name="action" value="allow">Allow</button></form>"#;
    let body = "csrf=c&action=allow".to_owned();
    assert_eq!(step(&page(html)), Step::Allow { path: "/sign-in/i1".to_owned(), body });
}

#[test]
fn only_a_redirect_to_the_relying_party_gives_a_code() {
    assert_eq!(
        step(&redirect("http://127.0.0.1:9/dev/callback?state=s&code=sym_ac_1&iss=x")),
        Step::Code("sym_ac_1".to_owned())
    );
    assert_eq!(step(&redirect("http://127.0.0.1:9/consent/i1")), Step::Follow("/consent/i1".to_owned()));
    assert_eq!(step(&redirect("/consent/i1?code=no")), Step::Follow("/consent/i1?code=no".to_owned()));
    assert!(matches!(step(&redirect("http://127.0.0.1:9/dev/callback?error=access_denied")), Step::Lost(_)));
    assert!(matches!(step(&redirect("http://example.com/")), Step::Lost(_)));
}

#[test]
fn a_page_without_a_known_form_is_lost() {
    assert!(matches!(step(&page("<p id=error-message>No</p>")), Step::Lost(why) if why.contains("200")));
    assert!(matches!(step("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), Step::Lost(why) if why.contains("503")));
}

#[test]
fn a_jar_keeps_the_last_value_and_drops_what_is_cleared() {
    let mut jar = Jar::default();
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\nset-cookie: a=3; HttpOnly\r\nContent-Length: 0\r\n\r\n";
    http::with_answer(answer.as_bytes(), |response| jar.keep(response));
    assert_eq!(jar.line(), "Cookie: a=3; b=2\r\n");
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: b=x; Max-Age=0\r\nset-cookie: a=\r\nContent-Length: 0\r\n\r\n";
    http::with_answer(answer.as_bytes(), |response| jar.keep(response));
    assert_eq!(jar.line(), "");
}
