//! Searches a written session for what must not be in it.
//!
//! Every member is looked at as its readers see it: tables cell by cell, with the names of
//! their columns, what their footers say, and each page of text unpacked; documents as
//! text; names of members; and at last the bytes of the whole file as they are.
//!
//! Start at [`search`].

use std::collections::HashSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Cursor};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::disguise::{Category, Disguise};
use polars::prelude::{DataFrame, DataType};
use polars_parquet::parquet::metadata::ColumnChunkMetadata;
use polars_parquet::parquet::read::{BasicDecompressor, get_page_iterator, read_metadata};
use polars_parquet::parquet::schema::types::PhysicalType;

use crate::archive::Archive;
use crate::disk::read_exact_at;
use crate::limit::MEMBER_MAX_BYTES;
use crate::parquet;
use crate::progress::{Continue, Progress, Watch};

/// Something that should have been replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The member it stands in; empty where it stands between members.
    pub member: String,
    /// Where in the member: a column, the footer, a page; empty for a document.
    pub place: String,
    /// What sort of thing.
    pub category: Category,
    /// The token that should stand there; empty for what was never met before.
    pub token: String,
    /// Whether it is a plain word of letters, as a sentence may hold for another reason.
    pub word: bool,
}

/// Why a file could not be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The disk refused.
    #[error("could not read {}", .path.display())]
    Read {
        /// The path.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// A member is not what it should be, so nobody can say what is in it.
    #[error("could not look into {member}: {why}")]
    Member {
        /// Which.
        member: String,
        /// Why not.
        why: String,
    },
    /// The watcher said stop.
    #[error("stopped")]
    Stopped,
}

/// Hits that are told; one is enough to give a file up.
const HITS_MAX: usize = 100;

/// Texts that are remembered as looked at.
const SEEN_MAX: usize = 1 << 20;

/// Shortest identity that is looked for in bytes as they are: a shorter one comes about
/// by chance, six bytes once in 280,000 GB.
const RAW_MIN_BYTES: usize = 6;

/// How much of a file is looked at at a time.
const BLOCK_BYTES: usize = 4 << 20;

/// Longest part of an identity that is looked for; the rest cannot stand without it.
const NEEDLE_MAX_BYTES: usize = 256;

/// Largest page that is unpacked.
const PAGE_MAX_BYTES: usize = 256 << 20;

/// Searches every byte of a session file, packed and unpacked, for what `disguise` has
/// replaced, and for everything that names somebody by its shape.
///
/// # Errors
///
/// [`SearchError`]: then nobody knows what is in the file.
pub fn search(path: &Path, disguise: &Disguise, watch: Watch<'_>) -> Result<Vec<Hit>, SearchError> {
    let read = |source| SearchError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let archive = Archive::open(file).map_err(|_| read(io::Error::other("it is no archive")))?;
    let mut sieve = Sieve::new(disguise)?;
    let mut progress = |done| match watch(Progress {
        done,
        total: 2 * length,
    }) {
        Continue::Yes => Ok(()),
        Continue::Stop => Err(SearchError::Stopped),
    };
    for (name, range) in archive.places() {
        let bytes = archive.read(name, MEMBER_MAX_BYTES).map_err(read)?;
        sieve.member(name, bytes.unwrap_or_default())?;
        progress(range.end)?;
    }
    let mut at = 0;
    let mut block = vec![0; BLOCK_BYTES];
    while at < length {
        let size = (length - at).min(BLOCK_BYTES as u64) as usize;
        read_exact_at(archive.file(), &mut block[..size], at).map_err(read)?;
        sieve.raw(&block[..size], at, &archive);
        // What lies across two blocks is whole in one of them.
        let step = match size == BLOCK_BYTES {
            true => size - NEEDLE_MAX_BYTES - 2,
            false => size,
        };
        at += step as u64;
        progress(length + at)?;
    }
    sieve.hits.sort_unstable();
    sieve.hits.dedup();
    Ok(sieve.hits)
}

/// An identity that is looked for.
#[derive(Clone)]
struct Needle {
    category: Category,
    token: String,
    bytes: usize,
    /// Whether it is a plain word of letters.
    word: bool,
}

struct Sieve<'a> {
    disguise: &'a Disguise,
    needles: Vec<Needle>,
    automaton: AhoCorasick,
    hits: Vec<Hit>,
    seen: HashSet<u64>,
}

impl<'a> Sieve<'a> {
    fn new(disguise: &'a Disguise) -> Result<Self, SearchError> {
        let mut texts = Vec::new();
        let mut needles = Vec::new();
        for (category, mut identity, token) in disguise.originals() {
            let whole = identity.len();
            if whole > NEEDLE_MAX_BYTES {
                let mut end = NEEDLE_MAX_BYTES;
                while !identity.is_char_boundary(end) {
                    end -= 1;
                }
                identity.truncate(end);
            }
            needles.push(Needle {
                category,
                token,
                bytes: identity.len(),
                word: identity.bytes().all(|it| it.is_ascii_lowercase()),
            });
            texts.push(identity);
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&texts)
            .map_err(|error| SearchError::Member {
                member: "the list of identities".to_owned(),
                why: error.to_string(),
            })?;
        Ok(Self {
            disguise,
            needles,
            automaton,
            hits: Vec::new(),
            seen: HashSet::new(),
        })
    }

    fn hit(&mut self, (member, place): (&str, &str), needle: Needle) {
        if self.hits.len() < HITS_MAX {
            self.hits.push(Hit {
                member: member.to_owned(),
                place: place.to_owned(),
                category: needle.category,
                token: needle.token,
                word: needle.word,
            });
        }
    }

    fn member(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), SearchError> {
        self.text((name, "name of the member"), name);
        if name.ends_with(".parquet") {
            return self.table(name, bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        match is_document(name) {
            true => self.document(name, &text),
            false => self.text((name, ""), &text),
        }
        Ok(())
    }

    /// A document: plain words only in what it quotes, since the rest are its own.
    fn document(&mut self, name: &str, text: &str) {
        let before = self.hits.len();
        self.text((name, ""), text);
        let mut kept = self.hits.split_off(before);
        kept.retain(|it| !it.word);
        self.hits.append(&mut kept);
        for quoted in quoted(text) {
            self.found((name, ""), quoted.as_bytes(), 0);
        }
    }

    fn table(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), SearchError> {
        let unreadable = |why: String| SearchError::Member {
            member: name.to_owned(),
            why,
        };
        // A decoder that gives up must not take the program with it.
        let looked = catch_unwind(AssertUnwindSafe(|| self.pages(name, &bytes)));
        let looked = looked.unwrap_or_else(|_| Err("the decoder gave up on it".to_owned()));
        looked.map_err(unreadable)?;
        let rows = parquet::rows(&bytes).map_err(unreadable)?;
        let frame = parquet::frame_of(bytes, rows, None).map_err(unreadable)?;
        self.cells(name, &frame).map_err(unreadable)
    }

    fn cells(&mut self, name: &str, frame: &DataFrame) -> Result<(), String> {
        for column in frame.columns() {
            self.text((name, "name of a column"), column.name());
            if *column.dtype() != DataType::String {
                continue;
            }
            let cells = column.str().map_err(|error| error.to_string())?;
            for cell in cells.iter().flatten() {
                self.text((name, column.name()), cell);
            }
        }
        Ok(())
    }

    /// What the footer says, and each page of texts as it is unpacked.
    fn pages(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let told = |error: polars_parquet::parquet::error::ParquetError| error.to_string();
        let metadata = read_metadata(&mut Cursor::new(bytes)).map_err(told)?;
        for pair in metadata.key_value_metadata().iter().flatten() {
            let value = pair.value.as_deref().unwrap_or_default();
            self.text((name, "footer"), &pair.key);
            self.text((name, "footer"), value);
            // The schema of Arrow stands there in base 64.
            if let Ok(bytes) = STANDARD.decode(value) {
                self.found((name, "footer"), &bytes, RAW_MIN_BYTES);
            }
        }
        for group in &metadata.row_groups {
            for column in group.parquet_columns() {
                if column.physical_type() == PhysicalType::ByteArray {
                    self.column(name, bytes, column).map_err(told)?;
                }
            }
        }
        Ok(())
    }

    fn column(
        &mut self,
        name: &str,
        bytes: &[u8],
        column: &ColumnChunkMetadata,
    ) -> Result<(), polars_parquet::parquet::error::ParquetError> {
        let reader = Cursor::new(bytes.to_vec().into());
        let pages = get_page_iterator(column, reader, Vec::new(), PAGE_MAX_BYTES)?;
        let mut pages = BasicDecompressor::new(pages, Vec::new());
        if let Some(dictionary) = pages.read_dict_page()? {
            self.entries(name, dictionary.buffer.as_ref());
        }
        while let Some(page) = pages.next() {
            let page = page?.decompress(&mut pages)?;
            self.found((name, "page"), page.buffer(), RAW_MIN_BYTES);
            pages.reuse_page_buffer(page);
        }
        Ok(())
    }

    /// The entries of a dictionary, whether a row has them or not: a length of four bytes,
    /// then the text.
    fn entries(&mut self, name: &str, mut page: &[u8]) {
        while let Some((length, rest)) = page.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let Some((entry, rest)) = rest.split_at_checked(length) else {
                return;
            };
            self.text((name, "dictionary"), &String::from_utf8_lossy(entry));
            page = rest;
        }
    }

    /// A text as people read it, also with what it escapes.
    fn text(&mut self, at: (&str, &str), text: &str) {
        let mut hash = DefaultHasher::new();
        (at, text).hash(&mut hash);
        if self.seen.len() >= SEEN_MAX {
            self.seen.clear();
        }
        if text.is_empty() || !self.seen.insert(hash.finish()) {
            return;
        }
        self.found(at, text.as_bytes(), 0);
        for category in self.disguise.leftovers(text) {
            let shape = Needle {
                category,
                token: String::new(),
                bytes: 0,
                word: false,
            };
            self.hit(at, shape);
        }
        if text.contains('\\') {
            let plain = unescaped(text);
            self.found(at, plain.as_bytes(), 0);
        }
    }

    /// Identities of at least so many bytes among bytes, as words.
    fn found(&mut self, at: (&str, &str), bytes: &[u8], least: usize) {
        let mut found: Vec<usize> = Vec::new();
        for hit in self.automaton.find_overlapping_iter(bytes) {
            let needle = hit.pattern().as_usize();
            if self.needles[needle].bytes >= least && self.stands(bytes, hit.range()) {
                found.push(needle);
                if found.len() >= HITS_MAX {
                    break;
                }
            }
        }
        for needle in found {
            self.hit(at, self.needles[needle].clone());
        }
    }

    /// Whether an identity stands in bytes as a word, and not in the key of a setting.
    fn stands(&self, bytes: &[u8], at: Range<usize>) -> bool {
        is_word(bytes, at.clone()) && !self.disguise.stays(bytes, &at)
    }

    /// Bytes of the file as they are.
    fn raw(&mut self, block: &[u8], from: u64, archive: &Archive) {
        let mut found: Vec<(u64, usize)> = Vec::new();
        for hit in self.automaton.find_overlapping_iter(block) {
            let needle = hit.pattern().as_usize();
            if self.needles[needle].bytes >= RAW_MIN_BYTES && self.stands(block, hit.range()) {
                found.push((from + hit.start() as u64, needle));
                if found.len() >= HITS_MAX {
                    break;
                }
            }
        }
        for (at, needle) in found {
            let places = archive.places();
            let inside = places.iter().find(|(_, range)| range.contains(&at));
            let member = inside.map_or("", |(name, _)| *name);
            // A document was looked through as a whole.
            if self.needles[needle].word && is_document(member) {
                continue;
            }
            self.hit((member, "bytes as they are"), self.needles[needle].clone());
        }
    }
}

/// Whether nothing that belongs to a word stands before and after.
fn is_word(bytes: &[u8], range: Range<usize>) -> bool {
    let meets = |a: Option<&u8>, b: Option<&u8>| {
        a.is_some_and(u8::is_ascii_alphanumeric) && b.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = range.start.checked_sub(1).and_then(|it| bytes.get(it));
    let (first, last) = (bytes.get(range.start), bytes.get(range.end - 1));
    !meets(before, first) && !meets(last, bytes.get(range.end))
}

/// Whether a member is a document of Kymo's own, with field names in it.
fn is_document(member: &str) -> bool {
    [".ron", "chain.txt"].iter().any(|it| member.ends_with(it))
}

/// What a text of RON quotes, without escapes.
fn quoted(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find('"') {
        let inner = &rest[from + 1..];
        let mut escaped = false;
        let end = inner.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(inner.len());
        all.push(unescaped(&inner[..end]));
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    all
}

/// A text of RON or JSON without its escapes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|it| match it {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            })),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use model::disguise::Rules;
    use model::time::Moment;

    use super::*;
    use crate::archive::Writer;
    use crate::chunk::Chunk;
    use crate::parquet::Effort;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn disguise() -> Disguise {
        let mut disguise = Disguise::new(Rules::default());
        disguise.machine("canary-web");
        disguise.text("/home/janedoe/x");
        let plain = |text: &str| {
            let mut order = [0; 32];
            order[..text.len().min(32)].copy_from_slice(&text.as_bytes()[..text.len().min(32)]);
            order
        };
        disguise.number(&plain).unwrap_or_default();
        disguise
    }

    fn found(members: &[(&str, Vec<u8>)]) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("s.kymo");
        let mut writer = Writer::create(&path)?;
        for (name, bytes) in members {
            writer.add(name, bytes)?;
        }
        writer.finish(&path)?;
        let hits = search(&path, &disguise(), &mut |_| Continue::Yes)?;
        Ok(hits
            .iter()
            .map(|it| format!("{} {}: {}", it.member, it.place, it.category))
            .collect())
    }

    fn events(text: &str) -> Vec<u8> {
        let event = model::event::Event {
            at: Moment(1),
            kind: model::event::EventKind::Log,
            subject: String::new(),
            before: String::new(),
            after: String::new(),
            text: text.to_owned(),
        };
        let chunk = Chunk {
            events: vec![event],
            ..Chunk::default()
        };
        let packed = crate::tables::pack(&chunk, &[], Effort::Foreground);
        packed
            .unwrap_or_default()
            .pop()
            .map_or(Vec::new(), |it| it.bytes)
    }

    #[test]
    fn a_redactor_that_forgets_one_place_is_found_there() -> Outcome {
        let clean = [
            ("a.ron", b"(title: \"host-1\")".to_vec()),
            ("events/host-1/0.parquet", events("user-1 on host-1")),
        ];
        assert_eq!(found(&clean)?, [""; 0]);
        let packed =
            found(&[("events/h/0.parquet", events("by CANARY-WEB and janedoe"))])?.join("\n");
        for place in [
            "events/h/0.parquet text: hosts",
            "events/h/0.parquet text: users",
            "dictionary: users",
        ] {
            assert!(packed.contains(place), "{place} in\n{packed}");
        }
        let cases = [
            ("a.ron", "(text: \"janedoe\")", "a.ron : users"),
            ("a.ron", "(text: \"x\\\\janedoe\")", "a.ron : users"),
            ("a.ron", "(text: \"198.51.100.7\")", "a.ron : addresses"),
            ("events/canary-web/0.txt", "", "name of the member: hosts"),
            (
                "a.bin",
                "\u{1}\u{2}janedoe\u{3}",
                "bytes as they are: users",
            ),
        ];
        for (name, text, expected) in cases {
            let told = found(&[(name, text.as_bytes().to_vec())])?.join("\n");
            assert!(told.contains(expected), "{expected} in\n{told}");
        }
        for text in ["\"janedoes canary-web9\"", "(janedoe: \"x \\\" y\")"] {
            assert_eq!(found(&[("a.ron", text.as_bytes().to_vec())])?, [""; 0]);
        }
        Ok(())
    }
}
