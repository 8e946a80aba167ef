//! "Did you mean": the known name nearest to an unknown one.

/// The nearest of `known`, if it is near enough to be a slip.
pub fn nearest<S: AsRef<str>>(name: &str, known: impl IntoIterator<Item = S>) -> Option<String> {
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|candidate| (score(name, candidate.as_ref()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}

/// The edit distance, or 1 when only the section was forgotten (`url` for `database.url`).
fn score(name: &str, candidate: &str) -> usize {
    let forgotten = candidate.rsplit_once('.').is_some_and(|(_, key)| key == name);
    if forgotten { 1 } else { distance(name, candidate) }
}

/// Levenshtein distance: insertions, deletions and replacements of characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for (y, pair) in b.iter().zip(row.windows(2)) {
            if let &[diagonal, above] = pair {
                left = (diagonal + usize::from(x != *y)).min(above + 1).min(left + 1);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances_count_single_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("bind", "bind"), 0);
    }

    #[test]
    fn a_name_far_from_everything_has_no_suggestion() {
        assert_eq!(nearest("colour", ["database.url", "bind"]), None);
        assert_eq!(nearest("x", ["bind"]), None);
    }

    #[test]
    fn a_slip_and_a_forgotten_section_are_recognised() {
        assert_eq!(nearest("isuer", ["bind", "issuer"]).as_deref(), Some("issuer"));
        assert_eq!(nearest("connections", ["issuer", "database.connections"]).as_deref(), Some("database.connections"));
    }
}
