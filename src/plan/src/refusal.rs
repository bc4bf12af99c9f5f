//! Why something cannot be predicted from the data, and what to record so that it can.
//!
//! A refusal is an answer. Each code names one test of the data; each message says what
//! was found, and each advice names a recording that would pass the test.
//!
//! Start at [`Refusal`].

use std::fmt;

use serde::Serialize;

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The data contradict themselves.
    Inconsistent,
    /// Only one operating point is known.
    NoVariation,
    /// Operations always come together, so their parts cannot be told apart.
    Collinear,
    /// A parameter lies at the edge of what it may be, so it is unknown.
    AtBound,
    /// The question lies too far from what was seen.
    Extrapolation,
    /// Most of the response time is explained by no recorded resource.
    HiddenDelay,
    /// The setting is no parameter of any model.
    NotAResource,
    /// Others used the machine too.
    SharedHost,
    /// The cost of a request changed during the recording.
    Nonstationary,
    /// One size of a cache says nothing about another.
    OnePointCache,
    /// The resource was full and what was asked for is not known.
    Saturated,
}

/// A refused answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What stands in the way.
    pub code: Code,
    /// What was found, with its numbers.
    pub why: String,
    /// What to record so that it can be answered.
    pub record_next: String,
}

impl Code {
    /// Every code, in order.
    pub const ALL: [Self; 11] = [
        Self::Inconsistent,
        Self::NoVariation,
        Self::Collinear,
        Self::AtBound,
        Self::Extrapolation,
        Self::HiddenDelay,
        Self::NotAResource,
        Self::SharedHost,
        Self::Nonstationary,
        Self::OnePointCache,
        Self::Saturated,
    ];

    /// Its short name, `I1` to `I11`.
    pub fn short(self) -> &'static str {
        match self {
            Self::Inconsistent => "I1",
            Self::NoVariation => "I2",
            Self::Collinear => "I3",
            Self::AtBound => "I4",
            Self::Extrapolation => "I5",
            Self::HiddenDelay => "I6",
            Self::NotAResource => "I7",
            Self::SharedHost => "I8",
            Self::Nonstationary => "I9",
            Self::OnePointCache => "I10",
            Self::Saturated => "I11",
        }
    }

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inconsistent => "inconsistent",
            Self::NoVariation => "no-variation",
            Self::Collinear => "collinear",
            Self::AtBound => "at-bound",
            Self::Extrapolation => "extrapolation",
            Self::HiddenDelay => "hidden-delay",
            Self::NotAResource => "not-a-resource",
            Self::SharedHost => "shared-host",
            Self::Nonstationary => "nonstationary",
            Self::OnePointCache => "one-point-cache",
            Self::Saturated => "saturated",
        }
    }

    /// What to record next, where nothing more special is known.
    fn advice(self) -> &'static str {
        match self {
            Self::Inconsistent => {
                "record again with the host's counters and the application's requests from one agent; check number of processors, clocks and units"
            }
            Self::NoVariation => {
                "record 10 minutes in which the load moves between a third and the whole of today's, in steps of at least 30 s"
            }
            Self::Collinear => {
                "record a stretch in which the shares of the operations differ: one operation alone for 2 minutes each is best"
            }
            Self::AtBound => {
                "record more points: at least six distinct loads, one of them well beyond today's peak"
            }
            Self::Extrapolation => "record at half the load that is asked about, or more",
            Self::HiddenDelay => {
                "record what the requests wait for: spans of calls to others, use of pools and locks, or the other hosts"
            }
            Self::NotAResource => {
                "try it: two stretches of 5 minutes before and two after the change (A-B-A-B), and let the validator compare them"
            }
            Self::SharedHost => {
                "record without the other work, or give the application a control group of its own and record that group"
            }
            Self::Nonstationary => {
                "choose a window in which the cost of a request stays the same, or record again after it settled"
            }
            Self::OnePointCache => {
                "record the keys that are asked for (a sample of one in ten is enough), or hits at a second cache size"
            }
            Self::Saturated => {
                "record what is asked for (arrivals, or number of users), or a stretch in which the resource is not full"
            }
        }
    }

    /// A refusal with the usual advice.
    pub fn because(self, why: impl Into<String>) -> Refusal {
        Refusal {
            code: self,
            why: why.into(),
            record_next: self.advice().to_owned(),
        }
    }
}

impl Refusal {
    /// The same with other advice.
    pub fn advising(mut self, record_next: impl Into<String>) -> Self {
        self.record_next = record_next.into();
        self
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.short(), self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.short())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}. Record next: {}",
            self.code, self.why, self.record_next
        )
    }
}
