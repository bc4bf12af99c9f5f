//! What a session says of itself: hosts, series and where the data lies.
//!
//! `manifest.ron` is RON text that people can read. Its last line is a comment
//! with the SHA-256 of everything above it, so that a flipped bit is noticed; a
//! folder keeps a second copy beside it.
//!
//! Start at [`Manifest`].

use std::collections::HashSet;

use model::host::{Host, HostId};
use model::series::Series;
use model::time::{Moment, Span};
use serde::{Deserialize, Serialize};

use crate::document::{self, Unreadable};
use crate::limit::{HOSTS_MAX, MEMBER_MAX_BYTES, MEMBERS_MAX, ROWS_MAX, SERIES_MAX};

/// The newest version of the session format that this build reads.
pub const SCHEMA: u16 = 2;

/// The first version of the format: everything but histograms and spans.
const SCHEMA_WITHOUT_REQUESTS: u16 = 1;

/// Everything about a session but its data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format.
    pub schema: u16,
    /// Version of Kymo that wrote it.
    pub kymo: String,
    /// What the author called it; may be empty.
    pub title: String,
    /// When the recording or import began.
    pub created: Moment,
    /// The hosts, by number.
    pub hosts: Vec<HostEntry>,
    /// All series, in the order they were first seen or imported.
    pub series: Vec<SeriesEntry>,
    /// All histograms, in the order they were first seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histograms: Vec<HistogramEntry>,
    /// The members that hold data, by host, number and table.
    pub segments: Vec<Segment>,
    /// What retention removed from the front, if anything.
    #[serde(default)]
    pub removed: Option<Span>,
}

/// One recorded host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostEntry {
    /// Its number.
    pub id: HostId,
    /// Its name in series keys; unique within the session.
    pub name: String,
    /// Its folder below `metrics/`, `processes/` and so on: the name in plain letters.
    pub folder: String,
    /// What its agent said when it greeted.
    pub host: Host,
    /// Where its boot clock lies on the session's axis.
    pub placement: Placement,
    /// Planned time between samples in nanoseconds; 0 if it was not told.
    pub cadence_ns: i64,
    /// Journals below this number are in segments already.
    pub rolled: u32,
}

/// Where a host's clocks lie on the session's axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Added to the boot clock to get a moment.
    pub boot_to_axis_ns: i64,
    /// How far the host's wall clock was ahead of the recorder's.
    pub offset_ns: i64,
    /// Half the width of the interval that surely holds the offset.
    pub error_ns: i64,
}

/// One series of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesEntry {
    /// Name, unit, kind, polarity.
    pub series: Series,
    /// The host it belongs to.
    pub host: HostId,
    /// Number of its samples, those that retention removed included.
    pub samples: u64,
    /// Time and value of its last sample, so that a rate can be told across segments.
    pub last: Option<(i64, f64)>,
}

/// One histogram of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramEntry {
    /// Name, unit, polarity.
    pub series: Series,
    /// The host it belongs to.
    pub host: HostId,
    /// Number of its rows.
    pub rows: u64,
}

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// One row per sample time, one column per series.
    Metrics,
    /// Extremes of each series as it is drawn, per 64 samples.
    Pyramid,
    /// Numbers of processes, a row where they changed.
    Processes,
    /// Who the processes are.
    ProcessInfo,
    /// Things that happened.
    Events,
    /// Settings of the host.
    Settings,
    /// Observations per interval: response times, sizes.
    Histograms,
    /// Spans of traces.
    Spans,
}

/// One member that holds data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Path within the session.
    pub path: String,
    /// Whose data.
    pub host: HostId,
    /// Which data.
    pub table: Table,
    /// Place in the host's order of segments.
    pub number: u32,
    /// Rows of the table.
    pub rows: u64,
    /// From the first row to just after the last.
    pub span: Span,
    /// Size of the member.
    pub bytes: u64,
    /// SHA-256 of the member, in hexadecimal.
    pub sha256: String,
}

/// File name of the manifest within a session.
pub(crate) const NAME: &str = "manifest.ron";

/// File name of its second copy.
pub(crate) const COPY_NAME: &str = "manifest.copy.ron";

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A newer build wrote it.
    TooNew(u16),
    /// It is not as it was written, or contradicts itself.
    Damaged(String),
    /// It exceeds a bound.
    Limit(String),
}

/// Reads a manifest and checks everything that others rely on.
pub(crate) fn read(bytes: &[u8]) -> Result<Manifest, Refused> {
    #[derive(Deserialize)]
    struct Head {
        schema: u16,
    }
    let refuse = |why| match why {
        Unreadable::Damaged(why) => Refused::Damaged(format!("manifest: {why}")),
        Unreadable::TooDeep => Refused::Limit("manifest nests too deeply".to_owned()),
    };
    let text = document::opened(bytes).map_err(refuse)?;
    let head: Head = document::parsed(text).map_err(refuse)?;
    if head.schema > SCHEMA {
        return Err(Refused::TooNew(head.schema));
    }
    let manifest: Manifest = document::parsed(text).map_err(refuse)?;
    check(&manifest)?;
    Ok(manifest)
}

fn check(manifest: &Manifest) -> Result<(), Refused> {
    let limit = |what: &str| Err(Refused::Limit(what.to_owned()));
    let damaged = |what: &str| Err(Refused::Damaged(what.to_owned()));
    if manifest.hosts.len() > HOSTS_MAX {
        return limit("too many hosts");
    }
    let series = manifest.series.len().max(manifest.histograms.len());
    if manifest.segments.len() > MEMBERS_MAX || series > SERIES_MAX {
        return limit("too many members or series");
    }
    let mut folders = HashSet::new();
    for (place, host) in manifest.hosts.iter().enumerate() {
        let known = usize::from(host.id.0) == place;
        if !known || !is_plain(&host.folder) || !folders.insert(host.folder.as_str()) {
            return damaged("hosts contradict themselves");
        }
    }
    let owners = manifest.series.iter().map(|it| it.host);
    for host in owners.chain(manifest.histograms.iter().map(|it| it.host)) {
        if usize::from(host.0) >= manifest.hosts.len() {
            return damaged("a series belongs to no host");
        }
    }
    let mut seen = HashSet::new();
    for segment in &manifest.segments {
        let Some(host) = manifest.hosts.get(usize::from(segment.host.0)) else {
            return damaged("a member belongs to no host");
        };
        // A path is never taken from the file: it must be the one we would write.
        let expected = segment.table.path(&host.folder, segment.number);
        if segment.path != expected || !seen.insert(segment.path.as_str()) {
            return damaged("a member has another name than it should");
        }
        if segment.bytes > MEMBER_MAX_BYTES || segment.rows > ROWS_MAX {
            return limit("a member is too large");
        }
    }
    Ok(())
}

/// Whether a folder name is plain letters, digits, dots, dashes and underscores.
pub(crate) fn is_plain(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(letter)
}

impl Manifest {
    /// Adds a host under a name of its own and returns its number; `None` when full.
    pub(crate) fn add_host(
        &mut self,
        host: Host,
        name: &str,
        placement: Placement,
    ) -> Option<HostId> {
        if self.hosts.len() >= HOSTS_MAX {
            return None;
        }
        let id = HostId(u16::try_from(self.hosts.len()).ok()?);
        let taken = |name: &str| self.hosts.iter().any(|host| host.name == name);
        let name = unique(name, taken);
        let taken = |name: &str| self.hosts.iter().any(|host| host.folder == name);
        let folder = unique(&plain(&name), taken);
        self.hosts.push(HostEntry {
            id,
            name,
            folder,
            host,
            placement,
            cadence_ns: 0,
            rolled: 0,
        });
        Some(id)
    }

    /// The oldest version of the format that can carry what is in it, so that older
    /// builds open what they can.
    pub(crate) fn needed_schema(&self) -> u16 {
        let newer = |it: &Segment| matches!(it.table, Table::Histograms | Table::Spans);
        if self.histograms.is_empty() && !self.segments.iter().any(newer) {
            SCHEMA_WITHOUT_REQUESTS
        } else {
            SCHEMA
        }
    }

    /// From the first row of any member to just after the last.
    pub(crate) fn span(&self) -> Span {
        let data = self
            .segments
            .iter()
            .filter(|it| it.table != Table::ProcessInfo);
        data.fold(Span::default(), |span, segment| span.union(segment.span))
    }
}

/// A folder name for a host, unlike those that are taken.
pub(crate) fn folder(name: &str, taken: &HashSet<String>) -> String {
    unique(&plain(name), |it| taken.contains(it))
}

fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while taken(&candidate) {
        candidate = format!("{name}-{number}");
        number += 1;
    }
    candidate
}

fn plain(name: &str) -> String {
    let kept = name.chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    });
    let text: String = kept.take(48).collect();
    let text = text.trim_matches(['-', '.']);
    if text.is_empty() {
        "host".to_owned()
    } else {
        text.to_owned()
    }
}
