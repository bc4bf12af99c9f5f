//! The findings of a performance report: what people chose, else the heaviest that are
//! kept, each with all that is needed to doubt it.
//!
//! * In: findings as they are kept, and the columns of their series.
//! * Out: a section; every size, interval and share is a token whose source names the
//!   analysis, the series and the window of the finding.
//!
//! Start at [`FindingInput`].

use model::finding::{Estimate, Finding};
use model::time::Span;
use model::unit::Unit;

use super::Builder;
use crate::chart::{Chart, ChartInput, ChartMark, Frame, MarkKind};
use crate::document::{Block, Fact, Run, Section, SourceId, Token};

/// A finding as a report tells it.
#[derive(Clone, Debug)]
pub struct FindingInput {
    /// The finding.
    pub finding: Finding,
    /// Why it was to be expected, if somebody said so.
    pub expected: Option<String>,
    /// Its series over the window of the report; `None` where there is nothing to draw.
    pub chart: Option<ChartInput>,
}

/// Why the report tells of these findings and not of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// People chose them.
    Pinned,
    /// Nobody chose any; they are the heaviest of those that this version of Kymo kept.
    Heaviest {
        /// How many are kept.
        of: usize,
        /// The version.
        kymo: String,
    },
    /// None was chosen and none is kept.
    NotKept,
}

impl Builder<'_> {
    /// The section of the findings.
    pub(super) fn findings(&mut self) -> Section {
        let input = self.input;
        let told = input.findings.len();
        let sources = &mut self.sources;
        let mut count = |count, statistic| {
            let source = sources.id("findings", "count of what the session keeps");
            Run::Number(Token::count(count, statistic, source))
        };
        let runs = match &input.choice {
            Choice::Pinned => vec![
                Run::text("Chosen for this report, in this order: "),
                count(told, "chosen"),
                Run::text("."),
            ],
            Choice::Heaviest { of: 0, kymo } => vec![Run::text(format!(
                "Kymo {kymo} analyzed this session and found nothing that stands out."
            ))],
            Choice::Heaviest { of, kymo } => vec![
                Run::text("None was chosen for this report. These are the "),
                count(told, "told"),
                Run::text(" heaviest of "),
                count(*of, "kept"),
                Run::text(format!(" findings that Kymo {kymo} keeps in this session.")),
            ],
            Choice::NotKept => vec![
                Run::text("No findings are kept in this session. They are after "),
                Run::code("kymo analyze --keep"),
                Run::text(", or after Keep in session in the window."),
            ],
        };
        let mut blocks = vec![Block::Paragraph { runs }];
        for (place, it) in input.findings.iter().enumerate() {
            self.finding(&mut blocks, (place + 1, it));
        }
        Section {
            id: "findings",
            title: "Findings",
            blocks,
        }
    }

    fn finding(&mut self, blocks: &mut Vec<Block>, (number, it): (usize, &FindingInput)) {
        let finding = &it.finding;
        let host = match finding.host.as_str() {
            "" => String::new(),
            host => format!(" on {host}"),
        };
        let kind = match finding.kind.as_str() {
            "" => String::new(),
            kind => format!(" ({kind})"),
        };
        blocks.push(Block::Heading {
            text: format!("{number}. {}{kind}{host}", finding.analysis.name()),
        });
        blocks.push(Block::Paragraph {
            runs: vec![Run::text(&finding.statement)],
        });
        blocks.push(Block::Facts {
            facts: self.finding_facts(it),
        });
        for (title, reasons) in [
            ("Speaks for it:", &finding.supports),
            ("Speaks against it:", &finding.against),
        ] {
            let reasons = match reasons.as_slice() {
                [] => vec![vec![Run::text("nothing")]],
                some => some.iter().map(|it| vec![Run::text(it)]).collect(),
            };
            blocks.push(Block::Paragraph {
                runs: vec![Run::text(title)],
            });
            blocks.push(Block::List { items: reasons });
        }
        if let Some(chart) = it
            .chart
            .as_ref()
            .and_then(|chart| self.drawn(chart, finding))
        {
            blocks.push(Block::Charts {
                charts: vec![chart],
            });
        }
    }

    fn finding_facts(&mut self, it: &FindingInput) -> Vec<Fact> {
        let finding = &it.finding;
        let source = self.sources.id_within(
            finding.span,
            &finding.series.join(", "),
            &format!("{} finding {}", finding.analysis.name(), finding.id),
        );
        let share = |value, statistic| {
            vec![Run::Number(Token::new(
                value,
                &Unit::new("1"),
                statistic,
                source,
            ))]
        };
        let mut facts = vec![Fact::text("Severity", finding.severity.name())];
        if let Some(reason) = &it.expected {
            facts.push(Fact::text("Marked as expected", reason));
        }
        if let Some(effect) = &finding.effect {
            facts.push(fact("Effect", effect_runs(effect, source)));
        }
        facts.push(fact("Evidence", share(finding.evidence, "evidence")));
        facts.push(fact("Data used", share(finding.coverage, "coverage")));
        facts.push(fact("When", when(finding.stretch(), source)));
        if !finding.places.is_empty() {
            facts.push(fact("Looked at", when(finding.span, source)));
        }
        if let Some(learned) = finding.learned {
            facts.push(fact("Learned from", when(learned, source)));
        }
        for (key, value) in &finding.parameters {
            let runs = vec![Run::code(format!("{key} = {value}"))];
            facts.push(fact("Computed with", runs));
        }
        if !finding.series.is_empty() {
            facts.push(fact("Series", vec![Run::code(finding.series.join(", "))]));
        }
        facts.push(Fact::text("Method", analysis::method::of(finding.analysis)));
        facts.push(fact("Id", vec![Run::code(finding.id.to_string())]));
        facts
    }

    /// The series of a finding over the window of the report, with where it holds.
    fn drawn(&mut self, chart: &ChartInput, finding: &Finding) -> Option<Chart> {
        let marks = finding.extent().iter().map(|span| ChartMark {
            span: *span,
            text: finding.statement.clone(),
            kind: MarkKind::Finding,
        });
        let marks: Vec<ChartMark> = marks.collect();
        let frame = Frame {
            window: self.input.span,
            marks: &marks,
        };
        let next = self.figures + 1;
        let chart = Chart::new(next, chart, frame, &mut self.sources)?;
        self.figures = next;
        Some(chart)
    }
}

fn fact(name: &str, runs: Vec<Run>) -> Fact {
    Fact {
        name: name.to_owned(),
        runs,
    }
}

fn effect_runs(effect: &Estimate, source: SourceId) -> Vec<Run> {
    let number = |value, statistic| Run::Number(Token::new(value, &effect.unit, statistic, source));
    vec![
        number(effect.value, "effect"),
        Run::text(" ("),
        number(effect.lo, "lower end of effect"),
        Run::text(" to "),
        number(effect.hi, "upper end of effect"),
        Run::text(")"),
    ]
}

fn when(span: Span, source: SourceId) -> Vec<Run> {
    vec![
        Run::text(format!("{} to {}, ", span.from, span.to)),
        Run::Number(Token::duration(span.seconds(), "length", source)),
    ]
}
