//! Drawn numbers: orders of points, think times, arrivals and keys.
//!
//! * In: a seed and a name.
//! * Out: the same numbers for the same two, on every machine.
//! * Never: the clock, or randomness of the system.
//!
//! Start at [`Draw::of`].

/// A stream of drawn numbers: `SplitMix64`.
///
/// # Source
///
/// G. L. Steele, D. Lea, C. H. Flood, *Fast splittable pseudorandom number
/// generators*, OOPSLA 2014.
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream of one name of one seed.
    pub(crate) fn of(seed: u64, name: &str) -> Self {
        // FNV-1a, so that names that differ in one letter give other streams.
        let name = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut draw = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name);
        draw.next();
        draw
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to 1, 1 not included.
    pub(crate) fn unit(&mut self) -> f64 {
        // The 53 bits that a double keeps.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An exponential time of this mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Puts things into another order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for i in (1..things.len()).rev() {
            let j = (self.next() % (i as u64 + 1)) as usize;
            things.swap(i, j);
        }
    }
}

/// Keys of which the first are asked for most: Zipf's law.
pub(crate) struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    /// `keys` keys, the i-th asked for as `1 / i^exponent`.
    pub(crate) fn new(keys: usize, exponent: f64) -> Self {
        let mut total = 0.0;
        let cumulative = (1..=keys).map(|rank| {
            total += (rank as f64).powf(-exponent);
            total
        });
        let mut cumulative: Vec<f64> = cumulative.collect();
        cumulative.iter_mut().for_each(|it| *it /= total);
        Self { cumulative }
    }

    /// The next key, from 0.
    pub(crate) fn next(&self, draw: &mut Draw) -> usize {
        let at = draw.unit();
        let place = self.cumulative.partition_point(|it| *it <= at);
        place.min(self.cumulative.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_give_the_same_numbers() {
        let numbers = |seed, name| {
            let mut draw = Draw::of(seed, name);
            [draw.next(), draw.next()]
        };
        assert_eq!(numbers(1, "a"), numbers(1, "a"));
        assert_ne!(numbers(1, "a"), numbers(1, "b"));
        assert_ne!(numbers(1, "a"), numbers(2, "a"));
    }

    #[test]
    fn first_keys_are_asked_for_as_often_as_the_law_says() {
        let zipf = Zipf::new(100, 1.0);
        let mut draw = Draw::of(3, "zipf");
        let first = (0..100_000).filter(|_| zipf.next(&mut draw) == 0).count();
        // One by the hundredth harmonic number, 5.187.
        assert!((first as f64 / 100_000.0 - 1.0 / 5.187).abs() < 0.005);
    }

    #[test]
    fn a_shuffle_keeps_what_it_orders() {
        let mut numbers: Vec<u32> = (0..20).collect();
        Draw::of(5, "order").shuffle(&mut numbers);
        assert_ne!(numbers, (0..20).collect::<Vec<_>>());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    }
}
