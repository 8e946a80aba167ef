//! The code that a device shows and a person types (RFC 8628 §6.1): eight of twenty consonants, so
//! that it spells no word and no letter is taken for a digit.

/// No vowels, and nothing that looks like something else.
const ALPHABET: [u8; 20] = *b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code: 20^8, some 34 bits.
const LENGTH: usize = 8;

/// A user code in its canonical form: eight capital letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A code from random bytes. Each letter is equally likely: bytes that would favour some are
    /// passed over. `None` if too few are left, which 32 bytes practically never are.
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        // The largest multiple of the alphabet's size in a byte.
        let even = bytes.iter().filter(|byte| **byte < 240);
        let letters: String = even
            .filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()))
            .take(LENGTH)
            .map(|letter| char::from(*letter))
            .collect();
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// A code as typed: in any case, with spaces or dashes anywhere.
    pub fn parse(typed: &str) -> Option<Self> {
        // Whatever is longer was not typed from a device.
        if typed.len() > 64 {
            return None;
        }
        let mut letters = String::with_capacity(LENGTH);
        for character in typed.chars() {
            match character {
                ' ' | '-' | '\u{2010}'..='\u{2015}' | '\u{a0}' => {}
                letter => {
                    let letter = letter.to_ascii_uppercase();
                    if !letter.is_ascii() || !ALPHABET.contains(&(letter as u8)) || letters.len() == LENGTH {
                        return None;
                    }
                    letters.push(letter);
                }
            }
        }
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// As stored.
    pub fn canonical(&self) -> &str {
        &self.0
    }

    /// As shown: `BCDF-GHJK`.
    pub fn shown(&self) -> String {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        format!("{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> Option<String> {
        UserCode::parse(typed).map(|code| code.shown())
    }

    #[test]
    fn a_code_may_be_typed_in_any_case_with_spaces_and_dashes() {
        for typed in
            ["BCDF-GHJK", "bcdfghjk", " b c d f g h j k ", "BCDF\u{2013}GHJK", "--BcDf  gHjK", "bcdf\u{a0}ghjk"]
        {
            assert_eq!(parsed(typed).as_deref(), Some("BCDF-GHJK"), "{typed}");
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        let long = "-".repeat(60) + "BCDFGHJK";
        for typed in
            ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "BCDF_GHJK", "BCDF\0GHJK", "ＢCDFGHJK", &long]
        {
            assert_eq!(parsed(typed), None, "{typed}");
        }
    }

    #[test]
    fn every_letter_is_equally_likely_and_too_few_bytes_make_no_code() {
        let mut counts = std::collections::HashMap::new();
        for byte in 0..=255_u8 {
            if let Some(code) = UserCode::from_random(&[byte; 8]) {
                *counts.entry(code.0.as_bytes()[0]).or_insert(0) += 1;
            }
        }
        assert_eq!(counts.len(), 20);
        assert!(counts.values().all(|count| *count == 12), "{counts:?}");
        assert_eq!(UserCode::from_random(&[0; 7]), None);
        assert_eq!(UserCode::from_random(&[255; 32]), None);
        let code = UserCode::from_random(&[255, 0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(code.shown(), "BCDF-GHJK");
        assert_eq!(UserCode::parse(code.canonical()), Some(code));
    }
}
