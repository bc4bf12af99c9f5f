//! `kymo analyze`: every finding of every analysis, heaviest first.

use std::path::Path;

use analysis::anomaly::expected;
use model::finding::{Expected, Finding, Kept};
use model::time::{Span, duration_text};
use model::unit::counted;
use serde::Serialize;
use workflow::findings;
use workflow::hindsight::{self, Hindsight};
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::{Head, Source, marks_of, opened, outcome, print};
use crate::failure::{Answer, tell};

/// `kymo analyze`.
#[derive(Debug, clap::Args)]
pub(crate) struct Analyze {
    #[command(flatten)]
    source: Source,
    /// Keep the findings in the session, so that `kymo verify` can derive them anew.
    #[arg(long)]
    keep: bool,
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    from: String,
    to: String,
    findings: Vec<Told>,
}

/// A finding in JSON.
#[derive(Serialize)]
pub(super) struct Told {
    id: String,
    analysis: &'static str,
    kind: String,
    severity: &'static str,
    host: String,
    series: Vec<String>,
    from: String,
    to: String,
    places: Vec<[String; 2]>,
    statement: String,
    effect: Option<Effect>,
    evidence: f64,
    weight: f64,
    coverage: f64,
    learned: Option<[String; 2]>,
    /// What was said of it while it was recorded, where somebody watched.
    live: Option<String>,
    parameters: std::collections::BTreeMap<String, String>,
    #[serde(rename = "for")]
    supports: Vec<String>,
    against: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    expected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Effect {
    value: f64,
    lo: f64,
    hi: f64,
    unit: String,
}

impl Told {
    pub(super) fn of(finding: Finding) -> Self {
        let ends = |span: Span| [span.from.to_string(), span.to.to_string()];
        let [from, to] = ends(finding.span);
        Self {
            id: finding.id.to_string(),
            analysis: finding.analysis.name(),
            kind: finding.kind,
            severity: finding.severity.name(),
            host: finding.host,
            series: finding.series,
            from,
            to,
            places: finding.places.into_iter().map(ends).collect(),
            statement: finding.statement,
            effect: finding.effect.map(|it| Effect {
                value: it.value,
                lo: it.lo,
                hi: it.hi,
                unit: it.unit.code().to_owned(),
            }),
            evidence: finding.evidence,
            weight: finding.weight,
            coverage: finding.coverage,
            learned: finding.learned.map(ends),
            live: None,
            parameters: finding.parameters.into_iter().collect(),
            supports: finding.supports,
            against: finding.against,
            expected: false,
            reason: None,
        }
    }

    /// The same, with the reason where a mark says that it was to be expected.
    fn judged(finding: Finding, marks: &[Expected]) -> Self {
        let reason = expected::of_finding(&finding, marks).map(|it| it.reason.clone());
        Self {
            expected: reason.is_some(),
            reason,
            ..Self::of(finding)
        }
    }
}

/// Computes, keeps where asked to, and prints all findings.
pub(crate) fn run(arguments: &Analyze) -> Result<Answer, Problem> {
    let input = opened(&arguments.source.input)?;
    let (found, (marks, hindsight)) = find(&input, arguments.keep)?;
    let span = input.span();
    let text = text(&input, &found, (&marks, &hindsight));
    let told = |finding: Finding| Told {
        live: hindsight.remarks.get(&finding.id).cloned(),
        ..Told::judged(finding, &marks)
    };
    let document = Document {
        head: Head::THIS,
        from: span.from.to_string(),
        to: span.to.to_string(),
        findings: found.into_iter().map(told).collect(),
    };
    print(arguments.source.json.into(), &document, || text)?;
    Ok(outcome(&input))
}

/// All findings of an input as text for people, and kept in it where asked to.
pub(crate) fn in_words(input: &Path, keeps: bool) -> Result<String, Problem> {
    let input = opened(input)?;
    let (found, (marks, hindsight)) = find(&input, keeps)?;
    Ok(text(&input, &found, (&marks, &hindsight)))
}

/// What people marked and what was said live, for a list of findings.
type Beside = (Vec<Expected>, Hindsight);

fn find(input: &Input, keeps: bool) -> Result<(Vec<Finding>, Beside), Problem> {
    let mut found = findings::all(input, &Context::default())?;
    if keeps {
        keep(input, &found)?;
    }
    let hindsight = look_back(input, &mut found);
    let marks = marks_of(input);
    expected::put_last(&mut found, &marks);
    Ok((found, (marks, hindsight)))
}

fn keep(input: &Input, found: &[Finding]) -> Result<(), Problem> {
    let Some(stored) = &input.stored else {
        return Err(Problem {
            what: format!("could not keep findings in {}", input.path.display()),
            why: "it is no session".to_owned(),
            what_to_do: "kymo import it first".to_owned(),
            sort: Sort::Usage,
        });
    };
    let before = stored.kept().unwrap_or_default();
    stored.keep(Kept {
        kymo: env!("CARGO_PKG_VERSION").to_owned(),
        findings: found.to_vec(),
        ..before
    })?;
    tell(&format!(
        "kept {} in {}",
        counted(found.len(), "finding"),
        input.path.display()
    ));
    Ok(())
}

/// Adds what was said live and nothing confirms.
fn look_back(input: &Input, found: &mut Vec<Finding>) -> Hindsight {
    let kept = input.stored.as_ref().and_then(|it| it.kept()?.live);
    let Some(said) = kept else {
        return Hindsight::default();
    };
    let mut hindsight = hindsight::compare(&said, found);
    found.append(&mut hindsight.unconfirmed);
    model::finding::sort(found);
    hindsight
}

fn text(input: &Input, found: &[Finding], (marks, hindsight): (&[Expected], &Hindsight)) -> String {
    let span = input.span();
    let mut text = format!(
        "{}: {} in {}\n",
        input.path.display(),
        counted(found.len(), "finding"),
        duration_text(span.seconds())
    );
    for finding in found {
        if let Some(mark) = expected::of_finding(finding, marks) {
            text.push_str(&format!(
                "· expected   {}\n      as marked: {}\n",
                finding.statement, mark.reason
            ));
            continue;
        }
        text.push_str(&format!(
            "{} {:<10} {}\n",
            match finding.severity {
                model::finding::Severity::Severe => "‼",
                model::finding::Severity::Warning => "!",
                model::finding::Severity::Note => "·",
            },
            finding.analysis.name(),
            finding.statement,
        ));
        if let Some(said) = hindsight.remarks.get(&finding.id) {
            text.push_str(&format!("      {said}\n"));
        }
        for (sign, reasons) in [("+", &finding.supports), ("−", &finding.against)] {
            for reason in reasons.iter().take(3) {
                text.push_str(&format!("      {sign} {reason}\n"));
            }
        }
    }
    if found.is_empty() {
        text.push_str("  nothing stands out\n");
    }
    text
}
