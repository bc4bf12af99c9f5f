//! Names the series of a panel and tells their values at the cursor.

use eframe::egui::accesskit::Role;
use eframe::egui::{Rect, RichText, Sense, TextStyle, Ui, WidgetInfo, vec2};
use model::series::SeriesKey;
use model::time::Moment;
use model::unit::Unit;

use super::cache::Cache;
use super::curve::{self, Marks, Pen, Weight};
use super::panel::{Action, Curve, Shared, Shown};
use crate::theme::Theme;

/// At most so many entries; a panel with more says how many are left out.
const MOST: usize = 24;

/// Width of the piece of line beside a name.
const SWATCH: f32 = 24.0;

/// What the legend found out.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) actions: Vec<Action>,
    /// The series that is pointed at.
    pub(crate) highlighted: Option<SeriesKey>,
}

/// Draws the entries in rows; a click hides or shows, Alt and click leaves one alone.
pub(crate) fn ui(
    ui: &mut Ui,
    curves: &[Curve<'_>],
    shared: &Shared<'_>,
    (cache, theme): (&Cache, &Theme),
) -> Answer {
    let mut answer = Answer::default();
    let marks = marks_of(curves);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 0.0);
        for curve in curves.iter().take(MOST) {
            let value = value_text(curve, shared, cache);
            entry_ui(ui, curve, (&value, theme, marks), &mut answer);
        }
        if curves.len() > MOST {
            let more = format!("and {} more", curves.len() - MOST);
            ui.label(RichText::new(more).color(theme.text_weak).small());
        }
    });
    answer
}

/// Series need signs besides color only where there is more than one.
pub(crate) fn marks_of(curves: &[Curve<'_>]) -> Marks {
    match curves.len() {
        0 | 1 => Marks::Off,
        _ => Marks::Along,
    }
}

fn entry_ui(
    ui: &mut Ui,
    curve: &Curve<'_>,
    (value, theme, marks): (&str, &Theme, Marks),
    answer: &mut Answer,
) {
    let key = &curve.track.series().key;
    let hidden = curve.shown == Shown::Hidden;
    let pen = Pen {
        color: theme.series_color(curve.look.color),
        look: curve.look,
        weight: Weight::Normal,
        marks,
    };
    let text = match hidden {
        true => format!("{} (hidden)", curve.name),
        false => format!("{} {value}", curve.name),
    };
    let color = if hidden { theme.text_weak } else { theme.text };
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.clone(), font, color);
    // Room for the longest value, so that the row does not dance while values change.
    let room = curve.name.chars().count() as f32 * 5.5 + 46.0;
    let size = vec2(SWATCH + room.max(galley.size().x), galley.size().y + 3.0);
    // Swatch and name are one piece, so that a row never breaks between them.
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let response = ui.interact(rect, ui.scope_id().with(key), Sense::click());
    if !hidden {
        let mut shapes = Vec::new();
        let swatch = Rect::from_min_size(rect.min, vec2(SWATCH, rect.height()));
        curve::swatch(swatch.shrink2(vec2(3.0, 0.0)), &pen, &mut shapes);
        ui.painter().extend(shapes);
    }
    if response.hovered() || response.has_focus() {
        let ground = ui.visuals().widgets.hovered.weak_bg_fill;
        ui.painter().rect_filled(rect, 2.0, ground);
    }
    let at = rect.left_center() + vec2(SWATCH + 2.0, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
    if response.hovered() {
        answer.highlighted = Some(key.clone());
    }
    if response.clicked() {
        let alone = ui.input(|input| input.modifiers.alt);
        answer.actions.push(match (alone, hidden) {
            (true, _) => Action::Solo(key.clone()),
            (false, true) => Action::Show(key.clone()),
            (false, false) => Action::Hide(key.clone()),
        });
    }
    let name = key.to_string();
    response.on_hover_text(format!(
        "{name}\nclick hides or shows, Alt+click shows it alone"
    ));
}

/// The value at the cursor, or the latest; with both measuring cursors their difference too.
fn value_text(curve: &Curve<'_>, shared: &Shared<'_>, cache: &Cache) -> String {
    let unit = &curve.track.series().unit;
    let mut text = match shared.cursor {
        Some(cursor) => at_text(curve, cursor, cache),
        None => match curve.track.latest().filter(|_| !is_mute(curve, shared)) {
            Some((_, value)) => unit.text(value),
            None => "–".to_owned(),
        },
    };
    if let [Some(a), Some(b)] = shared.measure {
        let at = |moment| curve.track.value_at(moment).map(|(_, value)| value);
        if let (Some(a), Some(b)) = (at(a), at(b)) {
            text.push_str(&format!(", Δ {}", signed(unit, b - a)));
        }
    }
    text
}

/// Whether its latest value is old, because its host says nothing any more.
fn is_mute(curve: &Curve<'_>, shared: &Shared<'_>) -> bool {
    let host = &curve.track.series().key.host;
    shared.mute.iter().any(|mute| mute == host)
}

/// The exact value, or the extremes of the pixel where rows are not loaded.
fn at_text(curve: &Curve<'_>, cursor: Moment, cache: &Cache) -> String {
    let series = curve.track.series();
    if let Some((_, value)) = curve.track.value_at(cursor) {
        return series.unit.text(value);
    }
    let column = cache
        .of(&series.key)
        .and_then(|kept| kept.envelope.column_at(cursor))
        .filter(|_| !curve.track.has_rows());
    match column {
        Some(column) => format!(
            "{} to {}",
            series.unit.text(column.min),
            series.unit.text(column.max)
        ),
        None => "–".to_owned(),
    }
}

fn signed(unit: &Unit, value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}", unit.text(value.abs()))
}
