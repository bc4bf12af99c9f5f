//! The shipped sessions open, verify, name no machine, and show what their README says.

use std::path::PathBuf;

use model::finding::{Analysis, Finding};
use model::series::SeriesKey;
use model::time::{SECOND_NS, Span};
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::stored::Stored;

use crate::layers::root;

/// Largest example, so that a clone stays small.
const SIZE_MAX_BYTES: u64 = 3 << 20;

/// The examples that the README lists, as `* `name.kymo`: what`.
fn listed() -> Vec<(String, PathBuf)> {
    let folder = root().join("sessions");
    let text = std::fs::read_to_string(folder.join("README.md")).expect("a list");
    let names = text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("* `")?.split_once("`: ")?;
        Some((name.to_owned(), folder.join(name)))
    });
    names.collect()
}

fn open(name: &str) -> Stored {
    let path = root().join("sessions").join(name);
    let (stored, warnings) = Stored::open(&path, &Context::default()).expect(name);
    assert!(warnings.is_empty(), "{name}: {warnings:?}");
    stored
}

/// Mean of a series between two seconds of an example.
fn mean(stored: &Stored, series: &str, (from, to): (i64, i64)) -> f64 {
    let key: SeriesKey = series.parse().expect("a name");
    let start = stored.span().from;
    let span = Span {
        from: start.plus_ns(from * SECOND_NS),
        to: start.plus_ns(to * SECOND_NS),
    };
    let column = stored.column(&key, Some(span)).expect(series);
    analysis::summary::of(&column.values).mean
}

#[test]
fn every_example_is_small_whole_and_anonymous() {
    let examples = listed();
    assert!(examples.len() >= 4, "{examples:?}");
    for (name, path) in examples {
        let bytes = std::fs::metadata(&path).expect("it is there").len();
        assert!(bytes <= SIZE_MAX_BYTES, "{name} has {bytes} bytes");
        let verified = workflow::tables::verify(&path, &Context::default()).expect(&name);
        assert!(
            verified.problems.is_empty(),
            "{name}: {:?}",
            verified.problems
        );
        let stored = open(&name);
        assert!(stored.span().seconds() > 90.0, "{name}");
        let hosts: Vec<&str> = stored.hosts().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(hosts, ["demo"], "{name}");
        let uses = stored.process_use("demo", stored.span()).expect(&name);
        for process in uses.iter() {
            for strange in ["/root", "/home", "/work/", " /tmp"] {
                assert!(
                    !process.command.contains(strange),
                    "{name}: {}",
                    process.command
                );
            }
        }
        for (key, value) in stored.settings("demo") {
            assert!(
                !value.contains("/root") && !value.contains("/home"),
                "{name}: {key}"
            );
        }
    }
}

#[test]
fn examples_show_what_was_done() {
    const CPU: &str = "demo/system.cpu.utilization";
    let quiet = open("quiet.kymo");
    assert!(
        mean(&quiet, CPU, (5, 95)) < 0.15,
        "{}",
        mean(&quiet, CPU, (5, 95))
    );
    let hog = open("cpu-hog.kymo");
    assert!(mean(&hog, CPU, (5, 25)) < 0.3 && mean(&hog, CPU, (35, 65)) > 0.9);
    let leak = open("memory-leak.kymo");
    let used = "demo/system.memory.utilization";
    let grown = mean(&leak, used, (60, 68)) - mean(&leak, used, (5, 15));
    assert!(grown > 0.03, "{grown}");
    let steady = open("steady.kymo");
    let (first, second) = (mean(&steady, CPU, (5, 50)), mean(&steady, CPU, (50, 95)));
    assert!((first - second).abs() < 0.02, "{first} and {second}");
    let refaults = open("memory-refaults.kymo");
    let pressure = "demo/system.pressure.share{kind=some,resource=memory}";
    assert!(mean(&refaults, pressure, (5, 25)) < 0.01);
    assert!(mean(&refaults, pressure, (35, 65)) > 0.05);
    let disk = open("disk-saturation.kymo");
    let busiest = disk
        .series()
        .iter()
        .filter(|series| series.key.metric == "system.disk.utilization")
        .map(|series| mean(&disk, &series.key.to_string(), (35, 65)))
        .fold(0.0, f64::max);
    assert!(busiest > 0.5, "{busiest}");
    let throttled = open("cpu-throttling.kymo");
    let share = "demo/cgroup.cpu.throttled_share{cgroup=/shop}";
    assert!(mean(&throttled, share, (35, 65)) > 0.8);
}

/// Every finding of an example.
fn found(name: &str) -> Vec<Finding> {
    let context = Context::default();
    let input = Input::of_stored(&open(name), None, &context).expect(name);
    workflow::findings::all(&input, &context).expect(name)
}

#[test]
fn disturbances_are_explained_and_undisturbed_examples_are_not() {
    let explained = |name: &str| {
        let all = found(name);
        let mut all = all.into_iter();
        all.find(|it| it.analysis == Analysis::Explain)
    };
    for quiet in ["quiet.kymo", "steady.kymo"] {
        assert_eq!(explained(quiet), None, "{quiet}");
    }
    let cases = [
        ("cpu-hog.kymo", "processor", "stress-ng-cpu"),
        ("cpu-throttling.kymo", "processor", "control group /shop"),
        (
            "disk-saturation.kymo",
            "disk",
            "The disk vda of demo limited",
        ),
        ("memory-leak.kymo", "memory", "field=anon"),
    ];
    for (name, kind, named) in cases {
        let finding = explained(name).expect(name);
        let text = format!("{}\n{}", finding.statement, finding.supports.join("\n"));
        assert!(
            finding.kind == kind && text.contains(named),
            "{name}: {text}"
        );
        assert_eq!(finding.own_id(), finding.id);
        assert!(!finding.against.is_empty(), "{name}");
    }
}

#[test]
fn a_proxy_that_names_no_address_leads_to_the_service_whose_requests_agree() {
    let stored = open("shop.kymo");
    let found = workflow::services::look(&stored, None, &Context::default()).expect("services");
    let told = found.edges.iter().map(|it| {
        let evidence = it.evidence.map(analysis::services::Evidence::name);
        (it.caller.as_str(), it.callee.as_str(), evidence)
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            ("nginx", "shop", Some("agreement")),
            ("shop", "postgresql", None),
            ("shop", "pricing", None),
        ]
    );
}

/// The help and the list of kinds know every finding that the examples give.
#[test]
fn every_kind_that_the_examples_give_is_listed() {
    let known = analysis::kinds::all();
    for (name, _) in listed() {
        for finding in found(&name) {
            let kind = (finding.analysis, finding.kind.as_str());
            assert!(known.contains(&kind), "{name}: {kind:?}");
        }
    }
}

#[test]
fn what_changed_at_one_moment_is_one_finding() {
    let all = found("cpu-hog.kymo");
    let changes = all.iter().filter(|it| it.analysis == Analysis::Change);
    let (mut count, mut series) = (0, 0);
    for change in changes {
        count += 1;
        series += change.series.len();
    }
    assert!(
        count <= 12 && series >= 20,
        "{count} findings of {series} series"
    );
    let throttled = "demo/cgroup.cpu.throttled_time{cgroup=/shop}";
    let held = found("cpu-throttling.kymo");
    let mut held = held.iter().filter(|it| {
        it.analysis == Analysis::Change && it.series.iter().any(|name| name == throttled)
    });
    assert!(held.all(|it| it.stretch().seconds() < 60.0));
}
