//! Journal bytes to a [`Chunk`]: frames decoded, damage skipped and told.
//!
//! * In: the declarations' second copy, the frames as they came, the host.
//! * Out: everything that can be read, and a sentence about all that cannot.
//! * Never: fails, panics on data, or guesses a value.
//!
//! Start at [`gather`].

use std::collections::BTreeMap;
use std::sync::Arc;

use model::batch::{Batch, Ended};
use model::histogram::Row;
use model::process::ABSENT;
use model::series::{Series, SeriesId, SeriesKey};
use wire::decode::{Decoder, Said};
use wire::frame::{Found, Frame, frames};
use wire::message::Hello;

use crate::chunk::{Chunk, ChunkColumn, ChunkHistogram, ProcessCells};

/// A journal read back.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) chunk: Chunk,
    /// The greeting, if it was found.
    pub(crate) hello: Option<Box<Hello>>,
    /// Samples read.
    pub(crate) samples: u64,
    /// What could not be read, for people.
    pub(crate) troubles: Vec<String>,
}

/// Whose journal it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'a> {
    /// Host name in series keys.
    pub(crate) name: &'a str,
    /// Added to the boot clock.
    pub(crate) boot_to_axis_ns: i64,
    /// Samples up to here are in earlier segments.
    pub(crate) after: Option<i64>,
}

/// Reads a journal.
pub(crate) fn gather(names: &[u8], bytes: &[u8], of: Of<'_>) -> Gathered {
    let mut decoder = Decoder::for_host(of.name);
    decoder.set_axis(of.boot_to_axis_ns);
    let mut builder = Builder {
        after: of.after,
        ..Builder::default()
    };
    // The second copy first: whatever happened to a declaration in the stream,
    // its samples stay readable. Its frames are numbered by the frames they precede.
    let mut copies = frames(names)
        .filter_map(|found| match found {
            Found::Frame(frame) => Some(frame),
            Found::Damage { .. } => None,
        })
        .peekable();
    let mut skipped = 0;
    for found in frames(bytes) {
        match found {
            Found::Frame(frame) => {
                while let Some(copy) = copies.next_if(|it| it.sequence <= frame.sequence) {
                    builder.copy(&mut decoder, &copy);
                }
                builder.frame(&mut decoder, &frame);
            }
            Found::Damage { skipped_bytes } => skipped += skipped_bytes,
        }
    }
    for copy in copies {
        builder.copy(&mut decoder, &copy);
    }
    let lost = (decoder.lost_frames(), decoder.undeclared());
    builder.finish(skipped, lost)
}

#[derive(Default)]
struct Builder {
    after: Option<i64>,
    places: BTreeMap<SeriesKey, usize>,
    slots: Vec<usize>,
    columns: Vec<(Series, Vec<i64>, Vec<f64>)>,
    /// Rows of histograms, by place among the columns.
    observed: BTreeMap<usize, Vec<Row>>,
    gathered: Gathered,
    waiting: u64,
    malformed: u64,
    late: u64,
}

impl Builder {
    /// A declaration from the second copy, which has no place in the stream.
    fn copy(&mut self, decoder: &mut Decoder, copy: &Frame<'_>) {
        let malformed = self.malformed;
        let aside = Frame {
            sequence: 0,
            ..*copy
        };
        self.frame(decoder, &aside);
        self.malformed = malformed;
    }

    fn frame(&mut self, decoder: &mut Decoder, frame: &Frame<'_>) {
        match decoder.accept(frame) {
            Ok(Said::Hello(hello)) => self.gathered.hello = Some(hello),
            Ok(Said::Series(declared)) => {
                for (id, series) in declared {
                    self.declare(id, series);
                }
            }
            Ok(Said::Processes(known)) => {
                for (id, process) in known {
                    let info = self.gathered.chunk.infos.entry(id).or_default();
                    info.process = Arc::new(process);
                }
            }
            Ok(Said::Batch(batch)) => self.batch(batch),
            // An event may be told after the sample that followed it.
            Ok(Said::Event(event)) => self.gathered.chunk.events.push(event),
            Ok(Said::Histograms { told, rows }) if self.is_new(told.0) => self.observed(rows),
            Ok(Said::Spans { told, spans }) if self.is_new(told.0) => {
                self.gathered.chunk.spans.extend(spans);
            }
            Ok(Said::Settings(settings)) => self.gathered.chunk.settings.extend(settings),
            Ok(Said::Waiting) => self.waiting += 1,
            Ok(_) => {}
            Err(_) => self.malformed += 1,
        }
    }

    /// Numbers stay with their declaration; two numbers of one name share a column.
    fn declare(&mut self, id: SeriesId, series: Series) {
        let slot = id.0 as usize;
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, usize::MAX);
        }
        let next = self.columns.len();
        let place = *self.places.entry(series.key.clone()).or_insert(next);
        if place == next {
            self.columns.push((series, Vec::new(), Vec::new()));
        }
        self.slots[slot] = place;
    }

    fn observed(&mut self, rows: Vec<(SeriesId, Row)>) {
        for (id, row) in rows {
            let place = self.slots.get(id.0 as usize).copied().unwrap_or(usize::MAX);
            if place < self.columns.len() {
                self.observed.entry(place).or_default().push(row);
            }
        }
    }

    fn is_new(&self, at: i64) -> bool {
        self.after.is_none_or(|after| at > after)
    }

    fn batch(&mut self, batch: Batch) {
        let at = batch.at.0;
        if !self.is_new(at) {
            self.late += 1;
            return;
        }
        self.gathered.samples += 1;
        for (id, value) in batch.values {
            let place = self.slots.get(id.0 as usize).copied().unwrap_or(usize::MAX);
            if let Some((_, times, values)) = self.columns.get_mut(place) {
                times.push(at);
                values.push(value);
            }
        }
        let chunk = &mut self.gathered.chunk;
        for (id, reading) in batch.processes {
            chunk.processes.push(ProcessCells {
                at,
                id,
                reading,
                complete: batch.processes_complete,
            });
        }
        for ended in &batch.ended {
            self.ended(ended);
        }
    }

    fn ended(&mut self, ended: &Ended) {
        let chunk = &mut self.gathered.chunk;
        let info = chunk.infos.entry(ended.process).or_default();
        info.ended_at = Some(ended.at.0);
        info.exit_code = ended.exit_code;
        if ended.reading.0.iter().any(|number| *number != ABSENT) {
            chunk.processes.push(ProcessCells {
                at: ended.at.0,
                id: ended.process,
                reading: ended.reading,
                complete: false,
            });
        }
    }

    fn finish(mut self, skipped_bytes: usize, (lost, undeclared): (u64, u64)) -> Gathered {
        let counts = [
            (skipped_bytes as u64, "damaged or torn bytes were skipped"),
            (lost, "frames are missing"),
            (
                undeclared,
                "values were left out because the declaration of their series is lost",
            ),
            (self.waiting, "samples lean on a lost one and were left out"),
            (self.malformed, "frames could not be decoded"),
            (
                self.late,
                "samples were older than the segment before and were left out",
            ),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0);
        self.gathered.troubles = told
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let chunk = &mut self.gathered.chunk;
        for (place, mut rows) in self.observed {
            rows.sort_by_key(|row| row.at);
            chunk.histograms.push(ChunkHistogram {
                series: self.columns[place].0.clone(),
                rows,
            });
        }
        chunk.spans.sort_by_key(|it| (it.start, it.trace, it.id));
        chunk.columns = shared_times(self.columns);
        chunk.processes.sort_by_key(|row| (row.id, row.at));
        chunk.processes.dedup_by_key(|row| (row.id, row.at));
        chunk.events.sort_by_key(|event| event.at);
        self.gathered
    }
}

/// Makes each column ascend and lets columns of equal times share them.
fn shared_times(columns: Vec<(Series, Vec<i64>, Vec<f64>)>) -> Vec<ChunkColumn> {
    let mut known: Vec<Arc<[i64]>> = Vec::new();
    let mut shared = Vec::with_capacity(columns.len());
    for (series, mut times, mut values) in columns {
        if times.is_empty() {
            continue;
        }
        if !times.is_sorted_by(|a, b| a < b) {
            (times, values) = ascending(&times, &values);
        }
        let at = match known.iter().find(|it| ***it == *times) {
            Some(at) => Arc::clone(at),
            None => {
                let at: Arc<[i64]> = times.into();
                // A handful of cadences is all a host has; more are not worth comparing.
                if known.len() < 8 {
                    known.push(Arc::clone(&at));
                }
                at
            }
        };
        shared.push(ChunkColumn {
            series,
            at,
            values: values.into(),
        });
    }
    shared
}

/// Sorts samples by time; of two at one time the first counts.
pub(crate) fn ascending(times: &[i64], values: &[f64]) -> (Vec<i64>, Vec<f64>) {
    let mut order: Vec<usize> = (0..times.len().min(values.len())).collect();
    order.sort_by_key(|row| times[*row]);
    order.dedup_by_key(|row| times[*row]);
    order.iter().map(|row| (times[*row], values[*row])).unzip()
}

#[cfg(test)]
mod tests {
    use wire::encode::Encoder;
    use wire::frame::Kind;
    use wire::message;

    use super::*;
    use crate::stream::{AXIS, BOOT, Machine, SECOND, Shape};

    #[test]
    fn an_event_told_late_is_kept_and_a_sample_twice_is_not() -> Result<(), wire::frame::TooLarge> {
        let mut machine = Machine::new(Shape {
            series: 3,
            processes: 0,
            key_every: 1,
        });
        let mut bytes = machine.hello()?;
        for _ in 0..5 {
            bytes.extend(machine.tick()?);
        }
        let event = message::Event {
            boot_ns: BOOT + SECOND,
            kind: "setting".to_owned(),
            ..message::Event::default()
        };
        Encoder::default().message(&mut bytes, Kind::Event, &event)?;
        let of = Of {
            name: "sim",
            boot_to_axis_ns: AXIS,
            after: Some(BOOT + AXIS + 2 * SECOND + SECOND / 2),
        };
        let gathered = gather(&[], &bytes, of);
        assert_eq!(gathered.samples, 2);
        assert_eq!(gathered.chunk.columns[0].at.len(), 2);
        assert_eq!(gathered.chunk.events.len(), 1);
        assert!(
            gathered
                .troubles
                .iter()
                .any(|it| it.starts_with("3 samples were older"))
        );
        Ok(())
    }
}
