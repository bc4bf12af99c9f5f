//! Versioned, checksummed frames of batches and requests; also the recording journal's format.
