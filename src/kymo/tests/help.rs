//! The command line says what it can do.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot start its program fails"
)]

use std::process::Command;

fn kymo(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_kymo"))
        .args(arguments)
        .output()
        .expect("kymo starts");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn help_names_every_command() {
    let (code, text, _) = kymo(&["--help"]);
    assert_eq!(code, Some(0));
    for command in [
        "open", "agent", "record", "info", "verify", "import", "export", "trim", "report",
        "doctor", "own",
    ] {
        assert!(
            text.contains(&format!("\n  {command} ")),
            "{command}\n{text}"
        );
    }
}

#[test]
fn wrong_use_is_code_2() {
    for wrong in [
        &["fly"][..],
        &["record"],
        &["record", "--every", "1ms", "--out", "x"],
    ] {
        let (code, _, text) = kymo(wrong);
        assert_eq!(code, Some(2), "{wrong:?}: {text}");
    }
}

#[test]
fn a_missing_input_is_code_3_and_says_what_to_try() {
    let (code, out, text) = kymo(&["info", "/nonexistent/session.kymo"]);
    assert_eq!((code, out.as_str()), (Some(3), ""), "{text}");
    assert!(text.starts_with("kymo: error: "), "{text}");
    assert!(
        text.contains("/nonexistent/session.kymo") && text.contains("Try: "),
        "{text}"
    );
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
}

#[test]
fn what_is_no_session_is_code_4() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("noise.kymo");
    std::fs::write(&path, [0x1b; 4096]).expect("written");
    let (code, _, text) = kymo(&["info", &path.to_string_lossy()]);
    assert_eq!(code, Some(4), "{text}");
    assert!(!text.contains('\u{1b}'), "hostile bytes reach the terminal");
}
