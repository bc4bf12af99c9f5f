//! Processors, memory, load and uptime.

use sysinfo::System;

use crate::kept::Root;
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};

const USAGE: &str = "system.memory.usage";
const SWAP: &str = "system.paging.usage";
const LOAD: &str = "system.cpu.load";

const COLUMNS: &[Option<Column>] = &[
    Some(column("system.cpu.logical.count", &[])),
    Some(column("system.memory.limit", &[])),
    Some(column("system.memory.available", &[])),
    Some(column(USAGE, &[("state", "used")])),
    Some(column(USAGE, &[("state", "free")])),
    Some(column(USAGE, &[("state", "cached")])),
    Some(column(SWAP, &[("state", "used")])),
    Some(column(SWAP, &[("state", "free")])),
    Some(column("system.uptime", &[])),
    Some(column(LOAD, &[("window", "1m")]).per(100)),
    Some(column(LOAD, &[("window", "5m")]).per(100)),
    Some(column(LOAD, &[("window", "15m")]).per(100)),
];

/// Shares are given in hundredths of a percent.
const SHARE: &[Option<Column>] = &[Some(column("system.cpu.utilization", &[]).per(10_000))];

struct Machine {
    system: System,
    columns: Columns,
    all: Columns,
    each: Vec<Columns>,
    readings: u64,
}

/// Opens the source.
pub(super) fn open(_: &Root) -> Option<Box<dyn Source>> {
    Some(Box::new(Machine {
        system: System::new(),
        columns: Columns::new(COLUMNS),
        all: Columns::new(SHARE),
        each: Vec::new(),
        readings: 0,
    }))
}

impl Source for Machine {
    fn read(&mut self, sink: &mut Sink) {
        self.system.refresh_memory();
        self.system.refresh_cpu_usage();
        self.set_memory(sink);
        // A share needs two readings.
        if self.readings > 0 {
            self.set_shares(sink);
        }
        self.readings += 1;
    }

    fn limits(&self) -> Vec<String> {
        vec![
            "on this system processor time is read as a share, not by state".to_owned(),
            "on this system pressure, interrupts, paging and cgroups are not read".to_owned(),
        ]
    }
}

impl Machine {
    fn set_memory(&mut self, sink: &mut Sink) {
        let system = &self.system;
        let (total, used, free) = (
            system.total_memory(),
            system.used_memory(),
            system.free_memory(),
        );
        // What is neither used nor free can be had back.
        let cached = total
            .checked_sub(used)
            .and_then(|rest| rest.checked_sub(free));
        let swap = (system.total_swap() > 0).then(|| (system.used_swap(), system.free_swap()));
        // Windows has no load average.
        let load = cfg!(unix).then(System::load_average);
        let count = system.cpus().len();
        let values = [
            (count > 0).then_some(count as u64),
            Some(total),
            Some(system.available_memory()),
            Some(used),
            Some(free),
            cached,
            swap.map(|(used, _)| used),
            swap.map(|(_, free)| free),
            Some(System::uptime()),
            load.as_ref().and_then(|load| hundredths(load.one)),
            load.as_ref().and_then(|load| hundredths(load.five)),
            load.as_ref().and_then(|load| hundredths(load.fifteen)),
        ];
        self.columns.set_all(sink, values.into_iter());
    }

    fn set_shares(&mut self, sink: &mut Sink) {
        let cpus = self.system.cpus();
        for number in self.each.len()..cpus.len() {
            let owner = Owner::new("cpu", &number.to_string());
            self.each.push(Columns::of(SHARE, owner));
        }
        for (columns, cpu) in self.each.iter_mut().zip(cpus) {
            columns.set(sink, 0, hundredths(f64::from(cpu.cpu_usage())));
        }
        let all = f64::from(self.system.global_cpu_usage());
        self.all.set(sink, 0, hundredths(all));
    }
}

fn hundredths(value: f64) -> Option<u64> {
    // The cast holds large values at the end of the range.
    (value.is_finite() && value >= 0.0).then(|| (value * 100.0).round() as u64)
}
