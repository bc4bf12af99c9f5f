//! Process rows turned into what people look at: a table at a moment, a plot.
//!
//! A stream tells a process again only when its numbers changed. So between two
//! rows nothing happened, and growth between them happened in the step before
//! the later one; this module is the only place that knows.
//!
//! Start at [`Line::at`] and [`column`].

use model::catalog::Kind;
use model::columns::Column;
use model::process::{Field, Process, ProcessId, Reading};
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS};
use model::unit::Unit;
use serde::{Deserialize, Serialize};

/// Longest stretch that is filled in steps; beyond it the steps grow.
const POINTS_MAX: i64 = 1 << 20;

/// What of a process can be plotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Measure {
    /// Processors used: user and system time per second.
    Cpu,
    /// One field; counters as rates.
    Field(Field),
}

/// Everything that can be plotted, in menu order.
pub const MEASURES: &[(Measure, &str)] = &[
    (Measure::Cpu, "CPU"),
    (Measure::Field(Field::ResidentMemory), "Resident memory"),
    (Measure::Field(Field::ReadBytes), "Disk reads"),
    (Measure::Field(Field::WriteBytes), "Disk writes"),
    (Measure::Field(Field::Threads), "Threads"),
    (Measure::Field(Field::MajorFaults), "Major faults"),
    (Measure::Field(Field::MinorFaults), "Minor faults"),
    (
        Measure::Field(Field::VoluntarySwitches),
        "Voluntary switches",
    ),
    (
        Measure::Field(Field::InvoluntarySwitches),
        "Involuntary switches",
    ),
    (Measure::Field(Field::OpenFiles), "Open files"),
];

/// One row of the process table at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Number within the host's stream.
    pub id: ProcessId,
    /// Who it is.
    pub process: Process,
    /// Its numbers at the moment.
    pub reading: Reading,
    /// Processors used, `NaN` where unknown.
    pub cpu: f64,
    /// Bytes read from storage per second, `NaN` where unknown.
    pub read_per_second: f64,
    /// Bytes written to storage per second, `NaN` where unknown.
    pub write_per_second: f64,
}

/// The two newest rows of a process at or before a moment.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// The newest.
    pub latest: (Moment, Reading),
    /// The one before, if any.
    pub before: Option<(Moment, Reading)>,
}

impl Line {
    /// The table row of a process at `moment`, read every `step_ns`.
    pub fn at(id: ProcessId, process: &Process, rows: &Rows, when: (Moment, i64)) -> Self {
        let (moment, step_ns) = when;
        let rate = |value: &dyn Fn(&Reading) -> f64| growth(rows, moment, step_ns, value);
        Self {
            id,
            process: process.clone(),
            reading: rows.latest.1,
            cpu: rate(&Reading::cpu_seconds),
            read_per_second: rate(&|it| it.value(Field::ReadBytes)),
            write_per_second: rate(&|it| it.value(Field::WriteBytes)),
        }
    }
}

fn growth(rows: &Rows, moment: Moment, step_ns: i64, value: &dyn Fn(&Reading) -> f64) -> f64 {
    let (at, latest) = &rows.latest;
    if moment.0.saturating_sub(at.0) > step_ns + step_ns / 2 {
        // It was not told again since, so it used nothing.
        return if value(latest).is_nan() {
            f64::NAN
        } else {
            0.0
        };
    }
    let Some((earlier, before)) = &rows.before else {
        return f64::NAN;
    };
    let start = earlier.0.max(at.0.saturating_sub(step_ns));
    model::rate::step((start, value(before)), (at.0, value(latest)))
}

/// The drawable column of one measure of a process.
///
/// `rows` ascend in time; `until` is when the process was last known to live;
/// `step_ns` is how often processes were read.
pub fn column(series: Series, rows: &[(Moment, f64)], until: Moment, step_ns: i64) -> Column {
    let whole = rows
        .first()
        .map_or(0, |(at, _)| until.0.saturating_sub(at.0));
    let step_ns = step_ns.max(SECOND_NS / 100).max(whole / POINTS_MAX);
    let mut at = Vec::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    let ends = rows.iter().skip(1).map(|(next, _)| *next);
    for ((from, value), to) in rows.iter().zip(ends.chain([until])) {
        let mut now = from.0;
        // The last step before the next row belongs to that row's growth.
        while now == from.0 || now + step_ns / 2 < to.0 {
            at.push(now);
            values.push(*value);
            now += step_ns;
        }
    }
    Column {
        series,
        at: at.into(),
        values: values.into(),
    }
    .plottable()
}

/// The series that a measure of a process is drawn as, before counters become rates.
pub fn series(process: &Process, host: &str, measure: Measure) -> Series {
    match measure {
        Measure::Field(field) => process.series(host, field),
        Measure::Cpu => {
            let like = process.series(host, Field::UserTime);
            let attributes = like.key.attributes.into_iter();
            Series {
                key: SeriesKey::new(
                    host,
                    "process.cpu.utilization",
                    attributes.filter(|(name, _)| name != "cpu.mode"),
                ),
                unit: Unit::new("s"),
                kind: Kind::Counter,
                polarity: like.polarity,
            }
        }
    }
}

/// The value of a measure in one reading.
pub fn value(reading: &Reading, measure: Measure) -> f64 {
    match measure {
        Measure::Cpu => reading.cpu_seconds(),
        Measure::Field(field) => reading.value(field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(cpu_us: i64) -> Reading {
        let mut reading = Reading::default();
        reading.set(Field::UserTime, cpu_us);
        reading.set(Field::SystemTime, 0);
        reading
    }

    const S: i64 = SECOND_NS;

    #[test]
    fn growth_after_a_rest_happened_in_the_last_step() {
        let rows = Rows {
            latest: (Moment(60 * S), reading(500_000)),
            before: Some((Moment(10 * S), reading(0))),
        };
        let process = Process::default();
        let busy = Line::at(ProcessId(1), &process, &rows, (Moment(60 * S), S));
        assert_eq!(busy.cpu, 0.5);
        let idle = Line::at(ProcessId(1), &process, &rows, (Moment(70 * S), S));
        assert_eq!(idle.cpu, 0.0);
        assert!(busy.read_per_second.is_nan());
    }

    #[test]
    fn a_rest_is_drawn_as_zero_not_as_a_slope() {
        let process = Process::default();
        let rows = [(Moment(0), 0.0), (Moment(4 * S), 2.0)];
        let column = column(series(&process, "a", Measure::Cpu), &rows, Moment(6 * S), S);
        let drawn: Vec<(i64, f64)> = column
            .at
            .iter()
            .zip(column.values.iter())
            .filter(|(_, value)| !value.is_nan())
            .map(|(at, value)| (at / S, *value))
            .collect();
        assert_eq!(drawn, [(1, 0.0), (2, 0.0), (3, 0.0), (4, 2.0), (5, 0.0)]);
    }
}
