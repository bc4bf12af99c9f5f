//! The agent's end: starts the keeper, passes on what is asked, told and measured.
//!
//! The gate writes nothing itself. It never waits for the keeper: a pipe that is full
//! means a keeper that hangs, and one that gives no sign of life for [`SILENCE_NS`] is
//! ended and its work put back by another one.
//!
//! Start at [`Gate::ask`].

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use prost::Message;
use wire::change::{
    Apply, Ask, INCOMPLETE, Mandate, Measured, Outcome, Policy, Progress, REFUSED, Status, Told,
};
use wire::encode::aside;
use wire::frame::{Found, Kind, Reader};
use wire::message::{Reason, Request};

use super::Places;
use super::executor::outcome;
use super::metrics::Metrics;
use super::policy::file;
use super::recovery;
use super::rollback::Back;
use super::state::Runs;
use crate::command::Options;
use crate::engine::Engine;
use crate::inlet::Incoming;
use crate::kept::Root;

/// A keeper that says nothing for this long hangs; an application may take some seconds.
const SILENCE_NS: i64 = 20_000_000_000;

/// How often, and how long apart, a keeper that closed its output is looked at until it
/// is ended: a fifth of a second in all, as the agent waits meanwhile.
const ENDING_LOOKS: u32 = 20;
const ENDING_LOOK: Duration = Duration::from_millis(10);

/// Keepers in a row that may fail to put a run back.
const RECOVERIES_MAX: u32 = 3;

/// Frames that wait for the keeper.
const WAITING_MAX: usize = 64;

/// Answers that wait for the client; older signs of life are dropped first.
const ANSWERS_MAX: usize = 256;

/// Samples while a plan is under way come at least this often, so that a breach is seen
/// within two seconds.
const SAMPLE_NS: i64 = 1_000_000_000;

/// Whether and how changes are carried out.
pub(crate) struct Gate {
    places: Result<Places, String>,
    /// Where records are, also when nothing may be changed any more.
    records: Option<Places>,
    again: Vec<OsString>,
    engine: SyncSender<Incoming>,
    keeper: Option<Keeper>,
    /// Keepers that have told their last and end by themselves.
    ending: Vec<Keeper>,
    turns: u64,
    metrics: Option<Metrics>,
    measured_ns: i64,
    recoveries: u32,
    /// An order that came while an earlier plan is being put back.
    waiting: Option<(Does, Ask)>,
    /// Hash of the mandate whose end the client waits for.
    owed: Option<String>,
    progress: Option<Progress>,
    outcome: Option<Outcome>,
    answers: VecDeque<Told>,
}

/// A process that writes.
struct Keeper {
    turn: u64,
    child: Child,
    frames: SyncSender<Vec<u8>>,
    heard_ns: i64,
    does: Does,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Looks and writes nothing.
    Tries,
    /// Carries out.
    Applies,
    /// Puts back what another one left.
    Recovers,
}

impl Gate {
    /// A gate that is open if the command line and the policy allow it; looks for what an
    /// earlier agent has left.
    pub(crate) fn open(options: &Options, engine: SyncSender<Incoming>, now_ns: i64) -> Self {
        let places = match &options.change {
            None => Err("the agent was started without --allow-change".to_owned()),
            Some(places) => match file::load(&places.policy) {
                Ok(_) => Ok(places.clone()),
                Err(error) => Err(error.to_string()),
            },
        };
        let mut gate = Self {
            places,
            records: options.change.clone(),
            again: options.again.clone(),
            engine,
            keeper: None,
            ending: Vec::new(),
            turns: 0,
            metrics: None,
            measured_ns: 0,
            recoveries: 0,
            waiting: None,
            owed: None,
            progress: None,
            outcome: None,
            answers: VecDeque::new(),
        };
        // Without a record there is nothing that a plan could have left.
        let left = |it: &Places| it.state.join("runs").exists();
        // What an earlier policy allowed is put back, whatever this one says.
        if gate.records.as_ref().is_some_and(left) {
            gate.recover(now_ns);
        }
        gate
    }

    /// Whether changes are carried out at all.
    pub(crate) fn is_open(&self) -> bool {
        self.places.is_ok()
    }

    /// Why they are not, where they were asked for on the command line.
    pub(crate) fn limit(&self) -> Option<String> {
        let why = self.places.as_ref().err()?;
        let silent = why.contains("without --allow-change");
        (!silent).then(|| format!("nothing can be changed: {why}"))
    }

    /// What is allowed, as it is now.
    pub(crate) fn policy(&self) -> Told {
        let loaded = match &self.places {
            Ok(places) => file::load(&places.policy).map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        let policy = match loaded {
            Ok(policy) => policy.summary(),
            Err(why) => Policy {
                why,
                ..Policy::default()
            },
        };
        Told {
            policy: Some(policy),
            ..Told::default()
        }
    }

    /// Passes on what a client asks; what was refused.
    pub(crate) fn ask(&mut self, ask: &Ask, now_ns: i64) -> Vec<Reason> {
        if ask.status && self.keeper.is_none() {
            let status = self.known();
            self.answer(Told {
                status: Some(status),
                ..Told::default()
            });
        } else if ask.status {
            let status = Status {
                running: true,
                progress: self.progress.clone(),
                outcome: None,
            };
            self.answer(Told {
                status: Some(status),
                ..Told::default()
            });
        }
        let outcome = if ask.measured.is_some() {
            Err("only the agent itself says what it measured".to_owned())
        } else if ask.dry_run.is_some() {
            self.start(Does::Tries, ask, now_ns)
        } else if ask.apply.is_some() || ask.take_back.is_some() {
            self.start(Does::Applies, ask, now_ns)
        } else if ask.heartbeat || ask.confirm || ask.roll_back || !ask.done.is_empty() {
            self.pass(ask)
        } else {
            Ok(())
        };
        let what = "to change something".to_owned();
        outcome
            .err()
            .map(|why| Reason { what, why })
            .into_iter()
            .collect()
    }

    /// What became of the last plan: of this agent, or of an earlier one by its record.
    fn known(&self) -> Status {
        if self.outcome.is_some() {
            return Status {
                outcome: self.outcome.clone(),
                ..Status::default()
            };
        }
        let runs = self.records.as_ref().map(|it| Runs::open(&it.state));
        let newest = runs.and_then(Result::ok).and_then(|it| it.newest());
        newest.map_or_else(Status::default, |it| recovery::status(&it))
    }

    fn pass(&mut self, ask: &Ask) -> Result<(), String> {
        let plain = ask.heartbeat && !ask.confirm && !ask.roll_back && ask.done.is_empty();
        match &self.keeper {
            Some(keeper) if keeper.does == Does::Applies => {
                let ask = Ask {
                    status: false,
                    ..ask.clone()
                };
                keeper.send(&ask)
            }
            // One that is a moment late is no mistake.
            _ if plain => Ok(()),
            _ => Err("no plan is under way".to_owned()),
        }
    }

    /// Starts a keeper with its order.
    fn start(&mut self, does: Does, ask: &Ask, now_ns: i64) -> Result<(), String> {
        let places = match (does, &self.records) {
            (Does::Recovers, Some(records)) => records.clone(),
            _ => self.places.clone()?,
        };
        match &self.keeper {
            Some(keeper) if keeper.does == Does::Recovers && self.waiting.is_none() => {
                self.waiting = Some((does, ask.clone()));
                return Ok(());
            }
            Some(_) => return Err("another plan is under way".to_owned()),
            None => {}
        }
        self.turns += 1;
        let spawned = Keeper::spawn(&places, &self.again, (self.turns, does), &self.engine);
        let mut keeper = spawned.map_err(|error| format!("could not start: {error}"))?;
        keeper.heard_ns = now_ns;
        let owed = |hash: &String| Apply {
            mandate: Some(Mandate {
                hash: hash.clone(),
                ..Mandate::default()
            }),
            ..Apply::default()
        };
        let order = Ask {
            dry_run: ask.dry_run.clone(),
            apply: match does {
                Does::Recovers => self.owed.as_ref().map(owed),
                _ => ask.apply.clone(),
            },
            roll_back: does == Does::Recovers,
            take_back: ask.take_back.clone(),
            ..Ask::default()
        };
        keeper.send(&order)?;
        if does == Does::Applies {
            self.progress = None;
            self.outcome = None;
            self.recoveries = 0;
            let mandate = ask.apply.as_ref().and_then(|it| it.mandate.as_ref());
            let back = ask.take_back.as_ref().map(|it| &it.hash);
            let hash = mandate.map(|it| &it.hash).or(back);
            self.owed = hash.map(|it| it.to_ascii_lowercase());
        }
        self.keeper = Some(keeper);
        Ok(())
    }

    /// Lets a keeper put back what another one left.
    fn recover(&mut self, now_ns: i64) {
        self.recoveries += 1;
        let started = if self.recoveries > RECOVERIES_MAX {
            Err(format!("{RECOVERIES_MAX} attempts failed"))
        } else {
            self.start(Does::Recovers, &Ask::default(), now_ns)
        };
        if let Err(why) = started {
            let cause = format!(
                "could not put back what a plan has changed: {why}; run kymo-agent --recover as root"
            );
            self.owed = None;
            self.end(outcome("", INCOMPLETE, &cause, Back::default(), ""));
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome.clone());
        self.answer(Told {
            outcome: Some(outcome),
            ..Told::default()
        });
    }

    /// Takes in what a keeper said; `None` when it is gone.
    pub(crate) fn hear(&mut self, turn: u64, told: Option<Told>, now_ns: i64) {
        self.take_in(turn, told, now_ns);
        if self.keeper.is_none()
            && let Some((does, ask)) = self.waiting.take()
            && let Err(why) = self.start(does, &ask, now_ns)
        {
            self.end(outcome("", REFUSED, &why, Back::default(), ""));
        }
    }

    fn take_in(&mut self, turn: u64, told: Option<Told>, now_ns: i64) {
        let Some(told) = told else {
            return self.gone(turn, now_ns);
        };
        let Some(keeper) = self.keeper.as_mut().filter(|it| it.turn == turn) else {
            return;
        };
        keeper.heard_ns = now_ns;
        // A sign of life and nothing else.
        if told == Told::default() {
            return;
        }
        let last = told.outcome.is_some() || told.dry_run.is_some();
        if let Some(wants) = &told.wants {
            let root = self
                .places
                .as_ref()
                .map_or("/".into(), |it| it.root.clone());
            // Without a guardrail the agent goes on as it was told to.
            let wanted = !wants.metrics.is_empty();
            self.metrics = wanted.then(|| Metrics::new(&wants.metrics, Root::new(root)));
            return;
        }
        if let Some(progress) = &told.progress {
            self.progress = Some(progress.clone());
        }
        if let Some(outcome) = &told.outcome {
            self.outcome = Some(outcome.clone());
            self.metrics = None;
            self.owed = None;
        }
        self.answer(told);
        if last {
            self.recoveries = 0;
            // Without its input it ends by itself and is collected when it is gone.
            self.ending.extend(self.keeper.take());
        }
    }

    fn gone(&mut self, turn: u64, now_ns: i64) {
        let place = self.ending.iter().position(|it| it.turn == turn);
        if let Some(place) = place {
            self.ending.swap_remove(place).collect();
            return;
        }
        let Some(keeper) = self.keeper.take_if(|it| it.turn == turn) else {
            return;
        };
        let does = keeper.does;
        let ended_well = keeper.collect();
        self.metrics = None;
        match does {
            // It found nothing to put back and has nothing to say.
            Does::Recovers if ended_well => {
                self.recoveries = 0;
                if self.owed.take().is_some() {
                    let cause = "the process that carries it out ended before anything was written";
                    self.end(outcome("", REFUSED, cause, Back::default(), ""));
                }
            }
            Does::Tries => self.answer(Told {
                dry_run: Some(wire::change::DryRun {
                    refused: vec!["the dry run ended before it was done".to_owned()],
                    ..Default::default()
                }),
                ..Told::default()
            }),
            Does::Applies | Does::Recovers => self.recover(now_ns),
        }
    }

    /// Tells the keeper what was read, once a sample, and looks whether it lives.
    pub(crate) fn measure(&mut self, engine: &Engine, now_ns: i64) {
        let Some(keeper) = &mut self.keeper else {
            return;
        };
        if now_ns - keeper.heard_ns > SILENCE_NS {
            // What it was at is put back when it is gone.
            drop(keeper.child.kill());
            keeper.heard_ns = now_ns;
        }
        let sink = engine.sink();
        let Some(metrics) = &mut self.metrics else {
            return;
        };
        if sink.stamp.boot_ns == self.measured_ns {
            return;
        }
        self.measured_ns = sink.stamp.boot_ns;
        let measured = Measured {
            values: metrics.read(sink),
            every_ns: engine.every_ns(),
        };
        // A keeper that does not take it is silent, which is looked at above.
        drop(keeper.send(&Ask {
            measured: Some(measured),
            ..Ask::default()
        }));
    }

    /// How often samples are needed now.
    pub(crate) fn wants_every_ns(&self) -> Option<i64> {
        self.metrics.is_some().then_some(SAMPLE_NS)
    }

    /// The next answer to the client.
    pub(crate) fn take(&mut self) -> Option<Told> {
        self.answers.pop_front()
    }

    fn answer(&mut self, told: Told) {
        if self.answers.len() >= ANSWERS_MAX {
            let sign = |it: &Told| it.progress.as_ref().is_some_and(|it| it.text.is_empty());
            let place = self.answers.iter().position(sign).unwrap_or(0);
            self.answers.remove(place);
        }
        self.answers.push_back(told);
    }
}

impl Keeper {
    /// Starts this program once more, with fixed words.
    fn spawn(
        places: &Places,
        again: &[OsString],
        (turn, does): (u64, Does),
        engine: &SyncSender<Incoming>,
    ) -> std::io::Result<Self> {
        // The program itself, even where its file was replaced or taken away.
        let mut child = Command::new("/proc/self/exe")
            .args(again)
            .arg("--keep")
            .arg("--policy")
            .arg(&places.policy)
            .arg("--state")
            .arg(&places.state)
            .arg("--root")
            .arg(&places.root)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        };
        let (frames, waiting) = sync_channel(WAITING_MAX);
        let engine = engine.clone();
        let threads = thread::Builder::new()
            .name("to keeper".to_owned())
            .spawn(move || write(input, waiting))
            .and_then(|_| {
                let read = move || read(output, turn, &engine);
                thread::Builder::new()
                    .name("from keeper".to_owned())
                    .spawn(read)
            });
        let keeper = Self {
            turn,
            child,
            frames,
            heard_ns: 0,
            does,
        };
        match threads {
            Ok(_) => Ok(keeper),
            Err(error) => {
                keeper.collect();
                Err(error)
            }
        }
    }

    fn send(&self, ask: &Ask) -> Result<(), String> {
        let request = Request {
            change: Some(Box::new(ask.clone())),
            ..Request::default()
        };
        let mut bytes = Vec::new();
        aside(&mut bytes, Kind::Request, &request).map_err(|error| error.to_string())?;
        self.frames.try_send(bytes).map_err(|error| match error {
            TrySendError::Full(_) => "the process that carries it out does not answer".to_owned(),
            TrySendError::Disconnected(_) => "the process that carries it out is gone".to_owned(),
        })
    }

    /// Collects a child that is gone, or makes it so; whether it ended as it should.
    fn collect(mut self) -> bool {
        drop(self.frames);
        // It closed its output and is on its way out, or stuck there.
        for _ in 0..ENDING_LOOKS {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => thread::park_timeout(ENDING_LOOK),
                Err(_) => break,
            }
        }
        let killed = self.child.kill();
        drop(killed.and_then(|()| self.child.wait()));
        false
    }
}

fn write(mut input: ChildStdin, waiting: Receiver<Vec<u8>>) {
    for bytes in waiting {
        if input
            .write_all(&bytes)
            .and_then(|()| input.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read(mut output: ChildStdout, turn: u64, engine: &SyncSender<Incoming>) {
    let mut reader = Reader::default();
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = output.read(&mut buffer) {
        reader.push(&buffer[..length]);
        while let Some(found) = reader.next() {
            let Found::Frame(frame) = found else {
                continue;
            };
            let told = Told::decode(frame.payload).ok();
            let said = told.map(|it| Incoming::Keeper {
                turn,
                told: Some(Box::new(it)),
            });
            if said.is_some_and(|it| engine.send(it).is_err()) {
                return;
            }
        }
    }
    // The engine's thread is gone only when the agent ends anyway.
    drop(engine.send(Incoming::Keeper { turn, told: None }));
}
