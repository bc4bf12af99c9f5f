//! What an Arrow file would unpack to, from the headers of its messages alone.
//!
//! The decoder makes room for what a header promises before it reads a byte, so that a
//! small file could take all memory; this looks first.
//!
//! * In: the bytes of a file or stream.
//! * Out: nothing where it may be decoded, else why not.
//! * Never: decodes a buffer.
//!
//! Start at [`check`].
//!
//! # Source
//!
//! Arrow Columnar Format 1.5, "Encapsulated message format", "Compression": each buffer of a
//! compressed batch begins with its length unpacked, 8 bytes little endian, −1 for none.

use polars_arrow_format::ipc::planus::ReadAsRoot;
use polars_arrow_format::ipc::{MessageHeaderRef, MessageRef, RecordBatchRef};

use crate::foreign::Form;
use crate::parquet::Unfit;

/// A file is its magic, padded to eight bytes, and then a stream.
const MAGIC_BYTES: usize = 8;

const CONTINUATION: [u8; 4] = [0xff; 4];

/// A message beyond so many is no table.
const MESSAGES_MAX: usize = 1 << 20;

/// Bytes of a cell, at most, on the average over a file.
const CELL_BYTES: usize = 8;

/// Sums up rows and unpacked bytes of all messages.
///
/// # Errors
///
/// It is more than `cells_max` cells of [`CELL_BYTES`], or no message at all.
pub(crate) fn check(bytes: &[u8], form: Form, cells_max: usize) -> Result<(), Unfit> {
    let mut rest = bytes.get(start(form)..).unwrap_or_default();
    let (mut rows, mut unpacked) = (0_usize, 0_usize);
    for _ in 0..MESSAGES_MAX {
        let Some((header, body)) = message(rest) else {
            return Ok(());
        };
        let message = MessageRef::read_as_root(header).map_err(|_| wrong("a damaged header"))?;
        let length = message
            .body_length()
            .map_err(|_| wrong("a damaged header"))?;
        let length = usize::try_from(length).map_err(|_| wrong("a length below zero"))?;
        let batch = match message.header() {
            Ok(Some(MessageHeaderRef::RecordBatch(batch))) => Some(batch),
            Ok(Some(MessageHeaderRef::DictionaryBatch(batch))) => batch.data().ok().flatten(),
            Ok(_) => None,
            Err(_) => return Err(wrong("a damaged header")),
        };
        if let Some(batch) = batch {
            let told = batch.length().map_err(|_| wrong("a damaged batch"))?;
            let told = usize::try_from(told).map_err(|_| wrong("a length below zero"))?;
            rows = rows.saturating_add(told);
            unpacked = unpacked.saturating_add(unpacked_bytes(batch, body)?);
        }
        let cells = rows.max(unpacked / CELL_BYTES);
        if cells > cells_max {
            return Err(Unfit::Large(format!(
                "{rows} rows that unpack to {unpacked} bytes"
            )));
        }
        let Some(next) = body.get(length..) else {
            return Err(wrong("it ends within a batch"));
        };
        rest = next;
    }
    Err(Unfit::Large(format!("more than {MESSAGES_MAX} messages")))
}

/// Where the messages begin.
pub(crate) fn start(form: Form) -> usize {
    match form {
        Form::Arrow => MAGIC_BYTES,
        Form::ArrowStream | Form::Parquet => 0,
    }
}

fn wrong(why: &str) -> Unfit {
    Unfit::Wrong(why.to_owned())
}

/// The header of the next message and what follows it; `None` at the end.
fn message(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    // Old files have no marker before the length.
    let bytes = bytes.strip_prefix(&CONTINUATION).unwrap_or(bytes);
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    (length > 0)
        .then(|| rest.split_at_checked(length))
        .flatten()
}

/// What the buffers of a batch unpack to.
fn unpacked_bytes(batch: RecordBatchRef<'_>, body: &[u8]) -> Result<usize, Unfit> {
    let damaged = |_| wrong("a damaged batch");
    let packed = batch.compression().map_err(damaged)?.is_some();
    let mut sum = 0_usize;
    for buffer in batch.buffers().map_err(damaged)?.into_iter().flatten() {
        let length = usize::try_from(buffer.length()).map_err(|_| wrong("a length below zero"))?;
        let offset = usize::try_from(buffer.offset()).map_err(|_| wrong("an offset below zero"))?;
        let begin = body.get(offset..).and_then(|it| it.first_chunk::<8>());
        let told = match (packed && length >= 8, begin) {
            (true, Some(begin)) => i64::from_le_bytes(*begin),
            (true, None) => return Err(wrong("it ends within a batch")),
            (false, _) => -1,
        };
        sum = sum.saturating_add(match told {
            -1 => length,
            told => usize::try_from(told).map_err(|_| wrong("a length below zero"))?,
        });
    }
    Ok(sum)
}
