//! What an explanation promises, on made systems.

use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::time::SECOND_NS;
use model::unit::Unit;

use super::*;
use crate::bottleneck::{self, Culprit, Judgment, Outcome, Resource, Who};
use crate::stats::random::Random;

/// A table with one row a second, as a foreign file gives it.
pub(crate) fn table(columns: Vec<(&str, Vec<f64>)>) -> Frame {
    let rows = columns.first().map_or(0, |it| it.1.len());
    let at: Vec<i64> = (0..rows as i64).map(|it| it * SECOND_NS).collect();
    let series = |name: &str| Series {
        key: SeriesKey::new("", name, []),
        unit: Unit::new("{value}"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    };
    let columns = columns.into_iter();
    let mut frame = Frame::of_table(
        &at,
        columns.clone().map(|it| (series(it.0), it.1)).collect(),
    );
    for (line, (name, _)) in frame.lines.iter_mut().zip(columns) {
        line.name = name.to_owned();
    }
    frame
}

const SERVICES: [&str; 4] = ["front", "orders", "cart", "store"];
const MEASURES: [&str; 4] = ["cpu", "memory", "network_bytes", "latency"];
const FAULT: usize = 400;

/// Four services with four measures each; `faults` add (series, from, to, size) in
/// standard deviations.
fn system(rows: usize, seed: u64, faults: &[(&str, usize, usize, f64)]) -> Frame {
    let mut random = Random::new(seed);
    let names: Vec<String> = SERVICES
        .iter()
        .flat_map(|service| {
            MEASURES
                .iter()
                .map(move |measure| format!("{service}:{measure}"))
        })
        .collect();
    let columns = names.iter().map(|name| {
        let mut last = 0.0;
        let values = (0..rows).map(|row| {
            last = 0.6 * last + 0.8 * random.normal();
            let hit = faults.iter().filter(|it| it.0 == name);
            let hit = hit.filter(|it| (it.1..it.2).contains(&row));
            100.0 + last + hit.map(|it| it.3).sum::<f64>()
        });
        (name.as_str(), values.collect())
    });
    table(columns.collect())
}

const HIT: [(&str, usize, usize, f64); 6] = [
    ("orders:cpu", FAULT, 500, 60.0),
    ("orders:network_bytes", FAULT + 1, 500, -25.0),
    ("orders:latency", FAULT + 1, 500, 80.0),
    ("front:latency", FAULT + 6, 500, 70.0),
    ("front:cpu", FAULT + 6, 500, -12.0),
    ("cart:latency", FAULT + 8, 500, 9.0),
];

#[test]
fn the_part_that_moved_first_and_most_is_named_with_and_without_the_row() {
    let frame = system(600, 1, &HIT);
    let graph = Graph::of([("front", "orders"), ("orders", "store"), ("front", "cart")]);
    let symptom = frame.find("front:latency");
    for onset in [Some(FAULT), Some(FAULT + 20), None] {
        for symptom in [None, symptom] {
            let request = Request {
                onset,
                symptom,
                graph: graph.clone(),
                ..Request::default()
            };
            let found = explain(&frame, &request);
            let best = &found.candidates[0];
            assert_eq!(best.series, "orders:cpu", "{onset:?} {symptom:?}");
            assert!(found.onset.unwrap().abs_diff(onset.unwrap_or(FAULT)) <= 6);
            assert!(best.onset_row.abs_diff(FAULT) <= 2, "{best:?}");
            assert!(found.window.end.abs_diff(500) <= 3, "{:?}", found.window);
            assert!(found.explained > 0.5, "{}", found.explained);
            for candidate in &found.candidates {
                assert!(!candidate.supports.is_empty() && !candidate.against.is_empty());
                assert!((0.0..=1.0).contains(&candidate.score));
            }
            let said = findings(&frame, &found, &[]);
            assert_eq!(said[0].own_id(), said[0].id);
            assert!(
                said[0].statement.contains("likely cause"),
                "{}",
                said[0].statement
            );
        }
    }
}

#[test]
fn undisturbed_systems_have_no_onset() {
    for seed in 0..20 {
        let found = explain(&system(900, seed, &[]), &Request::default());
        assert_eq!(found.onset, None, "{seed}");
        assert!(found.candidates.is_empty());
        assert!(findings(&system(20, seed, &[]), &found, &[]).is_empty());
    }
}

#[test]
fn of_two_disturbances_the_last_is_explained() {
    let faults = [
        ("cart:cpu", 100, 160, 50.0),
        ("cart:memory", 100, 160, 50.0),
        ("cart:latency", 100, 160, 50.0),
        ("store:cpu", 400, 460, 40.0),
        ("store:memory", 400, 460, 40.0),
        ("store:latency", 400, 460, 40.0),
    ];
    let found = explain(&system(600, 3, &faults), &Request::default());
    assert_eq!(found.candidates[0].part, "store");
    assert!(found.onset.unwrap().abs_diff(400) <= 3, "{:?}", found.onset);
}

#[test]
fn clocks_that_may_be_off_say_nothing_about_order() {
    let faults = [("orders:cpu", 300, 400, 40.0), ("cart:cpu", 304, 400, 40.0)];
    let mut frame = system(500, 5, &faults);
    let cart = frame.find("cart:cpu").unwrap();
    frame.lines[cart].series.key.host = "another".to_owned();
    for (error_ns, late) in [(0, true), (5 * SECOND_NS, false)] {
        let request = Request {
            onset: Some(300),
            clock_error_ns: vec![error_ns; frame.lines.len()],
            ..Request::default()
        };
        let found = explain(&frame, &request);
        let cart = found.candidates.iter().find(|it| it.line == cart).unwrap();
        let said = cart
            .against
            .iter()
            .any(|it| it.contains("after orders:cpu"));
        assert_eq!(said, late, "{:?}", cart.against);
    }
}

#[test]
fn what_limited_meanwhile_comes_before_its_effects() {
    let faults = [
        ("orders:memory_used", 300, 400, 30.0),
        ("orders:disk_io", 300, 400, 60.0),
    ];
    let columns = faults.iter().map(|(name, from, to, by)| {
        let mut random = Random::new(*by as u64);
        let values = (0..500).map(|row| {
            let hit = if (*from..*to).contains(&row) {
                *by
            } else {
                0.0
            };
            100.0 + random.normal() + hit
        });
        (*name, values.collect::<Vec<f64>>())
    });
    let frame = table(columns.collect());
    for (limiting, first) in [
        (Vec::new(), "orders:disk_io"),
        (
            vec![Limiting {
                host: String::new(),
                class: Class::Memory,
                title: "memory".to_owned(),
            }],
            "orders:memory_used",
        ),
    ] {
        let known = !limiting.is_empty();
        let request = Request {
            onset: Some(300),
            limiting,
            ..Request::default()
        };
        let best = &explain(&frame, &request).candidates[0];
        assert_eq!(best.series, first);
        assert_eq!(
            best.supports
                .contains(&"memory limited meanwhile".to_owned()),
            known
        );
    }
}

#[test]
fn odd_inputs_give_answers() {
    let nan = f64::NAN;
    let tables: [Vec<(&str, Vec<f64>)>; 6] = [
        vec![],
        vec![("a", vec![])],
        vec![("a", vec![1.0])],
        vec![("a:x", vec![nan; 50]), ("a:y", vec![3.0; 50])],
        vec![("a", vec![f64::INFINITY; 50]), ("b", vec![1e308; 50])],
        vec![("a", (0..50).map(|it| [1e308, -1e308][it % 2]).collect())],
    ];
    for columns in tables {
        let frame = table(columns);
        for row in [None, Some(0), Some(25), Some(49), Some(1000)] {
            let request = Request {
                onset: row,
                symptom: Some(0),
                graph: Graph::of([("a", "b"), ("b", "a")]),
                clock_error_ns: vec![i64::MAX; 1],
                limiting: Vec::new(),
            };
            let found = explain(&frame, &request);
            assert!(found.candidates.iter().all(|it| it.score.is_finite()));
            assert!(found.explained.is_finite());
        }
    }
}

#[test]
fn one_disturbance_is_one_finding_that_names_who_made_the_load() {
    let frame = system(600, 1, &HIT);
    let found = explain(&frame, &Request::default());
    let said = findings(&frame, &found, &[]);
    assert_eq!(said.len(), 1);
    let parts = ["orders:cpu", "front:latency"];
    assert_eq!(&said[0].series[..2], &parts, "{:?}", said[0].series);
    assert_eq!(said[0].places, [frame.span_of(found.window.clone())]);
    for (resource, agreed) in [(Resource::Cpu, true), (Resource::Network, false)] {
        let mut finding = said[0].clone();
        let outcome = limited(resource);
        agree(&mut finding, (&frame, &found), &outcome);
        let named = finding.statement.contains("and mill (7) made 80 %");
        assert_eq!(named, agreed, "{}", finding.statement);
        let mut against = finding.against.iter();
        let other = against.any(|it| it.contains("none of the first candidates"));
        assert_eq!(other, !agreed, "{:?}", finding.against);
        assert_eq!(finding.own_id(), said[0].id);
    }
}

/// What limits a host whose process `mill` makes most of the load.
fn limited(resource: Resource) -> Outcome {
    let mut outcome = bottleneck::assess(&[], &bottleneck::Request::default());
    outcome.verdict = Some(resource);
    outcome.resources.push(Judgment {
        resource,
        host: String::new(),
        part: String::new(),
        utilization: 1.0,
        saturation: f64::NAN,
        saturation_name: "",
        saturation_unit: "1",
        errors: f64::NAN,
        score: 0.9,
        limited_seconds: 60.0,
        limited_between: (50.0, 70.0),
        share: None,
        lag: None,
        supports: Vec::new(),
        against: Vec::new(),
        culprits: vec![Culprit {
            who: Who::Process {
                name: "mill".to_owned(),
                pid: 7,
                count: 1,
            },
            share: 0.8,
        }],
        coverage: 1.0,
    });
    outcome
}
