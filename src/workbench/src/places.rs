//! Where settings, recent files and recordings are kept, and how they are written.
//!
//! Reading happens once, before the window opens; writing is job work, except
//! for the last save when the window is gone.
//!
//! Start at [`Places::find`].

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

/// Recent files remembered.
const RECENT_MAX: usize = 12;

/// Folders of the library.
const LIBRARIES_MAX: usize = 32;

/// A larger settings file is none of ours.
const SETTINGS_MAX_BYTES: u64 = 4 << 20;

/// Folders of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Settings; `None` keeps nothing.
    pub config: Option<PathBuf>,
    /// Recordings by default.
    pub sessions: PathBuf,
}

/// Files opened lately and the folders used, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    /// Sessions and files.
    pub files: Vec<PathBuf>,
    /// Targets attached by hand.
    pub targets: Vec<String>,
    /// What agents hear of applications, by target, as the command line writes it.
    pub heard: BTreeMap<String, Vec<String>>,
    /// Standards that live data is watched with: ids and files.
    pub watched: Vec<String>,
    /// Where the last recording went, if the user chose a folder.
    pub record_folder: Option<PathBuf>,
    /// Folders of the library.
    pub libraries: Vec<PathBuf>,
    /// Whether the tour was seen.
    pub tour_seen: bool,
    /// Size of the window and whether it was maximized when it was last there.
    pub window: Option<Frame>,
}

/// What of the window is kept. Where it stood is left to the desktop, whose
/// screens may be others next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Width and height in whole points when not maximized.
    pub size: [u16; 2],
    /// Whether it filled the screen.
    pub maximized: bool,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            size: [1440, 900],
            maximized: false,
        }
    }
}

impl Frame {
    /// The smallest window in which everything can be reached.
    pub const LEAST: [u16; 2] = [640, 420];

    /// A size that can be asked for, whatever was saved.
    pub fn bounded(self) -> Self {
        let [width, height] = self.size;
        let [least_width, least_height] = Self::LEAST;
        Self {
            size: [
                width.clamp(least_width, 16_384),
                height.clamp(least_height, 16_384),
            ],
            ..self
        }
    }
}

impl Places {
    /// The folders of the platform's convention.
    pub fn find() -> Self {
        let strategy = etcetera::choose_base_strategy();
        let config = strategy
            .as_ref()
            .ok()
            .map(|it| it.config_dir().join("kymo"));
        let data = strategy.map_or_else(|_| std::env::temp_dir(), |it| it.data_dir());
        Self {
            config,
            sessions: data.join("kymo").join("sessions"),
        }
    }

    /// The saved workspace.
    pub fn workspace(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join("workspace.ron"))
    }

    /// The recent files.
    pub fn recent(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join("recent.ron"))
    }

    /// Groups of hosts and their standards.
    pub fn groups(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join("groups.ron"))
    }

    /// The plan that is worked on, saved or not.
    pub fn draft(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join("plan.ron"))
    }
}

impl Recent {
    /// Remembers a file as the newest.
    pub fn opened(&mut self, path: &Path) {
        remember(&mut self.files, path.to_path_buf());
    }

    /// Adds a folder to the library.
    pub fn add_library(&mut self, folder: PathBuf) {
        if !self.libraries.contains(&folder) && self.libraries.len() < LIBRARIES_MAX {
            self.libraries.push(folder);
        }
    }

    /// Remembers a target as the newest, and forgets what those no longer listed hear.
    pub fn attached(&mut self, target: &str) {
        remember(&mut self.targets, target.to_owned());
        let targets = &self.targets;
        self.heard
            .retain(|known, _| known == "local" || targets.contains(known));
    }

    /// What the agent of a target is to hear.
    pub fn heard(&self, target: &str) -> &[String] {
        self.heard.get(target).map_or(&[], Vec::as_slice)
    }

    /// Remembers what the agent of a target is to hear; with nothing, nothing is kept.
    pub fn hear(&mut self, target: &str, what: Vec<String>) {
        match what.is_empty() {
            true => self.heard.remove(target),
            false => self.heard.insert(target.to_owned(), what),
        };
    }
}

fn remember<T: PartialEq>(list: &mut Vec<T>, item: T) {
    list.retain(|known| *known != item);
    list.insert(0, item);
    list.truncate(RECENT_MAX);
}

/// Reads a settings file; `None` when there is none yet.
///
/// # Errors
///
/// What the system says, or that the file is far too large.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(facts) if facts.len() > SETTINGS_MAX_BYTES => Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => fs::read_to_string(path).map(Some),
    }
}

/// Writes a settings file whole or not at all.
///
/// # Errors
///
/// What the system says; the old file is then untouched.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = path.with_extension("part");
    let mut file = fs::File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}

/// The folder itself, or the nearest one above it that is there.
pub fn existing(folder: &Path) -> &Path {
    let found = folder.ancestors().find(|it| it.is_dir());
    found.unwrap_or(Path::new("."))
}

/// Makes a folder and those above it.
///
/// # Errors
///
/// What the system says.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Keeps a settings file that cannot be read beside the new one.
///
/// # Errors
///
/// What the system says.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension("unreadable.ron");
    fs::rename(path, &aside)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_whole_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("workspace.ron");
        assert_eq!(read(&path).expect("no file is fine"), None);
        write(&path, "(a)").expect("it is written");
        write(&path, "(b)").expect("it is written again");
        assert_eq!(read(&path).expect("it reads"), Some("(b)".to_owned()));
        let aside = set_aside(&path).expect("it moves");
        assert!(aside.is_file() && !path.exists());
    }

    #[test]
    fn recent_files_are_few_and_newest_first() {
        let mut recent = Recent::default();
        for i in 0..40 {
            recent.opened(Path::new(&format!("/s/{}.kymo", i % 20)));
        }
        assert_eq!(recent.files.len(), RECENT_MAX);
        assert_eq!(recent.files[0], Path::new("/s/19.kymo"));
    }
}
