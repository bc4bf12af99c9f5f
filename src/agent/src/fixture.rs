//! Trees that stand for a machine in tests, written as one text file.
//!
//! `@ path` begins a file, which lasts until the next such line; `@ path/` is an
//! empty folder; `=== name` begins the next snapshot of the same machine. `\xHH`
//! is a byte, `\n` a line end inside a line.
//!
//! Start at [`readings`].

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use model::batch::Stamp;
use model::process::FIELDS;

use crate::kept::Root;
use crate::sink::{Sink, UNSET};
use crate::source::Source;

/// Files that [`survives_mutations`] writes per fixture.
const MUTATED_FILES: usize = 1500;

/// What a test returns.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A snapshot: files with their content, and folders.
pub(crate) struct Snapshot {
    files: Vec<(PathBuf, Vec<u8>)>,
    folders: Vec<PathBuf>,
}

/// The snapshots of `fixtures/<name>`.
pub(crate) fn snapshots(name: &str) -> Result<Vec<Snapshot>, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    let text = fs::read_to_string(path)?;
    Ok(text.split("=== ").skip(1).map(snapshot).collect())
}

fn snapshot(text: &str) -> Snapshot {
    let mut out = Snapshot {
        files: Vec::new(),
        folders: Vec::new(),
    };
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    for part in body.split("@ ").skip(1) {
        let (path, content) = part.split_once('\n').unwrap_or((part, ""));
        match path.strip_suffix('/') {
            Some(folder) => out.folders.push(folder.into()),
            None => out.files.push((path.into(), unescaped(content))),
        }
    }
    out
}

impl Snapshot {
    /// Makes `root` look like this; files that stay keep their inode, so that
    /// kept descriptors see the change.
    pub(crate) fn apply(&self, root: &Path) -> Outcome {
        let mut wanted = BTreeSet::new();
        let files = self.files.iter().map(|(path, _)| path);
        for path in files.chain(&self.folders) {
            wanted.extend(path.ancestors().map(|it| root.join(it)));
        }
        remove_unwanted(root, &wanted)?;
        for folder in &self.folders {
            fs::create_dir_all(root.join(folder))?;
        }
        for (path, content) in &self.files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(path, content)?;
        }
        Ok(())
    }

    /// The files' contents, to be mutated.
    pub(crate) fn contents(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        self.files.iter_mut().map(|(_, content)| content)
    }
}

fn remove_unwanted(folder: &Path, wanted: &BTreeSet<PathBuf>) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match (wanted.contains(&path), path.is_dir()) {
            (true, true) => remove_unwanted(&path, wanted)?,
            (true, false) => {}
            (false, true) => fs::remove_dir_all(path)?,
            (false, false) => fs::remove_file(path)?,
        }
    }
    Ok(())
}

fn unescaped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let code = rest.get(2..4).and_then(|it| std::str::from_utf8(it).ok());
        if rest.starts_with(b"\\x")
            && let Some(byte) = code.and_then(|it| u8::from_str_radix(it, 16).ok())
        {
            out.push(byte);
            at += 4;
        } else if rest.starts_with(b"\\n") {
            out.push(b'\n');
            at += 2;
        } else {
            out.push(rest[0]);
            at += 1;
        }
    }
    out
}

/// Reads every snapshot of a fixture once, ten seconds of boot clock apart, and
/// tells all that the source put into the sink.
pub(crate) fn readings(
    name: &str,
    open: impl Fn(&Root) -> Option<Box<dyn Source>>,
) -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut source = None;
    let mut sink = Sink::default();
    let mut out = String::new();
    for (number, snapshot) in (1..).zip(snapshots(name)?) {
        snapshot.apply(folder.path())?;
        let source = match &mut source {
            Some(source) => source,
            none => none.insert(open(&Root::new(folder.path())).ok_or("nothing to read")?),
        };
        sink.begin(Stamp {
            boot_ns: 90_000_000_000 + 10_000_000_000 * number,
            unix_ns: 0,
        });
        source.read(&mut sink);
        writeln!(out, "reading {number}")?;
        tell(&sink, &mut out)?;
    }
    if let Some(source) = source {
        for limit in source.limits() {
            writeln!(out, "limit: {limit}")?;
        }
    }
    Ok(out)
}

fn tell(sink: &Sink, out: &mut String) -> Outcome {
    for (declared, raw) in sink.declared().iter().zip(sink.values()) {
        let attributes: Vec<_> = declared
            .attributes
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let name = format!("{}{{{}}}", declared.metric, attributes.join(","));
        match (declared.retired, *raw) {
            (true, _) => writeln!(out, "  {name} retired")?,
            (false, UNSET) => writeln!(out, "  {name} unset")?,
            (false, raw) => writeln!(out, "  {name} {raw}/{}", declared.divisor)?,
        }
    }
    for (id, process) in &sink.appeared {
        writeln!(out, "  appeared {}: {process:?}", id.0)?;
    }
    for (id, reading) in &sink.alive {
        writeln!(out, "  alive {}:{}", id.0, numbers(reading))?;
    }
    for gone in &sink.gone {
        let at = gone.boot_ns / 1_000_000;
        writeln!(
            out,
            "  gone {} at {at} ms, code {:?}:{}",
            gone.process.0,
            gone.exit_code,
            numbers(&gone.reading)
        )?;
    }
    for (key, value) in &sink.settings {
        writeln!(out, "  setting {key} = {value}")?;
    }
    for event in &sink.events {
        writeln!(
            out,
            "  {} {}: {:?} -> {:?} {}",
            event.kind.name(),
            event.subject,
            event.before,
            event.after,
            event.text
        )?;
    }
    Ok(())
}

fn numbers(reading: &model::process::Reading) -> String {
    FIELDS
        .iter()
        .filter_map(|info| {
            reading
                .get(info.field)
                .map(|raw| format!(" {}={raw}", info.column))
        })
        .collect()
}

/// Reads mutated snapshots of a fixture; nothing may panic.
pub(crate) fn survives_mutations(
    name: &str,
    open: impl Fn(&Root) -> Option<Box<dyn Source>>,
) -> Outcome {
    let mut seed = 0x9e37_79b9_u64;
    let mut next = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    let files: usize = snapshots(name)?.iter().map(|it| it.files.len()).sum();
    for _ in 0..(MUTATED_FILES / files.max(1)).max(3) {
        let folder = tempfile::tempdir()?;
        let mut source = None;
        let mut sink = Sink::default();
        for mut snapshot in snapshots(name)? {
            for content in snapshot.contents() {
                for _ in 0..next() % 4 {
                    let at = next() % (content.len() + 1);
                    match next() % 4 {
                        0 => content.truncate(at),
                        1 => content.insert(at, b"-9 \n:/()\xff"[next() % 9]),
                        2 => content
                            .splice(at..at, *b"99999999999999999999")
                            .for_each(drop),
                        _ => content.extend_from_within(at..),
                    }
                }
            }
            snapshot.apply(folder.path())?;
            if source.is_none() {
                source = open(&Root::new(folder.path()));
            }
            sink.begin(Stamp {
                boot_ns: 1,
                unix_ns: 1,
            });
            if let Some(source) = &mut source {
                source.read(&mut sink);
            }
        }
    }
    Ok(())
}
