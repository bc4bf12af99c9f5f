//! Scores what Kymo says of recordings against what was done.
//!
//! * In: a folder of `NAME-SEED.kymo` with `NAME-SEED.json`, and a `kymo` to ask.
//! * Out: text, one JSON document of everything, or the accuracy card.
//! * Never: adjusts a point, leaves out a run, or passes flags beyond the window.
//!
//! Start at [`command`].

mod anomalies;
mod ask;
mod bottleneck;
mod card;
mod explain;
mod file;
mod print;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::ask::Asked;
use crate::truth::Truth;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text, or all of it as JSON.
    Score,
    /// The accuracy card as JSON, or as the file that the window shows.
    Card,
}

/// A recording and what Kymo says of it.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    /// File name of the session.
    pub(crate) session: String,
    #[serde(flatten)]
    pub(crate) truth: Truth,
    pub(crate) bottleneck: Option<bottleneck::Bottleneck>,
    pub(crate) explain: Option<explain::Explain>,
    pub(crate) anomalies: Option<anomalies::Anomalies>,
    /// Commands that failed.
    pub(crate) failed: Vec<String>,
}

impl Run {
    /// The verdict that is scored: of the disturbance, else of the whole recording.
    pub(crate) fn verdict(&self) -> Option<&str> {
        let bottleneck = self.bottleneck.as_ref()?;
        Some(bottleneck.verdict.as_deref().unwrap_or(&bottleneck.whole))
    }
}

/// `faults score|card DIR --kymo PATH [--json] [--out FILE [--public FILE]]`.
pub(crate) fn command(arguments: &[String], shape: Shape) -> Result<(), String> {
    let mut folder = None;
    let mut kymo = None;
    let mut json = false;
    let (mut out, mut public) = (None, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--out" => out = rest.next().map(PathBuf::from),
            "--public" => public = rest.next().map(PathBuf::from),
            "--kymo" => kymo = rest.next().map(PathBuf::from),
            other if other.starts_with('-') => return Err(format!("{other} is not known")),
            other => folder = Some(PathBuf::from(other)),
        }
    }
    let folder = folder.ok_or("the folder of the recordings is missing")?;
    let kymo = kymo.ok_or("--kymo is missing")?;
    let runs = runs(&folder, &Asked { kymo: &kymo })?;
    match (shape, json, out) {
        (Shape::Card, _, Some(out)) => {
            let public = file::public(public.as_deref(), &out)?;
            file::write(&file::Accuracy::of(&runs, (&kymo, public))?, &out)
        }
        (Shape::Card, _, None) => print::json(&card::card(&runs)),
        (Shape::Score, true, _) => print::json(&runs),
        (Shape::Score, false, _) => {
            print::text(&runs);
            Ok(())
        }
    }
}

/// Asks for every recording of a folder, by name.
fn runs(folder: &Path, asked: &Asked<'_>) -> Result<Vec<Run>, String> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.map_err(|it| format!("{}: {it}", folder.display()))?;
    let paths = entries.flatten().map(|it| it.path());
    let mut sessions: Vec<PathBuf> = paths
        .filter(|it| it.extension().is_some_and(|it| it == "kymo"))
        .filter(|it| it.with_extension("json").exists())
        .collect();
    sessions.sort();
    let runs = sessions.iter().map(|session| run(session, asked));
    runs.collect()
}

fn run(session: &Path, asked: &Asked<'_>) -> Result<Run, String> {
    let truth = Truth::read(&session.with_extension("json"))?;
    let mut failed = Vec::new();
    let bottleneck = bottleneck::measure(asked, session, &truth);
    let bottleneck = bottleneck.unwrap_or_else(|why| note(&mut failed, why));
    let explain = explain::measure(asked, session, &truth);
    let explain = explain.unwrap_or_else(|why| note(&mut failed, why));
    let anomalies = anomalies::measure(asked, session, &truth);
    let anomalies = anomalies.unwrap_or_else(|why| note(&mut failed, why));
    let name = session.file_name().unwrap_or_default();
    Ok(Run {
        session: name.to_string_lossy().into_owned(),
        truth,
        bottleneck,
        explain,
        anomalies,
        failed,
    })
}

/// Keeps why a command failed; the run then counts as not answered.
fn note<T>(failed: &mut Vec<String>, why: String) -> Option<T> {
    failed.push(why);
    None
}
