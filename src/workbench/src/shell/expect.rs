//! The dialog that asks why an anomaly was to be expected.
//!
//! Start at [`Draft::of`] and [`ui`].

use eframe::egui::{RichText, TextEdit, Ui};
use model::finding::{Expected, Finding};
use model::series::glob_matches;
use model::time::{Moment, Span};

use super::dialogs::{Action, Answer, buttons_ui, field_ui};
use crate::theme;

/// Longest reason, in characters: a sentence, not a document.
const REASON_MAX: usize = 300;

/// A mark that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    statement: String,
    /// The series of the finding, the most important one first.
    of: Vec<String>,
    host: String,
    series: String,
    from: String,
    to: String,
    reason: String,
}

impl Draft {
    /// A mark for this finding; it covers the series and the stretch of it.
    pub fn of(finding: &Finding) -> Self {
        let stretch = finding.stretch();
        let host = match finding.series.first().and_then(|it| it.split_once('/')) {
            Some((host, _)) => host.to_owned(),
            None => String::new(),
        };
        let mut draft = Self {
            statement: finding.statement.clone(),
            of: finding.series.clone(),
            host,
            series: String::new(),
            from: stretch.from.to_string(),
            to: stretch.to.to_string(),
            reason: String::new(),
        };
        draft.series = match draft.of.as_slice() {
            [one] => one.clone(),
            _ => draft.everything(),
        };
        draft
    }

    /// Every series of the host.
    fn everything(&self) -> String {
        match self.host.as_str() {
            "" => "*".to_owned(),
            host => format!("{host}/*"),
        }
    }

    /// The mark as it is written, or what is wrong with it; nothing to say as long as
    /// only the reason is missing.
    fn mark(&self) -> Result<Expected, String> {
        let moment = |text: &str| text.trim().parse::<Moment>().map_err(|it| it.to_string());
        let (from, to) = (moment(&self.from)?, moment(&self.to)?);
        if to < from {
            return Err("the end is before the start".to_owned());
        }
        let series = self.series.trim();
        let first = self.of.first().map_or("", String::as_str);
        if !glob_matches(series, first) {
            return Err(format!("it does not cover {first}"));
        }
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(String::new());
        }
        Ok(Expected {
            series: series.to_owned(),
            span: Span { from, to },
            reason: reason.to_owned(),
        })
    }
}

/// Draws the dialog; `anomalies` are those it may cover.
pub(super) fn ui(ui: &mut Ui, draft: &mut Draft, (anomalies, fresh): (&[Finding], bool)) -> Answer {
    ui.heading("This was to be expected");
    ui.weak(&draft.statement);
    ui.add_space(6.0);
    field_ui(
        ui,
        &mut draft.reason,
        ("Reason", "such as: nightly backup", fresh),
    );
    cut(&mut draft.reason, REASON_MAX);
    ui.add_space(6.0);
    field_ui(
        ui,
        &mut draft.series,
        ("Series (* stands for anything)", "", false),
    );
    ui.horizontal_wrapped(|ui| {
        if let [one] = draft.of.as_slice()
            && ui.small_button("This series").clicked()
        {
            draft.series.clone_from(one);
        }
        let name = match draft.host.as_str() {
            "" => "Every series".to_owned(),
            host => format!("Every series of {host}"),
        };
        if ui.small_button(name).clicked() {
            draft.series = draft.everything();
        }
    });
    ui.add_space(6.0);
    ui.horizontal_wrapped(|ui| {
        for (label, text) in [("From", &mut draft.from), ("to", &mut draft.to)] {
            let label_id = ui.label(label).id;
            let edit = TextEdit::singleline(text)
                .desired_width(215.0)
                .id_salt(label);
            ui.add(edit).labelled_by(label_id);
        }
    });
    let mark = draft.mark();
    match &mark {
        Ok(mark) => {
            let covered = covered(mark, anomalies);
            ui.weak(match covered {
                1 => "It covers one anomaly of this session.".to_owned(),
                count => format!("It covers {count} anomalies of this session."),
            });
        }
        Err(wrong) if wrong.is_empty() => {
            ui.weak("Whoever opens this session later wants to know why.");
        }
        Err(wrong) => {
            let color = theme::of(ui.visuals()).severe;
            ui.label(RichText::new(format!("▲ {wrong}")).color(color));
        }
    }
    buttons_ui(ui, "Mark as expected", mark.ok().map(Action::Expect))
}

fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
}

fn covered(mark: &Expected, anomalies: &[Finding]) -> usize {
    let marks = std::slice::from_ref(mark);
    let each = anomalies.iter();
    each.filter(|it| analysis::anomaly::expected::of_finding(it, marks).is_some())
        .count()
}
