//! Writes a report and the pictures that it refers to: pictures first, so that no text
//! is there before what it shows.
//!
//! Start at [`write`].

use std::path::Path;

use report::Rendered;

use crate::outfile::replace;
use crate::problem::{Problem, Sort};

/// Writes the file and what goes beside it; each is there whole or not at all.
///
/// # Errors
///
/// The disk refuses.
pub(super) fn write(out: &Path, rendered: &Rendered) -> Result<(), Problem> {
    for file in &rendered.files {
        let path = out.with_file_name(&file.name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let what = format!("could not make the folder {}", folder.display());
                let advice = "a folder you may write to, in which this name is free or a folder";
                Problem::from_error(what, &error, Sort::Denied).advise(advice)
            })?;
        }
        replace(&path, &file.bytes)?;
    }
    replace(out, &rendered.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> Rendered {
        let file = |name: &str, bytes: &[u8]| report::File {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        };
        Rendered {
            bytes: text.as_bytes().to_vec(),
            files: vec![
                file("r-files/figure-1.svg", b"one"),
                file("r-files/figure-2.svg", text.as_bytes()),
            ],
        }
    }

    #[test]
    fn pictures_stand_beside_the_text_and_are_replaced_with_it() -> Result<(), std::io::Error> {
        let folder = tempfile::tempdir()?;
        let out = folder.path().join("r.md");
        for text in ["first", "second"] {
            assert!(write(&out, &rendered(text)).is_ok());
            assert_eq!(std::fs::read_to_string(&out)?, text);
            let picture = folder.path().join("r-files/figure-2.svg");
            assert_eq!(std::fs::read_to_string(picture)?, text);
        }
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 2);
        assert_eq!(std::fs::read_dir(folder.path().join("r-files"))?.count(), 2);
        Ok(())
    }

    #[test]
    fn where_pictures_find_no_place_nothing_is_written() -> Result<(), std::io::Error> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("r-files"), "mine")?;
        let out = folder.path().join("r.md");
        assert!(write(&out, &rendered("text")).is_err());
        assert!(!out.exists());
        Ok(())
    }
}
