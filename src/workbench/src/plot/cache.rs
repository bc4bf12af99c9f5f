//! Keeps envelopes while track, span and width stay the same.
//!
//! Bounded: entries of curves that are no longer drawn are dropped each frame.

use analysis::envelope::{self, Envelope, Grid};
use analysis::track::{Stamp, Track};
use model::series::SeriesKey;
use model::time::Span;

/// What a curve needs in order to be drawn again.
#[derive(Debug)]
pub(crate) struct Kept {
    key: SeriesKey,
    stamp: Stamp,
    view: Span,
    columns: usize,
    pub(crate) envelope: Envelope,
    means: Option<Option<Vec<f64>>>,
    used: bool,
}

/// Envelopes of the curves of one panel.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: Vec<Kept>,
}

impl Cache {
    /// The entry of this track, computed anew only if something changed.
    pub(crate) fn entry(&mut self, track: &Track, view: Span, columns: usize) -> &mut Kept {
        let key = &track.series().key;
        let stamp = track.stamp();
        let found = self.kept.iter().position(|kept| kept.key == *key);
        let index = match found {
            Some(index) => index,
            None => {
                self.kept.push(Kept::new(track, view, columns));
                self.kept.len() - 1
            }
        };
        let kept = &mut self.kept[index];
        if kept.stamp != stamp || kept.view != view || kept.columns != columns {
            *kept = Kept::new(track, view, columns);
        }
        kept.used = true;
        kept
    }

    /// The entry of this series, if it was drawn.
    pub(crate) fn of(&self, key: &SeriesKey) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.key == *key)
    }

    /// Drops what has not been used since the last call.
    pub(crate) fn sweep(&mut self) {
        self.kept.retain(|kept| kept.used);
        for kept in &mut self.kept {
            kept.used = false;
        }
    }
}

impl Kept {
    fn new(track: &Track, view: Span, columns: usize) -> Self {
        Self {
            key: track.series().key.clone(),
            stamp: track.stamp(),
            view,
            columns,
            envelope: envelope::envelope(track, view, columns),
            means: None,
            used: false,
        }
    }

    /// The means of `track`, of which this is the entry; `None` where rows are not at hand.
    pub(crate) fn means(&mut self, track: &Track) -> Option<&[f64]> {
        let grid = Grid::over(self.view, self.columns);
        let view = self.view;
        self.means
            .get_or_insert_with(|| envelope::means(track, view, grid))
            .as_deref()
    }
}
