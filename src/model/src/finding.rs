//! What an analysis concluded, with all that is needed to doubt it.
//!
//! A finding is one plain sentence with its effect, its evidence for and against,
//! the data it rests on and the parameters it was computed with. Its id names the
//! question, not the answer: the same analysis of the same series, window and
//! parameters has the same id in the window, on the command line and in a later
//! run, so that a changed answer can be told from another question.
//!
//! Start at [`Finding`].

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::report::Draft;
use crate::time::{Moment, Span};
use crate::unit::Unit;

/// Which analysis a finding comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Analysis {
    /// How good the data is.
    Quality,
    /// Where a series is heading.
    Trend,
    /// What is unlike its own past.
    Anomaly,
    /// Where the level of a series changed.
    Change,
    /// What limits the system.
    Bottleneck,
    /// What caused a disturbance.
    Explain,
    /// What moves together.
    Correlation,
    /// What comes next.
    Forecast,
    /// What differs between two windows or sessions.
    Compare,
    /// What a standard asks for and the recording does not keep.
    Standard,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Worth looking at.
    Warning,
    /// Users of the system feel it.
    Severe,
}

/// A number with the interval that it is believed to lie in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The best guess.
    pub value: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Unit of all three.
    pub unit: Unit,
}

/// Names a question: 64 bits that depend on analysis, series, window and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FindingId(u64);

/// What is asked; see [`FindingId::of`].
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Which analysis.
    pub analysis: Analysis,
    /// Names of the series it speaks of, in order of importance.
    pub series: &'a [String],
    /// The window it speaks of.
    pub span: Span,
    /// Parameters that the answer depends on.
    pub parameters: &'a [(String, String)],
}

/// One conclusion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Names the question.
    pub id: FindingId,
    /// Which analysis answered.
    pub analysis: Analysis,
    /// Sort of answer within the analysis, such as `step` or `cpu`.
    pub kind: String,
    /// Host it speaks of; empty when it speaks of several or of none.
    pub host: String,
    /// Names of the series it speaks of, in order of importance.
    pub series: Vec<String>,
    /// The window it speaks of.
    pub span: Span,
    /// Where in the window it holds, by time; empty where it holds all over it.
    #[serde(default)]
    pub places: Vec<Span>,
    /// One plain sentence, with its numbers and its doubts.
    pub statement: String,
    /// How much matters.
    pub severity: Severity,
    /// How large it is, where it has a size.
    pub effect: Option<Estimate>,
    /// How sure it is, 0 to 1.
    pub evidence: f64,
    /// Effect times evidence on one scale for all analyses, 0 to 1: the order of lists.
    pub weight: f64,
    /// Share of the expected data that was there, 0 to 1.
    pub coverage: f64,
    /// The history that it learned from, where it did.
    pub learned: Option<Span>,
    /// Parameters that the answer depends on.
    pub parameters: Vec<(String, String)>,
    /// What speaks for it.
    pub supports: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
}

/// The parameter of findings that were said while the data came, without what came after.
pub const LIVE: (&str, &str) = ("said", "live");

/// The findings of a session as they are kept in it, so that they can be derived
/// anew and compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Version of Kymo that found them; empty where none are kept.
    pub kymo: String,
    /// The findings, heaviest first.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What people said was to be expected.
    #[serde(default)]
    pub expected: Vec<Expected>,
    /// What people chose for the report, in the order they chose it.
    #[serde(default)]
    pub pinned: Vec<Finding>,
    /// Reports that people began, at most one a kind.
    #[serde(default)]
    pub drafts: Vec<Draft>,
    /// What was said while it was recorded; `None` where nobody watched.
    #[serde(default)]
    pub live: Option<Said>,
}

/// What a live view said while data came. It is kept as it was said: it also depends
/// on what came before the recording, so it cannot be derived anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// From when to when somebody watched.
    pub span: Span,
    /// The findings, by time.
    pub findings: Vec<Finding>,
}

/// A stretch of some series that is as it should be, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Names of series as `host/metric{key=value}`, where `*` stands for anything.
    pub series: String,
    /// The stretch.
    pub span: Span,
    /// Why it was to be expected.
    pub reason: String,
}

impl Kept {
    /// Whether the session was analyzed and the findings kept, be there any or not;
    /// marks and pins may be there without.
    pub fn analyzed(&self) -> bool {
        !self.kymo.is_empty()
    }
}

impl Expected {
    /// Whether it speaks of this series at this moment.
    pub fn covers(&self, series: &str, at: Moment) -> bool {
        let here = self.span.contains(at) || self.span.from == at;
        here && crate::series::glob_matches(&self.series, series)
    }
}

impl Analysis {
    /// Every analysis, in the order of lists.
    pub const ALL: [Self; 10] = [
        Self::Quality,
        Self::Trend,
        Self::Anomaly,
        Self::Change,
        Self::Bottleneck,
        Self::Explain,
        Self::Correlation,
        Self::Forecast,
        Self::Compare,
        Self::Standard,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Trend => "trend",
            Self::Anomaly => "anomaly",
            Self::Change => "change",
            Self::Bottleneck => "bottleneck",
            Self::Explain => "explain",
            Self::Correlation => "correlation",
            Self::Forecast => "forecast",
            Self::Compare => "compare",
            Self::Standard => "standard",
        }
    }
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Severe => "severe",
        }
    }
}

impl FindingId {
    /// The id of a question.
    ///
    /// # Source
    ///
    /// FNV-1a with 64 bits: G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake,
    /// "The FNV Non-Cryptographic Hash Algorithm", IETF draft. Parts are separated
    /// by a zero byte, so that none can run into the next.
    pub fn of(question: &Question<'_>) -> Self {
        let mut hash = Fnv::default();
        hash.text(question.analysis.name());
        for name in question.series {
            hash.text(name);
        }
        hash.text("");
        hash.bytes(&question.span.from.0.to_le_bytes());
        hash.bytes(&question.span.to.0.to_le_bytes());
        for (key, value) in question.parameters {
            hash.text(key);
            hash.text(value);
        }
        Self(hash.0)
    }
}

impl Finding {
    /// Whether it was said while the data came.
    pub fn is_live(&self) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|(key, value)| (key.as_str(), value.as_str()) == LIVE)
    }

    /// Where it holds: its places, or its whole window.
    pub fn extent(&self) -> &[Span] {
        match self.places.as_slice() {
            [] => std::slice::from_ref(&self.span),
            places => places,
        }
    }

    /// From where it begins to hold to where it holds no more.
    pub fn stretch(&self) -> Span {
        let places = self.extent().iter().copied();
        places.reduce(Span::union).unwrap_or(self.span)
    }

    /// The id that its own fields give; another one means that the fields were altered.
    pub fn own_id(&self) -> FindingId {
        FindingId::of(&Question {
            analysis: self.analysis,
            series: &self.series,
            span: self.span,
            parameters: &self.parameters,
        })
    }
}

/// Sorts by what users feel most, then by weight, heaviest first; equal ones by time,
/// analysis and id.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(order);
}

/// The order of [`sort`].
pub fn order(a: &Finding, b: &Finding) -> Ordering {
    b.severity
        .cmp(&a.severity)
        .then_with(|| b.weight.total_cmp(&a.weight))
        .then_with(|| a.span.from.cmp(&b.span.from))
        .then_with(|| a.analysis.cmp(&b.analysis))
        .then_with(|| a.id.cmp(&b.id))
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<FindingId> for String {
    fn from(id: FindingId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for FindingId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(|_| format!("{text:?} is no id of a finding"))
    }
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(series: &[&str], from: i64, parameters: &[(&str, &str)]) -> FindingId {
        let series: Vec<String> = series.iter().map(|it| (*it).to_owned()).collect();
        let parameters: Vec<(String, String)> = parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        FindingId::of(&Question {
            analysis: Analysis::Anomaly,
            series: &series,
            span: Span {
                from: Moment(from),
                to: Moment(9),
            },
            parameters: &parameters,
        })
    }

    #[test]
    fn the_hash_is_the_published_one() {
        let mut hash = Fnv::default();
        hash.bytes(b"foobar");
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
    }

    #[test]
    fn ids_differ_by_every_part_of_the_question_and_stay_for_ever() {
        let all = [
            id(&["a"], 0, &[]),
            id(&["a", "b"], 0, &[]),
            id(&["ab"], 0, &[]),
            id(&["a"], 1, &[]),
            id(&["a"], 0, &[("b", "")]),
            id(&["a"], 0, &[("b", "c")]),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| other != one), "{i}");
        }
        assert_eq!(all[0].to_string(), "bcc43fd14548bc54");
        assert_eq!(FindingId::try_from(all[0].to_string()), Ok(all[0]));
        assert!(FindingId::try_from("no".to_owned()).is_err());
    }
}
