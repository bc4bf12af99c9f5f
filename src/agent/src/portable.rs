//! Sources for systems other than Linux, on what their own interfaces tell.
//!
//! They fill the same names of the catalogue as far as the systems know the
//! numbers: processors as shares instead of times by state, memory, disks, file
//! systems, interfaces, and the basics of processes. Built and tested on Linux
//! too, where `collect` tells far more.
//!
//! Start at [`ALL`].

mod devices;
mod processes;
mod system;

use crate::source::{Cadence, Entry};

/// Every portable source in reading order: takes the place of `collect::ALL`.
pub const ALL: &[Entry] = &[
    Entry {
        name: "portable.system",
        cadence: Cadence::Base,
        open: system::open,
    },
    Entry {
        name: "portable.network",
        cadence: Cadence::Base,
        open: devices::open_networks,
    },
    Entry {
        name: "portable.disk",
        cadence: Cadence::Slow,
        open: devices::open_disks,
    },
    Entry {
        name: "portable.process",
        cadence: Cadence::Second,
        open: processes::open,
    },
];

#[cfg(test)]
mod tests {
    use model::batch::Stamp;
    use model::process::Field;

    use super::ALL;
    use crate::kept::Root;
    use crate::sink::{Sink, UNSET};

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    /// The values of a metric in this reading, in its unit.
    fn values(sink: &Sink, metric: &str) -> Vec<f64> {
        let all = sink.declared().iter().zip(sink.values());
        all.filter(|(it, raw)| it.metric == metric && **raw != UNSET)
            .map(|(it, raw)| *raw as f64 / f64::from(it.divisor))
            .collect()
    }

    #[test]
    fn this_machine() -> Outcome {
        let root = Root::new("/");
        let mut sources: Vec<_> = ALL.iter().filter_map(|it| (it.open)(&root)).collect();
        let mut sink = Sink::default();
        for _ in 0..2 {
            sink.begin(Stamp::default());
            for source in &mut sources {
                source.read(&mut sink);
            }
        }
        let limit = values(&sink, "system.memory.limit");
        let states: f64 = values(&sink, "system.memory.usage").iter().sum();
        assert!(limit.len() == 1 && limit[0] > 1e6);
        assert!((states - limit[0]).abs() < 1.0, "{states} of {limit:?}");
        let processors = values(&sink, "system.cpu.logical.count");
        assert!(processors.iter().all(|count| *count >= 1.0) && processors.len() == 1);
        assert!(values(&sink, "system.uptime")[0] > 0.0);
        let shares = values(&sink, "system.cpu.utilization");
        assert!(
            shares.iter().all(|share| (0.0..=1.001).contains(share)),
            "{shares:?}"
        );
        Ok(())
    }

    #[test]
    fn this_process_is_seen_once_with_its_numbers() -> Outcome {
        let entry = ALL.iter().find(|it| it.name == "portable.process");
        let entry = entry.ok_or("no such source")?;
        let mut source = (entry.open)(&Root::new("/")).ok_or("nothing to read")?;
        let mut sink = Sink::default();
        sink.begin(Stamp::default());
        source.read(&mut sink);
        let me = |(_, it): &&(_, model::process::Process)| it.pid == std::process::id();
        let found: Vec<_> = sink.appeared.iter().filter(me).map(|(id, _)| *id).collect();
        assert_eq!(found.len(), 1);
        let reading = sink.alive.iter().find(|(id, _)| *id == found[0]);
        let reading = reading.ok_or("not alive")?.1;
        assert!(
            reading
                .get(Field::ResidentMemory)
                .is_some_and(|bytes| bytes > 0)
        );
        sink.begin(Stamp::default());
        source.read(&mut sink);
        assert_eq!(sink.appeared.iter().filter(me).count(), 0);
        assert!(sink.processes_read && sink.alive.iter().any(|(id, _)| *id == found[0]));
        Ok(())
    }
}
