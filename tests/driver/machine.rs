//! The made-up machine that the driver records, known to the tests by every value.

#[path = "../../src/store/tests/stream/mod.rs"]
pub(crate) mod stream;

use stream::Shape;

/// A few series and processes: what counts are the system calls, not the bytes.
pub(crate) const SHAPE: Shape = Shape {
    series: 8,
    processes: 3,
    key_every: 5,
};

/// Name of the host in series keys.
pub(crate) const HOST: &str = "sim";
