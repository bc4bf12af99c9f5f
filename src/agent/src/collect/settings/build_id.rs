//! The build id that a linker puts into a program: it differs whenever the code does.
//!
//! Reads a few hundred bytes of the file: the head, the table of segments, the
//! notes. Files come from strangers, so every length is bounded and nothing that
//! contradicts itself is taken.
//!
//! Start at [`build_id`].
//!
//! # Source
//!
//! `elf(5)` (`Elf32_Ehdr`, `Elf64_Ehdr`, `Elf32_Phdr`, `Elf64_Phdr`, notes), and
//! `NT_GNU_BUILD_ID` of `<elf.h>`; `--build-id` of `ld(1)`.

/// Segments looked at; programs have about a dozen.
const SEGMENTS_MAX: u64 = 128;

/// Bytes of one segment of notes; those of programs have some hundred.
const NOTES_MAX_BYTES: u64 = 16 << 10;

/// Longest build id; linkers write 8 to 32 bytes.
const ID_MAX_BYTES: usize = 64;

const PT_NOTE: u64 = 4;
const NT_GNU_BUILD_ID: u64 = 3;

/// Where the fields lie that differ between the classes: offset and width.
struct Class {
    table: Field,
    entry_bytes: Field,
    entries: Field,
    offset: Field,
    length: Field,
    align: Field,
}

#[derive(Clone, Copy)]
struct Field(usize, usize);

const CLASS_32: Class = Class {
    table: Field(28, 4),
    entry_bytes: Field(42, 2),
    entries: Field(44, 2),
    offset: Field(4, 4),
    length: Field(16, 4),
    align: Field(28, 4),
};

const CLASS_64: Class = Class {
    table: Field(32, 8),
    entry_bytes: Field(54, 2),
    entries: Field(56, 2),
    offset: Field(8, 8),
    length: Field(32, 8),
    align: Field(48, 8),
};

/// Byte order of a file.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn number(self, bytes: &[u8], Field(at, width): Field) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(width)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(match self {
            Self::Little => bytes.iter().rev().fold(0, add),
            Self::Big => bytes.iter().fold(0, add),
        })
    }
}

/// The build id in hexadecimal; `None` where the file is no program or has none.
///
/// `read` gives up to so many bytes from an offset on, and fewer at the end.
pub(super) fn build_id(read: &dyn Fn(u64, usize) -> Option<Vec<u8>>) -> Option<String> {
    let head = read(0, 64)?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let class = match head.get(4)? {
        1 => CLASS_32,
        2 => CLASS_64,
        _ => return None,
    };
    let order = match head.get(5)? {
        1 => Order::Little,
        2 => Order::Big,
        _ => return None,
    };
    let table = order.number(&head, class.table)?;
    let entry_bytes = order.number(&head, class.entry_bytes)?;
    let entries = order.number(&head, class.entries)?.min(SEGMENTS_MAX);
    // An entry has 32 or 56 bytes; other systems may append to them.
    if !(32..=256).contains(&entry_bytes) {
        return None;
    }
    let table = read(table, usize::try_from(entries * entry_bytes).ok()?)?;
    table
        .chunks_exact(usize::try_from(entry_bytes).ok()?)
        .filter(|entry| order.number(entry, Field(0, 4)) == Some(PT_NOTE))
        .find_map(|entry| {
            let offset = order.number(entry, class.offset)?;
            let length = order.number(entry, class.length)?.min(NOTES_MAX_BYTES);
            let align = order.number(entry, class.align)?;
            let notes = read(offset, usize::try_from(length).ok()?)?;
            of_notes(&notes, order, if align == 8 { 8 } else { 4 })
        })
}

/// The build id among the notes of a segment.
fn of_notes(mut notes: &[u8], order: Order, align: usize) -> Option<String> {
    loop {
        let word = |at| usize::try_from(order.number(notes, Field(at, 4))?).ok();
        let (name_bytes, id_bytes) = (word(0)?, word(4)?);
        let kind = order.number(notes, Field(8, 4))?;
        let id_from = 12_usize
            .checked_add(name_bytes)?
            .checked_next_multiple_of(align)?;
        let id_to = id_from.checked_add(id_bytes)?;
        let id = notes.get(id_from..id_to)?;
        let named = notes.get(12..12 + name_bytes) == Some(b"GNU\0");
        if named && kind == NT_GNU_BUILD_ID && (1..=ID_MAX_BYTES).contains(&id_bytes) {
            return Some(id.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        notes = notes.get(id_to.checked_next_multiple_of(align)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<String> {
        build_id(&|offset, length| {
            let from = usize::try_from(offset).ok()?.min(bytes.len());
            let to = from.saturating_add(length).min(bytes.len());
            Some(bytes[from..to].to_vec())
        })
    }

    /// A program of one segment of notes: an ABI tag, then a build id.
    fn program(class: u8, order: u8) -> Vec<u8> {
        let put = |bytes: &mut [u8], Field(at, width): Field, number: u64| {
            let little = number.to_le_bytes();
            for place in 0..width {
                let from = if order == 1 { place } else { width - 1 - place };
                bytes[at + place] = little[from];
            }
        };
        let fields = if class == 1 { CLASS_32 } else { CLASS_64 };
        let mut bytes = vec![0; 300];
        bytes[..4].copy_from_slice(b"\x7fELF");
        (bytes[4], bytes[5]) = (class, order);
        put(&mut bytes, fields.table, 64);
        put(&mut bytes, fields.entry_bytes, 56);
        put(&mut bytes, fields.entries, 2);
        let entry = &mut bytes[64 + 56..];
        put(entry, Field(0, 4), PT_NOTE);
        put(entry, fields.offset, 200);
        put(entry, fields.length, 52);
        put(entry, fields.align, 4);
        for (at, kind, id) in [(200, 1, [9; 4]), (220, NT_GNU_BUILD_ID, [0xab, 1, 2, 0xff])] {
            put(&mut bytes, Field(at, 4), 4);
            put(&mut bytes, Field(at + 4, 4), 4);
            put(&mut bytes, Field(at + 8, 4), kind);
            bytes[at + 12..at + 16].copy_from_slice(b"GNU\0");
            bytes[at + 16..at + 20].copy_from_slice(&id);
        }
        bytes
    }

    #[test]
    fn both_classes_and_byte_orders_are_read() {
        for (class, order) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            let id = of(&program(class, order));
            assert_eq!(id.as_deref(), Some("ab0102ff"), "{class} {order}");
        }
        assert_eq!(of(b"#!/bin/sh\n"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn hostile_programs_give_an_id_or_none_and_no_panic() {
        for (class, order) in [(1, 1), (2, 1), (2, 2)] {
            let whole = program(class, order);
            for at in 0..whole.len() {
                for byte in [0, 1, 4, 0x7f, 0x80, 0xff] {
                    let mut torn = whole.clone();
                    torn[at] = byte;
                    let long = of(&torn).is_some_and(|id| id.len() > 2 * ID_MAX_BYTES);
                    assert!(!long, "byte {at}");
                    torn[at..].fill(byte);
                    of(&torn);
                }
                assert!(of(&whole[..at]).is_none_or(|id| id == "ab0102ff"));
            }
        }
    }

    #[test]
    fn the_id_of_a_real_program_is_the_one_its_bytes_hold() -> std::io::Result<()> {
        let bytes = std::fs::read(std::env::current_exe()?)?;
        // Looked for without any structure: name, 20 bytes, kind, the name itself.
        let mark = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0";
        let found = bytes.windows(mark.len()).position(|it| it == mark);
        let expected = found.map(|at| {
            let id = &bytes[at + mark.len()..at + mark.len() + 20];
            id.iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        });
        if cfg!(target_endian = "little") && expected.is_some() {
            assert_eq!(of(&bytes), expected);
        }
        Ok(())
    }
}
