//! The plan that is worked on: its alternatives with undo, its file, and what the models
//! say of it at once.
//!
//! A slider that moves is answered by the best parameters alone, which takes microseconds;
//! intervals follow from a job ([`crate::inquiry::plan`]).
//!
//! Start at [`Plans`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::plan::check::{self, Fault};
use model::plan::{Plan, State};
use model::time::Moment;
use plan::calibrate::Calibration;
use plan::document;
use plan::edit::{Alternative, Board, Change, Desk, Edit, EditError, Gesture};
use plan::life::{self, Missing};
use plan::predict::{self, Band, Curve, Input, Outcome};
use serde::{Deserialize, Serialize};
use workflow::planning::file;

/// The plan on the desk.
pub struct Plans {
    desk: Desk,
    path: Option<PathBuf>,
    /// Raised with each change.
    version: u64,
    /// The version that the file holds; none for one that was never saved.
    saved: Option<u64>,
    gesture: u64,
    quick: Option<Quick>,
    faults: Vec<Fault>,
    missing: Vec<Missing>,
    text: String,
    mandate: String,
    /// Times that it was saved.
    saves: u64,
    /// What lay on the desk before another plan was put there.
    last: Option<Box<Aside>>,
}

/// A desk that was put aside, so that undo brings it back.
struct Aside {
    desk: Desk,
    path: Option<PathBuf>,
    saved: bool,
}

/// What is kept of the desk between runs.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Draft {
    /// The file.
    path: Option<PathBuf>,
    /// Whether the file holds what is on the desk.
    saved: bool,
    /// Name of the alternative that is chosen.
    chosen: String,
    /// Name and text of each alternative.
    plans: Vec<(String, String)>,
}

/// This moment, for what is new.
pub fn now() -> Moment {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Moment(now.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX)))
}

/// What the best parameters say of the plan.
#[derive(Debug)]
pub struct Quick {
    /// Version of the plan, and of the calibration.
    pub made_for: (u64, u64),
    /// The planned system.
    pub outcome: Outcome,
    /// It at many loads.
    pub after: Curve,
    /// The system as it was recorded, at the same.
    pub before: Curve,
    /// What the answer hangs on, what matters most first.
    pub inputs: Vec<Input>,
    /// Each alternative, in order; none where it has no operating point.
    pub others: Vec<Option<Operating>>,
}

/// Where an alternative would work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operating {
    /// Requests answered a second.
    pub throughput: f64,
    /// Mean response time, seconds.
    pub response_s: f64,
    /// Share of the busiest resource.
    pub utilization: f64,
}

/// What is missing until somebody can approve a plan, or an agent carry it out.
fn missing(plan: &Plan) -> Vec<Missing> {
    match plan.state {
        State::Predicted => {
            // Who it is, and what is acknowledged, is said when it is approved.
            let all = life::to_acknowledge(plan).map(|it| it.metric.clone());
            let acknowledged: Vec<String> = all.collect();
            life::missing_for_approval(
                plan,
                &life::Consent {
                    who: "somebody",
                    at: now(),
                    acknowledged: &acknowledged,
                    version: predict::MODELS,
                    approver: life::Approver::Anyone,
                },
            )
        }
        State::Approved => life::missing_for_begin(plan, now()),
        _ => Vec::new(),
    }
}

impl Plans {
    /// A desk with an empty plan.
    pub fn new(now: Moment) -> Self {
        let title = "What would help";
        Self::of(Plan::new(&file::id(now, title), title, now), None)
    }

    fn of(plan: Plan, path: Option<PathBuf>) -> Self {
        let mut plans = Self {
            desk: Desk::new(plan),
            saved: path.as_ref().map(|_| 0),
            path,
            version: 0,
            gesture: 0,
            quick: None,
            faults: Vec::new(),
            missing: Vec::new(),
            text: String::new(),
            mandate: String::new(),
            saves: 0,
            last: None,
        };
        plans.look();
        plans
    }

    /// Puts an empty plan on the desk; undo brings back what lay there.
    pub fn begin(&mut self, now: Moment) {
        self.put_aside(Self::new(now));
        self.saved = None;
    }

    /// Puts a plan from a file on the desk; undo brings back what lay there.
    pub fn open(&mut self, plan: Plan, path: PathBuf) {
        self.put_aside(Self::of(plan, Some(path)));
        self.saved = Some(self.version);
    }

    fn put_aside(&mut self, next: Self) {
        let version = self.version + 1;
        let gesture = self.gesture + 1;
        let last = std::mem::replace(self, next);
        self.version = version;
        self.gesture = gesture;
        self.saves = last.saves;
        // What nobody worked on is not worth coming back.
        let worth = last.path.is_some() || last.desk.undoable().is_some();
        self.last = worth.then(|| {
            Box::new(Aside {
                saved: last.is_saved(),
                desk: last.desk,
                path: last.path,
            })
        });
    }

    /// What the next undo takes back, as a menu shows it behind "Undo".
    pub fn undoes(&self) -> Option<String> {
        let edit = self.desk.undoable().map(Edit::label);
        edit.or_else(|| self.last.as_ref().map(|_| "another plan".to_owned()))
    }

    /// What the next redo does.
    pub fn redoes(&self) -> Option<String> {
        self.desk.redoable().map(Edit::label)
    }

    /// The desk as text, to go on with next time.
    ///
    /// # Errors
    ///
    /// A bug: what is on the desk is no text.
    pub fn draft(&self) -> Result<String, String> {
        let board = self.desk.board();
        let all = board.alternatives().iter();
        let text = |it: &Alternative| {
            let text = document::text(&it.plan).map_err(|error| error.to_string())?;
            Ok::<_, String>((it.name.clone(), text))
        };
        let draft = Draft {
            path: self.path.clone(),
            saved: self.is_saved(),
            chosen: board.alternatives()[board.chosen()].name.clone(),
            plans: all.map(text).collect::<Result<_, _>>()?,
        };
        let pretty = ron::ser::PrettyConfig::new();
        ron::ser::to_string_pretty(&draft, pretty).map_err(|error| error.to_string())
    }

    /// Puts on the desk what [`Self::draft`] wrote.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn of_draft(text: &str) -> Result<Self, String> {
        let draft: Draft = ron::from_str(text).map_err(|error| error.to_string())?;
        let mut plans = Vec::new();
        for (name, text) in draft.plans {
            let plan = document::parse(&text).map_err(|error| format!("{name}: {error}"))?;
            plans.push((name, plan));
        }
        let board = Board::open(plans).map_err(|error| error.to_string())?;
        let mut read = Self::of(board.plan().clone(), draft.path);
        read.desk = Desk::of(board.choose(&draft.chosen));
        read.saved = draft.saved.then_some(0);
        read.look();
        Ok(read)
    }

    /// The alternatives and what was done to them.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The plan that is chosen.
    pub fn plan(&self) -> &Plan {
        self.desk.plan()
    }

    /// Its file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Raised with each change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Raised with each change and each saving: what [`Self::draft`] tells is another.
    pub fn kept(&self) -> u64 {
        self.version + self.saves
    }

    /// Whether the file holds what is on the desk.
    pub fn is_saved(&self) -> bool {
        self.saved == Some(self.version)
    }

    /// What is wrong with it.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What is missing for its next step, as far as it waits for one.
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Its canonical text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Hash of what would be carried out.
    pub fn mandate(&self) -> &str {
        &self.mandate
    }

    /// The plan's file was written anew while it was carried out; says whether it was
    /// taken: not where the desk has another plan or other contents now.
    pub fn carried(&mut self, carried: Plan) -> bool {
        let own = carried.id == self.plan().id;
        if !own || document::mandate_hash(&carried) != self.mandate {
            return false;
        }
        let taken: Result<(), ()> = self.live(|plan| {
            *plan = carried;
            Ok(())
        });
        self.saved = taken.is_ok().then_some(self.version);
        taken.is_ok()
    }

    /// What the best parameters say.
    pub fn quick(&self) -> Option<&Quick> {
        self.quick.as_ref()
    }

    /// A movement of the hand ended: the next edit is a step of its own.
    pub fn let_go(&mut self) {
        self.gesture += 1;
    }

    /// Makes an edit.
    ///
    /// # Errors
    ///
    /// [`EditError`]; the plan is as it was then.
    pub fn apply(&mut self, edit: Edit) -> Result<(), EditError> {
        if self.desk.apply(edit, Gesture(self.gesture))? {
            self.changed();
        }
        Ok(())
    }

    /// Takes the last step back.
    ///
    /// # Errors
    ///
    /// [`EditError`]; nothing changed then.
    pub fn undo(&mut self) -> Result<(), EditError> {
        if self.desk.undo()? {
            self.changed();
        } else if let Some(last) = self.last.take() {
            self.desk = last.desk;
            self.path = last.path;
            self.changed();
            self.saved = last.saved.then_some(self.version);
        }
        Ok(())
    }

    /// Takes it again.
    ///
    /// # Errors
    ///
    /// [`EditError`]; nothing changed then.
    pub fn redo(&mut self) -> Result<(), EditError> {
        if self.desk.redo()? {
            self.changed();
        }
        Ok(())
    }

    /// Lets something happen to the plan that is no edit: a prediction, an approval.
    ///
    /// # Errors
    ///
    /// What the step says.
    pub fn live<E>(&mut self, happens: impl FnOnce(&mut Plan) -> Result<(), E>) -> Result<(), E> {
        self.desk.live(happens)?;
        self.changed();
        Ok(())
    }

    /// Takes in a text that was written by hand: as a step that can be undone, or as
    /// another plan where it has another id.
    ///
    /// # Errors
    ///
    /// Where and why it is no plan.
    pub fn write_by_hand(&mut self, text: &str) -> Result<(), String> {
        let plan =
            document::parse(text).map_err(|error| format!("{error}. Try: {}", error.next()))?;
        if plan.id != self.plan().id {
            self.put_aside(Self::of(plan, None));
            return Ok(());
        }
        self.let_go();
        self.apply(Edit::from(Change::Contents(Box::new(plan))))
            .map_err(|error| error.to_string())
    }

    /// A version of the plan was written to a file.
    pub fn saved(&mut self, path: PathBuf, version: u64) {
        self.path = Some(path);
        self.saved = Some(version);
        self.saves += 1;
    }

    /// A prediction was made of a version; one of an older version is dropped.
    pub fn predicted(&mut self, version: u64, predicted: Plan) {
        if version == self.version {
            let taken: Result<(), ()> = self.desk.live(|plan| {
                *plan = predicted;
                Ok(())
            });
            if taken.is_ok() {
                self.changed();
            }
        }
    }

    fn changed(&mut self) {
        self.version += 1;
        self.look();
    }

    fn look(&mut self) {
        self.faults = check::faults(self.plan());
        self.text = document::text(self.plan()).unwrap_or_default();
        self.mandate = document::mandate_hash(self.plan());
        self.missing = missing(self.plan());
    }

    /// Says at once what the models make of the plan, where plan or calibration changed.
    pub fn refresh(&mut self, calibration: Option<(&Calibration, u64)>) {
        let Some((calibration, version)) = calibration else {
            self.quick = None;
            return;
        };
        let made_for = (self.version, version);
        if self
            .quick
            .as_ref()
            .is_some_and(|it| it.made_for == made_for)
        {
            return;
        }
        let actions = &self.plan().actions;
        let other = |it: &Alternative| {
            let solved = predict::point(calibration, &it.plan.actions).solved.ok()?;
            let shares = solved.parts.iter().map(|it| it.utilization);
            Some(Operating {
                throughput: solved.throughput,
                response_s: solved.response_s,
                utilization: shares.fold(0.0, f64::max),
            })
        };
        self.quick = Some(Quick {
            made_for,
            outcome: predict::point(calibration, actions),
            after: predict::curves(calibration, actions, Band::None),
            before: predict::curves(calibration, &[], Band::None),
            inputs: predict::sensitivity(calibration, actions),
            others: self.desk.board().alternatives().iter().map(other).collect(),
        });
    }

    /// The plan for a job.
    pub fn shared(&self) -> Arc<Plan> {
        let board = self.desk.board();
        Arc::clone(&board.alternatives()[board.chosen()].plan)
    }
}
