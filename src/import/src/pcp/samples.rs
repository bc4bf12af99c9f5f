//! Samples of Performance Co-Pilot become series, whichever tool printed them.
//!
//! * In: at each moment, values of metrics and their instances.
//! * Out: series named by the tables in `names`; processors as shares of all of them,
//!   where their number is known.
//! * Never: guesses a unit: what is in no table has that of the file, or none.
//!
//! The tools print nothing for a counter at the first moment, since its growth is not
//! known yet. Where a counter has a value there, it was printed as it is (`-r`), and its
//! growth is computed here.
//!
//! Start at [`Samples::put`].

use std::collections::HashMap;

use model::time::Moment;

use super::names::{self, COUNTERS, LEVELS};
use crate::Recording;
use crate::lines::{Damage, TooMuch};
use crate::names::{Name, find, name};
use crate::outcome::Outcome;
use crate::recorder::{Reading, Recorder};
use crate::skipped::{Skips, counted};
use crate::times::Told;

const CPU: &str = "system.cpu.utilization";
const COUNT: &str = "system.cpu.logical.count";

/// All use of one processor.
const BUSY: Name = name("", CPU, &[], "1", 1.0);

/// Processors used where their number is not known.
const PROCESSORS: &str = "pcp.kernel.all.cpu";

/// A value of one metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    /// Name of the metric.
    pub metric: &'a str,
    /// Name of the instance; empty where it has none.
    pub instance: &'a str,
    /// The unit that is told; empty where none is.
    pub unit: &'a str,
    /// The value.
    pub value: f64,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Samples {
    pub(super) recorder: Recorder,
    pub(super) skips: Skips,
    /// Whether times told their zone.
    pub(super) zoned: bool,
    at: i64,
    raw: bool,
    /// The last reading of each counter, where those are printed as they are.
    before: HashMap<String, (i64, f64)>,
    /// Idle and waiting processors at this moment, by processor.
    idle: Vec<(String, f64)>,
    moments: usize,
    unnamed: bool,
}

impl Samples {
    /// Begins a moment.
    pub(super) fn row(&mut self, at: i64) -> Result<(), TooMuch> {
        self.end_row();
        self.recorder.row(at)?;
        self.at = at;
        self.moments += 1;
        Ok(())
    }

    /// Takes in a value at the moment.
    pub(super) fn put(&mut self, sample: &Sample<'_>) {
        let own = match sample.instance {
            "" => None,
            instance => Some(names::instance(sample.metric, instance)),
        };
        let own: Vec<_> = own.into_iter().collect();
        if let Some(name) = find(COUNTERS, sample.metric) {
            self.raw |= self.moments == 1;
            if let Some(value) = self.per_second(sample) {
                self.recorder.put(name, &own, value);
                self.note_idle(name, &own, value);
            }
        } else if let Some(name) = find(LEVELS, sample.metric) {
            self.recorder.put(name, &own, sample.value);
        } else {
            self.unnamed = true;
            let (unit, factor) = names::unit(sample.unit);
            self.recorder.put_reading(Reading {
                metric: &format!("pcp.{}", sample.metric),
                unit: &unit,
                fixed: &[],
                own: &own,
                value: sample.value * factor,
            });
        }
    }

    fn per_second(&mut self, sample: &Sample<'_>) -> Option<f64> {
        if !self.raw {
            return Some(sample.value);
        }
        let key = format!(
            "{}\0{}\0{}",
            self.recorder.host(),
            sample.metric,
            sample.instance
        );
        let (at, value) = self.before.insert(key, (self.at, sample.value))?;
        let seconds = Moment(self.at).after(Moment(at))?;
        let growth = sample.value - value;
        (growth >= 0.0).then_some(growth / seconds)
    }

    fn note_idle(&mut self, name: &Name, own: &[(&str, &str)], value: f64) {
        let idles = name.metric == CPU
            && name
                .attributes
                .iter()
                .any(|it| matches!(it.1, "idle" | "iowait"));
        if !idles {
            return;
        }
        let cpu = own.first().map_or("", |it| it.1);
        let idle = name.scaled(value);
        let has_idle = name.attributes.iter().any(|it| it.1 == "idle");
        match self.idle.iter_mut().find(|it| it.0 == cpu) {
            Some(known) => known.1 += idle,
            // Waiting alone says nothing of use.
            None if has_idle => self.idle.push((cpu.to_owned(), idle)),
            None => {}
        }
    }

    /// Puts the use of processors: of each what it did not idle; of all, for now, less
    /// than nothing, since their number may not be known yet.
    fn end_row(&mut self) {
        for (cpu, idle) in std::mem::take(&mut self.idle) {
            if cpu.is_empty() {
                self.recorder.put(&BUSY, &[], -idle);
            } else {
                self.recorder
                    .put(&BUSY, &[("cpu", &cpu)], (1.0 - idle).max(0.0));
            }
        }
    }

    /// Makes shares of all processors of what they did.
    fn divide(&mut self, notes: &mut Vec<String>) {
        let told = self.recorder.last(COUNT).filter(|it| *it >= 1.0);
        let seen = self.recorder.values_of(CPU, "cpu");
        let count = told.or((seen > 0).then_some(seen as f64));
        let mut of_all = false;
        self.recorder.change(CPU, |series, values| {
            if series.key.attribute("cpu").is_some() {
                return;
            }
            let busy = series.key.attributes.is_empty();
            for value in values {
                *value = match count {
                    Some(count) if busy => (*value / count + 1.0).max(0.0),
                    Some(count) => *value / count,
                    None if busy => f64::NAN,
                    None => *value,
                };
            }
            if count.is_none() {
                PROCESSORS.clone_into(&mut series.key.metric);
                series.unit = model::unit::Unit::new("{cpu}");
                of_all = true;
            }
        });
        if of_all {
            notes.push(format!(
                "the number of processors is not in the file (hinv.ncpu): {PROCESSORS} is in \
                 processors used"
            ));
        }
    }

    /// The series, and what is to be said of them.
    pub(super) fn outcome(mut self, format: &'static str, damage: Option<Damage>) -> Outcome {
        self.end_row();
        let mut notes = vec![format!("read {}", counted(self.moments, "sample"))];
        notes.push(if self.raw {
            "counters were printed as totals (-r); their growth per second was computed".to_owned()
        } else {
            "counters were taken as growth per second, as the tools print them without -r"
                .to_owned()
        });
        if self.unnamed {
            notes.push(
                "metrics that are in no table keep their names, after `pcp.`, and the unit told \
                 in the file, if any"
                    .to_owned(),
            );
        }
        self.divide(&mut notes);
        notes.extend(self.skips.notes());
        let columns = self.recorder.finish(&mut notes);
        Outcome {
            format,
            recording: Recording {
                columns,
                ..Recording::default()
            },
            times: match self.zoned {
                true => Told::Moments,
                false => Told::Local,
            },
            notes,
            damage,
            nothing: "there is no sample with a number in it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[&[(&str, &str, f64)]]) -> Vec<String> {
        let mut samples = Samples::default();
        for (number, row) in (0..).zip(rows) {
            assert_eq!(samples.row(number * model::time::SECOND_NS), Ok(()));
            for (metric, instance, value) in *row {
                samples.put(&Sample {
                    metric,
                    instance,
                    unit: "",
                    value: *value,
                });
            }
        }
        let outcome = samples.outcome("x", None);
        let columns = outcome.recording.columns.iter();
        let told = columns.map(|it| format!("{} {:?}", it.series.key, &it.values[..]));
        told.collect()
    }

    #[test]
    fn processors_are_shares_of_all_where_their_number_is_known() {
        let row: &[_] = &[
            ("hinv.ncpu", "", 4.0),
            ("kernel.all.cpu.idle", "", 2000.0),
            ("kernel.all.cpu.wait.total", "", 1000.0),
        ];
        let all = told(&[&row[..1], row]);
        assert!(all.contains(&"system.cpu.utilization{state=idle} [0.5]".to_owned()));
        assert!(
            all.contains(&"system.cpu.utilization [0.25]".to_owned()),
            "{all:?}"
        );
        let alone = told(&[&[], &row[1..]]);
        assert!(alone.contains(&"pcp.kernel.all.cpu{state=idle} [2.0]".to_owned()));
    }

    #[test]
    fn totals_become_growth_and_a_counter_that_fell_a_gap() {
        let of = |value| [("disk.dev.avactive", "sda", value)];
        let all = told(&[&of(1000.0), &of(1500.0), &of(10.0), &of(260.0)]);
        assert_eq!(all, ["system.disk.utilization{device=sda} [0.5, 0.25]"]);
    }
}
