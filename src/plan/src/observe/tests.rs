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
