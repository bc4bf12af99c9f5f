//! Where a control group is: versions 1 and 2 and both at once.
//!
//! Start at [`find`].
//!
//! # Source
//!
//! Linux `Documentation/admin-guide/cgroup-v1/`, `…/cgroup-v2.rst`.

use model::plan::check::is_group_path;

use crate::act::dry::quoted;
use crate::act::machine::{Links, Machine};
use crate::act::world::{Spot, Trouble};

/// Where version 2 is mounted.
const UNIFIED: &[&str] = &["sys/fs/cgroup", "sys/fs/cgroup/unified"];

/// A setting's files in both versions.
pub(crate) struct Files {
    /// What stands after the group in a key.
    pub(crate) name: &'static str,
    /// Folders of version 1 that may have the controller.
    pub(crate) v1_folders: &'static [&'static str],
    /// A file of the controller in version 1.
    pub(crate) v1: &'static str,
    /// The file in version 2.
    pub(crate) v2: &'static str,
}

/// A group in one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Folder of the hierarchy.
    pub(crate) folder: &'static str,
    /// Path below it.
    pub(crate) path: String,
    /// Version of the hierarchy.
    pub(crate) version: Version,
}

/// Version of a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// One hierarchy a controller.
    One,
    /// One hierarchy for all.
    Two,
}

/// The group's path in a key of this setting.
pub(crate) fn path<'a>(key: &'a str, name: &str) -> Option<&'a str> {
    let path = key.strip_prefix("cgroup:")?.strip_suffix(name)?;
    path.strip_suffix(':')
}

/// Finds the group of a key.
pub(crate) fn find(machine: &Machine, spot: &Spot, files: &Files) -> Result<Group, Trouble> {
    let path = path(&spot.key, files.name).filter(|it| is_group_path(it));
    let path = path.ok_or_else(|| Trouble::Refused(format!("{} is no key", spot.key)))?;
    place(machine, path, files)
}

/// Finds a group by its path.
pub(crate) fn place(machine: &Machine, path: &str, files: &Files) -> Result<Group, Trouble> {
    let path = path.trim_start_matches('/');
    let group = |folder: &'static str, version| Group {
        folder,
        path: path.to_owned(),
        version,
    };
    let ones = files
        .v1_folders
        .iter()
        .map(|it| (*it, files.v1, Version::One));
    let twos = UNIFIED.iter().map(|it| (*it, files.v2, Version::Two));
    for (folder, file, version) in ones.chain(twos) {
        if machine.has(folder, &format!("{path}/{file}")) {
            return Ok(group(folder, version));
        }
    }
    Err(Trouble::Gone(format!(
        "there is no control group /{path} with {}",
        files.v2
    )))
}

impl Group {
    /// Trimmed text of one of its files.
    pub(crate) fn text(&self, machine: &Machine, file: &str) -> Result<String, Trouble> {
        let path = format!("{}/{file}", self.path);
        let text = machine.text(self.folder, &path, Links::Never)?;
        Ok(text.trim().to_owned())
    }

    /// Writes one of its files.
    pub(crate) fn put(&self, machine: &Machine, file: &str, value: &str) -> Result<(), Trouble> {
        let path = format!("{}/{file}", self.path);
        machine.put((self.folder, &path), value, Links::Never)
    }

    /// The command that writes one of its files.
    pub(crate) fn by_hand(&self, file: &str, value: &str) -> String {
        let path = format!("/{}/{}/{file}", self.folder, self.path);
        format!("echo {} > {}", quoted(value), quoted(&path))
    }
}

/// The commands that set a value, or why there are none.
pub(crate) fn commands(
    group: Result<Group, Trouble>,
    of: impl Fn(&Group) -> Vec<String>,
) -> String {
    match group {
        Ok(group) => of(&group).join(" && "),
        Err(trouble) => format!("# {trouble}"),
    }
}
