//! Floating-point numbers in the place of a sample's integers.
//!
//! Samples carry differences of integers. The bits of a number that an application
//! tells, turned back to front, are such an integer: most are whole and not large, so
//! what is first then is small, and small differences take few bytes.
//!
//! Start at [`pack`] and [`unpack`].

use crate::encode::UNSET;

/// The integer that stands for a number; a gap too is a number here, `NaN`.
pub fn pack(value: f64) -> i64 {
    let packed = value.to_bits().reverse_bits() as i64;
    // The least number above zero would look like no number at all.
    if packed == UNSET { 0 } else { packed }
}

/// The number that an integer stands for.
pub fn unpack(packed: i64) -> f64 {
    f64::from_bits((packed as u64).reverse_bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::varint;

    #[test]
    fn numbers_come_back_and_whole_ones_are_short() {
        for value in [0.0, -0.0, 1.0, -1.5, 0.1, 1e300, f64::INFINITY, f64::MAX] {
            assert_eq!(unpack(pack(value)).to_bits(), value.to_bits());
        }
        assert!(unpack(pack(f64::NAN)).is_nan());
        assert_eq!(unpack(pack(f64::from_bits(1))), 0.0);
        let mut bytes = Vec::new();
        varint::put_signed(&mut bytes, pack(123_457.0).wrapping_sub(pack(123_456.0)));
        assert!(bytes.len() <= 5, "{}", bytes.len());
    }
}
