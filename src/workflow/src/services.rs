//! The services of a session over a window, for window and command line alike.
//!
//! Start at [`look`].

use std::collections::BTreeMap;

use analysis::bottleneck;
use analysis::services::{self, Edge, Service};
use model::finding::Finding;
use model::histogram::{Histogram, Row};
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use model::trace;
use store::requests::SpanFilter;

use crate::explain;
use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::stored::Stored;

/// Spans that are looked at to tell who answers whom; those that took longest.
const SPANS_MAX: usize = 50_000;

/// Columns of a heat map, at most.
const HEAT_COLUMNS_MAX: usize = 600;

/// Services, and who asks whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Services {
    /// The window.
    pub window: Span,
    /// Every service, the busiest first.
    pub services: Vec<Service>,
    /// Who asks whom, the busiest first.
    pub edges: Vec<Edge>,
}

/// Which requests are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// The host; any when empty.
    pub host: String,
    /// The service.
    pub service: String,
    /// The operation; all of the service when empty.
    pub operation: String,
}

/// Response times over time: how many requests took how long, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// Ends of the columns, ascending.
    pub at: Vec<i64>,
    /// Length of a column.
    pub width_ns: i64,
    /// What ended within each.
    pub columns: Vec<Histogram>,
    /// All of them together.
    pub whole: Histogram,
    /// Rows whose buckets did not match the others and are left out.
    pub unlike: usize,
}

/// Sums up the services of a session over a window; without one over all of it.
///
/// # Errors
///
/// The disk refuses, or the rows of the window are too many.
pub fn look(stored: &Stored, window: Option<Span>, context: &Context) -> Result<Services, Problem> {
    let window = window.unwrap_or_else(|| stored.span());
    let keys: Vec<SeriesKey> = stored.observed().iter().map(|it| it.key.clone()).collect();
    let rows = stored.rows(&keys, Some(inclusive(window)))?;
    if context.cancelled() {
        return Err(Problem::cancelled("services"));
    }
    let found = stored.spans(window, &SpanFilter::default(), SPANS_MAX);
    let spans: Vec<&trace::Span> = found.spans.iter().map(|(_, span)| span).collect();
    Ok(of(
        stored.observed().iter().zip(rows.iter().map(Vec::as_slice)),
        &spans,
        window,
    ))
}

/// Sums up histograms and spans over a window.
pub fn of<'a>(
    histograms: impl Iterator<Item = (&'a Series, &'a [Row])> + Clone,
    spans: &[&'a trace::Span],
    window: Span,
) -> Services {
    Services {
        window,
        services: services::services(histograms.clone(), window),
        edges: services::edges(histograms, spans, window),
    }
}

/// Why requests were slow within a window: what their response time came from, and what
/// limited meanwhile, with the service as the symptom.
///
/// # Errors
///
/// The input has no response times of these requests, the table of processes cannot be
/// read, or the user stopped it.
pub fn why(
    input: &Input,
    which: &Which,
    window: Span,
    context: &Context,
) -> Result<Vec<Finding>, Problem> {
    let joined = explain::joined(input);
    let name = which.signal(SYMPTOM).to_string();
    let symptom = joined.frame.find(&name).ok_or_else(|| Problem {
        what: format!("could not explain {}", which.name()),
        why: "its response times are not in the session".to_owned(),
        what_to_do: "another service, or another operation".to_owned(),
        sort: Sort::NotUsable,
    })?;
    let request = analysis::explain::Request {
        onset: Some(joined.frame.rows_in(window).start),
        symptom: Some(symptom),
        ..analysis::explain::Request::default()
    };
    let explained = explain::explain((input, &joined), request, context)?;
    let explanation = &explained.explanation;
    let parameters = vec![("symptom".to_owned(), name.clone())];
    let mut found = analysis::explain::findings(&joined.frame, explanation, &parameters);
    if let (Some(finding), Some(limits)) = (found.first_mut(), &explained.limits) {
        analysis::explain::agree(finding, (&joined.frame, explanation), limits);
    }
    let request = bottleneck::Request {
        window: Some(window),
        symptom: Some(&name),
    };
    let outcome = crate::bottleneck::assess(input, &request, context)?;
    found.extend(bottleneck::findings(&outcome));
    Ok(found)
}

/// The signal that tells whether requests are slow.
const SYMPTOM: &str = "service.request.duration.mean";

/// A window that holds rows which end at its end.
fn inclusive(window: Span) -> Span {
    Span {
        from: window.from,
        to: window.to.plus_ns(1),
    }
}

/// The response times of a session's service over a window, as a heat map.
///
/// # Errors
///
/// The disk refuses, or the rows of the window are too many.
pub fn heat(stored: &Stored, which: &Which, window: Span) -> Result<Heat, Problem> {
    let wanted = stored.observed().iter().filter(|it| which.admits(&it.key));
    let keys: Vec<SeriesKey> = wanted.map(|it| it.key.clone()).collect();
    let rows = stored.rows(&keys, Some(inclusive(window)))?;
    Ok(heat_of(rows.iter().flatten(), window))
}

/// A heat map of rows.
pub fn heat_of<'a>(rows: impl Iterator<Item = &'a Row>, window: Span) -> Heat {
    let mut by_end: BTreeMap<i64, Histogram> = BTreeMap::new();
    let mut widths = Vec::new();
    let mut whole = Histogram::default();
    let mut heat = Heat::default();
    for row in rows {
        if row.at <= window.from || row.at > window.to || row.width_ns <= 0 {
            continue;
        }
        widths.push(row.width_ns);
        // Rows are recorded at one scale; what does not match is left out of both.
        let fits = whole.add(&row.histogram).is_ok();
        let cell = by_end.entry(row.at.0).or_default();
        if !fits || cell.add(&row.histogram).is_err() {
            heat.unlike += 1;
        }
    }
    let length_ns = window.to.0.saturating_sub(window.from.0).max(1);
    let least_ns = length_ns / HEAT_COLUMNS_MAX as i64;
    // What is usual: the first interval of a recording may be shorter than the rest.
    let middle = widths.len() / 2;
    let usual = match widths.is_empty() {
        true => 1,
        false => *widths.select_nth_unstable(middle).1,
    };
    let width_ns = usual.clamp(1, i64::MAX / 4).max(least_ns).max(1);
    heat.width_ns = width_ns;
    heat.whole = whole;
    for (at, histogram) in by_end {
        // Rows of several samples share a column; its end is that of the last.
        let column = (at - window.from.0 - 1).div_euclid(width_ns);
        let end = window.from.0 + (column + 1).saturating_mul(width_ns);
        match heat
            .columns
            .last_mut()
            .filter(|_| heat.at.last() == Some(&end))
        {
            Some(known) => heat.unlike += usize::from(known.add(&histogram).is_err()),
            None => {
                heat.at.push(end);
                heat.columns.push(histogram);
            }
        }
    }
    heat
}

impl Which {
    /// Whether a histogram holds answers of what is meant.
    pub fn admits(&self, key: &SeriesKey) -> bool {
        let kind = key.attribute("kind").unwrap_or_default();
        let fits = |wanted: &str, attribute: &str| {
            wanted.is_empty() || key.attribute(attribute) == Some(wanted)
        };
        key.metric == model::request::DURATION
            && trace::SpanKind::from_name(kind).is_entry()
            && (self.host.is_empty() || self.host == key.host)
            && fits(&self.service, "service.name")
            && fits(&self.operation, "operation")
    }

    /// Whose requests a series of a service speaks of; those of the caller where it
    /// speaks of calls.
    pub fn of_series(key: &SeriesKey) -> Option<Self> {
        let service = key.attribute("service.name")?;
        let tells = key.metric.starts_with("service.request.");
        let calls = key.attribute("kind").is_some();
        let operation = key.attribute("operation").filter(|_| !calls);
        tells.then(|| Self {
            host: key.host.clone(),
            service: service.to_owned(),
            operation: operation.unwrap_or_default().to_owned(),
        })
    }

    /// Whose requests a finding speaks of, by its most important series that speaks of any.
    pub fn of_finding(finding: &Finding) -> Option<Self> {
        let keys = finding.series.iter().filter_map(|name| name.parse().ok());
        keys.into_iter()
            .find_map(|key: SeriesKey| Self::of_series(&key))
    }

    /// Its name for people.
    pub fn name(&self) -> String {
        match (self.service.as_str(), self.operation.as_str()) {
            ("", _) => "all services".to_owned(),
            (service, "") => service.to_owned(),
            (service, operation) => format!("{operation} of {service}"),
        }
    }

    /// The key of one of its signals.
    pub fn signal(&self, metric: &str) -> SeriesKey {
        let mut attributes = vec![("service.name".to_owned(), self.service.clone())];
        if !self.operation.is_empty() {
            attributes.push(("operation".to_owned(), self.operation.clone()));
        }
        SeriesKey::new(self.host.as_str(), metric, attributes)
    }
}

impl Heat {
    /// From the begin of the first column to the end of the last.
    pub fn span(&self) -> Span {
        let first = self.at.first().map_or(0, |at| at - self.width_ns);
        Span {
            from: Moment(first),
            to: Moment(self.at.last().copied().unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn row(at: i64, value: f64) -> Row {
        let mut histogram = Histogram::default();
        histogram.record(value);
        Row {
            at: Moment(at),
            width_ns: S,
            active_s: 0.0,
            histogram,
        }
    }

    #[test]
    fn a_series_tells_whose_requests_it_speaks_of() {
        let of = |name: &str| {
            let key = name.parse::<SeriesKey>().ok();
            let which = key.as_ref().and_then(Which::of_series);
            which.map(|it| (it.host, it.service, it.operation))
        };
        let owned = |host: &str, service: &str, operation: &str| {
            Some((host.to_owned(), service.to_owned(), operation.to_owned()))
        };
        assert_eq!(
            of("web/service.request.duration.p95{operation=GET /,service.name=shop}"),
            owned("web", "shop", "GET /")
        );
        assert_eq!(
            of(
                "web/service.request.active{kind=client,operation=SELECT,peer=db,service.name=shop}"
            ),
            owned("web", "shop", "")
        );
        assert_eq!(of("web/system.cpu.utilization"), None);
        assert_eq!(of("web/jvm.memory.used{service.name=shop}"), None);
    }

    #[test]
    fn a_long_window_has_wider_columns_and_loses_nothing() {
        let rows: Vec<Row> = (1..=6_000).map(|second| row(second * S, 0.1)).collect();
        let window = Span {
            from: Moment(0),
            to: Moment(6_000 * S),
        };
        let heat = heat_of(rows.iter(), window);
        assert_eq!((heat.width_ns, heat.columns.len()), (10 * S, 600));
        assert!(heat.columns.iter().all(|it| it.count == 10));
        assert_eq!(heat.span(), window);
        let part = Span {
            from: Moment(10 * S),
            to: Moment(20 * S),
        };
        let heat = heat_of(rows.iter(), part);
        assert_eq!((heat.whole.count, heat.columns.len()), (10, 10));
        let first = Row {
            width_ns: S / 4,
            ..row(0, 0.1)
        };
        let all = std::iter::once(&first).chain(&rows[..9]);
        let heat = heat_of(
            all,
            Span {
                from: Moment(-S),
                to: Moment(9 * S),
            },
        );
        assert_eq!((heat.width_ns, heat.columns.len()), (S, 10));
        let none = heat_of([].iter(), part);
        assert_eq!((none.whole.count, none.columns.len()), (0, 0));
    }
}
