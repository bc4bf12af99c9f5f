//! House rules that no compiler knows.

use std::path::{Path, PathBuf};

use crate::layers::root;

/// Longest file, in lines; beyond it a file has no name that fits it.
const LINES_MAX: usize = 1_200;

/// What may stand at the top level besides dotfiles.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "assets",
    "sessions",
    "tests",
    "README.md",
    "target",
];

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    for folder in ["src", "tests"] {
        files(&root().join(folder), ".rs", &mut paths);
    }
    paths.sort();
    assert!(paths.len() > 30, "the sources are where they were");
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            (path, text)
        })
        .collect()
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} has no header", path.display());
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_stands_in_for_work() {
    // Written in two parts, so that this file does not find itself.
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
        concat!("thread::sl", "eep(Duration::from_secs"),
    ];
    for (path, text) in sources() {
        for word in words {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

/// Names at the top level that belong to the project: what git tracks, so that a
/// recording left there by a user is none of our business; all where git is missing.
fn top_level() -> Vec<String> {
    let tracked = std::process::Command::new("git")
        .args(["ls-files"])
        .current_dir(root())
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    if tracked.is_empty() {
        let entries = std::fs::read_dir(root())
            .expect("the root is there")
            .flatten();
        return entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
    }
    let tops = tracked.lines().filter_map(|path| path.split('/').next());
    tops.map(str::to_owned).collect()
}

#[test]
fn the_top_level_holds_what_it_should() {
    let names = top_level();
    assert!(names.iter().any(|name| name == "Cargo.toml"), "{names:?}");
    for name in names {
        let expected = name.starts_with('.') || TOP.contains(&name.as_str());
        assert!(expected, "{name} stands at the top level");
    }
}

#[test]
fn every_crate_is_on_the_map() {
    let map = std::fs::read_to_string(root().join("src/README.md")).expect("the map is there");
    for entry in std::fs::read_dir(root().join("src"))
        .expect("src is there")
        .flatten()
    {
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(
                map.contains(&format!("`{name}`")),
                "src/README.md does not name {name}"
            );
        }
    }
}

#[test]
fn only_named_reasons_lift_a_lint() {
    for (path, text) in sources() {
        for (number, _) in text.match_indices(concat!("#[exp", "ect(")) {
            let attribute: String = text[number..].chars().take(300).collect();
            let end = attribute.find(")]").unwrap_or(attribute.len());
            assert!(
                attribute[..end].contains("reason"),
                "{} lifts a lint without a reason",
                path.display()
            );
        }
    }
}
