//! The whole window without a display: drawn, driven by keys, read by name.

mod importing;
mod plans;
mod questions;

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model::annotation::Annotation;
use model::batch::Batch;
use model::catalog::{self, Kind};
use model::event::{Event, EventKind};
use model::finding::{Analysis, Finding};
use model::process::{Field, Process, ProcessId, Reading};
use model::series::{Series, SeriesId, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use workflow::clock::Offset;
use workflow::launch::Launch;
use workflow::link::{Connected, LinkId, Update};
use workflow::stored::Stored;
use workflow::tap::Placement;
use workflow::target::Target;

use super::App;
use crate::commands::Id;
use crate::desk::Desk;
use crate::explore::Dropped;
use crate::layout::{self, Screen};
use crate::places::Places;
use crate::shell::Wish;
use crate::theme;
use crate::timeline::Mode;
use crate::view::dragged;
use crate::workspace::{Content, Item};

mod findings;

const START_NS: i64 = 1_770_000_000 * SECOND_NS;

fn never(_: Target) -> std::io::Result<Launch> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// A window of somebody who keeps no settings.
fn app() -> App {
    let places = Places {
        config: None,
        sessions: std::env::temp_dir(),
    };
    App::new(
        &egui::Context::default(),
        Desk::open(places, Vec::new(), never),
    )
}

fn series(metric: &str, attributes: &[(&str, &str)]) -> Series {
    let known = catalog::find(metric).expect("a metric of the catalogue");
    let owned = attributes
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Series {
        key: SeriesKey::new("a", metric, owned),
        unit: known.unit(),
        kind: known.kind,
        polarity: known.polarity,
    }
}

fn some_series() -> Vec<Series> {
    vec![
        series("system.cpu.time", &[("cpu", "0"), ("state", "user")]),
        series("system.cpu.time", &[("cpu", "0"), ("state", "idle")]),
        series("system.process.running", &[]),
        series("system.process.blocked", &[]),
        series("kymo.agent.sample.duration", &[]),
    ]
}

fn connected() -> Connected {
    let offset = Offset {
        offset_ns: 0,
        error_ns: 1000,
    };
    Connected {
        hello: wire::message::Hello {
            host_name: "a".to_owned(),
            every_ns: SECOND_NS,
            ..Default::default()
        },
        name: "a".to_owned(),
        placement: Placement {
            boot_to_axis_ns: START_NS,
            offset,
        },
    }
}

/// What a host says in so many seconds.
fn feed(app: &mut App, seconds: i64) {
    let mut say = |update| {
        app.session.hub.accept(LinkId(0), update);
    };
    say(Update::Connected(Box::new(connected())));
    let all = some_series();
    say(Update::Series(
        (0..).map(SeriesId).zip(all.clone()).collect(),
    ));
    let process = Process {
        pid: 412,
        name: "worker".to_owned(),
        ..Process::default()
    };
    say(Update::Processes(vec![(ProcessId(1), process)]));
    for second in 0..seconds {
        let value = |series: &Series| match series.kind {
            Kind::Counter => second as f64 * 0.5,
            Kind::Gauge | Kind::Histogram => (second % 7) as f64,
        };
        let mut reading = Reading::default();
        reading.set(Field::UserTime, second * 100_000);
        reading.set(Field::SystemTime, 0);
        say(Update::Batch(Box::new(Batch {
            at: Moment(START_NS + second * SECOND_NS),
            values: (0..).map(SeriesId).zip(all.iter().map(value)).collect(),
            processes: vec![(ProcessId(1), reading)],
            ..Batch::default()
        })));
    }
    say(Update::Event(Event {
        at: Moment(START_NS + 30 * SECOND_NS),
        kind: EventKind::Setting,
        subject: "vm.swappiness".to_owned(),
        before: "60".to_owned(),
        after: "10".to_owned(),
        text: String::new(),
    }));
}

/// A window in which a host has spoken for two minutes.
fn live() -> App {
    let mut app = app();
    feed(&mut app, 120);
    app
}

fn window(app: App) -> Harness<'static, App> {
    let builder = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        |ui, app: &mut App| {
            app.take_in();
            app.show(ui, None);
        },
        app,
    );
    harness.run_steps(3);
    harness
}

fn press(harness: &mut Harness<'_, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
}

#[test]
fn an_empty_window_says_why_and_what_to_do() {
    let harness = window(app());
    harness.get_by_label_contains("No agent is attached");
    harness.get_by_label("NOT ATTACHED ○");
}

#[test]
fn live_plots_tables_and_badge_appear() {
    let harness = window(live());
    harness.get_by_label_contains("Processor time by state: ");
    harness.get_by_label_contains("Run queue and load: ");
    harness.get_by_label_contains("worker");
    harness.get_by_label_contains("LIVE ●");
    harness.get_by_label_contains("Events (1)");
}

#[test]
fn an_agent_that_says_nothing_is_silent_and_its_values_are_old() {
    let mut app = live();
    let now = Instant::now();
    app.session.refresh(now);
    assert_eq!(
        (app.session.hub.silence(now), app.session.mute()),
        (None, &[][..])
    );
    let later = now + Duration::from_secs(12);
    app.session.refresh(later);
    let silence = app.session.hub.silence(later).expect("it is silent");
    assert!(silence >= Duration::from_secs(12));
    assert_eq!(app.session.mute(), ["a"]);
    // The window looks again in time to notice it, and then once a second.
    let next = app.session.hub.next_silence(now).expect("a time");
    assert!(app.session.hub.silence(now + next).is_some(), "{next:?}");
    let next = app.session.hub.next_silence(later);
    assert_eq!(next, Some(Duration::from_secs(1)));
}

/// Draws until something is so; jobs wake the window, frames stand in for that here.
fn draw_until(harness: &mut Harness<'_, App>, so: impl Fn(&App) -> bool) -> bool {
    for _ in 0..2_000 {
        harness.step();
        if so(harness.state()) {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn notes_in_quick_succession_are_all_kept() {
    let (_folder, path) = findings::session();
    let context = workflow::jobs::Context::default();
    let (stored, _) = Stored::open(&path, &context).expect("a session");
    let at = stored.span().from;
    let mut app = app();
    app.session.show_stored(stored, &app.work);
    let note = |id: u32| Annotation {
        id,
        span: Span { from: at, to: at },
        text: format!("note {id}"),
        color: 0,
    };
    for last in 1..=20 {
        app.session
            .set_notes((1..=last).map(note).collect(), &mut app.work);
    }
    assert!(app.session.is_keeping());
    let saves = app
        .work
        .running()
        .filter(|(_, _, job)| job.label == "keeping notes");
    assert_eq!(saves.count(), 1);
    let mut harness = window(app);
    assert!(draw_until(&mut harness, |app| !app.session.is_keeping()));
    let (again, _) = Stored::open(&path, &context).expect("a session");
    assert_eq!(again.annotations().len(), 20);
}

#[test]
fn everything_has_a_name_for_screen_readers() {
    window(live()).check_accessibility();
    window(app()).check_accessibility();
}

#[test]
fn keys_move_and_zoom_the_view_and_space_follows_again() {
    let mut harness = window(live());
    let before = harness.state().timeline.view();
    press(&mut harness, Modifiers::NONE, Key::A);
    let moved = harness.state().timeline.view();
    assert_eq!(moved.length_ns(), before.length_ns());
    assert!(moved.from < before.from);
    assert_eq!(harness.state().timeline.mode(), Mode::Paused);
    press(&mut harness, Modifiers::NONE, Key::W);
    assert!(harness.state().timeline.view().length_ns() < before.length_ns());
    press(&mut harness, Modifiers::SHIFT, Key::ArrowRight);
    assert!(harness.state().timeline.view().from > moved.from);
    press(&mut harness, Modifiers::NONE, Key::Space);
    assert_eq!(harness.state().timeline.mode(), Mode::Follow);
}

#[test]
fn keys_belong_to_a_text_field_that_has_the_focus() {
    let mut harness = window(live());
    let before = harness.state().timeline.view();
    press(&mut harness, Modifiers::COMMAND, Key::F);
    press(&mut harness, Modifiers::NONE, Key::A);
    press(&mut harness, Modifiers::NONE, Key::Space);
    assert_eq!(harness.state().timeline.view(), before);
    assert_eq!(harness.state().timeline.mode(), Mode::Follow);
}

#[test]
fn events_are_walked_by_key() {
    let mut harness = window(live());
    press(&mut harness, Modifiers::NONE, Key::Comma);
    let at = Moment(START_NS + 30 * SECOND_NS);
    assert_eq!(harness.state().timeline.pin, Some(at));
    assert!(harness.state().timeline.view().contains(at));
}

#[test]
fn a_change_is_undone_and_done_again_by_key() {
    let mut harness = window(live());
    press(&mut harness, Modifiers::ALT, Key::ArrowUp);
    let taller = harness.state().history.now().panel_height;
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert!(harness.state().history.now().panel_height < taller);
    let both = Modifiers::COMMAND.plus(Modifiers::SHIFT);
    press(&mut harness, both, Key::Z);
    assert_eq!(harness.state().history.now().panel_height, taller);
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let mut harness = window(live());
    let both = Modifiers::COMMAND.plus(Modifiers::SHIFT);
    press(&mut harness, both, Key::P);
    harness.event(egui::Event::Text("three columns".to_owned()));
    harness.run_steps(2);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(harness.state().history.now().columns, 3);
    assert!(!harness.state().views.palette.is_open());
}

#[test]
fn go_to_plots_a_series() {
    let mut harness = window(live());
    press(&mut harness, Modifiers::COMMAND, Key::P);
    harness.event(egui::Event::Text("sample.duration".to_owned()));
    harness.run_steps(2);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    harness.run_steps(2);
    harness.get_by_label_contains("Your plots");
    harness.get_by_label_contains("kymo.agent.sample.duration: 1 series");
}

#[test]
fn a_dropped_series_joins_a_plot_or_makes_one() {
    let mut app = live();
    let key = SeriesKey::new("a", "system.process.blocked", []);
    let dropped = Dropped::Series(dragged::Series(key.clone()));
    app.drop_on(Some(0), &dropped);
    app.drop_on(Some(0), &dropped);
    app.drop_on(None, &dropped);
    let panels = &app.history.now().panels;
    assert_eq!(panels[0].items(), [Item::Series(key.clone())]);
    let last = panels.last().expect("a panel");
    assert!(matches!(&last.content, Content::Own { items, .. } if *items == [Item::Series(key)]));
}

#[test]
fn a_carried_series_is_dropped_onto_a_plot() {
    let mut harness = window(live());
    let before = harness.state().history.now().panels.len();
    egui::DragAndDrop::set_payload(
        &harness.ctx,
        dragged::Series(SeriesKey::new("a", "system.process.blocked", [])),
    );
    let plot = harness.get_by_label_contains("Run queue and load: ").rect();
    harness.hover_at(plot.center());
    harness.drag_at(plot.center());
    harness.step();
    egui::DragAndDrop::set_payload(
        &harness.ctx,
        dragged::Series(SeriesKey::new("a", "kymo.agent.sample.duration", [])),
    );
    harness.drop_at(plot.center());
    harness.run_steps(2);
    let panels = &harness.state().history.now().panels;
    assert_eq!(panels.len(), before);
    let added = panels.iter().flat_map(|panel| panel.items()).count();
    assert_eq!(added, 1);
}

#[test]
fn a_selection_is_described() {
    let mut app = live();
    app.timeline.reach(app.session.span());
    app.timeline.selection = Some(Span {
        from: Moment(START_NS + 10 * SECOND_NS),
        to: Moment(START_NS + 20 * SECOND_NS),
    });
    let mut harness = window(app);
    let described = |app: &App| {
        let running = Item::Series(SeriesKey::new("a", "system.process.running", []));
        app.session.figures().of(&running)
    };
    // The job wakes the window; frames stand in for that here.
    for _ in 0..2_000 {
        harness.step();
        if described(harness.state()).is_some() {
            break;
        }
        std::thread::yield_now();
    }
    let summary = described(harness.state()).expect("the job describes it");
    assert_eq!((summary.n, summary.max), (10, 6.0));
}

#[test]
fn a_screen_put_away_comes_back() {
    let mut harness = window(live());
    let wish = Wish::PutAway(Screen::Details);
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, wish);
    harness.run_steps(2);
    let shown = |app: &App| layout::is_shown(&app.history.now().layout, Screen::Details);
    assert!(!shown(harness.state()));
    press(&mut harness, Modifiers::ALT, Key::Num7);
    assert!(shown(harness.state()));
}

#[test]
fn a_file_that_is_not_there_is_a_notice_that_says_what_to_do() {
    let mut harness = window(live());
    harness.state_mut().open("/no/such/session.kymo".into());
    for _ in 0..2_000 {
        harness.step();
        if harness.state().notices.open_errors() > 0 {
            break;
        }
        std::thread::yield_now();
    }
    harness.run_steps(2);
    harness.get_by_label_contains("could not open /no/such/session.kymo");
    harness.get_by_label_contains("Try: ");
    harness.get_by_label("Copy details");
}

#[test]
fn colors_follow_the_choice() {
    let mut harness = window(live());
    let ctx = harness.ctx.clone();
    for (id, wanted) in [
        (Id::ThemeLight, &theme::LIGHT),
        (Id::ThemeContrast, &theme::CONTRAST),
        (Id::ThemeDark, &theme::DARK),
    ] {
        harness.state_mut().act(&ctx, Wish::Command(id));
        harness.run_steps(2);
        assert_eq!(theme::of(&ctx.global_style().visuals), wanted);
    }
}

/// A recorded example.
fn example(name: &str) -> std::path::PathBuf {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("sessions").join(name)
}

/// A file that was dropped from outside.
#[derive(Debug)]
struct FileOnTheWindow(std::path::PathBuf);

impl egui::DroppedFile for FileOnTheWindow {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("files are opened by their path".to_owned())
    }
}

#[test]
fn a_selection_says_what_changed_and_another_session_is_compared() {
    let context = workflow::jobs::Context::default();
    let (stored, _) = Stored::open(&example("cpu-hog.kymo"), &context).expect("a session");
    let whole = stored.span();
    let mut app = app();
    app.session.show_stored(stored, &app.work);
    app.timeline.restart(whole, Mode::Paused);
    app.timeline.selection = Some(Span {
        from: whole.from.plus_ns(whole.length_ns() / 2),
        ..whole
    });
    let mut harness = window(app);
    press(&mut harness, Modifiers::SHIFT, Key::C);
    let shown = layout::is_shown(&harness.state().history.now().layout, Screen::Compare);
    assert!(shown);
    let is_done = |app: &App| app.session.contrast().answer().is_some();
    assert!(draw_until(&mut harness, is_done));
    harness.run_steps(4);
    let first = harness.state().session.contrast().answer().map(Arc::clone);
    let first = first.expect("it is there");
    assert!(first.rows.len() > 50 && first.sides[0].span.to == first.sides[1].span.from);
    let whole_name = &first.rows[0].name;
    let shown = harness.query_all_by_label_contains(whole_name);
    assert!(shown.count() > 0, "{whole_name}");
    let dropped = FileOnTheWindow(example("quiet.kymo"));
    harness.input_mut().dropped_files = vec![Arc::new(dropped)];
    let is_other = |app: &App| {
        let answer = app.session.contrast().answer();
        answer.is_some_and(|it| it.sides[0].stretch.words == "all of quiet.kymo")
    };
    assert!(draw_until(&mut harness, is_other));
    harness.run_steps(2);
    harness.get_by_label("Runs are known to repeat");
    let app = harness.state_mut();
    app.session.show_live(&app.work);
    assert!(!is_done(harness.state()), "it was of another session");
}

#[test]
fn live_verdicts_are_findings_as_they_come() {
    let mut app = live();
    let now = Instant::now();
    app.session.assess(now, &mut app.work);
    for second in 120..130 {
        let value = if second == 125 { 500.0 } else { 3.0 };
        let batch = Batch {
            at: Moment(START_NS + second * SECOND_NS),
            values: vec![(SeriesId(2), value)],
            ..Batch::default()
        };
        let update = Update::Batch(Box::new(batch));
        app.session.hub.accept(LinkId(0), update);
    }
    let later = now + Duration::from_secs(5);
    let alarms = |app: &App| -> Vec<Finding> {
        let all = app.session.findings().iter();
        all.filter(|it| it.analysis == Analysis::Anomaly)
            .cloned()
            .collect()
    };
    for _ in 0..100_000 {
        app.take_in();
        app.session.assess(later, &mut app.work);
        if !alarms(&app).is_empty() {
            break;
        }
        std::thread::yield_now();
    }
    let alarms = alarms(&app);
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert_eq!(alarms[0].series, ["a/system.process.running"]);
    assert_eq!(alarms[0].span.from, Moment(START_NS + 125 * SECOND_NS));
    let said = app.session.lookout().said().expect("it watches");
    assert!(said.findings.contains(&alarms[0]), "{said:?}");
    let mut harness = window(app);
    press(&mut harness, Modifiers::ALT, Key::Num0);
    harness.get_by_label_contains("a/system.process.running jumped to 500");
    harness.get_by_label_contains("series watched");
}

#[test]
fn what_of_applications_is_heard_is_chosen_when_attaching_and_remembered() {
    let mut harness = window(live());
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, Wish::Command(Id::Attach));
    harness.run_steps(2);
    harness.get_by_label("local").click();
    harness.run_steps(2);
    harness.get_by_label("Hear applications there").click();
    harness.run_steps(20);
    harness.get_by_label("OpenTelemetry over HTTP").click();
    harness.run_steps(2);
    harness.get_by_label("Attach").click();
    harness.run_steps(2);
    let recent = &harness.state().desk.recent;
    assert_eq!(recent.heard("local"), ["otlp-http"]);
    // The same is offered the next time.
    harness.state_mut().act(&ctx, Wish::Command(Id::Hear));
    harness.run_steps(2);
    harness.get_by_label("Hear applications there (1)");
}
