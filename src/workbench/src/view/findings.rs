//! The findings in plain sentences, heaviest first, each with its evidence.
//!
//! The list stands above; below it is what is known of the chosen finding: how
//! large, how sure, from which data, what speaks for it and what against it. People
//! can choose a finding for the report, say that an anomaly was to be expected, and keep
//! all findings in the session.
//!
//! Start at [`ui`].

mod evidence;
mod row;
mod tools;

use std::collections::{HashMap, HashSet};

use analysis::track::Track;
use eframe::egui::{Ui, vec2};
use model::finding::{Analysis, Finding, FindingId, Severity};
use model::time::{Span, duration_text};
use workflow::findings::Difference;
use workflow::services::Which;

use super::list::{Chosen, List};
use super::table::{self, Focused, Format};
use super::words::Words;
use super::{clock_text, empty};
use crate::insight::shown::{Origin, Standing};
use crate::plot::time_axis::Clock;
use crate::theme::Theme;

/// Share of the height that the evidence of the chosen finding takes.
const EVIDENCE_SHARE: f32 = 0.42;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Debug, Default)]
pub struct State {
    filter: String,
    hidden: HashSet<Analysis>,
    expected: Sieve,
    pinned: Sieve,
    differences_open: bool,
    chosen: Option<FindingId>,
    rows: Rows,
}

/// Whether rows of a sort are all that is listed, or left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sieve {
    /// They are listed among the others.
    #[default]
    Among,
    /// Nothing else is listed.
    Only,
    /// They are left out.
    Without,
}

impl State {
    /// The finding whose evidence is shown.
    pub fn chosen(&self) -> Option<FindingId> {
        self.chosen
    }

    /// Shows the evidence of a finding; nothing is filtered out any more.
    pub fn choose(&mut self, id: FindingId) {
        self.chosen = Some(id);
        self.filter.clear();
        self.hidden.clear();
        (self.expected, self.pinned) = (Sieve::Among, Sieve::Among);
    }
}

/// What the session keeps of the findings.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// Version of Kymo that found the kept ones; empty where none are kept.
    pub kymo: &'a str,
    /// How the derived ones differ; `None` while they are being derived.
    pub differences: Option<&'a [Difference]>,
    /// Why the findings cannot be kept now; `None` if they can.
    pub hindrance: Option<&'a str>,
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
    /// The findings, heaviest first, what was expected last.
    pub findings: &'a [Finding],
    /// What is known of each beside itself.
    pub standing: &'a HashMap<FindingId, Standing>,
    /// What the session keeps of them.
    pub kept: Kept<'a>,
    /// Changes whenever `findings` or `standing` does.
    pub version: u64,
    /// How far the analyses are.
    pub progress: &'a Progress,
    /// What could not be computed, one sentence each.
    pub troubles: &'a [String],
    /// What was said live of a finding, in a sentence.
    pub said: &'a HashMap<FindingId, String>,
    /// Number of series that are watched while agents are looked at, whose findings
    /// appear as they come; `None` for a stored session.
    pub watched: Option<usize>,
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
    /// Say what would help in this stretch.
    WhatWouldHelp(Span),
    /// Show these requests in Services, over this stretch.
    Services(Which, Span),
    /// Put this text on the clipboard.
    Copy(String),
    /// Compute the findings anew.
    Analyze,
    /// Stop computing.
    Cancel,
    /// Keep the findings in the session.
    Keep,
    /// Add this finding to the report.
    Pin(FindingId),
    /// Take it out of the report.
    Unpin(FindingId),
    /// Ask why this anomaly was to be expected.
    Expect(FindingId),
    /// It was not to be expected after all.
    Unmark(FindingId),
}

/// What a frame found out.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the user asked for.
    pub actions: Vec<Action>,
    /// Names of the series whose small plots are in sight.
    pub wanted: Vec<String>,
}

/// Which findings are shown: their version, and whether agents are looked at.
type Version = (u64, bool);

/// The rows of one version of the data and filter.
#[derive(Debug, Default)]
struct Rows {
    made_for: Option<(Version, Filter)>,
    found: Vec<usize>,
    counts: Vec<usize>,
    expected: usize,
    pinned: usize,
}

/// What is listed.
#[derive(Clone, Debug, PartialEq)]
struct Filter {
    words: String,
    hidden: HashSet<Analysis>,
    expected: Sieve,
    pinned: Sieve,
}

impl Sieve {
    fn lets(self, is: bool) -> bool {
        match self {
            Self::Among => true,
            Self::Only => is,
            Self::Without => !is,
        }
    }
}

impl Data<'_> {
    /// What is known of a finding; nothing special where nothing is.
    fn standing(&self, id: FindingId) -> Option<&Standing> {
        self.standing.get(&id)
    }

    fn is_expected(&self, id: FindingId) -> bool {
        self.standing(id).is_some_and(|it| it.expected.is_some())
    }

    fn is_pinned(&self, id: FindingId) -> bool {
        self.standing(id).is_some_and(|it| it.pinned)
    }

    /// What stands behind the sentence of a finding that was not derived.
    fn origin_text(&self, id: FindingId) -> Option<&'static str> {
        match (self.standing(id)?.origin, self.progress) {
            (Origin::Derived, _) => None,
            (Origin::Kept, Progress::Running(_)) => Some("kept, being checked"),
            (Origin::Kept, _) => Some("kept, not checked"),
            (Origin::Pinned, Progress::Running(_)) => Some("in the report, being checked"),
            (Origin::Pinned, _) => Some("in the report, not found here now"),
        }
    }
}

impl Rows {
    fn refresh(&mut self, data: &Data<'_>, filter: Filter) {
        let version = (data.version, data.watched.is_some());
        let same = self.made_for.as_ref();
        if same.is_some_and(|(known, old)| *known == version && *old == filter) {
            return;
        }
        let count =
            |is: &dyn Fn(&Finding) -> bool| data.findings.iter().filter(|it| is(it)).count();
        self.counts = Analysis::ALL
            .map(|it| count(&|f| f.analysis == it))
            .to_vec();
        self.expected = count(&|it| data.is_expected(it.id));
        self.pinned = count(&|it| data.is_pinned(it.id));
        let words = Words::of(&filter.words);
        let places = data.findings.iter().enumerate();
        let found = places.filter(|(_, finding)| {
            !filter.hidden.contains(&finding.analysis)
                && filter.expected.lets(data.is_expected(finding.id))
                && filter.pinned.lets(data.is_pinned(finding.id))
                && (words.is_empty() || words.found_in(&searched(finding)))
        });
        self.found = found.map(|(place, _)| place).collect();
        self.made_for = Some((version, filter));
    }
}

impl State {
    fn filter(&self) -> Filter {
        Filter {
            words: self.filter.clone(),
            hidden: self.hidden.clone(),
            expected: self.expected,
            pinned: self.pinned,
        }
    }

    fn refresh(&mut self, data: &Data<'_>) {
        let filter = self.filter();
        self.rows.refresh(data, filter);
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
    state.refresh(data);
    if data.findings.is_empty() {
        empty_ui(ui, data, &mut answer.actions);
        return answer;
    }
    tools::ui(ui, state, data, &mut answer.actions);
    state.refresh(data);
    if state.rows.found.is_empty() {
        if empty::ui(ui, "No finding fits the filter.", "Show all findings") {
            state.filter.clear();
            state.hidden.clear();
            (state.expected, state.pinned) = (Sieve::Among, Sieve::Among);
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
    if let Some(count) = data.watched {
        empty::text(ui, &watched_text(count));
        return;
    }
    match data.progress {
        Progress::Running(left) => {
            let why = format!("Looking for findings: {}…", left.join(", "));
            if empty::ui(ui, &why, "Cancel") {
                actions.push(Action::Cancel);
            }
        }
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

fn watched_text(count: usize) -> String {
    match count {
        0 => "No agent is attached, so nothing is watched. Attach one or open a recording."
            .to_owned(),
        count => format!(
            "{count} series are watched and none is unlike its past so far; nothing limits.\n\n\
             The first samples of a series only teach. Record with Ctrl+R and open the recording \
             for every analysis."
        ),
    }
}

fn copied(state: &State, data: &Data<'_>, format: Format) -> String {
    let header = [
        "id",
        "analysis",
        "kind",
        "severity",
        "host",
        "from",
        "to",
        "finding",
        "effect",
        "lo",
        "hi",
        "unit",
        "evidence",
        "coverage",
        "series",
        "expected",
        "in report",
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
            data.standing(finding.id)
                .and_then(|it| it.expected.clone())
                .unwrap_or_default(),
            match data.is_pinned(finding.id) {
                true => "yes".to_owned(),
                false => String::new(),
            },
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
        let pressed = row::ui(ui, place, (finding, picked, data), &mut answer.actions);
        if pressed || ui.memory(|memory| memory.has_focus(place.id)) {
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

/// A live alarm is one moment, whose length says nothing.
fn length_text(stretch: Span) -> String {
    match stretch.length_ns() {
        ..=1 => "a moment".to_owned(),
        _ => duration_text(stretch.seconds()),
    }
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
