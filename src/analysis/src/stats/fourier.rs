//! Plans of Fourier transforms, made once a length and thread: to plan one costs more
//! than to use it, and the series of a session are all of one length.
//!
//! Start at [`forward`] and [`inverse`].

use std::cell::RefCell;
use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Plans of so many lengths are kept; a thread that lives long sees many selections.
const LENGTHS_MAX: usize = 8;

/// The plans of one thread.
struct Plans {
    planner: RealFftPlanner<f64>,
    lengths: Vec<usize>,
}

thread_local! {
    static PLANS: RefCell<Plans> = RefCell::new(Plans::new());
}

impl Plans {
    fn new() -> Self {
        Self {
            planner: RealFftPlanner::new(),
            lengths: Vec::new(),
        }
    }

    fn with_room_for(&mut self, length: usize) -> &mut RealFftPlanner<f64> {
        if !self.lengths.contains(&length) {
            if self.lengths.len() >= LENGTHS_MAX {
                *self = Self::new();
            }
            self.lengths.push(length);
        }
        &mut self.planner
    }
}

/// The transform of `length` values to `length / 2 + 1` amplitudes, not scaled.
pub fn forward(length: usize) -> Arc<dyn RealToComplex<f64>> {
    PLANS.with_borrow_mut(|it| it.with_room_for(length).plan_fft_forward(length))
}

/// Its inverse, not scaled: there and back multiplies by `length`.
pub fn inverse(length: usize) -> Arc<dyn ComplexToReal<f64>> {
    PLANS.with_borrow_mut(|it| it.with_room_for(length).plan_fft_inverse(length))
}
