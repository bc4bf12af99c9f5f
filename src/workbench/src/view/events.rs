//! The list of what happened: settings that changed, clocks that stepped, links lost.
//!
//! Order and filter are worked out when events or filter change; a frame draws
//! the rows in sight.
//!
//! Start at [`ui`].

use std::collections::HashSet;

use eframe::egui::{
    Button, Id, Rect, RichText, Sense, TextEdit, TextStyle, Ui, WidgetInfo, accesskit, vec2,
};
use model::event::{Event, EventKind, KINDS};
use model::time::Moment;

use super::list::{self, Chosen, Ink, List, Place};
use super::table::{self, FORMATS, Focused, Format};
use super::words::Words;
use super::{CLOCK_DIGITS, clock_text, empty};
use crate::plot::time_axis::Clock;
use crate::theme;

/// Widths of the columns between time and text.
const HOST: f32 = 96.0;
const KIND: f32 = 96.0;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    filter: String,
    hidden: HashSet<EventKind>,
    rows: Rows,
}

/// Events of one host, sorted by time.
///
/// A ring that wraps is told as two sources of one host.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name of the host; empty for the recording itself.
    pub host: &'a str,
    /// What happened there.
    pub events: &'a [Event],
}

/// Everything the list shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Events by host.
    pub sources: &'a [Source<'a>],
    /// Changes whenever `sources` does.
    pub version: u64,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Bring this moment into view.
    Goto(Moment),
    /// Put this text on the clipboard.
    Copy(String),
    /// Show the newest samples, since nothing happened so far.
    Follow,
    /// Add the events to the report.
    Report,
}

/// The rows of one version of the data and filter.
#[derive(Debug, Default)]
struct Rows {
    made_for: Option<(u64, String, HashSet<EventKind>)>,
    /// Source and place, by time.
    found: Vec<(usize, usize)>,
    /// How many events there are of each kind, in the order of [`KINDS`].
    counts: Vec<usize>,
    all: usize,
}

impl Rows {
    fn refresh(&mut self, data: &Data<'_>, (filter, hidden): (&str, &HashSet<EventKind>)) {
        let same = self.made_for.as_ref().is_some_and(|(version, old, kinds)| {
            *version == data.version && old == filter && kinds == hidden
        });
        if same {
            return;
        }
        self.made_for = Some((data.version, filter.to_owned(), hidden.clone()));
        let events = || data.sources.iter().flat_map(|source| source.events);
        let count = |kind| events().filter(|event| event.kind == kind).count();
        self.counts = KINDS.iter().map(|(kind, _)| count(*kind)).collect();
        self.all = events().count();
        let words = Words::of(filter);
        self.found.clear();
        for (number, source) in data.sources.iter().enumerate() {
            let places = source.events.iter().enumerate();
            let found = places.filter(|(_, event)| {
                !hidden.contains(&event.kind)
                    && (words.is_empty() || words.found_in(&searched(source.host, event)))
            });
            self.found.extend(found.map(|(place, _)| (number, place)));
        }
        self.found
            .sort_by_key(|(source, place)| data.sources[*source].events[*place].at);
    }
}

fn searched(host: &str, event: &Event) -> String {
    format!(
        "{host} {} {} {}",
        event.kind.name(),
        event.subject,
        event.line()
    )
    .to_lowercase()
}

/// Draws the list; costs the rows in sight, however many there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    state.rows.refresh(data, (&state.filter, &state.hidden));
    if state.rows.all == 0 {
        let why = "Nothing happened so far: no setting changed, no device came or went, no clock stepped.";
        if empty::ui(ui, why, "Follow the newest samples") {
            actions.push(Action::Follow);
        }
        return actions;
    }
    tools_ui(ui, state, data, &mut actions);
    state.rows.refresh(data, (&state.filter, &state.hidden));
    if state.rows.found.is_empty() {
        if empty::ui(ui, "No event fits the filter.", "Show all events") {
            state.filter.clear();
            state.hidden.clear();
        }
        return actions;
    }
    header_ui(ui, data);
    rows_ui(ui, state, data, &mut actions);
    actions
}

fn tools_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let edit = TextEdit::singleline(&mut state.filter)
            .hint_text("Filter events…")
            .desired_width(150.0)
            .id_salt("filter");
        ui.add(edit);
        for ((kind, name), count) in KINDS.iter().zip(&state.rows.counts) {
            if *count == 0 {
                continue;
            }
            let shown = !state.hidden.contains(kind);
            let text = format!("{} {name} {count}", sign(*kind));
            if ui.add(Button::selectable(shown, text).small()).clicked()
                && !state.hidden.remove(kind)
            {
                state.hidden.insert(*kind);
            }
        }
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(copied(state, data, *format)));
                }
            }
        });
        if ui.button("Add to report").clicked() {
            actions.push(Action::Report);
        }
    });
}

fn copied(state: &State, data: &Data<'_>, format: Format) -> String {
    let header = ["time", "host", "kind", "subject", "before", "after", "text"].map(str::to_owned);
    let rows = state.rows.found.iter().filter_map(|(source, place)| {
        let source = data.sources.get(*source)?;
        let event = source.events.get(*place)?;
        Some([
            event.at.to_string(),
            source.host.to_owned(),
            event.kind.name().to_owned(),
            event.subject.clone(),
            event.before.clone(),
            event.after.clone(),
            event.line(),
        ])
    });
    table::text(format, &header, rows)
}

fn header_ui(ui: &mut Ui, data: &Data<'_>) {
    let weak = theme::of(ui.visuals()).text_weak;
    let size = vec2(
        ui.available_width(),
        ui.text_style_height(&TextStyle::Small) + 2.0,
    );
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let mut rest = rect.shrink2(vec2(list::INDENT, 0.0));
    let ink = Ink {
        style: TextStyle::Small,
        ..Ink::left(weak)
    };
    let wide = list::digits_wide(ui, CLOCK_DIGITS);
    let time = format!("Time ({})", super::clock_name(data.clock));
    for (title, width) in [(time.as_str(), wide), ("Host", HOST), ("Kind", KIND)] {
        list::text(ui, list::cut(&mut rest, width), title, &ink);
    }
    list::text(ui, rest, "What happened", &ink);
    response.widget_info(|| {
        let spoken = "Columns: time, host, kind, what happened";
        WidgetInfo::labeled(accesskit::Role::Label, true, spoken)
    });
}

fn rows_ui(ui: &mut Ui, state: &State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    let base = ui.scope_id().with("events");
    let found = &state.rows.found;
    let row_id = |index: usize| row_id(base, found, (index, data));
    let rows = List {
        salt: "events",
        count: found.len(),
        row_id: &row_id,
    };
    let focused = rows.show(ui, |ui, place| {
        let at = found.get(place.index);
        let source = at.and_then(|(source, _)| data.sources.get(*source));
        let event = at.and_then(|(_, event)| source?.events.get(*event));
        if let (Some(source), Some(event)) = (source, event) {
            row_ui(ui, place, (source.host, event, data), actions);
        }
    });
    let focus = match focused {
        Some(_) => Focused::Here,
        None => Focused::Elsewhere,
    };
    if table::copy_asked(ui, area, focus) {
        actions.push(Action::Copy(copied(state, data, Format::Tsv)));
    }
}

/// Two events may be equal in all but their place, so the place is part of the identity.
fn row_id(base: Id, found: &[(usize, usize)], (index, data): (usize, &Data<'_>)) -> Id {
    let event = found.get(index).and_then(|(number, place)| {
        let source = data.sources.get(*number)?;
        Some((number, source.host, source.events.get(*place)?.at, place))
    });
    base.with(event)
}

fn row_ui(
    ui: &mut Ui,
    place: Place,
    (host, event, data): (&str, &Event, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let theme = theme::of(ui.visuals());
    let kind = event.kind.name();
    let line = event.line();
    let time = clock_text(data.clock, event.at);
    let spoken = || format!("{kind}: {line}, {host}, {time}");
    let response = list::row_ui(ui, place, (Sense::click(), Chosen::No), &spoken);
    let mut rest: Rect = place.rect.shrink2(vec2(list::INDENT, 0.0));
    let mono = Ink {
        style: TextStyle::Monospace,
        ..Ink::left(theme.text_weak)
    };
    let wide = list::digits_wide(ui, CLOCK_DIGITS);
    list::text(ui, list::cut(&mut rest, wide), &time, &mono);
    list::text(
        ui,
        list::cut(&mut rest, HOST),
        host,
        &Ink::left(theme.text_weak),
    );
    let told = format!("{} {kind}", sign(event.kind));
    let color = match event.kind {
        EventKind::Missing | EventKind::Recorder => theme.severe,
        EventKind::Degraded | EventKind::ClockStep | EventKind::Suspended | EventKind::Link => {
            theme.quality_edge
        }
        _ => theme.event,
    };
    list::text(ui, list::cut(&mut rest, KIND), &told, &Ink::left(color));
    list::text(ui, rest, &line, &Ink::left(theme.text));
    if response.clicked() {
        actions.push(Action::Goto(event.at));
    }
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("{kind}: {}", event.subject));
        ui.label(&line);
        ui.label(RichText::new(data.clock.text(event.at)).color(theme.text_weak));
        ui.weak("Click brings this moment into view.");
    });
}

/// A sign for each kind, always beside its word.
fn sign(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Setting => "◇",
        EventKind::Appeared => "+",
        EventKind::Vanished => "−",
        EventKind::ClockStep => "◷",
        EventKind::Suspended => "‖",
        EventKind::Degraded => "▾",
        EventKind::Missing => "!",
        EventKind::Link => "⇄",
        EventKind::Recorder => "●",
        EventKind::Log => "≡",
        EventKind::Exemplar => "✦",
        EventKind::Other => "•",
    }
}

#[cfg(test)]
mod tests {
    use super::ui as events_ui;
    use super::*;
    use crate::view::testing;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    fn event(at: i64, kind: EventKind, subject: &str) -> Event {
        Event {
            at: Moment(at),
            kind,
            subject: subject.to_owned(),
            before: "1".to_owned(),
            after: "2".to_owned(),
            text: String::new(),
        }
    }

    fn drawn(sources: &[Source<'_>], use_it: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
        let clock = Clock::utc();
        let data = Data {
            sources,
            version: 1,
            clock: &clock,
        };
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([800.0, 600.0], |ui| {
            actions.extend(events_ui(ui, &mut state, &data));
        });
        use_it(&mut harness);
        harness.run();
        drop(harness);
        actions
    }

    #[test]
    fn a_click_goes_to_the_moment() {
        let events = [
            event(5, EventKind::Setting, "vm.swappiness"),
            event(9, EventKind::ClockStep, "clock"),
        ];
        let source = Source {
            host: "web-1",
            events: &events,
        };
        let actions = drawn(&[source], |harness| {
            harness.get_by_label_contains("vm.swappiness").click();
        });
        assert_eq!(actions, [Action::Goto(Moment(5))]);
    }

    #[test]
    fn equal_events_are_rows_of_their_own_and_kinds_can_be_hidden() {
        let events = [
            event(5, EventKind::Setting, "twin"),
            event(5, EventKind::Setting, "twin"),
            event(6, EventKind::Link, "other"),
        ];
        let source = Source {
            host: "web-1",
            events: &events,
        };
        let actions = drawn(&[source, source], |harness| {
            assert_eq!(harness.get_all_by_label_contains("twin: 1").count(), 4);
            harness.get_by_label_contains("⇄ link 2").click();
            harness.run();
            assert_eq!(harness.query_all_by_label_contains("other: 1").count(), 0);
        });
        assert_eq!(actions, []);
    }

    #[test]
    fn copy_gives_a_table_with_header() {
        let events = [event(0, EventKind::Setting, "a\tb")];
        let source = Source {
            host: "h",
            events: &events,
        };
        let actions = drawn(&[source], |harness| {
            harness.hover_at(eframe::egui::pos2(200.0, 300.0));
            harness.run();
            harness.event(eframe::egui::Event::Copy);
        });
        let wanted = "time\thost\tkind\tsubject\tbefore\tafter\ttext\n\
                      1970-01-01T00:00:00Z\th\tsetting\ta b\t1\t2\ta b: 1 → 2\n";
        assert_eq!(actions, [Action::Copy(wanted.to_owned())]);
    }

    #[test]
    fn no_events_say_why() {
        let actions = drawn(&[], |harness| {
            harness.get_by_label("Follow the newest samples").click();
        });
        assert_eq!(actions, [Action::Follow]);
    }
}
