//! The engine, driven by a clock that moves when told, and read by a decoder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use agent::budget::{Allowed, Limits, RESIDENT_MAX_BYTES};
use agent::clock::Manual;
use agent::engine::{Engine, Setup};
use agent::feed::Feed;
use agent::ring::SIZE_MAX_BYTES;
use agent::sink::Sink;
use agent::source::{Cadence, Source};
use model::event::EventKind;
use model::process::{FIELD_COUNT, Process, ProcessId, Reading};
use wire::frame::Kind;
use wire::message::Burst;

use crate::reader::{Heard, drain, heard, hello};
use crate::sources::{Count, SECOND_NS, START_NS, Table, clock, engine, opened, run, usual};

#[test]
fn samples_come_on_time_at_any_cadence() {
    for (every_ns, count) in [(10_000_000, 600), (SECOND_NS, 60), (10 * SECOND_NS, 12)] {
        let clock = clock();
        let mut engine = engine(usual(), every_ns, SIZE_MAX_BYTES, &clock);
        run(&mut engine, &clock, count * every_ns);
        let heard = heard(&engine);
        let expected: Vec<i64> = (0..count).map(|n| n * every_ns).collect();
        assert_eq!(heard.times(), expected);
        assert_eq!(heard.check_values(), 3 * count as usize);
        assert_eq!(heard.kinds[..2], [Kind::Hello, Kind::Series]);
        assert_eq!(heard.waiting, 0);
    }
}

#[test]
fn key_samples_list_all_processes_every_ten_seconds() {
    for every_ns in [100_000_000, 300_000_000, SECOND_NS] {
        let clock = clock();
        let mut engine = engine(usual(), every_ns, SIZE_MAX_BYTES, &clock);
        run(&mut engine, &clock, 65 * SECOND_NS);
        let heard = heard(&engine);
        let complete = heard.batches.iter().filter(|it| it.processes_complete);
        let keys: Vec<i64> = complete
            .map(|it| {
                assert_eq!(it.processes.len(), 20);
                it.stamp.boot_ns - START_NS
            })
            .collect();
        assert_eq!(keys.len(), 7, "{every_ns}: {keys:?}");
        for pair in keys.windows(2) {
            let apart_ns = pair[1] - pair[0];
            assert!(
                (9 * SECOND_NS..=11 * SECOND_NS).contains(&apart_ns),
                "{keys:?}"
            );
        }
        // Never more often than once a second, whatever the cadence.
        let read = heard.batches.iter().filter(|it| !it.ended.is_empty());
        let times: Vec<i64> = read.map(|it| it.stamp.boot_ns).collect();
        assert!(times.windows(2).all(|it| it[1] - it[0] >= SECOND_NS));
        assert!(times.len() >= 50);
    }
}

#[test]
fn late_and_missed_samples_are_told() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, 3 * SECOND_NS);
    clock.pass_ns(4_250_000_000);
    run(&mut engine, &clock, 2 * SECOND_NS);
    let heard = heard(&engine);
    let times = [0, 1_000, 2_000, 7_250, 8_000, 9_000];
    let times: Vec<i64> = times.iter().map(|ms| ms * 1_000_000).collect();
    assert_eq!(heard.times(), times);
    assert_eq!(
        heard.texts(EventKind::Missing),
        ["4 samples missing within 4 s: the agent was late"]
    );
    let late = heard
        .series
        .iter()
        .find(|it| it.1 == "kymo.agent.sample.late");
    let late = late.map(|it| it.0);
    let values = heard.batches[3].values.iter();
    let value = values.filter(|it| Some(it.0.0) == late).map(|it| it.1);
    assert_eq!(value.collect::<Vec<f64>>(), [0.25]);
}

#[test]
fn clock_steps_and_sleep_are_events() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, 3 * SECOND_NS);
    clock.step_ns(-5 * SECOND_NS);
    run(&mut engine, &clock, 3 * SECOND_NS);
    clock.suspend_ns(3_600 * SECOND_NS);
    run(&mut engine, &clock, 3 * SECOND_NS);
    let heard = heard(&engine);
    assert_eq!(
        heard.texts(EventKind::ClockStep),
        ["the wall clock was set back by 5 s"]
    );
    assert_eq!(
        heard.texts(EventKind::Suspended),
        ["the machine slept for 1 h 00 min"]
    );
    assert_eq!(heard.texts(EventKind::Missing), Vec::<String>::new());
}

#[test]
fn what_comes_later_is_declared_in_the_stream() {
    let clock = clock();
    let mut cpus = Count::new(2);
    cpus.appears_ns = Some(START_NS + 5 * SECOND_NS);
    let sources = vec![opened("cpu", Cadence::Base, cpus)];
    let mut engine = engine(sources, SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, 10 * SECOND_NS);
    let heard = heard(&engine);
    assert_eq!(heard.check_values(), 5 * 2 + 5 * 3);
    assert_eq!(heard.texts(EventKind::Appeared), ["cpu9: online"]);
}

#[test]
fn a_replay_joins_the_live_stream_without_loss_or_double() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    let mut live = Feed::new(hello());
    run(&mut engine, &clock, 1_000 * SECOND_NS);
    drain(&engine, &mut live);
    live.replay(0, hello());
    // Samples go on while the replay is being written.
    let mut bytes = Vec::new();
    while !live.is_level(engine.tape().ring()) {
        let room = bytes.len() + 20_000;
        assert!(live.take(&engine, &mut bytes, room).is_ok());
        engine.hold(live.needs());
        if bytes.len() < 100_000 {
            run(&mut engine, &clock, 3 * SECOND_NS);
        }
    }
    let mut recorder = Heard::new();
    recorder.read(&bytes);
    assert_eq!(
        recorder.kinds[..3],
        [Kind::ReplayStart, Kind::Hello, Kind::Series]
    );
    assert!(recorder.kinds.contains(&Kind::ReplayEnd));
    assert_eq!(recorder.waiting, 0);
    assert!(recorder.batches[0].processes_complete);
    let (first, last) = (recorder.sequences[0], engine.tape().ring().next_sequence());
    let expected: Vec<u64> = (first..last).collect();
    assert!(recorder.sequences == expected, "lost or doubled");
    let times = recorder.times();
    assert!(times.len() > 600 && times.len() < 700, "{}", times.len());
    assert!(times.windows(2).all(|it| it[1] - it[0] == SECOND_NS));
    assert_eq!(recorder.check_values(), 3 * times.len());
}

#[test]
fn a_replay_can_begin_at_a_moment() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    let mut feed = Feed::new(hello());
    run(&mut engine, &clock, 100 * SECOND_NS);
    drain(&engine, &mut feed);
    feed.replay(START_NS + 75 * SECOND_NS, hello());
    let mut heard = Heard::new();
    heard.read(&drain(&engine, &mut feed));
    let expected: Vec<i64> = (70..100).map(|s| s * SECOND_NS).collect();
    assert_eq!(heard.times(), expected);
    assert_eq!(heard.kinds.last(), Some(&Kind::ReplayEnd));
}

#[test]
fn a_slow_reader_loses_nothing_that_the_ring_holds() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    let mut feed = Feed::new(hello());
    let mut heard = Heard::new();
    run(&mut engine, &clock, 5 * SECOND_NS);
    heard.read(&drain(&engine, &mut feed));
    run(&mut engine, &clock, 500 * SECOND_NS);
    heard.read(&drain(&engine, &mut feed));
    let expected: Vec<i64> = (0..505).map(|s| s * SECOND_NS).collect();
    assert_eq!(heard.times(), expected);
    assert_eq!(heard.events, []);
}

#[test]
fn a_reader_slower_than_the_ring_is_told_exactly_what_is_missing() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, 20_000, &clock);
    let mut feed = Feed::new(hello());
    let mut heard = Heard::new();
    run(&mut engine, &clock, 5 * SECOND_NS);
    heard.read(&drain(&engine, &mut feed));
    run(&mut engine, &clock, 500 * SECOND_NS);
    let size_bytes = engine.tape().ring().size_bytes();
    assert!(size_bytes <= 20_000, "{size_bytes}");
    heard.read(&drain(&engine, &mut feed));
    let times = heard.times();
    let gap = times.windows(2).find(|it| it[1] - it[0] != SECOND_NS);
    let Some([before, after]) = gap else {
        panic!("no gap in {times:?}");
    };
    let missing = (after - before) / SECOND_NS - 1;
    assert_eq!(missing as usize + times.len(), 505);
    let length = model::time::duration_text((after - before) as f64 / 1e9);
    assert_eq!(
        heard.texts(EventKind::Missing),
        [format!(
            "{missing} samples missing within {length}: the reader was slower than the look-back ring is long"
        )]
    );
    assert_eq!(heard.waiting, 0);
    assert_eq!(heard.check_values(), 3 * times.len());
}

/// So many processes that no frame holds them; later only a few.
struct Crowd {
    known: Vec<ProcessId>,
    shrinks_ns: i64,
}

impl Source for Crowd {
    fn read(&mut self, sink: &mut Sink) {
        if self.known.is_empty() {
            self.known = (0..40_000)
                .map(|_| sink.appear(Process::default()))
                .collect();
        }
        if sink.stamp.boot_ns >= self.shrinks_ns {
            self.known.truncate(10);
        }
        let reading = Reading([1 << 40; FIELD_COUNT]);
        sink.alive
            .extend(self.known.iter().map(|id| (*id, reading)));
        sink.processes_read = true;
    }
}

#[test]
fn a_process_table_that_fits_no_frame_is_told_and_costs_no_values() {
    let clock = clock();
    let crowd = Crowd {
        known: Vec::new(),
        shrinks_ns: START_NS + 15 * SECOND_NS,
    };
    let sources = vec![
        opened("cpu", Cadence::Base, Count::new(3)),
        opened("process", Cadence::Second, crowd),
    ];
    let mut engine = engine(sources, SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, 35 * SECOND_NS);
    let heard = heard(&engine);
    assert_eq!(heard.check_values(), 35 * 3);
    assert_eq!(
        heard.texts(EventKind::Missing),
        vec!["40000 processes did not fit the stream and are missing"; 2]
    );
    let told = heard.batches.iter().filter(|it| it.processes_complete);
    let told: Vec<usize> = told.map(|it| it.processes.len()).collect();
    assert_eq!(told, [10, 10]);
}

/// A source of the class that is read every ten seconds, for bursts.
struct Slow(Count, Arc<AtomicU32>);

impl Source for Slow {
    fn read(&mut self, sink: &mut Sink) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read(sink);
    }
}

#[test]
fn a_burst_reads_a_few_series_between_the_samples() {
    let clock = clock();
    let reads = Arc::default();
    let mut sources = usual();
    sources.push(opened(
        "slow",
        Cadence::Slow,
        Slow(Count::new(0), Arc::clone(&reads)),
    ));
    let mut engine = engine(sources, SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, 2_500_000_000);
    let id = |name: &str| {
        let declared = engine.sink().declared().iter();
        let mut places = declared.enumerate().filter(|(_, it)| {
            it.metric == name && it.attributes.first().is_none_or(|it| it.1 == "1")
        });
        places.next().map(|it| it.0 as u32).unwrap_or(u32::MAX)
    };
    let (wanted, own) = (id("system.cpu.time"), id("kymo.agent.cpu.time"));
    let asked = Burst {
        series: vec![wanted, own, 9_999],
        every_ns: 10_000_000,
    };
    clock.pass_ns(5_000_000);
    let refused = engine.burst(&asked, &mut clock.clone());
    assert_eq!(refused.len(), 2, "{refused:?}");
    run(&mut engine, &clock, 3 * SECOND_NS);
    assert!(
        engine
            .burst(&Burst::default(), &mut clock.clone())
            .is_empty()
    );
    run(&mut engine, &clock, 2 * SECOND_NS);
    let heard = heard(&engine);
    let fast: Vec<_> = heard
        .batches
        .iter()
        .filter(|it| it.values.len() == 1)
        .collect();
    assert_eq!(fast.len(), 300);
    assert!(
        fast.iter()
            .all(|it| it.values[0].0.0 == wanted && it.processes.is_empty())
    );
    assert_eq!(heard.batches.len(), 300 + 8);
    assert_eq!(heard.check_values(), 300 + 8 * 3);
    assert_eq!(reads.load(Ordering::Relaxed), 1);
}

#[test]
fn a_burst_that_asks_too_much_is_refused() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, SECOND_NS);
    let many = Burst {
        series: (0..65).collect(),
        every_ns: SECOND_NS,
    };
    let fast = Burst {
        series: vec![10],
        every_ns: 1_000_000,
    };
    for asked in [many, fast] {
        assert_eq!(engine.burst(&asked, &mut clock.clone()).len(), 1);
    }
    assert_eq!(engine.next_wake_ns(), START_NS + SECOND_NS);
}

#[test]
fn a_new_cadence_is_taken_and_told() {
    let clock = clock();
    let mut engine = engine(usual(), SECOND_NS, SIZE_MAX_BYTES, &clock);
    run(&mut engine, &clock, 2 * SECOND_NS);
    assert!(engine.configure(1, &mut clock.clone()).is_err());
    assert!(engine.configure(100_000_000, &mut clock.clone()).is_ok());
    run(&mut engine, &clock, SECOND_NS);
    let heard = heard(&engine);
    assert_eq!(heard.batches.len(), 2 + 10);
    assert_eq!(
        heard.texts(EventKind::Setting),
        ["kymo.agent.every: 1 s → 100 ms"]
    );
    assert_eq!(heard.texts(EventKind::Missing), Vec::<String>::new());
}

#[test]
fn the_budget_and_its_growth_with_the_cadence_are_told() {
    let clock = clock();
    let setup = Setup {
        sources: usual(),
        every_ns: SECOND_NS,
        first_step_ns: SECOND_NS,
        limits: Limits {
            cpu: Allowed::ByCadence,
            resident_bytes: RESIDENT_MAX_BYTES,
        },
        ring_bytes: SIZE_MAX_BYTES,
    };
    let mut engine = Engine::new(setup, &mut clock.clone());
    run(&mut engine, &clock, 2 * SECOND_NS);
    assert!(engine.configure(10_000_000, &mut clock.clone()).is_ok());
    run(&mut engine, &clock, SECOND_NS);
    let burst = Burst {
        series: vec![10],
        every_ns: 100_000_000,
    };
    assert!(engine.configure(SECOND_NS, &mut clock.clone()).is_ok());
    assert!(engine.burst(&burst, &mut clock.clone()).is_empty());
    run(&mut engine, &clock, SECOND_NS);
    let heard = heard(&engine);
    let told = heard.settings.iter();
    let told: Vec<&str> = told
        .filter(|(key, _)| key == "kymo.agent.budget")
        .map(|(_, value)| value.as_str())
        .collect();
    let expected = [
        "1 % of a core, 32 MiB",
        "10 % of a core, 32 MiB",
        "1.9 % of a core, 32 MiB",
    ];
    assert_eq!(told, expected);
    let lines = heard.texts(EventKind::Setting);
    let last = "kymo.agent.budget: 10 % of a core, 32 MiB → 1.9 % of a core, 32 MiB";
    assert_eq!(lines.last().map(String::as_str), Some(last));
}

fn frugal(clock: &Manual, burns_ns: i64) -> (Engine, Arc<AtomicU8>) {
    let (table, level) = Table::burning(clock, burns_ns);
    let setup = Setup {
        sources: vec![
            opened("cpu", Cadence::Base, Count::new(3)),
            opened("process", Cadence::Second, table),
        ],
        every_ns: SECOND_NS,
        first_step_ns: SECOND_NS,
        limits: Limits {
            cpu: Allowed::Share(0.01),
            resident_bytes: RESIDENT_MAX_BYTES,
        },
        ring_bytes: SIZE_MAX_BYTES,
    };
    (Engine::new(setup, &mut clock.clone()), level)
}

#[test]
fn over_its_budget_the_agent_gives_up_detail_and_says_so() {
    let clock = clock();
    let (mut engine, level) = frugal(&clock, 20_000_000);
    run(&mut engine, &clock, 10 * SECOND_NS);
    assert_eq!(
        level.load(Ordering::Relaxed),
        0,
        "not in the first ten seconds"
    );
    run(&mut engine, &clock, 5 * SECOND_NS);
    assert_eq!(level.load(Ordering::Relaxed), 1);
    let given_up = heard(&engine);
    assert_eq!(
        given_up.texts(EventKind::Degraded),
        [
            "the agent now reads processes with less detail, to save processor time: it used 2 % of a core and may use 1 %; --budget allows more"
        ]
    );
    run(&mut engine, &clock, 40 * SECOND_NS);
    let restored = heard(&engine);
    let texts = restored.texts(EventKind::Degraded);
    assert_eq!(
        texts[1],
        "the agent no longer reads processes with less detail"
    );
    assert_eq!(restored.batches.len(), 55);
}

#[test]
fn too_much_memory_shrinks_the_ring_first() {
    let clock = clock();
    let (mut engine, level) = frugal(&clock, 0);
    clock.resident(RESIDENT_MAX_BYTES + 1);
    run(&mut engine, &clock, 35 * SECOND_NS);
    assert_eq!(engine.tape().ring().limit_bytes(), SIZE_MAX_BYTES / 8);
    assert_eq!(level.load(Ordering::Relaxed), 0);
    run(&mut engine, &clock, 10 * SECOND_NS);
    assert_eq!(level.load(Ordering::Relaxed), 1);
}
