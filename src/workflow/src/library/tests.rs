//! Tests of the listing, on folders of small imported sessions.

use std::fs;

use model::label::Label;
use tempfile::TempDir;

use super::label::Change;
use super::query::Query;
use super::trend::{Include, Order, Request};
use super::*;
use analysis::sessions::Statistic;

/// A library of sessions, each imported from a table of one series.
struct Shelf {
    folder: TempDir,
    cache: TempDir,
}

impl Shelf {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            cache: tempfile::tempdir().unwrap(),
        }
    }

    fn setup(&self) -> Setup {
        Setup {
            roots: vec![self.folder.path().to_path_buf()],
            cache: Some(self.cache.path().to_path_buf()),
            freshness: Freshness::Index,
        }
    }

    /// A session of a day, 60 rows a second apart around `level`.
    fn add(&self, name: &str, (day, level): (i64, f64)) -> PathBuf {
        let csv = self.cache.path().join("table.csv");
        let begin = 1_790_000_000 + day * 86_400;
        let mut text = "time,load\n".to_owned();
        for row in 0..60 {
            let wave = 0.01 * level * f64::from(row % 7);
            text.push_str(&format!("{},{}\n", begin + i64::from(row), level + wave));
        }
        fs::write(&csv, text).unwrap();
        let out = self.folder.path().join(name);
        fs::create_dir_all(out.parent().unwrap()).unwrap();
        let setup = crate::imports::Setup {
            inputs: vec![(
                crate::imports::Origin::File(csv),
                crate::imports::How::default(),
            )],
            ..crate::imports::Setup::default()
        };
        crate::imports::import(&setup, &out, &Context::default()).unwrap();
        out
    }

    fn list(&self) -> Listing {
        list(&self.setup(), &Context::default()).unwrap()
    }
}

#[test]
fn what_cannot_be_read_is_listed_with_its_reason_beside_the_others() {
    let shelf = Shelf::new();
    shelf.add("b/good.kymo", (1, 1.0));
    shelf.add("a.kymo", (0, 1.0));
    fs::write(shelf.folder.path().join("empty.kymo"), b"").unwrap();
    fs::write(
        shelf.folder.path().join("other.kymo"),
        b"PK\x03\x04 nonsense",
    )
    .unwrap();
    fs::write(shelf.folder.path().join("notes.txt"), b"no session").unwrap();
    fs::create_dir(shelf.folder.path().join(".hidden")).unwrap();
    fs::write(shelf.folder.path().join(".hidden/x.kymo"), b"").unwrap();
    let listing = shelf.list();
    let names: Vec<&str> = listing.entries.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a.kymo", "b/good.kymo", "empty.kymo", "other.kymo"]);
    let refused: Vec<bool> = listing
        .entries
        .iter()
        .map(|it| it.facts().is_none())
        .collect();
    assert_eq!(refused, [false, false, true, true]);
    let Standing::Refused(why) = &listing.entries[2].standing else {
        panic!("it is refused");
    };
    assert_eq!(why, "an empty file is not a session");
}

#[test]
fn the_index_is_used_only_while_a_session_is_as_it_was() {
    let shelf = Shelf::new();
    let first = shelf.add("a.kymo", (0, 1.0));
    shelf.add("b.kymo", (1, 1.0));
    assert_eq!(shelf.list().read, 2);
    let known = shelf.list();
    assert_eq!((known.read, known.entries.len()), (0, 2));
    // A label changes the file, so the entry is read anew and tells of it.
    let change = Change {
        add: vec!["nightly".to_owned()],
        build: Some("1.2".to_owned()),
        ..Change::default()
    };
    label::apply(&first, &change).unwrap();
    let changed = shelf.list();
    assert_eq!(changed.read, 1);
    let label = &changed.entries[0].facts().unwrap().label;
    assert_eq!(
        (label.tags.as_slice(), label.build.as_str()),
        (&["nightly".to_owned()][..], "1.2")
    );
    // The same size and time with other content is noticed by the end of the file.
    let times = fs::metadata(&first).unwrap().modified().unwrap();
    let change = Change {
        remove: vec!["nightly".to_owned()],
        add: vec!["monthly".to_owned()],
        ..Change::default()
    };
    label::apply(&first, &change).unwrap();
    let file = fs::File::options().write(true).open(&first).unwrap();
    file.set_modified(times).unwrap();
    assert_eq!(
        shelf.list().entries[0].facts().unwrap().label.tags,
        ["monthly"]
    );
    // An index that is torn, or gone, costs nothing but time.
    for name in fs::read_dir(shelf.cache.path()).unwrap().flatten() {
        if name.path().extension().is_some_and(|it| it == "json") {
            fs::write(name.path(), b"{\"version\":1,").unwrap();
        }
    }
    assert_eq!(shelf.list().read, 2);
    fs::remove_file(&first).unwrap();
    assert_eq!(shelf.list().entries.len(), 1);
}

#[test]
fn a_label_travels_with_the_file_and_survives_other_documents() {
    let shelf = Shelf::new();
    let path = shelf.add("a.kymo", (0, 1.0));
    let change = Change {
        add: vec!["gold".to_owned()],
        note: Some("before the fix".to_owned()),
        ..Change::default()
    };
    label::apply(&path, &change).unwrap();
    let (stored, _) = Stored::open(&path, &Context::default()).unwrap();
    stored.keep(model::finding::Kept::default()).unwrap();
    let moved = shelf.folder.path().join("moved.kymo");
    fs::rename(&path, &moved).unwrap();
    let (stored, warnings) = Stored::open(&moved, &Context::default()).unwrap();
    assert_eq!(stored.label().note, "before the fix");
    assert_eq!(stored.label().tags, ["gold"]);
    assert!(warnings.is_empty(), "{warnings:?}");
    let trimmed = shelf.folder.path().join("trimmed.kymo");
    let keep = store::trim::Keep::default();
    let whole = &mut |_| store::progress::Continue::Yes;
    store::trim::trim(stored.session(), &keep, &trimmed, whole).unwrap();
    let (stored, _) = Stored::open(&trimmed, &Context::default()).unwrap();
    assert_eq!(stored.label().tags, ["gold"]);
    assert_ne!(stored.label(), Label::default());
}

use crate::stored::Stored;

#[test]
fn a_search_takes_words_fields_and_their_opposites() {
    let shelf = Shelf::new();
    let first = shelf.add("checkout.kymo", (0, 1.0));
    shelf.add("search.kymo", (3, 1.0));
    fs::write(shelf.folder.path().join("torn.kymo"), b"").unwrap();
    let change = Change {
        add: vec!["nightly".to_owned()],
        build: Some("1.4.2".to_owned()),
        note: Some("the slow Monday".to_owned()),
        ..Change::default()
    };
    label::apply(&first, &change).unwrap();
    let listing = shelf.list();
    let found = |text: &str| {
        let query = Query::parse(text).unwrap();
        let found = query.among(&listing.entries);
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        names.join(" ")
    };
    assert_eq!(found("").split(' ').count(), 3);
    assert_eq!(found("checkout"), "checkout.kymo");
    assert_eq!(found("tag:night*"), "checkout.kymo");
    assert_eq!(found("-tag:nightly -is:refused"), "search.kymo");
    assert_eq!(found("build:1.4.* note:\"slow monday\""), "checkout.kymo");
    assert_eq!(found("after:2026-09-23"), "search.kymo");
    assert_eq!(found("is:refused"), "torn.kymo");
    assert_eq!(found("empty"), "torn.kymo");
    assert_eq!(found("longer:2m"), "");
    assert!(Query::parse("hots:a").is_err() && Query::parse("after:soon").is_err());
}

#[test]
fn a_step_between_builds_is_found_and_what_does_not_compare_is_told() {
    let shelf = Shelf::new();
    for number in 0..14 {
        let level = if number < 7 { 10.0 } else { 14.0 };
        let jitter = 0.1 * f64::from(number % 3);
        let path = shelf.add(
            &format!("s{number:02}.kymo"),
            (i64::from(number), level + jitter),
        );
        let change = Change {
            build: Some(format!("1.{number}")),
            ..Change::default()
        };
        label::apply(&path, &change).unwrap();
    }
    fs::write(shelf.folder.path().join("torn.kymo"), b"").unwrap();
    let listing = shelf.list();
    let entries: Vec<&Entry> = listing.entries.iter().collect();
    let request = Request {
        series: "*load*".to_owned(),
        statistic: Statistic::P50,
        order: Order::Build,
        include: Include::Comparable,
    };
    let trended = trend::of(&entries, &request, &Context::default()).unwrap();
    assert_eq!(trended.points.len(), 15);
    let last = trended.points.last().unwrap();
    assert!(
        !last.counted && last.doubts[0].contains("cannot be read"),
        "{last:?}"
    );
    let builds: Vec<&str> = trended.points.iter().map(|it| it.build.as_str()).collect();
    assert_eq!(builds[9..11], ["1.9", "1.10"]);
    assert_eq!(trended.course.changes.len(), 1, "{:?}", trended.course);
    let row = trended.course.changes[0].row;
    assert_eq!(trended.counted().nth(row).unwrap().build, "1.7");
    let nothing = Request {
        series: "*nosuch*".to_owned(),
        ..request
    };
    assert!(trend::of(&entries, &nothing, &Context::default()).is_err());
}
