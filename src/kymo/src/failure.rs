//! How the program ends: one line, one exit code.

use std::io::Write;
use std::process::ExitCode;

use workflow::problem::Problem;

/// What a command answers when it did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, nothing wrong.
    Fine,
    /// Done, and the answer is no.
    No,
    /// Done for the readable part of a damaged input.
    Partly,
}

/// Turns the outcome of a command into the exit code, and says what failed.
pub(crate) fn exit(outcome: Result<Answer, Problem>) -> ExitCode {
    match outcome {
        Ok(Answer::Fine) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Ok(Answer::Partly) => ExitCode::from(5),
        Err(problem) => {
            tell(&line(&problem));
            ExitCode::from(problem.sort.exit_code())
        }
    }
}

/// The one line of a failure: no line break and no control character in it.
fn line(problem: &Problem) -> String {
    let text = wire::decode::clean(&format!("kymo: error: {problem}").replace('\n', " "));
    match problem.what_to_do.is_empty() {
        true => format!("{text}. Try: kymo doctor"),
        false => text,
    }
}

/// Removes what could steer a terminal from text that came from elsewhere, line by line.
fn harmless(text: &str) -> String {
    let lines = text.lines().map(wire::decode::clean);
    let mut clean = lines.collect::<Vec<_>>().join("\n");
    if text.ends_with('\n') {
        clean.push('\n');
    }
    clean
}

/// Writes a line for people to standard error; a closed one is nobody's loss.
pub(crate) fn tell(line: &str) {
    let mut stderr = std::io::stderr().lock();
    if writeln!(stderr, "{}", harmless(line)).is_err() {
        // There is nowhere left to say it.
    }
}

/// Writes an answer for people to standard output.
///
/// # Errors
///
/// Standard output is closed or full.
pub(crate) fn answer_text(text: &str) -> Result<(), Problem> {
    answer(&harmless(text))
}

/// Writes the answer to standard output as it is.
///
/// # Errors
///
/// Standard output is closed or full.
pub(crate) fn answer(text: &str) -> Result<(), Problem> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| {
            Problem::from_error(
                "could not write the answer",
                &error,
                workflow::problem::Sort::NotReadable,
            )
            .advise("another place for standard output")
        })
}
