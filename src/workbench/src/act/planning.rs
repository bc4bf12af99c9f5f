//! Plans: edits, files, fitting, predicting, approving.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Context;
use model::plan::Plan;
use plan::edit::{Change, Edit};
use plan::life::{self, Approver, Consent};
use plan::predict;
use workflow::jobs::Context as JobContext;
use workflow::planning::{self, book, file};
use workflow::problem::{Problem, Sort};

use crate::app::App;
use crate::commands::Id;
use crate::inquiry::plan as asking;
use crate::layout::Screen;
use crate::plans::{Plans, now};
use crate::tasks::{Outcome, Pool, Written};
use crate::view::ask::Asked;
use crate::view::plan::Action;

impl App {
    pub(super) fn planning(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Edit(edit) => self.edit_plan(*edit),
            Action::LetGo => self.desk.plans.let_go(),
            Action::Undo => self.step(Plans::undo),
            Action::Redo => self.step(Plans::redo),
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
            Action::New => self.desk.plans = Plans::new(now()),
            Action::Open(path) => self.open_plan(PathBuf::from(path)),
            Action::Save(path) => self.save_plan(PathBuf::from(path)),
            Action::Text(text) => match self.desk.plans.write_by_hand(&text) {
                Ok(()) => self.views.plan.take_text(),
                Err(why) => self.views.plan.refuse_text(why),
            },
            Action::Export(path) => self.export_ledger(PathBuf::from(path)),
            Action::Copy(text) => ctx.copy_text(text),
        }
    }

    /// Shows what the bottleneck would have one try in the selected stretch.
    pub(super) fn what_would_help(&mut self) {
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

    fn step(&mut self, step: fn(&mut Plans) -> Result<(), plan::edit::EditError>) {
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
        let inquiries = &mut self.session.inquiries;
        let version = inquiries.plan.version();
        let found = inquiries.plan.answer().cloned();
        let calibrated = found.as_ref().and_then(|it| it.calibrated.as_ref().ok());
        let calibration = calibrated.map(|it| (&it.calibration, version));
        let plans = &mut self.desk.plans;
        plans.refresh(calibration);
        let (Some(found), Some(quick)) = (&found, plans.quick()) else {
            return;
        };
        let wanted = quick.made_for;
        let runs = inquiries.interval.running(&self.work).is_some();
        if runs || inquiries.interval.asked() == Some(&wanted) {
            return;
        }
        let generation = self.session.generation();
        let plan = self.desk.plans.shared();
        let question = &mut self.session.inquiries.interval;
        asking::ask_interval(
            question,
            (found, plan, wanted),
            (generation, &mut self.work),
        );
    }

    fn predict_plan(&mut self) {
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
                format!("{who} approved the plan; save it for kymo plan apply"),
                Vec::new(),
            ),
            Err(refused) => {
                let problem = planning::not_now("approve", self.desk.plans.plan(), &refused);
                self.tell(&problem, Vec::new());
            }
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
            Ok(plan) => self.desk.plans.open(*plan, path),
            Err(problem) => self.tell(&problem, Vec::new()),
        }
    }

    fn save_plan(&mut self, path: PathBuf) {
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

    fn export_ledger(&mut self, path: PathBuf) {
        let book = self
            .session
            .inquiries
            .plan
            .answer()
            .map(|it| Arc::clone(&it.book));
        let Some(book) = book else {
            return;
        };
        let started = self
            .work
            .start(Pool::Quick, "exporting the ledger", move |_| {
                let csv = plan::ledger::table::csv(&book.ledger);
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
