//! What services do within the selection or the view, and why they were slow.
//!
//! Start at [`ask`] and [`ask_why`].

use std::sync::Arc;

use model::finding::Finding;
use model::histogram::{Histogram, Row};
use model::series::Series;
use model::time::Span;
use model::trace;
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::live::Live;
use workflow::problem::Problem;
use workflow::services::{self, Heat, Services, Which};
use workflow::stored::Stored;

use super::{Answer, Inquiry};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// What services do.
pub type Question = Inquiry<Asked, Seen>;

/// Why one of them was slow.
pub type Why = Inquiry<(Which, Span), Vec<Finding>>;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose response times are looked at closely.
    pub which: Which,
    /// What all screens show: the stretch of the heat map.
    pub view: Span,
    /// What is summed up: the selection, or the view.
    pub window: Span,
    /// Raised with live data, so that it is asked again.
    pub version: u64,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Every service, and who asks whom, within the window.
    pub services: Services,
    /// Response times over the view.
    pub heat: Heat,
    /// Response times within the window.
    pub spread: Histogram,
    /// Throughput against response time, a point each column of the heat map.
    pub load: Vec<Load>,
}

/// Load and response times of one interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// End of the interval.
    pub at: i64,
    /// Requests that ended per second.
    pub throughput: f64,
    /// Mean, p50, p95 and p99 of their response times, in seconds.
    pub times_s: [f64; 4],
}

/// What is looked at.
pub enum From {
    /// A session.
    Stored(Stored),
    /// What agents said within the view.
    Live(Snapshot),
}

/// A copy of what agents said.
#[derive(Default)]
pub struct Snapshot {
    histograms: Vec<(Series, Vec<Row>)>,
    spans: Vec<trace::Span>,
}

impl Snapshot {
    /// Copies what ended within a span.
    pub fn of(live: &Live, span: Span) -> Self {
        let mut snapshot = Self::default();
        for host in live.hosts() {
            for (series, rows) in host.histograms() {
                let within = rows.range(span.from.0..=span.to.0.max(span.from.0));
                let rows: Vec<Row> = within.map(|(_, row)| row.clone()).collect();
                if !rows.is_empty() {
                    snapshot.histograms.push((series.clone(), rows));
                }
            }
            let within = |it: &&trace::Span| it.start < span.to && it.end() >= span.from;
            snapshot.spans.extend(host.spans().filter(within).cloned());
        }
        snapshot
    }
}

/// Whether anything tells of services.
pub fn has_any(live: &Live) -> bool {
    let mut hosts = live.hosts().iter();
    hosts.any(|host| host.histograms().next().is_some())
}

/// Asks what services do.
pub fn ask(
    question: &mut Question,
    (from, asked): (From, Asked),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(asked.clone(), work);
    let job = work.start(Pool::Quick, "looking at services", move |context| {
        let seen = look(&from, &asked, context);
        Outcome::Answered(generation, Box::new(Answer::Services(number, seen)))
    });
    question.started(job.map(|id| Ticket(Pool::Quick, id)));
}

fn look(from: &From, asked: &Asked, context: &Context) -> Result<Seen, Problem> {
    let (services, heat, spread) = match from {
        From::Stored(stored) => (
            services::look(stored, Some(asked.window), context)?,
            services::heat(stored, &asked.which, asked.view)?,
            services::heat(stored, &asked.which, asked.window)?.whole,
        ),
        From::Live(snapshot) => {
            let all = snapshot.histograms.iter();
            let all = all.map(|(series, rows)| (series, rows.as_slice()));
            let spans: Vec<&trace::Span> = snapshot.spans.iter().collect();
            let rows = || {
                let wanted = snapshot.histograms.iter();
                let wanted = wanted.filter(|(series, _)| asked.which.admits(&series.key));
                wanted.flat_map(|(_, rows)| rows)
            };
            (
                services::of(all, &spans, asked.window),
                services::heat_of(rows(), asked.view),
                services::heat_of(rows(), asked.window).whole,
            )
        }
    };
    Ok(Seen {
        services,
        load: load(&heat),
        heat,
        spread,
    })
}

fn load(heat: &Heat) -> Vec<Load> {
    let seconds = heat.width_ns as f64 / 1e9;
    let columns = heat.at.iter().zip(&heat.columns);
    let points = columns.filter(|(_, it)| it.count > 0).map(|(at, it)| {
        let quantile = |q: f64| it.quantile(q).map_or(f64::NAN, |it| it.value);
        Load {
            at: *at,
            throughput: it.count as f64 / seconds,
            times_s: [it.mean(), quantile(0.5), quantile(0.95), quantile(0.99)],
        }
    });
    points.collect()
}

/// Asks why requests were slow within a window.
pub fn ask_why(
    question: &mut Why,
    (input, which, window): (&Arc<Input>, Which, Span),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask((which.clone(), window), work);
    let input = Arc::clone(input);
    let job = work.start(Pool::Long, "looking why it was slow", move |context| {
        let found = services::why(&input, &which, window, context);
        Outcome::Answered(generation, Box::new(Answer::Why(number, found)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}
