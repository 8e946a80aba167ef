//! Makes text that strangers chose safe to *read*: escaping stops markup, this stops the tricks
//! that remain (line breaks, right-to-left overrides, invisible letters, endless names).

/// Longest name of an application or a person that a page shows, in characters.
pub(super) const NAME_LIMIT: usize = 80;

/// One visible line of at most `limit` characters. Control, bidirectional-override and invisible
/// characters become U+FFFD, white space runs become one space, and an ellipsis marks a cut.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit.saturating_mul(4)));
    let mut length = 0;
    let words = text.split(char::is_whitespace).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        let space = (index > 0).then_some(' ');
        for character in space.into_iter().chain(word.chars()) {
            if length == limit {
                line.push('…');
                return line;
            }
            line.push(if deceives(character) { char::REPLACEMENT_CHARACTER } else { character });
            length += 1;
        }
    }
    line
}

/// Up to two capitals for a round picture: of the first and the last word.
pub(super) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    let letters: String = first.into_iter().chain(last).flat_map(char::to_uppercase).take(2).collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

/// A colour class from 1 to 6 that stays the same for a name (FNV-1a; not a security matter).
pub(super) fn tint(name: &str) -> u8 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    match hash % 6 {
        0 => 1,
        1 => 2,
        2 => 3,
        3 => 4,
        4 => 5,
        _ => 6,
    }
}

/// Characters that change how their neighbours read while showing nothing themselves.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_to_left_override_does_not_survive() {
        assert_eq!(one_line("bank\u{202E}moc.live", 80), "bank\u{FFFD}moc.live");
    }

    #[test]
    fn line_breaks_and_long_runs_of_space_become_one_space() {
        assert_eq!(one_line("  a\r\n\t b\u{00A0} c ", 80), "a b c");
    }

    #[test]
    fn a_nul_is_replaced() {
        assert_eq!(one_line("a\0b", 80), "a\u{FFFD}b");
    }

    #[test]
    fn a_long_name_is_cut_at_the_limit_and_marked() {
        assert_eq!(one_line("abcdef", 3), "abc…");
        assert_eq!(one_line("abc", 3), "abc");
    }

    #[test]
    fn letters_of_other_scripts_stay() {
        assert_eq!(one_line("Łódź 東京 عربي", 80), "Łódź 東京 عربي");
    }

    #[test]
    fn initials_come_from_the_first_and_last_word() {
        assert_eq!(initials("Ada Lovelace King"), "AK");
        assert_eq!(initials("alice"), "A");
        assert_eq!(initials("(x)"), "X");
        assert_eq!(initials(" \u{FFFD} "), "?");
        assert_eq!(initials("ßa"), "SS");
    }

    #[test]
    fn a_tint_is_stable_and_within_the_palette() {
        for name in ["", "grafana", "Łódź", "\0"] {
            assert!((1..=6).contains(&tint(name)));
            assert_eq!(tint(name), tint(name));
        }
    }
}
