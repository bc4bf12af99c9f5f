//! What the user was told: short-lived notes at the corner, and the whole list.
//!
//! A note fades after some seconds; an error stays until it is closed. Both stay
//! in the list.
//!
//! Start at [`Notices`].

use std::time::{Duration, Instant};

use model::time::Moment;
use workflow::problem::{Problem, Sort};

/// How long a note is shown.
pub const NOTE_TIME: Duration = Duration::from_secs(4);

/// How long a note is shown that can be acted on.
const OFFER_TIME: Duration = Duration::from_secs(15);

/// Notices kept, oldest forgotten first.
const LIST_MAX: usize = 500;

/// Notices shown at the corner at once.
pub const SHOWN_MAX: usize = 4;

/// Number of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub u64);

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Note,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// What can be done about it with a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Open this session.
    Open(std::path::PathBuf),
    /// Put this path on the clipboard.
    CopyPath(std::path::PathBuf),
    /// Try to attach again.
    Attach(String),
    /// Ask how to record.
    Record,
    /// Say how this file is to be read.
    Import(std::path::PathBuf),
    /// Show the start page.
    Tour,
    /// Show this moment.
    Moment(Moment),
    /// Show the standards.
    Standards,
}

/// One thing the user was told.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its number.
    pub id: NoticeId,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub what: String,
    /// Why; may be empty.
    pub why: String,
    /// What to try; may be empty.
    pub what_to_do: String,
    /// What a click can do.
    pub offers: Vec<Offer>,
    /// When, for the list.
    pub at: Moment,
    shown_until: Option<Instant>,
    closed: bool,
}

/// Everything the user was told.
#[derive(Debug, Default)]
pub struct Notices {
    list: Vec<Notice>,
    next: u64,
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For how long something is shown.
    pub instant: Instant,
    /// For the list.
    pub moment: Moment,
}

impl Now {
    /// Reads both clocks.
    pub fn read() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ns = since.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX));
        Self {
            instant: Instant::now(),
            moment: Moment(ns),
        }
    }
}

impl Level {
    /// The word that stands beside the color.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "Note",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }

    /// The sign that stands beside the color.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Note => "i",
            Self::Warning => "▲",
            Self::Error => "×",
        }
    }
}

impl Notice {
    /// Everything about it as text for a bug report.
    pub fn details(&self) -> String {
        let mut text = format!("{} {}: {}", self.at, self.level.word(), self.what);
        for (name, value) in [("why", &self.why), ("try", &self.what_to_do)] {
            if !value.is_empty() {
                text.push_str(&format!("\n{name}: {value}"));
            }
        }
        text
    }
}

impl Notices {
    /// Tells something good.
    pub fn note(&mut self, now: Now, what: impl Into<String>, offers: Vec<Offer>) {
        let time = if offers.is_empty() {
            NOTE_TIME
        } else {
            OFFER_TIME
        };
        self.push(Notice {
            id: NoticeId(0),
            level: Level::Note,
            what: what.into(),
            why: String::new(),
            what_to_do: String::new(),
            offers,
            at: now.moment,
            shown_until: Some(now.instant + time),
            closed: false,
        });
    }

    /// Tells something doubtful.
    pub fn warn(
        &mut self,
        now: Now,
        what: impl Into<String>,
        why: impl Into<String>,
        offers: Vec<Offer>,
    ) {
        self.push(Notice {
            id: NoticeId(0),
            level: Level::Warning,
            what: what.into(),
            why: why.into(),
            what_to_do: String::new(),
            offers,
            at: now.moment,
            shown_until: Some(now.instant + OFFER_TIME),
            closed: false,
        });
    }

    /// Tells that something failed; what the user stopped is only a note.
    pub fn problem(&mut self, now: Now, problem: &Problem, offers: Vec<Offer>) {
        if problem.sort == Sort::Cancelled {
            self.note(now, format!("{}: stopped", problem.what), Vec::new());
            return;
        }
        self.push(Notice {
            id: NoticeId(0),
            level: Level::Error,
            what: problem.what.clone(),
            why: problem.why.clone(),
            what_to_do: problem.what_to_do.clone(),
            offers,
            at: now.moment,
            shown_until: None,
            closed: false,
        });
    }

    fn push(&mut self, mut notice: Notice) {
        // The same trouble twice is shown once.
        let same = |it: &Notice| it.what == notice.what && it.why == notice.why;
        if notice.level == Level::Error
            && let Some(old) = self.list.iter().rposition(|it| same(it) && !it.closed)
        {
            self.list.remove(old);
        }
        self.next += 1;
        notice.id = NoticeId(self.next);
        self.list.push(notice);
        if self.list.len() > LIST_MAX {
            self.list.remove(0);
        }
    }

    /// What is shown at the corner now, newest first.
    pub fn shown(&self, now: Instant) -> impl Iterator<Item = &Notice> {
        self.list
            .iter()
            .rev()
            .filter(move |it| !it.closed && it.shown_until.is_none_or(|until| now < until))
            .take(SHOWN_MAX)
    }

    /// When the next note at the corner goes away by itself.
    pub fn next_change(&self, now: Instant) -> Option<Duration> {
        self.shown(now)
            .filter_map(|it| it.shown_until)
            .map(|until| until.saturating_duration_since(now))
            .min()
    }

    /// Everything, oldest first.
    pub fn all(&self) -> &[Notice] {
        &self.list
    }

    /// The notice of this number.
    pub fn find(&self, id: NoticeId) -> Option<&Notice> {
        self.list.iter().find(|it| it.id == id)
    }

    /// Takes a notice from the corner.
    pub fn close(&mut self, id: NoticeId) {
        if let Some(notice) = self.list.iter_mut().find(|it| it.id == id) {
            notice.closed = true;
        }
    }

    /// Errors that were not closed yet.
    pub fn open_errors(&self) -> usize {
        let open = |it: &&Notice| it.level == Level::Error && !it.closed;
        self.list.iter().filter(open).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(seconds: u64) -> Now {
        let read = Now::read();
        Now {
            instant: read.instant + Duration::from_secs(seconds),
            ..read
        }
    }

    fn problem() -> Problem {
        Problem {
            what: "could not open x".to_owned(),
            why: "no such file".to_owned(),
            what_to_do: "check the path".to_owned(),
            sort: Sort::NotReadable,
        }
    }

    #[test]
    fn a_note_fades_and_an_error_stays_until_closed() {
        let mut notices = Notices::default();
        notices.note(now(0), "saved", Vec::new());
        notices.problem(now(0), &problem(), Vec::new());
        assert_eq!(notices.shown(now(1).instant).count(), 2);
        let later = now(60).instant;
        let left: Vec<NoticeId> = notices.shown(later).map(|it| it.id).collect();
        assert_eq!((left.len(), notices.open_errors()), (1, 1));
        let text = notices
            .find(left[0])
            .map(Notice::details)
            .unwrap_or_default();
        for part in ["could not open x", "no such file", "check the path"] {
            assert!(text.contains(part), "{text}");
        }
        notices.close(left[0]);
        assert_eq!((notices.shown(later).count(), notices.all().len()), (0, 2));
    }

    #[test]
    fn the_same_trouble_is_shown_once_and_the_list_is_bounded() {
        let mut notices = Notices::default();
        for _ in 0..3 {
            notices.problem(now(0), &problem(), Vec::new());
        }
        assert_eq!(notices.all().len(), 1);
        for i in 0..(LIST_MAX + 10) {
            notices.note(now(0), format!("note {i}"), Vec::new());
        }
        assert_eq!(notices.all().len(), LIST_MAX);
    }
}
