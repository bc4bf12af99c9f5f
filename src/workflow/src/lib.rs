//! Attach, record, query and report as jobs with progress and cancel.
