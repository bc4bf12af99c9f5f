//! Columns of foreign files: Parquet, and both forms of Arrow.
//!
//! * In: a file of others, which may have been made to harm: its rows and what its buffers
//!   unpack to are counted before anything is decoded.
//! * Out: columns of numbers, times and words, one by one as they are asked for.
//! * Never: sorts rows, or names a polars type in public.
//!
//! Start at [`Foreign::read`].
//!
//! # Source
//!
//! Arrow Columnar Format 1.5, "Serialization and Interprocess Communication (IPC)".

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use model::time::Moment;
use polars::prelude::{Column, DataFrame, DataType};

use crate::parquet::{self, Unfit, nanoseconds, numbers};
use crate::tape::plain_file;

/// Largest foreign file that is read, whole.
const FOREIGN_MAX_BYTES: u64 = 2 << 30;

/// Most cells of a foreign file: 4 GiB of numbers.
const FOREIGN_MAX_CELLS: usize = 1 << 29;

/// So many texts tell whether a column of texts holds times.
const TEXTS: usize = 16;

/// A foreign format of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, as files have it; Feather is the same.
    Arrow,
    /// Arrow IPC, as streams have it.
    ArrowStream,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Numbers.
    Numbers,
    /// Moments, by type or as texts.
    Times,
    /// Texts.
    Words,
}

/// Columns of a foreign file.
#[derive(Clone, Debug)]
pub struct Foreign {
    form: Form,
    frame: DataFrame,
    headers: Vec<String>,
    skipped: Vec<String>,
}

/// Why a foreign file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The disk refused.
    #[error("could not read {}", .path.display())]
    Read {
        /// The path.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// It is not what it seems to be, or it is damaged.
    #[error("could not read it as {}, {why}: {}", .form.name(), .path.display())]
    Format {
        /// What it seems to be.
        form: Form,
        /// What is wrong.
        why: String,
        /// The path.
        path: PathBuf,
    },
    /// It is larger than can be imported.
    #[error("file exceeds a limit, {what}: {}", .path.display())]
    Limit {
        /// Which bound.
        what: String,
        /// The path.
        path: PathBuf,
    },
}

impl Form {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
            Self::ArrowStream => "an Arrow stream",
        }
    }

    /// The form of a file that begins with these bytes.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        const FORMS: [(&[u8], Form); 3] = [
            (b"PAR1", Form::Parquet),
            (b"ARROW1", Form::Arrow),
            // Every message of a stream begins like this; text never does.
            (&[0xff, 0xff, 0xff, 0xff], Form::ArrowStream),
        ];
        let known = FORMS.iter().find(|(magic, _)| head.starts_with(magic));
        known.map(|(_, form)| *form)
    }

    /// The form of a file; `None` where it is another one, or cannot be read.
    pub fn of(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        let file = fs::canonicalize(path).and_then(|it| plain_file(&it)).ok()?;
        file.take(8).read_to_end(&mut head).ok()?;
        Self::sniff(&head)
    }
}

impl Foreign {
    /// Reads the columns that may be numbers, times or texts; at most so many rows if told.
    ///
    /// # Errors
    ///
    /// [`ForeignError`].
    pub fn read(path: &Path, form: Form, rows: Option<usize>) -> Result<Self, ForeignError> {
        let read = |source| ForeignError::Read {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let file = plain_file(&fs::canonicalize(path).map_err(read)?).map_err(read)?;
        file.take(FOREIGN_MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(read)?;
        if bytes.len() as u64 > FOREIGN_MAX_BYTES {
            return Err(ForeignError::Limit {
                what: "larger than 2 GiB".to_owned(),
                path: path.to_owned(),
            });
        }
        let frame = parquet::foreign_frame(bytes, form, (FOREIGN_MAX_CELLS, rows));
        let (frame, skipped) = frame.map_err(|why| match why {
            Unfit::Large(what) => ForeignError::Limit {
                what,
                path: path.to_owned(),
            },
            Unfit::Wrong(why) => ForeignError::Format {
                form,
                why,
                path: path.to_owned(),
            },
        })?;
        let headers = frame.columns().iter().map(|it| it.name().to_string());
        Ok(Self {
            form,
            headers: headers.collect(),
            frame,
            skipped,
        })
    }

    /// Which form it has.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// Names of the columns that were read, in file order.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Columns of types that are not read.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// What a column holds.
    pub fn holds(&self, place: usize) -> Holds {
        let Some(column) = self.column(place) else {
            return Holds::Words;
        };
        match column.dtype() {
            DataType::Datetime(..) => Holds::Times,
            dtype if dtype.is_primitive_numeric() => Holds::Numbers,
            _ => {
                let texts = || (0..column.len().min(TEXTS)).filter_map(|row| text(column, row));
                let time = |text: String| {
                    // A bare number is a moment too, but not as a text.
                    text.contains([':', '-']) && text.parse::<Moment>().is_ok()
                };
                match texts().next().is_some() && texts().all(time) {
                    true => Holds::Times,
                    false => Holds::Words,
                }
            }
        }
    }

    /// The numbers of a column by row, empty cells as `NaN`; `None` where it holds none.
    pub fn numbers(&self, place: usize) -> Option<Vec<f64>> {
        let cells = numbers(self.column(place)?)?;
        Some(cells.into_iter().map(|it| it.unwrap_or(f64::NAN)).collect())
    }

    /// The moments of a column in nanoseconds since 1970 by row, and whether their zone is
    /// known; `None` where it holds none. Numbers count so many nanoseconds each, else
    /// seconds, milliseconds, microseconds or nanoseconds, as their size says.
    pub fn times(&self, place: usize, count_ns: Option<i64>) -> Option<(Vec<Option<i64>>, bool)> {
        moments(self.column(place)?, count_ns)
    }

    /// A cell as text; `None` where it is empty.
    pub fn text(&self, place: usize, row: usize) -> Option<String> {
        text(self.column(place)?, row)
    }

    fn column(&self, place: usize) -> Option<&Column> {
        self.frame.columns().get(place)
    }
}

fn text(column: &Column, row: usize) -> Option<String> {
    let value = column.get(row).ok()?;
    if let Some(text) = value.get_str() {
        return Some(text.to_owned());
    }
    // Not by its own `Display`, which panics at zones in a build without them.
    let dtype = column.dtype();
    if matches!(dtype, DataType::Datetime(..)) {
        let cell = column.slice(i64::try_from(row).ok()?, 1);
        let at = nanoseconds(&cell)?.first().copied().flatten()?;
        return Some(Moment(at).to_string());
    }
    match dtype.is_integer() {
        true => value.extract::<i128>().map(|it| it.to_string()),
        false => value.extract::<f64>().map(|it| it.to_string()),
    }
}

/// The moments of a column of dates, texts or Unix times.
fn moments(column: &Column, count_ns: Option<i64>) -> Option<(Vec<Option<i64>>, bool)> {
    if let Some(times) = nanoseconds(column) {
        let zoned = matches!(column.dtype(), DataType::Datetime(_, Some(_)));
        return Some((times, zoned));
    }
    if !column.dtype().is_primitive_numeric() {
        let mut zoned = false;
        let cells = (0..column.len()).map(|row| {
            let text = text(column, row)?;
            let at = text.parse::<Moment>().ok()?;
            // Only a whole time with its offset reads as a timestamp.
            zoned |=
                text.ends_with('Z') || text.get(10..).is_some_and(|it| it.contains(['+', '-']));
            Some(at.0)
        });
        let cells: Vec<Option<i64>> = cells.collect();
        return cells.iter().any(Option::is_some).then_some((cells, zoned));
    }
    let numbers = numbers(column)?;
    let largest = numbers
        .iter()
        .flatten()
        .fold(0.0_f64, |most, it| most.max(it.abs()));
    // Unix seconds reach 1e11 in the year 5138; each finer unit is a thousand times as many.
    let by_size = match largest {
        it if it < 1e11 => 1_000_000_000,
        it if it < 1e14 => 1_000_000,
        it if it < 1e17 => 1_000,
        _ => 1,
    };
    let factor = count_ns.unwrap_or(by_size);
    let whole = column.cast(&DataType::Int64).ok();
    if let Some(whole) = whole.filter(|_| !column.dtype().is_float()) {
        let cells = whole.i64().ok()?.iter();
        return Some((cells.map(|it| it?.checked_mul(factor)).collect(), true));
    }
    let cells = numbers.iter().map(|cell| {
        let seconds = (*cell)? * (factor as f64 / 1e9);
        Moment::from_unix_seconds(seconds).map(|it| it.0)
    });
    Some((cells.collect(), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_known_by_their_first_bytes() {
        for (head, form) in [
            (&b"PAR1abcd"[..], Some(Form::Parquet)),
            (b"ARROW1\0\0", Some(Form::Arrow)),
            (&[255, 255, 255, 255, 8, 1], Some(Form::ArrowStream)),
            (b"time,value", None),
            (b"", None),
        ] {
            assert_eq!(Form::sniff(head), form);
        }
    }
}
