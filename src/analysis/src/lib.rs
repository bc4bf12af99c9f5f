//! Pure functions from columns to findings.
