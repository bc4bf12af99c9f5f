//! Reviews: what a day, week, month or quarter of a library brought, gathered and written.
//!
//! * [`schedule`]: unit and timer files, or a crontab line, that write reviews by themselves.
//!
//! Start at [`gather`] and [`write`].

pub mod schedule;

use std::path::{Path, PathBuf};

use ::report::document::Document;
use ::report::review::{ReviewInput, document};
use analysis::review::{
    self, Compliance, Figure, FigurePoint, LedgerFacts, Review, Session, Shown,
};
use analysis::sessions::Statistic;
use jiff::tz::TimeZone;
use model::finding::Kept;
use model::period::{Cycle, Period};
use model::standard::Standard;
use model::time::{Moment, Span};
use plan::ledger::{Ledger, Record, score};
use sha2::{Digest, Sha256};

use crate::jobs::Context;
use crate::library::trend::{self, Include, Order, Request, Trended};
use crate::library::{self, Entry, Listing, Standing};
use crate::planning::book;
use crate::problem::{Problem, Sort};
use crate::recipe;
use crate::records;
use crate::report::{Form, PictureFiles};
use crate::spread;
use crate::stored::Stored;

/// Periods before the reviewed one that trends and findings look back over.
pub const PERIODS_BEFORE: usize = 4;

/// Sessions looked at for one review: half a year of one an hour.
const SESSIONS_MAX: usize = 5_000;

/// What is followed where nobody says what: title, series, statistic. Add yours here.
pub const FIGURES: &[(&str, &str, Statistic)] = &[
    ("Processor use", "*/system.cpu.utilization", Statistic::P95),
    ("Memory use", "*/system.memory.utilization", Statistic::P95),
    (
        "Waiting for processors",
        "*/system.pressure.share{kind=some,resource=cpu}",
        Statistic::P95,
    ),
    ("Disk use", "*/system.disk.utilization{*", Statistic::P95),
    (
        "Response time, 95th percentile",
        "*/service.request.duration.p95{service.name=*}",
        Statistic::P95,
    ),
    (
        "Requests answered",
        "*/service.request.throughput{service.name=*}",
        Statistic::Mean,
    ),
    (
        "Share of errors",
        "*/service.request.error_ratio{service.name=*}",
        Statistic::Mean,
    ),
];

/// What is reviewed.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How long a period is.
    pub cycle: Cycle,
    /// The moment whose last whole period is meant.
    pub at: Moment,
    /// Name of the zone of the calendar; empty: that of this machine.
    pub zone: String,
    /// How the library is listed.
    pub library: library::Setup,
    /// Series to follow instead of the usual ones, each with its statistic.
    pub figures: Vec<(String, Statistic)>,
    /// Files of standards.
    pub standards: Vec<PathBuf>,
    /// The ledger of predictions.
    pub ledger: PathBuf,
}

/// The zone of this name, and its name; of this machine without one.
///
/// # Errors
///
/// The system knows no such zone.
pub fn zone(name: &str) -> Result<(TimeZone, String), Problem> {
    match name {
        "" => {
            let zone = TimeZone::system();
            let name = zone.iana_name().unwrap_or("this machine").to_owned();
            Ok((zone, name))
        }
        "UTC" => Ok((TimeZone::UTC, name.to_owned())),
        name => {
            let zone = TimeZone::get(name).map_err(|error| Problem {
                what: format!("could not use the zone {name:?}"),
                why: error.to_string(),
                what_to_do: "a name such as Europe/Berlin or UTC".to_owned(),
                sort: Sort::Usage,
            })?;
            Ok((zone, name.to_owned()))
        }
    }
}

/// The period that a review is of.
///
/// # Errors
///
/// The zone is not known, or the moment is beyond the calendar.
pub fn period(setup: &Setup) -> Result<(Period, TimeZone), Problem> {
    let (zone, name) = zone(&setup.zone)?;
    let period = Period::last_whole(setup.cycle, setup.at, (&zone, &name));
    let period = period.ok_or_else(|| Problem {
        what: format!("could not find the last whole period before {}", setup.at),
        why: "it is beyond the calendar".to_owned(),
        what_to_do: "another time for --at".to_owned(),
        sort: Sort::Usage,
    })?;
    Ok((period, zone))
}

/// Gathers what the last whole period brought.
///
/// # Errors
///
/// The library cannot be listed, a standard cannot be checked, or the user stopped it.
/// Sessions that cannot be read are told in the review.
pub fn gather(setup: &Setup, context: &Context) -> Result<Review, Problem> {
    let (period, zone) = period(setup)?;
    let listing = library::list(&setup.library, context)?;
    let begin = begin(&period, &zone);
    let wide = Span {
        from: begin,
        to: period.span.to,
    };
    let near = near(&listing, wide);
    let mut notes = listing.notes.clone();
    if near.len() == SESSIONS_MAX {
        notes.push(format!(
            "Only the newest {SESSIONS_MAX} sessions were looked at"
        ));
    }
    let damaged: Vec<&Entry> = listing.entries.iter().filter(|it| is_damaged(it)).collect();
    let left_out = damaged.iter().filter(|it| is_within(it, wide));
    notes.extend(left_out.map(|it| format!("{} is left out: {}", it.name, unusable(it))));
    let shown = shown(&near, context)?;
    let within = |it: &&&Entry| is_within(it, period.span);
    let sound: Vec<&Entry> = near.iter().filter(within).copied().collect();
    let unusable = damaged.iter().filter(within).copied();
    let refused = listing.entries.iter().filter(|it| it.facts().is_none());
    let unusable: Vec<&Entry> = unusable.chain(refused).collect();
    let all = [&sound[..], &unusable].concat();
    let compliance = compliance(&all, &setup.standards, (&mut notes, context))?;
    let (ledger, told) = book::read(&setup.ledger)?;
    notes.extend(told);
    let figures = figures(&near, setup, (period.span, &mut notes, context))?;
    if near.len() > sound.len() {
        let before = near.len() - sound.len();
        notes.push(format!(
            "{before} sessions before the period were looked at too, back to {begin}"
        ));
    }
    Ok(Review {
        library: named(&setup.library.roots),
        sessions: all.into_iter().map(session).collect(),
        figures,
        book: review::book(&shown, period.span),
        ledger: predictions(&ledger, period.span),
        compliance,
        notes,
        period,
    })
}

/// Absolute, so that a library has one name wherever the review is started.
fn named(roots: &[PathBuf]) -> String {
    let absolute = |it: &PathBuf| std::path::absolute(it).unwrap_or_else(|_| it.clone());
    let names = roots.iter().map(|it| absolute(it).display().to_string());
    names.collect::<Vec<_>>().join(", ")
}

/// From when on sessions are looked at.
fn begin(period: &Period, zone: &TimeZone) -> Moment {
    let mut first = period.clone();
    for _ in 0..PERIODS_BEFORE {
        match first.before(zone) {
            Some(before) => first = before,
            None => break,
        }
    }
    first.span.from
}

fn is_within(entry: &Entry, span: Span) -> bool {
    entry.facts().is_some_and(|it| span.contains(it.span.from))
}

/// Whether data of a file are lost. What is being recorded has an end that is torn, and a
/// damaged file may well be the copy of a whole one that is here too.
fn is_damaged(entry: &Entry) -> bool {
    let facts = entry.facts();
    facts.is_some_and(|it| !it.unfinished && !it.damage.is_empty())
}

/// Why a session tells nothing; empty where it does.
fn unusable(entry: &Entry) -> String {
    match &entry.standing {
        Standing::Refused(why) => why.clone(),
        Standing::Read(facts) if is_damaged(entry) => {
            format!("its data are damaged: {}", facts.damage.join("; "))
        }
        Standing::Read(_) => String::new(),
    }
}

/// The sessions that a review looks at, by time: at most the newest.
fn near(listing: &Listing, wide: Span) -> Vec<&Entry> {
    let near = listing.entries.iter().filter(|it| is_within(it, wide));
    let mut near: Vec<&Entry> = near.filter(|it| !is_damaged(it)).collect();
    near.drain(..near.len().saturating_sub(SESSIONS_MAX));
    near
}

fn session(entry: &Entry) -> Session {
    let mut session = Session {
        name: entry.name.clone(),
        title: entry.title().to_owned(),
        refused: unusable(entry),
        ..Session::default()
    };
    if let Standing::Read(facts) = &entry.standing {
        session.build.clone_from(&facts.label.build);
        session.span = facts.span;
        let hosts = facts.hosts.iter().map(|it| it.name.clone());
        session.hosts = hosts.filter(|it| !it.is_empty()).collect();
        session.coverage = facts.coverage();
        session.findings = facts.findings.map(|it| (it.total(), it.severe));
    }
    session
}

/// The kept findings of every session.
fn shown(near: &[&Entry], context: &Context) -> Result<Vec<Shown>, Problem> {
    spread::over((near.len(), 1), ("review", context), |part| {
        near[part]
            .iter()
            .filter_map(|it| shown_by(it, context))
            .collect()
    })
}

/// `None` for a session that cannot be read after all: it is told as one that is refused
/// when the library is listed next.
fn shown_by(entry: &Entry, context: &Context) -> Option<Shown> {
    let (stored, _) = Stored::open(&entry.path, context).ok()?;
    let series = stored.series().iter().map(|it| it.key.to_string());
    let mut series: Vec<String> = series.collect();
    series.sort();
    let kept = stored.kept().filter(Kept::analyzed);
    Some(Shown {
        session: entry.title().to_owned(),
        at: entry.facts()?.span.from,
        hosts: stored.hosts().iter().map(|it| it.name.clone()).collect(),
        series,
        findings: kept.map(|it| it.findings),
    })
}

fn figures(
    near: &[&Entry],
    setup: &Setup,
    (period, notes, context): (Span, &mut Vec<String>, &Context),
) -> Result<Vec<Figure>, Problem> {
    let own = setup.figures.iter().map(|(series, statistic)| {
        let title = format!("{} of {series}", statistic.name());
        (title, series.clone(), *statistic)
    });
    let usual = FIGURES
        .iter()
        .map(|(title, series, statistic)| ((*title).to_owned(), (*series).to_owned(), *statistic));
    let wanted: Vec<_> = match setup.figures.is_empty() {
        true => usual.collect(),
        false => own.collect(),
    };
    let (mut figures, mut missing) = (Vec::new(), Vec::new());
    for (title, series, statistic) in wanted {
        if context.cancelled() {
            return Err(Problem::cancelled("review"));
        }
        let request = Request {
            series,
            statistic,
            order: Order::Time,
            include: Include::Comparable,
        };
        match trend::of(near, &request, context) {
            Ok(trended) => figures.push(figure(title, &trended, period)),
            // No session has such a series; what was asked for by name is told.
            Err(problem) if problem.sort == Sort::Usage => missing.push(problem),
            Err(problem) => return Err(problem),
        }
    }
    if setup.figures.is_empty() {
        return Ok(figures);
    }
    // A period without sessions is no mistake of who asks.
    if figures.is_empty()
        && !near.is_empty()
        && let Some(first) = missing.pop()
    {
        return Err(first);
    }
    notes.extend(missing.iter().map(|it| format!("{}: {}", it.what, it.why)));
    Ok(figures)
}

fn figure(title: String, trended: &Trended, period: Span) -> Figure {
    // A session without such a series is no gap in the figure.
    let points = trended.points.iter().filter(|it| it.series > 0);
    Figure {
        title,
        series: trended.request.series.clone(),
        statistic: trended.request.statistic.name().to_owned(),
        unit: trended.unit.clone(),
        points: points
            .map(|it| FigurePoint {
                session: it.title.clone(),
                build: it.build.clone(),
                at: it.at,
                value: it.value.map_or(f64::NAN, |it| it.value),
                between: it.value.map_or((f64::NAN, f64::NAN), |it| (it.lo, it.hi)),
                counted: it.counted,
                within: period.contains(it.at),
            })
            .collect(),
        sentences: trend::sentences(trended),
    }
}

fn compliance(
    entries: &[&Entry],
    paths: &[PathBuf],
    (notes, context): (&mut Vec<String>, &Context),
) -> Result<Vec<Compliance>, Problem> {
    // A standard that is at fault is told, whatever the sessions are.
    let loaded = paths.iter().map(|it| recipe::standards::load(it));
    let loaded: Vec<Standard> = loaded.collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    let mut unread = 0;
    for entry in entries.iter().filter(|_| !loaded.is_empty()) {
        match held(entry, &loaded, context) {
            Ok(found) => all.extend(found),
            Err(problem) if problem.sort == Sort::Cancelled => return Err(problem),
            Err(problem) => {
                unread += 1;
                let rows = loaded.iter().map(|it| undecidable(entry, it, &problem.why));
                all.extend(rows);
            }
        }
    }
    if unread > 0 {
        notes.push(format!(
            "Whether {unread} sessions keep the standards cannot be decided, since they cannot be read"
        ));
    }
    Ok(all)
}

/// One session held against every standard.
fn held(entry: &Entry, loaded: &[Standard], context: &Context) -> Result<Vec<Compliance>, Problem> {
    let why = unusable(entry);
    if !why.is_empty() {
        return Err(Problem {
            what: format!("could not check {}", entry.name),
            why,
            what_to_do: String::new(),
            sort: Sort::NotUsable,
        });
    }
    let (stored, _) = Stored::open(&entry.path, context)?;
    let mut all = Vec::new();
    for standard in loaded {
        let found = recipe::standards::held(&stored, standard, context)?;
        all.extend(found.into_iter().map(|it| Compliance {
            session: entry.title().to_owned(),
            standard: it.standard,
            requirement: it.requirement,
            standing: it.standing.name().to_owned(),
            margin: it.margin,
        }));
    }
    Ok(all)
}

/// A session that cannot be read complies with nothing and violates nothing.
fn undecidable(entry: &Entry, standard: &Standard, why: &str) -> Compliance {
    Compliance {
        session: entry.title().to_owned(),
        standard: format!("{} {}", standard.id, standard.version),
        requirement: "all of it".to_owned(),
        standing: recipe::standards::Standing::Undecidable.name().to_owned(),
        margin: format!("it cannot be decided: {why}"),
    }
}

/// What became of predictions within a period.
fn predictions(ledger: &Ledger, period: Span) -> LedgerFacts {
    let mut facts = LedgerFacts::default();
    for record in ledger.records() {
        match record {
            Record::Prediction(entry) if period.contains(entry.at) => match entry.p50 {
                Some(_) => facts.predicted += 1,
                None => facts.refused += 1,
            },
            Record::Outcome(outcome) if period.contains(outcome.at) => {
                facts.answered += 1;
                if let Some(inside) = outcome.inside.filter(|_| outcome.comparable) {
                    facts.comparable += 1;
                    facts.inside += usize::from(inside);
                }
            }
            Record::Prediction(_) | Record::Outcome(_) => {}
        }
    }
    facts.scores = score::scores(ledger)
        .iter()
        .map(score::Score::said)
        .collect();
    facts
}

/// The name of a review's file, without its suffix.
pub fn file_stem(period: &Period) -> String {
    format!("review-{}-{}", period.cycle.name(), period.name)
}

/// A review as a document.
pub fn made(review: &Review) -> Document {
    document(&ReviewInput {
        review,
        kymo: env!("CARGO_PKG_VERSION"),
    })
}

/// A review as Markdown, to be read at once.
///
/// # Errors
///
/// A bug of the writer.
pub fn text(review: &Review) -> Result<String, Problem> {
    let rendered = ::report::render(&made(review), ::report::Format::Markdown)
        .map_err(|error| Problem::from_error("could not write the review", &error, Sort::Bug))?;
    Ok(String::from_utf8_lossy(&rendered.bytes).into_owned())
}

/// Writes a review as a file of this name; an existing one is replaced in one step.
///
/// # Errors
///
/// The disk refuses.
pub fn write_as(review: &Review, format: ::report::Format, out: &Path) -> Result<PathBuf, Problem> {
    let form = Form {
        format,
        look: crate::report::draft::look(None, None)?,
        out: out.to_path_buf(),
        pictures: PictureFiles::Svg,
    };
    crate::report::write(&made(review), &form)
}

/// Writes a review into a folder, which is made if need be; an existing file is replaced
/// in one step. Gives where it lies: the name tells the library too, so that reviews of
/// several go into one folder.
///
/// # Errors
///
/// The disk refuses.
pub fn write(review: &Review, format: ::report::Format, folder: &Path) -> Result<PathBuf, Problem> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let what = format!("could not make {}", folder.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
    })?;
    let (stem, library) = (file_stem(&review.period), short(&review.library));
    let name = format!("{stem}-{library}.{}", format.suffix());
    write_as(review, format, &folder.join(name))
}

/// A library in a file name: its folder, for people, and a hash of its whole path, since
/// many are called `sessions`.
fn short(library: &str) -> String {
    /// Signs of the folder that are kept.
    const SIGNS_MAX: usize = 32;
    let folder = library.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |it: char| match it.is_alphanumeric() {
        true => it.to_ascii_lowercase(),
        false => '-',
    };
    let slug: String = folder.chars().take(SIGNS_MAX).map(plain).collect();
    let hash = records::hex(&Sha256::digest(library)[..4]);
    match slug.trim_matches('-') {
        "" => hash,
        slug => format!("{slug}-{hash}"),
    }
}
