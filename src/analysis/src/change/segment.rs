//! Where a series with white noise is best cut into levels and straight lines.
//!
//! A stretch costs its squared deviations from its mean, or from its line and a
//! penalty for the slope, so that a steady drift is one stretch and no staircase.
//! Sums up to each place give the cost of any stretch in constant time.
//!
//! * In: values with noise of one known variance.
//! * Out: places of cuts, each of which saves more than the penalty.
//!
//! Start at [`Costs::cuts`].
//!
//! # Source
//!
//! A. J. Scott, M. Knott, "A cluster analysis method for grouping means in the
//! analysis of variance", Biometrics 30 (1974): binary segmentation.
//! S. Kovács, P. Bühlmann, H. Li, A. Munk, "Seeded binary segmentation",
//! Biometrika 110 (2023): the intervals it is seeded with.

use std::ops::Range;

/// Shortest stretch that can be told apart.
pub(super) const LEAST: usize = 6;

/// A regime lasts at least this share of the series; what returns sooner is an
/// episode, which is the question of the anomalies.
const LEAST_SHARE: f64 = 0.01;

/// Places tried in a stretch before the neighbourhood of the best is searched.
const PROBES: usize = 40;

/// Candidates that are weighed against each other, at most: weighing costs their square.
const MOST_CANDIDATES: usize = 128;

/// Generations of seeded intervals: the shortest are a 32nd of the series.
const GENERATIONS: u32 = 6;

/// So many of the largest single values are candidates for a step.
const MOST_JUMPS: usize = 8;

/// A value that may be a step is this many scales away; below, it is noise like any other.
const LEAST_JUMP: f64 = 3.0;

/// What a cut has to save, and what a slope has to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Penalty {
    /// Of a cut.
    pub(super) cut: f64,
    /// Of a slope.
    pub(super) slope: f64,
}

/// Sums that give the cost of any stretch.
pub(super) struct Costs {
    /// Value, square, and value times place, summed up to each place.
    sums: Vec<[f64; 3]>,
    /// Variance of the noise.
    variance: f64,
    /// One over it.
    precision: f64,
    slope: f64,
    /// Shortest stretch.
    least: usize,
    /// The values with their spikes, and how many times the difference of the levels
    /// on both sides a step adds to the value where it happens.
    jumps: Option<(Vec<f64>, f64)>,
}

impl Costs {
    /// Sums the values up.
    pub(super) fn of(values: &[f64], variance: f64, slope: f64) -> Self {
        let mut sums = Vec::with_capacity(values.len() + 1);
        let mut sum = [0.0; 3];
        sums.push(sum);
        for (place, value) in values.iter().enumerate() {
            sum[0] += value;
            sum[1] += value * value;
            sum[2] += value * place as f64;
            sums.push(sum);
        }
        Self {
            sums,
            variance,
            precision: 1.0 / variance,
            slope,
            least: least(values.len()),
            jumps: None,
        }
    }

    /// Takes in that the values were freed of a memory: a step of the series then shows
    /// in `plain`, the values with their spikes, as one large value, and little after.
    pub(super) fn with_jumps(mut self, plain: &[f64], memory: f64) -> Self {
        if memory > 0.0 {
            self.jumps = Some((plain.to_vec(), memory / (1.0 - memory)));
        }
        self
    }

    /// Variance of the noise, in squared units of the values.
    pub(super) fn variance(&self) -> f64 {
        self.variance
    }

    /// The number of values.
    pub(super) fn len(&self) -> usize {
        self.sums.len() - 1
    }

    /// Squared deviations from the mean and from the line, in variances.
    pub(super) fn level_and_line(&self, from: usize, to: usize) -> (f64, f64) {
        let (a, b) = (self.sums[from], self.sums[to]);
        let count = (to - from) as f64;
        let sum = b[0] - a[0];
        let level = (b[1] - a[1] - sum * sum / count).max(0.0);
        let moment = b[2] - a[2] - (from + to - 1) as f64 / 2.0 * sum;
        let spread = (count * (count * count - 1.0) / 12.0).max(1.0);
        let line = (level - moment * moment / spread).max(0.0);
        (level * self.precision, line * self.precision)
    }

    /// What a stretch costs.
    pub(super) fn cost(&self, from: usize, to: usize) -> f64 {
        let (level, line) = self.level_and_line(from, to);
        level.min(line + self.slope)
    }

    /// Whether a stretch is better described by a line than by a level.
    pub(super) fn slopes(&self, stretch: Range<usize>) -> bool {
        let (level, line) = self.level_and_line(stretch.start, stretch.end);
        line + self.slope < level
    }

    /// What a cut saves.
    pub(super) fn gain(&self, from: usize, cut: usize, to: usize) -> f64 {
        self.cost(from, to) - self.parts(from, cut, to)
    }

    /// What the two parts of a cut stretch cost.
    fn parts(&self, from: usize, cut: usize, to: usize) -> f64 {
        self.cost(from, cut) + self.cost(cut, to) - self.jump(from, cut, to)
    }

    /// What the value at the cut costs less because it is a step, whose size the levels
    /// on both sides foretell. An outlier foretells nothing, and a bend has no jump.
    fn jump(&self, from: usize, cut: usize, to: usize) -> f64 {
        let Some((plain, ratio)) = &self.jumps else {
            return 0.0;
        };
        let (left, right) = ((cut - from) as f64, (to - cut) as f64);
        let before = (self.sums[cut][0] - self.sums[from][0]) / left;
        let here = self.sums[cut + 1][0] - self.sums[cut][0];
        let after = (self.sums[to][0] - self.sums[cut + 1][0]) / (right - 1.0).max(1.0);
        let foretold = after + ratio * (after - before);
        let doubt = 1.0 + ratio * ratio * (1.0 / left + 1.0 / right);
        let without = (here - after).powi(2) / self.variance;
        let with = (plain[cut] - foretold).powi(2) / (self.variance * doubt);
        if without < LEAST_JUMP * LEAST_JUMP {
            return 0.0;
        }
        (without - with).max(0.0)
    }

    /// What a whole division costs, without penalties for its cuts.
    pub(super) fn total(&self, cuts: &[usize]) -> f64 {
        let pairs = edges(cuts, self.len());
        let stretches = pairs.windows(2).map(|it| self.cost(it[0], it[1]));
        let jumps = pairs.windows(3).map(|it| self.jump(it[0], it[1], it[2]));
        stretches.sum::<f64>() - jumps.sum::<f64>()
    }

    /// The best cuts, ascending.
    pub(super) fn cuts(&self, penalty: f64) -> Vec<usize> {
        let mut found = Vec::new();
        self.seed(penalty, &mut found);
        self.divide(0..self.len(), penalty, &mut found);
        self.leap(&mut found);
        found.sort_by(|a: &(f64, usize), b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut cuts: Vec<usize> = Vec::new();
        for (_, cut) in found {
            if cuts.len() < MOST_CANDIDATES && cuts.iter().all(|it| it.abs_diff(cut) >= self.least)
            {
                cuts.push(cut);
            }
        }
        cuts.sort_unstable();
        self.weed(&mut cuts, penalty);
        self.settle(&mut cuts);
        self.weed(&mut cuts, penalty);
        cuts
    }

    /// Candidates of overlapping intervals of many lengths: a short regime between two
    /// like ones shows in none that holds all three.
    fn seed(&self, penalty: f64, found: &mut Vec<(f64, usize)>) {
        let whole = self.len();
        for generation in 1..GENERATIONS {
            let length = whole >> generation;
            if length < 2 * self.least {
                break;
            }
            let steps = 2 * ((1_usize << generation) - 1);
            for step in 0..=steps {
                let from = (whole - length) * step / steps;
                if let Some((gain, cut)) = self.best(from..from + length)
                    && gain > penalty
                {
                    found.push((gain, cut));
                }
            }
        }
    }

    /// Candidates of plain binary segmentation. Half the penalty is enough here, since
    /// two cuts may be worth more than twice what the first is alone.
    fn divide(&self, stretch: Range<usize>, penalty: f64, found: &mut Vec<(f64, usize)>) {
        let mut open = vec![stretch];
        while let Some(stretch) = open.pop() {
            let Some((gain, cut)) = self.best(stretch.clone()) else {
                continue;
            };
            if gain > penalty / 2.0 && found.len() < 2 * MOST_CANDIDATES {
                found.push((gain, cut));
                open.push(stretch.start..cut);
                open.push(cut..stretch.end);
            }
        }
    }

    /// Candidates at the largest single values.
    fn leap(&self, found: &mut Vec<(f64, usize)>) {
        let Some((plain, _)) = &self.jumps else {
            return;
        };
        let inside = self.least..(self.len() + 1).saturating_sub(self.least);
        let mut sizes: Vec<(f64, usize)> = inside
            .map(|cut| (plain[cut].powi(2) / self.variance, cut))
            .filter(|it| it.0 > LEAST_JUMP * LEAST_JUMP)
            .collect();
        sizes.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.extend(sizes.into_iter().take(MOST_JUMPS));
    }

    /// The best cut of a stretch and what it saves.
    fn best(&self, stretch: Range<usize>) -> Option<(f64, usize)> {
        let (first, last) = (
            stretch.start + self.least,
            stretch.end.checked_sub(self.least)?,
        );
        if first > last {
            return None;
        }
        let whole = self.cost(stretch.start, stretch.end);
        let parts = |cut: usize| self.cost(stretch.start, cut) + self.cost(cut, stretch.end);
        let lowest = |cuts: &mut dyn Iterator<Item = usize>| {
            cuts.map(|cut| (parts(cut), cut))
                .min_by(|a, b| a.0.total_cmp(&b.0))
        };
        let stride = ((last - first) / PROBES).max(1);
        let (rest, near) = lowest(&mut (first..=last).step_by(stride))?;
        if stride == 1 {
            return Some((whole - rest, near));
        }
        let (from, to) = (
            (near + 1).saturating_sub(stride).max(first),
            (near + stride).min(last + 1),
        );
        let (fine, cut) = lowest(&mut (from..to))?;
        Some((whole - fine, cut))
    }

    /// Takes out the cut that saves least, until each saves the penalty.
    fn weed(&self, cuts: &mut Vec<usize>, penalty: f64) {
        loop {
            let edges = edges(cuts, self.len());
            let gains = edges.windows(3).map(|it| self.gain(it[0], it[1], it[2]));
            let least = gains.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            match least {
                Some((place, gain)) if gain < penalty => {
                    cuts.remove(place);
                }
                _ => return,
            }
        }
    }

    /// Moves each cut to the best place between its neighbours.
    fn settle(&self, cuts: &mut [usize]) {
        for place in 0..cuts.len() {
            let from = place.checked_sub(1).map_or(0, |it| cuts[it]);
            let to = cuts.get(place + 1).copied().unwrap_or(self.len());
            let (first, last) = (from + self.least, to.saturating_sub(self.least));
            let costs = (first..=last).map(|cut| (self.parts(from, cut, to), cut));
            if let Some((_, cut)) = costs.min_by(|a, b| a.0.total_cmp(&b.0)) {
                cuts[place] = cut;
            }
        }
    }
}

/// The least-squares line at the first and the last of some values.
pub(super) fn ends_of_line(values: &[f64]) -> (f64, f64) {
    let mean = crate::stats::order::mean(values);
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut moment, mut square) = (0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let place = i as f64 - middle;
        moment += place * (value - mean);
        square += place * place;
    }
    let slope = if square > 0.0 { moment / square } else { 0.0 };
    (mean - slope * middle, mean + slope * middle)
}

/// Cuts with both ends.
pub(super) fn edges(cuts: &[usize], len: usize) -> Vec<usize> {
    let ends = std::iter::once(0).chain(cuts.iter().copied());
    ends.chain(std::iter::once(len)).collect()
}

/// The shortest stretch of a series of so many values.
fn least(count: usize) -> usize {
    LEAST.max((count as f64 * LEAST_SHARE) as usize)
}
