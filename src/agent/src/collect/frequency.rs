//! Current frequency of each processor, where the kernel governs it.
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/pm/cpufreq.rst`.

use crate::kept::{Kept, Root};
use crate::sink::Sink;
use crate::source::Source;
use crate::source::columns::{Column, Columns, Owner, column};
use crate::source::text::{number, read_number};

const FOLDER: &str = "sys/devices/system/cpu";

/// Reading one may wake its processor, so that more would disturb large machines.
const PROCESSORS_MAX: usize = 256;

const COLUMNS: &[Option<Column>] = &[Some(column("system.cpu.frequency", &[]).times(1000))];

#[derive(Debug)]
struct Frequency {
    processors: Vec<(Kept, Columns)>,
    left_out: usize,
}

/// Opens the source for all processors the machine has, online or not.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    let mut processors = Vec::new();
    let mut left_out = 0;
    let mut governed = false;
    for name in root.names(FOLDER) {
        let Some(cpu) = name
            .strip_prefix("cpu")
            .filter(|it| number(it.as_bytes()).is_some())
        else {
            continue;
        };
        let path = format!("{FOLDER}/{name}/cpufreq/scaling_cur_freq");
        governed |= root.path(&path).exists();
        if processors.len() < PROCESSORS_MAX {
            let columns = Columns::of(COLUMNS, Owner::new("cpu", cpu));
            processors.push((root.keep(&path), columns));
        } else {
            left_out += 1;
        }
    }
    governed.then(|| {
        Box::new(Frequency {
            processors,
            left_out,
        }) as Box<dyn Source>
    })
}

impl Source for Frequency {
    fn read(&mut self, sink: &mut Sink) {
        for (file, columns) in &mut self.processors {
            let kilohertz = read_number(file, sink);
            columns.set(sink, 0, kilohertz);
        }
    }

    fn limits(&self) -> Vec<String> {
        match self.left_out {
            0 => Vec::new(),
            left_out => vec![format!(
                "the frequency of {left_out} processors is not read: only that of the first {PROCESSORS_MAX} is"
            )],
        }
    }
}
