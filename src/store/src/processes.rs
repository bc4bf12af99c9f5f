//! Processes: who lived when, what they used, one field over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::columns::Column;
use model::host::HostId;
use model::process::{Field, Process, ProcessId, Reading};
use model::time::{Moment, Span};

use crate::chunk::ProcessCells;
use crate::manifest::HostEntry;
use crate::part::{Inner, Part, ProcessTable};
use crate::session::{ProcessRow, ProcessTotals, QueryError};

/// Totals that grow, in the order of [`Use::grown`].
const COUNTERS: [Field; 4] = [
    Field::UserTime,
    Field::SystemTime,
    Field::ReadBytes,
    Field::WriteBytes,
];

impl Inner {
    pub(crate) fn host(&self, host: HostId) -> Result<(&HostEntry, &[Part]), QueryError> {
        let place = usize::from(host.0);
        match (self.manifest.hosts.get(place), self.parts.get(place)) {
            (Some(entry), Some(parts)) => Ok((entry, parts)),
            _ => Err(QueryError::Unknown {
                what: format!("host {}", host.0),
            }),
        }
    }

    pub(crate) fn processes_at(
        &self,
        host: HostId,
        at: Moment,
    ) -> Result<Vec<ProcessRow>, QueryError> {
        let (_, parts) = self.host(host)?;
        let begun = parts.partition_point(|part| part.from <= at);
        for place in (0..begun).rev() {
            let table = self.process_table(host, &parts[place]);
            let seen = table.times.partition_point(|it| *it <= at.0);
            let Some(now) = seen.checked_sub(1).map(|it| table.times[it]) else {
                continue;
            };
            let before = match seen.checked_sub(2) {
                Some(it) => Some((table.times[it], Arc::clone(&table))),
                None => place.checked_sub(1).and_then(|earlier| {
                    let table = self.process_table(host, &parts[earlier]);
                    Some((*table.times.last()?, table))
                }),
            };
            return Ok(living(&table, now, at.0, before.as_ref()));
        }
        Ok(Vec::new())
    }

    pub(crate) fn process_column(
        &self,
        host: HostId,
        process: ProcessId,
        field: Field,
    ) -> Result<Column, QueryError> {
        let (entry, parts) = self.host(host)?;
        let mut known: Option<Arc<Process>> = None;
        let (mut at, mut values) = (Vec::new(), Vec::new());
        for part in parts {
            let table = self.process_table(host, part);
            let rows = table.of(process);
            if let Some(info) = table.infos.get(&process).filter(|it| it.process.pid != 0) {
                known = Some(Arc::clone(&info.process));
            }
            trace(&table, rows, |time, reading| {
                if at.last().is_none_or(|last| *last < time) {
                    at.push(time);
                    values.push(reading.value(field));
                }
            });
        }
        let Some(known) = known.or_else(|| (!at.is_empty()).then(Arc::default)) else {
            return Err(QueryError::Unknown {
                what: format!("process {} on host {}", process.0, entry.name),
            });
        };
        Ok(Column {
            series: known.series(&entry.name, field),
            at: at.into(),
            values: values.into(),
        })
    }

    pub(crate) fn process_use(
        &self,
        host: HostId,
        span: Span,
    ) -> Result<Vec<ProcessTotals>, QueryError> {
        let (entry, parts) = self.host(host)?;
        let axis = entry.placement.boot_to_axis_ns;
        let mut used: BTreeMap<ProcessId, Use> = BTreeMap::new();
        // The part in which the span begins tells what had been used before.
        let begun = parts.partition_point(|part| part.from <= span.from);
        for part in &parts[begun.saturating_sub(1)..] {
            if part.from >= span.to {
                break;
            }
            let table = self.process_table(host, part);
            for rows in table.by_process() {
                let id = rows[0].id;
                let one = used.entry(id).or_default();
                if let Some(info) = table.infos.get(&id) {
                    if info.process.pid != 0 {
                        one.process = Arc::clone(&info.process);
                    }
                    one.ended = info.ended_at.or(one.ended);
                }
                let started = one.process.start_boot_ns.saturating_add(axis);
                let born = one.process.pid != 0 && started >= span.from.0;
                for row in rows {
                    one.take(row, span, born);
                }
                one.alive(&table, rows, span);
            }
        }
        let seen = used.into_iter().filter(|(_, one)| one.first.is_some());
        Ok(seen.map(|(id, one)| one.totals(id)).collect())
    }
}

/// Who is in the table read at `now`, and how it was `before`.
fn living(
    table: &ProcessTable,
    now: i64,
    at: i64,
    before: Option<&(i64, Arc<ProcessTable>)>,
) -> Vec<ProcessRow> {
    let mut living = Vec::new();
    for rows in table.by_process() {
        let seen = rows.partition_point(|row| row.at <= now);
        let Some(last) = seen.checked_sub(1).map(|it| &rows[it]) else {
            continue;
        };
        if table.gone_at(rows).is_some_and(|gone| gone <= at) {
            continue;
        }
        let previous = before.and_then(|(time, earlier)| {
            let rows = earlier.of(last.id);
            let seen = rows.partition_point(|row| row.at <= *time);
            let row = &rows[seen.checked_sub(1)?];
            Some((Moment(*time), row.reading))
        });
        living.push(ProcessRow {
            id: last.id,
            process: process_of(table, last.id),
            at: Moment(now),
            reading: last.reading,
            previous,
        });
    }
    living
}

fn process_of(table: &ProcessTable, id: ProcessId) -> Arc<Process> {
    table
        .infos
        .get(&id)
        .map(|info| Arc::clone(&info.process))
        .unwrap_or_default()
}

/// Calls `f` with each time the table was read while the process lived.
fn trace(table: &ProcessTable, rows: &[ProcessCells], mut f: impl FnMut(i64, &Reading)) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return;
    };
    let gone = table.gone_at(rows).unwrap_or(i64::MAX);
    let from = table.times.partition_point(|at| *at < first.at);
    let mut row = 0;
    for at in table.times[from..].iter().take_while(|at| **at < gone) {
        while row + 1 < rows.len() && rows[row + 1].at <= *at {
            row += 1;
        }
        f(*at, &rows[row].reading);
    }
    if last.at == gone {
        f(last.at, &last.reading);
    }
}

#[derive(Default)]
struct Use {
    process: Arc<Process>,
    last_reading: Option<Reading>,
    grown: [u64; 4],
    peak_resident_bytes: u64,
    first: Option<i64>,
    last: i64,
    ended: Option<i64>,
}

impl Use {
    fn take(&mut self, row: &ProcessCells, span: Span, born: bool) {
        if row.at >= span.to.0 {
            return;
        }
        if row.at >= span.from.0 {
            let nothing = born.then_some(Reading([0; model::process::FIELD_COUNT]));
            let before = self.last_reading.or(nothing).unwrap_or(row.reading);
            for (grown, field) in self.grown.iter_mut().zip(COUNTERS) {
                if let (Some(from), Some(to)) = (before.get(field), row.reading.get(field)) {
                    *grown += u64::try_from(to - from).unwrap_or(0);
                }
            }
            self.hold(row);
            self.first.get_or_insert(row.at);
            self.last = self.last.max(row.at);
        }
        self.last_reading = Some(row.reading);
    }

    fn hold(&mut self, row: &ProcessCells) {
        let resident = row.reading.get(Field::ResidentMemory).unwrap_or(0);
        self.peak_resident_bytes = self.peak_resident_bytes.max(resident.unsigned_abs());
    }

    /// A process that did not change still lived.
    fn alive(&mut self, table: &ProcessTable, rows: &[ProcessCells], span: Span) {
        let gone = table.gone_at(rows).unwrap_or(i64::MAX);
        let from = table
            .times
            .partition_point(|at| *at < span.from.0.max(rows[0].at));
        let to = table.times.partition_point(|at| *at < span.to.0.min(gone));
        if from >= to {
            return;
        }
        let before = rows.partition_point(|row| row.at <= table.times[from]);
        self.hold(&rows[before.saturating_sub(1)]);
        let first = self.first.get_or_insert(table.times[from]);
        *first = (*first).min(table.times[from]);
        self.last = self.last.max(table.times[to - 1]);
    }

    fn totals(self, id: ProcessId) -> ProcessTotals {
        let [user, system, read_bytes, write_bytes] = self.grown;
        ProcessTotals {
            id,
            process: self.process,
            cpu_seconds: (user + system) as f64 / Field::UserTime.info().divisor as f64,
            read_bytes,
            write_bytes,
            peak_resident_bytes: self.peak_resident_bytes,
            first: Moment(self.first.unwrap_or(self.last)),
            last: Moment(self.last),
            ended: self.ended.map(Moment),
        }
    }
}
