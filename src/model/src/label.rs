//! What people say of a whole session: tags, a note, and which build it ran.
//!
//! Kept inside the session, so that it travels with the file. The build orders
//! sessions where time does not: a trend over releases.
//!
//! Start at [`Label`].

use serde::{Deserialize, Serialize};

/// Tags of one session; more sort nothing.
pub const TAGS_MAX: usize = 64;

/// Characters of a tag or a build.
pub const TAG_MAX: usize = 64;

/// Characters of a note.
pub const NOTE_MAX: usize = 4_000;

/// What people say of a whole session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Label {
    /// Words to find it by, sorted, each once.
    pub tags: Vec<String>,
    /// What the author wants to be remembered.
    pub note: String,
    /// Build or version of what was recorded, such as `1.4.2`; may be empty.
    pub build: String,
}

/// Why a label is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The text is no single word of plain characters.
    #[error("{0:?} is no word of 1 to {TAG_MAX} characters without spaces and commas")]
    NotAWord(String),
    /// There are too many tags.
    #[error("a session has at most {TAGS_MAX} tags")]
    TooMany,
    /// The note is too long.
    #[error("a note has at most {NOTE_MAX} characters")]
    TooLong,
}

impl Label {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a tag; one that is there stays.
    ///
    /// # Errors
    ///
    /// [`LabelError`] where it is no word, or one too many.
    pub fn add_tag(&mut self, tag: &str) -> Result<(), LabelError> {
        let tag = word(tag)?;
        let Err(place) = self.tags.binary_search(&tag) else {
            return Ok(());
        };
        if self.tags.len() >= TAGS_MAX {
            return Err(LabelError::TooMany);
        }
        self.tags.insert(place, tag);
        Ok(())
    }

    /// Takes a tag away; whether it was there.
    pub fn remove_tag(&mut self, tag: &str) -> bool {
        let before = self.tags.len();
        self.tags.retain(|known| known != tag.trim());
        self.tags.len() < before
    }

    /// Says which build it ran; an empty text says none.
    ///
    /// # Errors
    ///
    /// [`LabelError::NotAWord`].
    pub fn set_build(&mut self, build: &str) -> Result<(), LabelError> {
        self.build = match build.trim() {
            "" => String::new(),
            text => word(text)?,
        };
        Ok(())
    }

    /// Replaces the note; control characters but line breaks are left out.
    ///
    /// # Errors
    ///
    /// [`LabelError::TooLong`].
    pub fn set_note(&mut self, note: &str) -> Result<(), LabelError> {
        let kept = note.trim().chars();
        let note: String = kept.filter(|c| *c == '\n' || is_plain(*c)).collect();
        if note.chars().count() > NOTE_MAX {
            return Err(LabelError::TooLong);
        }
        self.note = note;
        Ok(())
    }

    /// What is kept of a label that came with a foreign file: its sound part.
    #[must_use]
    pub fn sound(self) -> Self {
        let mut sound = Self::default();
        for tag in self.tags.iter().take(TAGS_MAX) {
            // A foreign tag that is none says nothing.
            sound.add_tag(tag).unwrap_or_default();
        }
        let note: String = self.note.chars().take(NOTE_MAX).collect();
        sound.set_note(&note).unwrap_or_default();
        sound.set_build(&self.build).unwrap_or_default();
        sound
    }
}

fn word(text: &str) -> Result<String, LabelError> {
    let text = text.trim();
    let long = text.chars().count() > TAG_MAX;
    let plain = |c: char| is_plain(c) && !c.is_whitespace() && c != ',';
    if text.is_empty() || long || !text.chars().all(plain) {
        return Err(LabelError::NotAWord(text.chars().take(TAG_MAX).collect()));
    }
    Ok(text.to_owned())
}

/// Whether a character is seen, and does not reorder what is seen.
fn is_plain(c: char) -> bool {
    let reorders = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !c.is_control() && !reorders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_each_once_and_sorted() {
        let mut label = Label::default();
        for tag in ["nightly", " canary ", "nightly"] {
            assert_eq!(label.add_tag(tag), Ok(()));
        }
        assert_eq!(label.tags, ["canary", "nightly"]);
        for wrong in ["", "two words", "a,b", "\u{202e}abc", "a\u{7}b"] {
            assert!(label.add_tag(wrong).is_err(), "{wrong:?}");
        }
        assert!(label.remove_tag("canary") && !label.remove_tag("canary"));
        for number in 0..TAGS_MAX - 1 {
            assert_eq!(label.add_tag(&format!("t{number}")), Ok(()));
        }
        assert_eq!(label.add_tag("more"), Err(LabelError::TooMany));
    }

    #[test]
    fn a_foreign_label_keeps_its_sound_part() {
        let label = Label {
            tags: vec!["z".to_owned(), "a b".to_owned(), "a".to_owned()],
            note: format!("x\u{1b}[2J{}", "y".repeat(2 * NOTE_MAX)),
            build: "1.2".to_owned(),
        }
        .sound();
        assert_eq!(label.tags, ["a", "z"]);
        assert!(label.note.starts_with("x[2Jy") && label.note.len() <= NOTE_MAX);
        assert_eq!(label.build, "1.2");
    }
}
