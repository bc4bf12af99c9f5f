//! Everything that a report is made of, already computed.
//!
//! What a kind does not show may be left empty: each part says so, or is left out.
//!
//! Start at [`Input`].

use analysis::change::Change;
use analysis::forecast::Forecast;
use analysis::overview::{ProcessUse, ResourceUse};
use analysis::quality::{Coverage, Mark};
use analysis::services::{Edge, Service};
use analysis::summary::Summary;
use analysis::trend::Trend;
use model::annotation::Annotation;
use model::compliance::Compliance;
use model::event::Event;
use model::finding::Finding;
use model::host::Host;
use model::plan::Plan;
use model::report::{ChartPin, TablePin};
use model::series::SeriesKey;
use model::time::{Moment, Span};
use model::unit::Unit;
use plan::ledger::score::Score;
use plan::predict::{Curve, Prediction};
use plan::refusal::Refusal;
use plan::suggest::Suggestion;
use plan::validate::Report;

use crate::chart::ChartInput;
use crate::own::Own;
use crate::request::Request;

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Input {
    /// What was asked for.
    pub request: Request,
    /// Title where the request has none.
    pub title: String,
    /// Name of the session, as people know it.
    pub session: String,
    /// Version of the program.
    pub kymo: String,
    /// The stretch of time it speaks of.
    pub span: Span,
    /// The hosts, in the order of the session.
    pub hosts: Vec<Host>,
    /// How complete each host's recording is.
    pub coverage: Vec<Coverage>,
    /// What is doubtful.
    pub marks: Vec<Mark>,
    /// The essentials, in order; those of one host together.
    pub charts: Vec<ChartInput>,
    /// How much of each resource was in use, the most used first.
    pub resources: Vec<ResourceUse>,
    /// What services did for their users; empty where nothing told of requests.
    pub services: ServicesInput,
    /// What processes used, the busiest first.
    pub processes: Vec<ProcessUse>,
    /// What happened, by time.
    pub events: Vec<HostEvent>,
    /// The findings that are told, in order.
    pub findings: Vec<FindingInput>,
    /// Why these.
    pub choice: Choice,
    /// What people noted.
    pub annotations: Vec<Annotation>,
    /// Settings that held at the start.
    pub settings: Vec<Setting>,
    /// Where series are heading.
    pub trends: TrendsInput,
    /// What comes next.
    pub outlook: OutlookInput,
    /// A plan and what is known of it.
    pub plan: Option<PlanInput>,
    /// What the recording says of what would help.
    pub model: ModelInput,
    /// How earlier predictions came out, all together last; empty without a ledger.
    pub scores: Vec<Score>,
    /// How far standards were kept.
    pub compliance: Vec<Compliance>,
    /// How well Kymo itself did; `None` where that is not told.
    pub own: Option<Own>,
    /// What somebody chose, in the order of the request's charts and tables.
    pub pinned: Vec<Pinned>,
    /// What else the reader must know, such as what could not be read.
    pub notes: Vec<String>,
}

/// An event and the host it happened on.
#[derive(Clone, Debug)]
pub struct HostEvent {
    /// Name of the host; empty for the session as a whole.
    pub host: String,
    /// What happened.
    pub event: Event,
}

/// A setting of a host.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Name of the host.
    pub host: String,
    /// Name of the setting.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A finding as a report tells it.
#[derive(Clone, Debug)]
pub struct FindingInput {
    /// The finding.
    pub finding: Finding,
    /// Why it was to be expected, if somebody said so.
    pub expected: Option<String>,
    /// Its series over the window of the report; `None` where there is nothing to draw.
    pub chart: Option<ChartInput>,
}

/// Why the report tells of these findings and not of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// People chose them.
    Pinned,
    /// Nobody chose any; they are the heaviest of those that this version of Kymo kept.
    Heaviest {
        /// How many are kept.
        of: usize,
        /// The version.
        kymo: String,
    },
    /// None was chosen and none is kept.
    NotKept,
}

/// What is known of the services of a session.
#[derive(Clone, Debug, Default)]
pub struct ServicesInput {
    /// Every service, the busiest first.
    pub services: Vec<Service>,
    /// Who asks whom, the busiest first.
    pub edges: Vec<Edge>,
    /// Response times over time, one of each service.
    pub charts: Vec<ChartInput>,
}

/// Where series are heading.
#[derive(Clone, Debug, Default)]
pub struct TrendsInput {
    /// The strongest first.
    pub rows: Vec<TrendRow>,
    /// How many series were looked at.
    pub looked_at: usize,
    /// Those that go somewhere, drawn.
    pub charts: Vec<ChartInput>,
}

/// Where one series is heading.
#[derive(Clone, Debug)]
pub struct TrendRow {
    /// The series.
    pub key: SeriesKey,
    /// Its unit.
    pub unit: Unit,
    /// Its trend.
    pub trend: Trend,
    /// Where its level, slope or spread changed.
    pub changes: Vec<(Moment, Change)>,
}

/// What comes next.
#[derive(Clone, Debug, Default)]
pub struct OutlookInput {
    /// One a series, those that say most first.
    pub rows: Vec<OutlookRow>,
    /// How many series were forecast.
    pub looked_at: usize,
    /// Share of what comes that the band is to hold.
    pub level: f64,
    /// How far, in seconds.
    pub horizon_seconds: f64,
}

/// What comes next of one series.
#[derive(Clone, Debug)]
pub struct OutlookRow {
    /// The series.
    pub key: SeriesKey,
    /// Its unit.
    pub unit: Unit,
    /// The forecast.
    pub forecast: Forecast,
    /// Length of a row in seconds.
    pub step_seconds: f64,
    /// The end of the past, and what is expected after it.
    pub chart: ChartInput,
}

/// A plan and what is known of it.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// The plan.
    pub plan: Plan,
    /// What was predicted anew for this report; `None` where the recording cannot carry it.
    pub prediction: Option<Prediction>,
    /// What was measured after it, where somebody recorded.
    pub outcome: Option<Report>,
    /// Who did what, and when.
    pub audit: Vec<AuditLine>,
    /// Why the audit cannot be believed, or is not there.
    pub audit_fault: Option<String>,
}

/// Somebody did something to a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When, as it was written.
    pub at: String,
    /// Who.
    pub who: String,
    /// What, in a word.
    pub what: String,
    /// And in more words.
    pub text: String,
}

/// What a recording says of an application as a model.
#[derive(Clone, Debug, Default)]
pub enum ModelInput {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It cannot be said.
    Refused(Refusal),
    /// The model passed.
    Known(Box<Model>),
}

/// A calibrated model in what readers need of it.
#[derive(Clone, Debug)]
pub struct Model {
    /// The application.
    pub subject: String,
    /// The stretch it was calibrated on.
    pub window: Span,
    /// Requests a second at its end.
    pub throughput: f64,
    /// Mean response time there, in seconds; `None` where it was not recorded.
    pub response_s: Option<f64>,
    /// Name, host and share in use of each resource there.
    pub resources: Vec<(String, String, f64)>,
    /// How the model did on what it was not fitted to, in words; `None` where it could
    /// not be checked.
    pub check: Option<String>,
    /// What cannot be answered, or only roughly.
    pub doubts: Vec<Refusal>,
    /// What would help, the most helpful first.
    pub suggestions: Vec<Suggestion>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// How throughput and response time go with the load; `None` where it has no curve.
    pub curve: Option<Curve>,
}

/// Something that somebody chose for the report, with its data.
#[derive(Clone, Debug)]
pub enum Pinned {
    /// A chart; `None` where the session has none of its series.
    Chart(ChartPin, Option<ChartInput>),
    /// Statistics of series.
    Statistics(TablePin, Vec<(SeriesKey, Unit, Summary)>),
    /// Processes within a window.
    Processes(TablePin, Vec<ProcessUse>),
    /// Services within a window.
    Services(TablePin, ServicesInput),
    /// Events within a window.
    Events(TablePin, Vec<HostEvent>),
    /// How complete the data is.
    Coverage(TablePin, Vec<Coverage>),
}
