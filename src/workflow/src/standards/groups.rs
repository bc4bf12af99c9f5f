//! Groups of hosts and the standards that they have: one file of this user.
//!
//! Start at [`read`] and [`Groups::standards_of`].

use std::io::Read;
use std::path::{Path, PathBuf};

use model::series::glob_matches;
use model::standard::Standard;
use model::text::near;
use serde::{Deserialize, Serialize};

use crate::outfile::replace;
use crate::problem::{Problem, Sort};

/// Version of the file.
const SCHEMA: u32 = 1;

/// A larger file is none of ours.
const TEXT_MAX_BYTES: u64 = 1 << 18;

/// Brackets within brackets.
const DEPTH_MAX: usize = 16;

/// Groups of one file.
const GROUPS_MAX: usize = 256;

/// What this kind of text is called in errors.
const KIND: near::Kind = near::Kind {
    noun: "list of groups",
    example: "kymo standard attach use --group NAME --hosts GLOB writes one",
};

/// All groups of this user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// Version of the file.
    pub schema: u32,
    /// The groups, in order.
    pub groups: Vec<Group>,
}

/// Hosts that have standards in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// Names of hosts, any of which may match; `*` stands for anything.
    pub hosts: Vec<String>,
    /// Ids of shipped standards, or files.
    pub standards: Vec<String>,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            groups: Vec::new(),
        }
    }
}

/// Where the groups of this user are kept.
///
/// # Source
///
/// XDG Base Directory Specification: configuration.
pub fn usual() -> PathBuf {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.filter(|it| it.is_absolute()).or_else(|| {
        let home = std::env::var_os("HOME").filter(|it| !it.is_empty())?;
        Some(PathBuf::from(home).join(".config"))
    });
    let config = config.unwrap_or_else(std::env::temp_dir);
    config.join("kymo").join("groups.ron")
}

/// Reads the groups; a file that is not there holds none.
///
/// # Errors
///
/// The disk refuses, or the file is no list of groups, with line and column.
pub fn read(path: &Path) -> Result<Groups, Problem> {
    let what = || format!("could not read {}", path.display());
    let mut bytes = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file
            .take(TEXT_MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Groups::default());
        }
        Err(error) => return Err(Problem::from_error(what(), &error, Sort::NotReadable)),
    };
    let refused = |why: String, what_to_do: String, sort| Problem {
        what: what(),
        why,
        what_to_do,
        sort,
    };
    if bytes.len() as u64 > TEXT_MAX_BYTES {
        let why = format!("it is larger than {TEXT_MAX_BYTES} bytes");
        return Err(refused(why, "fewer groups".to_owned(), Sort::Limit));
    }
    let text = String::from_utf8_lossy(&bytes);
    if model::text::scan::judge(&text, DEPTH_MAX).is_err() {
        let why = "brackets too deep, or a character that is not seen".to_owned();
        return Err(refused(
            why,
            format!("an example: {}", KIND.example),
            Sort::NotUsable,
        ));
    }
    let groups: Groups = ron::from_str(&text).map_err(|error| {
        let start = error.span.start;
        let (why, next) = near::told(&error.code, KIND);
        Problem {
            what: format!("{}:{}:{}: the text", path.display(), start.line, start.col),
            why,
            what_to_do: next,
            sort: Sort::NotUsable,
        }
    })?;
    if groups.schema > SCHEMA {
        let why = format!("its schema {} is newer than {SCHEMA}", groups.schema);
        return Err(refused(
            why,
            "a newer build of Kymo".to_owned(),
            Sort::TooNew,
        ));
    }
    if groups.groups.len() > GROUPS_MAX {
        let why = format!("more than {GROUPS_MAX} groups");
        return Err(refused(why, "fewer groups".to_owned(), Sort::Limit));
    }
    Ok(groups)
}

/// Writes the groups, whole or not at all.
///
/// # Errors
///
/// The disk refuses.
pub fn write(path: &Path, groups: &Groups) -> Result<(), Problem> {
    let what = || format!("could not write {}", path.display());
    let form = ron::ser::PrettyConfig::new().depth_limit(3).new_line("\n");
    let text = ron::ser::to_string_pretty(groups, form)
        .map_err(|error| Problem::from_error(what(), &error, Sort::Bug))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Problem::from_error(what(), &error, Sort::Denied))?;
    }
    replace(path, (text + "\n").as_bytes())
}

impl Groups {
    /// Gives a group a standard, and further hosts; a group of a new name needs hosts.
    ///
    /// # Errors
    ///
    /// The group is new and no host is named.
    pub fn attach(&mut self, name: &str, standard: &str, hosts: &[String]) -> Result<(), Problem> {
        let known = self.groups.iter().position(|it| it.name == name);
        let place = match known {
            Some(place) => place,
            None if hosts.is_empty() => {
                return Err(Problem {
                    what: format!("could not begin the group {name:?}"),
                    why: "it has no hosts".to_owned(),
                    what_to_do: "--hosts GLOB, such as 'web-*'".to_owned(),
                    sort: Sort::Usage,
                });
            }
            None => {
                self.groups.push(Group {
                    name: name.to_owned(),
                    ..Group::default()
                });
                self.groups.len() - 1
            }
        };
        let group = &mut self.groups[place];
        for host in hosts {
            if !group.hosts.contains(host) {
                group.hosts.push(host.clone());
            }
        }
        if !group.standards.iter().any(|it| it == standard) {
            group.standards.push(standard.to_owned());
        }
        Ok(())
    }

    /// Takes a standard from a group; one without standards goes.
    ///
    /// # Errors
    ///
    /// There is no such group, or it has no such standard.
    pub fn detach(&mut self, name: &str, standard: &str) -> Result<(), Problem> {
        let found = self.groups.iter_mut().find(|it| it.name == name);
        let had = found.is_some_and(|group| {
            let before = group.standards.len();
            group.standards.retain(|it| it != standard);
            group.standards.len() < before
        });
        if !had {
            return Err(Problem {
                what: format!("could not take {standard} from the group {name:?}"),
                why: "the group is not there, or has no such standard".to_owned(),
                what_to_do: "kymo standard list".to_owned(),
                sort: Sort::Usage,
            });
        }
        self.groups.retain(|it| !it.standards.is_empty());
        Ok(())
    }

    /// The standards of the groups that some of these hosts are in, each with its scope cut
    /// to those hosts; what cannot be loaded is told beside them.
    pub fn standards_of(&self, hosts: &[String]) -> (Vec<Standard>, Vec<Problem>) {
        let (mut found, mut problems): (Vec<Standard>, Vec<Problem>) = (Vec::new(), Vec::new());
        for group in &self.groups {
            let inside = hosts.iter().filter(|host| {
                let mut globs = group.hosts.iter();
                globs.any(|it| glob_matches(it, host))
            });
            let inside: Vec<&String> = inside.collect();
            if inside.is_empty() {
                continue;
            }
            for name in &group.standards {
                match super::load(name) {
                    Ok(standard) => add(&mut found, standard, &inside),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        (found, problems)
    }
}

/// Adds a standard for some hosts, or these hosts to it where it is there.
fn add(found: &mut Vec<Standard>, mut standard: Standard, hosts: &[&String]) {
    let hosts = hosts.iter().filter(|host| standard.admits(host));
    let hosts: Vec<String> = hosts.map(|it| (*it).clone()).collect();
    if hosts.is_empty() {
        return;
    }
    match found.iter_mut().find(|it| it.id == standard.id) {
        Some(known) => {
            for host in hosts {
                if !known.scope.hosts.contains(&host) {
                    known.scope.hosts.push(host);
                }
            }
        }
        None => {
            standard.scope.hosts = hosts;
            found.push(standard);
        }
    }
}
