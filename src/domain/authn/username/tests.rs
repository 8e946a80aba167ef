//! Tests of `username`.

use proptest::prelude::*;

use super::*;

#[test]
fn letters_digits_dots_dashes_and_underscores_make_a_username() {
    for name in ["alice", "a", "Alice.B-2_c", "7of9", "zoë", "алиса", "小明", &"x".repeat(64)] {
        assert_eq!(check_username(name), Ok(()), "{name}");
    }
}

#[test]
fn a_username_that_could_mislead_is_refused() {
    for name in [
        " ",
        "alice ",
        " alice",
        "al ice",
        "alice\n",
        "al\0ice",
        "alice\u{7f}",
        "alice@example.com",
        ".alice",
        "-alice",
        "_alice",
        "al/ice",
        "al\\ice",
        "al<b>ice",
        "al\"ice",
        "alice:1",
        "al%69ce",
        "al\u{202e}ice",
        "al\u{2066}ice",
        "al\u{200b}ice",
        "al\u{200d}ice",
        "\u{feff}alice",
        "zoe\u{308}",
        "al\u{3164}ice",
        "al\u{a0}ice",
        "al\u{2028}ice",
        "😀",
        &"x".repeat(65),
    ] {
        assert_eq!(check_username(name).map_err(Reason::code), Err("AS-2012"), "{name:?}");
    }
}

#[test]
fn a_missing_username_is_told_as_missing() {
    assert_eq!(check_username("").map_err(Reason::code), Err("AS-2005"));
}

#[test]
fn a_plain_address_is_an_email() {
    for email in ["a@b", "alice@example.com", "alice.b+tag@sub.example.co.uk", "o'neil@example.com", "zoë@exämple.de"]
    {
        assert_eq!(check_email(email), Ok(()), "{email}");
    }
}

#[test]
fn what_is_not_a_plain_address_is_refused() {
    let long_local = format!("{}@example.com", "x".repeat(65));
    let long_label = format!("a@{}.com", "x".repeat(64));
    let long = format!("a@{}com", "abcdefgh.".repeat(30));
    for email in [
        "",
        "@",
        "alice",
        "alice@",
        "@example.com",
        "a@b@c",
        "alice@example..com",
        "alice@.com",
        "alice@com.",
        ".a@b.c",
        "a.@b.c",
        "a..b@c.d",
        "a b@c.d",
        "a@b c.d",
        "a@b.c\n",
        "a@b.c\r\nBcc: x@y.z",
        "a\0@b.c",
        "\"a b\"@c.d",
        "a@[127.0.0.1]",
        "a,b@c.d",
        "a@b.c,d@e.f",
        "<a@b.c>",
        "Alice <a@b.c>",
        "a@-b.c",
        "a@b-.c",
        "a@b_c.d",
        "a\u{202e}@b.c",
        "a@b\u{200b}.c",
        "a(comment)@b.c",
        "a;b@c.d",
        "mailto:a@b.c",
        &long_local,
        &long_label,
        &long,
    ] {
        assert_eq!(check_email(email).map_err(Reason::code), Err("AS-2013"), "{email:?}");
    }
}

proptest! {
    #[test]
    fn no_accepted_name_holds_white_space_control_or_an_at_sign(name in any::<String>()) {
        if check_username(&name).is_ok() {
            prop_assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@'));
            prop_assert!(name == name.trim());
        }
    }

    #[test]
    fn no_accepted_address_can_break_a_mail_header(email in "[ -~\\r\\n\\t\\x00<>,;:@.a-z]{0,40}") {
        if check_email(&email).is_ok() {
            prop_assert!(!email.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c)));
            prop_assert_eq!(email.matches('@').count(), 1);
        }
    }

    #[test]
    fn no_name_is_both_a_username_and_an_email(text in "[a-z@.]{1,20}") {
        prop_assert!(check_username(&text).is_err() || check_email(&text).is_err());
    }
}
