//! How far another machine's clock is from ours, and how sure that is.
//!
//! A probe leaves at `sent`, the agent reads its clock, the answer is here at
//! `received`. The agent's reading belongs somewhere between; taking the middle
//! errs by at most half the round trip. The probe with the shortest round trip
//! wins.
//!
//! # Source
//!
//! D. L. Mills, RFC 5905, section 8 (offset and delay of one exchange).

/// Offset of an agent's wall clock from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Their clock minus ours.
    pub offset_ns: i64,
    /// It is at most this far off: half of the shortest round trip.
    pub error_ns: i64,
}

/// One exchange, all times on wall clocks in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When the probe left, our clock.
    pub sent_ns: i64,
    /// What the agent read, its clock.
    pub theirs_ns: i64,
    /// When the answer was here, our clock.
    pub received_ns: i64,
}

/// The estimate that the exchanges so far allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Estimator {
    best: Option<Offset>,
    exchanges: u32,
}

impl Estimator {
    /// Takes in one exchange; one whose answer is older than its probe is ignored.
    pub fn add(&mut self, exchange: Exchange) {
        let round_ns = exchange.received_ns.saturating_sub(exchange.sent_ns);
        if round_ns < 0 {
            return;
        }
        self.exchanges += 1;
        let middle_ns = exchange.sent_ns + round_ns / 2;
        let offset = Offset {
            offset_ns: exchange.theirs_ns.saturating_sub(middle_ns),
            error_ns: round_ns - round_ns / 2,
        };
        if self.best.is_none_or(|best| offset.error_ns < best.error_ns) {
            self.best = Some(offset);
        }
    }

    /// How many exchanges counted.
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// The best estimate; `None` before the first answer.
    pub fn offset(&self) -> Option<Offset> {
        self.best
    }
}

impl Offset {
    /// What to correct by: nothing while the offset is within its own error.
    pub fn correction_ns(self) -> i64 {
        if self.offset_ns.saturating_abs() <= self.error_ns {
            0
        } else {
            self.offset_ns
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_within_half_the_shortest_round_trip() {
        let truth = 5_000_000;
        let mut estimator = Estimator::default();
        for (out, back) in [(900, 100), (300, 250), (10, 4000)] {
            estimator.add(Exchange {
                sent_ns: 1_000_000,
                theirs_ns: 1_000_000 + out + truth,
                received_ns: 1_000_000 + out + back,
            });
        }
        let offset = estimator
            .offset()
            .map(|it| (it.offset_ns - truth).abs() <= it.error_ns);
        assert_eq!(offset, Some(true));
        assert_eq!(estimator.offset().map(|it| it.error_ns), Some(275));
    }

    #[test]
    fn an_offset_within_its_error_corrects_nothing() {
        let near = Offset {
            offset_ns: -40,
            error_ns: 50,
        };
        assert_eq!(near.correction_ns(), 0);
    }
}
