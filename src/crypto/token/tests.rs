//! Tests of `token`.

use std::collections::HashSet;

use super::*;
use crate::crypto::random::{SeededRandom, SystemRandom};

fn minted(kind: SecretKind) -> String {
    mint(kind, &SeededRandom::danger_from_seed(1)).text.expose().clone()
}

#[test]
fn crc32_gives_the_standard_check_value() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    assert_eq!(crc32(b""), 0);
}

#[test]
fn the_checksum_is_padded_base62_with_the_most_significant_digit_first() {
    let digits = checksum(b"123456789");
    let value = digits
        .iter()
        .fold(0_u64, |sum, digit| sum * 62 + BASE62.iter().position(|known| known == digit).unwrap() as u64);
    assert_eq!(value, 0xCBF4_3926);
    assert_eq!(checksum(b""), *b"000000");
}

#[test]
fn every_kind_parses_as_itself_and_as_nothing_else() {
    for kind in SecretKind::ALL {
        let minted = mint(kind, &SystemRandom);
        let text = minted.text.expose();
        assert_eq!(text.len(), SECRET_LENGTH);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        for other in SecretKind::ALL {
            assert_eq!(parse(other, text), (kind == other).then_some(minted.hash), "{kind:?} as {other:?}");
        }
    }
    assert_eq!(
        SecretKind::ALL.map(SecretKind::prefix).into_iter().collect::<HashSet<_>>().len(),
        SecretKind::ALL.len()
    );
}

#[test]
fn the_stored_hash_is_sha256_of_the_whole_text() {
    let text = minted(SecretKind::AccessToken);
    assert_eq!(parse(SecretKind::AccessToken, &text), Some(hash_of(&text)));
    // FIPS 180-2 B.1
    assert_eq!(
        format!("{:?}", hash_of("abc")),
        "SecretHash(ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)"
    );
}

#[test]
fn any_single_changed_character_is_refused() {
    let text = minted(SecretKind::RefreshToken);
    for position in 0..text.len() {
        for replacement in ["A", "b", "0", "-", "_", "+", "/", "=", " ", "\0", "é"] {
            let mut changed = text.clone();
            changed.replace_range(position..=position, replacement);
            if changed != text {
                assert_eq!(parse(SecretKind::RefreshToken, &changed), None, "{changed:?}");
            }
        }
    }
}

#[test]
fn shortened_lengthened_wrapped_and_recased_secrets_are_refused() {
    let text = minted(SecretKind::Session);
    let (head, tail) = (&text[1..], &text[..text.len() - 1]);
    let corpus = [
        String::new(),
        head.to_owned(),
        tail.to_owned(),
        format!("{text}A"),
        format!(" {text}"),
        format!("{text}\n"),
        text.to_uppercase(),
        text.replace("sym_se_", "SYM_SE_"),
        text.replace("sym_se_", "sym-se-"),
        "sym_se_".to_owned(),
        "é".repeat(SECRET_LENGTH / 2),
        "\0".repeat(SECRET_LENGTH),
    ];
    for changed in corpus {
        assert_eq!(parse(SecretKind::Session, &changed), None, "{changed:?}");
    }
}

#[test]
fn a_body_with_stray_bits_is_refused_even_with_a_right_checksum() {
    // 43 characters carry 258 bits; the last two must be zero.
    for (last, accepted) in [('A', true), ('B', false), ('C', false), ('D', false), ('E', true)] {
        let mut text = format!("sym_cs_{}{last}", "A".repeat(42));
        let checksum = checksum(text.as_bytes());
        text.push_str(std::str::from_utf8(&checksum).unwrap());
        assert_eq!(parse(SecretKind::ClientSecret, &text).is_some(), accepted, "{text}");
    }
}

#[test]
fn a_hash_matches_only_itself_and_comes_only_from_32_bytes() {
    let (one, other) = (hash_of("one"), hash_of("other"));
    assert!(one.matches(&one) && !one.matches(&other));
    assert_eq!(SecretHash::from_slice(one.as_bytes()), Some(one));
    assert_eq!(SecretHash::from_slice(&one.as_bytes()[..31]), None);
    assert_eq!(SecretHash::from_slice(&[0; 33]), None);
}

#[test]
fn a_minted_secret_does_not_print_its_text() {
    let minted = mint(SecretKind::Csrf, &SystemRandom);
    assert!(!format!("{minted:?}").contains(&minted.text.expose()[7..]));
}
