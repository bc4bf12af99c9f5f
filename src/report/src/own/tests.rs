//! Figures by example.

use model::time::{Moment, SECOND_NS, Span};

use super::*;

fn coverage() -> Coverage {
    Coverage {
        host: "web-1".to_owned(),
        span: Span {
            from: Moment(0),
            to: Moment(100 * SECOND_NS),
        },
        expected: 100,
        present: 97,
        share: 0.97,
        cadence_ns: SECOND_NS,
        jitter_p99_ns: 2_000_000,
        gaps: 1,
        longest_gap_ns: 4 * SECOND_NS,
    }
}

fn lines(block: &Block) -> Vec<String> {
    let figures = block.figures.iter().map(|it| {
        let value = it.unit.text(it.value);
        format!(
            "{} [{}] {}: {value}. {}",
            it.key, it.about, it.name, it.sentence
        )
    });
    figures
        .chain(block.lacks.iter().map(|it| format!("! {it}")))
        .collect()
}

#[test]
fn collection_has_quality_and_cost_of_each_host() {
    let sampled = Collected {
        coverage: Some(coverage()),
        cpu: vec![0.01, 0.02, f64::NAN],
        cpu_limit: vec![0.01, 0.01],
        memory_bytes: vec![8e6, 9e6],
        late_s: vec![0.001; 100],
        reading_s: vec![0.002; 100],
        lost: vec![0.0, 0.5],
        steps: vec![0.0, 0.0, 0.0, 2.0],
        clock_error_s: None,
    };
    let imported = Collected {
        coverage: Some(coverage()),
        ..Collected::default()
    };
    let block = collection(&[
        ("web-1".to_owned(), sampled),
        ("table".to_owned(), imported),
        ("none".to_owned(), Collected::default()),
    ]);
    expect_test::expect_file!["collection.txt"].assert_eq(&lines(&block).join("\n"));
    assert!(block.figures.iter().all(|it| it.value.is_finite()));
    assert!(block.figures.iter().all(|it| it.sentence.ends_with('.')));
}

#[test]
fn analysis_claims_no_accuracy_that_was_not_measured() {
    let took = |what: &str, ns| Took {
        what: what.to_owned(),
        ns,
    };
    let right = Right {
        part: 8,
        whole: 10,
        interval: (0.49, 0.94),
        kymo: "0.1.0".to_owned(),
        false_alarms_per_day: Some(2.0),
    };
    let times = [took("quality", 250_000_000), took("anomaly", 750_000_000)];
    let known = analysis(&times, Some(&right));
    let keys: Vec<&str> = known.figures.iter().map(|it| it.key).collect();
    let wanted = [
        "accuracy",
        "false-alarms",
        "analysis-time",
        "analysis-time",
        "analysis-time",
    ];
    assert_eq!(keys, wanted);
    assert_eq!(known.figures[0].interval, Some([0.49, 0.94]));
    assert_eq!(known.figures[2].value, 1.0);
    let unknown = analysis(&[], None);
    assert!(unknown.figures.is_empty());
    assert_eq!(unknown.lacks.len(), 2);
}

#[test]
fn optimization_tells_the_coverage_once_there_are_outcomes() {
    assert_eq!(optimization(&[]).lacks, ["Nothing was predicted yet."]);
    let scores = plan::ledger::score::scores(&plan::ledger::Ledger::default());
    assert!(optimization(&scores).figures.is_empty());
}

#[test]
fn numbers_in_words_are_told_from_names_and_moments() {
    for (text, count) in [
        ("12 of 40 requests failed, 3.5 % more", 3),
        ("web-1 and sda2 at 2026-01-31T12:00:00Z", 0),
        ("", 0),
    ] {
        assert_eq!(numerals(text), count, "{text}");
    }
}
