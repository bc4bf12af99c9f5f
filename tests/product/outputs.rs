//! Where answers go: to files of their own, never over a recording or an input.

use std::path::Path;

use crate::binary::{kymo, run};
use crate::layers::root;

/// Commands that write an answer to the place that is named last.
const WRITERS: [&[&str]; 6] = [
    &["report", "INPUT", "--out"],
    &["report", "INPUT", "--format", "json", "--out"],
    &["check", "INPUT", "--standard", "use", "--junit"],
    &["anomalies", "INPUT", "--scores"],
    &["standard", "propose", "INPUT", "--out"],
    &[
        "trim",
        "INPUT",
        "--from",
        "2000-01-01T00:00:00Z",
        "--to",
        "2100-01-01T00:00:00Z",
        "--out",
    ],
];

fn copy(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::copy(root().join("sessions/quiet.kymo"), &path).expect("it is copied");
    path
}

#[test]
fn no_answer_is_written_over_a_recording() {
    let home = tempfile::tempdir().expect("a folder");
    let input = copy(home.path(), "input.kymo");
    let other = copy(home.path(), "other.kymo");
    let table = home.path().join("table.csv");
    let rows = (0..50).map(|row| format!("{row},{}\n", row % 7));
    let text = format!("time,load\n{}", rows.collect::<String>());
    std::fs::write(&table, &text).expect("it is written");
    let whole = std::fs::read(&input).expect("it is there");
    for words in WRITERS {
        for (input, out) in [(&input, &input), (&input, &other), (&table, &table)] {
            let words = words.iter().map(|it| match *it {
                "INPUT" => input.as_os_str(),
                word => word.as_ref(),
            });
            let output = run(kymo(home.path()).args(words).arg(out), 2);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("could not write"), "{said}");
        }
    }
    for path in [&input, &other] {
        assert_eq!(std::fs::read(path).expect("it is there"), whole);
    }
    assert_eq!(std::fs::read_to_string(&table).expect("it is there"), text);
}

#[test]
fn the_name_of_a_report_tells_its_format_unless_one_is_given() {
    let home = tempfile::tempdir().expect("a folder");
    let input = copy(home.path(), "input.kymo");
    for (name, more, begins) in [
        ("a.pdf", &[][..], "%PDF-"),
        ("a.json", &[], "{"),
        ("a.html", &[], "<!"),
        ("a.report", &[], "<!"),
        ("b.pdf", &["--format", "md"], "#"),
    ] {
        let out = home.path().join(name);
        let mut command = kymo(home.path());
        command.arg("report").arg(&input).args(more);
        run(command.arg("--out").arg(&out), 0);
        let bytes = std::fs::read(&out).expect("it is there");
        let head = String::from_utf8_lossy(&bytes[..8]).into_owned();
        assert!(head.starts_with(begins), "{name}: {head}");
    }
    for (name, code) in [("-", 2), ("none/a.html", 3)] {
        let mut command = kymo(home.path());
        command.current_dir(home.path()).arg("report").arg(&input);
        run(command.arg("--out").arg(name), code);
    }
}
