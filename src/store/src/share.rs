//! Copies a session with tokens in place of who and where, and searches what was written.
//!
//! Three steps, each a walk over the session one part at a time: [`learn`] who is named,
//! [`write`] with tokens in their place, [`search`] the written bytes for everybody that
//! was replaced. Numbers, times, units and the metrics of the catalog stay.
//!
//! * Never copies a document that it does not know: each field is written anew.
//! * Never keeps an identity or the key of the tokens in what it writes.
//!
//! Start at [`learn`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;

use model::annotation::Annotation;
use model::disguise::{Category, Disguise};
use model::finding::{Expected, Kept};
use model::series::{Series, glob_matches};
use model::time::Span;
use serde::{Deserialize, Serialize};

use crate::archive::{Sign, Writer};
use crate::build::{Builder, failed};
use crate::chunk::{Chunk, Info};
use crate::document;
use crate::limit::DOCUMENT_MAX_BYTES;
use crate::manifest::{self, HostEntry};
use crate::open::{ANNOTATIONS, DOCUMENTS, FINDINGS, LABEL, SHARED};
use crate::progress::{Continue, Progress, Watch};
use crate::session::Session;
use crate::trim::{EVERYTHING, Keep, WriteError, chunk_of, texts_of};

pub use crate::sift::{Hit, SearchError, search};

/// What was taken out of a session before it was shared, as it is kept in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Version of Kymo that wrote it.
    pub kymo: String,
    /// What its author says of it; may be empty.
    pub description: String,
    /// Categories that were kept as they are.
    pub kept: Vec<Category>,
    /// Patterns of the author's own, by the label of their tokens.
    pub patterns: Vec<String>,
    /// How much was replaced.
    pub counts: Vec<Taken>,
    /// Documents that were left out, since nothing is known of what they name.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Whether only a stretch of time or some series were taken.
    pub trimmed: bool,
}

/// How much of a category was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Which.
    pub category: Category,
    /// Different identities.
    pub identities: usize,
    /// Places where one was replaced.
    pub places: u64,
}

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What to keep of the session.
    pub keep: Keep,
    /// The title, as it is written.
    pub title: String,
    /// What is said of it, but for the counts.
    pub shared: Shared,
}

/// Walks over everything that [`write`] would write and lets `disguise` see it: to learn,
/// and once it has numbers, to count.
///
/// # Errors
///
/// [`WriteError::Stopped`], or the session cannot be read.
pub fn learn(
    session: &Session,
    keep: &Keep,
    disguise: &mut Disguise,
    watch: Watch<'_>,
) -> Result<(), WriteError> {
    let manifest = session.manifest();
    // Machines first: everything else may be called after them.
    for entry in &manifest.hosts {
        disguise.machine(&entry.name);
        disguise.machine(&entry.host.name);
    }
    for entry in &manifest.hosts {
        host(disguise, entry);
    }
    names(session, keep, disguise)?;
    disguise.text(&manifest.title);
    let span = keep.span.unwrap_or(EVERYTHING);
    let total = session.inner.parts.iter().flatten().count() as u64;
    let mut done = 0;
    for (entry, parts) in manifest.hosts.iter().zip(&session.inner.parts) {
        let settings: BTreeMap<_, _> = session.settings(entry.id)?.into_iter().collect();
        disguise.settings(&settings);
        for part in parts {
            done += 1;
            if !part.span.intersect(span).is_empty() {
                let chunk = texts_of(session, entry.id, part, keep);
                texts(disguise, chunk, BTreeMap::new());
            }
            if watch(Progress { done, total }) == Continue::Stop {
                return Err(WriteError::Stopped);
            }
        }
    }
    notes(session, span, disguise);
    kept(session, disguise);
    disguise.label(&session.label());
    Ok(())
}

/// Writes the part of a session that is to be kept, as `disguise` has it, which must have
/// learned it and have its numbers. What was replaced is counted in the file.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn write(
    session: &Session,
    draft: Draft,
    (disguise, out): (&mut Disguise, &Path),
    watch: Watch<'_>,
) -> Result<Shared, WriteError> {
    let manifest = session.manifest();
    let keep = &draft.keep;
    let span = keep.span.unwrap_or(EVERYTHING);
    let names = names(session, keep, disguise)?;
    let mut builder = Builder::create(out, &draft.title, manifest.created)?;
    let total = session.inner.parts.iter().flatten().count() as u64;
    let mut done = 0;
    let mut folders = HashSet::new();
    for (entry, parts) in manifest.hosts.iter().zip(&session.inner.parts) {
        let mut written = host(disguise, entry);
        written.folder = manifest::folder(&written.name, &folders);
        folders.insert(written.folder.clone());
        let id = builder.host(&written);
        let settings: BTreeMap<_, _> = session.settings(entry.id)?.into_iter().collect();
        let mut settings = disguise.settings(&settings);
        for part in parts {
            done += 1;
            if !part.span.intersect(span).is_empty() {
                let chunk = chunk_of(session, entry.id, part, keep);
                // Only the first member of a host tells its settings.
                let first = std::mem::take(&mut settings);
                builder.add(id, texts(disguise, named(chunk, &names), first))?;
            }
            if watch(Progress { done, total }) == Continue::Stop {
                return Err(WriteError::Stopped);
            }
        }
    }
    if builder.is_empty() {
        return Err(WriteError::Empty {
            why: "no sample lies within the span and series asked for".to_owned(),
        });
    }
    let notes = notes(session, span, disguise);
    let kept = kept(session, disguise);
    builder.label(&disguise.label(&session.label()))?;
    let counts = disguise.counts().into_iter();
    let shared = Shared {
        left_out: left_out(session),
        counts: counts
            .map(|it| Taken {
                category: it.category,
                identities: it.identities,
                places: it.places,
            })
            .collect(),
        ..draft.shared
    };
    let sealed = |text: Result<Vec<u8>, ron::Error>| {
        text.map_err(|error| failed(out, io::Error::other(error)))
    };
    let mut documents = vec![(SHARED, sealed(document::sealed(&shared))?)];
    if let Some(kept) = kept {
        documents.push((FINDINGS, sealed(document::sealed(&kept))?));
    }
    builder.finish_with(&notes, &documents)?;
    Ok(shared)
}

/// Copies a session file with other findings, with a signature, or with both.
///
/// # Errors
///
/// [`WriteError`]; nothing is left behind then.
pub fn complete(
    session: &Session,
    (kept, sign): (Option<&Kept>, Option<Signer>),
    out: &Path,
) -> Result<(), WriteError> {
    let write = |source| failed(out, source);
    let findings = kept.map(document::sealed).transpose();
    let findings = findings.map_err(|error| write(io::Error::other(error)))?;
    let mut writer = Writer::create(out).map_err(write)?;
    if let Some(signer) = sign {
        writer.sign(signer.0);
    }
    let changed = findings.as_deref().map(|bytes| (FINDINGS, bytes));
    session.copy_into(&mut writer, changed).map_err(write)?;
    writer.finish(out).map_err(write)
}

/// Makes a signature in the form of minisign of a chain's text.
pub struct Signer(Sign);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// A signer that asks this function.
    pub fn new(sign: impl Fn(&[u8]) -> io::Result<Vec<u8>> + 'static) -> Self {
        Self(Box::new(sign))
    }
}

/// The series that are kept, by their names now.
type Names = HashMap<model::series::SeriesKey, Series>;

/// New names of all series and histograms; two never become one.
fn names(session: &Session, keep: &Keep, disguise: &mut Disguise) -> Result<Names, WriteError> {
    let manifest = session.manifest();
    let series = manifest.series.iter().map(|it| &it.series);
    let all = series.chain(manifest.histograms.iter().map(|it| &it.series));
    let mut names = Names::new();
    let mut taken = HashSet::new();
    for series in all {
        if !keep.wants(&series.key.to_string()) || names.contains_key(&series.key) {
            continue;
        }
        let mut written = disguise.series(series);
        let metric = written.key.metric.clone();
        let mut number = 2;
        while !taken.insert(written.key.clone()) {
            written.key.metric = format!("{metric}~{number}");
            number += 1;
        }
        names.insert(series.key.clone(), written);
    }
    Ok(names)
}

/// Documents of a session that are written anew, each by what its fields mean.
const WRITTEN: &[&str] = &[ANNOTATIONS, FINDINGS, LABEL, SHARED];

/// Documents of a session that are not.
fn left_out(session: &Session) -> Vec<String> {
    let others = DOCUMENTS.iter().filter(|it| !WRITTEN.contains(*it));
    let place = &session.inner.place;
    let there = others.filter(|it| matches!(place.read(it, DOCUMENT_MAX_BYTES), Ok(Some(_))));
    there.map(|it| (*it).to_owned()).collect()
}

fn host(disguise: &mut Disguise, entry: &HostEntry) -> HostEntry {
    HostEntry {
        name: disguise.host_name(&entry.name),
        host: disguise.host(&entry.host),
        ..entry.clone()
    }
}

/// A chunk with the new names of its series.
fn named(mut chunk: Chunk, names: &Names) -> Chunk {
    for column in &mut chunk.columns {
        if let Some(series) = names.get(&column.series.key) {
            column.series = series.clone();
        }
    }
    for histogram in &mut chunk.histograms {
        if let Some(series) = names.get(&histogram.series.key) {
            histogram.series = series.clone();
        }
    }
    chunk
}

/// A chunk with everything replaced that is no name of a series.
fn texts(disguise: &mut Disguise, chunk: Chunk, settings: BTreeMap<String, String>) -> Chunk {
    let infos = chunk.infos.into_iter().map(|(id, info)| {
        let process = disguise.process(&info.process).into();
        (id, Info { process, ..info })
    });
    Chunk {
        infos: infos.collect(),
        events: chunk.events.iter().map(|it| disguise.event(it)).collect(),
        spans: chunk.spans.iter().map(|it| disguise.span(it)).collect(),
        settings,
        ..chunk
    }
}

fn notes(session: &Session, span: Span, disguise: &mut Disguise) -> Vec<Annotation> {
    let notes = session.annotations().into_iter();
    let near = |it: &Annotation| span.contains(it.span.from) || !it.span.intersect(span).is_empty();
    let near = notes.filter(near);
    near.map(|it| disguise.annotation(&it)).collect()
}

/// Series that one mark of what was expected is spelled out for, at most.
const EXPECTED_MAX: usize = 10_000;

fn kept(session: &Session, disguise: &mut Disguise) -> Option<Kept> {
    let kept = session.kept()?;
    let mut written = disguise.kept(&kept);
    for mark in &kept.expected {
        let reason = disguise.reason(&mark.reason);
        for series in patterns(session, &mark.series, disguise) {
            written.expected.push(Expected {
                series,
                span: mark.span,
                reason: reason.clone(),
            });
        }
    }
    Some(written)
}

/// A pattern of names by their new names. Where the name of the machine is a pattern
/// itself, every series that it means is spelled out.
fn patterns(session: &Session, glob: &str, disguise: &mut Disguise) -> Vec<String> {
    let wild = |text: &str| text.contains(['*', '?']);
    let (machine, rest) = glob.split_once('/').unwrap_or(("", glob));
    let recorded = session.hosts().iter().any(|it| it.name == machine);
    if !wild(glob) {
        return vec![disguise.series_name(glob)];
    }
    if recorded {
        let machine = disguise.host_name(machine);
        return vec![format!("{machine}/{}", disguise.prose(rest))];
    }
    let all = session.series().iter();
    let meant = all.filter(|it| glob_matches(glob, &it.key.to_string()));
    let meant = meant.take(EXPECTED_MAX);
    meant
        .map(|it| disguise.series_key(&it.key).to_string())
        .collect()
}

impl Keep {
    /// Whether a series of this name is kept.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.series.is_empty() || self.series.iter().any(|glob| glob_matches(glob, name))
    }
}
