//! Looks at a text before it is parsed: nesting, and characters that hide.
//!
//! Only so much of RON is known here as tells brackets from what stands in texts,
//! characters and comments.

use std::fmt;

/// A place in a text, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, column {}", self.line, self.column)
    }
}

/// Why a text is refused before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Brackets stand within brackets beyond what is allowed.
    TooDeep {
        /// The first bracket too many.
        at: Position,
    },
    /// A character that is not seen, or that reorders what is seen.
    Hidden {
        /// Where.
        at: Position,
        /// The character.
        found: char,
    },
}

/// Whether a character is not seen or reorders what is seen: controls, marks of writing
/// direction and characters without width.
///
/// # Source
///
/// N. Boucher, R. Anderson, "Trojan Source: Invisible Vulnerabilities", 2021, and
/// Unicode Technical Report 36 for the list.
pub fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(
            it,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Refuses hidden characters and more than `depth_max` brackets within each other.
///
/// # Errors
///
/// The first that is found, with its place.
pub fn judge(text: &str, depth_max: usize) -> Result<(), Refused> {
    let mut scan = Scan::new(text);
    let mut depth = 0_usize;
    while let Some((at, it)) = scan.next()? {
        match it {
            '(' | '[' | '{' if depth == depth_max => return Err(Refused::TooDeep { at }),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '"' => scan.string()?,
            '\'' => scan.character()?,
            'r' => scan.raw_string()?,
            '/' => scan.comment()?,
            _ => {}
        }
    }
    Ok(())
}

#[derive(Clone)]
pub(super) struct Scan<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    at: Position,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
            at: Position { line: 1, column: 1 },
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<(Position, char)>, Refused> {
        let Some(it) = self.rest.next() else {
            return Ok(None);
        };
        let at = self.at;
        if is_hidden(it) && !matches!(it, '\n' | '\r' | '\t') {
            return Err(Refused::Hidden { at, found: it });
        }
        if it == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Ok(Some((at, it)))
    }

    /// What comes next, untaken.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    /// Where what comes next stands.
    pub(super) fn position(&self) -> Position {
        self.at
    }

    fn skip_if(&mut self, wanted: char) -> Result<bool, Refused> {
        let is_there = self.rest.peek() == Some(&wanted);
        if is_there {
            self.next()?;
        }
        Ok(is_there)
    }

    /// Behind the opening quote of a text.
    pub(super) fn string(&mut self) -> Result<(), Refused> {
        while let Some((_, it)) = self.next()? {
            match it {
                '"' => break,
                '\\' => {
                    self.next()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Behind the opening quote of a character: `'('`, `'\''`, `'\u{28}'`.
    pub(super) fn character(&mut self) -> Result<(), Refused> {
        if self.skip_if('\\')? {
            self.next()?;
            while let Some((_, it)) = self.next()? {
                if it == '\'' {
                    break;
                }
            }
            return Ok(());
        }
        self.next()?;
        self.skip_if('\'')?;
        Ok(())
    }

    /// Behind an `r`, which begins a raw text or is a letter like any other.
    pub(super) fn raw_string(&mut self) -> Result<(), Refused> {
        let mut fences = 0;
        while self.skip_if('#')? {
            fences += 1;
        }
        if !self.skip_if('"')? {
            return Ok(());
        }
        while let Some((_, it)) = self.next()? {
            if it != '"' {
                continue;
            }
            let mut met = 0;
            while met < fences && self.skip_if('#')? {
                met += 1;
            }
            if met == fences {
                break;
            }
        }
        Ok(())
    }

    /// Behind a slash.
    pub(super) fn comment(&mut self) -> Result<(), Refused> {
        if self.skip_if('/')? {
            while self.rest.peek().is_some_and(|it| *it != '\n') {
                self.next()?;
            }
        } else if self.skip_if('*')? {
            let mut open = 1_usize;
            while open > 0 {
                let Some((_, it)) = self.next()? else { break };
                if it == '*' && self.skip_if('/')? {
                    open -= 1;
                } else if it == '/' && self.skip_if('*')? {
                    open += 1;
                }
            }
        }
        Ok(())
    }
}
