//! pgbench as a load; every transaction is passed on to Kymo from its own log.
//!
//! Its log is written in blocks, so lines come late, but each holds the time at which its
//! transaction ended.
//!
//! # Source
//!
//! PostgreSQL documentation, pgbench, "Per-Transaction Logging".

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Load;
use crate::hear::Ear;
use crate::running::Running;
use crate::sample::Sample;

/// How pgbench is run.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The program.
    pub(crate) program: PathBuf,
    /// Folder of the server's socket.
    pub(crate) socket: PathBuf,
    /// Port that names the socket.
    pub(crate) port: u16,
    /// The script that each client repeats.
    pub(crate) script: PathBuf,
    /// Scale of the data.
    pub(crate) scale: u32,
    /// Clients.
    pub(crate) clients: u32,
    /// Transactions a second that are begun, whatever the answers do.
    pub(crate) rate: Option<f64>,
    /// Of its random numbers.
    pub(crate) seed: u64,
}

/// What the requests are called.
const REQUEST: &str = "GET /transaction";

/// How often its log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A pgbench that runs.
pub(crate) struct Pgbench {
    running: Running,
    follower: Option<JoinHandle<Result<Vec<Sample>, String>>>,
    ended: Arc<AtomicBool>,
}

impl Pgbench {
    /// Starts it; its log goes to `folder`.
    pub(crate) fn start(
        order: &Order,
        time: Duration,
        (folder, ear): (&Path, &Arc<Ear>),
    ) -> Result<Self, String> {
        let prefix = folder.join("transactions");
        let mut command = vec![
            order.program.display().to_string(),
            "-n".to_owned(),
            "-M".to_owned(),
            "prepared".to_owned(),
            "-l".to_owned(),
            format!("--log-prefix={}", prefix.display()),
            format!("--random-seed={}", order.seed & 0x7fff_ffff),
            "-h".to_owned(),
            order.socket.display().to_string(),
            "-p".to_owned(),
            order.port.to_string(),
            "-U".to_owned(),
            "postgres".to_owned(),
            "-f".to_owned(),
            order.script.display().to_string(),
            "-s".to_owned(),
            order.scale.to_string(),
            "-c".to_owned(),
            order.clients.to_string(),
            "-j".to_owned(),
            "1".to_owned(),
            "-T".to_owned(),
            time.as_secs().to_string(),
        ];
        if let Some(rate) = order.rate {
            command.extend(["-R".to_owned(), format!("{rate:.3}")]);
        }
        command.push("bench".to_owned());
        let running = Running::start(&command, None, &folder.join("pgbench.txt"))?;
        let log = PathBuf::from(format!("{}.{}", prefix.display(), running.pid()));
        let ended = Arc::new(AtomicBool::new(false));
        let (told, ear) = (Arc::clone(&ended), Arc::clone(ear));
        let follower = std::thread::spawn(move || follow(&log, &told, &ear));
        Ok(Self {
            running,
            follower: Some(follower),
            ended,
        })
    }

    fn samples(&mut self) -> Result<Vec<Sample>, String> {
        self.ended.store(true, Ordering::Relaxed);
        let follower = self.follower.take().ok_or("nobody follows the log")?;
        follower.join().map_err(|_| "the log was not followed")?
    }
}

impl Load for Pgbench {
    /// Waits for its end, which was told at its start.
    fn finish(mut self: Box<Self>) -> Result<Vec<Sample>, String> {
        /// It may wait for transactions that were begun.
        const ENDING: Duration = Duration::from_millis(60_000);
        let status = self.running.wait(ENDING, &AtomicBool::new(false))?;
        let samples = self.samples()?;
        match status.success() {
            true => Ok(samples),
            false => Err(format!("pgbench ended with {status}")),
        }
    }
}

impl Drop for Pgbench {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Passes lines on until pgbench has ended and all of its log is read.
fn follow(log: &Path, ended: &AtomicBool, ear: &Ear) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    let mut rest = String::new();
    let mut file: Option<File> = None;
    loop {
        // Looked at before reading, so that what was written before the end is read.
        let last = ended.load(Ordering::Relaxed);
        if file.is_none() {
            file = File::open(log).ok();
        }
        if let Some(file) = &mut file {
            let read = file.read_to_string(&mut rest);
            read.map_err(|it| format!("{}: {it}", log.display()))?;
        }
        let whole = rest.rfind('\n').map_or(0, |it| it + 1);
        let new: Vec<Sample> = rest[..whole].lines().filter_map(sample).collect();
        rest.drain(..whole);
        ear.requests(&new, REQUEST)?;
        samples.extend(new);
        if last {
            return Ok(samples);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// One line: client, number, time in µs, script, end in s and µs, and more.
fn sample(line: &str) -> Option<Sample> {
    let fields: Vec<&str> = line.split(' ').collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some(Sample {
        end_s: number(4)? + number(5)? / 1e6,
        wait_s: number(2)? / 1e6,
        served: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_its_log_are_requests() {
        let found = sample("0 199 2241 0 1175850568 995598");
        assert_eq!(found.map(|it| it.wait_s), Some(0.002241));
        assert!(found.is_some_and(|it| (it.end_s - 1_175_850_568.995_598).abs() < 1e-6));
        // With the lag of a schedule at the end.
        assert!(sample("0 82 4621 0 1175850569 608 340").is_some());
        assert_eq!(sample("0 81 skipped 0 1175850569 608"), None);
    }
}
