//! Cases with planted canaries, and hostile input that must not panic.

use std::error::Error;
use std::path::PathBuf;

use super::{COMMAND_MAX, INPUT_MAX, clean, command, text};

type Outcome = Result<(), Box<dyn Error>>;

/// Feeds each line above `---` in `fixtures/redact/*.case` to [`command`] (`␀`
/// stands for NUL) and compares with the lines below. `UPDATE_EXPECT=1` rewrites.
#[test]
fn cases() -> Outcome {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/redact");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let content = std::fs::read_to_string(&path)?;
        let (input, expected) = content.split_once("---\n").ok_or("no separator")?;
        let actual: String = input.lines().map(|line| redacted(line) + "\n").collect();
        let canary = actual.to_ascii_lowercase();
        assert!(!canary.contains("canary"), "{}: {actual}", path.display());
        if update {
            std::fs::write(&path, format!("{input}---\n{actual}"))?;
        } else {
            assert_eq!(actual, expected, "{}", path.display());
        }
        count += input.lines().count();
    }
    assert!(count >= 90, "only {count} cases were found");
    Ok(())
}

#[test]
fn what_is_harmless_stays() -> Outcome {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/redact/harmless.case");
    let content = std::fs::read_to_string(path)?;
    let (input, _) = content.split_once("---\n").ok_or("no separator")?;
    for line in input.lines() {
        assert_eq!(redacted(line), line.replace('␀', " "));
    }
    Ok(())
}

#[test]
fn an_overlong_line_is_cut_at_an_argument() {
    let mut line = b"app\0".to_vec();
    while line.len() < INPUT_MAX - 20 {
        line.extend_from_slice(b"-v\0");
    }
    line.extend_from_slice(b"ghp_canarycanarycanarycanarycanarycanary\0");
    let shown = command(&line);
    assert!(
        !shown.contains("canary") && !shown.contains("ghp"),
        "{shown}"
    );
    assert!(shown.chars().count() <= COMMAND_MAX + 1);
    assert_eq!(command(&vec![b'x'; INPUT_MAX + 1]), "…");
}

#[test]
fn text_that_is_cut_stays_whole_characters() {
    let shown = text(&"ü".repeat(INPUT_MAX));
    assert_eq!(shown.chars().count(), COMMAND_MAX + 1);
    assert_eq!(clean("a\u{202e}b\nc", 3), "a\u{fffd}b");
}

/// Mutations of all cases: nothing panics, the result is clean and bounded, and
/// what was taken out stays out when the result is cleaned again.
#[test]
fn mutations_do_not_panic() -> Outcome {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/redact");
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for entry in std::fs::read_dir(folder)? {
        let bytes = std::fs::read(entry?.path())?;
        for _ in 0..400 {
            let start = next() % bytes.len();
            let end = (start + next() % 200).min(bytes.len());
            let mut piece = bytes[start..end].to_vec();
            for _ in 0..next() % 6 {
                let at = next() % piece.len().max(1);
                if let Some(byte) = piece.get_mut(at) {
                    *byte = b"\0'\"$@:=/-\\ \xff\xe2"[next() % 13];
                }
            }
            let shown = command(&piece);
            assert!(!shown.chars().any(char::is_control));
            let lossy = String::from_utf8_lossy(&piece);
            assert!(text(&lossy).chars().count() <= COMMAND_MAX + 1);
        }
    }
    Ok(())
}

fn redacted(line: &str) -> String {
    let line = line.replace("\\n", "\n").replace('␛', "\u{1b}");
    command(line.replace('␀', "\0").as_bytes())
}
