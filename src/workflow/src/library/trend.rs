//! One figure of many sessions: its trend over time or builds, and where it changed.
//!
//! What cannot be compared is left out and told: sessions of another machine, cadence or
//! set of series than most, and those with too little of what they should hold.
//!
//! * In: entries of a library, a pattern of series and a statistic.
//! * Out: one [`Point`] a session, in order, and the [`Course`] of those that compare.
//! * Never: drops a session without a word.
//!
//! Start at [`of`].

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;

use analysis::sessions::{self, Course, Statistic, Value};
use analysis::trend::Direction;
use model::columns::Column;
use model::series::{SeriesKey, glob_matches};
use model::time::{Moment, SECOND_NS, Zone};
use model::unit::Unit;

use super::{Entry, HostFact, Standing};
use crate::jobs::Context;
use crate::problem::{Problem, Sort};
use crate::spread;
use crate::stored::Stored;

/// Less of the samples there should be does not compare.
pub const LEAST_COVERAGE: f64 = 0.8;

/// A cadence that is so many times another does not compare.
const CADENCE_TIMES: f64 = 1.5;

/// Series of one session that are taken together, at most.
const SERIES_MAX: usize = 1_000;

/// Series read in one go.
const READ_AT_ONCE: usize = 16;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Pattern of `host/metric{key=value}`; of several series in a session all samples count.
    pub series: String,
    /// What is computed of the samples.
    pub statistic: Statistic,
    /// In which order sessions stand.
    pub order: Order,
    /// Whether those that do not compare count too.
    pub include: Include,
}

/// In which order sessions stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// By their first sample.
    #[default]
    Time,
    /// By their build, as versions are counted: 1.9 before 1.10; within one by time.
    Build,
}

/// Which sessions count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Include {
    /// Those that compare with most.
    #[default]
    Comparable,
    /// All with a value; what makes them differ is told beside each.
    All,
}

/// One session of a trend.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The session.
    pub path: PathBuf,
    /// What it is called.
    pub title: String,
    /// Its build; may be empty.
    pub build: String,
    /// Its first sample.
    pub at: Moment,
    /// Names of the hosts that the series belong to.
    pub hosts: Vec<String>,
    /// How many series matched.
    pub series: usize,
    /// Samples there are over samples there should be; `None` where it is not known.
    pub coverage: Option<f64>,
    /// The statistic; `None` where there is none.
    pub value: Option<Value>,
    /// Whether it counts for trend and changes.
    pub counted: bool,
    /// What makes it differ from most, or why it has no value.
    pub doubts: Vec<String>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trended {
    /// What was asked.
    pub request: Request,
    /// Unit of all values.
    pub unit: Unit,
    /// Every session that was asked about, in order.
    pub points: Vec<Point>,
    /// Trend and changes of those that count; rows are places among them.
    pub course: Course,
    /// What people should know of the whole, one sentence each.
    pub doubts: Vec<String>,
}

impl Trended {
    /// The points that count, in order: rows of [`Trended::course`].
    pub fn counted(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|it| it.counted)
    }

    /// The slope in the unit of the values, a day or a session, and in which of them.
    pub fn slope(&self) -> Option<(f64, (f64, f64), &'static str)> {
        let trend = self.course.trend.as_ref()?;
        let slope = trend.slope?;
        let (times, each) = match self.request.order {
            Order::Time => (86_400.0, "day"),
            Order::Build => (1.0, "session"),
        };
        let both = (slope.lo * times, slope.hi * times);
        Some((slope.per_second * times, both, each))
    }
}

/// What was read of one session.
struct Read {
    point: Point,
    unit: Option<Unit>,
    facts: Vec<HostFact>,
    names: Vec<String>,
}

/// Follows a figure over the sessions given.
///
/// # Errors
///
/// No session has such a series, or the user stopped it. A session that cannot be read is
/// a point without a value.
pub fn of(entries: &[&Entry], request: &Request, context: &Context) -> Result<Trended, Problem> {
    let mut read = spread::over((entries.len(), 1), ("trend", context), |part| {
        let some = entries[part].iter();
        some.map(|entry| read(entry, request, context)).collect()
    })?;
    if read.iter().all(|it| it.point.series == 0) {
        return Err(nothing(entries.len(), request));
    }
    sort(&mut read, request.order);
    let unit = usual(read.iter().filter_map(|it| it.unit.clone()));
    let unit = unit.unwrap_or_else(|| Unit::new("1"));
    doubt(&mut read, &unit);
    let mut points: Vec<Point> = read.into_iter().map(|it| it.point).collect();
    for point in &mut points {
        let compares = point.doubts.is_empty() || request.include == Include::All;
        point.counted = point.value.is_some() && compares;
    }
    let (places, values): (Vec<f64>, Vec<f64>) = places(&points, request.order);
    let course = sessions::course(&places, &values);
    let mut doubts = told(&points, request.include);
    doubts.extend(course.too_few.iter().cloned());
    Ok(Trended {
        request: request.clone(),
        unit,
        points,
        course,
        doubts,
    })
}

fn nothing(count: usize, request: &Request) -> Problem {
    Problem {
        what: format!("could not follow {}", request.series),
        why: match count {
            0 => "there is no session to look at".to_owned(),
            count => format!("none of {count} sessions has such a series"),
        },
        what_to_do: "a pattern such as '*/system.cpu.utilization'; kymo info S.kymo lists names"
            .to_owned(),
        sort: Sort::Usage,
    }
}

fn read(entry: &Entry, request: &Request, context: &Context) -> Read {
    let mut read = Read {
        point: Point {
            path: entry.path.clone(),
            title: entry.title().to_owned(),
            build: String::new(),
            at: Moment(i64::MAX),
            hosts: Vec::new(),
            series: 0,
            coverage: None,
            value: None,
            counted: false,
            doubts: Vec::new(),
        },
        unit: None,
        facts: Vec::new(),
        names: Vec::new(),
    };
    let facts = match &entry.standing {
        Standing::Refused(why) => {
            read.point.doubts.push(format!("cannot be read: {why}"));
            return read;
        }
        Standing::Read(facts) => facts,
    };
    read.point.build.clone_from(&facts.label.build);
    read.point.at = facts.span.from;
    if !facts.unfinished && !facts.damage.is_empty() {
        // It may be the cut copy of a session that is here too.
        let damage = facts.damage.join("; ");
        read.point
            .doubts
            .push(format!("its data are damaged: {damage}"));
    }
    let found =
        Stored::open(&entry.path, context).and_then(|(stored, _)| sampled(&stored, request));
    match found {
        Err(problem) => read
            .point
            .doubts
            .push(format!("cannot be read: {}", problem.why)),
        Ok(found) => take_in(&mut read, found, (&facts.hosts, request.statistic)),
    }
    read
}

fn take_in(read: &mut Read, found: Sampled, (hosts, statistic): (&[HostFact], Statistic)) {
    let point = &mut read.point;
    point.series = found.columns.len();
    let keys = found.columns.iter().map(|it| &it.series.key);
    let mut names: Vec<String> = keys.clone().map(|it| it.host.clone()).collect();
    names.sort();
    names.dedup();
    let own = hosts.iter().filter(|it| names.contains(&it.name));
    read.facts = own.cloned().collect();
    let known = read.facts.iter().filter_map(|it| it.coverage);
    point.coverage = known.reduce(f64::min);
    point.hosts = names;
    read.names = keys.map(SeriesKey::column).collect();
    read.names.sort();
    read.unit = found.columns.first().map(|it| it.series.unit.clone());
    if found.left_out > 0 {
        let count = found.left_out;
        point
            .doubts
            .push(format!("{count} further series were left out"));
    }
    if point.series == 0 {
        point.doubts.push("has no such series".to_owned());
        return;
    }
    let mixed = found
        .columns
        .iter()
        .any(|it| Some(&it.series.unit) != read.unit.as_ref());
    if mixed {
        let why = "its series have several units; a narrower pattern takes one";
        point.doubts.push(why.to_owned());
        return;
    }
    let samples: Vec<f64> = found
        .columns
        .iter()
        .flat_map(|it| it.values.iter().copied())
        .collect();
    point.value = sessions::value(&samples, statistic);
    if point.value.is_none() {
        let least = sessions::LEAST_SAMPLES;
        point
            .doubts
            .push(format!("has fewer than {least} samples of it"));
    }
}

struct Sampled {
    columns: Vec<Column>,
    left_out: usize,
}

fn sampled(stored: &Stored, request: &Request) -> Result<Sampled, Problem> {
    let series = stored.series().iter().map(|it| &it.key);
    let keys: Vec<SeriesKey> = series
        .filter(|key| glob_matches(&request.series, &key.to_string()))
        .cloned()
        .collect();
    let taken = &keys[..keys.len().min(SERIES_MAX)];
    let mut columns = Vec::with_capacity(taken.len());
    for some in taken.chunks(READ_AT_ONCE) {
        columns.extend(stored.columns(some, None)?);
    }
    // A derived series may be there by name and never have had a number.
    columns.retain(|it: &Column| it.values.iter().any(|value| value.is_finite()));
    Ok(Sampled {
        columns,
        left_out: keys.len() - taken.len(),
    })
}

fn sort(read: &mut [Read], order: Order) {
    let time = |a: &Read, b: &Read| {
        let both = a.point.at.cmp(&b.point.at);
        both.then_with(|| a.point.path.cmp(&b.point.path))
    };
    match order {
        Order::Time => read.sort_by(time),
        Order::Build => {
            read.sort_by(|a, b| by_version(&a.point.build, &b.point.build).then(time(a, b)));
        }
    }
}

/// Compares builds as versions are counted: runs of digits by their number, and what has
/// no build last.
pub fn by_version(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (false, false) => {}
        (a, b) => return a.cmp(&b),
    }
    let (mut a, mut b) = (a, b);
    loop {
        let ((left, rest_a), (right, rest_b)) = (piece(a), piece(b));
        let number = |text: &str| text.parse::<u64>().ok();
        let order = match (number(left), number(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        };
        if order != Ordering::Equal || (rest_a.is_empty() && rest_b.is_empty()) {
            return order.then(left.len().cmp(&right.len()));
        }
        // A version that goes on with words is one before the release: 1.4-rc1 before 1.4.
        match (rest_a.is_empty(), rest_b.is_empty()) {
            (true, _) if before_release(rest_b) => return Ordering::Greater,
            (_, true) if before_release(rest_a) => return Ordering::Less,
            _ => (a, b) = (rest_a, rest_b),
        }
    }
}

fn before_release(rest: &str) -> bool {
    let mut rest = rest.chars();
    rest.next() == Some('-') && rest.next().is_some_and(char::is_alphabetic)
}

/// The first run of digits or of anything else, and what follows.
fn piece(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits);
    text.split_at(end.unwrap_or(text.len()))
}

fn places(points: &[Point], order: Order) -> (Vec<f64>, Vec<f64>) {
    let counted = points.iter().filter(|it| it.counted);
    let first = counted.clone().map(|it| it.at.0).min().unwrap_or_default();
    let places = counted.enumerate().filter_map(|(number, point)| {
        let value = point.value?.value;
        let seconds = point.at.0.saturating_sub(first) as f64 / SECOND_NS as f64;
        Some(match order {
            Order::Time => (seconds, value),
            Order::Build => (number as f64, value),
        })
    });
    places.unzip()
}

/// Tells what makes each session differ from most.
fn doubt(read: &mut [Read], unit: &Unit) {
    let with_value = || read.iter().filter(|it| it.point.value.is_some());
    let machine = usual(with_value().map(machine_of));
    let hosts = usual(with_value().map(|it| it.point.hosts.clone()));
    let cadence = usual(with_value().map(cadence_ns));
    let names = usual(with_value().map(|it| it.names.clone()));
    for one in read.iter_mut().filter(|it| it.point.value.is_some()) {
        let mut doubts = Vec::new();
        if one.unit.as_ref() != Some(unit) {
            doubts.push(format!("its unit is not {}", unit.code()));
        }
        if machine.as_ref().is_some_and(|it| *it != machine_of(one)) {
            doubts.push(format!("another machine: {}", machine_text(one)));
        } else if hosts.as_ref().is_some_and(|it| *it != one.point.hosts)
            && machine_of(one).iter().all(|cpus| *cpus == 0)
        {
            // Machines that nothing is known of are told apart by their names.
            doubts.push(format!("another host: {}", one.point.hosts.join(", ")));
        }
        let other = cadence.unwrap_or_default();
        if is_other(cadence_ns(one), other) {
            let own = model::time::duration_text(cadence_ns(one) as f64 / 1e9);
            let most = model::time::duration_text(other as f64 / 1e9);
            doubts.push(format!("a sample every {own}, most have one every {most}"));
        }
        if let Some(share) = one.point.coverage.filter(|it| *it < LEAST_COVERAGE) {
            doubts.push(format!(
                "only {:.0} % of its samples are there",
                share * 100.0
            ));
        }
        if names.as_ref().is_some_and(|it| it.len() != one.names.len()) {
            let most = names.as_ref().map_or(0, Vec::len);
            let own = one.names.len();
            doubts.push(format!("{own} series match, in most sessions {most}"));
        }
        one.point.doubts.extend(doubts);
    }
}

/// Processors of the hosts: what makes figures of two machines differ most.
fn machine_of(read: &Read) -> Vec<u32> {
    let mut cpus: Vec<u32> = read.facts.iter().map(|it| it.cpus).collect();
    cpus.sort_unstable();
    cpus
}

fn machine_text(read: &Read) -> String {
    let hosts = read.facts.iter().map(|it| match it.cpus {
        0 => it.name.clone(),
        cpus => format!("{} with {cpus} processors", it.name),
    });
    hosts.collect::<Vec<_>>().join(", ")
}

fn cadence_ns(read: &Read) -> i64 {
    let known = read.facts.iter().map(|it| it.cadence_ns);
    known.max().unwrap_or_default()
}

fn is_other(own: i64, most: i64) -> bool {
    let (low, high) = (own.min(most) as f64, own.max(most) as f64);
    low > 0.0 && high / low > CADENCE_TIMES
}

/// What most have; of several that are as frequent the greatest.
fn usual<T: Ord>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut often: BTreeMap<T, usize> = BTreeMap::new();
    for one in all {
        *often.entry(one).or_default() += 1;
    }
    let most = often.into_iter().max_by_key(|(_, times)| *times);
    most.map(|(one, _)| one)
}

fn told(points: &[Point], include: Include) -> Vec<String> {
    let without = points.iter().filter(|it| it.value.is_none()).count();
    let differ = points
        .iter()
        .filter(|it| it.value.is_some() && !it.doubts.is_empty());
    let differ = differ.count();
    let mut told = Vec::new();
    if without > 0 {
        told.push(format!(
            "{without} of {} sessions have no value",
            points.len()
        ));
    }
    if differ > 0 {
        let what = match include {
            Include::Comparable => "do not compare with most and are left out",
            Include::All => "do not compare with most and count nevertheless",
        };
        told.push(format!("{differ} of {} sessions {what}", points.len()));
    }
    told
}

/// What the answer says, in plain sentences.
pub fn sentences(trended: &Trended) -> Vec<String> {
    let what = format!(
        "{} of {}",
        trended.request.statistic.name(),
        trended.request.series
    );
    let counted: Vec<&Point> = trended.counted().collect();
    let (unit, count) = (&trended.unit, counted.len());
    let mut said = Vec::new();
    if let Some(((slope, (lo, hi), each), trend)) =
        trended.slope().zip(trended.course.trend.as_ref())
    {
        let between = format!("{} to {}", unit.text(lo), unit.text(hi));
        said.push(match trend.direction() {
            Direction::Unknown => {
                format!("{what} has no sure trend over {count} sessions: {between} a {each}")
            }
            sure => format!(
                "{what} {} by {} a {each} ({between}) over {count} sessions",
                if sure == Direction::Up {
                    "grows"
                } else {
                    "falls"
                },
                unit.text(slope.abs()),
            ),
        });
    }
    for change in &trended.course.changes {
        let Some(point) = counted.get(change.row) else {
            continue;
        };
        let from = match point.build.as_str() {
            "" => point.at.strftime("%F %T UTC", Zone::Utc),
            build => format!("build {build}"),
        };
        said.push(format!(
            "{what} changed with {from}: from {} to {} (by {} to {}, chance {:.2e})",
            unit.text(change.before),
            unit.text(change.after),
            unit.text(change.shift.0),
            unit.text(change.shift.1),
            change.p_value,
        ));
    }
    if trended.course.changes.is_empty() && count >= sessions::LEAST_FOR_CHANGES {
        said.push(format!(
            "{what} did not change within {count} sessions, as far as they can tell"
        ));
    }
    said.extend(trended.doubts.iter().cloned());
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_ordered_as_versions_are_counted() {
        let mut builds = ["1.10", "", "1.9.1", "1.9", "2.0", "1.10-rc1", "v1", "1.4"];
        builds.sort_by(|a, b| by_version(a, b));
        assert_eq!(
            builds,
            ["1.4", "1.9", "1.9.1", "1.10-rc1", "1.10", "2.0", "v1", ""]
        );
    }

    #[test]
    fn what_is_usual_is_the_most_frequent() {
        assert_eq!(usual([1, 2, 2, 3].into_iter()), Some(2));
        assert_eq!(usual(std::iter::empty::<u8>()), None);
        assert!(is_other(10, 1) && !is_other(10, 11) && !is_other(0, 5));
    }
}
