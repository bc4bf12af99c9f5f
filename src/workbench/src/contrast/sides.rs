//! What is compared with what: windows of this session and other sessions.
//!
//! Start at [`Sides`].

use std::path::{Path, PathBuf};

use model::time::{Moment, Span};

/// What is before a selection is as much as so many times its length, where there is it.
const BASELINE_LENGTHS: i64 = 3;

/// One of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// What counts as before: A.
    Before,
    /// What counts as after: B.
    After,
}

/// Both sides as the user wants them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sides {
    /// What counts as before.
    pub before: Before,
    /// What counts as after; `None` until something was chosen.
    pub after: Option<Half>,
    /// Whether the user knows that runs repeat.
    pub repeatable: bool,
}

/// The side before.
#[derive(Clone, Debug, PartialEq)]
pub enum Before {
    /// Follows from the window after; `None` takes what suits it.
    Around(Option<Baseline>),
    /// Stays what it is.
    Fixed(Half),
}

impl Default for Before {
    fn default() -> Self {
        Self::Around(None)
    }
}

/// A stretch that a window is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// What comes before it.
    Before,
    /// What comes after it.
    After,
    /// All but it.
    Rest,
    /// Between the measuring cursors.
    Cursors,
}

/// Every baseline with what it is called.
pub const BASELINES: &[(Baseline, &str)] = &[
    (Baseline::Before, "What is before B"),
    (Baseline::After, "What is after B"),
    (Baseline::Rest, "All but B"),
    (Baseline::Cursors, "Cursor A to cursor B"),
];

/// One side: a session and a window of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Half {
    /// Which session.
    pub place: Place,
    /// Its window; `None` for all of it.
    pub window: Option<Span>,
}

/// Which session a side is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one that is looked at.
    Here,
    /// Another one.
    File(PathBuf),
}

/// What the sides may be made of.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// All there is of the session that is looked at.
    pub whole: Span,
    /// The measuring cursors.
    pub cursors: [Option<Moment>; 2],
}

/// A side, resolved: a session and the windows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Which session.
    pub place: Place,
    /// Its windows, by time, perhaps none; `None` for all of it.
    pub windows: Option<Vec<Span>>,
    /// What it is, in words.
    pub words: String,
}

impl Half {
    /// A window of the session that is looked at.
    pub fn here(window: Span) -> Self {
        Self {
            place: Place::Here,
            window: Some(window),
        }
    }

    /// All of the session that is looked at.
    pub fn here_whole() -> Self {
        Self {
            place: Place::Here,
            window: None,
        }
    }

    /// Another session as a whole.
    pub fn file(path: PathBuf) -> Self {
        Self {
            place: Place::File(path),
            window: None,
        }
    }

    fn stretch(&self) -> Stretch {
        let words = match (&self.place, self.window) {
            (Place::Here, Some(_)) => "a window of this session".to_owned(),
            (Place::Here, None) => "this whole session".to_owned(),
            (Place::File(path), Some(_)) => format!("a window of {}", title(path)),
            (Place::File(path), None) => format!("all of {}", title(path)),
        };
        Stretch {
            place: self.place.clone(),
            windows: self.window.map(|it| vec![it]),
            words,
        }
    }
}

/// The name of a file, for people.
pub fn title(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

impl Sides {
    /// Both sides resolved; `None` until there is something to compare.
    pub fn resolved(&self, axis: &Axis) -> Option<[Stretch; 2]> {
        let after = self.after.as_ref()?;
        let before = match &self.before {
            Before::Fixed(half) => half.stretch(),
            Before::Around(baseline) => around(after, *baseline, axis),
        };
        Some([before, after.stretch()])
    }

    /// Chooses a side; what was chosen as before stays whatever B becomes.
    pub fn set(&mut self, which: Which, half: Half) {
        match which {
            Which::Before => self.before = Before::Fixed(half),
            Which::After => self.after = Some(half),
        }
    }

    /// Before becomes after, and the other way round.
    pub fn swap(&mut self, axis: &Axis) {
        let Some(after) = self.after.clone() else {
            return;
        };
        let before = match &self.before {
            Before::Fixed(half) => half.clone(),
            Before::Around(baseline) => {
                let found = around(&after, *baseline, axis);
                Half {
                    window: found
                        .windows
                        .and_then(|it| it.into_iter().reduce(Span::union)),
                    place: found.place,
                }
            }
        };
        self.before = Before::Fixed(after);
        self.after = Some(before);
    }
}

/// What a window is compared with.
fn around(after: &Half, baseline: Option<Baseline>, axis: &Axis) -> Stretch {
    let Half {
        place: Place::Here,
        window: Some(window),
    } = after
    else {
        // Another session, or all of this one, has nothing around it.
        return Half::here_whole().stretch();
    };
    let baseline = baseline.unwrap_or_else(|| usual(*window, axis.whole));
    let windows = windows_of(baseline, *window, axis);
    Stretch {
        place: Place::Here,
        words: words(baseline, *window, &windows),
        windows: Some(windows),
    }
}

/// What is before a window if that is long enough, else what is after it, else the longer.
pub fn usual(window: Span, whole: Span) -> Baseline {
    let length = window.length_ns();
    let earlier = window.from.0.saturating_sub(whole.from.0);
    let later = whole.to.0.saturating_sub(window.to.0);
    match earlier >= length || earlier >= later {
        true => Baseline::Before,
        false => Baseline::After,
    }
}

fn windows_of(baseline: Baseline, window: Span, axis: &Axis) -> Vec<Span> {
    let most = window.length_ns().saturating_mul(BASELINE_LENGTHS);
    let whole = axis.whole;
    let earlier = Span {
        from: whole.from,
        to: window.from.min(whole.to),
    };
    let later = Span {
        from: window.to.max(whole.from),
        to: whole.to,
    };
    let spans = match baseline {
        Baseline::Before => vec![Span {
            from: earlier.from.max(window.from.plus_ns(most.saturating_neg())),
            ..earlier
        }],
        Baseline::After => vec![Span {
            to: later.to.min(window.to.plus_ns(most)),
            ..later
        }],
        Baseline::Rest => vec![earlier, later],
        Baseline::Cursors => match axis.cursors {
            [Some(a), Some(b)] => vec![Span::between(a, b)],
            _ => Vec::new(),
        },
    };
    let there = |span: &Span| span.to > span.from;
    spans.into_iter().filter(there).collect()
}

fn words(baseline: Baseline, window: Span, windows: &[Span]) -> String {
    let length = windows.iter().map(|it| it.seconds()).sum::<f64>();
    let times = length / window.seconds();
    let much = match windows.is_empty() {
        true => "nothing is there".to_owned(),
        false => format!("{times:.1} times as long as B"),
    };
    let what = match baseline {
        Baseline::Before => "what is before B",
        Baseline::After => "what is after B",
        Baseline::Rest => "all but B",
        Baseline::Cursors => "cursor A to cursor B",
    };
    format!("{what}, {much}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::time::SECOND_NS;

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Moment(from * SECOND_NS),
            to: Moment(to * SECOND_NS),
        }
    }

    fn before(window: Span, baseline: Option<Baseline>) -> Vec<Span> {
        let axis = Axis {
            whole: span(0, 1_000),
            cursors: [Some(Moment(5 * SECOND_NS)), Some(Moment(2 * SECOND_NS))],
        };
        let sides = Sides {
            before: Before::Around(baseline),
            after: Some(Half::here(window)),
            repeatable: false,
        };
        let [before, after] = sides.resolved(&axis).expect("a window was chosen");
        assert_eq!(after.windows, Some(vec![window]));
        before.windows.unwrap_or_default()
    }

    #[test]
    fn the_baseline_is_three_times_as_long_where_there_is_that_much() {
        assert_eq!(before(span(500, 600), None), [span(200, 500)]);
        assert_eq!(before(span(150, 250), None), [span(0, 150)]);
        // Less than its own length is before it, but more after it.
        assert_eq!(before(span(50, 150), None), [span(150, 450)]);
        // Neither is long enough: the longer.
        assert_eq!(before(span(300, 900), None), [span(0, 300)]);
        assert_eq!(before(span(0, 1_000), None), []);
    }

    #[test]
    fn the_user_may_want_another_baseline() {
        let window = span(100, 200);
        assert_eq!(before(window, Some(Baseline::After)), [span(200, 500)]);
        let rest = [span(0, 100), span(200, 1_000)];
        assert_eq!(before(window, Some(Baseline::Rest)), rest);
        assert_eq!(before(window, Some(Baseline::Cursors)), [span(2, 5)]);
    }

    #[test]
    fn swapping_twice_changes_nothing_but_that_the_baseline_is_held() {
        let axis = Axis {
            whole: span(0, 1_000),
            cursors: [None, None],
        };
        let mut sides = Sides {
            after: Some(Half::here(span(500, 600))),
            ..Sides::default()
        };
        let first = sides.resolved(&axis).map(|it| it.map(|it| it.windows));
        sides.swap(&axis);
        let swapped = sides.resolved(&axis).map(|it| it.map(|it| it.windows));
        let turned = first.clone().map(|[a, b]| [b, a]);
        assert_eq!(swapped, turned);
        sides.swap(&axis);
        let again = sides.resolved(&axis).map(|it| it.map(|it| it.windows));
        assert_eq!(again, first);
    }

    #[test]
    fn another_session_is_compared_with_this_one() {
        let axis = Axis {
            whole: span(0, 10),
            cursors: [None, None],
        };
        let sides = Sides {
            after: Some(Half::file("/s/other.kymo".into())),
            ..Sides::default()
        };
        let [a, b] = sides.resolved(&axis).expect("a file was chosen");
        assert_eq!(
            (a.place, a.words.as_str()),
            (Place::Here, "this whole session")
        );
        assert_eq!(b.words, "all of other.kymo");
    }
}
