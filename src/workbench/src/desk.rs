//! What the window keeps beside the workspace: folders, recent files, examples,
//! and when something was saved last.
//!
//! Start at [`Desk::open`] and [`Desk::save_if_due`].

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use workflow::launch::Launch;
use workflow::problem::{Problem, Sort};
use workflow::target::Target;

use crate::Example;
use crate::carrying::Carrying;
use crate::history::History;
use crate::places::{self, Places, Recent};
use crate::plans::Plans;
use crate::runs::Runs;
use crate::shelf::Shelf;
use crate::tasks::{Outcome, Pool, Work};
use crate::workspace::Workspace;

/// A change is saved this long after it was made.
pub const SAVE_AFTER: Duration = Duration::from_secs(2);

/// How an agent for a target is started.
pub type Launcher = fn(Target) -> std::io::Result<Launch>;

/// Judges what an agent shall hear: the text itself, or what is wrong with it.
pub type Checker = fn(&str) -> Result<String, String>;

/// Something that keeps applications on this machine from being heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// What was tried, and what was found.
    pub what: String,
    /// What would help.
    pub fix: String,
}

/// Looks for hindrances; opens sockets and files, so a job calls it.
pub type Prober = fn() -> Vec<Hindrance>;

/// Folders, lists and savings of this user.
pub struct Desk {
    /// Where things are kept.
    pub places: Places,
    /// Files opened lately.
    pub recent: Recent,
    /// Sessions that come with the program.
    pub examples: Vec<Example>,
    /// The zone of this machine; looking it up reads files.
    pub local_zone: TimeZone,
    /// How agents are started.
    pub launcher: Launcher,
    /// Judges what they shall hear; without one of the caller's the agent alone does.
    pub checker: Checker,
    /// Looks what keeps them from hearing applications here.
    pub prober: Prober,
    /// What it found, when it was last asked.
    pub hindrances: Vec<Hindrance>,
    /// The plan that is worked on.
    pub plans: Plans,
    /// What an agent does with it.
    pub carrying: Carrying,
    /// Many sessions.
    pub shelf: Shelf,
    /// The recipe and its run.
    pub runs: Runs,
    saved: u64,
    /// The version of the plans that is kept.
    saved_plans: u64,
    saved_recent: Recent,
    changed_at: Option<Instant>,
}

/// What was found when the window opened.
pub struct Found {
    /// The desk.
    pub desk: Desk,
    /// The saved workspace, or the standard one.
    pub workspace: Workspace,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Desk {
    /// Reads what was saved; called once, before the window opens.
    pub fn open(places: Places, examples: Vec<Example>, launcher: Launcher) -> Found {
        let mut problems = Vec::new();
        let workspace = load(places.workspace().as_deref(), &mut problems, |text| {
            Workspace::read(text).map_err(|error| workflow::link::chain(&error))
        });
        let recent: Recent = load(places.recent().as_deref(), &mut problems, |text| {
            ron::from_str(text).map_err(|error| error.to_string())
        });
        let plans: Option<Plans> = load(places.draft().as_deref(), &mut problems, |text| {
            Plans::of_draft(text).map(Some)
        });
        Found {
            desk: Self {
                places,
                saved_recent: recent.clone(),
                recent,
                examples,
                local_zone: TimeZone::system(),
                launcher,
                checker: |text| Ok(text.to_owned()),
                prober: Vec::new,
                hindrances: Vec::new(),
                plans: plans.unwrap_or_else(|| Plans::new(crate::plans::now())),
                carrying: Carrying::default(),
                shelf: Shelf::default(),
                runs: Runs::default(),
                saved: 0,
                saved_plans: 0,
                changed_at: None,
            },
            workspace,
            problems,
        }
    }

    /// The folder for recordings: the one used last, else the usual one.
    pub fn record_folder(&self) -> &Path {
        let chosen = self.recent.record_folder.as_deref();
        chosen.unwrap_or(&self.places.sessions)
    }

    /// Saves by a job when a change is old enough; says when to look again.
    pub fn save_if_due(
        &mut self,
        history: &History,
        now: Instant,
        work: &mut Work,
    ) -> Option<Duration> {
        if !self.is_unsaved(history) {
            self.changed_at = None;
            return None;
        }
        let since = *self.changed_at.get_or_insert(now);
        let age = now.saturating_duration_since(since);
        if age < SAVE_AFTER {
            return Some(SAVE_AFTER - age);
        }
        let files = self.files(history);
        let started = work.start(Pool::Long, "saving settings", move |_| {
            Outcome::Saved(files.and_then(|files| write(&files)))
        });
        if started.is_some() {
            self.mark_saved(history);
        }
        None
    }

    /// Saves here and now, when the window goes away.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn save_now(&mut self, history: &History) -> Result<(), Problem> {
        if !self.is_unsaved(history) {
            return Ok(());
        }
        let files = self.files(history)?;
        self.mark_saved(history);
        write(&files)
    }

    fn is_unsaved(&self, history: &History) -> bool {
        self.places.config.is_some()
            && (self.saved != history.changes()
                || self.saved_recent != self.recent
                || self.saved_plans != self.plans.kept())
    }

    fn mark_saved(&mut self, history: &History) {
        self.saved = history.changes();
        self.saved_recent = self.recent.clone();
        self.saved_plans = self.plans.kept();
        self.changed_at = None;
    }

    fn files(&self, history: &History) -> Result<Vec<(PathBuf, String)>, Problem> {
        let bug =
            |error: ron::Error| Problem::from_error("could not write settings", &error, Sort::Bug);
        let workspace = history.now().write().map_err(bug)?;
        let pretty = ron::ser::PrettyConfig::new();
        let recent = ron::ser::to_string_pretty(&self.recent, pretty).map_err(bug)?;
        let draft = self.plans.draft().map_err(|why| Problem {
            what: "could not keep the plan that is worked on".to_owned(),
            why,
            what_to_do: "save the plan as a file".to_owned(),
            sort: Sort::Bug,
        })?;
        let places = &self.places;
        let all = [
            (places.workspace(), workspace),
            (places.recent(), recent),
            (places.draft(), draft),
        ];
        let known = all.into_iter();
        Ok(known
            .filter_map(|(path, text)| Some((path?, text)))
            .collect())
    }
}

fn write(files: &[(PathBuf, String)]) -> Result<(), Problem> {
    for (path, text) in files {
        places::write(path, text).map_err(|error| {
            let what = format!("could not keep settings in {}", path.display());
            Problem::from_error(what, &error, Sort::Denied)
                .advise("make that folder writable; until then the layout is lost at the end")
        })?;
    }
    Ok(())
}

/// Reads one saved file; what cannot be read is set aside, not overwritten.
fn load<T: Default>(
    path: Option<&Path>,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> T {
    let Some(path) = path else {
        return T::default();
    };
    let why = match places::read(path) {
        Ok(None) => return T::default(),
        Ok(Some(text)) => match read(&text) {
            Ok(value) => return value,
            Err(why) => why,
        },
        Err(error) => error.to_string(),
    };
    let what_to_do = match places::set_aside(path) {
        Ok(aside) => format!("it was kept as {}; the standard is used", aside.display()),
        Err(error) => format!("it could not be moved either ({error}); the standard is used"),
    };
    problems.push(Problem {
        what: format!("could not read {}", path.display()),
        why,
        what_to_do,
        sort: Sort::NotUsable,
    });
    T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(folder: &Path) -> Places {
        Places {
            config: Some(folder.join("config")),
            sessions: folder.join("sessions"),
        }
    }

    fn launcher(target: Target) -> std::io::Result<Launch> {
        Launch::current(target, Vec::new())
    }

    #[test]
    fn a_changed_workspace_is_there_next_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut found = Desk::open(places(folder.path()), Vec::new(), launcher);
        assert!(found.problems.is_empty());
        let mut history = History::new(found.workspace);
        history.edit("columns", Instant::now(), |it| it.columns = 3);
        found.desk.recent.opened(Path::new("/a.kymo"));
        assert_eq!(found.desk.save_now(&history), Ok(()));
        let again = Desk::open(places(folder.path()), Vec::new(), launcher);
        assert_eq!(again.workspace.columns, 3);
        assert_eq!(again.desk.recent.files, [Path::new("/a.kymo")]);
    }

    #[test]
    fn a_plan_that_was_not_saved_is_there_next_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut desk = Desk::open(places(folder.path()), Vec::new(), launcher).desk;
        let title = plan::edit::Change::Title("half the users".to_owned());
        assert_eq!(desk.plans.apply(title.into()), Ok(()));
        let history = History::new(Workspace::default());
        assert_eq!(desk.save_now(&history), Ok(()));
        let again = Desk::open(places(folder.path()), Vec::new(), launcher);
        assert!(again.problems.is_empty(), "{:?}", again.problems);
        assert_eq!(again.desk.plans.plan().title, "half the users");
        assert!(!again.desk.plans.is_saved());
    }

    #[test]
    fn an_unreadable_layout_is_kept_and_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = places(folder.path());
        let path = places.workspace().expect("a path");
        places::write(&path, "(version: 99)").expect("it is written");
        let found = Desk::open(places, Vec::new(), launcher);
        assert_eq!(found.workspace, Workspace::default());
        assert!(
            found.problems[0].why.contains("newer"),
            "{:?}",
            found.problems
        );
        assert!(path.with_extension("unreadable.ron").is_file());
    }
}
