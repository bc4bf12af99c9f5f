//! Positive numbers that neither overflow nor lose digits.
//!
//! Normalization constants of queueing networks span thousands of powers of ten.
//! They are sums of products of positive numbers only, so a wider exponent is all
//! they need: no digit is ever cancelled.

use std::ops::{Add, Mul};

/// Power of two that one step of the exponent stands for.
const STEP: i32 = 256;

/// Exponents further apart than this do not touch each other's 53 bits.
const FAR: i64 = 2;

/// A number that is zero or positive: `mantissa * 2^(256 * exponent)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wide {
    /// Zero, or within 2^-128 to 2^128.
    mantissa: f64,
    exponent: i64,
}

impl Wide {
    /// Nothing.
    pub(crate) const ZERO: Self = Self {
        mantissa: 0.0,
        exponent: 0,
    };

    /// One.
    pub(crate) const ONE: Self = Self {
        mantissa: 1.0,
        exponent: 0,
    };

    /// The number; negative ones, infinities and NaN become zero, the caller checked.
    pub(crate) fn new(value: f64) -> Self {
        match value.is_finite() && value > 0.0 {
            true => Self::settled(value, 0),
            false => Self::ZERO,
        }
    }

    /// Brings the mantissa back into its range; a product of two leaves it by one step,
    /// a plain number by at most four.
    fn settled(mut mantissa: f64, mut exponent: i64) -> Self {
        let (large, small) = (2.0_f64.powi(STEP / 2), 2.0_f64.powi(-STEP / 2));
        if mantissa == 0.0 {
            return Self::ZERO;
        }
        while mantissa >= large {
            mantissa *= 2.0_f64.powi(-STEP);
            exponent += 1;
        }
        while mantissa < small {
            mantissa *= 2.0_f64.powi(STEP);
            exponent -= 1;
        }
        Self { mantissa, exponent }
    }

    /// This over the other as a plain number: zero for nothing over anything, and zero
    /// or infinity beyond what plain numbers hold.
    pub(crate) fn over(self, other: Self) -> f64 {
        if self.is_zero() {
            return 0.0;
        }
        if other.is_zero() {
            return f64::INFINITY;
        }
        let steps = (self.exponent - other.exponent).clamp(-8, 8);
        let ratio = self.mantissa / other.mantissa;
        let half = 2.0_f64.powi(STEP / 2).powi(steps as i32);
        ratio * half * half
    }

    /// Whether it is zero.
    pub(crate) fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }
}

impl Add for Wide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return match self.is_zero() {
                true => other,
                false => self,
            };
        }
        let (high, low) = match self.exponent >= other.exponent {
            true => (self, other),
            false => (other, self),
        };
        match high.exponent - low.exponent {
            0 => Self::settled(high.mantissa + low.mantissa, high.exponent),
            apart if apart < FAR => Self::settled(
                high.mantissa + low.mantissa * 2.0_f64.powi(-STEP),
                high.exponent,
            ),
            _ => high,
        }
    }
}

impl Mul for Wide {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::settled(
            self.mantissa * other.mantissa,
            self.exponent.saturating_add(other.exponent),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_beyond_plain_numbers_keep_their_digits() {
        let factors = [1e-200, 3e150, 7e-90, 1e300, 5e-324, 1e-5, 2.0];
        let mut up = Wide::ONE;
        for factor in factors {
            for _ in 0..50 {
                up = up * Wide::new(factor);
            }
        }
        let mut down = Wide::ONE;
        for factor in factors.iter().rev() {
            for _ in 0..50 {
                down = down * Wide::new(*factor);
            }
        }
        assert!((up.over(down) - 1.0).abs() < 1e-12);
        assert_eq!(Wide::ZERO.over(up), 0.0);
    }

    #[test]
    fn sums_agree_with_plain_numbers_where_those_hold() {
        for (a, b) in [
            (1e90, 1e-20),
            (3.0, 4.0),
            (1e38, 1e39),
            (1e-39, 1e38),
            (0.0, 2.0),
        ] {
            let sum = (Wide::new(a) + Wide::new(b)).over(Wide::ONE);
            assert!((sum - (a + b)).abs() <= 1e-15 * (a + b), "{a} {b} {sum}");
        }
    }
}
