//! The protocol that all experiments share: record, predict, change, record, score.
//!
//! * In: levels of load, plans, and how a change is made by hand where no agent can.
//! * Out: points and scored rows in a [`Report`].
//! * Never: makes a change before its prediction is on the disk, or runs on a machine
//!   that is not quiet unless told so.
//!
//! Start at [`Bench::record`], [`Bench::predict`], [`Bench::apply`] and [`Bench::score`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::hear::Ear;
use crate::kept;
use crate::kymo::{Kymo, Prediction, Window};
use crate::load::Load;
use crate::meter::{Gate, Meter, quiet};
use crate::place::{Folder, Group, put};
use crate::plan::{self, Action, Subject};
use crate::result::{Point, Report};
use crate::running::wait;
use crate::sample::{Measured, Terms, measured, together};
use crate::score::{By, Grade, Outcome, Owed, Quantity, Scored};
use crate::server::nginx::{LIMIT_OFF, LIMIT_ON};

/// What all experiments are told.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    /// Length of what is measured at each point.
    pub(crate) measure: Duration,
    /// Length of what is not, before it.
    pub(crate) warm: Duration,
    /// How often each point is measured.
    pub(crate) repeats: usize,
    /// Whether a run waits for a quiet machine.
    pub(crate) gate: Gate,
    /// Of orders, think times, arrivals and keys.
    pub(crate) seed: u64,
}

/// One experiment that runs.
pub(crate) struct Bench {
    pub(crate) protocol: Protocol,
    pub(crate) kymo: Kymo,
    pub(crate) folder: Folder,
    pub(crate) ear: Arc<Ear>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) report: Report,
}

/// Begins a load that goes on until it is finished; told how long it will be needed.
pub(crate) type Begin<'a> = Box<dyn Fn(Duration) -> Result<Box<dyn Load>, String> + 'a>;

/// A level of load.
pub(crate) struct Level<'a> {
    /// What it is called in tables.
    pub(crate) setting: String,
    /// How many users ask, where that is fixed.
    pub(crate) users: Option<f64>,
    pub(crate) begin: Begin<'a>,
}

/// The server that is measured.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    pub(crate) group: &'a Group,
    pub(crate) terms: Terms,
}

/// A recording with what was measured beside it.
pub(crate) struct Recorded {
    pub(crate) session: PathBuf,
    /// From the first measured moment to the last.
    pub(crate) window: Window,
    pub(crate) points: Vec<Measured>,
    /// The time of each of them.
    windows: Vec<Window>,
    /// Whether users were counted.
    closed: bool,
    /// Whether others used so much in the mean that it says little.
    disturbed: bool,
}

/// A plan that was predicted.
pub(crate) struct Trial {
    /// Name of its files.
    pub(crate) name: String,
    pub(crate) plan: PathBuf,
    pub(crate) prediction: Prediction,
}

/// A change and what it was held against.
pub(crate) struct Change<'a> {
    /// What it is called in tables.
    pub(crate) told: &'a str,
    /// Who carried it out.
    pub(crate) applied: &'a str,
    /// Where the measured numbers are from.
    pub(crate) truth: &'a str,
    pub(crate) base: &'a Recorded,
    /// `None` where the run after the change was not made.
    pub(crate) after: Option<&'a Recorded>,
    pub(crate) owed: Owed,
}

/// A run that others disturbed is made again so often.
const AGAIN_MOST: usize = 2;

/// What is scored of a load that is served.
pub(crate) const SERVED: &[(&str, Quantity)] = &[
    ("app.throughput", Quantity::Throughput),
    ("app.response.mean", Quantity::Mean),
    ("app.response.p95", Quantity::P95),
    ("cpu.utilization", Quantity::Utilization),
];

impl Recorded {
    /// The last level: what a prediction starts from.
    pub(crate) fn last(&self) -> Measured {
        self.points.last().cloned().unwrap_or_default()
    }

    /// The time of what a prediction starts from: of a closed load the last level, of an
    /// open one all of them.
    fn start(&self) -> Window {
        let last = self.windows.last().filter(|_| self.closed);
        last.copied().unwrap_or(self.window)
    }

    /// The mean of all levels.
    pub(crate) fn mean(&self) -> Measured {
        together(&self.points)
    }
}

impl Bench {
    /// Records levels of load one after the other; `None` where the machine was not quiet.
    ///
    /// What others disturb meanwhile is recorded again, a few times at most.
    pub(crate) fn record(
        &mut self,
        (name, when): (&str, &str),
        server: Server<'_>,
        levels: &[Level<'_>],
    ) -> Result<Option<Recorded>, String> {
        for _ in 0..AGAIN_MOST {
            let points = self.report.points.len();
            let recorded = self.once((name, when), server, levels)?;
            let again = recorded.as_ref().is_some_and(|it| it.disturbed);
            if !again || self.protocol.gate == Gate::Off {
                return Ok(recorded);
            }
            eprintln!("{name}: others disturbed it, so it is recorded again");
            let note = format!("{name} was disturbed by others and recorded again");
            self.report.notes.push(note);
            for point in &mut self.report.points[points..] {
                "again".clone_into(&mut point.when);
            }
        }
        self.once((name, when), server, levels)
    }

    fn once(
        &mut self,
        (name, when): (&str, &str),
        server: Server<'_>,
        levels: &[Level<'_>],
    ) -> Result<Option<Recorded>, String> {
        eprintln!("{name}: waiting for a quiet machine");
        if let Err(why) = quiet(self.protocol.gate, server.terms.others_meant, &self.stop)? {
            eprintln!("{name}: {why}");
            self.report.notes.push(format!("{name} was not run: {why}"));
            return Ok(None);
        }
        let recording = self.kymo.record(name, &self.ear, &self.stop)?;
        let mut points = Vec::new();
        let mut windows: Vec<Window> = Vec::new();
        for level in levels {
            eprintln!("{name}: {}", level.setting);
            let (found, window) = self.level(server, level)?;
            windows.push(window);
            self.report.points.push(Point {
                setting: format!("{name}: {}", level.setting),
                when: when.to_owned(),
                measured: found.clone(),
            });
            points.push(found);
        }
        // The last lines of a log are read within a second.
        wait(&self.stop, Duration::from_millis(1_500))?;
        let session = recording.finish()?;
        let disturbed = together(&points).disturbed(server.terms);
        let (first, last) = windows.first().zip(windows.last()).ok_or("no level")?;
        Ok(Some(Recorded {
            session,
            window: (first.0, last.1),
            points,
            windows,
            closed: levels.iter().all(|it| it.users.is_some()),
            disturbed,
        }))
    }

    /// Measures one level without a recording.
    pub(crate) fn probe(&self, server: Server<'_>, level: &Level<'_>) -> Result<Measured, String> {
        eprintln!("probe: {}", level.setting);
        self.level(server, level).map(|it| it.0)
    }

    /// Runs one level.
    fn level(&self, server: Server<'_>, level: &Level<'_>) -> Result<(Measured, Window), String> {
        let users = level.users;
        let tell = || {
            if let Some(users) = users {
                self.ear.gauge("service.request.users", users);
            }
        };
        tell();
        let Protocol { warm, measure, .. } = self.protocol;
        let load = (level.begin)(warm + measure + Duration::from_millis(1_000))?;
        let seconds = |time: Duration| time.as_millis().div_ceil(1_000);
        for _ in 0..seconds(warm) {
            tell();
            wait(&self.stop, warm / seconds(warm).max(1) as u32)?;
        }
        let before = Meter::now(server.group)?;
        for _ in 0..seconds(measure) {
            tell();
            wait(&self.stop, measure / seconds(measure).max(1) as u32)?;
        }
        let used = Meter::now(server.group)?.since(&before);
        let samples = load.finish()?;
        let found = measured(&samples, &used, server.terms);
        match found.requests {
            0 => Err(format!("{}: no request was served", level.setting)),
            _ => Ok((found, (used.from_s, used.to_s))),
        }
    }

    /// Asks Kymo what a plan would bring, and keeps the answer on the disk.
    pub(crate) fn predict(
        &self,
        name: &str,
        (title, subject): (&str, &Subject),
        actions: &[Action],
        base: &Recorded,
    ) -> Result<Trial, String> {
        let path = self.kymo.out.join(format!("{name}.ron"));
        put(&path, &plan::text(title, subject, actions))?;
        let prediction = self.kymo.predict(&path, &base.session, base.window)?;
        kept::keep(
            &self.kymo.out,
            name,
            ("kymo plan predict", &prediction.text),
        )?;
        Ok(Trial {
            name: name.to_owned(),
            plan: path,
            prediction,
        })
    }

    /// Has an agent carry a plan out; where it cannot, it is done by hand. Says which.
    pub(crate) fn apply(
        &mut self,
        trial: &Trial,
        in_force: &dyn Fn() -> Result<bool, String>,
        by_hand: &dyn Fn() -> Result<(), String>,
    ) -> Result<String, String> {
        let policy = self.folder.file("policy.ron");
        let carried_out = self
            .kymo
            .approve(&trial.plan, &trial.prediction)
            .and_then(|()| self.kymo.apply(&trial.plan, &policy, &self.stop));
        // What counts is what is in force, whatever anybody says.
        if carried_out.is_ok() && in_force()? {
            return Ok("by the executor".to_owned());
        }
        let why = match carried_out {
            Ok(()) => "it was told to be done and was not in force".to_owned(),
            Err(why) => why,
        };
        eprintln!("{}: by hand, since {why}", trial.name);
        self.report
            .notes
            .push(format!("{} was done by hand: {why}", trial.name));
        by_hand()?;
        match in_force()? {
            true => Ok("by hand".to_owned()),
            false => Err(format!("{} is not in force", trial.name)),
        }
    }

    /// Holds a prediction against what came.
    pub(crate) fn score(
        &mut self,
        trial: &Trial,
        change: &Change<'_>,
        metrics: &[(&str, Quantity)],
    ) {
        let before = change.base.last();
        let after = change.after.map(|it| together(&it.points));
        let gated = self.protocol.gate != Gate::Off;
        let disturbed = gated && change.after.is_some_and(|it| it.disturbed);
        for (metric, quantity) in metrics {
            let value = |it: &Measured| match *metric {
                "app.response.mean" => it.mean_s,
                "app.response.p95" => it.p95_s,
                "cpu.utilization" => it.utilization,
                "app.rejected" => it.rejected,
                _ => it.throughput,
            };
            let outcome = after.as_ref().filter(|_| !disturbed).map(|after| Outcome {
                before: value(&before),
                after: value(after),
                utilization: after.utilization,
            });
            let predicted = trial.prediction.of(metric);
            let code = predicted.refused.as_ref().and_then(|it| it.get(..2));
            // On a machine that others use as much no answer is owed.
            let owed = match code {
                Some("I8") if change.base.disturbed => Owed::Refusal,
                _ => change.owed,
            };
            let row = Scored {
                by: By::Kymo,
                change: change.told.to_owned(),
                applied: change.applied.to_owned(),
                metric: (*metric).to_owned(),
                quantity: *quantity,
                truth: change.truth.to_owned(),
                predicted,
                outcome,
                error: None,
                grade: Grade::NotRun,
                direction_right: None,
                inside: None,
                note: match disturbed {
                    true => "others disturbed what was measured".to_owned(),
                    false => String::new(),
                },
            };
            self.report.rows.push(row.judge(owed));
        }
    }

    /// What Kymo itself says of a prediction.
    pub(crate) fn validate(&mut self, trial: &Trial, base: &Recorded, after: &Recorded) {
        let sessions: [&Path; 2] = [&base.session, &after.session];
        let found = self
            .kymo
            .validate(&trial.plan, sessions, [base.start(), after.window]);
        let verdict = match found {
            Ok(it) => {
                let verdict = it.get("verdict").and_then(|it| it.as_str());
                let lines = it.get("lines").and_then(|it| it.as_array());
                let lines = lines.map(|it| it.iter().filter_map(|it| it.as_str()).collect());
                let lines: Vec<&str> = lines.unwrap_or_default();
                format!("{}: {}", verdict.unwrap_or("?"), lines.join("; "))
            }
            Err(why) => why,
        };
        self.report.verdicts.push((trial.name.clone(), verdict));
    }

    /// Writes what an agent may change.
    pub(crate) fn allow(&self, applications: &str) -> Result<(), String> {
        let text = format!(
            "(\n  version: 1,\n  approvals: 1,\n  other_than_author: true,\n  rules: [\n\
             (kind: \"CpuMax\", key: \"cgroup:/experiments/*:cpu.max\", min: 0.01, max: 64),\n\
             (kind: \"Cpuset\", key: \"cgroup:/experiments/*:cpuset.cpus\", min: 1, max: 64),\n\
             (kind: \"*\", key: \"nginx:gzip_comp_level\", min: 1, max: 9),\n\
             (kind: \"*\", key: \"nginx:worker_processes\", min: 1, max: 8),\n\
             (kind: \"*\", key: \"nginx:limit_req\", values: [{LIMIT_OFF:?}, {LIMIT_ON:?}]),\n\
             (kind: \"*\", key: \"redis:maxmemory\", min: 1e6, max: 1e9),\n\
             ],\n{applications})\n"
        );
        put(&self.folder.file("policy.ron"), &text)
    }
}
