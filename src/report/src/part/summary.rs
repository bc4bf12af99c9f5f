//! The summary: what stands out, and how far the data can be trusted.

use analysis::overview::{self, Piece, Sentence};
use model::finding::{Analysis, Severity};
use model::unit::Unit;

use crate::build::Builder;
use crate::document::{Block, Run, Section, Token};
use crate::input::{Choice, FindingInput};
use crate::numerals;
use crate::sources::{Basis, Of};
use crate::tables;

/// So many findings begin the summary.
const MOST_FINDINGS: usize = 3;

/// So many observations follow them.
const MOST_SENTENCES: usize = 6;

pub(crate) fn section(builder: &mut Builder<'_>) -> Option<Section> {
    let input = builder.input;
    let said = overview::sentences(&input.resources, &input.processes, MOST_SENTENCES);
    let mut items = found(builder);
    items.extend(said.iter().map(|it| sentence(builder, it)));
    items.extend(coverage_sentences(builder));
    items.extend(notes(builder));
    let mut blocks = vec![match items.is_empty() {
        true => {
            Block::text("Nothing here can be summed up: no resource and no process was recorded.")
        }
        false => Block::List { items },
    }];
    if !input.resources.is_empty() {
        let table = tables::resources(&input.resources, &mut builder.sources);
        blocks.push(Block::Table(table));
    }
    Some(Section::new("summary", "Summary", blocks))
}

/// What the heaviest findings of the report state, but for those about the data and
/// those that people expected. Answers come before what only differs, where nobody
/// chose an order.
fn found(builder: &mut Builder<'_>) -> Vec<Vec<Run>> {
    let tells = |it: &&FindingInput| {
        let finding = &it.finding;
        let of_data = finding.analysis == Analysis::Quality;
        it.expected.is_none() && finding.severity != Severity::Note && !of_data
    };
    let mut grave: Vec<_> = builder.input.findings.iter().filter(tells).collect();
    if builder.input.choice != Choice::Pinned {
        let answers = |it: &&FindingInput| {
            let answers = [Analysis::Bottleneck, Analysis::Explain, Analysis::Compare];
            !answers.contains(&it.finding.analysis)
        };
        grave.sort_by_key(answers);
    }
    grave.truncate(MOST_FINDINGS);
    let state = |it: &FindingInput| {
        let source = builder.of_finding(&it.finding);
        numerals::told(&it.finding.statement, source, "the statement")
    };
    grave.into_iter().map(state).collect()
}

/// What else the reader must know.
pub(super) fn notes(builder: &mut Builder<'_>) -> Vec<Vec<Run>> {
    let notes = &builder.input.notes;
    let source = builder.own("what was found while the report was made");
    let told = notes
        .iter()
        .enumerate()
        .map(|(place, note)| numerals::told(note, source, &format!("note {}", place + 1)));
    told.collect()
}

fn sentence(builder: &mut Builder<'_>, sentence: &Sentence) -> Vec<Run> {
    let mut processes = builder.input.processes.iter();
    let source = match processes.find(|it| it.subject() == sentence.subject) {
        Some(process) => tables::of_process(&mut builder.sources, process),
        None => builder
            .sources
            .id(&sentence.subject, tables::SUMMARY_OF_SAMPLES),
    };
    let mut runs = Vec::new();
    for piece in &sentence.pieces {
        match piece {
            // Names of processes and devices hold digits; these are no numbers of ours.
            Piece::Text(text) => runs.push(Run::text(text)),
            Piece::Number {
                value,
                text,
                unit,
                statistic,
            } => runs.push(Run::Number(Token {
                text: text.clone(),
                ..Token::new(*value, unit, statistic, source)
            })),
        }
    }
    runs
}

/// Hosts whose recording is not whole.
pub(super) fn coverage_sentences(builder: &mut Builder<'_>) -> Vec<Vec<Run>> {
    let mut items = Vec::new();
    for it in builder.input.coverage.iter().filter(|it| it.share < 0.995) {
        let basis = Basis::Times(it.host.clone());
        let computation = tables::SAMPLES_THERE;
        let source = builder.sources.of(Of { basis, computation });
        let share = Token::new(it.share, &Unit::new("1"), "share present", source);
        let whose = match it.host.as_str() {
            "" => "the file",
            host => host,
        };
        items.push(vec![
            Run::text("Only "),
            Run::Number(share),
            Run::text(format!(
                " of the samples of {whose} are there; see data quality."
            )),
        ]);
    }
    items
}
