//! Each case file holds a text above `---` and what is wrong with it below.
//!
//! A new test is a new file; `UPDATE_EXPECT=1` writes the answers.

use std::path::{Path, PathBuf};

use super::*;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/standards");
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|it| it.path()).collect();
    paths.sort();
    paths
}

fn told(text: &str) -> String {
    match parse(text) {
        Ok(standard) => format!("sound: {} {}\n", standard.name(), standard.rules.kind()),
        Err(mistakes) => mistakes.iter().map(|it| format!("{it}\n")).collect(),
    }
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let cases = cases();
    assert!(cases.len() > 15, "the cases are where they were");
    for path in cases {
        let text = std::fs::read_to_string(&path).expect("a case");
        let (input, expected) = text.split_once("---\n").expect("two parts");
        let actual = told(input);
        if update {
            std::fs::write(&path, format!("{input}---\n{actual}")).expect("it is written");
        } else {
            assert_eq!(actual, expected, "{}", path.display());
        }
    }
}

#[test]
fn sound_cases_read_what_they_print() {
    let mut kinds = Vec::new();
    for path in cases() {
        let whole = std::fs::read_to_string(&path).expect("a case");
        let (input, _) = whole.split_once("---\n").expect("two parts");
        let Ok(standard) = parse(input) else { continue };
        let written = text(&standard).expect("it can be written");
        assert_eq!(parse(&written).as_ref(), Ok(&standard), "{written}");
        kinds.push(standard.rules.kind());
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["metric", "optimization", "reporting", "threshold"]);
}

#[test]
fn damaged_texts_never_panic() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/standards/sound-threshold.case");
    let whole = std::fs::read_to_string(path).expect("a case");
    let (input, _) = whole.split_once("---\n").expect("two parts");
    let letters: Vec<char> = input.trim_end().chars().collect();
    for at in 0..letters.len() {
        for put in ['(', ')', '"', ',', '/', '0', '[', ':'] {
            let mut damaged = letters.clone();
            damaged[at] = put;
            let damaged: String = damaged.into_iter().collect();
            if let Err(mistakes) = parse(&damaged) {
                assert!(!mistakes.is_empty());
            }
        }
        let cut: String = letters[..at].iter().collect();
        assert!(parse(&cut).is_err(), "{at}");
    }
    assert_eq!(
        parse(&"(".repeat(TEXT_MAX_BYTES + 1)).unwrap_err()[0].sort,
        Sort::Limit
    );
}
