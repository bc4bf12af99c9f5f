//! Recipes: the text, its file, running and resuming.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::bounded;
use eframe::egui::Context;
use workflow::planning::file;
use workflow::problem::{Problem, Sort};
use workflow::recipe::{self, Launcher};
use workflow::stored;

use crate::app::App;
use crate::desk;
use crate::places;
use crate::tasks::{Outcome, Pool, Purpose, Ticket, Written};
use crate::view::recipe::Action;

/// News that may wait between two frames; a run says a line every few seconds.
const NEWS_MAX: usize = 4_096;

impl App {
    pub(super) fn recipes(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Edit(recipe) => self.desk.runs.edit(*recipe),
            Action::Text(text) => self.desk.runs.set_text(text),
            Action::New => self.desk.runs.begin(),
            Action::Open => self.pick(Purpose::OpenRecipe),
            Action::Save => match self.desk.runs.path().map(Path::to_path_buf) {
                Some(path) => self.save_recipe(path),
                None => self.pick(Purpose::SaveRecipe),
            },
            Action::SaveAs => self.pick(Purpose::SaveRecipe),
            Action::Run => self.run_recipe(),
            Action::PickRun => self.pick(Purpose::OpenRun),
            Action::Resume => self.resume_run(),
            Action::Stop => self.desk.runs.stop(),
            Action::OpenSession(path) => self.open(path),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    pub(super) fn open_recipe(&mut self, path: PathBuf) {
        let label = format!("reading {}", path.display());
        self.work.start(Pool::Long, label, move |_| {
            let text = match places::read(&path) {
                Ok(Some(text)) => Ok(text),
                Ok(None) => Err(stored::missing(&path)),
                Err(error) => {
                    let what = format!("could not read {}", path.display());
                    Err(Problem::from_error(what, &error, Sort::NotReadable))
                }
            };
            Outcome::RecipeRead(path, text)
        });
    }

    pub(super) fn recipe_read(&mut self, path: PathBuf, text: Result<String, Problem>) {
        match text {
            Ok(text) => self.desk.runs.read(path, text),
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    pub(super) fn save_recipe(&mut self, path: PathBuf) {
        let (text, version) = (self.desk.runs.text().to_owned(), self.desk.runs.version());
        self.work.start(Pool::Long, "saving the recipe", move |_| {
            let written = file::write_text(&path, &text);
            Outcome::RecipeWritten(path, version, written)
        });
    }

    pub(super) fn recipe_written(
        &mut self,
        path: PathBuf,
        version: u64,
        result: Result<(), Problem>,
    ) {
        match result {
            Ok(()) => self.desk.runs.written(path, version),
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    /// Saves the recipe and runs it, as a job.
    fn run_recipe(&mut self) {
        let runs = &self.desk.runs;
        let Some(path) = runs.path().map(Path::to_path_buf) else {
            self.pick(Purpose::SaveRecipe);
            return;
        };
        if runs.is_running() {
            return;
        }
        let (text, version) = (runs.text().to_owned(), runs.version());
        let begin = move || {
            file::write_text(&path, &text)?;
            recipe::begin(&path, None)
        };
        self.start_run("running the recipe", PathBuf::new(), begin);
        if let Some(path) = self.desk.runs.path().map(Path::to_path_buf) {
            self.desk.runs.written(path, version);
        }
    }

    fn resume_run(&mut self) {
        let folder = self.desk.runs.run().map(|it| it.folder.clone());
        let Some(folder) = folder.filter(|_| !self.desk.runs.is_running()) else {
            return;
        };
        let known = folder.clone();
        self.start_run("resuming the run", folder, move || Ok(known));
    }

    fn start_run(
        &mut self,
        label: &str,
        folder: PathBuf,
        begin: impl FnOnce() -> Result<PathBuf, Problem> + Send + 'static,
    ) {
        let launcher = launcher(self.desk.launcher);
        let (tell, news) = bounded(NEWS_MAX);
        let (ask, stop) = bounded(1);
        let asked = ask.clone();
        let id = self.work.start(Pool::Long, label, move |context| {
            let folder = match begin() {
                Ok(folder) => folder,
                Err(problem) => return Outcome::Ran(PathBuf::new(), Err(problem)),
            };
            let ended = recipe::run(&folder, (&launcher, &stop), &mut |one| {
                // A window that is far behind misses lines; the log has them.
                drop(tell.try_send(one.clone()));
                if context.cancelled() {
                    asked.try_send(()).unwrap_or_default();
                }
            });
            Outcome::Ran(folder, ended)
        });
        let Some(id) = id else { return };
        let known = self.desk.runs.run().map(|it| it.steps.clone());
        let steps = known.filter(|_| !folder.as_os_str().is_empty());
        let steps = steps.unwrap_or_else(|| self.desk.runs.recipe().steps());
        let running = (Ticket(Pool::Long, id), news, ask);
        self.desk.runs.started((folder, steps), running);
    }

    pub(super) fn ran(&mut self, folder: PathBuf, result: Result<recipe::Answer, Problem>) {
        if result.is_ok() {
            let written = Written {
                path: folder.clone(),
                remark: String::new(),
                session: false,
            };
            self.finished(Outcome::Written("The run is done", Ok(written)));
        }
        self.desk.runs.ended(folder.clone(), result);
        // What the log says in full, so that steps of earlier sittings show too.
        self.look_at_run(folder);
    }

    pub(super) fn look_at_run(&mut self, folder: PathBuf) {
        if folder.as_os_str().is_empty() {
            return;
        }
        let label = format!("looking at {}", folder.display());
        self.work.start(Pool::Quick, label, move |_| {
            let seen = recipe::look(&folder).map(Arc::new);
            Outcome::RunSeen(folder, seen)
        });
    }
}

/// Starts agents as the window does, with further arguments.
fn launcher(start: desk::Launcher) -> Launcher {
    Arc::new(move |target, arguments| {
        let mut launch = start(target).map_err(|error| {
            Problem::from_error("could not find the running program", &error, Sort::Bug)
        })?;
        launch.arguments.extend(arguments);
        Ok(launch)
    })
}
