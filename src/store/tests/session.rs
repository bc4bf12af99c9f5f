//! What is recorded comes back, whatever happens to the files in between.

mod stream;

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use model::annotation::Annotation;
use model::finding::{Expected, Kept, Said};
use model::host::{Host, HostId};
use model::process::Field;
use model::pyramid::Pyramid;
use model::series::SeriesKey;
use model::time::{Moment, SECOND_NS, Span};
use store::manifest::Table;
use store::progress::Continue;
use store::recorder::{FinishAs, Options, Placement, Recorder};
use store::session::{OpenError, Session};
use stream::{AXIS, BOOT, Machine, SECOND, Shape};

type Outcome = Result<(), Box<dyn Error>>;

const SMALL: Shape = Shape {
    series: 12,
    processes: 6,
    key_every: 5,
};

struct Recorded {
    folder: tempfile::TempDir,
    machine: Machine,
}

impl Recorded {
    fn path(&self) -> PathBuf {
        self.folder.path().join("s.kymo")
    }
}

fn record(
    shape: Shape,
    ticks: usize,
    segment_s: i64,
) -> Result<(Recorder, Recorded), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let options = Options {
        title: "A title".to_owned(),
        created: Moment(BOOT + AXIS),
        segment_ns: segment_s * SECOND_NS,
        retention: None,
    };
    let recorder = Recorder::create(&folder.path().join("s.kymo"), options)?;
    let placement = Placement {
        boot_to_axis_ns: AXIS,
        offset_ns: 12,
        error_ns: 34,
    };
    let host = recorder.add_host(Host::default(), "sim", placement)?;
    let mut machine = Machine::new(shape);
    recorder.append(host, &machine.hello()?);
    for _ in 0..ticks {
        recorder.append(host, &machine.tick()?);
    }
    Ok((recorder, Recorded { folder, machine }))
}

fn recorded(shape: Shape, ticks: usize, segment_s: i64) -> Result<Recorded, Box<dyn Error>> {
    let (recorder, recorded) = record(shape, ticks, segment_s)?;
    recorder.finish(FinishAs::File, &mut |_| Continue::Yes)?;
    Ok(recorded)
}

fn key(series: usize) -> SeriesKey {
    let part = ("part".to_owned(), (series % 4).to_string());
    SeriesKey::new("sim", format!("metric.{}", series / 4), [part])
}

fn read(session: &Session, series: usize) -> Result<Vec<(i64, f64)>, Box<dyn Error>> {
    let column = session.column(&key(series), None)?;
    Ok(column
        .at
        .iter()
        .copied()
        .zip(column.values.iter().copied())
        .collect())
}

/// Every value read must be one that was recorded; returns whether all came back.
fn only_truth(session: &Session, machine: &Machine) -> Result<bool, Box<dyn Error>> {
    let mut all = true;
    for (series, truth) in machine.truth.iter().enumerate() {
        let read = match session.find(&key(series)) {
            Some(_) => read(session, series)?,
            None => Vec::new(),
        };
        let known: HashSet<(i64, u64)> = truth.iter().map(|(at, it)| (*at, it.to_bits())).collect();
        for (at, value) in &read {
            assert!(
                known.contains(&(*at, value.to_bits())),
                "{} at {at}: {value}",
                key(series)
            );
        }
        all &= read.len() == truth.len();
    }
    Ok(all)
}

#[test]
fn what_went_in_comes_out() -> Outcome {
    let recorded = recorded(SMALL, 200, 30)?;
    let path = recorded.path();
    assert!(path.is_file());
    assert_eq!(fs::read_dir(recorded.folder.path())?.count(), 1);
    let (session, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    assert!(
        session
            .manifest()
            .segments
            .iter()
            .filter(|it| it.table == Table::Metrics)
            .count()
            >= 6
    );
    assert!(only_truth(&session, &recorded.machine)?);
    assert_eq!(session.hosts()[0].placement.error_ns, 34);
    assert_eq!(session.hosts()[0].cadence_ns, SECOND);
    assert_eq!(
        session.settings(HostId(0))?,
        [("vm.swappiness".to_owned(), "60".to_owned())]
    );
    let report = store::verify::verify(&session, &mut |_| Continue::Yes);
    assert!(report.is_sound(), "{report:?}");
    Ok(())
}

#[test]
fn pyramids_are_those_of_the_whole_column() -> Outcome {
    let recorded = recorded(SMALL, 300, 50)?;
    let (session, _) = Session::open(&recorded.path())?;
    for series in 0..SMALL.series {
        let column = session.column(&key(series), None)?;
        let drawn = column.plottable();
        let sparse = session.sparse(&key(series))?;
        let whole = Pyramid::build(&drawn.values);
        assert_eq!(Some(&sparse.base), whole.base(), "{}", key(series));
        assert_eq!(sparse.samples, column.at.len());
        assert_eq!(sparse.series, drawn.series);
        let starts: Vec<i64> = column.at.iter().copied().step_by(64).collect();
        assert_eq!(sparse.bucket_at.as_ref(), starts);
        for range in [0..1, 45..130, 290..500] {
            let rows = session.rows(&key(series), range.clone())?;
            let end = range.end.min(column.at.len());
            let start = range.start.min(end);
            assert_eq!(
                rows.column.values.as_ref(),
                &column.values[start..end],
                "{range:?}"
            );
            assert_eq!(rows.first, range.start);
        }
    }
    Ok(())
}

#[test]
fn processes_are_told_for_any_moment() -> Outcome {
    let recorded = recorded(SMALL, 100, 20)?;
    let (session, _) = Session::open(&recorded.path())?;
    let at = |second: i64| Moment(BOOT + AXIS + second * SECOND + SECOND / 4);
    let host = HostId(0);
    for second in [0, 3, 8, 19, 20, 21, 55, 99] {
        let rows = session.processes_at(host, at(second))?;
        // One process ends and one starts every ten seconds.
        assert_eq!(rows.len(), 6, "at {second} s");
        let oldest = (second + 1) / 10;
        assert_eq!(i64::from(rows[0].id.0), oldest + 1, "at {second} s");
        assert!(rows.iter().all(|row| row.process.pid == 1000 + row.id.0));
        assert_eq!(
            rows.iter().all(|row| row.previous.is_some()),
            second > 0 && second % 10 != 9
        );
    }
    assert_eq!(session.processes_at(host, Moment(0))?, []);
    let whole = session.process_use(host, session.span())?;
    assert_eq!(whole.len(), 16);
    let first = &whole[0];
    // The sample at second 9 says that it ended half a second before.
    assert_eq!(first.ended, Some(Moment(at(8).0 + SECOND / 4 + 9 * 7_919)));
    assert!((first.cpu_seconds - 0.03).abs() < 1e-9, "{first:?}");
    let busy = whole
        .iter()
        .find(|it| it.id.0 == 10)
        .ok_or("no process 10")?;
    let column = session.process_column(host, busy.id, Field::UserTime)?;
    let system = session.process_column(host, busy.id, Field::SystemTime)?;
    let last = |column: &model::columns::Column| column.values.last().copied().unwrap_or(f64::NAN);
    assert!((busy.cpu_seconds - last(&column) - last(&system)).abs() < 1e-9);
    let halves = [
        Span {
            from: session.span().from,
            to: at(47),
        },
        Span {
            from: at(47),
            to: session.span().to,
        },
    ];
    let mut sum = 0.0;
    for half in halves {
        let used = session.process_use(host, half)?;
        sum += used
            .iter()
            .find(|it| it.id == busy.id)
            .map_or(0.0, |it| it.cpu_seconds);
    }
    assert!(
        (busy.cpu_seconds - sum).abs() < 1e-9,
        "{} against {sum}",
        busy.cpu_seconds
    );
    Ok(())
}

/// Frames as the second copy of a journal has them: declarations outside the stream's order.
fn declarations(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut out = Vec::new();
    for found in wire::frame::frames(bytes) {
        if let wire::frame::Found::Frame(frame) = found {
            let kind = wire::frame::Kind::from_number(frame.kind).ok_or("unknown kind")?;
            if kind != wire::frame::Kind::Sample {
                wire::frame::write(&mut out, kind, 0, frame.payload)?;
            }
        }
    }
    Ok(out)
}

/// A session as a kill leaves it: some segments, and a journal that nobody finished.
fn killed(
    shape: Shape,
    stored: usize,
    after: usize,
) -> Result<(Recorded, Vec<u8>), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("s.kymo");
    let options = Options {
        title: String::new(),
        created: Moment(0),
        segment_ns: 10 * SECOND_NS,
        retention: None,
    };
    let recorder = Recorder::create(&path, options)?;
    let placement = Placement {
        boot_to_axis_ns: AXIS,
        ..Placement::default()
    };
    let host = recorder.add_host(Host::default(), "sim", placement)?;
    let mut machine = Machine::new(shape);
    let mut bytes = machine.hello()?;
    for _ in 0..stored {
        bytes.extend(machine.tick()?);
    }
    recorder.append(host, &bytes);
    recorder.finish(FinishAs::Folder, &mut |_| Continue::Yes)?;
    let (session, _) = Session::open(&path)?;
    let number = session.hosts()[0].rolled;
    let names = declarations(&bytes)?;
    let mut frames = names.clone();
    for _ in 0..after {
        frames.extend(machine.tick()?);
    }
    fs::create_dir(path.join("journal"))?;
    fs::write(path.join(format!("journal/sim-{number:06}.names")), &names)?;
    fs::write(
        path.join(format!("journal/sim-{number:06}.frames")),
        &frames,
    )?;
    Ok((Recorded { folder, machine }, frames))
}

#[test]
fn a_recording_opens_after_a_kill() -> Outcome {
    let (recorded, _) = killed(SMALL, 45, 23)?;
    let (session, warnings) = Session::open(&recorded.path())?;
    assert_eq!(warnings, []);
    assert!(only_truth(&session, &recorded.machine)?);
    for series in 0..SMALL.series {
        let column = session.column(&key(series), None)?;
        let sparse = session.sparse(&key(series))?;
        assert_eq!(
            Some(&sparse.base),
            Pyramid::build(&column.plottable().values).base()
        );
    }
    let out = recorded.folder.path().join("packed.kymo");
    store::trim::trim(&session, &store::trim::Keep::default(), &out, &mut |_| {
        Continue::Yes
    })?;
    let (packed, warnings) = Session::open(&out)?;
    assert_eq!(warnings, []);
    assert!(only_truth(&packed, &recorded.machine)?);
    assert_eq!(
        packed.process_use(HostId(0), packed.span())?,
        session.process_use(HostId(0), session.span())?
    );
    Ok(())
}

#[test]
fn every_cut_of_a_journal_opens_with_all_whole_frames_before_it() -> Outcome {
    let tiny = Shape {
        series: 5,
        processes: 2,
        key_every: 4,
    };
    let (recorded, bytes) = killed(tiny, 8, 12)?;
    let number = Session::open(&recorded.path())?.0.hosts()[0].rolled;
    let journal = recorded
        .path()
        .join(format!("journal/sim-{number:06}.frames"));
    let mut ends = Vec::new();
    let mut at = 0;
    for found in wire::frame::frames(&bytes) {
        if let wire::frame::Found::Frame(frame) = found {
            at += frame.bytes.len();
            if frame.kind == wire::frame::Kind::Sample as u8 {
                ends.push(at);
            }
        }
    }
    assert_eq!(ends.len(), 12);
    for cut in 0..=bytes.len() {
        fs::write(&journal, &bytes[..cut])?;
        let (session, warnings) = Session::open(&recorded.path())?;
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let samples = session
            .find(&key(0))
            .map_or(0, |_| read(&session, 0).map_or(0, |it| it.len()));
        assert_eq!(samples, 8 + whole, "cut at {cut}");
        let torn = !wire::frame::frames(&bytes[..cut])
            .all(|it| matches!(it, wire::frame::Found::Frame(_)));
        assert_eq!(torn, !warnings.is_empty(), "cut at {cut}: {warnings:?}");
    }
    Ok(())
}

#[test]
fn a_flipped_bit_is_noticed_or_harmless() -> Outcome {
    let recorded = recorded(SMALL, 40, 10)?;
    let bytes = fs::read(recorded.path())?;
    let torn_path = recorded.folder.path().join("torn.kymo");
    let bits = bytes.len() * 8;
    let mut opened = 0;
    for bit in (0..bits).step_by(bits / 300) {
        let mut torn = bytes.clone();
        torn[bit / 8] ^= 1 << (bit % 8);
        fs::write(&torn_path, &torn)?;
        let (session, _) = match Session::open(&torn_path) {
            Ok(opened) => opened,
            // Only the first four bytes decide what the file is.
            Err(error) => {
                assert!(bit < 32, "bit {bit}: {error}");
                continue;
            }
        };
        opened += 1;
        let all = only_truth(&session, &recorded.machine)?;
        assert!(
            all || !session.warnings().is_empty(),
            "bit {bit} lost data in silence"
        );
        let samples: usize = (0..SMALL.series)
            .map(|it| read(&session, it).map_or(0, |it| it.len()))
            .sum();
        let truth: usize = recorded.machine.truth.iter().map(Vec::len).sum();
        assert!(
            samples * 10 >= truth * 6,
            "bit {bit} cost {samples} of {truth}"
        );
    }
    assert!(opened > 290);
    Ok(())
}

#[test]
fn a_file_cut_anywhere_gives_what_is_left_or_one_clear_error() -> Outcome {
    let recorded = recorded(SMALL, 40, 10)?;
    let bytes = fs::read(recorded.path())?;
    let cut_path = recorded.folder.path().join("cut.kymo");
    for cut in (0..bytes.len()).step_by(bytes.len() / 150) {
        fs::write(&cut_path, &bytes[..cut])?;
        match Session::open(&cut_path) {
            Ok((session, _)) => {
                let all = only_truth(&session, &recorded.machine)?;
                assert!(all || !session.warnings().is_empty(), "cut at {cut}");
            }
            Err(OpenError::NotASession { .. } | OpenError::Damaged { .. }) => {}
            Err(other) => return Err(format!("cut at {cut}: {other}").into()),
        }
    }
    Ok(())
}

fn note(id: u32) -> Annotation {
    Annotation {
        id,
        span: Span::between(Moment(1), Moment(2)),
        text: "what happened? \u{1F525}".to_owned(),
        color: 3,
    }
}

#[test]
fn two_windows_may_write_notes_to_one_file() -> Outcome {
    const TIMES: u32 = 30;
    let recorded = recorded(SMALL, 10, 10)?;
    std::thread::scope(|scope| -> Outcome {
        let write = |id: u32| {
            let opened = Session::open(&recorded.path());
            let (session, _) = opened.map_err(|it| it.to_string())?;
            for _ in 0..TIMES {
                let stored = session.set_annotations(vec![note(id)]);
                stored.map_err(|it| it.to_string())?;
            }
            Ok::<(), String>(())
        };
        let windows = [1, 2].map(|id| scope.spawn(move || write(id)));
        for window in windows {
            window.join().map_err(|_| "it panicked")??;
        }
        Ok(())
    })?;
    let (session, warnings) = Session::open(&recorded.path())?;
    assert_eq!(warnings, []);
    assert!([vec![note(1)], vec![note(2)]].contains(&session.annotations()));
    assert!(only_truth(&session, &recorded.machine)?);
    assert_eq!(fs::read_dir(recorded.folder.path())?.count(), 1);
    Ok(())
}

#[test]
fn notes_stay_in_file_and_folder() -> Outcome {
    let recorded = recorded(SMALL, 10, 10)?;
    let (session, _) = Session::open(&recorded.path())?;
    session.set_annotations(vec![note(1), note(2)])?;
    assert!(only_truth(&session, &recorded.machine)?);
    session.set_annotations(vec![note(2)])?;
    let (again, warnings) = Session::open(&recorded.path())?;
    assert_eq!((again.annotations(), warnings), (vec![note(2)], vec![]));
    assert!(only_truth(&again, &recorded.machine)?);
    assert_eq!(fs::read_dir(recorded.folder.path())?.count(), 1);
    let (recorder, folder) = record(SMALL, 10, 10)?;
    recorder.annotate(vec![note(7)]);
    recorder.finish(FinishAs::Folder, &mut |_| Continue::Yes)?;
    let (session, _) = Session::open(&folder.path())?;
    assert_eq!(session.annotations(), [note(7)]);
    session.set_annotations(Vec::new())?;
    assert_eq!(Session::open(&folder.path())?.0.annotations(), []);
    Ok(())
}

#[test]
fn findings_and_notes_stay_side_by_side() -> Outcome {
    let recorded = recorded(SMALL, 10, 10)?;
    let (session, _) = Session::open(&recorded.path())?;
    assert_eq!(session.kept(), None);
    let kept = Kept {
        kymo: "0.1.0".to_owned(),
        findings: Vec::new(),
        expected: vec![Expected {
            series: "a/*".to_owned(),
            span: Span::default(),
            reason: "a \"nightly\" backup".to_owned(),
        }],
        pinned: Vec::new(),
        drafts: Vec::new(),
        live: Some(Said::default()),
    };
    session.set_annotations(vec![note(1)])?;
    session.keep(kept.clone())?;
    session.set_annotations(vec![note(2)])?;
    for session in [session, Session::open(&recorded.path())?.0] {
        assert_eq!(session.kept().as_ref(), Some(&kept));
        assert_eq!(session.annotations(), [note(2)]);
        assert!(only_truth(&session, &recorded.machine)?);
    }
    Ok(())
}

#[test]
fn held_findings_are_not_stored() -> Outcome {
    let recorded = recorded(SMALL, 10, 10)?;
    let (session, _) = Session::open(&recorded.path())?;
    let held = Kept {
        kymo: "0.1.0".to_owned(),
        ..Kept::default()
    };
    session.hold(held.clone());
    assert_eq!(session.kept(), Some(held));
    assert!(session.on_disk());
    assert_eq!(Session::open(&recorded.path())?.0.kept(), None);
    Ok(())
}

#[test]
fn notes_stored_from_several_threads_queue() -> Outcome {
    let recorded = recorded(SMALL, 10, 10)?;
    let (session, _) = Session::open(&recorded.path())?;
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|id| {
                let session = session.clone();
                scope
                    .spawn(move || (0..8).try_for_each(|_| session.set_annotations(vec![note(id)])))
            })
            .collect();
        writers.into_iter().map(|writer| writer.join()).collect()
    });
    for outcome in outcomes {
        outcome.map_err(|_| "a writer panicked")??;
    }
    let (again, warnings) = Session::open(&recorded.path())?;
    assert_eq!(warnings, []);
    assert_eq!(again.annotations(), session.annotations());
    assert!(only_truth(&again, &recorded.machine)?);
    assert_eq!(fs::read_dir(recorded.folder.path())?.count(), 1);
    Ok(())
}

#[test]
fn a_trimmed_session_is_the_part_asked_for() -> Outcome {
    let recorded = recorded(SMALL, 100, 20)?;
    let (session, _) = Session::open(&recorded.path())?;
    let from = BOOT + AXIS + 33 * SECOND - 1;
    let span = Span {
        from: Moment(from),
        to: Moment(from + 40 * SECOND),
    };
    let keep = store::trim::Keep {
        span: Some(span),
        series: vec!["sim/metric.1*".to_owned()],
    };
    let out = recorded.folder.path().join("trimmed.kymo");
    store::trim::trim(&session, &keep, &out, &mut |_| Continue::Yes)?;
    let (trimmed, warnings) = Session::open(&out)?;
    assert_eq!(warnings, []);
    assert_eq!(trimmed.series().len(), 4);
    for series in 4..8 {
        let (part, whole) = (
            trimmed.column(&key(series), None)?,
            session.column(&key(series), Some(span))?,
        );
        assert_eq!((part.at, part.values), (whole.at, whole.values));
    }
    let at = Moment(from + SECOND / 2);
    let ids = |session: &Session| -> Result<Vec<_>, Box<dyn Error>> {
        Ok(session
            .processes_at(HostId(0), at)?
            .iter()
            .map(|row| (row.id, row.reading))
            .collect())
    };
    assert_eq!(ids(&trimmed)?, ids(&session)?);
    assert!(store::verify::verify(&trimmed, &mut |_| Continue::Yes).is_sound());
    let nothing = store::trim::Keep {
        span: Some(Span::between(Moment(0), Moment(5))),
        series: Vec::new(),
    };
    let out = recorded.folder.path().join("nothing.kymo");
    assert!(store::trim::trim(&session, &nothing, &out, &mut |_| Continue::Yes).is_err());
    let stopped = store::trim::trim(&session, &keep, &out, &mut |_| Continue::Stop);
    assert!(stopped.is_err() && !out.exists());
    assert_eq!(fs::read_dir(recorded.folder.path())?.count(), 2);
    Ok(())
}

#[test]
fn hours_are_stored_in_segments_of_bounded_size() -> Outcome {
    let shape = Shape {
        series: 6,
        processes: 3,
        key_every: 10,
    };
    let (recorder, recorded) = record(shape, 3600, 60)?;
    recorder.finish(FinishAs::Folder, &mut |_| Continue::Yes)?;
    let (session, _) = Session::open(&recorded.path())?;
    let metrics = || {
        session
            .manifest()
            .segments
            .iter()
            .filter(|it| it.table == Table::Metrics)
    };
    assert!(metrics().count() >= 50);
    // A segment ends with the first key sample after its time.
    assert!(metrics().all(|it| it.rows <= 60 + shape.key_every));
    assert!(!recorded.path().join("journal").exists());
    assert!(only_truth(&session, &recorded.machine)?);
    Ok(())
}

#[test]
fn damage_to_one_member_costs_only_its_stretch() -> Outcome {
    let (recorder, recorded) = record(SMALL, 60, 10)?;
    recorder.finish(FinishAs::Folder, &mut |_| Continue::Yes)?;
    let member = recorded.path().join("metrics/sim/000002.parquet");
    let pyramid = recorded.path().join("pyramid/sim/000001.parquet");
    fs::write(&member, b"PAR1 nonsense PAR1")?;
    fs::remove_file(&pyramid)?;
    let (session, _) = Session::open(&recorded.path())?;
    assert!(!only_truth(&session, &recorded.machine)?);
    let column = session.column(&key(0), None)?;
    assert!(column.at.len() >= 40);
    let sparse = session.sparse(&key(0))?;
    assert_eq!(sparse.samples, recorded.machine.truth[0].len());
    let members: HashSet<String> = session.warnings().into_iter().map(|it| it.member).collect();
    assert!(members.contains("metrics/sim/000002.parquet"));
    assert!(members.contains("pyramid/sim/000001.parquet"));
    let report = store::verify::verify(&session, &mut |_| Continue::Yes);
    assert_eq!(report.problems.len(), 2);
    Ok(())
}

#[test]
fn exports_are_plain_files() -> Outcome {
    let recorded = recorded(SMALL, 25, 10)?;
    let (session, _) = Session::open(&recorded.path())?;
    let dir = recorded.folder.path().join("csv");
    store::export::export(&session, &dir, store::export::Format::Csv, &mut |_| {
        Continue::Yes
    })?;
    let text = fs::read_to_string(dir.join("metrics-sim.csv"))?;
    let mut lines = text.lines();
    let header = lines.next().ok_or("no header")?;
    assert!(
        header.starts_with("time,metric.0{part=0},metric.0{part=1}"),
        "{header}"
    );
    assert_eq!(lines.count(), 25);
    assert!(fs::read_to_string(dir.join("processes-sim.csv"))?.contains("worker-1"));
    let dir = recorded.folder.path().join("parquet");
    store::export::export(&session, &dir, store::export::Format::Parquet, &mut |_| {
        Continue::Yes
    })?;
    let file = dir.join("metrics/sim/000000.parquet");
    let form = store::foreign::Form::of(&file).ok_or("no form")?;
    let foreign = store::foreign::Foreign::read(&file, form, None)?;
    assert_eq!(&foreign.headers()[..2], ["time", "metric.0{part=0}"]);
    assert_eq!(foreign.holds(0), store::foreign::Holds::Times);
    let truth: Vec<f64> = recorded.machine.truth[1]
        .iter()
        .take(foreign.rows())
        .map(|it| it.1)
        .collect();
    assert_eq!(foreign.headers()[2], "metric.0{part=1}");
    assert_eq!(foreign.numbers(2), Some(truth));
    assert!(
        store::export::export(&session, &dir, store::export::Format::Csv, &mut |_| {
            Continue::Yes
        })
        .is_err()
    );
    Ok(())
}

#[test]
fn a_golden_file_of_each_schema_opens_for_ever() -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/golden/schema-1.kymo");
    let mut machine = Machine::new(SMALL);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let recorded = recorded(SMALL, 30, 12)?;
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::copy(recorded.path(), &path)?;
    }
    machine.hello()?;
    for _ in 0..30 {
        machine.tick()?;
    }
    let (session, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    assert_eq!(session.manifest().title, "A title");
    assert!(only_truth(&session, &machine)?);
    assert_eq!(session.sparse(&key(2))?.base.count, [29]);
    let rows = session.processes_at(HostId(0), session.span().to)?;
    assert_eq!(
        rows.iter().map(|row| row.id.0).collect::<Vec<_>>(),
        [4, 5, 6, 7, 8, 9]
    );
    assert!(store::verify::verify(&session, &mut |_| Continue::Yes).is_sound());
    Ok(())
}
