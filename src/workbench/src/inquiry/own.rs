//! How well Kymo itself does on the session that is looked at, and what it costs.
//!
//! Start at [`ask`].

use report::own::{Own, Took};
use workflow::own::{self, Known};
use workflow::stored::Stored;

use super::{Answer, Inquiry};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// How well Kymo does.
pub type Question = Inquiry<Asked, Own>;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How long analyses took; more of them ask anew.
    pub took: Vec<Took>,
}

/// Gathers the figures of a session.
pub fn ask(
    question: &mut Question,
    (stored, asked): (&Stored, Asked),
    (generation, work): (Generation, &mut Work),
) {
    let number = question.ask(asked.clone(), work);
    let stored = stored.clone();
    let job = work.start(Pool::Long, "gathering what Kymo costs", move |context| {
        let known = Known::here(asked.took);
        let found = known.and_then(|known| own::of_stored(&stored, &known, context));
        Outcome::Answered(generation, Box::new(Answer::Own(number, found)))
    });
    question.started(job.map(|id| Ticket(Pool::Long, id)));
}
