//! Behavior by example: generated series whose truth is known.

use super::*;
use crate::frame::Frame;
use crate::stats::random::Random;
use model::catalog::{Kind as Sort, Polarity};
use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use model::unit::Unit;

/// Noise that remembers, of spread one, plus a signal.
fn noisy(seed: u64, rows: usize, memory: f64, signal: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut last = 0.0;
    let fresh = (1.0 - memory * memory).sqrt();
    (0..rows)
        .map(|row| {
            last = memory * last + fresh * random.normal();
            last + signal(row)
        })
        .collect()
}

fn step(at: usize, by: f64) -> impl Fn(usize) -> f64 {
    move |row| if row >= at { by } else { 0.0 }
}

/// Checks kinds and rows, the latter within `margin`.
fn check(name: &str, values: &[f64], expected: &[(Kind, usize)], margin: usize) -> Changes {
    let found = detect(values);
    let as_expected = found.changes.len() == expected.len()
        && found
            .changes
            .iter()
            .zip(expected)
            .all(|(found, (kind, row))| found.kind == *kind && found.row.abs_diff(*row) <= margin);
    assert!(as_expected, "{name}: {:?}", found.changes);
    found
}

#[test]
fn planted_changes_are_found_where_they_are() {
    let cases = [
        (
            "step",
            noisy(1, 600, 0.3, step(400, 3.0)),
            vec![(Kind::Level, 400)],
            3,
        ),
        (
            "remembering",
            noisy(2, 1200, 0.8, step(500, 6.0)),
            vec![(Kind::Level, 500)],
            3,
        ),
        (
            "pulse",
            noisy(3, 900, 0.5, |row| {
                if (300..500).contains(&row) { 5.0 } else { 0.0 }
            }),
            vec![(Kind::Level, 300), (Kind::Level, 500)],
            3,
        ),
        (
            "bend",
            noisy(4, 800, 0.2, |row| row.saturating_sub(400) as f64 / 20.0),
            vec![(Kind::Slope, 400)],
            20,
        ),
        (
            "season and step",
            noisy(6, 1200, 0.3, |row| {
                4.0 * (row as f64 / 60.0 * std::f64::consts::TAU).sin() + step(700, 4.0)(row)
            }),
            vec![(Kind::Level, 700)],
            5,
        ),
        (
            "spread",
            noisy(7, 1000, 0.3, |_| 0.0)
                .iter()
                .enumerate()
                .map(|(row, it)| if row < 600 { *it } else { 3.0 * it })
                .collect(),
            vec![(Kind::Spread, 600)],
            20,
        ),
        (
            "without noise",
            (0..200).map(step(80, 1.0)).collect(),
            vec![(Kind::Level, 80)],
            0,
        ),
        (
            "long",
            noisy(8, 100_000, 0.5, step(41_234, 2.0)),
            vec![(Kind::Level, 41_234)],
            26,
        ),
        (
            "history",
            noisy(9, 24, 0.0, step(15, 6.0)),
            vec![(Kind::Level, 15)],
            0,
        ),
    ];
    for (name, values, expected, margin) in cases {
        let found = check(name, &values, &expected, margin);
        for change in found.changes {
            let (lo, hi) = change.shift;
            assert!(lo <= hi && change.p_value < 0.01, "{name}: {change:?}");
            assert!(change.from < change.row && change.row < change.to, "{name}");
        }
    }
}

#[test]
fn the_shift_is_that_of_the_levels() {
    let found = detect(&noisy(1, 600, 0.3, step(400, 3.0)));
    let change = found.changes[0];
    assert!(change.before.abs() < 0.3 && (change.after - 3.0).abs() < 0.4);
    assert!(change.shift.0 < 3.0 && 3.0 < change.shift.1);
    assert!(change.shift.1 - change.shift.0 < 1.2);
}

#[test]
fn a_change_of_spread_is_that_of_the_values_about_their_levels() {
    let values: Vec<f64> = noisy(5, 900, 0.0, |_| 0.0)
        .iter()
        .enumerate()
        .map(|(row, it)| match row {
            0..300 => *it,
            300..600 => 30.0 + it,
            _ => 30.0 + 3.0 * it,
        })
        .collect();
    let expected = [(Kind::Level, 300), (Kind::Spread, 600)];
    let found = check("step, then spread", &values, &expected, 20);
    let change = found.changes[1];
    assert!((change.before - 1.0).abs() < 0.3, "{change:?}");
    assert!((change.after - 3.0).abs() < 0.6, "{change:?}");
    assert!(change.shift.0 > 1.0 && change.shift.1 < 3.0, "{change:?}");
}

#[test]
fn levels_and_their_shift_are_of_one_kind() {
    let mut random = Random::new(11);
    let often = |row: usize| if row < 400 { 0.3 } else { 0.02 };
    let values: Vec<f64> = (0..800)
        .map(|row| match random.unit() < often(row) {
            true => 1000.0,
            false => 10.0,
        })
        .collect();
    // The medians are the same, so only the means tell.
    let (before, after) = values.split_at(400);
    let center = evidence::center(before, after);
    let moved = center(after) - center(before);
    let (lo, hi) = evidence::shift((before, after), center, 1.0);
    assert!(moved < -200.0, "{moved}");
    assert!(lo <= moved && moved <= hi && hi < 0.0, "{lo} {moved} {hi}");
}

#[test]
fn undisturbed_series_are_quiet() {
    let mut alarms = 0;
    for seed in 0..120 {
        let memory = [0.0, 0.5, 0.8, 0.9, 0.95][seed as usize % 5];
        let drift = seed as f64 % 3.0 / 300.0;
        let mut values = noisy(seed, 1200, memory, |row| row as f64 * drift);
        for row in (7..1200).step_by(211) {
            values[row] += 30.0;
        }
        alarms += usize::from(!detect(&values).changes.is_empty());
    }
    assert!(alarms <= 4, "{alarms} of 120");
    let histories =
        (0..200).filter(|seed| !detect(&noisy(*seed, 30, 0.0, |_| 0.0)).changes.is_empty());
    let histories = histories.count();
    assert!(histories <= 6, "{histories} of 200");
}

#[test]
fn odd_data_has_no_changes_and_does_no_harm() {
    let cases = [
        ("nothing", Vec::new()),
        ("one", vec![1.0]),
        ("gaps", vec![f64::NAN; 300]),
        ("constant", vec![7.0; 5000]),
        ("zero", vec![0.0; 50]),
        ("infinite", vec![f64::INFINITY; 100]),
        (
            "alternating",
            (0..500).map(|row| f64::from(row % 2)).collect(),
        ),
        ("few", vec![3.0, 1.0, 2.0, 5.0, 4.0, 3.0, 2.0]),
        (
            "huge",
            (0..300)
                .map(|row| if row % 2 == 0 { f64::MAX } else { -f64::MAX })
                .collect(),
        ),
        (
            "tiny",
            (0..300).map(|row| f64::from(row % 3) * 1e-310).collect(),
        ),
        ("line", (0..3000).map(f64::from).collect()),
        ("line of few", (0..30).map(f64::from).collect()),
    ];
    for (name, values) in cases {
        check(name, &values, &[], 0);
    }
}

#[test]
fn gaps_move_no_row() {
    let mut values = noisy(5, 800, 0.2, step(500, 5.0));
    for (row, value) in values.iter_mut().enumerate() {
        if row % 3 == 0 || (100..200).contains(&row) {
            *value = f64::NAN;
        }
    }
    let found = check("gaps", &values, &[(Kind::Level, 500)], 4);
    assert!((found.coverage - 0.58).abs() < 0.02);
}

#[test]
fn size_and_place_of_the_scale_do_not_matter() {
    let values = noisy(1, 600, 0.3, step(400, 3.0));
    for scale in [1e-120, 1e-3, 1e9, 1e250] {
        let scaled: Vec<f64> = values.iter().map(|it| (it + 100.0) * scale).collect();
        check("scaled", &scaled, &[(Kind::Level, 400)], 3);
    }
}

#[test]
fn findings_say_it_in_a_sentence() {
    let at: Vec<i64> = (0..600).map(|row| row * SECOND_NS).collect();
    let series = Series {
        key: SeriesKey::new("h", "system.cpu.load", []),
        unit: Unit::new("{thread}"),
        kind: Sort::Gauge,
        polarity: Polarity::HigherIsWorse,
    };
    let values = noisy(1, 600, 0.3, |row| 2.0 + step(400, 6.0)(row));
    let frame = Frame::of_table(&at, vec![(series, values)]);
    let known = of_frame(&frame);
    let findings = findings("h", &frame, &known);
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    assert!(
        finding
            .statement
            .starts_with("h/system.cpu.load stepped up at 00:06:")
    );
    assert_eq!(finding.id, finding.own_id());
    assert_eq!(finding.severity, model::finding::Severity::Warning);
    assert!(finding.weight > 0.5 && finding.weight <= 1.0);
    assert_eq!(known, of_frame(&frame));
}

/// Load averages of one host, named by their place.
fn frame_of(all: &[Vec<f64>]) -> Frame {
    let at: Vec<i64> = (0..all[0].len() as i64).map(|it| it * SECOND_NS).collect();
    let columns = all.iter().enumerate().map(|(place, values)| {
        let window = ("window".to_owned(), format!("{place}m"));
        let series = Series {
            key: SeriesKey::new("h", "system.cpu.load", [window]),
            unit: Unit::new("{thread}"),
            kind: Sort::Gauge,
            polarity: Polarity::HigherIsWorse,
        };
        (series, values.clone())
    });
    Frame::of_table(&at, columns.collect())
}

#[test]
fn changes_of_one_moment_are_one_finding_that_names_all_series() {
    let values: Vec<Vec<f64>> = (0..9)
        .map(|seed| {
            let at = if seed < 6 {
                300
            } else {
                450 + 40 * seed as usize
            };
            noisy(seed, 900, 0.2, move |row| {
                20.0 + step(at, 12.0 + seed as f64)(row)
            })
        })
        .collect();
    let frame = frame_of(&values);
    let told = told("h", &frame, &of_frame(&frame));
    assert_eq!(told.len(), 9);
    let found = together("h", &frame, told);
    let (many, single): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.kind == "group");
    assert_eq!((many.len(), single.len()), (1, 3), "{found:?}");
    let all = many[0];
    assert_eq!((all.series.len(), all.supports.len()), (6, 6));
    assert!(
        all.statement
            .starts_with("6 series of h changed at 00:05:00 UTC: h/")
    );
    assert!(
        all.statement.ends_with("; and 3 more."),
        "{}",
        all.statement
    );
    assert_eq!(all.own_id(), all.id);
    for line in &frame.lines[..6] {
        let named = |it: &String| it.starts_with(&line.name) && it.contains("(shift ");
        assert!(all.supports.iter().any(named), "{}", line.name);
    }
}

#[test]
fn onsets_are_as_sharp_as_the_shift_stands_out() {
    let sharp = noisy(1, 600, 0.0, step(300, 50.0));
    let vague = noisy(1, 600, 0.0, step(300, 1.5));
    let rows = |values: &[f64]| together::onset(values, &detect(values).changes[0]);
    assert_eq!(rows(&sharp), 299..302);
    let vague = rows(&vague);
    assert!(vague.len() > 7 && vague.contains(&300), "{vague:?}");
}

#[test]
fn a_change_holds_no_longer_than_there_are_readings() {
    let mut values = noisy(5, 600, 0.2, |row| 20.0 + step(200, 30.0)(row));
    values[400..].fill(f64::NAN);
    let frame = frame_of(&[values]);
    let found = findings("h", &frame, &of_frame(&frame));
    assert_eq!(found[0].places, [frame.span_of(200..400)]);
}

#[test]
fn a_level_holds_while_readings_are_nearer_to_it() {
    // Too short a way back to be a change of its own.
    let mut values = noisy(5, 600, 0.2, |row| 20.0 + step(200, 30.0)(row));
    values[597..].fill(20.0);
    let frame = frame_of(&[values]);
    let found = findings("h", &frame, &of_frame(&frame));
    assert_eq!(found[0].places, [frame.span_of(200..597)]);
}

/// Once looked for without end: a neighbor of the best memory had no fit and was tried again.
#[test]
fn series_that_one_memory_explains_whole_come_to_an_end() {
    for memory in [0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.985] {
        for rows in [8, 51, 400] {
            let mut values = vec![1.0];
            while values.len() < rows {
                let last = values[values.len() - 1];
                values.push(memory * last + 1.0);
            }
            assert!(detect(&values).coverage > 0.99, "{memory} {rows}");
            let mut halves = values.clone();
            halves.extend(values.iter().map(|it| 0.5 * it));
            assert!(detect(&halves).coverage > 0.99, "{memory} {rows}");
        }
    }
    let stairs: Vec<f64> = (0..51).map(|i| f64::from(i / 10)).collect();
    assert!(detect(&stairs).coverage > 0.99);
}
