//! Asks a person at a terminal; where nobody sits, nobody is asked.

use std::io::{BufRead, IsTerminal, Write};

use workflow::sealed::Passphrase;

/// How often a passphrase is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// To open something.
    Once,
    /// To close something: a slip would close it for ever.
    Twice,
}

/// Longest answer that is taken.
const LINE_MAX: usize = 4_096;

/// One line of text; `None` where nobody sits.
pub(super) fn line(what: &str) -> Option<String> {
    std::io::stdin().is_terminal().then(|| read(what))?
}

/// A passphrase that is not shown; `None` where nobody sits, nothing was typed, or two
/// differ.
pub(super) fn secret(what: &str, times: Times) -> Option<Passphrase> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let first = hidden(what)?;
    if times == Times::Twice && hidden(&format!("{what} again"))? != first {
        return None;
    }
    Passphrase::new(first)
}

fn read(what: &str) -> Option<String> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{what}: ")
        .and_then(|()| stderr.flush())
        .ok()?;
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text).ok()?;
    Some(
        text.trim_end_matches(['\n', '\r'])
            .chars()
            .take(LINE_MAX)
            .collect(),
    )
}

#[cfg(unix)]
fn hidden(what: &str) -> Option<String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).ok()?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    quiet.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&stdin, OptionalActions::Flush, &quiet).ok()?;
    let text = read(what);
    tcsetattr(&stdin, OptionalActions::Flush, &before).ok()?;
    text
}

#[cfg(not(unix))]
fn hidden(what: &str) -> Option<String> {
    read(what)
}
