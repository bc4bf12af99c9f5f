//! What is written is read again, what was altered shows, and scores are those of the truth.

use analysis::stats::random::Random;
use expect_test::expect;
use model::time::SECOND_NS;

use super::score::{scores, wilson};
use super::widen::{FACTOR_MOST, factor, widened, widening};
use super::*;
use crate::sample;

fn at(second: usize) -> Moment {
    sample::NOW.plus_ns(second as i64 * SECOND_NS)
}

fn entry(second: usize, metric: &str, [p10, p50, p90]: [f64; 3]) -> Entry {
    Entry {
        plan: "ab-01".to_owned(),
        at: at(second),
        metric: metric.to_owned(),
        unit: "s".to_owned(),
        p10: Some(p10),
        p50: Some(p50),
        p90: Some(p90),
        class: Class::B,
        model: "mva".to_owned(),
        inputs_hash: "0f".to_owned(),
        session: "sha256:00".to_owned(),
    }
}

/// Predictions with outcomes from a generator, as a ledger and its text.
fn ledger(seed: u64, count: usize) -> (Ledger, String) {
    let mut random = Random::new(seed);
    let mut ledger = Ledger::default();
    let mut text = String::new();
    for place in 0..count {
        let second = seed as usize * 1000 + 2 * place;
        let point = 0.1 + random.unit();
        let entry = entry(second, "app.mean", [point * 0.9, point, point * 1.1]);
        let value = point * (1.0 + 0.078 * random.normal());
        let outcome = entry.outcome(value, at(second + 1));
        text += &ledger.add(Record::Prediction(entry)).unwrap();
        text += &ledger.add(Record::Outcome(outcome)).unwrap();
    }
    (ledger, text)
}

#[test]
fn what_is_written_is_read_again() {
    let (ledger, text) = ledger(1, 50);
    let reading = Ledger::read(&text).unwrap();
    assert_eq!(reading.ledger, ledger);
    assert_eq!((reading.faults.len(), reading.tail), (0, Tail::Whole));
    assert_eq!(ledger.text(), text);
    assert_eq!(ledger.head().len(), 64);
    assert_eq!(Ledger::read("").unwrap().ledger, Ledger::default());
}

#[test]
fn the_lines_stay_what_they_are() {
    let mut ledger = Ledger::default();
    let entry = entry(0, "app.p95", [0.1, 0.17, 0.26]);
    let outcome = entry.outcome(0.18, at(1));
    let first = ledger.add(Record::Prediction(entry)).unwrap();
    let second = ledger.add(Record::Outcome(outcome)).unwrap();
    expect![[r#"
        {"v":1,"prev":"","prediction":{"plan":"ab-01","at":"2026-11-24T12:00:00Z","metric":"app.p95","unit":"s","p10":0.1,"p50":0.17,"p90":0.26,"class":"B","model":"mva","inputs_hash":"0f","session":"sha256:00"},"hash":"5b22cd5ea6c75a7cc22b13c7d9b79e3f5ad5dab89e06ee6a0a80477c7dc4d987"}
        {"v":1,"prev":"5b22cd5ea6c75a7cc22b13c7d9b79e3f5ad5dab89e06ee6a0a80477c7dc4d987","outcome":{"of":"e11861601223e70b910fa8dee6c343af6c686ce227da04d4b95386a65864467d","at":"2026-11-24T12:00:01Z","value":0.18,"inside":true,"error":0.055555555555555455,"comparable":true,"session":""},"hash":"5353ffe8e8af57e5b2a74e25405effacbd987b283589d5feaca1de228283ce20"}
    "#]].assert_eq(&(first + &second));
}

#[test]
fn a_torn_tail_is_cut_and_everything_else_kept() {
    let (_, text) = ledger(1, 5);
    for cut in 0..text.len() {
        let reading = Ledger::read(&text[..cut]).unwrap();
        assert_eq!(reading.faults, [], "at {cut}");
        let whole = text[..cut].matches('\n').count();
        match reading.tail {
            Tail::Whole => assert!(cut == 0 || text[..cut].ends_with('\n')),
            Tail::Unended => assert_eq!(reading.ledger.records().len(), whole + 1),
            Tail::Torn(to) => {
                assert_eq!(reading.ledger.records().len(), whole);
                let again = Ledger::read(&text[..to]).unwrap();
                assert_eq!((again.ledger, again.tail), (reading.ledger, Tail::Whole));
            }
        }
    }
}

#[test]
fn every_alteration_shows() {
    let (_, text) = ledger(1, 4);
    for place in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
        let altered = String::from_utf8(bytes).unwrap();
        let reading = Ledger::read(&altered).unwrap();
        let is_told = !reading.faults.is_empty() || reading.tail != Tail::Whole;
        assert!(is_told, "at {place}");
    }
    let lines: Vec<&str> = text.lines().collect();
    for gone in 0..lines.len() - 1 {
        let mut fewer = lines.clone();
        fewer.remove(gone);
        let reading = Ledger::read(&(fewer.join("\n") + "\n")).unwrap();
        assert!(!reading.faults.is_empty(), "line {gone} is gone");
        let mut swapped = lines.clone();
        swapped.swap(gone, gone + 1);
        let reading = Ledger::read(&(swapped.join("\n") + "\n")).unwrap();
        assert!(!reading.faults.is_empty(), "line {gone} is elsewhere");
    }
}

#[test]
fn damaged_lines_are_told_and_the_rest_is_read() {
    let (_, text) = ledger(1, 3);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("\"comparable\":true", "\"comparable\":false");
    lines[3] = "{\"v\":1".to_owned();
    let newer = "{\"v\":2,\"prev\":\"\"";
    lines.push(format!("{newer},\"hash\":\"{}\"}}", document::hash(newer)));
    let reading = Ledger::read(&(lines.join("\n") + "\n")).unwrap();
    let told: Vec<String> = reading.faults.iter().map(Fault::to_string).collect();
    expect![[r#"
        line 2 of the ledger: it was altered: its hash does not hold
        line 4 of the ledger: it does not end with a hash
        line 7 of the ledger: a newer version wrote it (2, this reads 1)
    "#]]
    .assert_eq(&(told.join("\n") + "\n"));
    assert_eq!(reading.ledger.entries().count(), 3);
    assert_eq!(reading.ledger.answered().len(), 1);
}

#[test]
fn only_what_was_said_before_is_taken_and_only_once() {
    let mut ledger = Ledger::default();
    let entry = entry(10, "app.p95", [0.1, 0.17, 0.26]);
    let early = entry.outcome(0.2, at(10));
    let fine = entry.outcome(0.2, at(11));
    let lost = Record::Outcome(fine.clone());
    assert!(matches!(ledger.add(lost), Err(AddError::NoPrediction(_))));
    assert!(ledger.add(Record::Prediction(entry.clone())).is_ok());
    assert_eq!(
        ledger.add(Record::Prediction(entry.clone())),
        Err(AddError::Known)
    );
    assert_eq!(ledger.add(Record::Outcome(early)), Err(AddError::TooEarly));
    assert!(ledger.add(Record::Outcome(fine.clone())).is_ok());
    assert_eq!(ledger.add(Record::Outcome(fine)), Err(AddError::Known));
    let nothing = entry.outcome(f64::NAN, at(12));
    assert_eq!(
        ledger.add(Record::Outcome(nothing)),
        Err(AddError::NotFinite)
    );
    let long = Entry {
        model: "m".repeat(LINE_MAX_BYTES),
        ..entry
    };
    assert!(matches!(
        ledger.add(Record::Prediction(long)),
        Err(AddError::TooLong(_))
    ));
}

#[test]
fn ledgers_of_several_sessions_become_one_without_duplicates() {
    let (a, _) = ledger(1, 10);
    let (b, _) = ledger(2, 10);
    let ab = Ledger::merged(&[&a, &b]);
    assert_eq!(ab.records().len(), 40);
    assert_eq!(ab, Ledger::merged(&[&b, &a, &ab]));
    let reading = Ledger::read(&ab.text()).unwrap();
    assert_eq!((reading.ledger, reading.faults.len()), (ab, 0));
}

#[test]
fn scores_are_those_of_the_truth() {
    // Outcomes scatter so that 80 % lie in the interval.
    let (ledger, _) = ledger(1, 600);
    let all = scores(&ledger);
    assert_eq!(all.len(), 2);
    let score = &all[0];
    let [low, high] = score.coverage_interval();
    assert!(low < 0.8 && 0.8 < high && high - low < 0.07, "{score:?}");
    assert!(
        (score.mean_error() - 0.0625).abs() < 0.01,
        "{}",
        score.mean_error()
    );
    for it in score.calibration() {
        assert!((it.nominal - it.achieved).abs() < 0.05, "{it:?}");
    }
    assert_eq!(score.grade(), Some(grade::Grade::Excellent));
    assert_eq!((all[1].answered, all[1].predicted), (600, 600));
    expect!["mva, class B, mean response time: 482 of 600 outcomes inside intervals of 80 %, which is 80 % (77 to 83 %); mean error 6.2 %"].assert_eq(&score.said());
    let [low, high] = wilson(8, 10);
    assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4);
    assert_eq!(wilson(0, 0), [0.0, 1.0]);
}

#[test]
fn what_is_not_comparable_counts_nowhere() {
    let (mut ledger, _) = ledger(1, 5);
    let entry = entry(9000, "app.mean", [1.0, 1.1, 1.2]);
    let outcome = Outcome {
        comparable: false,
        ..entry.outcome(50.0, at(9001))
    };
    assert!(ledger.add(Record::Prediction(entry)).is_ok());
    assert!(ledger.add(Record::Outcome(outcome)).is_ok());
    let total = scores(&ledger).pop().unwrap();
    assert_eq!((total.predicted, total.answered), (6, 5));
}

#[test]
fn intervals_widen_with_misses_until_four_of_five_hit() {
    // The model's own intervals are this part of what they should be.
    for truth in [0.25, 0.5, 1.0, 2.0] {
        let mut random = Random::new(4);
        let mut seen = Vec::new();
        for _ in 0..3000 {
            let reach = 1.2816 * truth * factor(&seen);
            seen.push(random.normal().abs() <= reach);
        }
        let hits = seen[500..].iter().filter(|it| **it).count() as f64 / 2500.0;
        assert!(hits > 0.78, "{hits} at {truth}");
        assert!(hits < 0.90 || truth > 1.0, "{hits} at {truth}");
    }
}

#[test]
fn the_factor_stays_within_its_bounds_and_returns() {
    assert_eq!(factor(&[true; 100]), 1.0);
    assert_eq!(factor(&[false; 100]), FACTOR_MOST);
    assert!((factor(&[false]) - 0.4_f64.exp()).abs() < 1e-12);
    assert!(factor(&[false, true, true, true, true, true]) == 1.0);
    let mut all = vec![false; 100];
    all.extend([true; 40]);
    assert_eq!(factor(&all), 1.0);
}

#[test]
fn a_model_that_lost_trust_elsewhere_begins_without_it() {
    let mut ledger = Ledger::default();
    for place in 0..3 {
        let entry = entry(2 * place, "shop.mean", [0.9, 1.0, 1.1]);
        let outcome = entry.outcome(3.0, at(2 * place + 1));
        assert!(ledger.add(Record::Prediction(entry)).is_ok());
        assert!(ledger.add(Record::Outcome(outcome)).is_ok());
    }
    let factor = |model, metric, unit| widening(&ledger, model, (metric, unit));
    assert!((factor("mva", "shop.mean", "s") - 1.2_f64.exp()).abs() < 1e-9);
    assert_eq!(
        factor("mva", "other.mean", "s"),
        factor("mva", "shop.mean", "s")
    );
    assert_eq!(factor("mva", "shop.throughput", "{request}/s"), 1.0);
    assert_eq!(factor("usl", "shop.mean", "s"), 1.0);
}

#[test]
fn widened_intervals_hold_the_old_ones_and_their_sign() {
    let plan = sample::checkout();
    let it = widened(&plan.expected[1], 3.0);
    assert!(it.p10 > Some(0.0) && it.p10 < Some(0.12) && it.p90 > Some(0.26));
    assert_eq!(it.p50, Some(0.17));
    assert_eq!(widened(&plan.expected[1], 1.0).p50, Some(0.17));
    assert_eq!(widened(&plan.expected[2], 3.0), plan.expected[2]);
}

#[test]
fn a_plan_goes_into_the_ledger_and_its_validation_after_it() {
    use crate::validate::{Metric, Recording, Sides, validate};
    let mut plan = sample::checkout();
    assert_eq!(entries_of(&plan).len(), 0);
    sample::predict(&mut plan);
    let mut ledger = Ledger::default();
    for entry in entries_of(&plan) {
        assert!(ledger.add(Record::Prediction(entry)).is_ok());
    }
    let side = |level: f64| Recording {
        step_s: 1.0,
        load: 400.0,
        requests: 9000,
        operations: Vec::new(),
        busiest: 0.5,
        metrics: vec![Metric {
            name: "app.throughput".to_owned(),
            unit: Unit::new("{request}/s"),
            polarity: model::catalog::Polarity::HigherIsBetter,
            runs: vec![vec![level; 60]],
            whole: None,
        }],
    };
    let (before, after) = (side(400.0), side(450.0));
    let report = validate(
        &plan,
        &Sides {
            before: &before,
            after: &after,
            relation: analysis::compare::Relation::Adjacent,
        },
    );
    for outcome in outcomes_of(&plan, &report, (at(60), "sha256:after")) {
        assert!(ledger.add(Record::Outcome(outcome)).is_ok());
    }
    let csv = table::csv(&ledger);
    let columns: Vec<Vec<&str>> = csv.lines().map(|it| it.split(',').collect()).collect();
    assert_eq!(columns.len(), 4);
    assert!(columns.iter().all(|it| it.len() == 16), "{csv}");
    expect!["app.throughput {request}/s 410 455 490 A mva-ld m=1.5 0badc0de sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 2026-11-24T12:01:00Z 450 true 0.011111111111111112"].assert_eq(&columns[1][3..].join(" "));
}
