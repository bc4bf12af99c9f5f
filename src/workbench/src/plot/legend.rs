//! Names the series of a panel and tells their values at the cursor.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Button, Galley, Rect, RichText, Sense, TextStyle, Ui, Vec2, WidgetInfo, vec2};
use model::series::SeriesKey;
use model::time::Moment;
use model::unit::Unit;

use super::cache::Cache;
use super::curve::{self, Marks, Pen, Weight};
use super::panel::{Action, Curve, Shared, Shown};
use crate::theme::Theme;

/// Rows of entries before the user asks for all: a plot needs its height.
const ROWS: usize = 2;

/// Room for the button that shows the rest.
const MORE: f32 = 40.0;

/// Space between entries.
const GAP: f32 = 4.0;

/// Width of the piece of line beside a name.
const SWATCH: f32 = 24.0;

/// What the legend found out.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) actions: Vec<Action>,
    /// The series that is pointed at.
    pub(crate) highlighted: Option<SeriesKey>,
}

/// Whether all entries are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Two rows of them.
    #[default]
    Short,
    /// All, however much height they take.
    Whole,
}

/// Draws the entries in rows; a click hides or shows, Alt and click leaves one alone.
pub(crate) fn ui(
    ui: &mut Ui,
    (curves, extent): (&[Curve<'_>], &mut Extent),
    shared: &Shared<'_>,
    (cache, theme): (&Cache, &Theme),
) -> Answer {
    let mut answer = Answer::default();
    let marks = marks_of(curves);
    let entries: Vec<Entry> = curves
        .iter()
        .map(|curve| entry(ui, curve, (value_text(curve, shared, cache), theme)))
        .collect();
    let widths: Vec<f32> = entries.iter().map(|entry| entry.size.x).collect();
    let fit = fitting(&widths, ui.available_width());
    let drawn = match extent {
        Extent::Short => fit,
        Extent::Whole => curves.len(),
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, 0.0);
        for (curve, entry) in curves.iter().zip(&entries).take(drawn) {
            entry_ui(ui, (curve, entry), (theme, marks), &mut answer);
        }
        if fit < curves.len() {
            more_ui(ui, extent, (&curves[fit..], theme));
        }
    });
    answer
}

/// How many entries of these widths fit, with the button behind them if not all do.
fn fitting(widths: &[f32], room: f32) -> usize {
    let fits = |count: usize, last: f32| {
        let (mut rows, mut x) = (1, 0.0);
        let ends = std::iter::once(&last).filter(|width| **width > 0.0);
        for width in widths[..count].iter().chain(ends) {
            if x > 0.0 && x + width > room {
                rows += 1;
                x = 0.0;
            }
            x += width + GAP;
        }
        rows <= ROWS
    };
    if fits(widths.len(), 0.0) {
        return widths.len();
    }
    let counts = (1..widths.len()).rev();
    counts.into_iter().find(|it| fits(*it, MORE)).unwrap_or(1)
}

/// The button that shows the entries that found no room, or puts them away again.
fn more_ui(ui: &mut Ui, extent: &mut Extent, (rest, theme): (&[Curve<'_>], &Theme)) {
    let (text, spoken) = match extent {
        Extent::Short => (
            format!("+ {}", rest.len()),
            format!("Show {} more series", rest.len()),
        ),
        Extent::Whole => ("−".to_owned(), "Show fewer series".to_owned()),
    };
    let text = RichText::new(text).color(theme.text_weak).small();
    let response = ui.add(Button::new(text).small().frame(false));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    if response.clicked() {
        *extent = match extent {
            Extent::Short => Extent::Whole,
            Extent::Whole => Extent::Short,
        };
    }
    let names: Vec<&str> = rest.iter().map(|curve| curve.name).collect();
    response.on_hover_text(format!("{spoken}: {}", names.join(", ")));
}

/// Series need signs besides color only where there is more than one.
pub(crate) fn marks_of(curves: &[Curve<'_>]) -> Marks {
    match curves.len() {
        0 | 1 => Marks::Off,
        _ => Marks::Along,
    }
}

/// The text of an entry and the room it takes.
struct Entry {
    text: String,
    galley: Arc<Galley>,
    size: Vec2,
}

fn entry(ui: &Ui, curve: &Curve<'_>, (value, theme): (String, &Theme)) -> Entry {
    let hidden = curve.shown == Shown::Hidden;
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
    Entry { text, galley, size }
}

fn entry_ui(
    ui: &mut Ui,
    (curve, entry): (&Curve<'_>, &Entry),
    (theme, marks): (&Theme, Marks),
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
    // Swatch and name are one piece, so that a row never breaks between them.
    let (rect, _) = ui.allocate_exact_size(entry.size, Sense::hover());
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
    let at = rect.left_center() + vec2(SWATCH + 2.0, -entry.galley.size().y / 2.0);
    ui.painter()
        .galley(at, Arc::clone(&entry.galley), theme.text);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &entry.text));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rows_are_filled_and_the_button_has_its_place() {
        assert_eq!(fitting(&[100.0; 4], 300.0), 4);
        assert_eq!(fitting(&[100.0; 6], 310.0), 6, "exactly two rows");
        assert_eq!(
            fitting(&[100.0; 7], 310.0),
            5,
            "one gives way to the button"
        );
        assert_eq!(
            fitting(&[100.0; 7], 360.0),
            6,
            "the button fits beside them"
        );
        assert_eq!(fitting(&[400.0; 3], 300.0), 1);
        assert_eq!(fitting(&[], 300.0), 0);
    }
}
