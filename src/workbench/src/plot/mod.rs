//! Plots over time: any number of samples at the cost of their pixels.
//!
//! * [`panel`]: one plot with title, legend, axes and everything laid over it.
//! * `chart`: a plot with axes of its own: a future, lags.
//! * [`time_axis`]: how moments are labeled: zoned clock or since a moment.
//! * `curve` turns an envelope into one mesh; `stack` into bands.
//! * `scene` composes a panel's picture; `cache` keeps envelopes while track,
//!   span and width stay the same.
//! * [`pointer`]: turns drags and wheels into wishes; moves and zooms spans.
//! * `marks` draws what lies over the data; `legend` names the series and tells
//!   their values.
//!
//! Never: reads a clock or a file, waits, or looks at every sample.
//!
//! Start at [`panel::ui`].

mod cache;
pub(crate) mod canvas;
pub(crate) mod chart;
pub(crate) mod curve;
mod legend;
mod marks;
pub mod panel;
pub mod pointer;
mod scene;
pub mod spark;
mod stack;
pub mod time_axis;
pub(crate) mod value_axis;
