//! The comparison driven by its labels.

use std::path::PathBuf;
use std::sync::Arc;

use analysis::frame::Frame;
use eframe::egui::Event;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::catalog::{Kind, Polarity};
use model::series::Series;
use model::time::{Moment, SECOND_NS};
use model::unit::Unit;
use workflow::compare::Repeats;
use workflow::input::{HostFrame, Input};
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::ui as compare_ui;
use super::*;
use crate::contrast::answer::{self, Fate, Opened};
use crate::view::testing;

/// Rows of the made-up session, a second apart; the middle is where it changes.
const ROWS: i64 = 600;

fn span(from: i64, to: i64) -> Span {
    Span {
        from: Moment(from * SECOND_NS),
        to: Moment(to * SECOND_NS),
    }
}

fn series(name: &str, unit: &'static str) -> Series {
    Series {
        key: SeriesKey::new("web-1", name, []),
        unit: Unit::new(unit),
        kind: Kind::Gauge,
        polarity: Polarity::HigherIsWorse,
    }
}

/// One host: something that doubles in the middle, something that stays, something that
/// appears.
fn input() -> Input {
    let at: Vec<i64> = (0..ROWS).map(|row| row * SECOND_NS).collect();
    let half = ROWS / 2;
    let noise = |row: i64| ((row * 7_919) % 101) as f64 / 101.0;
    let of = |value: &dyn Fn(i64) -> f64| (0..ROWS).map(value).collect::<Vec<f64>>();
    let columns = vec![
        (
            series("system.disk.busy", "1"),
            of(&|row| (if row < half { 0.2 } else { 0.4 }) + 0.01 * noise(row)),
        ),
        (series("system.memory.total", "By"), of(&|_| 4096.0)),
        (
            series("cgroup.new", "1"),
            of(&|row| if row < half { f64::NAN } else { 7.0 }),
        ),
    ];
    Input {
        path: PathBuf::from("made-up"),
        frames: vec![HostFrame {
            host: "web-1".to_owned(),
            frame: Frame::of_table(&at, columns),
        }],
        stored: None,
        notes: Vec::new(),
        damaged: false,
    }
}

fn sides() -> Sides {
    Sides {
        after: Some(Half::here(span(ROWS / 2, ROWS))),
        ..Sides::default()
    }
}

fn axis() -> Axis {
    Axis {
        whole: span(0, ROWS),
        cursors: [None, None],
    }
}

fn found() -> Answer {
    let input = Arc::new(input());
    let stretches = sides().resolved(&axis()).expect("both sides are there");
    let opened = stretches.map(|it| Opened::new(Arc::clone(&input), it));
    answer::answer(opened, Repeats::Unknown, &Context::default()).expect("they compare")
}

fn drawn(
    (sides, progress): (&Sides, &Progress),
    (answer, closeup): (Option<&Answer>, Option<&CloseUp>),
    use_it: impl FnOnce(&mut Harness<'_>),
) -> Vec<Action> {
    let clock = Clock::utc();
    let data = Data {
        sides,
        axis: axis(),
        selection: None,
        progress,
        answer,
        version: 1,
        closeup,
        live: false,
        pinned: &|_| false,
        recent: &[],
        clock: &clock,
        habits: Habits::default(),
    };
    let (mut state, mut actions) = (State::default(), Vec::new());
    let mut harness = testing::harness([1300.0, 700.0], |ui| {
        actions.extend(compare_ui(ui, &mut state, &data));
    });
    use_it(&mut harness);
    harness.run();
    drop(harness);
    // A row in detail is asked for in each frame until it is there.
    actions.dedup();
    actions
}

#[test]
fn what_changed_comes_first_and_says_when_it_moved() {
    let answer = found();
    let fates: Vec<Fate> = answer.rows.iter().map(|it| it.fate).collect();
    assert_eq!(fates, [Fate::Up, Fate::Appeared, Fate::Same]);
    assert!(answer.rows[0].worse);
    let onset = answer.rows[0].onset.expect("it moved");
    assert_eq!((onset.order, onset.tied), (1, 0));
    assert_eq!(onset.at, Moment(ROWS / 2 * SECOND_NS));
    assert_eq!(answer.rows[1].levels[1], 7.0);
    assert_eq!(answer.settings, [false, false]);
    drawn(
        (&sides(), &Progress::Done),
        (Some(&answer), None),
        |harness| {
            harness.get_by_label_contains("web-1/system.disk.busy rose from 20.5 % to 40.5 %");
            harness.get_by_label_contains("cgroup.new appeared at");
            harness.get_by_label("same 1");
            harness.get_by_label_contains("What is before B, 1.0 times as long as B");
        },
    );
}

#[test]
fn verdicts_and_words_filter_and_what_is_left_is_copied_exactly() {
    let answer = found();
    let actions = drawn(
        (&sides(), &Progress::Done),
        (Some(&answer), None),
        |harness| {
            harness.get_by_label("same 1").click();
            harness.run();
            harness.get_by_label("appeared 1").click();
            harness.run();
            let gone = harness.query_all_by_label_contains("memory.total");
            assert_eq!(gone.count(), 0);
            harness.hover_at(eframe::egui::pos2(300.0, 160.0));
            harness.run();
            harness.event(Event::Copy);
        },
    );
    let Some(Action::Copy(text)) = actions.first() else {
        panic!("{actions:?}");
    };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("verdict\tworse\tkind\tmoved at\tmoved\t"));
    let cells: Vec<&str> = lines[1].split('\t').collect();
    assert_eq!(cells[..3], ["up", "worse", "mean"]);
    let before = answer.rows[0].levels[0].to_string();
    assert!(
        before.len() > 6 && cells.contains(&before.as_str()),
        "{text}"
    );
}

#[test]
fn a_chosen_row_is_looked_at_and_has_its_tabs() {
    let answer = found();
    let wanted = Wanted { row: 0, x: None };
    let closeup = CloseUp::of(&answer, wanted);
    let actions = drawn(
        (&sides(), &Progress::Done),
        (Some(&answer), None),
        |harness| {
            harness.get_by_label_contains("disk.busy rose").click();
            harness.run();
            harness.get_by_label_contains("Reading the samples");
        },
    );
    assert_eq!(actions, [Action::Look(wanted)]);
    let both = (Some(&answer), Some(&closeup));
    let actions = drawn((&sides(), &Progress::Done), both, |harness| {
        harness.get_by_label_contains("disk.busy rose").click();
        harness.run();
        harness.get_by_label_contains("in A and in B, over time");
        harness.get_by_label("Distribution").click();
        harness.run();
        harness.get_by_label("Histograms of A and of B over the same bins");
        harness.get_by_label_contains("A: n = 300, median 20.5 %");
        harness.get_by_label("X-Y").click();
        harness.run();
        harness.get_by_label_contains("Choose the series for the x axis");
        harness.get_by_label("Settings").click();
        harness.run();
        harness.get_by_label("Settings are not recorded on either side.");
        harness.get_by_label("Show").click();
        harness.run();
        harness.get_by_label("Plot").click();
    });
    let key = answer.rows[0].series.key.clone();
    let wanted = [
        Action::Show(span(ROWS / 2, ROWS), key.clone()),
        Action::Plot(vec![key]),
    ];
    assert_eq!(actions, wanted);
}

#[test]
fn columns_sort_either_way_and_back() {
    let answer = found();
    let mut order = order::Order::default();
    order.refresh((&answer, 1));
    assert_eq!(order.rows(), [0, 1, 2]);
    let mut sorted = || {
        order.sort_by(columns::Column::After);
        order.refresh((&answer, 1));
        order.rows().to_vec()
    };
    assert_eq!(sorted(), [2, 1, 0]);
    assert_eq!(sorted(), [0, 1, 2]);
    assert_eq!(sorted(), [0, 1, 2], "as it was at first");
    order.wanted.filter = "memory same".to_owned();
    order.refresh((&answer, 1));
    assert_eq!(order.rows(), [2]);
    order.clear();
    order.wanted.group = Some("Disk");
    order.refresh((&answer, 1));
    assert_eq!(order.rows(), [0]);
}

#[test]
fn a_is_moved_onto_b_by_start_clock_or_by_hand() {
    let mut answer = found();
    let [a, b] = answer.sides.each_ref().map(|it| it.span.from.0);
    let start = overlay::shift_ns(&overlay::Align::Start, 0.0, &answer);
    assert_eq!(a + start, b);
    let by_hand = overlay::shift_ns(&overlay::Align::Start, -2.5, &answer);
    assert_eq!(start - by_hand, 2_500_000_000);
    // Of one day: it stays where it is. A day and a bit later: by a whole day.
    assert_eq!(overlay::shift_ns(&overlay::Align::Clock, 0.0, &answer), 0);
    let day = 86_400 * SECOND_NS;
    answer.sides[1].span.from = Moment(a + day + 70 * SECOND_NS);
    assert_eq!(overlay::shift_ns(&overlay::Align::Clock, 0.0, &answer), day);
    answer.landmarks.push(answer::Landmark {
        name: "deploy".to_owned(),
        at: [Moment(5), Moment(65)],
    });
    let deploy = overlay::Align::Landmark("deploy".to_owned());
    assert_eq!(overlay::shift_ns(&deploy, 0.0, &answer), 60);
}

#[test]
fn what_is_missing_is_said() {
    let none = Sides::default();
    let actions = drawn((&none, &Progress::Idle), (None, None), |harness| {
        harness.get_by_label_contains("Drag over any plot");
        let halves = "Compare the second half with the first";
        harness.get_by_label(halves).click();
        harness.run();
        harness
            .get_by_label("Compare with another session…")
            .click();
    });
    assert_eq!(actions, [Action::Halves, Action::Pick(Which::Before)]);
    let actions = drawn((&sides(), &Progress::Running), (None, None), |harness| {
        harness.get_by_label("Cancel").click();
    });
    assert_eq!(actions, [Action::Cancel]);
    let failed = Progress::Failed(Problem {
        what: "could not compare".to_owned(),
        why: "there are no samples in all but B".to_owned(),
        what_to_do: "choose another baseline".to_owned(),
        sort: Sort::Usage,
    });
    let actions = drawn((&sides(), &failed), (None, None), |harness| {
        harness.get_by_label_contains("there are no samples in all but B");
        harness.get_by_label("Compare again").click();
    });
    assert_eq!(actions, [Action::Again]);
}
