//! Text of `iostat`, `mpstat` and `pidstat`, as it stands on a terminal or in a file.
//!
//! * In: a banner with host, date and processors; headers that repeat; rows with times of
//!   day, whole times, or none; decimal points or commas; 12 or 24 hours.
//! * Out: the series that the same tools give in JSON, and series of processes.
//! * Never: takes in averages at the end, or the mean since boot that iostat begins with.
//!
//! Start at [`read`].

use super::measure::{self, Report};
use super::reports::{Part, Reports};
use super::table::{Line, Stamp, number};
use super::{COUNT, SINCE_BOOT, process};
use crate::clock::Clock;
use crate::lines::{self, Damage, TooMuch};
use crate::names::find;
use crate::outcome::Outcome;
use crate::recorder::{Reading, Recorder};
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported, Recording};
use model::time::SECOND_NS;
use std::collections::BTreeSet;

/// The table that rows belong to.
#[derive(Default)]
enum Table {
    /// None yet, or one that is not read.
    #[default]
    Other,
    /// Processors, of mpstat and sar.
    Processors(Vec<String>),
    /// Sums of interrupts, of mpstat.
    Interrupts(Vec<String>),
    /// All processors, of iostat.
    Mean(Vec<String>),
    /// Devices, of iostat.
    Devices(Vec<String>),
    /// Processes, of pidstat.
    Processes(Vec<String>),
    /// Averages over the whole run, at its end.
    Averages,
}

impl Table {
    /// The table that has these names over its columns.
    fn of(names: &[&str]) -> Self {
        let has = |name: &str| names.contains(&name);
        let owned = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect();
        let rest = names.get(1..).unwrap_or_default();
        match names.first().copied().unwrap_or_default() {
            "avg-cpu:" => Self::Mean(owned(rest)),
            "CPU" if has("%idle") => Self::Processors(owned(rest)),
            "CPU" if names == ["CPU", "intr/s"] => Self::Interrupts(vec!["intr".to_owned()]),
            first if has("Command") && (has("PID") || has("TGID")) => {
                Self::Processes(owned(if first == "Time" { rest } else { names }))
            }
            _ if has("Device") || has("Device:") => Self::Devices(owned(names)),
            _ => Self::Other,
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Text {
    recorder: Recorder,
    clock: Clock,
    cpus: Option<f64>,
    table: Table,
    reports: Reports,
    stamp: Option<i64>,
    zoned: bool,
    /// Whether rows have times of their own.
    timed: bool,
    rows: usize,
    /// Which tools printed tables that were read.
    tools: BTreeSet<&'static str>,
    averages: usize,
    threads: usize,
    skips: Skips,
}

/// Whether a file that begins with these bytes is such text.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let banner = lines
        .next()
        .map(|line| Line::of(line.trim_start_matches('\u{feff}')));
    matches!(banner, Some(Line::Banner(_)))
        && ["avg-cpu:", "Device", "%idle", "PID", "intr/s", "/s"]
            .iter()
            .any(|word| text.contains(word))
}

/// Reads all reports.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut text = Text::default();
    let ending = lines::each(source, |line, words| text.line(line, words))?;
    let damage = ending.damage(&text.skips);
    text.outcome(damage).imported(source)
}

impl Text {
    fn line(&mut self, line: u64, text: &str) -> Result<(), TooMuch> {
        if let Some(at) = self.whole_time(text) {
            self.stamp = Some(at);
            self.reports.begin(Part::Time);
            return Ok(());
        }
        match Line::of(text) {
            Line::Blank => {}
            Line::Banner(banner) => {
                self.recorder.set_host(banner.host);
                self.clock.set_date(banner.date);
                self.cpus = banner.cpus.or(self.cpus);
                self.table = Table::Other;
                self.reports.banner();
            }
            Line::Header(stamp, names) => self.header(stamp, &names),
            Line::Row(stamp, words) => return self.row(line, stamp, &words),
        }
        Ok(())
    }

    /// The time that `iostat -t` prints in a line of its own.
    fn whole_time(&mut self, text: &str) -> Option<i64> {
        let words = text.split_whitespace().count();
        let short = (1..=3).contains(&words) && text.contains(':');
        let at = if short { self.clock.moment(text) } else { None };
        self.zoned |= at.is_some() && text.contains('T');
        at
    }

    fn header(&mut self, stamp: Option<Stamp>, names: &[&str]) {
        if let Some(Stamp::Time(time)) = stamp {
            self.clock.begin(time);
        }
        let mut table = Table::of(names);
        match &table {
            Table::Mean(_) => self.reports.begin(Part::Processors),
            Table::Devices(_) => self.reports.begin(Part::Devices),
            // A tool that prints times leaves them out of its averages alone.
            Table::Other if stamp.is_none() && self.timed => table = Table::Averages,
            _ => {}
        }
        self.table = table;
    }

    fn row(&mut self, line: u64, stamp: Option<Stamp>, words: &[&str]) -> Result<(), TooMuch> {
        match std::mem::take(&mut self.table) {
            Table::Other => {
                let why = "a table that is not read (give `sadf -j` for sar)";
                self.skips.add("line", why, line, &words.join(" "));
            }
            Table::Averages => {
                self.averages += 1;
                self.table = Table::Averages;
            }
            Table::Mean(names) => {
                if self.begin_row()? {
                    self.report(line, "avg-cpu", (&names, words), &[]);
                }
                self.table = Table::Mean(names);
            }
            Table::Devices(names) => {
                if self.begin_row()? {
                    self.device(line, &names, words);
                }
                self.table = Table::Devices(names);
            }
            Table::Processors(names) => {
                if self.begin_timed_row(stamp)? {
                    self.processor(line, "cpu-load", &names, words);
                }
                self.table = Table::Processors(names);
            }
            Table::Interrupts(names) => {
                if self.begin_timed_row(stamp)? {
                    self.processor(line, "sum-interrupts", &names, words);
                }
                self.table = Table::Interrupts(names);
            }
            Table::Processes(names) => {
                if self.begin_timed_row(stamp)? {
                    self.process(line, &names, words);
                }
                self.table = Table::Processes(names);
            }
        }
        Ok(())
    }

    /// Begins a row of iostat; says no in the first report.
    fn begin_row(&mut self) -> Result<bool, TooMuch> {
        let Some(report) = self.reports.current() else {
            return Ok(false);
        };
        let at = self.stamp.unwrap_or(report.saturating_mul(SECOND_NS));
        self.begin(at)?;
        Ok(true)
    }

    /// Begins a row of a tool that prints a time in each; others are averages.
    fn begin_timed_row(&mut self, stamp: Option<Stamp>) -> Result<bool, TooMuch> {
        let at = match stamp {
            Some(Stamp::Time(time)) => self.clock.at(time),
            Some(Stamp::Epoch(seconds)) => {
                self.zoned = true;
                seconds.checked_mul(SECOND_NS)
            }
            None => None,
        };
        let Some(at) = at else {
            self.averages += 1;
            return Ok(false);
        };
        self.timed = true;
        self.stamp = Some(at);
        self.begin(at)?;
        Ok(true)
    }

    fn begin(&mut self, at: i64) -> Result<(), TooMuch> {
        self.recorder.row(at)?;
        if let Some(cpus) = self.cpus {
            self.recorder.put(&COUNT, &[], cpus);
        }
        Ok(())
    }

    fn device(&mut self, line: u64, names: &[String], words: &[&str]) {
        let place = names.iter().position(|it| it.starts_with("Device"));
        let (Some(place), true) = (place, words.len() == names.len()) else {
            self.unlike(line, words);
            return;
        };
        let device = words.get(place).copied().unwrap_or_default();
        let others = |it: &usize| *it != place;
        let places: Vec<usize> = (0..names.len()).filter(others).collect();
        let names: Vec<String> = places.iter().map(|it| names[*it].clone()).collect();
        let words: Vec<&str> = places.iter().map(|it| words[*it]).collect();
        self.report(line, "disk", (&names, &words), &[("device", device)]);
    }

    fn processor(&mut self, line: u64, section: &str, names: &[String], words: &[&str]) {
        let Some((cpu, words)) = words.split_first() else {
            return;
        };
        let own: Vec<_> = measure::part("cpu", cpu).into_iter().collect();
        self.report(line, section, (names, words), &own);
    }

    fn report(
        &mut self,
        line: u64,
        section: &str,
        (names, words): (&[String], &[&str]),
        own: &[(&str, &str)],
    ) {
        if names.len() != words.len() {
            self.unlike(line, words);
            return;
        }
        let mut fields = Vec::with_capacity(names.len());
        for (name, word) in names.iter().zip(words) {
            match number(word) {
                Some(value) => fields.push((name.trim_start_matches('%'), value)),
                None => self.skips.add("value", "no number", line, word),
            }
        }
        let report = Report {
            section,
            own,
            fields: &fields,
        };
        measure::put(&mut self.recorder, &report);
        self.tools.insert(match section {
            "disk" | "avg-cpu" => "iostat",
            _ => "mpstat",
        });
        self.rows += 1;
    }

    fn process(&mut self, line: u64, names: &[String], words: &[&str]) {
        let Some(columns) = names.len().checked_sub(1).filter(|it| *it < words.len()) else {
            self.unlike(line, words);
            return;
        };
        let cell = |wanted: &str| {
            let place = names.iter().position(|it| it == wanted)?;
            words.get(place).copied()
        };
        let pid = cell("PID").or_else(|| cell("TGID")).unwrap_or_default();
        if pid == "-" {
            self.threads += 1;
            return;
        }
        if pid.parse::<u32>().is_err() {
            self.skips
                .add("line", "no process number", line, &words.join(" "));
            return;
        }
        let command = words[columns..].join(" ");
        let own = [("process.pid", pid), ("process.name", command.as_str())];
        for (name, word) in names.iter().zip(words).take(columns) {
            if matches!(
                name.as_str(),
                "UID" | "USER" | "PID" | "TGID" | "TID" | "CPU"
            ) {
                continue;
            }
            let Some(value) = number(word) else {
                self.skips.add("value", "no number", line, word);
                continue;
            };
            match find(process::NAMES, name) {
                Some(name) => self.recorder.add(name, &own, value),
                None => self.recorder.put_reading(Reading {
                    metric: &format!("sysstat.process.{}", name.trim_start_matches('%')),
                    unit: "1",
                    fixed: &[],
                    own: &own,
                    value,
                }),
            }
        }
        self.tools.insert("pidstat");
        self.rows += 1;
    }

    fn unlike(&mut self, line: u64, words: &[&str]) {
        let why = "other cells than its header";
        self.skips.add("line", why, line, &words.join(" "));
    }

    fn outcome(self, damage: Option<Damage>) -> Outcome {
        let mut notes = vec![format!(
            "read {} of {} at {}",
            counted(self.rows, "row"),
            self.tools.iter().copied().collect::<Vec<_>>().join(" and "),
            counted(self.recorder.rows(), "moment")
        )];
        if self.reports.any() {
            notes.push(SINCE_BOOT.to_owned());
        }
        let times = if self.stamp.is_none() {
            Told::Nothing
        } else if self.zoned {
            Told::Moments
        } else if self.clock.dated() {
            Told::Local
        } else {
            Told::OfDay
        };
        notes.extend(self.clock.note());
        if self.averages > 0 {
            let lines = counted(self.averages, "line");
            notes.push(format!("left out {lines} of averages over the whole run"));
        }
        if self.threads > 0 {
            let lines = counted(self.threads, "line");
            notes.push(format!(
                "left out {lines} of threads, which their processes contain"
            ));
        }
        notes.extend(self.skips.notes());
        let columns = self.recorder.finish(&mut notes);
        Outcome {
            format: "sysstat text",
            recording: Recording {
                columns,
                ..Recording::default()
            },
            times,
            notes,
            damage,
            nothing: "there is no row of iostat, mpstat or pidstat in it after the mean since \
                      boot; give an interval, such as `iostat -x 1 60`",
        }
    }
}
