//! Verdicts on live data while it comes: one stream a series, fed with new samples.
//!
//! The window's thread copies the samples that are new ([`Feed::news`], a lookup a
//! series); a job judges them ([`Watch::take_in`]). What is first seen of a series
//! only teaches: it was there before anybody watched.
//!
//! * In: the tracks of live hosts.
//! * Out: alarms, by time; [`findings`] says them.
//! * Never: judges Kymo's own cost, or keeps a stream of a series that is gone.
//!
//! Start at [`Feed::news`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use analysis::anomaly::said::{self, Heard};
use analysis::anomaly::streaming::{Alarm, Stream};
use model::finding::Finding;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};

use crate::input::is_of_system;
use crate::link::lock;
use crate::live::Live;

/// So much of the past of a series teaches its stream when it is first seen.
const TAUGHT_NS: i64 = 600 * SECOND_NS;

/// Series that are gone are looked for after so many turns.
const TIDY_EVERY: u32 = 64;

/// What was handed over already.
#[derive(Debug, Default)]
pub struct Feed {
    known: HashMap<SeriesKey, Known>,
    next: u32,
    turns: u32,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    id: u32,
    last_at: i64,
}

/// Samples that came since the last look.
#[derive(Debug, Default)]
pub struct News {
    new: Vec<(u32, Series)>,
    rows: Vec<Row>,
    gone: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: u32,
    at: i64,
    value: f64,
    counts: Counts,
}

/// Whether a sample may raise an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Judged,
    Taught,
}

impl News {
    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.gone.is_empty()
    }
}

impl Feed {
    /// Number of series that are watched.
    pub fn series(&self) -> usize {
        self.known.len()
    }

    /// Copies what came since the last call.
    pub fn news(&mut self, live: &Live) -> News {
        let mut news = News::default();
        for track in live.tracks().filter(|it| is_of_system(it.series())) {
            let key = &track.series().key;
            let (known, counts) = match self.known.get_mut(key) {
                Some(known) => (known, Counts::Judged),
                None => {
                    let first = track.span().to.0.saturating_sub(TAUGHT_NS);
                    let known = Known {
                        id: self.next,
                        last_at: first,
                    };
                    self.next = self.next.wrapping_add(1);
                    news.new.push((known.id, track.series().clone()));
                    (
                        self.known.entry(key.clone()).or_insert(known),
                        Counts::Taught,
                    )
                }
            };
            let after = Span {
                from: Moment(known.last_at.saturating_add(1)),
                to: Moment(i64::MAX),
            };
            let (at, values) = track.within(after).unwrap_or_default();
            known.last_at = at.last().copied().unwrap_or(known.last_at);
            let id = known.id;
            let rows = at.iter().zip(values);
            news.rows.extend(rows.map(|(at, value)| Row {
                id,
                at: *at,
                value: *value,
                counts,
            }));
        }
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(TIDY_EVERY) {
            self.known.retain(|key, known| {
                let stays = live.track(key).is_some();
                if !stays {
                    news.gone.push(known.id);
                }
                stays
            });
        }
        news
    }
}

/// The streams of all series.
#[derive(Default)]
pub struct Watch {
    streams: HashMap<u32, (Series, Stream)>,
}

impl Watch {
    /// Judges what came; the alarms, by time. Costs about a microsecond a sample.
    pub fn take_in(&mut self, news: News) -> Vec<Heard> {
        for (id, series) in news.new {
            self.streams.insert(id, (series, Stream::new()));
        }
        let mut heard = Vec::new();
        for row in news.rows {
            let Some((series, stream)) = self.streams.get_mut(&row.id) else {
                continue;
            };
            let alarm = stream.alarm_at(row.at, row.value);
            let told = |it: &Alarm| row.counts == Counts::Judged && said::matters(series, it);
            if let Some(alarm) = alarm.filter(told) {
                heard.push(Heard {
                    series: series.clone(),
                    at: Moment(row.at),
                    alarm,
                });
            }
        }
        for id in news.gone {
            self.streams.remove(&id);
        }
        heard.sort_by_key(|it| it.at);
        heard
    }
}

/// A watch that jobs share, one at a time.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Watch>>);

impl Shared {
    /// Judges what came like [`Watch::take_in`]; waits for another job that does.
    pub fn take_in(&self, news: News) -> Vec<Heard> {
        lock(&self.0).take_in(news)
    }
}

/// The alarms of all hosts as findings; `heard` is by time.
pub fn findings<'a>(heard: impl Iterator<Item = &'a Heard>) -> Vec<Finding> {
    let mut by_host: Vec<(&str, Vec<&Heard>)> = Vec::new();
    for one in heard {
        let host = one.series.key.host.as_str();
        match by_host.iter_mut().find(|(name, _)| *name == host) {
            Some((_, all)) => all.push(one),
            None => by_host.push((host, vec![one])),
        }
    }
    let hosts = by_host.iter();
    hosts
        .flat_map(|(host, all)| said::findings(host, all))
        .collect()
}
