//! Texts that people type: names that become claim values, and lines for people. Allow-lists, so
//! that control, bidirectional and zero-width characters and NUL cannot come in.

use super::AdminFailure;

/// The longest name of a group or role, in code points.
const MAX_NAME: usize = 128;
/// The longest line for people, in code points.
const MAX_LINE: usize = 512;

/// The name of a group or role. It becomes a claim value, and some applications join several with
/// commas: there is none in it.
pub(super) fn check_claim_name(field: &str, name: &str) -> Result<(), AdminFailure> {
    let allowed = |c: char| c.is_alphanumeric() || " .-_:/@+".contains(c);
    let length = name.chars().count();
    if !(1..=MAX_NAME).contains(&length) || name.trim() != name || !name.chars().all(allowed) {
        return Err(AdminFailure::value(
            field,
            "use 1 to 128 letters, digits, inner spaces and the characters . - _ : / @ +",
        ));
    }
    Ok(())
}

/// A line that people read: a description, a full name. May be empty where `required` is false.
pub(super) fn check_line(field: &str, line: &str, required: bool) -> Result<(), AdminFailure> {
    let length = line.chars().count();
    if (required && line.trim().is_empty()) || length > MAX_LINE || line.chars().any(is_invisible) {
        let least = usize::from(required);
        return Err(AdminFailure::value(field, format!("use {least} to {MAX_LINE} visible characters on one line")));
    }
    Ok(())
}

/// Control characters, and what reorders or hides text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{check_claim_name, check_line};

    #[test]
    fn a_claim_name_has_no_commas_no_outer_spaces_and_nothing_invisible() {
        for name in ["", " a", "a ", "a,b", "a\0b", "a\u{202e}b", "a\u{200b}b", "a\nb", "<b>", &"x".repeat(129)] {
            assert!(check_claim_name("name", name).is_err(), "{name:?}");
        }
        for name in ["engineering", "Team Ä 1", "org/unit:lead", &"x".repeat(128)] {
            assert!(check_claim_name("name", name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_line_is_bounded_and_visible() {
        for line in ["a\0", "a\r\nb", "\u{202e}gro.live", &"x".repeat(513)] {
            assert!(check_line("description", line, false).is_err(), "{line:?}");
        }
        assert!(check_line("name", "  ", true).is_err());
        assert!(check_line("description", "", false).is_ok());
        assert!(check_line("name", "Alice <Example> & co", true).is_ok());
    }
}
