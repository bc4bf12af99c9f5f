//! Who asks whom: services as boxes from left to right, calls as lines between them with
//! throughput, errors and response time.

use std::collections::{BTreeMap, BTreeSet};

use analysis::services::{Edge, Figures};
use eframe::egui::epaint::{CubicBezierShape, Stroke};
use eframe::egui::{
    Align2, Color32, FontId, Pos2, Rect, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo, accesskit,
    pos2, vec2,
};
use model::time::duration_text;
use workflow::services::Services;

use crate::theme::{self, Theme};

/// Size of a box.
const BOX: [f32; 2] = [170.0, 44.0];

/// Room between columns and rows of boxes.
const GAP: [f32; 2] = [150.0, 26.0];

/// Services drawn at most: those with most work.
const BOXES_MAX: usize = 60;

/// Where a service stands.
struct Place {
    rect: Rect,
    figures: Option<Figures>,
    known: bool,
}

/// Draws the map; costs boxes and lines.
pub(super) fn ui(ui: &mut Ui, found: &Services) {
    if found.services.is_empty() {
        super::super::empty::text(ui, "No request ended within the window.");
        return;
    }
    let columns = columns(found);
    let deepest = columns.values().copied().max().unwrap_or(0);
    let mut rows: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (name, column) in &columns {
        rows.entry(*column).or_default().push(name);
    }
    let highest = rows.values().map(Vec::len).max().unwrap_or(1);
    let [wide, high] = [0, 1].map(|axis| BOX[axis] + GAP[axis]);
    let size = vec2(wide * (deepest + 1) as f32, high * highest as f32 + GAP[1]);
    ui.weak("Lines are calls as the caller saw them: per second, failed, p95. Boxes with a thin edge tell nothing themselves. Point at a line's figures to see why it ends where it does.");
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let size = size.max(ui.available_size());
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let spoken = format!(
            "Map of {} services and {} calls",
            columns.len(),
            found.edges.len()
        );
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Figure, true, &spoken));
        let places = placed(found, &rows, rect);
        for edge in &found.edges {
            edge_ui(ui, (edge, &places));
        }
        for (name, place) in &places {
            box_ui(ui, (name, place));
        }
    });
}

/// How far from those whom nobody asks each service stands.
fn columns(found: &Services) -> BTreeMap<String, usize> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    names.extend(found.services.iter().map(|it| it.name.clone()));
    for edge in &found.edges {
        names.extend([edge.caller.clone(), edge.callee.clone()]);
    }
    let mut columns: BTreeMap<String, usize> = names
        .into_iter()
        .take(BOXES_MAX)
        .map(|it| (it, 0))
        .collect();
    // Longest ways, as far as calls do not run in circles.
    for _ in 0..columns.len() {
        let mut moved = false;
        for edge in found.edges.iter().filter(|it| it.caller != it.callee) {
            let Some(from) = columns.get(&edge.caller).copied() else {
                continue;
            };
            let most = columns.len().saturating_sub(1).min(8);
            if let Some(to) = columns.get_mut(&edge.callee)
                && *to <= from
                && from < most
            {
                *to = from + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

fn placed(
    found: &Services,
    rows: &BTreeMap<usize, Vec<&str>>,
    rect: Rect,
) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for (column, names) in rows {
        let height = names.len() as f32 * (BOX[1] + GAP[1]) - GAP[1];
        let top = rect.top() + ((rect.height() - height) / 2.0).max(GAP[1] / 2.0);
        for (row, name) in names.iter().enumerate() {
            let at = pos2(
                rect.left() + 8.0 + *column as f32 * (BOX[0] + GAP[0]),
                top + row as f32 * (BOX[1] + GAP[1]),
            );
            let mut own = found.services.iter().filter(|it| it.name == **name);
            let figures = own.next().filter(|it| it.figures.count > 0);
            let place = Place {
                rect: Rect::from_min_size(at, BOX.into()),
                known: found.services.iter().any(|it| it.name == **name),
                figures: figures.map(|it| it.figures.clone()),
            };
            places.insert((*name).to_owned(), place);
        }
    }
    places
}

/// What is told of calls or answers.
fn told(figures: &Figures) -> String {
    let p95 = figures
        .p95
        .map_or("–".to_owned(), |it| duration_text(it.value));
    let failed = match figures.failed {
        0 => String::new(),
        _ => format!(" · {:.1} % failed", figures.error_ratio * 100.0),
    };
    format!("{:.1}/s{failed} · p95 {p95}", figures.per_second)
}

fn ink(figures: &Figures, theme: &Theme) -> Color32 {
    match figures.error_ratio >= 0.01 {
        true => theme.severe,
        false => theme.text_weak,
    }
}

fn box_ui(ui: &Ui, (name, place): (&str, &Place)) {
    let theme = theme::of(ui.visuals());
    let painter = ui.painter();
    let rect = place.rect;
    let width = if place.known { 1.6 } else { 0.8 };
    painter.rect_filled(rect, 4.0, theme.ground);
    let stroke = Stroke::new(width, theme.series_color(0));
    painter.rect_stroke(rect, 4.0, stroke, StrokeKind::Inside);
    let within = ui.painter_at(rect.shrink(4.0));
    let font = FontId::proportional(13.0);
    let head = match place.figures {
        Some(_) => pos2(rect.center().x, rect.top() + 13.0),
        None => rect.center(),
    };
    within.text(head, Align2::CENTER_CENTER, name, font, theme.text);
    if let Some(figures) = &place.figures {
        let at = pos2(rect.center().x, rect.bottom() - 12.0);
        let font = FontId::proportional(10.5);
        within.text(
            at,
            Align2::CENTER_CENTER,
            told(figures),
            font,
            ink(figures, theme),
        );
    }
}

fn edge_ui(ui: &Ui, (edge, places): (&Edge, &BTreeMap<String, Place>)) {
    let (Some(from), Some(to)) = (places.get(&edge.caller), places.get(&edge.callee)) else {
        return;
    };
    let theme = theme::of(ui.visuals());
    let color = ink(&edge.figures, theme);
    let start = from.rect.right_center();
    let end = to.rect.left_center();
    let bend = ((end.x - start.x).abs() / 2.0).max(40.0);
    let points: [Pos2; 4] = [start, start + vec2(bend, 0.0), end - vec2(bend, 0.0), end];
    // Wider where more time is spent.
    let width = 1.0 + (edge.figures.weight().ln_1p() as f32).clamp(0.0, 4.0);
    let line = CubicBezierShape::from_points_stroke(
        points,
        false,
        Color32::TRANSPARENT,
        Stroke::new(width, color.gamma_multiply(0.7)),
    );
    let middle = line.sample(0.5);
    ui.painter().add(line);
    let tip = [end, end + vec2(-7.0, -4.0), end + vec2(-7.0, 4.0)];
    ui.painter().add(eframe::egui::Shape::convex_polygon(
        tip.to_vec(),
        color,
        Stroke::NONE,
    ));
    let font = FontId::proportional(10.5);
    let text = ui
        .painter()
        .layout_no_wrap(told(&edge.figures), font, color);
    let place = Rect::from_center_size(middle, text.size() + vec2(6.0, 2.0));
    ui.painter()
        .rect_filled(place, 2.0, ui.visuals().panel_fill);
    ui.painter().galley(place.min + vec2(3.0, 1.0), text, color);
    let id = ui.scope_id().with(("call", &edge.caller, &edge.callee));
    let response = ui.interact(place, id, Sense::hover());
    let spoken = format!("Calls from {} to {}", edge.caller, edge.callee);
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Label, true, &spoken));
    response.on_hover_text(why(edge));
}

/// Whom the caller asks in its own words, and what speaks for the box that the line ends at.
fn why(edge: &Edge) -> String {
    let named: Vec<&str> = edge.peers.iter().map(String::as_str).collect();
    let named = match named.join(", ") {
        none if none.is_empty() => "somebody it does not name".to_owned(),
        named => named,
    };
    let head = format!("{} asks {named}", edge.caller);
    match edge.evidence {
        Some(evidence) => format!("{head}; that is {}: {}.", edge.callee, evidence.note()),
        None => format!("{head}; nothing tells which service that is."),
    }
}

#[cfg(test)]
mod tests {
    use analysis::services::Evidence;

    use super::*;

    #[test]
    fn a_line_says_why_it_ends_where_it_does() {
        let mut edge = Edge {
            caller: "nginx".to_owned(),
            callee: "shop".to_owned(),
            known: true,
            peers: vec!["10.0.0.7:80".to_owned(), "10.0.0.8:80".to_owned()],
            evidence: Some(Evidence::Address),
            figures: Figures::default(),
        };
        assert_eq!(
            why(&edge),
            "nginx asks 10.0.0.7:80, 10.0.0.8:80; that is shop: its spans tell the address and port that the caller asks."
        );
        (edge.peers, edge.evidence) = (vec![String::new()], None);
        assert_eq!(
            why(&edge),
            "nginx asks somebody it does not name; nothing tells which service that is."
        );
    }
}
