//! What a period brought: sessions, figures over them, findings that are new, open and
//! closed, predictions and standards.
//!
//! * In: what is kept in the sessions of a library.
//! * Out: a [`Review`], a plain value; `report::kind::review` makes a document of it.
//! * Never: calls a finding closed because nobody looked: only a later session that could
//!   have shown it closes one.
//!
//! Start at [`book`].

use std::collections::BTreeMap;

use model::finding::{Analysis, Finding, Severity};
use model::period::Period;
use model::time::{Moment, Span};
use model::unit::Unit;

/// A whole review.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// What is reviewed.
    pub period: Period,
    /// The folders that were looked through, for people.
    pub library: String,
    /// The sessions of the period, by time; what cannot be read comes last.
    pub sessions: Vec<Session>,
    /// Figures over them and those of some periods before.
    pub figures: Vec<Figure>,
    /// What became of findings.
    pub book: Book,
    /// What became of predictions.
    pub ledger: LedgerFacts,
    /// What the standards say, by session.
    pub compliance: Vec<Compliance>,
    /// What people should know, one sentence each.
    pub notes: Vec<String>,
}

/// One session of the period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// Its path within the library.
    pub name: String,
    /// Title, else the name.
    pub title: String,
    /// Its build; may be empty.
    pub build: String,
    /// Its time.
    pub span: Span,
    /// Names of its hosts.
    pub hosts: Vec<String>,
    /// Share of the samples that are there, where known.
    pub coverage: Option<f64>,
    /// Findings kept and how many are severe; `None` before it was analyzed.
    pub findings: Option<(usize, usize)>,
    /// Why it cannot be read; empty where it can.
    pub refused: String,
}

/// One figure over sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is, for people.
    pub title: String,
    /// Pattern of the series.
    pub series: String,
    /// Name of the statistic.
    pub statistic: String,
    /// Unit of the values.
    pub unit: Unit,
    /// One a session, by time.
    pub points: Vec<FigurePoint>,
    /// What trend and changes say.
    pub sentences: Vec<String>,
}

/// A figure of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct FigurePoint {
    /// The session's title.
    pub session: String,
    /// Its build; may be empty.
    pub build: String,
    /// Its first sample.
    pub at: Moment,
    /// The statistic; `NaN` where there is none.
    pub value: f64,
    /// Ends of its interval; `NaN` where there is none.
    pub between: (f64, f64),
    /// Whether it counts for trend and changes.
    pub counted: bool,
    /// Whether it is of the period rather than of those before.
    pub within: bool,
}

/// What became of predictions within the period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerFacts {
    /// Metrics that were predicted with a number.
    pub predicted: usize,
    /// Metrics that no number was said for.
    pub refused: usize,
    /// Predictions that were measured.
    pub answered: usize,
    /// Of those, the ones under the load they were made for, with an interval.
    pub comparable: usize,
    /// Of those, the ones whose measurement lies within.
    pub inside: usize,
    /// How each model did in all its time, a sentence each.
    pub scores: Vec<String>,
}

/// What the standards say of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct Compliance {
    /// The session's title.
    pub session: String,
    /// The standard.
    pub standard: String,
    /// What it asks for.
    pub requirement: String,
    /// `holds`, `violated` or `undecidable`.
    pub standing: String,
    /// By how much, in words.
    pub margin: String,
}

/// What one session shows, for [`book`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The session's title.
    pub session: String,
    /// Its first sample.
    pub at: Moment,
    /// Names of its hosts.
    pub hosts: Vec<String>,
    /// Names of its series, sorted.
    pub series: Vec<String>,
    /// Its findings; `None` before it was analyzed.
    pub findings: Option<Vec<Finding>>,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The latest session shows it, no earlier one did.
    New,
    /// The latest session still shows it.
    Open,
    /// An earlier session showed it, the latest that could does not.
    Closed,
}

impl Standing {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A finding followed over sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// What became of it.
    pub standing: Standing,
    /// As the last session that shows it says.
    pub finding: Finding,
    /// The first session that shows it, among those looked at.
    pub first: (String, Moment),
    /// The last.
    pub last: (String, Moment),
    /// The session that closed it; the latest one that could show it otherwise.
    pub latest: (String, Moment),
    /// Sessions that show it.
    pub shown: usize,
    /// Sessions that could.
    pub comparable: usize,
}

/// Findings followed over sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// New ones first, then open, then closed; each the heaviest first.
    pub all: Vec<Tracked>,
}

impl Book {
    /// Those of one standing.
    pub fn of(&self, standing: Standing) -> impl Iterator<Item = &Tracked> {
        self.all.iter().filter(move |it| it.standing == standing)
    }

    /// How many are of one standing.
    pub fn count(&self, standing: Standing) -> usize {
        self.of(standing).count()
    }
}

/// The same question over sessions: ids differ, since windows do.
type Key = (Analysis, String, String, Vec<String>);

fn key(finding: &Finding) -> Key {
    let mut series = finding.series.clone();
    series.sort();
    (
        finding.analysis,
        finding.kind.clone(),
        finding.host.clone(),
        series,
    )
}

/// Follows findings over sessions into a period; sessions before it tell what is new.
///
/// A session could have shown a finding if it was analyzed and holds its host and its main
/// series.
/// What no such session of the period speaks of is left out.
pub fn book(sessions: &[Shown], period: Span) -> Book {
    let mut sessions: Vec<&Shown> = sessions.iter().filter(|it| it.at < period.to).collect();
    sessions.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.session.cmp(&b.session)));
    let mut by_key: BTreeMap<Key, Vec<Option<&Finding>>> = BTreeMap::new();
    for (place, shown) in sessions.iter().enumerate() {
        let findings = shown.findings.iter().flatten();
        for finding in findings.filter(|it| !it.is_live()) {
            let row = by_key.entry(key(finding)).or_default();
            row.resize(sessions.len(), None);
            // Of several in one session the heaviest stands for all.
            let known = row[place];
            if known.is_none_or(|it| it.weight < finding.weight) {
                row[place] = Some(finding);
            }
        }
    }
    let tracked = by_key
        .iter()
        .filter_map(|(key, row)| tracked(key, (row, &sessions), period));
    let mut all: Vec<Tracked> = tracked.collect();
    all.sort_by(|a, b| {
        a.standing
            .cmp(&b.standing)
            .then_with(|| model::finding::order(&a.finding, &b.finding))
            .then_with(|| key(&a.finding).cmp(&key(&b.finding)))
    });
    Book { all }
}

fn tracked(
    (_, _, host, _): &Key,
    (row, sessions): (&[Option<&Finding>], &[&Shown]),
    period: Span,
) -> Option<Tracked> {
    let measured = |it: &Shown, name: &String| it.series.binary_search(name).is_ok();
    // What matters most of it, where it is a series that sessions hold and no process.
    let main = row.iter().flatten().find_map(|it| it.series.first());
    let mut showing = row.iter().zip(sessions).filter(|(it, _)| it.is_some());
    let main = main.filter(|name| showing.any(|(_, it)| measured(it, name)));
    let could = |it: &Shown| {
        let here = host.is_empty() || it.hosts.iter().any(|known| known == host);
        it.findings.is_some() && here && main.is_none_or(|name| measured(it, name))
    };
    // A session that shows it could, whatever its list of series says.
    let places = (0..sessions.len()).filter(|it| row[*it].is_some() || could(sessions[*it]));
    let places: Vec<usize> = places.collect();
    let latest = *places
        .last()
        .filter(|it| period.contains(sessions[**it].at))?;
    let showing: Vec<usize> = places
        .iter()
        .copied()
        .filter(|it| row[*it].is_some())
        .collect();
    let (first, last) = (*showing.first()?, *showing.last()?);
    let standing = match (row[latest].is_some(), first < latest) {
        (true, true) => Standing::Open,
        (true, false) => Standing::New,
        (false, _) => {
            let closing = places.iter().find(|it| **it > last)?;
            // What was closed before the period is no news of it.
            if !period.contains(sessions[*closing].at) {
                return None;
            }
            Standing::Closed
        }
    };
    let named = |place: usize| (sessions[place].session.clone(), sessions[place].at);
    let closing = places.iter().copied().find(|it| *it > last);
    Some(Tracked {
        standing,
        finding: row[last]?.clone(),
        first: named(first),
        last: named(last),
        latest: named(closing.unwrap_or(latest)),
        shown: showing.len(),
        comparable: places.len(),
    })
}

/// What a review says, in plain sentences.
pub fn sentences(review: &Review) -> Vec<String> {
    let read = review
        .sessions
        .iter()
        .filter(|it| it.refused.is_empty())
        .count();
    let mut said = Vec::new();
    said.push(match review.sessions.len() - read {
        0 => format!("{} sessions were recorded", count(read)),
        refused => format!(
            "{} sessions were recorded; {} more cannot be read",
            count(read),
            count(refused)
        ),
    });
    let unanalyzed = review
        .sessions
        .iter()
        .filter(|it| it.refused.is_empty() && it.findings.is_none());
    let unanalyzed = unanalyzed.count();
    if unanalyzed > 0 {
        said.push(format!(
            "{} of them were not analyzed, so they neither open nor close findings",
            count(unanalyzed)
        ));
    }
    let book = &review.book;
    let of = |standing| book.count(standing);
    said.push(format!(
        "{} findings are new, {} stay open, {} were closed",
        count(of(Standing::New)),
        of(Standing::Open),
        of(Standing::Closed)
    ));
    let severe = |it: &&Tracked| it.finding.severity == Severity::Severe;
    let open = book.all.iter().filter(|it| it.standing != Standing::Closed);
    if let Some(worst) = open.clone().find(severe) {
        said.push(format!("The heaviest: {}", worst.finding.statement));
    }
    let violated = review
        .compliance
        .iter()
        .filter(|it| it.standing == "violated")
        .count();
    if !review.compliance.is_empty() {
        let of = review.compliance.len();
        said.push(format!(
            "{} of {of} requirements of the standards were violated",
            count(violated)
        ));
    }
    let ledger = &review.ledger;
    if ledger.predicted + ledger.refused + ledger.answered > 0 {
        said.push(format!(
            "{} metrics were predicted, {} were refused an answer, {} were measured",
            ledger.predicted, ledger.refused, ledger.answered
        ));
    }
    said
}

fn count(number: usize) -> String {
    match number {
        0 => "No".to_owned(),
        number => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::finding::{FindingId, Question};

    fn finding(kind: &str, at: i64, severity: Severity) -> Finding {
        let series = vec!["web-1/load".to_owned()];
        let span = Span {
            from: Moment(at),
            to: Moment(at + 5),
        };
        Finding {
            id: FindingId::of(&Question {
                analysis: Analysis::Bottleneck,
                series: &series,
                span,
                parameters: &[],
            }),
            analysis: Analysis::Bottleneck,
            kind: kind.to_owned(),
            host: "web-1".to_owned(),
            series,
            span,
            places: Vec::new(),
            statement: format!("{kind} at {at}"),
            severity,
            effect: None,
            evidence: 0.9,
            weight: 0.5,
            coverage: 1.0,
            learned: None,
            parameters: Vec::new(),
            supports: Vec::new(),
            against: Vec::new(),
        }
    }

    fn shown(at: i64, kinds: &[&str]) -> Shown {
        let findings = kinds.iter().map(|it| finding(it, at, Severity::Warning));
        Shown {
            session: format!("s{at}"),
            at: Moment(at),
            hosts: vec!["web-1".to_owned()],
            series: vec!["web-1/load".to_owned()],
            findings: Some(findings.collect()),
        }
    }

    fn told(sessions: &[Shown]) -> Vec<String> {
        let period = Span {
            from: Moment(100),
            to: Moment(200),
        };
        let book = book(sessions, period);
        let all = book.all.iter();
        all.map(|it| {
            let (name, kind) = (it.standing.name(), &it.finding.kind);
            format!(
                "{name} {kind} {} of {} until {}",
                it.shown, it.comparable, it.latest.0
            )
        })
        .collect()
    }

    #[test]
    fn findings_open_and_close_over_sessions() {
        let sessions = [
            shown(50, &["old", "gone before"]),
            shown(60, &["old"]),
            shown(110, &["old", "short", "mended"]),
            shown(120, &["mended", "old"]),
            shown(130, &["old", "fresh"]),
            shown(210, &["after"]),
        ];
        assert_eq!(
            told(&sessions),
            [
                "new fresh 1 of 5 until s130",
                "open old 5 of 5 until s130",
                "closed short 1 of 5 until s120",
                "closed mended 2 of 5 until s130",
            ]
        );
    }

    #[test]
    fn a_session_that_could_not_show_it_closes_nothing() {
        let mut elsewhere = shown(130, &[]);
        elsewhere.hosts = vec!["web-2".to_owned()];
        let mut narrower = shown(140, &[]);
        narrower.series.clear();
        let mut unread = shown(150, &[]);
        unread.findings = None;
        let sessions = [
            shown(50, &["slow"]),
            shown(110, &["slow"]),
            elsewhere,
            narrower,
            unread,
        ];
        assert_eq!(told(&sessions), ["open slow 2 of 2 until s110"]);
    }

    #[test]
    fn what_was_closed_before_the_period_is_no_news() {
        let sessions = [shown(50, &["slow"]), shown(60, &[]), shown(110, &[])];
        assert_eq!(told(&sessions), Vec::<String>::new());
        let sessions = [shown(50, &["slow"]), shown(110, &[])];
        assert_eq!(told(&sessions), ["closed slow 1 of 2 until s110"]);
    }
}
