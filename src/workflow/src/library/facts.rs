//! What is known of one session without reading its samples.
//!
//! Manifest, findings and label are read; how complete a recording is follows from the
//! number of samples that the manifest counts. Damage that only reading would show is
//! not looked for here: `kymo verify` does that.
//!
//! Start at [`of`].

use std::collections::HashMap;

use model::finding::{Analysis, Kept, Severity};
use model::time::Span;
use store::manifest::{HostEntry, Table};
use store::session::Session;

use super::scan::Place;
use super::{Counts, Entry, Facts, HostFact, Standing};
use crate::stored;

/// Samples beyond what the cadence gives by this share are those of faster series.
const MORE_SHARE: f64 = 1.02;

/// Damage told of one session; more of the same helps nobody.
const DAMAGE_MAX: usize = 8;

/// Looks at a session.
pub(super) fn of(place: &Place) -> Entry {
    let (bytes, standing) = match Session::open(&place.path) {
        Ok((session, warnings)) => {
            let damage = warnings.iter().take(DAMAGE_MAX).map(stored::told).collect();
            let unfinished = place.path.is_dir();
            let facts = facts(&session, damage, unfinished);
            (session.size_bytes(), Standing::Read(Box::new(facts)))
        }
        Err(error) => {
            let problem = stored::opening(&place.path, &error);
            (0, Standing::Refused(reason(&problem.why, place)))
        }
    };
    let bytes = match place.path.is_file() {
        true => std::fs::metadata(&place.path).map_or(bytes, |it| it.len()),
        false => bytes,
    };
    Entry {
        path: place.path.clone(),
        name: place.name.clone(),
        bytes,
        standing,
    }
}

/// The path stands beside the reason already.
fn reason(why: &str, place: &Place) -> String {
    why.replace(&format!(": {}", place.path.display()), "")
        .replace(&format!(" {}", place.path.display()), "")
}

fn facts(session: &Session, damage: Vec<String>, unfinished: bool) -> Facts {
    let manifest = session.manifest();
    let kept = session.kept().unwrap_or_default();
    let hosts = session.hosts().iter();
    Facts {
        title: manifest.title.clone(),
        span: session.span(),
        hosts: hosts.map(|host| of_host(session, host)).collect(),
        series: manifest.series.len() + manifest.histograms.len(),
        label: session.label(),
        findings: kept.analyzed().then(|| counted(&kept)),
        heaviest: kept
            .findings
            .first()
            .map_or_else(String::new, |it| it.statement.clone()),
        damage,
        unfinished,
    }
}

fn counted(kept: &Kept) -> Counts {
    let mut counts = Counts::default();
    for finding in &kept.findings {
        match finding.severity {
            Severity::Severe => counts.severe += 1,
            Severity::Warning => counts.warnings += 1,
            Severity::Note => counts.notes += 1,
        }
        counts.quality += usize::from(finding.analysis == Analysis::Quality);
    }
    counts
}

fn of_host(session: &Session, host: &HostEntry) -> HostFact {
    let manifest = session.manifest();
    let own = manifest.series.iter().filter(|it| it.host == host.id);
    let counts: Vec<u64> = own.map(|it| it.samples).collect();
    let members = manifest
        .segments
        .iter()
        .filter(|it| it.host == host.id && it.table == Table::Metrics);
    let (mut rows, mut span) = (0, Span::default());
    for member in members {
        rows += member.rows;
        span = span.union(member.span);
    }
    // Of an unfinished recording the journal holds the newest samples.
    let (present, span) = match rows {
        0 => (usual(&counts), session.span()),
        rows => (rows, span),
    };
    let cadence_ns = match host.cadence_ns {
        // Files of others do not tell theirs: it is what the rows are apart on average.
        0 if present > 1 => span.length_ns() / i64::try_from(present - 1).unwrap_or(i64::MAX),
        known => known,
    };
    // A span ends just after its last sample, so it holds one more than it has steps.
    let expected = (span.length_ns() as f64 / cadence_ns.max(1) as f64).round() + 1.0;
    let present = match present as f64 > expected * MORE_SHARE {
        true => usual(&counts).min(present),
        false => present,
    };
    let known = host.cadence_ns > 0 && !span.is_empty();
    HostFact {
        name: host.name.clone(),
        cpus: host.host.cpus,
        cadence_ns,
        coverage: known.then(|| (present as f64 / expected).min(1.0)),
    }
}

/// The number of samples that most series have: not that of the few read faster.
fn usual(counts: &[u64]) -> u64 {
    let mut often: HashMap<u64, usize> = HashMap::new();
    for count in counts {
        *often.entry(*count).or_default() += 1;
    }
    let most = often
        .into_iter()
        .max_by_key(|(count, times)| (*times, *count));
    most.map_or(0, |(count, _)| count)
}
