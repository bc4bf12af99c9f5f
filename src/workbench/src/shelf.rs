//! The library in the window: what was listed, what is followed over it, and the jobs
//! that do so.
//!
//! Never: reads a file itself; `act::library` starts the jobs.
//!
//! Start at [`Shelf`].

use std::sync::Arc;

use analysis::review::Review;
use workflow::library::Listing;
use workflow::library::trend::Trended;
use workflow::problem::Problem;

use crate::export::Form;
use crate::tasks::{Ticket, Work};

/// The library.
#[derive(Debug, Default)]
pub struct Shelf {
    listing: Task<Arc<Listing>>,
    trended: Task<Arc<Trended>>,
    review: Task<Reviewed>,
}

/// A review and what it says.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// The review.
    pub review: Arc<Review>,
    /// As Markdown, for a preview.
    pub text: Arc<str>,
}

/// Something that a job finds out.
#[derive(Debug)]
pub struct Task<T> {
    found: Option<T>,
    version: u64,
    trouble: Option<String>,
    running: Option<Ticket>,
}

impl<T> Default for Task<T> {
    fn default() -> Self {
        Self {
            found: None,
            version: 0,
            trouble: None,
            running: None,
        }
    }
}

impl<T> Task<T> {
    /// What was found last.
    pub fn found(&self) -> Option<&T> {
        self.found.as_ref()
    }

    /// Changes whenever what was found does.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Why nothing was found the last time.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether a job looks for it.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The job that looks for it.
    pub fn ticket(&self) -> Option<Ticket> {
        self.running
    }

    /// A job was started.
    pub fn started(&mut self, ticket: Option<Ticket>) {
        self.running = ticket;
        if ticket.is_some() {
            self.trouble = None;
        }
    }

    /// A job ended.
    pub fn ended(&mut self, result: Result<T, Problem>) {
        self.running = None;
        match result {
            Ok(found) => {
                self.found = Some(found);
                self.version += 1;
                self.trouble = None;
            }
            Err(problem) => self.trouble = Some(problem.to_string()),
        }
    }

    /// Forgets a job that met a bug, which was told.
    pub fn settle(&mut self, work: &Work) {
        if self.running.is_some_and(|ticket| !work.runs(ticket)) {
            self.running = None;
            self.trouble
                .get_or_insert_with(|| "it stopped before its end".to_owned());
        }
    }
}

impl Shelf {
    /// The sessions.
    pub fn listing(&self) -> &Task<Arc<Listing>> {
        &self.listing
    }

    /// A figure over them.
    pub fn trended(&self) -> &Task<Arc<Trended>> {
        &self.trended
    }

    /// The review of a period.
    pub fn review(&self) -> &Task<Reviewed> {
        &self.review
    }

    /// A job reviews a period.
    pub fn reviews(&mut self, ticket: Option<Ticket>) {
        self.review.started(ticket);
    }

    /// A period was reviewed.
    pub fn reviewed(&mut self, result: Result<Box<Reviewed>, Problem>) {
        self.review.ended(result.map(|it| *it));
    }

    /// What the file of the review is called.
    pub fn review_name(&self, form: Form) -> String {
        let period = self.review.found().map(|it| &it.review.period);
        let stem = period.map_or_else(|| "review".to_owned(), workflow::review::file_stem);
        format!("{stem}.{}", form.suffix())
    }

    /// A job lists the sessions.
    pub fn lists(&mut self, ticket: Option<Ticket>) {
        self.listing.started(ticket);
    }

    /// The sessions were listed.
    pub fn listed(&mut self, result: Result<Listing, Problem>) {
        self.listing.ended(result.map(Arc::new));
    }

    /// A job follows a figure.
    pub fn follows(&mut self, ticket: Option<Ticket>) {
        self.trended.started(ticket);
    }

    /// A figure was followed.
    pub fn followed(&mut self, result: Result<Box<Trended>, Problem>) {
        self.trended.ended(result.map(|it| Arc::new(*it)));
    }

    /// Forgets jobs that met a bug.
    pub fn settle(&mut self, work: &Work) {
        self.listing.settle(work);
        self.trended.settle(work);
        self.review.settle(work);
    }
}
