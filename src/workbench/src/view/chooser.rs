//! Chooses one series: from a searchable list, the selected one, or by dropping it.
//!
//! Start at [`Chooser::ui`].

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{Button, PopupCloseBehavior, StrokeKind, Ui, WidgetInfo, accesskit, vec2};
use model::series::{Series, SeriesKey};
use workflow::input::is_of_system;

use super::dragged;
use super::grid::{Cell, Event, Form, Grid, Head, Row, Tone, Wide};

/// Size of the list.
const LIST: [f32; 2] = [520.0, 300.0];

/// The longest name on the button.
const NAME_MAX: usize = 60;

const HEADS: &[Head] = &[
    Head {
        title: "Series",
        unit: "",
        help: "Every series that the analyses look at",
        wide: Wide::Part(1.0),
        form: Form::Text,
    },
    Head {
        title: "Unit",
        unit: "",
        help: "Unit of its values",
        wide: Wide::Digits(10),
        form: Form::Text,
    },
];

/// Which series is chosen, and the scratch of its list.
#[derive(Debug, Default)]
pub(super) struct Chooser {
    chosen: Option<SeriesKey>,
    list: Grid,
    keys: Vec<SeriesKey>,
    /// Whether the list was open when it was drawn last.
    open: bool,
}

/// What can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Every series of the session.
    pub series: &'a [Series],
    /// Changes whenever `series` does, and only then.
    pub version: u64,
    /// The series that is selected in the window, if one is.
    pub selected: Option<&'a SeriesKey>,
}

impl Choice<'_> {
    fn has(&self, key: &SeriesKey) -> bool {
        self.series.iter().any(|it| it.key == *key)
    }
}

impl Chooser {
    /// The chosen series.
    pub(super) fn chosen(&self) -> Option<&SeriesKey> {
        self.chosen.as_ref()
    }

    /// Chooses a series.
    pub(super) fn choose(&mut self, key: SeriesKey) {
        self.chosen = Some(key);
    }

    /// Takes the selected series while none is chosen, and lets go of one that the
    /// session does not have; to be called before the screen is drawn.
    pub(super) fn settle(&mut self, choice: &Choice<'_>) {
        let chosen = self.chosen.take();
        let known = self.keys_of(choice);
        self.chosen = chosen.filter(|it| known.contains(it));
        if self.chosen.is_none() {
            self.chosen = choice.selected.filter(|it| choice.has(it)).cloned();
        }
    }

    fn keys_of(&mut self, choice: &Choice<'_>) -> &[SeriesKey] {
        let keys = &mut self.keys;
        self.list.fill(choice.version, || {
            let all = choice.series.iter().filter(|it| is_of_system(it));
            let all: Vec<&Series> = all.collect();
            *keys = all.iter().map(|it| it.key.clone()).collect();
            all.into_iter().map(row).collect()
        });
        &self.keys
    }

    /// Draws the button that opens the list, and the one that takes the selected series;
    /// says whether another series was chosen.
    pub(super) fn ui(&mut self, ui: &mut Ui, (what, choice): (&str, &Choice<'_>)) -> bool {
        let before = self.chosen.clone();
        let name = match &self.chosen {
            Some(key) => shortened(&key.to_string()),
            None => "choose a series".to_owned(),
        };
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let button = Button::new(format!("{name} ▾"));
        if !self.open {
            self.list.focus_filter();
        }
        let (response, shown) = MenuButton::from_button(button)
            .config(config)
            .ui(ui, |ui| self.list_ui(ui));
        self.open = shown.is_some();
        let spoken = format!("{what}: {name}");
        response.widget_info(|| WidgetInfo::labeled(accesskit::Role::Button, true, &spoken));
        let response = response.on_hover_text("Search every series; or drop one here");
        if response.dnd_hover_payload::<dragged::Series>().is_some() {
            let stroke = ui.visuals().selection.stroke;
            let rect = response.rect.expand(2.0);
            ui.painter()
                .rect_stroke(rect, 3.0, stroke, StrokeKind::Outside);
        }
        if let Some(dropped) = response.dnd_release_payload::<dragged::Series>() {
            self.chosen = Some(dropped.0.clone());
        }
        let other = choice
            .selected
            .filter(|it| Some(*it) != self.chosen.as_ref());
        if let Some(other) = other.filter(|it| choice.has(it)) {
            let hint = format!("Take the selected series, {other}");
            if ui
                .small_button("Use selected")
                .on_hover_text(hint)
                .clicked()
            {
                self.chosen = Some(other.clone());
            }
        }
        self.chosen != before
    }

    fn list_ui(&mut self, ui: &mut Ui) {
        let [width, height] = LIST;
        ui.set_width(width);
        self.list.filter_ui(ui, "Search series…");
        ui.allocate_ui(vec2(width, height), |ui| {
            ui.set_min_size(vec2(width, height));
            ui.set_max_height(height);
            for event in self.list.ui(ui, ("series", HEADS)) {
                match event {
                    Event::Chosen(row) | Event::Twice(row) => {
                        self.chosen = self.keys.get(row).cloned();
                    }
                    Event::Copy(text) => ui.ctx().copy_text(text),
                }
            }
        });
    }
}

fn row(series: &Series) -> Row {
    let name = series.key.to_string();
    let unit = series.unit.code().to_owned();
    Row {
        cells: vec![Cell::text(name.clone()), Cell::text(unit).toned(Tone::Weak)],
        spoken: format!("choose {name}"),
        key: name,
    }
}

/// The end of a long name tells more than its beginning.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    match count > NAME_MAX {
        true => {
            let tail: String = name.chars().skip(count - NAME_MAX).collect();
            format!("…{tail}")
        }
        false => name.to_owned(),
    }
}
