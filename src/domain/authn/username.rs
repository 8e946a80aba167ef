//! Which usernames and email addresses can be given to an account. Both are allow-lists of characters,
//! so that control, white space, NUL, bidirectional and zero-width characters cannot come in.

use crate::trace::Reason;

/// Code points in a username.
const MAX_USERNAME: usize = 64;
/// Octets in an address, in its local part and in its domain (RFC 5321 §4.5.3.1, erratum 1690).
const MAX_EMAIL: usize = 254;
const MAX_LOCAL_PART: usize = 64;
const MAX_LABEL: usize = 63;

/// Letters and digits of any script, dots, dashes and underscores, starting with a letter or digit.
/// Never `@`: a username cannot look like somebody's email, since either signs in. Combining marks are
/// not letters: a name has one spelling.
///
/// # Errors
/// `Reason::UsernameMissing` if empty, `Reason::UsernameMalformed`.
pub fn check_username(username: &str) -> Result<(), Reason> {
    let first = username.chars().next().ok_or(Reason::UsernameMissing)?;
    let allowed = |c: char| is_letter_or_digit(c) || ".-_".contains(c);
    if is_letter_or_digit(first) && username.chars().all(allowed) && username.chars().count() <= MAX_USERNAME {
        return Ok(());
    }
    Err(Reason::UsernameMalformed)
}

/// A plain `local@domain` (RFC 5321 §4.1.2 without quoted local parts, comments and address literals).
/// A domain of one label is allowed: small networks have them.
///
/// # Errors
/// `Reason::EmailMalformed`.
pub fn check_email(email: &str) -> Result<(), Reason> {
    let well_formed = email.len() <= MAX_EMAIL
        && email.split_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    if well_formed { Ok(()) } else { Err(Reason::EmailMalformed) }
}

fn is_local_part(local: &str) -> bool {
    let atom = |c: char| is_letter_or_digit(c) || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= MAX_LOCAL_PART && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| is_letter_or_digit(c) || c == '-')
    })
}

/// Some invisible characters count as letters in Unicode: the fillers of Hangul.
fn is_letter_or_digit(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests;
