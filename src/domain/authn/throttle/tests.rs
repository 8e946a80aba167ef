//! Tests of `throttle`.

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_000_000);

/// Fails `times` times, each as soon as it is allowed; gives the counter and the time.
fn fail(policy: &Policy, times: u32) -> (Throttle, Timestamp) {
    let (mut throttle, mut now) = (Throttle::default(), START);
    for _ in 0..times {
        if let Err(wait) = check(&throttle, now) {
            now = now.plus_seconds(wait.retry_after());
        }
        throttle = after_failure(throttle, now, policy);
    }
    (throttle, now)
}

#[test]
fn the_first_mistakes_cost_nothing() {
    let (throttle, now) = fail(&Policy::ACCOUNT, 5);
    assert_eq!(check(&throttle, now), Ok(()));
    assert_eq!(now, START);
}

#[test]
fn delays_double_and_never_exceed_five_minutes_for_an_account() {
    let mut delays = Vec::new();
    for failures in 6..=20 {
        let (throttle, now) = fail(&Policy::ACCOUNT, failures);
        delays.push(check(&throttle, now).unwrap_err());
    }
    let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300, 300];
    assert_eq!(delays, expected.map(Wait::Seconds));
    assert_eq!(Wait::REASON.code(), "AS-2002");
}

#[test]
fn an_attempt_is_refused_until_the_very_end_of_the_delay() {
    let (throttle, now) = fail(&Policy::ACCOUNT, 8);
    assert_eq!(check(&throttle, Timestamp::from_millis(now.millis() + 3_999)), Err(Wait::Seconds(1)));
    assert_eq!(check(&throttle, now.plus_seconds(4)), Ok(()));
}

#[test]
fn an_account_and_its_familiar_network_never_allow_more_than_100_consecutive_failures() {
    let mut total = 0;
    for policy in [Policy::ACCOUNT, Policy::FAMILIAR] {
        let limit = policy.limit.expect("limited");
        let (throttle, now) = fail(&policy, limit);
        assert_eq!(check(&throttle, now.plus_seconds(10 * 365 * 86_400)), Err(Wait::UntilReset));
        assert_eq!(check(&fail(&policy, limit - 1).0, now.plus_seconds(300)), Ok(()));
        total += limit;
    }
    assert!(total <= 100, "{total}");
}

#[test]
fn only_a_reset_lifts_the_last_block() {
    let (throttle, now) = fail(&Policy::ACCOUNT, 50);
    assert_eq!(check(&after_failure(throttle, now, &Policy::ACCOUNT), now), Err(Wait::UntilReset));
    assert_eq!(Wait::UntilReset.retry_after(), 86_400);
    assert_eq!(check(&Throttle::default(), now), Ok(()));
}

#[test]
fn a_success_clears_the_account_but_not_the_network() {
    let (account, now) = fail(&Policy::ACCOUNT, 10);
    assert_eq!(after_success(account, &Policy::ACCOUNT), Throttle::default());
    let (network, now) = (fail(&Policy::NETWORK, 30).0, now);
    assert_eq!(after_success(network, &Policy::NETWORK), network);
    assert!(check(&network, now).is_err());
}

#[test]
fn failures_of_strangers_do_not_delay_the_owner_at_home() {
    let (account, now) = fail(&Policy::ACCOUNT, 50);
    let home = Throttle::default();
    assert_eq!(check_attempt(&account, None, &Throttle::default(), now), Err(Wait::UntilReset));
    assert_eq!(check_attempt(&account, Some(&home), &Throttle::default(), now), Ok(()));
}

#[test]
fn a_familiar_network_is_no_way_around_the_network_or_its_own_limit() {
    let (network, now) = fail(&Policy::NETWORK, 30);
    assert!(check_attempt(&Throttle::default(), Some(&Throttle::default()), &network, now).is_err());
    let (familiar, now) = fail(&Policy::FAMILIAR, 50);
    assert_eq!(check_attempt(&Throttle::default(), Some(&familiar), &Throttle::default(), now), Err(Wait::UntilReset));
}

#[test]
fn the_longest_wait_counts() {
    let (account, _) = fail(&Policy::ACCOUNT, 7);
    let now = START;
    let network = Throttle { blocked_until: Some(now.plus_seconds(900)), ..Throttle::default() };
    assert_eq!(check_attempt(&account, None, &network, now), Err(Wait::Seconds(900)));
}

#[test]
fn a_network_forgets_after_a_quiet_window_and_an_account_does_not() {
    let (network, now) = fail(&Policy::NETWORK, 25);
    assert_eq!(after_failure(network, now.plus_seconds(3600), &Policy::NETWORK).failures, 1);
    let (account, now) = fail(&Policy::ACCOUNT, 4);
    assert_eq!(after_failure(account, now.plus_seconds(365 * 86_400), &Policy::ACCOUNT).failures, 5);
}

#[test]
fn a_network_is_one_address_of_ipv4_and_one_subscriber_of_ipv6() {
    let key = |text: &str| network_key(text.parse().expect("address"));
    assert_eq!(key("192.0.2.7"), "ip4:192.0.2.7/32");
    assert_ne!(key("192.0.2.7"), key("192.0.2.8"));
    assert_eq!(key("2001:db8:1:2:ffff::1"), "ip6:2001:db8:1:2::/64");
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:a:b:c:d"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"), "a mapped address is the same network");
}

#[test]
fn the_kinds_of_keys_do_not_meet() {
    let id = UserId::new("u1");
    let keys =
        [account_key(&id), unknown_account_key("u1"), familiar_key(&id, "ip4:192.0.2.7/32"), "ip4:192.0.2.7/32".into()];
    let different: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
}

#[test]
fn a_client_learns_of_few_people_who_are_not_here() {
    let (mut throttle, mut now, mut asked) = (Throttle::default(), START, 0);
    while now < START.plus_seconds(24 * 3600) {
        match check(&throttle, now) {
            Err(wait) => now = now.plus_seconds(wait.retry_after()),
            Ok(()) => {
                throttle = after_failure(throttle, now, &Policy::LOGIN_HINT);
                asked += 1;
            }
        }
    }
    assert!((24 * 100..=24 * 107).contains(&asked), "{asked} in a day");
    assert_eq!(check(&after_success(throttle, &Policy::LOGIN_HINT), START), check(&throttle, START));
}

#[test]
fn one_network_gets_few_attempts_an_hour_however_patient_it_is() {
    let (mut throttle, mut now, mut attempts) = (Throttle::default(), START, 0);
    while now < START.plus_seconds(24 * 3600) {
        match check(&throttle, now) {
            Err(wait) => now = now.plus_seconds(wait.retry_after()),
            Ok(()) => {
                throttle = after_failure(throttle, now, &Policy::NETWORK);
                attempts += 1;
            }
        }
    }
    assert!(attempts <= 24 * 32, "{attempts} in a day");
}

proptest! {
    #[test]
    fn a_failure_never_shortens_a_block(failures in 0_u32..u32::MAX, block in 0_i64..10_000, started in 0_i64..3_000) {
        for policy in [Policy::ACCOUNT, Policy::FAMILIAR, Policy { window: None, ..Policy::NETWORK }] {
            let throttle = Throttle {
                failures,
                window_started: START.plus_seconds(-started),
                blocked_until: Some(START.plus_seconds(block)),
            };
            prop_assert!(after_failure(throttle, START, &policy).blocked_until >= throttle.blocked_until);
        }
    }

    #[test]
    fn below_its_limit_an_account_never_waits_longer_than_five_minutes(failures in 0_u32..50) {
        let (throttle, now) = fail(&Policy::ACCOUNT, failures);
        prop_assert!(check(&throttle, now).err() <= Some(Wait::Seconds(300)));
    }

    #[test]
    fn no_number_of_failures_overflows(failures in any::<u32>(), at in any::<i64>()) {
        let throttle = Throttle { failures, window_started: Timestamp::from_millis(at), blocked_until: None };
        let after = after_failure(throttle, Timestamp::from_millis(at), &Policy::NETWORK);
        prop_assert!(after.failures >= 1);
    }
}
