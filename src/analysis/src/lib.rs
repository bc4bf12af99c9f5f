//! Pure functions from columns to findings.
//!
//! * [`frame`]: series that share their rows, what the analyses look at.
//! * [`stats`]: the arithmetic of evidence.
//! * [`agreement`]: where the analyses agree and contradict.
//! * [`anomaly`], [`change`], [`trend`], [`season`]: what one series does.
//! * [`bottleneck`]: what limits a system; [`explain`]: what caused a disturbance;
//!   [`correlate`]: what moves together; [`compare`]: what differs.
//! * [`laws`]: what no true recording can break, and quality as findings.
//! * [`quality`], [`overview`], [`summary`], [`distribution`]: what is there, and how good it is.
//! * [`standard`]: whether what must hold did; [`alert`], [`burn`]: while data comes.
//! * [`forecast`]: what comes next. [`method`]: how each concludes, in words; [`kinds`]: the words of what is found.
//! * [`limit`]: what a series cannot pass.
//! * [`signals`], [`services`]: what applications do for their users.
//! * [`sessions`]: one figure over several sessions; [`review`]: what a period brought.
//! * [`derive`], [`track`], [`envelope`]: columns as they are drawn.
//!
//! Never: does input or output, reads a clock, or draws a random number without a
//! seed; the same input gives the same bytes.

pub mod agreement;
pub mod alert;
pub mod anomaly;
pub mod bottleneck;
pub mod burn;
pub mod change;
pub mod compare;
pub mod correlate;
pub mod derive;
pub mod distribution;
pub mod envelope;
pub mod explain;
pub mod forecast;
pub mod frame;
pub mod kinds;
pub mod laws;
pub mod limit;
pub mod method;
pub mod overview;
pub mod quality;
pub mod review;
pub mod season;
pub mod services;
pub mod sessions;
pub mod signals;
pub mod standard;
pub mod stats;
pub mod summary;
pub mod track;
pub mod trend;
