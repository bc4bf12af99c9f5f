//! Texts in, plans or reasons out; plans in, the same plans out of their texts.

use analysis::stats::random::Random;
use expect_test::{expect, expect_file};
use model::plan::action::Kind;
use model::plan::check;

use super::*;
use crate::sample;

#[test]
fn examples_are_plans_without_fault_and_the_same_after_writing() {
    for (name, example) in sample::EXAMPLES {
        let plan = parse(example).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(check::faults(&plan), [], "{name}");
        let written = text(&plan).unwrap();
        assert_eq!(parse(&written).as_ref(), Ok(&plan), "{name}:\n{written}");
        assert_eq!(text(&parse(&written).unwrap()).unwrap(), written, "{name}");
    }
}

#[test]
fn random_plans_are_the_same_after_writing() {
    let mut random = Random::new(11);
    for round in 0..400 {
        let plan = sample::random_plan(&mut random);
        let written = text(&plan).unwrap();
        match parse(&written) {
            Ok(read) => assert_eq!(read, plan, "{round}:\n{written}"),
            Err(error) => panic!("{round}: {error}\n{written}"),
        }
        let mandate = mandate_text(&plan).unwrap();
        assert_eq!(parse_mandate(&mandate), Ok(plan.mandate()), "{mandate}");
        let plain: Result<Mandate, _> = ron::from_str(&mandate);
        assert_eq!(plain, Ok(plan.mandate()), "{mandate}");
    }
}

/// The canonical text of schema 1, with every kind: a change here is a change of the
/// schema, or breaks every approval that was given.
#[test]
fn the_canonical_text_stays_what_it_is() {
    let mut plan = sample::checkout();
    let kinds: Vec<Kind> = crate::edit::TEMPLATES
        .iter()
        .map(|it| (it.make)())
        .collect();
    for (place, kind) in kinds.into_iter().enumerate() {
        let id = format!("b{place}");
        plan.actions
            .push(model::plan::action::Action::new(&id, kind));
    }
    let written = text(&plan).unwrap();
    expect_file!["../../fixtures/schema-1.ron"].assert_eq(&written);
    let golden = include_str!("../../fixtures/schema-1.ron");
    assert_eq!(parse(golden), Ok(plan));
    let plan = sample::checkout();
    assert_eq!(
        hash("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    expect!["b75ada5311032f92b366f8cc16eb06b532cbf10b573065fddf0761a2e0ce8cdf"]
        .assert_eq(&mandate_hash(&plan));
}

#[test]
fn the_hash_is_of_what_is_carried_out_and_of_nothing_else() {
    let plan = sample::checkout();
    let hash = mandate_hash(&plan);
    let mut other = plan.clone();
    other.title = "another".to_owned();
    other.revision += 1;
    other.expected.clear();
    other.state = model::plan::State::Approved;
    assert_eq!(mandate_hash(&other), hash);
    for change in [
        (|it: &mut Plan| it.guardrails[0].for_s = 6.0) as fn(&mut Plan),
        |it| it.actions.swap(0, 1),
        |it| it.baseline.host.push('x'),
        |it| it.rollback.deadline_s += 1.0,
        |it| it.id.push('0'),
    ] {
        let mut other = plan.clone();
        change(&mut other);
        assert_ne!(mandate_hash(&other), hash);
    }
}

/// What is wrong with the first example after one replacement.
fn wrong(from: &str, to: &str) -> String {
    let example = sample::EXAMPLES[0].1;
    assert!(example.contains(from), "{from}");
    let error = parse(&example.replacen(from, to, 1)).unwrap_err();
    format!("{error}. Try: {}", error.next())
}

#[test]
fn wrong_texts_are_told_with_their_place_and_what_to_try() {
    let cases = [
        ("quota_us", "quota"),
        ("CpuMax(", "CpuMx("),
        ("settle_s: 20", "setle_s: 20"),
        ("schema: 1,", ""),
        ("title: \"halve p95 of checkout\"", "title: 5"),
        ("quota_us: 150000", "quota_us: 150000.5"),
        ("\"2026-11-23T10:00:00Z\"", "\"soon\""),
        ("scope: Runtime,", "scope: Runtime"),
        ("schema: 1,", "schema: 2, fresh: {1: (a: \"x\")},"),
        ("halve p95", "halve\u{202e} p95"),
        ("halve p95", "halve\\u{202e} p95"),
        ("// A limit", "// A \u{7}limit"),
        ("revision: 7", "revision: 7, revision: 8"),
    ];
    let told: String = cases
        .iter()
        .map(|(from, to)| format!("{}\n", wrong(from, to)))
        .collect();
    expect![[r#"
        line 10, column 51: CpuMax has no field "quota". Try: did you mean quota_us? It may be one of cgroup, quota_us, period_us
        line 10, column 22: Kind has no choice "CpuMx". Try: did you mean CpuMax? It may be one of CpuMax, CpuWeight, Cpuset, MemoryMax, IoMax, IoScheduler, Nice, Affinity, Sysctl, AppConfig, PoolSize, RateLimit, CacheSize, Replicas, ServiceRestart, WorkloadHint, LoadChange, MixChange, HardwareChange, BatchShift
        line 12, column 25: Action has no field "setle_s". Try: did you mean settle_s? It may be one of id, kind, scope, precondition, inverse, after, settle_s, execute, cost, note
        line 34, column 1: Plan needs schema. Try: add schema: …
        line 3, column 36: want text in double quotes. Try: write it as "…"
        line 10, column 67: a comma is missing, or a value has more than one part. Try: put a comma between the fields
        line 3, column 100: not a time: "soon" (want 2026-01-31T12:00:00Z or Unix seconds). Try: write the value as it is wanted
        line 11, column 6: a comma is missing, or a value has more than one part. Try: put a comma between the fields
        the plan's schema 2 is newer than 1, the newest this build reads. Try: open it with the newer version of Kymo
        line 3, column 43: the character U+202E cannot be seen or makes text look like another. Try: delete it and write the text again by hand
        a text: the character U+202E cannot be seen or makes text look like another. Try: delete it and write the text again by hand
        line 1, column 6: the character U+0007 cannot be seen or makes text look like another. Try: delete it and write the text again by hand
        line 33, column 30: Plan has revision twice. Try: delete one of them
    "#]].assert_eq(&told);
}

#[test]
fn hostile_texts_are_refused_before_they_cost_anything() {
    let large = "(".repeat(TEXT_MAX_BYTES + 1);
    assert!(matches!(parse(&large), Err(ParseError::TooLarge { .. })));
    for bracket in ["(", "[", "{"] {
        let deep = bracket.repeat(17);
        let at = Position {
            line: 1,
            column: 17,
        };
        assert_eq!(parse(&deep), Err(ParseError::TooDeep { at }));
    }
    let quoted = format!("(title: \"{}\")", "(".repeat(40));
    assert!(matches!(parse(&quoted), Err(ParseError::Unclear { .. })));
    let comment = format!(
        "/* {} /* ( */ ( */ // {}\n()",
        "[".repeat(40),
        "(".repeat(40)
    );
    assert!(matches!(parse(&comment), Err(ParseError::Unclear { .. })));
    let raw = format!("r##\"{}\"# {}\"##", "(".repeat(20), "(".repeat(20));
    assert!(matches!(parse(&raw), Err(ParseError::Unclear { .. })));
    let character = format!("{}'('", "'\\''".repeat(20));
    assert!(matches!(parse(&character), Err(ParseError::Unclear { .. })));
}

#[test]
fn damaged_examples_never_panic() {
    let mut random = Random::new(5);
    for (_, example) in sample::EXAMPLES {
        for _ in 0..150 {
            let mut letters: Vec<char> = example.chars().collect();
            for _ in 0..=random.below(3) {
                let at = random.below(letters.len());
                match random.below(3) {
                    0 => letters[at] = ['(', ')', '"', ',', '\'', '/', 'r', '0'][random.below(8)],
                    1 => drop(letters.remove(at)),
                    _ => letters.truncate(at.max(1)),
                }
            }
            let damaged: String = letters.into_iter().collect();
            if let Ok(plan) = parse(&damaged) {
                check::faults(&plan);
            }
        }
    }
}
