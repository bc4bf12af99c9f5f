//! The data-quality lane: what is missing, late or doubtful, above all plots.
//!
//! Each mark is a box on the shared time axis, told apart by letter and pattern
//! as well as by color. Marks of one kind that would lie on each other are one
//! box that counts them; kinds that overlap lie below each other.
//!
//! Start at [`ui`].

use analysis::quality::{Mark, MarkKind, Severity};
use eframe::egui::epaint::{Stroke, StrokeKind};
use eframe::egui::{
    Align2, FontId, Rect, Response, Sense, Shape, Ui, WidgetInfo, accesskit, pos2, vec2,
};
use model::time::{Moment, Span, duration_text};

use crate::plot::time_axis::Clock;
use crate::theme::{self, Theme};

/// Height of one row of boxes.
const ROW: f32 = 14.0;

/// Rows below each other; what overlaps even more shares the last one.
const ROWS: usize = 3;

/// A box is at least so wide that its letter fits.
const BOX: f32 = 13.0;

/// At most so many boxes: more than there is room for on any screen.
const BOXES: usize = 1_000;

/// At most so many marks of a box are told in its hover text.
const TOLD: usize = 12;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    made_for: Option<(u64, Span, u32)>,
    boxes: Vec<Boxed>,
}

/// Everything the lane shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Marks sorted by start; `None` before the data was judged.
    pub marks: Option<&'a [Mark]>,
    /// Changes whenever `marks` does.
    pub version: u64,
    /// What the plots below show.
    pub view: Span,
    /// How moments are labeled.
    pub clock: &'a Clock,
    /// Space left and right of the time axis, so that the lane lines up with the plots.
    pub inset: [f32; 2],
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Select this range.
    Select(Span),
    /// Bring this moment into view.
    Goto(Moment),
}

/// Marks of one kind at one place.
#[derive(Clone, Debug)]
struct Boxed {
    kind: MarkKind,
    severity: Severity,
    span: Span,
    /// Left and right edge, in points from the start of the axis.
    edges: [f32; 2],
    row: usize,
    /// Places in the marks.
    marks: Vec<usize>,
    /// How many marks there are, those that are not told included.
    count: usize,
}

/// Draws the lane; costs its boxes, at most a thousand.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    let width = (ui.available_width() - data.inset[0] - data.inset[1]).max(1.0);
    let made_for = (data.version, data.view, width.to_bits());
    if state.made_for != Some(made_for) {
        state.made_for = Some(made_for);
        state.boxes = boxes(data.marks.unwrap_or(&[]), data.view, width);
    }
    let rows = state.boxes.iter().map(|one| one.row + 1).max().unwrap_or(1);
    let size = vec2(ui.available_width(), rows as f32 * ROW + 2.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let theme = theme::of(ui.visuals());
    ui.painter().rect_filled(rect, 0.0, theme.ground);
    caption_ui(ui, rect, (data, state.boxes.len()));
    let origin = rect.left_top() + vec2(data.inset[0], 1.0);
    for (place, one) in state.boxes.iter().enumerate() {
        let top = origin.y + one.row as f32 * ROW;
        let edges = one.edges.map(|x| origin.x + x);
        let rect = Rect::from_min_max(pos2(edges[0], top), pos2(edges[1], top + ROW - 1.0));
        let response = box_ui(ui, (rect, place), one, data);
        if response.clicked() {
            actions.push(match one.span.is_empty() {
                true => Action::Goto(one.span.from),
                false => Action::Select(one.span),
            });
        }
    }
    actions
}

/// The lane's name in the margin, and why it is empty.
fn caption_ui(ui: &Ui, rect: Rect, (data, boxes): (&Data<'_>, usize)) {
    let theme = theme::of(ui.visuals());
    let font = FontId::proportional(11.0);
    let painter = ui.painter();
    if data.inset[0] >= 40.0 {
        let at = pos2(rect.left() + data.inset[0] - 6.0, rect.center().y);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            "Quality",
            font.clone(),
            theme.text_weak,
        );
    }
    let text = match (data.marks, boxes) {
        (None, _) => "Data quality is judged as soon as there are samples.",
        (Some([]), 0) => "No gaps, delays or doubts found.",
        (Some(_), 0) => "No gaps, delays or doubts in view; there are some outside it.",
        (Some(_), _) => return,
    };
    let at = pos2(rect.left() + data.inset[0] + 6.0, rect.center().y);
    painter.text(at, Align2::LEFT_CENTER, text, font, theme.text_weak);
    let id = ui.scope_id().with("quality caption");
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, text));
}

fn box_ui(ui: &Ui, (rect, place): (Rect, usize), one: &Boxed, data: &Data<'_>) -> Response {
    let theme = theme::of(ui.visuals());
    let mut shapes = Vec::new();
    pattern(rect, one.severity, theme, &mut shapes);
    let painter = ui.painter();
    painter.extend(shapes);
    let ink = match one.severity {
        Severity::Severe => theme.ground,
        Severity::Note | Severity::Warning => theme.text,
    };
    let font = FontId::monospace(10.0);
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        letter(one.kind),
        font,
        ink,
    );
    let first = one.marks.first().copied();
    let id = ui.scope_id().with(("quality", one.kind, first, place));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, spoken(one, data)));
    if response.hovered() || response.has_focus() {
        let stroke = Stroke::new(1.5, theme.cursor);
        painter.rect_stroke(rect, 1.0, stroke, StrokeKind::Outside);
    }
    response.on_hover_ui_at_pointer(|ui| hover_ui(ui, one, data))
}

/// Notes are outlined, warnings hatched, severe doubts filled.
fn pattern(rect: Rect, severity: Severity, theme: &Theme, shapes: &mut Vec<Shape>) {
    let color = match severity {
        Severity::Note => theme.text_weak,
        Severity::Warning => theme.quality_edge,
        Severity::Severe => theme.severe,
    };
    let stroke = Stroke::new(1.0, color);
    match severity {
        Severity::Severe => shapes.push(Shape::rect_filled(rect, 1.0, color)),
        Severity::Warning => {
            shapes.push(Shape::rect_filled(rect, 1.0, theme.quality_fill));
            hatch(rect, stroke, shapes);
        }
        Severity::Note => {}
    }
    shapes.push(Shape::rect_stroke(rect, 1.0, stroke, StrokeKind::Inside));
}

fn hatch(rect: Rect, stroke: Stroke, shapes: &mut Vec<Shape>) {
    const APART: f32 = 7.0;
    let lines = ((rect.width() + rect.height()) / APART) as usize;
    for number in 1..=lines.min(400) {
        let x = rect.left() + number as f32 * APART;
        let up = (x - rect.right()).max(0.0);
        let down = (x - rect.left()).min(rect.height());
        shapes.push(Shape::line_segment(
            [
                pos2(x - up, rect.top() + up),
                pos2(x - down, rect.top() + down),
            ],
            Stroke::new(stroke.width, stroke.color.gamma_multiply(0.5)),
        ));
    }
}

/// One letter for each kind, explained by the hover text.
fn letter(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Gap => "G",
        MarkKind::Late => "L",
        MarkKind::Disorder => "O",
        MarkKind::Reset => "R",
        MarkKind::ClockStep => "C",
        MarkKind::Suspended => "Z",
        MarkKind::Steal => "S",
        MarkKind::Degraded => "D",
        MarkKind::Missing => "M",
        MarkKind::Link => "K",
        MarkKind::Recorder => "W",
    }
}

fn spoken(one: &Boxed, data: &Data<'_>) -> String {
    let told = one.marks.first().and_then(|place| data.marks?.get(*place));
    let text = told.map_or("", |mark| mark.text.as_str());
    let (kind, severity) = (one.kind.name(), one.severity.name());
    match one.count {
        1 => format!(
            "{kind}, {severity}, {}: {text}",
            data.clock.text(one.span.from)
        ),
        count => format!(
            "{count} × {kind}, {severity}, {}",
            data.clock.text(one.span.from)
        ),
    }
}

fn hover_ui(ui: &mut Ui, one: &Boxed, data: &Data<'_>) {
    let count = match one.count {
        1 => String::new(),
        count => format!("{count} × "),
    };
    ui.strong(format!(
        "{count}{} ({})",
        one.kind.name(),
        one.severity.name()
    ));
    let told = one.marks.iter().take(TOLD);
    for mark in told.filter_map(|place| data.marks?.get(*place)) {
        let host = match mark.host.as_str() {
            "" => String::new(),
            host => format!("{host}: "),
        };
        ui.label(format!(
            "{}  {host}{}",
            when(mark.span, data.clock),
            mark.text
        ));
    }
    if one.count > TOLD {
        ui.weak(format!("and {} more", one.count - TOLD));
    }
    ui.weak("Click selects this stretch in every plot.");
}

fn when(span: Span, clock: &Clock) -> String {
    match span.is_empty() {
        true => clock.text(span.from),
        false => format!(
            "{}, {}",
            clock.text(span.from),
            duration_text(span.seconds())
        ),
    }
}

/// Puts the marks in view into boxes that do not lie on each other.
fn boxes(marks: &[Mark], view: Span, width: f32) -> Vec<Boxed> {
    let mut boxes: Vec<Boxed> = Vec::new();
    let length = view.length_ns().max(1) as f64;
    let x =
        |at: Moment| (at.0.saturating_sub(view.from.0) as f64 / length * f64::from(width)) as f32;
    let seen =
        |span: Span| span.from < view.to && (span.to > view.from || view.contains(span.from));
    for (place, mark) in marks.iter().enumerate().filter(|(_, mark)| seen(mark.span)) {
        let left = x(mark.span.from).clamp(0.0, (width - BOX).max(0.0));
        let right = x(mark.span.to).clamp(left + BOX, width.max(left + BOX));
        let near = boxes.iter().rposition(|one| {
            let same = one.kind == mark.kind && one.severity == mark.severity;
            same && left < one.edges[1] + 1.0
        });
        if let Some(near) = near {
            boxes[near].take_in((place, mark), right);
        } else if boxes.len() < BOXES {
            boxes.push(Boxed {
                kind: mark.kind,
                severity: mark.severity,
                span: mark.span,
                edges: [left, right],
                row: 0,
                marks: vec![place],
                count: 1,
            });
        }
    }
    pack(&mut boxes);
    boxes
}

impl Boxed {
    fn take_in(&mut self, (place, mark): (usize, &Mark), right: f32) {
        self.span.from = self.span.from.min(mark.span.from);
        self.span.to = self.span.to.max(mark.span.to);
        self.edges[1] = self.edges[1].max(right);
        self.count += 1;
        if self.marks.len() < TOLD {
            self.marks.push(place);
        }
    }
}

/// Gives each box the first row in which it has room.
fn pack(boxes: &mut [Boxed]) {
    let mut ends = [f32::NEG_INFINITY; ROWS];
    for one in boxes {
        let free = ends.iter().position(|end| *end <= one.edges[0]);
        one.row = free.unwrap_or(ROWS - 1);
        ends[one.row] = ends[one.row].max(one.edges[1] + 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::testing;
    use egui_kittest::kittest::Queryable as _;
    use model::time::SECOND_NS;

    fn mark(kind: MarkKind, from: i64, to: i64) -> Mark {
        Mark {
            kind,
            span: Span {
                from: Moment(from * SECOND_NS),
                to: Moment(to * SECOND_NS),
            },
            host: "web-1".to_owned(),
            text: format!("{} of {} s", kind.name(), to - from),
            severity: Severity::Warning,
        }
    }

    fn drawn(marks: Option<&[Mark]>, press: Option<&str>) -> Vec<Action> {
        let clock = Clock::utc();
        let data = Data {
            marks,
            version: 1,
            view: Span {
                from: Moment(0),
                to: Moment(600 * SECOND_NS),
            },
            clock: &clock,
            inset: [58.0, 4.0],
        };
        let (mut state, mut actions) = (State::default(), Vec::new());
        let mut harness = testing::harness([800.0, 600.0], |ui| {
            actions.extend(ui_of(ui, &mut state, &data));
        });
        match press {
            Some(label) => harness.get_by_label_contains(label).click(),
            None => assert!(harness.query_by_label_contains("judged").is_some()),
        }
        harness.run();
        drop(harness);
        actions
    }

    use super::ui as ui_of;

    #[test]
    fn a_click_selects_the_stretch() {
        let marks = [
            mark(MarkKind::Gap, 100, 130),
            mark(MarkKind::Reset, 300, 300),
        ];
        assert_eq!(
            drawn(Some(&marks), Some("gap")),
            [Action::Select(marks[0].span)]
        );
        assert_eq!(
            drawn(Some(&marks), Some("reset")),
            [Action::Goto(marks[1].span.from)]
        );
    }

    #[test]
    fn nothing_judged_says_so() {
        assert_eq!(drawn(None, None), []);
    }

    #[test]
    fn close_marks_of_a_kind_share_a_box_and_kinds_lie_apart() {
        let marks = [
            mark(MarkKind::Gap, 100, 101),
            mark(MarkKind::Steal, 100, 200),
            mark(MarkKind::Gap, 102, 103),
            mark(MarkKind::Gap, 900, 901),
        ];
        let view = Span {
            from: Moment(0),
            to: Moment(600 * SECOND_NS),
        };
        let boxes = boxes(&marks, view, 600.0);
        let found: Vec<_> = boxes
            .iter()
            .map(|one| (one.kind, one.count, one.row))
            .collect();
        assert_eq!(found, [(MarkKind::Gap, 2, 0), (MarkKind::Steal, 1, 1)]);
        assert_eq!(boxes[0].span.to, marks[2].span.to);
    }
}
