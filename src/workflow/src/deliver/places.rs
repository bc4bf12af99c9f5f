//! Targets that have names, so that a report is sent to `@team` and not to an address that
//! somebody types: a map in RON in the folder of the program's configuration.
//!
//! ```ron
//! {
//!   "team": Folder("/srv/reports"),
//!   "chat": Webhook(url: "https://hooks.example/kymo", secret_env: "KYMO_CHAT_SECRET"),
//!   "boss": Mail(server: "smtp://mail.example", from: "kymo@example.org", to: ["boss@example.org"]),
//! }
//! ```
//!
//! Start at [`read`] and [`target`].

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use model::recipe::Deliver;

use super::Target;
use crate::problem::{Problem, Sort};

/// Bytes of the file, at most.
const SIZE_MAX_BYTES: u64 = 1 << 20;

/// Where it is kept.
pub fn usual() -> Option<PathBuf> {
    let reports = crate::report::draft::folder()?;
    Some(reports.parent()?.join("deliver.ron"))
}

/// Every target with a name; none where nobody gave one.
///
/// # Errors
///
/// The file is there and cannot be used: with line, column and reason.
pub fn read(path: &Path) -> Result<BTreeMap<String, Deliver>, Problem> {
    let what = || format!("could not use {}", path.display());
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(Problem::from_error(what(), &error, Sort::NotReadable)),
    };
    let mut text = String::new();
    file.take(SIZE_MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
    ron::from_str(&text).map_err(|error| {
        let place = error.span.start;
        Problem {
            what: what(),
            why: format!("line {}, column {}: {}", place.line, place.col, error.code),
            what_to_do: "{\"team\": Folder(\"/srv/reports\")}".to_owned(),
            sort: Sort::NotUsable,
        }
    })
}

/// The target of a text: `@name`, a folder, or a web address.
///
/// # Errors
///
/// There is no such name, or the names cannot be read.
pub fn target(text: &str) -> Result<Target, Problem> {
    let Some(name) = text.strip_prefix('@') else {
        return Ok(Target::parse(text));
    };
    let path = usual().unwrap_or_default();
    let known = read(&path)?;
    match known.get(name) {
        Some(deliver) => Ok(Target::of(deliver, Path::new(""))),
        None => {
            let names: Vec<String> = known.keys().map(|it| format!("@{it}")).collect();
            Err(Problem {
                what: format!("could not deliver to @{name}"),
                why: format!("{} has no target of this name", path.display()),
                what_to_do: match names.is_empty() {
                    true => "a folder, or a web address".to_owned(),
                    false => names.join(", "),
                },
                sort: Sort::Usage,
            })
        }
    }
}

/// Where the record of deliveries is kept where nobody says otherwise: beside the ledger.
pub fn usual_record() -> PathBuf {
    crate::planning::book::usual().with_file_name("deliveries.jsonl")
}
