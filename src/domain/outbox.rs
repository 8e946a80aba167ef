//! The outbox: what an answer means, and when a delivery is tried again. Bounded in number and, by
//! that, in time: about five hours.

/// A node that began to send has this long; afterwards another one may.
pub const LEASE_SECONDS: i64 = 60;
/// A delivery is tried this often.
pub const MAX_ATTEMPTS: i64 = 14;
/// A delivery, settled or not, is kept this long.
pub const KEEP_SECONDS: i64 = 7 * 86_400;

const FIRST_WAIT: i64 = 5;
const LONGEST_WAIT: i64 = 3600;

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// The receiver will never take it.
    Refused,
    /// Nothing is decided yet.
    Again,
}

/// Judges the status of an answer. 400 is the one that a receiver of logout tokens gives to a request
/// that it will never accept (OIDC Back-Channel Logout 1.0 §2.8); a redirect is never followed.
pub const fn judge(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        400 => Outcome::Refused,
        _ => Outcome::Again,
    }
}

/// Judges the answer to a ping (CIBA Core 1.0 §10.2): whoever does not know its token today will not
/// tomorrow, and a redirect leads nowhere. The client can still ask.
pub const fn judge_ping(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        300..=499 => Outcome::Refused,
        _ => Outcome::Again,
    }
}

/// Seconds until the next try after so many; `None`: it is given up. Twice as long each time, and
/// between half and all of that by `roll`, so that what failed together does not come back together.
pub fn wait_after(attempts: i64, roll: u16) -> Option<i64> {
    if attempts >= MAX_ATTEMPTS {
        return None;
    }
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    let longest = FIRST_WAIT.saturating_mul(1_i64 << doublings).min(LONGEST_WAIT);
    let half = longest / 2;
    Some(longest - half + half * i64::from(roll) / i64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_any_2xx_a_refusal_is_400_and_everything_else_is_tried_again() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judge(status), Outcome::Delivered, "{status}");
        }
        assert_eq!(judge(400), Outcome::Refused);
        for status in [100, 301, 302, 303, 307, 308, 401, 403, 404, 405, 408, 429, 500, 501, 502, 503, 504] {
            assert_eq!(judge(status), Outcome::Again, "{status}");
        }
    }

    #[test]
    fn a_ping_that_is_refused_or_sent_elsewhere_is_not_sent_again() {
        for status in [200, 204, 299] {
            assert_eq!(judge_ping(status), Outcome::Delivered, "{status}");
        }
        for status in [301, 307, 400, 401, 403, 404, 429] {
            assert_eq!(judge_ping(status), Outcome::Refused, "{status}");
        }
        for status in [100, 500, 502, 503] {
            assert_eq!(judge_ping(status), Outcome::Again, "{status}");
        }
    }

    #[test]
    fn waiting_doubles_within_bounds_and_ends() {
        let mut before = 0;
        for attempts in 1..MAX_ATTEMPTS {
            let (least, most) =
                (wait_after(attempts, 0).expect("waits"), wait_after(attempts, u16::MAX).expect("waits"));
            assert!(least >= 1 && least <= most && most <= LONGEST_WAIT, "{attempts}: {least} {most}");
            assert!(most >= before && least * 2 >= most, "{attempts}: {least} {most}");
            assert!((least..=most).contains(&wait_after(attempts, 30_000).expect("waits")));
            before = most;
        }
        assert_eq!((wait_after(1, u16::MAX), wait_after(2, u16::MAX)), (Some(5), Some(10)));
        assert_eq!(wait_after(MAX_ATTEMPTS, 0), None);
        assert_eq!(wait_after(i64::MAX, 0), None);
        assert!(wait_after(0, 0).is_some() && wait_after(-1, 0).is_some());
    }

    #[test]
    fn all_tries_together_end_long_before_the_row_is_forgotten() {
        let total: i64 = (1..MAX_ATTEMPTS).filter_map(|attempts| wait_after(attempts, u16::MAX)).sum();
        assert!(total < KEEP_SECONDS / 10, "{total}");
    }
}
