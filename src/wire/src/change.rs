//! What is said when an agent shall change something: plans tried, carried out, confirmed.
//!
//! A client sends [`Ask`] inside a request; the agent answers with frames of kind
//! `Change` that hold one [`Told`] each. An agent of another version skips what it does
//! not know; one that may not change anything answers with [`Policy::allowed`] unset or
//! with a refusal.
//!
//! ```text
//! client                                  agent
//! Ask{policy}                       ──►
//!                                   ◄──   Told{policy}      what it would allow
//! Ask{dry_run: Mandate}             ──►
//!                                   ◄──   Told{dry_run}     key: before -> after, verdicts
//! Ask{apply: Apply}                 ──►
//!                                   ◄──   Told{progress} …  arming, applying, settling, holding
//! Ask{heartbeat}, every few seconds ──►
//! Ask{done: "a4"}, after a person's ──►
//! Ask{confirm} or Ask{roll_back}    ──►
//!                                   ◄──   Told{outcome}     code 0, 13, 14 or 15
//! ```
//!
//! Start at [`Ask`] and [`Told`].

use prost::Message;

use crate::decode::clean;
use crate::frame::PAYLOAD_MAX_BYTES;
use crate::message::Pair;

/// Bytes of a mandate's text: what a frame holds, less room for what stands beside it.
pub const MANDATE_MAX_BYTES: usize = PAYLOAD_MAX_BYTES - (64 << 10);

/// Entries of any list of an answer that are taken; the rest is left out.
pub const LIST_MAX: usize = 512;

/// Lines of a script that are taken.
const SCRIPT_LINES_MAX: usize = 2_048;

/// What a client asks; several may be set.
#[derive(Clone, PartialEq, Message)]
pub struct Ask {
    /// Tell what is allowed.
    #[prost(bool, tag = "1")]
    pub policy: bool,
    /// Tell what a mandate would do, and write nothing.
    #[prost(message, optional, tag = "2")]
    pub dry_run: Option<Mandate>,
    /// Carry a mandate out.
    #[prost(message, optional, tag = "3")]
    pub apply: Option<Apply>,
    /// Whoever holds the lease is there.
    #[prost(bool, tag = "4")]
    pub heartbeat: bool,
    /// What was carried out stays.
    #[prost(bool, tag = "5")]
    pub confirm: bool,
    /// Put everything back now.
    #[prost(bool, tag = "6")]
    pub roll_back: bool,
    /// Tell how far it is.
    #[prost(bool, tag = "7")]
    pub status: bool,
    /// Id of an action that a person has carried out.
    #[prost(string, tag = "8")]
    pub done: String,
    /// Put back what was confirmed and stayed.
    #[prost(message, optional, tag = "9")]
    pub take_back: Option<TakeBack>,
    /// What the agent read; from an agent to the process that carries out for it, never
    /// from a client.
    #[prost(message, optional, tag = "15")]
    pub measured: Option<Measured>,
}

/// A confirmed run that shall be put back.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct TakeBack {
    /// SHA-256 of its mandate's text.
    #[prost(string, tag = "1")]
    pub hash: String,
    /// Who asks.
    #[prost(string, tag = "2")]
    pub who: String,
}

/// Text of a mandate.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Mandate {
    /// RON of `model::plan::Mandate`, at most [`MANDATE_MAX_BYTES`].
    #[prost(string, tag = "1")]
    pub text: String,
    /// SHA-256 of the text, 64 hexadecimal digits; the agent counts for itself.
    #[prost(string, tag = "2")]
    pub hash: String,
}

/// A mandate that shall be carried out.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Apply {
    /// What.
    #[prost(message, optional, tag = "1")]
    pub mandate: Option<Mandate>,
    /// Who asks.
    #[prost(string, tag = "2")]
    pub who: String,
    /// Who wrote the plan.
    #[prost(string, tag = "3")]
    pub author: String,
    /// Who agreed to it.
    #[prost(message, repeated, tag = "4")]
    pub approvals: Vec<Approval>,
    /// Values before, as the dry run told them: where one differs, nothing is done.
    #[prost(message, repeated, tag = "5")]
    pub expected: Vec<Pair>,
}

/// Somebody agreed.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Approval {
    /// Who.
    #[prost(string, tag = "1")]
    pub who: String,
    /// When, wall clock.
    #[prost(int64, tag = "2")]
    pub unix_ns: i64,
    /// SHA-256 of the text that was agreed to.
    #[prost(string, tag = "3")]
    pub hash: String,
    /// Metrics of class C or X that were acknowledged one by one.
    #[prost(string, repeated, tag = "4")]
    pub acknowledged: Vec<String>,
}

/// What an agent read at a moment, of what it was told to measure.
#[derive(Clone, PartialEq, Message)]
pub struct Measured {
    /// Metrics and their values; what is missing was not read.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
    /// Time from one such message to the next.
    #[prost(int64, tag = "2")]
    pub every_ns: i64,
}

/// A metric's value.
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    /// Which, as the mandate names it.
    #[prost(string, tag = "1")]
    pub metric: String,
    /// The value, in the metric's unit.
    #[prost(double, tag = "2")]
    pub value: f64,
}

/// One answer; exactly one field is set.
#[derive(Clone, PartialEq, Message)]
pub struct Told {
    /// What is allowed.
    #[prost(message, optional, tag = "1")]
    pub policy: Option<Policy>,
    /// What a mandate would do.
    #[prost(message, optional, tag = "2")]
    pub dry_run: Option<DryRun>,
    /// It goes on.
    #[prost(message, optional, tag = "3")]
    pub progress: Option<Progress>,
    /// It is over.
    #[prost(message, optional, tag = "4")]
    pub outcome: Option<Outcome>,
    /// How far it is.
    #[prost(message, optional, tag = "5")]
    pub status: Option<Status>,
    /// What shall be measured; from the process that carries out to its agent, never to
    /// a client.
    #[prost(message, optional, tag = "15")]
    pub wants: Option<Wants>,
}

/// Metrics that are needed to carry out a mandate.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Wants {
    /// Them.
    #[prost(string, repeated, tag = "1")]
    pub metrics: Vec<String>,
}

/// What an agent allows.
#[derive(Clone, PartialEq, Message)]
pub struct Policy {
    /// Whether anything at all.
    #[prost(bool, tag = "1")]
    pub allowed: bool,
    /// Why not.
    #[prost(string, tag = "2")]
    pub why: String,
    /// What is allowed.
    #[prost(message, repeated, tag = "3")]
    pub rules: Vec<Rule>,
    /// Patterns of keys that never are.
    #[prost(string, repeated, tag = "4")]
    pub forbidden: Vec<String>,
    /// Actions of one plan.
    #[prost(uint32, tag = "5")]
    pub actions_max: u32,
    /// Approvals that are needed.
    #[prost(uint32, tag = "6")]
    pub approvals_min: u32,
    /// Whether the author's own approval does not count.
    #[prost(bool, tag = "7")]
    pub other_than_author: bool,
    /// When, for people; none is always.
    #[prost(string, repeated, tag = "8")]
    pub windows: Vec<String>,
    /// Applications that can be set, such as `redis@cache`.
    #[prost(string, repeated, tag = "9")]
    pub instances: Vec<String>,
}

/// One sort of change that is allowed.
#[derive(Clone, PartialEq, Message)]
pub struct Rule {
    /// Name of the kind.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Pattern of the key.
    #[prost(string, tag = "2")]
    pub key: String,
    /// Not below.
    #[prost(double, optional, tag = "3")]
    pub min: Option<f64>,
    /// Not above.
    #[prost(double, optional, tag = "4")]
    pub max: Option<f64>,
    /// One of these, where it lists any.
    #[prost(string, repeated, tag = "5")]
    pub values: Vec<String>,
    /// At most this many times, and at least this part of, the value before.
    #[prost(double, optional, tag = "6")]
    pub step: Option<f64>,
}

/// What a mandate would do.
#[derive(Clone, PartialEq, Message)]
pub struct DryRun {
    /// Id of the plan.
    #[prost(string, tag = "1")]
    pub plan: String,
    /// SHA-256 of the mandate's text, as the agent counted it.
    #[prost(string, tag = "2")]
    pub hash: String,
    /// One an action, in the order of carrying out.
    #[prost(message, repeated, tag = "3")]
    pub lines: Vec<Line>,
    /// What is wrong with the whole of it; none where it may be carried out.
    #[prost(string, repeated, tag = "4")]
    pub refused: Vec<String>,
    /// The same for a POSIX shell, for people to read and to run by hand.
    #[prost(string, tag = "5")]
    pub script: String,
}

/// What one action would do.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Line {
    /// Its id.
    #[prost(string, tag = "1")]
    pub action: String,
    /// Name of its kind.
    #[prost(string, tag = "2")]
    pub kind: String,
    /// What it sets; empty where a person or a model does it.
    #[prost(string, tag = "3")]
    pub key: String,
    /// What is there.
    #[prost(string, tag = "4")]
    pub before: String,
    /// What shall be there.
    #[prost(string, tag = "5")]
    pub after: String,
    /// What is not as the plan says it must be; empty where all is.
    #[prost(string, tag = "6")]
    pub drifted: String,
    /// Why it may not; empty where it may.
    #[prost(string, tag = "7")]
    pub refused: String,
    /// What must be restarted or reloaded, in words; empty for nothing.
    #[prost(string, tag = "8")]
    pub restart: String,
    /// How it is taken back, as a command for people.
    #[prost(string, tag = "9")]
    pub inverse: String,
    /// Who does it: `agent`, `person` or `model`.
    #[prost(string, tag = "10")]
    pub by: String,
}

/// It goes on.
#[derive(Clone, PartialEq, Message)]
pub struct Progress {
    /// Id of the plan.
    #[prost(string, tag = "1")]
    pub plan: String,
    /// Wall clock.
    #[prost(int64, tag = "2")]
    pub unix_ns: i64,
    /// `arming`, `applying`, `settling`, `waiting`, `holding` or `rolling back`.
    #[prost(string, tag = "3")]
    pub phase: String,
    /// Id of the action that it is at; empty between them.
    #[prost(string, tag = "4")]
    pub action: String,
    /// What happened, in words; empty for a sign of life.
    #[prost(string, tag = "5")]
    pub text: String,
    /// Where the guardrails are.
    #[prost(message, repeated, tag = "6")]
    pub guards: Vec<Guard>,
    /// Seconds until it is put back without a word; absent before all is done.
    #[prost(double, optional, tag = "7")]
    pub left_s: Option<f64>,
    /// Seconds since the last heartbeat.
    #[prost(double, tag = "8")]
    pub heartbeat_age_s: f64,
}

/// Where a guardrail is.
#[derive(Clone, PartialEq, Message)]
pub struct Guard {
    /// Its metric.
    #[prost(string, tag = "1")]
    pub metric: String,
    /// What was read last; absent where nothing was.
    #[prost(double, optional, tag = "2")]
    pub value: Option<f64>,
    /// What it was before the first action.
    #[prost(double, optional, tag = "3")]
    pub before: Option<f64>,
    /// Its limit, in words.
    #[prost(string, tag = "4")]
    pub limit: String,
    /// Seconds that it has been outside or missing; 0 within.
    #[prost(double, tag = "5")]
    pub outside_s: f64,
}

/// It is over.
#[derive(Clone, PartialEq, Message)]
pub struct Outcome {
    /// Id of the plan.
    #[prost(string, tag = "1")]
    pub plan: String,
    /// [`CONFIRMED`], [`REFUSED`], [`ROLLED_BACK`] or [`INCOMPLETE`]: the exit code of a
    /// command that asked for it.
    #[prost(uint32, tag = "2")]
    pub code: u32,
    /// Why, in words.
    #[prost(string, tag = "3")]
    pub cause: String,
    /// What is as before.
    #[prost(message, repeated, tag = "4")]
    pub restored: Vec<Pair>,
    /// What is not as before, and how to mend it.
    #[prost(message, repeated, tag = "5")]
    pub left: Vec<Left>,
    /// File on the agent's machine that tells all of it.
    #[prost(string, tag = "6")]
    pub record: String,
}

/// It stays.
pub const CONFIRMED: u32 = 0;
/// Nothing was written.
pub const REFUSED: u32 = 13;
/// Everything is as before.
pub const ROLLED_BACK: u32 = 14;
/// Something is not as before.
pub const INCOMPLETE: u32 = 15;

/// A value that could not be put back.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Left {
    /// What.
    #[prost(string, tag = "1")]
    pub key: String,
    /// What is there; empty where it cannot be read.
    #[prost(string, tag = "2")]
    pub found: String,
    /// What was there before the plan.
    #[prost(string, tag = "3")]
    pub wanted: String,
    /// Why it is not there now.
    #[prost(string, tag = "4")]
    pub why: String,
    /// The command that puts it back.
    #[prost(string, tag = "5")]
    pub command: String,
}

/// How far it is.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// Whether a plan is under way.
    #[prost(bool, tag = "1")]
    pub running: bool,
    /// What was told last of it.
    #[prost(message, optional, tag = "2")]
    pub progress: Option<Progress>,
    /// How the last one ended.
    #[prost(message, optional, tag = "3")]
    pub outcome: Option<Outcome>,
}

impl Told {
    /// It without control characters, with bounded lists.
    pub(crate) fn cleaned(mut self) -> Self {
        if let Some(it) = &mut self.policy {
            it.clean();
        }
        if let Some(it) = &mut self.dry_run {
            it.clean();
        }
        if let Some(it) = &mut self.progress {
            it.clean();
        }
        if let Some(it) = &mut self.outcome {
            it.clean();
        }
        if let Some(it) = &mut self.status {
            it.progress.iter_mut().for_each(Progress::clean);
            it.outcome.iter_mut().for_each(Outcome::clean);
        }
        if let Some(it) = &mut self.wants {
            clean_list(&mut it.metrics);
        }
        self
    }
}

fn clean_all<const N: usize>(texts: [&mut String; N]) {
    for text in texts {
        *text = clean(text);
    }
}

fn clean_list(texts: &mut Vec<String>) {
    texts.truncate(LIST_MAX);
    for text in texts {
        *text = clean(text);
    }
}

impl Policy {
    fn clean(&mut self) {
        clean_all([&mut self.why]);
        self.rules.truncate(LIST_MAX);
        for rule in &mut self.rules {
            clean_all([&mut rule.kind, &mut rule.key]);
            clean_list(&mut rule.values);
        }
        for list in [&mut self.forbidden, &mut self.windows, &mut self.instances] {
            clean_list(list);
        }
    }
}

impl DryRun {
    fn clean(&mut self) {
        clean_all([&mut self.plan, &mut self.hash]);
        clean_list(&mut self.refused);
        self.lines.truncate(LIST_MAX);
        for line in &mut self.lines {
            clean_all([
                &mut line.action,
                &mut line.kind,
                &mut line.key,
                &mut line.before,
                &mut line.after,
                &mut line.drifted,
                &mut line.refused,
                &mut line.restart,
                &mut line.inverse,
                &mut line.by,
            ]);
        }
        let lines = self.script.lines().take(SCRIPT_LINES_MAX);
        self.script = lines.map(|it| clean(it) + "\n").collect();
    }
}

impl Progress {
    fn clean(&mut self) {
        clean_all([
            &mut self.plan,
            &mut self.phase,
            &mut self.action,
            &mut self.text,
        ]);
        self.guards.truncate(LIST_MAX);
        for guard in &mut self.guards {
            clean_all([&mut guard.metric, &mut guard.limit]);
        }
    }
}

impl Outcome {
    fn clean(&mut self) {
        clean_all([&mut self.plan, &mut self.cause, &mut self.record]);
        self.restored.truncate(LIST_MAX);
        for pair in &mut self.restored {
            clean_all([&mut pair.key, &mut pair.value]);
        }
        self.left.truncate(LIST_MAX);
        for left in &mut self.left {
            clean_all([
                &mut left.key,
                &mut left.found,
                &mut left.wanted,
                &mut left.why,
                &mut left.command,
            ]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Decoder, Said};
    use crate::encode::aside;
    use crate::frame::{Found, Kind, frames};
    use crate::message::Request;

    fn heard(bytes: &[u8]) -> Vec<Said> {
        let mut decoder = Decoder::default();
        let found = frames(bytes).filter_map(|found| match found {
            Found::Frame(frame) => decoder.accept(&frame).ok(),
            Found::Damage { .. } => None,
        });
        found.collect()
    }

    #[test]
    fn what_is_asked_and_told_comes_through() {
        let ask = Ask {
            apply: Some(Apply {
                mandate: Some(Mandate {
                    text: "(schema: 1)".to_owned(),
                    hash: "ab".to_owned(),
                }),
                who: "a".to_owned(),
                ..Apply::default()
            }),
            done: "a4".to_owned(),
            ..Ask::default()
        };
        let request = Request {
            change: Some(Box::new(ask)),
            ..Request::default()
        };
        let told = Told {
            outcome: Some(Outcome {
                code: ROLLED_BACK,
                cause: "a guardrail".to_owned(),
                ..Outcome::default()
            }),
            ..Told::default()
        };
        let mut bytes = Vec::new();
        assert_eq!(aside(&mut bytes, Kind::Request, &request), Ok(()));
        assert_eq!(aside(&mut bytes, Kind::Change, &told), Ok(()));
        let said = heard(&bytes);
        assert_eq!(said[0], Said::Request(request));
        assert_eq!(said[1], Said::Change(Box::new(told)));
    }

    #[test]
    fn an_answer_cannot_steer_a_terminal() {
        let told = Told {
            dry_run: Some(DryRun {
                plan: "a\u{1b}[2J".to_owned(),
                script: "one\n\u{202e}two\n".to_owned(),
                refused: vec!["x".to_owned(); 10_000],
                ..DryRun::default()
            }),
            ..Told::default()
        };
        let mut bytes = Vec::new();
        assert_eq!(aside(&mut bytes, Kind::Change, &told), Ok(()));
        let Some(Said::Change(told)) = heard(&bytes).pop() else {
            panic!("an answer comes back");
        };
        let dry_run = told.dry_run.unwrap_or_default();
        assert_eq!(dry_run.plan, "a\u{fffd}[2J");
        assert_eq!(dry_run.script, "one\n\u{fffd}two\n");
        assert_eq!(dry_run.refused.len(), LIST_MAX);
    }

    #[test]
    fn a_mandate_of_full_size_fits_a_frame() {
        let apply = Apply {
            mandate: Some(Mandate {
                text: "x".repeat(MANDATE_MAX_BYTES),
                hash: "0".repeat(64),
            }),
            who: "w".repeat(4_096),
            ..Apply::default()
        };
        let request = Request {
            change: Some(Box::new(Ask {
                apply: Some(apply),
                ..Ask::default()
            })),
            ..Request::default()
        };
        assert_eq!(aside(&mut Vec::new(), Kind::Request, &request), Ok(()));
    }
}
