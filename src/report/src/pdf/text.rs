//! Breaks text of several styles into lines.
//!
//! Lines end at spaces; a word that is wider than the line ends after a sign that
//! separates parts of names, else anywhere. A number with its unit is one word.
//!
//! Start at [`lines`].

use super::flow::Anchor;
use super::look::Style;
use crate::escape::clean;
use crate::fonts::Fonts;

/// A piece of text before it is broken into lines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    text: String,
    style: Style,
    kind: SpanKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SpanKind {
    Words,
    /// A number leads to its source and is not torn from its unit.
    Number(Anchor),
}

/// A line of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// From left to right.
    pub parts: Vec<Part>,
    /// Without spaces at its end.
    pub width: f32,
}

/// What is of one style in a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// As it is drawn, with the space at which the line ends.
    pub text: String,
    /// How it is set.
    pub style: Style,
    /// Where it leads.
    pub link: Option<Anchor>,
    /// From the start of the line.
    pub x: f32,
    /// How wide it is.
    pub width: f32,
}

impl Span {
    /// Words.
    pub(crate) fn words(text: &str, style: Style) -> Self {
        let kind = SpanKind::Words;
        let text = shown(text);
        Self { text, style, kind }
    }

    /// A number that leads somewhere.
    pub(crate) fn number(text: &str, style: Style, anchor: Anchor) -> Self {
        let kind = SpanKind::Number(anchor);
        let text = shown(text);
        Self { text, style, kind }
    }

    fn link(&self) -> Option<Anchor> {
        match self.kind {
            SpanKind::Words => None,
            SpanKind::Number(anchor) => Some(anchor),
        }
    }
}

/// Clean text without codes that no file may hold.
fn shown(text: &str) -> String {
    let mut text = clean(text);
    if text.contains(is_no_letter) {
        text = text.replace(is_no_letter, "\u{fffd}");
    }
    text
}

/// Codes that Unicode keeps free of letters for ever.
fn is_no_letter(letter: char) -> bool {
    matches!(u32::from(letter) & 0xffff, 0xfffe | 0xffff)
        || ('\u{fdd0}'..='\u{fdef}').contains(&letter)
}

/// Where a line may end after a letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Nowhere,
    /// Only of a word that is wider than a line.
    Torn,
    Space,
}

struct Letter {
    span: usize,
    /// Where it ends in the text of its span.
    until: usize,
    advance: f32,
    end: End,
}

fn letters(fonts: &Fonts, spans: &[Span]) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(spans.iter().map(|it| it.text.len()).sum());
    for (place, span) in spans.iter().enumerate() {
        for (at, letter) in span.text.char_indices() {
            let end = match (letter, span.kind) {
                (_, SpanKind::Number(_)) => End::Nowhere,
                (' ', _) => End::Space,
                ('/' | '-' | '_' | '.' | ',' | ':' | ';' | '=' | '&' | '?' | '|' | '\\', _) => {
                    End::Torn
                }
                _ => End::Nowhere,
            };
            letters.push(Letter {
                span: place,
                until: at + letter.len_utf8(),
                advance: fonts.glyph(span.style.face, letter).advance * span.style.size,
                end,
            });
        }
    }
    letters
}

/// Breaks text into lines of at most `width`; no text is one line without parts.
pub(crate) fn lines(fonts: &Fonts, spans: &[Span], width: f32) -> Vec<Line> {
    let letters = letters(fonts, spans);
    let mut lines = Vec::new();
    let mut from = 0;
    while from < letters.len() {
        let count = fitting(&letters[from..], width);
        lines.push(line(&letters, from..from + count, spans));
        from += count;
    }
    if lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// So many letters make the next line: at least one.
fn fitting(letters: &[Letter], width: f32) -> usize {
    let (mut x, mut at_space, mut torn) = (0.0, None, None);
    for (place, letter) in letters.iter().enumerate() {
        match letter.end {
            End::Space => at_space = Some(place + 1),
            // A hundredth of a point is a matter of rounding.
            _ if x + letter.advance > width + 0.01 && place > 0 => {
                return at_space.or(torn).unwrap_or(place);
            }
            End::Torn => torn = Some(place + 1),
            End::Nowhere => {}
        }
        x += letter.advance;
    }
    letters.len()
}

fn line(letters: &[Letter], range: std::ops::Range<usize>, spans: &[Span]) -> Line {
    let mut line = Line::default();
    let mut x = 0.0;
    // Where the text of the first span goes on.
    let mut start = match range.start.checked_sub(1).map(|it| &letters[it]) {
        Some(before) if before.span == letters[range.start].span => before.until,
        _ => 0,
    };
    let mut rest = &letters[range];
    while let Some(first) = rest.first() {
        let span = &spans[first.span];
        let count = rest.iter().take_while(|it| it.span == first.span).count();
        let (these, others) = rest.split_at(count);
        let until = these.last().map_or(start, |it| it.until);
        let width: f32 = these.iter().map(|it| it.advance).sum();
        line.parts.push(Part {
            text: span.text[start..until].to_owned(),
            style: span.style,
            link: span.link(),
            x,
            width,
        });
        let blank = these.iter().rev().take_while(|it| it.end == End::Space);
        line.width = x + width - blank.map(|it| it.advance).sum::<f32>();
        x += width;
        start = 0;
        rest = others;
    }
    line
}

/// How wide text is: at least, when every space ends a line, and at most.
pub(crate) fn widths(fonts: &Fonts, spans: &[Span]) -> (f32, f32) {
    let (mut word, mut least, mut x, mut most) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    for letter in letters(fonts, spans) {
        x += letter.advance;
        if letter.end == End::Space {
            word = 0.0;
        } else {
            word += letter.advance;
            least = least.max(word);
            most = x;
        }
    }
    (least, most)
}

/// The text on one line of at most `width`, with an ellipsis where it was cut.
pub(crate) fn cut(fonts: &Fonts, text: &str, (style, width): (Style, f32)) -> String {
    let text = shown(text);
    let wide = |it: &str| fonts.width(style.face, it) * style.size;
    if wide(&text) <= width {
        return text;
    }
    let mut x = wide("…");
    let mut kept = String::new();
    for letter in text.chars() {
        x += fonts.glyph(style.face, letter).advance * style.size;
        if x > width {
            break;
        }
        kept.push(letter);
    }
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::look::BODY;

    fn told(spans: &[Span], width: f32) -> Vec<String> {
        let fonts = Fonts::load().expect("fonts of this build");
        let lines = lines(&fonts, spans, width);
        let texts = lines.iter().map(|line| {
            let text: String = line.parts.iter().map(|it| it.text.as_str()).collect();
            assert!(line.width <= width + 0.1 || text.chars().count() < 2);
            text
        });
        texts.collect()
    }

    #[test]
    fn lines_end_at_spaces_and_long_words_at_signs() {
        let words = |text| [Span::words(text, BODY)];
        assert_eq!(told(&words("one two three"), 45.0), ["one two ", "three"]);
        assert_eq!(
            told(&words("/usr/share/kymo"), 52.0),
            ["/usr/share/", "kymo"]
        );
        assert_eq!(told(&words("iiiiiiiiii"), 12.0).concat(), "iiiiiiiiii");
        assert_eq!(told(&words(""), 45.0), [""]);
        assert_eq!(told(&words("   "), 1.0), ["   "]);
        assert_eq!(told(&words("WWW"), 1.0), ["W", "W", "W"]);
    }

    #[test]
    fn a_number_is_not_torn_from_its_unit() {
        let spans = [
            Span::words("it was ", BODY),
            Span::number("24 % of it", BODY, Anchor::Source(1)),
            Span::words(".", BODY),
        ];
        assert_eq!(told(&spans, 60.0), ["it was ", "24 % of it."]);
    }

    #[test]
    fn text_that_is_cut_ends_with_an_ellipsis_and_fits() {
        let fonts = Fonts::load().expect("fonts of this build");
        for width in [5.0, 20.0, 60.0, 600.0] {
            let cut = cut(&fonts, "one two three four", (BODY, width));
            assert!(fonts.width(BODY.face, &cut) * BODY.size <= width.max(10.0));
            assert_eq!(cut.ends_with('…'), width < 600.0);
        }
    }
}
