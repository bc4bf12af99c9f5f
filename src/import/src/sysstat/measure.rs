//! Puts the fields of one section at one moment into series, whether they come from
//! text or JSON, and computes what the workbench looks for beside them.
//!
//! * Processors: all use, which is neither idle nor waiting for storage.
//! * Memory: all of it, which `sar` does not tell.
//! * Devices: the mean response time of reads and writes together, as the workbench's
//!   own derivation has it.
//!
//! Start at [`put`].

use super::names::{STATES, Section, section};
use crate::names::{KILO, MILLI, Name, PERCENT, find, name};
use crate::recorder::{Reading, Recorder};

const BUSY: Name = name("", "system.cpu.utilization", &[], "1", PERCENT);
const LIMIT: Name = name("", "system.memory.limit", &[], "By", KILO);
const AWAIT: Name = name("", "system.disk.await", &[], "s", MILLI);
const INTERRUPTS: Name = name("", "system.cpu.interrupts.rate", &[], "{interrupt}/s", 1.0);

/// Fields and their values, as the tool has them.
pub(super) type Fields<'a> = [(&'a str, f64)];

/// The fields of one part, such as a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report<'a> {
    /// Which section.
    pub section: &'a str,
    /// Which part, as attributes.
    pub own: &'a [(&'a str, &'a str)],
    /// What it says.
    pub fields: &'a Fields<'a>,
}

/// Puts a report into series.
pub(super) fn put(recorder: &mut Recorder, report: &Report<'_>) {
    let Some(known) = section(report.section) else {
        report.fields.iter().for_each(|(field, value)| {
            put_own(recorder, report, "1", (field, *value));
        });
        return;
    };
    match known.key {
        "cpu-load" | "cpu-load-all" | "avg-cpu" => cpu(recorder, report),
        "interrupts" => interrupts(recorder, report, known),
        _ => {
            if known.key == "memory" {
                memory(recorder, report, known);
            } else {
                plain(recorder, report, known);
            }
            if known.key == "disk" {
                mean_await(recorder, report);
            }
        }
    }
}

/// The attribute of a part; `all` and `-1` are no part but the whole.
pub(super) fn part<'a>(key: &'a str, value: &'a str) -> Option<(&'a str, &'a str)> {
    let whole = key == "cpu" && matches!(value, "all" | "-1");
    (!whole).then_some((key, value))
}

fn get(fields: &Fields<'_>, field: &str) -> Option<f64> {
    let found = fields.iter().find(|(name, _)| *name == field)?;
    Some(found.1)
}

fn plain(recorder: &mut Recorder, report: &Report<'_>, known: &Section) {
    for (field, value) in report.fields {
        if let Some(name) = find(known.names, field) {
            recorder.put(name, report.own, *value);
        } else if !known.repeated.contains(field) {
            put_own(recorder, report, known.unit, (field, *value));
        }
    }
}

/// What has no name here keeps the tool's: `sysstat.net_ip.irec`.
fn put_own(recorder: &mut Recorder, report: &Report<'_>, unit: &str, (field, value): (&str, f64)) {
    let field = field.strip_suffix("/s").unwrap_or(field);
    let metric = format!(
        "sysstat.{}.{}",
        report.section,
        field.trim_start_matches('%')
    );
    recorder.put_reading(Reading {
        metric: &metric.replace('-', "_"),
        unit,
        fixed: &[],
        own: report.own,
        value,
    });
}

fn cpu(recorder: &mut Recorder, report: &Report<'_>) {
    let niced = get(report.fields, "gnice").unwrap_or(0.0);
    for (field, value) in report.fields {
        match find(STATES, field) {
            // Guests are one state, niced or not.
            Some(name) if *field == "guest" => recorder.put(name, report.own, value + niced),
            Some(name) => recorder.put(name, report.own, *value),
            None if *field == "gnice" => {}
            None => put_own(recorder, report, "1", (field, *value)),
        }
    }
    if let Some(idle) = get(report.fields, "idle") {
        let waits = get(report.fields, "iowait").unwrap_or(0.0);
        // Rounding to hundredths of a percent may leave a little less than nothing.
        recorder.put(&BUSY, report.own, (100.0 - idle - waits).max(0.0));
    }
}

fn interrupts(recorder: &mut Recorder, report: &Report<'_>, known: &Section) {
    let sum = report.own.contains(&("interrupt", "sum"));
    for (field, value) in report.fields {
        // How they spread over processors is left out: it would be most of the file.
        match find(known.names, field) {
            Some(_) if sum => recorder.put(&INTERRUPTS, &[], *value),
            Some(name) => recorder.put(name, report.own, *value),
            None => {}
        }
    }
}

/// Memory by state. `sar` up to 12.0 counts as used what is not free; later versions
/// take buffers, cache and slab out of it, as the catalog does. The share in percent
/// tells which.
fn memory(recorder: &mut Recorder, report: &Report<'_>, known: &Section) {
    let of = |field| get(report.fields, field);
    let parts = [of("buffers"), of("cached"), of("slab")];
    let others: f64 = parts.iter().flatten().sum();
    let mut fields = report.fields.to_vec();
    if let (Some(free), Some(used)) = (of("memfree"), of("memused")) {
        let (narrow, wide) = (free + used + others, free + used);
        let told = of("memused-percent").map(|it| used / (it * PERCENT));
        let off = |limit: f64| told.map_or(0.0, |told| (told - limit).abs());
        let old = told.is_some_and(f64::is_finite) && off(wide) < off(narrow);
        if old {
            for field in &mut fields {
                if field.0 == "memused" {
                    field.1 = (used - others).max(0.0);
                }
            }
        }
        if old || parts.iter().all(Option::is_some) {
            recorder.put(&LIMIT, &[], if old { wide } else { narrow });
        }
    }
    let report = Report {
        fields: &fields,
        ..*report
    };
    plain(recorder, &report, known);
}

/// The mean over reads and writes; none where nothing was done.
fn mean_await(recorder: &mut Recorder, report: &Report<'_>) {
    let of = |field| get(report.fields, field);
    let (Some(reads), Some(writes)) = (of("r/s"), of("w/s")) else {
        return;
    };
    let waited = [(reads, of("r_await")), (writes, of("w_await"))];
    let Some(sum) = waited
        .into_iter()
        .map(|(count, await_ms)| Some(count * await_ms?))
        .sum::<Option<f64>>()
    else {
        return;
    };
    if reads + writes > 0.0 {
        recorder.put(&AWAIT, report.own, sum / (reads + writes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(section: &str, fields: &Fields<'_>) -> Vec<String> {
        let mut recorder = Recorder::default();
        assert_eq!(recorder.row(0), Ok(()));
        let report = Report {
            section,
            own: &[],
            fields,
        };
        put(&mut recorder, &report);
        let columns = recorder.finish(&mut Vec::new());
        let line = |it: &model::columns::Column| {
            let unit = it.series.unit.code();
            format!("{} {:.3} {unit}", it.series.key, it.values[0])
        };
        columns.iter().map(line).collect()
    }

    #[test]
    fn used_memory_is_what_no_other_state_claims_in_old_and_new_files() {
        // 100 kB in all: 40 free, 10 buffers, 20 cached, 5 slab, 25 for the rest.
        let others = [
            ("memfree", 40.0),
            ("buffers", 10.0),
            ("cached", 20.0),
            ("slab", 5.0),
        ];
        let new = [&others[..], &[("memused", 25.0), ("memused-percent", 25.0)]].concat();
        let old = [&others[..], &[("memused", 60.0), ("memused-percent", 60.0)]].concat();
        for fields in [new, old] {
            let told = told("memory", &fields);
            assert!(told.contains(&"system.memory.limit 102400.000 By".to_owned()));
            let used = "system.memory.usage{state=used} 25600.000 By".to_owned();
            assert!(told.contains(&used), "{told:?}");
        }
    }

    #[test]
    fn a_device_that_did_nothing_has_no_response_time() {
        let busy = [
            ("r/s", 1.0),
            ("w/s", 3.0),
            ("r_await", 8.0),
            ("w_await", 4.0),
        ];
        assert!(told("disk", &busy).contains(&"system.disk.await 0.005 s".to_owned()));
        let idle = [
            ("r/s", 0.0),
            ("w/s", 0.0),
            ("r_await", 0.0),
            ("w_await", 0.0),
        ];
        assert!(!told("disk", &idle).contains(&"system.disk.await 0.000 s".to_owned()));
    }

    #[test]
    fn what_is_not_known_keeps_its_name() {
        assert_eq!(
            told("net-ip", &[("irec", 2.0)]),
            ["sysstat.net_ip.irec 2.000 {datagram}/s"]
        );
        assert_eq!(
            told("new-thing", &[("%x/s", 2.0)]),
            ["sysstat.new_thing.x 2.000 1"]
        );
        assert_eq!(
            told(
                "cpu-load",
                &[("idle", 50.0), ("guest", 2.0), ("gnice", 3.0)]
            ),
            [
                "system.cpu.utilization{state=idle} 0.500 1",
                "system.cpu.utilization{state=guest} 0.050 1",
                "system.cpu.utilization 0.500 1"
            ]
        );
    }
}
