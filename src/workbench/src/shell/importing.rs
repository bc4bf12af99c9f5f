//! The dialog that says how files of others are to be read: what their columns are, what
//! their times mean, and onto which axis several of them go.
//!
//! What the beginning of each file becomes is shown while it is said.
//!
//! Start at [`Draft::of`].

use std::path::{Path, PathBuf};

use eframe::egui::{self, RichText, TextEdit, Ui};
use model::catalog::Kind;
use model::time::{Moment, Span, parse_duration_ns};
use model::unit::Unit;
use workflow::imports::{
    As, Ask, COUNTS, Decimal, How, Origin, Preview, ROLES, Role, Setup, Sketch, TablePreview,
    TimeZone, Told,
};

use super::dialogs::{Action, Answer, buttons_ui, field_ui};
use crate::tasks::Purpose;
use crate::theme;

/// So many series are named of what a file becomes.
const NAMED: usize = 4;

/// So many cells are shown of a column.
const CELLS: usize = 3;

/// So many remarks are shown of a file.
const NOTES: usize = 4;

/// What separates cells: as it is offered, and the character.
const DELIMITERS: [(&str, Option<u8>); 5] = [
    ("as found", None),
    ("comma", Some(b',')),
    ("semicolon", Some(b';')),
    ("tab", Some(b'\t')),
    ("bar", Some(b'|')),
];

/// What stands before decimals.
const DECIMALS: [(&str, Option<Decimal>); 3] = [
    ("as found", None),
    ("point", Some(Decimal::Point)),
    ("comma", Some(Decimal::Comma)),
];

/// Files that are imported together, as it is edited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    files: Vec<FileDraft>,
    /// The one whose reading is shown.
    shown: usize,
    server: ServerDraft,
    host: String,
    by_load: bool,
    /// The session to write; a single file needs none.
    out: String,
}

/// One file, as it is said to be.
#[derive(Clone, Debug, Default, PartialEq)]
struct FileDraft {
    path: PathBuf,
    table: workflow::imports::TableHow,
    zone: String,
    start: String,
    every: String,
    /// What was asked about last, and what came of it.
    asked: Option<How>,
    preview: Option<Result<Preview, String>>,
}

/// A server that is asked beside the files.
#[derive(Clone, Debug, Default, PartialEq)]
struct ServerDraft {
    address: String,
    /// One a line.
    queries: String,
    from: String,
    to: String,
    step: String,
}

impl Draft {
    /// Files to import, and where a session of them would go.
    pub fn of(paths: impl IntoIterator<Item = PathBuf>, out: &Path) -> Self {
        let mut draft = Self {
            out: out.display().to_string(),
            ..Self::default()
        };
        paths.into_iter().for_each(|path| draft.add(path));
        draft
    }

    /// Adds a file, unless it is there.
    pub fn add(&mut self, path: PathBuf) {
        if self.files.iter().any(|it| it.path == path) {
            return;
        }
        self.shown = self.files.len();
        self.files.push(FileDraft {
            path,
            ..FileDraft::default()
        });
    }

    /// Takes in what the beginning of a file becomes.
    pub fn previewed(&mut self, path: &Path, how: &How, preview: Result<Preview, String>) {
        let asked = |it: &&mut FileDraft| it.path == path && it.asked.as_ref() == Some(how);
        let Some(file) = self.files.iter_mut().find(asked) else {
            return;
        };
        let first = file.preview.is_none();
        if let (true, Ok(preview)) = (first, &preview) {
            // What looks long is most likely meant so; one click takes it back.
            file.table.long |= preview.table.as_ref().is_some_and(|it| it.looks_long);
        }
        file.preview = Some(preview);
    }

    /// What is asked of the workflow, and where it is written; `None` in memory.
    fn setup(&self) -> Result<(Setup, Option<PathBuf>), String> {
        let mut setup = Setup {
            by_load: self.by_load,
            host: Some(self.host.trim().to_owned()).filter(|it| !it.is_empty()),
            ..Setup::default()
        };
        for file in &self.files {
            let how = file.how().map_err(|(_, why)| why)?;
            setup.inputs.push((Origin::File(file.path.clone()), how));
        }
        if !self.server.address.trim().is_empty() {
            let ask = self.server.ask()?;
            setup.inputs.push((Origin::Server(ask), How::default()));
        }
        let out = Some(PathBuf::from(self.out.trim())).filter(|it| !it.as_os_str().is_empty());
        match (setup.inputs.as_slice(), &out) {
            ([], _) => Err("choose a file, or give the address of a server".to_owned()),
            ([(Origin::File(_), _)], _) => Ok((setup, out)),
            (_, Some(_)) => Ok((setup, out)),
            (_, None) => Err("several inputs need a session to be written to".to_owned()),
        }
    }
}

impl FileDraft {
    /// How it is to be read, or which field is wrong and why.
    fn how(&self) -> Result<How, (&'static str, String)> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        let zone = given(&self.zone).map(|it| {
            TimeZone::get(&it)
                .map_err(|_| ("zone", format!("▲ {it} is no zone such as Europe/Berlin")))
        });
        let start = given(&self.start).map(|it| {
            let why = format!("▲ {it} is no time such as 2026-01-31T12:00:00Z");
            it.parse::<Moment>().map_err(|_| ("start", why))
        });
        let every = given(&self.every).map(|it| {
            let why = format!("▲ {it} is no length of time such as 5s");
            parse_duration_ns(&it).ok_or(("every", why))
        });
        Ok(How {
            zone: zone.transpose()?,
            start: start.transpose()?,
            every_ns: every.transpose()?,
            table: self.table.clone(),
        })
    }
}

impl ServerDraft {
    fn ask(&self) -> Result<Ask, String> {
        let address = self.address.trim();
        let server = match workflow::imports::is_address(address) {
            true => address.to_owned(),
            false => format!("prometheus://{}", address.trim_start_matches("http://")),
        };
        let moment = |text: &str, what: &str| {
            let text = text.trim();
            let parsed = text.parse::<Moment>();
            parsed.map_err(|_| {
                format!("{what} of the server: {text:?} is no time such as 2026-01-31T12:00:00Z")
            })
        };
        let step = match self.step.trim() {
            "" => None,
            text => Some(
                parse_duration_ns(text)
                    .ok_or_else(|| format!("{text:?} is no length of time such as 15s"))?,
            ),
        };
        let queries = self.queries.lines().map(str::trim);
        let queries = queries.filter(|it| !it.is_empty()).map(str::to_owned);
        let queries: Vec<String> = queries.collect();
        if queries.is_empty() {
            return Err("the server needs a query, such as up".to_owned());
        }
        Ok(Ask {
            server,
            token: None,
            queries,
            span: Span {
                from: moment(&self.from, "the start")?,
                to: moment(&self.to, "the end")?,
            },
            step_ns: step,
        })
    }
}

/// Draws the dialog.
pub(super) fn ui(ui: &mut Ui, draft: &mut Draft) -> Answer {
    ui.set_width(760.0_f32.min(ui.ctx().content_rect().width() - 60.0));
    ui.heading("Import files");
    ui.weak("Files of other tools, and sessions; several are put on one time axis.");
    ui.add_space(6.0);
    let mut asks = None;
    files_ui(ui, draft, &mut asks);
    let most = ui.ctx().content_rect().height() - 330.0;
    if let Some(file) = draft.files.get_mut(draft.shown) {
        ui.separator();
        egui::ScrollArea::vertical()
            .max_height(most.max(160.0))
            .show(ui, |ui| file_ui(ui, file));
        let how = file.how().ok();
        if how.is_some() && file.asked != how {
            file.asked.clone_from(&how);
            let path = file.path.clone();
            asks = asks.or(how.map(|how| Action::Preview(path, how)));
        }
    }
    ui.separator();
    server_ui(ui, &mut draft.server);
    let several = draft.files.len() + usize::from(!draft.server.address.trim().is_empty()) > 1;
    target_ui(ui, draft, several, &mut asks);
    let setup = draft.setup();
    if let Err(why) = &setup {
        ui.weak(why);
    }
    let name = match &setup {
        Ok((_, None)) => "Open",
        _ => "Import",
    };
    let given = setup.ok().map(|(setup, out)| Action::Import(setup, out));
    match (buttons_ui(ui, name, given), asks) {
        (Answer::Open, Some(action)) => Answer::Asks(action),
        (answer, _) => answer,
    }
}

fn files_ui(ui: &mut Ui, draft: &mut Draft, asks: &mut Option<Action>) {
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        for (place, file) in draft.files.iter().enumerate() {
            let name = file.path.file_name().unwrap_or(file.path.as_os_str());
            let label = name.to_string_lossy();
            let chosen = ui
                .selectable_label(place == draft.shown, label.as_ref())
                .on_hover_text(file.path.display().to_string());
            if chosen.clicked() {
                draft.shown = place;
            }
            let remove = ui
                .small_button("×")
                .on_hover_text(format!("Leave out {label}"));
            if remove.clicked() {
                removed = Some(place);
            }
        }
        if ui.small_button("+ File…").clicked() {
            *asks = Some(Action::PickPath(Purpose::Import(draft.put_away())));
        }
    });
    if let Some(place) = removed {
        draft.files.remove(place);
        draft.shown = draft.shown.min(draft.files.len().saturating_sub(1));
    }
}

fn file_ui(ui: &mut Ui, file: &mut FileDraft) {
    let wrong = file.how().err();
    let severe = theme::of(ui.visuals()).severe;
    let preview = match &file.preview {
        None => {
            ui.weak("Reading the beginning…");
            return;
        }
        Some(Err(why)) => {
            ui.label(RichText::new(format!("▲ {why}")).color(severe));
            return;
        }
        Some(Ok(preview)) => preview.clone(),
    };
    if let Some(table) = &preview.table {
        table_ui(ui, file, table);
    }
    times_ui(ui, file, (preview.times, wrong));
    ui.add_space(4.0);
    match &preview.outcome {
        Ok(sketch) => sketch_ui(ui, preview.format, sketch),
        Err(why) => {
            ui.label(RichText::new(format!("▲ {why}")).color(severe));
        }
    }
}

fn table_ui(ui: &mut Ui, file: &mut FileDraft, table: &TablePreview) {
    ui.horizontal_wrapped(|ui| {
        if table.delimiter.is_some() {
            let before = file.table.delimiter;
            choice_ui(ui, "Separator", &DELIMITERS, &mut file.table.delimiter);
            if file.table.delimiter != before {
                // Other columns: what was said of those is of no use.
                file.table.columns.clear();
            }
            choice_ui(ui, "Decimals", &DECIMALS, &mut file.table.decimal);
        }
        let counts = COUNTS.iter().map(|(count, name)| (*name, Some(*count)));
        let counts: Vec<_> = std::iter::once(("by size", None)).chain(counts).collect();
        choice_ui(ui, "Whole times count", &counts, &mut file.table.count);
        ui.checkbox(&mut file.table.long, "Each row is one value")
            .on_hover_text("A long table: every row names the series that its value belongs to");
    });
    ui.add_space(4.0);
    let grid = egui::Grid::new("columns").num_columns(4).striped(true);
    grid.show(ui, |ui| {
        for title in ["Column", "First cells", "Is", "Unit"] {
            ui.strong(title);
        }
        ui.end_row();
        for column in &table.columns {
            let said = file.table.of(&column.header).cloned();
            let mut role = said.as_ref().map_or(column.role, |it| it.role);
            let before = (role, said.as_ref().and_then(|it| it.unit.clone()));
            let mut kind = said.as_ref().and_then(|it| it.kind);
            let was = kind;
            ui.label(&column.header);
            let cells = column.cells.iter().take(CELLS).map(String::as_str);
            ui.weak(cells.collect::<Vec<_>>().join("   "));
            ui.horizontal(|ui| {
                let names: Vec<_> = ROLES.iter().map(|(role, name)| (*name, *role)).collect();
                choice_ui(ui, &format!("Role of {}", column.header), &names, &mut role);
                if role == Role::Value {
                    let mut total = kind == Some(Kind::Counter);
                    ui.checkbox(&mut total, "total")
                        .on_hover_text("A counter: it only grows, and its growth is drawn");
                    if total != (kind == Some(Kind::Counter)) {
                        kind = total.then_some(Kind::Counter);
                    }
                }
            });
            let mut unit = before.1.as_ref().map_or("", Unit::code).to_owned();
            let label = format!("Unit of {}", column.header);
            let edit = TextEdit::singleline(&mut unit)
                .desired_width(70.0)
                .hint_text("UCUM: ms, By")
                .id_salt(&column.header);
            let response = ui.add_enabled(role == Role::Value, edit);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::TextInput, true, label.as_str())
            });
            ui.end_row();
            let unit = Some(unit.trim().to_owned()).filter(|it| !it.is_empty());
            let unit = unit.map(|code| Unit(code.into()));
            if (role, &unit) != (before.0, &before.1) || kind != was {
                file.table.set(As {
                    header: column.header.clone(),
                    role,
                    unit,
                    kind,
                });
            }
        }
    });
}

/// A choice with its label before it.
fn choice_ui<T: Clone + PartialEq>(
    ui: &mut Ui,
    label: &str,
    choices: &[(&str, T)],
    chosen: &mut T,
) {
    let known = choices.iter().find(|it| it.1 == *chosen);
    // In a table the row says what it is of.
    let named = (!label.starts_with("Role of")).then(|| ui.label(label));
    let combo = egui::ComboBox::from_id_salt(label)
        .width(90.0)
        .selected_text(known.map_or("", |it| it.0))
        .show_ui(ui, |ui| {
            for (name, choice) in choices {
                ui.selectable_value(chosen, choice.clone(), *name);
            }
        });
    match named {
        Some(named) => drop(combo.response.labelled_by(named.id)),
        None => combo.response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, label)
        }),
    }
}

fn times_ui(
    ui: &mut Ui,
    file: &mut FileDraft,
    (told, wrong): (Told, Option<(&'static str, String)>),
) {
    let severe = theme::of(ui.visuals()).severe;
    ui.horizontal_wrapped(|ui| {
        let fields: &mut [(&str, &str, &str, &mut String)] = &mut [
            ("zone", "Zone of its times", "UTC", &mut file.zone),
            (
                "start",
                "It begins",
                "2026-01-31T12:00:00Z",
                &mut file.start,
            ),
            ("every", "Rows are apart", "1s", &mut file.every),
        ];
        for (key, label, hint, text) in fields {
            let wanted = match told {
                Told::Moments => false,
                Told::Local => *key == "zone",
                Told::OfDay => *key != "every",
                Told::Nothing => *key != "zone",
            };
            if !wanted {
                continue;
            }
            let label = ui.label(*label);
            let edit = TextEdit::singleline(*text)
                .hint_text(*hint)
                .desired_width(170.0);
            ui.add(edit).labelled_by(label.id);
            if let Some((_, why)) = wrong.as_ref().filter(|(field, _)| field == key) {
                ui.label(RichText::new(why).color(severe));
            }
        }
    });
}

fn sketch_ui(ui: &mut Ui, format: &str, sketch: &Sketch) {
    let named = sketch.series.iter().take(NAMED).map(String::as_str);
    let named: Vec<&str> = named.collect();
    let more = match sketch.series.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    ui.label(format!(
        "{format}: its beginning holds {} series: {}{more}",
        sketch.series.len(),
        named.join(", ")
    ));
    if let Some((first, last)) = sketch.bounds {
        ui.label(format!("from {} to {} and on", Moment(first), Moment(last)));
    }
    // The first says how much was read of the beginning.
    for note in sketch.notes.iter().skip(1).take(NOTES) {
        ui.weak(format!("• {note}"));
    }
}

fn server_ui(ui: &mut Ui, server: &mut ServerDraft) {
    let section = egui::CollapsingHeader::new("Also ask a Prometheus server").id_salt("server");
    section.show(ui, |ui| {
        let address = "prometheus://localhost:9090";
        field_ui(ui, &mut server.address, ("Address", address, false));
        let label = ui
            .label("Queries, one a line; a plain selector gives the samples as they were scraped");
        let edit = TextEdit::multiline(&mut server.queries)
            .hint_text("up")
            .desired_rows(2)
            .desired_width(f32::INFINITY);
        ui.add(edit).labelled_by(label.id);
        ui.horizontal(|ui| {
            let fields = [
                ("From", "2026-01-31T12:00:00Z", &mut server.from),
                ("To", "2026-01-31T13:00:00Z", &mut server.to),
                ("Step", "as scraped", &mut server.step),
            ];
            for (label, hint, text) in fields {
                let label = ui.label(label);
                let edit = TextEdit::singleline(text)
                    .hint_text(hint)
                    .desired_width(160.0);
                ui.add(edit).labelled_by(label.id);
            }
        });
    });
}

fn target_ui(ui: &mut Ui, draft: &mut Draft, several: bool, asks: &mut Option<Action>) {
    if several {
        ui.horizontal(|ui| {
            let label = ui.label("Host of what names none");
            let edit = TextEdit::singleline(&mut draft.host)
                .hint_text("each file's own name")
                .desired_width(160.0);
            ui.add(edit).labelled_by(label.id);
            ui.checkbox(
                &mut draft.by_load,
                "Put clocks together by the load both saw",
            )
            .on_hover_text(
                "Moves later inputs to where their load fits best that of the first; \
                     without it they are only told to differ",
            );
        });
    }
    let label = match several {
        true => "Session to write",
        false => "Session to write (none: open it in memory)",
    };
    field_ui(ui, &mut draft.out, (label, "", false));
    if ui.small_button("Choose…").clicked() {
        *asks = Some(Action::PickPath(Purpose::ImportInto(draft.put_away())));
    }
}

impl Draft {
    /// What comes back when a path was picked; an answer that comes meanwhile is lost, so
    /// that it is asked for again.
    fn put_away(&self) -> Self {
        let mut draft = self.clone();
        let waiting = draft.files.iter_mut().filter(|it| it.preview.is_none());
        waiting.for_each(|it| it.asked = None);
        draft
    }

    /// Where the session goes.
    pub fn set_out(&mut self, path: &Path) {
        self.out = path.display().to_string();
    }

    /// The folder that the next file is looked for in.
    pub fn folder(&self) -> Option<&Path> {
        self.files.last().and_then(|it| it.path.parent())
    }

    /// Where the session would go.
    pub fn out(&self) -> &str {
        &self.out
    }
}
