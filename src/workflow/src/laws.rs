//! How far the data of an input can be trusted: its quality and the laws it breaks.
//!
//! * In: an open input.
//! * Out: findings of `analysis::laws`, heaviest first, for every host.
//! * Never: leaves out a doubt because other findings are more exciting.
//!
//! Start at [`findings`].

use analysis::laws::{self, LawInput, ProcessTotal, QualityInput};
use analysis::quality::{self, Quality};
use model::finding::{self, Finding};
use model::time::Span;

use crate::input::{HostFrame, Input};
use crate::jobs::Context;
use crate::problem::Problem;
use crate::stored::{HostFacts, Stored};

/// Every doubt about the data of an input.
///
/// # Errors
///
/// The table of processes cannot be read, or the user stopped it.
pub fn findings(input: &Input, context: &Context) -> Result<Vec<Finding>, Problem> {
    let mut all = Vec::new();
    for host in &input.frames {
        if context.cancelled() {
            return Err(Problem::cancelled("quality"));
        }
        let stored = input.stored.as_ref();
        let facts = stored.and_then(|it| it.hosts().iter().find(|facts| facts.name == host.host));
        let several = input.frames.len() > 1;
        all.extend(laws::quality_findings(&QualityInput {
            quality: &judged(stored, host),
            frame: &host.frame,
            clock_error_ns: facts.filter(|_| several).map(|it| it.error_ns),
        }));
        let violations = laws::check(&LawInput {
            host: &host.host,
            frame: &host.frame,
            cores: facts.and_then(cores),
            processes: match stored.zip(facts) {
                Some((stored, facts)) => Some(total(stored, &facts.name, host.frame.span())?),
                None => None,
            },
        });
        all.extend(laws::findings(&violations));
    }
    finding::sort(&mut all);
    Ok(all)
}

fn cores(facts: &HostFacts) -> Option<f64> {
    (facts.host.cpus > 0).then_some(f64::from(facts.host.cpus))
}

fn total(stored: &Stored, host: &str, span: Span) -> Result<ProcessTotal, Problem> {
    let used = stored.process_use(host, span)?;
    let known = used.iter().map(|it| it.cpu_seconds);
    Ok(ProcessTotal {
        span,
        cpu_seconds: known.filter(|it| it.is_finite()).sum(),
    })
}

/// A session was judged when it was opened; a table is judged by its times.
fn judged(stored: Option<&Stored>, host: &HostFrame) -> Quality {
    let known = stored.and_then(|stored| {
        let mut all = stored.coverage().into_iter();
        let coverage = all.find(|it| it.host == host.host)?;
        let mut marks = stored.marks();
        marks.retain(|it| it.host == host.host);
        Some(Quality { marks, coverage })
    });
    known.unwrap_or_else(|| {
        quality::assess(&quality::Input {
            host: &host.host,
            span: Span::default(),
            at: &host.frame.at,
            clocks: &[],
            cadence_ns: None,
            counters: &[],
            steal: None,
            events: &[],
        })
    })
}
