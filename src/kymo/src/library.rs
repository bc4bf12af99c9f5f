//! `kymo library`: sessions of a folder listed, searched, labelled and followed.
//!
//! All work in `workflow::library`; this holds the arguments, the JSON shapes and the
//! text for people.

use std::fmt::Write as _;
use std::path::PathBuf;

use analysis::sessions::{STATISTICS, Statistic};
use analysis::trend::Direction;
use model::label::Label;
use model::time::{Zone, duration_text};
use model::unit::{Unit, counted};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::library::label::{self, Change};
use workflow::library::query::{FIELDS, Query};
use workflow::library::trend::{self, Include, Order, Point, Request, Trended};
use workflow::library::{self, Entry, Facts, Freshness, Listing, Setup, Standing};
use workflow::problem::{Problem, Sort};

use crate::analyses::{Head, print};
use crate::commands::Output;
use crate::failure::{Answer, answer_text, tell};

/// `kymo library …`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the sessions below some folders, the oldest first.
    List {
        #[command(flatten)]
        folders: Folders,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List the sessions that fit words and terms such as host:web-1 tag:nightly after:2026-11-01.
    #[command(after_help = fields())]
    Search {
        /// Words and terms; every one must hold, and a minus turns it around.
        #[arg(allow_hyphen_values = true)]
        query: String,
        #[command(flatten)]
        folders: Folders,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Add and remove tags of sessions, and say which build they ran.
    Tag {
        /// The sessions.
        #[arg(required = true)]
        sessions: Vec<PathBuf>,
        /// Add this tag; may be repeated.
        #[arg(long, value_name = "TAG")]
        add: Vec<String>,
        /// Take this tag away; may be repeated.
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
        /// Build or version of what was recorded; an empty text says none.
        #[arg(long)]
        build: Option<String>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Show the note of a session, or replace it.
    Note {
        /// The session.
        session: PathBuf,
        /// The new note; an empty text takes it away.
        text: Option<String>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Follow one figure over many sessions: its trend, and where it changed.
    Trend(Trend),
}

/// Which folders.
#[derive(Debug, clap::Args)]
pub(crate) struct Folders {
    /// Folders of .kymo files and session folders, looked through with all below them.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Read every session, whatever the index knows.
    #[arg(long)]
    anew: bool,
}

/// `kymo library trend`.
#[derive(Debug, clap::Args)]
pub(crate) struct Trend {
    #[command(flatten)]
    folders: Folders,
    /// Series as `host/metric{key=value}`; `*` stands for anything.
    #[arg(long, value_name = "GLOB")]
    series: String,
    /// What is computed of a session's samples.
    #[arg(long, default_value = "p50", value_parser = statistic)]
    statistic: Statistic,
    /// Order of the sessions.
    #[arg(long, value_enum, default_value = "time")]
    by: By,
    /// Only sessions that fit, as in `kymo library search`.
    #[arg(
        long = "where",
        value_name = "QUERY",
        default_value = "",
        hide_default_value = true
    )]
    query: String,
    /// Count sessions of other machines, cadences and coverage too.
    #[arg(long)]
    all: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Order of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// By their first sample.
    Time,
    /// By their build, as versions are counted.
    Build,
}

fn statistic(text: &str) -> Result<Statistic, String> {
    Statistic::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = STATISTICS.iter().map(|(_, name)| *name).collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}

fn fields() -> String {
    let lines = FIELDS.iter();
    let lines: Vec<String> = lines
        .map(|(name, help)| format!("  {name:<9} {help}"))
        .collect();
    format!("Terms:\n{}", lines.join("\n"))
}

/// Runs the command.
pub(crate) fn run(command: Command) -> Result<Answer, Problem> {
    match command {
        Command::List { folders, json } => listed(&folders, "", json.into()),
        Command::Search {
            query,
            folders,
            json,
        } => listed(&folders, &query, json.into()),
        Command::Tag {
            sessions,
            add,
            remove,
            build,
            json,
        } => {
            let change = Change {
                remove,
                add,
                build,
                note: None,
            };
            tagged(&sessions, &change, json.into())
        }
        Command::Note {
            session,
            text,
            json,
        } => noted(session, text, json.into()),
        Command::Trend(arguments) => trended(&arguments),
    }
}

/// Lists the sessions of folders and tells what people should know.
pub(crate) fn opened(folders: &[PathBuf], freshness: Freshness) -> Result<Listing, Problem> {
    let setup = Setup {
        freshness,
        ..Setup::of(folders.to_vec())
    };
    let listing = library::list(&setup, &Context::default())?;
    for note in &listing.notes {
        tell(&format!("kymo: {note}"));
    }
    Ok(listing)
}

/// Reads a query.
pub(crate) fn query(text: &str) -> Result<Query, Problem> {
    Query::parse(text).map_err(|error| Problem {
        what: "could not search".to_owned(),
        why: error.to_string(),
        what_to_do: "kymo library search --help".to_owned(),
        sort: Sort::Usage,
    })
}

impl Folders {
    fn listing(&self) -> Result<Listing, Problem> {
        let freshness = match self.anew {
            true => Freshness::Anew,
            false => Freshness::Index,
        };
        opened(&self.folders, freshness)
    }
}

#[derive(Serialize)]
struct ListDocument<'a> {
    #[serde(flatten)]
    head: Head,
    sessions: Vec<SessionLine<'a>>,
    notes: &'a [String],
}

/// One session in JSON.
#[derive(Serialize)]
struct SessionLine<'a> {
    path: String,
    name: &'a str,
    title: &'a str,
    bytes: u64,
    /// Why it could not be read; the other fields say nothing then.
    refused: Option<&'a str>,
    from: Option<String>,
    to: Option<String>,
    seconds: f64,
    hosts: Vec<HostLine<'a>>,
    cadence_seconds: f64,
    coverage: Option<f64>,
    series: usize,
    findings: Option<library::Counts>,
    heaviest: &'a str,
    damage: &'a [String],
    unfinished: bool,
    tags: &'a [String],
    note: &'a str,
    build: &'a str,
}

#[derive(Serialize)]
struct HostLine<'a> {
    name: &'a str,
    cpus: u32,
    cadence_seconds: f64,
    coverage: Option<f64>,
}

impl<'a> SessionLine<'a> {
    fn of(entry: &'a Entry, nothing: &'a Facts) -> Self {
        let facts = entry.facts().unwrap_or(nothing);
        let hosts = facts.hosts.iter().map(|it| HostLine {
            name: &it.name,
            cpus: it.cpus,
            cadence_seconds: it.cadence_ns as f64 / 1e9,
            coverage: it.coverage,
        });
        let dated = entry.facts().filter(|it| !it.span.is_empty());
        Self {
            path: entry.path.display().to_string(),
            name: &entry.name,
            title: entry.title(),
            bytes: entry.bytes,
            refused: match &entry.standing {
                Standing::Refused(why) => Some(why),
                Standing::Read(_) => None,
            },
            from: dated.map(|it| it.span.from.to_string()),
            to: dated.map(|it| it.span.to.to_string()),
            seconds: facts.span.seconds(),
            hosts: hosts.collect(),
            cadence_seconds: facts.cadence_ns() as f64 / 1e9,
            coverage: facts.coverage(),
            series: facts.series,
            findings: facts.findings,
            heaviest: &facts.heaviest,
            damage: &facts.damage,
            unfinished: facts.unfinished,
            tags: &facts.label.tags,
            note: &facts.label.note,
            build: &facts.label.build,
        }
    }
}

fn listed(folders: &Folders, text: &str, output: Output) -> Result<Answer, Problem> {
    let query = query(text)?;
    let listing = folders.listing()?;
    let found = query.among(&listing.entries);
    let nothing = Facts::default();
    let document = ListDocument {
        head: Head::THIS,
        sessions: found
            .iter()
            .map(|it| SessionLine::of(it, &nothing))
            .collect(),
        notes: &listing.notes,
    };
    print(output, &document, || {
        list_text(&found, listing.entries.len())
    })?;
    Ok(Answer::Fine)
}

fn list_text(found: &[&Entry], of: usize) -> String {
    let mut out = String::new();
    for entry in found {
        // Writing to a string cannot fail.
        match &entry.standing {
            Standing::Read(facts) => session_text(entry, facts, &mut out),
            Standing::Refused(why) => writeln!(out, "{}\n  ! {why}", entry.name),
        }
        .unwrap_or_default();
    }
    let refused = found.iter().filter(|it| it.facts().is_none()).count();
    let more = match refused {
        0 => String::new(),
        count => format!(", {count} of them cannot be read"),
    };
    let shown = match found.len() == of {
        true => counted(of, "session"),
        false => format!("{} of {}", found.len(), counted(of, "session")),
    };
    writeln!(out, "{shown}{more}").unwrap_or_default();
    out
}

fn session_text(entry: &Entry, facts: &Facts, out: &mut String) -> std::fmt::Result {
    write!(out, "{}", entry.name)?;
    if !facts.title.is_empty() {
        write!(out, "  {}", facts.title)?;
    }
    if !facts.label.build.is_empty() {
        write!(out, "  build {}", facts.label.build)?;
    }
    for tag in &facts.label.tags {
        write!(out, "  #{tag}")?;
    }
    writeln!(out)?;
    let hosts = match facts.hosts_text() {
        names if names.is_empty() => "imported".to_owned(),
        names => names,
    };
    write!(
        out,
        "  {} UTC · {} · {hosts} · every {}",
        facts.span.from.strftime("%F %T", Zone::Utc),
        duration_text(facts.span.seconds()),
        duration_text(facts.cadence_ns() as f64 / 1e9),
    )?;
    if let Some(coverage) = facts.coverage() {
        write!(out, " · {:.1} % there", coverage * 100.0)?;
    }
    writeln!(out, " · {}", Unit::new("By").text(entry.bytes as f64))?;
    match facts.findings {
        None => writeln!(out, "  not analyzed yet")?,
        Some(counts) if counts.total() == 0 => writeln!(out, "  nothing found")?,
        Some(counts) => writeln!(
            out,
            "  {} findings, {} of them severe: {}",
            counts.total(),
            counts.severe,
            facts.heaviest
        )?,
    }
    for line in facts.label.note.lines() {
        writeln!(out, "  “{line}”")?;
    }
    for damage in &facts.damage {
        writeln!(out, "  ! {damage}")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct LabelDocument {
    #[serde(flatten)]
    head: Head,
    sessions: Vec<Labelled>,
}

#[derive(Serialize)]
struct Labelled {
    path: String,
    #[serde(flatten)]
    label: Label,
}

fn tagged(sessions: &[PathBuf], change: &Change, output: Output) -> Result<Answer, Problem> {
    // A wrong word is told before the first session is changed.
    change.of(Label::default())?;
    let mut done = Vec::new();
    for path in sessions {
        done.push(Labelled {
            path: path.display().to_string(),
            label: label::apply(path, change)?,
        });
    }
    print_labels(done, output)
}

fn noted(session: PathBuf, text: Option<String>, output: Output) -> Result<Answer, Problem> {
    let shows = text.is_none();
    let change = Change {
        note: text,
        ..Change::default()
    };
    let label = label::apply(&session, &change)?;
    if shows && output == Output::Text {
        answer_text(&format!("{}\n", label.note))?;
        return Ok(Answer::Fine);
    }
    let path = session.display().to_string();
    print_labels(vec![Labelled { path, label }], output)
}

fn print_labels(sessions: Vec<Labelled>, output: Output) -> Result<Answer, Problem> {
    let document = LabelDocument {
        head: Head::THIS,
        sessions,
    };
    print(output, &document, || {
        let lines = document.sessions.iter().map(|it| {
            let tags = it.label.tags.iter().map(|tag| format!("  #{tag}"));
            let build = match it.label.build.as_str() {
                "" => String::new(),
                build => format!("  build {build}"),
            };
            let note = it.label.note.lines().map(|line| format!("\n  “{line}”"));
            let rest: String = tags.chain(note).collect();
            format!("{}{build}{rest}\n", it.path)
        });
        lines.collect()
    })?;
    Ok(Answer::Fine)
}

#[derive(Serialize)]
struct TrendDocument<'a> {
    #[serde(flatten)]
    head: Head,
    series: &'a str,
    statistic: &'static str,
    order: &'static str,
    unit: &'a str,
    level: f64,
    sessions: Vec<PointLine<'a>>,
    trend: Option<SlopeLine>,
    changes: Vec<ChangeLine<'a>>,
    doubts: &'a [String],
}

#[derive(Serialize)]
struct PointLine<'a> {
    path: String,
    title: &'a str,
    build: &'a str,
    time: Option<String>,
    hosts: &'a [String],
    value: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
    samples: usize,
    effective_samples: Option<f64>,
    matched: usize,
    coverage: Option<f64>,
    counted: bool,
    doubts: &'a [String],
}

#[derive(Serialize)]
struct SlopeLine {
    per: &'static str,
    slope: f64,
    lo: f64,
    hi: f64,
    p_value: f64,
    direction: &'static str,
}

#[derive(Serialize)]
struct ChangeLine<'a> {
    /// Place among all sessions, from 0.
    index: usize,
    path: String,
    build: &'a str,
    time: String,
    before: f64,
    after: f64,
    shift: [f64; 2],
    p_value: f64,
}

fn trended(arguments: &Trend) -> Result<Answer, Problem> {
    let query = query(&arguments.query)?;
    let listing = arguments.folders.listing()?;
    let entries = query.among(&listing.entries);
    let request = Request {
        series: arguments.series.clone(),
        statistic: arguments.statistic,
        order: match arguments.by {
            By::Time => Order::Time,
            By::Build => Order::Build,
        },
        include: match arguments.all {
            true => Include::All,
            false => Include::Comparable,
        },
    };
    let trended = trend::of(&entries, &request, &Context::default())?;
    let document = TrendDocument {
        head: Head::THIS,
        series: &trended.request.series,
        statistic: trended.request.statistic.name(),
        order: match trended.request.order {
            Order::Time => "time",
            Order::Build => "build",
        },
        unit: trended.unit.code(),
        level: analysis::sessions::LEVEL,
        sessions: trended.points.iter().map(PointLine::of).collect(),
        trend: slope(&trended),
        changes: changes(&trended),
        doubts: &trended.doubts,
    };
    print(arguments.json.into(), &document, || trend_text(&trended))?;
    Ok(Answer::Fine)
}

impl<'a> PointLine<'a> {
    fn of(point: &'a Point) -> Self {
        let value = point.value.as_ref();
        let finite = |it: f64| it.is_finite().then_some(it);
        Self {
            path: point.path.display().to_string(),
            title: &point.title,
            build: &point.build,
            time: (point.at.0 < i64::MAX).then(|| point.at.to_string()),
            hosts: &point.hosts,
            value: value.map(|it| it.value),
            lo: value.and_then(|it| finite(it.lo)),
            hi: value.and_then(|it| finite(it.hi)),
            samples: value.map_or(0, |it| it.samples),
            effective_samples: value.map(|it| it.effective),
            matched: point.series,
            coverage: point.coverage,
            counted: point.counted,
            doubts: &point.doubts,
        }
    }
}

fn slope(trended: &Trended) -> Option<SlopeLine> {
    let (slope, (lo, hi), per) = trended.slope()?;
    let trend = trended.course.trend.as_ref()?;
    Some(SlopeLine {
        per,
        slope,
        lo,
        hi,
        p_value: trend.p_value,
        direction: match trend.direction() {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::Unknown => "unknown",
        },
    })
}

fn changes(trended: &Trended) -> Vec<ChangeLine<'_>> {
    let counted: Vec<(usize, &Point)> = trended
        .points
        .iter()
        .enumerate()
        .filter(|(_, it)| it.counted)
        .collect();
    let changes = trended.course.changes.iter().filter_map(|it| {
        let (index, point) = counted.get(it.row)?;
        Some(ChangeLine {
            index: *index,
            path: point.path.display().to_string(),
            build: &point.build,
            time: point.at.to_string(),
            before: it.before,
            after: it.after,
            shift: [it.shift.0, it.shift.1],
            p_value: it.p_value,
        })
    });
    changes.collect()
}

fn trend_text(trended: &Trended) -> String {
    let mut out = String::new();
    let unit = &trended.unit;
    for point in &trended.points {
        let sign = if point.counted { ' ' } else { '!' };
        let when = match point.at.0 {
            i64::MAX => "–".to_owned(),
            _ => point.at.strftime("%F %T", Zone::Utc),
        };
        let value = match &point.value {
            None => "–".to_owned(),
            Some(it) if it.lo.is_nan() => unit.text(it.value),
            Some(it) => format!(
                "{}  (95 %: {} to {})",
                unit.text(it.value),
                unit.text(it.lo),
                unit.text(it.hi)
            ),
        };
        let build = &point.build;
        let line = format!("{sign} {when}  {build:<10}  {value}  {}", point.title);
        // Writing to a string cannot fail.
        writeln!(out, "{}", line.trim_end()).unwrap_or_default();
        for doubt in &point.doubts {
            writeln!(out, "      {doubt}").unwrap_or_default();
        }
    }
    for sentence in trend::sentences(trended) {
        writeln!(out, "• {sentence}").unwrap_or_default();
    }
    out
}
