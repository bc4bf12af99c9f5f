//! `kymo run`: a recipe from its first step to its last, resumed where it was interrupted.
//!
//! All work in `workflow::recipe`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::recipe::{Recipe, Step};
use serde::Serialize;
use workflow::planning::file::write_text;
use workflow::problem::{Problem, Sort};
use workflow::recipe::log::{Standing, State};
use workflow::recipe::{self, Launcher, text};

use crate::analyses::{Head, print};
use crate::commands::{Output, launch, stops};
use crate::failure::{self, answer_text, tell};

/// `kymo run`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Run {
    /// The recipe: collect, analyze, optimize and report, as RON.
    #[arg(group = "what")]
    recipe: Option<PathBuf>,
    /// Go on with the run in this folder.
    #[arg(long, value_name = "FOLDER", group = "what", conflicts_with = "out")]
    resume: Option<PathBuf>,
    /// Write a recipe to begin with, and run nothing.
    #[arg(long, value_name = "RECIPE", group = "what", conflicts_with = "out")]
    new: Option<PathBuf>,
    /// Say whether a recipe is sound, and run nothing.
    #[arg(long, value_name = "RECIPE", group = "what", conflicts_with = "out")]
    check: Option<PathBuf>,
    /// Say how far the run in this folder is, and run nothing.
    #[arg(long, value_name = "FOLDER", group = "what", conflicts_with = "out")]
    show: Option<PathBuf>,
    /// The folder of the run; without it NAME-TIME beside the recipe.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Run) -> Result<failure::Answer, Problem> {
    if let Some(path) = &arguments.new {
        return new(path);
    }
    if let Some(path) = &arguments.check {
        return check(path);
    }
    if let Some(folder) = &arguments.show {
        show(folder, arguments.json.into(), None)?;
        return Ok(failure::Answer::Fine);
    }
    let folder = match (&arguments.recipe, &arguments.resume) {
        (Some(path), _) => recipe::begin(path, arguments.out.as_deref())?,
        (None, Some(folder)) => folder.clone(),
        (None, None) => {
            return Err(Problem {
                what: "could not run".to_owned(),
                why: "no recipe is named".to_owned(),
                what_to_do: "kymo run --help".to_owned(),
                sort: Sort::Usage,
            });
        }
    };
    tell(&format!("kymo: the run is in {}", folder.display()));
    let launcher: Launcher = Arc::new(launch);
    let stop = stops()?;
    let ended = recipe::run(&folder, (&launcher, &stop), &mut |news| {
        tell(&news.to_string());
    })?;
    show(&folder, arguments.json.into(), Some(&ended))?;
    Ok(match ended {
        recipe::Answer::Fine => failure::Answer::Fine,
        recipe::Answer::No(_) => failure::Answer::No,
    })
}

fn new(path: &Path) -> Result<failure::Answer, Problem> {
    if path.exists() {
        return Err(Problem {
            what: format!("could not write {}", path.display()),
            why: "a file of this name is there already".to_owned(),
            what_to_do: "another name".to_owned(),
            sort: Sort::Usage,
        });
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = name
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c));
    let name: String = plain.take(64).collect();
    let recipe = Recipe::new(if name.is_empty() {
        "measurement"
    } else {
        &name
    });
    write_text(path, &text::text(&recipe)?)?;
    tell(&format!("wrote {}; kymo run {0} runs it", path.display()));
    Ok(failure::Answer::Fine)
}

fn check(path: &Path) -> Result<failure::Answer, Problem> {
    let (recipe, _) = text::read(path)?;
    let steps: Vec<&str> = recipe.steps().into_iter().map(Step::name).collect();
    answer_text(&format!("{} is sound: {}\n", recipe.name, steps.join(", ")))?;
    Ok(failure::Answer::Fine)
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    folder: String,
    name: &'a str,
    steps: Vec<StepLine<'a>>,
    finished: Option<&'a str>,
    /// Why the answer is no; absent while the run is not finished.
    reasons: Option<&'a [String]>,
}

#[derive(Serialize)]
struct StepLine<'a> {
    step: &'static str,
    standing: &'static str,
    attempts: u32,
    facts: std::collections::BTreeMap<&'a str, &'a str>,
}

fn show(folder: &Path, output: Output, ended: Option<&recipe::Answer>) -> Result<(), Problem> {
    let seen = recipe::look(folder)?;
    let steps = seen.recipe.steps();
    let lines = steps.iter().map(|step| step_line(*step, &seen.state));
    let document = Document {
        head: Head::THIS,
        folder: folder.display().to_string(),
        name: &seen.recipe.name,
        steps: lines.collect(),
        finished: seen.state.finished.as_deref(),
        reasons: ended.map(|it| match it {
            recipe::Answer::Fine => &[][..],
            recipe::Answer::No(reasons) => reasons,
        }),
    };
    print(output, &document, || {
        let steps = document.steps.iter().map(|it| {
            let times = match it.attempts {
                0 | 1 => String::new(),
                times => format!(", {times} attempts"),
            };
            format!("{:<9} {}{times}\n", it.step, it.standing)
        });
        let end = match document.finished {
            Some(how) => format!("{}: {how}, in {}\n", document.name, document.folder),
            None => format!("{}: not finished, in {}\n", document.name, document.folder),
        };
        steps.chain([end]).collect()
    })
}

fn step_line(step: Step, state: &State) -> StepLine<'_> {
    let facts = state.facts.get(&step).into_iter().flatten();
    StepLine {
        step: step.name(),
        standing: match state.standing(step) {
            Standing::Waiting => "waiting",
            Standing::Begun => "begun",
            Standing::Done => "done",
            Standing::Failed => "failed",
        },
        attempts: state.attempts.get(&step).copied().unwrap_or(0),
        facts: facts
            .map(|(name, it)| (name.as_str(), it.as_str()))
            .collect(),
    }
}
