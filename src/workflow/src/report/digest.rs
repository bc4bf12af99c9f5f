//! Digests of what numbers rest on: what makes a changed value show.
//!
//! A source names its data; this reads that data within the source's window and hashes
//! it, so that two readings of the same data agree and any changed value does not.
//! What a number was computed from counts, not what it came to.
//!
//! Start at [`stamp`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

use analysis::services::{Edge, Service};
use model::columns::Column;
use model::series::SeriesKey;
use model::time::Span;
use report::document::Document;
use report::part::measured::MEASURED;
use report::sources::{Basis, Requests, Source};
use sha2::{Digest, Sha256};

use super::Order;
use crate::jobs::Context;
use crate::planning::file;
use crate::problem::Problem;
use crate::services::Services;
use crate::stored::Stored;

/// Series read in one go.
const READ_AT_ONCE: usize = 64;

/// Puts the digest of its data into every source of a document.
///
/// # Errors
///
/// The session cannot be read, or the user stopped it.
pub(super) fn stamp(
    stored: &Stored,
    (document, order): (&mut Document, &Order),
    context: &Context,
) -> Result<(), Problem> {
    let series = of_series(stored, &document.sources, context)?;
    let mut data = Data {
        stored,
        order,
        series,
        services: HashMap::new(),
        session: None,
        context,
    };
    let request = document.request.clone();
    for source in &mut document.sources {
        let attached = |name: &str| request.document(name).map(str::to_owned);
        source.digest = data.of(source, &attached)?;
    }
    Ok(())
}

/// What was read for several sources.
struct Data<'a> {
    stored: &'a Stored,
    order: &'a Order,
    /// By window and name.
    series: HashMap<(i64, i64, String), String>,
    services: HashMap<(i64, i64), Services>,
    session: Option<String>,
    context: &'a Context,
}

impl Data<'_> {
    fn of(
        &mut self,
        source: &Source,
        attached: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, Problem> {
        let window = source.window;
        Ok(match &source.rests_on {
            Basis::Series(names) => of_names(names, |name| {
                let known = self
                    .series
                    .get(&(window.from.0, window.to.0, name.to_owned()));
                known.map_or("", String::as_str)
            }),
            Basis::Requests(requests) => self.of_requests(requests, window)?,
            Basis::Process { host, id } => self.of_process((host, *id), window)?,
            Basis::Times(host) => {
                let coverage = self.stored.coverage();
                let marks = self.stored.marks();
                let own = coverage.iter().filter(|it| it.host == *host);
                let marks = marks.iter().filter(|it| it.host == *host);
                told(&(own.collect::<Vec<_>>(), marks.collect::<Vec<_>>()))
            }
            Basis::Host(host) => {
                let facts = self.stored.hosts().iter().find(|it| it.name == *host);
                told(&facts.map(|it| &it.host))
            }
            Basis::Findings => told(&self.stored.kept().unwrap_or_default()),
            Basis::Session => self.whole(),
            Basis::Document(name) if name == MEASURED => match &self.order.after {
                Some(path) => file::fingerprint(path)?,
                None => String::new(),
            },
            Basis::Document(name) => match attached(name) {
                Some(text) => hashed(text.as_bytes()),
                None => String::new(),
            },
            // What the report says of itself follows from everything else.
            Basis::Report => String::new(),
        })
    }

    fn of_requests(&mut self, wanted: &Requests, window: Span) -> Result<String, Problem> {
        let place = (window.from.0, window.to.0);
        if !self.services.contains_key(&place) {
            let found = crate::services::look(self.stored, Some(window), self.context)?;
            self.services.insert(place, found);
        }
        let Some(found) = self.services.get(&place) else {
            return Ok(String::new());
        };
        let service = |it: &&Service| it.host == wanted.host && it.name == wanted.service;
        let edge = |it: &&Edge| it.caller == wanted.service && it.callee == wanted.peer;
        Ok(match (wanted.peer.as_str(), wanted.operation.as_str()) {
            ("", "") => {
                let found = found.services.iter().find(service);
                told(&found.map(|it| &it.figures))
            }
            ("", operation) => {
                let mut of = found.services.iter().filter(service);
                let own = of.find_map(|it| it.operations.iter().find(|it| it.name == operation));
                told(&own)
            }
            _ => told(&found.edges.iter().find(edge)),
        })
    }

    fn of_process(&self, (host, id): (&str, u32), window: Span) -> Result<String, Problem> {
        let uses = self.stored.process_use(host, window)?;
        let own = uses.iter().find(|it| it.id.0 == id);
        Ok(own.map(told).unwrap_or_default())
    }

    /// Everything that was recorded, by the hashes that the session keeps of it.
    fn whole(&mut self) -> String {
        let session = self.session.get_or_insert_with(|| {
            let segments = &self.stored.session().manifest().segments;
            let hashes = segments.iter().map(|it| format!("{}\n", it.sha256));
            hashed(hashes.collect::<String>().as_bytes())
        });
        session.clone()
    }
}

/// Digest of several series, from that of each.
fn of_names<'a>(names: &[String], digest: impl Fn(&str) -> &'a str) -> String {
    let parts = names.iter().map(|it| format!("{it}\n{}\n", digest(it)));
    hashed(parts.collect::<String>().as_bytes())
}

/// Whether a digest of series is that of none, or of some without a sample: any two
/// sessions agree on these.
pub(super) fn is_of_nothing(names: &[String], digest: &str) -> bool {
    let empty = hashed(&[]);
    ["", &empty]
        .iter()
        .any(|it| of_names(names, |_| it) == digest)
}

/// Digests of all series that sources name, by window.
fn of_series(
    stored: &Stored,
    sources: &[Source],
    context: &Context,
) -> Result<HashMap<(i64, i64, String), String>, Problem> {
    let mut windows: BTreeMap<(i64, i64), BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        if let Basis::Series(names) = &source.rests_on {
            let place = (source.window.from.0, source.window.to.0);
            let wanted = windows.entry(place).or_default();
            wanted.extend(names.iter().map(String::as_str));
        }
    }
    let known: HashMap<String, &SeriesKey> = stored
        .series()
        .iter()
        .map(|it| (it.key.to_string(), &it.key))
        .collect();
    let mut digests = HashMap::new();
    for ((from, to), names) in windows {
        let window = Span::between(model::time::Moment(from), model::time::Moment(to));
        let there: Vec<(&str, &SeriesKey)> = names
            .into_iter()
            .filter_map(|name| Some((name, *known.get(name)?)))
            .collect();
        for part in there.chunks(READ_AT_ONCE) {
            if context.cancelled() {
                return Err(Problem::cancelled("report"));
            }
            let keys: Vec<SeriesKey> = part.iter().map(|(_, key)| (*key).clone()).collect();
            let columns = stored.columns(&keys, Some(window))?;
            for ((name, _), column) in part.iter().zip(columns) {
                digests.insert((from, to, (*name).to_owned()), of_column(&column, window));
            }
        }
    }
    Ok(digests)
}

/// The samples of a column within a window, times and values, down to the last bit.
fn of_column(column: &Column, window: Span) -> String {
    let rows = column.rows(window);
    let mut bytes = Vec::with_capacity(rows.len() * 16);
    for row in rows {
        let (Some(at), Some(value)) = (column.at.get(row), column.values.get(row)) else {
            continue;
        };
        bytes.extend_from_slice(&at.to_le_bytes());
        // Every gap is the same gap.
        let value = if value.is_nan() { f64::NAN } else { *value };
        bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    hashed(&bytes)
}

/// The digest of a value by what it prints: floats print so that they can be read back.
fn told(value: &impl Debug) -> String {
    hashed(format!("{value:?}").as_bytes())
}

fn hashed(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut digits = String::with_capacity(2 * digest.len());
    for byte in digest {
        for half in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(half.into(), 16));
        }
    }
    digits
}
