//! Counts what is left aside while a file is read, so that notes can tell.
//!
//! Start at [`Skips::add`] and [`Skips::notes`].

pub(crate) use model::unit::counted;

use crate::lines::Damage;

/// So much of a text is quoted in a note.
const MOST_QUOTED: usize = 24;

/// So many different reasons are told; there are fewer of them in any importer.
const MOST_REASONS: usize = 32;

/// How often something happened, and where first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skipped {
    /// How often.
    pub count: usize,
    /// Line of the first, from 1.
    pub first_line: u64,
    /// The beginning of the first.
    pub example: String,
}

/// What was left aside, by what it was and why.
#[derive(Debug, Default)]
pub(crate) struct Skips {
    all: Vec<(&'static str, &'static str, Skipped)>,
    last_line: u64,
}

impl Skipped {
    /// Counts one more.
    pub(crate) fn add(&mut self, line: u64, text: &[u8]) {
        if self.count == 0 {
            self.first_line = line;
            let text = String::from_utf8_lossy(text);
            self.example = text.trim().chars().take(MOST_QUOTED).collect();
        }
        self.count += 1;
    }
}

impl Skips {
    /// Counts one more `noun` that was left aside since it `why`, such as
    /// `"line"`, `"has no time"`.
    pub(crate) fn add(&mut self, noun: &'static str, why: &'static str, line: u64, text: &str) {
        self.last_line = line;
        let known = self.all.iter_mut().find(|it| (it.0, it.1) == (noun, why));
        if let Some((_, _, skipped)) = known {
            skipped.add(line, text.as_bytes());
        } else if self.all.len() < MOST_REASONS {
            let mut skipped = Skipped::default();
            skipped.add(line, text.as_bytes());
            self.all.push((noun, why, skipped));
        }
    }

    /// What is wrong with a file in whose last line something was left aside.
    pub(crate) fn cut(&self, last_line: Option<u64>) -> Option<Damage> {
        let line = last_line.filter(|line| *line > 0 && *line == self.last_line)?;
        Some(Damage {
            line,
            why: "the last line is not complete: the file was cut off".to_owned(),
        })
    }

    /// One sentence for each reason.
    pub(crate) fn notes(&self) -> Vec<String> {
        let note = |(noun, why, skipped): &(&str, &str, Skipped)| {
            let quoted = match skipped.example.as_str() {
                "" => String::new(),
                text => format!(" ({text:?})"),
            };
            format!(
                "skipped {} because of {why}, first in line {}{quoted}",
                counted(skipped.count, noun),
                skipped.first_line
            )
        };
        self.all.iter().map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told_once_with_its_first_line() {
        let mut skips = Skips::default();
        skips.add(
            "line",
            "no time",
            4,
            "a line that is longer than what is quoted",
        );
        skips.add("line", "no time", 7, "other");
        skips.add("value", "no number", 9, "");
        assert_eq!(skips.cut(Some(7)), None);
        assert!(skips.cut(Some(9)).is_some());
        assert_eq!(
            skips.notes(),
            [
                "skipped 2 lines because of no time, first in line 4 (\"a line that is longer th\")",
                "skipped 1 value because of no number, first in line 9"
            ]
        );
    }
}
