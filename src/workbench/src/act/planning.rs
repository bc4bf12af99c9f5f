//! Plans: edits, files, fitting, predicting, approving.

use std::path::{Path, PathBuf};

use eframe::egui::Context;
use model::plan::Plan;
use plan::edit::{Change, Edit};
use plan::life::{self, Approver, Consent};
use plan::predict;
use workflow::jobs::Context as JobContext;
use workflow::launch::Launch;
use workflow::planning::execute::Order;
use workflow::planning::{self, book, file};
use workflow::problem::{Problem, Sort};
use workflow::target::Target;

use crate::app::App;
use crate::commands::Id;
use crate::inquiry::{Inquiries, plan as asking};
use crate::layout::{self, Screen};
use crate::plans::{Plans, now};
use crate::tasks::{Outcome, Pool, Purpose, Written};
use crate::view::ask::Asked;
use crate::view::plan::{Action, Place, Wish};

impl App {
    pub(super) fn planning(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Edit(edit) => self.edit_plan(*edit),
            Action::LetGo => self.desk.plans.let_go(),
            Action::Undo => self.step_plan(Plans::undo),
            Action::Redo => self.step_plan(Plans::redo),
            Action::Ask(Asked::Compute) => self.fit(),
            Action::Ask(other) => {
                self.session.inquiries.plan.cancel(&self.work);
                match other {
                    Asked::Record => self.command(ctx, Id::Record),
                    Asked::Cancel if self.session.insight().input().is_none() => {
                        self.session.insight().cancel(&self.work);
                    }
                    Asked::Cancel | Asked::Compute => {}
                }
            }
            Action::Take(mut step) => {
                let plan = self.desk.plans.plan();
                step.id = crate::view::plan::free_id(plan);
                let place = plan.actions.len();
                self.edit_plan(Edit::from(Change::AddAction(place, *step)));
            }
            Action::Predict => self.predict_plan(),
            Action::Approve(who, acknowledged) => self.approve_plan(&who, &acknowledged),
            Action::Command(id) => self.command(ctx, id),
            Action::Open(path) => self.open_plan(PathBuf::from(path)),
            Action::Save(path) => self.save_plan(PathBuf::from(path)),
            Action::Scores => self.read_scores(),
            Action::Carry(wish) => self.carry(ctx, *wish),
            Action::ChooseAfter => self.pick(Purpose::After),
            Action::Validate(after, repeatable) => {
                self.validate_plan(PathBuf::from(after), repeatable);
            }
            Action::Text(text) => {
                self.apply_text(&text);
            }
            Action::Export => self.pick(Purpose::ExportLedger),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    /// Shows what the bottleneck would have one try in the selected stretch, or in all of
    /// the recording without one.
    pub(super) fn what_would_help(&mut self) {
        if self.session.stored().is_none() {
            self.bring_up(Screen::Plan);
            return;
        }
        if let Some(span) = self.timeline.selection {
            let mut baseline = self.desk.plans.plan().baseline.clone();
            baseline.window = Some((span.from, span.to));
            self.edit_plan(Edit::from(Change::Baseline(baseline)));
        }
        self.views.plan.suggest();
        self.bring_up(Screen::Plan);
        self.fit();
    }

    fn edit_plan(&mut self, edit: Edit) {
        if let Err(error) = self.desk.plans.apply(edit) {
            self.tell_plan("change", &error);
        }
    }

    pub(super) fn step_plan(&mut self, step: fn(&mut Plans) -> Result<(), plan::edit::EditError>) {
        if let Err(error) = step(&mut self.desk.plans) {
            self.tell_plan("change", &error);
        }
    }

    fn tell_plan(&mut self, what: &str, error: &dyn std::error::Error) {
        let problem = Problem {
            what: format!("could not {what} the plan"),
            why: error.to_string(),
            what_to_do: String::new(),
            sort: Sort::Usage,
        };
        self.tell(&problem, Vec::new());
    }

    /// Whether the screen of plans is shown.
    pub(crate) fn shows_plan(&self) -> bool {
        layout::is_shown(&self.history.now().layout, Screen::Plan)
    }

    pub(super) fn new_plan(&mut self) {
        self.desk.plans.begin(now());
        self.bring_up(Screen::Plan);
    }

    /// Takes in a text that was written by hand; says whether it is a plan.
    fn apply_text(&mut self, text: &str) -> bool {
        match self.desk.plans.write_by_hand(text) {
            Ok(()) => self.views.plan.take_text(),
            Err(why) => {
                self.views.plan.refuse_text(why);
                return false;
            }
        }
        true
    }

    /// Saves to the plan's own file; asks where, if it has none. What was written by hand
    /// is applied first.
    pub(super) fn save_plan_again(&mut self) {
        let written = self.views.plan.written().map(str::to_owned);
        if written.is_some_and(|text| !self.apply_text(&text)) {
            return;
        }
        match self.desk.plans.path().map(Path::to_path_buf) {
            Some(path) => self.save_plan(path),
            None => self.pick(Purpose::SavePlan),
        }
    }

    fn read_scores(&mut self) {
        let with = (self.session.generation(), &mut self.work);
        asking::ask_book(&mut self.session.inquiries.scores, with);
    }

    fn fit(&mut self) {
        let Some(input) = self.series_read() else {
            return;
        };
        let baseline = self.desk.plans.plan().baseline.clone();
        let with = (self.session.generation(), &mut self.work);
        asking::ask(&mut self.session.inquiries.plan, (&input, baseline), with);
    }

    /// Says at once what the models make of a changed plan, and asks for its intervals.
    pub(crate) fn follow_plan(&mut self) {
        let generation = self.session.generation();
        let Inquiries { plan, interval, .. } = &mut self.session.inquiries;
        let Some(found) = plan.answer() else {
            self.desk.plans.refresh(None);
            return;
        };
        let calibrated = found.calibrated.as_ref().ok();
        let calibration = calibrated.map(|it| (&it.calibration, plan.version()));
        self.desk.plans.refresh(calibration);
        let Some(wanted) = self.desk.plans.quick().map(|it| it.made_for) else {
            return;
        };
        // One at a time: the last of a slider's way is asked when the one before is there.
        if interval.running(&self.work).is_some() || interval.asked() == Some(&wanted) {
            return;
        }
        let shared = self.desk.plans.shared();
        asking::ask_interval(
            interval,
            (found, shared, wanted),
            (generation, &mut self.work),
        );
    }

    pub(super) fn predict_plan(&mut self) {
        let Some(input) = self.series_read() else {
            return;
        };
        let version = self.desk.plans.version();
        let mut plan = Plan::clone(&self.desk.plans.shared());
        let started = self
            .work
            .start(Pool::Long, "predicting the plan", move |context| {
                let made = predicted(&mut plan, &input, context);
                Outcome::PlanPredicted(version, made.map(|()| Box::new(plan)))
            });
        self.started(started.is_some());
    }

    fn started(&mut self, started: bool) {
        if !started {
            self.note(
                "Too much else is being computed; ask again in a moment",
                Vec::new(),
            );
        }
    }

    pub(super) fn plan_predicted(&mut self, version: u64, result: Result<Box<Plan>, Problem>) {
        match result {
            Ok(plan) => {
                self.desk.plans.predicted(version, *plan);
                self.note(
                    "The plan holds what is expected; so does the ledger",
                    Vec::new(),
                );
                self.read_scores();
            }
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    fn approve_plan(&mut self, who: &str, acknowledged: &[String]) {
        let consent = Consent {
            who,
            at: now(),
            acknowledged,
            version: predict::MODELS,
            approver: Approver::Anyone,
        };
        let approved = self.desk.plans.live(|plan| life::approve(plan, &consent));
        match approved {
            Ok(()) => self.note(
                format!("{who} approved the plan; save it, then an agent can carry it out"),
                Vec::new(),
            ),
            Err(refused) => {
                let problem = planning::not_now("approve", self.desk.plans.plan(), &refused);
                self.tell(&problem, Vec::new());
            }
        }
    }

    /// Has an agent say, try or do something with the plan.
    fn carry(&mut self, ctx: &Context, wish: Wish) {
        let place = match &wish {
            Wish::Say(word) => return self.desk.carrying.say(word.clone()),
            Wish::Ask(place) | Wish::Try(place) | Wish::Apply(place) | Wish::TakeBack(place) => {
                place.clone()
            }
        };
        let launch = match self.changing(&place) {
            Ok(launch) => launch,
            Err(problem) => return self.tell(&problem, Vec::new()),
        };
        let ctx = ctx.clone();
        let wake = std::sync::Arc::new(move || ctx.request_repaint());
        let order = Order {
            plan: Plan::clone(&self.desk.plans.shared()),
            who: place.who,
            launch: launch.clone(),
        };
        let path = self.desk.plans.path().map(Path::to_path_buf);
        match (wish, path) {
            (Wish::Ask(_), _) => self.desk.carrying.ask(launch, wake),
            (Wish::Apply(_), Some(path)) => self.desk.carrying.apply(order, path, wake),
            (Wish::TakeBack(_), Some(path)) => self.desk.carrying.take_back(order, path, wake),
            _ => self.desk.carrying.try_out(order, wake),
        }
    }

    /// How an agent is started that may change things.
    fn changing(&self, place: &Place) -> Result<Launch, Problem> {
        let what = || format!("could not attach {}", place.target.trim());
        let target: Target = place
            .target
            .trim()
            .parse()
            .map_err(|error| Problem::from_error(what(), &error, Sort::Usage))?;
        let mut launch = (self.desk.launcher)(target)
            .map_err(|error| Problem::from_error(what(), &error, Sort::of_io(&error)))?;
        launch.arguments.push("--allow-change".to_owned());
        let policy = place.policy.trim();
        if !policy.is_empty() {
            launch
                .arguments
                .extend(["--policy".to_owned(), policy.to_owned()]);
        }
        Ok(launch)
    }

    /// Asks whether it helped, by a recording after the change.
    fn validate_plan(&mut self, after: PathBuf, repeatable: bool) {
        let Some(input) = self.series_read() else {
            return;
        };
        let path = self.desk.plans.path().map(Path::to_path_buf);
        let held = asking::Held {
            plan: (self.desk.plans.shared(), path),
            after,
            repeatable,
        };
        let with = (self.session.generation(), &mut self.work);
        asking::ask_verdict(&mut self.session.inquiries.verdict, (&input, held), with);
    }

    /// Takes in what became of the plan while an agent has it, or by what was measured.
    pub(crate) fn follow_carrying(&mut self) {
        let concluded = self.session.inquiries.verdict.answer_mut();
        if let Some(plan) = concluded.and_then(|it| it.plan.take()) {
            self.desk.plans.carried(plan);
            self.read_scores();
        }
        self.desk.carrying.take_in();
        let Some(carried) = self.desk.carrying.take_plan() else {
            return;
        };
        let state = carried.state.name();
        if !self.desk.plans.carried(carried) {
            self.note(
                format!("The plan that is carried out is {state}; its file says so, the desk has another"),
                Vec::new(),
            );
        }
    }

    /// Opens a plan file.
    pub(crate) fn open_plan(&mut self, path: PathBuf) {
        let started = self.work.start(Pool::Quick, "opening the plan", move |_| {
            let read = file::read(&path).map(Box::new);
            Outcome::PlanRead(path, read)
        });
        self.started(started.is_some());
        self.bring_up(Screen::Plan);
    }

    pub(super) fn plan_read(&mut self, path: PathBuf, result: Result<Box<Plan>, Problem>) {
        match result {
            Ok(plan) => {
                self.desk.plans.open(*plan, path);
                self.fit();
            }
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    pub(super) fn save_plan(&mut self, path: PathBuf) {
        let version = self.desk.plans.version();
        let plan = self.desk.plans.shared();
        let started = self.work.start(Pool::Quick, "saving the plan", move |_| {
            let written = file::write(&path, &plan);
            Outcome::PlanWritten(path, version, written)
        });
        self.started(started.is_some());
    }

    pub(super) fn plan_written(
        &mut self,
        path: PathBuf,
        version: u64,
        result: Result<(), Problem>,
    ) {
        match result {
            Ok(()) => {
                self.note(format!("Saved {}", path.display()), Vec::new());
                self.desk.plans.saved(path, version);
            }
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    pub(super) fn export_ledger(&mut self, path: PathBuf) {
        let Some(book) = self.session.inquiries.scores.answer() else {
            return;
        };
        let csv = plan::ledger::table::csv(&book.ledger);
        let started = self
            .work
            .start(Pool::Quick, "exporting the ledger", move |_| {
                let written = file::write_text(&path, &csv).map(|()| Written {
                    path,
                    remark: String::new(),
                    session: false,
                });
                Outcome::Written("Exported the ledger", written)
            });
        self.started(started.is_some());
    }
}

fn predicted(
    plan: &mut Plan,
    input: &workflow::input::Input,
    context: &JobContext,
) -> Result<(), Problem> {
    let place = book::usual();
    let (known, _) = book::read(&place)?;
    planning::predicted(plan, input, (&known, now()), context)?;
    book::add(&place, book::entries(plan)).map(|_| ())
}
