//! The library: folders, listing, labels, trends; opening and comparing from it.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Context;
use model::period::Cycle;
use workflow::jobs::Context as JobContext;
use workflow::library::label::{self, Change};
use workflow::library::trend::{self, Request};
use workflow::library::{self, Entry, Freshness, Listing, Setup};
use workflow::planning::{book, file};
use workflow::problem::{Problem, Sort};
use workflow::{report, review};

use crate::app::App;
use crate::contrast::sides::{Half, Which};
use crate::export::Form;
use crate::layout::Screen;
use crate::shelf::Reviewed;
use crate::shell::screens::compared;
use crate::tasks::{Outcome, Pool, Purpose, Ticket, Written};
use crate::view::library::Action;

impl App {
    pub(super) fn library(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::PickFolder => self.pick(Purpose::AddLibrary),
            Action::AddFolder(folder) => self.add_library(folder),
            Action::RemoveFolder(folder) => {
                self.desk.recent.libraries.retain(|it| *it != folder);
                self.list_library(Freshness::Index);
            }
            Action::List(freshness) => self.list_library(freshness),
            Action::Open(path) => self.open(path),
            Action::Compare(before, after) => self.compare_sessions(before, after),
            Action::Label(paths, change) => self.label_sessions(paths, change),
            Action::Follow(paths, request) => self.follow(paths, request),
            Action::Review(cycle, zone) => self.review(cycle, zone),
            Action::ExportReview(form) => self.pick(Purpose::ExportReview(form)),
            Action::Cancel => self.cancel_library(),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    pub(super) fn add_library(&mut self, folder: PathBuf) {
        self.desk.recent.add_library(folder);
        self.list_library(Freshness::Index);
    }

    /// Lists the folders of the library, as a job.
    fn list_library(&mut self, freshness: Freshness) {
        let setup = Setup {
            freshness,
            ..Setup::of(self.desk.recent.libraries.clone())
        };
        if let Some(Ticket(pool, id)) = self.desk.shelf.listing().ticket() {
            self.work.cancel(pool, id);
        }
        let work = move |context: &JobContext| Outcome::Listed(list(setup, context));
        let id = self.work.start(Pool::Long, "listing the library", work);
        self.desk.shelf.lists(id.map(|id| Ticket(Pool::Long, id)));
    }

    pub(super) fn listed(&mut self, result: Result<Listing, Problem>) {
        // Another listing, asked for later, is on its way.
        let stopped = |problem: &Problem| problem.sort == Sort::Cancelled;
        if result.as_ref().is_err_and(stopped) && self.desk.shelf.listing().is_running() {
            return;
        }
        self.desk.shelf.listed(result);
    }

    /// Compares two sessions of the library with each other.
    fn compare_sessions(&mut self, before: PathBuf, after: PathBuf) {
        for path in [&before, &after] {
            self.desk.recent.opened(path);
            self.session.forget_other(path);
        }
        self.bring_up(Screen::Compare);
        let axis = compared(&self.timeline);
        self.session.compare(&axis, &mut self.work, |sides| {
            sides.set(Which::Before, Half::file(before));
            sides.set(Which::After, Half::file(after));
        });
    }

    fn label_sessions(&mut self, paths: Vec<PathBuf>, change: Change) {
        let count = paths.len();
        let name = match count {
            1 => "labelling a session".to_owned(),
            count => format!("labelling {count} sessions"),
        };
        self.work.start(Pool::Long, name, move |context| {
            Outcome::Labelled(labelled(&paths, &change, context))
        });
    }

    pub(super) fn labelled(&mut self, result: Result<(), Problem>) {
        if let Err(problem) = result {
            self.tell(&problem, Vec::new());
        }
        // What was written before the trouble shows too.
        self.list_library(Freshness::Index);
    }

    fn follow(&mut self, paths: Vec<PathBuf>, request: Request) {
        let Some(listing) = self.desk.shelf.listing().found().cloned() else {
            return;
        };
        let name = format!("following {} over {} sessions", request.series, paths.len());
        let id = self.work.start(Pool::Long, name, move |context| {
            let meant = |entry: &&Entry| paths.contains(&entry.path);
            let entries: Vec<&Entry> = listing.entries.iter().filter(meant).collect();
            let followed = trend::of(&entries, &request, context);
            Outcome::Followed(followed.map(Box::new))
        });
        self.desk.shelf.follows(id.map(|id| Ticket(Pool::Long, id)));
    }

    /// Reviews the last whole period of the library, as a job.
    fn review(&mut self, cycle: Cycle, zone: String) {
        let setup = review::Setup {
            cycle,
            at: crate::plans::now(),
            zone,
            library: Setup::of(self.desk.recent.libraries.clone()),
            figures: Vec::new(),
            standards: Vec::new(),
            ledger: book::usual(),
        };
        let name = format!("{cycle} review");
        let id = self.work.start(Pool::Long, name, move |context| {
            Outcome::Reviewed(reviewed(&setup, context).map(Box::new))
        });
        self.desk.shelf.reviews(id.map(|id| Ticket(Pool::Long, id)));
    }

    pub(super) fn export_review(&mut self, form: Form, path: PathBuf) {
        let Some(found) = self.desk.shelf.review().found().cloned() else {
            return;
        };
        self.work.start(Pool::Long, "writing the review", move |_| {
            let written = match report::format_named(form.suffix()) {
                Some(format) => review::write_as(&found.review, format, &path),
                None => file::write_text(&path, &found.text).map(|()| path),
            };
            let written = written.map(|path| Written {
                path,
                remark: String::new(),
                session: false,
            });
            Outcome::Written("Review written", written)
        });
    }

    fn cancel_library(&mut self) {
        let shelf = &self.desk.shelf;
        let running = [
            shelf.listing().ticket(),
            shelf.trended().ticket(),
            shelf.review().ticket(),
        ];
        for Ticket(pool, id) in running.into_iter().flatten() {
            self.work.cancel(pool, id);
        }
    }
}

/// A folder that is gone does not hide the others.
fn list(setup: Setup, context: &JobContext) -> Result<Listing, Problem> {
    let (there, gone): (Vec<PathBuf>, Vec<PathBuf>) =
        setup.roots.iter().cloned().partition(|it| it.exists());
    if there.is_empty() {
        return library::list(&setup, context);
    }
    let setup = Setup {
        roots: there,
        ..setup
    };
    let mut listing = library::list(&setup, context)?;
    let missing = gone
        .iter()
        .map(|it| format!("{} is not there", it.display()));
    listing.notes.extend(missing);
    Ok(listing)
}

fn reviewed(setup: &review::Setup, context: &JobContext) -> Result<Reviewed, Problem> {
    let review = review::gather(setup, context)?;
    let text = review::text(&review)?;
    Ok(Reviewed {
        review: Arc::new(review),
        text: text.into(),
    })
}

fn labelled(paths: &[PathBuf], change: &Change, context: &JobContext) -> Result<(), Problem> {
    for (done, path) in paths.iter().enumerate() {
        if context.cancelled() {
            return Err(Problem::cancelled("labelling"));
        }
        context.progress(done as u64, paths.len() as u64);
        label::apply(path, change)?;
    }
    Ok(())
}
