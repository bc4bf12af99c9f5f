//! Behavior of the bottleneck analysis on generated hosts.

use model::catalog::{self, Kind, Polarity};
use model::process::ProcessId;
use model::series::Series;
use model::time::{Moment, SECOND_NS};
use model::unit::Unit;

use super::*;
use crate::stats::random::Random;

const ROWS: usize = 120;
/// The disturbance of most cases, in rows.
const BAD: Range<usize> = 60..90;

/// One series: its name, its level in good rows and its level in bad ones.
type Level = (&'static str, f64, f64);

fn frame(levels: &[Level], rows: usize, bad: Range<usize>) -> Frame {
    let mut random = Random::new(3);
    let lines = levels.iter().map(|(name, good, level)| {
        let values = (0..rows)
            .map(|row| {
                let level = if bad.contains(&row) { level } else { good };
                // A little noise, but never beyond what a share can be.
                level * (1.0 - 0.01 * random.unit())
            })
            .collect();
        (series(name), values)
    });
    let at: Vec<i64> = (0..rows as i64).map(|row| row * SECOND_NS).collect();
    Frame::of_table(&at, lines.collect())
}

fn series(name: &str) -> Series {
    Series {
        key: name.parse().unwrap_or_default(),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    }
}

fn judged(frame: &Frame, request: &Request<'_>) -> Outcome {
    assess(
        &[HostInput {
            host: "",
            frame,
            cores: Some(4.0),
            files: &[],
            uses: &|_| Vec::new(),
        }],
        request,
    )
}

/// A quiet host of the new world: pressure stall information and control groups.
#[rustfmt::skip]
const QUIET: &[Level] = &[
    ("system.cpu.utilization", 0.2, 0.2),
    ("system.pressure.share{kind=some,resource=cpu}", 0.01, 0.01),
    ("system.pressure.share{kind=some,resource=memory}", 0.0, 0.0),
    ("system.pressure.share{kind=some,resource=io}", 0.01, 0.01),
    ("system.process.running", 2.0, 2.0),
    ("system.process.blocked", 0.0, 0.0),
    ("system.memory.utilization", 0.5, 0.5),
    ("system.memory.reclaim{type=scanned_direct}", 0.0, 0.0),
    ("system.paging.operations{direction=in,type=swap}", 0.0, 0.0),
    ("system.paging.operations{direction=out,type=swap}", 0.0, 0.0),
    ("system.disk.utilization{device=sda}", 0.1, 0.1),
    ("system.disk.queue{device=sda}", 0.1, 0.1),
    ("system.disk.io{device=sda,direction=read}", 1e6, 1e6),
    ("cgroup.cpu.throttled_share{cgroup=/a}", 0.0, 0.0),
    ("cgroup.cpu.throttled_time{cgroup=/a}", 0.0, 0.0),
    ("system.network.tcp.segments{type=sent}", 1e4, 1e4),
    ("system.network.tcp.segments{type=retransmitted}", 1.0, 1.0),
    ("system.network.packets{device=eth0,direction=receive}", 1e4, 1e4),
    ("system.network.dropped{device=eth0,direction=receive}", 0.0, 0.0),
    ("system.file_descriptor.count", 1e3, 1e3),
    ("system.file_descriptor.limit", 1e5, 1e5),
];

/// The quiet host with some series at another level in bad rows.
fn with(changes: &[(&'static str, f64)]) -> Vec<Level> {
    let mut levels = QUIET.to_vec();
    for (name, bad) in changes {
        match levels.iter_mut().find(|it| it.0 == *name) {
            Some(level) => level.2 = *bad,
            None => levels.push((name, 0.0, *bad)),
        }
    }
    levels
}

const BUSY: &str = "system.cpu.utilization";
const CPU: &str = "system.pressure.share{kind=some,resource=cpu}";
const MEMORY: &str = "system.pressure.share{kind=some,resource=memory}";
const IO: &str = "system.pressure.share{kind=some,resource=io}";
const SDA: &str = "system.disk.utilization{device=sda}";
const QUEUE: &str = "system.disk.queue{device=sda}";
const SWAP: &str = "system.paging.operations{direction=in,type=swap}";
const AGAIN: &str = "system.network.tcp.segments{type=retransmitted}";
const LOST: &str = "system.network.dropped{device=eth0,direction=receive}";
const THROTTLED: &str = "cgroup.cpu.throttled_share{cgroup=/a}";
const STOOD: &str = "cgroup.cpu.throttled_time{cgroup=/a}";
const CORE: &str = "system.cpu.utilization{cpu=cpu1}";
const CORE_DELAY: &str = "system.cpu.run_delay{cpu=cpu1}";
const SENT: &str = "system.network.io{device=eth0,direction=transmit}";
const LEFT: &str = "system.network.packets{device=eth0,direction=transmit}";
const BACKLOG: &str = "system.network.queue.backlog{device=eth0}";
const THROWN: &str = "system.network.queue.dropped{device=eth0}";
const FILES: &str = "system.file_descriptor.count";
const RUNNING: &str = "system.process.running";

/// A name, what changes, and the verdict.
type Case = (&'static str, &'static [(&'static str, f64)], &'static str);

/// The new world.
#[rustfmt::skip]
const CASES: &[Case] = &[
    ("nothing", &[], "none"),
    ("processors used up", &[(BUSY, 1.0), (CPU, 0.8)], "cpu"),
    ("one program a processor", &[(BUSY, 0.9999), (CPU, 0.02)], "cpu"),
    ("busy, but no one waited", &[(BUSY, 0.97), (CPU, 0.001)], "none"),
    ("tasks pinned to one full processor", &[(BUSY, 0.3), (CPU, 0.6), (CORE, 0.999), (CORE_DELAY, 0.9)], "cpu"),
    ("the same where waiting is not counted by processor", &[(BUSY, 0.4), (CPU, 0.9), (CORE, 1.0)], "cpu"),
    ("a quota that fills a processor", &[(BUSY, 0.4), (CPU, 0.9), (CORE, 1.0), (THROTTLED, 0.95), (STOOD, 1.5)], "cpu-throttling"),
    ("one full processor that nobody waits for", &[(BUSY, 0.3), (CPU, 0.01), (CORE, 0.999), (CORE_DELAY, 0.01)], "none"),
    ("tasks wait here and there, none is full", &[(BUSY, 0.3), (CORE, 0.6), (CORE_DELAY, 0.9)], "none"),
    ("waiting, but not for want of processors", &[(BUSY, 0.4), (CPU, 0.8)], "none"),
    ("a quota", &[(BUSY, 0.3), (CPU, 0.7), (THROTTLED, 0.95), (STOOD, 1.5)], "cpu-throttling"),
    ("a quota that is met for moments", &[(THROTTLED, 0.3), (STOOD, 0.001)], "none"),
    ("memory", &[(MEMORY, 0.3), ("system.memory.utilization", 0.99)], "memory"),
    ("swapping looks like a slow disk", &[(MEMORY, 0.3), (IO, 0.6), (SDA, 1.0), (QUEUE, 20.0), (SWAP, 5e3),
        ("system.disk.io{device=sda,direction=read}", 2.1e7)], "memory"),
    ("a kill", &[("system.memory.oom_kills", 0.2)], "memory"),
    ("a disk", &[(IO, 0.7), (SDA, 0.99), (QUEUE, 12.0)], "disk"),
    ("a disk that one writer waits for", &[(IO, 0.5), (SDA, 0.8), (QUEUE, 0.9)], "disk"),
    ("write-back that nobody waits for", &[(IO, 0.01), (SDA, 1.0), (QUEUE, 30.0)], "none"),
    ("storage that is not measured", &[(IO, 0.7)], "none"),
    ("lost segments", &[(AGAIN, 800.0)], "network"),
    ("a link that is full", &[(SENT, 1e6), (BACKLOG, 1e5)], "network"),
    ("a packet on its way", &[(SENT, 1e3), (BACKLOG, 2e3)], "none"),
    ("a queue that is sent at once", &[(SENT, 1e8), (BACKLOG, 1e5)], "none"),
    ("a queue that throws away", &[(SENT, 1e6), (BACKLOG, 0.0), (LEFT, 1e4), (THROWN, 600.0)], "network"),
    ("lost packets", &[(LOST, 400.0)], "network"),
    ("a few lost segments", &[(AGAIN, 9.0)], "none"),
    ("open files", &[(FILES, 1e5)], "pool"),
];

#[test]
fn verdicts_with_pressure() {
    for (case, changes, verdict) in CASES {
        let frame = frame(&with(changes), ROWS, BAD);
        let outcome = judged(&frame, &Request::default());
        assert_eq!(verdict_name(outcome.verdict), *verdict, "{case}");
        // Of services nothing is said where none told of requests.
        assert_eq!(outcome.resources.len(), Resource::ALL.len() - 3, "{case}");
        assert!(outcome.covered > 0.9, "{case}: {}", outcome.covered);
        let findings = findings(&outcome);
        assert!(!findings.is_empty(), "{case}");
        assert!(findings.iter().all(|it| it.id == it.own_id()), "{case}");
        if *verdict != "none" {
            let episode = &outcome.episodes[0];
            let from = episode.span.from.0 / SECOND_NS;
            let to = episode.span.to.0 / SECOND_NS;
            assert!((58..=63).contains(&from), "{case}: from {from}");
            assert!((88..=93).contains(&to), "{case}: to {to}");
            let cells: Vec<&str> = outcome
                .cells
                .iter()
                .map(|it| verdict_name(it.verdict))
                .collect();
            assert_eq!(cells[6..9], [*verdict; 3], "{case}");
            assert_eq!(cells[0..6], ["none"; 6], "{case}");
        }
    }
}

/// The old world: no pressure stall information.
#[rustfmt::skip]
const CASES_WITHOUT_PRESSURE: &[Case] = &[
    ("nothing", &[], "none"),
    ("processors used up", &[(BUSY, 1.0), (RUNNING, 13.0)], "cpu"),
    ("busy, but no one waited", &[(BUSY, 0.96), (RUNNING, 5.0)], "none"),
    ("a quota", &[(BUSY, 0.3), (THROTTLED, 0.95), (STOOD, 1.5)], "cpu-throttling"),
    ("swapping", &[("system.memory.utilization", 0.97), (SWAP, 5e3), (SDA, 1.0), (QUEUE, 9.0),
        ("system.process.blocked", 3.0), ("system.disk.io{device=sda,direction=read}", 2.1e7)], "memory"),
    ("the page cache turns over", &[("system.memory.reclaim{type=scanned_direct}", 5e4)], "none"),
    ("a disk", &[(SDA, 0.99), (QUEUE, 12.0), ("system.process.blocked", 5.0)], "disk"),
    ("write-back that nobody waits for", &[(SDA, 1.0), (QUEUE, 30.0)], "none"),
];

#[test]
fn verdicts_without_pressure() {
    for (case, changes, verdict) in CASES_WITHOUT_PRESSURE {
        let mut levels = with(changes);
        levels.retain(|it| !it.0.starts_with("system.pressure"));
        let outcome = judged(&frame(&levels, ROWS, BAD), &Request::default());
        assert_eq!(verdict_name(outcome.verdict), *verdict, "{case}");
        let told = outcome.resources.iter().flat_map(|it| &it.against);
        let told = told.filter(|it| it.starts_with("pressure stall information was not"));
        assert_eq!(told.count(), 3, "{case}");
    }
}

#[test]
fn measured_counters_do_as_well_as_derived_series() {
    #[rustfmt::skip]
    let levels: &[Level] = &[
        ("system.cpu.time{cpu=0,state=user}", 0.1, 0.9), ("system.cpu.time{cpu=0,state=idle}", 0.9, 0.001),
        ("system.cpu.time{cpu=1,state=user}", 0.1, 0.9), ("system.cpu.time{cpu=1,state=idle}", 0.9, 0.001),
        ("system.pressure.time{kind=some,resource=cpu}", 0.0, 0.6),
        ("cgroup.cpu.time{cgroup=/a,mode=total}", 0.1, 1.7),
    ];
    let outcome = judged(&frame(levels, ROWS, BAD), &Request::default());
    assert_eq!(verdict_name(outcome.verdict), "cpu");
    assert!(outcome.covered < 0.5, "{}", outcome.covered);
    assert!(outcome.resources[0].utilization > 0.9);
}

#[test]
fn what_tools_print_as_growth_per_second_does_as_well_as_counters() {
    let mut renamed = 0;
    for (case, changes, verdict) in CASES {
        let mut frame = frame(&with(changes), ROWS, BAD);
        for line in &mut frame.lines {
            let metric = &mut line.series.key.metric;
            if catalog::find(metric).is_some_and(|it| it.kind == Kind::Counter) {
                metric.push_str(".rate");
                renamed += 1;
            }
        }
        let outcome = judged(&frame, &Request::default());
        assert_eq!(verdict_name(outcome.verdict), *verdict, "{case}");
    }
    assert!(renamed > CASES.len(), "{renamed} counters");
}

#[test]
fn unknown_series_cover_nothing_and_say_so() {
    let names: &[Level] = &[("orders_cpu", 0.2, 1.0), ("orders_latency", 1.0, 9.0)];
    for frame in [
        frame(names, ROWS, BAD),
        Frame::of_table(&[], Vec::new()),
        Frame::of_columns(&[]),
    ] {
        let outcome = judged(&frame, &Request::default());
        assert_eq!(outcome.verdict, None);
        assert_eq!(outcome.covered, 0.0);
        assert!(outcome.resources.iter().all(|it| it.score == 0.0));
        assert!(outcome.episodes.is_empty());
        let unexplained = outcome.resources.iter().find(|it| it.against.is_empty());
        assert_eq!(unexplained, None);
        let finding = &findings(&outcome)[0];
        let want = "None of the measured resources explains it (covered 0 %).";
        assert_eq!(finding.statement, want);
    }
}

#[test]
fn the_verdict_is_there_ten_seconds_after_onset_and_not_before() {
    for (case, changes, verdict) in CASES.iter().filter(|it| it.2 != "none") {
        let frame = frame(&with(changes), ROWS, BAD);
        let until = |row: i64| {
            let window = Some(Span {
                from: Moment(0),
                to: Moment(row * SECOND_NS),
            });
            let outcome = judged(
                &frame,
                &Request {
                    window,
                    ..Request::default()
                },
            );
            verdict_name(outcome.verdict)
        };
        assert_eq!(until(60), "none", "{case}");
        assert_eq!(until(70), *verdict, "{case}");
    }
}

#[test]
fn what_comes_later_does_not_count() {
    let whole = frame(&with(CASES[1].1), ROWS, BAD);
    for end in [40, 60, 62, 64, 66, 75, 89, 95] {
        let window = Some(Span {
            from: Moment(0),
            to: Moment(end as i64 * SECOND_NS),
        });
        let request = Request {
            window,
            ..Request::default()
        };
        let cut = whole.slice(0..end);
        let (live, later) = (judged(&cut, &request), judged(&whole, &request));
        assert_eq!(
            format!("{:?}", live.resources),
            format!("{:?}", later.resources),
            "{end}"
        );
    }
}

#[test]
fn blips_do_not_limit_and_every_size_of_step_is_fine() {
    let blip = frame(&with(CASES[1].1), ROWS, 60..62);
    assert_eq!(judged(&blip, &Request::default()).verdict, None);
    for seconds in [0.1, 10.0, 60.0, 3600.0] {
        let mut frame = frame(&with(CASES[1].1), 600, 300..450);
        let step = (seconds * SECOND_NS as f64) as i64;
        frame.at = (0..600).map(|row| row * step).collect();
        frame.step_ns = step;
        let outcome = judged(&frame, &Request::default());
        assert_eq!(verdict_name(outcome.verdict), "cpu", "{seconds}");
    }
}

#[test]
fn hostile_numbers_panic_nowhere() {
    let hostile = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1.0,
        0.0,
        1e308,
        f64::MIN_POSITIVE,
    ];
    for value in hostile {
        for rows in [1, 2, 40] {
            let levels: Vec<Level> = QUIET.iter().map(|it| (it.0, value, value)).collect();
            let outcome = judged(&frame(&levels, rows, 0..0), &Request::default());
            assert!(
                outcome
                    .resources
                    .iter()
                    .all(|it| (0.0..=1.0).contains(&it.score))
            );
            let request = Request {
                symptom: Some(BUSY),
                window: Some(Span::default()),
            };
            judged(&frame(&levels, rows, 0..0), &request);
        }
    }
}

/// A response time made of two residence times and noise.
fn with_symptom(parts: (f64, f64), same_time: bool) -> Frame {
    let mut frame = frame(&with(&[]), 400, 0..0);
    let mut random = Random::new(11);
    let disk_bad = if same_time { 150..250 } else { 280..350 };
    let busy: Vec<f64> = (0..400)
        .map(|row| if (150..250).contains(&row) { 0.9 } else { 0.2 } + 0.02 * random.unit())
        .collect();
    let wait: Vec<f64> = (0..400)
        .map(|row| if disk_bad.contains(&row) { 0.05 } else { 0.002 } + 0.0005 * random.unit())
        .collect();
    let felt: Vec<f64> = busy
        .iter()
        .zip(&wait)
        .map(|(busy, wait)| {
            let processor = busy / (1.0 - busy) / 9.0;
            0.02 + parts.0 * processor + parts.1 * wait / 0.05 + 0.002 * random.normal()
        })
        .collect();
    for (name, values) in [
        ("system.cpu.utilization", busy),
        ("system.disk.await{device=sda}", wait),
        ("http.server.request.duration", felt),
    ] {
        frame.lines.retain(|line| line.name != name);
        frame.lines.push(crate::frame::Line {
            name: name.to_owned(),
            series: series(name),
            values: values.into(),
        });
    }
    frame
}

fn share_of(outcome: &Outcome, resource: Resource) -> Interval {
    let found = outcome.resources.iter().find(|it| it.resource == resource);
    found.unwrap().share.unwrap()
}

#[test]
fn the_rise_is_shared_by_residence_times() {
    for (parts, same_time, cpu, disk) in [
        ((0.1, 0.0), true, 1.0, 0.0),
        ((0.0, 0.1), false, 0.0, 1.0),
        ((0.1, 0.1), false, 0.58, 0.42),
    ] {
        let frame = with_symptom(parts, same_time);
        let outcome = judged(&frame, &Request::default());
        let symptom = outcome.symptom.as_ref().unwrap();
        assert_eq!(symptom.name, "http.server.request.duration");
        let shares = [Resource::Cpu, Resource::Disk].map(|it| share_of(&outcome, it));
        // Which of two that rise together it was cannot be told, and the interval says so.
        let slack = if same_time { 0.55 } else { 0.12 };
        for (share, want) in shares.iter().zip([cpu, disk]) {
            let inside = share.lo - 0.05 <= want && want <= share.hi + 0.05;
            assert!(inside, "{parts:?}: {shares:?}");
            let off = (share.value - want).abs();
            assert!(off < slack, "{parts:?}: {shares:?}");
            assert!(share.lo <= share.value && share.value <= share.hi);
        }
        assert!(symptom.explained > 0.85, "{parts:?}: {}", symptom.explained);
    }
}

#[test]
fn a_symptom_that_did_not_rise_is_not_shared() {
    let mut frame = with_symptom((0.0, 0.0), true);
    let request = Request {
        symptom: Some("http.server.request.duration"),
        ..Request::default()
    };
    let outcome = judged(&frame, &request);
    assert!(outcome.resources.iter().all(|it| it.share.is_none()));
    assert!(outcome.symptom.unwrap().explained.is_nan());
    frame.lines.retain(|line| !line.name.starts_with("http"));
    assert_eq!(judged(&frame, &request).symptom, None);
}

#[test]
fn who_was_first_is_told_with_an_interval() {
    let mut random = Random::new(5);
    let mut frame = frame(&with(&[]), 600, 0..0);
    let mut level = 0.2;
    let walk: Vec<f64> = (0..610)
        .map(|_| {
            level = (0.9 * level + 0.05 * random.unit()).min(0.9);
            level
        })
        .collect();
    let cpu = frame.find(CPU).unwrap();
    frame.lines[cpu].values = walk[4..604].into();
    let felt: Vec<f64> = walk[..600].iter().map(|it| 1.0 + it).collect();
    frame.lines.push(crate::frame::Line {
        name: "felt".to_owned(),
        series: series("felt"),
        values: felt.into(),
    });
    let request = Request {
        symptom: Some("felt"),
        ..Request::default()
    };
    let outcome = judged(&frame, &request);
    let cpu = outcome
        .resources
        .iter()
        .find(|it| it.resource == Resource::Cpu);
    let lag = cpu.unwrap().lag.unwrap();
    assert_eq!(lag.value, -4.0);
    assert!(lag.lo >= -5.0 && lag.hi <= -3.0, "{lag:?}");
    let disk = outcome
        .resources
        .iter()
        .find(|it| it.resource == Resource::Disk);
    assert_eq!(disk.unwrap().lag, None);
}

fn process(name: &str, pid: u32, parent_pid: u32, cpu_seconds: f64, bytes: f64) -> ProcessUse {
    ProcessUse {
        id: ProcessId(pid),
        host: String::new(),
        pid,
        parent_pid,
        name: name.to_owned(),
        command: String::new(),
        cgroup: "/a/b".to_owned(),
        cpu_seconds,
        machine_share: f64::NAN,
        peak_resident_bytes: 0.0,
        read_bytes: bytes,
        write_bytes: 0.0,
    }
}

fn culprits(changes: &[(&'static str, f64)], processes: &[ProcessUse]) -> Vec<String> {
    let frame = frame(&with(changes), ROWS, BAD);
    let uses = |_: Span| processes.to_vec();
    let outcome = assess(
        &[HostInput {
            host: "",
            frame: &frame,
            cores: Some(4.0),
            files: &[],
            uses: &uses,
        }],
        &Request::default(),
    );
    let told = outcome.resources[0].culprits.iter();
    told.map(|it| match &it.who {
        Who::Process { name, pid, count } => {
            format!("{name} {pid} {count} {:.0}", it.share * 100.0)
        }
        Who::Cgroup(path) => format!("{path} {:.0}", it.share * 100.0),
        Who::Operation(operation) => operation.text(),
    })
    .collect()
}

#[test]
fn culprits_are_those_who_used_it() {
    let cpu = CASES[1].1;
    let hog = [
        process("hog", 9, 1, 90.0, 0.0),
        process("idle", 8, 1, 1.0, 0.0),
    ];
    assert_eq!(culprits(cpu, &hog), ["hog 9 1 75"]);
    let storm: Vec<ProcessUse> = (0..1000)
        .map(|i| process("short", 100 + i, 7, 0.1, 0.0))
        .chain([process("parent", 7, 1, 8.0, 0.0)])
        .collect();
    assert_eq!(culprits(cpu, &storm), ["short 7 1000 84", "parent 7 1 7"]);
    let disk = &[(IO, 0.7), (SDA, 0.99), (QUEUE, 12.0)];
    let inherited = [
        process("shell", 2, 1, 0.01, 1e9),
        process("writer", 3, 2, 5.0, 9e8),
        process("reader", 4, 1, 5.0, 1e8),
    ];
    assert_eq!(
        culprits(disk, &inherited),
        ["writer 3 1 90", "reader 4 1 10"]
    );
    let quota = [(THROTTLED, 0.95), (STOOD, 1.5)];
    let inside = [process("worker", 5, 1, 9.0, 0.0)];
    assert_eq!(culprits(&quota, &inside), ["/a 100", "worker 5 1 100"]);
}

#[test]
fn open_files_of_a_process_count_by_its_own_or_a_usual_limit() {
    for (open, limit, limited) in [
        (1024.0, None, true),
        (1020.0, None, true),
        (900.0, None, false),
        (1500.0, None, false),
        (499.0, Some(500.0), true),
        (1024.0, Some(4096.0), false),
    ] {
        let frame = frame(&with(&[]), ROWS, BAD);
        let files = [OpenFiles {
            process: "server".to_owned(),
            pid: 77,
            at: vec![0, 70 * SECOND_NS],
            open: vec![100.0, open],
            limit,
        }];
        let outcome = assess(
            &[HostInput {
                host: "",
                frame: &frame,
                cores: None,
                files: &files,
                uses: &|_| Vec::new(),
            }],
            &Request::default(),
        );
        let want = if limited { "pool" } else { "none" };
        assert_eq!(verdict_name(outcome.verdict), want, "{open} of {limit:?}");
    }
}

#[test]
fn limits_are_a_ladder() {
    for limit in limits::LIMITS {
        assert!(
            limit.from > 0.0 && limit.full > limit.from,
            "{:?}",
            limit.signal
        );
        assert_eq!(
            limit.grade(limit.from),
            limits::LIMITED,
            "{:?}",
            limit.signal
        );
        assert_eq!(limit.grade(limit.full), 1.0, "{:?}", limit.signal);
        assert_eq!(limit.grade(f64::INFINITY), 1.0, "{:?}", limit.signal);
        assert_eq!(limit.grade(-1.0), 0.0, "{:?}", limit.signal);
        assert!(limit.grade(f64::NAN).is_nan(), "{:?}", limit.signal);
    }
}

/// A service that asks a database, in good rows and in bad ones: requests and calls in
/// flight, and how long both take. The host is as [`QUIET`] but for `busy`.
fn service(good: [f64; 4], bad: [f64; 4], busy: f64) -> Vec<Level> {
    let mut levels = with(&[(BUSY, busy), (CPU, if busy > 0.9 { 0.8 } else { 0.02 })]);
    let names = [
        "service.request.active{service.name=shop}",
        "service.request.active{kind=client,peer=db,service.name=shop}",
        "service.request.duration.mean{service.name=shop}",
        "service.request.duration.mean{kind=client,peer=db,service.name=shop}",
    ];
    levels.extend((0..4).map(|place| (names[place], good[place], bad[place])));
    levels.extend([
        (
            "service.request.active{operation=GET /a,service.name=shop}",
            good[0] / 2.0,
            bad[0] - 0.4,
        ),
        (
            "service.request.active{operation=GET /b,service.name=shop}",
            good[0] / 2.0,
            0.4,
        ),
        (
            "service.request.active{kind=client,operation=SELECT,peer=db,service.name=shop}",
            good[1],
            bad[1],
        ),
        (
            "service.request.throughput{service.name=shop}",
            good[0] / good[2],
            bad[0] / bad[2],
        ),
        (
            "service.request.throughput{kind=client,peer=db,service.name=shop}",
            good[1] / good[3],
            bad[1] / bad[3],
        ),
    ]);
    levels
}

#[test]
fn what_services_wait_for_is_told_from_what_their_host_lacks() {
    let good = [0.6, 0.3, 0.012, 0.006];
    let cases = [
        ("nothing", good, good, 0.2, "none"),
        ("a lock", good, [12.0, 0.3, 0.4, 0.006], 0.2, "lock"),
        (
            "a slow database",
            good,
            [12.0, 11.5, 0.4, 0.38],
            0.2,
            "external",
        ),
        (
            "a pool of four",
            good,
            [12.0, 4.0, 0.06, 0.0065],
            0.2,
            "pool",
        ),
        (
            "processors that everything waits for",
            good,
            [12.0, 3.3, 0.4, 0.1],
            0.99,
            "cpu",
        ),
        (
            "more load, no slower",
            good,
            [4.0, 2.3, 0.012, 0.006],
            0.5,
            "none",
        ),
        (
            "a service that always waits",
            [8.0, 0.3, 0.4, 0.006],
            [8.0, 0.3, 0.4, 0.006],
            0.2,
            "none",
        ),
    ];
    for (case, good, bad, busy, verdict) in cases {
        let outcome = judged(
            &frame(&service(good, bad, busy), ROWS, BAD),
            &Request::default(),
        );
        let found = verdict_name(outcome.verdict);
        assert_eq!(found, verdict, "{case}: {:#?}", outcome.resources.first());
        if verdict == "none" {
            continue;
        }
        let first = &outcome.resources[0];
        if first.resource == Resource::Cpu {
            continue;
        }
        let who = first.culprits.first().map(|it| &it.who);
        let operation = match verdict {
            "lock" => "GET /a of shop",
            _ => "SELECT of db, asked by shop",
        };
        assert!(
            matches!(who, Some(Who::Operation(it)) if it.text() == operation),
            "{case}: {who:?}"
        );
        let told = findings(&outcome);
        assert!(
            told[0].statement.contains(operation),
            "{}",
            told[0].statement
        );
    }
}

#[test]
fn requests_that_are_seen_again_further_down_are_judged_there() {
    let mut levels = service([0.6, 0.3, 0.012, 0.006], [12.0, 0.3, 0.4, 0.006], 0.2);
    levels.extend([
        ("service.request.active{service.name=proxy}", 0.7, 12.1),
        (
            "service.request.active{kind=client,peer=upstream,service.name=proxy}",
            0.6,
            12.0,
        ),
        (
            "service.request.duration.mean{service.name=proxy}",
            0.013,
            0.41,
        ),
        (
            "service.request.duration.mean{kind=client,peer=upstream,service.name=proxy}",
            0.012,
            0.4,
        ),
        (
            "service.request.throughput{kind=client,peer=upstream,service.name=proxy}",
            0.6 / 0.012,
            12.0 / 0.4,
        ),
        ("service.request.throughput{service.name=proxy}", 50.0, 30.0),
    ]);
    let outcome = judged(&frame(&levels, ROWS, BAD), &Request::default());
    let first = &outcome.resources[0];
    assert_eq!(verdict_name(outcome.verdict), "lock", "{first:#?}");
    assert_eq!(first.part, "shop");
}
