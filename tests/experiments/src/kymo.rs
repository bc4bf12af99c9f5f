//! Kymo as a user meets it: the command line, from recording to verdict.
//!
//! * In: the path of `kymo`, plans and recordings.
//! * Out: what it wrote and said, taken from its JSON.
//! * Never: reads a recording by any other way than Kymo's own commands.
//!
//! Start at [`Kymo`].

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::hear::Ear;
use crate::running::Running;
use crate::score::Predicted;

/// How long a plan may take to be carried out and confirmed.
const APPLYING: Duration = Duration::from_millis(120_000);

/// The command line.
pub(crate) struct Kymo {
    /// The program.
    pub(crate) program: PathBuf,
    /// Where its results go.
    pub(crate) out: PathBuf,
    /// Where only root writes: the policy and the agent's own record.
    pub(crate) work: PathBuf,
}

/// What was expected of one metric.
#[derive(Clone, Debug, Deserialize)]
struct Expected {
    metric: String,
    #[serde(default)]
    p10: Option<f64>,
    #[serde(default)]
    p50: Option<f64>,
    #[serde(default)]
    p90: Option<f64>,
    #[serde(default)]
    class: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    refused: Option<String>,
}

/// What Kymo said of a plan before the change.
#[derive(Clone, Debug)]
pub(crate) struct Prediction {
    expected: Vec<Expected>,
    /// The JSON document as it was printed.
    pub(crate) text: String,
}

/// A time that counts, seconds since the Unix epoch.
pub(crate) type Window = (f64, f64);

impl Kymo {
    /// Begins a recording that hears the application.
    pub(crate) fn record(
        &self,
        name: &str,
        ear: &Ear,
        stop: &AtomicBool,
    ) -> Result<Recording, String> {
        let session = self.session(name);
        // A recording of an earlier run would be in the way.
        std::fs::remove_file(&session).ok();
        let mut command = vec![
            self.program.display().to_string(),
            "record".to_owned(),
            "--every".to_owned(),
            "1s".to_owned(),
            "--out".to_owned(),
            session.display().to_string(),
        ];
        for intake in ear.intakes() {
            command.extend(["--intake".to_owned(), intake]);
        }
        let printed = self.out.join(format!("{name}.record.txt"));
        let running = Running::start(&command, None, &printed)?;
        ear.listened_to(stop)?;
        Ok(Recording {
            running,
            session,
            printed,
        })
    }

    /// Where a recording of this name lies.
    pub(crate) fn session(&self, name: &str) -> PathBuf {
        self.out.join(format!("{name}.kymo"))
    }

    /// Asks what a plan would bring.
    pub(crate) fn predict(
        &self,
        plan: &Path,
        session: &Path,
        window: Window,
    ) -> Result<Prediction, String> {
        let (from, to) = (stamp(window.0)?, stamp(window.1)?);
        let (plan, session) = (plan.display().to_string(), session.display().to_string());
        let ledger = self.ledger();
        let arguments = [
            "plan",
            "predict",
            &plan,
            "--session",
            &session,
            "--from",
            &from,
            "--to",
            &to,
            "--ledger",
            &ledger,
            "--json",
        ];
        let text = self.ask(&arguments)?;
        let value: Value = read(&text)?;
        let expected = value.get("expected").cloned().unwrap_or_default();
        let expected = serde_json::from_value(expected).map_err(|it| it.to_string())?;
        Ok(Prediction { expected, text })
    }

    /// Agrees to a plan, with all that is predicted only roughly or not at all.
    pub(crate) fn approve(&self, plan: &Path, prediction: &Prediction) -> Result<(), String> {
        let plan = plan.display().to_string();
        let mut arguments = vec!["plan", "approve", &plan, "--who", "operator"];
        for it in prediction.rough() {
            arguments.extend(["--acknowledge", it]);
        }
        self.ask(&arguments).map(|_| ())
    }

    /// Has an agent of this machine carry a plan out and confirms it.
    pub(crate) fn apply(
        &self,
        plan: &Path,
        policy: &Path,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let printed = plan.with_extension("apply.txt");
        let state = self.work.join("agent").display().to_string();
        let arguments = [
            self.program.display().to_string(),
            "plan".to_owned(),
            "apply".to_owned(),
            plan.display().to_string(),
            "--agent".to_owned(),
            "local".to_owned(),
            "--policy".to_owned(),
            policy.display().to_string(),
            "--state".to_owned(),
            state,
            "--who".to_owned(),
            "operator".to_owned(),
            "--confirm".to_owned(),
        ];
        let mut running = Running::start(&arguments, None, &printed)?;
        let status = running.wait(APPLYING, stop)?;
        match status.success() {
            true => Ok(()),
            false => {
                let said = std::fs::read_to_string(&printed).unwrap_or_default();
                let mut lines = said.lines().map(str::trim);
                let why = |it: &&str| it.starts_with("refused") || it.contains("error:");
                let mut said: Vec<&str> = lines.clone().filter(why).collect();
                if said.is_empty() {
                    said.extend(lines.next_back());
                }
                Err(format!("kymo plan apply: {}", said.join("; ")))
            }
        }
    }

    /// What Kymo itself says of its prediction after the change.
    pub(crate) fn validate(
        &self,
        plan: &Path,
        sessions: [&Path; 2],
        windows: [Window; 2],
    ) -> Result<Value, String> {
        let [before, after] = sessions.map(|it| it.display().to_string());
        let [before_from, before_to] = [stamp(windows[0].0)?, stamp(windows[0].1)?];
        let [after_from, after_to] = [stamp(windows[1].0)?, stamp(windows[1].1)?];
        let (plan, ledger) = (plan.display().to_string(), self.ledger());
        let arguments = [
            "plan",
            "validate",
            &plan,
            "--before",
            &before,
            "--before-from",
            &before_from,
            "--before-to",
            &before_to,
            "--after",
            &after,
            "--after-from",
            &after_from,
            "--after-to",
            &after_to,
            "--ledger",
            &ledger,
            "--json",
        ];
        read(&self.ask(&arguments)?)
    }

    /// Asks a model of performance by numbers.
    pub(crate) fn solve(&self, case: &Path) -> Result<Value, String> {
        let case = case.display().to_string();
        read(&self.ask(&["whatif", "solve", "--case", &case])?)
    }

    /// Not the user's own ledger, which experiments would fill.
    fn ledger(&self) -> String {
        self.out.join("ledger.jsonl").display().to_string()
    }

    /// Runs a command to its end; an answer on its output counts, also where it means no.
    fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        let output = command.args(arguments).stdin(Stdio::null()).output();
        let output = output.map_err(|it| format!("{}: {it}", self.program.display()))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() || printed.trim_start().starts_with('{') {
            return Ok(printed);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let words = arguments.get(..2).unwrap_or(arguments).join(" ");
        Err(format!("kymo {words}: {}", said.trim().replace('\n', "; ")))
    }
}

impl Prediction {
    /// What it says of a metric; a refusal where it says nothing.
    pub(crate) fn of(&self, metric: &str) -> Predicted {
        let Some(it) = self.expected.iter().find(|it| it.metric == metric) else {
            return Predicted {
                class: "X".to_owned(),
                refused: Some(format!("nothing is said of {metric}")),
                ..Predicted::default()
            };
        };
        let action = self
            .expected
            .iter()
            .find(|it| it.metric.starts_with("action ") && it.refused.is_some());
        // Numbers of a plan whose action has no model are those without the action.
        let refused = it
            .refused
            .clone()
            .or_else(|| action.and_then(|it| it.refused.clone()));
        Predicted {
            p10: it.p10,
            p50: it.p50,
            p90: it.p90,
            class: if refused.is_some() {
                "X".to_owned()
            } else {
                it.class.clone()
            },
            model: it.model.clone(),
            refused,
        }
    }

    /// Metrics that must be acknowledged one by one.
    fn rough(&self) -> impl Iterator<Item = &str> {
        let rough = |it: &&Expected| it.class == "C" || it.class == "X";
        self.expected
            .iter()
            .filter(rough)
            .map(|it| it.metric.as_str())
    }
}

/// A recorder that runs; finished when dropped.
pub(crate) struct Recording {
    running: Running,
    session: PathBuf,
    printed: PathBuf,
}

impl Recording {
    /// Ends it and waits for its file.
    pub(crate) fn finish(mut self) -> Result<PathBuf, String> {
        let status = self.running.finish()?;
        match status.success() && self.session.exists() {
            true => Ok(self.session.clone()),
            false => {
                let said = std::fs::read_to_string(&self.printed).unwrap_or_default();
                let last = said.lines().last().unwrap_or_default();
                Err(format!("the recorder ended with {status}: {last}"))
            }
        }
    }
}

fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|it| format!("{it} in {text:.200}"))
}

/// A moment as text.
fn stamp(unix_s: f64) -> Result<String, String> {
    let moment = jiff::Timestamp::from_millisecond((unix_s * 1e3) as i64);
    moment.map(|it| it.to_string()).map_err(|it| it.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(expected: &str) -> Prediction {
        Prediction {
            expected: serde_json::from_str(expected).expect("it is JSON"),
            text: String::new(),
        }
    }

    #[test]
    fn what_is_not_said_is_a_refusal() {
        let found = prediction("[]").of("app.throughput");
        assert_eq!(found.class, "X");
        assert!(found.refused.is_some_and(|it| it.contains("nothing")));
    }

    #[test]
    fn numbers_without_the_action_are_no_answer() {
        let text = r#"[
            {"metric": "app.throughput", "p10": 1, "p50": 2, "p90": 3, "class": "A"},
            {"metric": "action a1", "class": "X", "refused": "I7 not-a-resource: a knob"}
        ]"#;
        let prediction = prediction(text);
        assert!(prediction.of("app.throughput").refused.is_some());
        assert_eq!(prediction.rough().collect::<Vec<_>>(), ["action a1"]);
    }

    #[test]
    fn moments_are_written_to_the_millisecond() {
        let text = stamp(1_795_000_000.25);
        assert_eq!(text.as_deref(), Ok("2026-11-18T11:06:40.25Z"));
    }
}
