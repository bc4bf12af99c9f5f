//! What a comparison found, prepared for the screen: rows, windows, common landmarks.
//!
//! Runs in a job; nothing here is worked out again while it is drawn.
//!
//! Start at [`answer`].

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use analysis::compare::{Difference, Verdict};
use analysis::stats::order;
use model::catalog::Polarity;
use model::event::EventKind;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use workflow::compare::{Comparison, Onset, Repeats, Side, compare};
use workflow::input::Input;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use super::sides::{Place, Stretch};

/// Landmarks that both sides share are offered up to this number.
const LANDMARKS_MAX: usize = 100;

/// How a series ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// It rose.
    Up,
    /// It fell.
    Down,
    /// It is only in the side after.
    Appeared,
    /// It is only in the side before.
    Vanished,
    /// Not enough evidence for either.
    Unknown,
    /// It was shown to be the same.
    Same,
}

/// Every fate, in the order of the table.
pub const FATES: [Fate; 6] = [
    Fate::Up,
    Fate::Down,
    Fate::Appeared,
    Fate::Vanished,
    Fate::Unknown,
    Fate::Same,
];

impl Fate {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Appeared => "appeared",
            Self::Vanished => "vanished",
            Self::Unknown => "not enough evidence",
            Self::Same => "same",
        }
    }

    /// Whether something changed.
    pub fn is_change(self) -> bool {
        !matches!(self, Self::Unknown | Self::Same)
    }
}

/// One series of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its whole name, as findings have it.
    pub name: String,
    /// What it is.
    pub series: Series,
    /// How it ended up.
    pub fate: Fate,
    /// Whether that is bad for who uses the system.
    pub worse: bool,
    /// What was found; `None` for a series that is on one side only.
    pub difference: Option<Difference>,
    /// When it took its new level, and in which place among all.
    pub onset: Option<Onset>,
    /// Its level on both sides in its unit; `NaN` where it is not.
    pub levels: [f64; 2],
    /// Frame and line on both sides.
    pub places: [Option<(usize, usize)>; 2],
    /// The shape of both windows from their starts on; see [`Shape`].
    pub shape: Shape,
}

/// Smallest and largest value of each column of a small plot, 0 at the foot and 1 at the
/// head; `NaN` where there is none. Both sides share both axes.
pub type Shape = [Vec<[f32; 2]>; 2];

/// Columns of a small plot.
pub const SHAPE_COLUMNS: usize = 48;

/// One side, opened.
#[derive(Clone)]
pub struct Opened {
    /// Its series.
    pub input: Arc<Input>,
    /// Which windows, and what they are in words.
    pub stretch: Stretch,
    /// Where its first window begins and its last one ends.
    pub span: Span,
    /// Rows of each frame, one range for each window.
    rows: Vec<Vec<Range<usize>>>,
}

/// Something that happened on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// What happened.
    pub name: String,
    /// When, on either side, for the first time.
    pub at: [Moment; 2],
}

/// Everything the screen shows of one comparison.
pub struct Answer {
    /// The sides.
    pub sides: [Opened; 2],
    /// What the engine said.
    pub comparison: Comparison,
    /// Every series, changed ones first, by their weight.
    pub rows: Vec<Row>,
    /// What happened on both sides.
    pub landmarks: Vec<Landmark>,
    /// Whether settings were recorded on each side.
    pub settings: [bool; 2],
}

impl Opened {
    /// Finds the rows of the windows.
    pub fn new(input: Arc<Input>, stretch: Stretch) -> Self {
        let windows = match &stretch.windows {
            Some(windows) => windows.clone(),
            None => vec![input.span()],
        };
        let rows = input.frames.iter().map(|host| {
            let windows = windows.iter();
            windows.map(|it| host.frame.rows_in(*it)).collect()
        });
        Self {
            rows: rows.collect(),
            span: windows.into_iter().reduce(Span::union).unwrap_or_default(),
            input,
            stretch,
        }
    }

    fn side(&self) -> Side {
        match &self.stretch.windows {
            Some(windows) => Side::windows(&self.input, windows),
            None => Side {
                runs: vec![(Input::clone(&self.input), None)],
            },
        }
    }

    /// Times and values of a series within the windows; gaps are `NaN`.
    pub fn samples(&self, place: (usize, usize)) -> (Vec<i64>, Vec<f64>) {
        let (mut times, mut values) = (Vec::new(), Vec::new());
        self.visit(place, |at, value| {
            times.push(at);
            values.push(value);
        });
        (times, values)
    }

    fn visit(&self, (frame, line): (usize, usize), mut each: impl FnMut(i64, f64)) {
        let host = self.input.frames.get(frame);
        let found = host.and_then(|host| Some((&host.frame.at, host.frame.lines.get(line)?)));
        let Some((at, line)) = found else { return };
        for rows in self.rows.get(frame).into_iter().flatten() {
            let both = at[rows.clone()].iter().zip(&line.values[rows.clone()]);
            both.for_each(|(at, value)| each(*at, *value));
        }
    }
}

impl Answer {
    /// Where a row is in the session that is looked at, after before before.
    pub fn here(&self, row: &Row) -> Option<(Span, &SeriesKey)> {
        let sides = [1, 0].into_iter();
        let mut found = sides.filter_map(|side: usize| {
            let side_of = &self.sides[side];
            let (frame, line) = row.places[side]?;
            let line = side_of.input.frames.get(frame)?.frame.lines.get(line)?;
            let here = side_of.stretch.place == Place::Here;
            here.then_some((side_of.span, &line.series.key))
        });
        found.next()
    }
}

/// Compares both sides.
///
/// # Errors
///
/// A side has no window, the sides share no series, or the user stopped it.
pub fn answer(sides: [Opened; 2], repeats: Repeats, context: &Context) -> Result<Answer, Problem> {
    if let Some(empty) = sides.iter().find(|it| it.span.is_empty()) {
        return Err(nothing(&empty.stretch.words));
    }
    let (before, after) = (sides[0].side(), sides[1].side());
    let comparison = compare((&before, &after), repeats, context)?;
    let mut rows = rows(&sides, &comparison);
    for row in &mut rows {
        row.shape = shape(&sides, row.places);
    }
    rank(&mut rows);
    Ok(Answer {
        settings: sides.each_ref().map(|it| has_settings(&it.input)),
        landmarks: landmarks(&sides),
        sides,
        comparison,
        rows,
    })
}

/// Why a side cannot be compared.
fn nothing(words: &str) -> Problem {
    Problem {
        what: "could not compare".to_owned(),
        why: format!("there are no samples in {words}"),
        what_to_do: "choose another baseline, or a shorter window".to_owned(),
        sort: Sort::Usage,
    }
}

/// Where each series is, by its whole name and by its name without the host.
struct Directory {
    whole: HashMap<String, (usize, usize)>,
    short: HashMap<String, (usize, usize)>,
}

impl Directory {
    fn of(side: &Opened) -> Self {
        let (mut whole, mut short) = (HashMap::new(), HashMap::new());
        for (frame, host) in side.input.frames.iter().enumerate() {
            for (place, line) in host.frame.lines.iter().enumerate() {
                whole.entry(line.name.clone()).or_insert((frame, place));
                let column = line.series.key.column();
                short.entry(column).or_insert((frame, place));
            }
        }
        Self { whole, short }
    }

    /// By name as the engine matches: alone where both sides have one host.
    fn find(&self, (name, series): (&str, &Series)) -> Option<(usize, usize)> {
        let known = self.whole.get(name).copied();
        known.or_else(|| self.short.get(&series.key.column()).copied())
    }
}

fn rows(sides: &[Opened; 2], comparison: &Comparison) -> Vec<Row> {
    let known = sides.each_ref().map(Directory::of);
    let all = comparison.metrics.iter().zip(&comparison.onsets);
    let compared = all.map(|((name, series, it), onset)| Row {
        onset: *onset,
        name: name.clone(),
        fate: match it.verdict {
            Verdict::Up => Fate::Up,
            Verdict::Down => Fate::Down,
            Verdict::Same => Fate::Same,
            Verdict::Unknown => Fate::Unknown,
        },
        worse: is_worse(series, it.verdict),
        levels: [it.before, it.after],
        places: known.each_ref().map(|side| side.find((name, series))),
        series: series.clone(),
        difference: Some(it.clone()),
        shape: Shape::default(),
    });
    let alone = |names: &'_ [String], side: usize, fate: Fate| -> Vec<Row> {
        let found = names.iter().filter_map(|name| {
            let place = *known[side].whole.get(name)?;
            let (_, values) = sides[side].samples(place);
            let line = sides[side].input.frames[place.0].frame.lines.get(place.1)?;
            let level = order::median(&values);
            let (mut levels, mut places) = ([f64::NAN; 2], [None; 2]);
            (levels[side], places[side]) = (level, Some(place));
            Some(Row {
                name: name.clone(),
                series: line.series.clone(),
                onset: None,
                fate,
                worse: false,
                difference: None,
                levels,
                places,
                shape: Shape::default(),
            })
        });
        found.collect()
    };
    let appeared = alone(&comparison.appeared, 1, Fate::Appeared);
    let vanished = alone(&comparison.vanished, 0, Fate::Vanished);
    compared.chain(appeared).chain(vanished).collect()
}

/// Whether a change of this kind is bad for the user of the system.
fn is_worse(series: &Series, verdict: Verdict) -> bool {
    matches!(
        (series.polarity, verdict),
        (Polarity::HigherIsWorse, Verdict::Up) | (Polarity::HigherIsBetter, Verdict::Down)
    )
}

/// Changed first, then what came and went, then what would have changed if runs
/// repeated, then the rest; each by its weight.
fn rank(rows: &mut [Row]) {
    let class = |row: &Row| match row.fate {
        Fate::Up | Fate::Down => 0,
        Fate::Appeared | Fate::Vanished => 1,
        Fate::Unknown => {
            let within = row.difference.as_ref().map(|it| it.within_runs);
            if within.is_some_and(Verdict::is_change) {
                2
            } else {
                3
            }
        }
        Fate::Same => 4,
    };
    let weight = |row: &Row| row.difference.as_ref().map_or(0.0, |it| it.score);
    rows.sort_by(|a, b| {
        let order = class(a).cmp(&class(b));
        let order = order.then(weight(b).total_cmp(&weight(a)));
        order.then_with(|| a.name.cmp(&b.name))
    });
}

/// Both windows on one relative time axis and one value axis.
fn shape(sides: &[Opened; 2], places: [Option<(usize, usize)>; 2]) -> Shape {
    let longest = sides.iter().map(|it| it.span.length_ns()).max();
    let wide = (longest.unwrap_or_default() / SHAPE_COLUMNS as i64).max(1);
    let raw = [0, 1].map(|side: usize| {
        let mut columns = vec![[f64::INFINITY, f64::NEG_INFINITY]; SHAPE_COLUMNS];
        let Some(place) = places[side] else {
            return columns;
        };
        sides[side].visit(place, |at, value| {
            let away = at.saturating_sub(sides[side].span.from.0).max(0);
            let column = &mut columns[((away / wide) as usize).min(SHAPE_COLUMNS - 1)];
            if value.is_finite() {
                *column = [column[0].min(value), column[1].max(value)];
            }
        });
        columns
    });
    let all = || raw.iter().flatten();
    let low = all().fold(f64::INFINITY, |low, it| low.min(it[0]));
    let high = all().fold(f64::NEG_INFINITY, |high, it| high.max(it[1]));
    let share = |value: f64| match high > low {
        _ if !value.is_finite() => f32::NAN,
        true => ((value - low) / (high - low)) as f32,
        false => 0.5,
    };
    raw.map(|side| side.into_iter().map(|it| it.map(share)).collect())
}

fn has_settings(input: &Input) -> bool {
    input.stored.as_ref().is_some_and(|stored| {
        let mut hosts = stored.hosts().iter();
        hosts.any(|host| !stored.settings(&host.name).is_empty())
            || stored
                .events()
                .iter()
                .any(|(_, it)| it.kind == EventKind::Setting)
    })
}

/// Events and notes that are on both sides, the first of each name.
fn landmarks(sides: &[Opened; 2]) -> Vec<Landmark> {
    let [before, after] = sides.each_ref().map(marks);
    let mut shared: Vec<Landmark> = Vec::new();
    for (name, at) in before {
        let twin = after.iter().find(|(other, _)| *other == name);
        if let Some((_, there)) = twin
            && shared.iter().all(|it| it.name != name)
            && shared.len() < LANDMARKS_MAX
        {
            shared.push(Landmark {
                name,
                at: [at, *there],
            });
        }
    }
    shared
}

/// What happened within a side, by time.
fn marks(side: &Opened) -> Vec<(String, Moment)> {
    let Some(stored) = &side.input.stored else {
        return Vec::new();
    };
    let events = stored.events().iter();
    let events = events.map(|(_, it)| (format!("event: {}", it.line()), it.at));
    let notes = stored.annotations().into_iter();
    let notes = notes.map(|it| (format!("note: {}", it.text), it.span.from));
    let mut all: Vec<(String, Moment)> = events.chain(notes).collect();
    all.retain(|(_, at)| side.span.contains(*at));
    all.sort_by_key(|(_, at)| *at);
    all
}
