//! What is compared: both sides as the user wants them, and what jobs found out.
//!
//! A comparison is a job: it takes the series that the analyses have read, or reads
//! them, opens the other session if there is one, and compares. The row that is looked
//! at in detail is another, short job.
//!
//! Start at [`Contrast::begin`] and [`Contrast::accept`].

pub mod answer;
pub mod closeup;
pub mod sides;

use std::path::PathBuf;
use std::sync::Arc;

use analysis::frame::Frame;
use model::columns::Column;
use model::time::Span;
use workflow::compare::Repeats;
use workflow::input::{HostFrame, Input};
use workflow::jobs::Context;
use workflow::live::Live;
use workflow::problem::{Problem, Sort};
use workflow::stored::Stored;

use self::answer::{Answer, Opened};
use self::closeup::{CloseUp, Wanted};
use self::sides::{Axis, Place, Sides, Stretch};
use crate::tasks::{Generation, Outcome, Pool, Ticket, Work};

/// Other sessions kept open, so that another window of them is quick.
const OTHERS_MAX: usize = 2;

/// Kymo's own cost is recorded beside the system, but is not what a user asks about.
const OWN_METRICS: &str = "kymo.";

/// The comparison at hand.
#[derive(Default)]
pub struct Contrast {
    /// What the user wants to be compared.
    pub sides: Sides,
    progress: Progress,
    answer: Option<Arc<Answer>>,
    version: u64,
    request: u64,
    ticket: Option<Ticket>,
    wanted: Option<Wanted>,
    closeup: Option<Arc<CloseUp>>,
    looking: Option<Ticket>,
    others: Vec<Arc<Input>>,
}

/// How far the comparison is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Progress {
    /// Nothing was asked for yet.
    #[default]
    Idle,
    /// It is being computed.
    Running,
    /// It is there.
    Done,
    /// It cannot be had.
    Failed(Problem),
}

/// What the session that is looked at is made of.
pub enum Here<'a> {
    /// Attached agents: what they said lately.
    Live(&'a Live),
    /// A stored session, and its series if they were read already.
    Stored(&'a Stored, Option<&'a Arc<Input>>),
}

/// The columns of attached hosts, by name.
type LiveColumns = Vec<(String, Vec<Column>)>;

/// Where a job gets the series of a side.
#[derive(Clone)]
enum Given {
    Read(Arc<Input>),
    Stored(Stored),
    Live(Arc<LiveColumns>),
    File(PathBuf),
}

/// What a job brings.
pub enum News {
    /// A comparison, by its number.
    Compared(u64, Result<Box<Answer>, Problem>),
    /// A row in detail, of the comparison of this version.
    Seen(u64, Box<CloseUp>),
}

impl Contrast {
    /// What was found, if a comparison is done.
    pub fn answer(&self) -> Option<&Arc<Answer>> {
        self.answer.as_ref()
    }

    /// Raised with every new answer.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The row that was looked at in detail last.
    pub fn closeup(&self) -> Option<&Arc<CloseUp>> {
        self.closeup.as_ref()
    }

    /// Forgets everything: something else is looked at.
    pub fn reset(&mut self) {
        *self = Self {
            version: self.version + 1,
            request: self.request,
            ..Self::default()
        };
    }

    /// Stops the comparison.
    pub fn cancel(&self, work: &Work) {
        if let Some(Ticket(pool, id)) = self.ticket {
            work.cancel(pool, id);
        }
    }

    /// Compares what the user wants; the answer comes with [`Contrast::accept`].
    pub fn begin(
        &mut self,
        (here, axis): (&Here<'_>, &Axis),
        (generation, work): (Generation, &mut Work),
    ) {
        let Some(stretches) = self.sides.resolved(axis) else {
            return;
        };
        self.cancel(work);
        self.request += 1;
        let request = self.request;
        let live = match here {
            Here::Live(live) => Some(Arc::new(columns(live, &stretches))),
            Here::Stored(..) => None,
        };
        let given = stretches
            .each_ref()
            .map(|it| self.given(&it.place, (here, live.as_ref())));
        let repeats = match self.sides.repeatable {
            true => Repeats::Known,
            false => Repeats::Unknown,
        };
        let job = work.start(Pool::Quick, "comparing", move |context| {
            let answer = open((given, stretches), context)
                .and_then(|sides| answer::answer(sides, repeats, context));
            Outcome::Contrast(generation, News::Compared(request, answer.map(Box::new)))
        });
        self.ticket = job.map(|id| Ticket(Pool::Quick, id));
        self.progress = match self.ticket {
            Some(_) => Progress::Running,
            None => Progress::Failed(busy()),
        };
    }

    fn given(&self, place: &Place, (here, live): (&Here<'_>, Option<&Arc<LiveColumns>>)) -> Given {
        match (place, here, live) {
            (Place::File(path), _, _) => {
                let known = self.others.iter().find(|it| it.path == *path);
                known.map_or_else(
                    || Given::File(path.clone()),
                    |it| Given::Read(Arc::clone(it)),
                )
            }
            (Place::Here, Here::Stored(_, Some(input)), _) => Given::Read(Arc::clone(input)),
            (Place::Here, Here::Stored(stored, None), _) => Given::Stored((*stored).clone()),
            (Place::Here, Here::Live(_), live) => {
                Given::Live(live.map(Arc::clone).unwrap_or_default())
            }
        }
    }

    /// Takes in what a job found, unless something else was asked for since.
    pub fn accept(&mut self, news: News) {
        match news {
            News::Compared(request, result) if request == self.request => {
                self.ticket = None;
                match result {
                    Ok(answer) => self.compared(*answer),
                    Err(problem) => {
                        self.answer = None;
                        self.version += 1;
                        self.progress = Progress::Failed(problem);
                    }
                }
            }
            News::Seen(version, closeup) if version == self.version => {
                self.looking = None;
                if self.wanted == Some(closeup.wanted) {
                    self.closeup = Some(Arc::from(closeup));
                }
            }
            News::Compared(..) | News::Seen(..) => {}
        }
    }

    fn compared(&mut self, answer: Answer) {
        for side in &answer.sides {
            let known = |it: &Arc<Input>| it.path == side.input.path;
            if matches!(side.stretch.place, Place::File(_)) && !self.others.iter().any(known) {
                self.others.truncate(OTHERS_MAX - 1);
                self.others.insert(0, Arc::clone(&side.input));
            }
        }
        self.answer = Some(Arc::new(answer));
        self.version += 1;
        self.progress = Progress::Done;
        self.wanted = None;
        self.closeup = None;
        self.looking = None;
    }

    /// Looks at a row in detail.
    pub fn look(&mut self, wanted: Wanted, (generation, work): (Generation, &mut Work)) {
        let Some(answer) = self.answer.clone() else {
            return;
        };
        if self.wanted == Some(wanted) && (self.looking.is_some() || self.closeup.is_some()) {
            return;
        }
        let version = self.version;
        let job = work.start(Pool::Quick, "looking closer", move |_| {
            Outcome::Contrast(
                generation,
                News::Seen(version, Box::new(CloseUp::of(&answer, wanted))),
            )
        });
        // Should the queue be full, the next frame asks again.
        if let Some(id) = job {
            self.wanted = Some(wanted);
            self.looking = Some(Ticket(Pool::Quick, id));
        }
    }

    /// Notices jobs that ended without an outcome, since they met a bug.
    pub fn check(&mut self, work: &Work) {
        if self.ticket.is_some_and(|it| !work.runs(it)) {
            self.ticket = None;
            self.progress = Progress::Failed(Problem {
                what: "could not compare".to_owned(),
                why: "a bug stopped it".to_owned(),
                what_to_do: "see the notifications for details".to_owned(),
                sort: Sort::Bug,
            });
        }
    }

    /// Forgets another session that was opened, so that it is read anew.
    pub fn forget(&mut self, path: &std::path::Path) {
        self.others.retain(|it| it.path != path);
    }
}

fn busy() -> Problem {
    Problem {
        what: "could not compare".to_owned(),
        why: "too much else is being computed".to_owned(),
        what_to_do: "compare again in a moment".to_owned(),
        sort: Sort::Limit,
    }
}

/// Opens both sides; one session that is both is opened once.
fn open(
    (given, stretches): ([Given; 2], [Stretch; 2]),
    context: &Context,
) -> Result<[Opened; 2], Problem> {
    let same = stretches[0].place == stretches[1].place;
    let [before, after] = given;
    let first = read(before, context)?;
    let second = match same {
        true => Arc::clone(&first),
        false => read(after, context)?,
    };
    let [a, b] = stretches;
    Ok([Opened::new(first, a), Opened::new(second, b)])
}

fn read(given: Given, context: &Context) -> Result<Arc<Input>, Problem> {
    Ok(match given {
        Given::Read(input) => input,
        Given::Stored(stored) => Arc::new(Input::of_stored(&stored, None, context)?),
        Given::File(path) => Arc::new(Input::open(&path, context)?),
        Given::Live(hosts) => {
            let frames = hosts.iter().map(|(host, columns)| HostFrame {
                host: host.clone(),
                frame: Frame::of_columns(columns),
            });
            Arc::new(Input {
                path: PathBuf::from("live"),
                frames: frames.collect(),
                stored: None,
                notes: Vec::new(),
                damaged: false,
            })
        }
    })
}

/// Copies what agents said within both windows, since it goes on changing here: some
/// ten megabytes for ten minutes of a large host.
fn columns(live: &Live, stretches: &[Stretch; 2]) -> LiveColumns {
    let here = stretches.iter().filter(|it| it.place == Place::Here);
    let span = here
        .map(|it| match &it.windows {
            Some(windows) => windows.iter().copied().fold(Span::default(), Span::union),
            None => live.span(),
        })
        .fold(Span::default(), Span::union);
    let mut hosts = LiveColumns::new();
    for series in live.series() {
        let of_system = !series.key.metric.starts_with(OWN_METRICS);
        let Some(track) = live.track(&series.key).filter(|_| of_system) else {
            continue;
        };
        let Some((at, values)) = track.within(span).filter(|(at, _)| !at.is_empty()) else {
            continue;
        };
        let column = Column {
            at: at.into(),
            values: values.into(),
            series: track.series().clone(),
        };
        match hosts.iter_mut().find(|(name, _)| *name == series.key.host) {
            Some((_, columns)) => columns.push(column),
            None => hosts.push((series.key.host.clone(), vec![column])),
        }
    }
    hosts
}
