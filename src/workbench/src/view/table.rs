//! Tables as text for the clipboard: with header, full precision, dot decimals.
//!
//! Start at [`text`]; numbers go through [`exact`].

use std::fmt::Write as _;

use eframe::egui::{Event, Rect, Ui};

/// As what a table is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tabs between cells, as spreadsheets take it from the clipboard.
    Tsv,
    /// Commas between cells, quoted where needed (RFC 4180).
    Csv,
    /// A table for issues and notes.
    Markdown,
}

/// Every format with its name in menus.
pub const FORMATS: &[(Format, &str)] = &[
    (Format::Tsv, "Copy as TSV"),
    (Format::Csv, "Copy as CSV"),
    (Format::Markdown, "Copy as Markdown"),
];

/// Writes a header and rows in `format`, one line each.
pub fn text<R: AsRef<[String]>>(
    format: Format,
    header: &[String],
    rows: impl IntoIterator<Item = R>,
) -> String {
    let mut out = String::new();
    line(format, header, &mut out);
    if format == Format::Markdown {
        out.push('|');
        for _ in header {
            out.push_str("---|");
        }
        out.push('\n');
    }
    for row in rows {
        line(format, row.as_ref(), &mut out);
    }
    out
}

/// A number with every digit it has; empty for a gap.
pub fn exact(value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    value.to_string()
}

fn line(format: Format, cells: &[String], out: &mut String) {
    let edge = if format == Format::Markdown { "| " } else { "" };
    let between = match format {
        Format::Tsv => "\t",
        Format::Csv => ",",
        Format::Markdown => " | ",
    };
    out.push_str(edge);
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push_str(between);
        }
        push_cell(format, cell, out);
    }
    if format == Format::Markdown {
        out.push_str(" |");
    }
    out.push('\n');
}

fn push_cell(format: Format, cell: &str, out: &mut String) {
    match format {
        // Tab-separated text has no quoting that all readers know.
        Format::Tsv => out.extend(cell.chars().map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            other => other,
        })),
        Format::Csv if cell.contains([',', '"', '\n', '\r']) => {
            // Writing to a string cannot fail.
            write!(out, "\"{}\"", cell.replace('"', "\"\"")).unwrap_or_default();
        }
        Format::Csv => out.push_str(cell),
        Format::Markdown => {
            for c in cell.chars() {
                match c {
                    '|' => out.push_str("\\|"),
                    '\n' | '\r' => out.push(' '),
                    other => out.push(other),
                }
            }
        }
    }
}

/// Whether the user pressed the copy keys while a view that covers `rect` was meant:
/// the pointer is over it or one of its rows has the focus, and no text is edited.
pub(super) fn copy_asked(ui: &Ui, rect: Rect, focused: Focused) -> bool {
    let meant = focused == Focused::Here || ui.rect_contains_pointer(rect);
    meant && !ui.text_edit_focused() && ui.input(|input| input.events.contains(&Event::Copy))
}

/// Whether a row of the view has the keyboard focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Focused {
    /// One of its rows.
    Here,
    /// Something else or nothing.
    Elsewhere,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(cells: [&str; 2]) -> [String; 2] {
        cells.map(str::to_owned)
    }

    #[test]
    fn each_format_keeps_cells_apart() {
        let header = strings(["name", "a|b"]);
        let rows = [strings(["x\ty", "say \"hi\", twice"])];
        assert_eq!(
            text(Format::Tsv, &header, &rows),
            "name\ta|b\nx y\tsay \"hi\", twice\n"
        );
        assert_eq!(
            text(Format::Csv, &header, &rows),
            "name,a|b\nx\ty,\"say \"\"hi\"\", twice\"\n"
        );
        assert_eq!(
            text(Format::Markdown, &header, &rows),
            "| name | a\\|b |\n|---|---|\n| x\ty | say \"hi\", twice |\n"
        );
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(exact(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(exact(1e21), "1000000000000000000000");
        assert_eq!(exact(f64::NAN), "");
    }
}
