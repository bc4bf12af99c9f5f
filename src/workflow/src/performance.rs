//! The performance report of a session: gathers what the report shows, writes it.
//!
//! Start at [`write`]; the terminal prints [`sentences`].

mod findings;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analysis::overview::{self, ProcessUse, ResourceUse};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::Span;
use report::chart::{ChartInput, Style as ChartStyle};
use report::kind::performance::services::ServicesInput;
use report::kind::performance::{HostEvent, PerformanceInput, Setting, document};

use crate::essentials::{self, Panel, Resource, Style};
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::services::Which;
use crate::stored::Stored;

/// Lines in one chart, at most; the busiest are kept and the rest is told.
const LINES_MAX: usize = 8;

/// Series of a panel that are read in one go.
const READ_AT_ONCE: usize = 16;

/// Services whose response times are drawn: the busiest.
const SERVICE_CHARTS_MAX: usize = 12;

/// Processes listed.
const PROCESSES_MAX: usize = 20;

/// Sentences on the terminal.
const SENTENCES_MAX: usize = 8;

/// What to write and where.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The stretch of time it speaks of.
    pub span: Span,
    /// In which form.
    pub format: report::Format,
    /// The file.
    pub out: PathBuf,
}

/// The form with this name on the command line, for callers that do not name
/// the report crate.
pub fn format_named(name: &str) -> Option<report::Format> {
    let found = report::FORMATS.iter().find(|(_, known, _)| *known == name);
    found.map(|(format, _, _)| *format)
}

/// Writes the report of a session; an existing file is replaced in one step.
///
/// # Errors
///
/// The window is empty, the session cannot be read, or the disk refuses.
pub fn write(stored: &Stored, setup: &Setup, context: &Context) -> Result<PathBuf, Problem> {
    let span = setup.span.intersect(stored.span());
    if span.is_empty() {
        return Err(Problem {
            what: format!("could not report on {}", stored.path().display()),
            why: "nothing was recorded in this window".to_owned(),
            what_to_do: format!(
                "a window inside {} to {}",
                stored.span().from,
                stored.span().to
            ),
            sort: Sort::Usage,
        });
    }
    let input = gather(stored, span, context)?;
    let text = report::render(&document(&input), setup.format)
        .map_err(|error| Problem::from_error("could not write the report", &error, Sort::Bug))?;
    replace(&setup.out, text.as_bytes())?;
    Ok(setup.out.clone())
}

/// What a session shows, in a few plain sentences.
///
/// # Errors
///
/// The session cannot be read.
pub fn sentences(stored: &Stored, span: Span) -> Result<Vec<String>, Problem> {
    let resources = resources(stored, span)?;
    let processes = busiest(stored, span)?;
    Ok(overview::sentences(&resources, &processes, SENTENCES_MAX)
        .iter()
        .map(ToString::to_string)
        .collect())
}

fn gather(stored: &Stored, span: Span, context: &Context) -> Result<PerformanceInput, Problem> {
    let hosts = stored.hosts();
    let mut charts = Vec::new();
    let mut notes = Vec::new();
    // Services have a section of their own.
    let panels = essentials::ALL.iter();
    let panels = panels.filter(|it| it.resource != Resource::Service);
    for (place, panel) in panels.enumerate() {
        context.progress(place as u64, essentials::ALL.len() as u64 + 2);
        if context.cancelled() {
            return Err(Problem::cancelled("report"));
        }
        for facts in hosts {
            charts.extend(chart(stored, &facts.name, panel, (span, &mut notes))?);
        }
        share_times(&mut charts);
    }
    if hosts.iter().all(|facts| facts.host.name.is_empty()) {
        charts.extend(foreign_charts(stored, span)?);
    }
    charts.sort_by_key(|chart| hosts.iter().position(|facts| facts.name == chart.host));
    let resources = resources(stored, span)?;
    let services = services(stored, (span, &mut notes), context)?;
    let processes = busiest(stored, span)?;
    let (findings, choice) = findings::told(stored, span, context)?;
    // Damage is found while reading, so this comes after everything was read.
    if stored.damaged() {
        notes.push("Part of the session could not be read; it is drawn as a gap.".to_owned());
    }
    Ok(PerformanceInput {
        title: format!("Performance report: {}", stored.title()),
        session: session_name(stored.path()),
        kymo: env!("CARGO_PKG_VERSION").to_owned(),
        span,
        hosts: hosts
            .iter()
            .map(|facts| model::host::Host {
                name: facts.name.clone(),
                ..facts.host.clone()
            })
            .collect(),
        coverage: stored.coverage(),
        marks: stored.marks(),
        charts,
        resources,
        services,
        processes,
        findings,
        choice,
        events: stored
            .events()
            .iter()
            .filter(|(_, event)| span.contains(event.at))
            .map(|(host, event)| HostEvent {
                host: host.clone(),
                event: event.clone(),
            })
            .collect(),
        annotations: stored.annotations(),
        settings: settings(stored),
        notes,
    })
}

fn session_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn settings(stored: &Stored) -> Vec<Setting> {
    let of_host = |host: &str| -> Vec<Setting> {
        let settings = stored.settings(host).iter();
        settings
            .map(|(key, value)| Setting {
                host: host.to_owned(),
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    };
    let hosts = stored.hosts().iter();
    hosts.flat_map(|facts| of_host(&facts.name)).collect()
}

/// The chart of one essential panel; `None` where the host has nothing for it.
fn chart(
    stored: &Stored,
    host: &str,
    panel: &Panel,
    (span, notes): (Span, &mut Vec<String>),
) -> Result<Option<ChartInput>, Problem> {
    let members = panel.members(host, stored.series());
    let mut lines = Vec::with_capacity(members.len());
    for some in members.chunks(READ_AT_ONCE) {
        let keys: Vec<SeriesKey> = some.iter().map(|series| series.key.clone()).collect();
        for (series, column) in some.iter().zip(stored.columns(&keys, Some(span))?) {
            if column.values.iter().any(|value| !value.is_nan()) {
                lines.push((label(series, panel), column));
            }
        }
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let left_out = keep_largest(&mut lines, panel.style);
    if left_out > 0 {
        notes.push(format!(
            "{} of {host}: {left_out} smaller series are not drawn.",
            panel.title
        ));
    }
    Ok(Some(ChartInput {
        title: panel.title.to_owned(),
        host: host.to_owned(),
        style: match panel.style {
            Style::Lines => ChartStyle::Lines,
            Style::Stacked => ChartStyle::Stacked,
        },
        ceiling: (panel.key == "cpu").then_some(1.0),
        lines,
    }))
}

/// What services did, with a chart of the response times of the busiest.
fn services(
    stored: &Stored,
    (span, notes): (Span, &mut Vec<String>),
    context: &Context,
) -> Result<ServicesInput, Problem> {
    const QUANTILES: [&str; 3] = ["p50", "p95", "p99"];
    if stored.observed().is_empty() {
        return Ok(ServicesInput::default());
    }
    let found = crate::services::look(stored, Some(span), context)?;
    let mut charts = Vec::new();
    let answering: Vec<_> = found
        .services
        .iter()
        .filter(|it| it.figures.count > 0)
        .collect();
    for service in answering.iter().take(SERVICE_CHARTS_MAX) {
        let which = Which {
            host: service.host.clone(),
            service: service.name.clone(),
            operation: String::new(),
        };
        let keys = QUANTILES.map(|it| which.signal(&format!("service.request.duration.{it}")));
        let columns = stored.columns(&keys, Some(span))?;
        let names = QUANTILES.map(str::to_owned).into_iter();
        charts.push(ChartInput {
            title: format!("Response time of {}", service.name),
            host: service.host.clone(),
            style: ChartStyle::Lines,
            ceiling: None,
            lines: names.zip(columns).collect(),
        });
    }
    if answering.len() > SERVICE_CHARTS_MAX {
        notes.push(format!(
            "Response times of {} smaller services are not drawn.",
            answering.len() - SERVICE_CHARTS_MAX
        ));
    }
    share_times(&mut charts);
    Ok(ServicesInput {
        services: found.services,
        edges: found.edges,
        charts,
    })
}

/// Lets lines of equal times share them: half of what a long report holds.
fn share_times(charts: &mut [ChartInput]) {
    /// A handful of cadences is all a host has; more are not worth comparing.
    const KNOWN_MAX: usize = 8;
    let mut known: Vec<Arc<[i64]>> = Vec::new();
    for (_, column) in charts.iter_mut().flat_map(|chart| &mut chart.lines) {
        match known.iter().find(|at| **at == column.at) {
            Some(at) => column.at = Arc::clone(at),
            None if known.len() < KNOWN_MAX => known.push(Arc::clone(&column.at)),
            None => {}
        }
    }
}

/// Keeps the series that reach highest; parts of a whole are never left out.
fn keep_largest(lines: &mut Vec<(String, Column)>, style: Style) -> usize {
    if style == Style::Stacked || lines.len() <= LINES_MAX {
        return 0;
    }
    let peak = |column: &Column| column.values.iter().copied().fold(f64::MIN, f64::max);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| {
        peak(&lines[*b].1)
            .total_cmp(&peak(&lines[*a].1))
            .then(a.cmp(b))
    });
    order.truncate(LINES_MAX);
    order.sort_unstable();
    let left_out = lines.len() - order.len();
    let mut place = 0;
    lines.retain(|_| {
        place += 1;
        order.binary_search(&(place - 1)).is_ok()
    });
    left_out
}

/// Imported files have no essentials: their first series are drawn one by one.
fn foreign_charts(stored: &Stored, span: Span) -> Result<Vec<ChartInput>, Problem> {
    let mut charts = Vec::new();
    for series in stored.series().iter().take(2 * LINES_MAX) {
        charts.push(ChartInput {
            title: series.key.to_string(),
            host: series.key.host.clone(),
            style: ChartStyle::Lines,
            ceiling: None,
            lines: vec![(series.key.column(), stored.column(&series.key, Some(span))?)],
        });
    }
    Ok(charts)
}

/// What tells a series from the others of its panel: its attribute values, or
/// its metric's last words where panels mix metrics.
pub fn label(series: &Series, panel: &Panel) -> String {
    // A bare number says nothing without its key: `cpu 0`.
    let values: Vec<String> = series
        .key
        .attributes
        .iter()
        .map(|(key, value)| match value.parse::<u32>() {
            Ok(_) => format!("{key} {value}"),
            Err(_) => value.clone(),
        })
        .collect();
    let mixed = panel
        .picks
        .iter()
        .any(|pick| pick.metric != series.key.metric);
    let name = series
        .key
        .metric
        .trim_start_matches("system.")
        .replace('.', " ");
    match (values.is_empty(), mixed) {
        (true, _) => name,
        (false, false) => values.join(" "),
        (false, true) => format!("{name} {}", values.join(" ")),
    }
}

fn resources(stored: &Stored, span: Span) -> Result<Vec<ResourceUse>, Problem> {
    let watched = stored.series().iter().map(|series| &series.key);
    let keys: Vec<SeriesKey> = watched
        .filter(|it| overview::watches(it))
        .cloned()
        .collect();
    let columns = stored.columns(&keys, Some(span))?;
    Ok(overview::resources(&columns, span))
}

fn busiest(stored: &Stored, span: Span) -> Result<Vec<ProcessUse>, Problem> {
    let mut all = Vec::new();
    for facts in stored.hosts() {
        all.extend(stored.process_use(&facts.name, span)?);
    }
    all.sort_by(|a, b| {
        b.cpu_seconds
            .total_cmp(&a.cpu_seconds)
            .then_with(|| a.host.cmp(&b.host))
            .then(a.id.cmp(&b.id))
    });
    all.truncate(PROCESSES_MAX);
    Ok(all)
}

/// Writes a file beside itself and renames it, so that it is there whole or not at all.
pub(crate) fn replace(out: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let what = || format!("could not write {}", out.display());
    let wrong = |why: &str| Problem {
        what: what(),
        why: why.to_owned(),
        what_to_do: "a path that ends in a file name".to_owned(),
        sort: Sort::Usage,
    };
    let name = out.file_name().ok_or_else(|| wrong("it names no file"))?;
    // A device or pipe must never be renamed over.
    if std::fs::metadata(out).is_ok_and(|it| !it.is_file()) {
        return Err(wrong("it is no regular file"));
    }
    let beside = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let beside = out.with_file_name(beside);
    let written = write_new(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, out))
        .and_then(|()| sync_folder(out));
    written.map_err(|error| {
        // The part is ours; where it cannot be removed, the first trouble is still the one to tell.
        let removed = std::fs::remove_file(&beside);
        let left = removed.is_err() && beside.exists();
        let advice = match left {
            true => format!("a folder you may write to, and remove {}", beside.display()),
            false => "a folder that exists and that you may write to".to_owned(),
        };
        Problem::from_error(what(), &error, Sort::Denied).advise(advice)
    })
}

/// Creates a file that was not there, so that no link of a stranger is followed.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::symlink_metadata(path).is_ok() {
        std::fs::remove_file(path)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
