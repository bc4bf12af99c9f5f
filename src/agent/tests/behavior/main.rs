//! What the agent does, seen from where its frames arrive.

#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod act;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod act_kill;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod act_live;
#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod bench;
mod border;
mod child;
mod engine;
mod groups;
mod reader;
mod sources;
