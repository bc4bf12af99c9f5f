//! Alerts to a webhook: each is posted as JSON, signed.
//!
//! Which one is said where reports are delivered to: the target named `alerts`. What nobody
//! answers to is kept and told with the next alert ([`untold`]).
//!
//! Start at [`Hook`] and [`Named`].

mod untold;

use std::io;
use std::path::PathBuf;

use model::recipe::Deliver;
use model::time::Moment;

use self::untold::Letter;
use crate::deliver::webhook::{Post, Webhook};
use crate::deliver::{Target, Trouble, places};
use crate::problem::{Problem, Sort};
use crate::standards::sink::{AlertNews, AlertSink};

/// An address that is told of alerts.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The address.
    pub webhook: Webhook,
    /// File of the alerts that nobody answered to.
    pub untold: PathBuf,
}

/// The webhook that is named `alerts` among the targets of deliveries, where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Named;

/// What the target of alerts is called.
const NAME: &str = "alerts";

/// File of the alerts that nobody answered to, beside the record of deliveries.
const UNTOLD: &str = "alerts-untold.jsonl";

impl Named {
    fn hook() -> Result<Option<Hook>, Problem> {
        let Some(path) = places::usual() else {
            return Ok(None);
        };
        let known = places::read(&path)?;
        let Some(deliver) = known.get(NAME) else {
            return Ok(None);
        };
        let wrong = |why: String| Problem {
            what: "could not tell of an alert".to_owned(),
            why,
            what_to_do: format!("a webhook named {NAME:?} in {}", path.display()),
            sort: Sort::Usage,
        };
        match (deliver, Target::of(deliver, std::path::Path::new(""))) {
            (Deliver::Webhook { .. }, Target::Webhook(webhook)) => Ok(Some(Hook {
                webhook,
                untold: places::usual_record().with_file_name(UNTOLD),
            })),
            (_, Target::Lacking { why, .. }) => Err(wrong(why)),
            _ => Err(wrong("alerts go to webhooks only".to_owned())),
        }
    }
}

impl AlertSink for Named {
    fn name(&self) -> &str {
        "webhook"
    }

    fn tell(&self, news: &AlertNews) -> Result<(), Problem> {
        Self::hook()?.map_or(Ok(()), |it| it.tell(news))
    }

    fn keep(&self, untold: &[AlertNews]) -> Result<(), Problem> {
        Self::hook()?.map_or(Ok(()), |it| it.keep(untold))
    }
}

impl AlertSink for Hook {
    fn name(&self) -> &str {
        "webhook"
    }

    fn tell(&self, news: &AlertNews) -> Result<(), Problem> {
        let letter = self.letter(news)?;
        self.catch_up()?;
        let sent = self.post(&letter);
        if matches!(sent, Err(Trouble::Again(_))) {
            self.put(&[letter])?;
        }
        sent.map_err(|trouble| self.trouble(&trouble))
    }

    fn keep(&self, untold: &[AlertNews]) -> Result<(), Problem> {
        let letters = untold.iter().map(|it| self.letter(it));
        self.put(&letters.collect::<Result<Vec<_>, _>>()?)
    }
}

impl Hook {
    /// Tells what was kept, the oldest first, as far as somebody answers.
    fn catch_up(&self) -> Result<(), Problem> {
        let taken = untold::take(&self.untold).map_err(|error| self.keeping(&error))?;
        let mut letters = taken.into_iter();
        let mut back = Vec::new();
        let mut away = Ok(());
        while let Some(letter) = letters.next() {
            match self.post(&letter) {
                // Another try of what is refused would be refused too.
                Ok(()) | Err(Trouble::Never(_)) => {}
                Err(Trouble::Again(_)) => back.push(letter),
                Err(trouble @ Trouble::Unreachable(_)) => {
                    away = Err(self.trouble(&trouble));
                    back.push(letter);
                    back.extend(letters.by_ref());
                }
            }
        }
        self.put(&back)?;
        away
    }

    fn post(&self, letter: &Letter) -> Result<(), Trouble> {
        let sent = self.webhook.post(&Post {
            event: "alert",
            name: &letter.rule,
            media: "application/json",
            body: letter.body.as_bytes(),
            at: Moment(crate::link::unix_ns()),
        });
        sent.map(drop)
    }

    fn letter(&self, news: &AlertNews) -> Result<Letter, Problem> {
        let body = serde_json::to_string(news);
        Ok(Letter {
            rule: news.rule.clone(),
            body: body.map_err(|error| Problem::from_error(self.what(), &error, Sort::Bug))?,
        })
    }

    fn put(&self, letters: &[Letter]) -> Result<(), Problem> {
        untold::put(&self.untold, letters).map_err(|error| self.keeping(&error))
    }

    fn what(&self) -> String {
        format!("could not tell {} of an alert", self.webhook.name())
    }

    fn keeping(&self, error: &io::Error) -> Problem {
        let what = format!("could not keep alerts in {}", self.untold.display());
        Problem::from_error(what, error, Sort::of_io(error))
    }

    fn trouble(&self, trouble: &Trouble) -> Problem {
        let (Trouble::Unreachable(error) | Trouble::Again(error) | Trouble::Never(error)) = trouble;
        let sort = match trouble {
            Trouble::Unreachable(_) => Sort::Agent,
            Trouble::Again(_) | Trouble::Never(_) => Sort::NotReadable,
        };
        Problem::from_error(self.what(), error, sort)
            .advise("a receiver that answers, or another address in the settings")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use super::*;
    use crate::standards::sink::tell_all;
    use crate::standards::sink::tests::news;

    /// A receiver of so many alerts: what each said, headers in lower case.
    fn receiver(place: SocketAddr, count: usize) -> std::thread::JoinHandle<Vec<String>> {
        let listener = TcpListener::bind(place).unwrap();
        std::thread::spawn(move || {
            let heard = (0..count).map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut heard, mut room) = (String::new(), [0; 4096]);
                while !heard.ends_with('}') {
                    let read = stream.read(&mut room).unwrap();
                    heard.push_str(&String::from_utf8_lossy(&room[..read]).to_lowercase());
                }
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).unwrap();
                heard
            });
            heard.collect()
        })
    }

    #[test]
    fn what_nobody_answered_to_is_told_later_with_the_time_of_sending() {
        let home = tempfile::tempdir().unwrap();
        // A port that is ours, and that nobody listens on for now.
        let place = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let hook = Hook {
            webhook: Webhook {
                url: format!("http://{place}/SECRET"),
                secret: None,
            },
            untold: home.path().join("untold.jsonl"),
        };
        let sinks: [Arc<dyn AlertSink>; 1] = [Arc::new(hook)];
        let problems = tell_all(&sinks, &["one", "two"].map(news));
        assert_eq!(problems.len(), 1);
        assert!(
            !problems[0].to_string().contains("SECRET"),
            "{}",
            problems[0]
        );
        let heard = receiver(place, 3);
        assert!(tell_all(&sinks, &[news("three")]).is_empty());
        let heard = heard.join().unwrap();
        for (said, rule) in heard.iter().zip(["one", "two", "three"]) {
            assert!(said.contains(&format!("x-kymo-name: {rule}\r\n")), "{said}");
            let sent = said
                .lines()
                .find_map(|it| it.strip_prefix("x-kymo-timestamp: "));
            let sent: i64 = sent.unwrap().parse().unwrap();
            // The sample is of 1970.
            let now = crate::link::unix_ns() / 1_000_000_000;
            assert!((now - 60..=now + 1).contains(&sent), "{sent}");
        }
    }
}
