//! Whether what a standard asks for did hold, with margin and doubt.
//!
//! * [`threshold`]: levels and error budgets; [`metric`]: what must be recorded;
//!   [`plan`]: what a plan must say.
//! * [`interval`]: how far the statistic itself can be trusted; [`sustained`],
//!   [`presence`]: what was there, and for how long.
//! * [`requests`]: which requests spend an error budget.
//! * [`propose`]: limits from a recording that went well.
//! * [`findings`]: violations as findings.
//!
//! A verdict is `pass` or `fail` only where the whole interval lies on one side of the
//! limit and enough was recorded; everything else is `undecidable`, with the reason.
//!
//! Never: rounds a verdict, or takes missing data for good data.
//!
//! Start at [`threshold::level`].

use model::compliance::{Compliance, Outcome, Verdict};
use model::finding::{Analysis, FindingId, Question, Severity};
use model::standard::{Bound, Standard};
use model::time::Span;
use model::unit::Unit;

pub mod findings;
pub mod interval;
pub mod metric;
pub mod plan;
pub mod presence;
pub mod propose;
pub mod requests;
pub mod sustained;
pub mod threshold;

#[cfg(test)]
mod tests;

/// What a verdict is about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The standard.
    pub standard: &'a Standard,
    /// Id and title of the rule.
    pub rule: (&'a str, &'a str),
    /// Host; empty where it speaks of none.
    pub host: &'a str,
    /// Name of the series, or what else is judged.
    pub series: &'a str,
    /// The stretch that is judged.
    pub window: Span,
}

/// What came out, and what it means.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What became of the rule.
    pub outcome: Outcome,
    /// What was computed.
    pub measure: String,
    /// What came out.
    pub value: Option<f64>,
    /// Where it must be.
    pub limit: Option<Bound>,
    /// Unit of both.
    pub unit: Unit,
    /// The verdict in one sentence.
    pub statement: String,
    /// Why it cannot be decided; empty where it can.
    pub doubt: String,
}

/// A compliance without verdicts yet.
pub fn begun(standard: &Standard, window: Span) -> Compliance {
    Compliance {
        standard: standard.id.clone(),
        version: standard.version.clone(),
        title: standard.title.clone(),
        kind: standard.rules.kind().to_owned(),
        owner: standard.owner.clone(),
        source: standard.source.clone(),
        window,
        rows: Vec::new(),
        skipped: Vec::new(),
    }
}

impl Asked<'_> {
    /// The id of this question.
    pub fn id(&self) -> FindingId {
        FindingId::of(&Question {
            analysis: Analysis::Standard,
            series: &[self.series.to_owned()],
            span: self.window,
            parameters: &self.parameters(),
        })
    }

    /// What the answer depends on.
    pub fn parameters(&self) -> Vec<(String, String)> {
        parameters((&self.standard.id, &self.standard.version), self.rule.0)
    }

    /// A rule that no series answers.
    pub fn without_series(&self, unit: &str, why: &str) -> Verdict {
        self.verdict(Judged {
            outcome: Outcome::Undecidable,
            measure: "series".to_owned(),
            value: None,
            limit: None,
            unit: Unit(unit.to_owned().into()),
            statement: format!("{}: {why}", self.series),
            doubt: why.to_owned(),
        })
    }

    /// The verdict on a fact: its value is its whole interval.
    pub fn verdict(&self, judged: Judged) -> Verdict {
        let margin = judged.limit.zip(judged.value);
        Verdict {
            id: self.id(),
            rule: self.rule.0.to_owned(),
            title: self.rule.1.to_owned(),
            host: self.host.to_owned(),
            series: self.series.to_owned(),
            outcome: judged.outcome,
            measure: judged.measure,
            value: judged.value,
            limit: judged.limit,
            margin: margin.map(|(limit, value)| limit.margin(value)),
            interval: judged.value.map(|it| (it, it)),
            level: interval::LEVEL,
            unit: judged.unit,
            coverage: None,
            samples: 0,
            effective: None,
            window: self.window,
            places: Vec::new(),
            severity: Severity::Warning,
            statement: judged.statement,
            doubt: judged.doubt,
        }
    }
}

/// Parameters of a rule's finding.
fn parameters((standard, version): (&str, &str), rule: &str) -> Vec<(String, String)> {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    vec![
        pair("standard", standard),
        pair("version", version),
        pair("rule", rule),
    ]
}

/// `above` or `below`: where a value is that is beyond.
fn beyond(limit: Bound) -> &'static str {
    match limit {
        Bound::AtMost(_) => "above",
        Bound::AtLeast(_) => "below",
    }
}
