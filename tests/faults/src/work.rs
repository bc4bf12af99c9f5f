//! What the helper processes do: burn, leak, read, write, send, spawn.
//!
//! A helper is this program again under a telling name (a symbolic link), so that
//! it is found by name in the process table of a session.
//!
//! * In: `work KIND key=value…`, and a control group to enter first.
//! * Out: load, until the process is ended by its parent.
//! * Never: outlives its parent (the kernel ends it), or grows without a bound.
//!
//! Start at [`run`].

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal};
use rustix::thread::CpuSet;
use rustix::time::{ClockId, clock_gettime};

use crate::draw::Draw;

/// What a helper was told, by name.
struct Told(BTreeMap<String, String>);

impl Told {
    fn text(&self, key: &str) -> Result<&str, String> {
        let value = self.0.get(key).map(String::as_str);
        value.ok_or_else(|| format!("{key}= is missing"))
    }

    fn number(&self, key: &str) -> Result<f64, String> {
        let value = self.text(key)?.parse();
        value.map_err(|_| format!("{key}= is no number"))
    }

    fn count(&self, key: &str) -> Result<usize, String> {
        Ok(self.number(key)? as usize)
    }

    fn number_or(&self, key: &str, otherwise: f64) -> Result<f64, String> {
        match self.0.contains_key(key) {
            true => self.number(key),
            false => Ok(otherwise),
        }
    }
}

/// Does what `arguments` say: `KIND key=value…`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (kind, rest) = arguments.split_first().ok_or("what to do is missing")?;
    let told = rest.iter().filter_map(|it| it.split_once('='));
    let told = Told(
        told.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    );
    if kind == "brief" {
        return brief(&told);
    }
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|it| format!("the parent cannot be followed: {it}"))?;
    if let Ok(groups) = told.text("enter") {
        for group in groups.split(',') {
            std::fs::write(group, "0").map_err(|it| format!("{group}: {it}"))?;
        }
    }
    match kind.as_str() {
        "burn" => burn(&told),
        "leak" => leak(&told),
        "reread" => reread(&told),
        "touch" => touch(&told),
        "direct" => direct(&told),
        "append" => append(&told),
        "sink" => sink(&told),
        "send" => send(&told),
        "storm" => storm(&told),
        "files" => files(&told),
        other => Err(format!("{other} is no work")),
    }
}

/// Runs `work` in so many threads, for ever.
fn threads<F>(count: usize, work: F) -> Result<(), String>
where
    F: Fn(usize) -> Result<(), String> + Sync,
{
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..count)
            .map(|number| {
                let work = &work;
                scope.spawn(move || work(number))
            })
            .collect();
        for thread in started {
            thread.join().map_err(|_| "a thread died".to_owned())??;
        }
        Ok(())
    })
}

/// Processor time of the calling thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Uses the processor for so long, however long that takes.
fn spin(wanted: Duration) {
    let until = thread_time() + wanted;
    let mut bits = 1_u64;
    while thread_time() < until {
        for _ in 0..2_000 {
            bits = std::hint::black_box(bits.wrapping_mul(0x5851_f42d_4c95_7f2d).rotate_left(7));
        }
    }
}

/// `threads=` threads that want `duty=` of a processor each, in slices of
/// `period_ms=`; on processor `pin=` where given.
fn burn(told: &Told) -> Result<(), String> {
    let duty = told.number_or("duty", 1.0)?;
    let period = Duration::from_secs_f64(told.number_or("period_ms", 100.0)? / 1000.0);
    let pin = told.text("pin").ok().map(|_| told.count("pin"));
    let pin = pin.transpose()?;
    threads(told.count("threads")?, |_| {
        if let Some(processor) = pin {
            let mut set = CpuSet::new();
            set.set(processor);
            rustix::thread::sched_setaffinity(None, &set).map_err(|it| it.to_string())?;
        }
        loop {
            let started = Instant::now();
            spin(period.mul_f64(duty));
            std::thread::sleep(period.saturating_sub(started.elapsed()));
        }
    })
}

/// Bytes that do not compress.
fn noise(draw: &mut Draw, bytes: usize) -> Vec<u8> {
    let words = (0..bytes.div_ceil(8)).flat_map(|_| draw.next().to_le_bytes());
    words.take(bytes).collect()
}

const MIB: f64 = 1_048_576.0;

/// Allocates `mib_s=` a second until `most_mib=` and gives nothing back.
fn leak(told: &Told) -> Result<(), String> {
    let step = (told.number("mib_s")? * MIB / 10.0) as usize;
    let steps = (told.number("most_mib")? * MIB) as usize / step.max(1);
    let mut draw = Draw::of(1, "leak");
    let mut kept = Vec::new();
    loop {
        if kept.len() < steps {
            kept.push(noise(&mut draw, step));
        }
        std::hint::black_box(&kept);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Reads pieces of `block_kib=` of `file=` at drawn places through the page cache,
/// in `threads=` threads, `mib_s=` a second all together where given.
fn reread(told: &Told) -> Result<(), String> {
    let file = File::open(told.text("file")?).map_err(|it| it.to_string())?;
    let length = file.metadata().map_err(|it| it.to_string())?.len();
    let block = told.count("block_kib")? << 10;
    let count = told.count("threads")?;
    let rate = told.number_or("mib_s", f64::INFINITY)? * MIB / count as f64;
    let pause = Duration::try_from_secs_f64(block as f64 / rate).unwrap_or_default();
    threads(count, |number| {
        let mut draw = Draw::of(number as u64, "reread");
        let mut buffer = vec![0; block];
        let mut next = Instant::now();
        loop {
            let place = draw.next() % (length / block as u64).max(1) * block as u64;
            let read = file.read_at(&mut buffer, place);
            read.map_err(|it| it.to_string())?;
            // Behind its pace it goes on at once, but does not catch up.
            next = (next + pause).max(Instant::now());
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    })
}

/// Holds `mib=` of memory and writes to drawn pages of it.
fn touch(told: &Told) -> Result<(), String> {
    let mut draw = Draw::of(1, "touch");
    let mut held = noise(&mut draw, (told.number("mib")? * MIB) as usize);
    loop {
        let place = draw.next() as usize % held.len();
        held[place] = held[place].wrapping_add(1);
    }
}

/// Alignment that direct reads and writes need on every common device.
const ALIGNED: usize = 4096;

/// Reads or writes (`way=`) pieces of `block_kib=` of `file=` past the page cache,
/// in `threads=` threads.
fn direct(told: &Told) -> Result<(), String> {
    let writes = told.text("way")? == "write";
    let flags = rustix::fs::OFlags::DIRECT.bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).write(writes).custom_flags(flags);
    let opened = options.open(told.text("file")?);
    let file = opened.map_err(|it| format!("the file takes no direct access: {it}"))?;
    let length = file.metadata().map_err(|it| it.to_string())?.len();
    let block = told.count("block_kib")? << 10;
    threads(told.count("threads")?, |number| {
        let mut draw = Draw::of(number as u64, "direct");
        let mut room = noise(&mut draw, block + ALIGNED);
        let skip = room.as_ptr().align_offset(ALIGNED);
        let buffer = &mut room[skip..skip + block];
        loop {
            let place = draw.next() % (length / block as u64).max(1) * block as u64;
            let done = match writes {
                true => file.write_at(buffer, place),
                false => file.read_at(buffer, place),
            };
            done.map_err(|it| it.to_string())?;
        }
    })
}

/// Writes `kib_s=` a second to `file=` through the page cache, over and over within
/// 64 MiB, as a service writes its log.
fn append(told: &Told) -> Result<(), String> {
    let file = File::create(told.text("file")?).map_err(|it| it.to_string())?;
    let piece = noise(&mut Draw::of(1, "append"), told.count("kib_s")? * 1024 / 10);
    let pieces = (64 << 20) / piece.len().max(1) as u64;
    for number in (0..pieces.max(1)).cycle() {
        let place = number * piece.len() as u64;
        file.write_all_at(&piece, place)
            .map_err(|it| it.to_string())?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Most connections that a sink takes at a time.
const FLOWS_MAX: usize = 64;

/// Reads and drops what arrives at `at=`.
fn sink(told: &Told) -> Result<(), String> {
    let listener = TcpListener::bind(told.text("at")?).map_err(|it| it.to_string())?;
    let mut readers: Vec<std::thread::JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.map_err(|it| it.to_string())?;
        readers.retain(|it| !it.is_finished());
        if readers.len() >= FLOWS_MAX {
            stream.shutdown(Shutdown::Both).ok();
            continue;
        }
        readers.push(std::thread::spawn(move || {
            let mut buffer = vec![0; 256 << 10];
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
        }));
    }
    Ok(())
}

/// Sends over `flows=` connections to `to=`, `mbit_s=` all together where given.
fn send(told: &Told) -> Result<(), String> {
    let to = told.text("to")?;
    let flows = told.count("flows")?;
    let rate = told.number_or("mbit_s", f64::INFINITY)? * 1e6 / 8.0 / flows as f64;
    let piece = noise(&mut Draw::of(1, "send"), 16 << 10);
    let pause = Duration::try_from_secs_f64(piece.len() as f64 / rate).unwrap_or_default();
    threads(flows, |_| {
        let mut stream = connected(to)?;
        let mut next = Instant::now();
        loop {
            stream.write_all(&piece).map_err(|it| it.to_string())?;
            next = (next + pause).max(Instant::now());
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    })
}

/// Connects once the other side listens; waits for it for five seconds.
fn connected(to: &str) -> Result<TcpStream, String> {
    let mut last = String::new();
    for _ in 0..50 {
        match TcpStream::connect(to) {
            Ok(stream) => return Ok(stream),
            Err(problem) => last = problem.to_string(),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{to}: {last}"))
}

/// Keeps `alive=` short processes alive that use `ms=` of a processor each; they
/// are `program=`.
fn storm(told: &Told) -> Result<(), String> {
    let alive = told.count("alive")?;
    let program = told.text("program")?;
    let ms = format!("ms={}", told.number("ms")?);
    let mut children: Vec<Child> = Vec::new();
    loop {
        while children.len() < alive {
            let mut command = Command::new(program);
            command.args(["work", "brief", &ms]).stdin(Stdio::null());
            children.push(command.spawn().map_err(|it| it.to_string())?);
        }
        children.retain_mut(|it| matches!(it.try_wait(), Ok(None)));
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Uses `ms=` of a processor and ends.
fn brief(told: &Told) -> Result<(), String> {
    spin(Duration::from_secs_f64(told.number("ms")? / 1000.0));
    Ok(())
}

/// Opens `each_s=` files a second and closes none, until `limit=` is reached; then
/// goes on asking for more, as a service does that cannot accept connections.
fn files(told: &Told) -> Result<(), String> {
    let limit = told.count("limit")? as u64;
    let current = rustix::process::getrlimit(Resource::Nofile);
    let lowered = Rlimit {
        current: Some(limit),
        maximum: current.maximum,
    };
    rustix::process::setrlimit(Resource::Nofile, lowered).map_err(|it| it.to_string())?;
    let pause = Duration::from_secs_f64(1.0 / told.number("each_s")?);
    let mut kept = Vec::new();
    loop {
        if let Ok(file) = File::open("/dev/null") {
            kept.push(file);
        }
        std::hint::black_box(&kept);
        std::thread::sleep(pause);
    }
}
