//! The time axis: where ticks are and how moments are labeled.
//!
//! Ticks lie on round times of the shown zone. At midnight the label is the
//! date; the caption names the day on which the view starts, and the zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::time::{Moment, SECOND_NS, Span};

/// How moments are labeled.
///
/// The zone is held here because looking it up reads files.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The time of day in a zone, and what the zone is called.
    Wall {
        /// Rules of the zone.
        zone: TimeZone,
        /// What is printed beside the axis, such as `UTC`.
        name: String,
    },
    /// The time since a moment, and what that moment is called.
    Since {
        /// What counts as zero.
        moment: Moment,
        /// What is printed beside the axis, such as `start`.
        name: String,
    },
}

/// One labeled moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: Moment,
    pub(crate) label: String,
}

const MINUTE_NS: i64 = 60 * SECOND_NS;
const HOUR_NS: i64 = 60 * MINUTE_NS;
const DAY_NS: i64 = 24 * HOUR_NS;

/// Steps from one second up.
const STEPS_NS: [i64; 20] = [
    SECOND_NS,
    2 * SECOND_NS,
    5 * SECOND_NS,
    10 * SECOND_NS,
    15 * SECOND_NS,
    30 * SECOND_NS,
    MINUTE_NS,
    2 * MINUTE_NS,
    5 * MINUTE_NS,
    10 * MINUTE_NS,
    15 * MINUTE_NS,
    30 * MINUTE_NS,
    HOUR_NS,
    2 * HOUR_NS,
    3 * HOUR_NS,
    6 * HOUR_NS,
    12 * HOUR_NS,
    DAY_NS,
    2 * DAY_NS,
    7 * DAY_NS,
];

impl Clock {
    /// Universal time.
    pub fn utc() -> Self {
        Self::Wall {
            zone: TimeZone::UTC,
            name: "UTC".to_owned(),
        }
    }

    /// What stands beside the axis: day and zone, or since when.
    pub fn caption(&self, view: Span) -> String {
        match self {
            Self::Wall { name, .. } => format!("{} {name}", self.wall(view.from, "%Y-%m-%d")),
            Self::Since { name, .. } => format!("since {name}"),
        }
    }

    /// A moment in full, to the millisecond: for cursors and hover texts.
    pub fn text(&self, moment: Moment) -> String {
        match self {
            Self::Wall { name, .. } => {
                format!("{} {name}", self.wall(moment, "%Y-%m-%d %H:%M:%S%.3f"))
            }
            Self::Since { .. } => self.label(moment, SECOND_NS / 1000),
        }
    }

    /// The label of a tick among others `step_ns` apart.
    fn label(&self, moment: Moment, step_ns: i64) -> String {
        match self {
            Self::Since { moment: zero, .. } => elapsed(moment.0.saturating_sub(zero.0), step_ns),
            Self::Wall { .. } => {
                let midnight = self.local_ns(moment).rem_euclid(DAY_NS) == 0;
                let pattern = match step_ns {
                    _ if midnight => "%Y-%m-%d",
                    MINUTE_NS.. => "%H:%M",
                    SECOND_NS.. => "%H:%M:%S",
                    1_000_000.. => "%H:%M:%S%.3f",
                    1000.. => "%H:%M:%S%.6f",
                    _ => "%H:%M:%S%.9f",
                };
                self.wall(moment, pattern)
            }
        }
    }

    fn wall(&self, moment: Moment, pattern: &str) -> String {
        let Self::Wall { zone, .. } = self else {
            return String::new();
        };
        match Timestamp::from_nanosecond(i128::from(moment.0)) {
            Ok(at) => {
                let zoned = at.to_zoned_datetime(zone.clone());
                zoned.strftime(pattern).to_string()
            }
            Err(_) => format!("{} ns", moment.0),
        }
    }

    /// Nanoseconds on the shown clock, to which ticks are aligned.
    fn local_ns(&self, moment: Moment) -> i64 {
        moment.0.saturating_sub(self.zero_ns(moment))
    }

    /// What is to be subtracted from a moment to get the shown clock.
    fn zero_ns(&self, moment: Moment) -> i64 {
        match self {
            Self::Since { moment: zero, .. } => zero.0,
            Self::Wall { zone, .. } => Timestamp::from_nanosecond(i128::from(moment.0))
                .map_or(0, |at| -i64::from(zone.to_offset(at).seconds()) * SECOND_NS),
        }
    }

    /// Points one label takes.
    fn label_points(&self, step_ns: i64) -> f64 {
        match step_ns {
            SECOND_NS.. => 84.0,
            1_000_000.. => 104.0,
            1000.. => 128.0,
            _ => 150.0,
        }
    }
}

/// A label nearer to the left end would run into the labels of the value axis.
const LEFT_POINTS: f64 = 16.0;

/// The ticks of a view that is `width` points wide, and their distance.
///
/// A tick too near to the left end has no label.
pub(crate) fn ticks(clock: &Clock, view: Span, width: f32) -> (Vec<Tick>, i64) {
    let length = view.length_ns();
    let fits = |step: i64| {
        let points = step as f64 / length.max(1) as f64 * f64::from(width);
        points >= clock.label_points(step)
    };
    let step = steps().find(|step| fits(*step)).unwrap_or(i64::MAX);
    let zero = clock.zero_ns(view.from);
    let first = view.from.0.saturating_sub(zero).div_euclid(step);
    // The span in steps is bounded by the width in labels.
    let ticks = (0..64)
        .map(|i| (first + i).checked_mul(step)?.checked_add(zero))
        .map_while(|at| at.map(Moment))
        .take_while(|at| *at < view.to)
        .filter(|at| *at >= view.from)
        .map(|at| {
            let offset = at.0.saturating_sub(view.from.0) as f64;
            let points = offset / length.max(1) as f64 * f64::from(width);
            let label = match points >= LEFT_POINTS {
                true => clock.label(at, step),
                false => String::new(),
            };
            Tick { at, label }
        });
    (ticks.collect(), step)
}

/// 1, 2 and 5 times the powers of ten below a second, round times up to a week, then weeks.
fn steps() -> impl Iterator<Item = i64> {
    let fine = (0..9).flat_map(|power| [1, 2, 5].map(|it| it * 10_i64.pow(power)));
    let coarse = (1..11).map(|power| 7 * DAY_NS * (1 << power));
    fine.chain(STEPS_NS).chain(coarse)
}

/// A length of time for an axis: `0:05`, `2:03:04`, `3 d 02:00`, `0:00.250`.
fn elapsed(ns: i64, step_ns: i64) -> String {
    let sign = if ns < 0 { "−" } else { "" };
    let size = ns.unsigned_abs();
    let seconds = size / SECOND_NS as u64;
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let mut text = match (days, hours) {
        (0, 0) => format!("{sign}{minutes}:{rest:02}"),
        (0, _) => format!("{sign}{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{sign}{days} d {hours:02}:{minutes:02}:{rest:02}"),
    };
    let fraction = format!("{:09}", size % SECOND_NS as u64);
    match step_ns {
        SECOND_NS.. => {}
        1_000_000.. => text.extend([".", &fraction[..3]]),
        1000.. => text.extend([".", &fraction[..6]]),
        _ => text.extend([".", &fraction]),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(from: &str, seconds: f64) -> Span {
        let from: Moment = from.parse().unwrap_or_default();
        Span {
            from,
            to: from.plus_ns((seconds * 1e9) as i64),
        }
    }

    fn labels(clock: &Clock, view: Span) -> Vec<String> {
        let (ticks, _) = ticks(clock, view, 600.0);
        let labels = ticks.into_iter().map(|tick| tick.label);
        labels.filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn ticks_are_round_and_name_the_day_at_midnight() {
        let utc = Clock::utc();
        let night = view("2026-01-31T22:30:00Z", 10_800.0);
        assert_eq!(
            labels(&utc, night),
            ["23:00", "23:30", "2026-02-01", "00:30", "01:00"]
        );
        assert_eq!(utc.caption(night), "2026-01-31 UTC");
        let brief = view("2026-01-31T22:30:00.1Z", 0.01);
        assert_eq!(labels(&utc, brief)[0], "22:30:00.102");
    }

    #[test]
    fn ticks_follow_the_zone() {
        let clock = Clock::Wall {
            zone: TimeZone::fixed(jiff::tz::Offset::constant(5)),
            name: "+05".to_owned(),
        };
        let days = view("2026-01-30T18:00:00Z", 4.0 * 86_400.0);
        assert_eq!(
            labels(&clock, days)[..2],
            ["2026-02-01".to_owned(), "2026-02-02".to_owned()][..]
        );
        assert_eq!(clock.caption(days), "2026-01-30 +05");
    }

    #[test]
    fn time_since_a_moment_counts_from_zero() {
        let clock = Clock::Since {
            moment: Moment(0),
            name: "start".to_owned(),
        };
        let early = Span {
            from: Moment(-SECOND_NS),
            to: Moment(4 * SECOND_NS),
        };
        assert_eq!(labels(&clock, early), ["0:00", "0:01", "0:02", "0:03"]);
        assert_eq!(elapsed(93_784 * SECOND_NS, DAY_NS), "1 d 02:03:04");
        assert_eq!(elapsed(250_000_000, 50_000_000), "0:00.250");
    }

    #[test]
    fn every_view_has_a_bounded_number_of_ticks() {
        for length in [1, 1000, 1_000_000_000_000, i64::MAX / 2] {
            let view = Span {
                from: Moment(-5),
                to: Moment(length),
            };
            let (ticks, _) = ticks(&Clock::utc(), view, 2000.0);
            assert!(ticks.len() <= 40, "{length}: {}", ticks.len());
        }
    }
}
