//! How well Kymo itself does on a session, and what it costs: gathers what is known for
//! [`report::own`].
//!
//! * In: a session, how long analyses took where they ran, the ledger.
//! * Out: one [`Own`], the same for screen, command line and report.
//! * Never: runs an analysis; who ran them tells how long they took ([`Known`]).
//!
//! Start at [`of_stored`].

use std::time::Instant;

use ::report::own::{self, Collected, Own, Right, Took};
use model::series::SeriesKey;
use plan::ledger::score::Score;

use crate::accuracy::Card;
use crate::jobs::Context;
use crate::planning::book;
use crate::problem::{Problem, Sort};
use crate::report::{self, Order};
use crate::stored::{HostFacts, Stored};

/// What is known beside the session.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How long each analysis took on this session; empty where none ran.
    pub took: Vec<Took>,
    /// How right the analyses were on recordings whose truth is known.
    pub card: Option<Card>,
    /// How earlier predictions came out.
    pub scores: Vec<Score>,
}

impl Known {
    /// The accuracy that this was built with and the usual ledger.
    ///
    /// # Errors
    ///
    /// The ledger cannot be read.
    pub fn here(took: Vec<Took>) -> Result<Self, Problem> {
        let (ledger, _) = book::read(&book::usual())?;
        Ok(Self {
            took,
            card: crate::accuracy::embedded().ok(),
            scores: plan::ledger::score::scores(&ledger),
        })
    }
}

/// All four blocks. The report is built once, in memory, to see what it takes.
///
/// # Errors
///
/// The session cannot be read, or the user stopped it.
pub fn of_stored(stored: &Stored, known: &Known, context: &Context) -> Result<Own, Problem> {
    let mut hosts = Vec::new();
    let (all, parts) = (stored.hosts(), stored.hosts().len() as u64 + 1);
    for (done, facts) in all.iter().enumerate() {
        if context.cancelled() {
            return Err(Problem::cancelled("figures of Kymo itself"));
        }
        context.progress(done as u64, parts);
        hosts.push((facts.name.clone(), collected(stored, facts)?));
    }
    let began = Instant::now();
    let document = report::make(stored, &Order::usual("performance", None), context)?;
    let page = ::report::render(&document, ::report::Format::Html)
        .map_err(|error| Problem::from_error("could not write the report", &error, Sort::Bug))?;
    drop(page);
    let built_ns = u64::try_from(began.elapsed().as_nanos()).ok();
    context.progress(parts, parts);
    Ok(Own {
        collection: own::collection(&hosts),
        analysis: own::analysis(&known.took, known.card.as_ref().and_then(right).as_ref()),
        optimization: own::optimization(&known.scores),
        reporting: Some(own::reporting(&document, built_ns)),
    })
}

/// What a report tells: everything that comes out the same when it is made anew, so no
/// times of this machine.
///
/// # Errors
///
/// The session cannot be read.
pub(crate) fn of_report(stored: &Stored, scores: &[Score]) -> Result<Own, Problem> {
    let hosts = stored.hosts().iter();
    let hosts = hosts.map(|facts| Ok((facts.name.clone(), collected(stored, facts)?)));
    let hosts: Vec<(String, Collected)> = hosts.collect::<Result<_, Problem>>()?;
    let card = crate::accuracy::embedded().ok();
    let mut analysis = own::analysis(&[], card.as_ref().and_then(right).as_ref());
    // Whether they ran here says nothing of the session.
    analysis.lacks.retain(|it| !it.contains("did not run here"));
    Ok(Own {
        collection: own::collection(&hosts),
        analysis,
        optimization: own::optimization(scores),
        reporting: None,
    })
}

fn right(card: &Card) -> Option<Right> {
    if card.kymo.is_empty() {
        return None;
    }
    let share = card.right();
    Some(Right {
        part: share.part,
        whole: share.whole,
        interval: share.interval(),
        kymo: card.kymo.clone(),
        false_alarms_per_day: card.false_alarms_per_day(),
    })
}

fn collected(stored: &Stored, facts: &HostFacts) -> Result<Collected, Problem> {
    let read = |metric: &str| -> Result<Vec<f64>, Problem> {
        let key = SeriesKey::new(facts.name.as_str(), metric, []);
        if !stored.series().iter().any(|it| it.key == key) {
            return Ok(Vec::new());
        }
        let column = stored.column(&key, None)?;
        Ok(column
            .values
            .iter()
            .copied()
            .filter(|it| it.is_finite())
            .collect())
    };
    let mut coverages = stored.coverage().into_iter();
    Ok(Collected {
        coverage: coverages.find(|it| it.host == facts.name && it.expected > 0),
        cpu: read("kymo.agent.cpu.utilization")?,
        cpu_limit: read("kymo.agent.cpu.limit")?,
        memory_bytes: read("kymo.agent.memory.usage")?,
        late_s: read("kymo.agent.sample.late")?,
        reading_s: read("kymo.agent.sample.duration")?,
        lost: read("kymo.agent.sample.lost")?,
        steps: read("kymo.agent.degradation")?,
        // The clock of the only host is the session's own.
        clock_error_s: (stored.hosts().len() > 1).then_some(facts.error_ns as f64 / 1e9),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn example(name: &str) -> Stored {
        let sessions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sessions");
        let opened = Stored::open(&sessions.join(name), &Context::default());
        opened.expect("a session that ships").0
    }

    #[test]
    fn a_recorded_session_has_figures_in_every_block_that_can_have_them() {
        let known = Known {
            took: vec![Took {
                what: "quality".to_owned(),
                ns: 1_000_000,
            }],
            card: crate::accuracy::embedded().ok(),
            scores: Vec::new(),
        };
        let stored = example("quiet.kymo");
        let own = of_stored(&stored, &known, &Context::default()).expect("figures");
        let find = |key: &str| {
            let all = [&own.collection, &own.analysis]
                .into_iter()
                .flat_map(|it| &it.figures);
            let all = all.chain(own.reporting.iter().flat_map(|it| &it.figures));
            all.clone().find(|it| it.key == key).map(|it| it.value)
        };
        let coverage = find("coverage").expect("it was sampled");
        assert!((0.5..=1.0).contains(&coverage), "{coverage}");
        let cpu = find("agent-cpu").expect("an agent sampled it");
        assert!(cpu > 0.0 && cpu < 1.0, "{cpu}");
        assert!(find("agent-memory").expect("it is told") > 1e6);
        assert!(find("jitter").expect("it is told") >= 0.0);
        assert_eq!(find("analysis-time"), Some(0.001));
        let tokens = find("tokens").expect("a report has numbers");
        assert!(tokens > 0.5 && tokens <= 1.0, "{tokens}");
        assert!(find("build-time").expect("it was built") > 0.0);
        assert_eq!(own.optimization.lacks, ["Nothing was predicted yet."]);
        let all = [&own.collection, &own.analysis, &own.optimization];
        for figure in all.into_iter().flat_map(|it| &it.figures) {
            assert!(
                figure.value.is_finite() && !figure.sentence.is_empty(),
                "{figure:?}"
            );
        }
    }

    #[test]
    fn it_can_be_stopped() {
        let context = Context::default();
        context.cancel();
        let stopped = of_stored(&example("quiet.kymo"), &Known::default(), &context);
        assert!(stopped.is_err());
    }
}
