//! Puts files whose clocks tell different things on one axis, and says how.
//!
//! * In: how much each input tells of its times, and from when to when it is.
//! * Out: how far each is moved, and a sentence why.
//! * Never: moves what tells its moments, unless the load that both saw is to decide.
//!
//! What tells its moments stays where it is and is what the others are put beside. A zone
//! that is not told is the offset by which the file falls into the others; a day that is
//! not told likewise; a file without any times ends when it was last written, if that is
//! within the others, and else begins with them.
//!
//! Start at [`place`].

use import::times::Told;
use model::time::{Moment, SECOND_NS, duration_text};

/// Zones are whole quarters of an hour off.
const QUARTER_NS: i64 = 900 * SECOND_NS;

/// No zone is further behind or before UTC than so many quarters.
const QUARTERS: std::ops::RangeInclusive<i64> = -48..=56;

const HOUR_NS: i64 = 4 * QUARTER_NS;
const DAY_NS: i64 = 24 * HOUR_NS;

/// As UTC is believed where so much of the file falls into the others that no other
/// offset is much better.
const ENOUGH: f64 = 0.9;

/// One input, as far as its times go.
#[derive(Clone, Debug)]
pub(super) struct Timing {
    /// How much it tells.
    pub told: Told,
    /// Its first and last time as read, local times as if they were UTC.
    pub bounds: Option<(i64, i64)>,
    /// When its file was last written, if that is known.
    pub written: Option<i64>,
    /// Whether what it does not tell was given by hand.
    pub given: bool,
}

/// How an input is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Added to its times.
    pub by_ns: i64,
    /// Why, in one sentence without a subject.
    pub why: String,
}

/// Places every input.
pub(super) fn place(inputs: &[Timing]) -> Vec<Placed> {
    let fixed = |it: &&Timing| it.given || it.told == Told::Moments;
    let mut anchors: Vec<(i64, i64)> = inputs
        .iter()
        .filter(fixed)
        .filter_map(|it| it.bounds)
        .collect();
    // With nothing that tells its moments, local times are the axis, and then any.
    for told in [Told::Local, Told::OfDay, Told::Nothing] {
        if anchors.is_empty() {
            let of_sort = inputs.iter().filter(|it| it.told == told);
            let bounds = of_sort.filter_map(|it| it.bounds);
            anchors = bounds
                .take(if told == Told::Local { usize::MAX } else { 1 })
                .collect();
        }
    }
    let placed = |it: &Timing| {
        let Some(bounds) = it.bounds else {
            return stays("holds nothing that has a time");
        };
        match it.told {
            _ if it.given => stays("was placed as you said"),
            Told::Moments => stays("tells its moments and was not moved"),
            Told::Local => local(bounds, &anchors),
            Told::OfDay => of_day(bounds, &anchors),
            Told::Nothing => untold(bounds, it.written, &anchors),
        }
    };
    inputs.iter().map(placed).collect()
}

fn stays(why: &str) -> Placed {
    Placed {
        by_ns: 0,
        why: why.to_owned(),
    }
}

/// How much of a stretch falls into others when it is moved, 0 to 1.
fn inside((first, last): (i64, i64), by_ns: i64, anchors: &[(i64, i64)]) -> f64 {
    let (first, last) = (first.saturating_add(by_ns), last.saturating_add(by_ns));
    let length = last.saturating_sub(first).max(1) as f64;
    let share = |anchor: &(i64, i64)| {
        let (from, to) = (first.max(anchor.0), last.min(anchor.1));
        match to >= from {
            true => (to.saturating_sub(from).max(1) as f64 / length).min(1.0),
            false => 0.0,
        }
    };
    anchors.iter().map(share).fold(0.0, f64::max)
}

fn local(bounds: (i64, i64), anchors: &[(i64, i64)]) -> Placed {
    let share = |quarters: i64| inside(bounds, -quarters * QUARTER_NS, anchors);
    let best = QUARTERS.map(share).fold(0.0, f64::max);
    let as_utc = share(0);
    if best == 0.0 {
        return stays(
            "tells no zone and was taken as UTC, since no zone puts it beside the others: say \
             which (--zone)",
        );
    }
    if as_utc >= ENOUGH * best {
        return stays("tells no zone and was taken as UTC, by which it falls into the others");
    }
    // Whole hours before halves and quarters.
    let sizes = [4, 2, 1];
    let fits = sizes.iter().find_map(|size| {
        let of_size = QUARTERS.filter(|it| it % size == 0);
        let fits: Vec<i64> = of_size.filter(|it| share(*it) >= ENOUGH * best).collect();
        (!fits.is_empty()).then_some(fits)
    });
    match fits.as_deref() {
        Some([one]) => Placed {
            by_ns: -one * QUARTER_NS,
            why: format!(
                "tells no zone; that of {} is the only one by which it falls into the others, so \
                 it was moved by {}",
                offset(*one),
                moved(-one * QUARTER_NS)
            ),
        },
        Some(many @ [first, .., last]) => {
            let nearest = many.iter().min_by_key(|it| it.abs()).unwrap_or(first);
            Placed {
                by_ns: -nearest * QUARTER_NS,
                why: format!(
                    "tells no zone; those of {} to {} would put it beside the others, and that \
                     of {} was taken, so it was moved by {}: say which (--zone)",
                    offset(*first),
                    offset(*last),
                    offset(*nearest),
                    moved(-nearest * QUARTER_NS)
                ),
            }
        }
        _ => stays("tells no zone and was taken as UTC"),
    }
}

fn of_day(bounds: (i64, i64), anchors: &[(i64, i64)]) -> Placed {
    let Some(first) = anchors.iter().map(|it| it.0).min() else {
        return stays("tells no date");
    };
    let day = first.div_euclid(DAY_NS) - bounds.0.div_euclid(DAY_NS);
    let days = [day, day + 1, day - 1];
    let best = days
        .into_iter()
        .map(|day| day * DAY_NS)
        .find(|by| inside(bounds, *by, anchors) > 0.0);
    match best {
        Some(by_ns) => Placed {
            by_ns,
            why: format!(
                "tells no date; it falls into the others on {}, as UTC",
                Moment(bounds.0.saturating_add(by_ns)).strftime("%Y-%m-%d", model::time::Zone::Utc)
            ),
        },
        None => {
            let on_day = (bounds.0 + day * DAY_NS, bounds.1 + day * DAY_NS);
            let zone = local(on_day, anchors);
            Placed {
                by_ns: day * DAY_NS + zone.by_ns,
                why: format!("tells no date; on that of the others it {}", zone.why),
            }
        }
    }
}

fn untold(bounds: (i64, i64), written: Option<i64>, anchors: &[(i64, i64)]) -> Placed {
    let begin = anchors.iter().map(|it| it.0).min();
    let end = anchors.iter().map(|it| it.1).max();
    let (Some(begin), Some(end)) = (begin, end) else {
        return stays("tells no times");
    };
    if begin == bounds.0 && end == bounds.1 {
        return stays("tells no times, and the others were put beside it");
    }
    let by_written = written.map(|it| it.saturating_sub(bounds.1));
    if let Some(by_ns) = by_written.filter(|by| inside(bounds, *by, anchors) >= 0.5) {
        return Placed {
            by_ns,
            why: format!(
                "tells no times; it was last written at {}, within the others, so its last row \
                 was put there",
                Moment(bounds.1.saturating_add(by_ns))
            ),
        };
    }
    let by_ns = begin.saturating_sub(bounds.0);
    Placed {
        by_ns,
        why: format!(
            "tells no times; its first row was put where the others begin, at {}: say when it \
             was (--start)",
            Moment(begin)
        ),
    }
}

/// `UTC+02:00`.
fn offset(quarters: i64) -> String {
    let minutes = quarters.abs() * 15;
    let sign = if quarters < 0 { '-' } else { '+' };
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A duration with its sign.
pub(super) fn moved(by_ns: i64) -> String {
    let sign = if by_ns < 0 { "" } else { "+" };
    format!("{sign}{}", duration_text(by_ns as f64 / SECOND_NS as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon of 2026-01-31.
    const NOON: i64 = 1_769_860_800 * SECOND_NS;

    fn timing(told: Told, first_s: i64, length_s: i64) -> Timing {
        let first = first_s * SECOND_NS;
        Timing {
            told,
            bounds: Some((first, first + length_s * SECOND_NS)),
            written: None,
            given: false,
        }
    }

    fn at(told: Told, from_noon_s: i64, length_s: i64) -> Timing {
        timing(told, NOON / SECOND_NS + from_noon_s, length_s)
    }

    fn told(inputs: &[Timing]) -> Vec<(i64, String)> {
        let placed = place(inputs).into_iter();
        placed.map(|it| (it.by_ns / SECOND_NS, it.why)).collect()
    }

    #[test]
    fn every_sort_of_clock_is_put_beside_the_moments() {
        let moments = || at(Told::Moments, 0, 3_600);
        let placed = told(&[
            moments(),
            // In Berlin it was one hour later.
            at(Told::Local, 3_600 + 60, 3_000),
            // In India five and a half.
            at(Told::Local, 19_800 + 120, 3_300),
            at(Told::Local, 300, 600),
            // 12:10 on no day; 13:10 on no day is one hour off.
            timing(Told::OfDay, 43_800, 600),
            timing(Told::OfDay, 47_400, 3_000),
            timing(Told::Nothing, 0, 60),
            Timing {
                written: Some(NOON + 600 * SECOND_NS),
                ..timing(Told::Nothing, 0, 60)
            },
            Timing {
                written: Some(NOON + 60_000 * SECOND_NS),
                ..timing(Told::Nothing, 0, 60)
            },
            Timing {
                given: true,
                ..at(Told::Nothing, 5, 60)
            },
            Timing {
                bounds: None,
                ..moments()
            },
        ]);
        expect_test::expect![[r#"
            [
                (
                    0,
                    "tells its moments and was not moved",
                ),
                (
                    -3600,
                    "tells no zone; that of UTC+01:00 is the only one by which it falls into the others, so it was moved by −1 h 00 min",
                ),
                (
                    -19800,
                    "tells no zone; that of UTC+05:30 is the only one by which it falls into the others, so it was moved by −5 h 30 min",
                ),
                (
                    0,
                    "tells no zone and was taken as UTC, by which it falls into the others",
                ),
                (
                    1769817600,
                    "tells no date; it falls into the others on 2026-01-31, as UTC",
                ),
                (
                    1769814000,
                    "tells no date; on that of the others it tells no zone; that of UTC+01:00 is the only one by which it falls into the others, so it was moved by −1 h 00 min",
                ),
                (
                    1769860800,
                    "tells no times; its first row was put where the others begin, at 2026-01-31T12:00:00Z: say when it was (--start)",
                ),
                (
                    1769861340,
                    "tells no times; it was last written at 2026-01-31T12:10:00Z, within the others, so its last row was put there",
                ),
                (
                    1769860800,
                    "tells no times; its first row was put where the others begin, at 2026-01-31T12:00:00Z: say when it was (--start)",
                ),
                (
                    0,
                    "was placed as you said",
                ),
                (
                    0,
                    "holds nothing that has a time",
                ),
            ]
        "#]]
        .assert_debug_eq(&placed);
    }

    #[test]
    fn what_fits_in_many_zones_or_in_none_says_so() {
        let placed = told(&[
            at(Told::Moments, 0, 36_000),
            // A short file beside a long one: several hours would do.
            at(Told::Local, -1_800, 60),
            // A file of another year.
            at(Told::Local, -40_000_000, 60),
        ]);
        expect_test::expect![[r#"
            [
                (
                    0,
                    "tells its moments and was not moved",
                ),
                (
                    3600,
                    "tells no zone; those of UTC-10:00 to UTC-01:00 would put it beside the others, and that of UTC-01:00 was taken, so it was moved by +1 h 00 min: say which (--zone)",
                ),
                (
                    0,
                    "tells no zone and was taken as UTC, since no zone puts it beside the others: say which (--zone)",
                ),
            ]
        "#]]
        .assert_debug_eq(&placed);
        // Without any moments, local times are the axis.
        let placed = told(&[at(Told::Local, 0, 60), timing(Told::Nothing, 0, 60)]);
        expect_test::expect![[r#"
            [
                (
                    0,
                    "tells no zone and was taken as UTC, by which it falls into the others",
                ),
                (
                    1769860800,
                    "tells no times; its first row was put where the others begin, at 2026-01-31T12:00:00Z: say when it was (--start)",
                ),
            ]
        "#]]
        .assert_debug_eq(&placed);
    }
}
