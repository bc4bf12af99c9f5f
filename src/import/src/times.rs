//! When the rows of a file were, where the file itself says it only in part.
//!
//! Importers read every time as if it were UTC and say how much was told. What is missing
//! is added here, in one place for all formats: the zone, the day, or the beginning.
//!
//! * In: content with its times as read, and [`Told`].
//! * Out: the same content at the moments that [`How`] gives.
//! * Never: reads a clock or the zone of this machine.
//!
//! Start at [`place`].

use std::sync::Arc;

use jiff::tz::TimeZone;
use model::time::{Moment, SECOND_NS};

use crate::how::How;
use crate::{Content, Imported, Recording};

/// How much a file tells of its times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Moments: Unix times, or times with their offset from UTC.
    #[default]
    Moments,
    /// Date and time of day without a zone.
    Local,
    /// Times of day only: the date is 1970-01-01.
    OfDay,
    /// Nothing: rows are one second apart, from 1970-01-01 on.
    Nothing,
}

/// A day, which is never but nearly always of 24 hours.
const DAY_NS: i64 = 86_400 * SECOND_NS;

/// Zones change their offset at whole quarters of an hour.
const QUARTER_NS: i64 = 900 * SECOND_NS;

/// Adds what the file does not tell, and says so in its notes.
pub(crate) fn place(imported: &mut Imported, how: &How) {
    let first = first(&imported.content);
    let note = match (imported.times, first) {
        (Told::Moments, _) | (_, None) => return,
        (Told::Local, Some(_)) => match &how.zone {
            Some(zone) => {
                let mut offsets = Offsets::new(zone);
                each(&mut imported.content, &mut |at| offsets.moment(at));
                format!("times without a zone were taken as those of {}", name(zone))
            }
            None => "times without a zone were taken as UTC".to_owned(),
        },
        (Told::OfDay, Some(first)) => match how.start {
            Some(start) => {
                let zone = how.zone.clone().unwrap_or(TimeZone::UTC);
                let days = day_of(start, &zone) - first.div_euclid(DAY_NS);
                let by = days.saturating_mul(DAY_NS);
                each(&mut imported.content, &mut |at| at.saturating_add(by));
                if let Some(zone) = &how.zone {
                    let mut offsets = Offsets::new(zone);
                    each(&mut imported.content, &mut |at| offsets.moment(at));
                }
                format!("no date was told: times of day begin on that of {start}")
            }
            None => "no date was told: times of day are of 1970-01-01, as UTC".to_owned(),
        },
        (Told::Nothing, Some(first)) => {
            let every = how.every_ns.unwrap_or(SECOND_NS);
            let start = how.start.unwrap_or(Moment(first));
            let moved = |at: i64| {
                let rows = i128::from(at - first) * i128::from(every) / i128::from(SECOND_NS);
                let at = i128::from(start.0) + rows;
                i64::try_from(at).unwrap_or(if at < 0 { i64::MIN } else { i64::MAX })
            };
            if how.start.is_some() || how.every_ns.is_some() {
                each(&mut imported.content, &mut |at| moved(at));
            }
            format!(
                "no times were told: rows are {} apart, from {start} on",
                model::time::duration_text(every as f64 / SECOND_NS as f64)
            )
        }
    };
    // After what was read, before what was left aside.
    imported.notes.insert(1.min(imported.notes.len()), note);
}

/// The day of a moment in a zone, counted from the epoch.
fn day_of(moment: Moment, zone: &TimeZone) -> i64 {
    let stamp = jiff::Timestamp::from_nanosecond(i128::from(moment.0)).unwrap_or_default();
    let offset = zone.to_offset(stamp).seconds();
    let local = moment.0.saturating_add(i64::from(offset) * SECOND_NS);
    local.div_euclid(DAY_NS)
}

/// What people call a zone.
fn name(zone: &TimeZone) -> String {
    match (zone.iana_name(), zone.to_fixed_offset()) {
        (Some(name), _) => name.to_owned(),
        (None, Ok(offset)) => format!("UTC{offset}"),
        (None, Err(_)) => "a zone of rules".to_owned(),
    }
}

/// The earliest time in it.
pub fn first(content: &Content) -> Option<i64> {
    bounds(content).map(|it| it.0)
}

/// The earliest and the latest time in it.
pub fn bounds(content: &Content) -> Option<(i64, i64)> {
    let mut bounds: Option<(i64, i64)> = None;
    let mut see = |at: i64| {
        let (first, last) = bounds.unwrap_or((at, at));
        bounds = Some((first.min(at), last.max(at)));
    };
    match content {
        Content::Table(table) => table.at.iter().for_each(|at| see(*at)),
        Content::Recording(it) => {
            // Times of columns ascend.
            let ends = it
                .columns
                .iter()
                .flat_map(|it| [it.at.first(), it.at.last()]);
            ends.flatten().for_each(|at| see(*at));
            let rows = it.histograms.iter().flat_map(|it| &it.1);
            rows.for_each(|row| see(row.at.0));
            it.spans.iter().for_each(|(_, span)| see(span.start.0));
            it.events.iter().for_each(|(_, event)| see(event.at.0));
        }
    }
    bounds
}

/// Moves everything by so many nanoseconds.
pub fn shift(content: &mut Content, by_ns: i64) {
    if by_ns != 0 {
        each(content, &mut |at| at.saturating_add(by_ns));
    }
}

/// Changes every time. Those of a column that do not ascend any more are left out.
fn each(content: &mut Content, change: &mut dyn FnMut(i64) -> i64) {
    match content {
        Content::Table(table) => table.at.iter_mut().for_each(|at| *at = change(*at)),
        Content::Recording(recording) => each_of(recording, change),
    }
}

fn each_of(recording: &mut Recording, change: &mut dyn FnMut(i64) -> i64) {
    // Most columns share their times, and then their memory.
    let mut shared: Vec<(Arc<[i64]>, Changed)> = Vec::new();
    for column in &mut recording.columns {
        let known = shared.iter().rfind(|(of, _)| Arc::ptr_eq(of, &column.at));
        let changed = match known {
            Some((_, changed)) => changed.clone(),
            None => {
                let changed = Changed::of(&column.at, change);
                shared.push((Arc::clone(&column.at), changed.clone()));
                changed
            }
        };
        if let Some(kept) = &changed.kept {
            let values = column.values.iter().zip(kept.iter());
            let values = values.filter(|(_, kept)| **kept).map(|(value, _)| *value);
            column.values = values.collect();
        }
        column.at = changed.at;
    }
    for row in recording.histograms.iter_mut().flat_map(|it| &mut it.1) {
        row.at = Moment(change(row.at.0));
    }
    for (_, span) in &mut recording.spans {
        span.start = Moment(change(span.start.0));
    }
    for (_, event) in &mut recording.events {
        event.at = Moment(change(event.at.0));
    }
}

/// Changed times of a column.
#[derive(Clone)]
struct Changed {
    at: Arc<[i64]>,
    /// Which rows are kept, where not all are.
    kept: Option<Arc<[bool]>>,
}

impl Changed {
    fn of(at: &[i64], change: &mut dyn FnMut(i64) -> i64) -> Self {
        let changed: Vec<i64> = at.iter().map(|at| change(*at)).collect();
        if changed.is_sorted_by(|a, b| a < b) {
            return Self {
                at: changed.into(),
                kept: None,
            };
        }
        let mut last = None;
        let kept: Vec<bool> = changed
            .iter()
            .map(|at| {
                let later = last.is_none_or(|last| *at > last);
                last = if later { Some(*at) } else { last };
                later
            })
            .collect();
        let rows = changed.iter().zip(&kept).filter(|(_, kept)| **kept);
        Self {
            at: rows.map(|(at, _)| *at).collect(),
            kept: Some(kept.into()),
        }
    }
}

/// Offsets of a zone, asked for once in a quarter of an hour.
struct Offsets<'a> {
    zone: &'a TimeZone,
    quarter: Option<i64>,
    offset_ns: i64,
}

impl<'a> Offsets<'a> {
    fn new(zone: &'a TimeZone) -> Self {
        Self {
            zone,
            quarter: None,
            offset_ns: 0,
        }
    }

    /// The moment of a local time that was read as UTC. A time that the clock showed twice
    /// is the first of both.
    fn moment(&mut self, read_ns: i64) -> i64 {
        let quarter = read_ns.div_euclid(QUARTER_NS);
        if self.quarter != Some(quarter) {
            self.quarter = Some(quarter);
            self.offset_ns = self.offset_at(read_ns).unwrap_or(self.offset_ns);
        }
        read_ns.saturating_sub(self.offset_ns)
    }

    fn offset_at(&self, read_ns: i64) -> Option<i64> {
        let stamp = jiff::Timestamp::from_nanosecond(i128::from(read_ns)).ok()?;
        let civil = TimeZone::UTC.to_datetime(stamp);
        let moment = self.zone.to_timestamp(civil).ok()?;
        i64::try_from(stamp.as_nanosecond() - moment.as_nanosecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    fn table(times: Told, at: &[i64]) -> Imported {
        Imported {
            content: Content::Table(Table {
                at: at.iter().map(|at| at * SECOND_NS).collect(),
                ..Table::default()
            }),
            times,
            notes: vec!["read 2 rows".to_owned(), "skipped 1 row".to_owned()],
            ..Imported::default()
        }
    }

    fn placed(mut imported: Imported, how: &How) -> (Vec<String>, String) {
        place(&mut imported, how);
        let Content::Table(table) = imported.content else {
            return Default::default();
        };
        let at = table.at.iter().map(|at| Moment(*at).to_string()).collect();
        (at, imported.notes[1].clone())
    }

    #[test]
    fn local_times_are_those_of_the_zone_also_where_its_offset_changes() {
        // 2026-03-29 01:59:59 and 03:00:00 in Berlin are one second apart.
        let spring = [1_774_749_599, 1_774_753_200];
        let how = How {
            zone: TimeZone::get("Europe/Berlin").ok(),
            ..How::default()
        };
        assert!(how.zone.is_some(), "this machine has no time zones");
        let (at, note) = placed(table(Told::Local, &spring), &how);
        assert_eq!(at, ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"]);
        assert_eq!(
            note,
            "times without a zone were taken as those of Europe/Berlin"
        );
        let (at, note) = placed(table(Told::Local, &spring), &How::default());
        assert_eq!(at, ["2026-03-29T01:59:59Z", "2026-03-29T03:00:00Z"]);
        assert_eq!(note, "times without a zone were taken as UTC");
        // What tells its moments needs no zone.
        let (at, note) = placed(table(Told::Moments, &spring), &how);
        assert_eq!(at[0], "2026-03-29T01:59:59Z");
        assert_eq!(note, "skipped 1 row");
    }

    #[test]
    fn rows_without_times_begin_where_they_are_said_to() {
        let how = How {
            start: "2026-01-31T12:00:00Z".parse().ok(),
            every_ns: Some(5 * SECOND_NS),
            ..How::default()
        };
        let (at, note) = placed(table(Told::Nothing, &[0, 1]), &how);
        assert_eq!(at, ["2026-01-31T12:00:00Z", "2026-01-31T12:00:05Z"]);
        assert_eq!(
            note,
            "no times were told: rows are 5 s apart, from 2026-01-31T12:00:00Z on"
        );
        let (at, _) = placed(table(Told::OfDay, &[3_600, 90_000]), &how);
        assert_eq!(at, ["2026-01-31T01:00:00Z", "2026-02-01T01:00:00Z"]);
    }

    #[test]
    fn columns_that_share_their_times_share_them_still() {
        let at: Arc<[i64]> = vec![0, 1, 2].into();
        let column = |values: [f64; 3]| model::columns::Column {
            series: model::series::Series {
                key: "x".parse().unwrap_or_default(),
                unit: model::unit::Unit::new("1"),
                kind: model::catalog::Kind::Gauge,
                polarity: model::catalog::Polarity::Neutral,
            },
            at: Arc::clone(&at),
            values: values.to_vec().into(),
        };
        let mut content = Content::Recording(Recording {
            columns: vec![column([1.0, 2.0, 3.0]), column([4.0, 5.0, 6.0])],
            ..Recording::default()
        });
        // The clock stands still for a moment: the second row has no time of its own.
        each(&mut content, &mut |at| 10 + at / 2);
        let Content::Recording(recording) = content else {
            return;
        };
        let [one, two] = &recording.columns[..] else {
            return;
        };
        assert!(Arc::ptr_eq(&one.at, &two.at));
        assert_eq!(&one.at[..], [10, 11]);
        assert_eq!(&one.values[..], [1.0, 3.0]);
        assert_eq!(&two.values[..], [4.0, 6.0]);
    }
}
