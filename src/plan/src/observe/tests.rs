//! What is found of an application, from series by name.

use model::catalog::{Kind, Polarity};
use model::series::{Series, SeriesKey};
use model::unit::Unit;

use super::*;

fn series(name: &str) -> Series {
    Series {
        key: name.parse::<SeriesKey>().unwrap(),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

fn frame(lines: &[(&str, f64)]) -> Frame {
    let at: Vec<i64> = (0..4).map(|it| it * 1_000_000_000).collect();
    let columns = lines
        .iter()
        .map(|(name, value)| (series(name), vec![*value; 4]))
        .collect();
    Frame::of_table(&at, columns)
}

fn machine(host: &str, cores: f64) -> Machine {
    Machine {
        host: host.to_owned(),
        cores: Some(cores),
        processor: String::new(),
    }
}

#[test]
fn the_service_that_nobody_asks_is_the_application() {
    let frame = frame(&[
        ("a/service.request.throughput{service.name=web}", 10.0),
        ("a/service.request.active{service.name=web}", 2.0),
        ("a/service.request.throughput{service.name=shop}", 30.0),
        ("a/service.request.active{service.name=shop}", 1.0),
        (
            "a/service.request.active{kind=client,peer=shop,service.name=web}",
            1.0,
        ),
        (
            "a/service.request.active{kind=client,peer=bank,service.name=web}",
            0.5,
        ),
        (
            "a/service.request.throughput{operation=GET /,service.name=web}",
            7.0,
        ),
        (
            "a/service.request.throughput{operation=PUT /,service.name=web}",
            3.0,
        ),
        ("a/system.cpu.utilization", 0.5),
        ("a/system.cpu.utilization{state=steal}", 0.01),
    ]);
    let seen = observe(&frame, &Subject::default(), &[machine("a", 4.0)]).unwrap();
    assert_eq!(seen.subject, "web");
    assert_eq!(seen.throughput[0], 10.0);
    assert_eq!(seen.response[0], 0.2);
    let names: Vec<&str> = seen.classes.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["GET /", "PUT /"]);
    let peers: Vec<&str> = seen.calls.iter().map(|it| it.peer.as_str()).collect();
    assert_eq!(peers, ["bank"], "shop is part of the recording itself");
    assert_eq!(seen.resources.len(), 1);
    assert_eq!(seen.resources[0].busy[0], 2.0);
    assert_eq!(seen.resources[0].steal[0], 0.01);
}

#[test]
fn named_groups_have_their_quota_and_leave_the_rest_to_others() {
    let frame = frame(&[
        ("a/x", 10.0),
        ("a/cgroup.cpu.usage{cgroup=/shop}", 0.3),
        ("a/cgroup.cpu.limit{cgroup=/shop}", 0.5),
        ("a/system.cpu.utilization", 0.4),
    ]);
    let subject = Subject {
        throughput: "a/x".to_owned(),
        cpu: vec!["cgroup.cpu.usage{cgroup=/shop}".to_owned()],
        ..Subject::default()
    };
    let seen = observe(&frame, &subject, &[machine("a", 2.0)]).unwrap();
    let cpu = &seen.resources[0];
    assert_eq!((cpu.capacity[0], cpu.busy[0]), (0.5, 0.3));
    assert!((cpu.others[0] - 0.5).abs() < 1e-12);
    assert_eq!(cpu.name, "processors of /shop");
}

#[test]
fn what_is_missing_is_named_with_what_to_record() {
    let frame = frame(&[("a/system.cpu.utilization", 0.4)]);
    let none = observe(&frame, &Subject::default(), &[machine("a", 2.0)]).unwrap_err();
    assert!(none.why.contains("no service told"), "{none}");
    let subject = Subject {
        throughput: "nothing".to_owned(),
        ..Subject::default()
    };
    let none = observe(&frame, &subject, &[machine("a", 2.0)]).unwrap_err();
    assert!(none.why.contains("\"nothing\""), "{none}");
    let subject = Subject {
        throughput: "a/system.cpu.utilization".to_owned(),
        ..Subject::default()
    };
    let none = observe(&frame, &subject, &[]).unwrap_err();
    assert!(none.why.contains("no processors"), "{none}");
}

/// An application that costs 10 ms a request in `/pod/shop`, below a group with a quota,
/// beside a group that does as it likes.
fn held(own_cost_s: f64, quota: f64) -> Observed {
    let at: Vec<i64> = (0..40).map(|it| it * 1_000_000_000).collect();
    let rate = |i: usize| 10.0 + (i / 8) as f64 * 5.0;
    let other = |i: usize| 0.05 + 0.04 * (i % 3) as f64;
    let column = |of: &dyn Fn(usize) -> f64| (0..40).map(of).collect::<Vec<f64>>();
    let columns = [
        ("a/x", column(&rate)),
        (
            "a/cgroup.cpu.usage{cgroup=/pod/shop}",
            column(&|i| own_cost_s * rate(i)),
        ),
        (
            "a/cgroup.cpu.usage{cgroup=/pod}",
            column(&|i| own_cost_s * rate(i) + 0.001),
        ),
        ("a/cgroup.cpu.usage{cgroup=/other}", column(&other)),
        ("a/cgroup.cpu.limit{cgroup=/other}", column(&|_| 0.2)),
        ("a/cgroup.cpu.limit{cgroup=/pod}", column(&|_| quota)),
        (
            "a/system.cpu.utilization",
            column(&|i| (0.01 * rate(i) + other(i)) / 2.0),
        ),
    ];
    let columns = columns.map(|(name, values)| (series(name), values));
    let frame = Frame::of_table(&at, columns.to_vec());
    let subject = Subject {
        throughput: "a/x".to_owned(),
        ..Subject::default()
    };
    observe(&frame, &subject, &[machine("a", 2.0)]).unwrap()
}

#[test]
fn a_group_under_a_quota_that_requests_cost_in_is_the_application_s() {
    let seen = held(0.0095, 0.4);
    let found = "cgroup.cpu.usage{cgroup=/pod/shop}";
    assert_eq!(seen.found_cpu.as_deref(), Some(found));
    assert_eq!(seen.resources[0].groups, ["/pod/shop"]);
    assert_eq!(seen.resources[0].quota[0], 0.4, "that of the group above");
    // Without a quota, or where most of the cost is elsewhere, the whole host is meant.
    for seen in [held(0.0095, f64::NAN), held(0.005, 0.4)] {
        assert_eq!(seen.found_cpu, None);
        assert!(seen.resources[0].groups.is_empty());
    }
}
