//! The vocabulary of Kymo, shared by every crate.
//!
//! * [`time`]: moments and spans on the session's one time axis.
//! * [`unit`]: UCUM units that print themselves.
//! * [`catalog`]: every metric Kymo knows, with unit, kind, polarity and help.
//! * [`series`]: what a stream of values is called; [`told`]: in sentences.
//! * [`batch`]: where producers meet; [`columns`]: where consumers meet.
//! * [`label`]: what people say of a whole session.
//! * [`finding`]: what an analysis concluded, and how sure it is.
//! * [`recipe`]: a measurement that runs by itself; [`cron`]: times that come again;
//!   [`period`]: days, weeks, months and quarters.
//! * [`plan`]: what shall be changed, under which guard.
//! * [`standard`]: what must hold; [`compliance`]: how far it did.
//! * [`text`]: texts that people write, with the place of each mistake.
//! * [`request`], [`histogram`], [`trace`]: what applications do for their users.
//! * [`redact`]: what looks like a secret, and what stands in its place.
//! * [`disguise`]: tokens in place of who and where, for sessions that are shared.
//! * [`rate`] and [`pyramid`]: the two forms a column takes before it is drawn.
//!
//! Never: does input or output, reads a clock, or holds state.

pub mod annotation;
pub mod batch;
pub mod catalog;
pub mod columns;
pub mod compliance;
pub mod cron;
pub mod disguise;
pub mod event;
pub mod finding;
pub mod histogram;
pub mod host;
pub mod label;
pub mod period;
pub mod plan;
pub mod process;
pub mod pyramid;
pub mod rate;
pub mod recipe;
pub mod redact;
pub mod report;
pub mod request;
pub mod series;
pub mod standard;
pub mod text;
pub mod time;
pub mod told;
pub mod trace;
pub mod unit;
