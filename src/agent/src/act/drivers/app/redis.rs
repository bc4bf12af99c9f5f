//! Redis: `CONFIG GET` and `CONFIG SET`, and `CONFIG REWRITE` where it shall stay.
//!
//! # Source
//!
//! Redis serialization protocol (RESP2); `CONFIG SET` and `redis.conf` on units.

use std::io::{BufRead, BufReader, Read, Write};

use model::plan::action::Scope;

use super::{ANSWER_MAX_BYTES, Line, instance, password, setting};
use crate::act::drivers::Driver;
use crate::act::dry::quoted;
use crate::act::machine::Machine;
use crate::act::world::{Spot, Trouble};

/// The driver.
pub(crate) struct Redis;

/// Answers within answers that are read.
const DEPTH_MAX: usize = 4;

/// Elements of an answer that are read.
const ELEMENTS_MAX: usize = 64;

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Text(String),
    List(Vec<Answer>),
    Nothing,
}

impl Driver for Redis {
    fn knows(&self, key: &str) -> bool {
        setting(key, "redis").is_some()
    }

    fn keeps(&self, _: Scope) -> bool {
        true
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let (mut talk, name) = Talk::open(machine, spot)?;
        talk.get(&name)
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let (mut talk, name) = Talk::open(machine, spot)?;
        talk.ask(&["CONFIG", "SET", &name, value])?;
        if spot.scope == Scope::Persistent {
            talk.ask(&["CONFIG", "REWRITE"])?;
        }
        Ok(())
    }

    /// Sizes as Redis tells them: in bytes.
    fn canonical(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<String, Trouble> {
        let now = self.read(machine, spot)?;
        let counts = !now.is_empty() && now.bytes().all(|it| it.is_ascii_digit());
        Ok(bytes(value)
            .filter(|_| counts)
            .map_or(value.to_owned(), |it| it.to_string()))
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        let (wanted, name) = setting(&spot.key, "redis").unwrap_or_default();
        let found = instance(&machine.policy.redis, |it| &it.name, ("redis", wanted));
        let place = found.map_or("", |it| it.address.as_str());
        let place = match place.rsplit_once(':') {
            Some((host, port)) => format!("-h {host} -p {port}"),
            None => format!("-s {}", quoted(place)),
        };
        let mut text = format!("redis-cli {place} CONFIG SET {name} {}", quoted(value));
        if spot.scope == Scope::Persistent {
            text.push_str(&format!(" && redis-cli {place} CONFIG REWRITE"));
        }
        text
    }
}

/// A size with a unit as bytes.
fn bytes(value: &str) -> Option<u64> {
    let end = value.find(|it: char| !it.is_ascii_digit())?;
    let times: u64 = match value[end..].to_ascii_lowercase().as_str() {
        "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    value[..end].parse::<u64>().ok()?.checked_mul(times)
}

/// A conversation.
struct Talk(BufReader<Line>);

impl Talk {
    fn open(machine: &Machine, spot: &Spot) -> Result<(Self, String), Trouble> {
        let (wanted, name) = setting(&spot.key, "redis").unwrap_or_default();
        let plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(Trouble::Refused(format!("{} is no key", spot.key)));
        }
        let found = instance(&machine.policy.redis, |it| &it.name, ("redis", wanted))?;
        let mut talk = Self(BufReader::new(Line::open(&found.address)?));
        if let Some(password) = password(&found.password)? {
            let mut words = vec!["AUTH"];
            if !found.user.is_empty() {
                words.push(&found.user);
            }
            words.push(&password);
            talk.ask(&words)?;
        }
        Ok((talk, name.to_ascii_lowercase()))
    }

    fn get(&mut self, name: &str) -> Result<String, Trouble> {
        match self.ask(&["CONFIG", "GET", name])? {
            Answer::List(mut pair) if pair.len() == 2 => match pair.pop() {
                Some(Answer::Text(value)) => Ok(value),
                _ => Err(Trouble::Failed(format!("redis told no value of {name}"))),
            },
            _ => Err(Trouble::Refused(format!("redis has no setting {name}"))),
        }
    }

    fn ask(&mut self, words: &[&str]) -> Result<Answer, Trouble> {
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
        let sent = self.0.get_mut().write_all(&bytes);
        sent.map_err(|error| Trouble::Failed(format!("could not ask redis: {error}")))?;
        self.answer(0)
    }

    fn answer(&mut self, depth: usize) -> Result<Answer, Trouble> {
        let nonsense = || Trouble::Failed("redis answered nonsense".to_owned());
        let line = self.line()?;
        let (sort, rest) = line.split_at_checked(1).ok_or_else(nonsense)?;
        match sort {
            "+" | ":" => Ok(Answer::Text(rest.to_owned())),
            "-" => Err(Trouble::Failed(format!("redis refused: {rest}"))),
            "$" => match rest.parse::<i64>() {
                Ok(-1) => Ok(Answer::Nothing),
                Ok(length) => self.text(usize::try_from(length).map_err(|_| nonsense())?),
                Err(_) => Err(nonsense()),
            },
            "*" if depth < DEPTH_MAX => {
                let count: usize = rest.parse().map_err(|_| nonsense())?;
                if count > ELEMENTS_MAX {
                    return Err(nonsense());
                }
                let all = (0..count).map(|_| self.answer(depth + 1));
                Ok(Answer::List(all.collect::<Result<_, _>>()?))
            }
            _ => Err(nonsense()),
        }
    }

    fn line(&mut self) -> Result<String, Trouble> {
        let mut line = Vec::new();
        let read = (&mut self.0)
            .take(ANSWER_MAX_BYTES as u64)
            .read_until(b'\n', &mut line);
        read.map_err(|error| Trouble::Failed(format!("redis did not answer: {error}")))?;
        let text = String::from_utf8_lossy(&line);
        let whole = text.strip_suffix("\r\n");
        whole
            .map(str::to_owned)
            .ok_or_else(|| Trouble::Failed("redis closed the connection".to_owned()))
    }

    fn text(&mut self, length: usize) -> Result<Answer, Trouble> {
        if length > ANSWER_MAX_BYTES {
            return Err(Trouble::Failed("redis answered too much".to_owned()));
        }
        let mut bytes = vec![0; length + 2];
        let read = self.0.read_exact(&mut bytes);
        read.map_err(|error| Trouble::Failed(format!("redis did not answer: {error}")))?;
        bytes.truncate(length);
        Ok(Answer::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
