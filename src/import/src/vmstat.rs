//! Text of `vmstat`, with and without `-t`, `-w` and `-n`.
//!
//! * In: two header lines, which repeat, and one row an interval.
//! * Out: processors, memory, run queue, swapping and blocks moved.
//! * Never: takes in the first row, which is the mean since boot.
//!
//! # Source
//!
//! `vmstat(8)` of procps 4.0: memory in units of 1,024 bytes unless `-S` says otherwise,
//! swapping in the same a second, blocks of 1,024 bytes a second, shares in percent.
//!
//! Start at [`read`].

use model::time::SECOND_NS;

use crate::clock::Clock;
use crate::lines::{self, Damage, TooMuch};
use crate::names::{KILO, Name, PERCENT, find, name};
use crate::outcome::Outcome;
use crate::recorder::Recorder;
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported, Recording};

const CPU: &str = "system.cpu.utilization";
const MEMORY: &str = "system.memory.usage";

/// Bytes moved by swapping: vmstat gives no pages.
const SWAPPED: &str = "system.paging.io.rate";

/// The columns.
#[rustfmt::skip]
const NAMES: &[Name] = &[
    name("r", "system.process.running", &[], "{process}", 1.0),
    name("b", "system.process.blocked", &[], "{process}", 1.0),
    name("swpd", "system.paging.usage", &[("state", "used")], "By", KILO),
    name("free", MEMORY, &[("state", "free")], "By", KILO),
    name("buff", MEMORY, &[("state", "buffers")], "By", KILO),
    name("cache", MEMORY, &[("state", "cached")], "By", KILO),
    name("inact", "sysstat.memory.inactive", &[], "By", KILO),
    name("active", "sysstat.memory.active", &[], "By", KILO),
    name("si", SWAPPED, &[("direction", "in"), ("type", "swap")], "By/s", KILO),
    name("so", SWAPPED, &[("direction", "out"), ("type", "swap")], "By/s", KILO),
    name("bi", SWAPPED, &[("direction", "in"), ("type", "page")], "By/s", KILO),
    name("bo", SWAPPED, &[("direction", "out"), ("type", "page")], "By/s", KILO),
    name("in", "system.cpu.interrupts.rate", &[], "{interrupt}/s", 1.0),
    name("cs", "system.cpu.context_switches.rate", &[], "{context_switch}/s", 1.0),
    name("us", CPU, &[("state", "user")], "1", PERCENT),
    name("sy", CPU, &[("state", "system")], "1", PERCENT),
    name("id", CPU, &[("state", "idle")], "1", PERCENT),
    name("wa", CPU, &[("state", "iowait")], "1", PERCENT),
    name("st", CPU, &[("state", "steal")], "1", PERCENT),
    name("gu", CPU, &[("state", "guest")], "1", PERCENT),
];

const BUSY: Name = name("", CPU, &[], "1", PERCENT);

/// What was read so far.
#[derive(Default)]
struct Rows {
    recorder: Recorder,
    clock: Clock,
    columns: Vec<String>,
    zone: Option<String>,
    begun: bool,
    timed: bool,
    rows: i64,
    skips: Skips,
}

/// Whether a file that begins with these bytes is such text.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let found = lines.find(|line| is_title(line));
    found.is_some() && lines.next().is_some_and(|line| is_header(&words(line)))
}

/// Reads all rows.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut rows = Rows::default();
    let ending = lines::each(source, |line, text| rows.line(line, text))?;
    let damage = ending.damage(&rows.skips);
    rows.outcome(damage).imported(source)
}

/// `procs -----------memory----------`.
fn is_title(line: &str) -> bool {
    let plain = line.trim().trim_start_matches('-');
    plain.starts_with("procs") && line.contains("memory--")
}

fn is_header(words: &[&str]) -> bool {
    words.starts_with(&["r", "b", "swpd"]) && words.contains(&"id")
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

impl Rows {
    fn line(&mut self, line: u64, text: &str) -> Result<(), TooMuch> {
        let words = words(text);
        if words.is_empty() || is_title(text) {
            return Ok(());
        }
        if is_header(&words) {
            // With -t the zone stands over the times.
            let known = |word: &&&str| find(NAMES, word).is_some();
            let columns: Vec<_> = words.iter().take_while(known).collect();
            self.zone = words.get(columns.len()).map(|it| (*it).to_owned());
            self.columns = columns.iter().map(|it| (**it).to_owned()).collect();
            return Ok(());
        }
        self.row(line, text, &words)
    }

    fn row(&mut self, line: u64, text: &str, words: &[&str]) -> Result<(), TooMuch> {
        let count = self.columns.len();
        let cells: Option<Vec<f64>> = words.iter().take(count).map(|it| it.parse().ok()).collect();
        let Some(cells) = cells.filter(|it| count > 0 && it.len() == count) else {
            self.skips
                .add("line", "no numbers for its header", line, text);
            return Ok(());
        };
        let rest = words.get(count..).unwrap_or_default().join(" ");
        let at = if rest.is_empty() {
            Some(self.rows.saturating_mul(SECOND_NS))
        } else {
            self.timed = true;
            self.clock.moment(&rest)
        };
        let Some(at) = at else {
            self.skips.add("line", "no time", line, text);
            return Ok(());
        };
        if !std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.recorder.row(at)?;
        self.rows += 1;
        let names = self.columns.iter().map(|it| find(NAMES, it));
        let (mut idle, mut waits) = (None, 0.0);
        for (name, value) in names.zip(cells) {
            let Some(name) = name else { continue };
            self.recorder.put(name, &[], value);
            match name.field {
                "id" => idle = Some(value),
                "wa" => waits = value,
                _ => {}
            }
        }
        if let Some(idle) = idle {
            // Whole percents may add up to a little more than a hundred.
            self.recorder
                .put(&BUSY, &[], (100.0 - idle - waits).max(0.0));
        }
        Ok(())
    }

    fn outcome(self, damage: Option<Damage>) -> Outcome {
        let mut notes = vec![
            format!("read {}", counted(self.recorder.rows(), "row")),
            "left out the first row, which is the mean since boot (unless -y was given)".to_owned(),
            "sizes were taken as of 1,024 bytes, as vmstat prints them without -S".to_owned(),
        ];
        let times = match self.zone.as_deref() {
            _ if !self.timed => Told::Nothing,
            Some("UTC") => Told::Moments,
            Some(zone) => {
                notes.push(super::sysstat::zone_note(zone));
                Told::Local
            }
            None => Told::Local,
        };
        notes.extend(self.skips.notes());
        let columns = self.recorder.finish(&mut notes);
        Outcome {
            format: "vmstat",
            recording: Recording {
                columns,
                ..Recording::default()
            },
            times,
            notes,
            damage,
            nothing: "there is no row after the mean since boot; give an interval, such as \
                      `vmstat 1 60`",
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_the_catalog_have_its_units_and_attributes() {
        crate::names::check(super::NAMES);
    }
}
