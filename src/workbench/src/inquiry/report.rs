//! The report as a document, made off the window's thread before anything is written.
//!
//! Start at [`ask`].

use std::path::PathBuf;
use std::sync::Arc;

use model::report::Draft;
use report::document::Document;
use workflow::report::verify::{self, Verified};
use workflow::report::{self as reports, Order};
use workflow::stored::Stored;

use super::{Answer, Inquiry};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// The document of a draft.
pub type Question = Inquiry<Asked, Arc<Document>>;

/// What a check of a finished report found, with the name of its file.
pub type Checks = Inquiry<PathBuf, (String, Verified)>;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What the report is to hold.
    pub draft: Draft,
    /// The plan on the desk, where it has a file.
    pub plan: Option<PathBuf>,
    /// Raised when something else changed that a report shows.
    pub version: u64,
}

impl Asked {
    /// The same as an order.
    pub fn order(&self) -> Order {
        Order {
            plan: self.plan.clone(),
            ..Order::of(self.draft.clone())
        }
    }
}

/// Asks for the document of a draft.
pub fn ask(
    question: &mut Question,
    (stored, asked): (&Stored, Asked),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(asked.clone(), work);
    let stored = stored.clone();
    let job = work.start(Pool::Long, "making the report", move |context| {
        let made = reports::make(&stored, &asked.order(), context).map(Arc::new);
        Outcome::Answered(generation, Box::new(Answer::Report(number, made)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}

/// Asks whether a finished report is what the session gives.
pub fn check(
    question: &mut Checks,
    (stored, path): (&Stored, PathBuf),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(path.clone(), work);
    let session = stored.path().to_path_buf();
    let job = work.start(Pool::Long, "verifying the report", move |context| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let found = verify::report_file(&path, Some(&session), context);
        let found = found.map(|it| (name, it));
        Outcome::Answered(generation, Box::new(Answer::Checked(number, found)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}
