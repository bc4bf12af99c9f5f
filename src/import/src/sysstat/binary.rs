//! Data files of `sar`, which only a `sadf` of nearly the same version can read.
//!
//! Their layout follows the version of sysstat and the machine that wrote them, so `sadf`
//! is run on a copy of the file and its JSON is read.
//!
//! * In: a file that begins with sysstat's magic number.
//! * Out: what [`super::json`] makes of `sadf -j FILE -- -A`.
//! * Never: runs a shell, waits longer than [`MOST_SECONDS`], or leaves a process or the
//!   copy behind.
//!
//! # Source
//!
//! `sadf(1)`, "-j", "-c"; `SYSSTAT_MAGIC` in `sa.h` of sysstat.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::source::Source;
use crate::{Content, ImportError, Imported};

/// 0xd596, little endian; big-endian machines write it the other way round.
const MAGICS: [[u8; 2]; 2] = [[0x96, 0xd5], [0xd5, 0x96]];

/// `sadf` may take so long: it reads about a day a second.
const MOST_SECONDS: u64 = 300;

/// A copy may be so large: years of a large machine.
const MOST_BYTES: u64 = 4 << 30;

/// So much of what `sadf` complains is told.
const MOST_COMPLAINT_BYTES: u64 = 2 << 10;

/// So many names are tried for the copy.
const MOST_NAMES: u32 = 1_000;

const PROGRAM: &str = "sadf";

const INSTALL: &str = "this is a binary file of sar, and the program that reads it is not \
                       there: install sysstat, or give the output of `sadf -j FILE -- -A`";

/// Whether a file that begins with these bytes is a data file of `sar`.
pub(crate) fn sniff(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

/// Runs `sadf` and reads what it writes.
pub(crate) fn read(source: &mut Source<'_>) -> Result<Imported, ImportError> {
    let copy = match Copy::new(source) {
        Ok(copy) => copy,
        Err(CopyError::Reading(error)) => return Err(source.failed(1, error)),
        Err(CopyError::Writing(error)) => {
            return Err(source.damaged(1, format!("could not copy it for sadf ({error})")));
        }
    };
    let mut program = match Program::start(&copy.path) {
        Ok(program) => program,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(source.damaged(1, INSTALL.to_owned()));
        }
        Err(error) => return Err(source.damaged(1, format!("could not run sadf ({error})"))),
    };
    source.replace_reader(program.output());
    let result = super::json::read(source);
    let complaint = program.end();
    match (result, complaint) {
        (Ok(imported), complaint) => Ok(told(imported, complaint)),
        (Err(ImportError::Damaged { .. }), Some(complaint)) => Err(source.damaged(
            1,
            format!(
                "sadf could not read it ({complaint}); a file of an older version can be \
                 converted with `sadf -c`"
            ),
        )),
        (Err(error), _) => Err(error),
    }
}

/// Lines of the JSON are no lines of the file, so damage is told in other words.
fn told(mut imported: Imported, complaint: Option<String>) -> Imported {
    imported.format = "sar";
    imported.notes.push("read by running sadf".to_owned());
    imported.damage = match (complaint, imported.damage) {
        (Some(complaint), _) => Some(format!("sadf stopped: {complaint}")),
        (None, damage) => damage.map(|it| format!("in the JSON of sadf, {it}")),
    };
    if matches!(&imported.content, Content::Recording(it) if it.columns.is_empty()) {
        imported
            .notes
            .push("there are marks but no samples in it".to_owned());
    }
    imported
}

/// A copy of the file, which is removed when dropped.
struct Copy {
    path: PathBuf,
}

enum CopyError {
    Reading(io::Error),
    Writing(io::Error),
}

impl Copy {
    fn new(source: &mut Source<'_>) -> Result<Self, CopyError> {
        let (copy, mut file) = Self::create().map_err(CopyError::Writing)?;
        let meter = source.meter();
        let mut reader = source.take_reader().take(MOST_BYTES);
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = reader.read(&mut buffer).map_err(CopyError::Reading)?;
            if count == 0 {
                return Ok(copy);
            }
            meter.end_row();
            let bytes = buffer.get(..count).unwrap_or_default();
            file.write_all(bytes).map_err(CopyError::Writing)?;
        }
    }

    fn create() -> io::Result<(Self, File)> {
        let folder = std::env::temp_dir();
        let own = std::process::id();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        for number in 0..MOST_NAMES {
            let path = folder.join(format!("kymo-sar-{own}-{number}"));
            match options.open(&path) {
                Ok(file) => return Ok((Self { path }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // A copy that cannot be removed is for the system's cleaner of temporary files.
        std::fs::remove_file(&self.path).unwrap_or_default();
    }
}

/// The running program. It is killed when its time is over or when dropped.
struct Program {
    child: Arc<Mutex<Child>>,
    complaints: Option<JoinHandle<String>>,
    watch: Option<(Sender<()>, JoinHandle<bool>)>,
}

impl Program {
    fn start(file: &Path) -> io::Result<Self> {
        let mut child = Command::new(PROGRAM)
            .arg("-j")
            .arg(file)
            .args(["--", "-A"])
            .env("LC_ALL", "C")
            .env_remove("S_TIME_FORMAT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let complaints = child.stderr.take();
        let child = Arc::new(Mutex::new(child));
        let (ended, end) = mpsc::channel();
        let watched = Arc::clone(&child);
        let watch = std::thread::spawn(move || {
            let limit = Duration::from_secs(MOST_SECONDS);
            let late = end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if late {
                kill(&watched);
            }
            late
        });
        let listen = move || complaints.map_or_else(String::new, first_of);
        Ok(Self {
            child,
            complaints: Some(std::thread::spawn(listen)),
            watch: Some((ended, watch)),
        })
    }

    fn output(&mut self) -> Box<dyn Read> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match child.stdout.take() {
            Some(output) => Box::new(output),
            None => Box::new(io::empty()),
        }
    }

    /// Waits for its end; returns what went wrong.
    fn end(mut self) -> Option<String> {
        let late = self.stop();
        let complaint = self.complaints.take().and_then(|it| it.join().ok());
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let status = child.wait();
        if late {
            return Some(format!("it took more than {MOST_SECONDS} seconds"));
        }
        match status {
            Ok(status) if status.success() => None,
            Ok(status) => {
                let said = complaint.unwrap_or_default();
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                Some(if said.is_empty() {
                    status.to_string()
                } else {
                    said
                })
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// Ends the watch; says whether it had to end the program.
    fn stop(&mut self) -> bool {
        let Some((ended, watch)) = self.watch.take() else {
            return false;
        };
        drop(ended);
        watch.join().unwrap_or(false)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
        kill(&self.child);
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // There is nobody to tell; that it is not running any more is all that matters.
        child.wait().map(drop).unwrap_or_default();
    }
}

fn kill(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // It may have ended by itself.
    child.kill().unwrap_or_default();
}

/// The beginning of a stream, which is read to its end so that nobody waits.
fn first_of(mut stream: impl Read) -> String {
    let mut text = Vec::new();
    let begun = stream
        .by_ref()
        .take(MOST_COMPLAINT_BYTES)
        .read_to_end(&mut text);
    if begun.is_ok() {
        io::copy(&mut stream, &mut io::sink()).unwrap_or_default();
    }
    String::from_utf8_lossy(&text).into_owned()
}
