//! Columns that were read elsewhere become sessions, on disk and in memory.

use std::error::Error;
use std::sync::Arc;

use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use store::combine::{Input, Piece, combine};
use store::ingest::{Source, in_memory, ingest};
use store::progress::Continue;
use store::session::{QueryError, Session};
use store::trim::WriteError;

type Outcome = Result<(), Box<dyn Error>>;

fn column(name: &str, at: &Arc<[i64]>, value: fn(usize) -> f64) -> Column {
    Column {
        series: Series {
            key: SeriesKey::new("", name, []),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        },
        at: Arc::clone(at),
        values: (0..at.len()).map(value).collect(),
    }
}

fn source(rows: usize) -> Source {
    let at: Arc<[i64]> = (0..rows as i64).map(|row| row * SECOND_NS).collect();
    let slow: Arc<[i64]> = (0..rows as i64 / 3)
        .map(|row| row * 3 * SECOND_NS)
        .collect();
    Source {
        title: "imported".to_owned(),
        created: Moment(5),
        columns: vec![
            column("orders:cpu", &at, |row| row as f64 / 7.0),
            column("gaps", &at, |row| if row % 5 == 0 { f64::NAN } else { 1.5 }),
            column("time", &slow, |row| -(row as f64)),
            column("=evil,\"name\"", &at, |_| f64::INFINITY),
            column("gaps", &at, |_| 3.0),
        ],
        ..Source::default()
    }
}

fn same(a: &Column, b: &Column) {
    assert_eq!(a.at, b.at, "{}", a.series.key);
    let bits = |column: &Column| {
        column
            .values
            .iter()
            .map(|it| it.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(a), bits(b), "{}", a.series.key);
}

#[test]
fn memory_and_file_answer_alike() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("i.kymo");
    let held = in_memory(source(1000));
    ingest(source(1000), &path)?;
    let (stored, warnings) = Session::open(&path)?;
    assert_eq!(warnings, []);
    assert_eq!(held.path(), None);
    assert_eq!(held.series(), stored.series());
    assert_eq!(held.span(), stored.span());
    let names: Vec<String> = held.series().iter().map(|it| it.key.to_string()).collect();
    assert_eq!(names[4], "gaps (2)");
    let keys: Vec<SeriesKey> = held.series().iter().map(|it| it.key.clone()).collect();
    let span = Some(Span {
        from: Moment(10 * SECOND_NS),
        to: Moment(70 * SECOND_NS),
    });
    for span in [None, span] {
        for (a, b) in held
            .columns(&keys, span)?
            .iter()
            .zip(&stored.columns(&keys, span)?)
        {
            same(a, b);
        }
    }
    for (a, b) in held
        .sparse_all(&keys)?
        .iter()
        .zip(&stored.sparse_all(&keys)?)
    {
        assert_eq!(
            (&a.base, &a.bucket_at, a.samples),
            (&b.base, &b.bucket_at, b.samples)
        );
    }
    let twice = [keys[0].clone(), keys[1].clone(), keys[0].clone()];
    for session in [&held, &stored] {
        let columns = session.columns(&twice, None)?;
        same(&columns[0], &columns[2]);
        assert_eq!(columns[0].at.len(), 1000);
        assert_eq!(session.sparse_all(&twice)?[2].samples, 1000);
    }
    let unknown = held.column(&SeriesKey::new("", "nothing", []), None);
    assert!(matches!(unknown, Err(QueryError::Unknown { .. })));
    Ok(())
}

#[test]
fn a_large_import_is_cut_into_members() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("i.kymo");
    let rows = 1_200_000;
    ingest(source(rows), &path)?;
    let (session, _) = Session::open(&path)?;
    assert!(session.manifest().segments.len() > 2);
    for column in &source(rows).columns[..2] {
        same(&session.column(&column.series.key, None)?, column);
    }
    let key = SeriesKey::new("", "orders:cpu", []);
    let rows = session.rows(&key, 700_000..700_100)?;
    assert_eq!(rows.column.at[0], 700_000 * SECOND_NS);
    assert_eq!(rows.column.at.len(), 100);
    Ok(())
}

#[test]
fn nothing_is_left_behind_by_an_import_of_nothing() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("i.kymo");
    assert!(ingest(Source::default(), &path).is_err());
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
    std::fs::write(&path, "mine")?;
    assert!(ingest(source(10), &path).is_err());
    assert_eq!(std::fs::read_to_string(&path)?, "mine");
    Ok(())
}

/// A source of one host, whose series begin at a second.
fn of_host(host: &str, names: &[&str], from: i64) -> Source {
    let at: Arc<[i64]> = (from..from + 10).map(|row| row * SECOND_NS).collect();
    let columns = names.iter().map(|name| {
        let mut column = column(name, &at, |row| row as f64);
        column.series.key.host = host.to_owned();
        column
    });
    Source {
        columns: columns.collect(),
        ..Source::default()
    }
}

fn piece(input: Input, by_s: i64) -> Piece {
    Piece {
        input,
        by_ns: by_s * SECOND_NS,
        note: ("a file".to_owned(), format!("moved by {by_s} s")),
    }
}

#[test]
fn several_inputs_stand_on_one_axis() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (first, second) = (folder.path().join("1.kymo"), folder.path().join("2.kymo"));
    ingest(of_host("web", &["cpu", "disk"], 100), &first)?;
    ingest(of_host("db", &["cpu"], 100), &second)?;
    let out = folder.path().join("all.kymo");
    let open = |path| Session::open(path).map(|it| it.0);
    let pieces = || -> Result<Vec<Piece>, Box<dyn Error>> {
        Ok(vec![
            piece(Input::Session(open(&first)?), 0),
            piece(Input::Session(open(&second)?), -50),
            // The same host again: what goes on, what is told twice, what is new.
            piece(Input::Source(of_host("web", &["cpu"], 0)), 110),
            piece(Input::Source(of_host("web", &["disk", "net"], 0)), 105),
        ])
    };
    combine(pieces()?, "all", &out, &mut |_| Continue::Yes)?;
    let all = open(&out)?;
    assert_eq!(all.manifest().title, "all");
    let told = all.series().iter().map(|it| {
        let column = all.column(&it.key, None);
        let at = column.map(|it| (it.at.len(), it.at.first().map(|at| at / SECOND_NS)));
        (it.key.to_string(), at.ok())
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("db/cpu".to_owned(), Some((10, Some(50)))),
            ("web/cpu".to_owned(), Some((20, Some(100)))),
            ("web/disk".to_owned(), Some((10, Some(100)))),
            ("web/disk (2)".to_owned(), Some((10, Some(105)))),
            ("web/net".to_owned(), Some((10, Some(105)))),
        ]
    );
    let events = all.events(all.span())?;
    let texts: Vec<&str> = events.iter().map(|it| it.1.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "moved by -50 s",
            "moved by 0 s",
            "moved by 105 s",
            "moved by 110 s"
        ]
    );
    assert!(store::verify::verify(&all, &mut |_| Continue::Yes).is_sound());
    // Nothing is overwritten, and a stop leaves nothing behind.
    let again = combine(pieces()?, "all", &out, &mut |_| Continue::Yes);
    assert!(matches!(again, Err(WriteError::Exists { .. })));
    let other = folder.path().join("other.kymo");
    let stopped = combine(pieces()?, "all", &other, &mut |_| Continue::Stop);
    assert!(matches!(stopped, Err(WriteError::Stopped)));
    assert!(!other.exists());
    Ok(())
}
