//! What a forecast says that is worth a sentence.
//!
//! Only a band that leaves the recent range as a whole says something: the mean
//! alone always differs a little from what was. A forecast that was no better than
//! the last value from earlier rows says nothing at all.
//!
//! Start at [`findings`].

use model::catalog::Polarity;
use model::finding::{Analysis, Estimate, Finding, FindingId, Question, Severity};
use model::time::Span;
use model::unit::Unit;

use super::{Backtest, Forecast, Setup};
use crate::frame::{Frame, Line};
use crate::stats::order;

/// Rows of the recent range, at least; more when horizon or period are longer.
const RECENT_ROWS: usize = 60;

/// The recent range leaves out this part of the values at each end.
const RECENT_TAIL: f64 = 0.01;

/// A band is outside when it stays there for so many rows (or the whole horizon).
const OUTSIDE_ROWS: usize = 3;

/// The band must have held at least its level minus this from earlier rows.
const COVERAGE_SLACK: f64 = 0.1;

/// Which end of the recent range a band leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Above,
    Below,
}

/// Where a band is outside the recent range.
struct Departure {
    end: End,
    /// First row ahead with the whole band outside.
    first: usize,
    /// Row ahead with the band farthest outside.
    farthest: usize,
    /// The recent range.
    recent: (f64, f64),
}

/// Findings about the forecasts of a frame's series, which are in the same order.
pub fn findings(host: &str, frame: &Frame, setup: &Setup, forecasts: &[Forecast]) -> Vec<Finding> {
    let both = frame.lines.iter().zip(forecasts);
    both.filter_map(|(line, forecast)| told((host, frame, setup), line, forecast))
        .collect()
}

/// What the forecast of one series of a frame says, if anything. A series that is not
/// expected to leave its recent range is not forecast to the end.
pub fn of_series(host: &str, frame: &Frame, line: &Line, setup: &Setup) -> Option<Finding> {
    let own = setup.of_line(frame, line);
    let recent = |period| recent(line, setup.horizon, period);
    let forecast = super::leaving(&line.values, &own, recent)?;
    told((host, frame, setup), line, &forecast)
}

fn told(
    (host, frame, setup): (&str, &Frame, &Setup),
    line: &Line,
    forecast: &Forecast,
) -> Option<Finding> {
    let backtest = forecast.backtest.filter(|it| it.supports(setup.level))?;
    let departure = departure(line, forecast)?;
    let report = Report {
        host,
        frame,
        setup,
        line,
        forecast,
        backtest,
        departure,
    };
    Some(report.finding())
}

/// The range of the newest values, without the outermost.
fn recent(line: &Line, horizon: usize, period: Option<usize>) -> (f64, f64) {
    let rows = RECENT_ROWS.max(horizon).max(period.unwrap_or(0));
    let recent = &line.values[line.values.len().saturating_sub(rows)..];
    let mut numbers = order::numbers(recent);
    let lo = order::quantile_in(&mut numbers, RECENT_TAIL);
    let hi = order::quantile_in(&mut numbers, 1.0 - RECENT_TAIL);
    (lo, hi)
}

impl Backtest {
    /// Whether the past supports this forecast and its band.
    fn supports(&self, level: f64) -> bool {
        self.better_than_last_value() && self.coverage >= level - COVERAGE_SLACK
    }
}

/// The first stretch with the whole band outside the recent range.
fn departure(line: &Line, forecast: &Forecast) -> Option<Departure> {
    let (lo, hi) = recent(line, forecast.mean.len(), forecast.period);
    let outside = |end: End, ahead: usize| match end {
        End::Above => forecast.lo[ahead] - hi,
        End::Below => lo - forecast.hi[ahead],
    };
    let rows = forecast.mean.len();
    let wanted = OUTSIDE_ROWS.min(rows).max(1);
    [End::Above, End::Below].into_iter().find_map(|end| {
        let stays = |from: &usize| (*from..from + wanted).all(|ahead| outside(end, ahead) > 0.0);
        let first = (0..(rows + 1).saturating_sub(wanted)).find(stays)?;
        let farther = |a: &usize, b: &usize| outside(end, *a).total_cmp(&outside(end, *b));
        let farthest = (first..rows).max_by(farther)?;
        Some(Departure {
            end,
            first,
            farthest,
            recent: (lo, hi),
        })
    })
}

/// All that a finding is made of.
struct Report<'a> {
    host: &'a str,
    frame: &'a Frame,
    setup: &'a Setup,
    line: &'a Line,
    forecast: &'a Forecast,
    backtest: Backtest,
    departure: Departure,
}

impl Report<'_> {
    fn finding(&self) -> Finding {
        let series = vec![self.line.name.clone()];
        let span = self.span();
        let parameters = self.parameters();
        let question = Question {
            analysis: Analysis::Forecast,
            series: &series,
            span,
            parameters: &parameters,
        };
        let evidence = self.evidence();
        Finding {
            id: FindingId::of(&question),
            analysis: Analysis::Forecast,
            kind: match self.departure.end {
                End::Above => "above",
                End::Below => "below",
            }
            .to_owned(),
            host: self.host.to_owned(),
            statement: self.statement(),
            severity: self.severity(),
            effect: Some(self.effect()),
            evidence,
            weight: evidence * self.size(),
            coverage: self.frame.coverage(self.place(), 0..self.frame.rows()),
            places: Vec::new(),
            learned: Some(self.frame.span()),
            supports: self.supports(),
            against: self.against(),
            series,
            span,
            parameters,
        }
    }

    fn place(&self) -> usize {
        let same = |it: &Line| std::ptr::eq(it, self.line);
        self.frame.lines.iter().position(same).unwrap_or_default()
    }

    fn unit(&self) -> &Unit {
        &self.line.series.unit
    }

    /// The rows that are forecast.
    fn span(&self) -> Span {
        let last = self.frame.moment(self.frame.rows());
        let rows = self.forecast.mean.len() as i64;
        let step = self.frame.step_ns;
        Span::between(
            last.plus_ns(step),
            last.plus_ns(step.saturating_mul(rows.saturating_add(1))),
        )
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = vec![
            ("horizon".to_owned(), self.setup.horizon.to_string()),
            ("level".to_owned(), self.setup.level.to_string()),
        ];
        if let Some(period) = self.setup.period {
            parameters.push(("period".to_owned(), period.to_string()));
        }
        parameters
    }

    fn effect(&self) -> Estimate {
        let ahead = self.departure.farthest;
        Estimate {
            value: self.forecast.mean[ahead],
            lo: self.forecast.lo[ahead],
            hi: self.forecast.hi[ahead],
            unit: self.unit().clone(),
        }
    }

    /// How far outside the recent range, 0 to 1: half when as far as the range is wide.
    fn size(&self) -> f64 {
        let (lo, hi) = self.departure.recent;
        let mean = self.forecast.mean[self.departure.farthest];
        let out = match self.departure.end {
            End::Above => mean - hi,
            End::Below => lo - mean,
        };
        (out / (out + (hi - lo))).clamp(0.0, 1.0)
    }

    /// How much better than the last value, and how well the band held.
    fn evidence(&self) -> f64 {
        let gain = 1.0 - self.backtest.to_last_value;
        (gain * (self.backtest.coverage / self.setup.level).min(1.0)).clamp(0.0, 1.0)
    }

    fn severity(&self) -> Severity {
        let worse = match self.departure.end {
            End::Above => Polarity::HigherIsWorse,
            End::Below => Polarity::HigherIsBetter,
        };
        match self.line.series.polarity == worse {
            true => Severity::Warning,
            false => Severity::Note,
        }
    }

    fn statement(&self) -> String {
        let (unit, effect) = (self.unit(), self.effect());
        let (lo, hi) = self.departure.recent;
        let step = self.frame.step_ns;
        let when = |ahead: usize| {
            let rows = (ahead as i64).saturating_add(1);
            self.frame
                .moment(self.frame.rows())
                .plus_ns(step.saturating_mul(rows))
        };
        let verb = match self.departure.end {
            End::Above => "rise above",
            End::Below => "fall below",
        };
        format!(
            "{} is expected to {verb} its recent range ({} to {}) from {} on, to {} ({} to {}) at {}; {}.",
            self.line.told(),
            unit.text(lo),
            unit.text(hi),
            when(self.departure.first),
            unit.text(effect.value),
            unit.text(effect.lo),
            unit.text(effect.hi),
            when(self.departure.farthest),
            self.backtest.sentence(self.setup.level),
        )
    }

    fn supports(&self) -> Vec<String> {
        vec![
            format!("Method: {}.", self.forecast.model),
            format!(
                "Tried from {} earlier rows, {} rows ahead.",
                self.backtest.origins, self.backtest.horizon
            ),
        ]
    }

    fn against(&self) -> Vec<String> {
        let mut against = Vec::new();
        let rows = self.forecast.mean.len();
        if self.backtest.horizon < rows {
            against.push(format!(
                "The past is too short to try all {rows} rows ahead: beyond {} the band is extrapolated.",
                self.backtest.horizon
            ));
        }
        let values = self.line.values.iter().rev();
        let missing = values.take_while(|it| !it.is_finite()).count();
        if missing > 0 {
            against.push(format!("The last {missing} rows have no value."));
        }
        if self.backtest.coverage < self.setup.level {
            against.push(format!(
                "From earlier rows the band held {:.0} % of the values, less than it claims.",
                100.0 * self.backtest.coverage
            ));
        }
        against
    }
}

#[cfg(test)]
mod tests {
    use model::catalog::Kind;
    use model::series::{Series, SeriesKey};
    use model::time::SECOND_NS;

    use super::*;
    use crate::forecast::{Bounds, of_line};
    use crate::stats::random::Random;

    #[test]
    fn only_what_says_nothing_is_not_forecast() {
        let shapes: [fn(f64) -> f64; 6] = [
            |_| 0.0,
            |row| row / 20.0,
            |row| -row / 7.0,
            |row| 3.0 * (row / 60.0 * std::f64::consts::TAU).sin(),
            |row| {
                if row > 500.0 {
                    (row - 500.0) / 2.0
                } else {
                    0.0
                }
            },
            |row| if row > 570.0 { 40.0 } else { 0.0 },
        ];
        let at: Vec<i64> = (0..600).map(|it| it * SECOND_NS).collect();
        let columns = (0..24_u64).map(|seed| {
            let mut random = Random::new(seed);
            let shape = shapes[seed as usize % shapes.len()];
            let series = Series {
                key: SeriesKey::new("h", format!("m{seed}"), []),
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::Neutral,
            };
            let values = (0..600).map(|row| 50.0 + shape(f64::from(row)) + random.normal());
            (series, values.collect())
        });
        let frame = Frame::of_table(&at, columns.collect());
        let setup = Setup {
            horizon: 60,
            level: 0.95,
            period: None,
            step_seconds: 1.0,
            bounds: Bounds::NONE,
        };
        let mut said = 0;
        for line in &frame.lines {
            let forecast = of_line(&frame, line, &setup);
            let told = told(("h", &frame, &setup), line, &forecast);
            assert_eq!(of_series("h", &frame, line, &setup), told, "{}", line.name);
            said += usize::from(told.is_some());
        }
        assert!((4..20).contains(&said), "{said} of 24");
    }
}
