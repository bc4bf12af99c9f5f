//! Checks that every byte of a session is as it was written.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use model::time::Moment;

use crate::archive::{Archive, SUMS_NAME};
use crate::chain::{self, Found};
use crate::document::{self, sha256};
use crate::limit::{DOCUMENT_MAX_BYTES, MANIFEST_MAX_BYTES, MEMBERS_MAX};
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

/// Bytes of the list of sums, at most.
const SUMS_MAX_BYTES: u64 = MEMBERS_MAX as u64 * 256;

/// Checks every member: its SHA-256, its number of rows, that times ascend; in a single
/// file also the CRC-32 of its header, and the list of sums.
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
        whole(archive, &mut report);
        // Members of the manifest were held against its sums already, so those stand for them.
        let segments = inner.manifest.segments.iter();
        let sums: HashMap<&str, &str> = segments
            .map(|it| (it.path.as_str(), it.sha256.as_str()))
            .collect();
        let known = |name: &str| {
            let sum = sums.get(name).filter(|_| archive.bytes(name).is_some());
            sum.map(|it| (*it).to_owned())
        };
        listed(archive, &known, &mut report);
        chained(archive, &known, &mut report);
    }
    report
}

/// Every member must give the CRC-32 that other programs go by, and stand in the directory.
fn whole(archive: &Archive, report: &mut Report) {
    let directory = archive.directory().unwrap_or_default();
    for (name, _) in archive.places() {
        if !archive.agrees(name, &directory) {
            report.add(
                name,
                "stands otherwise in the directory of the file".to_owned(),
            );
        }
        match archive.is_whole(name) {
            Ok(true) => {}
            Ok(false) => report.add(name, "does not give its CRC-32".to_owned()),
            Err(error) => report.add(name, format!("cannot be read: {error}")),
        }
    }
}

/// Holds the list of sums against the members, where there is one.
fn listed(archive: &Archive, known: &dyn Fn(&str) -> Option<String>, report: &mut Report) {
    let text = match archive.read(SUMS_NAME, SUMS_MAX_BYTES) {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(None) => return,
        Err(error) => return report.add(SUMS_NAME, format!("cannot be read: {error}")),
    };
    let mut named = HashSet::new();
    for line in text.lines() {
        let Some((sum, name)) = line.split_once("  ") else {
            report.add(SUMS_NAME, "has a line that is no sum".to_owned());
            continue;
        };
        named.insert(name);
        match sum_of(archive, known, name) {
            Ok(Some(now)) if now == sum => {}
            Ok(Some(_)) => report.add(name, format!("is not what {SUMS_NAME} has of it")),
            Ok(None) => report.add(SUMS_NAME, format!("names {name}, which is no member")),
            Err(error) => report.add(name, format!("cannot be read: {error}")),
        }
    }
    let apart = [SUMS_NAME, chain::NAME, chain::SIGNATURE_NAME];
    for (name, _) in archive.places() {
        if !apart.contains(&name) && !named.contains(name) {
            report.add(name, format!("is not in {SUMS_NAME}"));
        }
    }
}

fn sum_of(
    archive: &Archive,
    known: &dyn Fn(&str) -> Option<String>,
    name: &str,
) -> std::io::Result<Option<String>> {
    if let Some(sum) = known(name) {
        return Ok(Some(sum));
    }
    let max = MANIFEST_MAX_BYTES.max(DOCUMENT_MAX_BYTES);
    Ok(archive.read(name, max)?.map(|it| sha256(&it)))
}

/// Holds every member and every byte between them against the file's own chain.
fn chained(archive: &Archive, known: &dyn Fn(&str) -> Option<String>, report: &mut Report) {
    match chain::check(archive, known) {
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
