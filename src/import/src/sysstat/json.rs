//! JSON of sysstat: `sadf -j`, `iostat -o JSON`, `mpstat -o JSON`.
//!
//! * In: `{"sysstat": {"hosts": [{…, "statistics": [{"timestamp": …, "section": …}]}]}}`.
//! * Out: series named by the tables in `names`, and restarts and comments as events.
//! * Never: holds more than one sample.
//!
//! Start at [`read`].

use model::event::{Event, EventKind};
use model::time::Moment;
use serde_json::{Map, Value};

use super::measure::{self, Report};
use super::names;
use super::{COUNT, SINCE_BOOT};
use crate::clock::Clock;
use crate::json::{Part, Walker};
use crate::lines::{Damage, TooMuch};
use crate::outcome::{self, Outcome};
use crate::recorder::Recorder;
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported, Recording};

/// Sections nest so deep at most.
const DEPTH_MAX: usize = 4;

/// Attributes of the parts that a value belongs to.
type Parts<'a> = Vec<(&'a str, String)>;

/// What was read so far.
#[derive(Default)]
struct Reading {
    recorder: Recorder,
    events: Vec<(String, Event)>,
    clock: Clock,
    cpus: Option<f64>,
    samples: usize,
    timed: bool,
    /// Whether times are told to be in UTC, or with their offset.
    zoned: bool,
    iostat: bool,
    mounts: bool,
    zone: String,
    skips: Skips,
}

/// Whether a file that begins with these bytes is such JSON.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let trimmed = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    trimmed.starts_with('{') && text.contains("\"sysstat\"") && text.contains("\"hosts\"")
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut reading = Reading::default();
    let damage = walk(source, &mut reading)?;
    reading.outcome(damage).imported(source)
}

fn walk(source: &mut Source<'_>, reading: &mut Reading) -> Result<Option<Damage>, ImportError> {
    let mut walker = Walker::new(source, &["statistics", "restarts", "comments"]);
    loop {
        let (array, line) = match walker.next() {
            Ok(None) => return Ok(None),
            Ok(Some(Part::Scalar { key, value })) => {
                reading.about(&key, &value);
                continue;
            }
            Ok(Some(Part::Element { array, line })) => (array, line),
            Err(error) => return outcome::damage(error).map(Some),
        };
        let value = match walker.parsed() {
            Ok(value) => value,
            Err(error) => return outcome::damage(error).map(Some),
        };
        let Value::Object(fields) = value else {
            reading.skips.add("sample", "no fields", line, "");
            continue;
        };
        if array == "statistics" {
            let taken = reading.sample(&fields, line);
            taken.map_err(|limit| walker.too_large(limit))?;
        } else {
            reading.event(&fields, line);
        }
    }
}

impl Reading {
    /// What stands before the samples of a host.
    fn about(&mut self, key: &str, value: &Value) {
        match (key, value) {
            ("nodename", Value::String(name)) => self.recorder.set_host(name),
            ("number-of-cpus", Value::Number(count)) => self.cpus = count.as_f64(),
            ("date" | "file-date", Value::String(date)) => {
                self.clock.set_date(date);
            }
            ("timezone", Value::String(zone)) => zone.clone_into(&mut self.zone),
            _ => {}
        }
    }

    fn sample(&mut self, fields: &Map<String, Value>, line: u64) -> Result<(), TooMuch> {
        let stamp = fields.get("timestamp");
        // iostat tells no interval, and its first report is of the time since boot.
        let iostat = !matches!(stamp, Some(Value::Object(_)))
            && (fields.contains_key("avg-cpu") || fields.contains_key("disk"));
        let first = iostat && !std::mem::replace(&mut self.iostat, iostat);
        let at = match stamp {
            None => i64::try_from(self.samples).ok().map(|it| it * SECOND),
            Some(stamp) => {
                self.timed = true;
                self.moment(stamp)
            }
        };
        let Some(at) = at else {
            self.skips.add("sample", "no time", line, "");
            return Ok(());
        };
        if first {
            return Ok(());
        }
        self.samples += 1;
        self.recorder.row(at)?;
        if let Some(cpus) = self.cpus {
            self.recorder.put(&COUNT, &[], cpus);
        }
        for (key, value) in fields {
            if key != "timestamp" {
                self.section(key, value, &Vec::new(), 0);
            }
        }
        Ok(())
    }

    /// Puts a section, and what is nested in it, with the parts it belongs to.
    fn section(&mut self, key: &str, value: &Value, around: &Parts<'_>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match value {
            Value::Array(all) => {
                for one in all {
                    self.section(key, one, around, depth + 1);
                }
            }
            Value::Object(fields) => {
                let mut own = around.clone();
                own.extend(parts(key, fields));
                let numbers: Vec<(&str, f64)> = fields
                    .iter()
                    .filter(|(field, _)| !is_part(key, field))
                    .filter_map(|(field, value)| Some((field.as_str(), value.as_f64()?)))
                    .collect();
                self.mounts |= key == "filesystems";
                let shown = own.iter().map(|(key, value)| (*key, value.as_str()));
                let shown: Vec<_> = shown.collect();
                let report = Report {
                    section: key,
                    own: &shown,
                    fields: &numbers,
                };
                measure::put(&mut self.recorder, &report);
                for (field, value) in fields {
                    if value.is_object() || value.is_array() {
                        self.section(field, value, &own, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// When a sample was taken: an object of `sadf`, or text.
    fn moment(&mut self, stamp: &Value) -> Option<i64> {
        let Value::Object(fields) = stamp else {
            let text = stamp.as_str()?;
            let mut words = text.split_whitespace();
            let time = crate::clock::time_of(words.next()?, words.next());
            self.zoned |= time.is_none() && text.contains('T');
            return match time {
                Some(time) => self.clock.at(time),
                None => self.clock.moment(text),
            };
        };
        self.zoned |= fields.get("utc").and_then(Value::as_u64) == Some(1);
        let text = |key| fields.get(key).and_then(Value::as_str);
        let mut own = Clock::default();
        own.moment(&format!("{} {}", text("date")?, text("time")?))
    }

    /// A restart or a comment, which stand in objects of their own.
    fn event(&mut self, fields: &Map<String, Value>, line: u64) {
        let inner = fields
            .iter()
            .find_map(|(key, it)| Some((key, it.as_object()?)));
        let at = inner.and_then(|(_, it)| self.moment(&Value::Object(it.clone())));
        let (Some((kind, inner)), Some(at)) = (inner, at) else {
            self.skips.add("mark", "no time", line, "");
            return;
        };
        let comment = inner.get("com").and_then(Value::as_str);
        let text = comment.map_or_else(
            || "the machine or its recorder was started".to_owned(),
            str::to_owned,
        );
        let event = Event {
            at: Moment(at),
            kind: EventKind::Other,
            subject: kind.clone(),
            before: String::new(),
            after: String::new(),
            text,
        };
        self.events.push((self.recorder.host().to_owned(), event));
    }

    fn outcome(self, damage: Option<Damage>) -> Outcome {
        let mut notes = vec![format!("read {}", counted(self.samples, "sample"))];
        if self.iostat {
            notes.push(SINCE_BOOT.to_owned());
        }
        let times = if !self.timed {
            Told::Nothing
        } else if self.zoned || self.zone == "UTC" {
            Told::Moments
        } else {
            if !self.zone.is_empty() {
                notes.push(super::zone_note(&self.zone));
            }
            Told::Local
        };
        if self.mounts {
            notes.push("file systems are named as sar does, which may be by device".to_owned());
        }
        notes.extend(self.clock.note());
        notes.extend(self.skips.notes());
        let columns = self.recorder.finish(&mut notes);
        Outcome {
            format: "sysstat JSON",
            recording: Recording {
                columns,
                events: self.events,
                ..Recording::default()
            },
            times,
            notes,
            damage,
            nothing: "there is no sample in it; sadf -j needs a data file of sar, and `-- -A` \
                      to show all of it",
        }
    }
}

const SECOND: i64 = model::time::SECOND_NS;

fn is_part(section: &str, field: &str) -> bool {
    let known = names::section(section);
    known.is_some_and(|it| it.parts.iter().any(|(part, _)| *part == field))
}

/// Which part the fields are of: a device, a processor. Text beside them tells parts of
/// sections that are not known.
fn parts<'a>(section: &str, fields: &'a Map<String, Value>) -> Parts<'a> {
    let known = names::section(section);
    let named = |field: &'a str| match known {
        None => Some(field),
        Some(known) => {
            let found = known.parts.iter().find(|(part, _)| *part == field)?;
            Some(found.1)
        }
    };
    let mut own = Vec::new();
    for (field, value) in fields {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if is_part(section, field) => number.to_string(),
            _ => continue,
        };
        if let Some(key) = named(field)
            && measure::part(key, &text).is_some()
        {
            own.push((key, text));
        }
    }
    own
}
