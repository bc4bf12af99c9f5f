//! Pure functions from columns to findings.

pub mod derive;
pub mod envelope;
pub mod overview;
pub mod quality;
pub mod summary;
pub mod track;
