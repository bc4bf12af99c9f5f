//! Search by words: a text is found when it holds every word, in any order.

/// The words of a search, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(search: &str) -> Self {
        Self(search.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether nothing is searched, so that everything is found.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `text`, which is in lower case already, holds every word.
    pub(super) fn found_in(&self, text: &str) -> bool {
        self.0.iter().all(|word| text.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_counts_in_any_order() {
        let words = Words::of("  Sda  WRITE ");
        assert!(words.found_in("web-1 system.disk.io device=sda direction=write by/s"));
        assert!(!words.found_in("web-1 system.disk.io device=sda direction=read by/s"));
        assert!(Words::of(" ").is_empty() && Words::of("").found_in(""));
    }
}
