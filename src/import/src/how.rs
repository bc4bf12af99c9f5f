//! How a file is to be read where it does not say so itself.
//!
//! Everything has a default by which most files read well; the command line and the
//! window give the rest.
//!
//! Start at [`How`].

use jiff::tz::TimeZone;
use model::catalog::Kind;
use model::time::Moment;
use model::unit::Unit;

use crate::csv::dialect::Decimal;

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct How {
    /// The zone of times that tell none; UTC without one.
    pub zone: Option<TimeZone>,
    /// Where rows begin that have no times; the day of times of day.
    pub start: Option<Moment>,
    /// How far apart rows are that have no times; one second without it.
    pub every_ns: Option<i64>,
    /// Of tables only.
    pub table: TableHow,
}

/// How a table is to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableHow {
    /// What separates cells; told by the file without it.
    pub delimiter: Option<u8>,
    /// What stands before decimals; told by the file without it.
    pub decimal: Option<Decimal>,
    /// What whole numbers in the time column count; told by their size without it.
    pub count: Option<Count>,
    /// Whether a row is one value of a series that it names, not one moment of all series.
    pub long: bool,
    /// What columns are, by header; those that are not here are what they look like.
    pub columns: Vec<As>,
}

/// What a column is.
#[derive(Clone, Debug, PartialEq)]
pub struct As {
    /// Its header.
    pub header: String,
    /// What it is for.
    pub role: Role,
    /// Unit of its values, as a UCUM code.
    pub unit: Option<Unit>,
    /// Whether its values are totals.
    pub kind: Option<Kind>,
}

/// What the cells of a column are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Numbers.
    #[default]
    Value,
    /// When; of several columns one after another, such as date and time of day.
    Time,
    /// The name of the series that the row has a value of.
    Name,
    /// The host it was measured on.
    Host,
    /// An attribute of the series, under the header.
    Attribute,
    /// The unit of the row's values.
    Unit,
    /// Nothing.
    Skip,
}

/// What whole numbers in a time column count, from the Unix epoch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

/// Every role with its name on the command line and in the window.
pub const ROLES: &[(Role, &str)] = &[
    (Role::Value, "value"),
    (Role::Time, "time"),
    (Role::Name, "name"),
    (Role::Host, "host"),
    (Role::Attribute, "attribute"),
    (Role::Unit, "unit"),
    (Role::Skip, "skip"),
];

/// Every count with its name.
pub const COUNTS: &[(Count, &str)] = &[
    (Count::Seconds, "s"),
    (Count::Milliseconds, "ms"),
    (Count::Microseconds, "us"),
    (Count::Nanoseconds, "ns"),
];

impl Role {
    /// Its name.
    pub fn name(self) -> &'static str {
        let known = ROLES.iter().find(|it| it.0 == self);
        known.map_or("value", |it| it.1)
    }

    /// Whether it makes a row one value of a series that the row names.
    pub fn names_series(self) -> bool {
        matches!(self, Self::Name | Self::Host | Self::Attribute | Self::Unit)
    }
}

impl Count {
    /// Nanoseconds of one.
    pub fn ns(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }
}

impl As {
    /// A column of this role, with nothing else said of it.
    pub fn new(header: &str, role: Role) -> Self {
        Self {
            header: header.to_owned(),
            role,
            unit: None,
            kind: None,
        }
    }

    /// Reads `HEADER=ROLE[,unit=UCUM][,kind=counter|gauge]`, as the command line has it.
    /// The header may hold `=` and commas: what follows its last `=ROLE` counts.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong and what may stand there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let roles = || ROLES.iter().map(|it| it.1).collect::<Vec<_>>().join(", ");
        let split = text.rmatch_indices('=').find_map(|(place, _)| {
            let rest = text.get(place + 1..)?;
            let word = rest.split(',').next().unwrap_or_default();
            let role = ROLES.iter().find(|it| it.1 == word)?.0;
            Some((text.get(..place)?, role, rest.get(word.len()..)?))
        });
        let Some((header, role, rest)) = split else {
            return Err(format!(
                "{text:?} is not HEADER=ROLE, where ROLE is one of {}",
                roles()
            ));
        };
        let mut column = Self::new(header, role);
        for word in rest.split(',').filter(|it| !it.is_empty()) {
            match word.split_once('=') {
                Some(("unit", code)) if !code.is_empty() => {
                    column.unit = Some(Unit(code.to_owned().into()));
                }
                Some(("kind", "counter")) => column.kind = Some(Kind::Counter),
                Some(("kind", "gauge")) => column.kind = Some(Kind::Gauge),
                _ => {
                    return Err(format!(
                        "{word:?} in {text:?} is neither unit=UCUM nor kind=counter nor kind=gauge"
                    ));
                }
            }
        }
        Ok(column)
    }
}

impl TableHow {
    /// What is said of a column.
    pub fn of(&self, header: &str) -> Option<&As> {
        self.columns.iter().find(|it| it.header == header)
    }

    /// Whether rows name their series.
    pub fn is_long(&self) -> bool {
        self.long || self.columns.iter().any(|it| it.role.names_series())
    }

    /// Changes what a column is.
    pub fn set(&mut self, column: As) {
        self.columns.retain(|it| it.header != column.header);
        self.columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_from_the_command_line() {
        let told = |text: &str| As::parse(text);
        assert_eq!(told("at=time"), Ok(As::new("at", Role::Time)));
        assert_eq!(
            told("p99, a=b=value,unit=ms,kind=gauge"),
            Ok(As {
                unit: Some(Unit::new("ms")),
                kind: Some(Kind::Gauge),
                ..As::new("p99, a=b", Role::Value)
            })
        );
        for wrong in ["at", "at=when", "x=value,unit=", "x=value,kind=both"] {
            assert!(told(wrong).is_err(), "{wrong}");
        }
    }
}
