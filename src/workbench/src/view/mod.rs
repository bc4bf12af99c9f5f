//! What the window shows: one file per view, all in one form.
//!
//! A view is `State` (scratch between frames), `Data` (borrowed, drawn as it is),
//! `Action` (what the user asked for) and `ui`, which draws a screenful and
//! decides nothing. Derived rows are kept in `State` and worked out anew when the
//! version in `Data` or the user's filter changes, never per frame.
//!
//! * [`findings`], [`analyze`], [`compare`]: what was found; [`browser`], [`processes`], [`samples`], [`details`], [`events`],
//!   [`annotations`]: panels, docked by [`crate::layout`].
//! * [`own`]: how well Kymo itself does.
//! * [`standards`]: what must hold, and alerts.
//! * [`overview`], [`quality`], [`hosts`]: strips above them.
//! * [`start`], [`help`]: pages.
//! * [`dragged`]: what is carried from one view to another.
//! * [`table`]: how tables are copied.
//!
//! Never: a file, a socket, a clock, a color or a number format of its own.
//!
//! Start at [`events`], the plainest; [`crate::layout::SCREENS`] lists what can be docked.

pub mod accuracy;
pub mod analyze;
pub mod annotations;
pub mod ask;
pub mod bottleneck;
pub mod browser;
pub mod chooser;
pub mod compare;
pub mod correlate;
pub mod details;
pub mod dragged;
mod empty;
pub mod events;
pub mod findings;
pub mod forecast;
mod grid;
pub mod help;
pub mod hosts;
pub mod lane;
pub mod library;
mod list;
pub mod overview;
pub mod own;
pub mod plan;
mod plane;
pub mod processes;
pub mod quality;
mod reasons;
pub mod recipe;
pub mod report;
pub mod samples;
pub mod services;
pub mod standards;
pub mod start;
pub mod table;
mod words;

use model::time::Moment;

use crate::plot::time_axis::Clock;

/// A moment in a column whose header names the zone.
fn clock_text(clock: &Clock, moment: Moment) -> String {
    let text = clock.text(moment);
    match clock {
        Clock::Wall { name, .. } => text.trim_end_matches(name.as_str()).trim_end().to_owned(),
        Clock::Since { .. } => text,
    }
}

/// Digits that a moment takes in such a column: date, time and milliseconds.
const CLOCK_DIGITS: u16 = 23;

/// What the header of such a column says.
fn clock_name(clock: &Clock) -> String {
    match clock {
        Clock::Wall { name, .. } => name.clone(),
        Clock::Since { name, .. } => format!("since {name}"),
    }
}

/// Drives views as the window does, without a window.
#[cfg(test)]
pub(crate) mod testing {
    use eframe::egui::Ui;
    use egui_kittest::Harness;

    /// A harness of this size with the window's fonts.
    pub(crate) fn harness<'a>(size: [f32; 2], ui: impl FnMut(&mut Ui) + 'a) -> Harness<'a> {
        Harness::builder()
            .with_size(size)
            .with_context_setup(crate::theme::install)
            .build_ui(ui)
    }
}
