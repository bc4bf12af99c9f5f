//! Mail: a file goes to people as an attachment, over SMTP.
//!
//! The connection is encrypted, from its start (`smtps://`) or before anything is said
//! (`smtp://`, STARTTLS, which is required); only a server on this machine may go without.
//!
//! # Source
//!
//! J. Klensin, "Simple Mail Transfer Protocol", RFC 5321, 2008; P. Hoffman, "SMTP Service
//! Extension for Secure SMTP over Transport Layer Security", RFC 3207, 2002.
//!
//! Start at [`Mail::send`].

use std::io;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};

use super::Trouble;

/// A server that says nothing for so long is tried again later.
const ANSWER: Duration = Duration::from_secs(60);

/// Where mail is handed in, and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// `smtp://host[:port]` or `smtps://host[:port]`.
    pub server: String,
    /// Name and password, where the server asks for them.
    pub login: Option<(String, String)>,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The subject.
    pub subject: &'a str,
    /// The text.
    pub text: &'a str,
    /// Name of the attachment.
    pub name: &'a str,
    /// Its media type.
    pub media: &'a str,
    /// Its bytes.
    pub body: &'a [u8],
}

impl Mail {
    /// Sends something once.
    ///
    /// # Errors
    ///
    /// [`Trouble::Never`] for an address that is wrong or a server that refuses for good,
    /// [`Trouble::Unreachable`] where nobody answers, [`Trouble::Again`] where another try
    /// may help.
    pub fn send(&self, letter: &Letter<'_>) -> Result<String, Trouble> {
        let message = self.message(letter)?;
        let transport = self.transport()?;
        match transport.send(&message) {
            Ok(answer) => {
                let said: Vec<&str> = answer.message().collect();
                Ok(wire::decode::clean(&said.join(" ")))
            }
            Err(error) => {
                let (never, answered) = (error.is_permanent(), error.is_transient());
                let why = io::Error::other(error);
                Err(match (never, answered) {
                    (true, _) => Trouble::Never(why),
                    (false, true) => Trouble::Again(why),
                    (false, false) => Trouble::Unreachable(why),
                })
            }
        }
    }

    fn message(&self, letter: &Letter<'_>) -> Result<Message, Trouble> {
        let mut message = Message::builder()
            .from(address(&self.from)?)
            .subject(letter.subject);
        if self.to.is_empty() {
            return Err(never("nobody is named to send it to"));
        }
        for to in &self.to {
            message = message.to(address(to)?);
        }
        let media = ContentType::parse(letter.media)
            .map_err(|error| Trouble::Never(io::Error::other(error)))?;
        let attachment = Attachment::new(letter.name.to_owned()).body(letter.body.to_vec(), media);
        let text = SinglePart::plain(letter.text.to_owned());
        let parts = MultiPart::mixed().singlepart(text).singlepart(attachment);
        message
            .multipart(parts)
            .map_err(|error| Trouble::Never(io::Error::other(error)))
    }

    fn transport(&self) -> Result<SmtpTransport, Trouble> {
        // Only the first may be there already: another part of the program asked before.
        let ring = rustls::crypto::ring::default_provider();
        ring.install_default().unwrap_or_default();
        let failed = |error| Trouble::Never(io::Error::other(error));
        let (encrypted, place) = match self.server.split_once("://") {
            Some(("smtp", place)) => (false, place),
            Some(("smtps", place)) => (true, place),
            _ => return Err(never("the server is no smtp:// or smtps:// address")),
        };
        let (host, port) = split(place)?;
        let own = matches!(host, "127.0.0.1" | "::1" | "localhost");
        let mut builder = match (encrypted, own) {
            (true, _) => SmtpTransport::relay(host).map_err(failed)?,
            (false, true) => SmtpTransport::builder_dangerous(host),
            (false, false) => SmtpTransport::starttls_relay(host).map_err(failed)?,
        };
        if let Some(port) = port {
            builder = builder.port(port);
        }
        if let Some((name, password)) = &self.login {
            builder = builder.credentials(Credentials::new(name.clone(), password.clone()));
        }
        Ok(builder.timeout(Some(ANSWER)).build())
    }
}

/// Host and port of a place; brackets of an address of version 6 are taken off.
fn split(place: &str) -> Result<(&str, Option<u16>), Trouble> {
    let place = place.trim_end_matches('/');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().map_err(|_| never("its port is no number"))?;
            (host, Some(port))
        }
        _ => (place, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.is_empty() {
        true => Err(never("the server has no name")),
        false => Ok((host, port)),
    }
}

fn address(text: &str) -> Result<lettre::message::Mailbox, Trouble> {
    text.parse()
        .map_err(|error| never(&format!("{text:?} is no mail address: {error}")))
}

fn never(why: &str) -> Trouble {
    Trouble::Never(io::Error::new(io::ErrorKind::InvalidInput, why))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    /// A server that takes one letter and answers `verdict` to it.
    fn server(verdict: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("smtp://{}", listener.local_addr().unwrap());
        let taken = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            talk(&stream, verdict)
        });
        (place, taken)
    }

    fn talk(mut stream: &TcpStream, verdict: &str) -> String {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
        say("220 test");
        let mut heard = String::new();
        let mut body = false;
        while let Some(Ok(line)) = lines.next() {
            heard.push_str(&line);
            heard.push('\n');
            match line.as_str() {
                "." if body => {
                    body = false;
                    say(verdict);
                }
                _ if body => {}
                "DATA" => {
                    body = true;
                    say("354 go on");
                }
                "QUIT" => {
                    say("221 bye");
                    break;
                }
                _ => say("250 fine"),
            }
        }
        heard
    }

    fn mail(server: String) -> Mail {
        Mail {
            server,
            login: None,
            from: "Kymo <kymo@example.org>".to_owned(),
            to: vec!["ops@example.org".to_owned()],
        }
    }

    fn letter<'a>() -> Letter<'a> {
        Letter {
            subject: "Report ünicode",
            text: "Here it is.",
            name: "report.html",
            media: "text/html",
            body: b"<p>the report</p>",
        }
    }

    #[test]
    fn a_report_arrives_as_an_attachment() {
        let (place, taken) = server("250 queued as 1");
        let said = mail(place).send(&letter()).unwrap();
        assert!(said.contains("queued"), "{said}");
        let heard = taken.join().unwrap();
        for wanted in [
            "MAIL FROM:<kymo@example.org>",
            "RCPT TO:<ops@example.org>",
            "Here it is.",
            "filename=\"report.html\"",
        ] {
            assert!(heard.contains(wanted), "{wanted}: {heard}");
        }
    }

    #[test]
    fn a_refusal_for_good_is_not_tried_again_and_one_for_now_is() {
        let (place, taken) = server("554 no reports here");
        assert!(matches!(
            mail(place).send(&letter()),
            Err(Trouble::Never(_))
        ));
        drop(taken);
        let (place, taken) = server("451 later");
        assert!(matches!(
            mail(place).send(&letter()),
            Err(Trouble::Again(_))
        ));
        drop(taken);
        // Nobody listens.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("smtp://{}", listener.local_addr().unwrap());
        drop(listener);
        assert!(matches!(
            mail(place).send(&letter()),
            Err(Trouble::Unreachable(_))
        ));
    }

    #[test]
    fn what_is_wrong_is_told_before_anything_is_sent() {
        for (server, from, to) in [
            ("ftp://a", "a@b.example", "c@d.example"),
            ("smtp://:25", "a@b.example", "c@d.example"),
            ("smtp://a:x", "a@b.example", "c@d.example"),
            ("smtp://127.0.0.1:1", "nobody", "c@d.example"),
            (
                "smtp://127.0.0.1:1",
                "a@b.example",
                "c\r\nRCPT TO:<e@f.example>",
            ),
        ] {
            let mail = Mail {
                server: server.to_owned(),
                login: None,
                from: from.to_owned(),
                to: vec![to.to_owned()],
            };
            let sent = mail.send(&letter());
            assert!(
                matches!(sent, Err(Trouble::Never(_))),
                "{server} {from} {to}"
            );
        }
    }
}
