//! A library: folders of sessions, listed, searched, labelled and followed over builds.
//!
//! * [`list`]: what is there; a file that cannot be read is listed with the reason and
//!   never hides the others. [`query`]: which of it is meant.
//! * [`label`]: tags, note and build, kept inside each session.
//! * [`trend`]: one figure of many sessions, with trend and changes.
//! * An index in the user's cache folder makes the second listing fast. It is never
//!   needed: what differs in size, time or checksums is read anew.
//!
//! Start at [`list`].

mod facts;
mod index;
pub mod label;
pub mod query;
mod scan;
pub mod trend;

use std::path::{Path, PathBuf};

use model::label::Label;
use model::time::Span;
use serde::{Deserialize, Serialize};

use crate::jobs::Context;
use crate::problem::Problem;
use crate::spread;

/// Sessions looked at between two looks at the wish to stop.
const AT_ONCE: usize = 4;

/// One session of a library, or what stands in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Its path within the library, for people.
    pub name: String,
    /// Size on disk.
    pub bytes: u64,
    /// What is known of it.
    pub standing: Standing,
}

/// Whether a session could be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Standing {
    /// It could.
    Read(Box<Facts>),
    /// It could not, for this reason, in a sentence.
    Refused(String),
}

/// What is known of a session without reading its samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Title of its author; empty without one.
    pub title: String,
    /// From the first sample to just after the last.
    pub span: Span,
    /// The hosts.
    pub hosts: Vec<HostFact>,
    /// Number of series.
    pub series: usize,
    /// Tags, note and build.
    pub label: Label,
    /// The kept findings, counted; `None` before it was analyzed.
    pub findings: Option<Counts>,
    /// What the heaviest finding says; empty without one.
    pub heaviest: String,
    /// What is damaged, one sentence each.
    pub damage: Vec<String>,
    /// Whether it is a folder, which may still be recorded.
    pub unfinished: bool,
}

/// What is known of a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostFact {
    /// Its name.
    pub name: String,
    /// Number of processors; 0 when unknown.
    pub cpus: u32,
    /// Time between samples; 0 when unknown.
    pub cadence_ns: i64,
    /// Samples there are over samples there should be, by the manifest, 0 to 1; `NaN` is
    /// kept as nothing.
    pub coverage: Option<f64>,
}

/// Findings by how much they matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Users feel it.
    pub severe: usize,
    /// Worth looking at.
    pub warnings: usize,
    /// Good to know.
    pub notes: usize,
    /// Of all, those about the data itself.
    pub quality: usize,
}

impl Entry {
    /// What is known of it, if it could be read.
    pub fn facts(&self) -> Option<&Facts> {
        match &self.standing {
            Standing::Read(facts) => Some(facts),
            Standing::Refused(_) => None,
        }
    }

    /// Title, else file name.
    pub fn title(&self) -> &str {
        match self.facts() {
            Some(facts) if !facts.title.is_empty() => &facts.title,
            _ => &self.name,
        }
    }
}

impl Facts {
    /// The worst coverage of its hosts; `None` where it is not known.
    pub fn coverage(&self) -> Option<f64> {
        let known = self.hosts.iter().filter_map(|it| it.coverage);
        known.reduce(f64::min)
    }

    /// The longest cadence of its hosts; 0 when unknown.
    pub fn cadence_ns(&self) -> i64 {
        let known = self.hosts.iter().map(|it| it.cadence_ns);
        known.max().unwrap_or(0)
    }

    /// Names of its hosts, one text.
    pub fn hosts_text(&self) -> String {
        let names = self.hosts.iter().map(|it| it.name.as_str());
        let names: Vec<&str> = names.filter(|it| !it.is_empty()).collect();
        names.join(", ")
    }
}

impl Counts {
    /// How many there are.
    pub fn total(self) -> usize {
        self.severe + self.warnings + self.notes
    }
}

/// How a library is listed.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The folders.
    pub roots: Vec<PathBuf>,
    /// Where the index is kept; without one everything is read.
    pub cache: Option<PathBuf>,
    /// Whether a known index counts.
    pub freshness: Freshness,
}

/// Whether a known index counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// What did not change is taken from the index.
    #[default]
    Index,
    /// Everything is read anew.
    Anew,
}

impl Setup {
    /// Libraries at these folders with the index in the usual place.
    pub fn of(roots: Vec<PathBuf>) -> Self {
        Self {
            roots,
            cache: index::usual(),
            freshness: Freshness::Index,
        }
    }
}

/// What a library holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Sessions and what stands in their place: the oldest first, what has no time last.
    pub entries: Vec<Entry>,
    /// How many were read anew rather than known.
    pub read: usize,
    /// What people should know: folders that cannot be read, bounds that were met.
    pub notes: Vec<String>,
}

/// Lists the sessions below some folders.
///
/// # Errors
///
/// A folder is not there or not one, or the user stopped it. A session that cannot be read
/// is an entry with its reason.
pub fn list(setup: &Setup, context: &Context) -> Result<Listing, Problem> {
    let mut listing = Listing::default();
    for root in &setup.roots {
        let found = scan::below(root)?;
        listing.notes.extend(found.notes);
        let place = setup.cache.as_deref().map(|it| index::file(it, root));
        let known = match (&place, setup.freshness) {
            (Some(place), Freshness::Index) => index::read(place),
            _ => index::Index::default(),
        };
        let looked = looked_at(&found.places, &known, context)?;
        let fresh = looked.iter().filter(|it| it.2 == Source::Read).count();
        listing.read += fresh;
        if let Some(place) = &place
            && (fresh > 0 || looked.len() != known.len())
            && let Err(problem) = index::write(place, &looked)
        {
            listing.notes.push(format!(
                "{problem}; the next listing reads everything again"
            ));
        }
        listing.entries.extend(looked.into_iter().map(|it| it.1));
    }
    sort(&mut listing.entries);
    listing.entries.dedup_by(|a, b| a.path == b.path);
    Ok(listing)
}

/// Where the facts of an entry came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Known,
    Read,
}

type Looked = (scan::Stamp, Entry, Source);

fn looked_at(
    places: &[scan::Place],
    known: &index::Index,
    context: &Context,
) -> Result<Vec<Looked>, Problem> {
    spread::over(
        (places.len(), AT_ONCE),
        ("listing the library", context),
        |part| {
            let some = places[part].iter();
            some.map(|place| {
                let stamp = place.stamp();
                if let Some(entry) = known.get(&place.path, &stamp) {
                    return (stamp, entry.clone(), Source::Known);
                }
                let entry = facts::of(place);
                (stamp, entry, Source::Read)
            })
            .collect()
        },
    )
}

/// Oldest first by their first sample; what has none comes last, by name.
fn sort(entries: &mut [Entry]) {
    let at = |it: &Entry| it.facts().map_or(i64::MAX, |facts| facts.span.from.0);
    entries.sort_by(|a, b| at(a).cmp(&at(b)).then_with(|| a.path.cmp(&b.path)));
}

/// Looks at one session anew, as [`list`] would.
pub fn entry(root: &Path, path: &Path) -> Entry {
    facts::of(&scan::Place::of(root, path))
}

#[cfg(test)]
mod tests;
