//! Random reads of a file, by fio.
//!
//! Its log is written at its end; every read is passed on then, with its own time.
//!
//! # Source
//!
//! fio documentation, "Log File Formats".

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::Load;
use crate::hear::Ear;
use crate::meter::unix_s;
use crate::place::Group;
use crate::running::Running;
use crate::sample::Sample;

/// What is read, how fast (`None` is as fast as it goes), and how much at once.
pub(crate) struct Order<'a> {
    pub(crate) file: &'a Path,
    pub(crate) rate: Option<f64>,
    pub(crate) depth: u32,
}

/// A fio that runs.
pub(crate) struct Disk {
    running: Running,
    log: PathBuf,
    began_s: f64,
    /// `None` where nobody is told: as fast as it goes there are too many to tell.
    ear: Option<Arc<Ear>>,
}

impl Disk {
    /// Starts it in a group.
    pub(crate) fn start(
        order: &Order<'_>,
        time: Duration,
        (folder, group, ear): (&Path, &Group, &Arc<Ear>),
    ) -> Result<Self, String> {
        let log = folder.join("reads");
        let mut command = vec![
            "fio".to_owned(),
            "--name=reads".to_owned(),
            format!("--filename={}", order.file.display()),
            "--size=256M".to_owned(),
            "--rw=randread".to_owned(),
            "--bs=4k".to_owned(),
            "--direct=1".to_owned(),
            "--ioengine=libaio".to_owned(),
            format!("--iodepth={}", order.depth),
            format!("--runtime={}", time.as_secs()),
            "--time_based".to_owned(),
            format!("--write_lat_log={}", log.display()),
            "--log_unix_epoch=1".to_owned(),
        ];
        if let Some(rate) = order.rate {
            command.push(format!("--rate_iops={rate:.0}"));
        }
        let running = Running::start(&command, Some(group), &folder.join("fio.txt"))?;
        Ok(Self {
            running,
            log: PathBuf::from(format!("{}_lat.1.log", log.display())),
            began_s: unix_s(),
            ear: order.rate.map(|_| Arc::clone(ear)),
        })
    }
}

impl Load for Disk {
    fn finish(mut self: Box<Self>) -> Result<Vec<Sample>, String> {
        /// Its log is written when it has ended.
        const ENDING: Duration = Duration::from_millis(60_000);
        let status = self.running.wait(ENDING, &AtomicBool::new(false))?;
        if !status.success() {
            return Err(format!("fio ended with {status}"));
        }
        let text = std::fs::read_to_string(&self.log);
        let text = text.map_err(|it| format!("{}: {it}", self.log.display()))?;
        let samples: Vec<Sample> = text
            .lines()
            .filter_map(|it| sample(it, self.began_s))
            .collect();
        if let Some(ear) = &self.ear {
            ear.requests(&samples, "GET /read")?;
        }
        Ok(samples)
    }
}

/// One line: time in ms, latency in ns, direction, size and more.
fn sample(line: &str, began_s: f64) -> Option<Sample> {
    let mut fields = line.split(", ");
    let time_s = fields.next()?.trim().parse::<f64>().ok()? / 1e3;
    let wait_s = fields.next()?.trim().parse::<f64>().ok()? / 1e9;
    // Older ones count from their start, whatever they are told.
    const YEAR_S: f64 = 3.2e7;
    let end_s = if time_s > YEAR_S {
        time_s
    } else {
        began_s + time_s
    };
    Some(Sample {
        end_s,
        wait_s,
        served: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_its_log_are_reads() {
        let found = sample("1500, 212000, 0, 4096, 0, 0", 100.0);
        assert_eq!(found.map(|it| it.end_s), Some(101.5));
        assert!(found.is_some_and(|it| (it.wait_s - 212e-6).abs() < 1e-12));
        let found = sample("1795000000500, 212000, 0, 4096", 100.0);
        assert_eq!(found.map(|it| it.end_s), Some(1_795_000_000.5));
    }
}
