//! Who is told of alerts: the desktop, a webhook, a test.
//!
//! Telling may take as long as a network does, so sinks are called by jobs only.
//!
//! Start at [`AlertSink`].

use model::finding::{FindingId, Severity};
use model::time::Moment;
use serde::Serialize;

use crate::problem::{Problem, Sort};

/// Somebody who is told of alerts.
pub trait AlertSink: Send + Sync {
    /// Its name in messages, such as `desktop`.
    fn name(&self) -> &str;

    /// Tells that an alert fired or ended.
    ///
    /// # Errors
    ///
    /// It could not be told: [`Sort::Agent`] where nobody answers, so that the next alert
    /// would meet the same.
    fn tell(&self, news: &AlertNews) -> Result<(), Problem>;

    /// Keeps what nobody answered to, to be told with the next alert; without a place to
    /// keep it, it is forgotten.
    ///
    /// # Errors
    ///
    /// It could not be kept.
    fn keep(&self, _untold: &[AlertNews]) -> Result<(), Problem> {
        Ok(())
    }
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// The limit was passed for the hold time.
    Firing,
    /// The value is back within the clear level.
    Resolved,
}

/// An alert that fired or ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertNews {
    /// Names the question, as findings do; the same when it fires and when it ends.
    pub id: FindingId,
    /// Id of the standard.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// Id of the rule.
    pub rule: String,
    /// Host.
    pub host: String,
    /// Name of the series.
    pub series: String,
    /// What became of it.
    pub became: Became,
    /// How much it matters.
    #[serde(serialize_with = "named")]
    pub severity: Severity,
    /// First sample beyond the limit.
    #[serde(serialize_with = "moment")]
    pub since: Moment,
    /// The sample that made it so.
    #[serde(serialize_with = "moment")]
    pub at: Moment,
    /// One plain sentence with its numbers.
    pub statement: String,
}

impl Became {
    /// Its name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

fn named<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.name())
}

fn moment<S: serde::Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.to_string())
}

/// Tells every sink of every alert; the first that went wrong of each sink.
///
/// A sink that refuses one alert is told of the others; one that nobody answers for keeps
/// what it was not told.
pub fn tell_all(sinks: &[std::sync::Arc<dyn AlertSink>], news: &[AlertNews]) -> Vec<Problem> {
    let told = sinks.iter().map(|it| tell_one(it.as_ref(), news));
    told.filter_map(Result::err).collect()
}

fn tell_one(sink: &dyn AlertSink, news: &[AlertNews]) -> Result<(), Problem> {
    let mut first = Ok(());
    for (place, one) in news.iter().enumerate() {
        let Err(problem) = sink.tell(one) else {
            continue;
        };
        let away = problem.sort == Sort::Agent;
        first = first.and(Err(problem));
        if away {
            let kept = sink.keep(&news[place..]);
            return first.and(kept);
        }
    }
    first
}

#[cfg(test)]
pub(in crate::standards) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Refuses an alert of the rule `wrong`, and is out of reach from the rule `away` on.
    #[derive(Default)]
    struct Picky {
        told: Mutex<Vec<String>>,
        kept: Mutex<Vec<String>>,
    }

    impl AlertSink for Picky {
        fn name(&self) -> &str {
            "picky"
        }

        fn tell(&self, news: &AlertNews) -> Result<(), Problem> {
            let trouble = |sort| Problem {
                what: format!("could not tell {}", news.rule),
                why: String::new(),
                what_to_do: String::new(),
                sort,
            };
            match news.rule.as_str() {
                "wrong" => Err(trouble(Sort::NotUsable)),
                "away" => Err(trouble(Sort::Agent)),
                rule => {
                    self.told.lock().unwrap().push(rule.to_owned());
                    Ok(())
                }
            }
        }

        fn keep(&self, untold: &[AlertNews]) -> Result<(), Problem> {
            let rules = untold.iter().map(|it| it.rule.clone());
            self.kept.lock().unwrap().extend(rules);
            Ok(())
        }
    }

    pub(in crate::standards) fn news(rule: &str) -> AlertNews {
        AlertNews {
            id: "0000000000000001".to_owned().try_into().unwrap(),
            standard: "use".to_owned(),
            version: "1".to_owned(),
            rule: rule.to_owned(),
            host: "web-1".to_owned(),
            series: "web-1/load".to_owned(),
            became: Became::Firing,
            severity: Severity::Warning,
            since: Moment(1),
            at: Moment(2),
            statement: "the load is high".to_owned(),
        }
    }

    #[test]
    fn one_alert_that_is_refused_does_not_silence_the_others() {
        for (rules, told, kept, problem) in [
            (&["a", "wrong", "b"][..], &["a", "b"][..], &[][..], "wrong"),
            (&["a", "away", "b"], &["a"], &["away", "b"], "away"),
            (&["wrong", "away"], &[], &["away"], "wrong"),
        ] {
            let sink = Arc::new(Picky::default());
            let news: Vec<AlertNews> = rules.iter().map(|it| news(it)).collect();
            let sinks: [Arc<dyn AlertSink>; 1] = [Arc::<Picky>::clone(&sink)];
            let problems = tell_all(&sinks, &news);
            assert_eq!(*sink.told.lock().unwrap(), told, "{rules:?}");
            assert_eq!(*sink.kept.lock().unwrap(), kept, "{rules:?}");
            let what: Vec<&str> = problems.iter().map(|it| it.what.as_str()).collect();
            assert_eq!(what, [format!("could not tell {problem}")], "{rules:?}");
        }
    }
}
