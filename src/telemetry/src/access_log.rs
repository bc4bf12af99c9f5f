//! Access logs: a line a request, as web servers write them.
//!
//! A [`Format`] says how a line is laid out. It is given by name, by the server's own
//! description of it, or found from sample lines; then each line is taken apart without
//! allocation.
//!
//! * In: a line, without its end.
//! * Out: an [`Access`], borrowed from the line.
//! * Never: opens a file, follows a log, or resolves escapes within a path.
//!
//! nginx writes the time at which a request ended, Apache that at which it began; what is
//! told here is always the end. Without a duration both are the same.
//!
//! Start at [`Format::sniff`] and [`Format::read`]; requests are counted under their
//! [`operation()`].
//!
//! # Source
//!
//! nginx, `ngx_http_log_module` and variables of the core and upstream modules; Apache
//! HTTP Server, `mod_log_config` and `mod_logio`.

use model::time::Moment;

use self::pattern::Pattern;

pub use self::operation::operation;

mod apache;
mod calendar;
mod clock;
mod json;
mod nginx;
mod number;
mod operation;
mod pattern;
mod sniff;
#[cfg(test)]
mod tests;

/// A request that a server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access<'a> {
    /// When the answer was sent.
    pub end: Moment,
    /// How long the request took; `None` where the log does not say.
    pub duration_ns: Option<i64>,
    /// How long other servers took that were asked for it, summed up.
    pub upstream_ns: Option<i64>,
    /// What was asked; empty where the request was damaged.
    pub method: &'a str,
    /// For what, with the query if it is logged; empty where the request was damaged.
    pub path: &'a str,
    /// Status code; 0 where the log does not say.
    pub status: u16,
    /// Bytes sent, with or without headers as the format has it.
    pub bytes: Option<u64>,
    /// The server that was asked for it, the last one where several were.
    pub upstream: &'a str,
    /// The host that was asked, as logged.
    pub host: &'a str,
}

/// How the lines of a log are laid out.
#[derive(Clone, Debug)]
pub struct Format {
    shape: Shape,
    text: String,
}

#[derive(Clone, Debug)]
enum Shape {
    Pattern(Pattern),
    Json,
}

/// Why a description is no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Lines without a time say nothing of when.
    #[error("could not use a log format that has no time")]
    NoTime,

    /// Where the first ends cannot be told.
    #[error("could not use a log format in which {first} and {second} stand side by side")]
    Touching {
        /// What comes first.
        first: String,
        /// What follows it at once.
        second: String,
    },

    /// The description breaks off, or names what does not exist.
    #[error("could not understand the log format at {0}")]
    Syntax(String),
}

/// Why a line is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The line is laid out otherwise.
    #[error("the line does not have the format of the log")]
    Shape,

    /// Its time is damaged, or out of range.
    #[error("the line has no time")]
    Time,

    /// A status, size or duration is damaged.
    #[error("a number of the line is damaged")]
    Number,
}

/// Who describes a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Nginx,
    Apache,
}

/// Formats by name.
const NAMED: &[(&str, Server, &str)] = &[
    (
        "combined",
        Server::Nginx,
        r#"$remote_addr $ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
    ),
    ("common", Server::Apache, r#"%h %l %u %t "%r" %>s %b"#),
    (
        "vhost_combined",
        Server::Apache,
        r#"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#,
    ),
    (
        "combined_seconds",
        Server::Nginx,
        r#"$remote_addr $ident $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time"#,
    ),
    (
        "combined_microseconds",
        Server::Apache,
        r#"%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" %D"#,
    ),
];

/// The name of logs with a JSON object a line.
const JSON: &str = "json";

impl Format {
    /// The format of this name: `combined`, `common`, `vhost_combined`,
    /// `combined_seconds` (nginx' `$request_time` at the end), `combined_microseconds`
    /// (Apache's `%D` at the end) or `json`.
    pub fn named(name: &str) -> Option<Self> {
        if name == JSON {
            return Some(Self::json());
        }
        let (_, server, text) = NAMED.iter().find(|(known, ..)| *known == name)?;
        match server {
            Server::Nginx => Self::nginx(text).ok(),
            Server::Apache => Self::apache(text).ok(),
        }
    }

    /// The format that a `log_format` of nginx describes: the whole directive, or its
    /// text with `$variables`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] when lines could not be taken apart by it.
    pub fn nginx(text: &str) -> Result<Self, FormatError> {
        Ok(Self {
            shape: Shape::Pattern(nginx::compile(text)?),
            text: text.to_owned(),
        })
    }

    /// The format that a `LogFormat` of Apache describes: the whole directive, or its
    /// text with `%directives`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] when lines could not be taken apart by it.
    pub fn apache(text: &str) -> Result<Self, FormatError> {
        Ok(Self {
            shape: Shape::Pattern(apache::compile(text)?),
            text: text.to_owned(),
        })
    }

    /// The format that lines from one log share, if it is a usual one: common and
    /// combined, with or without virtual host, followed by durations with or without
    /// labels; or JSON.
    ///
    /// A decimal at the end is nginx' `$request_time` in seconds. A whole number is
    /// Apache's `%D` in microseconds, or `%T` in seconds if all are small.
    pub fn sniff(lines: &[&str]) -> Option<Self> {
        sniff::format(lines)
    }

    fn json() -> Self {
        Self {
            shape: Shape::Json,
            text: JSON.to_owned(),
        }
    }

    /// The description it was made of, or `json`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes a line apart.
    ///
    /// # Errors
    ///
    /// [`Unread`] when the line is of another format, cut or damaged.
    pub fn read<'a>(&self, line: &'a str) -> Result<Access<'a>, Unread> {
        let line = line.trim_ascii_end();
        match &self.shape {
            Shape::Pattern(pattern) => pattern.read(line),
            Shape::Json => json::read(line),
        }
    }
}
