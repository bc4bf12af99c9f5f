//! A recipe: the four processes of a measurement, to be run without anybody watching.
//!
//! Collect, analyze, optimize and report, with standards and delivery, and how all of it
//! is monitored. Texts become values when they are read, so that what is wrong is told at
//! its place; what only the whole can show is found by [`faults`].
//!
//! * Never: reads a file or a clock; `workflow::recipe` reads and runs recipes.
//!
//! Start at [`Recipe`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cron::Cron;
use crate::time::{Moment, SECOND_NS, parse_duration_ns};

/// The newest version of recipes that this build reads.
pub const SCHEMA: u32 = 1;

/// Bytes of a recipe.
pub const TEXT_MAX_BYTES: usize = 256 << 10;

/// Entries of each list in a recipe.
pub const LIST_MAX: usize = 64;

/// A whole recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Version of the document, [`SCHEMA`].
    pub schema: u32,
    /// What it is called; names its run folders.
    pub name: String,
    /// What is recorded.
    pub collect: Collect,
    /// What is concluded from it.
    #[serde(default)]
    pub analyze: Analyze,
    /// What would help; left out, nothing is planned.
    #[serde(default)]
    pub optimize: Option<Optimize>,
    /// Files of standards that the recording is held against, relative to the recipe.
    #[serde(default)]
    pub standards: Vec<String>,
    /// The reports that are written.
    #[serde(default)]
    pub report: Vec<Report>,
    /// Where they go.
    #[serde(default)]
    pub deliver: Vec<Deliver>,
    /// How the run is watched over.
    #[serde(default)]
    pub monitor: Monitor,
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collect {
    /// A session that is there already, relative to the recipe; a copy of it is used and
    /// nothing is recorded.
    pub take: Option<String>,
    /// The agents: `local`, `ssh://[user@]host[:port]`.
    pub targets: Vec<String>,
    /// Further arguments for the agent of the same place.
    pub agent_arguments: Vec<String>,
    /// What each agent hears of applications, as `kymo record --intake` takes it.
    pub intake: Vec<String>,
    /// Time between samples.
    pub every: Length,
    /// When it begins.
    pub start: Start,
    /// When it ends.
    pub until: Until,
    /// Title kept in the session.
    pub title: String,
    /// Tags kept in the session.
    pub tags: Vec<String>,
    /// Build of what is recorded, kept in the session.
    pub build: String,
    /// Share of the samples that must be there, 0 to 1.
    pub coverage: f64,
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            take: None,
            targets: vec!["local".to_owned()],
            agent_arguments: Vec::new(),
            intake: Vec::new(),
            every: Length(SECOND_NS),
            start: Start::Now,
            until: Until::For(Length(60 * SECOND_NS)),
            title: String::new(),
            tags: Vec::new(),
            build: String::new(),
            coverage: 0.9,
        }
    }
}

/// When a recording begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Start {
    /// At once.
    Now,
    /// At a moment, or when it is this time of the day next: `At("02:30")`.
    At(Clock),
    /// The next time that cron would start it.
    Cron(Cron),
    /// When something holds.
    When(Trigger),
}

/// When a recording ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Until {
    /// After this time.
    For(Length),
    /// When something holds, or after the time that it gives up.
    When(Trigger),
}

/// Something that holds on live data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Pattern of `host/metric{key=value}`; any series that matches may fulfil it.
    pub series: String,
    /// Above this, in the unit of the series.
    #[serde(default)]
    pub above: Option<f64>,
    /// Below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// For as long as this without a break.
    #[serde(rename = "for", default = "second")]
    pub lasting: Length,
    /// So much of the time before is recorded too, from the agent's look-back ring.
    #[serde(default)]
    pub look_back: Option<Length>,
    /// After this time it is given up: the run fails, or the recording ends.
    #[serde(default = "hour")]
    pub give_up: Length,
}

fn second() -> Length {
    Length(SECOND_NS)
}

fn hour() -> Length {
    Length(3_600 * SECOND_NS)
}

/// What is concluded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Analyze {
    /// Fewer findings than this are a failure: a recording that must show something.
    pub least_findings: usize,
    /// A severe finding makes the answer of the run "no".
    pub fail_on_severe: bool,
}

/// What would help.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Optimize {
    /// A plan to predict, relative to the recipe; without one the remedies of the
    /// bottleneck are predicted.
    pub plan: Option<String>,
    /// Name of the service that users ask; empty: found.
    pub service: String,
    /// Series of processors used whose sum is the application's; empty: found.
    pub cpu: Vec<String>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Kind, as `kymo report --kind` names it.
    #[serde(default = "performance")]
    pub kind: String,
    /// Format, as `kymo report --format` names it.
    #[serde(default = "html")]
    pub format: String,
}

fn performance() -> String {
    "performance".to_owned()
}

fn html() -> String {
    "html".to_owned()
}

/// Where reports go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deliver {
    /// Copied into a folder, which is made if need be.
    Folder(String),
    /// Posted to an address, signed.
    Webhook {
        /// `https://…`, or `http://` to this machine.
        url: String,
        /// Environment variable that holds the secret shared with the receiver; empty: not
        /// signed.
        #[serde(default)]
        secret_env: String,
    },
    /// Sent as an attachment.
    Mail {
        /// `smtp://host[:port]` (encrypted by STARTTLS) or `smtps://host[:port]`.
        server: String,
        /// From whom.
        from: String,
        /// To whom.
        to: Vec<String>,
        /// Name at the server; empty: it asks for none.
        #[serde(default)]
        user: String,
        /// Environment variable that holds the password of that name.
        #[serde(default)]
        password_env: String,
    },
}

/// How a run is watched over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitor {
    /// A failed step is tried again so often.
    pub retries: u32,
    /// Time before it is.
    pub pause: Length,
    /// A line in the log says so often that a step is alive.
    pub heartbeat: Length,
    /// With less room on the disk a step is stopped.
    pub free: Size,
    /// Longest time of a step; a recording gets the time it takes and two minutes more.
    pub limits: Limits,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            retries: 1,
            pause: Length(5 * SECOND_NS),
            heartbeat: Length(10 * SECOND_NS),
            free: Size(64 << 20),
            limits: Limits::default(),
        }
    }
}

/// Longest time of each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of the recording, its start and end included; none: what it asks for.
    pub collect: Option<Length>,
    /// Of the analyses.
    pub analyze: Length,
    /// Of the prediction.
    pub optimize: Length,
    /// Of the standards.
    pub comply: Length,
    /// Of all reports.
    pub report: Length,
    /// Of the delivery.
    pub deliver: Length,
}

impl Default for Limits {
    fn default() -> Self {
        let half_hour = Length(1_800 * SECOND_NS);
        Self {
            collect: None,
            analyze: half_hour,
            optimize: half_hour,
            comply: half_hour,
            report: half_hour,
            deliver: half_hour,
        }
    }
}

/// A step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A recording is made.
    Collect,
    /// Findings are drawn from it and kept in it.
    Analyze,
    /// A plan is predicted.
    Optimize,
    /// It is held against standards.
    Comply,
    /// Reports are written.
    Report,
    /// They are delivered.
    Deliver,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 6] = [
        Self::Collect,
        Self::Analyze,
        Self::Optimize,
        Self::Comply,
        Self::Report,
        Self::Deliver,
    ];

    /// Its name in logs and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Analyze => "analyze",
            Self::Optimize => "optimize",
            Self::Comply => "comply",
            Self::Report => "report",
            Self::Deliver => "deliver",
        }
    }

    /// The step of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl Recipe {
    /// A recipe that records this machine for a minute and reports on it.
    pub fn new(name: &str) -> Self {
        Self {
            schema: SCHEMA,
            name: name.to_owned(),
            collect: Collect::default(),
            analyze: Analyze::default(),
            optimize: None,
            standards: Vec::new(),
            report: vec![Report {
                kind: performance(),
                format: html(),
            }],
            deliver: Vec::new(),
            monitor: Monitor::default(),
        }
    }

    /// The steps that it has, in order.
    pub fn steps(&self) -> Vec<Step> {
        let has = |step: &Step| match step {
            Step::Collect | Step::Analyze => true,
            Step::Optimize => self.optimize.is_some(),
            Step::Comply => !self.standards.is_empty(),
            Step::Report => !self.report.is_empty(),
            Step::Deliver => !self.deliver.is_empty(),
        };
        Step::ALL.into_iter().filter(has).collect()
    }

    /// The longest time of a step.
    pub fn limit(&self, step: Step) -> Length {
        let limits = &self.monitor.limits;
        match step {
            Step::Collect => limits.collect.unwrap_or_else(|| self.collect.longest()),
            Step::Analyze => limits.analyze,
            Step::Optimize => limits.optimize,
            Step::Comply => limits.comply,
            Step::Report => limits.report,
            Step::Deliver => limits.deliver,
        }
    }
}

impl Collect {
    /// The longest a recording takes once its time has come.
    fn longest(&self) -> Length {
        /// Greeting, packing and a slow disk.
        const BESIDE_NS: i64 = 120 * SECOND_NS;
        let wait = match &self.start {
            Start::When(trigger) => trigger.give_up.0,
            Start::Now | Start::At(_) | Start::Cron(_) => 0,
        };
        Length(
            wait.saturating_add(self.length_ns())
                .saturating_add(BESIDE_NS),
        )
    }

    /// The longest stretch that is recorded.
    pub fn length_ns(&self) -> i64 {
        match &self.until {
            Until::For(length) => length.0,
            Until::When(trigger) => trigger.give_up.0,
        }
    }
}

/// A fault that only the whole shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Names of the fields that lead there, outermost first.
    pub place: Vec<&'static str>,
    /// What is wrong.
    pub what: String,
}

/// Everything that is wrong with a recipe.
pub fn faults(recipe: &Recipe) -> Vec<Fault> {
    let mut all = Vec::new();
    let mut fault = |place: &[&'static str], what: String| {
        all.push(Fault {
            place: place.to_vec(),
            what,
        });
    };
    let named = |c: char| c.is_alphanumeric() || " -._".contains(c);
    let plain = !recipe.name.trim().is_empty() && recipe.name.chars().all(named);
    if !plain || recipe.name.chars().count() > 64 || recipe.name.starts_with('.') {
        let what = "a name has 1 to 64 letters, digits, spaces, -, . and _";
        fault(&["name"], what.to_owned());
    }
    for (name, count) in [
        ("standards", recipe.standards.len()),
        ("report", recipe.report.len()),
        ("deliver", recipe.deliver.len()),
    ] {
        if count > LIST_MAX {
            fault(
                &[name],
                format!("it has {count} entries, more than {LIST_MAX}"),
            );
        }
    }
    collect_faults(&recipe.collect, &mut fault);
    if !recipe.deliver.is_empty() && recipe.report.is_empty() {
        fault(&["deliver"], "there is no report to deliver".to_owned());
    }
    if recipe.monitor.retries > 100 {
        fault(
            &["monitor", "retries"],
            "more than 100 tries help nobody".to_owned(),
        );
    }
    if recipe.monitor.heartbeat.0 < SECOND_NS / 10 {
        fault(
            &["monitor", "heartbeat"],
            "a heart beats at most ten times a second".to_owned(),
        );
    }
    all
}

fn collect_faults(collect: &Collect, fault: &mut impl FnMut(&[&'static str], String)) {
    if collect.targets.is_empty() && collect.take.is_none() {
        let what = "nothing is recorded: name a target, such as \"local\"";
        fault(&["collect", "targets"], what.to_owned());
    }
    if collect.targets.len() > LIST_MAX {
        let count = collect.targets.len();
        fault(
            &["collect", "targets"],
            format!("{count} targets are more than {LIST_MAX}"),
        );
    }
    if !(0.0..=1.0).contains(&collect.coverage) {
        fault(
            &["collect", "coverage"],
            "a share is between 0 and 1".to_owned(),
        );
    }
    if !(SECOND_NS / 100..=10 * SECOND_NS).contains(&collect.every.0) {
        fault(
            &["collect", "every"],
            "a sample comes every 10ms to 10s".to_owned(),
        );
    }
    for (name, trigger) in [
        (
            "start",
            match &collect.start {
                Start::When(trigger) => Some(trigger),
                Start::Now | Start::At(_) | Start::Cron(_) => None,
            },
        ),
        (
            "until",
            match &collect.until {
                Until::When(trigger) => Some(trigger),
                Until::For(_) => None,
            },
        ),
    ] {
        let Some(trigger) = trigger else { continue };
        if trigger.series.trim().is_empty() {
            fault(
                &["collect", name, "series"],
                "no series is named".to_owned(),
            );
        }
        let bounds = [trigger.above, trigger.below];
        let known = bounds.iter().flatten().all(|it| it.is_finite());
        if bounds.iter().flatten().count() != 1 || !known {
            let what = "it says either above or below, and a number";
            fault(&["collect", name], what.to_owned());
        }
    }
    let mut label = crate::label::Label::default();
    if let Err(error) = label.set_build(&collect.build) {
        fault(&["collect", "build"], error.to_string());
    }
    for tag in &collect.tags {
        if let Err(error) = label.add_tag(tag) {
            fault(&["collect", "tags"], error.to_string());
        }
    }
}

/// A length of time, written such as `90s` or `10m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Length(pub i64);

impl Length {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND_NS as f64
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 5] = [
            (86_400 * SECOND_NS, "d"),
            (3_600 * SECOND_NS, "h"),
            (60 * SECOND_NS, "m"),
            (SECOND_NS, "s"),
            (1_000_000, "ms"),
        ];
        let found = UNITS.iter().find(|(ns, _)| self.0 % ns == 0);
        match found {
            Some((ns, name)) => write!(f, "{}{name}", self.0 / ns),
            None => write!(f, "{}ns", self.0),
        }
    }
}

impl From<Length> for String {
    fn from(length: Length) -> Self {
        length.to_string()
    }
}

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let ns = parse_duration_ns(&text);
        ns.map(Self)
            .ok_or_else(|| format!("{text:?} is no length of time such as 30s, 10m or 2h"))
    }
}

/// A size in bytes, written such as `500MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Size(pub u64);

const SIZES: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = SIZES
            .iter()
            .find(|(_, bytes)| self.0 > 0 && self.0.is_multiple_of(*bytes));
        match found {
            Some((name, bytes)) => write!(f, "{}{name}", self.0 / bytes),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no size such as 500MiB or 2GiB");
        let units = SIZES.iter().chain([&("B", 1)]);
        let found = units.filter_map(|(name, bytes)| Some((text.strip_suffix(name)?, *bytes)));
        for (number, bytes) in found {
            if let Ok(number) = number.trim().parse::<u64>() {
                return number.checked_mul(bytes).map(Self).ok_or_else(wrong);
            }
        }
        Err(wrong())
    }
}

/// A moment, or a time of the day that comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Clock {
    /// Once.
    Moment(Moment),
    /// Every day; in the zone of the machine that runs the recipe.
    Daily(Cron),
}

impl From<Clock> for String {
    fn from(clock: Clock) -> Self {
        match clock {
            Clock::Moment(moment) => moment.to_string(),
            Clock::Daily(cron) => {
                let cron = String::from(cron);
                let mut words = cron
                    .split(' ')
                    .map(|it| it.parse::<u8>().unwrap_or_default());
                let (minute, hour) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
                format!("{hour:02}:{minute:02}")
            }
        }
    }
}

impl TryFrom<String> for Clock {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time = text.split_once(':').filter(|_| text.len() <= 5);
        if let Some((hour, minute)) = time
            && let (Ok(hour), Ok(minute)) = (hour.parse(), minute.parse())
            && let Some(cron) = Cron::daily(hour, minute)
        {
            return Ok(Self::Daily(cron));
        }
        let wrong = || format!("{text:?} is no time such as 02:30 or 2026-01-31T12:00:00Z");
        // Bare numbers would be seconds of 1970.
        let dated = text.contains('-');
        text.parse()
            .ok()
            .filter(|_| dated)
            .map(Self::Moment)
            .ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_values_and_print_as_they_read() {
        for text in ["90s", "2h", "250ms", "1d"] {
            let length = Length::try_from(text.to_owned()).expect(text);
            assert_eq!(length.to_string(), text);
        }
        for text in ["500MiB", "2GiB", "17B"] {
            let size = Size::try_from(text.to_owned()).expect(text);
            assert_eq!(size.to_string(), text);
        }
        for text in ["02:30", "2026-01-31T12:00:00Z"] {
            let clock = Clock::try_from(text.to_owned()).expect(text);
            assert_eq!(String::from(clock), text);
        }
        for wrong in ["25:00", "2:3:4", "12", "noon", ""] {
            assert!(Clock::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert!(Size::try_from("many".to_owned()).is_err());
        assert!(Length::try_from("0s".to_owned()).is_err());
    }

    #[test]
    fn a_new_recipe_is_sound_and_has_its_steps() {
        let mut recipe = Recipe::new("nightly");
        assert_eq!(faults(&recipe), []);
        assert_eq!(recipe.steps(), [Step::Collect, Step::Analyze, Step::Report]);
        assert_eq!(recipe.limit(Step::Collect).seconds(), 180.0);
        recipe.name = "../up".to_owned();
        recipe.collect.coverage = 1.5;
        recipe.collect.targets.clear();
        let places: Vec<String> = faults(&recipe)
            .iter()
            .map(|it| it.place.join("."))
            .collect();
        assert_eq!(places, ["name", "collect.targets", "collect.coverage"]);
    }

    #[test]
    fn a_trigger_says_one_bound() {
        let mut recipe = Recipe::new("spike");
        let trigger = Trigger {
            series: "*pressure*".to_owned(),
            above: None,
            below: None,
            lasting: Length(SECOND_NS),
            look_back: None,
            give_up: Length(SECOND_NS),
        };
        recipe.collect.start = Start::When(trigger.clone());
        assert_eq!(faults(&recipe).len(), 1);
        recipe.collect.start = Start::When(Trigger {
            above: Some(0.5),
            ..trigger
        });
        assert_eq!(faults(&recipe), []);
    }
}
