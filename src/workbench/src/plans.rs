//! The plan that is worked on: its alternatives with undo, its file, and what the models
//! say of it at once.
//!
//! A slider that moves is answered by the best parameters alone, which takes microseconds;
//! intervals follow from a job ([`crate::inquiry::plan`]).
//!
//! Start at [`Plans`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::plan::Plan;
use model::plan::check::{self, Fault};
use model::time::Moment;
use plan::calibrate::Calibration;
use plan::document;
use plan::edit::{Desk, Edit, EditError, Gesture};
use plan::predict::{self, Band, Curve, Input, Outcome};
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
    text: String,
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
    /// The other alternatives: name, throughput and response time.
    pub others: Vec<(String, Option<[f64; 2]>)>,
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
            text: String::new(),
        };
        plans.look();
        plans
    }

    /// Puts a plan from a file on the desk.
    pub fn open(&mut self, plan: Plan, path: PathBuf) {
        let version = self.version + 1;
        *self = Self::of(plan, Some(path));
        self.version = version;
        self.saved = Some(version);
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

    /// Whether the file holds what is on the desk.
    pub fn is_saved(&self) -> bool {
        self.saved == Some(self.version)
    }

    /// What is wrong with it.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Its canonical text.
    pub fn text(&self) -> &str {
        &self.text
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

    /// Takes in a text that was written by hand.
    ///
    /// # Errors
    ///
    /// Where and why it is no plan.
    pub fn write_by_hand(&mut self, text: &str) -> Result<(), String> {
        let plan =
            document::parse(text).map_err(|error| format!("{error}. Try: {}", error.next()))?;
        self.desk = Desk::new(plan);
        self.changed();
        Ok(())
    }

    /// A version of the plan was written to a file.
    pub fn saved(&mut self, path: PathBuf, version: u64) {
        self.path = Some(path);
        self.saved = Some(version);
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
        let other = |it: &plan::edit::Alternative| {
            let solved = predict::point(calibration, &it.plan.actions).solved.ok();
            let numbers = solved.map(|it| [it.throughput, it.response_s]);
            (it.name.clone(), numbers)
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
