//! Alerts as notifications of the desktop.
//!
//! Where desktops follow freedesktop.org (Linux and the BSDs) they are asked over D-Bus;
//! elsewhere nothing is told, and [`AVAILABLE`] says so.
//!
//! Start at [`Desktop`].

use workflow::problem::Problem;
use workflow::standards::sink::{AlertNews, AlertSink};

/// Why desktop notifications cannot be had here; `None` where they can be tried.
#[cfg(all(unix, not(target_os = "macos")))]
pub const AVAILABLE: Result<(), &str> = Ok(());
/// Why desktop notifications cannot be had here.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub const AVAILABLE: Result<(), &str> =
    Err("this build tells desktops only where they speak D-Bus: Linux and the BSDs");

/// Tells the desktop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Desktop;

impl AlertSink for Desktop {
    fn name(&self) -> &str {
        "desktop"
    }

    fn tell(&self, news: &AlertNews) -> Result<(), Problem> {
        told(news)
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn told(_: &AlertNews) -> Result<(), Problem> {
    Err(unavailable(AVAILABLE.err().unwrap_or_default()))
}

#[cfg(all(unix, not(target_os = "macos")))]
fn told(news: &AlertNews) -> Result<(), Problem> {
    async_io::block_on(notify(news)).map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(why: &str) -> Problem {
    Problem {
        what: "could not tell the desktop of an alert".to_owned(),
        why: why.to_owned(),
        what_to_do: "View › Desktop notifications of alerts switches them off; the list in the window has them all".to_owned(),
        sort: workflow::problem::Sort::NotReadable,
    }
}

/// Asks the desktop to show an alert.
///
/// # Source
///
/// Desktop Notifications Specification 1.2, freedesktop.org: `Notify`.
#[cfg(all(unix, not(target_os = "macos")))]
async fn notify(news: &AlertNews) -> zbus::Result<()> {
    use std::collections::HashMap;
    use std::time::Duration;

    use model::finding::Severity;
    use zbus::zvariant::Value;

    /// A desktop that does not answer must not hold up the next alert.
    const ANSWER_WITHIN: Duration = Duration::from_secs(3);
    const PLACE: &str = "org.freedesktop.Notifications";
    let connection = zbus::connection::Builder::session()?
        .method_timeout(ANSWER_WITHIN)
        .build()
        .await?;
    let urgency: u8 = match news.severity {
        Severity::Note => 0,
        Severity::Warning => 1,
        Severity::Severe => 2,
    };
    let hints = HashMap::from([("urgency", Value::from(urgency))]);
    let title = format!("{} {}: {}", news.standard, news.rule, news.became.name());
    let nothing: [&str; 0] = [];
    // The body may hold markup on some desktops; names come from machines.
    let body = news
        .statement
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let shown = (
        "Kymo",
        0_u32,
        "",
        title.as_str(),
        body.as_str(),
        nothing.as_slice(),
        hints,
        -1_i32,
    );
    connection
        .call_method(
            Some(PLACE),
            "/org/freedesktop/Notifications",
            Some(PLACE),
            "Notify",
            &shown,
        )
        .await?;
    Ok(())
}
