//! What limits live hosts just now: the bottleneck analysis over the last minute.
//!
//! The window's thread copies the last [`REACH_NS`] ([`glances`]); a job judges them
//! ([`limits`]). A limit that goes on is one finding that grows ([`go_on`]); its id is
//! that of the minute in which it was first said.
//!
//! * In: live hosts.
//! * Out: findings on what limits, marked as said live.
//! * Never: says that nothing limits; a minute is too little for that.
//!
//! Start at [`glances`].

use std::sync::Arc;

use analysis::bottleneck::{self, HostInput, Request};
use analysis::frame::Frame;
use analysis::overview::{self, ProcessRows};
use model::columns::Column;
use model::finding::{Finding, LIVE};
use model::process::{Process, ProcessId, Reading};
use model::time::{Moment, SECOND_NS, Span};

use crate::input::is_of_system;
use crate::live::{Live, LiveHost, State};

/// So far back it is looked.
pub const REACH_NS: i64 = 60 * SECOND_NS;

/// A limit that comes back within this time is the same one.
const SAME_NS: i64 = 10 * SECOND_NS;

/// The last minute of one host.
#[derive(Clone, Debug)]
pub struct Glance {
    host: String,
    columns: Vec<Column>,
    cpus: u32,
    processes: Vec<Recent>,
}

/// The latest rows of one process.
#[derive(Clone, Debug)]
pub struct Recent {
    /// Number within its host's stream.
    pub id: ProcessId,
    /// Who it is.
    pub process: Process,
    /// Times of the rows, ascending.
    pub at: Vec<i64>,
    /// The rows.
    pub readings: Vec<Reading>,
}

/// Copies the last minute of every host that speaks: about 1 MB for 1,000 series.
pub fn glances(live: &Live) -> Vec<Glance> {
    let hosts = live.hosts().iter();
    hosts
        .filter(|host| host.state == State::Live)
        .filter_map(|host| Some(glance(host, host.last_at?)))
        .collect()
}

fn glance(host: &LiveHost, now: Moment) -> Glance {
    let span = Span {
        from: now.plus_ns(-REACH_NS),
        to: now.plus_ns(1),
    };
    let mut times: Arc<[i64]> = Arc::default();
    let tracks = host.tracks().filter(|it| is_of_system(it.series()));
    let columns = tracks.filter_map(|track| {
        let (at, values) = track.within(span).filter(|(at, _)| !at.is_empty())?;
        // Most series share their times.
        if *times != *at {
            times = at.into();
        }
        Some(Column {
            series: track.series().clone(),
            at: Arc::clone(&times),
            values: values.into(),
        })
    });
    Glance {
        host: host.name().to_owned(),
        columns: columns.collect(),
        cpus: host.connected.hello.cpus,
        processes: host.processes_since(span.from),
    }
}

/// Judges every host; one finding for each resource that limits.
pub fn limits(glances: &[Glance]) -> Vec<Finding> {
    let frames: Vec<Frame> = glances
        .iter()
        .map(|it| Frame::of_columns(&it.columns))
        .collect();
    let lookups: Vec<_> = glances
        .iter()
        .map(|glance| {
            let rows: Vec<ProcessRows<'_>> =
                glance.processes.iter().map(|it| rows(glance, it)).collect();
            move |span: Span| overview::busiest(&rows, span, &|_| Some(glance.cpus))
        })
        .collect();
    let inputs: Vec<HostInput<'_>> = glances
        .iter()
        .zip(&frames)
        .zip(&lookups)
        .map(|((glance, frame), uses)| HostInput {
            host: &glance.host,
            frame,
            cores: (glance.cpus > 0).then_some(f64::from(glance.cpus)),
            files: &[],
            uses,
        })
        .collect();
    let outcome = bottleneck::assess(&inputs, &Request::default());
    let found = match outcome.verdict {
        Some(_) => bottleneck::findings(&outcome),
        None => Vec::new(),
    };
    found.into_iter().map(said_live).collect()
}

fn rows<'a>(glance: &'a Glance, recent: &'a Recent) -> ProcessRows<'a> {
    ProcessRows {
        id: recent.id,
        host: &glance.host,
        process: &recent.process,
        started: None,
        at: &recent.at,
        readings: &recent.readings,
    }
}

fn said_live(mut finding: Finding) -> Finding {
    let (key, value) = LIVE;
    finding.parameters.push((key.to_owned(), value.to_owned()));
    finding.id = finding.own_id();
    finding.statement = format!("Live: {}", finding.statement);
    let text = "Said live: what came later was not known.".to_owned();
    finding.against.push(text);
    finding
}

/// Goes on with what limited before: what still limits grows, what is new is added.
pub fn go_on(known: &mut Vec<Finding>, now: Vec<Finding>) {
    for new in now {
        let from = new.stretch().from;
        let same = known.iter_mut().rfind(|it| {
            (&it.kind, &it.host, &it.series) == (&new.kind, &new.host, &new.series)
                && it.stretch().to.plus_ns(SAME_NS) >= from
        });
        let Some(old) = same else {
            known.push(new);
            continue;
        };
        let mut places = std::mem::take(&mut old.places);
        for place in &new.places {
            match places.last_mut() {
                Some(last) if place.from <= last.to.plus_ns(SAME_NS) => {
                    *last = last.union(*place);
                }
                _ => places.push(*place),
            }
        }
        *old = Finding {
            id: old.id,
            span: old.span,
            parameters: std::mem::take(&mut old.parameters),
            series: std::mem::take(&mut old.series),
            places,
            ..new
        };
    }
}
