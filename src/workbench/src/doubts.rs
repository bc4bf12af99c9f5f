//! Doubts about live data: what is given to `analysis::quality`, and the judging.
//!
//! Start at [`inputs`], then [`assess`] in a job.

use std::sync::Arc;

use analysis::quality::{self, Quality};
use analysis::track::Track;
use model::columns::Column;
use model::event::Event;
use model::series::SeriesKey;
use model::time::Span;
use workflow::live::Live;

/// What one host's data is judged by.
#[derive(Clone, Debug)]
pub struct Input {
    host: String,
    at: Vec<i64>,
    cadence_ns: i64,
    steal: Option<Column>,
    events: Vec<Event>,
}

/// Copies what the judgment needs: about 100 KB an hour.
pub fn inputs(live: &Live) -> Vec<Input> {
    let hosts = live.hosts().iter();
    hosts
        .map(|host| {
            let name = host.name();
            // Read with each sample, so its times are the sample times.
            let pulse = SeriesKey::new(name, "kymo.agent.sample.duration", []);
            let steal = SeriesKey::new(
                name,
                "system.cpu.utilization",
                [("state".to_owned(), "steal".to_owned())],
            );
            Input {
                host: name.to_owned(),
                at: live
                    .track(&pulse)
                    .map(|it| samples(it).0)
                    .unwrap_or_default(),
                cadence_ns: host.connected.hello.every_ns,
                steal: live.track(&steal).map(column),
                events: host.events.iter().cloned().collect(),
            }
        })
        .collect()
}

/// Judges every host.
pub fn assess(inputs: &[Input]) -> Vec<Quality> {
    let judged = inputs.iter().map(|input| {
        quality::assess(&quality::Input {
            host: &input.host,
            span: Span::default(),
            at: &input.at,
            clocks: &[],
            cadence_ns: Some(input.cadence_ns).filter(|ns| *ns > 0),
            counters: &[],
            steal: input.steal.as_ref(),
            events: &input.events,
        })
    });
    judged.collect()
}

/// Times and values of the samples of a track whose rows are in memory.
pub fn samples(track: &Track) -> (Vec<i64>, Vec<f64>) {
    samples_within(track, track.span())
}

/// Times and values within a span, gaps left out; empty where rows are not loaded.
pub fn samples_within(track: &Track, span: Span) -> (Vec<i64>, Vec<f64>) {
    let (at, values) = track.within(span).unwrap_or_default();
    let rows = at.iter().copied().zip(values.iter().copied());
    rows.filter(|(_, value)| !value.is_nan()).unzip()
}

fn column(track: &Track) -> Column {
    let (at, values) = samples(track);
    Column {
        series: track.series().clone(),
        at: Arc::from(at),
        values: Arc::from(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::catalog::{Kind, Polarity};
    use model::series::Series;
    use model::time::Moment;
    use model::unit::Unit;

    #[test]
    fn all_samples_of_a_live_track_are_judged_but_gaps() {
        let mut track = Track::live(Series {
            key: SeriesKey::new("a", "x", []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        });
        for at in 0..100 {
            let value = if at == 7 { f64::NAN } else { at as f64 };
            assert_eq!(track.push(at, value), Ok(()));
        }
        let (at, values) = samples(&track);
        assert_eq!((at.len(), values.len()), (99, 99));
        let part = Span {
            from: Moment(5),
            to: Moment(9),
        };
        assert_eq!(samples_within(&track, part).0, [5, 6, 8]);
    }
}
