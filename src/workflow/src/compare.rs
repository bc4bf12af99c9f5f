//! Compares two inputs, or two windows of one, series by series.
//!
//! Each side is a session, a foreign table, or a folder of several runs of the same
//! thing. Series are matched by host and name; where each side has one host, by name
//! alone. A table whose time jumps far or steps back holds several runs.
//!
//! Start at [`Side::open`] and [`compare`].

mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use analysis::compare::{self, Difference, First, Join, Pair, Params, Relation};
use model::event::EventKind;
use model::series::Series;
use model::time::{Moment, SECOND_NS, Span};

use self::order::Moved;
use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::spread;

pub use order::Onset;

/// Series between two looks at the wish to stop.
const SERIES_AT_ONCE: usize = 128;

/// A folder of runs holds at most so many.
const RUNS_MAX: usize = 200;

/// A step of time this many typical steps long begins another run.
const RUN_GAP_STEPS: i64 = 60;

/// Sides whose ends are nearer than the shorter of them are neighbours of one run.
const ADJACENT_LENGTHS: i64 = 1;

/// One side of a comparison.
#[derive(Clone)]
pub struct Side {
    /// Its runs, each an opened input and the window of it that counts.
    pub runs: Vec<(Input, Option<Span>)>,
}

/// How two sides are laid over each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Runs may differ from each other, by how much is only known from several.
    Unknown,
    /// The user knows that runs repeat.
    Known,
}

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingChange {
    /// Host and key, or the key alone where both sides have one host.
    pub key: String,
    /// Value before; `None` where it was not there.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The windows that were compared, by their first runs.
    pub sides: [Span; 2],
    /// How the sides relate.
    pub relation: Relation,
    /// Typical distance of rows.
    pub step_seconds: f64,
    /// Names, series and answers, in the order of the side before.
    pub metrics: Vec<(String, Series, Difference)>,
    /// When each of these took its new level and in which order; `None` for one that
    /// did not change, and for all where the sides are not stretches of one run.
    pub onsets: Vec<Option<Onset>>,
    /// Series that are only on the side after.
    pub appeared: Vec<String>,
    /// Series that are only on the side before.
    pub vanished: Vec<String>,
    /// Settings that differ.
    pub settings: Vec<SettingChange>,
}

impl Side {
    /// Opens an input, or every input of a folder of runs.
    ///
    /// # Errors
    ///
    /// Nothing there can be read.
    pub fn open(path: &Path, window: Option<Span>, context: &Context) -> Result<Self, Problem> {
        let paths = match is_folder_of_runs(path) {
            true => runs_in(path)?,
            false => vec![path.to_path_buf()],
        };
        let mut runs = Vec::with_capacity(paths.len());
        for path in paths {
            if context.cancelled() {
                return Err(Problem::cancelled("comparison"));
            }
            runs.push((Input::open(&path, context)?, window));
        }
        Ok(Self { runs })
    }

    /// A window of what is open already.
    pub fn window(input: &Input, span: Span) -> Self {
        Self {
            runs: vec![(input.clone(), Some(span))],
        }
    }

    /// Several windows of what is open already, such as all that is not another window.
    pub fn windows(input: &Input, spans: &[Span]) -> Self {
        let run = |span: &Span| (input.clone(), Some(*span));
        Self {
            runs: spans.iter().map(run).collect(),
        }
    }

    fn span(&self) -> Span {
        let first = self.runs.first();
        first.map_or(Span::default(), |(input, window)| {
            window.unwrap_or_else(|| input.span())
        })
    }

    fn hosts(&self) -> BTreeSet<&str> {
        let frames = self.runs.iter().flat_map(|(input, _)| &input.frames);
        frames.map(|it| it.host.as_str()).collect()
    }
}

/// A folder that is no session but holds inputs.
fn is_folder_of_runs(path: &Path) -> bool {
    path.is_dir() && !path.join("manifest.ron").exists() && !path.join("journal").exists()
}

fn runs_in(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let problem = |why: String| Problem {
        what: format!("could not read the runs in {}", folder.display()),
        why,
        what_to_do: "a folder that holds sessions or tables of several runs".to_owned(),
        sort: Sort::NotReadable,
    };
    let entries = std::fs::read_dir(folder).map_err(|error| problem(error.to_string()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|it| it.ok().map(|it| it.path()))
        .collect();
    paths.retain(|path| {
        !path
            .file_name()
            .is_some_and(|it| it.to_string_lossy().starts_with('.'))
    });
    paths.sort();
    match paths.len() {
        0 => Err(problem("it is empty".to_owned())),
        1..=RUNS_MAX => Ok(paths),
        many => Err(problem(format!(
            "it holds {many} runs, more than {RUNS_MAX}"
        ))),
    }
}

/// One series on one side: its runs as slices.
#[derive(Default)]
struct Found<'a> {
    series: Option<&'a Series>,
    name: String,
    runs: Vec<&'a [f64]>,
    /// Times of the first run, and how far their clock may be off.
    at: &'a [i64],
    clock_error_ns: i64,
}

/// Compares the sides.
///
/// # Errors
///
/// The sides have no series in common, or the user stopped it.
pub fn compare(
    (before, after): (&Side, &Side),
    repeats: Repeats,
    context: &Context,
) -> Result<Comparison, Problem> {
    let by_name = before.hosts().len() <= 1 && after.hosts().len() <= 1;
    let (old, new) = (found(before, by_name), found(after, by_name));
    let step_seconds = step(before).max(step(after));
    let relation = match (repeats, are_adjacent(before, after)) {
        (Repeats::Known, _) => Relation::Repeatable,
        (Repeats::Unknown, true) => Relation::Adjacent,
        (Repeats::Unknown, false) => Relation::Apart,
    };
    let params = Params {
        step_seconds,
        relation,
        join: match relation {
            Relation::Adjacent => join(before, after),
            Relation::Apart | Relation::Repeatable => None,
        },
    };
    let mut pairs = Vec::new();
    let (mut names, mut times) = (Vec::new(), Vec::new());
    for key in order(before, by_name) {
        if let (Some(a), Some(b)) = (old.get(&key), new.get(&key))
            && let Some(series) = a.series
        {
            names.push((a.name.clone(), series.clone()));
            times.push((b.at, b.clock_error_ns));
            pairs.push(Pair {
                series,
                before: a.runs.clone(),
                after: b.runs.clone(),
            });
        }
    }
    if pairs.is_empty() {
        return Err(Problem {
            what: "could not compare".to_owned(),
            why: "the sides have no series in common".to_owned(),
            what_to_do: "kymo info on both lists their series".to_owned(),
            sort: Sort::Usage,
        });
    }
    let differences = differences(&pairs, &params, context)?;
    let onsets = match relation {
        Relation::Adjacent => onsets(&times, &differences, step_seconds),
        Relation::Apart | Relation::Repeatable => vec![None; differences.len()],
    };
    let only = |these: &BTreeMap<String, Found<'_>>, those: &BTreeMap<String, Found<'_>>| {
        let mine = these.iter().filter(|(key, _)| !those.contains_key(*key));
        mine.map(|(_, it)| it.name.clone()).collect::<Vec<_>>()
    };
    let metrics = names.into_iter().zip(differences);
    Ok(Comparison {
        sides: [before.span(), after.span()],
        relation,
        step_seconds,
        metrics: metrics
            .map(|((name, series), it)| (name, series, it))
            .collect(),
        onsets,
        appeared: only(&new, &old),
        vanished: only(&old, &new),
        settings: settings(before, after, by_name),
    })
}

/// When each series that changed took its new level.
fn onsets(
    times: &[(&[i64], i64)],
    differences: &[Difference],
    step_seconds: f64,
) -> Vec<Option<Onset>> {
    let all = times.iter().zip(differences);
    let moved: Vec<Option<Moved>> = all
        .map(|((at, clock_error_ns), difference)| {
            Some(Moved {
                at: Moment(*at.get(difference.first_row?)?),
                clock_error_ns: *clock_error_ns,
            })
        })
        .collect();
    order::ranked(&moved, (step_seconds * SECOND_NS as f64) as i64)
}

/// Both stages, each spread over the processors.
fn differences(
    pairs: &[Pair<'_>],
    params: &Params,
    context: &Context,
) -> Result<Vec<Difference>, Problem> {
    let (all, what) = ((pairs.len(), SERIES_AT_ONCE), ("comparison", context));
    let levels = spread::over(all, what, |rows| compare::levels(&pairs[rows], params))?;
    let places = compare::places(&levels);
    spread::over(all, what, |rows| {
        let part = (&pairs[rows.clone()], &levels[rows.clone()], &places[rows]);
        compare::answers(part, params)
    })
}

fn step(side: &Side) -> f64 {
    let frames = side.runs.iter().flat_map(|(input, _)| &input.frames);
    frames.map(|it| it.frame.step_seconds()).fold(0.0, f64::max)
}

/// Names of series as they are matched.
fn key(series: &Series, by_name: bool) -> String {
    match by_name {
        true => series.key.column(),
        false => series.key.to_string(),
    }
}

/// The keys of a side in the order of its first run.
fn order(side: &Side, by_name: bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let frames = side.runs.iter().flat_map(|(input, _)| &input.frames);
    let keys = frames.flat_map(|it| it.frame.lines.iter().map(|line| key(&line.series, by_name)));
    keys.filter(|key| seen.insert(key.clone())).collect()
}

fn found(side: &Side, by_name: bool) -> BTreeMap<String, Found<'_>> {
    let mut all: BTreeMap<String, Found<'_>> = BTreeMap::new();
    for (input, window) in &side.runs {
        for host in &input.frames {
            let rows = window.map_or(0..host.frame.rows(), |it| host.frame.rows_in(it));
            let runs = runs_of(&host.frame.at[rows.clone()], host.frame.step_ns);
            for line in &host.frame.lines {
                let found = all.entry(key(&line.series, by_name)).or_default();
                found.series.get_or_insert(&line.series);
                if found.name.is_empty() {
                    found.name.clone_from(&line.name);
                    let first = runs.first().cloned().unwrap_or_default();
                    found.at = &host.frame.at[rows.clone()][first];
                    found.clock_error_ns = clock_error_ns(input, &host.host);
                }
                let values = &line.values[rows.clone()];
                found
                    .runs
                    .extend(runs.iter().map(|run| &values[run.clone()]));
            }
        }
    }
    all.retain(|_, it| {
        it.runs
            .iter()
            .any(|run| run.iter().any(|value| value.is_finite()))
    });
    all
}

/// How far the clock of a host may be off; 0 for a table.
fn clock_error_ns(input: &Input, host: &str) -> i64 {
    let stored = input.stored.as_ref();
    let facts = stored.and_then(|it| it.hosts().iter().find(|it| it.name == host));
    facts.map_or(0, |it| it.error_ns.max(0))
}

/// Rows between jumps of time.
fn runs_of(at: &[i64], step_ns: i64) -> Vec<Range<usize>> {
    let far = step_ns.saturating_mul(RUN_GAP_STEPS);
    let mut runs = Vec::new();
    let mut start = 0;
    for (row, pair) in at.windows(2).enumerate() {
        let step = pair[1].saturating_sub(pair[0]);
        if step > far || step < -far {
            runs.push(start..row + 1);
            start = row + 1;
        }
    }
    runs.push(start..at.len());
    runs
}

/// Whether the sides are stretches of one run: of one input, or of two whose times follow
/// each other with no more between than the shorter is long.
fn are_adjacent(before: &Side, after: &Side) -> bool {
    let mut paths = before.runs.iter().chain(&after.runs).map(|it| &it.0.path);
    if let Some(first) = paths.next()
        && paths.all(|path| path == first)
    {
        return true;
    }
    if before.runs.len() != 1 || after.runs.len() != 1 {
        return false;
    }
    let (a, b) = (before.span(), after.span());
    // Tables without clock times all begin at the same moment.
    if !a.intersect(b).is_empty() {
        return false;
    }
    let between = match a.to <= b.from {
        true => b.from.0.saturating_sub(a.to.0),
        false => a.from.0.saturating_sub(b.to.0),
    };
    between
        <= a.length_ns()
            .min(b.length_ns())
            .saturating_mul(ADJACENT_LENGTHS)
}

/// Where a run of one side begins within a step or two of the end of one of the other.
fn join(before: &Side, after: &Side) -> Option<Join> {
    /// Rows missing at a join that do not matter.
    const STEPS: f64 = 2.5;
    let near_ns = (step(before).max(step(after)) * STEPS * SECOND_NS as f64) as i64;
    let (old, new) = (run_spans(before)?, run_spans(after)?);
    let follows =
        |earlier: Span, later: Span| later.from.0.saturating_sub(earlier.to.0).abs() <= near_ns;
    for (a, old) in old.iter().enumerate() {
        for (b, new) in new.iter().enumerate() {
            let first = match (follows(*old, *new), follows(*new, *old)) {
                (true, _) => First::Before,
                (false, true) => First::After,
                (false, false) => continue,
            };
            return Some(Join {
                before: a,
                after: b,
                first,
            });
        }
    }
    None
}

/// The spans of a side's runs; `None` where hosts differ in the number of their runs,
/// so that no place among them holds for all series.
fn run_spans(side: &Side) -> Option<Vec<Span>> {
    let mut all: Option<Vec<Span>> = None;
    for host in side.hosts() {
        let mut spans = Vec::new();
        for (input, window) in &side.runs {
            for it in input.frames.iter().filter(|it| it.host == host) {
                let frame = &it.frame;
                let rows = window.map_or(0..frame.rows(), |span| frame.rows_in(span));
                let runs = runs_of(&frame.at[rows.clone()], frame.step_ns);
                let placed = runs
                    .into_iter()
                    .map(|run| run.start + rows.start..run.end + rows.start);
                spans.extend(placed.map(|run| frame.span_of(run)));
            }
        }
        if all.as_ref().is_some_and(|known| known.len() != spans.len()) {
            return None;
        }
        all.get_or_insert(spans);
    }
    all
}

/// Settings at the end of each side that differ.
fn settings(before: &Side, after: &Side, by_name: bool) -> Vec<SettingChange> {
    let (old, new) = (settings_of(before, by_name), settings_of(after, by_name));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key));
    changed
        .map(|key| SettingChange {
            key: key.clone(),
            before: old.get(key).cloned(),
            after: new.get(key).cloned(),
        })
        .collect()
}

/// What was set when the window of the first run ended.
fn settings_of(side: &Side, by_name: bool) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let Some((input, window)) = side.runs.first() else {
        return all;
    };
    let Some(stored) = &input.stored else {
        return all;
    };
    let name = |host: &str, key: &str| match by_name {
        true => key.to_owned(),
        false => format!("{host}/{key}"),
    };
    for facts in stored.hosts() {
        for (key, value) in stored.settings(&facts.name) {
            all.insert(name(&facts.name, key), value.clone());
        }
    }
    let end = window.map_or(Moment(i64::MAX), |it| it.to);
    let events = stored.events().iter();
    for (host, event) in events.filter(|(_, it)| it.kind == EventKind::Setting && it.at < end) {
        all.insert(name(host, &event.subject), event.after.clone());
    }
    all
}
