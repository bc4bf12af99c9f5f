//! Reads columns of a session a stretch of time at a time, so that it may be larger
//! than memory.
//!
//! * In: series, and the span to read.
//! * Out: their columns, stretch by stretch in order of time.
//! * Never: holds more than [`CELLS_MAX`] numbers of a session, give or take a
//!   stretch in which samples lie closer than elsewhere.
//!
//! Start at [`each`].

use model::columns::Column;
use model::series::SeriesKey;
use model::time::{Moment, Span};
use store::session::{QueryError, Session};

/// Numbers of one stretch: 16 MiB.
const CELLS_MAX: u64 = 2 << 20;

/// Most stretches: each reads one segment or more.
const STRETCHES_MAX: u64 = 4_096;

/// One stretch of a session.
pub(crate) struct Stretch<'a> {
    /// When it begins.
    pub(crate) from: Moment,
    /// The columns in the order asked for. Each begins with its last row from
    /// before, if there is one, so that steps between rows are told once and all.
    pub(crate) columns: &'a [Column],
}

/// Calls `f` with each stretch of some series within a span.
///
/// # Errors
///
/// [`QueryError`] of the store.
pub(crate) fn each(
    session: &Session,
    keys: &[SeriesKey],
    span: Option<Span>,
    mut f: impl FnMut(&Stretch<'_>),
) -> Result<(), QueryError> {
    let mut before: Vec<Option<(i64, f64)>> = vec![None; keys.len()];
    for stretch in cut(session, keys, span) {
        let mut columns = session.columns(keys, Some(stretch))?;
        for (column, last) in columns.iter_mut().zip(&mut before) {
            let now = column.at.last().copied().zip(column.values.last().copied());
            if let Some((at, value)) = *last {
                column.at = std::iter::once(at)
                    .chain(column.at.iter().copied())
                    .collect();
                let values = column.values.iter().copied();
                column.values = std::iter::once(value).chain(values).collect();
            }
            *last = now.or(*last);
        }
        f(&Stretch {
            from: stretch.from,
            columns: &columns,
        });
    }
    Ok(())
}

/// Cuts a span into stretches of about as many numbers as may be held.
fn cut(session: &Session, keys: &[SeriesKey], span: Option<Span>) -> Vec<Span> {
    let whole = session.span();
    let span = span.map_or(whole, |span| span.intersect(whole));
    if span.is_empty() {
        return Vec::new();
    }
    let wanted: std::collections::HashSet<&SeriesKey> = keys.iter().collect();
    let entries = session.manifest().series.iter();
    let samples: u64 = entries
        .filter(|entry| wanted.contains(&entry.series.key))
        .map(|entry| entry.samples)
        .sum();
    let cells = samples as f64 * (span.length_ns() as f64 / whole.length_ns() as f64).min(1.0);
    let count = (cells as u64).div_ceil(CELLS_MAX).clamp(1, STRETCHES_MAX);
    let length = (span.length_ns() as u64).div_ceil(count).max(1) as i64;
    (0..count as i64)
        .map(|number| span.from.plus_ns(number.saturating_mul(length)))
        .map(|from| Span {
            from,
            to: from.plus_ns(length).min(span.to),
        })
        .filter(|stretch| !stretch.is_empty())
        .collect()
}
