//! Copies to the sentry what is new of the series that some rule speaks of.
//!
//! Start at [`Feed::set`] and [`Feed::news`].

use std::collections::HashMap;
use std::sync::Arc;

use analysis::burn::Share;
use analysis::signals::{self, Signal};
use analysis::standard::requests;
use analysis::track::Track;
use model::histogram::Row;
use model::series::{Series, SeriesKey, glob_matches};
use model::standard::{Bad, Rules, Standard, Test, ThresholdRule};
use model::time::{Moment, SECOND_NS, Span};

use crate::live::{Live, LiveHost};
use crate::standards::measured::{fits, shares_of_values};

/// Requests are told seconds after they ended, so budgets are judged this much later.
const LATE_NS: i64 = 10 * SECOND_NS;

/// Series that are watched at most; a rule that matches more is held against the first.
const SERIES_MAX: usize = 2_000;

/// A rule by its place: standard, rule.
pub type Place = (usize, usize);

/// A series that is watched from now on.
#[derive(Clone, Debug)]
pub struct New {
    /// Its number.
    pub id: u32,
    /// What it is.
    pub series: Series,
    /// The rules that speak of it.
    pub rules: Vec<Place>,
}

/// What came since the last look.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// The standards that count.
    pub standards: Arc<Vec<Standard>>,
    /// Series that are watched from now on.
    pub new: Vec<New>,
    /// Samples by number of the series.
    pub values: Vec<(u32, Vec<i64>, Vec<f64>)>,
    /// Requests by number of the series.
    pub shares: Vec<(u32, Vec<i64>, Vec<Share>)>,
    /// Series that are gone.
    pub gone: Vec<u32>,
    /// What is older was there before anybody watched.
    pub announced_after: Moment,
}

impl News {
    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.shares.is_empty() && self.gone.is_empty()
    }
}

/// What was handed over of a series.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Number and last moment of its values, where a rule speaks of them.
    values: Option<(u32, i64)>,
    /// Number, what is bad, and last moment of its requests, for each rule that counts them.
    requests: Vec<(u32, Bad, i64)>,
}

/// What was handed over already.
#[derive(Debug, Default)]
pub struct Feed {
    standards: Arc<Vec<Standard>>,
    /// `None` for series that no rule speaks of.
    known: HashMap<SeriesKey, Option<Known>>,
    watched: usize,
    next: u32,
    begun: Option<Moment>,
}

impl Feed {
    /// Watches these standards from now on; the same again changes nothing.
    pub fn set(&mut self, standards: Vec<Standard>) {
        if *self.standards != standards {
            *self = Self {
                standards: Arc::new(standards),
                ..Self::default()
            };
        }
    }

    /// The standards that are watched.
    pub fn standards(&self) -> &[Standard] {
        &self.standards
    }

    /// Copies what came since the last call; of a series that is new, all that is held.
    pub fn news(&mut self, live: &Live) -> News {
        let begun = *self.begun.get_or_insert(live.span().to);
        let mut news = News {
            standards: Arc::clone(&self.standards),
            announced_after: begun,
            ..News::default()
        };
        if self.standards.is_empty() {
            return news;
        }
        for host in live.hosts() {
            self.of_host(host, &mut news);
        }
        self.known.retain(|key, known| {
            let stays = live.track(key).is_some();
            if let Some(known) = known
                && !stays
            {
                news.gone.extend(known.values.map(|(id, _)| id));
                news.gone
                    .extend(known.requests.iter().map(|(id, _, _)| *id));
                self.watched -= 1;
            }
            stays
        });
        news
    }

    fn of_host(&mut self, host: &LiveHost, news: &mut News) {
        let mut plan: Option<Vec<Signal>> = None;
        for track in host.tracks() {
            let key = &track.series().key;
            if !self.known.contains_key(key) {
                let known = self.look(track.series(), news);
                self.known.insert(key.clone(), known);
            }
            let Some(known) = self.known.get_mut(key).and_then(Option::as_mut) else {
                continue;
            };
            if let Some((id, until)) = &mut known.values {
                let (at, values) = track.within(after(*until)).unwrap_or_default();
                if let Some(last) = at.last() {
                    *until = *last;
                    news.values.push((*id, at.to_vec(), values.to_vec()));
                }
            }
            for (id, bad, until) in &mut known.requests {
                let signals = plan.get_or_insert_with(|| planned(host));
                let signal = signals.iter().find(|it| it.series.key == *key);
                let found = match signal {
                    Some(signal) => counted(host, (track, signal), (*bad, until)),
                    None => told(track, (*bad, until)),
                };
                if let Some((at, shares)) = found.filter(|(at, _)| !at.is_empty()) {
                    news.shares.push((*id, at, shares));
                }
            }
        }
    }

    /// The rules that speak of a series.
    fn look(&mut self, series: &Series, news: &mut News) -> Option<Known> {
        let mut known = Known::default();
        let mut of_values = Vec::new();
        let standards = Arc::clone(&self.standards);
        for (place, standard) in standards.iter().enumerate() {
            for (number, rule) in matching(standard, series) {
                let at = (place, number);
                match &rule.test {
                    Test::Budget { bad, .. } if requests::counts(*bad) => {
                        let id = self.number(series, vec![at], news)?;
                        known.requests.push((id, *bad, i64::MIN));
                    }
                    _ => of_values.push(at),
                }
            }
        }
        if !of_values.is_empty() {
            let id = self.number(series, of_values, news)?;
            known.values = Some((id, i64::MIN));
        }
        let speaks = known.values.is_some() || !known.requests.is_empty();
        speaks.then(|| {
            self.watched += 1;
            known
        })
    }

    /// Gives a series a number for these rules; none when too many are watched.
    fn number(&mut self, series: &Series, rules: Vec<Place>, news: &mut News) -> Option<u32> {
        if self.watched >= SERIES_MAX {
            return None;
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        news.new.push(New {
            id,
            series: series.clone(),
            rules,
        });
        Some(id)
    }
}

/// Everything after a moment.
fn after(last: i64) -> Span {
    Span {
        from: Moment(last.saturating_add(1)),
        to: Moment(i64::MAX),
    }
}

/// The threshold rules of a standard that speak of a series, with their numbers.
fn matching<'a>(
    standard: &'a Standard,
    series: &'a Series,
) -> impl Iterator<Item = (usize, &'a ThresholdRule)> {
    let rules: &[ThresholdRule] = match &standard.rules {
        Rules::Threshold(rules) if standard.admits(&series.key.host) => rules,
        _ => &[],
    };
    rules.iter().enumerate().filter(|(_, rule)| {
        fits(series, &rule.unit) && glob_matches(&rule.series, &series.key.column())
    })
}

fn planned(host: &LiveHost) -> Vec<Signal> {
    let histograms: Vec<Series> = host
        .histograms()
        .map(|(series, _)| series.clone())
        .collect();
    signals::plan(&histograms)
}

/// Times, and what was bad at them.
type Shares = (Vec<i64>, Vec<Share>);

/// Requests that are counted and ended since the last look; `None` where none can have.
fn counted(
    host: &LiveHost,
    (track, signal): (&Track, &Signal),
    (bad, until): (Bad, &mut i64),
) -> Option<Shares> {
    let newest = track.span().to.0.saturating_sub(LATE_NS);
    if newest <= *until {
        return None;
    }
    let span = Span {
        to: Moment(newest.saturating_add(1)),
        ..after(*until)
    };
    let grid = track.within(span).unwrap_or_default().0;
    *until = newest;
    Some(shares(host, (signal, bad), (span, grid)))
}

/// What a series tells since the last look that nothing was counted of, as in a recording.
fn told(track: &Track, (bad, until): (Bad, &mut i64)) -> Option<Shares> {
    let (at, values) = track.within(after(*until)).unwrap_or_default();
    *until = *at.last()?;
    let all = at.iter().copied().zip(shares_of_values(bad, values));
    Some(all.filter(|(_, it)| it.total.is_finite()).unzip())
}

fn shares(host: &LiveHost, (signal, bad): (&Signal, Bad), (span, grid): (Span, &[i64])) -> Shares {
    let all: Vec<_> = host.histograms().map(|(_, rows)| rows).collect();
    let inputs: Vec<Vec<Row>> = signal
        .inputs
        .iter()
        .map(|place| {
            let rows = all.get(*place);
            let inside = rows.map(|it| it.range(span.from.0..span.to.0));
            inside
                .into_iter()
                .flatten()
                .map(|(_, row)| row.clone())
                .collect()
        })
        .collect();
    requests::shares(signal, bad, inputs.iter().map(Vec::as_slice), grid)
}

#[cfg(test)]
mod tests {
    use model::batch::Batch;
    use model::series::SeriesId;
    use wire::message::Hello;

    use super::*;
    use crate::clock::Offset;
    use crate::link::{Connected, LinkId, Update};
    use crate::tap::Placement;

    const LINK: LinkId = LinkId(1);

    /// A host whose only series is a ratio that somebody else computed.
    fn live(second: i64, ratio: f64, live: Option<Live>) -> Live {
        let mut live = live.unwrap_or_else(|| {
            let mut live = Live::default();
            let offset = Offset {
                offset_ns: 0,
                error_ns: 1,
            };
            let connected = Connected {
                hello: Hello::default(),
                name: "h".to_owned(),
                placement: Placement {
                    boot_to_axis_ns: 0,
                    offset,
                },
            };
            live.accept(LINK, Update::Connected(Box::new(connected)));
            let service = [("service.name".to_owned(), "shop".to_owned())];
            let series = Series {
                key: SeriesKey::new("h", "service.request.error_ratio", service),
                unit: model::unit::Unit::new("1"),
                kind: model::catalog::Kind::Gauge,
                polarity: model::catalog::Polarity::HigherIsWorse,
            };
            live.accept(LINK, Update::Series(vec![(SeriesId(0), series)]));
            live
        });
        let batch = Batch {
            at: Moment(second * SECOND_NS),
            values: vec![(SeriesId(0), ratio)],
            ..Batch::default()
        };
        live.accept(LINK, Update::Batch(Box::new(batch)));
        live
    }

    #[test]
    fn a_ratio_without_counted_requests_spends_the_budget_by_its_values() {
        let standard = crate::standards::load("slo-availability").expect("it is shipped");
        let mut feed = Feed::default();
        feed.set(vec![standard]);
        let mut held = Some(live(0, 0.0, None));
        let mut told = Vec::new();
        for (second, ratio) in [(1, 0.25), (2, f64::NAN), (3, 1.0)] {
            let now = live(second, ratio, held.take());
            let shares = feed.news(&now).shares;
            told.extend(shares.into_iter().flat_map(|(_, at, all)| {
                let pairs = at.into_iter().zip(all);
                pairs.map(|(at, it)| (at / SECOND_NS, it.bad, it.total))
            }));
            held = Some(now);
        }
        let wanted = [(0, 0.0, 1.0), (1, 0.25, 1.0), (3, 1.0, 1.0)];
        assert_eq!(told, wanted);
    }
}
