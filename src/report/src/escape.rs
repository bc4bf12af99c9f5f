//! Makes foreign text harmless in HTML, SVG and Markdown.

/// Longest text shown in one place; commands and settings can be megabytes.
pub(crate) const MOST_CHARS: usize = 2_000;

/// Replaces what is not meant to be seen: controls, and marks that turn or hide text.
///
/// Line breaks become spaces. Text beyond [`MOST_CHARS`] is cut with an ellipsis.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * MOST_CHARS));
    for (place, c) in text.chars().enumerate() {
        if place >= MOST_CHARS {
            out.push('…');
            break;
        }
        out.push(match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() || is_hidden(c) => '\u{fffd}',
            c => c,
        });
    }
    out
}

/// Characters that change how others look without being seen themselves.
///
/// # Source
///
/// Unicode Standard Annex 9, directional formatting characters; Unicode Technical
/// Report 36 on invisible characters.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Clean text between tags or within quoted attributes.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Clean text in Markdown that stays text, also within tables.
pub(crate) fn markdown(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // Bare addresses would become links, and bare names mentions of people.
            ':' if chars.peek() == Some(&'/') => out.push_str("&#58;"),
            '.' if out.ends_with("www") => out.push_str("&#46;"),
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

/// Clean text in Markdown as code, in a fence longer than any inside.
pub(crate) fn markdown_code(text: &str) -> String {
    let text = clean(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A pipe would end the cell of a table even within code.
    let text = text.replace('|', "¦");
    if longest > 0 {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_harmless() {
        assert_eq!(
            html("<b a='1'>&\"\n\u{202e}\0"),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot; \u{fffd}\u{fffd}"
        );
        assert_eq!(
            markdown("[a](http://x)|`b`"),
            "\\[a\\](http&#58;//x)\\|\\`b\\`"
        );
        assert_eq!(markdown_code("a``b|c"), "``` a``b¦c ```");
        assert_eq!(clean(&"x".repeat(5_000)).chars().count(), MOST_CHARS + 1);
    }
}
