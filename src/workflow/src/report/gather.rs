//! Gathers what a report shows from a session; reads only what its parts need.
//!
//! Start at [`gather`].

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use analysis::overview::{self, ProcessUse, ResourceUse};
use model::columns::Column;
use model::event::{Event, EventKind};
use model::report::{Draft, Item};
use model::series::{Series, SeriesKey};
use model::time::Span;
use model::unit::Unit;
use report::chart::{ChartInput, Style as ChartStyle};
use report::input::{Choice, HostEvent, Input as Gathered, ModelInput, ServicesInput, Setting};
use report::input::{OutlookInput, TrendsInput};
use report::request::Request;

use super::{Order, ahead, draft, findings, pins, planned};
use crate::essentials::{self, Panel, Resource, Style};
use crate::jobs::Context;
use crate::problem::Problem;
use crate::services::Which;
use crate::spread;
use crate::stored::Stored;

/// Lines in one chart, at most; the busiest are kept and the rest is told.
const LINES_MAX: usize = 8;

/// Series of a panel that are read in one go.
pub(super) const READ_AT_ONCE: usize = 16;

/// Services whose response times are drawn: the busiest.
const SERVICE_CHARTS_MAX: usize = 12;

/// Processes listed.
const PROCESSES_MAX: usize = 20;

/// What names of an agent's own settings begin with.
const AGENT_SETTINGS: &str = "kymo.";

/// A resource with values at a smaller share of its moments is told as that.
const SPARSE_SHARE: f64 = 0.9;

/// Sparse resources that are told one by one.
const SPARSE_MAX: usize = 6;

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
    let mut notes = draft::unknown_parts(&draft);
    let charts = match needs.any(&["resources"]) {
        true => charts(stored, (&draft, span, &mut notes), context)?,
        false => Vec::new(),
    };
    let resources = match needs.any(&["summary"]) {
        true => {
            let columns = watched(stored, span)?;
            let uses = overview::resources(&columns, span);
            notes.extend(sparse(&columns, &uses, (&draft, span)));
            uses
        }
        false => Vec::new(),
    };
    let services = match needs.any(&["services"]) {
        true => services(stored, (span, &mut notes), context)?,
        false => ServicesInput::default(),
    };
    let processes = match needs.any(&["summary", "processes"]) {
        true => busiest(
            stored,
            (span, &|it| draft.covers(it) || it.is_empty()),
            context,
        )?,
        false => Vec::new(),
    };
    let (findings, choice) = match needs.any(&["findings", "heading"]) {
        true => findings::told(stored, (&draft, span), context)?,
        false => (Vec::new(), Choice::NotKept),
    };
    if choice == Choice::NotKept && needs.any(&["findings"]) {
        notes.push(format!(
            "No findings are kept in this session, so none is told here: run kymo \
             analyze {} --keep first.",
            session_name(stored.path())
        ));
    }
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
            ahead::trends(stored, (input, &draft, &mut notes), context)?
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
        events: events(stored, span, &of_host),
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

/// What happened in a window on hosts that a report speaks of.
pub(super) fn events(
    stored: &Stored,
    window: Span,
    covers: &dyn Fn(&str) -> bool,
) -> Vec<HostEvent> {
    let events = stored.events().iter();
    let events = events.filter(|(host, event)| window.contains(event.at) && covers(host));
    let told = events.map(|(host, event)| HostEvent {
        host: host.clone(),
        event: seen(event),
    });
    told.collect()
}

/// An event as it is told: settings are read one after another, so that a change is seen
/// later than it was made. How much later is not recorded. Agents know their own at once.
fn seen(event: &Event) -> Event {
    let polled = event.kind == EventKind::Setting && !event.subject.starts_with(AGENT_SETTINGS);
    let text = match polled {
        true => format!("{} (seen at this moment, changed before it)", event.line()),
        false => event.text.clone(),
    };
    Event {
        text,
        ..event.clone()
    }
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
        let are = if left_out == 1 { "is" } else { "are" };
        notes.push(format!(
            "{} of {host}: {left_out} smaller series {are} not drawn.",
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
        let more = answering.len() - SERVICE_CHARTS_MAX;
        let services = if more == 1 { "service" } else { "services" };
        notes.push(format!(
            "Response times of {more} smaller {services} are not drawn."
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
    Ok(overview::resources(&watched(stored, span)?, span))
}

/// The series of the resources that a summary speaks of.
fn watched(stored: &Stored, span: Span) -> Result<Vec<Column>, Problem> {
    let watched = stored.series().iter().map(|series| &series.key);
    let keys: Vec<SeriesKey> = watched
        .filter(|it| overview::watches(it))
        .cloned()
        .collect();
    stored.columns(&keys, Some(span))
}

/// Which resources have values at some of their moments only: figures speak of those.
fn sparse(columns: &[Column], uses: &[ResourceUse], (draft, span): (&Draft, Span)) -> Vec<String> {
    let share = Unit::new("1");
    let told = uses.iter().filter(|it| draft.covers(&it.key.host));
    let notes = told.filter_map(|it| {
        let column = columns.iter().find(|column| column.series.key == it.key)?;
        let (there, moments) = (it.summary.n, column.rows(span).len());
        let part = there as f64 / moments as f64;
        (part < SPARSE_SHARE).then(|| {
            format!(
                "What is told of {} on {} rests on {there} of the {moments} moments at which \
                 it was read ({}): the others have no value.",
                it.name,
                it.key.host,
                share.text(part)
            )
        })
    });
    let mut notes: Vec<String> = notes.collect();
    let more = notes.len().saturating_sub(SPARSE_MAX);
    notes.truncate(SPARSE_MAX);
    if more > 0 {
        notes.push(format!("So it is with {more} more of the resources."));
    }
    notes
}

/// The processes of the hosts in question that used most.
pub(super) fn busiest(
    stored: &Stored,
    (span, covers): (Span, &dyn Fn(&str) -> bool),
    context: &Context,
) -> Result<Vec<ProcessUse>, Problem> {
    let hosts = stored.hosts().iter().map(|it| it.name.as_str());
    let hosts: Vec<&str> = hosts.filter(|it| covers(it)).collect();
    let used = spread::over((hosts.len(), 1), ("report", context), |part| {
        let used = hosts[part].iter();
        used.map(|it| stored.process_use(it, span)).collect()
    })?;
    let mut all = Vec::new();
    for used in used {
        // Those of one host stand in this order already.
        all.extend(used?.iter().take(PROCESSES_MAX).cloned());
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

#[cfg(test)]
mod tests {
    use model::catalog::{Kind, Polarity};
    use model::time::Moment;

    use super::*;

    #[test]
    fn a_setting_that_was_read_later_is_not_told_as_exact() {
        let event = |kind, subject: &str| Event {
            at: Moment(0),
            kind,
            subject: subject.to_owned(),
            before: "-1".to_owned(),
            after: "25000".to_owned(),
            text: String::new(),
        };
        let told = |kind, subject| seen(&event(kind, subject)).line();
        let later = "cpu.cfs_quota_us: -1 → 25000 (seen at this moment, changed before it)";
        assert_eq!(told(EventKind::Setting, "cpu.cfs_quota_us"), later);
        let exact = "kymo.agent.every: -1 → 25000";
        assert_eq!(told(EventKind::Setting, "kymo.agent.every"), exact);
        assert_eq!(told(EventKind::Appeared, "sdb"), "sdb: -1 → 25000");
    }

    #[test]
    fn a_resource_that_mostly_has_no_value_is_told_as_that() {
        let column = |metric: &str, there: usize| Column {
            series: Series {
                key: SeriesKey::new("h", metric, []),
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::HigherIsWorse,
            },
            at: (0..100).collect(),
            values: (0..100)
                .map(|it| if it < there { 1.0 } else { f64::NAN })
                .collect(),
        };
        let columns = [
            column("system.cpu.utilization", 40),
            column("system.memory.utilization", 95),
        ];
        let span = Span {
            from: Moment(0),
            to: Moment(100),
        };
        let uses = overview::resources(&columns, span);
        assert_eq!(uses.len(), 2);
        let notes = sparse(&columns, &uses, (&Draft::new("performance"), span));
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].contains("rests on 40 of the 100 moments"),
            "{notes:?}"
        );
    }
}
