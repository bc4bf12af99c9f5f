//! The recorder under a disk that fails on command. Nothing here sleeps: the
//! threads are asked to try, and answer when they have.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use model::series::SeriesKey;
use model::time::SECOND_NS;

use super::*;
use crate::disk::{Disk, DiskFile};
use crate::progress::Continue;
use crate::session::Session;
use crate::stream::{AXIS, Machine, Shape};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const SHAPE: Shape = Shape {
    series: 12,
    processes: 6,
    key_every: 5,
};

/// What a [`Faulty`] disk does wrong.
#[derive(Debug, Default)]
struct Faults {
    /// No room: writes and new files are refused.
    full: AtomicBool,
    /// Syncs fail, and what was written since the last one is lost.
    broken_sync: AtomicBool,
    /// The write that fails once, counted from now; 0 for none.
    nth_write: AtomicUsize,
    /// Names of files that were created.
    created: Mutex<BTreeMap<PathBuf, usize>>,
    syncs_after_failure: AtomicUsize,
}

#[derive(Debug)]
struct Faulty(Arc<Faults>);

struct FaultyFile {
    inner: Box<dyn DiskFile>,
    faults: Arc<Faults>,
    failed: bool,
}

impl Faults {
    fn write(&self) -> io::Result<()> {
        let left = self.nth_write.load(Ordering::SeqCst);
        if left > 0 && self.nth_write.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(io::Error::other("injected"));
        }
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl Disk for Faulty {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.write()?;
        *lock(&self.0.created).entry(path.to_owned()).or_default() += 1;
        Ok(Box::new(FaultyFile {
            inner: RealDisk.create(path)?,
            faults: Arc::clone(&self.0),
            failed: false,
        }))
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.write()?;
        Ok(Box::new(FaultyFile {
            inner: RealDisk.create_new(path)?,
            faults: Arc::clone(&self.0),
            failed: false,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.create_folder(folder)
    }
}

impl DiskFile for FaultyFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Err(error) = self.faults.write() {
            // A refused write leaves a part, as real ones do.
            self.inner.write_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(error);
        }
        self.inner.write_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.failed {
            self.faults
                .syncs_after_failure
                .fetch_add(1, Ordering::SeqCst);
        }
        if self.faults.broken_sync.load(Ordering::SeqCst) {
            self.failed = true;
            return Err(io::Error::other("injected"));
        }
        self.inner.sync()
    }
}

struct Rig {
    recorder: Recorder,
    machine: Machine,
    host: HostId,
    faults: Arc<Faults>,
    folder: tempfile::TempDir,
}

impl Rig {
    fn new(segment_s: i64) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let faults = Arc::new(Faults::default());
        let options = Options {
            title: "test".to_owned(),
            created: Moment(0),
            segment_ns: segment_s * SECOND_NS,
            retention: None,
        };
        let disk = Arc::new(Faulty(Arc::clone(&faults)));
        let recorder = Recorder::create_on(disk, &folder.path().join("s.kymo"), options)?;
        let placement = Placement {
            boot_to_axis_ns: AXIS,
            ..Placement::default()
        };
        let host = recorder.add_host(Host::default(), "sim", placement)?;
        let mut machine = Machine::new(SHAPE);
        recorder.append(host, &machine.hello()?);
        Ok(Self {
            recorder,
            machine,
            host,
            faults,
            folder,
        })
    }

    fn ticks(&mut self, count: usize) -> Outcome {
        for _ in 0..count {
            let bytes = self.machine.tick()?;
            self.recorder.append(self.host, &bytes);
        }
        Ok(())
    }

    /// Waits until both threads have tried everything once more; returns the bytes
    /// that the journal thread then holds.
    fn settle(&self) -> Result<usize, Box<dyn std::error::Error>> {
        let (done, answer) = mpsc::sync_channel(1);
        if let Some(journal) = &self.recorder.journal {
            journal
                .send(journal::Order::Settle(done))
                .map_err(|_| "journal is gone")?;
        }
        let held = answer.recv()?;
        let (done, answer) = mpsc::sync_channel(1);
        if let Some(roll) = &self.recorder.roll {
            roll.send(roll::Order::Settle(done))
                .map_err(|_| "roller is gone")?;
        }
        answer.recv()?;
        Ok(held)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("s.kymo")
    }
}

/// Compares every series of a session with what the machine remembers.
fn check(path: &Path, machine: &Machine) -> Outcome {
    let (session, warnings) = Session::open(path)?;
    assert_eq!(warnings, []);
    for (series, truth) in machine.truth.iter().enumerate() {
        let attributes = [("part".to_owned(), (series % 4).to_string())];
        let key = SeriesKey::new("sim", format!("metric.{}", series / 4), attributes);
        let column = session.column(&key, None)?;
        let read: Vec<_> = column
            .at
            .iter()
            .copied()
            .zip(column.values.iter().copied())
            .collect();
        assert_eq!(read, *truth, "{key}");
    }
    assert_eq!(session.warnings(), []);
    Ok(())
}

#[test]
fn a_full_disk_loses_nothing_and_recovers_with_space() -> Outcome {
    let mut rig = Rig::new(10)?;
    rig.ticks(7)?;
    rig.settle()?;
    rig.faults.full.store(true, Ordering::SeqCst);
    rig.ticks(120)?;
    rig.settle()?;
    let status = rig.recorder.status();
    // Only what is written counts.
    assert_eq!(status.samples, 7);
    assert!(
        status
            .trouble
            .is_some_and(|it| it.contains("waits in memory"))
    );
    assert!(status.waiting_bytes > 0);
    // What is on the disk opens all the while.
    let (session, _) = Session::open(&rig.path())?;
    assert!(!session.span().is_empty());
    rig.faults.full.store(false, Ordering::SeqCst);
    rig.settle()?;
    rig.settle()?;
    let status = rig.recorder.status();
    assert_eq!(
        (status.trouble, status.waiting_bytes, status.lost_frames),
        (None, 0, 0)
    );
    assert_eq!(status.samples, 127);
    rig.ticks(5)?;
    let path = rig.path();
    rig.recorder
        .finish(FinishAs::File, &mut |_| Continue::Yes)?;
    check(&path, &rig.machine)
}

#[test]
fn any_write_may_fail_once() -> Outcome {
    for nth in 1..40 {
        let mut rig = Rig::new(10)?;
        rig.faults.nth_write.store(nth, Ordering::SeqCst);
        for _ in 0..6 {
            rig.ticks(5)?;
            rig.settle()?;
        }
        rig.settle()?;
        assert_eq!(
            rig.faults.nth_write.load(Ordering::SeqCst),
            0,
            "fault {nth} never fired"
        );
        let path = rig.path();
        rig.recorder
            .finish(FinishAs::File, &mut |_| Continue::Yes)?;
        check(&path, &rig.machine)?;
    }
    Ok(())
}

#[test]
fn a_failed_sync_is_not_repeated_on_the_same_file() -> Outcome {
    let mut rig = Rig::new(1000)?;
    rig.ticks(7)?;
    rig.settle()?;
    rig.faults.broken_sync.store(true, Ordering::SeqCst);
    rig.ticks(7)?;
    rig.settle()?;
    let status = rig.recorder.status();
    assert!(status.trouble.is_some());
    // The window that was not synced may be lost, so it is not counted any more.
    assert_eq!(status.samples, 7);
    rig.ticks(3)?;
    rig.settle()?;
    rig.faults.broken_sync.store(false, Ordering::SeqCst);
    rig.settle()?;
    let status = rig.recorder.status();
    assert_eq!((status.trouble, status.samples), (None, 17));
    assert_eq!(rig.faults.syncs_after_failure.load(Ordering::SeqCst), 0);
    let parts = lock(&rig.faults.created)
        .keys()
        .filter(|it| it.to_string_lossy().contains('~'))
        .count();
    assert!(parts >= 2, "no new journal file was begun");
    check(&rig.path(), &rig.machine)?;
    rig.ticks(4)?;
    let path = rig.path();
    rig.recorder
        .finish(FinishAs::Folder, &mut |_| Continue::Yes)?;
    check(&path, &rig.machine)
}

#[test]
fn a_finish_that_fails_leaves_the_folder_and_nothing_else() -> Outcome {
    let mut rig = Rig::new(10)?;
    rig.ticks(30)?;
    let path = rig.path();
    let stopped = rig.recorder.finish(FinishAs::File, &mut |_| Continue::Stop);
    assert!(
        matches!(stopped, Err(RecordError::Stopped { .. })),
        "{stopped:?}"
    );
    assert!(path.is_dir());
    let left: Vec<_> = fs::read_dir(rig.folder.path())?.collect::<Result<_, _>>()?;
    assert_eq!(left.len(), 1, "{left:?}");
    check(&path, &rig.machine)
}

#[test]
fn memory_for_waiting_is_bounded() -> Outcome {
    let mut rig = Rig::new(10)?;
    rig.settle()?;
    rig.faults.full.store(true, Ordering::SeqCst);
    rig.settle()?;
    let bytes = rig.machine.tick()?;
    let large = bytes.repeat((WAITING_MAX_BYTES as usize / 8) / bytes.len());
    for _ in 0..12 {
        rig.recorder.append(rig.host, &large);
    }
    let status = rig.recorder.status();
    assert!(status.waiting_bytes <= WAITING_MAX_BYTES, "{status:?}");
    assert!(status.lost_frames > 0);
    Ok(())
}

#[test]
fn retention_keeps_the_newest_and_says_what_is_gone() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("s.kymo");
    let options = Options {
        title: String::new(),
        created: Moment(0),
        segment_ns: 10 * SECOND_NS,
        retention: Some(Retention {
            max_age_ns: Some(25 * SECOND_NS),
            max_bytes: None,
        }),
    };
    let recorder = Recorder::create(&path, options)?;
    let placement = Placement {
        boot_to_axis_ns: AXIS,
        ..Placement::default()
    };
    let host = recorder.add_host(Host::default(), "sim", placement)?;
    let mut machine = Machine::new(SHAPE);
    recorder.append(host, &machine.hello()?);
    for _ in 0..100 {
        recorder.append(host, &machine.tick()?);
    }
    recorder.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    let (session, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    let seconds = session.span().seconds();
    assert!((20.0..40.0).contains(&seconds), "{seconds} s are left");
    assert!(session.manifest().removed.is_some());
    let key = &session.series()[0].key;
    let (column, sparse) = (session.column(key, None)?, session.sparse(key)?);
    let rows = session.rows(key, 0..sparse.samples)?;
    assert_eq!(rows.column.at, column.at);
    assert_eq!(rows.first + column.at.len(), sparse.samples);
    assert_eq!(
        sparse.base.count.iter().sum::<u32>() as usize,
        column.at.len()
    );
    Ok(())
}

#[test]
fn a_finish_on_a_full_disk_waits_for_room() -> Outcome {
    let mut rig = Rig::new(10)?;
    rig.ticks(7)?;
    rig.settle()?;
    rig.faults.full.store(true, Ordering::SeqCst);
    rig.ticks(40)?;
    let path = rig.path();
    let mut heard = Vec::new();
    let summary = rig.recorder.finish(FinishAs::Folder, &mut |progress| {
        heard.push(progress);
        if heard.len() == 2 {
            rig.faults.full.store(false, Ordering::SeqCst);
        }
        Continue::Yes
    })?;
    assert_eq!(summary.lost_frames, 0);
    assert!(heard.len() >= 2, "{heard:?}");
    assert!(heard[0].total > 0 && heard[0].done < heard[0].total);
    check(&path, &rig.machine)
}

#[test]
fn a_finish_stopped_on_a_full_disk_says_what_is_lost() -> Outcome {
    let mut rig = Rig::new(10)?;
    rig.ticks(7)?;
    rig.settle()?;
    let path = rig.path();
    let kept = Session::open(&path)?.0.span();
    rig.faults.full.store(true, Ordering::SeqCst);
    rig.ticks(40)?;
    rig.settle()?;
    let waiting = rig.recorder.status().waiting_bytes;
    let outcome = rig.recorder.finish(FinishAs::File, &mut |_| Continue::Stop);
    let Err(error) = outcome else {
        return Err("it finished on a full disk".into());
    };
    assert!(error.to_string().contains(&waiting.to_string()), "{error}");
    let RecordError::Unwritten { waiting_bytes, .. } = error else {
        return Err(error.into());
    };
    assert!(waiting > 0);
    assert_eq!(waiting_bytes, waiting);
    assert_eq!(Session::open(&path)?.0.span(), kept);
    Ok(())
}

#[test]
fn a_finish_on_a_broken_disk_ends_and_says_what_is_lost() -> Outcome {
    let mut rig = Rig::new(10)?;
    rig.ticks(7)?;
    rig.faults.broken_sync.store(true, Ordering::SeqCst);
    let outcome = rig.recorder.finish(FinishAs::File, &mut |_| Continue::Yes);
    let lost = match outcome {
        Err(RecordError::Unwritten { waiting_bytes, .. }) => waiting_bytes,
        other => return Err(format!("{other:?}").into()),
    };
    assert!(lost > 0);
    assert_eq!(rig.faults.syncs_after_failure.load(Ordering::SeqCst), 0);
    Ok(())
}

#[test]
fn a_segment_ends_when_it_holds_enough_values() -> Outcome {
    /// About ten samples; a key sample comes every fifth.
    const CELLS: usize = 110;
    let mut rig = Rig::new(100_000)?;
    for front in lock(&rig.recorder.fronts).iter_mut() {
        front.cells_max = CELLS;
    }
    rig.ticks(100)?;
    let path = rig.path();
    rig.recorder
        .finish(FinishAs::Folder, &mut |_| Continue::Yes)?;
    check(&path, &rig.machine)?;
    let (session, _) = Session::open(&path)?;
    let numbers = session.manifest().segments.iter().map(|it| it.number);
    let segments = numbers.max().map_or(0, |it| it as usize + 1);
    let cells: usize = rig.machine.truth.iter().map(Vec::len).sum();
    let most = CELLS + SHAPE.series * SHAPE.key_every as usize;
    assert!(segments > cells.div_ceil(most), "{segments} segments");
    assert!(segments <= cells.div_ceil(CELLS), "{segments} segments");
    Ok(())
}

#[test]
fn ten_hours_hold_no_more_than_one() -> Outcome {
    const HOUR: usize = 3_600;
    let mut rig = Rig::new(600)?;
    rig.machine.remember = false;
    let mut hours = Vec::new();
    for _ in 0..10 {
        for _ in 0..6 {
            rig.ticks(HOUR / 6)?;
            rig.settle()?;
        }
        let in_thread = rig.settle()?;
        let (gathered, declared) = lock(&rig.recorder.fronts)[0].held();
        let waiting = rig.recorder.status().waiting_bytes;
        let journals = fs::read_dir(journal::folder_of(&rig.path()))?.count();
        hours.push((in_thread, gathered, waiting, declared, journals));
    }
    // The living, the series and one setting; two files of the open journal.
    let declared = SHAPE.series + SHAPE.processes as usize + 1;
    assert_eq!(hours, vec![(0, 0, 0, declared, 2); 10]);
    assert_eq!(rig.recorder.status().samples, 10 * HOUR as u64);
    Ok(())
}
