//! Trials that go back and forth, A-B-A-B, and when they may stop.
//!
//! Each stretch between two switches is one observation, so what repeats within a stretch
//! is no evidence. A linear drift is fitted beside the effect; going back and forth keeps
//! slow noise out of it. The answer may be looked at after every stretch: the p-value and
//! the interval hold at all times at once, so that looking often does not make chance look
//! like an effect.
//!
//! What comes and goes at the rhythm of the switches looks like an effect to any such trial:
//! stretches of unequal length keep a nightly, hourly or minutely job from doing so.
//!
//! * In: stretches in the order of time, without their warm-up.
//! * Out: go on, or stop and why; the effect with an interval; how far A drifted.
//! * Never: says "no effect" without having shown that it is smaller than what counts.
//!
//! Start at [`judge`].
//!
//! # Source
//!
//! M. Lindon, D. W. Ham, M. Tingley, I. Bojinov, "Anytime-valid linear models and
//! regression adjusted causal inference in randomized experiments", arXiv:2210.08589, 2022:
//! the Bayes factor of a normal effect against none, with invariant priors for
//! drift, level and scale, is a martingale. H. Robbins, "Statistical methods related to the
//! law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970), for
//! intervals that hold at all times.

use model::unit::Unit;

/// An effect before it is seen is as large as so many standard deviations of a stretch,
/// by its variance: ten, since effects that matter are large beside how stretches differ.
/// Another value is as valid and only more or less quick.
const EFFECT_VARIANCE: f64 = 10.0;

/// A drift of A of more than this part of the effect keeps the trial going.
pub const DRIFT_MOST: f64 = 0.5;

/// Stretches of any trial; the switches themselves would become the load.
pub const STRETCHES_MOST: usize = 200;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// As it was.
    A,
    /// With the change.
    B,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// A stretch between two switches.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// What was set.
    pub side: Side,
    /// One value an interval, warm-up left out; `NaN` is a gap.
    pub values: &'a [f64],
}

/// What is asked of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Share of trials without an effect that may end with one, such as 0.05.
    pub alpha: f64,
    /// Smallest effect that counts, as a share of the level of A, such as 0.05.
    pub floor: f64,
    /// Stretches after which it ends anyway, at most [`STRETCHES_MOST`].
    pub most: usize,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Record another stretch of this side.
    Continue(Side),
    /// B is higher.
    Higher,
    /// B is lower.
    Lower,
    /// The effect is smaller than what counts: shown.
    NoEffect,
    /// As many stretches as there may be, and neither is shown.
    Undecided,
}

/// What a trial says so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What to do.
    pub decision: Decision,
    /// Stretches that count; neighbors of the same side are one.
    pub stretches: usize,
    /// Mean level of A.
    pub level: f64,
    /// B less A without drift, in the unit of the values; `NaN` for too few stretches.
    pub effect: f64,
    /// Holds the true effect at all times at once with probability `1 - alpha`.
    pub interval: [f64; 2],
    /// Valid at all times at once.
    pub p_value: f64,
    /// The last A less the first A.
    pub drift: f64,
    /// Whether A drifted so far that the effect is in doubt.
    pub is_doubtful: bool,
}

/// Decides after each stretch whether to go on.
pub fn judge(stretches: &[Stretch<'_>], rule: &Rule) -> Trial {
    let levels = levels(stretches);
    let of_a: Vec<f64> = levels
        .iter()
        .filter(|it| it.0 == Side::A)
        .map(|it| it.1)
        .collect();
    let level = mean(&of_a);
    let drift = of_a
        .last()
        .zip(of_a.first())
        .map_or(f64::NAN, |(last, first)| last - first);
    let fit = fit(&levels).filter(|_| levels.len() <= STRETCHES_MOST);
    let (effect, radius, p_value) = fit.map_or((f64::NAN, f64::INFINITY, 1.0), |fit| {
        (fit.effect, fit.radius(rule.alpha), fit.p_value())
    });
    let mut trial = Trial {
        decision: Decision::Undecided,
        stretches: levels.len(),
        level,
        effect,
        interval: [effect - radius, effect + radius],
        p_value,
        is_doubtful: drift.abs() > DRIFT_MOST * effect.abs(),
        drift,
    };
    trial.decision = trial.decide(&levels, rule);
    trial
}

impl Trial {
    fn decide(&self, levels: &[(Side, f64)], rule: &Rule) -> Decision {
        let [low, high] = self.interval;
        let least = rule.floor * self.level.abs();
        if low > -least && high < least {
            return Decision::NoEffect;
        }
        let is_shown = self.p_value <= rule.alpha && !self.is_doubtful;
        if is_shown && low > 0.0 {
            return Decision::Higher;
        }
        if is_shown && high < 0.0 {
            return Decision::Lower;
        }
        if levels.len() >= rule.most.min(STRETCHES_MOST) {
            return Decision::Undecided;
        }
        Decision::Continue(levels.last().map_or(Side::A, |it| it.0.other()))
    }

    /// What the trial says, in a sentence.
    pub fn said(&self, unit: &Unit) -> String {
        let share = |value: f64| format!("{:+.1} %", value / self.level.abs() * 100.0);
        let range = format!(
            "{} ({} to {})",
            share(self.effect),
            share(self.interval[0]),
            share(self.interval[1])
        );
        let count = self.stretches;
        let mut said = match self.decision {
            Decision::Higher => format!("B is higher than A by {range}, after {count} stretches"),
            Decision::Lower => format!("B is lower than A by {range}, after {count} stretches"),
            Decision::NoEffect => {
                format!("B is the same as A within what counts: {range}, after {count} stretches")
            }
            Decision::Undecided => {
                format!("not enough evidence after {count} stretches: B differs by {range}")
            }
            Decision::Continue(_) if self.interval[0].is_finite() => {
                format!("go on: after {count} stretches B differs by {range}")
            }
            Decision::Continue(_) => format!("go on: {count} stretches are too few to say"),
        };
        if self.is_doubtful && self.drift != 0.0 {
            said.push_str(&format!(
                "; A itself moved from first to last by {}, which puts the effect in doubt",
                unit.text(self.drift)
            ));
        }
        said
    }
}

/// The mean of each stretch; neighbors of the same side are one, empty ones none.
fn levels(stretches: &[Stretch<'_>]) -> Vec<(Side, f64)> {
    let mut merged: Vec<(Side, Vec<f64>)> = Vec::new();
    for stretch in stretches {
        let numbers = stretch.values.iter().copied().filter(|it| it.is_finite());
        let numbers: Vec<f64> = numbers.collect();
        match merged.last_mut() {
            _ if numbers.is_empty() => {}
            Some((side, values)) if *side == stretch.side => values.extend(numbers),
            _ => merged.push((stretch.side, numbers)),
        }
    }
    let all = merged.into_iter();
    all.map(|(side, values)| (side, mean(&values))).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Least squares of level, linear drift and effect.
struct Fit {
    effect: f64,
    /// Squares of what tells B from A and is no drift.
    squares: f64,
    /// Squares of what is left.
    left: f64,
    /// Stretches less fitted numbers.
    freedom: f64,
}

fn fit(levels: &[(Side, f64)]) -> Option<Fit> {
    let freedom = levels.len().checked_sub(3).filter(|it| *it > 0)?;
    let time: Vec<f64> = (0..levels.len()).map(|it| it as f64).collect();
    let time = without(&time, &vec![1.0; levels.len()]);
    let plain = |values: Vec<f64>| {
        let centered = without(&values, &vec![1.0; levels.len()]);
        without(&centered, &time)
    };
    let is_b = plain(
        levels
            .iter()
            .map(|it| f64::from(u8::from(it.0 == Side::B)))
            .collect(),
    );
    let values = plain(levels.iter().map(|it| it.1).collect());
    let squares = dot(&is_b, &is_b);
    if squares < 1e-9 {
        return None;
    }
    let effect = dot(&is_b, &values) / squares;
    let left = dot(&values, &values) - effect * effect * squares;
    effect.is_finite().then_some(Fit {
        effect,
        squares,
        left: left.max(0.0),
        freedom: freedom as f64,
    })
}

/// `values` less their projection on `direction`.
fn without(values: &[f64], direction: &[f64]) -> Vec<f64> {
    let part = dot(values, direction) / dot(direction, direction);
    let pairs = values.iter().zip(direction);
    pairs.map(|(value, along)| value - part * along).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Fit {
    /// How much the prior of the effect weighs beside what was seen, 0 to 1.
    fn weight(&self) -> f64 {
        1.0 / (1.0 + EFFECT_VARIANCE * self.squares)
    }

    /// One over the Bayes factor, at most 1.
    fn p_value(&self) -> f64 {
        let seen = self.effect * self.effect * self.squares;
        if seen == 0.0 {
            return 1.0;
        }
        let weight = self.weight();
        let log = 0.5 * weight.ln()
            + 0.5 * (self.freedom + 1.0) * ((self.left + seen) / (self.left + weight * seen)).ln();
        (-log).exp().min(1.0)
    }

    /// Half the length of the interval: the effects whose Bayes factor against what was
    /// seen is below `1 / alpha`.
    fn radius(&self, alpha: f64) -> f64 {
        let weight = self.weight();
        let root = (weight * alpha * alpha).powf(1.0 / (self.freedom + 1.0));
        if root <= weight {
            return f64::INFINITY;
        }
        (self.left / self.squares * (1.0 - root) / (root - weight)).sqrt()
    }
}

#[cfg(test)]
mod tests;
