//! The findings of a performance report: what people chose, else the heaviest that are
//! kept, each with all that is needed to doubt it.
//!
//! * In: findings as they are kept, and the columns of their series.
//! * Out: a section; every size, interval and share is a token whose source names the
//!   analysis, the series and the window of the finding.
//!
//! Start at [`section`].

use model::finding::{Estimate, Finding};
use model::time::Span;
use model::unit::Unit;

use crate::build::Builder;
use crate::chart::{Chart, ChartInput, ChartMark, MarkKind};
use crate::document::{Block, Fact, Run, Section, Token};
use crate::input::{Choice, FindingInput};
use crate::numerals;
use crate::sources::{Basis, Of, SourceId};

/// The section of the findings.
pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let told = input.findings.len();
    let sources = &mut builder.sources;
    let mut count = |count, statistic| {
        let source = sources.of(Of {
            basis: Basis::Findings,
            computation: "count of what the session keeps",
        });
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
        builder.finding(&mut blocks, (place + 1, it));
    }
    Some(Section::new("findings", "Findings", blocks))
}

impl Builder<'_> {
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
        let source = self.of_finding(finding);
        blocks.push(Block::Paragraph {
            runs: numerals::told(&finding.statement, source, "the statement"),
        });
        blocks.push(Block::Facts {
            facts: self.finding_facts(it),
        });
        for (title, name, reasons) in [
            ("Speaks for it:", "support", &finding.supports),
            ("Speaks against it:", "objection", &finding.against),
        ] {
            let told = reasons.iter().enumerate().map(|(place, reason)| {
                numerals::told(reason, source, &format!("{name} {}", place + 1))
            });
            let mut reasons: Vec<Vec<Run>> = told.collect();
            if reasons.is_empty() {
                reasons.push(vec![Run::text("nothing")]);
            }
            blocks.push(Block::text(title));
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
        let source = self.of_finding(finding);
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
            facts.push(Fact::new("Effect", effect_runs(effect, source)));
        }
        facts.push(Fact::new("Evidence", share(finding.evidence, "evidence")));
        facts.push(Fact::new("Data used", share(finding.coverage, "coverage")));
        facts.push(Fact::new(
            "When",
            when(finding.stretch(), (source, "where it holds")),
        ));
        if !finding.places.is_empty() {
            facts.push(Fact::new(
                "Looked at",
                when(finding.span, (source, "what was looked at")),
            ));
        }
        if let Some(learned) = finding.learned {
            facts.push(Fact::new(
                "Learned from",
                when(learned, (source, "what it learned from")),
            ));
        }
        for (key, value) in &finding.parameters {
            let runs = vec![Run::code(format!("{key} = {value}"))];
            facts.push(Fact::new("Computed with", runs));
        }
        if !finding.series.is_empty() {
            facts.push(Fact::new(
                "Series",
                vec![Run::code(finding.series.join(", "))],
            ));
        }
        facts.push(Fact::text("Method", analysis::method::of(finding.analysis)));
        facts.push(Fact::new("Id", vec![Run::code(finding.id.to_string())]));
        facts
    }

    /// The finding as a source of numbers.
    pub(crate) fn of_finding(&mut self, finding: &Finding) -> SourceId {
        let computation = format!("{} finding {}", finding.analysis.name(), finding.id);
        let of = Of {
            basis: Basis::Series(finding.series.clone()),
            computation: &computation,
        };
        self.sources.of_finding(finding.id, finding.span, of)
    }

    /// The series of a finding over the window of the report, with where it holds.
    fn drawn(&mut self, chart: &ChartInput, finding: &Finding) -> Option<Chart> {
        let marks = finding.extent().iter().map(|span| ChartMark {
            span: *span,
            text: finding.statement.clone(),
            kind: MarkKind::Finding,
        });
        let marks: Vec<ChartMark> = marks.collect();
        self.chart(chart, &marks)
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

fn when(span: Span, (source, what): (SourceId, &str)) -> Vec<Run> {
    let length = Token::duration(span.seconds(), &format!("length of {what}"), source);
    vec![
        Run::text(format!("{} to {}, ", span.from, span.to)),
        Run::Number(length),
    ]
}
