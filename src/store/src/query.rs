//! Columns, pyramids and rows of series, put together from parts.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use model::catalog::Kind;
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::Span;

use crate::bucket::{Buckets, Joined, Start};
use crate::chunk::ChunkColumn;
use crate::limit::{ANSWER_MAX_SAMPLES, MEMBERS_MAX};
use crate::manifest::Table;
use crate::part::{Data, Inner, Part, lock};
use crate::session::{QueryError, Rows, Sparse};
use crate::tables;

/// A stretch of one series: times that neighbours may share, and values.
struct Piece {
    at: Arc<[i64]>,
    values: Values,
    rows: Range<usize>,
}

enum Values {
    Own(Vec<f64>),
    Shared(Arc<[f64]>),
}

impl Values {
    fn as_slice(&self) -> &[f64] {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
        }
    }
}

impl Inner {
    /// The places of series, in the order asked for.
    pub(crate) fn places(&self, keys: &[SeriesKey]) -> Result<Vec<u32>, QueryError> {
        let place = |key: &SeriesKey| {
            self.index
                .get(key)
                .copied()
                .ok_or_else(|| QueryError::Unknown {
                    what: format!("series {key}"),
                })
        };
        keys.iter().map(place).collect()
    }

    pub(crate) fn columns(
        &self,
        keys: &[SeriesKey],
        span: Option<Span>,
    ) -> Result<Vec<Column>, QueryError> {
        let places = self.places(keys)?;
        let mut pieces: Vec<Vec<Piece>> = Vec::new();
        pieces.resize_with(keys.len(), Vec::new);
        let mut samples = 0;
        for (host, wanted) in self.by_host(&places) {
            for part in &self.parts[host] {
                if span.is_some_and(|span| part.span.intersect(span).is_empty()) {
                    continue;
                }
                for (answer, mut piece) in self.pieces(part, &places, &wanted) {
                    if let Some(span) = span {
                        piece.rows = rows_within(&piece.at, span);
                    }
                    samples += piece.rows.len();
                    pieces[answer].push(piece);
                }
                if samples > ANSWER_MAX_SAMPLES {
                    return Err(QueryError::Limit {
                        what: format!("more than {ANSWER_MAX_SAMPLES} samples"),
                    });
                }
            }
        }
        let series = places.iter().map(|place| &self.series[*place as usize]);
        Ok(join(series, pieces))
    }

    /// Which answers each host's parts contribute to.
    fn by_host(&self, places: &[u32]) -> BTreeMap<usize, Vec<usize>> {
        let mut hosts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (answer, place) in places.iter().enumerate() {
            let host = self.manifest.series[*place as usize].host;
            hosts.entry(usize::from(host.0)).or_default().push(answer);
        }
        hosts
    }

    /// The stretches that a part holds of the wanted answers.
    fn pieces(&self, part: &Part, places: &[u32], wanted: &[usize]) -> Vec<(usize, Piece)> {
        let mut found = Vec::new();
        match &part.data {
            Data::Held(held) => {
                for answer in wanted {
                    let place = held
                        .starts
                        .iter()
                        .position(|(it, _)| *it == places[*answer]);
                    let Some(column) = place.and_then(|it| held.chunk.columns.get(it)) else {
                        continue;
                    };
                    let piece = Piece {
                        at: Arc::clone(&column.at),
                        rows: 0..column.at.len(),
                        values: Values::Shared(Arc::clone(&column.values)),
                    };
                    found.push((*answer, piece));
                }
            }
            Data::Stored(members) => {
                let name = |answer: &usize| {
                    let series = &self.series[places[*answer] as usize];
                    tables::metric_column(&series.key.column())
                };
                let names: Vec<String> = wanted.iter().map(name).collect();
                let mut asked = names.clone();
                asked.push("time".to_owned());
                let Some(frame) = self.frame(members, Table::Metrics, Some(&asked)) else {
                    return found;
                };
                let Some(member) = members.get(&Table::Metrics) else {
                    return found;
                };
                let read = self.sound(member, tables::metrics(&frame, &names));
                for samples in read.unwrap_or_default() {
                    let piece = Piece {
                        rows: 0..samples.at.len(),
                        at: samples.at,
                        values: Values::Own(samples.values),
                    };
                    found.push((wanted[samples.asked], piece));
                }
            }
        }
        found
    }

    /// The samples that one part holds of some series, by place.
    pub(crate) fn part_columns(&self, part: &Part, places: &[u32]) -> Vec<ChunkColumn> {
        let wanted: Vec<usize> = (0..places.len()).collect();
        let mut columns = Vec::with_capacity(places.len());
        for (answer, piece) in self.pieces(part, places, &wanted) {
            columns.push(ChunkColumn {
                series: self.series[places[answer] as usize].clone(),
                at: piece.at,
                values: match piece.values {
                    Values::Own(values) => values.into(),
                    Values::Shared(values) => values,
                },
            });
        }
        columns
    }

    pub(crate) fn sparse(&self, keys: &[SeriesKey]) -> Result<Vec<Sparse>, QueryError> {
        let places = self.places(keys)?;
        let mut joined: Vec<Joined> = vec![Joined::default(); keys.len()];
        let mut index: Vec<Vec<(usize, u64, u64)>> = vec![Vec::new(); keys.len()];
        for (host, wanted) in self.by_host(&places) {
            for (number, part) in self.parts[host].iter().enumerate() {
                let of_part = self.buckets(part, &places, &wanted, &joined);
                for answer in &wanted {
                    let Some(buckets) = of_part.get(&places[*answer]) else {
                        continue;
                    };
                    if let Some(first) = joined[*answer].add(buckets) {
                        index[*answer].push((number, first, buckets.len()));
                    }
                }
            }
        }
        let mut kept = lock(&self.row_index);
        if kept.len() + places.len() > MEMBERS_MAX {
            kept.clear();
        }
        for (place, rows) in places.iter().zip(index) {
            kept.insert(*place, Arc::new(rows));
        }
        drop(kept);
        let series = places.iter().map(|place| &self.series[*place as usize]);
        Ok(series
            .zip(joined)
            .map(|(series, it)| sparse_of(series, it))
            .collect())
    }

    /// Buckets of a part, by place; rebuilt from the samples where they are damaged.
    fn buckets(
        &self,
        part: &Part,
        places: &[u32],
        wanted: &[usize],
        joined: &[Joined],
    ) -> HashMap<u32, Buckets> {
        let mut found = HashMap::new();
        match &part.data {
            Data::Held(held) => {
                for ((place, _), buckets) in held.starts.iter().zip(held.buckets()) {
                    if wanted.iter().any(|answer| places[*answer] == *place) {
                        found.insert(*place, buckets.clone());
                    }
                }
            }
            Data::Stored(members) => {
                let asked: Vec<u32> = wanted.iter().map(|answer| places[*answer]).collect();
                let read = self.frame(members, Table::Pyramid, None).and_then(|frame| {
                    let member = members.get(&Table::Pyramid)?;
                    self.sound(member, tables::pyramid(&frame, &asked))
                });
                if let Some(read) = read {
                    found.extend(read);
                    return found;
                }
                for (answer, piece) in self.pieces(part, places, wanted) {
                    let place = places[answer];
                    let column = ChunkColumn {
                        series: self.series[place as usize].clone(),
                        at: piece.at,
                        values: piece.values.as_slice().into(),
                    };
                    let start = Start {
                        row: joined[answer].next_row(),
                        last: None,
                    };
                    found.insert(place, Buckets::of(&column, start));
                }
            }
        }
        found
    }

    pub(crate) fn rows(&self, key: &SeriesKey, rows: Range<usize>) -> Result<Rows, QueryError> {
        let places = self.places(std::slice::from_ref(key))?;
        let place = places[0];
        let known = lock(&self.row_index).get(&place).cloned();
        let index = match known {
            Some(index) => index,
            None => {
                self.sparse(std::slice::from_ref(key))?;
                lock(&self.row_index)
                    .get(&place)
                    .cloned()
                    .unwrap_or_default()
            }
        };
        if rows.len() > ANSWER_MAX_SAMPLES {
            return Err(QueryError::Limit {
                what: format!("more than {ANSWER_MAX_SAMPLES} samples"),
            });
        }
        let host = usize::from(self.manifest.series[place as usize].host.0);
        let mut first = None;
        let mut pieces = Vec::new();
        for (part, start, length) in index.iter() {
            let (start, length) = (*start as usize, *length as usize);
            let from = rows.start.max(start);
            let to = rows.end.min(start + length);
            if from >= to {
                continue;
            }
            let read = self.pieces(&self.parts[host][*part], &places, &[0]);
            let Some((_, mut piece)) = read.into_iter().next() else {
                // Rows after a damaged stretch would be misnumbered.
                if first.is_some() {
                    break;
                }
                continue;
            };
            piece.rows = (from - start).min(piece.at.len())..(to - start).min(piece.at.len());
            first.get_or_insert(from);
            pieces.push(piece);
        }
        let series = &self.series[place as usize];
        let column = join(std::iter::once(series), vec![pieces])
            .into_iter()
            .next();
        Ok(Rows {
            first: first.unwrap_or(rows.start),
            column: column.unwrap_or_else(|| empty(series)),
        })
    }
}

fn empty(series: &Series) -> Column {
    Column {
        series: series.clone(),
        at: Arc::default(),
        values: Arc::default(),
    }
}

fn rows_within(at: &[i64], span: Span) -> Range<usize> {
    let from = at.partition_point(|it| *it < span.from.0);
    let to = at.partition_point(|it| *it < span.to.0);
    from..to.max(from)
}

/// Which stretches of which times a column is made of.
type Stretches = Vec<(*const i64, Range<usize>)>;

/// Makes columns of pieces; columns of the same stretches share their times.
fn join<'a>(series: impl Iterator<Item = &'a Series>, pieces: Vec<Vec<Piece>>) -> Vec<Column> {
    let mut known: HashMap<Stretches, Arc<[i64]>> = HashMap::new();
    let mut columns = Vec::with_capacity(pieces.len());
    for (series, mut pieces) in series.zip(pieces) {
        ascend(&mut pieces);
        if let [piece] = pieces.as_mut_slice()
            && piece.rows == (0..piece.at.len())
        {
            columns.push(Column {
                series: series.clone(),
                at: Arc::clone(&piece.at),
                values: match std::mem::replace(&mut piece.values, Values::Own(Vec::new())) {
                    Values::Own(values) => values.into(),
                    Values::Shared(values) => values,
                },
            });
            continue;
        }
        let stretches = pieces
            .iter()
            .map(|it| (it.at.as_ptr(), it.rows.clone()))
            .collect();
        let at = known.entry(stretches).or_insert_with(|| {
            let all = pieces.iter().flat_map(|it| &it.at[it.rows.clone()]);
            all.copied().collect()
        });
        let values = pieces
            .iter()
            .flat_map(|it| &it.values.as_slice()[it.rows.clone()]);
        columns.push(Column {
            series: series.clone(),
            at: Arc::clone(at),
            values: values.copied().collect(),
        });
    }
    columns
}

/// Cuts what would step back in time, so that a column always ascends.
fn ascend(pieces: &mut Vec<Piece>) {
    let mut last = i64::MIN;
    for piece in pieces.iter_mut() {
        let at = &piece.at[piece.rows.clone()];
        let late = at.partition_point(|it| *it <= last);
        piece.rows.start += late;
        if let Some(end) = at[late..].last() {
            last = *end;
        }
    }
    pieces.retain(|piece| !piece.rows.is_empty());
}

fn sparse_of(series: &Series, joined: Joined) -> Sparse {
    let drawn = match series.kind {
        Kind::Gauge | Kind::Histogram => series.clone(),
        Kind::Counter => Series {
            unit: series.unit.per_second(),
            kind: Kind::Gauge,
            ..series.clone()
        },
    };
    Sparse {
        series: drawn,
        bucket_at: joined.bucket_at.into(),
        base: joined.base,
        samples: joined.samples as usize,
        last_at: joined.last_at,
    }
}
