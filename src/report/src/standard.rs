//! Reporting standards: whether a report says what its reader needs to doubt it.
//!
//! Looks at the JSON form of a document, so that a report that was written to a file can be
//! judged too, and one that says more than this build knows.
//!
//! Start at [`judge`] and [`judge_json`].

use analysis::standard::{Asked, Judged, begun};
use model::compliance::{Compliance, Outcome};
use model::standard::{Bound, ReportNeed, Rules, Standard};
use model::time::{Moment, Span};
use model::unit::Unit;
use serde_json::Value;

use crate::document::Document;

/// What numbers are called that tell how complete data is.
const COVERAGE: &str = "share present";

/// Values within values that are looked at; a document has about ten.
const DEPTH_MAX: usize = 64;

/// Holds a document against a reporting standard; one of another kind gives no row.
pub fn judge(standard: &Standard, document: &Document) -> Compliance {
    judge_json(
        standard,
        &serde_json::to_value(document).unwrap_or_default(),
    )
}

/// Holds the JSON form of a document against a reporting standard.
pub fn judge_json(standard: &Standard, document: &Value) -> Compliance {
    let window = window(document);
    let mut compliance = begun(standard, window);
    let Rules::Reporting(rules) = &standard.rules else {
        return compliance;
    };
    let subject = format!("report {}", document["title"].as_str().unwrap_or_default());
    let seen = Seen::of(document);
    for rule in rules {
        let asked = Asked {
            standard,
            rule: (&rule.id, &rule.title),
            host: "",
            series: &subject,
            window,
        };
        let judged = match &rule.needs {
            ReportNeed::Section(id) => section(document, id),
            ReportNeed::Coverage(least) => seen.coverage(*least),
            ReportNeed::Evidence(least) => seen.evidence(*least),
        };
        let mut verdict = asked.verdict(judged);
        verdict.coverage = seen.least;
        verdict.samples = seen.numbers;
        compliance.rows.push(verdict);
    }
    compliance
}

fn window(document: &Value) -> Span {
    let moment = |place: usize| {
        let text = document["window"][place].as_str()?;
        text.parse::<Moment>().ok()
    };
    moment(0)
        .zip(moment(1))
        .map_or_else(Span::default, |(from, to)| Span { from, to })
}

/// What was met in a document.
#[derive(Clone, Debug, Default)]
struct Seen {
    numbers: u64,
    proven: u64,
    /// Lowest coverage that it tells.
    least: Option<f64>,
}

impl Seen {
    fn of(document: &Value) -> Self {
        let sources = document["sources"].as_array().map_or(0, Vec::len);
        let mut seen = Self::default();
        let mut open: Vec<(&Value, usize)> = vec![(document, 0)];
        while let Some((value, depth)) = open.pop() {
            if depth > DEPTH_MAX {
                continue;
            }
            match value {
                Value::Array(all) => open.extend(all.iter().map(|it| (it, depth + 1))),
                Value::Object(fields) => {
                    // Numbers of charts stand for themselves, those of texts are runs.
                    if value["run"] == "number" || fields.contains_key("statistic") {
                        seen.number(value, sources);
                    } else if value["run"] == "loose" {
                        seen.numbers += 1;
                    }
                    open.extend(fields.values().map(|it| (it, depth + 1)));
                }
                _ => {}
            }
        }
        seen
    }

    fn number(&mut self, number: &Value, sources: usize) {
        self.numbers += 1;
        let source = number["source"].as_u64().unwrap_or(0);
        if (1..=sources as u64).contains(&source) {
            self.proven += 1;
        }
        let statistic = number["statistic"].as_str().unwrap_or_default();
        if let Some(value) = number["value"].as_f64()
            && statistic == COVERAGE
        {
            self.least = Some(self.least.map_or(value, |it| it.min(value)));
        }
    }

    fn coverage(&self, least: f64) -> Judged {
        match self.least {
            Some(value) => share(
                "coverage",
                (value, least),
                "of the expected samples are there",
            ),
            None => Judged {
                outcome: Outcome::Fail,
                measure: "coverage".to_owned(),
                value: None,
                limit: Some(Bound::AtLeast(least)),
                unit: Unit::new("1"),
                statement: "it does not tell how complete its data is".to_owned(),
                doubt: String::new(),
            },
        }
    }

    fn evidence(&self, least: f64) -> Judged {
        if self.numbers == 0 {
            let why = "it holds no number".to_owned();
            return Judged {
                outcome: Outcome::Undecidable,
                measure: "evidence".to_owned(),
                value: None,
                limit: Some(Bound::AtLeast(least)),
                unit: Unit::new("1"),
                statement: why.clone(),
                doubt: why,
            };
        }
        let value = self.proven as f64 / self.numbers as f64;
        let what = format!("of its {} numbers lead to their source", self.numbers);
        share("evidence", (value, least), &what)
    }
}

fn share(measure: &str, (value, least): (f64, f64), what: &str) -> Judged {
    let limit = Bound::AtLeast(least);
    let unit = Unit::new("1");
    Judged {
        outcome: match limit.holds(value) {
            true => Outcome::Pass,
            false => Outcome::Fail,
        },
        measure: measure.to_owned(),
        value: Some(value),
        limit: Some(limit),
        statement: format!(
            "{} {what}, {} are asked for",
            unit.text(value),
            unit.text(least)
        ),
        unit,
        doubt: String::new(),
    }
}

fn section(document: &Value, id: &str) -> Judged {
    let sections = document["sections"].as_array().into_iter().flatten();
    let found = sections.filter(|it| it["id"] == id);
    let blocks: Option<usize> = found
        .map(|it| it["blocks"].as_array().map_or(0, Vec::len))
        .next();
    let (outcome, statement) = match blocks {
        Some(0) => (Outcome::Fail, format!("its section {id:?} is empty")),
        Some(_) => (Outcome::Pass, format!("it has the section {id:?}")),
        None => (Outcome::Fail, format!("it has no section {id:?}")),
    };
    Judged {
        outcome,
        measure: "section".to_owned(),
        value: None,
        limit: None,
        unit: Unit::new("1"),
        statement,
        doubt: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use model::standard::{ReportRule, Scope};
    use serde_json::json;

    use super::*;

    fn outcomes(document: &Value) -> Vec<(String, Outcome, Option<f64>)> {
        let rule = |id: &str, needs| ReportRule {
            id: id.to_owned(),
            title: String::new(),
            needs,
        };
        let standard = Standard {
            schema: 1,
            id: "r".to_owned(),
            version: "1".to_owned(),
            title: "t".to_owned(),
            owner: "o".to_owned(),
            source: "s".to_owned(),
            scope: Scope {
                hosts: vec!["*".to_owned()],
                note: String::new(),
            },
            rules: Rules::Reporting(vec![
                rule("section", ReportNeed::Section("quality".to_owned())),
                rule("coverage", ReportNeed::Coverage(0.9)),
                rule("evidence", ReportNeed::Evidence(1.0)),
            ]),
        };
        let rows = judge_json(&standard, document).rows.into_iter();
        rows.map(|it| (it.rule, it.outcome, it.value)).collect()
    }

    fn document(numbers: &[Value], blocks: usize) -> Value {
        let blocks = vec![json!({"block": "paragraph", "runs": numbers}); blocks];
        json!({
            "title": "T", "window": ["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"],
            "sections": [{"id": "quality", "unknown": 1, "blocks": blocks}],
            "sources": [{"series": "a"}],
        })
    }

    #[test]
    fn sections_coverage_and_evidence_are_judged() {
        let number = |source: u64, statistic: &str, value: f64| json!({"run": "number", "source": source, "statistic": statistic, "value": value});
        let named = |all: [(&str, Outcome, Option<f64>); 3]| {
            all.map(|(rule, outcome, value)| (rule.to_owned(), outcome, value))
                .to_vec()
        };
        let good = [number(1, "share present", 0.95), number(1, "p95", 3.0)];
        assert_eq!(
            outcomes(&document(&good, 1)),
            named([
                ("section", Outcome::Pass, None),
                ("coverage", Outcome::Pass, Some(0.95)),
                ("evidence", Outcome::Pass, Some(1.0)),
            ])
        );
        let bad = [
            number(2, "share present", 0.5),
            number(1, "share present", 0.95),
        ];
        assert_eq!(
            outcomes(&document(&bad, 1)),
            named([
                ("section", Outcome::Pass, None),
                ("coverage", Outcome::Fail, Some(0.5)),
                ("evidence", Outcome::Fail, Some(0.5)),
            ])
        );
        let by_hand = [
            number(1, "share present", 1.0),
            json!({"run": "loose", "text": "7"}),
        ];
        assert_eq!(
            outcomes(&document(&by_hand, 1))[2],
            ("evidence".to_owned(), Outcome::Fail, Some(0.5))
        );
        let of_chart = json!({"source": 1, "statistic": "p95", "value": 1.0});
        let drawn = [json!({"mean": of_chart}), number(1, "share present", 1.0)];
        assert_eq!(outcomes(&document(&drawn, 1))[2].2, Some(1.0));
        assert_eq!(
            outcomes(&document(&[], 0)),
            named([
                ("section", Outcome::Fail, None),
                ("coverage", Outcome::Fail, None),
                ("evidence", Outcome::Undecidable, None),
            ])
        );
        assert_eq!(outcomes(&json!(7))[0].1, Outcome::Fail);
    }
}
