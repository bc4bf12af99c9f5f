//! Webhooks: a file or an alert is posted to an address, signed so that the receiver can
//! tell who sent it and that nothing was changed on the way.
//!
//! | header | holds |
//! |---|---|
//! | `X-Kymo-Event` | `report` or `alert` |
//! | `X-Kymo-Timestamp` | seconds since the epoch, when it was sent |
//! | `X-Kymo-Sha256` | SHA-256 of the body |
//! | `X-Kymo-Signature` | `sha256=` and the HMAC of the timestamp, a dot, and the body |
//!
//! A receiver computes the same HMAC with the shared secret, compares it, and refuses what
//! is older than it likes. Nothing is sent in the clear except to this machine, which no
//! proxy is asked for; no redirect is followed.
//!
//! # Source
//!
//! H. Krawczyk, M. Bellare, R. Canetti, "HMAC: Keyed-Hashing for Message Authentication",
//! RFC 2104, 1997.
//!
//! Start at [`Webhook::post`].

use std::io;
use std::time::Duration;

use model::time::{Moment, SECOND_NS};
use ring::hmac;
use sha2::{Digest, Sha256};

use super::{Trouble, address};

/// A server that does not answer within this is tried again later.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);

/// Bytes of an answer that are told where it is a refusal.
const ANSWER_MAX_BYTES: u64 = 2_000;

/// An address that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// `https://…`, or `http://` to this machine.
    pub url: String,
    /// Shared with the receiver; `None`: not signed.
    pub secret: Option<String>,
}

/// What is posted.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// What it is: `report` or `alert`.
    pub event: &'a str,
    /// Its name; a file's name.
    pub name: &'a str,
    /// Its media type.
    pub media: &'a str,
    /// The bytes.
    pub body: &'a [u8],
    /// When it is sent.
    pub at: Moment,
}

impl Webhook {
    /// What it is called in records and messages; nothing of it is secret.
    pub fn name(&self) -> String {
        address::name(&self.url)
    }

    /// Posts something once.
    ///
    /// # Errors
    ///
    /// [`Trouble::Never`] for an address that is wrong or a receiver that refuses it,
    /// [`Trouble::Unreachable`] where nobody answers, [`Trouble::Again`] where another try
    /// may help.
    pub fn post(&self, post: &Post<'_>) -> Result<String, Trouble> {
        check(&self.url)?;
        let seconds = post.at.0.div_euclid(SECOND_NS).to_string();
        let mut request = agent(&self.url)
            .post(&self.url)
            .header("User-Agent", concat!("kymo/", env!("CARGO_PKG_VERSION")))
            .header("Content-Type", post.media)
            .header("X-Kymo-Event", post.event)
            .header("X-Kymo-Name", plain(post.name))
            .header("X-Kymo-Timestamp", &seconds)
            .header("X-Kymo-Sha256", hex(&Sha256::digest(post.body)));
        if let Some(secret) = &self.secret {
            let signature = signature(secret, &seconds, post.body);
            request = request.header("X-Kymo-Signature", signature);
        }
        let sent = request.send(post.body);
        let mut answer = sent.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(format!("{status}"));
        }
        let body = answer.body_mut().with_config().limit(ANSWER_MAX_BYTES);
        let said = body.read_to_string().unwrap_or_default();
        let said = address::without(&self.url, &wire::decode::clean(said.trim()));
        let why = io::Error::other(format!("{} answered {status} {said}", self.name()));
        // Too busy, too slow and broken pass; everything else is an answer.
        let passes = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
        Err(match passes {
            true => Trouble::Again(why),
            false => Trouble::Never(why),
        })
    }

    fn failed(&self, error: &ureq::Error) -> Trouble {
        let said = address::without(&self.url, &crate::link::chain(error));
        let why = io::Error::other(said);
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Trouble::Never(why),
            _ => Trouble::Unreachable(why),
        }
    }
}

/// What a receiver compares with `X-Kymo-Signature`.
pub fn signature(secret: &str, seconds: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(seconds.as_bytes());
    context.update(b".");
    context.update(body);
    format!("sha256={}", hex(context.sign().as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

/// A name as a header can hold it.
fn plain(name: &str) -> String {
    let kept = name.chars().map(|it| match it {
        ' '..='~' => it,
        _ => '_',
    });
    kept.take(200).collect()
}

/// Whether an address may be told at all.
///
/// # Errors
///
/// [`Trouble::Never`] for what is no web address, or would go in the clear over a network.
pub fn check(url: &str) -> Result<(), Trouble> {
    let name = address::name(url);
    let wrong = |why: String| {
        Err(Trouble::Never(io::Error::new(
            io::ErrorKind::InvalidInput,
            why,
        )))
    };
    if let Some(rest) = url.strip_prefix("https://") {
        return match rest.is_empty() || rest.starts_with('/') {
            true => wrong(format!("{name} names no host")),
            false => Ok(()),
        };
    }
    match (url.starts_with("http://"), address::is_local(url)) {
        (true, true) => Ok(()),
        (true, false) => wrong(format!("{name} would send it in the clear: use https")),
        (false, _) => wrong(format!("{name} is no https address")),
    }
}

fn agent(url: &str) -> ureq::Agent {
    // Only the first may be there already: another part of the program asked before.
    let ring = rustls::crypto::ring::default_provider();
    ring.install_default().unwrap_or_default();
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build();
    let mut config = ureq::Agent::config_builder();
    if address::is_local(url) {
        // What stays on this machine is no business of a proxy, whatever the environment says.
        config = config.proxy(None);
    }
    config
        .timeout_connect(Some(CONNECT))
        .timeout_per_call(Some(ANSWER))
        .http_status_as_error(false)
        // Where something confidential goes is not for the receiver to choose.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(tls)
        .build()
        .new_agent()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_published_one() {
        // RFC 4231, test case 2, with the message cut at our dot.
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        let tag = hmac::sign(&key, b"what do ya want for nothing?");
        assert_eq!(
            hex(tag.as_ref()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let one = signature("secret", "1767000000", b"body");
        assert!(one.starts_with("sha256=") && one.len() == 71);
        for other in [
            signature("secreT", "1767000000", b"body"),
            signature("secret", "1767000001", b"body"),
            signature("secret", "1767000000", b"Body"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn nothing_goes_in_the_clear_over_a_network() {
        for good in [
            "https://a.example/x",
            "http://127.0.0.1:8080/x",
            "http://localhost",
            "http://[::1]:1/",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example/x",
            "http://127.0.0.1.a.example/",
            "http://127.0.0.1@a.example/",
            "ftp://a.example",
            "https://",
            "",
            "file:///etc/passwd",
        ] {
            assert!(matches!(check(bad), Err(Trouble::Never(_))), "{bad}");
        }
    }

    #[test]
    fn what_goes_wrong_tells_no_secret_of_the_address() {
        // Nobody listens on this port, which was ours until now.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        drop(listener);
        for url in [
            format!("http://me:SECRET@{place}/SECRET"),
            "ftp://a.example/SECRET".to_owned(),
            "http://a.example/SECRET".to_owned(),
            "https://a.example:port/SECRET".to_owned(),
        ] {
            let hook = Webhook { url, secret: None };
            let Err(Trouble::Unreachable(why) | Trouble::Again(why) | Trouble::Never(why)) = hook
                .post(&Post {
                    event: "report",
                    name: "x",
                    media: "text/plain",
                    body: b"x",
                    at: Moment(0),
                })
            else {
                panic!("it was posted");
            };
            assert!(!why.to_string().contains("SECRET"), "{why}");
        }
    }
}
