//! What an importer hands back when it is through with a file.

use crate::lines::Damage;
use crate::source::Source;
use crate::times::Told;
use crate::{Content, ImportError, Imported, Recording};

/// A recording, and how the reading went.
pub(crate) struct Outcome {
    /// Name of the format.
    pub format: &'static str,
    /// What was read.
    pub recording: Recording,
    /// How much was told of its times.
    pub times: Told,
    /// What is to be said of it, the first what was read.
    pub notes: Vec<String>,
    /// Why the rest could not be read.
    pub damage: Option<Damage>,
    /// What to say where nothing was read.
    pub nothing: &'static str,
}

impl Outcome {
    /// The recording if there is anything in it, else why not.
    pub(crate) fn imported(self, source: &Source<'_>) -> Result<Imported, ImportError> {
        let it = &self.recording;
        let empty = it.columns.is_empty()
            && it.histograms.is_empty()
            && it.spans.is_empty()
            && it.events.is_empty();
        if empty {
            // What was skipped says more than that nothing is left.
            let skipped = self.notes.iter().find(|it| it.starts_with("skipped"));
            return Err(match (self.damage, skipped) {
                (Some(damage), _) => source.damaged(damage.line, damage.why),
                (None, Some(skipped)) => source.damaged(1, format!("{} ({skipped})", self.nothing)),
                (None, None) => source.damaged(1, self.nothing.to_owned()),
            });
        }
        Ok(Imported {
            format: self.format,
            content: Content::Recording(self.recording),
            times: self.times,
            notes: self.notes,
            damage: self
                .damage
                .map(|it| format!("line {}: {}", it.line, it.why)),
        })
    }
}

/// Lets damage through as what it is, so that what was read before it is kept.
pub(crate) fn damage(error: ImportError) -> Result<Damage, ImportError> {
    match error {
        ImportError::Damaged { line, why, .. } => Ok(Damage { line, why }),
        error => Err(error),
    }
}
