//! The change ledger: settings of the machine, and every difference from before.
//!
//! The first reading records all of them as [`Sink::settings`]; later ones go
//! through the list in turn, a part per reading, and a difference is recorded and
//! is an event. Limits of control groups are put into the same ledger by their
//! own source.
//!
//! Start at [`Settings::read`](Source::read); add a setting in
//! `settings/watched.rs`.

mod build_id;
mod mounts;
mod programs;
mod watched;

use std::collections::BTreeMap;

use self::watched::{Form, WATCHED, Watched};
use crate::kept::Root;
use crate::redact;
use crate::sink::Sink;
use crate::source::Source;

/// Readings in which every setting is read once: half a minute.
const ROUND: usize = 3;

/// Settings kept at most; the list expands to a few hundred on large machines.
const SETTINGS_MAX: usize = 4096;

/// Longest value, in characters.
const VALUE_MAX: usize = 400;

/// What was read last.
#[derive(Debug)]
struct Settings {
    root: Root,
    known: BTreeMap<String, String>,
    turn: usize,
    full: bool,
    programs: programs::Programs,
}

/// Opens the ledger, or `None` where nothing of it can be read.
pub(super) fn open(root: &Root) -> Option<Box<dyn Source>> {
    root.path("proc/sys").exists().then(|| {
        Box::new(Settings {
            root: root.clone(),
            known: BTreeMap::new(),
            turn: 0,
            full: false,
            programs: programs::Programs::default(),
        }) as Box<dyn Source>
    })
}

impl Settings {
    /// Records a value; the first one of a key that came late is no change.
    fn record(&mut self, key: String, value: String, sink: &mut Sink) {
        if !self.known.contains_key(&key) && self.known.len() >= SETTINGS_MAX {
            self.full = true;
            return;
        }
        let before = self.known.get(&key).map(String::as_str);
        sink.setting(&key, before, &value);
        if before != Some(value.as_str()) {
            self.known.insert(key, value);
        }
    }

    fn read_watched(&mut self, watched: &Watched, sink: &mut Sink) {
        for path in expanded(&self.root, watched.path) {
            if let Some(text) = self.root.text(&path) {
                let value = shown(watched.form, &text);
                self.record(key(watched.path, &path), value, sink);
            }
        }
    }

    /// Mounts, where coming and going is a change too.
    fn read_mounts(&mut self, sink: &mut Sink) {
        let now: BTreeMap<_, _> = mounts::mounts(&self.root).into_iter().collect();
        if now.is_empty() {
            return;
        }
        let first = self.turn == 0;
        let gone: Vec<String> = (self.known.keys())
            .filter(|key| key.starts_with(mounts::PREFIX) && !now.contains_key(*key))
            .cloned()
            .collect();
        for key in gone {
            let before = self.known.remove(&key);
            sink.setting(&key, before.as_deref(), "");
        }
        for (key, value) in now {
            if !first && !self.known.contains_key(&key) {
                sink.setting(&key, Some(""), &value);
                self.known.insert(key, value);
            } else {
                self.record(key, value, sink);
            }
        }
    }
}

impl Source for Settings {
    fn read(&mut self, sink: &mut Sink) {
        for (at, watched) in WATCHED.iter().enumerate() {
            if self.turn == 0 || at % ROUND == self.turn % ROUND {
                self.read_watched(watched, sink);
            }
        }
        self.read_mounts(sink);
        let now_ns = sink.stamp.boot_ns;
        for (key, value) in self.programs.sample(&self.root, self.turn, now_ns) {
            self.record(key, value, sink);
        }
        self.turn = self.turn.wrapping_add(1);
    }

    fn limits(&self) -> Vec<String> {
        if self.full {
            return vec![format!("settings beyond {SETTINGS_MAX} are not watched")];
        }
        Vec::new()
    }
}

/// The paths that a pattern with at most one `*` stands for.
fn expanded(root: &Root, pattern: &str) -> Vec<String> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![pattern.to_owned()];
    };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    root.names(folder)
        .into_iter()
        .filter(|name| name.starts_with(prefix))
        .filter(|name| !watched::IGNORED.iter().any(|it| name.starts_with(it)))
        .map(|name| format!("{folder}/{name}{after}"))
        .collect()
}

/// The name of a setting: a sysctl's usual name, else the path below `/sys`.
fn key(pattern: &str, path: &str) -> String {
    match path.strip_prefix("proc/sys/") {
        Some(sysctl) => sysctl.replace('/', "."),
        None if pattern.starts_with("proc/") => path.trim_start_matches("proc/").replace('/', "."),
        None => path.trim_start_matches("sys/").to_owned(),
    }
}

fn shown(form: Form, text: &str) -> String {
    let words = || text.split_whitespace().collect::<Vec<_>>().join(" ");
    let value = match form {
        Form::Plain => redact::clean(&words(), VALUE_MAX),
        Form::Chosen => match text
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(']'))
        {
            Some((chosen, _)) => redact::clean(chosen, VALUE_MAX),
            None => redact::clean(&words(), VALUE_MAX),
        },
        Form::Arguments => redact::text(text),
    };
    value.trim().to_owned()
}

#[cfg(test)]
mod tests;
