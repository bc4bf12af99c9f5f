//! Moves of the shared time axis.

use eframe::egui::Context;
use model::event::Event;
use model::time::{Moment, Span};

use crate::app::App;
use crate::commands::Id;
use crate::plot::panel;
use crate::timeline::{Mode, PAN_SHARE, ZOOM_FACTOR};
use crate::view::{overview, quality};

/// With Shift, steps are this much longer.
const FAR: f64 = 4.0;

/// Which way to look for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Back,
    Forth,
}

impl App {
    /// A command about the axis; says whether it was one.
    pub(super) fn time_command(&mut self, ctx: &Context, id: Id) -> bool {
        let timeline = &mut self.timeline;
        match id {
            Id::PanLeft => timeline.pan(-PAN_SHARE),
            Id::PanRight => timeline.pan(PAN_SHARE),
            Id::PanFarLeft => timeline.pan(-PAN_SHARE * FAR),
            Id::PanFarRight => timeline.pan(PAN_SHARE * FAR),
            Id::ZoomIn => timeline.zoom(ZOOM_FACTOR),
            Id::ZoomOut => timeline.zoom(1.0 / ZOOM_FACTOR),
            Id::ZoomFarIn => timeline.zoom(ZOOM_FACTOR.powf(FAR)),
            Id::ZoomFarOut => timeline.zoom(ZOOM_FACTOR.powf(-FAR)),
            Id::Whole => timeline.show_whole(),
            Id::Focus => timeline.focus(),
            Id::ZoomToSelection => self.zoom_to_selection(),
            Id::Follow => self.follow_or_pause(),
            Id::Newest => self.newest(),
            Id::Back => timeline.go_back(),
            Id::Forward => timeline.go_forward(),
            Id::NextEvent => self.go_to_event(Way::Forth),
            Id::PreviousEvent => self.go_to_event(Way::Back),
            Id::Measure => timeline.place_measure(),
            Id::Deselect => timeline.escape(),
            Id::CopyRange => {
                let range = timeline.range();
                ctx.copy_text(format!("{}..{}", range.from, range.to));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn zoom_to_selection(&mut self) {
        if let Some(span) = self.timeline.selection {
            self.timeline.show(span);
        }
    }

    fn follow_or_pause(&mut self) {
        let live = self.session.stored().is_none();
        match (self.timeline.mode(), live) {
            (Mode::Follow, _) => self.timeline.pause(),
            (Mode::Paused, true) => self.timeline.follow(),
            (Mode::Paused, false) => {}
        }
    }

    /// Follows live data; of a recording the end is shown.
    pub(super) fn newest(&mut self) {
        if self.session.stored().is_none() {
            self.timeline.follow();
            return;
        }
        let (view, end) = (self.timeline.view(), self.timeline.whole().to);
        self.timeline.pin = None;
        self.timeline.show(Span {
            from: end.plus_ns(-view.length_ns()),
            to: end,
        });
    }

    fn go_to_event(&mut self, way: Way) {
        let here = self.timeline.pin.unwrap_or_else(|| self.timeline.moment());
        let events = self.session.plain_events();
        if let Some(event) = neighbor(events, here, way) {
            let (at, line) = (event.at, event.line());
            self.timeline.reveal(at);
            self.note(line, Vec::new());
        }
    }

    /// Goes to a range written as `FROM..TO`; other text is left alone.
    pub(super) fn paste_range(&mut self, text: &str) {
        let Some((from, to)) = text.trim().split_once("..") else {
            return;
        };
        if let (Ok(from), Ok(to)) = (from.trim().parse(), to.trim().parse()) {
            let span = Span::between(from, to);
            self.timeline.selection = Some(span);
            self.timeline.show(span);
        }
    }

    /// A wish that any plot may have.
    pub(super) fn plot(&mut self, action: &panel::Action) {
        match action {
            panel::Action::View(span) => self.move_view(*span),
            panel::Action::ViewAll => self.timeline.show_whole(),
            panel::Action::Cursor(moment) => self.timeline.cursor = *moment,
            panel::Action::Brush(span) | panel::Action::Select(span) => {
                self.timeline.selection = Some(*span);
            }
            panel::Action::Deselect => self.timeline.selection = None,
            panel::Action::Annotation(id) => self.open_note(*id),
            panel::Action::Hide(_) | panel::Action::Show(_) | panel::Action::Solo(_) => {}
        }
    }

    /// Moves the view; only the first step of a gesture is remembered.
    fn move_view(&mut self, span: Span) {
        let (before, after) = (self.timeline.view(), span);
        let small = before.length_ns() == after.length_ns()
            || before.length_ns().abs_diff(after.length_ns())
                < before.length_ns().unsigned_abs() / 3;
        match small {
            true => self.timeline.move_to(span),
            false => self.timeline.show(span),
        }
    }

    pub(super) fn overview(&mut self, action: &overview::Action) {
        match action {
            overview::Action::View(span) => self.timeline.move_to(*span),
            overview::Action::ViewAll => self.timeline.show_whole(),
        }
    }

    pub(super) fn quality(&mut self, action: &quality::Action) {
        match action {
            quality::Action::Select(span) => {
                self.timeline.selection = Some(*span);
                self.reveal_span(*span);
            }
            quality::Action::Goto(moment) => self.timeline.reveal(*moment),
        }
    }

    /// Brings a span into view, zooming out only if it must.
    pub(super) fn reveal_span(&mut self, span: Span) {
        let view = self.timeline.view();
        if span.is_empty() {
            self.timeline.reveal(span.from);
        } else if view.intersect(span) != span {
            let air = span.length_ns() / 4;
            self.timeline.show(Span {
                from: span.from.plus_ns(-air),
                to: span.to.plus_ns(air),
            });
        }
    }
}

fn neighbor(events: &[Event], here: Moment, way: Way) -> Option<&Event> {
    match way {
        Way::Forth => events.iter().find(|event| event.at > here),
        Way::Back => events.iter().rfind(|event| event.at < here),
    }
}
