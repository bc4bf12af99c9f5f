//! Sessions from columns that were read elsewhere: CSV, Parquet, other tools.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use model::columns::Column;
use model::event::Event;
use model::histogram::Row;
use model::host::Host;
use model::series::Series;
use model::time::Moment;
use model::trace;

use crate::build::Builder;
use crate::chunk::{Chunk, ChunkColumn, ChunkHistogram};
use crate::gather::ascending;
use crate::manifest::{Manifest, Placement, SCHEMA};
use crate::open::assemble;
use crate::part::{Data, Held, Part, Place, enter};
use crate::session::Session;
use crate::trim::WriteError;

/// Columns to make a session of. Those of one host may differ in their times.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// What to call the session.
    pub title: String,
    /// When it was imported, or recorded if that is known.
    pub created: Moment,
    /// The columns; times of each ascend strictly.
    pub columns: Vec<Column>,
    /// Observations per interval, by series of kind histogram.
    pub histograms: Vec<(Series, Vec<Row>)>,
    /// Spans, with the name of their host.
    pub spans: Vec<(String, trace::Span)>,
    /// What happened, with the name of the host.
    pub events: Vec<(String, Event)>,
}

/// Writes a session file of `source` at `out`.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn ingest(source: Source, out: &Path) -> Result<(), WriteError> {
    let mut builder = Builder::create(out, &source.title, source.created)?;
    let mut manifest = Manifest::default();
    for (name, chunk) in by_host(source) {
        let Some(id) = manifest.add_host(Host::default(), &name, Placement::default()) else {
            return Err(WriteError::Empty {
                why: "the columns belong to more hosts than a session may hold".to_owned(),
            });
        };
        let host = builder.host(&manifest.hosts[usize::from(id.0)]);
        builder.add(host, chunk)?;
    }
    if builder.is_empty() {
        return Err(WriteError::Empty {
            why: "nothing in it was measured at a moment".to_owned(),
        });
    }
    builder.finish(&[])
}

/// Makes a session that lives in memory only.
pub fn in_memory(source: Source) -> Session {
    let mut manifest = Manifest {
        schema: SCHEMA,
        kymo: env!("CARGO_PKG_VERSION").to_owned(),
        title: source.title.clone(),
        created: source.created,
        ..Manifest::default()
    };
    let mut held = Vec::new();
    for (name, mut chunk) in by_host(source) {
        let Some(id) = manifest.add_host(Host::default(), &name, Placement::default()) else {
            break;
        };
        let starts = enter(&mut manifest, id, &mut chunk);
        let span = chunk.span();
        let part = Part {
            number: 0,
            span,
            from: span.from,
            data: Data::Held(Held::new(chunk, starts)),
        };
        held.push((usize::from(id.0), part));
    }
    Session {
        inner: Arc::new(assemble(Place::Memory, manifest, held)),
    }
}

/// Hosts in the order met, and what each said.
#[derive(Default)]
struct Hosts(Vec<(String, Chunk)>);

impl Hosts {
    fn of(&mut self, host: &str) -> &mut Chunk {
        let known = self.0.iter().position(|(name, _)| name == host);
        let place = known.unwrap_or_else(|| {
            self.0.push((host.to_owned(), Chunk::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }
}

/// Sorts everything by host, in the order met; each column ascends and has a name of its own.
pub(crate) fn by_host(source: Source) -> Vec<(String, Chunk)> {
    let mut hosts = Hosts::default();
    let mut names = HashSet::new();
    for column in source.columns {
        let mut series = column.series;
        let metric = series.key.metric.clone();
        let mut number = 2;
        while !names.insert(series.key.clone()) {
            series.key.metric = format!("{metric} ({number})");
            number += 1;
        }
        let sound = column.at.len() == column.values.len() && column.at.is_sorted_by(|a, b| a < b);
        let (at, values) = if sound {
            (column.at, column.values)
        } else {
            let (at, values) = ascending(&column.at, &column.values);
            (at.into(), values.into())
        };
        let host = series.key.host.clone();
        let column = ChunkColumn { series, at, values };
        hosts.of(&host).columns.push(column);
    }
    for (series, mut rows) in source.histograms {
        rows.sort_by_key(|row| row.at);
        let chunk = hosts.of(&series.key.host);
        let known = chunk
            .histograms
            .iter_mut()
            .find(|it| it.series.key == series.key);
        match known {
            Some(known) => known.rows.append(&mut rows),
            None => chunk.histograms.push(ChunkHistogram { series, rows }),
        }
    }
    for (host, span) in source.spans {
        hosts.of(&host).spans.push(span);
    }
    for (host, event) in source.events {
        hosts.of(&host).events.push(event);
    }
    for (_, chunk) in &mut hosts.0 {
        chunk.spans.sort_by_key(|it| (it.start, it.trace, it.id));
        chunk.events.sort_by_key(|event| event.at);
    }
    hosts.0
}
