//! Every byte of a file is covered, and sums that were made anew are told by the chain.

use std::error::Error;
use std::path::{Path, PathBuf};

use model::annotation::Annotation;
use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::event::{Event, EventKind};
use model::finding::Kept;
use model::series::{Series, SeriesKey};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use sha2::{Digest, Sha256};
use store::ingest::{Source, ingest};
use store::progress::Continue;
use store::session::Session;
use store::share::{Signer, complete};
use store::verify::{Report, verify};

type Outcome = Result<(), Box<dyn Error>>;

fn session(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let path = folder.join("s.kymo");
    let series = Series {
        key: SeriesKey::new("a", "m", []),
        unit: Unit::new("1"),
        kind: Kind::Gauge,
        polarity: Polarity::Neutral,
    };
    let source = Source {
        title: "small".to_owned(),
        columns: vec![Column {
            series,
            at: (0..5).map(|it| it * SECOND_NS).collect(),
            values: (0..5).map(f64::from).collect(),
        }],
        events: vec![(
            "a".to_owned(),
            Event {
                at: Moment(SECOND_NS),
                kind: EventKind::Log,
                subject: "s".to_owned(),
                before: String::new(),
                after: String::new(),
                text: "t".to_owned(),
            },
        )],
        ..Source::default()
    };
    ingest(source, &path)?;
    let (open, _) = Session::open(&path)?;
    open.set_annotations(vec![Annotation {
        id: 1,
        span: Span::default(),
        text: "note".to_owned(),
        color: 0,
    }])?;
    open.keep(Kept {
        kymo: "0".to_owned(),
        ..Kept::default()
    })?;
    Ok(path)
}

fn checked(path: &Path) -> Option<Report> {
    let (session, _) = Session::open(path).ok()?;
    Some(verify(&session, &mut |_| Continue::Yes))
}

#[test]
fn every_flipped_byte_of_a_file_is_found() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = session(folder.path())?;
    let signed = folder.path().join("signed.kymo");
    let (open, _) = Session::open(&path)?;
    let signer =
        Signer::new(|text| Ok(format!("untrusted comment: x\n{}\n", text.len()).into_bytes()));
    complete(&open, (None, Some(signer)), &signed)?;
    let whole = checked(&signed).ok_or("it opens")?;
    assert!(whole.is_sound(), "{:?}", whole.problems);
    let chain = whole.chain.ok_or("a chain")?;
    assert!(chain.signature.is_some() && chain.members >= 8, "{chain:?}");
    let bytes = std::fs::read(&signed)?;
    let torn = folder.path().join("torn.kymo");
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        std::fs::write(&torn, &altered)?;
        // A file that does not open any more is found too.
        let sound = checked(&torn).is_some_and(|it| it.is_sound());
        assert!(!sound, "byte {at} of {}", bytes.len());
    }
    for more in [&b"x"[..], b"PK\x03\x04"] {
        std::fs::write(&torn, [&bytes[..], more].concat())?;
        assert!(!checked(&torn).is_some_and(|it| it.is_sound()));
    }
    Ok(())
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect()
}

/// Replaces one text by another of the same length, wherever it stands.
fn replaced(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let mut count = 0;
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
            count += 1;
        }
    }
    count
}

#[test]
fn sums_that_were_made_anew_are_told_by_the_chain() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = session(folder.path())?;
    let before = checked(&path).and_then(|it| it.chain).ok_or("a chain")?;
    let mut bytes = std::fs::read(&path)?;
    // The note is altered, and the seal in it made anew.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let from = text.find("[\n (\n  id: 1").ok_or("the note")?;
    let document = &text[from..from + text[from..].find("// sha256").ok_or("its seal")?];
    let start = bytes
        .windows(document.len())
        .position(|it| it == document.as_bytes())
        .ok_or("it")?;
    let sealed_bytes = document.len() + "// sha256 ".len() + 64 + 1;
    let old = bytes[start..start + sealed_bytes].to_vec();
    let forged = document.replace("note", "lies");
    let new = format!("{forged}// sha256 {}\n", sum(forged.as_bytes())).into_bytes();
    assert_eq!(replaced(&mut bytes, &old, &new), 1);
    let forged_path = folder.path().join("forged.kymo");
    let problems = |bytes: &[u8]| -> Result<Vec<String>, Box<dyn Error>> {
        std::fs::write(&forged_path, bytes)?;
        let report = checked(&forged_path).ok_or("it opens")?;
        Ok(report
            .problems
            .iter()
            .map(|it| format!("{}: {}", it.member, it.text))
            .collect())
    };
    let found = problems(&bytes)?;
    assert_eq!(
        found,
        [
            "annotations.ron: does not give its CRC-32",
            "annotations.ron: is not what sha256sums.txt has of it",
            "annotations.ron: is not the member that the chain was made of"
        ]
    );
    // So is its sum in the list of sums and in the chain: then the links do not hold.
    assert_eq!(
        replaced(&mut bytes, sum(&old).as_bytes(), sum(&new).as_bytes()),
        2
    );
    let found = problems(&bytes)?.join("; ");
    assert!(found.contains("chain.txt: a line was altered"), "{found}");
    // Somebody who makes everything anew leaves a sound file, with another head.
    let (open, _) = Session::open(&path)?;
    open.set_annotations(Vec::new())?;
    let after = checked(&path).ok_or("it opens")?;
    assert!(after.is_sound());
    assert_ne!(after.chain.ok_or("a chain")?.head, before.head);
    Ok(())
}

#[test]
fn files_of_older_versions_have_no_chain_and_verify() -> Outcome {
    let sessions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sessions");
    let report = checked(&sessions.join("quiet.kymo")).ok_or("it opens")?;
    assert!(report.is_sound() && report.chain.is_none(), "{report:?}");
    Ok(())
}

#[test]
fn lists_of_sums_are_checked_in_files_without_a_chain() -> Outcome {
    let sessions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sessions");
    let bytes = std::fs::read(sessions.join("quiet.kymo"))?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("altered.kymo");
    // The list of sums is the last member: its lines stand behind all others.
    let last = |text: &str| {
        bytes
            .windows(text.len())
            .rposition(|it| it == text.as_bytes())
    };
    let line = last("  findings.ron\n")
        .or(last("  manifest.ron\n"))
        .ok_or("its line")?;
    let record = b"PK\x01\x02";
    let directory = bytes
        .windows(4)
        .rposition(|it| it == record)
        .ok_or("the directory")?;
    for (at, wanted) in [
        (line + 4, "which is no member"),
        (line - 1, "is not what sha256sums.txt has of it"),
        (line, "has a line that is no sum"),
        (line, "is not in sha256sums.txt"),
        (line, "sha256sums.txt: does not give its CRC-32"),
        (
            directory + 16,
            "stands otherwise in the directory of the file",
        ),
        (
            directory + 46,
            "stands otherwise in the directory of the file",
        ),
    ] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        std::fs::write(&path, &altered)?;
        let report = checked(&path).ok_or("it opens")?;
        let found = report.problems.iter();
        let found: Vec<String> = found
            .map(|it| format!("{}: {}", it.member, it.text))
            .collect();
        assert!(
            found.iter().any(|it| it.contains(wanted)),
            "{wanted}: {found:?}"
        );
    }
    Ok(())
}

#[test]
fn what_is_kept_survives_a_new_note_and_the_file_reads_as_a_zip() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = session(folder.path())?;
    let archive = zip::ZipArchive::new(std::fs::File::open(&path)?)?;
    let names: Vec<String> = archive
        .file_names()
        .map(|it| it.map(|it| it.into_owned()))
        .collect::<Result<_, _>>()?;
    for name in [
        "manifest.ron",
        "annotations.ron",
        "findings.ron",
        "sha256sums.txt",
        "chain.txt",
    ] {
        assert!(names.iter().any(|it| it == name), "{name} in {names:?}");
    }
    assert!(archive.comment().starts_with(b"kymo frame sha256 "));
    Ok(())
}
