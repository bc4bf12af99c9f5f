//! What a screen that puts a question to the analyses shows while there is no answer,
//! and beside one.
//!
//! Start at [`empty_ui`] and [`tools_ui`].

use eframe::egui::{ProgressBar, RichText, Ui};

use super::empty;
use crate::inquiry::Stage;
use crate::theme;

/// What the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Compute it, or compute it again.
    Compute,
    /// Stop computing.
    Cancel,
    /// Record what agents say.
    Record,
}

/// The words of a question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// What is computed, such as `what limits`.
    pub(super) what: &'a str,
    /// What the button says that asks for it.
    pub(super) ask: &'a str,
}

/// Why there is no answer, with what helps.
pub(super) fn empty_ui(
    ui: &mut Ui,
    (stage, trouble): (&Stage, Option<&str>),
    words: Words<'_>,
) -> Option<Asked> {
    let Words { what, ask } = words;
    let (why, action, asked) = match stage {
        Stage::Live => (
            format!(
                "{} is computed from a recording. Record, then open the recording.",
                capital(what)
            ),
            "Record…",
            Asked::Record,
        ),
        Stage::Recording => {
            let why = "A recording is running. Stop it with Ctrl+R and open it to ask.";
            empty::text(ui, why);
            return None;
        }
        Stage::Reading => ("Reading all series…".to_owned(), "Cancel", Asked::Cancel),
        Stage::Running(share) => (
            format!("Computing {what}{}…", percent(*share)),
            "Cancel",
            Asked::Cancel,
        ),
        Stage::Idle | Stage::Over => {
            let why = trouble.map_or_else(
                || format!("{} was not computed yet.", capital(what)),
                str::to_owned,
            );
            (why, ask, Asked::Compute)
        }
    };
    empty::ui(ui, &why, action).then_some(asked)
}

/// Progress and cancel while it runs, else the button that asks again, and what went wrong.
pub(super) fn tools_ui(
    ui: &mut Ui,
    (stage, trouble): (&Stage, Option<&str>),
    again: &str,
) -> Option<Asked> {
    let mut asked = None;
    match stage {
        Stage::Reading | Stage::Running(_) => {
            match stage {
                Stage::Running(Some(share)) => {
                    let bar = ProgressBar::new(*share).desired_width(90.0);
                    ui.add(bar.text(percent(Some(*share)).trim().to_owned()));
                }
                _ => {
                    ui.spinner();
                }
            }
            if ui.small_button("Cancel").clicked() {
                asked = Some(Asked::Cancel);
            }
        }
        Stage::Idle | Stage::Over | Stage::Live | Stage::Recording => {
            if ui.small_button(again).clicked() {
                asked = Some(Asked::Compute);
            }
        }
    }
    if let Some(trouble) = trouble {
        let color = theme::of(ui.visuals()).quality_edge;
        ui.label(RichText::new(format!("! {trouble}")).color(color));
    }
    asked
}

fn percent(share: Option<f32>) -> String {
    share.map_or(String::new(), |it| format!(" {:.0} %", 100.0 * it))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}
