//! Tables: widths of columns, rows with bars and tones, headings on each page.
//!
//! A table takes the width of the page. Where its words do not fit, it is set smaller,
//! and at last its longest words are broken. A row is only torn if it is higher than a
//! page.
//!
//! Start at [`widths`] for the columns, [`Composer::table`] for the rest.

use super::flow::{Bond, Head, Piece, Slice};
use super::layout::{Column, Composer, Numbers, Spot, area};
use super::look::{self, HEIGHT, Ink, Style};
use super::tags::{Element, Kind};
use super::text::{self, Line, Span, lines};
use crate::document::{Align, Cell, Table};
use crate::fonts::Face;

/// Between two columns.
const GAP: f32 = 11.0;
/// More between a column of numbers and the words at its right, which else would touch.
const MORE_GAP: f32 = 9.0;
/// Above and below the text of a row.
const PAD: f32 = 3.0;
/// Length of a whole bar, and the space right of it.
const BAR: (f32, f32) = (38.0, 6.0);
/// Height of a bar.
const BAR_HEIGHT: f32 = 4.0;

/// Sizes of text that are tried until the words fit. A word wider than the part of the
/// page beside it may be broken; numbers never are.
const TRIED: [(f32, f32); 7] = [
    (8.5, 0.3),
    (8.0, 0.3),
    (7.2, 0.25),
    (6.5, 0.25),
    (6.5, 0.15),
    (6.5, 0.1),
    (6.5, 0.06),
];

/// A column of words has this width, or all that it wants, where the page allows it.
const EASE: f32 = 84.0;

/// A table of so many rows is kept on one page.
const FEW: usize = 5;

/// No column is narrower, if the page allows it.
const NARROW: f32 = 16.0;

/// How wide a column is at least and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Need {
    /// With every space ending a line.
    pub least: f32,
    /// With everything on one line.
    pub most: f32,
}

/// Shares `width` among columns; the sum is `width`, or `None` if their words do not fit.
pub(crate) fn widths(needs: &[Need], width: f32) -> Option<Vec<f32>> {
    let least: f32 = needs.iter().map(|it| it.least).sum();
    let most: f32 = needs.iter().map(|it| it.most).sum();
    if least > width {
        return None;
    }
    let shared = if most <= width {
        // What is left goes to all, in proportion.
        let stretch = width / most.max(1.0);
        needs.iter().map(|it| it.most * stretch).collect()
    } else {
        let share = (width - least) / (most - least).max(f32::EPSILON);
        let grown = needs
            .iter()
            .map(|it| it.least + (it.most - it.least) * share);
        grown.collect()
    };
    Some(shared)
}

/// The widths of columns whose words do not fit even in the smallest size.
fn squeezed(needs: &[Need], width: f32) -> Vec<f32> {
    let count = needs.len().max(1) as f32;
    let floor = NARROW.min(width / count);
    let wanted: f32 = needs.iter().map(|it| (it.least - floor).max(0.0)).sum();
    let share = (width - floor * count).max(0.0) / wanted.max(1.0);
    let squeezed = needs
        .iter()
        .map(|it| floor + (it.least - floor).max(0.0) * share);
    squeezed.collect()
}

/// A table whose size and columns are decided.
struct Plan<'a> {
    table: &'a Table,
    size: f32,
    widths: Vec<f32>,
    bars: Vec<bool>,
    head: usize,
}

/// The lines of the cells of a row.
struct Set {
    cells: Vec<Vec<Line>>,
    most: usize,
}

impl Composer<'_> {
    /// The table, or what is said instead of an empty one.
    pub(crate) fn table(&mut self, table: &Table, parent: Element) {
        if table.rows.is_empty() || table.columns.is_empty() {
            let style = look::BODY.in_ink(Ink::Soft);
            let element = self.tree.add(parent, Kind::Paragraph);
            self.lines_over_page(&[Span::words(&table.empty, style)], (style, element));
            return;
        }
        let element = self.tree.add(parent, Kind::Table);
        let caption = self.tree.add(element, Kind::Caption);
        let from = self.slices.len();
        self.lines_over_page(
            &[Span::words(&table.caption, look::SMALL)],
            (look::SMALL, caption),
        );
        for slice in &mut self.slices[from..] {
            slice.bond = Bond::WithNext;
        }
        if let Some(first) = self.slices.get_mut(from) {
            first.before = 13.0;
        }
        let mut plan = self.plan(table);
        self.head(&mut plan, element);
        let rows = self.tree.add(element, Kind::Rows);
        let count = table.rows.len();
        for (place, row) in table.rows.iter().enumerate() {
            self.table_row(&plan, row, rows);
            // No row alone on a page, and few rows on one.
            let alone = place == 0 || place + 2 == count;
            if let Some(last) = self.slices.last_mut().filter(|_| place + 1 < count)
                && (alone || count <= FEW)
            {
                last.bond = Bond::WithNext;
            }
        }
    }

    fn lines_over_page(&mut self, spans: &[Span], (style, element): (Style, Element)) {
        let told = lines(self.fonts, spans, look::WIDTH);
        let column = Column {
            x: look::LEFT,
            style,
            element,
            before: 6.0,
        };
        self.column(&told, column);
    }

    fn plan<'t>(&self, table: &'t Table) -> Plan<'t> {
        let count = table.columns.len();
        let bars: Vec<bool> = (0..count)
            .map(|it| table.rows.iter().any(|row| bar_of(row, it).is_some()))
            .collect();
        let gaps = (0..count).map(|it| gap(table, it));
        let room = (look::WIDTH - gaps.sum::<f32>()).max(1.0);
        let fit = |ease: f32| {
            TRIED.into_iter().find_map(|tried| {
                let mut needs = self.needs(table, tried, &bars);
                needs
                    .iter_mut()
                    .for_each(|it| it.least = it.least.max(it.most.min(ease)));
                widths(&needs, room).map(|widths| (tried.0, widths))
            })
        };
        // Smaller letters rather than a tower of single words.
        let fitted = fit(EASE).or_else(|| fit(0.0));
        let (size, widths) = fitted.unwrap_or_else(|| {
            let last = TRIED[TRIED.len() - 1];
            (last.0, squeezed(&self.needs(table, last, &bars), room))
        });
        Plan {
            table,
            size,
            widths,
            bars,
            head: 0,
        }
    }

    fn needs(&self, table: &Table, (size, long): (f32, f32), bars: &[bool]) -> Vec<Need> {
        let heads = table.columns.iter();
        let mut needs: Vec<Need> = heads
            .map(|it| {
                let span = [Span::words(it.text, head_style(size))];
                let (least, most) = text::widths(self.fonts, &span);
                // Half a page for a heading, however long its words.
                let least = least.min(look::WIDTH * 0.5);
                Need { least, most }
            })
            .collect();
        for row in &table.rows {
            for (place, cell) in row.iter().take(needs.len()).enumerate() {
                let (least, most) = text::widths(self.fonts, &self.cell_spans(cell, size));
                let bar = if bars[place] { BAR.0 + BAR.1 } else { 0.0 };
                let need = &mut needs[place];
                let least = if table.columns[place].align == Align::Start {
                    least.min(look::WIDTH * long)
                } else {
                    least
                };
                need.least = need.least.max(bar + least);
                need.most = need.most.max(bar + most);
            }
        }
        needs
    }

    fn cell_spans(&self, cell: &Cell, size: f32) -> Vec<Span> {
        let style = look::BODY.sized(size);
        let style = match Ink::of_tone(cell.tone) {
            Some(ink) => style.in_ink(ink).in_face(Face::Strong),
            None => style,
        };
        self.spans(&cell.runs, style, Numbers::Plain)
    }

    /// The headings, once for readers and once more for every page.
    fn head(&mut self, plan: &mut Plan<'_>, table: Element) {
        let style = head_style(plan.size);
        let element = self.tree.add(table, Kind::Head);
        let row = self.tree.add(element, Kind::Row);
        let columns = plan.table.columns.iter().zip(&plan.widths);
        let cells: Vec<Vec<Line>> = columns
            .map(|(it, width)| lines(self.fonts, &[Span::words(it.text, style)], *width))
            .collect();
        let most = cells.iter().map(Vec::len).max().unwrap_or(1);
        let height = most as f32 * style.leading() + 2.0 * PAD;
        let mut slice = Slice {
            before: 3.0,
            height,
            bond: Bond::WithNext,
            ..Slice::default()
        };
        let mut x = look::LEFT;
        for (place, cell) in cells.iter().enumerate() {
            let element = self.tree.add(row, Kind::HeadCell);
            let align = plan.table.columns[place].align;
            let width = plan.widths[place];
            // Headings stand at the foot.
            let top = (most - cell.len()) as f32 * style.leading();
            for (line_place, line) in cell.iter().enumerate() {
                let spot = Spot {
                    x: x + indent(align, width, line),
                    y: top + line_place as f32 * style.leading(),
                    style,
                    element,
                };
                self.line(&mut slice.pieces, line, spot);
            }
            self.keep_place(&mut slice.pieces, cell, (x, style, element));
            x += width + gap(plan.table, place + 1);
        }
        slice.pieces.push(area(
            (look::LEFT, height - PAD),
            (look::WIDTH, 0.7),
            Ink::Soft,
        ));
        let again = slice.pieces.iter().map(|it| Piece {
            leaf: None,
            ..it.clone()
        });
        plan.head = self.heads.len();
        self.heads.push(Head {
            height,
            pieces: again.collect(),
        });
        self.slices.push(slice);
    }

    /// One row, in several slices if it is higher than a page.
    fn table_row(&mut self, plan: &Plan<'_>, row: &[Cell], rows: Element) {
        let style = look::BODY.sized(plan.size);
        let element = self.tree.add(rows, Kind::Row);
        let set = self.set_row(plan, row);
        let cells: Vec<Element> = set
            .cells
            .iter()
            .map(|_| self.tree.add(element, Kind::Cell))
            .collect();
        let head = self.heads.get(plan.head).map_or(0.0, |it| it.height);
        let room = (HEIGHT - head - 2.0 * PAD) / style.leading();
        let at_once = (room as usize).max(1);
        let mut from = 0;
        while from < set.most {
            let until = set.most.min(from + at_once);
            let mut slice = Slice {
                height: (until - from) as f32 * style.leading() + 2.0 * PAD,
                head: Some(plan.head),
                ..Slice::default()
            };
            self.cells(&mut slice, plan, (&set, &cells, from..until));
            if from == 0 {
                bars(&mut slice, plan, (row, style));
            }
            if until == set.most {
                let y = slice.height - 0.5;
                slice
                    .pieces
                    .push(area((look::LEFT, y), (look::WIDTH, 0.5), Ink::Line));
            }
            self.slices.push(slice);
            from = until;
        }
    }

    fn set_row(&self, plan: &Plan<'_>, row: &[Cell]) -> Set {
        let cells = row.iter().zip(&plan.widths).enumerate();
        let cells: Vec<Vec<Line>> = cells
            .map(|(place, (cell, width))| {
                let bar = if plan.bars[place] { BAR.0 + BAR.1 } else { 0.0 };
                let spans = self.cell_spans(cell, plan.size);
                lines(self.fonts, &spans, (width - bar).max(1.0))
            })
            .collect();
        let most = cells.iter().map(Vec::len).max().unwrap_or(1);
        Set { cells, most }
    }

    fn cells(
        &mut self,
        slice: &mut Slice,
        plan: &Plan<'_>,
        (set, elements, shown): (&Set, &[Element], std::ops::Range<usize>),
    ) {
        let style = look::BODY.sized(plan.size);
        let mut x = look::LEFT;
        for (place, cell) in set.cells.iter().enumerate() {
            let (width, element) = (plan.widths[place], elements[place]);
            let align = plan.table.columns[place].align;
            let bar = if plan.bars[place] { BAR.0 + BAR.1 } else { 0.0 };
            for (row, number) in shown.clone().enumerate() {
                let Some(line) = cell.get(number) else {
                    break;
                };
                let spot = Spot {
                    x: x + bar + indent(align, width - bar, line),
                    y: PAD + row as f32 * style.leading(),
                    style,
                    element,
                };
                self.line(&mut slice.pieces, line, spot);
            }
            if shown.start == 0 {
                self.keep_place(&mut slice.pieces, cell, (x, style, element));
            }
            x += width + gap(plan.table, place + 1);
        }
    }

    /// A cell without text still is a cell to those who hear the table.
    fn keep_place(
        &mut self,
        pieces: &mut Vec<Piece>,
        cell: &[Line],
        (x, style, element): (f32, Style, Element),
    ) {
        if cell.iter().any(|line| !line.parts.is_empty()) {
            return;
        }
        let blank = lines(self.fonts, &[Span::words(" ", style)], GAP);
        for line in &blank {
            let spot = Spot {
                x,
                y: PAD,
                style,
                element,
            };
            self.line(pieces, line, spot);
        }
    }
}

fn bars(slice: &mut Slice, plan: &Plan<'_>, (row, style): (&[Cell], Style)) {
    let mut x = look::LEFT;
    for (place, width) in plan.widths.iter().enumerate() {
        if let Some(share) = bar_of(row, place) {
            let y = PAD + (style.leading() - BAR_HEIGHT) / 2.0;
            slice
                .pieces
                .push(area((x, y), (BAR.0, BAR_HEIGHT), Ink::Line));
            slice
                .pieces
                .push(area((x, y), (BAR.0 * share, BAR_HEIGHT), Ink::Bar));
        }
        x += width + gap(plan.table, place + 1);
    }
}

/// The space left of a column.
fn gap(table: &Table, place: usize) -> f32 {
    let before = place.checked_sub(1).and_then(|it| table.columns.get(it));
    match (before, table.columns.get(place)) {
        (Some(before), Some(it)) if before.align == Align::End && it.align == Align::Start => {
            GAP + MORE_GAP
        }
        (Some(_), Some(_)) => GAP,
        _ => 0.0,
    }
}

/// The share of a cell that has a bar, 0 to 1.
fn bar_of(row: &[Cell], place: usize) -> Option<f32> {
    let share = row.get(place)?.bar?;
    Some(if share.is_finite() {
        share.clamp(0.0, 1.0) as f32
    } else {
        0.0
    })
}

fn head_style(size: f32) -> Style {
    look::BODY
        .sized(size - 0.5)
        .in_face(Face::Strong)
        .in_ink(Ink::Soft)
}

fn indent(align: Align, width: f32, line: &Line) -> f32 {
    match align {
        Align::Start => 0.0,
        Align::End => (width - line.width).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_width() {
        let need = |least, most| Need { least, most };
        for (needs, width, expected) in [
            // All on one line, and what is left in proportion.
            (
                vec![need(10.0, 20.0), need(30.0, 30.0)],
                100.0,
                Some(vec![40.0, 60.0]),
            ),
            // Who wants more gets more of what is left.
            (
                vec![need(10.0, 100.0), need(20.0, 20.0)],
                60.0,
                Some(vec![40.0, 20.0]),
            ),
            (vec![need(40.0, 50.0), need(30.0, 30.0)], 60.0, None),
            (vec![need(0.0, 0.0)], 60.0, Some(vec![0.0])),
        ] {
            assert_eq!(widths(&needs, width), expected, "{needs:?}");
        }
        let tight = squeezed(&[need(300.0, 400.0), need(20.0, 20.0)], 100.0);
        assert!(
            (tight.iter().sum::<f32>() - 100.0).abs() < 0.01,
            "{tight:?}"
        );
        assert!(tight.iter().all(|it| *it >= NARROW));
    }
}
