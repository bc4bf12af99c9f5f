//! Plan files: read with all that is wrong, written whole or not at all.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use model::plan::check::TEXT_MAX_BYTES;
use model::plan::subject::Cache;
use model::plan::{Plan, check};
use model::time::Moment;
use plan::document::{self, ParseError};
use plan::observe::Cached;
use plan::solve::cache::Curve;
use sha2::{Digest, Sha256};

use crate::outfile::replace;
use crate::problem::{Problem, Sort};
use crate::stored;

/// Reads a plan, faulty or not.
///
/// # Errors
///
/// A [`Problem`] that names line and column where it is no plan.
pub fn read(path: &Path) -> Result<Plan, Problem> {
    let what = || format!("could not read the plan {}", path.display());
    let facts = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem {
            what_to_do: "kymo plan new --out PLAN.ron".to_owned(),
            ..stored::missing(path)
        },
        _ => Problem::from_error(what(), &error, Sort::NotReadable),
    })?;
    if !facts.is_file() {
        return Err(Problem {
            what: what(),
            why: "it is no regular file".to_owned(),
            what_to_do: "a plan file, such as one of kymo plan new --out PLAN.ron".to_owned(),
            sort: Sort::NotUsable,
        });
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    file.and_then(|it| it.take(TEXT_MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
    let text = String::from_utf8(bytes).map_err(|_| Problem {
        what: what(),
        why: "it is no text".to_owned(),
        what_to_do: "a plan file, which is RON".to_owned(),
        sort: Sort::NotUsable,
    })?;
    document::parse(&text).map_err(|error| Problem {
        what: what(),
        why: error.to_string(),
        what_to_do: error.next(),
        sort: match error {
            ParseError::TooNew { .. } => Sort::TooNew,
            ParseError::TooLarge { .. } | ParseError::TooDeep { .. } => Sort::Limit,
            _ => Sort::NotUsable,
        },
    })
}

/// Reads a plan that is sound.
///
/// # Errors
///
/// As [`read`], and everything that [`check::faults`] finds.
pub fn read_sound(path: &Path) -> Result<Plan, Problem> {
    let plan = read(path)?;
    let faults = check::faults(&plan);
    if faults.is_empty() {
        return Ok(plan);
    }
    let listed: Vec<String> = faults.iter().take(8).map(ToString::to_string).collect();
    let more = match faults.len() {
        count if count > 8 => format!("; and {} more", count - 8),
        _ => String::new(),
    };
    Err(Problem {
        what: format!("the plan {} is faulty", path.display()),
        why: format!("{}{more}", listed.join("; ")),
        what_to_do: "mend these places in the file".to_owned(),
        sort: Sort::NotUsable,
    })
}

/// Writes a plan in its canonical text.
///
/// # Errors
///
/// The disk refuses.
pub fn write(path: &Path, plan: &Plan) -> Result<(), Problem> {
    let text = document::text(plan).map_err(|error| {
        Problem::from_error(
            format!("could not write {}", path.display()),
            &error,
            Sort::Bug,
        )
    })?;
    replace(path, text.as_bytes())
}

/// Writes a text to a file, whole or not at all.
///
/// # Errors
///
/// The disk refuses.
pub fn write_text(path: &Path, text: &str) -> Result<(), Problem> {
    replace(path, text.as_bytes())
}

/// A new plan's id: 16 hexadecimal digits that no other plan of this machine has.
pub fn id(now: Moment, title: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(now.0.to_le_bytes());
    hash.update(std::process::id().to_le_bytes());
    hash.update(title);
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .map(|it| format!("{it:02x}"))
        .collect()
}

/// `sha256:…` of a session's file; empty for a folder, which may still grow.
///
/// # Errors
///
/// The disk refuses.
pub fn fingerprint(path: &Path) -> Result<String, Problem> {
    if !path.is_file() {
        return Ok(String::new());
    }
    let mut hash = Sha256::new();
    let mut room = vec![0; 1 << 20];
    let trouble = |error: std::io::Error| {
        Problem::from_error(
            format!("could not read {}", path.display()),
            &error,
            Sort::NotReadable,
        )
    };
    let mut file = std::fs::File::open(path).map_err(trouble)?;
    loop {
        match file.read(&mut room).map_err(trouble)? {
            0 => break,
            read => hash.update(&room[..read]),
        }
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().map(|it| format!("{it:02x}")).collect();
    Ok(format!("sha256:{hex}"))
}

/// Bytes of a file of keys, at most.
const KEYS_MAX_BYTES: u64 = 1 << 30;

/// Reads the keys of a cache, one a line, from a file beside the recording.
///
/// # Errors
///
/// The file cannot be read, leads out of that folder, or holds no keys.
pub fn cache(cache: &Cache, folder: &Path) -> Result<Cached, Problem> {
    let path = folder.join(&cache.keys);
    let what = || format!("could not read the keys in {}", path.display());
    let plain = Path::new(&cache.keys).components().count() == 1;
    let usage = |why: String, what_to_do: &str| Problem {
        what: what(),
        why,
        what_to_do: what_to_do.to_owned(),
        sort: Sort::NotUsable,
    };
    if !plain || cache.keys.is_empty() {
        return Err(usage(
            format!("{:?} is no name of a file beside the recording", cache.keys),
            "the name of a file in the recording's own folder",
        ));
    }
    let file = std::fs::File::open(&path)
        .map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
    let mut keys = Vec::new();
    for line in std::io::BufReader::new(file.take(KEYS_MAX_BYTES)).split(b'\n') {
        let line = line.map_err(|error| Problem::from_error(what(), &error, Sort::NotReadable))?;
        let line = line.trim_ascii();
        if !line.is_empty() {
            let digest = Sha256::digest(line);
            let mut first = [0; 8];
            first.copy_from_slice(&digest[..8]);
            keys.push(u64::from_le_bytes(first));
        }
    }
    let warm = usize::try_from(cache.warm).unwrap_or(usize::MAX);
    // The file is the sample: all of it counts, and stands for more.
    let curve = Curve::sampled(&keys, warm, cache.rate)
        .map_err(|error| usage(error.to_string(), "a file with one key a line"))?;
    let sizes = cache.entry_bytes > 0.0 && cache.bytes >= 0.0;
    if !sizes {
        return Err(usage(
            "its entries or the cache itself have no size".to_owned(),
            "entry_bytes and bytes above 0 in the plan's subject",
        ));
    }
    Ok(Cached {
        curve,
        entry_bytes: cache.entry_bytes,
        bytes: cache.bytes,
        behind: cache.behind.clone(),
    })
}

/// Where a plan's audit is kept.
pub fn audit(path: &Path, plan: &Plan) -> PathBuf {
    match plan.audit.as_str() {
        "" => path.with_extension("audit.jsonl"),
        name => path.with_file_name(name),
    }
}
