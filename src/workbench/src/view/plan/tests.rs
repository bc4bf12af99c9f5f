//! The screen of plans: its controls by name, and its answers from a calibrated recording.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use model::plan::action::Kind;
use model::time::Moment;
use plan::calibrate::{Params, calibrate};
use plan::edit::{Change, Variant};
use plan::observe::{self, Observed};
use plan::predict::{self, Band, Widening};
use plan::refusal::Code;
use plan::suggest::Suggestion;
use plan::system::Resource;
use workflow::planning::Calibrated;

use super::*;
use crate::inquiry::plan::Book;
use crate::view::testing;

mod carry;

/// A recording whose load moves in steps: users of 20 ms each on two processors.
fn observed() -> Observed {
    let users = |row: usize| [2.0, 4.0, 8.0, 12.0, 16.0][row / 60];
    let rows = 300;
    let wave = |row: usize| 1.0 + 0.02 * ((row * 37 % 11) as f64 / 5.0 - 1.0);
    let throughput: Vec<f64> = (0..rows)
        .map(|row| f64::min(users(row) / 0.13, 95.0) * wave(row))
        .collect();
    Observed {
        at: (0..rows as i64).map(|it| it * 1_000_000_000).collect(),
        step_s: 1.0,
        subject: "shop".to_owned(),
        classes: Vec::new(),
        response: (0..rows)
            .map(|row| users(row) / throughput[row] - 0.1)
            .collect(),
        p95: Vec::new(),
        p99: Vec::new(),
        active: Vec::new(),
        users: (0..rows).map(users).collect(),
        think_s: None,
        think_inside_s: 0.0,
        found_cpu: None,
        resources: vec![observe::Seen {
            name: "processors of /shop".to_owned(),
            host: String::new(),
            resource: Resource::Cpu,
            groups: vec!["/shop".to_owned()],
            units: 4.0,
            cores: 2.0,
            capacity: vec![2.0; rows],
            quota: vec![f64::INFINITY; rows],
            busy: throughput.iter().map(|it| it * 0.02).collect(),
            others: vec![0.1; rows],
            steal: Vec::new(),
        }],
        calls: Vec::new(),
        neighbors: Vec::new(),
        memory: Vec::new(),
        cache: None,
        throughput,
    }
}

fn found() -> Found {
    let observed = observed();
    let params = Params {
        draws: 50,
        ..Params::default()
    };
    let calibration = calibrate(&observed, &params).expect("it works");
    Found {
        calibrated: Ok(Arc::new(Calibrated {
            observed,
            calibration,
            window: Span::default(),
        })),
        suggestions: Vec::new(),
        book: Arc::new(Book::default()),
    }
}

fn quota() -> Kind {
    Kind::CpuMax {
        cgroup: "/shop".to_owned(),
        quota_us: Some(300_000),
        period_us: 100_000,
    }
}

fn with_quota() -> Plans {
    let mut plans = Plans::new(Moment(0));
    let step = Step::new("a1", quota());
    plans
        .apply(Edit::from(Change::AddAction(0, step)))
        .expect("it works");
    plans
}

/// What is drawn where nothing is known.
fn bare(plans: &Plans) -> Data<'_> {
    static UTC: std::sync::LazyLock<Clock> = std::sync::LazyLock::new(Clock::utc);
    static NOTHING: std::sync::LazyLock<Seen> = std::sync::LazyLock::new(Seen::default);
    Data {
        plans,
        stage: &Stage::Over,
        trouble: None,
        found: None,
        stale: false,
        predicted: None,
        book: None,
        book_trouble: None,
        book_asked: true,
        whole: Span {
            from: Moment(0),
            to: Moment(300_000_000_000),
        },
        selection: None,
        clock: &UTC,
        carried: &NOTHING,
        mandate: plans.mandate(),
        verdict: None,
        verdict_stage: &Stage::Idle,
        verdict_trouble: None,
    }
}

/// Draws the screen, lets somebody act, and says what was asked for.
fn asked_of(state: &mut State, data: &Data<'_>, act: impl Fn(&mut Harness<'_>)) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut harness = testing::harness([1500.0, 950.0], |ui| {
        actions.extend(super::ui(ui, state, data));
    });
    act(&mut harness);
    harness.run_steps(3);
    drop(harness);
    actions.retain(|it| *it != Action::LetGo);
    actions
}

fn asked(data: &Data<'_>, act: impl Fn(&mut Harness<'_>)) -> Vec<Action> {
    asked_of(&mut State::default(), data, act)
}

/// A calibrated recording with a plan that is predicted for it.
struct Answered {
    plans: Plans,
    found: Found,
    predicted: Predicted,
}

impl Answered {
    fn new(mut plans: Plans) -> Self {
        let found = found();
        let calibrated = found.calibrated.clone().expect("it is calibrated");
        let calibration = &calibrated.calibration;
        plans.refresh(Some((calibration, 1)));
        let predicted = Predicted {
            made_for: (plans.version(), 1),
            prediction: predict::predict(calibration, plans.plan(), &Widening::default()),
            curve: predict::curves(calibration, &plans.plan().actions, Band::Eighty),
        };
        Self {
            plans,
            found,
            predicted,
        }
    }

    fn data(&self) -> Data<'_> {
        Data {
            found: Some(&self.found),
            predicted: Some((&self.predicted, self.predicted.made_for)),
            ..bare(&self.plans)
        }
    }
}

fn point(plans: &Plans) -> f64 {
    let solved = &plans.quick().expect("it is looked at").outcome.solved;
    solved.as_ref().expect("it works").throughput
}

#[test]
fn without_a_recording_one_is_asked_for() {
    let plans = Plans::new(Moment(0));
    let data = Data {
        stage: &Stage::Live,
        ..bare(&plans)
    };
    let actions = asked(&data, |harness| {
        harness.get_by_label_contains("is computed from a recording");
        harness.get_by_label("Record…").click();
    });
    assert_eq!(actions, [Action::Ask(Pressed::Record)]);
}

#[test]
fn the_model_is_fitted_when_the_screen_is_first_seen_and_again_on_request() {
    let plans = Plans::new(Moment(0));
    let idle = Data {
        stage: &Stage::Idle,
        ..bare(&plans)
    };
    let actions = asked(&idle, |_| {});
    assert_eq!(actions.first(), Some(&Action::Ask(Pressed::Compute)));
    let failed = Data {
        trouble: Some("It was cancelled."),
        ..bare(&plans)
    };
    let actions = asked(&failed, |harness| {
        harness.get_by_label("It was cancelled.");
        harness.get_by_label("Fit the model").click();
    });
    assert_eq!(actions, [Action::Ask(Pressed::Compute)]);
}

#[test]
fn a_refusal_is_an_answer_with_the_step_that_helps() {
    let mut plans = Plans::new(Moment(0));
    let refusal = Code::NoVariation.because("the load never moved");
    let found = Found {
        calibrated: Err(refusal),
        suggestions: Vec::new(),
        book: Arc::new(Book::default()),
    };
    let look = |plans: &Plans, press: &str| {
        let data = Data {
            found: Some(&found),
            ..bare(plans)
        };
        asked(&data, |harness| {
            harness.get_by_label_contains("I2 no-variation");
            harness.get_by_label("the load never moved");
            harness.get_by_label_contains("Record next: record 10 minutes");
            harness.get_by_label(press).click();
        })
    };
    let actions = look(&plans, "Hear applications…");
    assert_eq!(actions, [Action::Command(Id::Hear)]);
    let mut baseline = plans.plan().baseline.clone();
    baseline.window = Some((Moment(0), Moment(1_000_000_000)));
    plans
        .apply(Edit::from(Change::Baseline(baseline)))
        .expect("it is edited");
    let actions = look(&plans, "Fit on all of the recording");
    assert_eq!(actions.len(), 2);
    assert_eq!(actions[1], Action::Ask(Pressed::Compute));
}

#[test]
fn a_plan_is_answered_with_numbers_and_its_buttons_ask() {
    let shown = Answered::new(with_quota());
    let data = shown.data();
    let actions = asked(&data, |harness| {
        assert!(harness.query_all_by_label("throughput").count() >= 2);
        harness.get_by_label("a1 alone");
        harness.get_by_label_contains("Next: predict what it brings");
        harness.get_by_label("Duplicate").click();
    });
    let duplicate = Change::DuplicateAction("a1".to_owned());
    assert_eq!(actions, [head::edit(duplicate)]);
    let actions = asked(&data, |harness| harness.get_by_label("Predict").click());
    assert_eq!(actions, [Action::Predict]);
    let actions = asked(&data, |harness| {
        harness.get_by_label("+ Alternative").click();
    });
    let Some(Action::Edit(edit)) = actions.first() else {
        panic!("{actions:?}");
    };
    let mut plans = shown.plans;
    plans.apply((**edit).clone()).expect("it is edited");
    let shown = Answered::new(plans);
    asked(&shown.data(), |harness| {
        harness.get_by_label("Copy the alternatives");
        harness.get_by_label("Remove alternative");
    });
}

#[test]
fn an_action_begins_where_the_system_is() {
    let shown = Answered::new(Plans::new(Moment(0)));
    let template = Kind::CpuMax {
        cgroup: "/other".to_owned(),
        quota_us: Some(10_000),
        period_us: 100_000,
    };
    let Kind::CpuMax {
        cgroup, quota_us, ..
    } = begin::from(template.clone(), &shown.data())
    else {
        panic!("it is of the same kind");
    };
    assert_eq!(cgroup, "/shop");
    let quota = quota_us.expect("there is a limit");
    assert_eq!(quota, 200_000);
    let plans = Plans::new(Moment(0));
    assert_eq!(begin::from(template.clone(), &bare(&plans)), template);
}

#[test]
fn suggestions_are_only_taken_by_hand() {
    let mut shown = Answered::new(Plans::new(Moment(0)));
    let calibrated = shown.found.calibrated.clone().expect("it is calibrated");
    let step = Step::new("s1", quota());
    let alone = predict::alone(&calibrated.calibration, &step, &Widening::default());
    shown.found.suggestions = vec![Suggestion {
        told: "let /shop use more".to_owned(),
        action: step.clone(),
        expected: alone.expected,
        refused: None,
        evidence: 0.8,
        gain: 0.1,
    }];
    let mut state = State::default();
    state.suggest();
    let actions = asked_of(&mut state, &shown.data(), |harness| {
        harness.get_by_label("let /shop use more");
        harness.get_by_label_contains("evidence that this limits 80 %");
        harness.get_by_label("Add to plan").click();
    });
    assert_eq!(actions, [Action::Take(Box::new(step))]);
}

#[test]
fn the_check_shows_what_was_predicted_and_what_was_measured() {
    let shown = Answered::new(with_quota());
    asked(&shown.data(), |harness| {
        harness.get_by_label("Model check").click();
        harness.run_steps(2);
        harness.get_by_label_contains("predicted the upper half");
        assert!(harness.query_all_by_label("predicted").count() >= 3);
    });
}

#[test]
fn who_approves_acknowledges_each_doubt() {
    let mut plans = with_quota();
    plans
        .live(|plan| {
            let expected = model::plan::Expected {
                metric: "tcp.listen_drops".to_owned(),
                unit: String::new(),
                p10: None,
                p50: None,
                p90: None,
                before: None,
                class: model::plan::Class::X,
                model: String::new(),
                inputs_hash: String::new(),
                refused: Some("I7 not-a-resource: no model has it".to_owned()),
                record_next: None,
            };
            let prediction = model::plan::Prediction {
                hash: plan::document::mandate_hash(plan),
                version: predict::MODELS.to_owned(),
                at: crate::plans::now(),
            };
            plan::life::predicted(plan, prediction, vec![expected])
        })
        .expect("it is predicted");
    let actions = asked(&bare(&plans), |harness| {
        harness.get_by_label_contains("Next: approve it");
        harness.get_by_label("Approve…").click();
        harness.run_steps(2);
        harness.get_by_label("1 to acknowledge");
        harness
            .get_by_label_contains("I know that tcp.listen_drops")
            .click();
        harness.get_by_label("Who approves").focus();
        harness.run_steps(2);
        harness.event(eframe::egui::Event::Text("desk two".to_owned()));
        harness.run_steps(2);
        harness.get_by_label("Approve").click();
    });
    let known = vec!["tcp.listen_drops".to_owned()];
    assert_eq!(actions, [Action::Approve("desk two".to_owned(), known)]);
}

#[test]
fn a_slider_that_moves_is_answered_at_once_and_undo_gives_back_what_was() {
    let mut shown = Answered::new(with_quota());
    let calibrated = shown.found.calibrated.clone().expect("it is calibrated");
    let plans = &mut shown.plans;
    let before = point(plans);
    plans.let_go();
    for quota in [250_000.0, 180_000.0, 100_000.0] {
        let halved = plan::edit::Value::Number(quota);
        let change = Change::Parameter("a1".to_owned(), "quota_us".to_owned(), halved);
        plans.apply(Edit::from(change)).expect("it is edited");
    }
    plans.refresh(Some((&calibrated.calibration, 1)));
    assert!(point(plans) < 0.7 * before, "{before} {}", point(plans));
    assert_eq!(plans.undoes().as_deref(), Some("quota_us of a1"));
    plans.undo().expect("a way is one step");
    plans.refresh(Some((&calibrated.calibration, 1)));
    assert_eq!(point(plans), before);
}

#[test]
fn text_by_hand_is_a_step_or_refused_with_its_place() {
    let mut plans = with_quota();
    let why = plans
        .write_by_hand("(schema: 1, id: ")
        .expect_err("it is no plan");
    assert!(why.starts_with("line 1, column "), "{why}");
    assert_eq!(plans.plan().actions.len(), 1, "what stood there stays");
    let text = plans.text().replace("What would help", "Another title");
    plans.write_by_hand(&text).expect("it is a plan");
    assert_eq!(plans.plan().title, "Another title");
    plans.undo().expect("it is a step");
    assert_eq!(plans.plan().title, "What would help");
    let mut state = State::default();
    let actions = asked_of(&mut state, &bare(&plans), |harness| {
        harness.get_by_label("Text").click();
        harness.run_steps(2);
        harness.get_by_label("The plan as text").focus();
        harness.run_steps(2);
        harness.event(eframe::egui::Event::Text("x".to_owned()));
        harness.run_steps(2);
        harness.get_by_label("Apply text").click();
    });
    assert!(matches!(actions.as_slice(), [Action::Text(_)]));
    state.refuse_text(why);
    asked_of(&mut state, &bare(&plans), |harness| {
        harness.get_by_label_contains("! line 1, column ");
    });
}

#[test]
fn what_lay_on_the_desk_comes_back_and_is_kept_between_runs() {
    let mut plans = with_quota();
    let copy = Variant::Duplicate("What would help".to_owned(), "other".to_owned());
    plans.apply(Edit::from(copy)).expect("it is edited");
    let kept = plans.draft().expect("it is a text");
    let read = Plans::of_draft(&kept).expect("it is read");
    let (was, is) = (plans.desk().board(), read.desk().board());
    assert_eq!(is.alternatives(), was.alternatives());
    assert_eq!(is.chosen(), was.chosen());
    assert!(!read.is_saved());
    plans.begin(Moment(1));
    assert!(plans.plan().actions.is_empty());
    assert_eq!(plans.undoes().as_deref(), Some("another plan"));
    plans.undo().expect("it comes back");
    assert_eq!(plans.plan().actions.len(), 1);
    assert!(Plans::of_draft("(plans: [])").is_err());
}

#[test]
fn the_ledger_is_read_when_it_is_first_seen() {
    let plans = Plans::new(Moment(0));
    let unread = Data {
        book_asked: false,
        ..bare(&plans)
    };
    let actions = asked(&unread, |harness| {
        harness.get_by_label("Ledger").click();
    });
    assert!(actions.contains(&Action::Scores));
    let book = Book::default();
    let read = Data {
        book: Some(&book),
        ..bare(&plans)
    };
    asked(&read, |harness| {
        harness.get_by_label("Ledger").click();
        harness.run_steps(2);
        harness.get_by_label_contains("Nothing was predicted yet");
    });
}

#[test]
fn every_control_has_a_name() {
    use eframe::egui::accesskit::Role;
    let mut plans = with_quota();
    let objective = model::plan::Objective {
        metric: "app.response.p95".to_owned(),
        goal: model::plan::guard::Limit::AtMost(0.2),
        cost_limit: None,
    };
    for change in [
        Change::Objective(Some(objective)),
        Change::DuplicateAction("a1".to_owned()),
    ] {
        plans.apply(Edit::from(change)).expect("it is edited");
    }
    let shown = Answered::new(plans);
    asked(&shown.data(), |harness| {
        for role in [
            Role::Button,
            Role::CheckBox,
            Role::ComboBox,
            Role::SpinButton,
            Role::Slider,
            Role::TextInput,
        ] {
            for node in harness.query_all_by_role(role) {
                let name = node.accesskit_node().label();
                assert!(name.is_some_and(|it| !it.is_empty()), "{node:?}");
            }
        }
    });
}
