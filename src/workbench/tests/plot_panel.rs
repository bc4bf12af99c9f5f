//! The plot panel by hand: drags, clicks, wheels and what is drawn.

use analysis::track::Track;
use eframe::egui::epaint::ClippedShape;
use eframe::egui::{
    Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, Shape, pos2, vec2,
};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use model::annotation::Annotation;
use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::event::{self, EventKind};
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use workbench::plot::panel::{self, Action, Curve, Flaw, Form, Scale, Shared, Shown, Style};
use workbench::plot::time_axis::Clock;
use workbench::theme::Look;

const SECONDS: i64 = 100_000;

/// What a test shows.
struct Scene {
    tracks: Vec<Track>,
    names: Vec<&'static str>,
    shown: Vec<Shown>,
    view: Span,
    selection: Option<Span>,
    cursor: Option<Moment>,
    measure: [Option<Moment>; 2],
    annotations: Vec<Annotation>,
    events: Vec<event::Event>,
    flaws: Vec<Flaw>,
    style: Style,
    clock: Clock,
    state: panel::State,
    actions: Vec<Action>,
}

fn key(name: &str) -> SeriesKey {
    SeriesKey::new("web", name, [])
}

fn track(name: &str, values: Vec<f64>) -> Track {
    Track::whole(&Column {
        series: Series {
            key: key(name),
            unit: Unit::new("By"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        },
        at: (0..values.len() as i64).map(|i| i * SECOND_NS).collect(),
        values: values.into(),
    })
}

fn span(from: i64, to: i64) -> Span {
    Span {
        from: Moment(from * SECOND_NS),
        to: Moment(to * SECOND_NS),
    }
}

impl Scene {
    fn new(series: Vec<(&'static str, Vec<f64>)>) -> Self {
        let names: Vec<_> = series.iter().map(|(name, _)| *name).collect();
        let tracks = series.into_iter().map(|(name, values)| track(name, values));
        Self {
            tracks: tracks.collect(),
            shown: vec![Shown::Visible; names.len()],
            names,
            view: span(0, SECONDS),
            selection: None,
            cursor: None,
            measure: [None, None],
            annotations: Vec::new(),
            events: Vec::new(),
            flaws: Vec::new(),
            style: Style::default(),
            clock: Clock::utc(),
            state: panel::State::default(),
            actions: Vec::new(),
        }
    }

    /// Two series; the first has one sample that stands out.
    fn spiky() -> Self {
        let mut values = vec![10.0; SECONDS as usize];
        values[54_321] = 1000.0;
        Self::new(vec![
            ("used", values),
            ("free", vec![20.0; SECONDS as usize]),
        ])
    }

    fn harness(self) -> Harness<'static, Self> {
        let mut harness = Harness::builder()
            .with_size(vec2(800.0, 200.0))
            // Short frames, so that two clicks are a double click.
            .with_step_dt(1.0 / 60.0)
            .build_ui_state(|ui, scene: &mut Self| scene.ui(ui), self);
        harness.run();
        harness.state_mut().actions.clear();
        harness
    }

    fn ui(&mut self, ui: &mut eframe::egui::Ui) {
        let curves: Vec<Curve<'_>> = (0..self.tracks.len())
            .map(|i| Curve {
                track: &self.tracks[i],
                name: self.names[i],
                look: Look::nth(i),
                shown: self.shown[i],
            })
            .collect();
        let data = panel::Data {
            id: 1,
            title: "Memory",
            curves: &curves,
            empty: "Nothing recorded yet: press Record.",
            style: self.style,
            shared: Shared {
                view: self.view,
                clock: &self.clock,
                cursor: self.cursor,
                selection: self.selection,
                measure: self.measure,
                annotations: &self.annotations,
                events: &self.events,
                mute: &[],
                flaws: &self.flaws,
                habits: panel::Habits::default(),
            },
        };
        self.actions.extend(panel::ui(ui, &mut self.state, &data));
    }
}

/// Where the plot itself is.
fn plot_rect(harness: &Harness<'_, Scene>) -> Rect {
    harness.get_by_label_contains("Memory: ").rect()
}

fn press(harness: &Harness<'_, Scene>, pos: Pos2, pressed: bool, modifiers: Modifiers) {
    button(harness, pos, (PointerButton::Primary, pressed), modifiers);
}

fn button(
    harness: &Harness<'_, Scene>,
    pos: Pos2,
    (button, pressed): (PointerButton, bool),
    modifiers: Modifiers,
) {
    harness.event(Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers,
    });
}

/// Drags over two fifths of the plot and returns what was asked for.
fn drag(scene: Scene, which: PointerButton, modifiers: Modifiers) -> Vec<Action> {
    let mut harness = scene.harness();
    let rect = plot_rect(&harness);
    let at = |share: f32| pos2(rect.left() + share * rect.width(), rect.center().y);
    harness.event(Event::ModifiersChanged(modifiers));
    harness.event(Event::PointerMoved(at(0.2)));
    button(&harness, at(0.2), (which, true), modifiers);
    for share in [0.3, 0.4, 0.6] {
        harness.event(Event::PointerMoved(at(share)));
        harness.step();
    }
    button(&harness, at(0.6), (which, false), modifiers);
    harness.step();
    std::mem::take(&mut harness.state_mut().actions)
}

/// Corners of meshes and points of lines, as they were given to the painter.
fn drawn(harness: &Harness<'_, Scene>) -> Vec<Pos2> {
    fn collect(shape: &Shape, found: &mut Vec<Pos2>) {
        match shape {
            Shape::Mesh(mesh) => found.extend(mesh.vertices.iter().map(|vertex| vertex.pos)),
            Shape::Path(path) => found.extend(&path.points),
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for ClippedShape { shape, .. } in &harness.output().shapes {
        collect(shape, &mut found);
    }
    found
}

fn close(found: Span, from: f64, to: f64) -> bool {
    let near = |moment: Moment, seconds: f64| (moment.unix_seconds() - seconds).abs() < 300.0;
    near(found.from, from * SECONDS as f64) && near(found.to, to * SECONDS as f64)
}

#[test]
fn an_empty_panel_says_why() {
    let harness = Scene::new(Vec::new()).harness();
    harness.get_by_label("Nothing recorded yet: press Record.");
    let harness = Scene::new(vec![("used", Vec::new())]).harness();
    harness.get_by_label("Nothing recorded yet: press Record.");
}

#[test]
fn dragging_selects() {
    let actions = drag(Scene::spiky(), PointerButton::Primary, Modifiers::NONE);
    let brushed = actions.iter().filter(|it| matches!(it, Action::Brush(_)));
    assert!(brushed.count() >= 2, "{actions:?}");
    let selected: Vec<_> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Select(span) => Some(*span),
            _ => None,
        })
        .collect();
    assert!(
        selected.len() == 1 && close(selected[0], 0.2, 0.6),
        "{actions:?}"
    );
    assert!(!actions.iter().any(|it| matches!(it, Action::View(_))));
}

#[test]
fn alt_and_drag_zooms() {
    let actions = drag(Scene::spiky(), PointerButton::Primary, Modifiers::ALT);
    let views: Vec<_> = actions
        .iter()
        .filter(|action| matches!(action, Action::View(_) | Action::Select(_)))
        .collect();
    let [Action::View(span)] = views[..] else {
        panic!("{actions:?}");
    };
    assert!(close(*span, 0.2, 0.6), "{span:?}");
}

#[test]
fn shift_and_drag_and_middle_drag_pan() {
    for (button, modifiers) in [
        (PointerButton::Primary, Modifiers::SHIFT),
        (PointerButton::Middle, Modifiers::NONE),
    ] {
        let actions = drag(Scene::spiky(), button, modifiers);
        let last = actions.iter().rev().find_map(|action| match action {
            Action::View(span) => Some(*span),
            _ => None,
        });
        // The test does not apply the wish, so every wish counts from the start.
        let last = last.unwrap_or_default();
        assert!(close(last, -0.4, 0.6), "{last:?}");
        assert_eq!(last.length_ns(), span(0, SECONDS).length_ns());
        assert!(!actions.iter().any(|it| matches!(it, Action::Select(_))));
    }
}

#[test]
fn double_click_zooms_into_the_selection_or_out_to_all() {
    for (selection, expected) in [
        (None, Action::ViewAll),
        (
            Some(span(40_000, 60_000)),
            Action::View(span(40_000, 60_000)),
        ),
        (Some(span(10, 2000)), Action::ViewAll),
    ] {
        let mut scene = Scene::spiky();
        scene.selection = selection;
        let mut harness = scene.harness();
        let center = plot_rect(&harness).center();
        harness.event(Event::PointerMoved(center));
        for pressed in [true, false, true, false] {
            press(&harness, center, pressed, Modifiers::NONE);
        }
        harness.run();
        let actions = &harness.state().actions;
        assert!(actions.contains(&expected), "{expected:?}: {actions:?}");
    }
}

#[test]
fn the_wheel_zooms_with_ctrl_pans_with_shift_and_else_scrolls_the_list() {
    for (modifiers, length) in [
        (Modifiers::COMMAND, Some(false)),
        (Modifiers::SHIFT, Some(true)),
        (Modifiers::NONE, None),
    ] {
        let mut harness = Scene::spiky().harness();
        let center = plot_rect(&harness).center();
        harness.event(Event::PointerMoved(center));
        harness.event(Event::ModifiersChanged(modifiers));
        harness.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, 50.0),
            phase: eframe::egui::TouchPhase::Move,
            source: eframe::egui::MouseWheelSource::Wheel,
            modifiers,
        });
        // Scrolling goes on smoothly for some frames.
        harness.run_steps(30);
        let view = harness
            .state()
            .actions
            .iter()
            .find_map(|action| match action {
                Action::View(span) => Some(*span),
                _ => None,
            });
        let whole = span(0, SECONDS).length_ns();
        let same = view.map(|view| view.length_ns() == whole);
        assert_eq!(same, length, "{modifiers:?} {view:?}");
        assert!(view.is_none_or(|view| view.length_ns() <= whole));
    }
}

#[test]
fn the_pointer_tells_its_moment_and_that_it_left() {
    let mut harness = Scene::spiky().harness();
    let center = plot_rect(&harness).center();
    harness.hover_at(center);
    harness.step();
    let half = SECONDS as f64 / 2.0;
    let [Action::Cursor(Some(at))] = harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert!((at.unix_seconds() - half).abs() < 300.0);
    harness.state_mut().cursor = Some(at);
    harness.state_mut().actions.clear();
    harness.remove_cursor();
    harness.step();
    assert_eq!(harness.state().actions, [Action::Cursor(None)]);
}

#[test]
fn the_legend_hides_shows_and_leaves_alone() {
    let mut harness = Scene::spiky().harness();
    harness.get_by_label("used 10 B").click();
    harness.run();
    let hide = Action::Hide(key("used"));
    assert!(harness.state().actions.contains(&hide));
    harness
        .get_by_label("free 20 B")
        .click_modifiers(Modifiers::ALT);
    harness.run();
    let solo = Action::Solo(key("free"));
    assert!(harness.state().actions.contains(&solo));
    harness.state_mut().shown[0] = Shown::Hidden;
    harness.run();
    harness.get_by_label("used (hidden)").click();
    harness.run();
    let show = Action::Show(key("used"));
    assert!(harness.state().actions.contains(&show));
}

#[test]
fn the_legend_tells_the_value_at_the_cursor_and_the_difference() {
    let mut scene = Scene::spiky();
    scene.cursor = Some(Moment(54_321 * SECOND_NS));
    let mut harness = scene.harness();
    harness.get_by_label("used 1000 B");
    let at = |second: i64| Some(Moment(second * SECOND_NS));
    harness.state_mut().measure = [at(0), at(54_321)];
    harness.run();
    harness.get_by_label("used 1000 B, Δ +990 B");
}

#[test]
fn a_spike_of_one_sample_is_drawn_at_full_height_at_every_zoom() {
    let mut scene = Scene::spiky();
    scene.tracks.truncate(1);
    let mut harness = scene.harness();
    for length in [SECONDS, 20_000, 3000, 1400, 40] {
        harness.state_mut().view = span(54_321 - length / 3, 54_321 + length * 2 / 3);
        harness.run();
        let rect = plot_rect(&harness);
        let points = drawn(&harness);
        let spike = points.into_iter().min_by(|a, b| a.y.total_cmp(&b.y));
        let spike = spike.unwrap_or_default();
        // The range ends 5 % above the largest value.
        let expected = rect.bottom() - rect.height() / 1.05;
        // A sign on a single sample may rise a little above it.
        let over = expected - spike.y;
        assert!(-1.0 < over && over < 5.0, "{length}: {spike}");
        let x = rect.left() + rect.width() / 3.0;
        assert!((spike.x - x).abs() < 2.5, "{length}: {} {x}", spike.x);
    }
}

#[test]
fn a_gap_stays_empty() {
    let mut values = vec![10.0; SECONDS as usize];
    values[40_000..60_000].fill(f64::NAN);
    let mut harness = Scene::new(vec![("used", values)]).harness();
    harness.run();
    let rect = plot_rect(&harness);
    let points = drawn(&harness);
    let share = |x: f32| (x - rect.left()) / rect.width();
    assert!(points.len() > 2000);
    let inside = |point: &Pos2| share(point.x) > 0.405 && share(point.x) < 0.595;
    assert!(!points.iter().any(inside));
}

#[test]
fn the_plot_has_a_spoken_summary() {
    let harness = Scene::spiky().harness();
    let node = harness.get_by_label_contains("Memory: 2 series");
    let label = node.accesskit_node().label().unwrap_or_default();
    assert!(
        label.contains("used from 10 B to 1000 B, last 10 B"),
        "{label}"
    );
}

#[test]
fn marks_scales_and_stacks_draw_on_odd_data() {
    let mut scene = Scene::spiky();
    scene.tracks[1] = track("free", vec![0.0, -5.0, f64::NAN, f64::INFINITY, 1e300]);
    scene.selection = Some(span(10, 20));
    scene.measure = [Some(Moment(5)), Some(Moment(i64::MAX))];
    scene.flaws = vec![Flaw {
        span: span(100, 2000),
        text: "samples were late".to_owned(),
    }];
    scene.annotations = vec![Annotation {
        id: 7,
        span: span(50_000, 50_000),
        text: "deployed".to_owned(),
        color: 200,
    }];
    scene.events = (0..5000)
        .map(|i| event::Event {
            at: Moment(i * 20 * SECOND_NS),
            kind: EventKind::Setting,
            subject: "vm.swappiness".to_owned(),
            before: "60".to_owned(),
            after: i.to_string(),
            text: String::new(),
        })
        .collect();
    let mut harness = scene.harness();
    for scale in [Scale::Linear, Scale::Log] {
        for form in [Form::Lines, Form::Stacked] {
            for view in [
                span(0, SECONDS),
                span(-10, 10),
                span(2_000_000, 2_000_001),
                span(7, 7),
                Span::between(Moment(i64::MIN), Moment(i64::MAX)),
            ] {
                let scene = harness.state_mut();
                scene.style.scale = scale;
                scene.style.form = form;
                scene.view = view;
                harness.run();
                harness.get_by_label_contains("Memory: 2 series");
            }
        }
    }
}

#[test]
fn a_click_on_a_note_opens_it() {
    let mut scene = Scene::spiky();
    scene.annotations = vec![Annotation {
        id: 7,
        span: span(50_000, 50_000),
        text: "deployed".to_owned(),
        color: 1,
    }];
    let mut harness = scene.harness();
    let rect = plot_rect(&harness);
    let foot = pos2(rect.center().x + 1.0, rect.bottom() - 2.0);
    harness.event(Event::PointerMoved(foot));
    press(&harness, foot, true, Modifiers::NONE);
    press(&harness, foot, false, Modifiers::NONE);
    harness.run();
    let actions = &harness.state().actions;
    assert!(actions.contains(&Action::Annotation(7)), "{actions:?}");
}
