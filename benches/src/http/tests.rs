//! Tests of `http`.

use super::*;

fn whole(bytes: &[u8]) -> Parsed {
    parse(bytes).unwrap().expect("a whole answer")
}

#[test]
fn a_length_delimited_answer_is_read_only_when_whole() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for cut in 0..bytes.len() {
        assert_eq!(parse(&bytes[..cut]).unwrap(), None, "cut at {cut}");
    }
    assert_eq!(whole(bytes).consumed, bytes.len());
}

#[test]
fn a_chunked_answer_is_joined_only_when_whole() {
    let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
    for cut in 0..bytes.len() {
        assert_eq!(parse(&bytes[..cut]).unwrap(), None, "cut at {cut}");
    }
    assert_eq!(whole(bytes).body, Body::Joined(b"hello".to_vec()));
}

#[test]
fn an_answer_without_a_known_framing_is_refused() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
    ] {
        assert!(parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_303_with_cookies_gives_every_cookie_and_its_location() {
    let bytes = b"HTTP/1.1 303 See Other\r\nLocation: /a?b=c:d\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\ncontent-length: 0\r\nConnection: close\r\n\r\n";
    let parsed = whole(bytes);
    assert!(parsed.closes);
    let response = Response { status: 303, head: &bytes[..parsed.head_end], body: b"" };
    assert_eq!(response.header("location"), Some("/a?b=c:d"));
    assert_eq!(response.headers("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert_eq!(response.header("retry-after"), None);
}

#[test]
fn a_json_member_is_found_by_its_whole_name() {
    let response =
        Response { status: 200, head: b"", body: br#"{"refresh_token_id":"x","refresh_token": "sym_rt_1"}"# };
    assert_eq!(response.json_text("refresh_token"), Some("sym_rt_1"));
    assert_eq!(response.json_text("access_token"), None);
}

#[test]
fn an_address_beyond_loopback_is_refused() {
    assert!(Connection::new(([192, 0, 2, 1], 80).into()).is_err());
    assert!(Connection::new(([127, 0, 0, 1], 80).into()).is_ok());
}

#[test]
fn reserved_characters_of_a_form_value_are_encoded() {
    assert_eq!(encode("a b&c=d/é~"), "a%20b%26c%3Dd%2F%C3%A9~");
}
