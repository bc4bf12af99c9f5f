//! The document as it reads, section by section. Numbers say where they come from when
//! pointed at, and are copied when clicked.

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    self, CollapsingHeader, Grid, Label, RichText, ScrollArea, Sense, TextFormat, TextStyle, Ui,
};
use model::report::Draft;
use report::document::{Block, Cell, Document, Fact, Run, Section, Table, Token};

use super::{Action, Data, picture};
use crate::inquiry::Stage;
use crate::theme;

/// Rows of a table that the preview shows.
const ROWS_MAX: usize = 14;

/// Letters of a cell that the preview shows.
const CELL_MOST: usize = 56;

/// Charts side by side where there is room for two.
const CHART_WIDTH: f32 = 420.0;

/// Draws the document, or why there is none.
pub(super) fn ui(ui: &mut Ui, (data, draft): (&Data<'_>, &Draft), actions: &mut Vec<Action>) {
    state_ui(ui, data, actions);
    let Some(document) = data.document else {
        return;
    };
    let fresh = data.asked == Some(draft);
    ScrollArea::vertical()
        .id_salt("preview")
        .auto_shrink(false)
        .show(ui, |ui| {
            if !fresh {
                ui.weak("Shown as it was before the last change.");
            }
            ui.heading(&document.title);
            facts_ui(ui, (document, &document.facts), actions);
            checks_ui(ui, document, data);
            for (place, section) in document.sections.iter().enumerate() {
                CollapsingHeader::new(RichText::new(section.title.as_ref()).strong())
                    .id_salt(("section", section.id.as_ref()))
                    .default_open(place < 2)
                    .show(ui, |ui| section_ui(ui, (document, section), actions));
            }
        });
}

/// How far making it is.
fn state_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    match &data.stage {
        Stage::Running(share) => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(match share {
                    Some(share) => format!("Making the report, {:.0} %", share * 100.0),
                    None => "Making the report".to_owned(),
                });
                if ui.button("Cancel").clicked() {
                    actions.push(Action::Cancel);
                }
            });
        }
        _ => {
            if let Some(trouble) = data.trouble {
                ui.colored_label(theme::of(ui.visuals()).severe, format!("▲ {trouble}"));
            }
        }
    }
}

/// What somebody who signs the report should know first.
fn checks_ui(ui: &mut Ui, document: &Document, data: &Data<'_>) {
    let numbers = document.tokens().len();
    let loose = document.loose();
    ui.horizontal_wrapped(|ui| {
        ui.weak(format!(
            "{numbers} numbers lead to {} sources.",
            document.sources.len()
        ));
        if loose > 0 {
            let text = format!("▲ {loose} written by hand lead to none.");
            ui.colored_label(theme::of(ui.visuals()).severe, text);
        }
    });
    if let Some((file, verified)) = data.verified {
        let check = &verified.check;
        let said = match verified.is_sound() {
            true => format!("{file}: verified, {} numbers", check.numbers),
            false => format!("▲ {file}: not verified; {}", verified.faults().join("; ")),
        };
        ui.label(said);
        for it in check.stale.iter().chain(&check.altered).take(ROWS_MAX) {
            ui.weak(format!("{} {} ({}): now {}", it.id, it.said, it.of, it.now));
        }
    }
}

fn section_ui(ui: &mut Ui, (document, section): (&Document, &Section), actions: &mut Vec<Action>) {
    for (place, block) in section.blocks.iter().enumerate() {
        ui.push_id(place, |ui| match block {
            Block::Heading { text } => {
                ui.add_space(6.0);
                ui.strong(text);
            }
            Block::Paragraph { runs } => runs_ui(ui, (document, runs), actions),
            Block::List { items } => {
                for item in items {
                    ui.horizontal_top(|ui| {
                        ui.label("•");
                        ui.vertical(|ui| runs_ui(ui, (document, item), actions));
                    });
                }
            }
            Block::Facts { facts } => facts_ui(ui, (document, facts), actions),
            Block::Table(table) => table_ui(ui, (document, table), actions),
            Block::Charts { charts } => {
                let columns = ((ui.available_width() / CHART_WIDTH) as usize).clamp(1, 2);
                for row in charts.chunks(columns) {
                    ui.columns(columns, |columns| {
                        for (ui, chart) in columns.iter_mut().zip(row) {
                            picture::chart_ui(ui, chart);
                        }
                    });
                }
            }
            Block::Curve(curve) => picture::curve_ui(ui, curve),
            Block::Lane(lane) => {
                let marks = lane.marks.len();
                ui.weak(format!(
                    "Figure {}: {marks} marks on {} hosts, drawn in the report.",
                    lane.number,
                    lane.hosts.len()
                ));
            }
        });
    }
}

fn facts_ui(ui: &mut Ui, (document, facts): (&Document, &[Fact]), actions: &mut Vec<Action>) {
    Grid::new("facts").num_columns(2).show(ui, |ui| {
        for fact in facts {
            ui.weak(&fact.name);
            ui.vertical(|ui| runs_ui(ui, (document, &fact.runs), actions));
            ui.end_row();
        }
    });
}

/// Words and numbers; the whole is one label, so that it wraps as text does.
fn runs_ui(ui: &mut Ui, (document, runs): (&Document, &[Run]), actions: &mut Vec<Action>) {
    let job = laid_out(ui, runs);
    let numbers: Vec<&Token> = runs
        .iter()
        .filter_map(|it| match it {
            Run::Number(token) => Some(token),
            _ => None,
        })
        .collect();
    let sense = if numbers.is_empty() {
        Sense::hover()
    } else {
        Sense::click()
    };
    let text = job.text.clone();
    let response = ui.add(Label::new(job).wrap().sense(sense));
    if numbers.is_empty() {
        return;
    }
    if response.clicked() {
        actions.push(Action::Copy(text));
    }
    response.on_hover_ui(|ui| {
        for token in numbers.iter().take(ROWS_MAX) {
            ui.label(sourced(document, token));
        }
        ui.weak("Click to copy");
    });
}

/// Where a number comes from.
fn sourced(document: &Document, token: &Token) -> String {
    let source = document.sources.get(token.source.0.wrapping_sub(1));
    match source {
        Some(source) => format!(
            "{}: {} of {}, {} to {}; {} (id {})",
            token.text,
            token.statistic,
            source.series,
            source.window.from,
            source.window.to,
            source.computation,
            token.id
        ),
        None => token.text.clone(),
    }
}

fn laid_out(ui: &Ui, runs: &[Run]) -> LayoutJob {
    let theme = theme::of(ui.visuals());
    let body = TextStyle::Body.resolve(ui.style());
    let mono = TextStyle::Monospace.resolve(ui.style());
    let strong = ui.visuals().strong_text_color();
    let mut job = LayoutJob::default();
    for run in runs {
        let (text, format) = match run {
            Run::Text { text } => (text, TextFormat::simple(body.clone(), theme.text)),
            Run::Code { text } => (text, TextFormat::simple(mono.clone(), theme.text)),
            Run::Strong { text } => (text, TextFormat::simple(body.clone(), strong)),
            Run::Number(token) => (
                &token.text,
                TextFormat::simple(body.clone(), theme.selection_edge),
            ),
            Run::Loose { text } => (
                text,
                TextFormat {
                    underline: egui::Stroke::new(1.0, theme.severe),
                    ..TextFormat::simple(body.clone(), theme.text)
                },
            ),
        };
        job.append(text, 0.0, format);
    }
    job
}

fn table_ui(ui: &mut Ui, (document, table): (&Document, &Table), actions: &mut Vec<Action>) {
    if table.rows.is_empty() {
        ui.weak(&table.empty);
        return;
    }
    ui.weak(&table.caption);
    ScrollArea::horizontal().id_salt("table").show(ui, |ui| {
        Grid::new("table").striped(true).show(ui, |ui| {
            for column in &table.columns {
                ui.strong(column.text);
            }
            ui.end_row();
            for row in table.rows.iter().take(ROWS_MAX) {
                for cell in row {
                    cell_ui(ui, (document, cell), actions);
                }
                ui.end_row();
            }
        });
    });
    if table.rows.len() > ROWS_MAX {
        let more = table.rows.len() - ROWS_MAX;
        ui.weak(format!("and {more} more rows in the report"));
    }
    ui.add_space(4.0);
}

fn cell_ui(ui: &mut Ui, (document, cell): (&Document, &Cell), actions: &mut Vec<Action>) {
    let mut job = laid_out(ui, &cell.runs);
    job.wrap.max_rows = 1;
    let long = job.text.chars().count() > CELL_MOST;
    if long {
        let cut: String = job.text.chars().take(CELL_MOST).collect();
        let response = ui.label(format!("{cut}…"));
        response.on_hover_text(job.text);
        return;
    }
    let token = cell.runs.iter().find_map(|it| match it {
        Run::Number(token) => Some(token),
        _ => None,
    });
    let text = job.text.clone();
    let response = ui.add(Label::new(job).sense(Sense::click()));
    if let Some(token) = token {
        if response.clicked() {
            actions.push(Action::Copy(text));
        }
        response.on_hover_text(sourced(document, token));
    }
}
