//! One side of a comparison: its runs, opened.
//!
//! Start at [`Side::open`].

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use model::time::Span;

use crate::input::Input;
use crate::jobs::Context;
use crate::problem::{Problem, Sort};

/// A folder of runs holds at most so many.
const RUNS_MAX: usize = 200;

/// A step of time this many typical steps long begins another run.
const RUN_GAP_STEPS: i64 = 60;

/// One side of a comparison.
#[derive(Clone)]
pub struct Side {
    /// Its runs, each an opened input and the window of it that counts.
    pub runs: Vec<(Input, Option<Span>)>,
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

    /// The window of the first run.
    pub(super) fn span(&self) -> Span {
        let first = self.runs.first();
        first.map_or(Span::default(), |(input, window)| {
            window.unwrap_or_else(|| input.span())
        })
    }

    /// The hosts of all runs.
    pub(super) fn hosts(&self) -> BTreeSet<&str> {
        let frames = self.runs.iter().flat_map(|(input, _)| &input.frames);
        frames.map(|it| it.host.as_str()).collect()
    }

    /// Typical distance of rows, seconds.
    pub(super) fn step_seconds(&self) -> f64 {
        let frames = self.runs.iter().flat_map(|(input, _)| &input.frames);
        frames.map(|it| it.frame.step_seconds()).fold(0.0, f64::max)
    }

    /// The spans of a side's runs; `None` where hosts differ in the number of their runs,
    /// so that no place among them holds for all series.
    pub(super) fn run_spans(&self) -> Option<Vec<Span>> {
        let mut all: Option<Vec<Span>> = None;
        for host in self.hosts() {
            let mut spans = Vec::new();
            for (input, window) in &self.runs {
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

/// Rows between jumps of time.
pub(super) fn runs_of(at: &[i64], step_ns: i64) -> Vec<Range<usize>> {
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
