//! Processors: use, pressure, waiting tasks.

use crate::bottleneck::Resource;
use crate::bottleneck::gauge::Readings;
use crate::bottleneck::lens::{Lens, largest, pairs};
use crate::bottleneck::limits::{FEW_THROTTLED, FULL_CORE, Signal};
use crate::frame::Line;

/// The number of processors, when the input tells.
pub(in crate::bottleneck) fn cores(lens: &Lens<'_>) -> Option<f64> {
    let counted = lens.one("system.cpu.logical.count", &[]).and_then(|it| {
        let last = it.iter().rev().find(|value| value.is_finite());
        last.copied().filter(|count| *count >= 1.0)
    });
    counted.or_else(|| {
        let metrics = ["system.cpu.time", "system.cpu.utilization"];
        let known = lens.values_of(&metrics, "cpu").len();
        (known > 0).then_some(known as f64)
    })
}

/// Processors: use, pressure, waiting tasks.
pub(in crate::bottleneck) fn cpu(lens: &Lens<'_>, cores: Option<f64>) -> Readings {
    let mut readings = Readings::new(Resource::Cpu, "");
    readings.take(Signal::Busy, lens.processor_busy());
    readings.take(Signal::CpuPressure, lens.pressure("cpu"));
    if let Some(cores) = cores {
        let delay = lens.sum("system.cpu.run_delay", &[]);
        let per_core = |values: Vec<f64>| values.iter().map(|it| it / cores).collect();
        readings.take(Signal::RunDelay, delay.map(per_core));
        // One of the tasks that run is the agent that counts them.
        let beyond = |running: &f64| match running - 1.0 - cores {
            few if few < 0.0 => 0.0,
            more => more / cores,
        };
        let running = lens.one("system.process.running", &[]);
        let queue = running.map(|it| it.iter().map(beyond).collect());
        readings.take(Signal::RunQueue, queue);
    }
    readings.take(Signal::FullCoreDelay, full_core_delay(lens));
    readings.take(Signal::Steal, lens.processor_state("steal"));
    readings.take(Signal::Starts, lens.one("system.process.created", &[]));
    readings.take(Signal::BusiestCore, busiest_core(lens));
    readings
}

fn busiest_core(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let cores = cores_busy(lens);
    largest(lens.frame.rows(), cores.map(|line| &line.values[..]))
}

/// Use of each processor.
fn cores_busy<'a>(lens: &'a Lens<'_>) -> impl Iterator<Item = &'a Line> {
    let lines = lens.of("system.cpu.utilization").iter().copied();
    lines.filter(|line| {
        let key = &line.series.key;
        key.attributes.len() == 1 && key.attribute("cpu").is_some()
    })
}

/// Tasks that wait for the processor that has most of them, where it is full. Those that
/// a quota stops do not wait for a processor and are not in it.
fn full_core_delay(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let where_full = |line: &Line, waiting: &[f64]| {
        pairs(&line.values, waiting, |busy, waiting| {
            if busy.is_nan() || waiting.is_nan() {
                f64::NAN
            } else if busy >= FULL_CORE {
                waiting
            } else {
                0.0
            }
        })
    };
    let of_core = |line: &Line| {
        let core = line.series.key.attribute("cpu")?;
        let delay = lens.one("system.cpu.run_delay", &[("cpu", core)])?;
        Some(where_full(line, &delay))
    };
    let mut delays: Vec<Vec<f64>> = cores_busy(lens).filter_map(of_core).collect();
    if delays.is_empty() {
        // Where the kernel does not count waiting tasks by processor: the share of time
        // in which some task waited is the least number of tasks that did.
        let waiting = unthrottled_pressure(lens)?;
        delays = cores_busy(lens)
            .map(|line| where_full(line, &waiting))
            .collect();
    }
    largest(lens.frame.rows(), delays.iter().map(|it| &it[..]))
}

/// Pressure of the processors in rows in which no quota makes it.
fn unthrottled_pressure(lens: &Lens<'_>) -> Option<Vec<f64>> {
    let pressure = lens.pressure("cpu")?;
    let groups = lens.of("cgroup.cpu.throttled_share").iter();
    let throttled = largest(lens.frame.rows(), groups.map(|line| &line.values[..]));
    let Some(throttled) = throttled else {
        return Some(pressure);
    };
    Some(pairs(&pressure, &throttled, |pressure, throttled| {
        if throttled > FEW_THROTTLED {
            0.0
        } else {
            pressure
        }
    }))
}
