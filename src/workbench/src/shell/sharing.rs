//! The dialog that shares a session, and what it says once it did.
//!
//! What would go out is shown, with examples, while it is said what shall not; nothing is
//! written before the button is pressed.
//!
//! Start at [`Draft::of`].

use std::fmt;
use std::path::{Path, PathBuf};

use eframe::egui::{self, Grid, RichText, ScrollArea, TextEdit, Ui};
use model::disguise::Category;
use model::time::Span;
use model::unit::Unit;
use workflow::sealed::{Lock, Passphrase, recipient};
use workflow::share::{Choice, Done, Preview};

use super::dialogs::{Action, Answer, buttons_ui, field_ui};
use crate::theme;

/// So many characters of an example are shown.
const EXAMPLE_CHARACTERS: usize = 44;

/// So many examples of a category are shown.
const EXAMPLES: usize = 2;

/// A text that is not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// How the file is locked, as it is edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Protection {
    #[default]
    None,
    Passphrase,
    Recipients,
}

/// What is shared and how, as it is edited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    kept: Vec<Category>,
    /// One a line.
    patterns: String,
    /// One a line.
    series: String,
    /// What is visible, and whether only that goes out.
    range: Span,
    only_range: bool,
    title: String,
    description: String,
    protection: Protection,
    passphrase: [Hidden; 2],
    /// One a line.
    recipients: String,
    out: String,
    /// What was asked about last, and what came of it.
    asked: Option<Choice>,
    preview: Option<Result<Preview, String>>,
}

/// A session that is to be shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What is taken out, and what is taken.
    pub choice: Choice,
    /// The new title; `None` for the old one without what it names.
    pub title: Option<String>,
    /// What is said of it.
    pub description: String,
    lock: Option<Secret>,
    /// The file to write.
    pub out: PathBuf,
}

#[derive(Clone, Debug, PartialEq)]
enum Secret {
    Passphrase(Hidden),
    Recipients(Vec<String>),
}

impl Order {
    /// How it is encrypted.
    pub fn lock(&self) -> Option<Lock> {
        match self.lock.clone()? {
            Secret::Passphrase(text) => Passphrase::new(text.0).map(Lock::Passphrase),
            Secret::Recipients(all) => Some(Lock::Recipients(all)),
        }
    }
}

impl Draft {
    /// A draft that shares everything without who and where.
    pub fn of(out: &Path, range: Span) -> Self {
        Self {
            out: out.display().to_string(),
            range,
            ..Self::default()
        }
    }

    /// Takes in what would go out.
    pub fn previewed(&mut self, choice: &Choice, preview: Result<Preview, String>) {
        if self.asked.as_ref() == Some(choice) {
            self.preview = Some(preview);
        }
    }

    fn choice(&self) -> Choice {
        Choice {
            keep: self.kept.clone(),
            patterns: lines(&self.patterns),
            span: self.only_range.then_some(self.range),
            series: lines(&self.series),
        }
    }

    fn order(&self) -> Result<Order, String> {
        let out = PathBuf::from(self.out.trim());
        if out.as_os_str().is_empty() {
            return Err("say where the file is to be written".to_owned());
        }
        match &self.preview {
            None => return Err("looking at what would go out".to_owned()),
            Some(Err(why)) => return Err(why.clone()),
            Some(Ok(_)) if self.asked.as_ref() != Some(&self.choice()) => {
                return Err("looking at what would go out".to_owned());
            }
            Some(Ok(_)) => {}
        }
        Ok(Order {
            choice: self.choice(),
            title: Some(self.title.trim().to_owned()).filter(|it| !it.is_empty()),
            description: self.description.trim().to_owned(),
            lock: self.lock()?,
            out,
        })
    }

    fn lock(&self) -> Result<Option<Secret>, String> {
        match self.protection {
            Protection::None => Ok(None),
            Protection::Passphrase if self.passphrase[0].0.is_empty() => {
                Err("type a passphrase".to_owned())
            }
            Protection::Passphrase if self.passphrase[0] != self.passphrase[1] => {
                Err("the two passphrases differ".to_owned())
            }
            Protection::Passphrase => Ok(Some(Secret::Passphrase(self.passphrase[0].clone()))),
            Protection::Recipients => {
                let all = lines(&self.recipients);
                let keys = all.iter().map(|it| recipient(it));
                let keys: Vec<String> = keys.collect::<Result<_, _>>()?;
                match keys.is_empty() {
                    true => Err("give the key of a recipient, age1…".to_owned()),
                    false => Ok(Some(Secret::Recipients(keys))),
                }
            }
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    lines.map(str::to_owned).collect()
}

/// Draws the dialog.
pub(super) fn ui(ui: &mut Ui, draft: &mut Draft) -> Answer {
    ui.set_width(760.0_f32.min(ui.ctx().content_rect().width() - 60.0));
    ui.heading("Share the session");
    ui.weak("A copy for others: tokens such as host-1 stand for who and where, the same for the same everywhere in the file. Metrics, units, numbers and times stay. Every byte that is written is searched for what was replaced.");
    ui.add_space(6.0);
    let most = ui.ctx().content_rect().height() - 220.0;
    ScrollArea::vertical()
        .max_height(most.max(200.0))
        .show(ui, |ui| {
            categories_ui(ui, draft);
            ui.add_space(6.0);
            parts_ui(ui, draft);
            ui.add_space(6.0);
            words_ui(ui, draft);
            ui.add_space(6.0);
            protection_ui(ui, draft);
            ui.add_space(6.0);
            field_ui(ui, &mut draft.out, ("File", "shared.kymo", false));
        });
    let choice = draft.choice();
    let asks = (draft.asked.as_ref() != Some(&choice)).then(|| {
        draft.asked = Some(choice.clone());
        Action::PreviewShare(choice)
    });
    let order = draft.order();
    match &order {
        Err(why) => ui.weak(why),
        Ok(_) => ui.weak("Nothing is written before you press Share."),
    };
    let given = order.ok().map(|it| Action::Share(Box::new(it)));
    match (buttons_ui(ui, "Share", given), asks) {
        (Answer::Open, Some(action)) => Answer::Asks(action),
        (answer, _) => answer,
    }
}

/// What is replaced, how often, and into what.
fn categories_ui(ui: &mut Ui, draft: &mut Draft) {
    let preview = draft.preview.clone().and_then(Result::ok);
    Grid::new("categories")
        .num_columns(4)
        .striped(true)
        .spacing([16.0, 4.0])
        .show(ui, |ui| {
            for title in ["Replace", "Different", "Places", "For example"] {
                ui.strong(title);
            }
            ui.end_row();
            for category in Category::ALL {
                let counts = preview.iter().flat_map(|it| &it.counts);
                let count = counts.into_iter().find(|it| it.category == category);
                if count.is_none() && category == Category::Custom {
                    continue;
                }
                category_ui(ui, draft, category);
                ui.label(count.map_or(String::new(), |it| it.identities.to_string()));
                ui.label(count.map_or(String::new(), |it| it.places.to_string()));
                let examples = count
                    .into_iter()
                    .flat_map(|it| it.examples.iter().take(EXAMPLES));
                let examples: Vec<String> = examples.map(|(from, to)| example(from, to)).collect();
                ui.weak(examples.join("   "));
                ui.end_row();
            }
        });
    if let Some(Err(why)) = &draft.preview {
        let color = theme::of(ui.visuals()).severe;
        ui.label(RichText::new(format!("▲ {why}")).color(color));
    }
    if let Some(preview) = &preview {
        ui.weak(format!(
            "{} of {} series, {} notes",
            preview.series.0, preview.series.1, preview.annotations
        ));
    }
}

fn category_ui(ui: &mut Ui, draft: &mut Draft, category: Category) {
    let name = match category {
        Category::Hosts => "Hosts",
        Category::Users => "Users",
        Category::Addresses => "Addresses (IP, MAC, e-mail)",
        Category::Commands => "Command lines",
        Category::Urls => "URLs",
        Category::Sql => "SQL",
        Category::Secrets => "Secrets",
        Category::Custom => "Patterns of your own",
    };
    let fixed = matches!(category, Category::Secrets | Category::Custom);
    let mut replaced = !draft.kept.contains(&category);
    let tick = ui.add_enabled(!fixed, egui::Checkbox::new(&mut replaced, name));
    if tick.changed() {
        draft.kept.retain(|it| *it != category);
        if !replaced {
            draft.kept.push(category);
        }
    }
}

fn example(from: &str, to: &str) -> String {
    let cut: String = from.chars().take(EXAMPLE_CHARACTERS).collect();
    let more = if cut.len() < from.len() { "…" } else { "" };
    format!("{cut}{more} → {to}")
}

fn parts_ui(ui: &mut Ui, draft: &mut Draft) {
    ui.columns(2, |columns| {
        several_ui(
            &mut columns[0],
            &mut draft.patterns,
            ("Patterns of your own", r"customer=ACME-\d+, one a line"),
        );
        several_ui(
            &mut columns[1],
            &mut draft.series,
            ("Only series", "*/system.cpu*, one a line; empty for all"),
        );
    });
    ui.checkbox(&mut draft.only_range, "Only the visible stretch of time");
}

fn several_ui(ui: &mut Ui, text: &mut String, (label, hint): (&str, &str)) {
    ui.label(label);
    let edit = TextEdit::multiline(text)
        .hint_text(hint)
        .desired_rows(2)
        .desired_width(f32::INFINITY)
        .id_salt(label);
    let response = ui.add(edit);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::TextInput, true, label));
}

fn words_ui(ui: &mut Ui, draft: &mut Draft) {
    let preview = draft.preview.as_ref().and_then(|it| it.as_ref().ok());
    let old = preview.map_or(String::new(), |it| it.title.clone());
    field_ui(ui, &mut draft.title, ("Title", &old, false));
    several_ui(
        ui,
        &mut draft.description,
        ("Description", "What others should know of it"),
    );
}

fn protection_ui(ui: &mut Ui, draft: &mut Draft) {
    ui.horizontal(|ui| {
        ui.label("Encrypt");
        for (protection, name) in [
            (Protection::None, "No"),
            (Protection::Passphrase, "To a passphrase"),
            (Protection::Recipients, "To recipients (age)"),
        ] {
            ui.radio_value(&mut draft.protection, protection, name);
        }
    });
    match draft.protection {
        Protection::None => {}
        Protection::Passphrase => {
            let [first, again] = &mut draft.passphrase;
            hidden_ui(ui, first, "Passphrase");
            hidden_ui(ui, again, "Passphrase again");
        }
        Protection::Recipients => {
            several_ui(
                ui,
                &mut draft.recipients,
                ("Recipients", "age1…, one a line"),
            );
        }
    }
}

fn hidden_ui(ui: &mut Ui, text: &mut Hidden, label: &str) {
    ui.label(label);
    let edit = TextEdit::singleline(&mut text.0)
        .password(true)
        .desired_width(320.0)
        .id_salt(label);
    let response = ui.add(edit);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::TextInput, true, label));
}

/// Draws what was shared.
pub(super) fn done_ui(ui: &mut Ui, done: &Done) -> Answer {
    ui.heading("Shared");
    let size = Unit::new("By").text(done.bytes as f64);
    ui.label(format!("{} ({size})", done.path.display()));
    ui.weak("Every byte was searched for what was replaced: none was found.");
    ui.add_space(6.0);
    Grid::new("shared")
        .num_columns(3)
        .striped(true)
        .spacing([16.0, 4.0])
        .show(ui, |ui| {
            for title in ["Replaced", "Different", "Places"] {
                ui.strong(title);
            }
            ui.end_row();
            for taken in &done.shared.counts {
                ui.label(taken.category.name());
                ui.label(taken.identities.to_string());
                ui.label(taken.places.to_string());
                ui.end_row();
            }
        });
    ui.add_space(6.0);
    if let Some(findings) = done.findings {
        ui.weak(format!(
            "{findings} findings were derived anew from it; their ids differ from yours."
        ));
    }
    if done.locked {
        ui.weak("It is encrypted: kymo unlock opens it, and so does age.");
    }
    ui.label("Chain head");
    ui.monospace(&done.head);
    ui.weak(
        "Tell it on another way than the file: kymo verify --head finds a file that was exchanged.",
    );
    let mut answer = Answer::Open;
    ui.add_space(8.0);
    ui.separator();
    ui.horizontal(|ui| {
        if ui.button("Copy head").clicked() {
            answer = Answer::Asks(Action::Copy(done.head.clone()));
        }
        if ui.button("Copy path").clicked() {
            answer = Answer::Asks(Action::Copy(done.path.display().to_string()));
        }
        if ui.button("Close").clicked() {
            answer = Answer::Cancelled;
        }
    });
    answer
}

#[cfg(test)]
mod tests;
