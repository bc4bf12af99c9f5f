//! The findings in plain sentences, heaviest first, each with its evidence.
//!
//! The list stands above; below it is what is known of the chosen finding: how
//! large, how sure, from which data, what speaks for it and what against it.
//!
//! Start at [`ui`].

mod evidence;

use std::collections::HashSet;

use analysis::track::Track;
use eframe::egui::{Button, Rect, RichText, Sense, TextEdit, Ui, vec2};
use model::finding::{Analysis, Finding, FindingId, Severity};
use model::time::{Span, duration_text};

use super::list::{self, Chosen, Ink, List, Place};
use super::table::{self, FORMATS, Focused, Format};
use super::words::Words;
use super::{clock_text, empty};
use crate::plot::spark::{self, Spark};
use crate::plot::time_axis::Clock;
use crate::theme::{self, Theme};

/// Widths of the columns beside the sentence.
const SORT: f32 = 92.0;
const HOST: f32 = 80.0;
const SPARK: f32 = 110.0;
const WHEN: f32 = 76.0;

/// Share of the height that the evidence of the chosen finding takes.
const EVIDENCE_SHARE: f32 = 0.42;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    filter: String,
    hidden: HashSet<Analysis>,
    chosen: Option<FindingId>,
    rows: Rows,
}

/// How far the analyses are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Progress {
    /// Nothing was asked for yet.
    #[default]
    Idle,
    /// These are still being computed.
    Running(Vec<&'static str>),
    /// All are done.
    Done,
}

/// Everything the screen shows, only borrowed.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// The findings, heaviest first.
    pub findings: &'a [Finding],
    /// Changes whenever `findings` does.
    pub version: u64,
    /// How far the analyses are.
    pub progress: &'a Progress,
    /// What could not be computed, one sentence each.
    pub troubles: &'a [String],
    /// Whether agents are looked at, whose findings appear as they come.
    pub live: bool,
    /// The whole session.
    pub whole: Span,
    /// Names of hosts are shown where there are several.
    pub hosts: usize,
    /// The curve of a series by its name, if it is at hand.
    pub track: &'a dyn Fn(&str) -> Option<&'a Track>,
    /// How moments are labeled.
    pub clock: &'a Clock,
}

/// What the user asked for. The shell decides what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Select this stretch and bring it into view.
    Show(Span),
    /// Draw these series together.
    Plot(Vec<String>),
    /// Put this text on the clipboard.
    Copy(String),
    /// Compute the findings anew.
    Analyze,
    /// Stop computing.
    Cancel,
}

/// What a frame found out.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the user asked for.
    pub actions: Vec<Action>,
    /// Names of the series whose small plots are in sight.
    pub wanted: Vec<String>,
}

/// The rows of one version of the data and filter.
#[derive(Debug, Default)]
struct Rows {
    made_for: Option<(u64, String, HashSet<Analysis>)>,
    found: Vec<usize>,
    counts: Vec<usize>,
}

impl Rows {
    fn refresh(&mut self, data: &Data<'_>, (filter, hidden): (&str, &HashSet<Analysis>)) {
        let same = self.made_for.as_ref().is_some_and(|(version, old, kinds)| {
            *version == data.version && old == filter && kinds == hidden
        });
        if same {
            return;
        }
        self.made_for = Some((data.version, filter.to_owned(), hidden.clone()));
        let count = |analysis| {
            let all = data.findings.iter();
            all.filter(|it| it.analysis == analysis).count()
        };
        self.counts = Analysis::ALL.map(count).to_vec();
        let words = Words::of(filter);
        let places = data.findings.iter().enumerate();
        let found = places.filter(|(_, finding)| {
            !hidden.contains(&finding.analysis)
                && (words.is_empty() || words.found_in(&searched(finding)))
        });
        self.found = found.map(|(place, _)| place).collect();
    }
}

fn searched(finding: &Finding) -> String {
    format!(
        "{} {} {} {} {} {}",
        finding.analysis.name(),
        finding.kind,
        finding.severity.name(),
        finding.host,
        finding.statement,
        finding.series.join(" ")
    )
    .to_lowercase()
}

/// Draws the list and the evidence; costs the rows in sight, however many there are.
pub fn ui(ui: &mut Ui, state: &mut State, data: &Data<'_>) -> Answer {
    let mut answer = Answer::default();
    state.rows.refresh(data, (&state.filter, &state.hidden));
    if data.findings.is_empty() {
        empty_ui(ui, data, &mut answer.actions);
        return answer;
    }
    tools_ui(ui, state, data, &mut answer.actions);
    state.rows.refresh(data, (&state.filter, &state.hidden));
    if state.rows.found.is_empty() {
        if empty::ui(ui, "No finding fits the filter.", "Show all findings") {
            state.filter.clear();
            state.hidden.clear();
        }
        return answer;
    }
    let chosen = state.chosen.and_then(|id| find(data.findings, id));
    let below = match chosen {
        Some(_) => (ui.available_height() * EVIDENCE_SHARE).round(),
        None => 0.0,
    };
    let size = vec2(ui.available_width(), ui.available_height() - below);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        rows_ui(ui, state, data, &mut answer);
    });
    if let Some(finding) = chosen {
        ui.separator();
        evidence::ui(ui, finding, data, &mut answer.actions);
    }
    answer
}

fn find(findings: &[Finding], id: FindingId) -> Option<&Finding> {
    findings.iter().find(|finding| finding.id == id)
}

fn empty_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    match data.progress {
        Progress::Running(left) => {
            let why = format!("Looking for findings: {}…", left.join(", "));
            if empty::ui(ui, &why, "Cancel") {
                actions.push(Action::Cancel);
            }
        }
        Progress::Idle if data.live => empty::text(
            ui,
            "Findings are computed from a recording. Record with Ctrl+R, then open the recording.",
        ),
        Progress::Idle => {
            let why = "Nothing was analyzed yet.";
            if empty::ui(ui, why, "Analyze what is recorded") {
                actions.push(Action::Analyze);
            }
        }
        Progress::Done => {
            let mut why = "Nothing stands out: no doubt about the data, no change, no anomaly, no resource that limits.".to_owned();
            for trouble in data.troubles {
                why.push_str("\n\n");
                why.push_str(trouble);
            }
            if empty::ui(ui, &why, "Analyze again") {
                actions.push(Action::Analyze);
            }
        }
    }
}

fn tools_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let edit = TextEdit::singleline(&mut state.filter)
            .hint_text("Filter findings…")
            .desired_width(150.0)
            .id_salt("filter");
        ui.add(edit);
        for (analysis, count) in Analysis::ALL.iter().zip(&state.rows.counts) {
            if *count == 0 {
                continue;
            }
            let shown = !state.hidden.contains(analysis);
            let text = format!("{} {count}", analysis.name());
            if ui.add(Button::selectable(shown, text).small()).clicked()
                && !state.hidden.remove(analysis)
            {
                state.hidden.insert(*analysis);
            }
        }
        ui.menu_button("Copy", |ui| {
            for (format, name) in FORMATS {
                if ui.button(*name).clicked() {
                    actions.push(Action::Copy(copied(state, data, *format)));
                }
            }
        });
        progress_ui(ui, data, actions);
    });
}

fn progress_ui(ui: &mut Ui, data: &Data<'_>, actions: &mut Vec<Action>) {
    match data.progress {
        Progress::Running(left) => {
            ui.spinner();
            ui.weak(left.join(", "));
            if ui.small_button("Cancel").clicked() {
                actions.push(Action::Cancel);
            }
        }
        Progress::Idle | Progress::Done => {
            if ui.small_button("Analyze again").clicked() {
                actions.push(Action::Analyze);
            }
        }
    }
    if let Some(first) = data.troubles.first() {
        let text = format!("! {} not computed", data.troubles.len());
        let color = theme::of(ui.visuals()).quality_edge;
        let label = ui.label(RichText::new(text).color(color));
        label.on_hover_text(match data.troubles {
            [_] => first.clone(),
            all => all.join("\n"),
        });
    }
}

fn copied(state: &State, data: &Data<'_>, format: Format) -> String {
    let header = [
        "id", "analysis", "kind", "severity", "host", "from", "to", "finding", "effect", "lo",
        "hi", "unit", "evidence", "coverage", "series",
    ]
    .map(str::to_owned);
    let rows = state.rows.found.iter().filter_map(|place| {
        let finding = data.findings.get(*place)?;
        let effect = finding.effect.as_ref();
        let number = |value: Option<f64>| table::exact(value.unwrap_or(f64::NAN));
        Some([
            finding.id.to_string(),
            finding.analysis.name().to_owned(),
            finding.kind.clone(),
            finding.severity.name().to_owned(),
            finding.host.clone(),
            finding.stretch().from.to_string(),
            finding.stretch().to.to_string(),
            finding.statement.clone(),
            number(effect.map(|it| it.value)),
            number(effect.map(|it| it.lo)),
            number(effect.map(|it| it.hi)),
            effect.map_or(String::new(), |it| it.unit.code().to_owned()),
            table::exact(finding.evidence),
            table::exact(finding.coverage),
            finding.series.join(" "),
        ])
    });
    table::text(format, &header, rows)
}

fn rows_ui(ui: &mut Ui, state: &mut State, data: &Data<'_>, answer: &mut Answer) {
    let area = ui.available_rect_before_wrap();
    let base = ui.scope_id().with("findings");
    let chosen = state.chosen;
    let found = &state.rows.found;
    let at = |index: usize| found.get(index).and_then(|place| data.findings.get(*place));
    let row_id = |index: usize| base.with(at(index).map(|it| (it.id, index)));
    let rows = List {
        salt: "findings",
        count: found.len(),
        row_id: &row_id,
    };
    let mut clicked = None;
    let focused = rows.show(ui, |ui, place| {
        let Some(finding) = at(place.index) else {
            return;
        };
        if let Some(name) = finding.series.first() {
            answer.wanted.push(name.clone());
        }
        let picked = Chosen::when(chosen == Some(finding.id));
        if row_ui(ui, place, (finding, picked, data)) == Pressed::Twice {
            answer.actions.push(Action::Show(finding.stretch()));
            clicked = Some(finding.id);
        } else if ui.memory(|memory| memory.has_focus(place.id)) {
            clicked = Some(finding.id);
        }
    });
    if let Some(id) = clicked {
        state.chosen = Some(id);
    }
    let focus = match focused {
        Some(_) => Focused::Here,
        None => Focused::Elsewhere,
    };
    if table::copy_asked(ui, area, focus) {
        answer
            .actions
            .push(Action::Copy(copied(state, data, Format::Tsv)));
    }
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressed {
    Not,
    Twice,
}

fn row_ui(
    ui: &mut Ui,
    place: Place,
    (finding, chosen, data): (&Finding, Chosen, &Data<'_>),
) -> Pressed {
    let theme = theme::of(ui.visuals());
    let kind = format!("{} {}", finding.analysis.name(), finding.kind);
    let spoken = || format!("{}: {}, {kind}", finding.severity.name(), finding.statement);
    let response = list::row_ui(ui, place, (Sense::click(), chosen), &spoken);
    if response.clicked() {
        response.request_focus();
    }
    let mut rest: Rect = place.rect.shrink2(vec2(list::INDENT, 0.0));
    let (sign, color) = severity(finding.severity, theme);
    list::text(ui, list::cut(&mut rest, 12.0), sign, &Ink::left(color));
    let weak = Ink::left(theme.text_weak);
    list::text(ui, list::cut(&mut rest, SORT), &kind, &weak);
    if data.hosts > 1 {
        list::text(ui, list::cut(&mut rest, HOST), &finding.host, &weak);
    }
    let wide = rest.width();
    let sentence = list::cut(
        &mut rest,
        (wide - SPARK - WHEN - 2.0 * list::INDENT).max(40.0),
    );
    list::text(ui, sentence, &finding.statement, &Ink::left(theme.text));
    let small = list::cut(&mut rest, SPARK).shrink2(vec2(0.0, 2.0));
    spark_ui(ui, small, (finding, data), theme);
    let length = duration_text(finding.stretch().seconds());
    list::text(ui, rest, &length, &Ink::number(theme.text_weak));
    let pressed = response.double_clicked();
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(&finding.statement);
        ui.label(format!(
            "{} to {}",
            data.clock.text(finding.stretch().from),
            data.clock.text(finding.stretch().to)
        ));
        ui.weak("Click shows the evidence, a double click the stretch of time.");
    });
    if pressed {
        Pressed::Twice
    } else {
        Pressed::Not
    }
}

fn spark_ui(ui: &Ui, rect: Rect, (finding, data): (&Finding, &Data<'_>), theme: &Theme) {
    if rect.width() < 20.0 {
        return;
    }
    ui.painter().rect_filled(rect, 1.0, theme.ground);
    let track = finding.series.first().and_then(|name| (data.track)(name));
    let drawn = Spark {
        rect,
        view: data.whole,
        marked: finding.extent(),
        color: theme.series_color(0),
    };
    ui.painter().extend(spark::shapes(track, &drawn, theme));
}

/// Sign and color of a severity; the word stands in the spoken name and the copy.
pub(super) fn severity(severity: Severity, theme: &Theme) -> (&'static str, eframe::egui::Color32) {
    match severity {
        Severity::Note => ("•", theme.text_weak),
        Severity::Warning => ("!", theme.quality_edge),
        Severity::Severe => ("‼", theme.severe),
    }
}

/// When a finding was, for a narrow place.
pub(super) fn when(clock: &Clock, span: Span) -> String {
    format!(
        "{}, {}",
        clock_text(clock, span.from),
        duration_text(span.seconds())
    )
}

#[cfg(test)]
pub(crate) mod tests;
