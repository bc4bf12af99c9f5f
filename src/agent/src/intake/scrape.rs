//! Asks Prometheus endpoints what they know.
//!
//! A target is asked on a connection that stays open, each time it is due; what it says
//! waits for the next sample. Counters and classic or native histograms stay running
//! totals until then. A series that a target does not tell any more has ended, and so
//! have all of a target that does not answer; `up` tells which it is.
//!
//! # Source
//!
//! Prometheus documentation, "Exposition formats", "Jobs and instances" (`up`,
//! `scrape_duration_seconds`, labels `job` and `instance`), "Staleness".

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use model::catalog::{Kind, Polarity};
use model::event::EventKind;
use model::time::Moment;
use telemetry::prometheus::{ACCEPT_WITH_NATIVE, Form, Known, Reader, Scrape as Scraped};
use telemetry::totals::Counted;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::inbox::{Inbox, Shared};
use super::numbers::{NOWHERE, Place, kept};
use super::spec::Scrape;
use crate::redact;
use crate::sink::{About, Noticed};

/// Longest that a target may take, if it is asked less often than that.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer: tens of thousands of series.
const BODY_MAX_BYTES: usize = 32 << 20;

/// New examples that are told of one scrape.
const EXEMPLARS_MAX: usize = 10;

/// A target and what it said before.
struct Target {
    spec: Scrape,
    connection: Option<SendRequest<Empty<Bytes>>>,
    reader: Reader,
    scraped: Scraped,
    /// By place in the reader: place among the numbers.
    places: Vec<Place>,
    /// Scrape in which each place was told last.
    told: Vec<u64>,
    scrape: u64,
    own: Option<Own>,
    /// Examples told last, by series.
    examples: HashMap<usize, Vec<(String, String)>>,
    failing: bool,
    skipped: bool,
}

/// Places of what is known of the target itself.
#[derive(Clone, Copy)]
struct Own {
    up: Place,
    duration: Place,
    samples: Place,
}

/// Asks a target for as long as the process lives.
pub(super) async fn run(spec: Scrape, shared: Arc<Shared>) {
    let every = Duration::from_nanos(spec.every_ns.unsigned_abs());
    let mut target = Target {
        spec,
        connection: None,
        reader: Reader::new(),
        scraped: Scraped::default(),
        places: Vec::new(),
        told: Vec::new(),
        scrape: 0,
        own: None,
        examples: HashMap::new(),
        failing: false,
        skipped: false,
    };
    let mut due = interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        due.tick().await;
        let began = Instant::now();
        let answer = timeout(every.min(PATIENCE), target.ask()).await;
        let answer = answer.unwrap_or_else(|_| {
            target.connection = None;
            Err("it did not answer in time".to_owned())
        });
        target.take(answer, began.elapsed(), &shared);
    }
}

impl Target {
    async fn ask(&mut self) -> Result<(Form, Bytes), String> {
        // A connection that was kept may have been closed meanwhile; a new one is tried
        // once.
        if self.connection.as_ref().is_some_and(|it| !it.is_closed())
            && let Ok(answer) = self.ask_once().await
        {
            return Ok(answer);
        }
        self.connection = Some(self.connect().await?);
        let answer = self.ask_once().await;
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>, String> {
        let authority = &self.spec.authority;
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = match has_port {
            true => authority.clone(),
            false => format!("{authority}:80"),
        };
        let stream = TcpStream::connect(&address).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        // It ends with the sender, or by the other side; then asking again tells why.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    async fn ask_once(&mut self) -> Result<(Form, Bytes), String> {
        let Some(connection) = &mut self.connection else {
            return Err("there is no connection".to_owned());
        };
        let request = Request::get(&self.spec.path)
            .header(HOST, &self.spec.authority)
            .header(ACCEPT, ACCEPT_WITH_NATIVE)
            .header(
                USER_AGENT,
                concat!("kymo-agent/", env!("CARGO_PKG_VERSION")),
            )
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        connection
            .ready()
            .await
            .map_err(|error| error.to_string())?;
        let answer = connection.send_request(request).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answered {}", answer.status()));
        }
        let kind = answer.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let form = Form::of_content_type(kind);
        let body = Limited::new(answer.into_body(), BODY_MAX_BYTES)
            .collect()
            .await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok((form.unwrap_or_else(|| Form::of_text(&body)), body))
    }

    /// Hands an answer to the inbox, or that there is none.
    fn take(&mut self, answer: Result<(Form, Bytes), String>, took: Duration, shared: &Shared) {
        self.scrape += 1;
        let read = answer.and_then(|(form, body)| {
            let read = self.reader.read_into(&body, form, &mut self.scraped);
            read.map(|()| body.len()).map_err(|error| error.to_string())
        });
        let mut inbox = shared.lock();
        let own = self.own(&mut inbox);
        inbox.numbers.set(own.duration, took.as_secs_f64());
        match read {
            Ok(bytes) => {
                inbox.counts().bytes += bytes as u64;
                inbox.numbers.set(own.up, 1.0);
                let samples = self.scraped.numbers.len() + self.scraped.histograms.len();
                inbox.numbers.set(own.samples, samples as f64);
                self.tell(&mut inbox);
                self.say(&mut inbox, None);
            }
            Err(why) => {
                inbox.numbers.set(own.up, 0.0);
                self.say(&mut inbox, Some(why));
            }
        }
        self.end_untold(&mut inbox);
    }

    fn tell(&mut self, inbox: &mut Inbox) {
        let known = self.reader.series();
        for series in &known[self.places.len().min(known.len())..] {
            self.places.push(place(series, &self.spec, inbox));
            self.told.push(0);
        }
        for series in 0..self.scraped.numbers.len() {
            let (series, value) = self.scraped.numbers[series];
            let place = self.living(series, inbox);
            inbox.numbers.set(place, value);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ns = now.map_or(0, |it| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX));
        for (series, total) in std::mem::take(&mut self.scraped.histograms) {
            let place = self.living(series, inbox);
            // One target tells it alone, and an exposition seldom says since when.
            let counted = Counted {
                start_ns: 0,
                at_ns: now_ns,
            };
            inbox.numbers.total(place, total, counted, i64::MAX);
        }
        self.examples(inbox);
    }

    /// The place of a series that is told now; a new one where it had ended.
    fn living(&mut self, series: usize, inbox: &mut Inbox) -> Place {
        self.told[series] = self.scrape;
        if !inbox.numbers.holds(self.places[series]) {
            self.places[series] = place(&self.reader.series()[series], &self.spec, inbox);
        }
        self.places[series]
    }

    /// Tells examples that were not told before, as events.
    fn examples(&mut self, inbox: &mut Inbox) {
        let mut told = 0;
        for example in &self.scraped.exemplars {
            let known = self.examples.get(&example.series);
            if told >= EXEMPLARS_MAX || known == Some(&example.labels) {
                continue;
            }
            told += 1;
            self.examples.insert(example.series, example.labels.clone());
            let series = &self.reader.series()[example.series];
            let labels = example.labels.iter();
            let labels: Vec<String> = labels
                .map(|(key, value)| format!("{key}={}", redact::value(key, value)))
                .collect();
            inbox.happen(
                example.at,
                Noticed {
                    kind: EventKind::Exemplar,
                    subject: redact::clean(&series.metric, 255),
                    before: String::new(),
                    after: series.unit.text(example.value),
                    text: labels.join(" "),
                },
            );
        }
    }

    /// Ends the series that this scrape did not tell but the one before did.
    fn end_untold(&self, inbox: &mut Inbox) {
        let before = self.scrape.wrapping_sub(1);
        for (place, told) in self.places.iter().zip(&self.told) {
            if *told == before && before > 0 {
                inbox.numbers.end(*place);
            }
        }
    }

    /// Says once that a target fails, that it is back, and that part of it is not read.
    fn say(&mut self, inbox: &mut Inbox, failure: Option<String>) {
        let job = &self.spec.job;
        let (was, is) = (self.failing, failure.is_some());
        self.failing = is;
        if let Some(why) = failure.filter(|_| !was) {
            let text = format!("cannot scrape {} ({job}): {why}", self.spec.authority);
            inbox.notice(EventKind::Missing, job, redact::clean(&text, 500));
        } else if was && !is {
            let text = format!("{} ({job}) is scraped again", self.spec.authority);
            inbox.notice(EventKind::Link, job, text);
        }
        let skipped = &self.scraped.skipped;
        if let (false, false, Some((line, why))) = (is, self.skipped, &skipped.first) {
            self.skipped = true;
            let text = format!(
                "{} lines of {} ({job}) are not read; the first is line {line}: {why}",
                skipped.lines, self.spec.authority
            );
            inbox.notice(EventKind::Missing, job, redact::clean(&text, 500));
        }
    }

    fn own(&mut self, inbox: &mut Inbox) -> Own {
        if let Some(own) = self.own.filter(|own| inbox.numbers.holds(own.up)) {
            return own;
        }
        let mut place = |metric: &str, unit: &str, polarity: Polarity| {
            let attributes = labelled(Vec::new(), &self.spec);
            inbox.numbers.place(metric, &attributes, || About {
                unit: unit.to_owned(),
                kind: Kind::Gauge,
                polarity,
            })
        };
        let own = Own {
            up: place("up", "1", Polarity::HigherIsBetter),
            duration: place("scrape_duration_seconds", "s", Polarity::HigherIsWorse),
            samples: place("scrape_samples_scraped", "{sample}", Polarity::Neutral),
        };
        self.own = Some(own);
        own
    }
}

fn place(series: &Known, spec: &Scrape, inbox: &mut Inbox) -> Place {
    let attributes = kept(labelled(series.attributes.clone(), spec));
    let metric = redact::clean(&series.metric, 255);
    if metric.is_empty() {
        return NOWHERE;
    }
    inbox.numbers.place(&metric, &attributes, || About {
        unit: series.unit.code().to_owned(),
        kind: series.kind,
        polarity: series.polarity,
    })
}

/// Labels of a series with those of its target; a label of the same name is the
/// target's, and what the series called so is `exported_…`.
fn labelled(mut labels: Vec<(String, String)>, spec: &Scrape) -> Vec<(String, String)> {
    let own = [("job", &spec.job), ("instance", &spec.authority)];
    for (key, _) in &mut labels {
        if own.iter().any(|(own, _)| key == own) {
            *key = format!("exported_{key}");
        }
    }
    let own = own.map(|(key, value)| (key.to_owned(), value.clone()));
    labels.extend(own);
    labels.sort();
    labels
}

impl Inbox {
    /// Notes what happened at a moment of the wall clock, or now where that is far away.
    fn happen(&mut self, at: Option<Moment>, what: Noticed) {
        let boot_ns = at.map(|at| self.boot_ns(at.0));
        self.push_event(boot_ns.filter(|it| self.is_near(*it)), what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_target_win() -> Result<(), super::super::spec::SpecError> {
        let spec = "scrape:http://127.0.0.1:9/m,job=db".parse()?;
        let super::super::spec::Spec::Scrape(spec) = spec else {
            return Ok(());
        };
        let labels = vec![("job".to_owned(), "x".to_owned())];
        let labels = labelled(labels, &spec);
        let text: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(text.join(","), "exported_job=x,instance=127.0.0.1:9,job=db");
        Ok(())
    }
}
