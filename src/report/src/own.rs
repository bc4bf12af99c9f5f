//! How well Kymo itself does and what it costs, as figures in four blocks: collection,
//! analysis, optimization, reporting.
//!
//! Each [`Figure`] has a value, a unit and a sentence, so that a screen, a section of a
//! report and a document for programs say the same.
//!
//! * In: coverage and the agent's own series, times that were measured elsewhere, scores of
//!   the ledger, a document.
//! * Out: [`Own`].
//! * Never: reads a clock, or tells a figure that was not measured: what is unknown is left
//!   out, and a block without figures says why ([`Block::lacks`]).
//!
//! Start at [`Own`].

use analysis::quality::Coverage;
use analysis::summary;
use model::time::duration_text;
use model::unit::Unit;
use plan::ledger::score::Score;
use serde::Serialize;

use crate::document::{Document, Run};
use crate::numerals::{self, Piece};

/// One number that Kymo knows of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Stable name for programs, such as `coverage`.
    pub key: &'static str,
    /// Of what: a host, an analysis; empty for all.
    pub about: String,
    /// What people call it.
    pub name: String,
    /// In `unit`; finite.
    pub value: f64,
    /// Where it is believed to lie, where it comes from a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Unit of value and interval.
    pub unit: Unit,
    /// What it says, in one sentence.
    pub sentence: String,
}

/// The figures of one area.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Block {
    /// In the order in which they are read.
    pub figures: Vec<Figure>,
    /// What is not known, and why: a sentence each.
    pub lacks: Vec<String>,
}

/// All four areas.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Own {
    /// How well was sampled, and at what cost.
    pub collection: Block,
    /// How right the analyses are, and how long they took.
    pub analysis: Block,
    /// How earlier predictions came out.
    pub optimization: Block,
    /// How well numbers can be traced, and how long a report takes; `None` where none was
    /// built.
    pub reporting: Option<Block>,
}

/// An area with its name and the place in the help that speaks of it.
pub const AREAS: [(&str, &str); 4] = [
    ("Collection", "collection#quality-of-collection"),
    ("Analysis", "analysis#quality-of-analysis"),
    ("Optimization", "optimization#ledger"),
    ("Reporting", "reporting#numbers-as-tokens"),
];

/// What is known of one host's collection; a series that was not recorded is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// How much is there; `None` where nothing was sampled.
    pub coverage: Option<Coverage>,
    /// Share of one processor that the agent used.
    pub cpu: Vec<f64>,
    /// Share that it was allowed.
    pub cpu_limit: Vec<f64>,
    /// Its resident memory in bytes.
    pub memory_bytes: Vec<f64>,
    /// How late samples were, in seconds.
    pub late_s: Vec<f64>,
    /// How long reading took, in seconds.
    pub reading_s: Vec<f64>,
    /// Planned samples a second that were not taken.
    pub lost: Vec<f64>,
    /// Steps of the budget that were given up.
    pub steps: Vec<f64>,
    /// Half of the round trip to its clock, in seconds, for a remote one.
    pub clock_error_s: Option<f64>,
}

/// How long something took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Took {
    /// What.
    pub what: String,
    /// How long.
    pub ns: u64,
}

/// How often conclusions were right on recordings whose truth is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Right {
    /// Recordings with the right verdict.
    pub part: usize,
    /// Recordings.
    pub whole: usize,
    /// Where the true share is believed to lie.
    pub interval: (f64, f64),
    /// Version that was measured.
    pub kymo: String,
    /// Alarms where nothing was done, for each day of a host.
    pub false_alarms_per_day: Option<f64>,
}

const SHARE: &str = "1";
const SECONDS: &str = "s";

fn figure(
    key: &'static str,
    (name, about): (&str, &str),
    (value, unit): (f64, &'static str),
) -> Figure {
    Figure {
        key,
        about: about.to_owned(),
        name: name.to_owned(),
        value,
        interval: None,
        unit: Unit::new(unit),
        sentence: String::new(),
    }
}

impl Figure {
    fn says(mut self, sentence: impl Into<String>) -> Self {
        self.sentence = sentence.into();
        self
    }

    fn within(mut self, lo: f64, hi: f64) -> Self {
        self.interval = Some([lo, hi]);
        self
    }
}

/// How well the hosts were sampled, and at what cost.
pub fn collection(hosts: &[(String, Collected)]) -> Block {
    let mut block = Block::default();
    for (host, it) in hosts {
        let told = match host.as_str() {
            "" => "the imported file",
            name => name,
        };
        let before = block.figures.len();
        if let Some(coverage) = &it.coverage {
            block.figures.extend(sampled(host, coverage));
        }
        block.figures.extend(cost(host, it));
        if block.figures.len() == before {
            block
                .lacks
                .push(format!("Nothing tells how {told} was sampled."));
        } else if it.cpu.is_empty() {
            let lack = format!("No agent sampled {told}, so its cost is not known.");
            block.lacks.push(lack);
        }
    }
    // What could not be computed is not told.
    block.figures.retain(|it| it.value.is_finite());
    block
}

fn sampled(host: &str, coverage: &Coverage) -> Vec<Figure> {
    let cadence = duration_text(coverage.cadence_ns as f64 / 1e9);
    let missing = coverage.expected.saturating_sub(coverage.present);
    let longest = duration_text(coverage.longest_gap_ns as f64 / 1e9);
    let gaps = match coverage.gaps {
        0 => "there is no gap".to_owned(),
        1 => format!("there is one gap of {longest}"),
        many => format!("there are {many} gaps, the longest of {longest}"),
    };
    vec![
        figure("coverage", ("Coverage", host), (coverage.share, SHARE)).says(format!(
            "{} of the {} samples that one each {cadence} makes are there.",
            coverage.present.min(coverage.expected),
            coverage.expected
        )),
        figure(
            "jitter",
            ("Jitter, 99th percentile", host),
            (coverage.jitter_p99_ns as f64 / 1e9, SECONDS),
        )
        .says(format!(
            "99 of 100 intervals between samples are within this of {cadence}."
        )),
        figure("missing", ("Missing", host), (missing as f64, "{sample}"))
            .says(format!("Samples that are not there; {gaps}.")),
    ]
}

fn cost(host: &str, it: &Collected) -> Vec<Figure> {
    let of = |values: &[f64]| summary::of(values);
    let mut all = Vec::new();
    if !it.cpu.is_empty() {
        let allowed = of(&it.cpu_limit).max;
        let allowed = match allowed.is_finite() {
            true => format!(", of {} that it may use", Unit::new(SHARE).text(allowed)),
            false => String::new(),
        };
        all.push(
            figure(
                "agent-cpu",
                ("Agent, processor", host),
                (of(&it.cpu).mean, SHARE),
            )
            .says(format!(
                "Share of one processor that the agent used on average{allowed}."
            )),
        );
    }
    if !it.memory_bytes.is_empty() {
        let peak = of(&it.memory_bytes).max;
        all.push(
            figure("agent-memory", ("Agent, memory", host), (peak, "By"))
                .says("The most memory that the agent held."),
        );
    }
    for (key, name, values, sentence) in [
        (
            "late",
            "Late, 99th percentile",
            &it.late_s,
            "99 of 100 samples began within this of the planned moment.",
        ),
        (
            "reading",
            "Reading, 99th percentile",
            &it.reading_s,
            "99 of 100 samples were read within this time.",
        ),
    ] {
        if !values.is_empty() {
            let p99 = summary::quantile(values, 0.99);
            all.push(figure(key, (name, host), (p99, SECONDS)).says(sentence));
        }
    }
    if !it.lost.is_empty() {
        let rate = of(&it.lost).mean;
        all.push(
            figure("lost", ("Lost by the agent", host), (rate, "{sample}/s"))
                .says("Planned samples a second that the agent says it did not take."),
        );
    }
    if !it.steps.is_empty() {
        let most = of(&it.steps).max;
        let full = it.steps.iter().filter(|it| **it == 0.0).count();
        let share = full as f64 / of(&it.steps).n.max(1) as f64;
        all.push(
            figure("degradation", ("Detail given up", host), (most, "{step}")).says(format!(
                "The most steps that the agent gave up to stay within its budget; {} of the samples have everything.",
                Unit::new(SHARE).text(share)
            )),
        );
    }
    if let Some(error) = it.clock_error_s {
        all.push(
            figure("clock-error", ("Clock error", host), (error, SECONDS))
                .says("The offset of its clock is known to this."),
        );
    }
    all
}

/// How right the analyses are, and how long each took on this session.
pub fn analysis(took: &[Took], right: Option<&Right>) -> Block {
    let mut block = Block::default();
    match right.filter(|it| it.whole > 0) {
        Some(right) => {
            let share = right.part as f64 / right.whole as f64;
            let (lo, hi) = right.interval;
            block.figures.push(
                figure("accuracy", ("Right verdicts", ""), (share, SHARE))
                    .within(lo, hi)
                    .says(format!(
                        "Kymo {} named what was disturbed in {} of {} recordings that were disturbed on purpose.",
                        right.kymo, right.part, right.whole
                    )),
            );
            if let Some(rate) = right.false_alarms_per_day {
                block.figures.push(
                    figure("false-alarms", ("False alarms", ""), (rate, "{alarm}/d"))
                        .says("Verdicts a day of a host where nothing was done."),
                );
            }
        }
        None => {
            let lack = "No accuracy was measured for this build, so none is claimed.";
            block.lacks.push(lack.to_owned());
        }
    }
    if took.is_empty() {
        let lack = "The analyses did not run here, so their times are not known.";
        block.lacks.push(lack.to_owned());
        return block;
    }
    let seconds = |it: &Took| it.ns as f64 / 1e9;
    let total: f64 = took.iter().map(seconds).sum();
    block.figures.push(
        figure(
            "analysis-time",
            ("Time, all analyses", ""),
            (total, SECONDS),
        )
        .says(format!(
            "The sum of {} parts; some ran at the same time.",
            took.len()
        )),
    );
    for it in took {
        let name = format!("Time, {}", it.what);
        block.figures.push(
            figure("analysis-time", (&name, &it.what), (seconds(it), SECONDS))
                .says(format!("How long {} took on this session.", it.what)),
        );
    }
    block
}

/// How earlier predictions came out, over all models.
pub fn optimization(scores: &[Score]) -> Block {
    let mut block = Block::default();
    let all = scores.iter().find(|it| it.class.is_none());
    let Some(all) = all.filter(|it| it.predicted > 0) else {
        block.lacks.push("Nothing was predicted yet.".to_owned());
        return block;
    };
    let count = |key, name: &str, value: usize, sentence: &str| {
        figure(key, (name, ""), (value as f64, "{prediction}")).says(sentence)
    };
    block.figures.push(count(
        "predictions",
        "Predictions",
        all.predicted,
        "Predictions in the ledger, written down before their outcome was known.",
    ));
    block.figures.push(count(
        "answered",
        "Answered",
        all.answered,
        "Those that a comparable recording answered.",
    ));
    if all.judged == 0 {
        let lack = "No prediction was answered by a measurement yet, so nothing is known of their coverage.";
        block.lacks.push(lack.to_owned());
        return block;
    }
    let [lo, hi] = all.coverage_interval();
    block.figures.push(
        figure(
            "ledger-coverage",
            ("Inside the interval", ""),
            (all.coverage(), SHARE),
        )
        .within(lo, hi)
        .says(format!(
            "{} of {} outcomes lay in their intervals, which promise {}.",
            all.inside,
            all.judged,
            Unit::new(SHARE).text(plan::ledger::score::NOMINAL)
        )),
    );
    if all.mean_error().is_finite() {
        block.figures.push(
            figure(
                "ledger-error",
                ("Mean error", ""),
                (all.mean_error(), SHARE),
            )
            .says("How far outcomes were from the predicted points, on average."),
        );
    }
    block
}

/// How many numbers of a document lead back to their source, and how long it took.
pub fn reporting(document: &Document, built_ns: Option<u64>) -> Block {
    let mut block = Block::default();
    let (tokens, loose) = numbers(document);
    let whole = tokens + loose;
    if whole > 0 {
        block.figures.push(
            figure("tokens", ("Numbers with a source", ""), (tokens as f64 / whole as f64, SHARE))
                .says(format!(
                    "{tokens} of the {whole} numbers of the report lead to session, window and computation."
                )),
        );
    }
    if let Some(ns) = built_ns {
        block.figures.push(
            figure(
                "build-time",
                ("Building the report", ""),
                (ns as f64 / 1e9, SECONDS),
            )
            .says("From reading the session to the finished page."),
        );
    }
    block
}

/// Numbers of a document that lead to a source, and those that do not: written by hand,
/// or within words.
fn numbers(document: &Document) -> (usize, usize) {
    let mut loose = 0;
    document.runs(&mut |run| {
        loose += match run {
            Run::Text { text } | Run::Strong { text } => numerals(text),
            Run::Loose { .. } => 1,
            Run::Number(_) | Run::Code { .. } => 0,
        };
    });
    (document.tokens().len(), loose)
}

/// Numbers in words; moments, names and versions are none.
fn numerals(text: &str) -> usize {
    let pieces = numerals::pieces(text).into_iter();
    pieces
        .filter(|it| matches!(it, Piece::Number { .. }))
        .count()
}

#[cfg(test)]
mod tests;
