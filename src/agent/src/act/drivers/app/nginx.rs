//! nginx: a directive in its file, a reload, and proof that the new file is in force.
//!
//! The file is written beside the old one, tested by the server's own program where the
//! policy names it, and put in place at once. A reload that fails leaves the old
//! settings serving and says so only in a log, so what counts is that the master started
//! new workers; where it did not, the old file is put back.
//!
//! Only a directive that stands in the file exactly once can be set.
//!
//! # Source
//!
//! nginx documentation, "Controlling nginx" (changing configuration), "Configuration
//! file's structure".

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use model::plan::action::Scope;
use rustix::process::{Pid, Signal, kill_process};

use super::{instance, setting};
use crate::act::drivers::{Driver, tasks};
use crate::act::machine::Machine;
use crate::act::policy;
use crate::act::policy::file::{believable, trusted};
use crate::act::world::{Spot, Trouble};

/// Bytes of a configuration file.
const FILE_MAX_BYTES: u64 = 1 << 20;

/// Longest wait for new workers, and for a test of the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time between looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The driver.
pub(crate) struct Nginx;

impl Driver for Nginx {
    fn knows(&self, key: &str) -> bool {
        setting(key, "nginx").is_some()
    }

    fn keeps(&self, scope: Scope) -> bool {
        scope == Scope::Persistent
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let (server, name) = server(machine, spot)?;
        let text = text(&server.config)?;
        let range = find(&text, name).map_err(Trouble::Refused)?;
        Ok(words(&text[range]))
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let (server, name) = server(machine, spot)?;
        let before = text(&server.config)?;
        let range = find(&before, name).map_err(Trouble::Refused)?;
        let after = [&before[..range.start], value, &before[range.end..]].concat();
        replace(server, &after)?;
        let Some(master) = master(machine, server) else {
            // Nothing serves, so nothing can serve anything else than the file.
            return Ok(());
        };
        let reloaded = reload(machine, server, master);
        if reloaded.is_err() {
            replace(server, &before)?;
        }
        reloaded
    }

    fn canonical(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<String, Trouble> {
        let (server, _) = server(machine, spot)?;
        let plain = |it: char| it.is_ascii_alphanumeric() || " ._-/:=%*+~".contains(it);
        if value.trim().is_empty() || !value.chars().all(plain) {
            return Err(Trouble::Refused(format!(
                "{value:?} holds more than letters, digits, spaces and . _ - / : = % * + ~"
            )));
        }
        if master(machine, server).is_none() {
            return Err(Trouble::Refused(format!(
                "no nginx runs by {}, so a change could not be seen to work",
                server.pid
            )));
        }
        Ok(words(value))
    }

    fn restart(&self, _: &Machine, _: &Spot) -> String {
        "nginx starts new workers (SIGHUP); connections of old ones are served to their end".into()
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        match server(machine, spot) {
            Ok((server, name)) => format!(
                "# in {}: {name} {value};\nkill -HUP \"$(cat {})\"",
                server.config, server.pid
            ),
            Err(trouble) => format!("# {trouble}"),
        }
    }
}

fn server<'a>(
    machine: &'a Machine,
    spot: &'a Spot,
) -> Result<(&'a policy::Nginx, &'a str), Trouble> {
    let (wanted, name) = setting(&spot.key, "nginx").unwrap_or_default();
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Trouble::Refused(format!("{} is no key", spot.key)));
    }
    if !machine.is_live() {
        return Err(Trouble::Refused("a recorded tree has no nginx".to_owned()));
    }
    let found = instance(&machine.policy.nginx, |it| &it.name, ("nginx", wanted))?;
    Ok((found, name))
}

/// The whole file; it must be one that only root writes, since root's server obeys it.
fn text(path: &str) -> Result<String, Trouble> {
    trusted(Path::new(path)).map_err(|error| Trouble::Refused(error.to_string()))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the value of the only directive of this name stands.
fn find(text: &str, name: &str) -> Result<Range<usize>, String> {
    let mut found = None;
    for (word, rest) in directives(text) {
        if &text[word] != name {
            continue;
        }
        if found.is_some() {
            return Err(format!("{name} stands in the file more than once"));
        }
        found = Some(rest);
    }
    found.ok_or_else(|| format!("{name} does not stand in the file; write it there once by hand"))
}

/// Names of directives that end with `;`, and their values.
fn directives(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut all = Vec::new();
    let mut word: Option<Range<usize>> = None;
    let mut begin = None;
    let mut quote = None;
    let mut comment = false;
    let mut escaped = false;
    for (at, it) in text.char_indices() {
        if comment {
            comment = it != '\n';
            continue;
        }
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, it) {
            (_, '\\') => escaped = true,
            (Some(open), it) if it == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(it),
            (None, '#') if begin.is_none() => comment = true,
            (None, '{' | '}') => (word, begin) = (None, None),
            (None, ';') => {
                let end = word.take().zip(begin.take());
                if let Some((word, begin)) = end.filter(|(word, _)| word.end < at) {
                    all.push((word, begin..at));
                }
                begin = None;
            }
            (None, it) if it.is_whitespace() => {
                if let (Some(from), None) = (begin, &word) {
                    word = Some(from..at);
                    begin = Some(at + it.len_utf8());
                }
            }
            (None, _) => {
                begin.get_or_insert(at);
            }
        }
    }
    all
}

/// Puts a file in the place of the configuration, tested where that is possible.
fn replace(server: &policy::Nginx, text: &str) -> Result<(), Trouble> {
    let failed = |what: &str, error: std::io::Error| {
        Trouble::Failed(format!("could not {what} {}: {error}", server.config))
    };
    let path = Path::new(&server.config);
    let about = std::fs::symlink_metadata(path).map_err(|it| failed("read", it))?;
    let beside = PathBuf::from(format!("{}.kymo-new", server.config));
    // Left over from a crash.
    if let Err(error) = std::fs::remove_file(&beside)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(failed("write beside", error));
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(|it| failed("write beside", it))?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| std::os::unix::fs::fchown(&file, Some(about.uid()), Some(about.gid())))
        .and_then(|()| file.set_permissions(about.permissions()))
        .and_then(|()| file.sync_all())
        .map_err(|it| failed("write beside", it));
    let tested = written.and_then(|()| test(server, &beside));
    if let Err(trouble) = tested {
        // The trouble is what counts; a file left over is removed the next time.
        drop(std::fs::remove_file(&beside));
        return Err(trouble);
    }
    std::fs::rename(&beside, path).map_err(|it| failed("replace", it))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let synced = File::open(folder).and_then(|it| it.sync_all());
    synced.map_err(|it| failed("keep", it))
}

/// Lets the server's own program look at a file: fixed words, no environment, no shell.
fn test(server: &policy::Nginx, file: &Path) -> Result<(), Trouble> {
    if server.binary.is_empty() {
        return Ok(());
    }
    let binary = Path::new(&server.binary);
    believable(binary).map_err(|error| Trouble::Refused(error.to_string()))?;
    let failed = |error: std::io::Error| Trouble::Failed(format!("{}: {error}", server.binary));
    let mut child = Command::new(binary)
        .args(["-t", "-q", "-c"])
        .arg(file)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break Some(status),
            None if Instant::now() > until => break None,
            None => std::thread::park_timeout(LOOK_EVERY),
        }
    };
    let Some(status) = status else {
        child.kill().and_then(|()| child.wait()).map_err(failed)?;
        return Err(Trouble::Failed(
            "nginx did not test the file in time".to_owned(),
        ));
    };
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        let read = stderr.take(4096).read_to_string(&mut said);
        read.map_err(failed)?;
    }
    Err(Trouble::Failed(format!(
        "nginx refuses the file: {}",
        words(&said)
    )))
}

/// The master, where one runs.
fn master(machine: &Machine, server: &policy::Nginx) -> Option<u32> {
    let mut text = String::new();
    let file = File::open(&server.pid).ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    let pid = text.trim().parse().ok().filter(|it| *it > 1)?;
    (tasks::name(machine, pid)? == "nginx").then_some(pid)
}

/// Tells the master to read its file and waits for workers that it started for it.
fn reload(machine: &Machine, server: &policy::Nginx, master: u32) -> Result<(), Trouble> {
    let old = tasks::offspring(machine, master);
    let log_from = std::fs::metadata(&server.errors).map_or(0, |it| it.len());
    let pid = i32::try_from(master).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Trouble::Failed(format!("{master} is no process")))?;
    kill_process(pid, Signal::HUP)
        .map_err(|error| Trouble::Failed(format!("could not reload nginx: {error}")))?;
    let until = Instant::now() + PATIENCE;
    loop {
        let now = tasks::offspring(machine, master);
        if now.iter().any(|it| !old.contains(it)) {
            return Ok(());
        }
        let said = complaint(&server.errors, log_from);
        if let Some(said) = said {
            return Err(Trouble::Failed(format!(
                "nginx did not take the new file and serves the old one: {said}"
            )));
        }
        if Instant::now() > until {
            return Err(Trouble::Failed(
                "nginx started no new workers, so it serves its old settings".to_owned(),
            ));
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// What the log of errors says since a place, if it is why a reload failed.
fn complaint(log: &str, from: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut text = Vec::new();
    file.take(FILE_MAX_BYTES).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|it| it.contains("[emerg]"))?;
    Some(line.chars().take(400).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, name: &str) -> Result<&'a str, String> {
        find(text, name).map(|range| &text[range])
    }

    #[test]
    fn directives_are_found_where_they_stand() {
        let text = "# gzip off;\nworker_processes 2;\nevents { worker_connections  64 ; }\n\
                    http { log_format x '\"; gzip on;'; gzip on;\n server { a b c; # gzip off;\n } }";
        assert_eq!(value(text, "gzip"), Ok("on"));
        assert_eq!(value(text, "worker_processes"), Ok("2"));
        assert_eq!(value(text, "worker_connections"), Ok(" 64 "));
        assert_eq!(value(text, "a"), Ok("b c"));
        assert!(value(text, "http").is_err());
        assert!(value(text, "b").is_err());
        assert!(value("a 1; a 2;", "a").is_err());
    }
}
