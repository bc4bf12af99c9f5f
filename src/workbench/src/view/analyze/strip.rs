//! The strip where the three analyses agree and contradict, one row for a host.

use analysis::agreement::{Strip, Verdict, Voices};
use eframe::egui::{Rect, RichText, Sense, Ui, WidgetInfo, accesskit, pos2, vec2};
use model::time::{Moment, Span};

use super::super::lane;
use super::super::list::{self, Ink};
use super::{Action, Data};
use crate::plot::spark;
use crate::theme::{self, Theme};

/// Cells over the view: as fine as a strip of usual width can show.
pub(super) const CELLS: usize = 240;

/// Height of a host's row: three voices and the verdict under them.
const ROW: f32 = 24.0;

/// Height of one voice.
const VOICE: f32 = 4.0;

/// At most so many hosts are drawn.
const HOSTS_MAX: usize = 6;

/// Room for the names of hosts.
const NAMES: f32 = 92.0;

/// Height of the strip for so many hosts, with its legend.
pub(super) fn height(ui: &Ui, hosts: usize) -> f32 {
    hosts.clamp(1, HOSTS_MAX) as f32 * (ROW + 2.0) + list::row_height(ui) + 6.0
}

/// Draws the strip; returns the moment under the pointer.
pub(super) fn ui(
    ui: &mut Ui,
    strips: &[Strip],
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) -> Option<Moment> {
    legend_ui(ui);
    if strips.is_empty() {
        ui.weak("Neither of the three speaks within this stretch of time.");
        return None;
    }
    let mut hovered = None;
    for strip in strips.iter().take(HOSTS_MAX) {
        let found = row_ui(ui, strip, data, actions);
        hovered = hovered.or(found);
    }
    hovered
}

fn legend_ui(ui: &mut Ui) {
    let theme = theme::of(ui.visuals());
    ui.horizontal(|ui| {
        ui.strong("Agreement");
        for verdict in [
            Verdict::Agree,
            Verdict::ChangeWithoutLimit,
            Verdict::LimitWithoutChange,
        ] {
            let text = format!("■ {}", verdict.name());
            ui.label(RichText::new(text).color(color(verdict, theme)).small());
        }
        ui.weak(RichText::new("thin lines: trend, anomaly, bottleneck").small());
    });
}

fn color(verdict: Verdict, theme: &Theme) -> eframe::egui::Color32 {
    match verdict {
        Verdict::Quiet => theme.grid,
        Verdict::Agree => theme.severe,
        Verdict::ChangeWithoutLimit => theme.event,
        Verdict::LimitWithoutChange => theme.quality_edge,
    }
}

fn row_ui(
    ui: &mut Ui,
    strip: &Strip,
    data: &Data<'_>,
    actions: &mut Vec<Action>,
) -> Option<Moment> {
    let theme = theme::of(ui.visuals());
    let size = vec2(ui.available_width(), ROW);
    let (whole, response) = ui.allocate_exact_size(size, Sense::click());
    let mut rest = whole;
    let names = list::cut(&mut rest, NAMES);
    list::text(ui, names, &strip.host, &Ink::left(theme.text_weak));
    let painter = ui.painter_at(rest);
    painter.rect_filled(rest, 1.0, theme.ground);
    let wide = rest.width() / strip.cells.len().max(1) as f32;
    for (number, voices) in strip.cells.iter().enumerate() {
        let left = rest.left() + number as f32 * wide;
        for rect in voice_rects(*voices, (left, wide), rest.top()) {
            painter.rect_filled(rect.1, 0.0, theme.series_color(rect.0));
        }
        let verdict = voices.verdict();
        if verdict != Verdict::Quiet {
            let low = Rect::from_min_max(
                pos2(left, rest.top() + 3.0 * VOICE + 2.0),
                pos2(left + wide, rest.bottom()),
            );
            painter.rect_filled(low, 0.0, color(verdict, theme));
        }
    }
    let canvas = spark::canvas(rest, data.view);
    painter.extend(lane::guides(&canvas, &data.axis(), theme));
    response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Figure, true, spoken(strip)));
    let at = response.hover_pos().filter(|at| rest.contains(*at));
    let number = at.map(|at| ((at.x - rest.left()) / wide) as usize);
    let cell = number.and_then(|it| Some((it, *strip.cells.get(it)?)));
    if response.clicked()
        && let Some((number, _)) = cell
    {
        actions.push(Action::Show(same_verdict(strip, number, data.view)));
    }
    if let Some((_, voices)) = cell {
        response.on_hover_text_at_pointer(told(voices));
    }
    at.map(|at| canvas.moment(at.x))
}

/// Number of the color and place of each voice that speaks.
fn voice_rects(voices: Voices, (left, wide): (f32, f32), top: f32) -> Vec<(usize, Rect)> {
    let all = [voices.trend, voices.anomaly, voices.bottleneck];
    let speaking = all.iter().enumerate().filter(|(_, speaks)| **speaks);
    speaking
        .map(|(line, _)| {
            let top = top + line as f32 * VOICE;
            let rect = Rect::from_min_size(pos2(left, top), vec2(wide, VOICE - 1.0));
            (line, rect)
        })
        .collect()
}

/// The stretch around a cell in which the verdict stays the same.
fn same_verdict(strip: &Strip, number: usize, view: Span) -> Span {
    let verdict = strip.cells[number].verdict();
    let same = |cell: &&Voices| cell.verdict() == verdict;
    let before = strip.cells[..number].iter().rev().take_while(same).count();
    let after = strip.cells[number..].iter().take_while(same).count();
    let length = view.length_ns() as f64 / strip.cells.len().max(1) as f64;
    let at = |cell: usize| view.from.plus_ns((cell as f64 * length) as i64);
    Span {
        from: at(number - before),
        to: at(number + after),
    }
}

fn told(voices: Voices) -> String {
    let mut speaking = Vec::new();
    for (speaks, name) in [
        (voices.trend, "trend"),
        (voices.anomaly, "anomaly"),
        (voices.bottleneck, "bottleneck"),
    ] {
        if speaks {
            speaking.push(name);
        }
    }
    match speaking.is_empty() {
        true => voices.verdict().name().to_owned(),
        false => format!("{}: {}", voices.verdict().name(), speaking.join(", ")),
    }
}

fn spoken(strip: &Strip) -> String {
    let count = |verdict| {
        let cells = strip.cells.iter().filter(|it| it.verdict() == verdict);
        100 * cells.count() / strip.cells.len().max(1)
    };
    format!(
        "Agreement on {}: {} % of the time they agree, {} % changed without a limit, {} % limited as before",
        strip.host,
        count(Verdict::Agree),
        count(Verdict::ChangeWithoutLimit),
        count(Verdict::LimitWithoutChange)
    )
}
