//! Opens a session: tells what a path holds, reads manifest and journals.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, RwLock};

use model::label::Label;
use model::time::{Moment, Span};
use serde::de::DeserializeOwned;

use crate::archive::{Archive, Broken, MAGIC};
use crate::document::{self, Unreadable};
use crate::gather::{self, Of};
use crate::limit::{DOCUMENT_MAX_BYTES, MANIFEST_MAX_BYTES};
use crate::manifest::{self, Manifest, Refused, SCHEMA, Table};
use crate::part::{Data, Held, Inner, Member, Part, Place, enter};
use crate::session::{OpenError, Warning};
use crate::tape;

/// File name of the notes within a session.
pub(crate) const ANNOTATIONS: &str = "annotations.ron";

/// Name of the document with the findings.
pub(crate) const FINDINGS: &str = "findings.ron";

/// Name of the document that says what was taken out before it was shared.
pub(crate) const SHARED: &str = "shared.ron";

/// Name of the document with what people say of the whole session.
pub(crate) const LABEL: &str = "label.ron";

/// Name of the document with the standards that were attached.
pub(crate) const STANDARDS: &str = "standards.ron";

/// Documents beside the manifest that are copied with a session as they are.
pub(crate) const DOCUMENTS: &[&str] = &[ANNOTATIONS, FINDINGS, LABEL, SHARED, STANDARDS];

/// Opens what is at `path`.
pub(crate) fn open(path: &Path) -> Result<Inner, OpenError> {
    let place = place(path)?;
    let mut warnings = Vec::new();
    if let Place::File(_, archive) = &place
        && archive.damaged > 0
    {
        let text = format!("{} stretches of the file are damaged", archive.damaged);
        warnings.push(warning("", text));
    }
    let (manifest, held) = match &place {
        Place::Folder(folder) => unfinished(&place, folder, &mut warnings)?,
        _ => (manifest_of(&place, path, &mut warnings)?, Vec::new()),
    };
    let annotations = document_of(&place, ANNOTATIONS, &mut warnings).unwrap_or_default();
    let kept = document_of(&place, FINDINGS, &mut warnings);
    let label: Option<Label> = document_of(&place, LABEL, &mut warnings);
    let standards = document_of(&place, STANDARDS, &mut warnings).unwrap_or_default();
    let journal_bytes = match &place {
        Place::Folder(folder) => tape::bytes(folder),
        _ => 0,
    };
    let mut inner = assemble(place, manifest, held);
    inner.journal_bytes = journal_bytes;
    *inner
        .warnings
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = warnings;
    *inner
        .annotations
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = annotations;
    *inner
        .kept
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = kept;
    *inner
        .label
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = label.unwrap_or_default().sound();
    *inner
        .standards
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = standards;
    Ok(inner)
}

/// Reads the manifest and journals of a folder that may be recorded right now.
///
/// A journal that became a segment between the two reads would be missed; the
/// manifest then says so, and both are read again.
fn unfinished(
    place: &Place,
    folder: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<(Manifest, Vec<(usize, Part)>), OpenError> {
    /// Segments are minutes apart; one repetition is rare.
    const TRIES: usize = 4;
    let mut tried = 0;
    loop {
        let mut said = Vec::new();
        let mut manifest = manifest_of(place, folder, &mut said)?;
        let rolled = rolled_of(&manifest);
        let held = journals(folder, &mut manifest, &mut said);
        tried += 1;
        let now = manifest_of(place, folder, &mut Vec::new())?;
        if rolled_of(&now) != rolled && tried < TRIES {
            continue;
        }
        warnings.append(&mut said);
        let held = held.map_err(|source| OpenError::Read {
            path: folder.to_owned(),
            source,
        })?;
        return Ok((manifest, held));
    }
}

fn rolled_of(manifest: &Manifest) -> Vec<u32> {
    manifest.hosts.iter().map(|host| host.rolled).collect()
}

/// Puts a session together; `held` holds `(host, part)` of data in memory.
pub(crate) fn assemble(place: Place, manifest: Manifest, held: Vec<(usize, Part)>) -> Inner {
    let mut stored: Vec<BTreeMap<u32, BTreeMap<Table, Member>>> = Vec::new();
    stored.resize_with(manifest.hosts.len(), BTreeMap::new);
    for segment in &manifest.segments {
        if let Some(host) = stored.get_mut(usize::from(segment.host.0)) {
            let members = host.entry(segment.number).or_default();
            members.insert(segment.table, Member::new(segment.clone()));
        }
    }
    let mut parts: Vec<Vec<Part>> = stored
        .into_iter()
        .map(|host| host.into_iter().map(stored_part).collect())
        .collect();
    for (host, part) in held {
        if let Some(list) = parts.get_mut(host) {
            list.push(part);
        }
    }
    for list in &mut parts {
        dated(list);
    }
    let series: Vec<_> = manifest
        .series
        .iter()
        .map(|entry| entry.series.clone())
        .collect();
    let places = series.iter().enumerate();
    let index: HashMap<_, _> = places
        .map(|(place, it)| (it.key.clone(), place as u32))
        .collect();
    Inner {
        place,
        manifest,
        series,
        index,
        parts,
        journal_bytes: 0,
        annotations: RwLock::default(),
        kept: RwLock::default(),
        label: RwLock::default(),
        standards: RwLock::default(),
        storing: Mutex::default(),
        warnings: Mutex::default(),
        row_index: Mutex::default(),
        process_tables: Mutex::new(VecDeque::new()),
    }
}

/// Gives parts without a moment of their own a place after the one before.
fn dated(parts: &mut [Part]) {
    let mut before: Option<(Moment, Moment)> = None;
    for part in parts {
        if let Some((from, to)) = before {
            if part.span.is_empty() {
                part.span = Span { from: to, to };
            }
            part.from = part.span.from.max(from);
        } else {
            part.from = part.span.from;
        }
        before = Some((part.from, part.span.to));
    }
}

fn stored_part((number, members): (u32, BTreeMap<Table, Member>)) -> Part {
    let dated = members
        .values()
        .filter(|it| it.segment.table != Table::ProcessInfo);
    let span = dated.fold(Span::default(), |span, it| span.union(it.segment.span));
    Part {
        number,
        span,
        from: span.from,
        data: Data::Stored(members),
    }
}

/// What is at a path, if it may be a session.
fn place(path: &Path) -> Result<Place, OpenError> {
    let read = |source| OpenError::Read {
        path: path.to_owned(),
        source,
    };
    let other = |what: &str| OpenError::NotASession {
        what: what.to_owned(),
        path: path.to_owned(),
    };
    let kind = fs::metadata(path).map_err(read)?;
    if kind.is_dir() {
        return folder(path);
    }
    if !kind.is_file() {
        // Opening a pipe would wait for its other end.
        return Err(other("a pipe, socket or device"));
    }
    let file = File::open(path).map_err(read)?;
    let mut head = Vec::new();
    (&file).take(512).read_to_end(&mut head).map_err(read)?;
    if !head.starts_with(&MAGIC) {
        return Err(other(what_it_is(&head)));
    }
    match Archive::open(file) {
        Ok(archive) => Ok(Place::File(path.to_owned(), archive)),
        Err(Broken::Read(source)) => Err(read(source)),
        Err(Broken::Duplicate(name)) => Err(OpenError::Damaged {
            why: format!("two members are called {name:?}"),
            path: path.to_owned(),
        }),
        Err(Broken::TooMany) => Err(OpenError::Limit {
            what: "too many members".to_owned(),
            path: path.to_owned(),
        }),
    }
}

fn folder(path: &Path) -> Result<Place, OpenError> {
    let has = |name: &str| fs::symlink_metadata(path.join(name)).is_ok();
    if has(manifest::NAME) || has(manifest::COPY_NAME) {
        return Ok(Place::Folder(path.to_owned()));
    }
    Err(OpenError::NotASession {
        what: "a folder without a session manifest".to_owned(),
        path: path.to_owned(),
    })
}

/// Names what a file holds by its first bytes.
fn what_it_is(head: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"PAR1", "a Parquet file"),
        (&[0x1f, 0x8b], "a gzip file"),
        (b"PK", "an empty or split ZIP archive"),
        (b"ARROW1", "an Arrow file"),
        (b"SQLite format 3", "an SQLite database"),
        (&[0x7f, b'E', b'L', b'F'], "a program"),
        (b"PERFILE2", "a perf recording"),
        (&[0x89, b'P', b'N', b'G'], "a PNG image"),
        (b"%PDF", "a PDF document"),
        (b"age-encryption.org/", "an encrypted file (age)"),
        (
            b"-----BEGIN AGE ENCRYPTED FILE-----",
            "an encrypted file (age)",
        ),
        (&[0x28, 0xb5, 0x2f, 0xfd], "a zstd file"),
        (&[0xCE, 0x4B], "a bare journal"),
    ];
    if head.is_empty() {
        return "an empty file";
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return what;
    }
    let text = std::str::from_utf8(head).is_ok_or_cut();
    match head.trim_ascii_start().first() {
        Some(b'{' | b'[') if text => "a JSON file",
        Some(b'<') if text => "an HTML or XML file",
        Some(_) if text && head.contains(&b',') => "a CSV file",
        Some(_) if text => "a text file",
        _ => "a file of an unknown format",
    }
}

trait OkOrCut {
    /// Whether it is text, or text cut within a character.
    fn is_ok_or_cut(&self) -> bool;
}

impl OkOrCut for Result<&str, std::str::Utf8Error> {
    fn is_ok_or_cut(&self) -> bool {
        match self {
            Ok(text) => !text.contains('\0'),
            Err(error) => error.error_len().is_none(),
        }
    }
}

/// The manifest, or its second copy when the first is damaged.
fn manifest_of(
    place: &Place,
    path: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<Manifest, OpenError> {
    let mut first = None;
    for name in [manifest::NAME, manifest::COPY_NAME] {
        let refused = match place.read(name, MANIFEST_MAX_BYTES) {
            Ok(Some(bytes)) => match manifest::read(&bytes) {
                Ok(manifest) => {
                    if let Some(Refused::Damaged(why)) = first {
                        warnings.push(warning(manifest::NAME, format!("{why}; its copy was used")));
                    }
                    return Ok(manifest);
                }
                Err(refused) => refused,
            },
            Ok(None) => Refused::Damaged("manifest is missing".to_owned()),
            Err(error) => Refused::Damaged(format!("manifest cannot be read: {error}")),
        };
        first = first.or(Some(refused));
    }
    let path = path.to_owned();
    let is_ours = matches!(place, Place::Folder(_)) || has_members(place);
    Err(match first {
        Some(Refused::TooNew(found)) => OpenError::TooNew {
            found,
            newest: SCHEMA,
            path,
        },
        Some(Refused::Limit(what)) => OpenError::Limit { what, path },
        Some(Refused::Damaged(why)) if is_ours => OpenError::Damaged { why, path },
        _ => OpenError::NotASession {
            what: "a ZIP archive without a session manifest".to_owned(),
            path,
        },
    })
}

/// Whether an archive has either manifest, readable or not.
fn has_members(place: &Place) -> bool {
    let Place::File(_, archive) = place else {
        return false;
    };
    archive.damaged > 0
        || [manifest::NAME, manifest::COPY_NAME]
            .iter()
            .any(|name| archive.bytes(name).is_some())
}

/// A document beside the manifest; `None` where it is not there or not readable.
pub(crate) fn document_of<T: DeserializeOwned>(
    place: &Place,
    name: &str,
    warnings: &mut Vec<Warning>,
) -> Option<T> {
    let read = match place.read(name, DOCUMENT_MAX_BYTES) {
        Ok(None) => return None,
        Ok(Some(bytes)) => document::opened(&bytes).and_then(document::parsed),
        Err(error) => Err(Unreadable::Damaged(error.to_string())),
    };
    match read {
        Ok(value) => Some(value),
        Err(why) => {
            let text = match why {
                Unreadable::Damaged(why) => why,
                Unreadable::TooDeep => "nests too deeply".to_owned(),
            };
            warnings.push(warning(name, text));
            None
        }
    }
}

/// Reads the journals that are not in segments yet.
fn journals(
    folder: &Path,
    manifest: &mut Manifest,
    warnings: &mut Vec<Warning>,
) -> io::Result<Vec<(usize, Part)>> {
    let mut held = Vec::new();
    for (which, files) in tape::list(folder)? {
        let host = manifest
            .hosts
            .iter()
            .position(|host| host.folder == which.host);
        let member = format!("{}/{}-{:06}", tape::FOLDER, which.host, which.number);
        let Some(host) = host else {
            warnings.push(warning(
                &member,
                "belongs to no host of this session".to_owned(),
            ));
            continue;
        };
        if which.number < manifest.hosts[host].rolled {
            continue;
        }
        match (
            files.read(tape::Copy::Names),
            files.read(tape::Copy::Frames),
        ) {
            (names, Ok(frames)) => {
                let names = names.unwrap_or_default();
                let (part, troubles) =
                    part_of_journal(manifest, host, which.number, (&names, &frames));
                held.push((host, part));
                warnings.extend(troubles.into_iter().map(|text| warning(&member, text)));
            }
            (_, Err(error)) => warnings.push(warning(&member, format!("cannot be read: {error}"))),
        }
    }
    Ok(held)
}

/// Decodes a journal into a part and enters its series into the manifest.
pub(crate) fn part_of_journal(
    manifest: &mut Manifest,
    host: usize,
    number: u32,
    (names, frames): (&[u8], &[u8]),
) -> (Part, Vec<String>) {
    let after = last_at(manifest, host);
    let entry = &mut manifest.hosts[host];
    let mut gathered = gather::gather(
        names,
        frames,
        Of {
            name: &entry.name,
            boot_to_axis_ns: entry.placement.boot_to_axis_ns,
            after,
        },
    );
    if let Some(hello) = gathered.hello {
        entry.cadence_ns = hello.every_ns;
    }
    let id = entry.id;
    let starts = enter(manifest, id, &mut gathered.chunk);
    let span = gathered.chunk.span();
    let part = Part {
        number,
        span,
        from: span.from,
        data: Data::Held(Held::new(gathered.chunk, starts)),
    };
    (part, gathered.troubles)
}

/// Time of the last sample of a host so far.
fn last_at(manifest: &Manifest, host: usize) -> Option<i64> {
    let of_host = manifest
        .series
        .iter()
        .filter(|entry| usize::from(entry.host.0) == host);
    of_host.filter_map(|entry| Some(entry.last?.0)).max()
}

fn warning(member: &str, text: String) -> Warning {
    Warning {
        member: member.to_owned(),
        text,
    }
}

/// The path of a session that is not in memory.
pub(crate) fn path_of(place: &Place) -> Option<&PathBuf> {
    match place {
        Place::Folder(path) | Place::File(path, _) => Some(path),
        Place::Memory => None,
    }
}
