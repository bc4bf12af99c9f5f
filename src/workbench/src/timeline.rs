//! The one time axis that every screen shares: view, selection, cursors, history.
//!
//! The view either follows the newest sample or stays where the user put it;
//! neither has any effect on what is recorded. Where the view has been is kept
//! apart from undo: back and forward, as in a browser.
//!
//! Start at [`Timeline`].

use model::time::{Moment, SECOND_NS, Span};

/// How much a live view shows until the user zooms: at least and at most.
const FIRST_NS: (i64, i64) = (60 * SECOND_NS, 5 * 60 * SECOND_NS);

/// The shortest and the longest view.
const VIEW_NS: (i64, i64) = (1_000, 100 * 366 * 86_400 * SECOND_NS);

/// Views that back and forward remember.
const HISTORY_MAX: usize = 100;

/// A step of the arrow keys as a share of the view; Shift takes four.
pub const PAN_SHARE: f64 = 0.1;

/// A step of the zoom keys.
pub const ZOOM_FACTOR: f64 = 1.25;

/// Whether the view moves with the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The newest sample stays at the right edge.
    #[default]
    Follow,
    /// The view stays where it is.
    Paused,
}

/// What every screen shows of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    view: Span,
    mode: Mode,
    /// Whether the view grows with the data, since nobody chose its length yet.
    grows: bool,
    whole: Span,
    back: Vec<Span>,
    forward: Vec<Span>,
    /// The selected range.
    pub selection: Option<Span>,
    /// Where the pointer is, in whichever plot.
    pub cursor: Option<Moment>,
    /// A moment that a click held on to.
    pub pin: Option<Moment>,
    /// The measuring cursors A and B.
    pub measure: [Option<Moment>; 2],
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            view: Span {
                from: Moment(0),
                to: Moment(FIRST_NS.0),
            },
            mode: Mode::Follow,
            grows: true,
            whole: Span::default(),
            back: Vec::new(),
            forward: Vec::new(),
            selection: None,
            cursor: None,
            pin: None,
            measure: [None, None],
        }
    }
}

impl Timeline {
    /// What is visible.
    pub fn view(&self) -> Span {
        self.view
    }

    /// Whether the view moves with the data.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// All there is to see.
    pub fn whole(&self) -> Span {
        self.whole
    }

    /// Where the pointer is, else what a click held on to.
    pub fn pointed(&self) -> Option<Moment> {
        self.cursor.or(self.pin)
    }

    /// The moment that tables show: what is pointed at, else the end of what is visible.
    pub fn moment(&self) -> Moment {
        let last = Moment(self.view.to.0.min(self.whole.to.0).saturating_sub(1));
        self.pointed().unwrap_or(last)
    }

    /// Whether tables show the newest there is.
    pub fn is_newest(&self) -> bool {
        self.pointed().is_none() && self.view.to >= self.whole.to
    }

    /// The range that statistics, reports and exports take.
    pub fn range(&self) -> Span {
        let chosen = self.selection.unwrap_or(self.view);
        let inside = chosen.intersect(self.whole);
        if inside.is_empty() {
            self.whole
        } else {
            inside
        }
    }

    /// Takes in how far the data reaches now; a following view moves along.
    pub fn reach(&mut self, whole: Span) {
        self.whole = whole;
        if self.mode == Mode::Follow && !whole.is_empty() {
            let length = match self.grows {
                true => whole.length_ns().clamp(FIRST_NS.0, FIRST_NS.1),
                false => self.view.length_ns(),
            };
            self.view = ending(whole.to, length);
        }
    }

    /// Begins anew on other data: a recording is shown whole, live data is followed.
    pub fn restart(&mut self, whole: Span, mode: Mode) {
        *self = Self {
            mode,
            ..Self::default()
        };
        self.reach(whole);
        if mode == Mode::Paused && !whole.is_empty() {
            self.view = padded(whole);
        }
    }

    /// Shows a span and remembers where the view was.
    pub fn show(&mut self, span: Span) {
        self.remember();
        self.move_to(span);
    }

    /// Shows a span as part of one gesture, which is remembered only once.
    pub fn move_to(&mut self, span: Span) {
        self.mode = Mode::Paused;
        self.grows = false;
        self.view = bounded(span);
    }

    /// Puts the present view into the history.
    pub fn remember(&mut self) {
        if self.back.last() != Some(&self.view) {
            self.back.push(self.view);
        }
        if self.back.len() > HISTORY_MAX {
            self.back.remove(0);
        }
        self.forward.clear();
    }

    /// Moves by a share of the view; to the right is positive.
    pub fn pan(&mut self, share: f64) {
        let by = (self.view.length_ns() as f64 * share) as i64;
        self.move_to(Span {
            from: self.view.from.plus_ns(by),
            to: self.view.to.plus_ns(by),
        });
    }

    /// Shows `factor` times as much detail around the cursor, else the middle;
    /// a following view keeps following.
    pub fn zoom(&mut self, factor: f64) {
        self.grows = false;
        let length = self.view.length_ns().max(1);
        let next = ((length as f64 / factor) as i64).clamp(VIEW_NS.0, VIEW_NS.1);
        if self.mode == Mode::Follow {
            self.view = ending(self.view.to, next);
            return;
        }
        let inside = |moment: &Moment| self.view.contains(*moment);
        let middle = self.view.from.plus_ns(length / 2);
        let held = self.pointed().filter(inside).unwrap_or(middle);
        let share = held.0.saturating_sub(self.view.from.0) as f64 / length as f64;
        let from = held.plus_ns(-((next as f64 * share) as i64));
        self.view = Span {
            from,
            to: from.plus_ns(next),
        };
    }

    /// Shows everything.
    pub fn show_whole(&mut self) {
        if self.whole.is_empty() {
            return;
        }
        self.remember();
        self.grows = false;
        match self.mode {
            Mode::Follow => self.view = ending(self.whole.to, self.whole.length_ns()),
            Mode::Paused => self.view = padded(self.whole),
        }
    }

    /// Zooms into the selection; the second time shows everything again.
    pub fn focus(&mut self) {
        let Some(selection) = self.selection.filter(|it| !it.is_empty()) else {
            return;
        };
        let focused = padded(selection);
        if self.view == focused {
            self.mode = Mode::Paused;
            self.show_whole();
        } else {
            self.show(focused);
        }
    }

    /// Shows the newest sample and goes on doing so.
    pub fn follow(&mut self) {
        if self.mode == Mode::Paused {
            self.remember();
        }
        self.mode = Mode::Follow;
        self.pin = None;
        let length = self.view.length_ns().min(6 * 3600 * SECOND_NS);
        self.view = ending(self.whole.to, length);
    }

    /// Stays where the view is.
    pub fn pause(&mut self) {
        self.mode = Mode::Paused;
    }

    /// Goes to the previous view.
    pub fn go_back(&mut self) {
        while let Some(span) = self.back.pop() {
            if span != self.view {
                self.forward.push(self.view);
                self.move_to(span);
                return;
            }
        }
    }

    /// Undoes [`Timeline::go_back`].
    pub fn go_forward(&mut self) {
        if let Some(span) = self.forward.pop() {
            self.back.push(self.view);
            self.move_to(span);
        }
    }

    /// Whether there is a previous view.
    pub fn can_go_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Whether there is a next view.
    pub fn can_go_forward(&self) -> bool {
        !self.forward.is_empty()
    }

    /// Brings a moment into view without changing the zoom.
    pub fn reveal(&mut self, moment: Moment) {
        if !self.view.contains(moment) {
            let half = self.view.length_ns() / 2;
            let from = moment.plus_ns(-half);
            self.show(Span {
                from,
                to: from.plus_ns(half * 2),
            });
        }
        self.mode = Mode::Paused;
        self.pin = Some(moment);
    }

    /// Drops the most recent of what is marked: selection, held moment, measuring cursors.
    pub fn escape(&mut self) {
        if self.selection.take().is_none() && self.pin.take().is_none() {
            self.measure = [None, None];
        }
    }

    /// Sets cursor A, then B, then starts again with A.
    pub fn place_measure(&mut self) {
        let here = self.moment();
        self.measure = match self.measure {
            [None, _] => [Some(here), None],
            [Some(a), None] => [Some(a), Some(here)],
            [Some(_), Some(_)] => [Some(here), None],
        };
    }
}

fn ending(to: Moment, length_ns: i64) -> Span {
    let length = length_ns.clamp(VIEW_NS.0, VIEW_NS.1);
    // A sample taken now should not stick to the edge.
    let to = to.plus_ns(length / 100);
    Span {
        from: to.plus_ns(-length),
        to,
    }
}

/// A span with a little air on both sides.
fn padded(span: Span) -> Span {
    let air = span.length_ns() / 100;
    bounded(Span {
        from: span.from.plus_ns(-air),
        to: span.to.plus_ns(air),
    })
}

fn bounded(span: Span) -> Span {
    Span {
        from: span.from,
        to: span
            .from
            .plus_ns(span.length_ns().clamp(VIEW_NS.0, VIEW_NS.1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Moment(from * SECOND_NS),
            to: Moment(to * SECOND_NS),
        }
    }

    fn live(to: i64) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.restart(span(0, to), Mode::Follow);
        timeline
    }

    #[test]
    fn a_following_view_moves_with_the_data_and_a_paused_one_stays() {
        let mut timeline = live(1000);
        let before = timeline.view();
        assert!(before.contains(Moment(999 * SECOND_NS)));
        timeline.reach(span(0, 1010));
        assert_eq!(timeline.view().from, before.from.plus_ns(10 * SECOND_NS));
        timeline.pause();
        let held = timeline.view();
        timeline.reach(span(0, 2000));
        assert_eq!(timeline.view(), held);
        timeline.follow();
        assert!(timeline.view().contains(Moment(1999 * SECOND_NS)));
    }

    #[test]
    fn a_young_view_grows_with_the_data_until_somebody_zooms() {
        let mut timeline = live(30);
        assert_eq!(timeline.view().length_ns(), FIRST_NS.0);
        timeline.reach(span(0, 200));
        assert_eq!(timeline.view().length_ns(), 200 * SECOND_NS);
        timeline.zoom(2.0);
        timeline.reach(span(0, 250));
        assert_eq!(timeline.view().length_ns(), 100 * SECOND_NS);
    }

    #[test]
    fn history_goes_back_and_forward() {
        let mut timeline = live(1000);
        timeline.show(span(100, 200));
        timeline.show(span(120, 130));
        timeline.go_back();
        assert_eq!(timeline.view(), span(100, 200));
        timeline.go_forward();
        assert_eq!(timeline.view(), span(120, 130));
        timeline.go_back();
        timeline.show(span(1, 2));
        assert!(!timeline.can_go_forward());
        for i in 0..500 {
            timeline.show(span(i, i + 1));
        }
        assert!(timeline.back.len() <= HISTORY_MAX);
    }

    #[test]
    fn zoom_keeps_the_cursor_in_place_and_focus_toggles() {
        let mut timeline = live(1000);
        timeline.show(span(0, 100));
        timeline.cursor = Some(Moment(25 * SECOND_NS));
        timeline.zoom(2.0);
        assert_eq!(timeline.view().from.0, 12_500_000_000);
        assert_eq!(timeline.view().to.0, 62_500_000_000);
        timeline.selection = Some(span(30, 40));
        timeline.focus();
        assert!((timeline.view().seconds() - 10.2).abs() < 1e-6);
        timeline.focus();
        assert!(timeline.view().seconds() > 1000.0);
    }

    #[test]
    fn cursors_a_and_b_take_turns() {
        let mut timeline = live(100);
        timeline.cursor = Some(Moment(5));
        timeline.place_measure();
        timeline.cursor = Some(Moment(9));
        timeline.place_measure();
        assert_eq!(timeline.measure, [Some(Moment(5)), Some(Moment(9))]);
        timeline.place_measure();
        assert_eq!(timeline.measure, [Some(Moment(9)), None]);
        timeline.escape();
        assert_eq!(timeline.measure, [None, None]);
    }

    #[test]
    fn the_range_of_a_report_is_never_empty_by_accident() {
        let mut timeline = live(1000);
        timeline.selection = Some(span(5000, 6000));
        assert_eq!(timeline.range(), span(0, 1000));
        timeline.selection = Some(span(990, 6000));
        assert_eq!(timeline.range(), span(990, 1000));
    }
}
