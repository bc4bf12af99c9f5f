//! Behavior of the laws on generated hosts.

use model::catalog::{Kind, Polarity};
use model::series::Series;
use model::time::Moment;

use super::*;
use crate::quality::{Input, assess};
use crate::stats::random::Random;

const ROWS: usize = 120;

fn series(name: &str) -> Series {
    Series {
        key: name.parse().unwrap_or_default(),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

/// Series at a level in the first half and at another one in the second.
fn frame(levels: &[(&str, f64, f64)]) -> Frame {
    let at: Vec<i64> = (0..ROWS as i64).map(|row| row * SECOND_NS).collect();
    let lines = levels.iter().map(|(name, first, second)| {
        let values = (0..ROWS).map(|row| if row < ROWS / 2 { *first } else { *second });
        (series(name), values.collect())
    });
    Frame::of_table(&at, lines.collect())
}

/// A name, series at two levels, and the laws that they break.
type Case = (
    &'static str,
    &'static [(&'static str, f64, f64)],
    &'static [&'static str],
);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("a true host", &[
        ("system.cpu.time{cpu=0,state=user}", 0.4, 0.9), ("system.cpu.time{cpu=0,state=system}", 0.1, 0.1),
        ("system.cpu.time{cpu=0,state=idle}", 0.5, 0.01),
        ("system.disk.utilization{device=sda}", 0.5, 1.01),
        ("system.disk.weighted_io_time{device=sda}", 2.0, 4.0),
        ("system.disk.operation_time{device=sda,direction=read}", 1.0, 2.0),
        ("system.disk.operation_time{device=sda,direction=write}", 1.0, 1.8),
        ("system.memory.usage{state=used}", 4e9, 6e9), ("system.memory.usage{state=free}", 4e9, 2e9),
        ("system.memory.limit", 8e9, 8e9), ("system.memory.available", 5e9, 3e9),
        ("system.network.io{device=eth0,direction=receive}", 1.5e6, 6e7),
        ("system.network.packets{device=eth0,direction=receive}", 1e3, 1e3),
        ("process.cpu.utilization{process.name=a,process.pid=1}", 0.5, 1.0)], &[]),
    ("a true service", &[("service.request.throughput{service.name=a}", 50.0, 0.0),
        ("service.request.duration.mean{service.name=a}", 0.04, f64::NAN), ("service.request.active{service.name=a}", 2.0, 0.0)], &[]),
    ("requests that nobody counted", &[("service.request.throughput{service.name=a}", 50.0, 50.0),
        ("service.request.duration.mean{service.name=a}", 0.04, 0.04), ("service.request.active{service.name=a}", 2.0, 4.0)], &["little"]),
    ("a level of a server that is told now and then", &[("service.request.throughput{service.name=a}", 50.0, 50.0),
        ("service.request.duration.mean{service.name=a}", 0.04, 0.04), ("http.server.active_requests{service.name=a}", 2.5, 9.0)], &["little"]),
    ("idle time for storage is counted loosely", &[("system.cpu.time{cpu=0,state=user}", 0.4, 0.9),
        ("system.cpu.time{cpu=0,state=system}", 0.1, 0.1), ("system.cpu.time{cpu=0,state=idle}", 0.5, 0.0),
        ("system.cpu.time{cpu=0,state=iowait}", 0.0, 0.3)], &[]),
    ("some states only", &[("system.cpu.time{cpu=0,state=user}", 0.4, 0.4)], &[]),
    ("time that was not", &[("system.cpu.time{cpu=0,state=user}", 0.4, 0.9),
        ("system.cpu.time{cpu=0,state=system}", 0.1, 0.1), ("system.cpu.time{cpu=0,state=idle}", 0.5, 0.4)], &["processor-states"]),
    ("busy beyond time", &[("system.disk.io_time{device=sda}", 0.5, 1.4)], &["device-busy"]),
    ("a queue without operations", &[("system.disk.weighted_io_time{device=sda}", 2.0, 9.0),
        ("system.disk.operation_time{device=sda,direction=read}", 2.0, 2.0)], &["little"]),
    ("a short queue", &[("system.disk.weighted_io_time{device=sda}", 0.1, 0.4),
        ("system.disk.operation_time{device=sda,direction=read}", 0.0, 0.0)], &[]),
    ("too much memory", &[("system.memory.usage{state=used}", 4e9, 7e9), ("system.memory.usage{state=free}", 4e9, 4e9),
        ("system.memory.limit", 8e9, 8e9)], &["memory-parts"]),
    ("more left than there is", &[("system.memory.available", 4e9, 9e9), ("system.memory.limit", 8e9, 8e9)], &["part"]),
    ("a group over its limit", &[("cgroup.memory.usage{cgroup=/a}", 1e9, 3e9), ("cgroup.memory.limit{cgroup=/a}", 2e9, 2e9)], &["part"]),
    ("packets too large", &[("system.network.io{device=eth0,direction=receive}", 1e6, 1e9),
        ("system.network.packets{device=eth0,direction=receive}", 1e3, 1e3)], &["packet-size"]),
    ("packets too small", &[("system.network.io{device=eth0,direction=receive}", 1e6, 1e3),
        ("system.network.packets{device=eth0,direction=receive}", 1e3, 1e3)], &["packet-size"]),
    ("processes beyond processors", &[("process.cpu.utilization{process.name=a,process.pid=1}", 0.5, 1.5),
        ("process.cpu.utilization{process.name=b,process.pid=2}", 0.5, 1.5)], &["process-time"]),
];

#[test]
fn laws_are_broken_where_they_are_and_nowhere_else() {
    for (case, levels, laws) in CASES {
        let frame = frame(levels);
        let input = LawInput {
            host: "",
            frame: &frame,
            cores: Some(2.0),
            processes: None,
        };
        let broken = check(&input);
        let names: Vec<&str> = broken.iter().map(|it| it.law.name()).collect();
        assert_eq!(names, *laws, "{case}");
        for finding in findings(&broken) {
            assert_eq!(finding.id, finding.own_id(), "{case}");
            assert!(finding.statement.ends_with('.'), "{}", finding.statement);
            assert!(finding.span.from >= Moment(59 * SECOND_NS), "{case}");
        }
    }
}

#[test]
fn totals_of_processes_are_held_against_the_processors() {
    let frame = frame(&[]);
    let span = Span::between(Moment(0), Moment(10 * SECOND_NS));
    for (cpu_seconds, broken) in [(19.0, 0), (20.5, 0), (25.0, 1), (f64::NAN, 0)] {
        let input = LawInput {
            host: "h",
            frame: &frame,
            cores: Some(2.0),
            processes: Some(ProcessTotal { span, cpu_seconds }),
        };
        assert_eq!(check(&input).len(), broken, "{cpu_seconds}");
    }
}

#[test]
fn hostile_numbers_panic_nowhere() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e308] {
        for (_, levels, _) in CASES {
            let levels: Vec<_> = levels.iter().map(|it| (it.0, value, value)).collect();
            let whole = frame(&levels);
            for frame in [whole.slice(0..0), whole.slice(0..1), whole] {
                let input = LawInput {
                    host: "",
                    frame: &frame,
                    cores: None,
                    processes: None,
                };
                findings(&check(&input));
                quality_findings(&QualityInput {
                    quality: &judged(&frame.at, &[]),
                    frame: &frame,
                    clock_error_ns: Some(0),
                });
            }
        }
    }
}

fn judged(at: &[i64], events: &[model::event::Event]) -> crate::quality::Quality {
    assess(&Input {
        host: "web-1",
        span: Span::default(),
        at,
        clocks: &[],
        cadence_ns: Some(SECOND_NS),
        counters: &[],
        steal: None,
        events,
    })
}

fn kinds(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|it| it.kind.as_str()).collect()
}

#[test]
fn doubts_are_told_once_a_sort_and_the_worst_first() {
    let at: Vec<i64> = (0..200)
        .filter(|row| !(50..70).contains(row) && *row != 100)
        .map(|row| row * SECOND_NS)
        .collect();
    let slept = model::event::Event {
        at: Moment(150 * SECOND_NS),
        kind: model::event::EventKind::Suspended,
        subject: String::new(),
        before: String::new(),
        after: String::new(),
        text: "slept for 3 s".to_owned(),
    };
    let quality = judged(&at, &[slept]);
    let frame = Frame::of_table(&at, Vec::new());
    let findings = quality_findings(&QualityInput {
        quality: &quality,
        frame: &frame,
        clock_error_ns: Some(2 * SECOND_NS),
    });
    assert_eq!(
        kinds(&findings),
        ["gap", "coverage", "clock-error", "suspended"]
    );
    assert_eq!(
        findings[0].statement,
        "On web-1: samples are missing twice, 23 s in all; what happened then is not known, \
         and is drawn as a gap."
    );
    assert!(findings.iter().all(|it| it.id == it.own_id()));
}

#[test]
fn series_that_stop_or_repeat_another_are_told() {
    let mut random = Random::new(1);
    let noise: Vec<f64> = (0..ROWS).map(|_| random.unit()).collect();
    let mut stopped: Vec<f64> = (0..ROWS).map(|_| random.unit()).collect();
    let last = stopped[60];
    stopped[60..].fill(last);
    let mut idle = noise.clone();
    idle[50..].fill(0.0);
    let counts: Vec<f64> = (0..ROWS).map(|row| (row / 50) as f64 + 2.0).collect();
    let at: Vec<i64> = (0..ROWS as i64).map(|row| row * SECOND_NS).collect();
    let columns = [
        ("noise", noise.clone()),
        ("stopped", stopped),
        ("again", noise),
        ("idle", idle),
        ("seldom", counts.clone()),
        ("seldom too", counts),
    ];
    let columns = columns.map(|(name, values)| (series(name), values));
    let frame = Frame::of_table(&at, columns.to_vec());
    let findings = quality_findings(&QualityInput {
        quality: &judged(&at, &[]),
        frame: &frame,
        clock_error_ns: None,
    });
    assert_eq!(kinds(&findings), ["stuck", "same-values"]);
    assert_eq!(findings[0].series, ["stopped"]);
    assert_eq!(findings[1].series, ["noise", "again"]);
}

#[test]
fn one_law_broken_by_many_is_one_finding() {
    let names: Vec<String> = (0..8)
        .map(|disk| format!("system.disk.io_time{{device=sd{disk}}}"))
        .collect();
    let levels: Vec<(&str, f64, f64)> = names.iter().map(|it| (it.as_str(), 0.5, 1.8)).collect();
    let frame = frame(&levels);
    let broken = check(&LawInput {
        host: "",
        frame: &frame,
        cores: None,
        processes: None,
    });
    assert_eq!(broken.len(), names.len());
    let found = findings(&broken);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].series, names);
    assert_eq!(found[0].supports.len(), names.len());
    assert!(
        found[0]
            .statement
            .ends_with("The same of 7 more: sd1, sd2, sd3, sd4, …."),
        "{}",
        found[0].statement
    );
}
