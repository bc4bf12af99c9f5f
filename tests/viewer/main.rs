//! Opens a session and loads what a window shows of it, for tests that bound memory.
//!
//! `viewer SESSION SERIES` loads the first so many series of the essential plots,
//! holds them all as a window does, and prints the number of their samples.

#![expect(clippy::print_stdout, reason = "the figure is what the viewer is for")]

use std::error::Error;
use std::path::PathBuf;

use analysis::track::Track;
use workflow::essentials;
use workflow::jobs::Context;
use workflow::stored::Stored;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("SESSION is missing")?);
    let most: usize = arguments.next().ok_or("SERIES is missing")?.parse()?;
    let problem = |it: workflow::problem::Problem| it.to_string();
    let (stored, _) = Stored::open(&path, &Context::default()).map_err(problem)?;
    let host = &stored.hosts()[0].name;
    let panels = essentials::ALL.iter();
    let shown = panels.flat_map(|panel| panel.members(host, stored.series()));
    let tracks = shown
        .take(most)
        .map(|series| stored.load(&series.key).map_err(problem))
        .collect::<Result<Vec<Track>, String>>()?;
    println!("{}", tracks.iter().map(Track::samples).sum::<usize>());
    Ok(())
}
