//! The standards attached to a stored session, and what of it they are held against.
//!
//! Start at [`Stored::standards`].

use analysis::burn::Share;
use analysis::standard::requests;
use model::histogram::Row;
use model::series::SeriesKey;
use model::standard::{Bad, Standard};
use model::time::Span;

use super::{Stored, storing};
use crate::problem::Problem;

/// Times, and the share at each.
pub(crate) type Shares = (Vec<i64>, Vec<Share>);

impl Stored {
    /// The standards that were attached, as they stand in the session.
    pub fn standards(&self) -> Vec<Standard> {
        self.inner.session.standards()
    }

    /// Replaces the attached standards and stores them in the session.
    ///
    /// # Errors
    ///
    /// The session cannot be written.
    pub fn set_standards(&self, standards: Vec<Standard>) -> Result<(), Problem> {
        self.inner
            .session
            .set_standards(standards)
            .map_err(|error| storing(self.path(), &error, "standards"))
    }

    /// Requests of a service's signal that were bad, and all, by time; `None` where the
    /// series is not made of histograms.
    ///
    /// # Errors
    ///
    /// The disk refuses, or the rows are too many.
    pub fn request_shares(
        &self,
        key: &SeriesKey,
        bad: Bad,
        span: Span,
    ) -> Result<Option<Shares>, Problem> {
        let Some(signal) = self.inner.signals.get(key) else {
            return Ok(None);
        };
        let asked = signal.inputs.iter();
        let asked: Vec<SeriesKey> = asked
            .map(|place| self.inner.observed[*place].key.clone())
            .collect();
        let rows = self.rows(&asked, Some(span))?;
        let grid = self.sample_times(&key.host, Some(span))?;
        let inputs = rows.iter().map(Vec::<Row>::as_slice);
        Ok(Some(requests::shares(signal, bad, inputs, &grid)))
    }
}
