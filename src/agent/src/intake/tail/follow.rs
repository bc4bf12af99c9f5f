//! Follows a file by its name, through rotation.
//!
//! Who rotates a log moves it away and asks the server to begin a new one; until the
//! server does, it goes on writing to the one that was moved. So that one stays open and
//! is read on, until it gave nothing for [`QUIET_NS`] while the new one receives lines.
//!
//! * In: a path, and the time on a steady clock.
//! * Out: whole lines, those of a file that was moved away first, and what to say.
//! * Never: reads a clock, or holds more than [`FORMER_MAX`] files that were moved away.
//!
//! Start at [`Follower::look`].

use std::fs::File;
use std::io::{Error, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use model::time::SECOND_NS;

use crate::system;

/// Read of one file at one look.
const READ_MAX_BYTES: u64 = 4 << 20;

/// Further behind, the rest is skipped.
const BEHIND_MAX_BYTES: u64 = 64 << 20;

/// The longest line.
const LINE_MAX_BYTES: usize = 64 << 10;

/// A file that was moved away is let go when it gave nothing for so long and the new one
/// receives lines: servers reopen their logs within a second of the signal.
pub(super) const QUIET_NS: i64 = 5 * SECOND_NS;

/// It is let go in any case when it gave nothing for so long: while it is open, a file
/// that was deleted takes room on the disk.
pub(super) const QUIET_MAX_NS: i64 = 600 * SECOND_NS;

/// Files that were moved away and are read on, at most.
pub(super) const FORMER_MAX: usize = 3;

/// A file and those that had its name before.
pub(super) struct Follower {
    path: PathBuf,
    current: Option<Opened>,
    /// The oldest first.
    former: Vec<Opened>,
}

struct Opened {
    file: File,
    /// Tells one file from another of the same name.
    identity: u64,
    place: u64,
    /// The begin of a line whose end is not written yet.
    rest: Vec<u8>,
    /// When it gave something last; when it was opened, if it never did.
    gave_ns: i64,
    /// When it gave something first.
    began_ns: Option<i64>,
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Whole lines.
    pub(super) lines: Vec<u8>,
    /// Bytes that were read.
    pub(super) read: usize,
    /// What was lost.
    pub(super) losses: Vec<String>,
    /// Why the path cannot be read.
    pub(super) refused: Option<Error>,
}

impl Follower {
    /// Opens a file at its end. One that is not there yet is followed once it is.
    ///
    /// # Errors
    ///
    /// The system refuses it, or it is no file.
    pub(super) fn open(path: &Path, now_ns: i64) -> Result<Self, Error> {
        let mut follower = Self {
            path: path.to_owned(),
            current: None,
            former: Vec::new(),
        };
        match Opened::at(path, SeekFrom::End(0), now_ns) {
            Ok(opened) => follower.current = Some(opened),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(follower)
    }

    /// Up to so many bytes of the end of the file as it is now, and its size.
    pub(super) fn end(&mut self, bytes: u64) -> Option<(Vec<u8>, u64)> {
        let opened = self.current.as_mut()?;
        let size = opened.file.metadata().ok()?.len();
        let from = size.saturating_sub(bytes);
        let sought = opened.file.seek(SeekFrom::Start(from));
        let mut text = Vec::new();
        let read = sought.and_then(|_| (&opened.file).take(bytes).read_to_end(&mut text));
        // Where it goes on; what cannot be sought gives nothing more.
        opened.file.seek(SeekFrom::Start(opened.place)).ok()?;
        read.ok().map(|_| (text, size))
    }

    /// Reads what was written since the last look.
    pub(super) fn look(&mut self, now_ns: i64) -> Found {
        let mut found = Found::default();
        self.turn(now_ns, &mut found);
        for opened in &mut self.former {
            opened.read(&self.path, now_ns, &mut found);
        }
        if let Some(current) = &mut self.current {
            current.read(&self.path, now_ns, &mut found);
        }
        self.let_go(now_ns);
        found
    }

    /// Opens the file that has the name now, where it is another one.
    fn turn(&mut self, now_ns: i64, found: &mut Found) {
        if let Some(current) = &self.current {
            let Ok(about) = std::fs::metadata(&self.path) else {
                // Moved away, and no new one so far.
                return;
            };
            let same = system::identity(&about) == current.identity;
            if same && about.len() >= current.place {
                return;
            }
            if same {
                // It was emptied: what follows is at its begin.
                self.current = None;
            }
        }
        let opened = match Opened::at(&self.path, SeekFrom::Start(0), now_ns) {
            Ok(opened) => opened,
            Err(error) => {
                found.refused = Some(error);
                return;
            }
        };
        // One that was moved away and back is read on where it was.
        let mut former = self.former.iter();
        let opened = match former.position(|it| it.identity == opened.identity) {
            Some(place) => self.former.remove(place),
            None => opened,
        };
        self.former.extend(self.current.replace(opened));
        if self.former.len() > FORMER_MAX {
            self.former.remove(0);
        }
    }

    fn let_go(&mut self, now_ns: i64) {
        let began_ns = self.current.as_ref().and_then(|it| it.began_ns);
        self.former.retain(|it| {
            let both_ns = began_ns.map(|began_ns| now_ns - began_ns.max(it.gave_ns));
            let over = both_ns.is_some_and(|quiet_ns| quiet_ns >= QUIET_NS);
            !over && now_ns - it.gave_ns < QUIET_MAX_NS
        });
    }

    /// How many files that were moved away are open.
    #[cfg(test)]
    pub(super) fn former(&self) -> usize {
        self.former.len()
    }
}

impl Opened {
    fn at(path: &Path, from: SeekFrom, now_ns: i64) -> Result<Self, Error> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(Error::other("it is no file"));
        }
        Ok(Self {
            identity: system::identity(&about),
            place: file.seek(from)?,
            file,
            rest: Vec::new(),
            gave_ns: now_ns,
            began_ns: None,
        })
    }

    fn read(&mut self, path: &Path, now_ns: i64, found: &mut Found) {
        let size = self.file.metadata().map_or(0, |it| it.len());
        let behind = size.saturating_sub(self.place);
        if behind > BEHIND_MAX_BYTES {
            let to = size - READ_MAX_BYTES;
            if self.file.seek(SeekFrom::Start(to)).is_err() {
                return;
            }
            let skipped = to - self.place;
            self.place = to;
            self.rest.clear();
            found.losses.push(format!(
                "{} grows faster than it is read: {skipped} bytes were skipped",
                path.display()
            ));
        }
        let before = self.rest.len();
        // What was read before an error counts; the next look tells more.
        drop(
            (&self.file)
                .take(READ_MAX_BYTES)
                .read_to_end(&mut self.rest),
        );
        let read = self.rest.len() - before;
        if read == 0 {
            return;
        }
        self.place += read as u64;
        self.gave_ns = now_ns;
        self.began_ns.get_or_insert(now_ns);
        found.read += read;
        match self.rest.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => found.lines.extend(self.rest.drain(..=end)),
            None if self.rest.len() > LINE_MAX_BYTES => self.rest.clear(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::Write;

    use super::*;

    type Outcome = Result<(), Box<dyn Error>>;

    const S: i64 = SECOND_NS;

    fn append(path: &Path) -> std::io::Result<File> {
        File::options().create(true).append(true).open(path)
    }

    fn told(found: &Found) -> String {
        String::from_utf8_lossy(&found.lines).replace('\n', ".")
    }

    #[test]
    fn lines_written_after_the_move_and_before_the_server_reopens_are_read() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("access.log");
        let mut server = append(&path)?;
        writeln!(server, "before anybody looked")?;
        let mut follower = Follower::open(&path, 0)?;
        writeln!(server, "1")?;
        assert_eq!(told(&follower.look(S)), "1.");
        std::fs::rename(&path, folder.path().join("access.log.1"))?;
        writeln!(server, "2")?;
        assert_eq!(told(&follower.look(2 * S)), "2.");
        let mut anew = append(&path)?;
        write!(server, "3\nhalf of ")?;
        assert_eq!(told(&follower.look(3 * S)), "3.");
        // The new one receives nothing, so that the old one is not over.
        assert_eq!(told(&follower.look(3 * S + 2 * QUIET_NS)), "");
        writeln!(server, "4")?;
        writeln!(anew, "5")?;
        assert_eq!(told(&follower.look(20 * S)), "half of 4.5.");
        assert_eq!(told(&follower.look(20 * S + QUIET_NS - 1)), "");
        assert_eq!(follower.former(), 1);
        writeln!(server, "6")?;
        assert_eq!(told(&follower.look(20 * S + QUIET_NS)), "6.");
        assert_eq!(told(&follower.look(20 * S + 2 * QUIET_NS)), "");
        assert_eq!(follower.former(), 0);
        writeln!(server, "nobody reads this")?;
        writeln!(anew, "7")?;
        assert_eq!(told(&follower.look(40 * S)), "7.");
        Ok(())
    }

    #[test]
    fn a_file_that_was_moved_away_is_let_go_in_the_end() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("access.log");
        append(&path)?;
        let mut follower = Follower::open(&path, 0)?;
        for number in 1..=FORMER_MAX + 2 {
            std::fs::rename(&path, folder.path().join(number.to_string()))?;
            append(&path)?;
            follower.look(S);
            assert_eq!(follower.former(), number.min(FORMER_MAX));
        }
        follower.look(S + QUIET_MAX_NS);
        assert_eq!(follower.former(), 0);
        Ok(())
    }

    #[test]
    fn one_that_was_emptied_or_moved_back_is_read_once() -> Outcome {
        let folder = tempfile::tempdir()?;
        let (path, aside) = (folder.path().join("log"), folder.path().join("aside"));
        let mut follower = Follower::open(&path, 0)?;
        assert!(follower.look(0).refused.is_some());
        let mut server = append(&path)?;
        writeln!(server, "first")?;
        assert_eq!(told(&follower.look(S)), "first.");
        server.set_len(0)?;
        writeln!(server, "2nd")?;
        assert_eq!(told(&follower.look(2 * S)), "2nd.");
        std::fs::rename(&path, &aside)?;
        append(&path)?;
        assert_eq!(told(&follower.look(3 * S)), "");
        std::fs::rename(&aside, &path)?;
        writeln!(server, "3rd")?;
        assert_eq!(told(&follower.look(4 * S)), "3rd.");
        Ok(())
    }
}
