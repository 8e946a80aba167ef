//! `application/x-www-form-urlencoded`, both ways and strictly (RFC 6749 appendix B, RFC 3986 §2.1).

/// Decodes one name or value. `None` if an escape is incomplete, the result is longer than `cap`
/// bytes, is not UTF-8, or holds a control character other than tab, CR and LF.
pub(super) fn decode(encoded: &[u8], cap: usize) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len().min(cap));
    let mut bytes = encoded.iter().copied();
    while let Some(byte) = bytes.next() {
        if decoded.len() >= cap {
            return None;
        }
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
            other => other,
        });
    }
    let text = String::from_utf8(decoded).ok()?;
    text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n')).then_some(text)
}

/// Appends `text` with everything but the unreserved characters escaped: the result is safe in a
/// query, a fragment and a header, and any parser reads the same text back.
pub(super) fn encode_into(target: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            target.push(char::from(byte));
        } else {
            target.push('%');
            target.push(upper_hex(byte >> 4));
            target.push(upper_hex(byte & 0x0f));
        }
    }
}

/// Whether every `%` begins a complete escape.
pub(super) fn has_whole_escapes(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
            if !matches!(digits, (Some(_), Some(_))) {
                return false;
            }
        }
    }
    true
}

const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn upper_hex(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'A' + (nibble - 10) })
}
