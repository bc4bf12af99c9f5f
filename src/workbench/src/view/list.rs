//! A list of equally high rows: only the visible ones are drawn, all can be
//! reached by arrow keys, Page Up, Page Down, Home and End.

use eframe::egui::scroll_area::ScrollArea;
use eframe::egui::text::TextWrapping;
use eframe::egui::{
    Align2, Color32, EventFilter, Id, Key, Rect, Response, Sense, TextFormat, TextStyle, Ui,
    WidgetInfo, accesskit, pos2, text, vec2,
};

use crate::theme;

/// Space between the edge of a row and its text.
pub(super) const INDENT: f32 = 6.0;

/// What is listed.
pub(super) struct List<'a> {
    /// Tells lists within one panel apart.
    pub(super) salt: &'static str,
    /// Number of rows.
    pub(super) count: usize,
    /// Identity of a row by what it shows, so that equal labels share nothing.
    pub(super) row_id: &'a dyn Fn(usize) -> Id,
}

/// Where a row is to be drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) index: usize,
    pub(super) id: Id,
    pub(super) rect: Rect,
}

/// Height of a row that holds one line of text.
pub(super) fn row_height(ui: &Ui) -> f32 {
    (ui.text_style_height(&TextStyle::Body) + 5.0).round()
}

impl List<'_> {
    /// Draws the visible rows; returns the index of the focused one.
    pub(super) fn show(&self, ui: &mut Ui, mut row: impl FnMut(&mut Ui, Place)) -> Option<usize> {
        let height = row_height(ui);
        let area = ScrollArea::vertical()
            .id_salt(self.salt)
            .auto_shrink(false)
            // The row that gets the focus must be there in the next frame.
            .animated(false);
        area.show_viewport(ui, |ui, viewport| {
            ui.set_height(self.count as f32 * height);
            let first = (viewport.min.y / height).floor().max(0.0) as usize;
            let last = (viewport.max.y / height).ceil().max(0.0) as usize;
            let page = last.saturating_sub(first).saturating_sub(2).max(1);
            let origin = ui.max_rect().left_top();
            let width = ui.available_width();
            let place = |index: usize| {
                let top = origin + vec2(0.0, index as f32 * height);
                Rect::from_min_size(top, vec2(width, height))
            };
            let mut focused = None;
            let mut target = None;
            for index in first..last.min(self.count) {
                let (id, rect) = ((self.row_id)(index), place(index));
                if ui.memory(|memory| memory.has_focus(id)) {
                    focused = Some(index);
                    hold_arrows(ui, id);
                    target = key_target(ui, (index, self.count), page);
                }
                row(ui, Place { index, id, rect });
            }
            if let Some(target) = target {
                ui.scroll_to_rect(place(target), None);
                ui.memory_mut(|memory| memory.request_focus((self.row_id)(target)));
            }
            focused
        })
        .inner
    }
}

/// Keeps the arrow keys for rows while one of them has the focus.
pub(super) fn hold_arrows(ui: &Ui, id: Id) {
    let filter = EventFilter {
        vertical_arrows: true,
        horizontal_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
}

/// Where the keys move the focus from one of `count` rows, if they do.
pub(super) fn key_target(ui: &Ui, (row, count): (usize, usize), page: usize) -> Option<usize> {
    let end = count.saturating_sub(1);
    let steps = [
        (Key::ArrowDown, (row + 1).min(end)),
        (Key::ArrowUp, row.saturating_sub(1)),
        (Key::PageDown, (row + page).min(end)),
        (Key::PageUp, row.saturating_sub(page)),
        (Key::Home, 0),
        (Key::End, end),
    ];
    let pressed = ui.input(|input| {
        let step = steps.iter().find(|(key, _)| input.key_pressed(*key));
        step.map(|(_, target)| *target)
    });
    pressed.filter(|target| *target != row)
}

/// Whether a row is drawn as chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Yes,
    No,
}

impl Chosen {
    pub(super) fn when(condition: bool) -> Self {
        match condition {
            true => Self::Yes,
            false => Self::No,
        }
    }
}

/// Senses clicks on a row, draws its ground and gives it a spoken name.
pub(super) fn row_ui(
    ui: &Ui,
    place: Place,
    (sense, chosen): (Sense, Chosen),
    spoken: &dyn Fn() -> String,
) -> Response {
    let response = ui.interact(place.rect, place.id, sense);
    ground(ui, place.rect, (&response, chosen));
    response.widget_info(|| {
        let selected = chosen == Chosen::Yes;
        WidgetInfo::selected(accesskit::Role::ListBoxOption, true, selected, spoken())
    });
    response
}

/// Draws what shows that a row is chosen, pointed at or focused.
pub(super) fn ground(ui: &Ui, rect: Rect, (response, chosen): (&Response, Chosen)) {
    let visuals = ui.visuals();
    let inside = rect.shrink2(vec2(1.0, 0.0));
    if chosen == Chosen::Yes {
        ui.painter()
            .rect_filled(inside, 2.0, theme::of(visuals).selection_fill);
    } else if response.hovered() {
        ui.painter()
            .rect_filled(inside, 2.0, visuals.widgets.hovered.weak_bg_fill);
    }
    if response.has_focus() {
        let stroke = visuals.selection.stroke;
        ui.painter()
            .rect_stroke(inside, 2.0, stroke, eframe::egui::StrokeKind::Inside);
    }
}

/// How a piece of text in a row looks.
#[derive(Clone, Debug)]
pub(super) struct Ink {
    pub(super) style: TextStyle,
    pub(super) color: Color32,
    pub(super) align: Align2,
}

impl Ink {
    pub(super) fn left(color: Color32) -> Self {
        Self {
            style: TextStyle::Body,
            color,
            align: Align2::LEFT_CENTER,
        }
    }

    pub(super) fn number(color: Color32) -> Self {
        Self {
            style: TextStyle::Monospace,
            color,
            align: Align2::RIGHT_CENTER,
        }
    }
}

/// Draws one line of text, cut with an ellipsis where it does not fit; returns its width.
pub(super) fn text(ui: &Ui, rect: Rect, words: &str, ink: &Ink) -> f32 {
    if rect.width() <= 0.0 {
        return 0.0;
    }
    let format = TextFormat::simple(ink.style.resolve(ui.style()), ink.color);
    let mut job = text::LayoutJob::single_section(words.to_owned(), format);
    job.wrap = TextWrapping::truncate_at_width(rect.width());
    job.break_on_newline = false;
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let at = ink.align.align_size_within_rect(galley.size(), rect).min;
    // Whole pixels keep the letters of a column equally sharp.
    let at = pos2(at.x.round(), at.y.round());
    let width = galley.size().x;
    ui.painter().galley(at, galley, ink.color);
    width
}

/// Room for so many digits of the monospace font, so that a column fits at every text size.
pub(super) fn digits_wide(ui: &Ui, count: u16) -> f32 {
    let font = TextStyle::Monospace.resolve(ui.style());
    let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    (digit * f32::from(count)).ceil() + 2.0
}

/// Room for a short text.
pub(super) fn text_wide(ui: &Ui, words: &str, style: &TextStyle) -> f32 {
    let font = style.resolve(ui.style());
    let color = Color32::PLACEHOLDER;
    ui.fonts_mut(|fonts| {
        fonts
            .layout_no_wrap(words.to_owned(), font, color)
            .size()
            .x
            .ceil()
    })
}

/// Cuts `width` from the left of what is left of a row.
pub(super) fn cut(rest: &mut Rect, width: f32) -> Rect {
    let edge = (rest.left() + width).min(rest.right());
    let piece = Rect::from_min_max(rest.min, pos2(edge, rest.bottom()));
    rest.min.x = (edge + INDENT).min(rest.right());
    piece
}
