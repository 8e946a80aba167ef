//! Tests of `random`.

use super::*;

#[test]
fn the_system_source_does_not_repeat_itself_or_leave_zeros() {
    let first: [u8; 32] = random_bytes(&SystemRandom);
    let second: [u8; 32] = random_bytes(&SystemRandom);
    assert_ne!(first, second);
    assert_ne!(first, [0; 32]);
}

#[test]
fn a_seed_gives_one_sequence_and_another_seed_another() {
    let draw = |seed| {
        let random = SeededRandom::danger_from_seed(seed);
        (random_bytes::<40>(&random), random_bytes::<40>(&random))
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let (first, second) = draw(1);
    assert_ne!(first, second);
    assert_ne!(first[..8], first[32..], "the second block continues, it does not repeat");
}

#[test]
fn a_uuid_carries_version_variant_and_the_time() {
    let random = SeededRandom::danger_from_seed(7);
    let id = uuid_v7(&random, Timestamp::from_millis(0x0123_4567_89AB));
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    assert!(id.to_string().starts_with("01234567-89ab-7"), "{id}");
    assert_ne!(id, uuid_v7(&random, Timestamp::from_millis(0x0123_4567_89AB)));
}

#[test]
fn uuids_of_later_times_sort_later_and_times_before_1970_do_not_wrap() {
    let random = SeededRandom::danger_from_seed(7);
    let early = uuid_v7(&random, Timestamp::from_millis(-1));
    let late = uuid_v7(&random, Timestamp::from_millis(1));
    assert!(early < late, "{early} {late}");
}
