//! Reads the live machine on a budget, keeps a look-back ring and serves both as wire frames.
