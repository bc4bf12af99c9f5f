//! Many sessions: a table that is searched, labelled and compared, and one figure that is
//! followed over them.
//!
//! * A double click opens a session, two that are held are compared, several followed.
//! * What cannot be read stands in the table with its reason.
//!
//! Start at [`ui`].

mod labels;
mod review;
mod rows;
mod trend;

use std::path::{Path, PathBuf};

use eframe::egui::{RichText, TextEdit, Ui, vec2};
use model::period::Cycle;
use workflow::library::label::Change;
use workflow::library::query::{FIELDS, Query};
use workflow::library::trend::Request;
use workflow::library::{Entry, Freshness, Listing};

use super::grid::{Event, Grid};
use crate::export::Form;
use crate::plot::time_axis::Clock;
use crate::shelf::Shelf;
use crate::theme;

/// The table takes this part of the height.
const TABLE: f32 = 0.52;

/// What stands below the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Below {
    /// Tags, note and build of the held sessions.
    #[default]
    Session,
    /// One figure over the held sessions.
    Trend,
    /// What the last period brought.
    Review,
}

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug)]
pub struct State {
    search: String,
    /// What the last search that could be read means.
    query: Query,
    wrong: String,
    table: Grid,
    /// Which listing and search the rows were made for, and how often they were.
    made_for: Option<(u64, String)>,
    made: u64,
    /// Places of the rows within the listing.
    places: Vec<usize>,
    below: Below,
    labels: labels::State,
    trend: trend::State,
    review: review::State,
    asked_once: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            search: String::new(),
            query: Query::default(),
            wrong: String::new(),
            table: Grid::default().of_several(),
            made_for: None,
            made: 0,
            places: Vec::new(),
            below: Below::default(),
            labels: labels::State::default(),
            trend: trend::State::default(),
            review: review::State::default(),
            asked_once: false,
        }
    }
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Folders of the library.
    pub roots: &'a [PathBuf],
    /// The folder that recordings go to.
    pub usual: &'a Path,
    /// What was listed and followed.
    pub shelf: &'a Shelf,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Ask for a folder and add it.
    PickFolder,
    /// Add this folder.
    AddFolder(PathBuf),
    /// Take this folder out; nothing of it is touched.
    RemoveFolder(PathBuf),
    /// List the sessions.
    List(Freshness),
    /// Open this session.
    Open(PathBuf),
    /// Compare these two sessions.
    Compare(PathBuf, PathBuf),
    /// Change the labels of these sessions.
    Label(Vec<PathBuf>, Change),
    /// Follow a figure over these sessions.
    Follow(Vec<PathBuf>, Request),
    /// Review the last whole period, in the calendar of a zone.
    Review(Cycle, String),
    /// Write the review into a file.
    ExportReview(Form),
    /// Stop what runs.
    Cancel,
    /// Put this text on the clipboard.
    Copy(String),
}

/// Draws the screen; costs the rows in sight and the points of the trend.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    if data.roots.is_empty() {
        empty_ui(ui, data, &mut actions);
        return actions;
    }
    let listing = data.shelf.listing();
    let never = listing.found().is_none() && listing.trouble().is_none();
    if never && !listing.is_running() && !state.asked_once {
        state.asked_once = true;
        actions.push(Action::List(Freshness::Index));
    }
    ui.horizontal_wrapped(|ui| tools_ui(ui, state, data, &mut actions));
    if let Some(why) = listing.trouble() {
        ui.colored_label(theme::of(ui.visuals()).severe, why);
    }
    let Some(found) = listing.found() else {
        if listing.is_running() {
            ui.spinner();
        }
        return actions;
    };
    notes_ui(ui, found);
    if found.entries.is_empty() {
        let why =
            "There is no session in these folders yet. A recording that is saved there shows here.";
        super::empty::text(ui, why);
        return actions;
    }
    state.refresh(found, (listing.version(), data.clock));
    let whole = ui.available_size();
    let size = vec2(whole.x, (whole.y * TABLE).round());
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.set_max_size(size);
        table_ui(ui, state, found, &mut actions);
    });
    ui.separator();
    below_ui(ui, state, (found, data), &mut actions);
    actions
}

fn empty_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let why = "A library is one folder of recordings or several: listed with what was found in them, \
               searched, labelled, compared, and followed over time or builds.";
    let usual = format!("Use {}", data.usual.display());
    super::empty::with(ui, why, |ui| {
        if ui.button(usual).clicked() {
            actions.push(Action::AddFolder(data.usual.to_path_buf()));
        }
        if ui.button("Choose a folder…").clicked() {
            actions.push(Action::PickFolder);
        }
    });
}

fn notes_ui(ui: &mut Ui, found: &Listing) {
    for note in found.notes.iter().take(3) {
        ui.colored_label(theme::of(ui.visuals()).quality_edge, note);
    }
}

impl State {
    /// Makes the rows anew when the listing or the search changed.
    fn refresh(&mut self, listing: &Listing, (version, clock): (u64, &Clock)) {
        match Query::parse(&self.search) {
            Ok(query) => {
                self.query = query;
                self.wrong.clear();
            }
            // While a term is typed the last search that could be read holds.
            Err(error) => self.wrong = error.to_string(),
        }
        let wanted = (
            version,
            format!("{:?}{}", self.query, super::clock_name(clock)),
        );
        if self.made_for.as_ref() != Some(&wanted) {
            self.made_for = Some(wanted);
            self.made += 1;
            let entries = listing.entries.iter().enumerate();
            let fits = entries.filter(|(_, it)| self.query.fits(it));
            self.places = fits.map(|(place, _)| place).collect();
        }
        let entries = self.places.iter().filter_map(|it| listing.entries.get(*it));
        self.table.fill(self.made, || {
            entries.map(|it| rows::row(it, clock)).collect()
        });
    }

    /// The held sessions, as they stand in the table.
    fn held<'a>(&self, listing: &'a Listing) -> Vec<&'a Entry> {
        let find = |key: &str| {
            let mut entries = listing.entries.iter();
            entries.find(|it| it.path.to_string_lossy() == key)
        };
        self.table.held().into_iter().filter_map(find).collect()
    }
}

fn tools_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    let fields = FIELDS.iter().map(|(name, help)| format!("{name} {help}"));
    let fields = fields.collect::<Vec<_>>().join("\n");
    let edit = TextEdit::singleline(&mut state.search)
        .hint_text("Search: words, host: tag: after:…")
        .desired_width(280.0)
        .id_salt("search sessions");
    ui.add(edit).on_hover_text(format!(
        "Every term must hold; a minus turns one around.\n{fields}"
    ));
    folders_ui(ui, data, actions);
    let listing = data.shelf.listing();
    if listing.is_running() {
        ui.spinner();
        if ui.button("Cancel").clicked() {
            actions.push(Action::Cancel);
        }
    } else if ui
        .button("Refresh")
        .on_hover_text("Looks which sessions changed and reads those anew")
        .clicked()
    {
        actions.push(Action::List(Freshness::Index));
    }
    if let Some(Event::Copy(text)) = state.table.copy_ui(ui, "Copy", rows::HEADS) {
        actions.push(Action::Copy(text));
    }
    if let Some(found) = listing.found() {
        let (shown, of) = (state.places.len(), found.entries.len());
        ui.weak(match shown == of {
            true => format!("{of} sessions"),
            false => format!("{shown} of {of} sessions"),
        });
    }
    if !state.wrong.is_empty() {
        ui.colored_label(theme::of(ui.visuals()).quality_edge, &state.wrong);
    }
}

fn folders_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    let name = match data.roots {
        [one] => one.display().to_string(),
        many => format!("{} folders", many.len()),
    };
    ui.menu_button(format!("{name} ▾"), |ui| {
        for root in data.roots {
            ui.horizontal(|ui| {
                let remove = ui.small_button("×");
                let name = format!("Take {} out of the library", root.display());
                if remove.on_hover_text(name).clicked() {
                    actions.push(Action::RemoveFolder(root.clone()));
                }
                ui.label(root.display().to_string());
            });
        }
        ui.separator();
        if ui.button("Add a folder…").clicked() {
            actions.push(Action::PickFolder);
            ui.close();
        }
        if ui
            .button("Read everything anew")
            .on_hover_text("Trusts nothing that was kept of earlier listings")
            .clicked()
        {
            actions.push(Action::List(Freshness::Anew));
            ui.close();
        }
    });
}

fn table_ui(ui: &mut Ui, state: &mut State, listing: &Listing, actions: &mut Vec<Action>) {
    if state.places.is_empty() {
        ui.weak("No session fits the search.");
        return;
    }
    for event in state.table.ui(ui, ("sessions", rows::HEADS)) {
        match event {
            Event::Twice(row) => {
                let place = state.places.get(row);
                let entry = place.and_then(|it| listing.entries.get(*it));
                actions.extend(entry.map(|it| Action::Open(it.path.clone())));
            }
            Event::Copy(text) => actions.push(Action::Copy(text)),
            Event::Chosen(_) => {}
        }
    }
}

fn below_ui(
    ui: &mut Ui,
    state: &mut State,
    (listing, data): (&Listing, &Data<'_>),
    actions: &mut Vec<Action>,
) {
    let held = state.held(listing);
    ui.horizontal_wrapped(|ui| {
        for (below, name) in [
            (Below::Session, "Session"),
            (Below::Trend, "Trend"),
            (Below::Review, "Review…"),
        ] {
            let chosen = state.below == below;
            if ui
                .selectable_label(chosen, RichText::new(name).strong())
                .clicked()
            {
                state.below = below;
            }
        }
        ui.separator();
        held_ui(ui, &mut state.table, &held, actions);
    });
    match state.below {
        Below::Session => labels::ui(ui, &mut state.labels, (&held, data.clock), actions),
        Below::Review => review::ui(ui, &mut state.review, data.shelf, actions),
        Below::Trend => {
            // Without a choice every session that fits the search is meant.
            let all: Vec<&Entry>;
            let meant = match held.len() {
                0 | 1 => {
                    let fits = state.places.iter();
                    all = fits.filter_map(|it| listing.entries.get(*it)).collect();
                    &all
                }
                _ => &held,
            };
            trend::ui(ui, &mut state.trend, (meant, data), actions);
        }
    }
}

/// What can be done with the held sessions.
fn held_ui(ui: &mut Ui, table: &mut Grid, held: &[&Entry], actions: &mut Vec<Action>) {
    match held {
        [] => {
            ui.weak("Choose a session; hold Ctrl or Shift for several.");
        }
        [one] => {
            let can = one.facts().is_some();
            if ui
                .add_enabled(can, eframe::egui::Button::new("Open"))
                .clicked()
            {
                actions.push(Action::Open(one.path.clone()));
            }
            ui.weak("Hold Ctrl or Shift for several; a double click opens.");
        }
        [before, after] => {
            let can = before.facts().is_some() && after.facts().is_some();
            let button = eframe::egui::Button::new("Compare these two");
            if ui.add_enabled(can, button).clicked() {
                let (before, after) = in_time(before, after);
                actions.push(Action::Compare(before.path.clone(), after.path.clone()));
            }
            ui.weak("The earlier one is A.");
        }
        many => {
            ui.label(format!("{} sessions are held.", many.len()));
        }
    }
    if ui.button("Hold all shown").clicked() {
        table.hold_all();
    }
}

fn in_time<'a>(a: &'a Entry, b: &'a Entry) -> (&'a Entry, &'a Entry) {
    let at = |it: &Entry| it.facts().map(|facts| facts.span.from);
    match at(b) < at(a) {
        true => (b, a),
        false => (a, b),
    }
}

#[cfg(test)]
mod tests;
