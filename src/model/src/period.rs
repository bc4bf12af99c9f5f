//! Calendar periods that are reviewed: days, ISO weeks, months and quarters in a zone.
//!
//! Bounds are midnights of the zone, so a day on which clocks change is 23 or 25 hours
//! long, and no moment is in two periods or in none.
//!
//! Start at [`Period::last_whole`].

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::{Moment, Span};

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cycle {
    /// A day.
    Daily,
    /// From a Monday to the next.
    Weekly,
    /// A month.
    Monthly,
    /// Three months from January, April, July or October on.
    Quarterly,
}

/// Every cycle with its name, the shortest first.
pub const CYCLES: &[(Cycle, &str)] = &[
    (Cycle::Daily, "daily"),
    (Cycle::Weekly, "weekly"),
    (Cycle::Monthly, "monthly"),
    (Cycle::Quarterly, "quarterly"),
];

/// One period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// How long it is.
    pub cycle: Cycle,
    /// From its first moment to just after its last.
    pub span: Span,
    /// What it is called: `2026-11-27`, `2026-W48`, `2026-11`, `2026-Q4`.
    pub name: String,
    /// Name of the zone whose calendar it is of.
    pub zone: String,
}

impl Cycle {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        let found = CYCLES.iter().find(|(it, _)| *it == self);
        found.map_or("", |(_, name)| name)
    }

    /// The cycle of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = CYCLES.iter().find(|(_, known)| *known == name);
        found.map(|(it, _)| *it)
    }

    /// The first day of the period that a day is in.
    fn first(self, day: Date) -> Option<Date> {
        let month = |month: i8| Date::new(day.year(), month, 1).ok();
        match self {
            Self::Daily => Some(day),
            Self::Weekly => {
                let mut first = day;
                for _ in 0..day.weekday().to_monday_zero_offset() {
                    first = first.yesterday().ok()?;
                }
                Some(first)
            }
            Self::Monthly => month(day.month()),
            Self::Quarterly => month((day.month() - 1) / 3 * 3 + 1),
        }
    }

    fn named(self, first: Date) -> String {
        let (year, month) = (first.year(), first.month());
        match self {
            Self::Daily => first.to_string(),
            Self::Weekly => {
                let week = first.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            Self::Monthly => format!("{year:04}-{month:02}"),
            Self::Quarterly => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Period {
    /// The last period that was over at a moment, in a zone of this name; `None` at the
    /// ends of the calendar.
    pub fn last_whole(cycle: Cycle, now: Moment, (zone, name): (&TimeZone, &str)) -> Option<Self> {
        let today = Timestamp::from_nanosecond(i128::from(now.0)).ok()?;
        let today = today.to_zoned_datetime(zone.clone()).date();
        let end = cycle.first(today)?;
        Self::ending(cycle, end, (zone, name))
    }

    /// The period before this one.
    pub fn before(&self, zone: &TimeZone) -> Option<Self> {
        let end = Timestamp::from_nanosecond(i128::from(self.span.from.0)).ok()?;
        let end = end.to_zoned_datetime(zone.clone()).date();
        Self::ending(self.cycle, end, (zone, &self.zone))
    }

    /// The period that ends when a day begins, which is the first of one.
    fn ending(cycle: Cycle, end: Date, (zone, name): (&TimeZone, &str)) -> Option<Self> {
        let first = cycle.first(end.yesterday().ok()?)?;
        Some(Self {
            cycle,
            span: Span {
                from: midnight(first, zone)?,
                to: midnight(end, zone)?,
            },
            name: cycle.named(first),
            zone: name.to_owned(),
        })
    }

    /// What it is, for titles: `week 2026-W48`.
    pub fn title(&self) -> String {
        let what = match self.cycle {
            Cycle::Daily => "day",
            Cycle::Weekly => "week",
            Cycle::Monthly => "month",
            Cycle::Quarterly => "quarter",
        };
        format!("{what} {}", self.name)
    }
}

/// When a day begins; where clocks skip its midnight, right after the gap.
fn midnight(day: Date, zone: &TimeZone) -> Option<Moment> {
    let civil = day.to_datetime(Time::midnight());
    let begin = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    i64::try_from(begin.as_nanosecond()).ok().map(Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn last(cycle: Cycle, now: &str, zone: &str) -> String {
        let zone = TimeZone::posix(zone).expect(zone);
        let now = now.parse().expect(now);
        let period = Period::last_whole(cycle, now, (&zone, "test")).expect("a period");
        let (from, to) = (period.span.from, period.span.to);
        format!(
            "{}: {from} to {to}, {} h",
            period.name,
            period.span.seconds() / 3_600.0
        )
    }

    #[test]
    fn the_last_whole_period_is_that_of_the_calendar() {
        for (cycle, now, expected) in [
            (
                Cycle::Daily,
                "2026-11-28T00:00:00Z",
                "2026-11-27: 2026-11-27T00:00:00Z to 2026-11-28T00:00:00Z, 24 h",
            ),
            (
                Cycle::Weekly,
                "2026-11-28T12:00:00Z",
                "2026-W47: 2026-11-16T00:00:00Z to 2026-11-23T00:00:00Z, 168 h",
            ),
            (
                Cycle::Weekly,
                "2027-01-04T00:00:00Z",
                "2026-W53: 2026-12-28T00:00:00Z to 2027-01-04T00:00:00Z, 168 h",
            ),
            (
                Cycle::Monthly,
                "2026-03-01T00:00:00Z",
                "2026-02: 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z, 672 h",
            ),
            (
                Cycle::Quarterly,
                "2026-01-15T00:00:00Z",
                "2025-Q4: 2025-10-01T00:00:00Z to 2026-01-01T00:00:00Z, 2208 h",
            ),
        ] {
            assert_eq!(last(cycle, now, "UTC0"), expected);
        }
    }

    #[test]
    fn days_on_which_clocks_change_are_shorter_or_longer() {
        let spring = last(Cycle::Daily, "2026-03-29T22:00:00Z", BERLIN);
        assert_eq!(
            spring,
            "2026-03-29: 2026-03-28T23:00:00Z to 2026-03-29T22:00:00Z, 23 h"
        );
        let autumn = last(Cycle::Daily, "2026-10-25T23:00:00Z", BERLIN);
        assert!(autumn.ends_with("25 h"), "{autumn}");
        let week = last(Cycle::Weekly, "2026-10-26T00:00:00Z", BERLIN);
        assert_eq!(
            week,
            "2026-W43: 2026-10-18T22:00:00Z to 2026-10-25T23:00:00Z, 169 h"
        );
    }

    #[test]
    fn periods_touch_each_other() {
        let zone = TimeZone::posix(BERLIN).expect("rules");
        let now: Moment = "2026-11-28T12:00:00Z".parse().expect("a time");
        for (cycle, _) in CYCLES {
            let mut period = Period::last_whole(*cycle, now, (&zone, "Berlin")).expect("one");
            for _ in 0..20 {
                let before = period.before(&zone).expect("one more");
                assert_eq!(before.span.to, period.span.from, "{}", period.name);
                assert!(before.name < period.name);
                period = before;
            }
        }
    }
}
