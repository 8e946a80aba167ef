//! Tests of `password_policy`.

use proptest::prelude::*;

use super::*;

fn check(password: &str) -> Result<(), PasswordRule> {
    check_new_password(password, &["alice", "alice.liddell@example.com"], &PasswordPolicy::at_least(8))
}

#[test]
fn a_few_random_words_are_fine_and_so_is_every_script() {
    for password in [
        "tram violet anchor fence",
        "kq7#Vw2p!x",
        "Ünïcödé Wörter hier",
        "雨の日に傘を忘れた",
        "        tab le salt",
        "Tr4mpoline-Gravy-81",
        "max-8273940165",
        &"long words and more ".repeat(51),
    ] {
        assert_eq!(check(password), Ok(()), "{password}");
    }
}

#[test]
fn a_short_password_is_refused_by_code_points_not_bytes() {
    for password in ["", "a", "kq7#Vw2", "äöüßéèê", "雨の日に傘を忘"] {
        assert_eq!(check(password), Err(PasswordRule::TooShort(8)), "{password}");
    }
    assert_eq!(PasswordRule::TooShort(8).reason().code(), "AS-2011");
}

#[test]
fn more_than_1024_bytes_are_refused_before_anything_else() {
    assert_eq!(check(&"tram violet anchor fence 1".repeat(40)), Err(PasswordRule::TooLong));
    assert_eq!(PasswordRule::TooLong.reason().code(), "AS-2004");
}

#[test]
fn the_minimum_cannot_be_set_below_the_floor_or_beyond_what_people_can_type() {
    assert_eq!(PasswordPolicy::at_least(0).minimum(), 8);
    assert_eq!(PasswordPolicy::at_least(15).minimum(), 15);
    assert_eq!(PasswordPolicy::at_least(1000).minimum(), 64);
}

#[test]
fn a_password_with_the_username_or_email_is_personal() {
    for password in
        ["Alice-4-wonder", "xx ALICE yy zz", "alice.liddell", "ALICE.LIDDELL@EXAMPLE.COM", "7alice.liddell7"]
    {
        assert_eq!(check(password), Err(PasswordRule::Personal), "{password}");
    }
    let short = check_new_password("total tram fence", &["al", "", " "], &PasswordPolicy::at_least(8));
    assert_eq!(short, Ok(()), "a short name inside a password gives nothing away");
}

#[test]
fn what_everybody_tries_first_is_common_however_it_is_decorated() {
    for password in [
        "password",
        "PASSWORD",
        "Password1!",
        "P@ssw0rd2024",
        "p4$$w0rd",
        "!!password!!",
        "password123456789",
        "passwordpassword",
        "12345678",
        "1q2w3e4r",
        "iloveyou",
        "l3tmein99!",
        "s3cretpassword",
        "correcthorsebatterystaple",
        "symbolonadmin",
        "qwertyuiop",
        "dragon2024",
        "trustno1",
    ] {
        assert_eq!(check(password), Err(PasswordRule::Common), "{password}");
    }
    assert_eq!(PasswordRule::Common.reason().code(), "AS-2011");
}

#[test]
fn few_characters_again_and_again_are_repetitive() {
    for password in
        ["aaaaaaaa", "abababababab", "xyzxyzxyzxyz", "zzzzzzzzzzzzzzzzzzzzzzzy", "kq7#kq7#kq7#", "ёёёёёёёёёё"]
    {
        assert_eq!(check(password), Err(PasswordRule::Repetitive), "{password}");
    }
}

#[test]
fn rows_of_letters_digits_and_keys_are_sequential() {
    for password in
        ["abcdefgh", "hgfedcba", "abcd4321", "defghijklmnop", "rtyuiop789", "lkjhgfds99", "mnbvcx765", "bcdefgh2"]
    {
        assert_eq!(check(password), Err(PasswordRule::Sequential), "{password}");
    }
}

#[test]
fn the_list_is_lower_case_and_of_the_size_that_is_stated() {
    assert!(COMMON.len() > 1000, "{}", COMMON.len());
    assert!(COMMON.iter().all(|word| *word == word.to_lowercase() && *word == word.trim()));
}

proptest! {
    #[test]
    fn nothing_shorter_than_the_minimum_or_longer_than_the_maximum_ever_passes(password in "\\PC{0,40}", minimum in 0_usize..40) {
        let policy = PasswordPolicy::at_least(minimum);
        if check_new_password(&password, &[], &policy).is_ok() {
            prop_assert!(password.chars().count() >= policy.minimum());
            prop_assert!(password.chars().count() >= 8);
        }
    }

    #[test]
    fn any_text_gets_an_answer_and_case_does_not_help(password in any::<String>()) {
        let verdict = check(&password);
        if verdict == Err(PasswordRule::Common) && password.is_ascii() {
            prop_assert_eq!(check(&password.to_ascii_uppercase()), verdict);
        }
    }

    #[test]
    fn a_password_that_contains_the_username_never_passes(before in "[a-z0-9 ]{0,12}", after in "[a-z0-9 ]{8,20}") {
        let password = format!("{before}aLiCe{after}");
        prop_assert!(check(&password).is_err());
    }
}
