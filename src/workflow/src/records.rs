//! Records that only grow: a JSON line each, sealed to the one before, on disk before the
//! next step.
//!
//! ```json
//! {"n":3,"at":"2026-11-23T10:00:00Z","step":"collect","event":"started","before":"…","seal":"…"}
//! ```
//!
//! The seal is the SHA-256 of the seal before and of the line without its own seal, so a
//! line that is altered, removed or moved is noticed. A line that a crash tore is cut off
//! before the next one. Only its owner may read a record.
//!
//! Start at [`Book::open`], [`verified`] and [`seals`]; at [`append`] for a record that several
//! programs write to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::time::Moment;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::problem::{Problem, Sort};

/// Bytes of a book that are read, at most.
pub const SIZE_MAX_BYTES: u64 = 64 << 20;

/// From so many bytes on a shared book is full: the line that fills it still can be read.
const FULL_BYTES: u64 = SIZE_MAX_BYTES - (1 << 20);

/// How long [`append`] waits for others, each of whom writes one line.
const TURN_MAX: Duration = Duration::from_secs(10);

/// How often it looks whether it is its turn.
const TURN_LOOK: Duration = Duration::from_millis(10);

/// Full records that are kept beside the current one, at most.
const FULL_MAX: usize = 1_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<T> {
    /// From 1.
    pub n: u64,
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub what: T,
    /// Seal of the line before; empty for the first.
    pub before: String,
    /// Seal of this line; empty while it is counted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

/// A book that is written to; nobody else writes to it meanwhile.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    file: File,
    n: u64,
    seal: String,
    /// Bytes that are whole lines.
    whole: u64,
    torn: bool,
}

impl Book {
    /// Opens a book, or begins one, and goes on where it ends; gives what is in it.
    ///
    /// # Errors
    ///
    /// It cannot be read or written, somebody else writes to it, or a line was altered.
    pub fn open<T>(path: &Path) -> Result<(Self, Vec<Line<T>>), Problem>
    where
        T: Clone + Serialize + DeserializeOwned,
    {
        match locked(path)? {
            Some(file) => Self::begun(file, path),
            None => Err(busy(path)),
        }
    }

    fn begun<T>(mut file: File, path: &Path) -> Result<(Self, Vec<Line<T>>), Problem>
    where
        T: Clone + Serialize + DeserializeOwned,
    {
        let text = read(&mut file, path)?;
        let whole = text.rfind('\n').map_or(0, |it| it + 1);
        let lines = verified(&text[..whole]).map_err(|why| altered(path, why))?;
        let last = lines.last();
        let book = Self {
            n: last.map_or(0, |it: &Line<T>| it.n),
            seal: last.map_or_else(String::new, |it| it.seal.clone()),
            whole: whole as u64,
            torn: whole < text.len(),
            path: path.to_path_buf(),
            file,
        };
        Ok((book, lines))
    }

    /// What keeps others out for as long as it is held, also once the book is closed.
    pub(crate) fn held(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    /// Adds a line; it is on disk when this returns.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub fn add<T: Clone + Serialize>(&mut self, at: Moment, what: T) -> Result<Line<T>, Problem> {
        let mut line = Line {
            n: self.n + 1,
            at: at.to_string(),
            what,
            before: self.seal.clone(),
            seal: String::new(),
        };
        line.seal = sealed(&line);
        let text = format!("{}\n", json(&line));
        let written = self
            .mended()
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What is half there is cut off before the next line.
            self.torn = true;
            return Err(trouble("write", &self.path, &error));
        }
        self.whole += text.len() as u64;
        self.n = line.n;
        self.seal.clone_from(&line.seal);
        Ok(line)
    }

    /// Cuts off what a crash left of a line.
    fn mended(&mut self) -> std::io::Result<()> {
        if self.torn {
            self.file.set_len(self.whole)?;
            self.file.seek(SeekFrom::End(0))?;
            self.torn = false;
        }
        Ok(())
    }
}

/// Adds a line to a book that others may write to as well: it is held for this line only.
/// A book that is full is kept beside, and a new one begun.
///
/// # Errors
///
/// It cannot be read or written, others do not let go of it, or a line was altered.
pub(crate) fn append<T>(path: &Path, at: Moment, what: T) -> Result<Line<T>, Problem>
where
    T: Clone + Serialize + DeserializeOwned,
{
    let (mut book, _) = Book::begun::<T>(turn(path, FULL_BYTES)?, path)?;
    book.add(at, what)
}

/// The lines of a book that others may write to as well; it is begun where there is none.
///
/// # Errors
///
/// As [`append`].
pub(crate) fn shared<T>(path: &Path) -> Result<Vec<Line<T>>, Problem>
where
    T: Clone + Serialize + DeserializeOwned,
{
    let (_, lines) = Book::begun(turn(path, FULL_BYTES)?, path)?;
    Ok(lines)
}

/// The file, locked; waits until others have written their line.
fn turn(path: &Path, full_bytes: u64) -> Result<File, Problem> {
    let failed = |error| trouble("write", path, &error);
    let until = Instant::now() + TURN_MAX;
    loop {
        match locked(path)? {
            // Somebody may have moved it aside meanwhile, as full.
            Some(file) if !is_at(&file, path) => {}
            Some(file) if file.metadata().map_err(failed)?.len() < full_bytes => return Ok(file),
            Some(_) => std::fs::rename(path, beside(path)?).map_err(failed)?,
            None if Instant::now() < until => std::thread::sleep(TURN_LOOK),
            None => return Err(busy(path)),
        }
    }
}

/// A free name for a full record.
fn beside(path: &Path) -> Result<PathBuf, Problem> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut names = (1..=FULL_MAX).map(|it| path.with_file_name(format!("{stem}-{it}.jsonl")));
    names.find(|it| !it.exists()).ok_or_else(|| full(path))
}

/// Whether a file is the one of this name.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (own, named) = (file.metadata(), std::fs::metadata(path));
        matches!((own, named), (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Opens a file for its owner only and keeps others out; `None` while others keep us out.
fn locked(path: &Path) -> Result<Option<File>, Problem> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options
        .open(path)
        .map_err(|error| trouble("write", path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        // Some file systems know no locks; then nobody is kept out.
        Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// The lines of a book that nobody need be writing to; a torn last one is left out.
///
/// # Errors
///
/// It cannot be read, or a line was altered.
pub fn lines<T>(path: &Path) -> Result<Vec<Line<T>>, Problem>
where
    T: Clone + Serialize + DeserializeOwned,
{
    let mut file = File::open(path).map_err(|error| trouble("read", path, &error))?;
    let text = read(&mut file, path)?;
    verified(&text).map_err(|why| altered(path, why))
}

fn read(file: &mut File, path: &Path) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    let read = file.take(SIZE_MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| trouble("read", path, &error))?;
    if bytes.len() as u64 > SIZE_MAX_BYTES {
        return Err(full(path));
    }
    // A line that was torn within a letter is no text; it is cut off anyway.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines of a text, each sealed to the one before; a torn last one is left out.
///
/// # Errors
///
/// Which line was altered, removed or moved.
pub fn verified<T: DeserializeOwned>(text: &str) -> Result<Vec<Line<T>>, String> {
    parsed(text)
}

/// The lines of a sealed text as values of any kind; a torn last one is left out.
pub(crate) fn parsed<L: DeserializeOwned>(text: &str) -> Result<Vec<L>, String> {
    let seals = seals(text)?;
    let lines = text.lines().take(seals.lines).enumerate();
    let parse = |(place, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("line {}: {error}", place + 1))
    };
    lines.map(parse).collect()
}

/// What holds of a book whose lines are sealed to each other, whatever they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seals {
    /// Lines that are whole.
    pub lines: usize,
    /// The seal of the last one; empty where there is none.
    pub head: String,
    /// Whether a torn line follows, which was left out.
    pub torn: bool,
}

/// Checks the seals of a book by the bytes of its lines.
///
/// # Errors
///
/// Which line was altered, removed or moved.
pub fn seals(text: &str) -> Result<Seals, String> {
    let whole = text.rfind('\n').map_or(0, |it| it + 1);
    let mut seals = Seals {
        lines: 0,
        head: String::new(),
        torn: whole < text.len(),
    };
    for line in text[..whole].lines() {
        let number = seals.lines + 1;
        let seal = seal_of(line, (number, &seals.head));
        seals.head = seal
            .ok_or_else(|| format!("line {number} was altered, or one before it removed"))?
            .to_owned();
        seals.lines = number;
    }
    Ok(seals)
}

/// The seal of a line that holds after the one before; the seal is what it ends with.
fn seal_of<'a>(line: &'a str, (number, before): (usize, &str)) -> Option<&'a str> {
    #[derive(Deserialize)]
    struct Link<'a> {
        n: u64,
        before: &'a str,
    }
    let (bare, end) = line.rsplit_once(",\"seal\":\"")?;
    let seal = end.strip_suffix("\"}")?;
    let link: Link<'_> = serde_json::from_str(line).ok()?;
    let holds = hex(&Sha256::digest(format!("{before}\n{bare}}}"))) == seal;
    (holds && link.n == number as u64 && link.before == before).then_some(seal)
}

fn sealed<T: Serialize>(line: &Line<T>) -> String {
    hex(&Sha256::digest(format!("{}\n{}", line.before, json(line))))
}

fn json<T: Serialize>(line: &Line<T>) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
///
/// The disk refuses.
pub(crate) fn sha256(path: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut room = vec![0; 1 << 18];
    let mut file = File::open(path)?;
    loop {
        match file.read(&mut room)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&room[..read]),
        }
    }
}

fn full(path: &Path) -> Problem {
    Problem {
        what: format!("could not go on with {}", path.display()),
        why: "it is larger than any such record".to_owned(),
        what_to_do: "move it away; a new one begins by itself".to_owned(),
        sort: Sort::Limit,
    }
}

fn busy(path: &Path) -> Problem {
    Problem {
        what: format!("could not go on with {}", path.display()),
        why: "another program writes to it".to_owned(),
        what_to_do: "wait until it ends, or end it".to_owned(),
        sort: Sort::Denied,
    }
}

fn altered(path: &Path, why: String) -> Problem {
    Problem {
        what: format!("could not go on with {}", path.display()),
        why,
        what_to_do: "move it away and keep it: somebody altered it".to_owned(),
        sort: Sort::NotUsable,
    }
}

fn trouble(what: &str, path: &Path, error: &std::io::Error) -> Problem {
    let what = format!("could not {what} {}", path.display());
    Problem::from_error(what, error, Sort::of_io(error)).advise("a folder that you may write to")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Said {
        word: String,
    }

    fn said(word: &str) -> Said {
        Said {
            word: word.to_owned(),
        }
    }

    #[test]
    fn seals_hold_whatever_lines_say() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let (mut book, _) = Book::open::<BTreeMap<String, String>>(&path).unwrap();
        for word in ["one", "two", "three"] {
            let said = BTreeMap::from([("word".to_owned(), word.to_owned())]);
            book.add(Moment(1), said).unwrap();
        }
        drop(book);
        let text = std::fs::read_to_string(&path).unwrap();
        let found = seals(&text).unwrap();
        assert_eq!((found.lines, found.torn), (3, false));
        assert!(text.ends_with(&format!("{}\"}}\n", found.head)));
        let torn = seals(&text[..text.len() - 1]).unwrap();
        assert_eq!((torn.lines, torn.torn), (2, true));
        let lines: Vec<&str> = text.lines().collect();
        for (wrong, line) in [
            (text.replace("two", "TWO"), 2),
            (format!("{}\n{}\n", lines[0], lines[2]), 2),
            (format!("{}\n{}\n", lines[1], lines[0]), 1),
            (text.replace("\"word\":\"three\"", " \"word\":\"three\""), 3),
        ] {
            let why = seals(&wrong).unwrap_err();
            assert!(why.starts_with(&format!("line {line} ")), "{why}");
        }
    }

    #[test]
    fn lines_are_sealed_and_a_torn_one_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let (mut book, lines) = Book::open::<Said>(&path).unwrap();
        assert!(lines.is_empty());
        for word in ["one", "two"] {
            book.add(Moment(1), said(word)).unwrap();
        }
        assert!(Book::open::<Said>(&path).is_err(), "one writer at a time");
        drop(book);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            &path,
            [text.as_bytes(), b"{\"n\":3,\"word\":\"t\xc3"].concat(),
        )
        .unwrap();
        let (mut book, lines) = Book::open::<Said>(&path).unwrap();
        assert_eq!(lines.len(), 2);
        book.add(Moment(2), said("three")).unwrap();
        drop(book);
        let lines = super::lines::<Said>(&path).unwrap();
        let words: Vec<&str> = lines.iter().map(|it| it.what.word.as_str()).collect();
        assert_eq!(words, ["one", "two", "three"]);
    }

    #[test]
    fn what_is_altered_removed_or_moved_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let (mut book, _) = Book::open::<Said>(&path).unwrap();
        for word in ["one", "two", "three"] {
            book.add(Moment(1), said(word)).unwrap();
        }
        drop(book);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let swapped = format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2]);
        let removed = format!("{}\n{}\n", lines[0], lines[2]);
        for wrong in [text.replace("two", "TWO"), swapped, removed] {
            assert!(verified::<Said>(&wrong).is_err());
        }
        std::fs::write(&path, text.replace("two", "TWO")).unwrap();
        let refused = Book::open::<Said>(&path).unwrap_err();
        assert!(refused.why.contains("line 2"), "{refused}");
    }

    #[test]
    fn several_writers_take_turns_and_a_full_record_is_kept_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        std::thread::scope(|scope| {
            for writer in ["one", "two", "three"] {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..10 {
                        append(path, Moment(1), said(writer)).unwrap();
                    }
                });
            }
        });
        assert_eq!(shared::<Said>(&path).unwrap().len(), 30);
        // It is full: the next writer begins anew.
        drop(turn(&path, 1).unwrap());
        append(&path, Moment(2), said("four")).unwrap();
        let counts = ["record-1.jsonl", "record.jsonl"]
            .map(|it| lines::<Said>(&folder.path().join(it)).unwrap().len());
        assert_eq!(counts, [30, 1]);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_a_record() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        append(&path, Moment(1), said("one")).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
