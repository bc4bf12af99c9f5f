//! Reviews that write themselves: a systemd service with its timer, or a line of cron.
//!
//! * Never: writes a crontab or a unit by itself; the caller says so.
//!
//! Start at [`Job`], [`Job::units`] and [`Job::cron_line`].
//!
//! # Source
//!
//! `systemd.service(5)` and `systemd.unit(5)` for quoting and specifiers,
//! `systemd.time(7)` for calendars, `crontab(5)` for percent signs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use model::period::Cycle;
use sha2::{Digest, Sha256};

use crate::outfile::replace;
use crate::problem::{Problem, Sort};
use crate::records::hex;

/// A larger crontab is nobody's.
const CRONTAB_MAX_BYTES: usize = 1 << 20;

/// What is to run by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The program.
    pub program: PathBuf,
    /// How long a period is.
    pub cycle: Cycle,
    /// The library, absolute.
    pub library: PathBuf,
    /// Where reviews go, absolute.
    pub out: PathBuf,
    /// Name of the zone; empty: that of the machine.
    pub zone: String,
    /// Further arguments of `kymo review run`.
    pub further: Vec<String>,
}

/// Whose units they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The user's own: they run while the user is logged in, or lingers.
    User,
    /// The machine's.
    System,
}

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Job {
    /// A job whose paths and words can be written down.
    ///
    /// # Errors
    ///
    /// A path is relative or no text, or a word holds a character that no unit file holds.
    pub fn checked(self) -> Result<Self, Problem> {
        let wrong = |what: &str, why: &str| Problem {
            what: format!("could not install a review of {}", self.library.display()),
            why: format!("{what} {why}"),
            what_to_do: "another path".to_owned(),
            sort: Sort::Usage,
        };
        for path in [&self.program, &self.library, &self.out] {
            let told = path.display().to_string();
            if path.to_str().is_none() {
                return Err(wrong(&told, "is no text"));
            }
            if !path.is_absolute() {
                return Err(wrong(&told, "is not absolute"));
            }
        }
        for word in self.words() {
            if word.chars().any(char::is_control) {
                return Err(wrong(
                    &format!("{word:?}"),
                    "holds a line break or another control character",
                ));
            }
        }
        Ok(self)
    }

    /// Whether there is a library to review: a job without one fails when nobody watches.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn library_there(&self) -> Result<(), Problem> {
        match self.library.exists() {
            true => Ok(()),
            false => Err(Problem {
                what: format!("could not install a review of {}", self.library.display()),
                why: "there is no such folder".to_owned(),
                what_to_do: "--library with a folder of sessions".to_owned(),
                sort: Sort::NotReadable,
            }),
        }
    }

    /// Names the job: one for each library, cycle and place that reviews go to.
    pub fn name(&self) -> String {
        let mut hash = Sha256::new();
        for path in [&self.library, &self.out] {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        format!("kymo-review-{}-{}", self.cycle.name(), hex(&digest[..4]))
    }

    /// Program and arguments.
    fn words(&self) -> Vec<String> {
        let path = |it: &Path| it.to_string_lossy().into_owned();
        let mut words = vec![path(&self.program), "review".to_owned(), "run".to_owned()];
        words.extend(["--period".to_owned(), self.cycle.name().to_owned()]);
        words.extend(["--library".to_owned(), path(&self.library)]);
        words.extend(["--out".to_owned(), path(&self.out)]);
        if !self.zone.is_empty() {
            words.extend(["--zone".to_owned(), self.zone.clone()]);
        }
        words.extend(self.further.iter().cloned());
        words
    }

    /// The service and its timer.
    pub fn units(&self) -> [Unit; 2] {
        let name = self.name();
        let what = format!(
            "Kymo: {} review of {}",
            self.cycle.name(),
            self.library.display()
        );
        let what = what.replace('%', "%%");
        let words: Vec<String> = self.words().iter().map(|it| quoted(it)).collect();
        // The colon keeps dollar signs as they are: no variable is meant.
        let service = format!(
            "[Unit]\n\
             Description={what}\n\
             \n\
             [Service]\n\
             Type=oneshot\n\
             ExecStart=:{}\n\
             Nice=10\n\
             IOSchedulingClass=idle\n",
            words.join(" ")
        );
        let zone = match self.zone.as_str() {
            "" => String::new(),
            zone => format!(" {zone}"),
        };
        let timer = format!(
            "[Unit]\n\
             Description={what}\n\
             \n\
             [Timer]\n\
             OnCalendar={}{zone}\n\
             Persistent=true\n\
             \n\
             [Install]\n\
             WantedBy=timers.target\n",
            calendar(self.cycle)
        );
        [
            Unit {
                name: format!("{name}.service"),
                text: service,
            },
            Unit {
                name: format!("{name}.timer"),
                text: timer,
            },
        ]
    }

    /// The line for a crontab, with the mark that finds it again. Cron knows no zone but
    /// the machine's.
    pub fn cron_line(&self) -> String {
        let when = match self.cycle {
            Cycle::Daily => "10 0 * * *",
            Cycle::Weekly => "20 0 * * 1",
            Cycle::Monthly => "30 0 1 * *",
            Cycle::Quarterly => "40 0 1 1,4,7,10 *",
        };
        let words: Vec<String> = self.words().iter().map(|it| for_shell(it)).collect();
        // Cron takes a bare percent sign for a line break, also within quotes.
        let command = words.join(" ").replace('%', "\\%");
        format!("{when} {command} {}", self.mark())
    }

    /// What marks the line of this job.
    fn mark(&self) -> String {
        format!("# {}", self.name())
    }

    /// A crontab with the line of this job, once, whatever was there of it.
    pub fn added_to(&self, crontab: &str) -> String {
        let mut text = self.removed_from(crontab);
        text.push_str(&self.cron_line());
        text.push('\n');
        text
    }

    /// A crontab without the line of this job.
    pub fn removed_from(&self, crontab: &str) -> String {
        let mark = self.mark();
        let kept = crontab.lines().filter(|it| !it.trim_end().ends_with(&mark));
        kept.map(|it| format!("{it}\n")).collect()
    }
}

/// Some minutes after midnight, so that the last session of a period is over.
fn calendar(cycle: Cycle) -> &'static str {
    match cycle {
        Cycle::Daily => "*-*-* 00:10:00",
        Cycle::Weekly => "Mon *-*-* 00:20:00",
        Cycle::Monthly => "*-*-01 00:30:00",
        Cycle::Quarterly => "*-01,04,07,10-01 00:40:00",
    }
}

/// A word of a unit file: quoted, with its specifiers and escapes taken for themselves.
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '%' => text.push_str("%%"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// A word of a shell: in single quotes unless it is plain.
fn for_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The folder of units.
///
/// # Errors
///
/// The user has no home.
///
/// # Source
///
/// `systemd.unit(5)`: the search path of units.
pub fn folder(owner: Owner) -> Result<PathBuf, Problem> {
    if owner == Owner::System {
        return Ok(PathBuf::from("/etc/systemd/system"));
    }
    let absolute = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from)?;
        path.is_absolute().then_some(path)
    };
    let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    let config = config.ok_or_else(|| Problem {
        what: "could not find the folder of units".to_owned(),
        why: "neither XDG_CONFIG_HOME nor HOME is set".to_owned(),
        what_to_do: "set HOME".to_owned(),
        sort: Sort::NotReadable,
    })?;
    Ok(config.join("systemd/user"))
}

/// Writes the units; gives where they lie.
///
/// # Errors
///
/// There is no such library, or the disk refuses.
pub fn install(job: &Job, folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    job.library_there()?;
    std::fs::create_dir_all(folder).map_err(|error| {
        let what = format!("could not make {}", folder.display());
        Problem::from_error(what, &error, Sort::of_io(&error)).advise("--user, or run it as root")
    })?;
    let mut written = Vec::new();
    for unit in job.units() {
        let path = folder.join(&unit.name);
        replace(&path, unit.text.as_bytes())
            .map_err(|problem| problem.advise("--user, or run it as root"))?;
        written.push(path);
    }
    Ok(written)
}

/// Removes the units; gives those that were there.
///
/// # Errors
///
/// The disk refuses.
pub fn uninstall(job: &Job, folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut removed = Vec::new();
    for unit in job.units() {
        let path = folder.join(&unit.name);
        match std::fs::remove_file(&path) {
            Ok(()) => removed.push(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let what = format!("could not remove {}", path.display());
                return Err(Problem::from_error(what, &error, Sort::of_io(&error)));
            }
        }
    }
    Ok(removed)
}

/// Changes the crontab of this user by the program `crontab`.
///
/// # Errors
///
/// There is no such program, or it refuses; the crontab is as it was then.
pub fn edit_crontab(edit: impl FnOnce(&str) -> String) -> Result<(), Problem> {
    let trouble = |why: String| Problem {
        what: "could not change the crontab".to_owned(),
        why,
        what_to_do: "without --write the line is printed, for crontab -e".to_owned(),
        sort: Sort::Denied,
    };
    let listed = Command::new("crontab")
        .arg("-l")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| trouble(format!("crontab: {error}")))?;
    let said = String::from_utf8_lossy(&listed.stderr).trim().to_owned();
    // Without a crontab there is nothing to keep; any other failure must lose nothing.
    let before = match listed.status.success() {
        true => String::from_utf8(listed.stdout)
            .map_err(|_| trouble("the crontab is no text".to_owned()))?,
        false if said.starts_with("no crontab for") => String::new(),
        false => return Err(trouble(said)),
    };
    if before.len() > CRONTAB_MAX_BYTES {
        return Err(trouble("the crontab is larger than any".to_owned()));
    }
    let after = edit(&before);
    let mut child = Command::new("crontab")
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| trouble(format!("crontab: {error}")))?;
    let written = match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(after.as_bytes()),
        None => Ok(()),
    };
    let ended = child
        .wait_with_output()
        .map_err(|error| trouble(error.to_string()))?;
    written.map_err(|error| trouble(error.to_string()))?;
    match ended.status.success() {
        true => Ok(()),
        false => Err(trouble(
            String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(library: &str) -> Job {
        Job {
            program: PathBuf::from("/opt/kymo bin/kymo"),
            cycle: Cycle::Weekly,
            library: PathBuf::from(library),
            out: PathBuf::from("/srv/reviews"),
            zone: "Europe/Berlin".to_owned(),
            further: Vec::new(),
        }
    }

    #[test]
    fn every_sign_is_taken_for_itself() {
        let job = job("/srv/50% of $HOME/a \"b\" 'c' \\d").checked().unwrap();
        let [service, timer] = job.units();
        let line = service
            .text
            .lines()
            .find(|it| it.starts_with("ExecStart"))
            .unwrap();
        assert_eq!(
            line,
            "ExecStart=:\"/opt/kymo bin/kymo\" \"review\" \"run\" \"--period\" \"weekly\" \"--library\" \
             \"/srv/50%% of $HOME/a \\\"b\\\" 'c' \\\\d\" \"--out\" \"/srv/reviews\" \"--zone\" \"Europe/Berlin\""
        );
        assert!(
            timer
                .text
                .contains("OnCalendar=Mon *-*-* 00:20:00 Europe/Berlin\n")
        );
        assert!(service.name.starts_with("kymo-review-weekly-"));
        let cron = job.cron_line();
        assert!(
            cron.starts_with("20 0 * * 1 '/opt/kymo bin/kymo' review run "),
            "{cron}"
        );
        assert!(
            cron.contains("'/srv/50\\% of $HOME/a \"b\" '\\''c'\\'' \\d'"),
            "{cron}"
        );
    }

    #[test]
    fn what_cannot_be_written_down_is_refused() {
        assert!(job("relative").checked().is_err());
        assert!(job("/srv/a\nExecStart=/bin/sh").checked().is_err());
        assert!(job("/srv/fine").checked().is_ok());
    }

    #[test]
    fn a_crontab_holds_the_line_once_and_nothing_else_changes() {
        let (one, other) = (job("/srv/a"), job("/srv/b"));
        let before = "# mine\nMAILTO=me\n5 4 * * * backup\n";
        let with = one.added_to(before);
        assert_eq!(one.added_to(&with), with, "once");
        assert!(with.starts_with(before) && with.lines().count() == 4);
        let both = other.added_to(&with);
        assert_eq!(one.removed_from(&both), other.added_to(before));
        assert_eq!(other.removed_from(&with), with);
    }
}
