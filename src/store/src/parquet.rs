//! Data frames to Parquet bytes and back; the only file that knows how polars is called.
//!
//! What is read may have been made to harm: row counts are compared with what
//! the manifest promises before anything is decoded, and a panic of the decoder
//! becomes damage.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::{
    ArrowDataType, ArrowSchema, Column, DataFrame, DataType, IpcStreamReader, NamedFrom,
    ParallelStrategy, ParquetCompression, ParquetReader, ParquetWriter, PolarsResult, SerReader,
    Series, StatisticsOptions, TimeUnit, TimeZone,
};

use crate::arrow;
use crate::foreign::Form;

/// How hard a table is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Beside a recording: on one core, and well. Level 9 packs process tables a sixth
    /// smaller than 3 and takes a tenth of a second for ten minutes of one host.
    Background,
    /// While somebody waits: fast, on one core of several that pack at a time. Level 1 packs random numbers as well
    /// as 9 in a fifth of the time, and measured ones a tenth worse.
    Foreground,
}

/// Rows of a group: whole segments, so that readers meet one.
const GROUP_ROWS: usize = 1 << 20;

/// Packs a frame.
pub(crate) fn bytes_of(mut frame: DataFrame, effort: Effort) -> PolarsResult<Vec<u8>> {
    let level = match effort {
        Effort::Background => 9,
        Effort::Foreground => 1,
    };
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(Some(ZstdLevel::try_new(level)?)))
        .with_statistics(StatisticsOptions::empty())
        .with_row_group_size(Some(GROUP_ROWS))
        .set_parallel(false)
        .finish(&mut frame)?;
    Ok(bytes)
}

/// How many rows a table claims to have.
pub(crate) fn rows(bytes: &[u8]) -> Result<u64, String> {
    guarded(|| Ok(Ok(ParquetReader::new(Cursor::new(bytes)).num_rows()? as u64)))
}

/// Reads the columns that are there among `names`; all of them when `None`.
///
/// Fails with a sentence when the bytes are no Parquet or hold another number of
/// rows than `rows`.
pub(crate) fn frame_of(
    bytes: Vec<u8>,
    rows: u64,
    names: Option<&[String]>,
) -> Result<DataFrame, String> {
    guarded(|| {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        let found = reader.num_rows()?;
        if found as u64 != rows {
            return Ok(Err(format!("holds {found} rows instead of {rows}")));
        }
        let projection = match names {
            None => None,
            Some(names) => {
                let schema = reader.schema()?;
                let places = names.iter().filter_map(|name| schema.index_of(name));
                // Asked for twice, a column is read once.
                let places: BTreeSet<usize> = places.collect();
                Some(places.into_iter().collect::<Vec<_>>())
            }
        };
        if projection.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Ok(DataFrame::empty()));
        }
        let frame = reader
            .with_projection(projection)
            .read_parallel(ParallelStrategy::Auto)
            .set_rechunk(true)
            .finish()?;
        Ok(Ok(frame))
    })
}

/// Why a foreign file is not read.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// It holds more than may be read.
    Large(String),
    /// It is not what it should be.
    Wrong(String),
}

/// Reads the columns of a foreign file that may be numbers, times or texts, at most so many
/// rows if told; returns the names of the others.
pub(crate) fn foreign_frame(
    bytes: Vec<u8>,
    form: Form,
    (cells_max, rows_max): (usize, Option<usize>),
) -> Result<(DataFrame, Vec<String>), Unfit> {
    if form != Form::Parquet {
        arrow::check(&bytes, form, cells_max)?;
    }
    let read = guarded(|| {
        Ok(Ok(match form {
            Form::Parquet => foreign_parquet(bytes, cells_max, rows_max)?,
            // A file is a stream after its magic; read as one, it is what was checked.
            Form::Arrow | Form::ArrowStream => {
                let mut cursor = Cursor::new(bytes);
                cursor.set_position(arrow::start(form) as u64);
                let mut reader = IpcStreamReader::new(cursor);
                let (wanted, skipped) = readable(&reader.arrow_schema()?);
                let reader = reader.with_projection(Some(wanted)).with_n_rows(rows_max);
                Ok((reader.finish()?, skipped))
            }
        }))
    });
    let (mut frame, skipped) = read.map_err(Unfit::Wrong)??;
    if let Some(rows) = rows_max {
        // Some readers go on to the end of a batch.
        frame = frame.head(Some(rows));
    }
    Ok((frame, skipped))
}

fn foreign_parquet(
    bytes: Vec<u8>,
    cells_max: usize,
    rows_max: Option<usize>,
) -> PolarsResult<Result<(DataFrame, Vec<String>), Unfit>> {
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let rows = reader.num_rows()?;
    let (wanted, skipped) = readable(&*reader.schema()?);
    if rows.saturating_mul(wanted.len()) > cells_max {
        let size = format!("{rows} rows of {} columns", wanted.len());
        return Ok(Err(Unfit::Large(size)));
    }
    let mut reader = reader.with_projection(Some(wanted)).set_rechunk(true);
    if let Some(rows) = rows_max {
        reader = reader.with_slice(Some((0, rows)));
    }
    Ok(Ok((reader.finish()?, skipped)))
}

/// Places of the columns that can be read, and names of the others.
fn readable(schema: &ArrowSchema) -> (Vec<usize>, Vec<String>) {
    let (mut wanted, mut skipped) = (Vec::new(), Vec::new());
    for (place, (name, field)) in schema.iter().enumerate() {
        if is_readable(&field.dtype) {
            wanted.push(place);
        } else {
            skipped.push(name.to_string());
        }
    }
    (wanted, skipped)
}

/// The types this build of polars knows.
fn is_readable(dtype: &ArrowDataType) -> bool {
    matches!(
        dtype,
        ArrowDataType::Int32
            | ArrowDataType::Int64
            | ArrowDataType::UInt32
            | ArrowDataType::UInt64
            | ArrowDataType::Float32
            | ArrowDataType::Float64
            | ArrowDataType::Timestamp(..)
            | ArrowDataType::Utf8
            | ArrowDataType::LargeUtf8
            | ArrowDataType::Utf8View
    ) || matches!(dtype, ArrowDataType::Dictionary(_, of, _) if is_text(of))
}

fn is_text(dtype: &ArrowDataType) -> bool {
    matches!(
        dtype,
        ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View
    )
}

fn guarded<T>(read: impl FnOnce() -> PolarsResult<Result<T, String>>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Err(first_line(&error.to_string())),
        Err(_) => Err("the decoder gave up on it".to_owned()),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A column of moments, UTC.
pub(crate) fn time_column(name: &str, at: Vec<i64>) -> Column {
    Series::new(name.into(), at)
        .into_datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC))
        .into()
}

/// A column of moments that may be empty.
pub(crate) fn optional_time_column(name: &str, at: &[Option<i64>]) -> Column {
    Series::new(name.into(), at)
        .into_datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC))
        .into()
}

/// Nanoseconds of a column of moments; 0 where a cell is empty.
pub(crate) fn times(frame: &DataFrame, name: &str) -> Result<Vec<i64>, String> {
    let column = frame
        .column(name)
        .map_err(|error| first_line(&error.to_string()))?;
    Ok(nanoseconds(column)
        .ok_or_else(|| format!("column {name} holds no times"))?
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect())
}

/// Nanoseconds of a column of a date-time type; `None` for other types.
pub(crate) fn nanoseconds(column: &Column) -> Option<Vec<Option<i64>>> {
    let DataType::Datetime(unit, _) = column.dtype() else {
        return None;
    };
    let factor = match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    };
    let physical = column.to_physical_repr();
    let cells = physical.i64().ok()?.iter();
    Some(cells.map(|it| it?.checked_mul(factor)).collect())
}

/// Numbers with gaps left open: `None` where a cell is empty.
pub(crate) fn numbers(column: &Column) -> Option<Vec<Option<f64>>> {
    if !column.dtype().is_primitive_numeric() {
        return None;
    }
    let cast = column.cast(&DataType::Float64).ok()?;
    Some(cast.f64().ok()?.iter().collect())
}

/// Whole numbers; `absent` where a cell is empty.
pub(crate) fn whole_numbers(
    frame: &DataFrame,
    name: &str,
    absent: i64,
) -> Result<Vec<i64>, String> {
    let wrong = |_| format!("column {name} is missing or holds no whole numbers");
    let column = frame.column(name).map_err(wrong)?;
    let cast = column.cast(&DataType::Int64).map_err(wrong)?;
    let cells = cast.i64().map_err(wrong)?;
    Ok(cells.iter().map(|cell| cell.unwrap_or(absent)).collect())
}

/// Texts; empty where a cell is.
pub(crate) fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, String> {
    let wrong = |_| format!("column {name} is missing or holds no text");
    let column = frame.column(name).map_err(wrong)?;
    let cells = column.str().map_err(wrong)?;
    Ok(cells
        .iter()
        .map(|cell| cell.unwrap_or_default().to_owned())
        .collect())
}

/// Single-precision numbers; `NaN` where a cell is empty.
pub(crate) fn singles(frame: &DataFrame, name: &str) -> Result<Vec<f32>, String> {
    let wrong = |_| format!("column {name} is missing or holds no numbers");
    let cells = frame.column(name).map_err(wrong)?.f32().map_err(wrong)?;
    Ok(cells.iter().map(|cell| cell.unwrap_or(f32::NAN)).collect())
}
