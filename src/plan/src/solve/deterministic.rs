//! M/D/c exactly: random arrivals, constant service time, equal servers.
//!
//! Every service time the number waiting changes by what arrived less what was served.
//! Its mean is a sum over the roots of `z^c = exp(a (z - 1))` within the unit circle; at
//! low load that sum cancels, and there a sum of positive terms over 1, 2, … service
//! times converges quickly instead.
//!
//! Start at [`wait_seconds`].
//!
//! # Source
//!
//! C. D. Crommelin, "Delay probability formulae when the holding times are constant",
//! Post Office Electrical Engineers' Journal 25 (1932). F. Spitzer, "A combinatorial
//! lemma and its application to probability theory", Trans. AMS 82 (1956).

use super::queue::{Load, Steady};
use super::{SolveError, check};

/// Servers, at most: each is a root to find.
pub const MOST_SERVERS: usize = 20_000;

/// Terms of the positive sum, at most.
const MOST_TERMS: usize = 400;

/// Decay of the positive sum per term from which on it is used: 400 terms of it leave
/// less than 1e-17.
const LEAST_DECAY: f64 = 0.1;

/// Newton steps for a root, at most.
const MOST_STEPS: usize = 200;

/// Solves M/D/c; the chance to wait is that of M/M/c, all else is exact.
///
/// # Errors
///
/// As [`super::queue::many_servers`]; [`SolveError::TooLarge`] beyond [`MOST_SERVERS`].
pub fn solve(load: &Load) -> Result<Steady, SolveError> {
    let wait = wait_seconds(load)?;
    let chance = super::queue::wait_chance(load.servers, load.utilization());
    Ok(Steady::of(load, chance, wait))
}

/// Mean seconds before service in M/D/c.
///
/// # Errors
///
/// As [`solve`].
pub fn wait_seconds(load: &Load) -> Result<f64, SolveError> {
    load.check()?;
    check::at_most(
        "the number of servers",
        f64::from(load.servers),
        MOST_SERVERS,
    )?;
    if load.rate == 0.0 {
        return Ok(0.0);
    }
    let (servers, busy) = (f64::from(load.servers), load.utilization());
    let decay = servers * (busy - 1.0 - busy.ln());
    let waiting = match decay >= LEAST_DECAY {
        true => by_sums(servers, busy, decay),
        false => by_roots(load.servers, busy),
    };
    Ok(waiting / load.rate)
}

/// Mean number waiting: the sum over `n` of the mean excess of the arrivals in `n`
/// service times over what is served in them, over `n`.
fn by_sums(servers: f64, busy: f64, decay: f64) -> f64 {
    let mut sum = 0.0;
    for n in 1..=MOST_TERMS {
        let n = n as f64;
        let served = n * servers;
        // Chance of exactly `served` arrivals, by Stirling's series.
        let chance =
            (-n * decay - stirling_rest(served)).exp() / (std::f64::consts::TAU * served).sqrt();
        let term = excess(served, busy * served, chance) / n;
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum
}

/// Mean of what exceeds `at` in a Poisson number, given the chance of `at` itself.
fn excess(at: f64, mean: f64, mut chance: f64) -> f64 {
    let mut sum = 0.0;
    let mut over = 0.0;
    // The ratio of neighbours falls below `busy`, which the decay keeps away from one.
    for _ in 0..MOST_TERMS * 100 {
        over += 1.0;
        chance *= mean / (at + over);
        let term = over * chance;
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum
}

/// `ln n! - (n ln n - n + ln(2 pi n) / 2)`.
fn stirling_rest(n: f64) -> f64 {
    if n < 10.0 {
        let product: f64 = (1..=n as u32).map(f64::from).product();
        return product.ln() - (n * n.ln() - n + (std::f64::consts::TAU * n).ln() / 2.0);
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / n
}

/// A complex number.
#[derive(Clone, Copy)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }

    fn inverse(self) -> Self {
        let size = self.re * self.re + self.im * self.im;
        Self {
            re: self.re / size,
            im: -self.im / size,
        }
    }
}

/// Mean number waiting: `sum 1/(1 - z) - (c (c - 1) - a^2) / (2 (c - a))`.
fn by_roots(servers: u32, busy: f64) -> f64 {
    let count = f64::from(servers);
    let offered = busy * count;
    let mut sum = 0.0;
    for place in 1..servers {
        let root = root(std::f64::consts::TAU * f64::from(place) / count, busy);
        let rest = Complex {
            re: 1.0 - root.re,
            im: -root.im,
        };
        sum += rest.inverse().re;
    }
    let rest = (count * (count - 1.0) - offered * offered) / (2.0 * (count - offered));
    (sum - rest).max(0.0)
}

/// The root of `z = exp(i angle + busy (z - 1))`: a contraction, hastened by Newton.
fn root(angle: f64, busy: f64) -> Complex {
    let image = |z: Complex| {
        let size = (busy * (z.re - 1.0)).exp();
        let turn = angle + busy * z.im;
        Complex {
            re: size * turn.cos(),
            im: size * turn.sin(),
        }
    };
    let mut z = image(image(Complex { re: 0.0, im: 0.0 }));
    for _ in 0..MOST_STEPS {
        let next = image(z);
        let slope = Complex {
            re: 1.0 - busy * next.re,
            im: -busy * next.im,
        };
        let gap = Complex {
            re: next.re - z.re,
            im: next.im - z.im,
        };
        let newton = gap.times(slope.inverse());
        let far = newton.re.hypot(newton.im);
        z = Complex {
            re: z.re + newton.re,
            im: z.im + newton.im,
        };
        if far <= 1e-16 {
            break;
        }
    }
    z
}
