//! Sharing the session: asking how, looking at what would go out, writing it.

use std::path::Path;

use model::time::Span;
use workflow::jobs::Context;
use workflow::problem::Problem;
use workflow::share::{self, Choice, Done, Request};
use workflow::stored::Stored;

use crate::app::App;
use crate::export;
use crate::notices::Offer;
use crate::shell::dialogs::Dialog;
use crate::shell::sharing::{Draft, Order};
use crate::tasks::{Outcome, Pool};

impl App {
    /// Asks what of the session goes out, and without what.
    pub(super) fn ask_how_to_share(&mut self, range: Span) {
        let session = self.session.stored().map_or(Path::new(""), Stored::path);
        let stem = session.file_stem().map(|it| it.to_string_lossy());
        let name = format!("{}-shared.kymo", stem.as_deref().unwrap_or("session"));
        let out = export::beside(session, &self.desk.places.sessions, &name);
        let draft = Draft::of(&out, range);
        self.views.dialogs.open(Dialog::Share(Box::new(draft)));
    }

    /// Looks at what would go out, as a job.
    pub(super) fn preview_share(&mut self, choice: Choice) {
        let Some(stored) = self.session.stored().cloned() else {
            return;
        };
        let label = "looking at what would go out";
        self.work.start(Pool::Quick, label, move |context| {
            let preview = share::preview(&stored, &choice, context);
            Outcome::SharePreviewed(choice, preview)
        });
    }

    /// Shares the session, as a job.
    pub(super) fn share(&mut self, order: Order) {
        let Some(stored) = self.session.stored().cloned() else {
            return;
        };
        let work = move |context: &Context| {
            let request = Request {
                lock: order.lock(),
                choice: order.choice,
                title: order.title,
                description: order.description,
                sign: None,
                out: order.out,
            };
            Outcome::Shared(share::share(&stored, &request, context))
        };
        self.work.start(Pool::Long, "sharing the session", work);
    }

    /// Tells what went out.
    pub(super) fn shared(&mut self, result: Result<Done, Problem>) {
        match result {
            Ok(done) => {
                let path = done.path.clone();
                let offers = vec![Offer::CopyPath(path.clone())];
                self.note(format!("Shared {}", path.display()), offers);
                // Whoever is asked something else by now is not interrupted.
                if !self.views.dialogs.is_modal() {
                    self.views.dialogs.open(Dialog::Shared(Box::new(done)));
                }
            }
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }
}
