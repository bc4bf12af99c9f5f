//! Alerts to a webhook: each is posted as JSON, signed, once.
//!
//! Which one is said where reports are delivered to: the target named `alerts`.
//!
//! Start at [`Hook`] and [`Named`].

use model::recipe::Deliver;

use crate::deliver::webhook::{Post, Webhook};
use crate::deliver::{Target, Trouble, places};
use crate::problem::{Problem, Sort};
use crate::standards::sink::{AlertNews, AlertSink};

/// An address that is told of alerts.
#[derive(Clone, Debug)]
pub struct Hook(pub Webhook);

/// The webhook that is named `alerts` among the targets of deliveries, where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Named;

/// What the target of alerts is called.
const NAME: &str = "alerts";

impl AlertSink for Named {
    fn name(&self) -> &str {
        "webhook"
    }

    fn tell(&self, news: &AlertNews) -> Result<(), Problem> {
        let Some(path) = places::usual() else {
            return Ok(());
        };
        let known = places::read(&path)?;
        let Some(deliver) = known.get(NAME) else {
            return Ok(());
        };
        let wrong = |why: String| Problem {
            what: "could not tell of an alert".to_owned(),
            why,
            what_to_do: format!("a webhook named {NAME:?} in {}", path.display()),
            sort: Sort::Usage,
        };
        match (deliver, Target::of(deliver, std::path::Path::new(""))) {
            (Deliver::Webhook { .. }, Target::Webhook(hook)) => Hook(hook).tell(news),
            (_, Target::Lacking { why, .. }) => Err(wrong(why)),
            _ => Err(wrong("alerts go to webhooks only".to_owned())),
        }
    }
}

impl AlertSink for Hook {
    fn name(&self) -> &str {
        "webhook"
    }

    fn tell(&self, news: &AlertNews) -> Result<(), Problem> {
        let what = || format!("could not tell {} of an alert", self.0.url);
        let body = serde_json::to_vec(news)
            .map_err(|error| Problem::from_error(what(), &error, Sort::Bug))?;
        let sent = self.0.post(&Post {
            event: "alert",
            name: &news.rule,
            media: "application/json",
            body: &body,
            at: news.at,
        });
        match sent {
            Ok(_) => Ok(()),
            Err(Trouble::Again(error) | Trouble::Never(error)) => {
                Err(Problem::from_error(what(), &error, Sort::NotReadable)
                    .advise("a receiver that answers, or another address in the settings"))
            }
        }
    }
}
