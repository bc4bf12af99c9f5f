//! Where numbers come from: each leads to a session, a window, a computation and, where
//! there is one, a finding; and to the data it rests on, by digest.
//!
//! * In: what was computed from what, while a document is built.
//! * Out: a list of [`Source`]s, each once.
//! * Never: reads data; whoever has it puts the digests in.
//!
//! Start at [`Sources`].

use model::finding::FindingId;
use model::time::Span;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document::window;

/// Hexadecimal digits of an id: 48 bits, so that a million sources of one report meet by
/// chance once in five hundred reports, and a reader can still compare them.
const ID_DIGITS: usize = 12;

/// Place of a source in the document, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SourceId(pub usize);

/// What numbers were computed from, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Names it in every form of the report.
    pub id: String,
    /// Name of the session.
    pub session: String,
    /// The series, or the rows, as they are named in the session.
    pub series: String,
    /// Which stretch of it.
    #[serde(serialize_with = "window")]
    pub window: Span,
    /// What was computed.
    pub computation: String,
    /// The finding that says so, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingId>,
    /// The data it rests on.
    pub rests_on: Basis,
    /// SHA-256 of that data; empty where nobody computed it.
    pub digest: String,
}

/// Data that a number rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Samples of these series within the window.
    Series(Vec<String>),
    /// Requests that ended in the window.
    Requests(Requests),
    /// Readings of a process within the window.
    Process {
        /// Name of its host.
        host: String,
        /// Number within its host's stream.
        id: u32,
    },
    /// When samples of a host were taken.
    Times(String),
    /// What an agent told of its host.
    Host(String),
    /// The findings that the session keeps.
    Findings,
    /// Everything that was recorded.
    Session,
    /// A document that came with the request, by its name.
    Document(String),
    /// The report itself, such as how many rows it shows.
    Report,
}

/// Which requests; an empty name is any.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Requests {
    /// Host that told of them.
    pub host: String,
    /// The service that answered, or asked where there is a peer.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// Whom it asked.
    pub peer: String,
}

/// What a source is made of.
#[derive(Clone, Debug)]
pub struct Of<'a> {
    /// The data.
    pub basis: Basis,
    /// What was computed.
    pub computation: &'a str,
}

/// Collects sources while a document is built; the same source is kept once.
#[derive(Clone, Debug)]
pub struct Sources {
    session: String,
    window: Span,
    list: Vec<Source>,
}

impl Sources {
    /// Sources of one session and one window.
    pub fn new(session: &str, window: Span) -> Self {
        Self {
            session: session.to_owned(),
            window,
            list: Vec::new(),
        }
    }

    /// Names a source by what was computed from which series.
    pub fn id(&mut self, series: &str, computation: &str) -> SourceId {
        self.id_within(self.window, series, computation)
    }

    /// Names a source by what was computed from which series in a window of its own.
    pub fn id_within(&mut self, window: Span, series: &str, computation: &str) -> SourceId {
        let basis = Basis::Series(vec![series.to_owned()]);
        self.of_within(window, Of { basis, computation })
    }

    /// Names a source by the data it rests on.
    pub fn of(&mut self, of: Of<'_>) -> SourceId {
        self.of_within(self.window, of)
    }

    /// Names a source by the data it rests on in a window of its own.
    pub fn of_within(&mut self, window: Span, of: Of<'_>) -> SourceId {
        let session = self.session.clone();
        self.put(session, window, (of, None))
    }

    /// Names a source in another session, for reports over several.
    pub fn of_session(&mut self, session: &str, window: Span, of: Of<'_>) -> SourceId {
        self.put(session.to_owned(), window, (of, None))
    }

    /// Names a finding as a source.
    pub fn of_finding(&mut self, id: FindingId, window: Span, of: Of<'_>) -> SourceId {
        let session = self.session.clone();
        self.put(session, window, (of, Some(id)))
    }

    fn put(
        &mut self,
        session: String,
        window: Span,
        (of, finding): (Of<'_>, Option<FindingId>),
    ) -> SourceId {
        let Of { basis, computation } = of;
        let found = |it: &Source| {
            let same = it.window == window && it.session == session && it.finding == finding;
            same && it.rests_on == basis && it.computation == computation
        };
        if let Some(place) = self.list.iter().position(found) {
            return SourceId(place + 1);
        }
        let series = basis.text();
        let elsewhere = if session == self.session {
            ""
        } else {
            &session
        };
        let told = finding.map(|it| it.to_string()).unwrap_or_default();
        let (from, to) = (window.from.0.to_string(), window.to.0.to_string());
        let id = short_id(&[elsewhere, &series, computation, &told, &from, &to]);
        self.list.push(Source {
            id,
            session,
            series,
            window,
            computation: computation.to_owned(),
            finding,
            rests_on: basis,
            digest: String::new(),
        });
        SourceId(self.list.len())
    }

    /// The window that most of them have.
    pub fn window(&self) -> Span {
        self.window
    }

    /// All sources; place `i` is [`SourceId`] `i + 1`.
    pub fn into_list(self) -> Vec<Source> {
        self.list
    }
}

impl Source {
    /// The id of a number that is this statistic of the source.
    pub fn token_id(&self, statistic: &str) -> String {
        short_id(&[&self.id, statistic])
    }
}

impl Basis {
    /// What it is called in a list of sources.
    pub fn text(&self) -> String {
        match self {
            Self::Series(names) => names.join(", "),
            Self::Requests(of) => of.text(),
            Self::Process { host, id } => format!("{host}/process #{id}"),
            Self::Times(host) if host.is_empty() => "sample times".to_owned(),
            Self::Times(host) => format!("{host}/sample times"),
            Self::Host(host) => format!("{host}/host facts"),
            Self::Findings => "findings".to_owned(),
            Self::Session => "everything recorded".to_owned(),
            Self::Document(name) => name.clone(),
            Self::Report => "this report".to_owned(),
        }
    }
}

impl Requests {
    fn text(&self) -> String {
        let kind = if self.peer.is_empty() { "" } else { "client" };
        let with = [
            ("kind", kind),
            ("operation", &self.operation),
            ("peer", &self.peer),
            ("service.name", &self.service),
        ];
        let with = with.iter().filter(|(_, value)| !value.is_empty());
        let with = with.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let metric = model::request::DURATION;
        model::series::SeriesKey::new(self.host.as_str(), metric, with).to_string()
    }
}

/// The first digits of a SHA-256 over parts that are kept apart by zero bytes.
fn short_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    let mut text: String = digits.collect();
    text.truncate(ID_DIGITS);
    text
}
