//! Correlation of two whitened series at all lags, and what it is worth.
//!
//! Start at [`Spectra::new`] for the search, [`Correlogram::at`] for one lag.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};

use crate::stats::{chance, fourier};

use super::white::White;

/// The lag lies where the correlation is no more than so many standard errors below
/// its peak.
const LAG_ERRORS: f64 = 1.96;

/// Fourier transforms of series of one length.
pub(super) struct Spectra {
    rows: usize,
    max_lag: usize,
    length: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    back: Arc<dyn ComplexToReal<f64>>,
}

/// The transform of a series of unit size.
pub(super) struct Spectrum(Vec<Complex<f64>>);

impl Spectra {
    /// Prepares transforms for `rows` rows and lags up to `max_lag`.
    pub(super) fn new(rows: usize, max_lag: usize) -> Self {
        // Twice as long, so that no lag wraps around into another.
        let length = (2 * rows).next_power_of_two().max(2);
        Self {
            rows,
            max_lag,
            length,
            forward: fourier::forward(length),
            back: fourier::inverse(length),
        }
    }

    /// The transform of a series.
    pub(super) fn of(&mut self, white: &White) -> Spectrum {
        let mut padded = vec![0.0; self.length];
        for (place, value) in padded.iter_mut().zip(&white.values) {
            *place = value / white.size;
        }
        let mut spectrum = self.forward.make_output_vec();
        if self.forward.process(&mut padded, &mut spectrum).is_err() {
            // Lengths are those of the plan, so this cannot be; nothing then correlates.
            spectrum.fill(Complex::new(0.0, 0.0));
        }
        Spectrum(spectrum)
    }

    /// The sum over all lags of the product of both autocorrelations, at least 1:
    /// how many rows carry the evidence of one. Two series with one season have it
    /// in common however long they are watched.
    pub(super) fn shared_predictability(&self, a: &Spectrum, b: &Spectrum) -> f64 {
        let last = a.0.len() - 1;
        let power = a.0.iter().zip(&b.0).enumerate().map(|(i, (a, b))| {
            // All frequencies but the outermost stand for themselves and their mirror.
            let both = if i == 0 || i == last { 1.0 } else { 2.0 };
            both * a.norm_sqr() * b.norm_sqr()
        });
        (power.sum::<f64>() / self.length as f64).clamp(1.0, self.rows.max(1) as f64)
    }

    /// The lag of the largest correlation in size; of equal ones the shortest, then
    /// the negative.
    pub(super) fn best_lag(&mut self, a: &Spectrum, b: &Spectrum) -> i64 {
        let mut product: Vec<Complex<f64>> =
            a.0.iter().zip(&b.0).map(|(a, b)| a.conj() * b).collect();
        let ends = [0, product.len() - 1];
        for end in ends {
            // Rounding leaves a trace that the inverse would refuse.
            product[end].im = 0.0;
        }
        let mut cross = self.back.make_output_vec();
        if self.back.process(&mut product, &mut cross).is_err() {
            return 0;
        }
        let reach = self.max_lag as i64;
        let at = |lag: i64| cross[lag.rem_euclid(self.length as i64) as usize].abs();
        let lags = (-reach..=reach).max_by(|x, y| {
            let larger = at(*x).total_cmp(&at(*y));
            larger.then(y.abs().cmp(&x.abs())).then(y.cmp(x))
        });
        lags.unwrap_or(0)
    }
}

/// Two whitened series and what they have in common.
pub(super) struct Correlogram<'a> {
    /// The series asked about.
    pub(super) a: &'a White,
    /// The other one, read `lag` rows later.
    pub(super) b: &'a White,
    /// See [`Spectra::shared_predictability`].
    pub(super) shared: f64,
    /// The largest lag tried.
    pub(super) max_lag: usize,
}

/// The correlation at one lag.
pub(super) struct AtLag {
    pub(super) r: f64,
    /// Rows that both have.
    pub(super) rows: usize,
    /// Independent observations that these are worth.
    pub(super) evidence: f64,
    /// Correlation in standard errors.
    pub(super) errors: f64,
}

/// A peak of the correlogram.
pub(super) struct Peak {
    pub(super) r: f64,
    pub(super) rows: usize,
    /// Lags in rows between which the peak lies, both inside.
    pub(super) lo: i64,
    pub(super) hi: i64,
}

impl Correlogram<'_> {
    /// The correlation at one lag, over the rows that both have.
    pub(super) fn at(&self, lag: i64) -> AtLag {
        let (skip_a, skip_b) = match lag {
            0.. => (0, lag as usize),
            _ => (lag.unsigned_abs() as usize, 0),
        };
        let a = self.a.values.iter().zip(&self.a.present).skip(skip_a);
        let b = self.b.values.iter().zip(&self.b.present).skip(skip_b);
        let (mut rows, mut cross, mut square) = (0_usize, 0.0, 0.0);
        let (mut square_a, mut square_b) = (0.0, 0.0);
        for ((a, has_a), (b, has_b)) in a.zip(b) {
            if !(*has_a && *has_b) {
                continue;
            }
            rows += 1;
            cross += a * b;
            square += (a * b).powi(2);
            square_a += a * a;
            square_b += b * b;
        }
        let count = rows as f64;
        let evidence = (count / self.shared).max(1.0);
        let size = (square_a * square_b).sqrt();
        if size <= 0.0 || size.is_nan() {
            return AtLag {
                r: 0.0,
                rows,
                evidence,
                errors: 0.0,
            };
        }
        let r = (cross / size).clamp(-1.0, 1.0);
        // The products' own spread: a correlation that rests on a single row has
        // one product that is as large as its error.
        let spread = (square - cross * cross / count).max(0.0).sqrt();
        let by_products = match spread > 0.0 {
            true => cross / spread / self.shared.sqrt(),
            false => f64::INFINITY,
        };
        AtLag {
            r,
            rows,
            evidence,
            errors: (r.abs() * evidence.sqrt()).min(by_products.abs()),
        }
    }

    /// How likely chance alone gives as large a correlation at any of the lags.
    pub(super) fn chance(&self, lag: i64) -> f64 {
        let at = self.at(lag);
        let freedom = at.evidence - 2.0;
        if freedom < 1.0 {
            return 1.0;
        }
        let one = chance::student_two_sided(at.errors, freedom);
        let tried = 2.0 * self.max_lag as f64 + 1.0;
        if one >= 1.0 {
            return 1.0;
        }
        -f64::exp_m1(tried * f64::ln_1p(-one))
    }

    /// The peak at a lag, and the lags around it that are about as good.
    pub(super) fn around(&self, lag: i64) -> Peak {
        let peak = self.at(lag);
        let sign = if peak.r < 0.0 { -1.0 } else { 1.0 };
        let spread = (1.0 - peak.r * peak.r).powi(2) + 1.0;
        let allowed = LAG_ERRORS * (spread / peak.evidence).sqrt();
        let reach = self.max_lag as i64;
        let as_good = |lag: &i64| sign * (peak.r - self.at(*lag).r) <= allowed;
        let hi = (lag + 1..=reach).take_while(as_good).last().unwrap_or(lag);
        let lower = (-reach..lag).rev().take_while(as_good).last();
        Peak {
            r: peak.r,
            rows: peak.rows,
            lo: lower.unwrap_or(lag),
            hi,
        }
    }
}
