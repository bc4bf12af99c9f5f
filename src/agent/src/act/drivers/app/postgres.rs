//! Postgres: `ALTER SYSTEM`, a reload, and what `pg_settings` says afterwards.
//!
//! Values are in the server's own base unit, as `pg_settings.setting` has them, so that
//! `64MB` and `65536kB` are one. A setting that needs a restart is refused. A value that
//! the server would have without `ALTER SYSTEM` is reached by `RESET`, so that the way
//! back leaves no line behind.
//!
//! # Source
//!
//! PostgreSQL documentation: "Message Formats", `pg_settings`, `pg_file_settings`,
//! `ALTER SYSTEM`, "Parameter Names and Values".

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use model::plan::action::Scope;

use super::scram::Scram;
use super::{ANSWER_MAX_BYTES, Line, PATIENCE, instance, password, setting};
use crate::act::drivers::Driver;
use crate::act::dry::quoted;
use crate::act::machine::Machine;
use crate::act::policy;
use crate::act::world::{Spot, Trouble};

/// Version 3.0 of the protocol.
const PROTOCOL: i32 = 196_608;

/// Rows of an answer that are read.
const ROWS_MAX: usize = 64;

/// Time between looks for a reload that is under way.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The driver.
pub(crate) struct Postgres;

/// What `pg_settings` says of a setting.
struct Known {
    setting: String,
    unit: String,
    kind: String,
    context: String,
    boot: String,
    pending_restart: bool,
}

impl Driver for Postgres {
    fn knows(&self, key: &str) -> bool {
        setting(key, "postgres").is_some()
    }

    /// `ALTER SYSTEM` outlives a restart.
    fn keeps(&self, scope: Scope) -> bool {
        scope == Scope::Persistent
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let (mut talk, name) = Talk::open(machine, spot)?;
        let known = talk.known(&name)?;
        if known.pending_restart {
            return Err(Trouble::Failed(format!(
                "{name} waits for a restart of the server"
            )));
        }
        Ok(known.setting)
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        let (mut talk, name) = Talk::open(machine, spot)?;
        let known = talk.known(&name)?;
        if talk.base(&name, &known)? == value {
            talk.ask(&format!("ALTER SYSTEM RESET {name}"))?;
            talk.reload()?;
            if talk.wait_for(&name, value)? {
                return Ok(());
            }
        }
        talk.ask(&format!("ALTER SYSTEM SET {name} = {}", literal(value)))?;
        talk.reload()?;
        // What is in force is for the one who reads it back to judge.
        talk.wait_for(&name, value).map(drop)
    }

    fn canonical(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<String, Trouble> {
        let (mut talk, name) = Talk::open(machine, spot)?;
        let known = talk.known(&name)?;
        match known.context.as_str() {
            "postmaster" => Err(Trouble::Refused(format!(
                "{name} takes effect at a restart of the server only, which is for a person"
            ))),
            "internal" => Err(Trouble::Refused(format!("{name} cannot be set"))),
            _ => known.canonical(value),
        }
    }

    fn sizes(&self, _: &Machine, _: &Spot, value: &str) -> Vec<f64> {
        crate::act::drivers::numbers(value)
    }

    fn restart(&self, _: &Machine, _: &Spot) -> String {
        "the server reads its settings anew (pg_reload_conf)".to_owned()
    }

    fn by_hand(&self, machine: &Machine, spot: &Spot, value: &str) -> String {
        let (wanted, name) = setting(&spot.key, "postgres").unwrap_or_default();
        let found = instance(
            &machine.policy.postgres,
            |it| &it.name,
            ("postgres", wanted),
        );
        let (place, user) = found.map_or((String::new(), ""), |it| {
            let place = match it.address.rsplit_once("/.s.PGSQL.") {
                Some((folder, port)) => format!("-h {} -p {port}", quoted(folder)),
                None => match it.address.rsplit_once(':') {
                    Some((host, port)) => format!("-h {host} -p {port}"),
                    None => String::new(),
                },
            };
            (place, it.user.as_str())
        });
        let set = format!("ALTER SYSTEM SET {name} = {}", literal(value));
        format!(
            "psql {place} -U {} -c {} -c {}",
            quoted(user),
            quoted(&set),
            quoted("SELECT pg_reload_conf()")
        )
    }
}

impl Known {
    /// A value as `pg_settings.setting` would have it.
    fn canonical(&self, value: &str) -> Result<String, Trouble> {
        let wrong = || {
            Trouble::Refused(format!(
                "{value:?} is no {} with the unit {:?}",
                self.kind, self.unit
            ))
        };
        match self.kind.as_str() {
            "bool" => match value.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" | "1" => Ok("on".to_owned()),
                "off" | "false" | "no" | "0" => Ok("off".to_owned()),
                _ => Err(wrong()),
            },
            "integer" | "real" => {
                let number = in_unit(value, &self.unit).ok_or_else(wrong)?;
                if self.kind == "integer" && number.fract() != 0.0 {
                    return Err(wrong());
                }
                Ok(number.to_string())
            }
            "enum" => Ok(value.to_ascii_lowercase()),
            _ => Ok(value.to_owned()),
        }
    }
}

/// A number with a unit in another unit: `64MB` in `kB` is 65536.
fn in_unit(value: &str, unit: &str) -> Option<f64> {
    let end = value.find(|it: char| it.is_ascii_alphabetic());
    let (digits, given) = value.split_at(end.unwrap_or(value.len()));
    let number: f64 = digits.trim().parse().ok()?;
    if given.is_empty() {
        return number.is_finite().then_some(number);
    }
    let scale = |unit: &str| -> Option<(char, f64)> {
        let start = unit.find(|it: char| it.is_ascii_alphabetic())?;
        let times: f64 = match &unit[..start] {
            "" => 1.0,
            digits => digits.parse().ok()?,
        };
        let (sort, size) = match &unit[start..] {
            "B" => ('b', 1.0),
            "kB" => ('b', 1024.0),
            "MB" => ('b', 1024.0_f64.powi(2)),
            "GB" => ('b', 1024.0_f64.powi(3)),
            "TB" => ('b', 1024.0_f64.powi(4)),
            "us" => ('t', 1e-6),
            "ms" => ('t', 1e-3),
            "s" => ('t', 1.0),
            "min" => ('t', 60.0),
            "h" => ('t', 3600.0),
            "d" => ('t', 86_400.0),
            _ => return None,
        };
        Some((sort, times * size))
    };
    let ((sort, from), (base, to)) = (scale(given)?, scale(unit)?);
    let result = number * from / to;
    // What is not quite whole by rounding of binary fractions is whole.
    let near = (result - result.round()).abs() < 1e-9 * result.abs().max(1.0);
    (sort == base).then_some(if near { result.round() } else { result })
}

/// A text as SQL takes it literally.
fn literal(value: &str) -> String {
    let escape = if value.contains('\\') { "E" } else { "" };
    let value = value.replace('\\', "\\\\").replace('\'', "''");
    format!("{escape}'{value}'")
}

/// A conversation.
struct Talk(Line);

impl Talk {
    fn open(machine: &Machine, spot: &Spot) -> Result<(Self, String), Trouble> {
        let (wanted, name) = setting(&spot.key, "postgres").unwrap_or_default();
        let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
        let sound = !name.is_empty() && name.len() < 64 && name.chars().all(plain);
        if !sound || name.starts_with(|it: char| it.is_ascii_digit()) {
            return Err(Trouble::Refused(format!("{} is no key", spot.key)));
        }
        let found = instance(
            &machine.policy.postgres,
            |it| &it.name,
            ("postgres", wanted),
        )?;
        let mut talk = Self(Line::open(&found.address)?);
        talk.begin(found)?;
        Ok((talk, name.to_owned()))
    }

    fn begin(&mut self, found: &policy::Postgres) -> Result<(), Trouble> {
        let mut body = PROTOCOL.to_be_bytes().to_vec();
        for (key, value) in [
            ("user", found.user.as_str()),
            ("database", &found.database),
            ("application_name", "kymo"),
        ] {
            if value.contains('\0') {
                return Err(Trouble::Refused(
                    "the policy names a user that is none".to_owned(),
                ));
            }
            body.extend_from_slice(key.as_bytes());
            body.push(0);
            body.extend_from_slice(value.as_bytes());
            body.push(0);
        }
        body.push(0);
        let length = (body.len() as i32 + 4).to_be_bytes();
        self.send(&[&length[..], &body].concat())?;
        self.prove(found)?;
        self.rows().map(drop)
    }

    /// Says who we are, until the server is content.
    fn prove(&mut self, found: &policy::Postgres) -> Result<(), Trouble> {
        let needed = || {
            let secret = password(&found.password)?;
            secret.ok_or_else(|| {
                Trouble::Refused(format!(
                    "the server wants a password for {}, and the policy names none",
                    found.user
                ))
            })
        };
        let mut scram = None;
        loop {
            let (sort, body) = self.message()?;
            let code = body
                .get(..4)
                .map(|it| i32::from_be_bytes([it[0], it[1], it[2], it[3]]));
            match (sort, code) {
                (b'R', Some(0)) => return Ok(()),
                (b'R', Some(3)) => {
                    let secret = needed()?;
                    self.packet(b'p', &[secret.as_bytes(), b"\0"].concat())?;
                }
                (b'R', Some(10)) => {
                    let (begun, first) = Scram::begin(&needed()?)?;
                    scram = Some(begun);
                    let length = (first.len() as i32).to_be_bytes();
                    let body = [b"SCRAM-SHA-256\0", &length[..], first.as_bytes()].concat();
                    self.packet(b'p', &body)?;
                }
                (b'R', Some(11)) => {
                    let said = String::from_utf8_lossy(&body[4..]).into_owned();
                    let last = scram.as_mut().and_then(|it| it.answer(&said));
                    let last = last.ok_or_else(nonsense)?;
                    self.packet(b'p', last.as_bytes())?;
                }
                (b'R', Some(12)) => {
                    let said = String::from_utf8_lossy(&body[4..]).into_owned();
                    if !scram.as_ref().is_some_and(|it| it.believes(&said)) {
                        return Err(Trouble::Refused(
                            "the server does not know the password".into(),
                        ));
                    }
                }
                (b'R', Some(5)) => {
                    return Err(Trouble::Refused(
                        "the server wants an MD5 password; use scram-sha-256 or trust".to_owned(),
                    ));
                }
                (b'E', _) => return Err(Trouble::Failed(error_text(&body))),
                (b'N', _) => {}
                _ => return Err(nonsense()),
            }
        }
    }

    fn known(&mut self, name: &str) -> Result<Known, Trouble> {
        let rows = self.ask(&format!(
            "SELECT setting, coalesce(unit, ''), vartype, context, coalesce(boot_val, ''), pending_restart::text FROM pg_catalog.pg_settings WHERE name = {}",
            literal(name)
        ))?;
        let row = rows.into_iter().next();
        let row: Option<[String; 6]> = row.and_then(|it| it.try_into().ok());
        let [setting, unit, kind, context, boot, pending] =
            row.ok_or_else(|| Trouble::Refused(format!("postgres has no setting {name}")))?;
        Ok(Known {
            setting,
            unit,
            kind,
            context,
            boot,
            pending_restart: pending == "true",
        })
    }

    /// What the setting would be without `ALTER SYSTEM`.
    fn base(&mut self, name: &str, known: &Known) -> Result<String, Trouble> {
        let rows = self.ask(&format!(
            "SELECT setting FROM pg_catalog.pg_file_settings WHERE name = {} AND sourcefile NOT LIKE '%postgresql.auto.conf' ORDER BY seqno DESC LIMIT 1",
            literal(name)
        ))?;
        let in_file = rows.into_iter().next().and_then(|mut it| it.pop());
        match in_file {
            Some(value) => Ok(known.canonical(&value).unwrap_or(value)),
            None => Ok(known.boot.clone()),
        }
    }

    fn reload(&mut self) -> Result<(), Trouble> {
        self.ask("SELECT pg_catalog.pg_reload_conf()").map(drop)
    }

    /// Waits until a reload has brought a value into force; `false` when it does not.
    fn wait_for(&mut self, name: &str, value: &str) -> Result<bool, Trouble> {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.known(name)?.setting == value {
                return Ok(true);
            }
            if Instant::now() > until {
                return Ok(false);
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    fn ask(&mut self, query: &str) -> Result<Vec<Vec<String>>, Trouble> {
        self.packet(b'Q', &[query.as_bytes(), b"\0"].concat())?;
        self.rows()
    }

    /// Rows until the server is ready for the next query.
    fn rows(&mut self) -> Result<Vec<Vec<String>>, Trouble> {
        let mut rows = Vec::new();
        let mut failed = None;
        loop {
            let (sort, body) = self.message()?;
            match sort {
                b'D' if rows.len() < ROWS_MAX => rows.push(row(&body).ok_or_else(nonsense)?),
                b'E' => failed = Some(error_text(&body)),
                b'Z' => break,
                _ => {}
            }
        }
        failed.map_or(Ok(rows), |why| Err(Trouble::Failed(why)))
    }

    fn packet(&mut self, sort: u8, body: &[u8]) -> Result<(), Trouble> {
        let length = (body.len() as i32 + 4).to_be_bytes();
        self.send(&[&[sort], &length[..], body].concat())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let sent = self.0.write_all(bytes);
        sent.map_err(|error| Trouble::Failed(format!("could not ask postgres: {error}")))
    }

    fn message(&mut self) -> Result<(u8, Vec<u8>), Trouble> {
        let mut head = [0; 5];
        let failed =
            |error: std::io::Error| Trouble::Failed(format!("postgres did not answer: {error}"));
        self.0.read_exact(&mut head).map_err(failed)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if !(4..=ANSWER_MAX_BYTES).contains(&length) {
            return Err(nonsense());
        }
        let mut body = vec![0; length - 4];
        self.0.read_exact(&mut body).map_err(failed)?;
        Ok((head[0], body))
    }
}

fn nonsense() -> Trouble {
    Trouble::Failed("postgres answered nonsense".to_owned())
}

/// Columns of a row; what is null is empty.
fn row(mut body: &[u8]) -> Option<Vec<String>> {
    let columns = u16::from_be_bytes(*body.first_chunk()?);
    body = &body[2..];
    let mut row = Vec::new();
    for _ in 0..columns {
        let length = i32::from_be_bytes(*body.first_chunk()?);
        body = &body[4..];
        let length = usize::try_from(length).unwrap_or(0);
        row.push(String::from_utf8_lossy(body.get(..length)?).into_owned());
        body = &body[length..];
    }
    Some(row)
}

/// The sentence of an error, field `M`.
fn error_text(body: &[u8]) -> String {
    let mut fields = body.split(|it| *it == 0);
    let sentence = fields.find_map(|it| it.strip_prefix(b"M"));
    let sentence = sentence.map(|it| String::from_utf8_lossy(it).into_owned());
    format!("postgres refused: {}", sentence.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_to_the_base_unit() {
        for (value, unit, wanted) in [
            ("64MB", "kB", Some(65_536.0)),
            ("65536", "kB", Some(65_536.0)),
            ("128MB", "8kB", Some(16_384.0)),
            ("1min", "ms", Some(60_000.0)),
            ("200ms", "s", Some(0.2)),
            ("64MB", "ms", None),
            ("x", "kB", None),
            ("64MB", "", None),
        ] {
            assert_eq!(in_unit(value, unit), wanted, "{value} {unit}");
        }
    }

    #[test]
    fn a_text_cannot_leave_its_literal() {
        assert_eq!(literal("a'; DROP"), "'a''; DROP'");
        assert_eq!(literal("a\\'"), "E'a\\\\'''");
    }
}
