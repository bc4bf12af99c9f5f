//! Tells text of exposition from other text.

use super::family::Comment;
use super::label;
use super::number::{token, trimmed, value};

/// Lines that are looked at.
const LINES_MAX: usize = 1_000;

/// Samples with labels that make a text an exposition without any comment.
const LABELED_MIN: usize = 3;

/// Whether a file that begins so holds Prometheus or OpenMetrics text.
///
/// Every whole line must be legal, and there must be a type, a help text with a sample,
/// or three samples with labels: two words on a line are no sample by themselves.
pub fn sniff(head: &[u8]) -> bool {
    let Some(end) = head.iter().rposition(|byte| *byte == b'\n') else {
        return false;
    };
    let (mut types, mut texts, mut samples, mut labeled) = (0, 0, 0, 0);
    let lines = head[..end].split(|byte| *byte == b'\n').map(trimmed);
    for line in lines.filter(|line| !line.is_empty()).take(LINES_MAX) {
        if line.first() == Some(&b'#') {
            match Comment::parse(line) {
                Ok(Comment::Type { .. }) => types += 1,
                Ok(Comment::Help { .. } | Comment::Unit { .. }) => texts += 1,
                Ok(Comment::Other) => {}
                Err(_) => return false,
            }
        } else if is_sample(line) {
            samples += 1;
            labeled += usize::from(line.contains(&b'{'));
        } else {
            return false;
        }
    }
    types > 0 || (texts > 0 && samples > 0) || labeled >= LABELED_MIN
}

fn is_sample(line: &[u8]) -> bool {
    let Some(length) = label::end(line) else {
        return false;
    };
    let (number, rest) = token(&line[length..]);
    let (time, _) = token(rest);
    let legal_end = time.is_empty() || time.starts_with(b"#") || value(time).is_some();
    label::parse(&line[..length]).is_ok() && value(number).is_some() && legal_end
}
