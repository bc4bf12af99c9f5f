//! Sessions on disk: journal, Parquet segments, single file, queries and verification.
