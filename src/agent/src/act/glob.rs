//! Patterns of keys: `*` stands for any text, everything else for itself.
//!
//! Start at [`matches()`].

/// Whether a text is of a pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pattern.rfind('*').map(|it| &pattern[it + 1..]) else {
        return rest.is_empty();
    };
    let Some(middle) = rest.strip_suffix(last) else {
        return false;
    };
    rest = middle;
    let between = pattern.matches('*').count() - 1;
    // The first place that fits leaves most for what follows.
    for part in parts.take(between) {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("ab*ba", "aba", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("*x*", "axb", true),
            ("*x*", "ab", false),
            ("a**b", "ab", true),
            ("sysctl:net.*", "sysctl:net.core.somaxconn", true),
            ("sysctl:net.*", "sysctl:kernel.panic", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
