//! The single file: a ZIP whose members are stored, not compressed.
//!
//! Reading walks the local headers from the front and needs nothing else, so a
//! damaged directory at the end costs nothing and a damaged member only itself.
//! It is our own reader because a general one trusts more than we do: it obeys
//! member counts, several directories and compression that a session never has.
//!
//! * Never: extracts to a path, maps memory, or allocates by a claimed size.
//!
//! Start at [`Archive::open`] and [`Writer`].
//!
//! # Source
//!
//! PKWARE, *APPNOTE.TXT – .ZIP File Format Specification*, sections 4.3.7, 4.5.3.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::chain::{self, Chain};
use crate::disk::{create_beside, create_new_readable, read_exact_at};
use crate::limit::MEMBERS_MAX;

/// Start of a local file header.
pub(crate) const MAGIC: [u8; 4] = *b"PK\x03\x04";

const HEADER_BYTES: u64 = 30;

/// Bytes of a record of the directory, without name and more.
const RECORD_BYTES: u64 = 46;

/// Longest member name that is ours, with room.
const NAME_MAX: usize = 512;

/// Damaged headers after which the rest of a file is given up.
const DAMAGED_MAX: usize = 4_096;

/// How much is looked through at a time for the next header after damage.
const SEARCH_BYTES: usize = 64 << 10;

/// An open single file.
#[derive(Debug)]
pub(crate) struct Archive {
    file: File,
    members: HashMap<String, Place>,
    /// Headers that had to be skipped.
    pub(crate) damaged: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: u64,
    bytes: u64,
    /// CRC-32 as the header tells it.
    crc: u32,
}

/// Why the members could not be listed.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The disk refused.
    Read(io::Error),
    /// Two members share a name.
    Duplicate(String),
    /// More members than a session has.
    TooMany,
}

impl Archive {
    /// Lists the members of a file.
    pub(crate) fn open(file: File) -> Result<Self, Broken> {
        let length = file.metadata().map_err(Broken::Read)?.len();
        let mut archive = Self {
            file,
            members: HashMap::new(),
            damaged: 0,
        };
        let mut at = 0;
        while let Some(header) = archive.header(at, length).map_err(Broken::Read)? {
            match header {
                Header::Member { name, place } => {
                    if archive.members.len() >= MEMBERS_MAX {
                        return Err(Broken::TooMany);
                    }
                    at = place.start + place.bytes;
                    if archive.members.insert(name.clone(), place).is_some() {
                        return Err(Broken::Duplicate(name));
                    }
                }
                Header::Damage => {
                    archive.damaged += 1;
                    let next = archive.next_magic(at + 1, length).map_err(Broken::Read)?;
                    let Some(next) = next.filter(|_| archive.damaged <= DAMAGED_MAX) else {
                        break;
                    };
                    at = next;
                }
            }
        }
        Ok(archive)
    }

    /// Size of a member.
    pub(crate) fn bytes(&self, name: &str) -> Option<u64> {
        self.members.get(name).map(|place| place.bytes)
    }

    /// Names of the members and where their bytes are, in the order of the file.
    pub(crate) fn places(&self) -> Vec<(&str, Range<u64>)> {
        let members = self.members.iter();
        let mut places: Vec<_> = members
            .map(|(name, it)| (name.as_str(), it.start..it.start + it.bytes))
            .collect();
        places.sort_unstable_by_key(|(_, range)| range.start);
        places
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Reads a member of at most `max` bytes; `None` when there is none.
    pub(crate) fn read(&self, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(place) = self.members.get(name) else {
            return Ok(None);
        };
        if place.bytes > max {
            return Err(io::Error::other("it is larger than it may be"));
        }
        let mut bytes = vec![0; place.bytes as usize];
        read_exact_at(&self.file, &mut bytes, place.start)?;
        Ok(Some(bytes))
    }

    /// Whether the bytes of a member give the CRC-32 of its header; without one, they do not.
    pub(crate) fn is_whole(&self, name: &str) -> io::Result<bool> {
        let Some(place) = self.members.get(name) else {
            return Ok(false);
        };
        let mut room = vec![0; SEARCH_BYTES];
        let (mut at, end) = (place.start, place.start + place.bytes);
        let mut crc = crc32fast::Hasher::new();
        while at < end {
            let size = (end - at).min(room.len() as u64) as usize;
            read_exact_at(&self.file, &mut room[..size], at)?;
            crc.update(&room[..size]);
            at += size as u64;
        }
        Ok(crc.finalize() == place.crc)
    }

    /// Whether a member stands in a directory with the CRC-32 of its header.
    pub(crate) fn agrees(&self, name: &str, directory: &HashMap<String, u32>) -> bool {
        let place = self.members.get(name);
        place.is_some_and(|it| directory.get(name) == Some(&it.crc))
    }

    /// Names and CRC-32 by the directory behind the members, up to what is no record of one.
    pub(crate) fn directory(&self) -> io::Result<HashMap<String, u32>> {
        let length = self.file.metadata()?.len();
        let ends = self.members.values().map(|it| it.start + it.bytes);
        let mut at = ends.max().unwrap_or(0);
        let mut directory = HashMap::new();
        while at + RECORD_BYTES <= length && directory.len() < MEMBERS_MAX {
            let mut head = [0; RECORD_BYTES as usize];
            read_exact_at(&self.file, &mut head, at)?;
            let sizes = [28, 30, 32].map(|it| u64::from(u16_at(&head, it)));
            let next = at + RECORD_BYTES + sizes.iter().sum::<u64>();
            if !head.starts_with(b"PK\x01\x02") || next > length {
                break;
            }
            let mut name = vec![0; sizes[0] as usize];
            read_exact_at(&self.file, &mut name, at + RECORD_BYTES)?;
            let name = String::from_utf8_lossy(&name).into_owned();
            directory.insert(name, u32_at(&head, 16));
            at = next;
        }
        Ok(directory)
    }

    /// What stands at `at`; `None` at the directory or the end.
    fn header(&self, at: u64, length: u64) -> io::Result<Option<Header>> {
        if at + HEADER_BYTES > length {
            return Ok(None);
        }
        let mut head = [0; HEADER_BYTES as usize];
        read_exact_at(&self.file, &mut head, at)?;
        if head.starts_with(b"PK\x01\x02") || head.starts_with(b"PK\x05\x06") {
            return Ok(None);
        }
        let (flags, method) = (u16_at(&head, 6), u16_at(&head, 8));
        let (name_bytes, extra_bytes) = (u16_at(&head, 26), u16_at(&head, 28));
        let plain = flags & 0x0009 == 0 && method == 0 && usize::from(name_bytes) <= NAME_MAX;
        let start = at + HEADER_BYTES + u64::from(name_bytes) + u64::from(extra_bytes);
        if !head.starts_with(&MAGIC) || !plain || start > length {
            return Ok(Some(Header::Damage));
        }
        let mut rest = vec![0; usize::from(name_bytes) + usize::from(extra_bytes)];
        read_exact_at(&self.file, &mut rest, at + HEADER_BYTES)?;
        let (name, extra) = rest.split_at(usize::from(name_bytes));
        let bytes = match u32_at(&head, 18) {
            u32::MAX => large_size(extra),
            small => Some(u64::from(small)),
        };
        let name = String::from_utf8(name.to_vec()).ok();
        // A member that ends beyond the file is a torn one.
        Ok(Some(match (name, bytes) {
            (Some(name), Some(bytes)) if bytes <= length - start => Header::Member {
                name,
                place: Place {
                    start,
                    bytes,
                    crc: u32_at(&head, 14),
                },
            },
            _ => Header::Damage,
        }))
    }

    fn next_magic(&self, from: u64, length: u64) -> io::Result<Option<u64>> {
        let mut at = from;
        let mut block = vec![0; SEARCH_BYTES];
        while at + HEADER_BYTES <= length {
            let size = SEARCH_BYTES.min((length - at) as usize);
            read_exact_at(&self.file, &mut block[..size], at)?;
            let found = block[..size]
                .windows(MAGIC.len())
                .position(|it| it == MAGIC);
            if let Some(place) = found {
                return Ok(Some(at + place as u64));
            }
            at += (size - (MAGIC.len() - 1)) as u64;
        }
        Ok(None)
    }
}

enum Header {
    Member { name: String, place: Place },
    Damage,
}

/// The stored size in a ZIP64 extra field: after the unpacked size.
fn large_size(mut extra: &[u8]) -> Option<u64> {
    while extra.len() >= 4 {
        let (id, size) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let field = extra.get(4..4 + size)?;
        if id == 1 {
            let eight: [u8; 8] = field.get(8..16)?.try_into().ok()?;
            return Some(u64::from_le_bytes(eight));
        }
        extra = &extra[4 + size..];
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Writes a single file beside its place; it appears only by [`Writer::finish`].
pub(crate) struct Writer {
    zip: Option<ZipWriter<BufWriter<File>>>,
    temporary: PathBuf,
    sums: String,
    chain: Chain,
    sign: Option<Sign>,
}

/// Makes the signature of a chain's text.
pub(crate) type Sign = Box<dyn Fn(&[u8]) -> io::Result<Vec<u8>>>;

impl Writer {
    /// Starts a file that will stand at `path`.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let (temporary, file) = create_beside(path, create_new_readable)?;
        Ok(Self {
            chain: Chain::default(),
            sign: None,
            zip: Some(ZipWriter::new(BufWriter::with_capacity(1 << 20, file))),
            temporary,
            sums: String::new(),
        })
    }

    /// Signs the file when it is closed.
    pub(crate) fn sign(&mut self, sign: Sign) {
        self.sign = Some(sign);
    }

    /// Adds a member.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let sum = crate::document::sha256(bytes);
        self.chain.add(name, &sum);
        self.sums.push_str(&sum);
        self.sums.push_str("  ");
        self.sums.push_str(name);
        self.sums.push('\n');
        self.store(name, bytes)
    }

    fn store(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // Aligned members could be read in place by whoever dares to map them.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o644)
            .large_file(bytes.len() >= u32::MAX as usize)
            .with_alignment(64);
        let Some(zip) = &mut self.zip else {
            return Err(io::Error::other("it is finished already"));
        };
        zip.start_file(name, options).map_err(io_error)?;
        zip.write_all(bytes)
    }

    /// Writes the list of checksums and the directory, and makes it all durable.
    /// The file still stands at its temporary name, which is returned.
    pub(crate) fn close(mut self) -> io::Result<PathBuf> {
        let sums = std::mem::take(&mut self.sums);
        self.chain
            .add(SUMS_NAME, &crate::document::sha256(sums.as_bytes()));
        self.store(SUMS_NAME, sums.as_bytes())?;
        let text = std::mem::take(&mut self.chain).finish();
        self.store(chain::NAME, text.as_bytes())?;
        if let Some(sign) = self.sign.take() {
            let signature = sign(text.as_bytes())?;
            self.store(chain::SIGNATURE_NAME, &signature)?;
        }
        if let Some(mut zip) = self.zip.take() {
            zip.set_comment(chain::comment()).map_err(io_error)?;
            let buffered = zip.finish().map_err(io_error)?;
            let file = buffered
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?;
            chain::close(&file)?;
            file.sync_all()?;
        }
        Ok(std::mem::take(&mut self.temporary))
    }

    /// Closes the file and moves it to `path`.
    pub(crate) fn finish(self, path: &Path) -> io::Result<()> {
        let temporary = self.close()?;
        if let Err(error) = std::fs::rename(&temporary, path) {
            remove_quietly(&temporary);
            return Err(error);
        }
        crate::disk::sync_folder(path.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.temporary.as_os_str().is_empty() {
            remove_quietly(&self.temporary);
        }
    }
}

/// What the disk said, where it was the disk.
fn io_error(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// Removes something unfinished. Failing leaves a file named as temporary, no more.
pub(crate) fn remove_quietly(path: &Path) {
    drop(std::fs::remove_file(path));
}

/// Member with the checksums of all others, for `sha256sum -c`.
pub(crate) const SUMS_NAME: &str = "sha256sums.txt";
