//! What finished jobs bring.

use workflow::problem::Problem;

use crate::app::App;
use crate::notices::Offer;
use crate::tasks::{Outcome, Written};

impl App {
    /// Takes in one outcome; what belongs to the session goes there.
    pub fn finished(&mut self, outcome: Outcome) {
        let Some(outcome) = self.session.take_in_findings(outcome, &mut self.work) else {
            return;
        };
        match outcome {
            Outcome::Opened(file) => self.opened(*file),
            Outcome::Picked(purpose, picked) => self.picked(purpose, picked),
            Outcome::RecordStarted(result) => match self.recorder.started(result) {
                Ok(path) => self.note(format!("Recording to {}", path.display()), Vec::new()),
                Err(problem) => self.tell(&problem, Vec::new()),
            },
            Outcome::Recorded(result) => {
                self.recorder.finished();
                match result {
                    Ok(path) => {
                        self.desk.recent.opened(&path);
                        let offers = vec![Offer::Open(path.clone()), Offer::CopyPath(path.clone())];
                        self.note(format!("Recorded {}", path.display()), offers);
                    }
                    Err(problem) => self.lost(&problem),
                }
            }
            Outcome::Written(done, result) => match result {
                Ok(written) => self.written(done, written),
                Err(problem) => self.tell(&problem, Vec::new()),
            },
            Outcome::Joined(Err(problem)) | Outcome::Saved(Err(problem)) => {
                self.tell(&problem, Vec::new());
            }
            Outcome::Previewed(path, how, preview) => {
                let preview = preview.map_err(|problem| problem.why);
                self.views.dialogs.previewed(&path, &how, preview);
            }
            Outcome::SharePreviewed(choice, preview) => {
                let preview = preview.map_err(|problem| problem.why);
                self.views.dialogs.share_previewed(&choice, preview);
            }
            Outcome::Shared(result) => self.shared(result),
            Outcome::PlanRead(path, result) => self.plan_read(path, result),
            Outcome::PlanWritten(path, version, result) => self.plan_written(path, version, result),
            Outcome::PlanPredicted(version, result) => self.plan_predicted(version, result),
            Outcome::Listed(result) => self.listed(result),
            Outcome::Followed(result) => self.desk.shelf.followed(result),
            Outcome::Reviewed(result) => self.desk.shelf.reviewed(result),
            Outcome::RecipeRead(path, text) => self.recipe_read(path, text),
            Outcome::RecipeWritten(path, version, result) => {
                self.recipe_written(path, version, result);
            }
            Outcome::RunSeen(folder, seen) => self.desk.runs.seen(folder, seen),
            Outcome::Ran(folder, result) => self.ran(folder, result),
            Outcome::Labelled(result) => self.labelled(result),
            Outcome::Attached(result) => self.standard_attached(result),
            Outcome::Loaded(loaded) => {
                for problem in self.session.standards.take_loaded(*loaded) {
                    self.tell(&problem, Vec::new());
                }
            }
            Outcome::Watched(round) => {
                let news = self.session.standards.take_round(*round);
                self.alerts_came(news);
            }
            Outcome::AlertsTold(problems) => {
                for problem in problems {
                    self.tell(&problem, Vec::new());
                }
            }
            Outcome::Hindrances(found) => self.desk.hindrances = found,
            Outcome::Noted(result) => self.noted(result),
            Outcome::Joined(Ok(())) | Outcome::Saved(Ok(())) => {}
            other => {
                if let Some(problem) = self.session.accept(other) {
                    self.tell(&problem, Vec::new());
                }
            }
        }
    }

    /// Tells what could not be kept; who wanted to leave should see it first.
    fn lost(&mut self, problem: &Problem) {
        self.views.dialogs.stay();
        self.tell(problem, Vec::new());
    }

    /// Notes or findings were stored, or stay for this sitting.
    fn noted(&mut self, result: Result<String, Problem>) {
        match result {
            Ok(said) if said.is_empty() => {}
            Ok(said) => self.note(said, Vec::new()),
            Err(problem) => {
                self.session.could_not_keep();
                let advice = format!(
                    "{}; until then it is kept for this sitting",
                    problem.what_to_do
                );
                self.lost(&problem.advise(advice));
            }
        }
    }

    fn written(&mut self, done: &str, written: Written) {
        let remark = match written.remark.as_str() {
            "" => String::new(),
            remark => format!(" ({remark})"),
        };
        let mut offers = vec![Offer::CopyPath(written.path.clone())];
        if written.session {
            self.desk.recent.opened(&written.path);
            offers.insert(0, Offer::Open(written.path.clone()));
        }
        self.note(
            format!("{done}: {}{remark}", written.path.display()),
            offers,
        );
    }
}
