//! Checks that every byte of a session is as it was written.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use model::time::Moment;

use crate::archive::Archive;
use crate::chain::{self, Found};
use crate::document;
use crate::limit::MANIFEST_MAX_BYTES;
use crate::manifest::{self, Segment, Table};
use crate::parquet;
use crate::part::{Data, Inner, Member, Place};
use crate::progress::{Continue, Progress, Watch};
use crate::session::{Session, Warning};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Members looked at.
    pub members: usize,
    /// Bytes looked at.
    pub bytes: u64,
    /// The chain over all members; `None` in a folder, and in a file of an older version.
    pub chain: Option<Found>,
    /// What is wrong; empty when all is well.
    pub problems: Vec<Warning>,
    /// Whether the watcher stopped the check before its end.
    pub complete: bool,
}

impl Report {
    /// Whether everything was checked and nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.complete && self.problems.is_empty()
    }
}

/// Members looked at side by side: hashing is what takes the time.
const WORKERS: usize = 4;

/// Checks every member: its SHA-256, its number of rows, that times ascend.
///
/// What was noticed when the session was opened is among the problems.
pub fn verify(session: &Session, watch: Watch<'_>) -> Report {
    let inner = &session.inner;
    let mut report = Report {
        problems: session.warnings(),
        complete: true,
        ..Report::default()
    };
    let members = stored(inner);
    let next = AtomicUsize::new(0);
    let total = session.size_bytes();
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(WORKERS);
    let mut found = Vec::new();
    thread::scope(|scope| {
        let (tell, told) = mpsc::sync_channel(workers);
        for _ in 0..workers {
            let (tell, next, members) = (tell.clone(), &next, &members);
            scope.spawn(move || look(inner, members, next, &tell));
        }
        drop(tell);
        for (place, outcome) in told {
            report.members += 1;
            report.bytes += members[place].segment.bytes;
            found.extend(outcome.err().map(|text| (place, text)));
            let done = report.bytes;
            if watch(Progress { done, total }) == Continue::Stop {
                report.complete = false;
                next.store(members.len(), Ordering::Relaxed);
                break;
            }
        }
    });
    // Whoever was faster: the report reads in the order of the members.
    found.sort_unstable();
    for (place, text) in found {
        report.add(&members[place].segment.path, text);
    }
    if report.complete && !matches!(inner.place, Place::Memory) {
        copies(&inner.place, &mut report);
    }
    if let Place::File(_, archive) = &inner.place {
        chained(inner, archive, &mut report);
    }
    report
}

/// Holds every member and every byte between them against the file's own chain.
fn chained(inner: &Inner, archive: &Archive, report: &mut Report) {
    // Members of the manifest were held against its sums already, so those stand for them.
    let segments = inner.manifest.segments.iter();
    let sums: HashMap<&str, &str> = segments
        .map(|it| (it.path.as_str(), it.sha256.as_str()))
        .collect();
    let known = |name: &str| {
        let there = archive.bytes(name).is_some();
        let sum = sums.get(name).filter(|_| there);
        sum.map(|it| (*it).to_owned())
    };
    match chain::check(archive, &known) {
        Ok(checked) => {
            report.chain = checked.found;
            for (member, text) in checked.problems {
                report.add(&member, text);
            }
        }
        Err(error) => report.add(chain::NAME, format!("cannot be read: {error}")),
    }
}

fn stored(inner: &Inner) -> Vec<&Member> {
    let parts = inner.parts.iter().flatten();
    let members = parts.filter_map(|part| match &part.data {
        Data::Stored(members) => Some(members.values()),
        Data::Held(_) => None,
    });
    members.flatten().collect()
}

/// Checks members until none is left or nobody listens.
fn look(
    inner: &Inner,
    members: &[&Member],
    next: &AtomicUsize,
    tell: &SyncSender<(usize, Result<(), String>)>,
) {
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(member) = members.get(place) else {
            return;
        };
        let checked = inner
            .bytes_anew(member)
            .and_then(|bytes| check(bytes, &member.segment));
        if tell.send((place, checked)).is_err() {
            return;
        }
    }
}

impl Report {
    fn add(&mut self, member: &str, text: String) {
        let problem = Warning {
            member: member.to_owned(),
            text,
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Both copies of the manifest must be sound, so that one can be lost.
fn copies(place: &Place, report: &mut Report) {
    for name in [manifest::NAME, manifest::COPY_NAME] {
        match place.read(name, MANIFEST_MAX_BYTES) {
            Ok(Some(bytes)) => {
                report.members += 1;
                report.bytes += bytes.len() as u64;
                if document::opened(&bytes).is_err() {
                    report.add(name, "differs from what was written".to_owned());
                }
            }
            Ok(None) => report.add(name, "is missing".to_owned()),
            Err(error) => report.add(name, format!("cannot be read: {error}")),
        }
    }
}

/// Looks at no more of a member than its times.
fn check(bytes: Vec<u8>, segment: &Segment) -> Result<(), String> {
    let strict = match segment.table {
        Table::Metrics => true,
        Table::Events => false,
        _ => return parquet::frame_of(bytes, segment.rows, Some(&[])).map(drop),
    };
    let frame = parquet::frame_of(bytes, segment.rows, Some(&["time".to_owned()]))?;
    let times = parquet::times(&frame, "time")?;
    let ordered = if strict {
        times.is_sorted_by(|a, b| a < b)
    } else {
        times.is_sorted()
    };
    let inside = |at: &i64| segment.span.contains(Moment(*at));
    if !ordered {
        return Err("times do not ascend".to_owned());
    }
    if !times.iter().all(inside) {
        return Err("times lie outside the span it claims".to_owned());
    }
    Ok(())
}
