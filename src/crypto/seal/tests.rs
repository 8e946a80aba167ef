//! Tests of `seal`.

use super::*;
use crate::crypto::random::{SeededRandom, SystemRandom};

fn sealer(seed: u64) -> Sealer {
    Sealer::new(&KeyEncryptionKey::generate(&SeededRandom::danger_from_seed(seed)))
}

fn opened(result: Result<Secret<Vec<u8>>, SealError>) -> Result<Vec<u8>, SealError> {
    result.map(|secret| secret.expose().clone())
}

#[test]
fn what_was_sealed_opens_in_its_place() {
    let sealer = sealer(1);
    for plaintext in [b"".as_slice(), b"x", &[7; 5000]] {
        let sealed = sealer.seal("signing_key", "row-1", plaintext, &SystemRandom);
        assert_eq!(sealed.len(), 1 + 4 + 12 + plaintext.len() + 16);
        assert_eq!(opened(sealer.open("signing_key", "row-1", &sealed)), Ok(plaintext.to_vec()));
    }
}

#[test]
fn a_ciphertext_moved_to_another_row_or_purpose_does_not_open() {
    let sealer = sealer(1);
    let sealed = sealer.seal("totp", "ab", b"seed", &SystemRandom);
    for (purpose, row) in [("totp", "ac"), ("totp", ""), ("tot", "pab"), ("totpa", "b"), ("", "totpab"), ("ab", "totp")]
    {
        assert_eq!(opened(sealer.open(purpose, row, &sealed)), Err(SealError::Corrupt), "{purpose} {row}");
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let sealer = sealer(1);
    let sealed = sealer.seal("p", "r", b"secret", &SystemRandom);
    for position in 0..sealed.len() * 8 {
        let mut damaged = sealed.clone();
        damaged[position / 8] ^= 1 << (position % 8);
        assert!(sealer.open("p", "r", &damaged).is_err(), "bit {position}");
    }
    for length in 0..sealed.len() {
        assert_eq!(opened(sealer.open("p", "r", &sealed[..length])), Err(SealError::Corrupt), "{length} bytes");
    }
    let longer = [sealed.as_slice(), &[0]].concat();
    assert_eq!(opened(sealer.open("p", "r", &longer)), Err(SealError::Corrupt));
}

#[test]
fn another_key_encryption_key_is_named_and_explained() {
    let sealed = sealer(1).seal("p", "r", b"secret", &SystemRandom);
    let other = sealer(2);
    let error = other.open("p", "r", &sealed).unwrap_err();
    assert_eq!(error, SealError::WrongKey { sealed_under: sealer(1).key_id(), configured: other.key_id() });
    let message = error.to_string();
    assert!(message.contains(&sealer(1).key_id()) && message.contains(&other.key_id()), "{message}");
    assert!(message.contains("lost or another one is configured"), "{message}");
}

#[test]
fn the_same_plaintext_seals_differently_each_time() {
    let sealer = sealer(1);
    assert_ne!(sealer.seal("p", "r", b"same", &SystemRandom), sealer.seal("p", "r", b"same", &SystemRandom));
}

#[test]
fn a_key_reads_back_from_its_text_in_either_alphabet() {
    // 0xFB repeated needs the characters in which the two alphabets differ.
    let key = KeyEncryptionKey(Secret::new([0xFB; 32]));
    let url = key.text().expose().clone();
    assert!(url.contains('-') || url.contains('_'), "{url}");
    let standard = url.replace('-', "+").replace('_', "/");
    for text in [
        url.clone(),
        format!("{url}\n"),
        format!("{url}\r\n"),
        format!("{url}="),
        standard.clone(),
        format!("{standard}=\n"),
    ] {
        assert_eq!(KeyEncryptionKey::parse(&text).unwrap().id(), key.id(), "{text:?}");
    }
}

#[test]
fn texts_that_are_not_exactly_one_key_are_refused() {
    let text = KeyEncryptionKey(Secret::new([0xFB; 32])).text().expose().clone();
    let mixed = text.replacen('-', "+", 1);
    let corpus = [
        String::new(),
        "\n".to_owned(),
        "password".to_owned(),
        text[..42].to_owned(),
        format!("{text}AAAA"),
        format!(" {text}"),
        format!("{text}\n\n"),
        format!("{text}=="),
        mixed,
        "zz".repeat(32),
    ];
    for bad in corpus {
        assert_eq!(KeyEncryptionKey::parse(&bad).err(), Some(KeyTextError), "{bad:?}");
    }
}

#[test]
fn key_ids_differ_and_nothing_prints_a_key() {
    let key = KeyEncryptionKey::generate(&SystemRandom);
    assert_ne!(key.id(), KeyEncryptionKey::generate(&SystemRandom).id());
    assert_eq!(key.id().len(), 8);
    assert_eq!(format!("{key:?}"), format!("KeyEncryptionKey({})", key.id()));
    assert_eq!(format!("{:?}", Sealer::new(&key)), format!("Sealer({})", key.id()));
    assert_eq!(format!("{:?}", DataKey::generate(&SystemRandom)), "DataKey(…)");
}

#[test]
fn a_data_key_survives_sealing_in_its_own_row_only() {
    let sealer = sealer(1);
    let key = DataKey::generate(&SystemRandom);
    let note = key.seal(b"event-1", b"alice@example.org", &SystemRandom);
    let sealed = key.sealed(&sealer, "alice", &SystemRandom);
    let back = DataKey::unseal(&sealer, "alice", &sealed).unwrap();
    assert_eq!(opened(back.open(b"event-1", &note)), Ok(b"alice@example.org".to_vec()));
    assert_eq!(DataKey::unseal(&sealer, "bob", &sealed).err(), Some(SealError::Corrupt));
    let short = sealer.seal(SUBJECT_KEY_PURPOSE, "alice", b"short", &SystemRandom);
    assert_eq!(DataKey::unseal(&sealer, "alice", &short).err(), Some(SealError::Corrupt));
}

#[test]
fn personal_data_does_not_open_under_another_key_or_context_or_damaged() {
    let key = DataKey::generate(&SystemRandom);
    let note = key.seal(b"event-1", b"alice", &SystemRandom);
    assert_eq!(opened(key.open(b"event-2", &note)), Err(SealError::Corrupt));
    assert_eq!(opened(DataKey::generate(&SystemRandom).open(b"event-1", &note)), Err(SealError::Corrupt));
    assert_eq!(opened(key.open(b"event-1", b"")), Err(SealError::Corrupt));
    for position in 0..note.len() {
        let mut damaged = note.clone();
        damaged[position] ^= 0x40;
        assert_eq!(opened(key.open(b"event-1", &damaged)), Err(SealError::Corrupt), "byte {position}");
    }
}
