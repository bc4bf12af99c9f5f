//! What a single file holds, member by member, each line sealed to all before it.
//!
//! ```text
//! kymo chain 1
//! <sha256 of the member>  <its name>  <link>
//! …
//! head <last link>
//! ```
//!
//! A link is the SHA-256 of the link before, a line break, and the line up to its name, so
//! the head covers every member, its name and its place. The bytes that belong to no
//! member (headers, padding, directory), this list and its signature are covered by a
//! second sum, in the comment at the end of the ZIP. So every byte of the file is covered.
//!
//! It says that nothing was altered by chance or by somebody careless. Somebody who makes
//! all sums anew leaves a sound file with another head: only a head that was told on
//! another way, or a signature, tells that.
//!
//! Start at [`Chain::add`] and [`check`].

use std::collections::HashSet;
use std::fs::File;
use std::io;

use crate::archive::Archive;
use crate::disk::read_exact_at;
use crate::document::{hex, sha256};
use crate::limit::{DOCUMENT_MAX_BYTES, MANIFEST_MAX_BYTES, MEMBERS_MAX};

use sha2::{Digest, Sha256};

/// Member with the chain.
pub(crate) const NAME: &str = "chain.txt";

/// Member with its signature in the form of minisign, where it is signed.
pub(crate) const SIGNATURE_NAME: &str = "chain.txt.minisig";

const HEAD: &str = "kymo chain 1\n";

/// What the comment of the ZIP begins with; 64 hexadecimal digits follow.
const COMMENT: &str = "kymo frame sha256 ";

/// Bytes of the comment.
const COMMENT_BYTES: u64 = COMMENT.len() as u64 + 64;

/// Bytes of the record that ends a ZIP, without its comment.
const END_BYTES: u64 = 22;

/// Members and names of a chain, at most.
const CHAIN_MAX_BYTES: u64 = MEMBERS_MAX as u64 * 256;

/// Bytes of a signature with its comments, at most.
const SIGNATURE_MAX_BYTES: u64 = 4 << 10;

/// A chain in the making.
#[derive(Debug)]
pub(crate) struct Chain {
    text: String,
    link: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            text: HEAD.to_owned(),
            link: sha256(HEAD.as_bytes()),
        }
    }
}

impl Chain {
    /// Adds a member by its sum.
    pub(crate) fn add(&mut self, name: &str, sum: &str) {
        self.link = linked(&self.link, sum, name);
        self.text.push_str(sum);
        self.text.push_str("  ");
        self.text.push_str(name);
        self.text.push_str("  ");
        self.text.push_str(&self.link);
        self.text.push('\n');
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        self.text.push_str("head ");
        self.text.push_str(&self.link);
        self.text.push('\n');
        self.text
    }
}

fn linked(before: &str, sum: &str, name: &str) -> String {
    sha256(format!("{before}\n{sum}  {name}").as_bytes())
}

/// The comment before the sum is known.
pub(crate) fn comment() -> String {
    format!("{COMMENT}{}", "0".repeat(64))
}

/// Puts the sum of everything that is in no chained member into the comment of a file
/// that is finished otherwise.
pub(crate) fn close(file: &File) -> io::Result<()> {
    let reader = file.try_clone()?;
    let archive = Archive::open(reader).map_err(|_| io::Error::other("it is broken"))?;
    let length = file.metadata()?.len();
    let sum = frame_sum(&archive, file, length)?;
    crate::disk::write_all_at(file, sum.as_bytes(), length - 64)
}

/// SHA-256 of the bytes before the comment that are in no chained member.
fn frame_sum(archive: &Archive, file: &File, length: u64) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut room = vec![0; 64 << 10];
    let mut at = 0;
    let chained = archive
        .places()
        .into_iter()
        .filter(|(name, _)| !is_own(name));
    let ends = chained.map(|(_, range)| (range.start, range.end));
    for (start, end) in ends.chain([(length - COMMENT_BYTES, length)]) {
        while at < start {
            let size = (start - at).min(room.len() as u64) as usize;
            read_exact_at(file, &mut room[..size], at)?;
            digest.update(&room[..size]);
            at += size as u64;
        }
        at = at.max(end);
    }
    Ok(hex(digest.finalize().as_slice()))
}

fn is_own(name: &str) -> bool {
    name == NAME || name == SIGNATURE_NAME
}

/// The chain of a file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The link of the last member: it stands for all.
    pub head: String,
    /// Members that are covered.
    pub members: usize,
    /// The text that a signature is of.
    pub text: String,
    /// The signature, where there is one.
    pub signature: Option<String>,
}

/// What holds of a file's chain.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// It, where there is one that can be read.
    pub(crate) found: Option<Found>,
    /// What is wrong, with the member that it concerns.
    pub(crate) problems: Vec<(String, String)>,
    /// Members and their sums by the chain.
    pub(crate) sums: Vec<(String, String)>,
}

/// Holds a file against its chain, but for the sums of members that `known` has: those
/// are compared with what is known of them, and the others computed.
pub(crate) fn check(
    archive: &Archive,
    known: &dyn Fn(&str) -> Option<String>,
) -> io::Result<Checked> {
    let mut checked = Checked::default();
    let text = archive.read(NAME, CHAIN_MAX_BYTES)?;
    let comment = comment_of(archive.file())?;
    let (Some(bytes), Some(comment)) = (&text, &comment) else {
        if text.is_some() || comment.is_some() {
            checked.add(NAME, "one of chain and comment of the file is missing");
        }
        return Ok(checked);
    };
    let length = archive.file().metadata()?.len();
    if frame_sum(archive, archive.file(), length)? != *comment {
        checked.add(
            "",
            "headers, directory or chain of the file differ from what was written",
        );
    }
    match read(bytes) {
        Err(why) => checked.add(NAME, why),
        Ok((head, sums)) => {
            let signature = archive.read(SIGNATURE_NAME, SIGNATURE_MAX_BYTES)?;
            checked.found = Some(Found {
                head,
                members: sums.len(),
                text: String::from_utf8_lossy(bytes).into_owned(),
                signature: signature.map(|it| String::from_utf8_lossy(&it).into_owned()),
            });
            checked.sums = sums;
            checked.members(archive, known)?;
        }
    }
    Ok(checked)
}

impl Checked {
    fn add(&mut self, member: &str, text: &str) {
        self.problems.push((member.to_owned(), text.to_owned()));
    }

    fn members(
        &mut self,
        archive: &Archive,
        known: &dyn Fn(&str) -> Option<String>,
    ) -> io::Result<()> {
        let mut named = HashSet::new();
        let sums = std::mem::take(&mut self.sums);
        for (name, sum) in &sums {
            if !named.insert(name.as_str()) {
                self.add(name, "stands twice in the chain");
            }
            let now = match known(name) {
                Some(sum) => Some(sum),
                None => {
                    let max = MANIFEST_MAX_BYTES.max(DOCUMENT_MAX_BYTES);
                    archive.read(name, max)?.map(|it| sha256(&it))
                }
            };
            match now {
                None => self.add(name, "stands in the chain but not in the file"),
                Some(now) if now != *sum => {
                    self.add(name, "is not the member that the chain was made of");
                }
                Some(_) => {}
            }
        }
        for (name, _) in archive.places() {
            if !is_own(name) && !named.contains(name) {
                self.add(name, "is not in the chain: it was added");
            }
        }
        self.sums = sums;
        Ok(())
    }
}

type Sums = Vec<(String, String)>;

/// Head and sums of a chain's text, each line sealed to the one before.
fn read(bytes: &[u8]) -> Result<(String, Sums), &'static str> {
    const ALTERED: &str = "a line was altered, added or taken away";
    let text = std::str::from_utf8(bytes).map_err(|_| ALTERED)?;
    let body = text
        .strip_prefix(HEAD)
        .ok_or("it is no chain that this build knows")?;
    let mut link = sha256(HEAD.as_bytes());
    let mut sums = Vec::new();
    let mut lines = body.split_inclusive('\n');
    for line in lines.by_ref() {
        let line = line.strip_suffix('\n').ok_or(ALTERED)?;
        if let Some(head) = line.strip_prefix("head ") {
            let last = head == link && lines.next().is_none();
            return last.then(|| (head.to_owned(), sums)).ok_or(ALTERED);
        }
        let (rest, own) = line.rsplit_once("  ").ok_or(ALTERED)?;
        let (sum, name) = rest.split_once("  ").ok_or(ALTERED)?;
        link = linked(&link, sum, name);
        if link != own || sums.len() >= MEMBERS_MAX {
            return Err(ALTERED);
        }
        sums.push((name.to_owned(), sum.to_owned()));
    }
    Err(ALTERED)
}

/// The sum in the comment at the end of a file, where it has ours.
fn comment_of(file: &File) -> io::Result<Option<String>> {
    let length = file.metadata()?.len();
    let bytes = COMMENT_BYTES + END_BYTES;
    if length < bytes {
        return Ok(None);
    }
    let mut end = vec![0; bytes as usize];
    read_exact_at(file, &mut end, length - bytes)?;
    let (record, comment) = end.split_at(END_BYTES as usize);
    let ours = record.starts_with(b"PK\x05\x06")
        && record[20..] == (COMMENT_BYTES as u16).to_le_bytes()
        && comment.starts_with(COMMENT.as_bytes());
    let sum = String::from_utf8_lossy(&comment[COMMENT.len()..]);
    Ok(ours.then(|| sum.into_owned()))
}
