//! What to take in, as text: the same on the command line, in a file and in the window.
//!
//! ```text
//! otlp-http[:PORT]            OTLP over HTTP, on 4318
//! otlp-grpc[:PORT]            OTLP over gRPC, on 4317
//! statsd[:PORT]               StatsD over UDP, on 8125
//! scrape:URL[,every=5s][,job=NAME]
//! log:PATH[,service=NAME][,format=NAME | ,nginx=LOG_FORMAT | ,apache=LogFormat]
//! ```
//!
//! A written-out format comes last, since it may hold commas. Ports are those of the
//! loopback interface: what listens hears this machine only.
//!
//! Start at [`Spec`]'s `FromStr`; [`lines`] for a file of them.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use model::time::{SECOND_NS, parse_duration_ns};

/// One thing to take in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// Listen for OTLP over HTTP.
    OtlpHttp(SocketAddr),
    /// Listen for OTLP over gRPC.
    OtlpGrpc(SocketAddr),
    /// Listen for StatsD datagrams.
    Statsd(SocketAddr),
    /// Ask a Prometheus endpoint.
    Scrape(Scrape),
    /// Follow an access log.
    Log(Log),
}

/// A Prometheus endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// Host and port, as the URL writes them.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// Time between two scrapes, a second or more.
    pub every_ns: i64,
    /// Value of the attribute `job`; the authority without one.
    pub job: String,
}

/// An access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The file.
    pub path: PathBuf,
    /// Name of the service whose requests it holds.
    pub service: String,
    /// How its lines are written.
    pub format: Format,
}

/// How lines of an access log are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Told from the lines.
    Told,
    /// One of the usual ones.
    Named(String),
    /// A `log_format` of nginx.
    Nginx(String),
    /// A `LogFormat` of Apache.
    Apache(String),
}

/// A text that switches nothing on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} {why}")]
pub struct SpecError {
    /// What was given.
    pub text: String,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

/// Time between two scrapes without another word.
const SCRAPE_EVERY_NS: i64 = 5 * SECOND_NS;

/// Least and most time between two scrapes.
const SCRAPE_RANGE_NS: (i64, i64) = (SECOND_NS, 600 * SECOND_NS);

/// Specs in a file, at most.
const LINES_MAX: usize = 1_000;

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let wrong = |why: &str| SpecError {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let address = |port: u16| loopback(rest, port).map_err(|why| wrong(&why));
        match kind {
            "otlp-http" => Ok(Self::OtlpHttp(address(4318)?)),
            "otlp-grpc" if cfg!(feature = "grpc") => Ok(Self::OtlpGrpc(address(4317)?)),
            "otlp-grpc" => Err(wrong("needs a build with the feature grpc; use otlp-http")),
            "statsd" => Ok(Self::Statsd(address(8125)?)),
            "scrape" => scrape(rest).map(Self::Scrape).map_err(|why| wrong(&why)),
            "log" => log(rest).map(Self::Log).map_err(|why| wrong(&why)),
            _ => Err(wrong(
                "switches nothing on; want otlp-http, otlp-grpc, statsd, scrape:URL or log:PATH",
            )),
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtlpHttp(address) => write!(f, "otlp-http:{address}"),
            Self::OtlpGrpc(address) => write!(f, "otlp-grpc:{address}"),
            Self::Statsd(address) => write!(f, "statsd:{address}"),
            Self::Scrape(it) => {
                let every = it.every_ns / 1_000_000;
                let (at, path) = (&it.authority, &it.path);
                write!(f, "scrape:http://{at}{path},every={every}ms,job={}", it.job)
            }
            Self::Log(it) => {
                write!(f, "log:{},service={}", it.path.display(), it.service)?;
                match &it.format {
                    Format::Told => Ok(()),
                    Format::Named(name) => write!(f, ",format={name}"),
                    Format::Nginx(text) => write!(f, ",nginx={text}"),
                    Format::Apache(text) => write!(f, ",apache={text}"),
                }
            }
        }
    }
}

/// A spec as recordings tell it: without the query of a URL, which may hold a secret.
pub fn told(spec: &Spec) -> String {
    match spec {
        Spec::Scrape(it) => {
            let path = it.path.split('?').next().unwrap_or_default();
            let path = path.to_owned();
            Spec::Scrape(Scrape { path, ..it.clone() }).to_string()
        }
        other => other.to_string(),
    }
}

/// Reads a file of specs: one a line, `#` begins a comment.
///
/// # Errors
///
/// [`SpecError`] at the first line that switches nothing on.
pub fn lines(text: &str) -> Result<Vec<Spec>, SpecError> {
    let lines = text.lines().map(str::trim);
    let specs = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    specs.take(LINES_MAX).map(str::parse).collect()
}

/// A port of the loopback interface, or an address that is one.
fn loopback(text: &str, default: u16) -> Result<SocketAddr, String> {
    if text.is_empty() {
        return Ok((Ipv4Addr::LOCALHOST, default).into());
    }
    if let Ok(port) = text.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "wants a port, such as 4318".to_owned())?;
    if !address.ip().is_loopback() {
        return Err(
            "is no address of the loopback interface; applications on other machines \
             want an agent there"
                .to_owned(),
        );
    }
    Ok(address)
}

fn scrape(text: &str) -> Result<Scrape, String> {
    let mut parts = text.split(',');
    let url = parts.next().unwrap_or_default();
    let rest = url.strip_prefix("http://").ok_or_else(|| {
        match url.starts_with("https://") {
            true => {
                "needs TLS, which endpoints on this machine rarely have: give its http:// address"
            }
            false => "wants a URL, such as scrape:http://127.0.0.1:9100/metrics",
        }
        .to_owned()
    })?;
    let (authority, path) = match rest.find('/') {
        Some(place) => (&rest[..place], &rest[place..]),
        None => (rest, "/metrics"),
    };
    let sound = !authority.is_empty()
        && !authority.contains('@')
        && rest.bytes().all(|it| it.is_ascii_graphic());
    if !sound {
        return Err("wants a URL of host, port and path, without a user's name".to_owned());
    }
    let mut scrape = Scrape {
        authority: authority.to_owned(),
        path: path.to_owned(),
        every_ns: SCRAPE_EVERY_NS,
        job: String::new(),
    };
    for option in parts {
        match option.split_once('=') {
            Some(("every", every)) => {
                let (least, most) = SCRAPE_RANGE_NS;
                scrape.every_ns = parse_duration_ns(every)
                    .filter(|ns| (least..=most).contains(ns))
                    .ok_or("wants every=1s to every=10m")?;
            }
            Some(("job", job)) if !job.is_empty() => job.clone_into(&mut scrape.job),
            _ => return Err(format!("has an option that is not known: {option:?}")),
        }
    }
    if scrape.job.is_empty() {
        scrape.job.clone_from(&scrape.authority);
    }
    Ok(scrape)
}

fn log(text: &str) -> Result<Log, String> {
    /// How an option begins, and what it makes of the rest.
    type Written = (&'static str, fn(String) -> Format);
    const FORMATS: [Written; 3] = [
        (",format=", Format::Named),
        (",nginx=", Format::Nginx),
        (",apache=", Format::Apache),
    ];
    let written = FORMATS
        .iter()
        .filter_map(|(key, make)| Some((text.find(key)?, key.len(), make)))
        .min_by_key(|(place, _, _)| *place);
    let (text, format) = match written {
        Some((place, length, make)) => (&text[..place], make(text[place + length..].to_owned())),
        None => (text, Format::Told),
    };
    let (path, service) = match text.split_once(",service=") {
        Some((path, service)) => (path, service.to_owned()),
        None => (text, String::new()),
    };
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        return Err("wants a whole path, such as log:/var/log/nginx/access.log".to_owned());
    }
    let service = if service.is_empty() {
        named_by(&path)
    } else {
        service
    };
    Ok(Log {
        path,
        service,
        format,
    })
}

/// A service named by where its log lies: `/var/log/nginx/access.log` is of nginx.
fn named_by(path: &std::path::Path) -> String {
    let name = |it: &std::ffi::OsStr| it.to_string_lossy().into_owned();
    let stem = path.file_stem().map(name).unwrap_or_default();
    let folder = path.parent().and_then(|it| it.file_name()).map(name);
    match folder.filter(|it| it != "log") {
        Some(folder) if stem == "access" || stem == "access_log" => folder,
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_read_what_they_print() {
        for text in [
            "otlp-http",
            "otlp-http:4418",
            "otlp-http:[::1]:4318",
            "statsd",
            "scrape:http://127.0.0.1:9100/metrics",
            "scrape:http://localhost:9187/m?x=1,every=1s,job=pg",
            "log:/var/log/nginx/access.log",
            "log:/srv/a.log,service=shop,nginx=$remote_addr, [$time_local] \"$request\"",
            "log:/srv/a.log,format=combined",
        ] {
            let spec: Result<Spec, _> = text.parse();
            let again = spec.clone().and_then(|it| it.to_string().parse());
            assert!(spec.is_ok() && spec == again, "{text}: {spec:?} {again:?}");
            assert!(spec.is_ok_and(|it| !told(&it).contains("x=1")), "{text}");
        }
        let named = "log:/var/log/nginx/access.log".parse();
        assert!(matches!(named, Ok(Spec::Log(log)) if log.service == "nginx"));
    }

    #[test]
    fn what_would_hear_strangers_or_nothing_is_refused() {
        for text in [
            "",
            "otlp",
            "otlp-http:0.0.0.0:4318",
            "otlp-http:x",
            "statsd:70000",
            "scrape:https://a/",
            "scrape:http://user@a/",
            "scrape:http://a/,every=1ms",
            "scrape:http://a/,color=red",
            "scrape:a:9100",
            "log:access.log",
        ] {
            assert!(text.parse::<Spec>().is_err(), "{text}");
        }
        assert_eq!(
            lines("# two\notlp-http\n\n statsd:9\n").map(|it| it.len()),
            Ok(2)
        );
        assert!(lines("nonsense").is_err());
    }
}
