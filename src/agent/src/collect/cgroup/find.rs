//! Finds the groups of a hierarchy.

use std::collections::VecDeque;
use std::os::unix::fs::MetadataExt;

use crate::kept::Root;

/// Groups read per hierarchy at most; those near the root come first.
pub(super) const GROUPS_MAX: usize = 512;

/// Levels below the root that are looked at.
const DEPTH_MAX: usize = 8;

/// Longest path of a group, in bytes.
const PATH_MAX: usize = 512;

/// The groups that were found.
#[derive(Debug)]
pub(super) struct Place {
    /// Paths below the hierarchy's root, which itself is `/`.
    pub(super) paths: Vec<String>,
    /// Whether some were left out.
    pub(super) cut: bool,
}

/// Lists the groups below `folder`, level by level.
pub(super) fn groups(root: &Root, folder: &str) -> Place {
    let mut paths = Vec::new();
    let mut open = VecDeque::from([(String::from("/"), 0)]);
    let mut cut = false;
    while let Some((path, depth)) = open.pop_front() {
        if paths.len() >= GROUPS_MAX {
            cut = true;
            break;
        }
        let below = if depth < DEPTH_MAX {
            folders(root, &format!("{folder}{path}"))
        } else {
            Vec::new()
        };
        for name in below {
            let child = format!("{}/{name}", path.trim_end_matches('/'));
            if child.len() <= PATH_MAX && open.len() + paths.len() < 4 * GROUPS_MAX {
                open.push_back((child, depth + 1));
            } else {
                cut = true;
            }
        }
        paths.push(path);
    }
    Place { paths, cut }
}

/// Folders in a folder, sorted. A folder with two links has none below it, which
/// saves listing the many files of most groups.
fn folders(root: &Root, relative: &str) -> Vec<String> {
    let path = root.path(relative);
    if std::fs::metadata(&path).is_ok_and(|it| it.nlink() == 2) {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
