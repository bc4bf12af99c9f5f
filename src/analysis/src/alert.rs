//! Alerts with hold time and hysteresis, by sample times.
//!
//! A value beyond its limit makes an alert pending; one that stays beyond for the hold
//! time fires; a value back within the clear level ends it. Between limit and clear level
//! nothing changes, so that a value that trembles at its limit is told once.
//!
//! * In: samples, in order; `NaN` and long pauses are gaps.
//! * Out: what changed, with the time of the sample that changed it.
//! * Never: reads a clock. A gap holds the state: it neither fires nor ends anything,
//!   and its time counts for nothing.
//!
//! Start at [`Machine::step`]; [`episodes`] runs one over a column.

use model::standard::Bound;
use model::time::{Moment, Span};

/// When an alert fires and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// What a value must pass.
    pub limit: Bound,
    /// What a value must be within to end a firing alert.
    pub clear: f64,
    /// How long it must be beyond in one go.
    pub hold_ns: i64,
    /// Neighbors further apart have a gap between them.
    pub gap_ns: i64,
}

/// Where an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Within, and never fired.
    #[default]
    Ok,
    /// Beyond, not for long enough yet.
    Pending {
        /// First sample beyond.
        since: Moment,
        /// Time beyond until now, gaps left out.
        held_ns: i64,
    },
    /// Beyond for the hold time, and not within the clear level since.
    Firing {
        /// First sample beyond.
        since: Moment,
        /// Sample at which the hold time was reached.
        fired: Moment,
    },
    /// It fired and ended.
    Resolved {
        /// First sample beyond.
        since: Moment,
        /// Sample that was within the clear level.
        until: Moment,
    },
}

/// What a sample changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It became pending.
    Pending,
    /// It fired.
    Fired,
    /// It was pending and is not any more.
    Calmed,
    /// It fired and ended.
    Resolved,
}

/// One alert on one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    setup: Setup,
    state: State,
    last: Option<i64>,
}

impl Machine {
    /// An alert that has seen nothing.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            state: State::Ok,
            last: None,
        }
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// Time of the last sample that counted.
    pub fn last(&self) -> Option<Moment> {
        self.last.map(Moment)
    }

    /// Takes in a sample; one that is not later than the last, or `NaN`, changes nothing.
    pub fn step(&mut self, at: i64, value: f64) -> Option<Change> {
        if value.is_nan() || self.last.is_some_and(|last| at <= last) {
            return None;
        }
        let elapsed = self.last.map_or(0, |last| at.saturating_sub(last));
        let counted = if elapsed <= self.setup.gap_ns {
            elapsed
        } else {
            0
        };
        self.last = Some(at);
        let beyond = self.setup.limit.is_passed_by(value);
        match self.state {
            State::Ok | State::Resolved { .. } if beyond => {
                self.state = State::Pending {
                    since: Moment(at),
                    held_ns: 0,
                };
                Some(Change::Pending)
            }
            State::Ok | State::Resolved { .. } => None,
            State::Pending { since, held_ns } if beyond => {
                let held_ns = held_ns.saturating_add(counted);
                if held_ns < self.setup.hold_ns {
                    self.state = State::Pending { since, held_ns };
                    return None;
                }
                self.state = State::Firing {
                    since,
                    fired: Moment(at),
                };
                Some(Change::Fired)
            }
            State::Pending { .. } => {
                self.state = State::Ok;
                Some(Change::Calmed)
            }
            State::Firing { since, .. } => {
                let cleared = self.setup.limit.at(self.setup.clear).holds(value);
                if !cleared {
                    return None;
                }
                self.state = State::Resolved {
                    since,
                    until: Moment(at),
                };
                Some(Change::Resolved)
            }
        }
    }
}

/// From the first sample beyond to the one that ended it, of each alert that fires in a
/// column; one that goes on ends just after the last sample.
pub fn episodes(setup: Setup, at: &[i64], values: &[f64]) -> Vec<Span> {
    let mut machine = Machine::new(setup);
    let mut found = Vec::new();
    for (at, value) in at.iter().zip(values) {
        if machine.step(*at, *value) == Some(Change::Resolved)
            && let State::Resolved { since, until } = machine.state()
        {
            found.push(Span {
                from: since,
                to: until,
            });
        }
    }
    if let (State::Firing { since, .. }, Some(last)) = (machine.state(), machine.last()) {
        found.push(Span {
            from: since,
            to: last.plus_ns(1),
        });
    }
    found
}

#[cfg(test)]
mod tests;
