//! What the agent does, seen from where its frames arrive.

mod child;
mod engine;
mod reader;
mod sources;
