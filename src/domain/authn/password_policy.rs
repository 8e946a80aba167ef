//! Which passwords may be set (ASVS 6.2.1-6.2.12, NIST SP 800-63B-4 §3.1.1.2): length, no composition
//! rules, nothing well known, nothing personal. A password is verified exactly as it was received:
//! never trimmed, folded, cut or normalised; folding happens here only, to compare.

use std::{collections::HashSet, sync::LazyLock};

use crate::trace::Reason;

/// What an administrator sets. The floor cannot be lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
}

impl PasswordPolicy {
    /// The least that can be set, in code points (ASVS 6.2.1).
    pub const FLOOR: usize = 8;
    /// What NIST demands where the password is the only factor, and ASVS recommends.
    pub const RECOMMENDED: usize = 15;
    /// A longer minimum would keep people from choosing at all (ASVS 6.2.9: 64 are accepted).
    pub const CEILING: usize = 64;
    /// The most that is accepted, in bytes: hashing time is bounded.
    pub const MAX_BYTES: usize = 1024;

    /// At least so many code points, kept between the floor and the ceiling.
    pub fn at_least(minimum: usize) -> Self {
        Self { minimum: minimum.clamp(Self::FLOOR, Self::CEILING) }
    }

    /// The minimum in force, in code points.
    pub const fn minimum(&self) -> usize {
        self.minimum
    }
}

/// The rule that a password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRule {
    /// Fewer code points than this.
    TooShort(usize),
    /// More than [`PasswordPolicy::MAX_BYTES`].
    TooLong,
    /// It is or contains the username or the email.
    Personal,
    /// It is one that everybody tries first.
    Common,
    /// It repeats one or few characters.
    Repetitive,
    /// It walks along the alphabet, the digits or the keyboard.
    Sequential,
}

impl PasswordRule {
    /// What to tell the person.
    pub fn sentence(self) -> String {
        match self {
            Self::TooShort(minimum) => format!("Use at least {minimum} characters. A few random words are fine."),
            Self::TooLong => format!("Use at most {} bytes.", PasswordPolicy::MAX_BYTES),
            Self::Personal => "Leave your username and email out of the password.".into(),
            Self::Common => "That password is among the first that others would try. Choose another.".into(),
            Self::Repetitive => "That password repeats itself too much. Use more different characters.".into(),
            Self::Sequential => {
                "That password follows a row of letters, digits or keys. Choose a less regular one.".into()
            }
        }
    }

    /// The stable reason.
    pub const fn reason(self) -> Reason {
        match self {
            Self::TooLong => Reason::PasswordTooLong,
            _ => Reason::PasswordTooWeak,
        }
    }
}

/// A personal word shorter than this may occur inside a password; it may not be all of it.
const MIN_CONTAINED: usize = 4;
/// Fewer different characters are not a password.
const MIN_DIFFERENT: usize = 4;
/// A run along a row counts as two characters; a password must still count this many.
const MIN_EFFECTIVE: usize = 6;
/// Digits and signs around a common word that add too little to it, counted likewise.
const MAX_DECORATION: usize = 6;
/// The rows that fingers walk along, in either direction. Letters and digits walk by code point.
const ROWS: [&str; 6] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1234567890"];

/// Some eleven hundred words that are tried first, one a line: from memory, not a measured list of the
/// most frequent. With the forms that are derived from them they stand for many thousand passwords.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("password_policy/common.txt").lines().filter(|line| !line.is_empty()).collect());

/// Whether this password may be set. `personal` are the username, the email, and what else belongs to
/// the person or the server.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_new_password(password: &str, personal: &[&str], policy: &PasswordPolicy) -> Result<(), PasswordRule> {
    if password.len() > PasswordPolicy::MAX_BYTES {
        return Err(PasswordRule::TooLong);
    }
    if password.chars().count() < policy.minimum {
        return Err(PasswordRule::TooShort(policy.minimum));
    }
    let folded = password.to_lowercase();
    if is_personal(&folded, personal) {
        return Err(PasswordRule::Personal);
    }
    if is_common(&folded) {
        return Err(PasswordRule::Common);
    }
    let characters: Vec<char> = folded.chars().collect();
    if is_repetitive(&characters) {
        return Err(PasswordRule::Repetitive);
    }
    if effective_length(&characters) < MIN_EFFECTIVE {
        return Err(PasswordRule::Sequential);
    }
    Ok(())
}

fn is_personal(folded: &str, personal: &[&str]) -> bool {
    personal.iter().any(|word| {
        let word = word.trim().to_lowercase();
        let local = word.split_once('@').map_or(word.as_str(), |(local, _)| local);
        let contained = |part: &str| part.chars().count() >= MIN_CONTAINED && folded.contains(part);
        !word.is_empty() && (folded == word || folded == local || contained(&word) || contained(local))
    })
}

/// Compared as it is; without the few digits and signs around it; with the usual digits read as
/// letters; and as one word said several times.
fn is_common(folded: &str) -> bool {
    let read = [folded.to_owned(), read_digits_as_letters(folded, 'i'), read_digits_as_letters(folded, 'l')];
    read.iter().flat_map(|text| [text.as_str(), undecorated(text)]).any(|text| {
        // Decorated before it was read as letters: `s3cret2024`.
        let known = |text: &str| COMMON.contains(text) || COMMON.contains(undecorated(text));
        let letters = ['i', 'l'].map(|one| read_digits_as_letters(text, one));
        known(text) || letters.iter().any(|text| known(text)) || smallest_unit(text).is_some_and(known)
    })
}

/// The text without what stands around its letters, if that adds little: a common word in front of
/// many digits that nobody can guess is no common password.
fn undecorated(text: &str) -> &str {
    let word = text.trim_matches(|c: char| !c.is_alphabetic());
    let around = text.split_once(word).map(|(before, after)| before.chars().chain(after.chars()).collect::<Vec<_>>());
    match around {
        Some(around) if !word.is_empty() && effective_length(&around) <= MAX_DECORATION => word,
        _ => text,
    }
}

fn read_digits_as_letters(text: &str, one: char) -> String {
    let read = |c| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' | '|' => one,
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        other => other,
    };
    text.chars().map(read).collect()
}

/// The text that is said several times, if it is.
fn smallest_unit(text: &str) -> Option<&str> {
    let boundaries = text.char_indices().map(|(at, _)| at).filter(|at| *at > 0 && *at <= text.len() / 2);
    boundaries
        .filter_map(|at| text.get(..at))
        .find(|unit| text.len().is_multiple_of(unit.len()) && text == unit.repeat(text.len() / unit.len()))
}

fn is_repetitive(characters: &[char]) -> bool {
    let different: HashSet<&char> = characters.iter().collect();
    let text: String = characters.iter().collect();
    different.len() < MIN_DIFFERENT || smallest_unit(&text).is_some_and(|unit| unit.chars().count() <= MIN_DIFFERENT)
}

/// The length, with each run of three or more along a row counted as two.
fn effective_length(characters: &[char]) -> usize {
    let mut total = 0;
    let mut rest = characters;
    while !rest.is_empty() {
        let length = run_length(rest);
        total += if length >= 3 { 2 } else { length };
        rest = rest.get(length..).unwrap_or_default();
    }
    total
}

/// How far the run reaches that begins here; at least 1.
fn run_length(characters: &[char]) -> usize {
    let by_code_point = [-1, 0, 1].into_iter().map(|step| {
        1 + characters
            .windows(2)
            .take_while(|pair| matches!(pair, [a, b] if i64::from(u32::from(*b)) - i64::from(u32::from(*a)) == step))
            .count()
    });
    let by_row = ROWS.iter().flat_map(|row| [(row, 1), (row, -1)]).map(|(row, step)| {
        let at = |c: char| row.chars().position(|key| key == c).and_then(|at| i64::try_from(at).ok());
        1 + characters
            .windows(2)
            .take_while(|pair| matches!(pair, [a, b] if at(*a).zip(at(*b)).is_some_and(|(a, b)| b - a == step)))
            .count()
    });
    by_code_point.chain(by_row).max().unwrap_or(1).min(characters.len())
}

#[cfg(test)]
mod tests;
