//! Nothing outside of the Linux side of the border names a part of one system.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What only Linux, or only some systems, have.
const NAMES: &[&str] = &[
    "rustix",
    "std::os::",
    "signal_hook::low_level",
    "signal_hook::iterator",
    "crate::collect",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn parts_of_one_system_are_named_on_its_side_of_the_border_only() -> io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found)?;
    let mut named = 0;
    for path in found {
        let linux = path.starts_with(source.join("collect"))
            || path == source.join("system/linux.rs")
            || (path.starts_with(source.join("act")) && path != source.join("act/closed.rs"))
            || path == source.join("fixture.rs");
        let text = fs::read_to_string(&path)?;
        for (number, line) in (1..).zip(text.lines()) {
            let hit = NAMES.iter().find(|name| line.contains(**name));
            named += usize::from(linux && hit.is_some());
            assert!(
                linux || hit.is_none(),
                "{}:{number}: {line}",
                path.display()
            );
        }
    }
    assert!(named > 10, "the search finds what is there");
    Ok(())
}
