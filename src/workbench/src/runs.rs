//! The recipe on the desk and the run that is watched: text, mistakes, steps, log.
//!
//! Never: reads a file or waits; `act::recipes` starts the jobs, news come by a channel
//! that is only looked at.
//!
//! Start at [`Runs`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use model::recipe::{Recipe, Step};
use workflow::problem::Problem;
use workflow::recipe::log::{Standing, State};
use workflow::recipe::text::{self, Mistake};
use workflow::recipe::{Answer, News, Seen};

use crate::tasks::{Ticket, Work};

/// Lines of the log that are shown.
const TAIL: usize = 200;

/// The recipe and its run.
pub struct Runs {
    recipe: Recipe,
    text: String,
    mistakes: Vec<Mistake>,
    path: Option<PathBuf>,
    /// Raised with each change.
    version: u64,
    /// The version that the file holds.
    saved: Option<u64>,
    run: Option<Run>,
    trouble: Option<String>,
}

/// The run that is watched.
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// The steps it has.
    pub steps: Vec<Step>,
    /// What its log says.
    pub state: State,
    /// The newest lines, oldest first.
    pub tail: Vec<News>,
    /// How it ended, if it did while it was watched.
    pub answer: Option<Answer>,
    running: Option<(Ticket, Receiver<News>, Sender<()>)>,
}

impl Default for Runs {
    fn default() -> Self {
        let recipe = Recipe::new("measurement");
        Self {
            text: text::text(&recipe).unwrap_or_default(),
            recipe,
            mistakes: Vec::new(),
            path: None,
            version: 0,
            saved: None,
            run: None,
            trouble: None,
        }
    }
}

impl Runs {
    /// The recipe, as the text said it last while it was sound.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The text, sound or not.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with the text.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether the file holds the text.
    pub fn is_saved(&self) -> bool {
        self.saved == Some(self.version)
    }

    /// Changes whenever the text does.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The run that is watched.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Why the last run or look ended.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether a run goes on.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|it| it.running.is_some())
    }

    /// Takes a changed recipe; the text follows.
    pub fn edit(&mut self, recipe: Recipe) {
        if let Ok(text) = text::text(&recipe) {
            self.set_text(text);
            // A faulty recipe stays in the form, with its faults told.
            self.recipe = recipe;
        }
    }

    /// Takes a text that was written by hand; the recipe follows once it is sound.
    pub fn set_text(&mut self, text: String) {
        self.version += 1;
        self.mistakes.clear();
        match text::parse(&text) {
            Ok(recipe) => self.recipe = recipe,
            Err(mistakes) => self.mistakes = mistakes,
        }
        self.text = text;
    }

    /// An empty recipe.
    pub fn begin(&mut self) {
        let version = self.version + 1;
        let run = self.run.take();
        *self = Self {
            version,
            run,
            ..Self::default()
        };
    }

    /// A recipe was read from a file.
    pub fn read(&mut self, path: PathBuf, text: String) {
        self.set_text(text);
        self.path = Some(path);
        self.saved = Some(self.version);
    }

    /// A version was written to a file.
    pub fn written(&mut self, path: PathBuf, version: u64) {
        self.path = Some(path);
        self.saved = Some(version);
    }

    /// A job runs what is left in a folder.
    pub fn started(
        &mut self,
        (folder, steps): (PathBuf, Vec<Step>),
        running: (Ticket, Receiver<News>, Sender<()>),
    ) {
        self.trouble = None;
        self.run = Some(Run {
            folder,
            steps,
            state: State::default(),
            tail: Vec::new(),
            answer: None,
            running: Some(running),
        });
    }

    /// The folder of a run was looked at.
    pub fn seen(&mut self, folder: PathBuf, seen: Result<Arc<Seen>, Problem>) {
        match seen {
            Err(problem) => self.trouble = Some(problem.to_string()),
            Ok(seen) => {
                let running = match self.run.take() {
                    Some(run) if run.folder == folder => run.running,
                    _ => None,
                };
                self.run = Some(Run {
                    folder,
                    steps: seen.recipe.steps(),
                    state: seen.state.clone(),
                    tail: seen.tail.clone(),
                    answer: None,
                    running,
                });
            }
        }
    }

    /// The run ended.
    pub fn ended(&mut self, folder: PathBuf, result: Result<Answer, Problem>) {
        self.hear();
        if let Some(run) = self.run.as_mut() {
            run.running = None;
            // It may have failed before it had a folder.
            if !folder.as_os_str().is_empty() {
                run.folder = folder;
            }
            run.answer = result.as_ref().ok().cloned();
        }
        self.trouble = result.err().map(|it| it.to_string());
    }

    /// Asks the run to stop.
    pub fn stop(&self) {
        let running = self.run.as_ref().and_then(|it| it.running.as_ref());
        if let Some((_, _, stop)) = running {
            // A full channel holds the wish already.
            stop.try_send(()).unwrap_or_default();
        }
    }

    /// Takes in what came of the run since the last frame.
    fn hear(&mut self) {
        let Some(run) = self.run.as_mut() else { return };
        let Some((_, news, _)) = &run.running else {
            return;
        };
        for one in news.try_iter() {
            run.state.add(&one.entry);
            run.tail.push(one);
        }
        let more = run.tail.len().saturating_sub(TAIL);
        run.tail.drain(..more);
    }

    /// Takes in news, and forgets a job that met a bug.
    pub fn settle(&mut self, work: &Work) {
        self.hear();
        let Some(run) = self.run.as_mut() else { return };
        if run.running.as_ref().is_some_and(|it| !work.runs(it.0)) {
            run.running = None;
            self.trouble
                .get_or_insert_with(|| "the run met a bug; resume it".to_owned());
        }
    }
}

impl Run {
    /// Where a step stands now.
    pub fn standing(&self, step: Step) -> Standing {
        self.state.standing(step)
    }

    /// Whether a job works on it.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// What was said of a step last.
    pub fn said(&self, step: Step) -> Option<&News> {
        self.tail
            .iter()
            .rev()
            .find(|it| it.entry.step == Some(step))
    }
}
