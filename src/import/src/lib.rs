//! Foreign files become batches and columns.
