//! Recorded trees of machines, and this machine, through the system sources.
//!
//! A new case is a `.tree` file in `fixtures/system` and a line in [`CASES`].

use std::error::Error;

use expect_test::expect_file;
use model::batch::Stamp;

use super::ALL;
use crate::fixture::{Outcome, readings, survives_mutations};
use crate::kept::Root;
use crate::sink::{Sink, UNSET};
use crate::source::Source;

/// Sources of the whole machine; the others have fixtures of their own.
const SYSTEM: &[&str] = &[
    "cpu",
    "load",
    "memory",
    "vmstat",
    "pressure",
    "disk",
    "network",
    "sockets",
    "numa",
    "connections",
    "filesystem",
    "limits",
    "thermal",
    "frequency",
    "uptime",
];

const CASES: &[&str] = &[
    "machine",
    "container",
    "hotplug",
    "devices",
    "old_kernel",
    "damaged",
    "sensors",
];

/// All sources of the machine as one.
struct System(Vec<Box<dyn Source>>);

impl Source for System {
    fn read(&mut self, sink: &mut Sink) {
        for source in &mut self.0 {
            source.read(sink);
        }
    }

    fn limits(&self) -> Vec<String> {
        self.0.iter().flat_map(|source| source.limits()).collect()
    }
}

fn open(root: &Root) -> Option<Box<dyn Source>> {
    let entries = ALL.iter().filter(|entry| SYSTEM.contains(&entry.name));
    Some(Box::new(System(
        entries.filter_map(|entry| (entry.open)(root)).collect(),
    )))
}

#[test]
fn every_system_source_is_listed() {
    for name in SYSTEM {
        assert!(ALL.iter().any(|entry| entry.name == *name), "{name}");
    }
}

#[test]
fn recorded_trees() -> Outcome {
    for case in CASES {
        let told = readings(&format!("system/{case}.tree"), open)?;
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/system");
        expect_file![format!("{folder}/{case}.expect")].assert_eq(&told);
    }
    Ok(())
}

#[test]
fn mutated_trees_do_not_panic() -> Outcome {
    for case in ["machine", "hotplug", "devices", "sensors"] {
        survives_mutations(&format!("system/{case}.tree"), open)?;
    }
    Ok(())
}

#[test]
fn this_machine() -> Outcome {
    let mut sink = Sink::default();
    let mut source = open(&Root::new("/")).ok_or("nothing to read")?;
    let mut read = || -> Result<Live, Box<dyn Error>> {
        sink.begin(Stamp::default());
        source.read(&mut sink);
        Live::of(&sink)
    };
    let before = read()?;
    // Time that certainly adds a tick to some state of some processor.
    let begun = std::time::Instant::now();
    while begun.elapsed().as_millis() < 60 {
        std::hint::black_box(before.cpu_seconds.sqrt());
    }
    let after = read()?;
    assert!(
        after.cpu_seconds > before.cpu_seconds,
        "{before:?} {after:?}"
    );
    assert!(after.cpu_seconds - before.cpu_seconds < 3600.0);
    assert!(after.memory_limit > 1e6 && after.memory_limit < 1e15);
    assert!((after.memory_states - after.memory_limit).abs() < 1.0);
    assert!(after.memory_available <= after.memory_limit);
    assert!(after.processors >= 1.0 && after.processors < 1e5);
    assert!(after.uptime >= before.uptime && before.uptime > 0.0);
    assert!(after.faults >= before.faults && before.faults > 0.0);
    Ok(())
}

/// A few values of this machine.
#[derive(Debug)]
struct Live {
    cpu_seconds: f64,
    processors: f64,
    memory_limit: f64,
    memory_states: f64,
    memory_available: f64,
    faults: f64,
    uptime: f64,
}

impl Live {
    fn of(sink: &Sink) -> Result<Self, Box<dyn Error>> {
        let sum = |metric: &str| {
            let all = sink.declared().iter().zip(sink.values());
            let mine = all.filter(|(it, raw)| it.metric == metric && **raw != UNSET);
            let values = mine.map(|(it, raw)| *raw as f64 / f64::from(it.divisor));
            values.reduce(|a, b| a + b).ok_or(format!("no {metric}"))
        };
        Ok(Self {
            cpu_seconds: sum("system.cpu.time")?,
            processors: sum("system.cpu.logical.count")?,
            memory_limit: sum("system.memory.limit")?,
            memory_states: sum("system.memory.usage")?,
            memory_available: sum("system.memory.available")?,
            faults: sum("system.paging.faults")?,
            uptime: sum("system.uptime")?,
        })
    }
}
