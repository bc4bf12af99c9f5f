//! JTL as XML: an element a sample, `<httpSample t="12" ts="…" s="true" lb="Home"/>`.
//!
//! Samples may contain others. What an HTTP sample contains are its redirects and
//! pictures, which are in its time already; what any other contains are the requests of
//! a transaction.
//!
//! * In: `<testResults>` with `sample` and `httpSample` elements.
//! * Out: as `csv` does.
//! * Never: builds a tree, resolves an external entity, or keeps an answer's text.
//!
//! Start at [`read`].

use super::csv::truth;
use super::tags::{self, Tag, Tags};
use super::{MILLISECOND_NS, START_NOTE, Sample, put};
use crate::lines::Damage;
use crate::load::Load;
use crate::outcome::{self, Outcome};
use crate::skipped::{Skips, counted};
use crate::source::Source;
use crate::times::Told;
use crate::{ImportError, Imported};

/// Whether a file that begins with these bytes is such XML.
pub(crate) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with('<')
        && text.contains("<testResults")
}

/// Reads all samples.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let mut reading = Reading {
        load: Load::new(source.path()),
        open: Vec::new(),
        inner: 0,
        skips: Skips::default(),
    };
    let damage = reading.all(source)?;
    let mut notes = vec![format!("read {}", counted(reading.load.count(), "sample"))];
    if reading.inner > 0 {
        notes.push(format!(
            "left out {} within HTTP samples, whose time contains them",
            counted(reading.inner, "sample")
        ));
    }
    notes.push(START_NOTE.to_owned());
    notes.extend(reading.skips.notes());
    let recording = reading.load.finish(&mut notes);
    let outcome = Outcome {
        format: "JMeter XML",
        recording,
        times: Told::Moments,
        notes,
        damage,
        nothing: "there is no sample in it",
    };
    outcome.imported(source)
}

/// What was read so far.
struct Reading {
    load: Load,
    /// Samples that have begun but not ended.
    open: Vec<Open>,
    inner: usize,
    skips: Skips,
}

struct Open {
    tag: Tag,
    /// Whether what it contains is part of it.
    http: bool,
    contains: bool,
}

impl Reading {
    fn all(&mut self, source: &mut Source<'_>) -> Result<Option<Damage>, ImportError> {
        let mut tags = Tags::new(source);
        loop {
            let tag = match tags.next() {
                Ok(Some(tag)) => tag,
                Ok(None) => break,
                Err(error) => return outcome::damage(error).map(Some),
            };
            let http = tag.name == "httpSample";
            if !http && tag.name != "sample" {
                if tag.name == "testResults" && tag.ends {
                    return Ok(None);
                }
                continue;
            }
            if tag.ends {
                if let Some(open) = self.open.pop() {
                    self.sample(&open.tag, open.contains && !open.http);
                }
                continue;
            }
            if let Some(around) = self.open.last_mut() {
                around.contains = true;
            }
            if self.open.iter().any(|it| it.http) {
                self.inner += 1;
                if tag.empty {
                    continue;
                }
            }
            if tag.empty {
                self.sample(&tag, false);
            } else if self.open.len() < tags::DEPTH_MAX {
                self.open.push(Open {
                    tag,
                    http,
                    contains: false,
                });
            }
        }
        let line = tags.line();
        let why = "the file ends before </testResults>: it was cut off, or the test still runs";
        Ok(Some(Damage {
            line,
            why: why.to_owned(),
        }))
    }

    fn sample(&mut self, tag: &Tag, summary: bool) {
        if self.open.iter().any(|it| it.http) {
            return;
        }
        let value = |key: &str| tag.get(key).and_then(|it| it.parse::<f64>().ok());
        let start = tag.get("ts").and_then(|it| it.parse::<i64>().ok());
        let start = start.and_then(|it| it.checked_mul(MILLISECOND_NS as i64));
        let (Some(start), Some(elapsed_ms)) = (start, value("t")) else {
            let label = tag.get("lb").unwrap_or_default();
            self.skips
                .add("sample", "no time or no duration", tag.line, label);
            return;
        };
        if !(0.0..i64::MAX as f64 / MILLISECOND_NS).contains(&elapsed_ms) {
            let label = tag.get("lb").unwrap_or_default();
            self.skips
                .add("sample", "a duration that cannot be", tag.line, label);
            return;
        }
        put(
            &mut self.load,
            &Sample {
                start,
                elapsed_ms,
                label: tag.get("lb").unwrap_or("(no label)"),
                code: tag.get("rc"),
                message: tag.get("rm").unwrap_or_default(),
                success: tag.get("s").and_then(truth),
                thread: tag.get("tn").unwrap_or_default(),
                users: value("na").or_else(|| value("ng")),
                latency_ms: value("lt"),
                connect_ms: value("ct"),
                summary,
            },
        );
    }
}
