//! Where each value of a text stands, so that a mistake in meaning is told with its line.
//!
//! The parser knows places only of what it cannot read. This walks a text that was read
//! and notes line and column of each value by its path, such as `rules[2].limit`.
//!
//! Start at [`Places::of`].

use std::collections::BTreeMap;

use super::scan::{Position, Refused, Scan, judge};

/// The places of a text's values by path.
#[derive(Clone, Debug, Default)]
pub struct Places {
    found: BTreeMap<String, Position>,
}

impl Places {
    /// Walks a text that parses; of another the places up to where it is lost.
    ///
    /// Fields are joined by `.`, items counted as `[0]`; what stands in the brackets of a
    /// name, such as `Metric([…])`, has the path of the name.
    pub fn of(text: &str, depth_max: usize) -> Self {
        let mut places = Self::default();
        if judge(text, depth_max).is_ok() {
            let mut walk = Walk {
                scan: Scan::new(text),
                found: &mut places.found,
            };
            if walk.value(String::new()).is_err() {
                // What was found up to here still helps.
            }
        }
        places
    }

    /// Where a value stands, or what it is part of when it is not written.
    pub fn at(&self, path: &str) -> Position {
        let mut path = path;
        loop {
            if let Some(found) = self.found.get(path) {
                return *found;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None if path.is_empty() => return Position { line: 1, column: 1 },
                None => path = "",
            }
        }
    }
}

struct Walk<'a, 'b> {
    scan: Scan<'a>,
    found: &'b mut BTreeMap<String, Position>,
}

impl Walk<'_, '_> {
    /// Whitespace, comments and commas.
    fn skip(&mut self) -> Result<(), Refused> {
        while let Some(it) = self.scan.peek() {
            if it.is_whitespace() || it == ',' {
                self.scan.next()?;
            } else if it == '/' {
                self.scan.next()?;
                self.scan.comment()?;
            } else if it == '#' && self.found.is_empty() {
                // The line that switches extensions on.
                while self.scan.next()?.is_some_and(|(_, it)| it != ']') {}
            } else {
                break;
            }
        }
        Ok(())
    }

    fn value(&mut self, path: String) -> Result<(), Refused> {
        self.skip()?;
        let at = self.scan.position();
        self.found.entry(path.clone()).or_insert(at);
        let Some((_, first)) = self.scan.next()? else {
            return Ok(());
        };
        match first {
            '(' => self.fields(&path),
            '[' => self.items(&path),
            '{' => self.entries(&path),
            '"' => self.scan.string(),
            '\'' => self.scan.character(),
            'r' if matches!(self.scan.peek(), Some('"' | '#')) => self.scan.raw_string(),
            _ => {
                self.word()?;
                self.skip_blank()?;
                if self.scan.peek() == Some('(') {
                    self.scan.next()?;
                    return self.fields(&path);
                }
                Ok(())
            }
        }
    }

    /// Blanks between a name and its bracket.
    fn skip_blank(&mut self) -> Result<(), Refused> {
        while self.scan.peek().is_some_and(char::is_whitespace) {
            self.scan.next()?;
        }
        Ok(())
    }

    /// The rest of a name or number.
    fn word(&mut self) -> Result<String, Refused> {
        let mut word = String::new();
        while let Some(it) = self.scan.peek() {
            if it.is_whitespace() || matches!(it, ',' | ':' | '(' | ')' | '[' | ']' | '}' | '/') {
                break;
            }
            word.push(it);
            self.scan.next()?;
        }
        Ok(word)
    }

    /// Behind a round bracket: fields with names, or values without.
    fn fields(&mut self, path: &str) -> Result<(), Refused> {
        let mut place = 0;
        loop {
            self.skip()?;
            match self.scan.peek() {
                None => return Ok(()),
                Some(')') => {
                    self.scan.next()?;
                    return Ok(());
                }
                Some(_) => {}
            }
            match self.named()? {
                Some(name) if path.is_empty() => self.value(name)?,
                Some(name) => self.value(format!("{path}.{name}"))?,
                None if place == 0 => self.value(path.to_owned())?,
                None => self.value(format!("{path}.{place}"))?,
            }
            place += 1;
        }
    }

    /// The name of a field, when one is next; it is taken then.
    fn named(&mut self) -> Result<Option<String>, Refused> {
        let before = self.scan.clone();
        let word = self.word()?;
        self.skip_blank()?;
        if !word.is_empty() && self.scan.peek() == Some(':') {
            self.scan.next()?;
            return Ok(Some(word));
        }
        self.scan = before;
        Ok(None)
    }

    fn items(&mut self, path: &str) -> Result<(), Refused> {
        let mut place = 0;
        loop {
            self.skip()?;
            match self.scan.peek() {
                None => return Ok(()),
                Some(']') => {
                    self.scan.next()?;
                    return Ok(());
                }
                Some(_) => self.value(format!("{path}[{place}]"))?,
            }
            place += 1;
        }
    }

    fn entries(&mut self, path: &str) -> Result<(), Refused> {
        loop {
            self.skip()?;
            match self.scan.peek() {
                None => return Ok(()),
                Some('}') => {
                    self.scan.next()?;
                    return Ok(());
                }
                Some(_) => {}
            }
            self.value(path.to_owned())?;
            self.skip()?;
            if self.scan.peek() == Some(':') {
                self.scan.next()?;
                self.value(path.to_owned())?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_path() {
        let text = "// a comment: (not a field)\n(\n  id: \"use (x: 1)\", /* b: 2 */\n  rules: Threshold([\n    (id: \"a\", limit: AtMost(0.9)),\n    Rule(id: \"b\", more: (1, 2)), (x: {1: 2}),\n  ]),\n)";
        let places = Places::of(text, 16);
        for (path, line, column) in [
            ("", 2, 1),
            ("id", 3, 7),
            ("rules", 4, 10),
            ("rules[0]", 5, 5),
            ("rules[0].limit", 5, 22),
            ("rules[1].id", 6, 14),
            ("rules[1].more.1", 6, 29),
            ("rules[1].missing", 6, 5),
            ("rules[2].x", 6, 38),
            ("rules[7].id", 4, 10),
            ("nothing", 2, 1),
        ] {
            assert_eq!(places.at(path), Position { line, column }, "{path}");
        }
    }

    #[test]
    fn any_text_is_walked_to_its_end() {
        for text in [
            "", "(", "(a", "(a:", "[[", "{1", "\"", "a(b", "((((", ")", "/*",
        ] {
            let places = Places::of(text, 16);
            assert!(places.at("a.b[3]").line >= 1, "{text}");
        }
        assert_eq!(
            Places::of("#![enable(implicit_some)]\n(a: 1)", 16).at("a"),
            Position { line: 2, column: 5 }
        );
    }
}
