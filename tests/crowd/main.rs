//! Users who ask for processor time, for tests of a change that must help.
//!
//! `crowd LOG PORT DEMAND_MS THINK_MS USERS:SECONDS…`: so many users at a time, each of
//! whom thinks and then asks for so many milliseconds of a processor, as threads of this
//! process. Answers go into an access log of JSON lines, the number of users to a port of
//! StatsD. The last number of users stays until standard input ends.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// How often the number of users is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

type Failure = Box<dyn Error + Send + Sync>;

struct Crowd {
    log: Mutex<File>,
    users: AtomicUsize,
    demand: Duration,
    think_s: f64,
}

/// Processor time of this thread.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

impl Crowd {
    /// One user, for as long as somebody holds the other end.
    fn user(&self, number: usize, ended: &mpsc::Receiver<()>) -> Result<(), Failure> {
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1);
        let mut unit = move || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            ((dice >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        loop {
            let think = Duration::from_secs_f64(-self.think_s * unit().ln());
            if ended.recv_timeout(think) != Err(mpsc::RecvTimeoutError::Timeout) {
                return Ok(());
            }
            if number < self.users.load(Ordering::Relaxed) {
                self.ask()?;
            }
        }
    }

    fn ask(&self) -> Result<(), Failure> {
        let (begun, enough) = (Instant::now(), used() + self.demand);
        while used() < enough {
            std::hint::black_box((0..500_u64).fold(0, |sum: u64, it| sum.wrapping_mul(31) ^ it));
        }
        let took_s = begun.elapsed().as_secs_f64();
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let mut log = self.log.lock().map_err(|_| "the log is lost")?;
        writeln!(
            log,
            r#"{{"msec":{now_s:.3},"request":"GET /cart HTTP/1.1","status":200,"request_time":{took_s:.6}}}"#
        )?;
        Ok(())
    }
}

/// Users and for how long.
fn stages(arguments: impl Iterator<Item = String>) -> Result<Vec<(usize, Duration)>, Failure> {
    let stage = |text: String| {
        let (users, seconds) = text.split_once(':').ok_or("a stage is USERS:SECONDS")?;
        Ok((users.parse()?, Duration::from_secs_f64(seconds.parse()?)))
    };
    arguments.map(stage).collect()
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("LOG PORT DEMAND_MS THINK_MS");
    let log = File::create(next()?)?;
    let port: u16 = next()?.parse()?;
    let demand_ms: f64 = next()?.parse()?;
    let think_ms: f64 = next()?.parse()?;
    let stages = stages(arguments)?;
    let most = stages.iter().map(|it| it.0).max().unwrap_or(0);
    let crowd = Arc::new(Crowd {
        log: Mutex::new(log),
        users: AtomicUsize::new(0),
        demand: Duration::from_secs_f64(demand_ms / 1e3),
        think_s: think_ms / 1e3,
    });
    let mut users = Vec::new();
    for number in 0..most {
        let (end, ended) = mpsc::channel();
        let crowd = Arc::clone(&crowd);
        users.push((end, thread::spawn(move || crowd.user(number, &ended))));
    }
    let (end, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        // Whatever ends the input ends the crowd.
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        drop(end);
    });
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect((Ipv4Addr::LOCALHOST, port))?;
    let begun = Instant::now();
    while ended.recv_timeout(TELL_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
        let mut left = begun.elapsed();
        let now = stages.iter().find(|(_, length)| {
            let is_now = left < *length;
            left = left.saturating_sub(*length);
            is_now
        });
        let count = now.or(stages.last()).map_or(0, |it| it.0);
        crowd.users.store(count, Ordering::Relaxed);
        let text = format!("service.request.users:{count}|g|#service.name:shop");
        // Nobody listens between recordings.
        drop(socket.send(text.as_bytes()));
    }
    for (end, user) in users {
        drop(end);
        user.join().map_err(|_| "a user is lost")??;
    }
    Ok(())
}
