//! What the agent does, seen from where its frames arrive.

mod border;
mod child;
mod engine;
mod groups;
mod reader;
mod sources;
