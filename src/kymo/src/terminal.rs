//! The main job without a display: watch this machine, say what was seen, keep
//! a session and a report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::report::Format;
use model::time::Moment;
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};
use workflow::recording::{Request, Setup};
use workflow::report::{self, Form, Order};
use workflow::stored::Stored;
use workflow::target::Target;

use crate::analyses::analyze;
use crate::commands::{launch, outcome, progress_lines, size_text, stops};
use crate::failure::{Answer, answer_text, tell};

/// How long this machine is watched.
const WATCH_SECONDS: u64 = 30;

/// Runs the main job: on given inputs, or on a fresh recording.
pub(crate) fn run(inputs: &[PathBuf], agents: &[Target]) -> Result<Answer, Problem> {
    if inputs.is_empty() {
        let session = watch(agents)?;
        return look(&session, true);
    }
    tell(
        "kymo: no display (neither WAYLAND_DISPLAY nor DISPLAY is set), so this goes to the terminal",
    );
    let mut worst = Answer::Fine;
    for input in inputs {
        if look(input, false)? != Answer::Fine {
            worst = Answer::Partly;
        }
    }
    Ok(worst)
}

fn watch(agents: &[Target]) -> Result<PathBuf, Problem> {
    let seconds = seconds();
    tell(&format!(
        "kymo: no display (neither WAYLAND_DISPLAY nor DISPLAY is set), so this machine is watched for {seconds} s on the terminal"
    ));
    let folder = current_folder()?;
    let now = Moment::from_unix_seconds(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0.0, |it| it.as_secs_f64()),
    );
    let name = workflow::recording::file_name(&["kymo".to_owned()], now.unwrap_or_default());
    let length = Some(Duration::from_secs(seconds));
    let targets = if agents.is_empty() {
        &[Target::Local][..]
    } else {
        agents
    };
    let launches = targets
        .iter()
        .map(|target| launch(target.clone(), Vec::new()));
    let request = Request {
        launches: launches.collect::<Result<_, _>>()?,
        length,
        fast: None,
        setup: Setup {
            out: folder.join(name),
            title: String::new(),
            retention: None,
        },
    };
    let path = workflow::recording::record(request, &stops()?, &mut progress_lines(length))?;
    tell(&format!(
        "\nsession  {} ({})",
        path.display(),
        size_text(&path)
    ));
    Ok(path)
}

/// How long to watch; tests and the impatient may shorten it.
fn seconds() -> u64 {
    std::env::var("KYMO_TERMINAL_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|seconds| (1..=86_400).contains(seconds))
        .unwrap_or(WATCH_SECONDS)
}

/// Says what a session shows and writes its report into the current folder. Findings
/// are kept in a recording of our own, for the report; a given one stays as it is.
fn look(input: &Path, is_own: bool) -> Result<Answer, Problem> {
    let found = analyze::in_words(input, is_own)?;
    // What there is to know of the input was told when it was analyzed.
    let (stored, _) = Stored::open(input, &Context::default())?;
    answer_text(&seen(&stored)?)?;
    answer_text(&found)?;
    let out = free_name(input)?;
    let order = Order::usual("performance", None);
    let document = report::make(&stored, &order, &Context::default())?;
    let form = Form {
        format: Format::Html,
        look: report::draft::look(None, None)?,
        out: out.clone(),
        pictures: report::PictureFiles::Svg,
    };
    report::write(&document, &form)?;
    tell(&format!("report   {} ({})", out.display(), size_text(&out)));
    Ok(outcome(&stored))
}

/// A name for the report of an input that overwrites nothing.
fn free_name(input: &Path) -> Result<PathBuf, Problem> {
    let folder = current_folder()?;
    let stem = input.file_stem().unwrap_or(input.as_os_str());
    let stem = stem.to_string_lossy();
    let names = std::iter::once(format!("{stem}.html"))
        .chain((2..1000).map(|number| format!("{stem}-{number}.html")));
    let mut free = names
        .map(|name| folder.join(name))
        .filter(|it| !it.exists());
    free.next().ok_or_else(|| Problem {
        what: format!("could not name a report of {}", input.display()),
        why: "a thousand of them are here already".to_owned(),
        what_to_do: "kymo report --out FILE".to_owned(),
        sort: Sort::Usage,
    })
}

fn current_folder() -> Result<PathBuf, Problem> {
    std::env::current_dir().map_err(|error| {
        Problem::from_error(
            "could not find the current folder",
            &error,
            Sort::NotReadable,
        )
    })
}

fn seen(stored: &Stored) -> Result<String, Problem> {
    let mut text = String::new();
    for sentence in report::sentences(stored, stored.span())? {
        text.push_str(&format!("• {sentence}\n"));
    }
    Ok(text)
}

/// The shipped example sessions: beside the program's folders, or in the source tree.
#[cfg(feature = "workbench")]
pub(crate) fn examples() -> Vec<workbench::Example> {
    let Ok(program) = std::env::current_exe() else {
        return Vec::new();
    };
    let found = program.ancestors().skip(1).take(4).find_map(|folder| {
        [folder.join("sessions"), folder.join("share/kymo/sessions")]
            .into_iter()
            .find(|folder| folder.join("README.md").is_file())
    });
    let local = PathBuf::from("sessions");
    let folder = found.or_else(|| local.join("README.md").is_file().then_some(local));
    folder.map(|folder| listed(&folder)).unwrap_or_default()
}

/// The examples that the folder's README names, one line each: "* `name.kymo`: what".
#[cfg(feature = "workbench")]
fn listed(folder: &Path) -> Vec<workbench::Example> {
    let text = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (name, what) = line.strip_prefix("* `")?.split_once("`: ")?;
            let path = folder.join(name);
            path.is_file().then(|| workbench::Example {
                name: name.to_owned(),
                what: what.to_owned(),
                path,
            })
        })
        .collect()
}
