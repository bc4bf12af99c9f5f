//! Gathers what a report shows from a session; reads only what its parts need.
//!
//! Start at [`gather`].

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use analysis::overview::{self, ProcessUse, ResourceUse};
use model::columns::Column;
use model::report::{Draft, Item};
use model::series::{Series, SeriesKey};
use model::time::Span;
use report::chart::{ChartInput, Style as ChartStyle};
use report::input::{Choice, HostEvent, Input as Gathered, ModelInput, ServicesInput, Setting};
use report::input::{OutlookInput, TrendsInput};
use report::request::Request;

use super::{Order, ahead, findings, pins, planned};
use crate::essentials::{self, Panel, Resource, Style};
use crate::jobs::Context;
use crate::problem::Problem;
use crate::services::Which;
use crate::stored::Stored;

/// Lines in one chart, at most; the busiest are kept and the rest is told.
const LINES_MAX: usize = 8;

/// Series of a panel that are read in one go.
pub(super) const READ_AT_ONCE: usize = 16;

/// Services whose response times are drawn: the busiest.
const SERVICE_CHARTS_MAX: usize = 12;

/// Processes listed.
const PROCESSES_MAX: usize = 20;

/// What a draft needs to be gathered.
struct Needs {
    parts: HashSet<String>,
}

impl Needs {
    fn of(draft: &Draft) -> Self {
        let usual = report::kind::find(&draft.kind).map(report::kind::Kind::items);
        let items = match draft.items.is_empty() {
            true => usual.unwrap_or_default(),
            false => draft.items.clone(),
        };
        let parts = items.into_iter().filter_map(|it| match it {
            Item::Part(id) => Some(id),
            _ => None,
        });
        Self {
            parts: parts.collect(),
        }
    }

    fn any(&self, parts: &[&str]) -> bool {
        parts.iter().any(|it| self.parts.contains(*it))
    }
}

/// Gathers everything that the report shows.
pub(super) fn gather(
    stored: &Stored,
    (request, order): (Request, &Order),
    context: &Context,
) -> Result<Gathered, Problem> {
    let span = request.window;
    let draft = request.draft.clone();
    let needs = Needs::of(&draft);
    let mut notes = Vec::new();
    let charts = match needs.any(&["resources"]) {
        true => charts(stored, (&draft, span, &mut notes), context)?,
        false => Vec::new(),
    };
    let resources = match needs.any(&["summary"]) {
        true => resources(stored, span)?,
        false => Vec::new(),
    };
    let services = match needs.any(&["services"]) {
        true => services(stored, (span, &mut notes), context)?,
        false => ServicesInput::default(),
    };
    let processes = match needs.any(&["summary", "processes"]) {
        true => busiest(stored, span)?,
        false => Vec::new(),
    };
    let (findings, choice) = match needs.any(&["findings", "heading"]) {
        true => findings::told(stored, (&draft, span), context)?,
        false => (Vec::new(), Choice::NotKept),
    };
    let input = match needs.any(&[
        "heading",
        "trends",
        "changes",
        "outlook",
        "model",
        "suggestions",
    ]) {
        true => Some(crate::input::Input::of_stored(stored, Some(span), context)?),
        false => None,
    };
    let trends = match &input {
        Some(input) if needs.any(&["heading", "trends", "changes"]) => {
            ahead::trends(stored, (input, &draft), context)?
        }
        _ => TrendsInput::default(),
    };
    let outlook = match &input {
        Some(input) if needs.any(&["outlook"]) => ahead::outlook((input, &draft, span), context)?,
        _ => OutlookInput::default(),
    };
    let known = planned::known(&request, order)?;
    let plan = match needs.any(&["plan", "predicted", "measured", "carried"]) {
        true => planned::plan(stored, (&request, &known, order), context)?,
        false => None,
    };
    let model = match &input {
        Some(_) if needs.any(&["model", "suggestions"]) => {
            planned::model(stored, (&known, span), context)?
        }
        _ => ModelInput::NotAsked,
    };
    let compliance = match needs.any(&["compliance"]) {
        true => planned::compliance(stored, (&request, &known), context)?,
        false => Vec::new(),
    };
    let own = match needs.any(&["own"]) {
        true => Some(crate::own::of_report(stored, &known.scores)?),
        false => None,
    };
    let pinned = pins::gather(stored, (&draft, span), context)?;
    // Damage is found while reading, so this comes after everything was read.
    if stored.damaged() {
        notes.push("Part of the session could not be read; it is drawn as a gap.".to_owned());
    }
    let hosts = stored.hosts().iter();
    // What came from a file without hosts has one that has no name.
    let hosts = hosts.filter(|it| draft.covers(&it.name) && !it.name.is_empty());
    let of_host = |host: &str| host.is_empty() || draft.covers(host);
    let events = stored.events().iter();
    let events = events.filter(|(host, event)| span.contains(event.at) && of_host(host));
    let mut coverage = kept(stored.coverage(), &of_host, |it| &it.host);
    coverage.retain(|it| it.expected > 0);
    Ok(Gathered {
        title: title(&draft, stored),
        session: session_name(stored.path()),
        kymo: env!("CARGO_PKG_VERSION").to_owned(),
        span,
        hosts: hosts
            .map(|facts| model::host::Host {
                name: facts.name.clone(),
                ..facts.host.clone()
            })
            .collect(),
        coverage,
        marks: kept(stored.marks(), &of_host, |it| &it.host),
        charts,
        resources: kept(resources, &of_host, |it| &it.key.host),
        services,
        processes: kept(processes, &of_host, |it| &it.host),
        findings,
        choice,
        events: events
            .map(|(host, event)| HostEvent {
                host: host.clone(),
                event: event.clone(),
            })
            .collect(),
        annotations: stored.annotations(),
        settings: kept(settings(stored), &of_host, |it| &it.host),
        trends,
        outlook,
        plan,
        model,
        scores: known.scores,
        compliance,
        own,
        pinned,
        notes,
        request,
    })
}

/// Those of a list that a report speaks of.
fn kept<T>(all: Vec<T>, covers: &dyn Fn(&str) -> bool, host: fn(&T) -> &str) -> Vec<T> {
    all.into_iter().filter(|it| covers(host(it))).collect()
}

fn title(draft: &Draft, stored: &Stored) -> String {
    let mut kind = draft.kind.clone();
    if let Some(first) = kind.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{kind} report: {}", stored.title())
}

/// The essentials of every host.
fn charts(
    stored: &Stored,
    (draft, span, notes): (&Draft, Span, &mut Vec<String>),
    context: &Context,
) -> Result<Vec<ChartInput>, Problem> {
    let hosts = stored.hosts();
    let mut charts = Vec::new();
    // Services have a section of their own.
    let panels = essentials::ALL.iter();
    let panels = panels.filter(|it| it.resource != Resource::Service);
    for (place, panel) in panels.enumerate() {
        context.progress(place as u64, essentials::ALL.len() as u64 + 2);
        if context.cancelled() {
            return Err(Problem::cancelled("report"));
        }
        for facts in hosts.iter().filter(|it| draft.covers(&it.name)) {
            charts.extend(chart(stored, &facts.name, panel, (span, notes))?);
        }
        share_times(&mut charts);
    }
    if hosts.iter().all(|facts| facts.host.name.is_empty()) {
        charts.extend(foreign_charts(stored, span)?);
    }
    charts.sort_by_key(|chart| hosts.iter().position(|facts| facts.name == chart.host));
    Ok(charts)
}

pub(super) fn session_name(path: &Path) -> String {
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
        band: None,
        window: None,
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
            band: None,
            window: None,
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
pub(super) fn share_times(charts: &mut [ChartInput]) {
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
            band: None,
            window: None,
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

pub(super) fn resources(stored: &Stored, span: Span) -> Result<Vec<ResourceUse>, Problem> {
    let watched = stored.series().iter().map(|series| &series.key);
    let keys: Vec<SeriesKey> = watched
        .filter(|it| overview::watches(it))
        .cloned()
        .collect();
    let columns = stored.columns(&keys, Some(span))?;
    Ok(overview::resources(&columns, span))
}

pub(super) fn busiest(stored: &Stored, span: Span) -> Result<Vec<ProcessUse>, Problem> {
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
