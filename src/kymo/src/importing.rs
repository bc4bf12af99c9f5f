//! `kymo import`: its arguments, and what they ask for.

use std::path::{Path, PathBuf};

use model::time::{Moment, Span};
use workflow::imports::{
    self, As, Ask, COUNTS, Count, Decimal, How, Origin, Setup, TableHow, TimeZone,
};
use workflow::jobs::Context;
use workflow::problem::{Problem, Sort};

use crate::arguments::duration_ns;
use crate::commands::size_text;
use crate::failure::{Answer, tell};

/// What is read of a server without `--from`.
const LAST_NS: i64 = 3_600 * model::time::SECOND_NS;

/// Sent to a server as a bearer token, since arguments can be read by everybody.
const TOKEN: &str = "KYMO_PROMETHEUS_TOKEN";

/// `kymo import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Files of other tools, sessions, or prometheus://[USER:PASSWORD@]HOST[:PORT]
    /// (prometheus+https:// for encryption); several are put on one axis.
    #[arg(required = true, value_name = "FILE|prometheus://HOST")]
    inputs: Vec<String>,
    /// The session to write.
    #[arg(long)]
    out: PathBuf,
    /// Zone of times that tell none, such as Europe/Berlin; UTC without it.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    zone: Option<TimeZone>,
    /// When rows without times begin; the day of times of day.
    #[arg(long, value_name = "TIME")]
    start: Option<Moment>,
    /// How far apart rows without times are; 1s without it.
    #[arg(long, value_name = "TIME", value_parser = duration_ns)]
    every: Option<i64>,
    /// What a column of a table is; may be repeated. ROLE is time, value, name, host,
    /// attribute, unit or skip; units are UCUM codes.
    #[arg(
        long = "column",
        value_name = "HEADER=ROLE[,unit=UCUM][,kind=counter]",
        value_parser = As::parse
    )]
    columns: Vec<As>,
    /// Read tables as long ones: each row is one value of a series that it names.
    #[arg(long)]
    long: bool,
    /// What separates cells: comma, semicolon, tab, or any one character.
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// What stands before decimals: point or comma.
    #[arg(long, value_name = "MARK", value_parser = decimal)]
    decimal: Option<Decimal>,
    /// What whole numbers in the time column count: s, ms, us or ns; told by their size
    /// without it.
    #[arg(long, value_name = "UNIT", value_parser = count)]
    time_count: Option<Count>,
    /// The host of what names none; of several inputs each has its file's name without it.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Moves the times of one of several inputs; may be repeated.
    #[arg(long = "shift", value_name = "FILE=+TIME|FILE=-TIME", value_parser = shift)]
    shifts: Vec<(String, i64)>,
    /// How clocks of several inputs are put together: as they tell, or also by the load
    /// that both saw.
    #[arg(long, value_name = "HOW", default_value = "told", value_parser = ["told", "load"])]
    align: String,
    /// What to ask a server for; may be repeated. A plain selector gives the samples as they
    /// were scraped.
    #[arg(long = "query", value_name = "EXPRESSION")]
    queries: Vec<String>,
    /// Start of what is asked of a server; an hour before --to without it.
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// End of what is asked of a server; now without it.
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,
    /// How far apart the server computes samples; plain selectors too, with it.
    #[arg(long, value_name = "TIME", value_parser = duration_ns)]
    step: Option<i64>,
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).or_else(|_| match text.to_ascii_uppercase().as_str() {
        "UTC" | "Z" => Ok(TimeZone::UTC),
        _ => Err(format!(
            "{text:?} is no zone such as Europe/Berlin, America/New_York or UTC"
        )),
    })
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "comma" => Ok(b','),
        "semicolon" => Ok(b';'),
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [one] if one.is_ascii() && !matches!(one, b'"' | b'\n' | b'\r') => Ok(*one),
            _ => Err(format!(
                "{text:?} is not comma, semicolon, tab or one character"
            )),
        },
    }
}

fn decimal(text: &str) -> Result<Decimal, String> {
    match text {
        "point" | "." => Ok(Decimal::Point),
        "comma" | "," => Ok(Decimal::Comma),
        _ => Err(format!("{text:?} is not point or comma")),
    }
}

fn count(text: &str) -> Result<Count, String> {
    let known = COUNTS.iter().find(|it| it.1 == text);
    let known = known.map(|it| it.0);
    known.ok_or_else(|| format!("{text:?} is not s, ms, us or ns"))
}

fn shift(text: &str) -> Result<(String, i64), String> {
    let wrong = || format!("{text:?} is not FILE=+TIME or FILE=-TIME, such as load.jtl=-37s");
    let (file, by) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (sign, length) = match by.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, by.strip_prefix('+').unwrap_or(by)),
    };
    let length = duration_ns(length).map_err(|_| wrong())?;
    Ok((file.to_owned(), sign * length))
}

impl Import {
    fn setup(&self) -> Result<Setup, Problem> {
        let how = How {
            zone: self.zone.clone(),
            start: self.start,
            every_ns: self.every,
            table: TableHow {
                delimiter: self.delimiter,
                decimal: self.decimal,
                count: self.time_count,
                long: self.long,
                columns: self.columns.clone(),
            },
        };
        let mut setup = Setup {
            host: self.host.clone(),
            by_load: self.align == "load",
            ..Setup::default()
        };
        for input in &self.inputs {
            let origin = match imports::is_address(input) {
                true => Origin::Server(self.ask(input)?),
                false => Origin::File(PathBuf::from(input)),
            };
            setup.inputs.push((origin, how.clone()));
        }
        for (file, by_ns) in &self.shifts {
            let named = |input: &String| {
                input == file
                    || Path::new(input)
                        .file_name()
                        .is_some_and(|it| it == file.as_str())
            };
            let Some(place) = self.inputs.iter().position(named) else {
                return Err(usage(
                    format!("could not move {file}"),
                    "it is none of the inputs",
                    "its path or file name, as it was given",
                ));
            };
            setup.shifts.insert(place, *by_ns);
        }
        Ok(setup)
    }

    fn ask(&self, server: &str) -> Result<Ask, Problem> {
        let to = match self.to {
            Some(to) => to,
            None => now()?,
        };
        let from = self.from.unwrap_or(to.plus_ns(-LAST_NS));
        Ok(Ask {
            server: server.to_owned(),
            token: std::env::var(TOKEN).ok().filter(|it| !it.is_empty()),
            queries: self.queries.clone(),
            span: Span { from, to },
            step_ns: self.step,
        })
    }
}

fn now() -> Result<Moment, Problem> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ns = since.ok().and_then(|it| i64::try_from(it.as_nanos()).ok());
    ns.map(Moment).ok_or_else(|| {
        let what = "could not tell what the last hour is".to_owned();
        usage(
            what,
            "the clock of this machine is wrong",
            "--from and --to",
        )
    })
}

fn usage(what: String, why: &str, what_to_do: &str) -> Problem {
    Problem {
        what,
        why: why.to_owned(),
        what_to_do: what_to_do.to_owned(),
        sort: Sort::Usage,
    }
}

/// `kymo import`.
pub(crate) fn run(import: &Import) -> Result<Answer, Problem> {
    let setup = import.setup()?;
    let made = imports::import(&setup, &import.out, &Context::default())?;
    for note in &made.notes {
        tell(note);
    }
    let out = &import.out;
    tell(&format!("wrote {} ({})", out.display(), size_text(out)));
    Ok(match made.damaged {
        true => Answer::Partly,
        false => Answer::Fine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_have_a_sign() {
        for (text, expected) in [
            ("a=b.csv=-37s", Some(("a=b.csv", -37))),
            ("load.jtl=+2m", Some(("load.jtl", 120))),
            ("load.jtl=2m", Some(("load.jtl", 120))),
            ("load.jtl", None),
            ("load.jtl=soon", None),
        ] {
            let read = shift(text).ok();
            let told = read
                .as_ref()
                .map(|it| (it.0.as_str(), it.1 / 1_000_000_000));
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn zones_and_delimiters_are_known_by_name() {
        assert!(zone("Europe/Berlin").is_ok() && zone("utc").is_ok());
        assert!(zone("Berlin").is_err());
        assert_eq!(delimiter("tab"), Ok(b'\t'));
        assert_eq!(delimiter("|"), Ok(b'|'));
        assert!(delimiter("||").is_err() && delimiter("\"").is_err());
        assert_eq!(count("ms"), Ok(Count::Milliseconds));
    }
}
