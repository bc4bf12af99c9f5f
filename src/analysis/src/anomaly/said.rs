//! Alarms of streams as findings, as they are said while the data comes.
//!
//! Alarms of several series of one host within [`TOGETHER_NS`] are one finding. Each
//! finding carries the parameter [`model::finding::LIVE`], so that it can be told from
//! what is found in a whole recording.
//!
//! * In: alarms of one host, by time.
//! * Out: as few findings as there were moments.
//! * Never: takes an alarm back; whether hindsight confirms it is another question.
//!
//! Start at [`findings`].

use model::catalog::Polarity;
use model::finding::{Analysis, Estimate, Finding, FindingId, LIVE, Question, Severity};
use model::series::Series;
use model::time::{Moment, SECOND_NS, Span, Zone};
use model::told;

use super::streaming::Alarm;
use super::{Direction, Kind, THRESHOLD};
use crate::compare::floor;

/// Alarms within this time of the first are told together: a disturbance reaches
/// series that are read every few seconds later than others.
pub const TOGETHER_NS: i64 = 3 * SECOND_NS;

/// What is told without being asked for is so many times the least that counts in a
/// comparison.
const FLOORS: f64 = 4.0;

/// Series that a sentence names.
const NAMED: usize = 3;

/// An alarm of one series.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The series as drawn.
    pub series: Series,
    /// Time of the reading.
    pub at: Moment,
    /// What was unlike its past.
    pub alarm: Alarm,
}

/// Whether an alarm is about enough to be told: a series at rest alarms at its first
/// move, however small.
pub fn matters(series: &Series, alarm: &Alarm) -> bool {
    let [lo, hi] = alarm.expected;
    let usual = lo + (hi - lo) / 2.0;
    (alarm.observed - usual).abs() >= FLOORS * floor::of(series).at(usual)
}

/// The findings of one host, by time.
pub fn findings(host: &str, heard: &[&Heard]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut rest = heard;
    while let Some(first) = rest.first() {
        let until = first.at.plus_ns(TOGETHER_NS);
        let (now, later) = rest.split_at(rest.partition_point(|it| it.at <= until));
        rest = later;
        found.push(finding(host, now));
    }
    found
}

fn finding(host: &str, heard: &[&Heard]) -> Finding {
    let mut heard = heard.to_vec();
    heard.sort_by(|a, b| {
        let key = |it: &Heard| std::cmp::Reverse(severity(it));
        key(a)
            .cmp(&key(b))
            .then_with(|| weight(b).total_cmp(&weight(a)))
            .then_with(|| a.series.key.cmp(&b.series.key))
    });
    // A series that alarms again within the same moment is told once.
    let mut several: Vec<&Heard> = Vec::new();
    for one in heard {
        if several.iter().all(|it| it.series.key != one.series.key) {
            several.push(one);
        }
    }
    let series: Vec<String> = several.iter().map(|it| it.series.key.to_string()).collect();
    let times = several.iter().map(|it| it.at);
    let from = times.clone().min().unwrap_or_default();
    let span = Span {
        from,
        to: times.max().unwrap_or(from).plus_ns(1),
    };
    let kind = match several.as_slice() {
        [one] => one.alarm.kind.name(),
        _ => "group",
    };
    let threshold = THRESHOLD.to_string();
    let parameters = [("kind", kind), ("threshold", threshold.as_str()), LIVE];
    let parameters = parameters.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let id = FindingId::of(&Question {
        analysis: Analysis::Anomaly,
        series: &series,
        span,
        parameters: &parameters,
    });
    let first = several[0];
    Finding {
        id,
        analysis: Analysis::Anomaly,
        kind: kind.to_owned(),
        host: host.to_owned(),
        statement: statement(host, from, &several),
        severity: severity(first),
        effect: effect(first),
        evidence: first.alarm.score,
        weight: weight(first),
        coverage: 1.0,
        places: Vec::new(),
        learned: None,
        supports: several.iter().map(|it| clause(it)).collect(),
        against: vec!["Said live: what came later was not known.".to_owned()],
        series,
        span,
        parameters: parameters.to_vec(),
    }
}

fn statement(host: &str, from: Moment, heard: &[&Heard]) -> String {
    let at = from.strftime("%H:%M:%S UTC", Zone::Utc);
    if let [one] = heard {
        return format!("Live at {at}: {}", clause(one));
    }
    let named: Vec<String> = heard.iter().take(NAMED).map(|it| clause(it)).collect();
    let named: Vec<&str> = named.iter().map(|it| it.trim_end_matches('.')).collect();
    let more = match heard.len() - named.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let of = match host.is_empty() {
        true => String::new(),
        false => format!(" of {host}"),
    };
    format!(
        "Live at {at}: {} series{of} are unlike their past: {}{more}.",
        heard.len(),
        named.join("; ")
    )
}

/// One alarm as a sentence without its moment.
fn clause(heard: &Heard) -> String {
    let alarm = &heard.alarm;
    let up = alarm.direction == Direction::Up;
    // Whether a far point comes back is not known yet, so it is not called a spike.
    let what = match (alarm.kind, up) {
        (Kind::Step | Kind::Drift, true) => "went up to",
        (Kind::Step | Kind::Drift, false) => "went down to",
        (Kind::Variance, true) => "became rougher, scatter",
        (Kind::Variance, false) => "became calmer, scatter",
        (_, true) => "jumped to",
        (_, false) => "dropped to",
    };
    let unit = &heard.series.unit;
    let [lo, hi] = alarm.expected.map(|it| unit.text(it));
    let usual = if lo == hi {
        lo
    } else {
        format!("{lo} to {hi}")
    };
    format!(
        "{} {what} {}, usual is {usual}.",
        told::of(&heard.series.key),
        unit.text(alarm.observed),
    )
}

fn severity(heard: &Heard) -> Severity {
    let worse = match heard.series.polarity {
        Polarity::HigherIsWorse => Some(Direction::Up),
        Polarity::HigherIsBetter => Some(Direction::Down),
        Polarity::Neutral => None,
    };
    let moved = matches!(heard.alarm.kind, Kind::Spike | Kind::Step | Kind::Drift);
    match moved && worse == Some(heard.alarm.direction) {
        true => Severity::Warning,
        false => Severity::Note,
    }
}

/// Score times the distance from the band, as a share of that and its width and level.
fn weight(heard: &Heard) -> f64 {
    let ([lo, hi], observed) = (heard.alarm.expected, heard.alarm.observed);
    let away = (lo - observed).max(observed - hi).max(0.0);
    let ordinary = (hi - lo) + lo.abs().max(hi.abs());
    let size = if away > 0.0 {
        away / (away + ordinary)
    } else {
        0.0
    };
    heard.alarm.score * size
}

fn effect(heard: &Heard) -> Option<Estimate> {
    let ([lo, hi], observed) = (heard.alarm.expected, heard.alarm.observed);
    Some(Estimate {
        value: observed - (lo + (hi - lo) / 2.0),
        lo: observed - hi,
        hi: observed - lo,
        unit: heard.series.unit.clone(),
    })
}

#[cfg(test)]
mod tests {
    use model::catalog::Kind as Sort;
    use model::series::SeriesKey;
    use model::unit::Unit;

    use super::super::streaming::Stream;
    use super::*;
    use crate::stats::random::Random;

    fn heard(metric: &str, values: impl Iterator<Item = f64>) -> Vec<Heard> {
        let series = Series {
            key: SeriesKey::new("h", metric, []),
            unit: Unit::new("1"),
            kind: Sort::Gauge,
            polarity: Polarity::HigherIsWorse,
        };
        let mut stream = Stream::new();
        let rows = values.enumerate();
        rows.filter_map(|(row, value)| {
            let at = Moment(row as i64 * SECOND_NS);
            let alarm = stream.alarm_at(at.0, value)?;
            let series = series.clone();
            Some(Heard { series, at, alarm })
        })
        .collect()
    }

    fn noise(seed: u64, row: usize) -> f64 {
        Random::new(seed * 1_000_003 + row as u64).normal()
    }

    #[test]
    fn an_alarm_says_what_was_usual_and_what_came() {
        let spike = heard(
            "x",
            (0..300).map(|row| match row {
                200 => 90.0,
                _ => 50.0 + noise(1, row),
            }),
        );
        let first = &spike[0];
        assert_eq!(
            (first.at, first.alarm.kind),
            (Moment(200 * SECOND_NS), Kind::Spike)
        );
        let [lo, hi] = first.alarm.expected;
        assert!(
            lo > 30.0 && lo < 50.0 && hi > 50.0 && hi < 70.0,
            "{lo} {hi}"
        );
        assert_eq!(
            (first.alarm.observed, first.alarm.direction),
            (90.0, Direction::Up)
        );
        assert!(matters(&first.series, &first.alarm));
        let rest = heard("x", (0..300).map(|row| if row == 200 { 0.01 } else { 0.0 }));
        assert_eq!(rest[0].alarm.expected, [0.0, 0.0]);
        assert!(!matters(&rest[0].series, &rest[0].alarm));
        let calm = heard("x", (0..300).map(|row| 50.0 + noise(1, row)));
        assert!(calm.is_empty(), "{calm:?}");
    }

    #[test]
    fn alarms_of_one_moment_are_one_finding() {
        let all: Vec<Heard> = (0..5)
            .flat_map(|seed| {
                let jump = move |row: usize| if row == 150 { 60.0 } else { 0.0 };
                let values = (0..200).map(move |row| 50.0 + noise(seed, row) + jump(row));
                heard(&format!("m{seed}"), values)
            })
            .filter(|it| it.at == Moment(150 * SECOND_NS))
            .collect();
        let all: Vec<&Heard> = all.iter().collect();
        let found = findings("h", &all);
        assert_eq!((found.len(), found[0].series.len()), (1, 5));
        let said = &found[0];
        assert!(
            said.statement
                .starts_with("Live at 00:02:30 UTC: 5 series of h")
        );
        assert!(
            said.statement.ends_with("; and 2 more."),
            "{}",
            said.statement
        );
        assert!(said.is_live() && said.own_id() == said.id);
        assert_eq!(findings("h", &all[..1])[0].kind, "spike");
        assert!(findings("h", &[]).is_empty());
    }
}
